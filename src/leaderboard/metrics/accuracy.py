"""Accuracy of a judge or reward model on pairs with a known better answer, ties explicit.

Enters: one margin a pair, the score of the better answer less that of the other. Leaves: the accuracy under a named
convention for ties with its interval, and the number of ties.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from leaderboard.errors import BadSetting
from leaderboard.ratings.proportions import wilson

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

    `margins` is float[n], NaN where a score is missing: such pairs are counted and left out (an infinite margin is a
    verdict). Without `cluster` (one value a pair, e.g. its prompt) the interval is Wilson's; with it Wilson's on the
    effective number of pairs, the variance being summed within clusters. Half-right ties count as if they were full
    answers, which can only widen the interval. Raises BadSetting for an unknown tie rule or columns of different
    length.
    """
    given = np.asarray(margins, dtype=np.float64)
    if ties not in ("wrong", "half", "dropped"):
        raise BadSetting(f"Setting ties is {ties!r}; expected wrong, half or dropped.")
    groups = None if cluster is None else group_codes(cluster)
    if groups is not None and len(groups) != len(given):
        raise BadSetting(f"There are {len(given)} margins and {len(groups)} clusters; expected one each.")
    known = ~np.isnan(given) if ties != "dropped" else ~np.isnan(given) & (given != 0)
    right = (np.sign(given) + 1) / 2 if ties == "half" else (given > 0).astype(np.float64)
    right, n = right[known], int(known.sum())
    share = float(right.mean()) if n else float("nan")
    size = float(n) if groups is None else effective_size(right, groups[known])
    lower, upper = wilson(share, size, confidence_level)
    return Accuracy(
        accuracy=share, lower=float(lower), upper=float(upper), n=n, n_pairs=len(given),
        n_ties=int((given == 0).sum()), n_missing=int(np.isnan(given).sum()),
    )  # fmt: skip


def effective_size(values: Floats, groups: npt.NDArray[np.int64]) -> float:
    """Independent observations with the same standard error of the mean as clustered values in 0..1; at most n.

    Where the values do not show how alike those of a cluster are (all equal, or a single cluster), a cluster counts as
    one observation, the most careful answer. 0 without values.
    """
    n, n_groups = len(values), len(np.unique(groups))
    mean = float(values.mean()) if n else 0.0
    variance = mean * (1 - mean)
    if n_groups < 2 or variance <= 0:
        return float(n_groups)
    error = clustered_error(values, groups)
    return min(float(n), variance / error**2) if error > 0 else float(n)


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
    """Mean with bounds from the clustered standard error; bounds NaN with fewer than two groups.

    The bounds are Student's with a degree of freedom less than there are groups: ten questions of a category need 2.26
    standard errors, not 1.96 (Bell and McCaffrey 2002, Survey Methodology 28, 169-181).
    """
    given = np.asarray(values, dtype=np.float64)
    if not len(given):
        return float("nan"), float("nan"), float("nan")
    codes = group_codes(groups)
    n_groups = len(np.unique(codes))
    if n_groups < 2:
        return float(given.mean()), float("nan"), float("nan")
    half = float(stdtrit(n_groups - 1, 0.5 + confidence_level / 2)) * clustered_error(given, codes)
    return float(given.mean()), float(given.mean() - half), float(given.mean() + half)


def group_codes(groups: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Numbers 0, 1, ... of clusters of any kind; rows whose cluster is missing are each a cluster of their own.

    Missing ones lumped together would pass for one prompt.
    """
    codes, names = pd.factorize(np.asarray(groups, dtype=object))
    missing = codes < 0
    codes[missing] = len(names) + np.arange(int(missing.sum()))
    return codes.astype(np.int64)
