"""The inner loops of the Bradley-Terry bootstrap, drawing counts and expected wins; numpy, or numba once it is ready.

A round is one multinomial draw, made of independent Poisson draws of a little less than all battles and topped up to
exactly as many. A draw inverts the distribution function at a hashed counter (`compiling`): every draw has its own
number, so numba and numpy give the same counts, in any order. Expected wins agree to rounding; the numpy loops are the
oracle of the tests.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from leaderboard.ratings.compiling import GOLDEN, MIX_1, MIX_2, Kernel, Words, mixed

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

SPARE = 3.0
"""Standard deviations of the number of battles kept back from the Poisson draws, so that rounds are topped up; the one
in a thousand that has too many is drawn anew."""
REACH = 7.5
"""Standard deviations around the mean of a Poisson distribution that its table covers."""
FILLED_AT_ONCE = 1 << 14
"""Draws of the numpy path that are looked up together: few enough to stay in the cache."""
BITS = 31
"""Bits of a draw: two cells share one hash of 64."""
BUCKET_BITS = 7
BUCKETS = 1 << BUCKET_BITS
"""Equal parts of 0..1 for each of which a table knows where to begin its search."""


def draws(cells: Floats, n_rounds: int, seed: int, *, at_once: int) -> Iterator[Floats]:
    """Multinomial draws of round(sum(cells)) battles over the cells, float64[c], in batches float64[rounds, c]."""
    n = round(float(cells.sum()))
    share = cells / cells.sum()
    spare = min(n, math.ceil(SPARE * math.sqrt(n)))
    tables = _tables((n - spare) * share)
    more = _TopUp(share)
    for start in range(0, n_rounds, at_once):
        batch = _poisson(tables, range(start, min(start + at_once, n_rounds)), n_rounds, seed)
        missing = n - batch.sum(axis=1).astype(np.int64)
        for i, row in enumerate(batch):
            if missing[i] >= 0:
                more.add(row, int(missing[i]), _base(seed, start + i + 1))
            else:
                row[:] = np.random.default_rng([seed, start + i]).multinomial(n, share)
        yield batch


def expected_wins(strength: Floats, battles: Floats, first: Codes, second: Codes) -> Floats:
    """Expected score of every model less that of its opponents' expectation, float64[rounds, m].

    `strength` float64[rounds, m] in log odds, `battles` float64[rounds, p]: sum over pairs of n P(first wins), added to
    `first` and subtracted from `second`.
    """
    odds = np.exp(strength - strength.mean(axis=1, keepdims=True))
    first, second = (np.require(place, np.int32, ["C", "W"]) for place in (first, second))
    return (WINS.loop or _wins)(np.ascontiguousarray(odds), np.require(battles, np.float64, ["C", "W"]), first, second)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tables:
    """Distribution functions of Poisson distributions, one after another, and which of them each of c cells has.

    `upper[start[t] : start[t + 1]]` is P(X <= least[t]), P(X <= least[t] + 1), ... in units of 2**-BITS; the last is 1.
    A search for a number in bucket b of 0..1 may begin at start[t] + guide[t, b].
    """

    of_cell: Codes
    start: Places
    least: Places
    upper: npt.NDArray[np.uint32]
    guide: npt.NDArray[np.uint16]


def _tables(means: Floats) -> _Tables:
    """One table for each mean there is; cells with as many battles share one."""
    means, of_cell = np.unique(means, return_inverse=True)
    reach = REACH * np.sqrt(means) + REACH
    least = np.maximum(0, np.floor(means - reach)).astype(np.int64)
    sizes = (np.ceil(means + reach) - least + 11).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(sizes)])
    table = np.repeat(np.arange(len(means)), sizes)
    value = np.arange(start[-1]) - start[table] + least[table]
    means = np.maximum(means, 1e-300)
    mass = np.exp(value * np.log(means)[table] - means[table] - gammaln(np.arange(1.0, value.max() + 2.0))[value])
    total = np.cumsum(mass)
    before = np.concatenate([[0.0], total[start[1:] - 1]])[:-1]
    upper = total - before[table]
    upper = np.rint(np.minimum(upper / upper[start[1:] - 1][table], 1.0) * 2.0**BITS)
    reached = table * (BUCKETS + 1) + np.ceil(upper / 2 ** (BITS - BUCKET_BITS)).astype(np.int64)
    below = np.bincount(reached, minlength=len(means) * (BUCKETS + 1)).reshape(len(means), BUCKETS + 1)
    guide = np.minimum(np.cumsum(below[:, :BUCKETS], axis=1), np.minimum(sizes[:, None] - 1, 2**16 - 1))
    return _Tables(
        of_cell=of_cell.astype(np.int32),
        start=start,
        least=least,
        upper=upper.astype(np.uint32),
        guide=guide.astype(np.uint16),
    )


def _poisson(tables: _Tables, rounds: range, n_rounds: int, seed: int) -> Floats:
    """One draw a cell and round, float64[rounds, c]; the same whichever rounds are drawn together."""
    out = np.empty((len(rounds), len(tables.of_cell)))
    (FILL.loop or _fill)(
        out,
        tables.of_cell,
        tables.start,
        tables.least,
        tables.upper,
        tables.guide,
        _base(seed, 0),
        rounds.start,
        n_rounds,
    )
    return out


def _fill(
    out: Floats, of_cell: Codes, start: Places, least: Places, upper: npt.NDArray[np.uint32],
    guide: npt.NDArray[np.uint16], base: np.uint64, begin: int, n_rounds: int,
) -> None:  # fmt: skip
    n = len(of_cell)
    first = start[of_cell]
    shift = least[of_cell] - first
    number = base + np.arange((n + 1) // 2, dtype=np.uint64) * np.uint64(n_rounds) + np.uint64(begin)
    at_once = max(1, FILLED_AT_ONCE // n)
    for row in range(0, len(out), at_once):
        rows = np.arange(row, min(row + at_once, len(out)), dtype=np.uint64)
        word = _hash(number + rows[:, None])
        drawn = np.stack([word >> np.uint64(33), (word & np.uint64(2**32 - 1)) >> np.uint64(1)], axis=2)
        drawn = drawn.reshape(len(rows), -1)[:, :n].astype(np.uint32)
        at = (first + guide[of_cell, drawn >> np.uint32(BITS - BUCKET_BITS)]).ravel()
        drawn = drawn.ravel()
        low = np.flatnonzero(upper[at] <= drawn)
        while len(low):
            at[low] += 1
            low = low[upper[at[low]] <= drawn[low]]
        out[row : row + at_once] = at.reshape(len(rows), -1) + shift


class _TopUp:
    """Categorical draws, one battle each, over the cells."""

    def __init__(self, share: Floats) -> None:
        self._upper = np.cumsum(share)
        self._upper[np.flatnonzero(share)[-1] :] = 1.0
        self._guide = np.searchsorted(self._upper, np.arange(len(share)) / len(share), side="right").astype(np.int32)

    def add(self, row: Floats, n: int, base: np.uint64) -> None:
        """Add n draws to a row of counts."""
        if ADD.loop is not None:
            ADD.loop(row, self._upper, self._guide, n, base)
            return
        uniform = np.sort(_uniform(base + np.arange(n, dtype=np.uint64)))
        row += np.bincount(np.searchsorted(self._upper, uniform, side="right"), minlength=len(row))


def _base(seed: int, stream: int) -> np.uint64:
    """Where the numbers of a stream begin: streams of one seed lie far apart."""
    return np.uint64(np.random.SeedSequence([seed, stream]).generate_state(1, np.uint64)[0])


def _hash(number: Words) -> Words:
    """The words of the generator that belong to the numbers."""
    with np.errstate(over="ignore"):
        return mixed((number + np.uint64(1)) * GOLDEN)


def _uniform(number: Words) -> Floats:
    """Doubles in 0..1 that belong to the numbers."""
    return np.asarray((_hash(number) >> np.uint64(11)) * 2.0**-53, dtype=np.float64)


def _wins(odds: Floats, battles: Floats, first: Codes, second: Codes) -> Floats:
    mine = odds[:, first]
    expected = battles * (mine / (mine + odds[:, second]))
    m = odds.shape[1]
    return np.stack([np.bincount(first, row, m) - np.bincount(second, row, m) for row in expected])


def _fill_loop(out, of_cell, start, least, upper, guide, base, begin, n_rounds):  # type: ignore[no-untyped-def]
    n = len(of_cell)
    for i in range(0, n, 2):
        j = min(i + 1, n - 1)
        one, other = of_cell[i], of_cell[j]
        low, also_low = start[one], start[other]
        shift, also_shift = least[one] - low, least[other] - also_low
        for r in range(len(out)):
            word = (base + np.uint64(i // 2 * n_rounds + begin + r) + np.uint64(1)) * GOLDEN
            word = (word ^ (word >> np.uint64(30))) * MIX_1
            word = (word ^ (word >> np.uint64(27))) * MIX_2
            word ^= word >> np.uint64(31)
            if i + 1 < n:
                drawn = np.uint32((word & np.uint64(0xFFFFFFFF)) >> np.uint64(1))
                at = also_low + np.int64(guide[other, drawn >> np.uint32(BITS - BUCKET_BITS)])
                while upper[at] <= drawn:
                    at += 1
                out[r, j] = at + also_shift
            drawn = np.uint32(word >> np.uint64(33))
            at = low + np.int64(guide[one, drawn >> np.uint32(BITS - BUCKET_BITS)])
            while upper[at] <= drawn:
                at += 1
            out[r, i] = at + shift


def _add_loop(row, upper, guide, n, base):  # type: ignore[no-untyped-def]
    for draw in range(n):
        word = (base + np.uint64(draw) + np.uint64(1)) * GOLDEN
        word = (word ^ (word >> np.uint64(30))) * MIX_1
        word = (word ^ (word >> np.uint64(27))) * MIX_2
        word ^= word >> np.uint64(31)
        uniform = (word >> np.uint64(11)) * 2.0**-53
        at = guide[int(uniform * len(guide))]
        while upper[at] <= uniform:
            at += 1
        row[at] += 1.0


def _wins_loop(odds, battles, first, second):  # type: ignore[no-untyped-def]
    odds, battles = odds.T.copy(), battles.T.copy()  # rounds side by side, so that the inner loop is one of vectors
    out = np.zeros(odds.shape)
    for k in range(len(first)):
        i, j = np.uint32(first[k]), np.uint32(second[k])
        for r in range(odds.shape[1]):
            expected = battles[k, r] * (odds[i, r] / (odds[i, r] + odds[j, r]))
            out[i, r] += expected
            out[j, r] -= expected
    return out.T.copy()


FILL: Kernel[Callable[..., None]] = Kernel(
    _fill_loop,
    lambda loop: loop(
        np.empty((1, 1)), np.zeros(1, np.int32), np.array([0, 1]), np.zeros(1, np.int64),
        np.full(1, 2**BITS, np.uint32), np.zeros((1, BUCKETS), np.uint16), np.uint64(0), 0, 1,
    ),
    nogil=True,
)  # fmt: skip
ADD: Kernel[Callable[..., None]] = Kernel(
    _add_loop, lambda loop: loop(np.zeros(1), np.ones(1), np.zeros(1, np.int32), 1, np.uint64(0)), nogil=True
)
WINS: Kernel[Callable[..., Floats]] = Kernel(
    _wins_loop,
    lambda loop: loop(np.ones((1, 2)), np.ones((1, 1)), np.zeros(1, np.int32), np.ones(1, np.int32)),
    nogil=True,
)
KERNELS: tuple[Kernel[Any], ...] = (FILL, ADD, WINS)
"""What `compiling.warm` makes ready."""
