"""Many rounds of online Elo at once: the loops under `elo.bootstrap`.

Enters: what a battle drawn at random can be, and how many to draw; or the order of given battles in every round.
Leaves: the strength of every model after every round, as the natural logarithm of its odds. Rounds do not depend on
each other, so they advance side by side: a step of all rounds is a few vector operations.

Every round draws with its own SplitMix64 stream (Steele, Lea & Flood 2014, https://doi.org/10.1145/2660193.2660195)
from an alias table (Walker 1977, https://doi.org/10.1145/355744.355749). With numba the same loop runs compiled; both
paths draw the same battles and agree to about 1e-12.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leaderboard.ratings import compiling, elo_kernel

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]

CHUNK = 1 << 18
"""Draws held in memory at once by the numpy path."""


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The kinds of battle there are: who against whom with which outcome, and how often."""

    a: npt.NDArray[np.int32]
    b: npt.NDArray[np.int32]
    outcome: npt.NDArray[np.int8]
    """+1 a won, 0 tie, -1 b won."""
    weight: Floats
    """Number of battles, not negative, need not be whole."""


@dataclass(frozen=True, kw_only=True)
class AliasTable:
    """Cells prepared so that one random word picks one in constant time."""

    threshold: npt.NDArray[np.uint32]
    packed: Words
    """Two cells a slot: the one below the threshold and the one above, packed by `elo_kernel.pack`."""


def alias_table(cells: Cells) -> AliasTable:
    """The table that draws each cell with probability weight / sum of weights, to within 2**-32 of a slot."""
    n = len(cells.weight)
    share = cells.weight * (n / cells.weight.sum())
    alias = np.arange(n)
    small, large = list(np.flatnonzero(share < 1)), list(np.flatnonzero(share >= 1))
    rest = share.copy()
    while small and large:
        low, high = small.pop(), large[-1]
        alias[low] = high
        rest[high] -= 1 - rest[low]
        if rest[high] < 1:
            small.append(large.pop())
    threshold = np.minimum(np.round(rest * 2.0**32), 2.0**32 - 1)
    codes = elo_kernel.pack(cells.a, cells.b, cells.outcome)
    return AliasTable(threshold=threshold.astype(np.uint32), packed=np.stack([codes, codes[alias]], axis=1).ravel())


def drawn_rounds(
    cells: Cells, *, n_models: int, n_draws: int, step: float, n_rounds: int, seed: int, compiled: bool | None = None
) -> Floats:
    """Strengths float64[n_rounds, n_models] after `n_draws` battles drawn with replacement, in every round anew.

    All models start at 0. `step` is K in units of natural-log odds. `compiled` forces the choice of path (None: the
    compiled one if `compiling.warm` has made it ready). Raises ModuleNotFoundError when forced without numba.
    """
    kept = cells.weight > 0
    table = alias_table(Cells(a=cells.a[kept], b=cells.b[kept], outcome=cells.outcome[kept], weight=cells.weight[kept]))
    starts = np.random.SeedSequence(seed).generate_state(n_rounds, np.uint64).astype(np.uint64)
    if compiled is None:
        compiled = elo_kernel.ROUNDS.loop is not None
    if compiled:
        return elo_kernel.drawn(table.threshold, table.packed, starts, n_draws, step, n_models)
    return _drawn(table, starts, n_draws, step, n_models)


def _drawn(table: AliasTable, starts: Words, n_draws: int, step: float, n_models: int) -> Floats:
    n_rounds = len(starts)
    odds = np.ones(n_models * n_rounds)
    chunk = max(1, CHUNK // n_rounds)
    for begin in range(0, n_draws, chunk):
        steps = np.arange(begin + 1, min(begin + chunk, n_draws) + 1, dtype=np.uint64)
        packed = _picked(table, starts + steps[:, None] * compiling.GOLDEN)
        _play(odds, packed, step, np.arange(n_rounds))
    return np.log(odds).reshape(n_models, n_rounds).T.copy()


def _picked(table: AliasTable, states: Words) -> Words:
    """The packed cell that every state of the generator draws."""
    words = compiling.mixed(states)
    slot = ((words >> np.uint64(32)) * np.uint64(len(table.threshold))) >> np.uint64(32)
    above = (words & np.uint64(0xFFFFFFFF)) >= table.threshold[slot]
    return np.asarray(table.packed[np.uint64(2) * slot + above], dtype=np.uint64)


def _play(odds: Floats, packed: Words, step: float, rounds: npt.NDArray[np.intp]) -> None:
    """Update `odds` (flat, n_models x rounds) with battles [steps, rounds], one step after the other."""
    first, second, score = elo_kernel.unpack(packed)
    first, second = first * len(rounds) + rounds, second * len(rounds) + rounds
    for a, b, won in zip(first, second, score, strict=True):
        x, y = odds[a], odds[b]
        factor = np.exp(step * (won - x / (x + y)))
        odds[a], odds[b] = x * factor, y / factor


def ordered_rounds(
    a: npt.NDArray[np.int32], b: npt.NDArray[np.int32], outcome: npt.NDArray[np.int8], gain: Floats,
    orders: npt.NDArray[np.int64], *, n_models: int,
) -> Floats:  # fmt: skip
    """Strengths float64[n_rounds, n_models] after playing the battles `orders` (row numbers [steps, n_rounds]) lists.

    A row number of -1 is no battle: rounds may differ in length. `gain` is K of each battle in natural-log odds.
    """
    n_rounds = orders.shape[1]
    odds, rounds = np.ones(n_models * n_rounds), np.arange(n_rounds)
    chunk = max(1, CHUNK // n_rounds)
    for begin in range(0, len(orders), chunk):
        rows = orders[begin : begin + chunk]
        gains = np.where(rows >= 0, gain[rows], 0.0)
        first, second = a[rows] * n_rounds + rounds, b[rows] * n_rounds + rounds
        score = (outcome[rows] + 1) / 2
        for i, j, won, k in zip(first, second, score, gains, strict=True):
            x, y = odds[i], odds[j]
            factor = np.exp(k * (won - x / (x + y)))
            odds[i], odds[j] = x * factor, y / factor
    return np.log(odds).reshape(n_models, n_rounds).T.copy()
