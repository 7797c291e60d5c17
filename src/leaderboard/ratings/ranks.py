"""Ranks that admit what the data cannot tell apart.

Enters: the bounds of an interval a row. Leaves: a rank range a row and bands of rows that overlap. Ranges follow
`1 + number of rows whose lower bound exceeds my upper bound`, the rule of Chatbot Arena,
https://arxiv.org/abs/2403.04132.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


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


def ranks_within(group: Ints, lower: Floats, upper: Floats) -> tuple[Ints, Ints]:
    """`rank_ranges` among the rows of the same group only.

    Models that no chain of battles connects have ratings on different scales; `group` is their component.
    """
    best, worst = np.zeros(len(group), dtype=np.int64), np.zeros(len(group), dtype=np.int64)
    for number in np.unique(group):
        rows = group == number
        best[rows], worst[rows] = rank_ranges(lower[rows], upper[rows])
    return best, worst


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
