"""Names and references of a catalogue: who is who, in frames.

Enters: the list of HELM's models and the mentions of all tables, or a catalogue that was made of them. Leaves: the
names of every table with the model, the rule and the evidence, and the resolver for names that come later.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from leaderboard.sources.identity import Mention, Reference, Resolution, Resolver, numbers, parts, publisher_of
from leaderboard.sources.listed_models import REFERENCE_NAMES, REFERENCES
from leaderboard.sources.model_tables import NAME_COLUMNS

HELM = "helm"


def helm_references(helm: pd.DataFrame) -> list[Reference]:
    """HELM's models by the end of their ids and by their display names; columns model, name, organization.

    A display name that leaves out a version of the id, as "Gemini 2.0 Flash Lite" for ...-lite-001, is no reference.
    """
    rows = helm[["model", "name", "organization"]].astype(str).itertuples(index=False)
    return [
        Reference(name=name, model=model, source=REFERENCE_NAMES[HELM], publisher=HELM, organization=organization)
        for model, display, organization in rows
        for name in dict.fromkeys((model.split("/", 1)[-1], display))
        if numbers(model.split("/", 1)[-1]) <= numbers(name)
    ]


def resolver_of(helm: pd.DataFrame, mentions: pd.DataFrame) -> Resolver:
    """The resolver whose references are HELM and, one publisher after the other, the tables named in `REFERENCES`."""
    known = {model: model for model in helm["model"].astype(str)}
    references = helm_references(helm)
    own = mentions[mentions["table"].isin(REFERENCES)]
    for publisher in dict.fromkeys(publisher_of(table) for table in REFERENCES):
        resolver = Resolver(known, references)
        rows = own[own["table"].map(publisher_of).eq(publisher)]
        references = references + _references(resolver, publisher, rows)
    return Resolver(known, references)


def _references(resolver: Resolver, publisher: str, rows: pd.DataFrame) -> list[Reference]:
    """A publisher's names, each with all that its tables say: one gives the link, another the organisation."""
    out = []
    for _, group in rows.groupby([" ".join(parts(name)) for name in rows["spelling"]], sort=True):
        told = [_mention(row) for row in group.to_dict("records")]
        organization = next((item.organization for item in reversed(told) if item.organization), None)
        best = next((item for item in told if resolver.resolve(item).rule == "link"), None) or Mention(
            table=told[0].table, spelling=told[0].spelling, organization=organization
        )
        meant = resolver.resolve(best)
        out.append(Reference(name=best.spelling, model=meant.model, publisher=publisher,
                             source=REFERENCE_NAMES[publisher], organization=organization,
                             table=best.table, evidence="" if meant.rule == "none" else meant.evidence))  # fmt: skip
    return out


def named(resolver: Resolver, mentions: pd.DataFrame) -> pd.DataFrame:
    """The names of all mentions: columns `NAME_COLUMNS`."""
    told = [_mention(row) for row in mentions[["table", "spelling", "organization", "link"]].to_dict("records")]
    return names_frame((mention, resolver.resolve(mention)) for mention in told)


def names_frame(found: Iterable[tuple[Mention, Resolution]]) -> pd.DataFrame:
    """Mentions and what they mean as a frame."""
    rows = [
        (mention.table, mention.spelling, meant.model, meant.rule, meant.evidence, meant.hint or None)
        for mention, meant in found
    ]
    return pd.DataFrame(rows, columns=list(NAME_COLUMNS)).astype("string")


def helm_names(helm: pd.DataFrame) -> pd.DataFrame:
    """HELM's own ids and display names as rows of names; a display name that several models have is left out."""
    ids = pd.DataFrame({"spelling": helm["spelling"], "model": helm["model"], "evidence": "HELM's id."})
    alone = helm[~helm["name"].duplicated(keep=False) & ~helm["name"].isin(helm["spelling"])]
    display = pd.DataFrame({"spelling": alone["name"], "model": alone["model"], "evidence": "HELM's display name."})
    rows = pd.concat([ids, display], ignore_index=True).assign(table=HELM, rule="catalogue", hint=None)
    return rows[list(NAME_COLUMNS)].astype("string")


def _mention(row: Mapping[Hashable, Any]) -> Mention:
    known = {key: None if pd.isna(row[key]) else str(row[key]) for key in ("organization", "link")}
    return Mention(
        table=str(row["table"]), spelling=str(row["spelling"]), organization=known["organization"], link=known["link"]
    )
