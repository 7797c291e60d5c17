"""Ratings computed here from votes: views and boards of battle tables; their plots are in `live_charts`.

Enters: a table of `sources.battle_tables`. Leaves: one view a rule for ties and a method. Every judge of the table is a
column of ratings with its interval; for people there is one more column a kind of prompt that H4 told apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from leaderboard.boards.board import Board, View
from leaderboard.boards.columns import Column
from leaderboard.boards.rows import CONTROL, RANK, ranked, with_ids
from leaderboard.boards.shelf import Shelf
from leaderboard.ratings import bradley_terry, elo, likert
from leaderboard.ratings.battles import (
    Battles,
    PairCounts,
    battles_from_columns,
    count_pairs,
    pair_counts_from_columns,
)
from leaderboard.ratings.result import Ratings
from leaderboard.ratings.win_rates import average
from leaderboard.sources.battle_tables import FOLDER, BattleCard, read_battles

TIES = {"tie": "Tie allowed", "no-tie": "No tie"}
RULES: dict[str, Literal["half", "drop"]] = {"tie": "half", "no-tie": "drop"}
METHODS = {"bt": "Bradley-Terry", "elo": "Online Elo (H4, K = 32)"}
LEVELS = ("Data set", "Ties", "Method")
KINDS = {"instruct": "instruct", "code": "code", "coding": "code"}
"""Categories of prompts that get a column of their own for people, as on the H4 board, and what they are called."""
ALL = " (all)"
MOST_ROUNDS, LEAST_ROUNDS, MOST_MOVES = 1000, 200, 30_000_000
"""Rounds of online Elo: as H4 took, fewer where votes are so many that a page would wait."""
SEED = 0


@dataclass(frozen=True, kw_only=True)
class Rated:
    """One column of ratings and the battles behind it."""

    key: str
    label: str
    info: str
    is_part: bool
    """Whether these are only some of the judge's verdicts, those on one kind of prompt."""
    data: Battles | PairCounts
    ratings: Ratings

    @property
    def counts(self) -> PairCounts:
        """Outcomes a pair."""
        return self.data if isinstance(self.data, PairCounts) else count_pairs(self.data)


def views(shelf: Shelf, name: str) -> list[View]:
    """One view a rule for ties and a method, the default ones first."""
    card = next(card for card in shelf.battles if card.name == name)
    return [
        View(
            value=".".join((card.name, ties, method)), path=(card.label, TIES[ties], METHODS[method]), levels=LEVELS,
            title=f"{card.title}; {TIES[ties].lower()}, {METHODS[method]}", about=card.about,
        )
        for ties in TIES for method in METHODS
    ]  # fmt: skip


def board(shelf: Shelf, tab: str, view: str) -> Board:
    """The board of one view."""
    name, ties, method = view.split(".")
    card, rated = columns_of(shelf, name, ties, method)
    rows = _rows(rated, ties)
    rows["control"] = rows["model"].isin(card.controls)
    out = ranked(rows, rated[0].key, competes=~rows["control"])
    columns = (
        RANK, Column(key="model", label="Model", kind="text", sticky=True, searchable=True),
        *(_column(item) for item in rated),
        _win_rate(ties),
        Column(key="n_battles", label="Battles", kind="number", filter="range",
               info=f"Comparisons behind the first column ({rated[0].label})."),
        *([_group()] if out["component"].gt(0).any() else []),
        *([CONTROL] if out["control"].any() else []),
    )  # fmt: skip
    return Board(
        name=tab, view=view, title=f"{card.title}; {TIES[ties].lower()}, {METHODS[method]}", columns=columns,
        frame=with_ids(out, ["model"]), default_sort=f"-{rated[0].key}", as_of=card.as_of,
        revision=shelf.revision_of(FOLDER, card), source=shelf.snapshot.origin, notes=(card.about, card.source),
    )  # fmt: skip


@lru_cache(maxsize=64)
def _computed(folder: Path, revision: str, name: str, ties: str, method: str) -> tuple[BattleCard, tuple[Rated, ...]]:  # noqa: ARG001
    card, frame = read_battles(folder, name)
    parts = _counted(card, frame) if card.kind == "counts" else _parts(card, frame, ties)
    return card, tuple(
        Rated(
            key=key,
            label=label,
            info=info,
            is_part=not label.endswith(ALL),
            data=data,
            ratings=rate(data, ties, method),
        )
        for key, label, info, data in parts
    )


def columns_of(shelf: Shelf, name: str, ties: str, method: str) -> tuple[BattleCard, tuple[Rated, ...]]:
    """The columns of a view, computed once a revision: board and charts share them."""
    return _computed(shelf.snapshot.folder, shelf.snapshot.revision, name, ties, method)


