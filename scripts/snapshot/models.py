"""HELM's list of models and the names in all shipped tables -> the model catalogue.

Source: stanford-crfm/helm, its model metadata (helm_models). Descriptions are read for links and languages and are not
shipped. Run it after the other converters: it reads the tables that they wrote.

python -m scripts.snapshot.models [--input ../shared/data] [--output data]
"""

import argparse
import re
import sys
from pathlib import Path

import pandas as pd

from leaderboard.settings import ROOT
from leaderboard.sources import catalogue, mentions
from leaderboard.sources.identity import parts
from leaderboard.sources.model_tables import CatalogueCard, has_no_id, is_english, write_catalogue
from leaderboard.sources.tables import Finding
from scripts.snapshot.made import day

FOLDER = "helm_models"
NAME = "catalogue"
KINDS = {
    "TEXT_MODEL_TAG": "text", "VISION_LANGUAGE_MODEL_TAG": "text and images", "AUDIO_LANGUAGE_MODEL_TAG": "text and "
    "audio", "TEXT_TO_IMAGE_MODEL_TAG": "images from text", "CODE_MODEL_TAG": "code", "TEXT_SIMILARITY_MODEL_TAG":
    "similarity of texts",
}  # fmt: skip
"""Tag of HELM -> what the model takes and gives, in the order of the words."""
LINK_LABELS = {
    "paper": ("paper", "tech report", "report", "codex paper"), "code": ("code", "github"),
    "documentation": ("model card", "huggingface model card", "docs", "documentation", "doc", "system card", "details"),
}  # fmt: skip
"""Column -> labels of HELM's links; blogs and web sites are none of them."""
LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s\"'<>]+)\)")
LANGUAGES = (
    "Afrikaans", "Arabic", "Bengali", "Chinese", "Czech", "Dutch", "English", "Filipino", "Finnish", "French",
    "German", "Greek", "Hebrew", "Hindi", "Hungarian", "Indonesian", "Italian", "Japanese", "Khmer", "Korean",
    "Lao", "Malay", "Polish", "Portuguese", "Romanian", "Russian", "Serbian", "Slovenian", "Southeast Asia",
    "Spanish", "Swahili", "Tamil", "Thai", "Turkish", "Ukrainian", "Vietnamese",
)  # fmt: skip
LANGUAGE = re.compile(rf"\b({'|'.join(LANGUAGES)})(?:n languages?)?\b")
NEWEST_FIRST = ("open_llm_v2", "open_llm_v1", *(f"open_llm_2023_{day}" for day in
                ("0714", "0629", "0619", "0610", "0531", "0526", "0523")))  # fmt: skip
LICENCES = (*NEWEST_FIRST, "arena_leaderboard", "arena_scores", "mt_bench_published")
BOARDS = {"open_llm": "Open LLM Leaderboard", "arena": "LMSYS", "mt_bench": "LMSYS"}
VERSION_WORDS = re.compile(r"v|\d+(\.\d+)*|preview|latest|beta|alpha")


def helm_models(data: Path) -> tuple[pd.DataFrame, int]:
    """HELM's models in the catalogue's columns, and how many rows of the list repeat another."""
    raw = pd.read_parquet(data / FOLDER / "model_metadata_full.parquet")
    rows = raw.drop_duplicates().reset_index(drop=True)
    tags = rows["tags"].str.split(";").apply(set)
    texts = rows["description"].fillna("")
    frame = pd.DataFrame({
        "spelling": rows["name"], "model": rows["name"].str.casefold(), "name": rows["display_name"],
        "organization": rows["creator_organization_name"], "access": rows["access"],
        "params": rows["num_parameters"].where(rows["num_parameters"] > 0),
        "released": rows["release_date"], "in_helm": True,
        "kind": [", ".join(word for tag, word in KINDS.items() if tag in own) or None for own in tags],
        "language": [", ".join(dict.fromkeys(LANGUAGE.findall(text))) or None for text in texts],
    })  # fmt: skip
    for column, labels in LINK_LABELS.items():
        frame[column] = [_link(text, labels) for text in texts]
    return frame, len(raw) - len(rows)


def _link(text: str, labels: tuple[str, ...]) -> str | None:
    found = (url for label, url in LINK.findall(text) if label.casefold() in labels)
    return next(found, None)


