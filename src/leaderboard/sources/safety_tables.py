"""Safety tables: what models answered to harmful, or harmless but alarming, prompts, as judges labelled it.

A table is `safety/<name>.parquet` and `safety/<name>.json` (a `SafetyCard`): figures and labels, one row an answer. The
texts are no part of it: they are `safety_texts/<name>.parquet` where a user imported them. Columns:

    model          text, who answered
    prompt         text, id of the request: rows that share it are one cluster
    category       text, kind of the request
    attack access  text, how the request was disguised and what the attack could see; missing: asked plainly
    expected       refuse | comply: what a good model does
    label_<judge>  text, one column for every judge of the card; missing: the judge gave no usable label.
                   For "attempts" harmful | harmless (the answer), for "answers" complied | partly | refused
    queries prompt_length answer_length   Int64, requests the attack needed in all, characters

`model`, `prompt` and `attack` together identify a row.
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
    read_texts,
    refuse_columns,
    refuse_rows,
    text_column,
    typed_column,
    write_pair,
    write_texts,
)

FOLDER = "safety"
TEXT_FOLDER = "safety_texts"
KEY = ("model", "prompt", "attack")
TEXTS = ("model", "prompt", "category", "attack", "access", "expected")
NUMBERS = ("queries", "prompt_length", "answer_length")
REQUIRED = ("model", "prompt", "category", "expected")
EXPECTED = ("refuse", "comply")
LABELS: Mapping[str, tuple[str, ...]] = {
    "attempts": ("harmful", "harmless"),
    "answers": ("complied", "partly", "refused"),
}
TEXT_COLUMNS = ("model", "prompt", "attack", "request", "disguise", "answer")
"""Of the texts: what was wanted, the disguised form of it that the model was sent (if any), what it answered."""


class SafetyJudge(Record):
    """One who labelled the answers."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,30}$", description="Its column is label_<name>.")
    label: str = Field(min_length=1, description="For people.")
    kind: Literal["human", "model", "rule", "unknown"]
    part: bool = Field(default=False, description="Single annotator of a label that another judge of the card joins.")
    info: str = ""


class SafetyCard(Card):
    """What a reader must know about a safety table."""

    kind: Literal["attempts", "answers"]
    tabs: tuple[Tab, ...] = ("red_teaming",)
    judges: tuple[SafetyJudge, ...] = Field(min_length=1)
    controls: tuple[str, ...] = Field(default=(), description="Models that are no contestants: one text for all.")

    @model_validator(mode="after")
    def _judges_differ(self) -> "SafetyCard":
        names = [judge.name for judge in self.judges]
        if len(set(names)) < len(names):
            raise ValueError(f"judges are {', '.join(names)}; expected every name once")
        return self


def label_columns(card: SafetyCard) -> list[str]:
    """One column a judge."""
    return [f"label_{judge.name}" for judge in card.judges]


def columns_of(card: SafetyCard) -> list[str]:
    """All columns that the schema knows for a table, in their order."""
    return [*TEXTS, *label_columns(card), *NUMBERS]


def checked(card: SafetyCard, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that the schema knows, in its order and types, every value checked; others are left out.

    Raises BadRecord naming the table, the row (from 0), the column and the value.
    """
    missing = [name for name in (*REQUIRED, *label_columns(card)) if name not in frame]
    if missing:
        raise BadRecord(f"Table {card.name!r} has no column {', '.join(missing)}; columns are {list(frame)[:20]}.")
    if frame.empty:
        raise BadRecord(f"Table {card.name!r} has no rows; expected at least one.")
    table = pd.DataFrame({name: _column(card, frame, name) for name in columns_of(card) if name in frame})
    table = table.reset_index(drop=True)
    refuse_rows(card, table, "expected", ~table["expected"].isin(EXPECTED), " or ".join(EXPECTED))
    for name in label_columns(card):
        known = LABELS[card.kind]
        refuse_rows(card, table, name, table[name].notna() & ~table[name].isin(known), ", ".join(known))
    key = [name for name in KEY if name in table]
    refuse_rows(card, table, "prompt", table.duplicated(key), f"one row for each {', '.join(key)}")
    return table


def _column(card: SafetyCard, frame: pd.DataFrame, name: str) -> pd.Series:
    if name in NUMBERS:
        values = typed_column(frame, name, "Int64", card)
        refuse_rows(card, frame, name, values < 0, "at least 0")
        return values
    texts = text_column(frame, name, card)
    if name in REQUIRED:
        refuse_rows(card, frame, name, texts.isna(), "a value")
    return texts


def write_safety(folder: Path, card: SafetyCard, frame: pd.DataFrame) -> None:
    """Write a table into a store's folder. Raises BadRecord for a value or a column that the schema refuses."""
    refuse_columns(card, frame, columns_of(card))
    write_pair(folder / FOLDER, card, checked(card, frame))


def read_safety(folder: Path, name: str) -> tuple[SafetyCard, pd.DataFrame]:
    """Card and checked frame of a table in a store's folder; columns that the schema does not know stay unread.

    Raises BadRecord when either file cannot be read, or for a value that the schema refuses.
    """
    card = read_card(folder / FOLDER / f"{name}.json", SafetyCard)
    return card, checked(card, read_frame(folder / FOLDER / f"{name}.parquet", columns_of(card)))


def list_safety_tables(folder: Path) -> tuple[list[SafetyCard], list[Rejected]]:
    """Cards of all safety tables in a store's folder by their order, and the unreadable ones with their reasons."""
    return list_cards(folder, FOLDER, SafetyCard, lambda card: (*REQUIRED, *label_columns(card)))


def write_answer_texts(folder: Path, name: str, texts: pd.DataFrame) -> None:
    """Write the texts behind a table, columns `TEXT_COLUMNS`."""
    write_texts(folder / TEXT_FOLDER / f"{name}.parquet", texts, TEXT_COLUMNS)


def read_answer_texts(folder: Path, name: str) -> pd.DataFrame | None:
    """The texts behind a table, columns `TEXT_COLUMNS`; None where nobody imported them. Raises BadRecord."""
    return read_texts(folder / TEXT_FOLDER / f"{name}.parquet", TEXT_COLUMNS)
