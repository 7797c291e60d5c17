"""MT-Bench tables: scores of single answers, and beside them, where somebody has them, the texts and comparisons.

A table is `mt_bench/<name>.json` (an `MtBenchCard`), `mt_bench/<name>.parquet` (the scores) and any of the further
parts `mt_bench/<name>.<part>.parquet`. Question ids are text, turns are numbered from 1. Columns by part, optional ones
in brackets; a missing value is null:

    scores     model judge question_id turn score [tstamp category missing]   one row a judgment, dirt included: -1 and
               null are verdicts that could not be parsed (`missing` says why there is none), repeated rows are repeated
               judgments; `metrics.mt_bench.clean` decides
    questions  question_id category turns [reference reference_doubt reference_evidence]   turns, reference and doubt
               are lists with one text a turn ("" for none); evidence is an http(s) address
    answers    model question_id turn answer
    judgments  model judge question_id turn text [score tstamp]       what the judge wrote for a row of scores
    pairs      model_1 model_2 judge question_id turn [g1_winner g2_winner g1_text g2_text tstamp winner inconsistent]
               one row a comparison: g1 was asked with model_1 shown first, g2 with model_2 shown first; the winners
               are model_1, model_2, tie or error, whichever was shown first. `metrics.mt_bench.pair_verdicts` joins
               them; `winner` and `inconsistent` are for verdicts that were published joined
    votes      question_id turn model_a model_b winner judge          one a person's vote; judge is a code

Scores are figures and may be shipped; texts of third parties are read from the same folder and never shipped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from leaderboard.errors import BadRecord
from leaderboard.records import Count, Record
from leaderboard.sources.battle_tables import JudgeCard
from leaderboard.sources.tables import (
    Card,
    Rejected,
    list_cards,
    read_card,
    read_frame,
    refuse_columns,
    refuse_rows,
    text_column,
    typed_column,
    write_card,
)

FOLDER = "mt_bench"
SCORES = "scores"
Kind = Literal["name", "text", "texts", "turn", "number", "flag"]


@dataclass(frozen=True, kw_only=True)
class PartSchema:
    """Columns of one part by kind; `filled` ones have a value in every row, `key` ones identify it (none: no key)."""

    columns: Mapping[str, Kind]
    filled: tuple[str, ...]
    key: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_PLACE: Mapping[str, Kind] = {"question_id": "name", "turn": "turn"}
_JUDGED: Mapping[str, Kind] = {"model": "name", "judge": "name", **_PLACE}
_MODELS = ("model_1", "model_2")
SCHEMA: Mapping[str, PartSchema] = {
    SCORES: PartSchema(
        columns={**_JUDGED, "score": "number", "tstamp": "number", "category": "name", "missing": "text"},
        filled=tuple(_JUDGED),
    ),
    "questions": PartSchema(
        columns={"question_id": "name", "category": "name", "turns": "texts", "reference": "texts",
                 "reference_doubt": "texts", "reference_evidence": "name"},
        filled=("question_id", "category", "turns"), key=("question_id",),
    ),
    "answers": PartSchema(
        columns={"model": "name", **_PLACE, "answer": "text"}, filled=("model", "question_id", "turn", "answer"),
        key=("model", "question_id", "turn"),
    ),
    "judgments": PartSchema(
        columns={**_JUDGED, "score": "number", "tstamp": "number", "text": "text"}, filled=(*_JUDGED, "text"),
    ),
    "pairs": PartSchema(
        columns={"model_1": "name", "model_2": "name", "judge": "name", **_PLACE, "winner": "name",
                 "inconsistent": "flag", "g1_winner": "name", "g2_winner": "name", "g1_text": "text",
                 "g2_text": "text", "tstamp": "number"},
        filled=("model_1", "model_2", "judge", *_PLACE),
        values={"winner": (*_MODELS, "tie"), "g1_winner": (*_MODELS, "tie", "error"),
                "g2_winner": (*_MODELS, "tie", "error")},
    ),
    "votes": PartSchema(
        columns={**_PLACE, "model_a": "name", "model_b": "name", "winner": "name", "judge": "name"},
        filled=(*_PLACE, "model_a", "model_b", "winner"), values={"winner": ("model_a", "model_b", "tie")},
    ),
}  # fmt: skip
PARTS = tuple(part for part in SCHEMA if part != SCORES)
_REQUIRED = ("model", "judge", "question_id", "turn", "score")
_SIDES = (("model_1", "model_2"), ("model_a", "model_b"))

Control = Literal["constant", "null", "longest"]


class ModelNote(Record):
    """What is known about the judgments of one model."""

    model: str = Field(min_length=1)
    source: str = Field(default="", description="Where its judgments come from, for people.")
    license: str = ""
    other_answers: bool = Field(
        default=False, description="The answers at hand may not be those that were judged: only the name is the same."
    )
    control: Control | None = Field(
        default=None, description="No contestant: one text for every question, an empty answer, or the longest one."
    )


class MtBenchCard(Card):
    """What a reader must know about an MT-Bench table."""

    n_questions: Count = Field(description="Questions asked; a model is asked each of them in `n_turns` turns.")
    n_turns: Count = 2
    judges: tuple[JudgeCard, ...] = Field(min_length=1)
    models: tuple[ModelNote, ...] = Field(default=(), description="Models about which something is known.")
    texts: str = Field(default="", description="Where the texts come from and their licence; empty without texts.")


@dataclass(frozen=True, kw_only=True)
class MtBenchTable:
    """A whole table in memory: the scores, and every further part that is there by its name."""

    card: MtBenchCard
    scores: pd.DataFrame
    parts: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __len__(self) -> int:
        """Judgments of single answers."""
        return len(self.scores)


def checked(card: MtBenchCard, part: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of a part that the schema knows, in its order and types, every value checked.

    Raises BadRecord naming the table, the row (from 0), the column and the value.
    """
    schema = SCHEMA[part]
    missing = [name for name in schema.filled if name not in frame]
    if missing:
        raise BadRecord(f"Table {card.name!r}, {part}: no column {', '.join(missing)}; columns are {list(frame)[:20]}.")
    columns = {
        name: _column(card, frame, name, kind, name in schema.filled)
        for name, kind in schema.columns.items() if name in frame
    }  # fmt: skip
    table = pd.DataFrame(columns).reset_index(drop=True)
    _refuse(card, schema, table)
    return table


