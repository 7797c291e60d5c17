"""The inner loops of the Bradley-Terry bootstrap, drawing counts and expected wins; numpy, or numba where installed.

A draw inverts the distribution function at a hashed counter (SplitMix64, Steele et al. 2014,
https://doi.org/10.1145/2660193.2660195): every draw has its own number, so numba and numpy give the same counts, in
any order. Both loops give the same to the last bits; the numpy one is the oracle of the tests.
"""

import importlib.util
import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]
Drawn = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]

SPARE = 3.0
"""Standard deviations of the number of battles kept back from the Poisson draws, so that rounds are topped up; the one
in a thousand that has too many is drawn anew."""
REACH = 7.5
"""Standard deviations around the mean of a Poisson distribution that its table covers."""
BUCKETS = 256
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def draws(cells: Floats, n_rounds: int, seed: int, *, at_once: int) -> Iterator[Floats]:
    """Multinomial draws of round(sum(cells)) battles over the cells, float64[c], in batches float64[rounds, c]."""
    used = np.flatnonzero(cells)
    n = round(float(cells.sum()))
    share = cells[used] / cells.sum()
    spare = min(n, math.ceil(SPARE * math.sqrt(n)))
    drawn = _poisson(_tables((n - spare) * share), n_rounds, seed)
    missing = n - drawn.sum(axis=0, dtype=np.int64)
    more = _TopUp(used, share)
    for start in range(0, n_rounds, at_once):
        part = np.zeros((len(cells), min(at_once, n_rounds - start)), dtype=drawn.dtype)
        part[used] = drawn[:, start : start + at_once]
        batch = np.ascontiguousarray(part.T, dtype=np.float64)
        for i, row in enumerate(batch):
            if missing[start + i] >= 0:
                more.add(row, int(missing[start + i]), _base(seed, start + i + 1))
            else:
                row[used] = np.random.default_rng([seed, start + i]).multinomial(n, share)
        yield batch


def expected_wins(strength: Floats, battles: Floats, first: Codes, second: Codes) -> Floats:
    """Expected score of every model less that of its opponents' expectation, float64[rounds, m].

    `strength` float64[rounds, m] in log odds, `battles` float64[rounds, p]: sum over pairs of n P(first wins), added to
    `first` and subtracted from `second`.
    """
    odds = np.exp(strength - strength.mean(axis=1, keepdims=True))
    loop = _compiled_wins() if available() else _wins
    return loop(odds, np.ascontiguousarray(battles), first, second)


