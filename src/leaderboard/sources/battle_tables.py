"""Battle tables: comparisons of two models' answers, one row a verdict or one row a pair.

A table is `battles/<name>.parquet` and `battles/<name>.json` (a `BattleCard`). Missing is null, never 0; texts are
dictionary-encoded; `read_battles` returns them as pandas categories. Columns by the card's `kind`:

"battles", one row a verdict: `model_a`, `model_b` (text), and `winner` (model_a | model_b | tie) or `likert` (1 = the
first answer is much better ... 8 = the second one is; `ratings.likert.winners` makes winners of it, with or without
ties). Where known, and only then in the frame:
    judge          text, a `name` of the card's `judges`; without the column all verdicts are of the one judge there
    annotator      text, code of the person; never a name
    question       text, id of the prompt: rows that share it are one cluster
    category       text, kind of the prompt
    language       text
    turn           Int16, from 1
    preference     float64 in 0..1, how much of the battle model_a won (AlpacaEval: preference - 1)
    score_a score_b     float64, what the judge gave each answer
    length_a length_b   Int32, characters of the answers
    inconsistent   boolean, the judge was asked in both orders and contradicted itself (winner is then tie)

"counts", one row a pair: `model_a`, `model_b`, `wins_a`, `wins_b`, `ties` (Int64).

Rows keep the source's sides: a judge's `sides` says whether model_a was really shown first to that judge.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field, model_validator

from leaderboard.errors import BadRecord
from leaderboard.records import Record
from leaderboard.sources.tables import (
    Card,
    Rejected,
    Tab,
    list_cards,
    read_card,
    read_frame,
    refuse_columns,
    refuse_rows,
    text_column,
    typed_column,
    write_pair,
)

FOLDER = "battles"
MODELS = ("model_a", "model_b")
WINNERS = ("model_a", "model_b", "tie")
COUNTS = ("wins_a", "wins_b", "ties")
TEXTS = ("judge", "annotator", "question", "category", "language")
NUMBERS: Mapping[str, str] = {
    "turn": "Int16", "likert": "Int8", "preference": "float64", "score_a": "float64", "score_b": "float64",
    "length_a": "Int32", "length_b": "Int32", "inconsistent": "boolean",
}  # fmt: skip
"""Frame dtype of every optional column of battles that is no text."""
RANGES: Mapping[str, tuple[float, float, str]] = {
    "turn": (1, 32767, "a turn, counted from 1"),
    "likert": (1, 8, "a whole number from 1 to 8"),
    "preference": (0, 1, "a share in 0..1"),
    "length_a": (0, 2**31 - 1, "a number of characters"),
    "length_b": (0, 2**31 - 1, "a number of characters"),
}

Kind = Literal["battles", "counts"]
JudgeKind = Literal["human", "model", "unknown"]


class JudgeCard(Record):
    """One who gave verdicts."""

    name: str = Field(min_length=1, description="Value in column judge.")
    label: str = Field(min_length=1, description="For people.")
    kind: JudgeKind
    model: str | None = Field(
        default=None, description="Its name in model_a and model_b when its own answers are among the judged."
    )
    sides: Literal["shown", "both", "unknown"] = Field(
        default="unknown",
        description="shown: model_a was shown first. both: both orders were asked and joined into one verdict. "
        "unknown: nothing can be said about position.",
    )
    info: str = ""


class BattleCard(Card):
    """What a reader must know about a battle table."""

    kind: Kind
    tabs: tuple[Tab, ...] = Field(min_length=1, description="The tabs it serves.")
    judges: tuple[JudgeCard, ...] = Field(min_length=1)
    in_time_order: bool = Field(default=False, description="Rows are in the order in which the verdicts were given.")
    controls: tuple[str, ...] = Field(
        default=(), description="Models that are no contestants: null models, one text for all, longest answers."
    )
    question_info: str = Field(default="", description="What a question is and where its text is to be found.")

    @model_validator(mode="after")
    def _judges_differ(self) -> "BattleCard":
        names = [judge.name for judge in self.judges]
        if len(set(names)) < len(names):
            raise ValueError(f"judges are {', '.join(names)}; expected every name once")
        return self


def columns_of(kind: Kind) -> tuple[str, ...]:
    """All columns that the schema knows for a kind, in their order."""
    return (*MODELS, *COUNTS) if kind == "counts" else (*MODELS, "winner", *TEXTS, *NUMBERS)


def checked(card: BattleCard, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that the schema knows, in its order and types, every value checked; others are left out.

    Raises BadRecord naming the table, the row (from 0), the column and the value.
    """
    _require(card, frame)
    columns = {name: text_column(frame, name, card) for name in MODELS}
    for name in MODELS:
        refuse_rows(card, frame, name, columns[name].isna(), "the name of a model")
    same = columns["model_a"].astype(str) == columns["model_b"].astype(str)
    refuse_rows(card, frame, "model_b", same, "another model than model_a")
    columns |= _counts(card, frame) if card.kind == "counts" else _verdicts(card, frame)
    return pd.DataFrame(columns).reset_index(drop=True)


