"""Compiled loops are made ready by `warm` alone: nobody who rates ever waits for a compiler."""

import importlib.util
import logging
import sys
import threading

import numpy as np
import pytest
from scipy.special import expit

from leaderboard.ratings import bradley_terry, compiling, elo, elo_kernel, resample_kernel
from leaderboard.ratings.battles import Battles, count_pairs

KERNELS = (*resample_kernel.KERNELS, *elo_kernel.KERNELS)
needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")


@pytest.fixture
def cold(monkeypatch):
    """No loop is compiled, as in a process that has just started."""
    for kernel in KERNELS:
        monkeypatch.setattr(kernel, "loop", None)


@pytest.fixture
def counts():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 5, 800)
    b = (a + rng.integers(1, 5, 800)) % 5
    won = np.where(rng.random(800) < expit((a - b) / 4), 1, -1)
    won[rng.random(800) < 0.2] = 0
    battles = Battles(
        models=tuple("abcde"), a=a.astype(np.int32), b=b.astype(np.int32), outcome=won.astype(np.int8)
    )  # fmt: skip
    return count_pairs(battles)


def rounds_of(counts):
    """Rounds of everything that has compiled loops."""
    rated = bradley_terry.fit(counts, interval="bootstrap", n_resamples=60).rounds
    return rated, elo.bootstrap(counts, n_resamples=60).rounds


@needs_numba
def test_rating_before_warming_compiles_nothing(cold, counts, monkeypatch):
    monkeypatch.setattr(compiling, "compiled", lambda *_, **__: pytest.fail("a rating compiled a loop"))
    rounds_of(counts)
    assert all(kernel.loop is None for kernel in KERNELS)


@needs_numba
def test_warming_makes_every_loop_ready_once(cold):
    compiling.warm()
    loops = [kernel.loop for kernel in KERNELS]
    assert all(len(loop.signatures) == 1 for loop in loops)
    compiling.warm()
    assert all(kernel.loop is loop for kernel, loop in zip(KERNELS, loops, strict=True))


@needs_numba
def test_ratings_after_warming_use_the_loops_without_compiling_for_other_types(counts):
    compiling.warm()
    rounds_of(counts)
    odd = bradley_terry.fit(counts, ties="drop", interval="bootstrap", n_resamples=7)
    assert odd.rounds.shape == (7, 5)
    first, second = (place.astype(np.int64) for place in (counts.first, counts.second))
    locked = np.ones((3, len(first)))
    locked.flags.writeable = False
    resample_kernel.expected_wins(np.zeros((3, 5), order="F"), locked, first, second)
    assert [len(kernel.loop.signatures) for kernel in KERNELS] == [1] * len(KERNELS)


@needs_numba
def test_ratings_are_the_same_before_and_after(cold, counts):
    before = rounds_of(counts)
    compiling.warm()
    for one, other in zip(before, rounds_of(counts), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-8)


@needs_numba
def test_a_page_rates_while_a_thread_compiles(cold, counts, monkeypatch):
    """The compiler is held until the page is done: a page that waited for it would never be."""
    begun, page_done, slow = threading.Event(), threading.Event(), compiling.compiled

    def held(loop, **options):
        begun.set()
        assert page_done.wait(30)
        return slow(loop, **options)

    monkeypatch.setattr(compiling, "compiled", held)
    thread = compiling.warm_in_background()
    assert begun.wait(30)
    rounds_of(counts)
    assert all(kernel.loop is None for kernel in KERNELS)
    page_done.set()
    thread.join(60)
    assert all(kernel.loop is not None for kernel in KERNELS)


@needs_numba
def test_several_threads_compile_a_loop_once(cold, monkeypatch):
    made, slow = [], compiling.compiled
    monkeypatch.setattr(compiling, "compiled", lambda loop, **options: made.append(loop) or slow(loop, **options))
    threads = [compiling.warm_in_background() for _ in range(4)]
    for thread in threads:
        thread.join(60)
    assert len(made) == len(KERNELS)


def test_the_background_thread_does_not_hold_up_the_end_of_the_process():
    thread = compiling.warm_in_background(after_seconds=60)
    assert thread.daemon
    thread.cancel()


def test_without_numba_warming_does_nothing(cold, counts, monkeypatch):
    monkeypatch.setattr(compiling, "available", lambda: False)
    compiling.warm()
    assert all(kernel.loop is None for kernel in KERNELS)
    rounds_of(counts)


def test_a_numba_that_cannot_be_imported_is_logged_and_numpy_stays(cold, counts, monkeypatch, caplog):
    monkeypatch.setattr(compiling, "available", lambda: True)
    monkeypatch.setitem(sys.modules, "numba.core.errors", None)  # as when numba refuses the version of numpy
    with caplog.at_level(logging.WARNING):
        compiling.warm()
    assert "numba cannot be used, ratings take the slower numpy path" in caplog.text
    rounds_of(counts)


@needs_numba
def test_a_numba_that_cannot_compile_is_logged_and_numpy_stays(cold, counts, monkeypatch, caplog):
    from numba.core.errors import NumbaError

    def broken(*_, **__):
        raise NumbaError("no such processor")

    monkeypatch.setattr(compiling, "compiled", broken)
    with caplog.at_level(logging.WARNING):
        compiling.warm()
    assert "numba cannot compile here" in caplog.text
    rounds_of(counts)


@needs_numba
def test_importing_the_package_imports_no_numba():
    import subprocess

    code = "import sys; from leaderboard.ratings import bradley_terry, elo; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
