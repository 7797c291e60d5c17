"""What every kind of table of a store has in common: a parquet of figures and a JSON card that says what they are.

A table is `<folder>/<name>.parquet` and `<folder>/<name>.json`; the kinds are `benchmark_table` (scores on tasks),
`battle_tables` (comparisons) and `rating_tables` (published ratings). The card is written last, so that it never
describes nothing; a table that cannot be opened is listed with its reason and stops no other.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, ValidationError

from leaderboard.errors import BadRecord
from leaderboard.records import Count, Record, UtcDatetime

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
Tab = Literal[
    "human_gpt4", "arena", "mt_bench", "alpaca_eval", "reward_models", "red_teaming", "judge_audit", "models",
]  # fmt: skip
"""Tabs that are made of tables; a battle or rating table says which of them it serves."""


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


class Card(Record):
    """What a reader must know about a table of any kind."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=NAME_PATTERN)
    label: str = Field(description="Text of the switch that chooses this table.")
    group: str = Field(default="", description="Tables of one group share a switch position.")
    order: int = Field(default=0, description="Place in the switch, smallest first.")
    title: str
    about: str
    source: str
    license: str
    as_of: UtcDatetime | None = Field(description="Day of the figures; None while there are none, or it is unknown.")
    findings: tuple[Finding, ...] = ()
    rejected: tuple[Rejected, ...] = ()


AnyCard = TypeVar("AnyCard", bound=Card)


def write_card(path: Path, card: Card) -> None:
    """Write a card as JSON, its longest parts last."""
    values = card.model_dump(mode="json")
    values |= {name: values.pop(name) for name in ("findings", "rejected")}
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_card(path: Path, kind: type[AnyCard]) -> AnyCard:
    """The card of a table. Raises BadRecord when it cannot be read."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise BadRecord(f"{path.name}: not a table card: {str(error)[:300]}") from error


def list_cards(
    folder: Path, subfolder: str, kind: type[AnyCard], required: Callable[[AnyCard], Iterable[str]]
) -> tuple[list[AnyCard], list[Rejected]]:
    """Cards of all tables of one kind by their order, and the unreadable ones with their reasons.

    `required` names the columns a table must have; only the parquets' footers are read.
    """
    cards: list[AnyCard] = []
    rejected: list[Rejected] = []
    for path in sorted((folder / subfolder).glob("*.json")):
        try:
            cards.append(_checked_card(path, kind, required))
        except BadRecord as error:
            rejected.append(Rejected(where=f"{subfolder}/{path.name}", reason=str(error)))
    return sorted(cards, key=lambda card: (card.order, card.name)), rejected


def _checked_card(path: Path, kind: type[AnyCard], required: Callable[[AnyCard], Iterable[str]]) -> AnyCard:
    """A card whose table can be opened."""
    card = read_card(path, kind)
    if card.name != path.stem:
        raise BadRecord(f"its name is {card.name!r}; expected {path.stem!r}, the name of its file.")
    try:
        columns = set(pq.read_schema(path.with_suffix(".parquet")).names)
    except (OSError, pa.ArrowException) as error:
        raise BadRecord(f"{card.name}.parquet cannot be opened: {str(error)[:200]}") from error
    missing = set(required(card)) - columns
    if missing:
        raise BadRecord(f"{card.name}.parquet has no column {', '.join(sorted(missing))}.")
    return card


def read_frame(path: Path, known: Iterable[str] | None = None) -> pd.DataFrame:
    """A parquet as a frame; with `known` only those of its columns. Raises BadRecord when it cannot be read."""
    try:
        there = pq.read_schema(path).names
        columns = there if known is None else [name for name in known if name in there]
        frame: pd.DataFrame = pq.read_table(path, columns=columns, partitioning=None).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise BadRecord(f"{path.name}: not a readable parquet file: {str(error)[:300]}") from error
    return frame


def write_pair(target: Path, card: Card, frame: pd.DataFrame) -> None:
    """Write a checked frame, compressed and without pandas' own notes, and then its card."""
    target.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, target / f"{card.name}.parquet", compression="zstd")
    write_card(target / f"{card.name}.json", card)


def write_texts(path: Path, texts: pd.DataFrame, columns: Iterable[str]) -> None:
    """Write texts behind a table into a store of the user's; never into this project's own `data/`.

    A column that is not there is written as missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    texts.reindex(columns=list(columns)).astype("string").to_parquet(path, compression="zstd", index=False)


def read_texts(path: Path, columns: Iterable[str]) -> pd.DataFrame | None:
    """The texts behind a table; None where nobody imported them.

    Raises BadRecord when the file is there and cannot be read.
    """
    if not path.is_file():
        return None
    names = list(columns)
    return read_frame(path, names).reindex(columns=names).astype("string")


def typed_column(frame: pd.DataFrame, name: str, dtype: str, card: Card) -> pd.Series:
    """A column in a dtype; all missing when it is not there. Raises BadRecord when a value does not fit."""
    values = frame[name] if name in frame else pd.Series([None] * len(frame), index=frame.index)
    try:
        return values.astype(dtype)  # type: ignore[call-overload,no-any-return]
    except (TypeError, ValueError) as error:
        raise BadRecord(f"Table {card.name!r}, column {name!r}: expected {dtype}; {error}.") from error


def text_column(frame: pd.DataFrame, name: str, card: Card) -> pd.Series:
    """A column of texts as a pandas category with the categories that occur; missing stays missing.

    Raises BadRecord with the first value that is not a text, or is blank.
    """
    values = frame[name].astype("category").cat.remove_unused_categories()
    bad = [value for value in values.cat.categories if not isinstance(value, str) or not value.strip()]
    refuse_rows(card, frame, name, values.isin(bad), "a text that is not blank")
    return values


def refuse_rows(card: Card, frame: pd.DataFrame, name: str, wrong: Any, expected: str) -> None:
    """Raise BadRecord naming the first row marked in `wrong` (bool[n]), counted from 0, and its value."""
    marks = pd.Series(wrong).fillna(value=False).to_numpy(dtype=bool)
    if marks.any():
        row = int(marks.argmax())
        value = frame[name].iloc[row]
        shown = "missing" if pd.isna(value) else repr(value.item() if hasattr(value, "item") else value)[:60]
        raise BadRecord(f"Table {card.name!r}, row {row}: {name} is {shown}; expected {expected}.")


def refuse_columns(card: Card, frame: pd.DataFrame, known: Iterable[str]) -> None:
    """Raise BadRecord for a column that the schema does not have: nothing unknown is published by accident."""
    allowed = list(known)
    unknown = [str(name) for name in frame.columns if name not in allowed]
    if unknown:
        raise BadRecord(
            f"Table {card.name!r} has column {', '.join(unknown)[:100]} that the schema does not know; expected "
            f"{', '.join(allowed)}."
        )
