"""Benchmark tables: the project's own schema for many models' scores on one set of tasks.

A table is two files in a store: `benchmarks/<name>.parquet` (one row a measured model) and
`benchmarks/<name>.json` (a `TableCard`: tasks, source, licence, and every kind of dirt found with its treatment).

Columns of the parquet: those of `META_COLUMNS`, then per task `score.<task>` (0..1), and where known
`stderr.<task>`, `n.<task>`, `raw.<task>` (before normalisation). Missing is null, never 0.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from pydantic import Field

from leaderboard.errors import BadRecord
from leaderboard.records import Count, Fraction, Record
from leaderboard.sources.tables import (
    Card,
    list_cards,
    read_card,
    read_frame,
    typed_column,
    write_card,
)
from leaderboard.sources.tables import Finding as Finding
from leaderboard.sources.tables import Rejected as Rejected

FOLDER = "benchmarks"

META_COLUMNS: Mapping[str, str] = {
    "model": "string",
    "revision": "string",
    "precision": "string",
    "model_type": "string",
    "weight_type": "string",
    "architecture": "string",
    "license": "string",
    "base_model": "string",
    "params": "Float64",
    "chat_template": "boolean",
    "merged": "boolean",
    "moe": "boolean",
    "flagged": "boolean",
    "duplicate": "boolean",
    "available": "boolean",
    "evaluated_on": "string",
    "evidence": "string",
}
"""Frame dtype of every column that is not a score; a file may leave out all but `model`."""


class TaskCard(Record):
    """One task of a table: a column of scores."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")
    label: str
    metric: str = ""
    n: Count | None = Field(default=None, description="Scored questions, when it is the same for all rows.")
    n_shot: Count | None = None
    chance: Fraction | None = Field(default=None, description="Score of random guessing.")
    slope: float = Field(default=1.0, gt=0, description="d(score)/d(raw accuracy) where a score is rescaled.")
    info: str = ""


class TableCard(Card):
    """What a reader must know about a benchmark table."""

    tasks: tuple[TaskCard, ...] = Field(min_length=1)


def task_columns(card: TableCard, prefix: str = "score") -> list[str]:
    """Frame columns `<prefix>.<task>` of a table, in its order."""
    return [f"{prefix}.{task.name}" for task in card.tasks]


def normalise(frame: pd.DataFrame, card: TableCard) -> pd.DataFrame:
    """The frame with exactly the schema's columns and types, missing ones filled with nulls.

    Raises BadRecord naming the first column that does not fit.
    """
    if "model" not in frame:
        raise BadRecord(f"Table {card.name!r} has no column 'model'; columns are {list(frame)[:20]}.")
    columns = {name: typed_column(frame, name, dtype, card) for name, dtype in META_COLUMNS.items()}
    for name in task_columns(card):
        columns[name] = _scores(frame, name, card)
    for prefix in ("stderr", "n", "raw"):
        for name in task_columns(card, prefix):
            if name in frame:
                columns[name] = typed_column(frame, name, "Float64", card).astype("float64")
    return pd.DataFrame(columns, index=frame.index)


def _scores(frame: pd.DataFrame, name: str, card: TableCard) -> pd.Series:
    values = typed_column(frame, name, "Float64", card).astype("float64")
    outside = values[(values < 0) | (values > 1)]
    if len(outside):
        row = outside.index[0]
        raise BadRecord(
            f"Table {card.name!r}, row {row}, column {name!r}: score {outside.iloc[0]} is outside 0..1; "
            "scores are fractions, divide percentages by 100."
        )
    return values


def write_table(folder: Path, card: TableCard, frame: pd.DataFrame) -> None:
    """Write both files of a table into a store's folder; the card last, so that it never describes nothing."""
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    normalise(frame, card).to_parquet(target / f"{card.name}.parquet", index=False, compression="zstd")
    write_card(target / f"{card.name}.json", card)


def read_table(folder: Path, name: str) -> tuple[TableCard, pd.DataFrame]:
    """Card and frame of a table in a store's folder. Raises BadRecord when either cannot be read."""
    card = read_card(folder / FOLDER / f"{name}.json", TableCard)
    return card, normalise(read_frame(folder / FOLDER / f"{name}.parquet"), card)


def list_tables(folder: Path) -> tuple[list[TableCard], list[Rejected]]:
    """Cards of all tables in a store's folder by their order, and the unreadable ones with their reasons."""
    return list_cards(folder, FOLDER, TableCard, lambda card: ["model", *task_columns(card)])
