"""What every converter gives, and how it is written."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from leaderboard.sources.battle_tables import BattleCard, write_battles
from leaderboard.sources.benchmark_table import TableCard, write_table
from leaderboard.sources.mt_bench_tables import FOLDER as MT_BENCH
from leaderboard.sources.mt_bench_tables import MtBenchCard, MtBenchTable, write_mt_bench
from leaderboard.sources.rating_tables import FOLDER as RATINGS
from leaderboard.sources.rating_tables import RatingCard, write_ratings
from leaderboard.sources.safety_tables import FOLDER as SAFETY
from leaderboard.sources.safety_tables import SafetyCard, write_safety

AnyCard = TableCard | BattleCard | RatingCard | MtBenchCard | SafetyCard
AnyTable = tuple[AnyCard, pd.DataFrame | MtBenchTable]
Tables = Iterator[AnyTable]
FACTS = "facts (figures quoted with their source)"


def day(text: str) -> datetime:
    """Midnight UTC of a day written YYYY-MM-DD."""
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


def write(folder: Path, card: AnyCard, frame: pd.DataFrame | MtBenchTable) -> None:
    """Write a table of any kind below a folder."""
    if isinstance(frame, MtBenchTable):
        write_mt_bench(folder, frame)
    elif isinstance(card, BattleCard):
        write_battles(folder, card, frame)
    elif isinstance(card, RatingCard):
        write_ratings(folder, card, frame)
    elif isinstance(card, SafetyCard):
        write_safety(folder, card, frame)
    elif isinstance(card, TableCard):
        write_table(folder, card, frame)


def place(card: AnyCard) -> str:
    """Folder of a table below data/."""
    folders = {
        TableCard: "benchmarks", BattleCard: "battles", RatingCard: RATINGS, MtBenchCard: MT_BENCH, SafetyCard: SAFETY,
    }  # fmt: skip
    return folders[type(card)]


def describe(card: AnyCard, rows: int) -> str:
    """A section of SOURCES.md: one table, where it comes from and what was repaired."""
    when = f", as of {card.as_of:%Y-%m-%d}" if card.as_of else ""
    lines = [f"## {place(card)}/{card.name}.parquet ({rows:,} rows{when})", ""]
    origin = "" if isinstance(card, TableCard) else f" Source: {card.source}"
    lines += [f"{card.title}. Licence: {card.license}.{origin}", ""]
    notes = [f"- {finding.what} Rows: {finding.rows:,}. {finding.treatment}" for finding in card.findings]
    notes += [f"- Rejected, {item.where}: {item.reason}" for item in card.rejected]
    return "\n".join([*lines, *notes, *([""] if notes else [])])