def rate(data: Battles | PairCounts, ties: str, method: str) -> Ratings:
    """Ratings by the method of a view."""
    rule = RULES[ties]
    if method == "elo":
        n = len(data) if isinstance(data, Battles) else int(data.totals.sum())
        rounds = min(MOST_ROUNDS, max(LEAST_ROUNDS, MOST_MOVES // max(1, n)))
        return elo.bootstrap(data, elo.H4, ties=rule, n_resamples=rounds, seed=SEED)
    return bradley_terry.fit(data, ties=rule)


def winners(frame: pd.DataFrame, ties: str) -> "pd.Series[str]":
    """The winner of every battle; answers on a scale become winners by the rule for ties."""
    if "winner" in frame:
        return frame["winner"].astype(str)
    return pd.Series(likert.winners(frame["likert"], ties="allowed" if ties == "tie" else "none"), index=frame.index)


def battles_of(frame: pd.DataFrame, ties: str) -> Battles:
    """Battles clustered by question where that is known."""
    cluster = frame["question"].cat.codes.to_numpy() if "question" in frame else None
    return battles_from_columns(
        frame["model_a"].astype(str).tolist(), frame["model_b"].astype(str).tolist(), winners(frame, ties).tolist(),
        cluster=cluster,
    )  # fmt: skip


Part = tuple[str, str, str, Battles | PairCounts]


def _counted(card: BattleCard, frame: pd.DataFrame) -> list[Part]:
    names = ("model_a", "model_b", "wins_a", "wins_b", "ties")
    counts = pair_counts_from_columns(*(frame[name].tolist() for name in names))
    return [("rating", f"Rating{ALL}", card.judges[0].label, counts)]


def _parts(card: BattleCard, frame: pd.DataFrame, ties: str) -> list[Part]:
    """Battles of every judge, people first, and of people by kind of prompt."""
    out: list[Part] = []
    judges = sorted(card.judges, key=lambda judge: judge.kind != "human")
    for judge in judges:
        own = frame[frame["judge"].eq(judge.name)] if "judge" in frame else frame
        out.append((key_of(judge.name), f"{judge.label}{ALL}", judge.info, battles_of(own, ties)))
        if judge.kind == "human" and "category" in own:
            kinds = own["category"].astype(str).map(KINDS)
            for kind in sorted(set(kinds.dropna()), reverse=True):
                part = own[kinds.eq(kind)]
                out.append((f"{key_of(judge.name)}_{kind}", f"{judge.label} ({kind})", f"{len(part):,} verdicts.",
                            battles_of(part, ties)))  # fmt: skip
    return out


def key_of(name: str) -> str:
    """The key of a judge's column."""
    return "by_" + "".join(letter if letter.isalnum() else "_" for letter in name.lower())


def _rows(rated: Sequence[Rated], ties: str) -> pd.DataFrame:
    """One row a model: ratings of every column with bounds, and the battles of the first one."""
    parts = []
    for item in rated:
        r = item.ratings
        parts.append(pd.DataFrame(
            {item.key: r.rating, f"{item.key}_lower": r.lower, f"{item.key}_upper": r.upper}, index=list(r.models)
        ))  # fmt: skip
    rows = pd.concat(parts, axis=1)
    main = rated[0]
    rows["n_battles"] = pd.Series(main.ratings.n_battles, index=list(main.ratings.models))
    rows["component"] = pd.Series(main.ratings.component, index=list(main.ratings.models))
    rows["component"] = rows["component"].fillna(-1).astype(np.int64)
    rates = average(main.data, over="battles", ties=RULES[ties])
    for end, values in (("", rates.rating), ("_lower", rates.lower), ("_upper", rates.upper)):
        rows[f"win_rate{end}"] = pd.Series(values, index=list(rates.models))
    return rows.rename_axis("model").reset_index()


def _column(item: Rated) -> Column:
    rounds = item.ratings.settings.get("n_resamples")
    how = f"Median of {rounds:,} orders of resampled battles." if item.ratings.method == "elo" else (
        "Maximum likelihood; interval clustered by prompt." if item.ratings.settings.get("clustered") else
        "Maximum likelihood with a robust interval."
    )  # fmt: skip
    return Column(key=item.key, label=item.label, kind="number", bounds=True, info=f"{item.info} {how}".strip())


def _win_rate(ties: str) -> Column:
    counted = "a tie is half" if ties == "tie" else "ties left out"
    return Column(key="win_rate", label="Win rate", kind="number", unit="%", factor=100, decimals=1, bounds=True,
                  info=f"Share of its own battles won, {counted}; depends on who it met.")  # fmt: skip


def _group() -> Column:
    return Column(key="component", label="Group", kind="number", best="low",
                  info="Models of different groups never met, even through others: do not compare.")  # fmt: skip
