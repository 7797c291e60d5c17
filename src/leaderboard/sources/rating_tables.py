"""Rating tables: published ratings, win rates and other figures, as their authors gave them.

A table is `ratings/<name>.parquet` and `ratings/<name>.json` (a `RatingCard`). Missing is null, never 0; texts are
dictionary-encoded; `read_ratings` returns them as pandas categories. Columns:

    <key>                      text; the card's `key`: "model", or what the rows are about ("category", ...)
    <figure>                   float64, one for every entry of the card's `figures`
    <figure>_lower <figure>_upper   float64, where the figure has `bounds`; a row's bounds may be missing
    setting category language  text; how or on what the figures were obtained
    date                       text, YYYY-MM-DD: a table with it is a history and has many rows a model
    organization license knowledge_cutoff access description filter   text
    revision dtype type        text, of a reward model: its version, the numbers it computes with, how it judges
    link                       text, http(s) address of the model
    votes rank                 Int64; rank as published
    control                    boolean; the row is a control (null model, longest answer), not a contestant

`key` and the card's `by` columns together identify a row. A table whose key is not "model" holds facts about something
else, for example the correlation of GPT-4 and humans a category.
"""

from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field, model_validator

from leaderboard.errors import BadRecord
from leaderboard.records import Count, Record
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

FOLDER = "ratings"
TEXTS = (
    "setting", "category", "language", "date", "organization", "license", "knowledge_cutoff", "access",
    "description", "filter", "link", "revision", "dtype", "type",
)  # fmt: skip
NUMBERS = {"votes": "Int64", "rank": "Int64", "control": "boolean"}
FORMATS = {
    "date": (r"\d{4}-\d{2}-\d{2}", "a day as YYYY-MM-DD"),
    "link": (r"https?://[^\s\"'<>]+", "an http(s) address"),
}
RANGES = {"fraction": (0.0, 1.0), "correlation": (-1.0, 1.0), "characters": (0.0, float("inf"))}

Unit = Literal["rating", "fraction", "score", "correlation", "characters", "rank"]


class FigureCard(Record):
    """One column of figures."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    label: str = Field(min_length=1)
    unit: Unit = Field(description="fraction is 0..1 and shown as percent; score has its own scale, see info.")
    decimals: int = Field(default=0, ge=0, le=6, description="Digits when shown; of the percentage for fractions.")
    best: Literal["high", "low"] | None = Field(default="high", description="None: neither end is better.")
    bounds: bool = Field(default=False, description="Columns <name>_lower and <name>_upper are there.")
    confidence_level: float | None = Field(default=None, gt=0, lt=1, description="Of the bounds; None when unknown.")
    n: Count | None = Field(default=None, description="Questions or verdicts behind each value, when all have as many.")
    info: str = ""


class RatingCard(Card):
    """What a reader must know about a rating table."""

    tabs: tuple[Tab, ...] = Field(min_length=1, description="The tabs it serves.")
    figures: tuple[FigureCard, ...] = Field(min_length=1)
    key: str = Field(default="model", pattern=r"^[a-z][a-z0-9_]{0,40}$")
    key_label: str = "Model"
    by: tuple[str, ...] = Field(default=(), description="Columns that identify a row together with the key.")

    @model_validator(mode="after")
    def _columns_differ(self) -> "RatingCard":
        names = [*TEXTS, *NUMBERS, *figure_columns(self)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"figures give column {', '.join(twice)} twice; expected names of their own")
        if self.key in [*NUMBERS, *figure_columns(self)]:
            raise ValueError(f"key is {self.key!r}, the name of another column")
        return self


def figure_columns(card: RatingCard) -> list[str]:
    """Columns of figures and their bounds, in the card's order."""
    bounds = ("", "_lower", "_upper")
    return [f"{figure.name}{end}" for figure in card.figures for end in (bounds if figure.bounds else ("",))]


