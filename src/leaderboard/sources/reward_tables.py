"""Reward tables: the scores that reward models gave both answers of preference pairs, one row a model and pair.

A table is `rewards/<name>.parquet` and `rewards/<name>.json` (a `RewardCard`): figures only. The texts are no part of
it: they are `reward_texts/<set>.parquet` where a user imported them, joined by `pair`. Columns:

    model revision dtype    text; revision and dtype may be missing
    set                     text, a `name` of the card's `sets`
    pair                    text, id of the pair within its set: `pair_id` of its texts
    prompt                  text, id of the prompt: pairs that share it are one cluster; missing: each its own
    score_chosen score_rejected   float64, of the answer that people prefer and of the other; missing: not scored
    length_chosen length_rejected   Int64, characters of the answers

`model`, `revision`, `dtype`, `set` and `pair` together identify a row.
"""

import hashlib
from pathlib import Path

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

FOLDER = "rewards"
TEXT_FOLDER = "reward_texts"
KEY = ("model", "revision", "dtype", "set", "pair")
TEXTS = (*KEY, "prompt")
SCORES = ("score_chosen", "score_rejected")
LENGTHS = ("length_chosen", "length_rejected")
REQUIRED = ("model", "set", "pair", *SCORES)
TEXT_COLUMNS = ("pair", "prompt", "chosen", "rejected")


class PairSet(Record):
    """One set of preference pairs."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="In column set; names the texts' file.")
    label: str = Field(min_length=1, description="For people.")
    info: str = ""
    harmful: bool = Field(default=False, description="Its texts may hurt: each is shown only when asked for.")


class RewardCard(Card):
    """What a reader must know about a reward table."""

    tabs: tuple[Tab, ...] = ("reward_models",)
    sets: tuple[PairSet, ...] = Field(min_length=1, description="In the order of the columns.")

    @model_validator(mode="after")
    def _sets_differ(self) -> "RewardCard":
        names = [item.name for item in self.sets]
        if len(set(names)) < len(names):
            raise ValueError(f"sets are {', '.join(names)}; expected every name once")
        return self


def pair_id(prompt: str, chosen: str, rejected: str) -> str:
    """The id of a pair: it depends on its texts only, so scores and texts find each other."""
    return hashlib.sha256("\x1f".join((prompt, chosen, rejected)).encode()).hexdigest()[:16]


def checked(card: RewardCard, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that the schema knows, all of them, in its order and types, every value checked.

    Raises BadRecord naming the table, the row (from 0), the column and the value.
    """
    missing = [name for name in REQUIRED if name not in frame]
    if missing:
        raise BadRecord(f"Table {card.name!r} has no column {', '.join(missing)}; columns are {list(frame)[:20]}.")
    if frame.empty:
        raise BadRecord(f"Table {card.name!r} has no rows; expected at least one.")
    table = pd.DataFrame({name: _column(card, frame, name) for name in (*TEXTS, *SCORES, *LENGTHS)})
    table = table.reset_index(drop=True)
    names = [item.name for item in card.sets]
    refuse_rows(card, table, "set", ~table["set"].isin(names), f"a set of the card: {', '.join(names)}")
    refuse_rows(card, table, "pair", table.duplicated(list(KEY)), f"one row for each {', '.join(KEY)}")
    return table


def _column(card: RewardCard, frame: pd.DataFrame, name: str) -> pd.Series:
    if name in SCORES:
        values = typed_column(frame, name, "float64", card)
        refuse_rows(card, frame, name, values.isin([float("inf"), float("-inf")]), "a finite number, or nothing")
        return values
    if name in LENGTHS:
        values = typed_column(frame, name, "Int64", card)
        refuse_rows(card, frame, name, values < 0, "at least 0")
        return values
    if name not in frame:
        return pd.Series(pd.Categorical([None] * len(frame)), index=frame.index)
    texts = text_column(frame, name, card)
    if name in REQUIRED:
        refuse_rows(card, frame, name, texts.isna(), "a value")
    return texts


def write_rewards(folder: Path, card: RewardCard, frame: pd.DataFrame) -> None:
    """Write a table into a store's folder. Raises BadRecord for a value or a column that the schema refuses."""
    refuse_columns(card, frame, (*TEXTS, *SCORES, *LENGTHS))
    write_pair(folder / FOLDER, card, checked(card, frame))


def read_rewards(folder: Path, name: str) -> tuple[RewardCard, pd.DataFrame]:
    """Card and checked frame of a table in a store's folder; columns that the schema does not know stay unread.

    Raises BadRecord when either file cannot be read, or for a value that the schema refuses.
    """
    card = read_card(folder / FOLDER / f"{name}.json", RewardCard)
    return card, checked(card, read_frame(folder / FOLDER / f"{name}.parquet", (*TEXTS, *SCORES, *LENGTHS)))


def list_reward_tables(folder: Path) -> tuple[list[RewardCard], list[Rejected]]:
    """Cards of all reward tables in a store's folder by their order, and the unreadable ones with their reasons."""
    return list_cards(folder, FOLDER, RewardCard, lambda _: REQUIRED)


def write_pair_texts(folder: Path, name: str, texts: pd.DataFrame) -> None:
    """Write the texts behind a set of pairs, columns `TEXT_COLUMNS`."""
    write_texts(folder / TEXT_FOLDER / f"{name}.parquet", texts, TEXT_COLUMNS)


def read_pair_texts(folder: Path, name: str) -> pd.DataFrame | None:
    """The texts behind a set of pairs, columns `TEXT_COLUMNS`; None where nobody imported them. Raises BadRecord."""
    return read_texts(folder / TEXT_FOLDER / f"{name}.parquet", TEXT_COLUMNS)
