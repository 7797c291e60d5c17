"""Ranks that admit what the data cannot tell apart.

Enters: one estimate a row with the half-width of its interval. Leaves: a rank range a row and bands of rows
that overlap. Ranges follow `1 + number of rows whose lower bound exceeds my upper bound`.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Z_95 = 1.959963984540054
"""Half-width of a 95 % interval in standard errors of a normal distribution."""


def binomial_standard_error(score: Floats, n: Floats, slope: float = 1.0) -> Floats:
    """Standard error of an accuracy over `n` questions.

    `score` in 0..1, any shape; `slope` is d(score)/d(accuracy) of a rescaled score. For scores that are not
    0/1 per question this is an upper bound, because a variable in 0..1 with mean p has at most variance p(1-p).
    """
    return slope * np.sqrt(score * (1 - score) / n)


def rank_ranges(lower: Floats, upper: Floats, competes: npt.NDArray[np.bool_] | None = None) -> tuple[Ints, Ints]:
    """Best and worst rank (1 = best) of every row, given its interval; 0 where a bound is NaN.

    `competes` marks the rows that take up a rank (all by default): a copy of a model should not push others down.
    """
    measured = np.isfinite(lower) & np.isfinite(upper)
    rivals = measured if competes is None else measured & competes
    lowers, uppers = np.sort(lower[rivals]), np.sort(upper[rivals])
    best = 1 + len(lowers) - np.searchsorted(lowers, upper, side="right")
    reaching = len(uppers) - np.searchsorted(uppers, lower, side="left")
    own = rivals.astype(np.int64)
    worst = reaching + 1 - own
    return np.where(measured, best, 0).astype(np.int64), np.where(measured, worst, 0).astype(np.int64)


def bands(lower: Floats, upper: Floats) -> Ints:
    """Number of the tied group of every row, for rows sorted from best to worst; -1 where a bound is NaN.

    A group holds its first row and the following ones whose interval reaches the first row's.
    """
    out = np.full(len(lower), -1, dtype=np.int64)
    group, floor = -1, np.inf
    for row in np.flatnonzero(np.isfinite(lower) & np.isfinite(upper)):
        if upper[row] < floor:
            group, floor = group + 1, lower[row]
        out[row] = group
    return out