@cache
def available() -> bool:
    """Whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def warm() -> None:
    """Compile what is not compiled yet, about 10 s once a machine; for a background thread, never for a page."""
    if available():
        for _ in draws(np.array([3.0, 5.0]), 2, 0, at_once=2):
            pass
        pair = np.array([0], dtype=np.int32)
        expected_wins(np.zeros((1, 2)), np.ones((1, 1)), pair, pair + 1)


class _Tables:
    """Distribution functions of c Poisson distributions, one after another.

    `upper[start[i] : start[i + 1]]` is P(X <= least[i]), P(X <= least[i] + 1), ...; the last is 1.
    """

    def __init__(self, start: Places, least: Places, upper: Floats) -> None:
        self.start, self.least, self.upper = start, least, upper


def _tables(means: Floats) -> _Tables:
    reach = REACH * np.sqrt(means) + REACH
    least = np.maximum(0, np.floor(means - reach)).astype(np.int64)
    sizes = (np.ceil(means + reach) - least + 11).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(sizes)])
    cell = np.repeat(np.arange(len(means)), sizes)
    value = np.arange(start[-1]) - start[cell] + least[cell]
    means = np.maximum(means, 1e-300)
    mass = np.exp(value * np.log(means)[cell] - means[cell] - gammaln(np.arange(1.0, value.max() + 2.0))[value])
    total = np.cumsum(mass)
    before = np.concatenate([[0.0], total[start[1:] - 1]])[:-1]
    upper = total - before[cell]
    upper /= upper[start[1:] - 1][cell]
    return _Tables(start, least, upper)


def _poisson(table: _Tables, n_rounds: int, seed: int) -> Drawn:
    """One draw a cell and round, [c, rounds]."""
    largest = int((table.least + np.diff(table.start)).max(initial=0))
    out = np.empty((len(table.least), n_rounds), dtype=np.uint16 if largest < 2**16 else np.uint32)
    loop = _compiled_fill() if available() else _fill
    loop(out, table.start, table.least, table.upper, _base(seed, 0))
    return out


def _fill(out: Drawn, start: Places, least: Places, upper: Floats, base: np.uint64) -> None:
    n_rounds = out.shape[1]
    number = np.arange(n_rounds, dtype=np.uint64)
    for i in range(len(least)):
        uniform = _uniform(base + np.uint64(i * n_rounds) + number)
        out[i] = least[i] + np.searchsorted(upper[start[i] : start[i + 1]], uniform, side="right")


class _TopUp:
    """Categorical draws, one battle each, over the used cells."""

    def __init__(self, used: Places, share: Floats) -> None:
        self._used = used
        self._upper = np.cumsum(share)
        self._upper[-1] = 1.0
        self._guide = np.searchsorted(self._upper, np.arange(len(used)) / len(used), side="right")

    def add(self, row: Floats, n: int, base: np.uint64) -> None:
        """Add n draws to a row of counts."""
        if available():
            _compiled_add()(row, self._used, self._upper, self._guide, n, base)
            return
        uniform = np.sort(_uniform(base + np.arange(n, dtype=np.uint64)))
        found = np.searchsorted(self._upper, uniform, side="right")
        row += np.bincount(self._used[found], minlength=len(row))


def _base(seed: int, stream: int) -> np.uint64:
    """Where the numbers of a stream begin: streams of one seed lie far apart."""
    return np.uint64(np.random.SeedSequence([seed, stream]).generate_state(1, np.uint64)[0])


def _uniform(number: Words) -> Floats:
    """SplitMix64 of the numbers as doubles in 0..1."""
    with np.errstate(over="ignore"):
        word = (number + np.uint64(1)) * GOLDEN
        word = (word ^ (word >> np.uint64(30))) * FIRST
        word = (word ^ (word >> np.uint64(27))) * SECOND
        word ^= word >> np.uint64(31)
    return np.asarray((word >> np.uint64(11)) * 2.0**-53, dtype=np.float64)


def _wins(odds: Floats, battles: Floats, first: Codes, second: Codes) -> Floats:
    mine = odds[:, first]
    expected = battles * (mine / (mine + odds[:, second]))
    m = odds.shape[1]
    return np.stack([np.bincount(first, row, m) - np.bincount(second, row, m) for row in expected])


@cache
def _compiled_fill() -> Callable[..., None]:
    import numba

    @numba.njit(cache=True, nogil=True)
    def fill(out, start, least, upper, base):  # type: ignore[no-untyped-def]
        n_rounds = out.shape[1]
        guide = np.empty(BUCKETS + 1, np.int64)
        for i in range(len(least)):
            low, high = start[i], start[i + 1]
            at = low
            for bucket in range(BUCKETS):
                while upper[at] <= bucket / BUCKETS and at < high - 1:
                    at += 1
                guide[bucket] = at
            for r in range(n_rounds):
                word = (base + np.uint64(i * n_rounds + r) + np.uint64(1)) * GOLDEN
                word = (word ^ (word >> np.uint64(30))) * FIRST
                word = (word ^ (word >> np.uint64(27))) * SECOND
                word ^= word >> np.uint64(31)
                uniform = (word >> np.uint64(11)) * 2.0**-53
                at = guide[int(uniform * BUCKETS)]
                while upper[at] <= uniform:
                    at += 1
                out[i, r] = least[i] + at - low

    return cast(Callable[..., None], fill)


@cache
def _compiled_add() -> Callable[..., None]:
    import numba

    @numba.njit(cache=True, nogil=True)
    def add(row, used, upper, guide, n, base):  # type: ignore[no-untyped-def]
        for draw in range(n):
            word = (base + np.uint64(draw) + np.uint64(1)) * GOLDEN
            word = (word ^ (word >> np.uint64(30))) * FIRST
            word = (word ^ (word >> np.uint64(27))) * SECOND
            word ^= word >> np.uint64(31)
            uniform = (word >> np.uint64(11)) * 2.0**-53
            at = guide[int(uniform * len(guide))]
            while upper[at] <= uniform:
                at += 1
            row[used[at]] += 1.0

    return cast(Callable[..., None], add)


@cache
def _compiled_wins() -> Callable[..., Floats]:
    import numba

    @numba.njit(cache=True, nogil=True)
    def wins(odds, battles, first, second):  # type: ignore[no-untyped-def]
        out = np.zeros(odds.shape)
        for r in range(len(odds)):
            for k in range(len(first)):
                i, j = first[k], second[k]
                expected = battles[r, k] * (odds[r, i] / (odds[r, i] + odds[r, j]))
                out[r, i] += expected
                out[r, j] -= expected
        return out

    return cast(Callable[..., Floats], wins)
