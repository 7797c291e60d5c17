"""The bootstrap's inner loops: exact numbers of battles, the right distribution, and numba as numpy."""

import importlib.util

import numpy as np
import pytest

from leaderboard.ratings import compiling
from leaderboard.ratings import resample_kernel as kernel

CELLS = np.array([300.0, 0.0, 2.0, 0.4, 45.0, 1200.0])
needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")


def drawn(n_rounds: int, seed: int, at_once: int = 64) -> np.ndarray:
    return np.concatenate(list(kernel.draws(CELLS, n_rounds, seed, at_once=at_once)))


def test_every_round_has_as_many_battles_and_empty_cells_stay_empty():
    rounds = drawn(500, 1)
    assert set(rounds.sum(axis=1)) == {round(CELLS.sum())}
    assert not rounds[:, 1].any()


def test_cells_have_the_means_and_variances_of_a_multinomial():
    n, rounds = round(CELLS.sum()), drawn(40_000, 2, at_once=5000)
    share = CELLS / CELLS.sum()
    error = np.sqrt(n * share * (1 - share) / len(rounds))
    assert np.all(np.abs(rounds.mean(axis=0) - n * share) <= 4.5 * error)
    np.testing.assert_allclose(rounds.var(axis=0), n * share * (1 - share), rtol=0.05)
    expected = -n * share[0] * share[5]
    assert np.cov(rounds[:, 0], rounds[:, 5])[0, 1] == pytest.approx(expected, rel=0.05)


def test_rounds_do_not_depend_on_batches_and_seeds_differ():
    assert np.array_equal(drawn(100, 3, at_once=7), drawn(100, 3, at_once=100))
    assert not np.array_equal(drawn(100, 3), drawn(100, 4))


def test_cells_of_tens_of_millions_of_battles_are_drawn_right():
    """Tables of such cells are longer than 2**16, the largest place their guide can name."""
    cells = np.array([3e7, 1e7, 5.0])
    rounds = np.concatenate(list(kernel.draws(cells, 400, 7, at_once=50)))
    share = cells / cells.sum()
    deviation = np.sqrt(cells.sum() * share * (1 - share))
    assert np.all(np.abs(rounds.mean(axis=0) - cells) <= 4.5 * deviation / 20)
    np.testing.assert_allclose(rounds.std(axis=0), deviation, rtol=0.15)


def test_a_round_that_drew_too_many_is_drawn_anew(monkeypatch):
    monkeypatch.setattr(kernel, "SPARE", 0.0)  # half of the rounds draw too many
    rounds = drawn(200, 5)
    assert set(rounds.sum(axis=1)) == {round(CELLS.sum())}


@needs_numba
def test_numba_and_numpy_draw_the_same_and_expect_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    strength, battles = rng.normal(size=(20, 6)), rng.random((20, 15)) * 50
    first, second = (index.astype(np.int32) for index in np.triu_indices(6, 1))
    compiling.warm()
    fast = drawn(300, 6), kernel.expected_wins(strength, battles, first, second)
    for loop in kernel.KERNELS:
        monkeypatch.setattr(loop, "loop", None)
    slow = drawn(300, 6), kernel.expected_wins(strength, battles, first, second)
    assert np.array_equal(fast[0], slow[0])
    np.testing.assert_allclose(fast[1], slow[1], rtol=1e-12, atol=1e-12)