def columns_of(card: RatingCard) -> list[str]:
    """All columns that the schema knows for a table, in their order."""
    return list(dict.fromkeys([card.key, *card.by, *figure_columns(card), *TEXTS, *NUMBERS]))


def required(card: RatingCard) -> list[str]:
    """Columns that must be there."""
    return [card.key, *card.by, *figure_columns(card)]


def checked(card: RatingCard, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that the schema knows, in its order and types, every value checked; others are left out.

    Raises BadRecord naming the table, the row (from 0), the column and the value.
    """
    missing = [name for name in required(card) if name not in frame]
    if missing:
        raise BadRecord(f"Table {card.name!r} has no column {', '.join(missing)}; columns are {list(frame)[:20]}.")
    if frame.empty:
        raise BadRecord(f"Table {card.name!r} has no rows; expected at least one.")
    figures = figure_columns(card)
    columns = {name: _column(card, frame, name, name in figures) for name in columns_of(card) if name in frame}
    table = pd.DataFrame(columns).reset_index(drop=True)
    for name in (card.key, *card.by):
        refuse_rows(card, table, name, table[name].isna(), "a value: it identifies the row")
    again = table.duplicated([card.key, *card.by])
    refuse_rows(card, table, card.key, again, f"one row for each {' and '.join((card.key, *card.by))}")
    for figure in card.figures:
        _check_figure(card, table, figure)
    return table


def _column(card: RatingCard, frame: pd.DataFrame, name: str, is_figure: bool) -> pd.Series:
    if is_figure:
        values = typed_column(frame, name, "Float64", card).astype("float64")
        refuse_rows(card, frame, name, values.isin([float("inf"), float("-inf")]), "a finite number, or nothing")
        return values
    if name in NUMBERS:
        values = typed_column(frame, name, NUMBERS[name], card)
        if name != "control":
            refuse_rows(card, frame, name, values < 0, "at least 0")
        return values
    texts = text_column(frame, name, card)
    if name in FORMATS:
        pattern, expected = FORMATS[name]
        good = texts.astype("string").str.fullmatch(pattern)
        refuse_rows(card, frame, name, texts.notna() & ~good.fillna(value=False).astype(bool), expected)
    return texts


def _check_figure(card: RatingCard, table: pd.DataFrame, figure: FigureCard) -> None:
    low, high = RANGES.get(figure.unit, (float("-inf"), float("inf")))
    names = [figure.name, *([f"{figure.name}_lower", f"{figure.name}_upper"] if figure.bounds else [])]
    for name in names:
        outside = (table[name] < low) | (table[name] > high)
        refuse_rows(card, table, name, outside, f"{low} to {high}, as its unit is {figure.unit}")
    if figure.bounds:
        value, lower, upper = (table[name] for name in names)
        refuse_rows(card, table, names[1], (lower > value) | (lower > upper), f"at most {figure.name}")
        refuse_rows(card, table, names[2], upper < value, f"at least {figure.name}")
        refuse_rows(card, table, names[1], lower.isna() != upper.isna(), "both bounds, or neither")


def write_ratings(folder: Path, card: RatingCard, frame: pd.DataFrame) -> None:
    """Write a table into a store's folder. Raises BadRecord for a value or a column that the schema refuses."""
    refuse_columns(card, frame, columns_of(card))
    write_pair(folder / FOLDER, card, checked(card, frame))


def read_ratings(folder: Path, name: str) -> tuple[RatingCard, pd.DataFrame]:
    """Card and checked frame of a table in a store's folder; columns that the schema does not know stay unread.

    Raises BadRecord when either file cannot be read, or for a value that the schema refuses.
    """
    card = read_card(folder / FOLDER / f"{name}.json", RatingCard)
    return card, checked(card, read_frame(folder / FOLDER / f"{name}.parquet", columns_of(card)))


def list_rating_tables(folder: Path) -> tuple[list[RatingCard], list[Rejected]]:
    """Cards of all rating tables in a store's folder by their order, and the unreadable ones with their reasons."""
    return list_cards(folder, FOLDER, RatingCard, required)