def _column(card: MtBenchCard, frame: pd.DataFrame, name: str, kind: Kind, filled: bool) -> pd.Series:
    if filled:
        refuse_rows(card, frame, name, [_blank(value) for value in frame[name]], "a value")
    if kind == "name":
        return text_column(frame, name, card)
    if kind == "texts":
        refuse_rows(card, _shown(frame, name), name, ~frame[name].map(_is_texts).astype(bool), "a list of texts")
        return frame[name].map(lambda cell: [] if _blank(cell) else [str(text) for text in cell])
    if kind == "turn":
        values = typed_column(frame, name, "Int16", card)
        refuse_rows(card, frame, name, (values < 1) | (values > card.n_turns), f"a turn from 1 to {card.n_turns}")
        return values.astype("int16")
    if kind == "number":
        numbers = typed_column(frame, name, "Float64", card).astype("float64")
        refuse_rows(card, frame, name, numbers.isin([float("inf"), float("-inf")]), "a finite number, or nothing")
        return numbers
    return typed_column(frame, name, "boolean" if kind == "flag" else "string", card)


def _blank(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def _is_texts(cell: object) -> bool:
    if _blank(cell):
        return True
    return not isinstance(cell, str | bytes) and hasattr(cell, "__iter__") and all(isinstance(t, str) for t in cell)


def _shown(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Lists as text, for messages."""
    return pd.DataFrame({name: frame[name].map(lambda cell: str(cell)[:60])})


def _refuse(card: MtBenchCard, schema: PartSchema, table: pd.DataFrame) -> None:
    """Rules about several rows or columns."""
    if schema.key:
        again = table.duplicated(list(schema.key))
        refuse_rows(card, table, schema.key[0], again, f"one row for each {', '.join(schema.key)}")
    for name, known in schema.values.items():
        if name in table:
            wrong = table[name].notna() & ~table[name].isin(known)
            refuse_rows(card, table, name, wrong, f"{', '.join(known)}, or nothing")
    for one, other in _SIDES:
        if one in table:
            same = table[one].astype(str) == table[other].astype(str)
            refuse_rows(card, table, other, same, f"another model than {one}")
    if "judge" in table and "model_a" not in table:
        names = [judge.name for judge in card.judges]
        refuse_rows(card, table, "judge", ~table["judge"].isin(names), f"a judge of the card: {', '.join(names)}")


def path_of(folder: Path, name: str, part: str) -> Path:
    """The file of a part of a table in a store's folder."""
    return folder / FOLDER / (f"{name}.parquet" if part == SCORES else f"{name}.{part}.parquet")


def write_mt_bench(folder: Path, table: MtBenchTable) -> None:
    """Write a whole table into a store's folder, its card last; parts that it does not have are removed there.

    Raises BadRecord for a value or a column that the schema refuses, before anything is written.
    """
    frames = {SCORES: table.scores, **table.parts}
    for part, frame in frames.items():
        if part not in SCHEMA:
            raise BadRecord(f"Table {table.card.name!r} has part {part!r}; expected one of {', '.join(SCHEMA)}.")
        refuse_columns(table.card, frame, SCHEMA[part].columns)
    ready = {part: checked(table.card, part, frame) for part, frame in frames.items()}
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for part in SCHEMA:
        path = path_of(folder, table.card.name, part)
        if part in ready:
            arrow = pa.Table.from_pandas(ready[part], preserve_index=False).replace_schema_metadata(None)
            pq.write_table(arrow, path, compression="zstd")
        else:
            path.unlink(missing_ok=True)
    write_card(folder / FOLDER / f"{table.card.name}.json", table.card)


def read_mt_bench_card(folder: Path, name: str) -> MtBenchCard:
    """The card of a table. Raises BadRecord when it cannot be read."""
    return read_card(folder / FOLDER / f"{name}.json", MtBenchCard)


def read_part(folder: Path, card: MtBenchCard, part: str) -> pd.DataFrame | None:
    """The checked frame of a further part; None when the table does not have it.

    Raises BadRecord when it cannot be read, or for a value that the schema refuses.
    """
    path = path_of(folder, card.name, part)
    if not path.is_file():
        return None
    return checked(card, part, read_frame(path, SCHEMA[part].columns))


def read_scores(folder: Path, card: MtBenchCard) -> pd.DataFrame:
    """The checked scores of a table. Raises as `read_part` does."""
    return checked(card, SCORES, read_frame(path_of(folder, card.name, SCORES), SCHEMA[SCORES].columns))


def list_mt_bench_tables(folder: Path) -> tuple[list[MtBenchCard], list[Rejected]]:
    """Cards of all MT-Bench tables in a store's folder by their order, and the unreadable ones with their reasons."""
    return list_cards(folder, FOLDER, MtBenchCard, lambda _: _REQUIRED)
