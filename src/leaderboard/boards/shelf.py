"""The shelf: everything that is known about one revision of the data, read once.

Enters: a folder of figures and the folder where this machine's own results appear. Leaves: the cards of all tables, the
runs, and what could not be read with its reason. Boards are made of it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pandas as pd

from leaderboard.records import RunResult
from leaderboard.sources import (
    battle_tables,
    benchmark_table,
    judged_runs,
    model_tables,
    mt_bench_tables,
    rating_tables,
    reward_runs,
    reward_tables,
    runs,
    safety_runs,
    safety_tables,
)
from leaderboard.sources.battle_tables import BattleCard
from leaderboard.sources.benchmark_table import TableCard
from leaderboard.sources.judged_runs import JudgedRuns
from leaderboard.sources.model_tables import CatalogueCard
from leaderboard.sources.mt_bench_tables import MtBenchCard
from leaderboard.sources.rating_tables import RatingCard
from leaderboard.sources.reward_runs import RewardRuns
from leaderboard.sources.reward_tables import RewardCard
from leaderboard.sources.safety_runs import SafetyRuns
from leaderboard.sources.safety_tables import SafetyCard
from leaderboard.sources.tables import Card, Rejected

RUNS_HERE = "runs made here"
"""Where the figures of this project's own evaluator are from, for people."""


class Snapshot(Protocol):
    """What a data source gives: a local folder with the data of one revision."""

    @property
    def folder(self) -> Path:
        """Where the files are."""
        ...

    @property
    def revision(self) -> str:
        """Changes whenever the data does."""
        ...

    @property
    def origin(self) -> str:
        """Where the data comes from, for people."""
        ...


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """One revision of the data."""

    revision: str
    snapshot: Snapshot
    benchmarks: tuple[TableCard, ...]
    battles: tuple[BattleCard, ...]
    ratings: tuple[RatingCard, ...]
    mt_bench: tuple[MtBenchCard, ...]
    safety: tuple[SafetyCard, ...]
    rewards: tuple[RewardCard, ...]
    models: tuple[CatalogueCard, ...]
    runs: dict[str, RunResult]
    run_tables: dict[str, tuple[TableCard, pd.DataFrame]]
    judged: dict[str, JudgedRuns]
    reward_runs: dict[str, RewardRuns]
    safety_runs: dict[str, SafetyRuns]
    results: Path
    rejected: tuple[Rejected, ...]

    @property
    def cards(self) -> tuple[Card, ...]:
        """Of every table of the data, not of the runs made here."""
        scored = (*self.benchmarks, *self.battles, *self.ratings)
        return (*scored, *self.mt_bench, *self.safety, *self.rewards, *self.models)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where files of runs may lie, those of this machine first."""
        return (self.results, self.snapshot.folder)

    def revision_of(self, subfolder: str, card: Card) -> str:
        """The revision of one table: it stays when only other tables change."""
        path = self.snapshot.folder / subfolder / f"{card.name}.parquet"
        return digest(card.model_dump_json(), hashlib.sha256(path.read_bytes()).hexdigest())


def digest(*parts: str) -> str:
    """A short name that changes with any of the texts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


def load(snapshot: Snapshot, results: Path, revision: str, now: datetime) -> Shelf:
    """Read all cards and runs; figures are read when a board needs them."""
    benchmarks, bad_benchmarks = benchmark_table.list_tables(snapshot.folder)
    battles, bad_battles = battle_tables.list_battle_tables(snapshot.folder)
    ratings, bad_ratings = rating_tables.list_rating_tables(snapshot.folder)
    mt_bench, bad_mt_bench = mt_bench_tables.list_mt_bench_tables(snapshot.folder)
    safety, bad_safety = safety_tables.list_safety_tables(snapshot.folder)
    rewards, bad_rewards = reward_tables.list_reward_tables(snapshot.folder)
    models, bad_models = model_tables.list_catalogues(snapshot.folder)
    found, bad_runs = runs.read_runs([snapshot.folder, results], now=now)
    return Shelf(
        revision=revision, snapshot=snapshot, benchmarks=tuple(benchmarks), battles=tuple(battles),
        ratings=tuple(ratings), mt_bench=tuple(mt_bench), safety=tuple(safety), rewards=tuple(rewards),
        models=tuple(models),
        runs={run.key: run for run in found},
        judged=judged_runs.judged_tables(found), reward_runs=reward_runs.reward_runs(found), results=results,
        safety_runs=safety_runs.safety_runs(found),
        run_tables={card.name: (card, frame) for card, frame in runs.tables(found, bad_runs)},
        rejected=(*bad_benchmarks, *bad_battles, *bad_ratings, *bad_mt_bench, *bad_safety, *bad_rewards, *bad_models,
                  *bad_runs),
    )  # fmt: skip
