"""Benchmark tables: the project's own schema for many models' scores on one set of tasks.

A table is two files in a store: `benchmarks/<name>.parquet` (one row a measured model) and
`benchmarks/<name>.json` (a `TableCard`: tasks, source, licence, and every kind of dirt found with its treatment).

Columns of the parquet: those of `META_COLUMNS`, then per task `score.<task>` (0..1), and where known
`stderr.<task>`, `n.<task>`, `raw.<task>` (before normalisation). Missing is null, never 0.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, ValidationError

from leaderboard.errors import BadRecord
from leaderboard.records import Count, Fraction, Record, UtcDatetime

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


class Finding(Record):
    """One kind of dirt in the source and what was done about it."""

    what: str
    rows: Count
    treatment: str
    examples: tuple[str, ...] = ()


class Rejected(Record):
    """A row or file that was kept out of a table, and why."""

    where: str
    reason: str


class TableCard(Record):
    """What a reader must know about a table."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    label: str = Field(description="Text of the switch that chooses this table.")
    group: str = Field(default="", description="Tables of one group share a switch position.")
    order: int = Field(default=0, description="Place in the switch, smallest first.")
    title: str
    about: str
    source: str
    license: str
    as_of: UtcDatetime | None = Field(description="Day of the figures; None while there are none.")
    tasks: tuple[TaskCard, ...] = Field(min_length=1)
    findings: tuple[Finding, ...] = ()
    rejected: tuple[Rejected, ...] = ()


def task_columns(card: TableCard, prefix: str = "score") -> list[str]:
    """Frame columns `<prefix>.<task>` of a table, in its order."""
    return [f"{prefix}.{task.name}" for task in card.tasks]


def normalise(frame: pd.DataFrame, card: TableCard) -> pd.DataFrame:
    """The frame with exactly the schema's columns and types, missing ones filled with nulls.

    Raises BadRecord naming the first column that does not fit.
    """
    if "model" not in frame:
        raise BadRecord(f"Table {card.name!r} has no column 'model'; columns are {list(frame)[:20]}.")
    columns = {name: _typed(frame, name, dtype, card) for name, dtype in META_COLUMNS.items()}
    for name in task_columns(card):
        columns[name] = _scores(frame, name, card)
    for prefix in ("stderr", "n", "raw"):
        for name in task_columns(card, prefix):
            if name in frame:
                columns[name] = _typed(frame, name, "Float64", card).astype("float64")
    return pd.DataFrame(columns, index=frame.index)


def _typed(frame: pd.DataFrame, name: str, dtype: str, card: TableCard) -> pd.Series:
    values = frame[name] if name in frame else pd.Series([None] * len(frame), index=frame.index)
    try:
        return values.astype(dtype)  # type: ignore[call-overload,no-any-return]
    except (TypeError, ValueError) as error:
        raise BadRecord(f"Table {card.name!r}, column {name!r}: expected {dtype}; {error}.") from error


def _scores(frame: pd.DataFrame, name: str, card: TableCard) -> pd.Series:
    values = _typed(frame, name, "Float64", card).astype("float64")
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
    path = target / f"{card.name}.parquet"
    normalise(frame, card).to_parquet(path, index=False, compression="zstd")
    (target / f"{card.name}.json").write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_card(path: Path) -> TableCard:
    """The card of a table. Raises BadRecord when it cannot be read."""
    try:
        return TableCard.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise BadRecord(f"{path.name}: not a table card: {str(error)[:300]}") from error


def read_table(folder: Path, name: str) -> tuple[TableCard, pd.DataFrame]:
    """Card and frame of a table in a store's folder. Raises BadRecord when either cannot be read."""
    card = read_card(folder / FOLDER / f"{name}.json")
    path = folder / FOLDER / f"{name}.parquet"
    try:
        frame = pq.read_table(path).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise BadRecord(f"{path.name}: not a readable parquet file: {str(error)[:300]}") from error
    return card, normalise(frame, card)


def list_tables(folder: Path) -> tuple[list[TableCard], list[Rejected]]:
    """Cards of all tables in a store's folder by their order, and the unreadable ones with their reasons."""
    cards: list[TableCard] = []
    rejected: list[Rejected] = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            cards.append(_checked_card(path))
        except BadRecord as error:
            rejected.append(Rejected(where=f"{FOLDER}/{path.name}", reason=str(error)))
    return sorted(cards, key=lambda card: (card.order, card.name)), rejected


def _checked_card(path: Path) -> TableCard:
    """A card whose table can be opened; reads only the parquet's footer."""
    card = read_card(path)
    if card.name != path.stem:
        raise BadRecord(f"its name is {card.name!r}; expected {path.stem!r}, the name of its file.")
    try:
        columns = set(pq.read_schema(path.with_suffix(".parquet")).names)
    except (OSError, pa.ArrowException) as error:
        raise BadRecord(f"{card.name}.parquet cannot be opened: {str(error)[:200]}") from error
    missing = {"model", *task_columns(card)} - columns
    if missing:
        raise BadRecord(f"{card.name}.parquet has no column {', '.join(sorted(missing))}.")
    return card
