"""How much a ranking depends on a part of the battles.

Enters: battles or counts, and a function that rates them. Leaves: how the ranks change when a random share of the
battles is left out, over seeded rounds. Source of the measure: Kendall (1938), https://doi.org/10.1093/biomet/30.1-2.81.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import kendalltau

from leaderboard.errors import BadSetting
from leaderboard.ratings.battles import Battles, PairCounts
from leaderboard.ratings.resampling import thinned

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rate = Callable[[Battles | PairCounts], Floats]
"""Ratings float64[m] of the models, in their order; NaN = not rated."""


@dataclass(frozen=True, kw_only=True)
class Stability:
    """What leaving out battles does to the ranks."""

    models: tuple[str, ...]
    rank: Ints
    """Rank of every model with all battles, 1 = best; models with equal ratings share the best one."""
    rank_low: Ints
    rank_high: Ints
    """Best and worst rank of the middle 95 % of the rounds."""
    top_share: Floats
    """Share of the rounds in which the model is among the first `top`."""
    same_top: float
    """Share of the rounds with the same models as the first `top` as with all battles."""
    kendall_tau: Floats
    """float64[n_rounds]: Kendall's tau-b of the ratings with those of all battles, 1 = same order; NaN if undefined."""
    top: int
    share_dropped: float
    seed: int


def stability(
    data: Battles | PairCounts, rate: Rate, *, share: float = 0.1, n_rounds: int = 200, top: int = 3, seed: int = 0
) -> Stability:
    """Ranks over `n_rounds` copies of the data, each without another random `share` of its battles (or clusters).

    Raises BadSetting when share is not in 0..1, `top` not in 1..m or there are no rounds.
    """
    if n_rounds < 1:
        raise BadSetting(f"The number of rounds is {n_rounds}; expected at least 1.")
    if not 1 <= top <= len(data.models):
        raise BadSetting(f"The number of first models is {top}; expected 1 to {len(data.models)}.")
    whole = rate(data)
    rounds = np.array([rate(part) for part in thinned(data, share, n_rounds, seed)])
    rank, ranks = _ranks(whole), np.array([_ranks(row) for row in rounds])
    low, high = np.quantile(ranks, [0.025, 0.975], axis=0, method="closest_observation")
    in_top = ranks <= top
    return Stability(
        models=data.models, rank=rank, rank_low=low.astype(np.int64), rank_high=high.astype(np.int64),
        top_share=in_top.mean(axis=0), same_top=float((in_top == (rank <= top)).all(axis=1).mean()),
        kendall_tau=np.array([_tau(whole, row) for row in rounds]), top=top, share_dropped=share, seed=seed,
    )  # fmt: skip


def _ranks(rating: Floats) -> Ints:
    """1 + number of models rated above; a model without rating comes last."""
    known = np.where(np.isfinite(rating), rating, -np.inf)
    return 1 + len(known) - np.searchsorted(np.sort(known), known, side="right").astype(np.int64)


def _tau(first: Floats, second: Floats) -> float:
    known = np.isfinite(first) & np.isfinite(second)
    return float(kendalltau(first[known], second[known]).statistic) if known.sum() > 1 else np.nan