def build(helm: pd.DataFrame, told: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Models and names of a catalogue from HELM's models and the mentions of all tables."""
    resolver = catalogue.resolver_of(helm, told)
    named = catalogue.named(resolver, told)
    facts = told.assign(model=named["model"].to_numpy())
    ids = pd.Index(sorted(set(helm["model"]) | set(named["model"])), name="model")
    models = helm.drop(columns="spelling").set_index("model").reindex(ids)
    models["name"] = models["name"].fillna(_spellings(facts))
    models["organization"] = models["organization"].fillna(_last(facts, "organization", reversed(LICENCES)))
    models["organization"] = models["organization"].fillna(_accounts(facts))
    licences, licensed_by = _first(facts, "license", LICENCES)
    sizes, sized_by = _first(facts, "params", NEWEST_FIRST)
    models["license"] = licences.reindex(ids)
    by_helm = models["params"].notna()
    models["params"] = models["params"].astype("Float64").fillna(sizes.reindex(ids))
    parents = _first(facts[facts["base_model"].ne(facts["spelling"])], "base_model", NEWEST_FIRST)[0].reindex(ids)
    models["base_model"] = parents.where(parents.str.contains("/", regex=False).fillna(value=False))
    models["weights"] = _weights(models, facts)
    models["in_helm"] = models["in_helm"].fillna(value=False).astype(bool)
    models["versionless"] = _versionless(models.index, models["name"])
    models["facts_from"] = _sources(models, by_helm, sized_by, licensed_by)
    rows = models.reset_index()
    names = pd.concat([catalogue.helm_names(helm), named], ignore_index=True)
    return rows, names


def _spellings(facts: pd.DataFrame) -> "pd.Series[str]":
    """The spelling that most tables use; the first by alphabet among equals."""
    counted = facts.groupby(["model", "spelling"]).size().reset_index(name="n")
    best = counted.sort_values(["n", "spelling"], ascending=[False, True]).drop_duplicates("model")
    return best.set_index("model")["spelling"]


def _accounts(facts: pd.DataFrame) -> "pd.Series[str]":
    """The account on the Hub that a Hub id begins with."""
    ids = facts[facts["spelling"].str.contains("/", regex=False)].drop_duplicates("model").set_index("model")
    return ids["spelling"].str.split("/").str[0]


def _first(facts: pd.DataFrame, column: str, tables: tuple[str, ...]) -> tuple[pd.Series, pd.Series]:
    """A fact of every model from the first of the tables that has it, and which one that was."""
    known = facts[facts[column].notna() & facts["table"].isin(tables) & facts[column].ne("Unknown")]
    place = known["table"].map({name: at for at, name in enumerate(tables)})
    best = known.assign(place=place).sort_values("place", kind="stable").drop_duplicates("model").set_index("model")
    return best[column], best["table"]


def _last(facts: pd.DataFrame, column: str, tables: "reversed[str]") -> pd.Series:
    return _first(facts, column, tuple(tables))[0]


def _weights(models: pd.DataFrame, facts: pd.DataFrame) -> "pd.Series[str]":
    on_hub = facts["table"].str.startswith("open_llm") & facts["spelling"].str.contains("/", regex=False)
    evaluated = models.index.isin(facts.loc[on_hub, "model"])
    text = pd.Series(pd.NA, index=models.index, dtype="string")
    text[evaluated] = "on the Hub when evaluated"
    text[models["access"].eq("open").fillna(value=False).astype(bool)] = "open (HELM)"
    return text


def _versionless(ids: pd.Index, names: pd.Series) -> list[bool]:
    """Whether a name without an id of its own is that of some other model, less the version there."""
    words = [parts(str(name) if ":" in model and "/" not in model else str(model).split("/", 1)[-1])
             for model, name in zip(ids, names, strict=True)]  # fmt: skip
    shorter = {less for own in words for less in _without_versions(own)}
    named = [":" in model and "/" not in model for model in ids]
    return [is_name and own in shorter for is_name, own in zip(named, words, strict=True)]


def _without_versions(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """What is left of a name without one run of versions or dates in it; its first word always stays."""
    is_version = [VERSION_WORDS.fullmatch(word) is not None for word in words]
    runs = [(n, m) for n in range(1, len(words)) for m in range(n + 1, len(words) + 1) if all(is_version[n:m])]
    return [words[:n] + words[m:] for n, m in runs]


def _sources(models: pd.DataFrame, by_helm: pd.Series, sized_by: pd.Series, licensed_by: pd.Series) -> list[str | None]:
    """Where size, date, access and licence of a model come from, in words."""
    sized, licensed = sized_by.reindex(models.index).map(_board), licensed_by.reindex(models.index).map(_board)
    out: list[str | None] = []
    classed, dated = models["access"].notna(), models["released"].notna()
    for access, date, own, board, licence in zip(classed, dated, by_helm, sized, licensed, strict=True):
        told = {"access": "HELM" if access else None, "date": "HELM" if date else None,
                "size": "HELM" if own else board, "licence": licence}  # fmt: skip
        words: dict[str, list[str]] = {}
        for fact, source in told.items():
            if isinstance(source, str):
                words.setdefault(source, []).append(fact)
        out.append("; ".join(f"{', '.join(facts)}: {source}" for source, facts in words.items()) or None)
    return out


def _board(table: object) -> str | None:
    return next((label for start, label in BOARDS.items() if str(table).startswith(start)), None)


def card(models: pd.DataFrame, names: pd.DataFrame, repeated: int, raw: pd.DataFrame) -> CatalogueCard:
    """The catalogue's card with what was found in the sources."""
    alone = names[has_no_id(names["model"])]
    return CatalogueCard(
        name=NAME, label="Catalogue", title="Models of all boards, each once",
        about="HELM's list of models, joined with the names in every table here. Names are the same model only where a "
        "rule with evidence says so; the others stand for themselves.",
        source="github.com/stanford-crfm/helm @ 63754d05db6f874e41a395880fb573890a13e791, model metadata; sizes, "
        "licences and parents of further models from the tables named beside them.",
        license="Apache-2.0 (HELM's list); facts from the other tables as named there",
        as_of=day(str(raw["release_date"].max())),
        findings=(
            Finding(what="Rows of HELM's list that repeat another.", rows=repeated, treatment="Listed once."),
            Finding(what="Models of HELM without a size.", rows=int(raw["num_parameters"].isna().sum()),
                    treatment="The Open LLM Leaderboard's size where it has one, else blank."),
            Finding(what="Models of HELM with size 0.", rows=int(raw["num_parameters"].eq(0).sum()),
                    treatment="Blank: not known.",
                    examples=tuple(raw.loc[raw["num_parameters"].eq(0), "name"].head(3))),
            Finding(what="Models of HELM without a release date.", rows=int(raw["release_date"].isna().sum()),
                    treatment="Blank; not on the timeline."),
            Finding(what="Models whose HELM description names languages, and not English among them.",
                    rows=int((models["language"].notna() & ~is_english(models["language"])).sum()),
                    treatment="Left out where English is asked for: HELM has no field for the language."),
            Finding(what="Names in tables that nothing ties to an id of HELM or the Hub.", rows=len(alone),
                    treatment="Kept apart and listed in the view of unresolved names, with what was not enough.",
                    examples=tuple(alone["spelling"].drop_duplicates().head(5))),
            Finding(what="Names without a version, where versions of that name exist.",
                    rows=int(models["versionless"].sum()),
                    treatment="A name of its own, marked: tables may have meant different versions."),
        ),
    )  # fmt: skip


def write(data: Path, output: Path) -> str:
    """Write the catalogue below the output folder; its section of SOURCES.md."""
    helm, repeated = helm_models(data)
    models, names = build(helm, mentions.collect(output))
    made = card(models, names, repeated, pd.read_parquet(data / FOLDER / "model_metadata_full.parquet"))
    write_catalogue(output, made, models, names)
    notes = "\n".join(f"- {item.what} Rows: {item.rows:,}. {item.treatment}" for item in made.findings)
    return (
        f"## models/{NAME}.parquet ({len(models):,} rows), {NAME}.names.parquet ({len(names):,} rows, as of "
        f"{made.as_of:%Y-%m-%d})\n\n{made.title}. Licence: {made.license}. Source: {made.source}\n\n{notes}\n"
    )


def main(arguments: list[str] | None = None) -> int:
    """Write the catalogue and replace its section of SOURCES.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--output", type=Path, default=ROOT / "data")
    options = parser.parse_args(arguments)
    section = write(options.input, options.output)
    path = options.output / "SOURCES.md"
    kept = path.read_text(encoding="utf-8").split(f"\n## models/{NAME}.parquet")[0] if path.is_file() else ""
    path.write_text(f"{kept.rstrip()}\n\n{section}", encoding="utf-8")
    sys.stdout.write(section)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
