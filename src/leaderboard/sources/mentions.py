"""Every name that a table gives a model: what the catalogue resolves, and where a model is found again.

Enters: a folder of tables. Leaves: one row a table and name, in the order of the tables:

    table spelling         text
    organization link license   text, the last one that the table gives for the name; missing where it gives none
    params base_model      of benchmark tables
    place                  values of the columns by which a table is switched (day, setting), of the last such row,
                           joined by PLACE_BREAK
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from leaderboard.sources import (
    battle_tables,
    benchmark_table,
    mt_bench_tables,
    rating_tables,
    reward_tables,
    safety_tables,
)
from leaderboard.sources.tables import read_frame

PLACE_BREAK = "\x1f"
COLUMNS = ("table", "spelling", "organization", "link", "license", "params", "base_model", "place")
SWITCHES = ("date", "category", "language", "setting")
"""Columns of rating tables by which boards switch."""
FACTS = ("organization", "link", "license", "params", "base_model")


def collect(folder: Path) -> pd.DataFrame:
    """The names in all tables of a folder that can be opened. Raises BadRecord for a file that became unreadable."""
    found = [*_benchmarks(folder), *_ratings(folder), *_pairs(folder), *_others(folder)]
    return joined(found)


def joined(found: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The rows of several tables as one frame, a table and name once."""
    frames = [frame for frame in found if len(frame)]
    empty = pd.DataFrame({name: pd.Series(dtype="Float64" if name == "params" else "string") for name in COLUMNS})
    rows = pd.concat([empty, *frames], ignore_index=True) if frames else empty
    return rows.drop_duplicates(["table", "spelling"], keep="last", ignore_index=True)


def names_in(table: str, frame: pd.DataFrame, key: str = "model", by: Sequence[str] = ()) -> pd.DataFrame:
    """One row a name of a frame with its last facts."""
    rows = pd.DataFrame({"spelling": frame[key].astype("string")})
    for name in FACTS:
        given = frame[name] if name in frame else pd.Series(pd.NA, index=frame.index, dtype="string")
        rows[name] = given.astype("Float64") if name == "params" else given.astype("string")
    switches = [f"by {name}" for name in by]
    rows[switches] = frame[list(by)].astype("string").fillna("")
    rows = rows[rows["spelling"].notna()].groupby("spelling", sort=True).last().reset_index()
    rows["place"] = [PLACE_BREAK.join(steps) for steps in rows[switches].itertuples(index=False)]
    return rows.assign(table=table).astype({"table": "string", "place": "string"})[list(COLUMNS)]


def _benchmarks(folder: Path) -> Iterator[pd.DataFrame]:
    for card in benchmark_table.list_tables(folder)[0]:
        path = folder / benchmark_table.FOLDER / f"{card.name}.parquet"
        yield names_in(card.name, read_frame(path, ("model", "license", "params", "base_model")))


def _ratings(folder: Path) -> Iterator[pd.DataFrame]:
    for card in rating_tables.list_rating_tables(folder)[0]:
        if card.key != "model":
            continue
        path = folder / rating_tables.FOLDER / f"{card.name}.parquet"
        wanted = dict.fromkeys(("model", *card.by, "organization", "license", "link", "date", "control"))
        frame = read_frame(path, wanted)
        if "control" in frame:
            frame = frame[~frame["control"].fillna(value=False).astype(bool)]
        frame = frame.sort_values("date", kind="stable") if "date" in frame else frame
        yield names_in(card.name, frame, by=[name for name in card.by if name in SWITCHES])


def _pairs(folder: Path) -> Iterator[pd.DataFrame]:
    for card in battle_tables.list_battle_tables(folder)[0]:
        frame = read_frame(folder / battle_tables.FOLDER / f"{card.name}.parquet", battle_tables.MODELS)
        names = {name for side in battle_tables.MODELS for name in frame[side].dropna().unique()}
        yield names_in(card.name, pd.DataFrame({"model": sorted(names)}))


def _others(folder: Path) -> Iterator[pd.DataFrame]:
    kinds = (
        (mt_bench_tables.FOLDER, mt_bench_tables.list_mt_bench_tables),
        (safety_tables.FOLDER, safety_tables.list_safety_tables),
        (reward_tables.FOLDER, reward_tables.list_reward_tables),
    )
    for subfolder, cards in kinds:
        for card in cards(folder)[0]:
            yield names_in(card.name, read_frame(folder / subfolder / f"{card.name}.parquet", ("model",)))