def _require(card: BattleCard, frame: pd.DataFrame) -> None:
    wanted = [*MODELS, *(COUNTS if card.kind == "counts" else ())]
    missing = [name for name in wanted if name not in frame]
    if card.kind == "battles" and not {"winner", "likert"} & set(frame):
        missing.append("winner (or likert)")
    if missing:
        raise BadRecord(f"Table {card.name!r} has no column {', '.join(missing)}; columns are {list(frame)[:20]}.")
    if frame.empty:
        raise BadRecord(f"Table {card.name!r} has no rows; expected at least one.")
    if card.kind == "battles" and "judge" not in frame and len(card.judges) > 1:
        raise BadRecord(f"Table {card.name!r} has {len(card.judges)} judges and no column judge to tell them apart.")


def _counts(card: BattleCard, frame: pd.DataFrame) -> dict[str, pd.Series]:
    columns = {name: typed_column(frame, name, "Int64", card) for name in COUNTS}
    for name, values in columns.items():
        refuse_rows(card, frame, name, values.isna() | (values < 0), "a count of at least 0")
    return columns


def _verdicts(card: BattleCard, frame: pd.DataFrame) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {}
    if "winner" in frame:
        refuse_rows(card, frame, "winner", ~frame["winner"].isin(WINNERS), ", ".join(WINNERS))
        columns["winner"] = text_column(frame, "winner", card)
    for name in TEXTS:
        if name in frame:
            columns[name] = text_column(frame, name, card)
    for name, dtype in NUMBERS.items():
        if name in frame:
            columns[name] = _number(card, frame, name, dtype)
    if "judge" in columns:
        names = [judge.name for judge in card.judges]
        refuse_rows(card, frame, "judge", ~columns["judge"].isin(names), f"a judge of the card: {', '.join(names)}")
    if "winner" not in frame:
        refuse_rows(card, frame, "likert", columns["likert"].isna(), RANGES["likert"][2])
    return columns


def _number(card: BattleCard, frame: pd.DataFrame, name: str, dtype: str) -> pd.Series:
    if name not in RANGES:
        return typed_column(frame, name, dtype, card)
    low, high, expected = RANGES[name]
    values = pd.to_numeric(frame[name], errors="coerce").astype("Float64")
    unreadable = values.isna() & frame[name].notna()
    outside = (values < low) | (values > high)
    broken = (values % 1 != 0) if dtype.startswith("Int") else False
    refuse_rows(card, frame, name, unreadable | outside.fillna(value=False) | broken, expected)
    return values.astype(dtype)  # type: ignore[call-overload,no-any-return]


def write_battles(folder: Path, card: BattleCard, frame: pd.DataFrame) -> None:
    """Write a table into a store's folder. Raises BadRecord for a value or a column that the schema refuses."""
    refuse_columns(card, frame, columns_of(card.kind))
    write_pair(folder / FOLDER, card, checked(card, frame))


def read_battles(folder: Path, name: str) -> tuple[BattleCard, pd.DataFrame]:
    """Card and checked frame of a table in a store's folder; columns that the schema does not know stay unread.

    Raises BadRecord when either file cannot be read, or for a value that the schema refuses.
    """
    card = read_card(folder / FOLDER / f"{name}.json", BattleCard)
    return card, checked(card, read_frame(folder / FOLDER / f"{name}.parquet", columns_of(card.kind)))


def list_battle_tables(folder: Path) -> tuple[list[BattleCard], list[Rejected]]:
    """Cards of all battle tables in a store's folder by their order, and the unreadable ones with their reasons."""
    return list_cards(folder, FOLDER, BattleCard, lambda card: (*MODELS, *(COUNTS if card.kind == "counts" else ())))
