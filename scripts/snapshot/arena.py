"""Chatbot Arena (LMSYS, 2023-25): pair counts -> battle tables; published ratings and histories -> rating tables."""

from pathlib import Path

import pandas as pd

from leaderboard.sources.battle_tables import BattleCard, JudgeCard
from leaderboard.sources.tables import Finding
from scripts.snapshot import arena_history, arena_ratings
from scripts.snapshot.made import Tables, day

FOLDER = "chatbot_arena"
VOTERS = (JudgeCard(name="visitors", label="Visitors of the Arena", kind="human"),)
COUNTS = {
    "20230501_9models": "github.com/yuzu-ai/japanese-llm-ranking (Apache-2.0), saved notebook of LMSYS, "
    "blob d1fe69e409b8e44c37d57e8fb69864bf25977877",
    "20230522_17models": "github.com/yileitu/Thesis_Tyl (MIT), saved notebook of LMSYS, "
    "blob 1868a198d5362ac597bbf3fac214e5d0f812b770",
    "20240629_19models": "github.com/FermiQ/100-Days-Of-ML-Code @ 708e58cf3da3db75df24786887ac40252d6b67fb (MIT), "
    "saved notebook of LMSYS",
}
"""File pairwise_counts_<key>.csv -> where the counts come from."""


def tables(data: Path) -> Tables:
    """Three tables of counts, and those of `arena_ratings` and `arena_history`."""
    folder = data / FOLDER
    for order, (key, source) in enumerate(sorted(COUNTS.items(), reverse=True), start=1):
        frame = pd.read_csv(folder / f"pairwise_counts_{key}.csv")
        yield counts_card(key, source, frame, 10 * order), frame
    yield from arena_ratings.tables(folder, data)
    yield from arena_history.tables(folder)


def counts_card(key: str, source: str, frame: pd.DataFrame, order: int) -> BattleCard:
    """The card of one day's counts."""
    when = day(f"{key[:4]}-{key[4:6]}-{key[6:8]}")
    models = len(set(frame["model_a"]) | set(frame["model_b"]))
    votes = int(frame[["wins_a", "wins_b", "ties"]].sum().sum())
    return BattleCard(
        name=f"arena_{key[:8]}", label=f"Votes until {when:%Y-%m-%d}", order=order, kind="counts", tabs=("arena",),
        title=f"Chatbot Arena, {votes:,} votes on {models} models until {when:%Y-%m-%d}",
        about="Votes of visitors who saw two answers without names. Ties count both kinds (tie, both bad).",
        source=f"{source}; votes released by LMSYS.", license=source.partition("(")[2].partition(")")[0], as_of=when,
        judges=VOTERS,
        findings=(
            Finding(
                what="Counts were rebuilt from the battle counts and win fractions in the notebook's heatmaps.",
                rows=len(frame), treatment="Every product is a whole number. Sides, prompts and order are not known.",
            ),
        ),
    )  # fmt: skip
