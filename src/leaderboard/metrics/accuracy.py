"""Accuracy of a judge or reward model on pairs with a known better answer, ties explicit.

Enters: one margin a pair, the score of the better answer less that of the other. Leaves: the accuracy under a named
convention for ties with its interval, and the number of ties.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from leaderboard.errors import BadSetting
from leaderboard.ratings.proportions import quantile_of_normal, wilson

Floats = npt.NDArray[np.float64]
TieRule = Literal["wrong", "half", "dropped"]
"""A tie is wrong (RewardBench and H4: the chosen answer must score higher), half right, or left out."""


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Accuracy in 0..1 with bounds over `n` pairs; of all `n_pairs`, `n_ties` were ties, `n_missing` had no score."""

    accuracy: float
    lower: float
    upper: float
    n: int
    n_pairs: int
    n_ties: int
    n_missing: int


def pair_accuracy(
    margins: npt.ArrayLike, *, ties: TieRule = "wrong", cluster: npt.ArrayLike | None = None,
    confidence_level: float = 0.95,
) -> Accuracy:  # fmt: skip
    """Share of pairs whose margin is positive.

    `margins` is float[n], NaN where a score is missing: such pairs are counted and left out. Without `cluster` (one
    value a pair, e.g. its prompt) the interval is Wilson's; with it Wilson's on the effective number of pairs, the
    variance being summed within clusters. Raises BadSetting for an unknown tie rule or columns of different length.
    """
    given = np.asarray(margins, dtype=np.float64)
    if ties not in ("wrong", "half", "dropped"):
        raise BadSetting(f"Setting ties is {ties!r}; expected wrong, half or dropped.")
    groups = None if cluster is None else np.unique(np.asarray(cluster).astype(str), return_inverse=True)[1]
    if groups is not None and len(groups) != len(given):
        raise BadSetting(f"There are {len(given)} margins and {len(groups)} clusters; expected one each.")
    known = np.isfinite(given) if ties != "dropped" else np.isfinite(given) & (given != 0)
    right = (np.sign(given) + 1) / 2 if ties == "half" else (given > 0).astype(np.float64)
    right, n = right[known], int(known.sum())
    share = float(right.mean()) if n else float("nan")
    size = float(n) if groups is None else effective_size(right, groups[known])
    lower, upper = wilson(share, size, confidence_level)
    return Accuracy(
        accuracy=share, lower=float(lower), upper=float(upper), n=n, n_pairs=len(given),
        n_ties=int((given == 0).sum()), n_missing=int((~np.isfinite(given)).sum()),
    )  # fmt: skip


def effective_size(values: Floats, groups: npt.NDArray[np.int64]) -> float:
    """Independent observations with the same standard error of the mean as clustered values in 0..1; at most n."""
    n, mean = len(values), float(values.mean()) if len(values) else 0.0
    variance = mean * (1 - mean)
    error = clustered_error(values, groups)
    return min(float(n), variance / error**2) if error > 0 and variance > 0 else float(n)


def clustered_error(values: Floats, groups: npt.NDArray[np.int64]) -> float:
    """Standard error of a mean whose residuals are summed within groups first; NaN with fewer than two groups."""
    used = np.unique(groups)
    if len(used) < 2:
        return float("nan")
    sums = np.bincount(groups, values - values.mean())
    return float(np.sqrt((sums**2).sum() * len(used) / (len(used) - 1)) / len(values))


def mean_interval(
    values: npt.ArrayLike, groups: npt.ArrayLike, confidence_level: float = 0.95
) -> tuple[float, float, float]:
    """Mean with normal bounds from the clustered standard error; bounds NaN with fewer than two groups."""
    given = np.asarray(values, dtype=np.float64)
    if not len(given):
        return float("nan"), float("nan"), float("nan")
    codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1]
    half = quantile_of_normal(confidence_level) * clustered_error(given, codes)
    return float(given.mean()), float(given.mean() - half), float(given.mean() + half)
