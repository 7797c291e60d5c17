"""The pairs behind a reward model's accuracy, one at a time: both scores always, the texts where they were imported.

Enters: scores of one table, what a visitor selected. Leaves: a `Reading` with the better answer on side a and the other
on side b.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from leaderboard.boards.choosing import ALL, asked_for, choice, options, place, steps
from leaderboard.boards.reading import Choice, Option, Part, Reading, Selection
from leaderboard.boards.reward_pairs import IDENTITY, margins
from leaderboard.boards.shelf import Snapshot
from leaderboard.sources.reward_tables import TEXT_FOLDER, RewardCard, read_pair_texts

TEXTS = ("prompt", "chosen", "rejected")
OUTCOMES = {"hit": "Hit: better answer higher", "miss": "Miss: other answer higher", "tie": "Tie", "none": "No score"}
ORDERS = {"file": "As in the set", "wide": "Widest miss first"}


def reading(snapshot: Snapshot, card: RewardCard, frame: pd.DataFrame, selection: Selection) -> Reading:
    """The pair that the selection leads to. Raises InvalidQuery for a choice that does not exist."""
    table = frame.assign(who=_who(frame), margin=margins(frame))
    table["outcome"] = _outcome(table["margin"])
    chosen, own = _chosen(card, table, selection)
    texts = read_pair_texts(snapshot.folder, chosen[1].value)
    origin = _origin(snapshot, card, chosen[1].value, texts)
    left = own if chosen[2].value == ALL else own[own["outcome"] == chosen[2].value]
    if left.empty:
        empty = f"No pair of this set is a {chosen[2].value}. Choose another outcome."
        return Reading(title=card.label, origin=origin, choices=chosen, empty=empty)
    if chosen[3].value == "wide":
        left = left.sort_values("margin", kind="stable", na_position="last")
    places = left["pair"].tolist()
    known = selection.get("pair") in set(table["pair"]) - set(places)
    margin = left["margin"].tolist()
    here, at = place(
        {} if known else selection, "pair", "Pair", places,
        lambda number: Option(value=places[number], label=places[number][:8], hint=_signed(margin[number])),
    )  # fmt: skip
    harmful = next(item.harmful for item in card.sets if item.name == chosen[1].value)
    closed = frozenset(TEXTS) - asked_for(selection) if harmful else frozenset()
    misses = set(left.loc[left["outcome"] == "miss", "pair"])
    return Reading(
        title=f"{chosen[0].value}: {OUTCOMES[str(left['outcome'].iloc[at])].split(':')[0].lower()}", origin=origin,
        choices=(*chosen, here), parts=tuple(_parts(left.iloc[at], texts, closed)), at=at + 1, of=len(left),
        steps=steps(chosen, here, places, at, {"Next miss": misses.__contains__}),
    )  # fmt: skip


def _chosen(card: RewardCard, table: pd.DataFrame, selection: Selection) -> tuple[tuple[Choice, ...], pd.DataFrame]:
    """Model, set, outcome and order, and the rows of the first two."""
    who = choice(selection, "model", "Model", options(table["who"]))
    own = table[table["who"] == who.value]
    there = set(own["set"])
    absent = selection.get("set") in set(table["set"]) - there
    sets = [Option(value=item.name, label=item.label) for item in card.sets if item.name in there]
    which = choice({} if absent else selection, "set", "Set", sets)
    own = own[own["set"] == which.value]
    outcomes = [Option(value=ALL, label="All"), *(Option(value=key, label=label) for key, label in OUTCOMES.items())]
    outcome = choice(selection, "outcome", "Outcome", outcomes)
    order = choice(selection, "order", "Order", [Option(value=key, label=label) for key, label in ORDERS.items()])
    return (who, which, outcome, order), own


def _parts(row: pd.Series, texts: pd.DataFrame | None, closed: frozenset[str]) -> Iterator[Part]:
    """Scores, then each text that there is; those in `closed` without their words."""
    found = None if texts is None else texts[texts["pair"] == row["pair"]]
    own = None if found is None or found.empty else found.iloc[0]
    yield Part(
        key="scores", role="verdict", title="Scores", markup="plain", facts=tuple(_facts(row)),
        mark={"miss": "miss", "tie": "tie"}.get(str(row["outcome"]), ""),
    )  # fmt: skip
    if texts is not None and own is None:
        yield Part(key="none", role="note", title="Texts", markup="plain",
                   text="The imported texts do not hold this pair.")  # fmt: skip
    if own is None:
        return
    words = {key: "" if key in closed else str(own[key]) for key in TEXTS}
    yield Part(key="prompt", role="prompt", title="Prompt", text=words["prompt"], markup="plain",
               withheld="prompt" in closed)  # fmt: skip
    for key, side, title in (("chosen", "a", "Preferred by people"), ("rejected", "b", "The other answer")):
        facts = (("Score", _number(row[f"score_{key}"])), ("Characters", f"{len(str(own[key])):,}"))
        yield Part(key=key, role="answer", title=title, text=words[key], markup="plain", facts=facts,
                   side="a" if side == "a" else "b", withheld=key in closed)  # fmt: skip


def _facts(row: pd.Series) -> Iterator[tuple[str, str]]:
    yield "Preferred by people", _number(row["score_chosen"])
    yield "The other answer", _number(row["score_rejected"])
    yield "Margin", _signed(row["margin"])
    yield "Outcome", OUTCOMES[str(row["outcome"])]
    if pd.notna(row["length_chosen"]) and pd.notna(row["length_rejected"]):
        yield "Characters", f"{int(row['length_chosen']):,} and {int(row['length_rejected']):,}"


def _who(frame: pd.DataFrame) -> pd.Series:
    parts = frame[IDENTITY].astype("string")
    extra = parts["revision"].str[:12].str.cat(parts["dtype"], sep=" ", na_rep="").fillna(parts["dtype"]).fillna("")
    return (parts["model"] + " " + extra.str.strip()).str.strip().astype(object)


def _outcome(margin: "pd.Series[float]") -> "pd.Series[str]":
    names = np.select([margin.isna(), margin > 0, margin < 0], ["none", "hit", "miss"], default="tie")
    return pd.Series(names, index=margin.index)


def _number(value: object) -> str:
    return "not scored" if pd.isna(value) else f"{float(str(value)):,.3f}"  # type: ignore[call-overload]


def _signed(value: object) -> str:
    return "no score" if pd.isna(value) else f"{float(str(value)):+,.3f}"  # type: ignore[call-overload]


def _origin(snapshot: Snapshot, card: RewardCard, name: str, texts: pd.DataFrame | None) -> str:
    if texts is None:
        return (
            "Scores only: the texts of the pairs are not part of this data. "
            f"“leaderboard import reward-pairs FILE --to DATA --name {name}” puts them into your own data folder. "
            f"{card.source}"
        )
    return f"Texts from {TEXT_FOLDER}/{name}.parquet of {snapshot.origin}. {card.source}"
