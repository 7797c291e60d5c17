"""What must hold of every rating and every bootstrap, whatever the battles: names, sides and seeds are only names.

Where a bootstrap draws whole clusters, names do not enter its draws, so even single rounds must follow.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from leaderboard.ratings import bradley_terry, elo, likelihood, win_rates
from leaderboard.ratings.battles import Battles, count_pairs, merge
from leaderboard.ratings.ranks import rank_ranges

ROUNDS = 12
SEEDS = st.integers(0, 10_000)


def simulated(seed, n=120, m=4, clusters=None):
    rng = np.random.default_rng(seed)
    a = rng.integers(0, m, n)
    b = (a + rng.integers(1, m, n)) % m
    outcome = np.where(rng.random(n) < expit((b - a) * 0.5), 1, -1)
    outcome[rng.random(n) < 0.2] = 0
    return Battles(
        models=tuple(f"m{i}" for i in range(m)), a=a.astype(np.int32), b=b.astype(np.int32),
        outcome=outcome.astype(np.int8), cluster=None if clusters is None else rng.integers(0, clusters, n),
    )  # fmt: skip


def bt(data, **more):
    return bradley_terry.fit(data, interval="bootstrap", n_resamples=ROUNDS, **more)


def online(data, **more):
    return elo.bootstrap(data, n_resamples=ROUNDS, **more)


def rates(data, **more):
    return win_rates.average(data, interval="bootstrap", n_resamples=ROUNDS, **more)


METHODS = pytest.mark.parametrize("method", [bt, online, rates], ids=["bradley_terry", "elo", "win_rate"])
MIRRORS = {bt: 2000.0, online: 2000.0, rates: 1.0}
"""Sum of a rating and that of the mirrored battles."""
TIGHT = {bt: 5e-3, online: 1e-9, rates: 1e-12}
"""Rounds of Bradley-Terry are settled to some thousandths of a point."""


@METHODS
@settings(max_examples=10)
@given(seed=SEEDS)
def test_the_same_seed_gives_the_same_bits(method, seed):
    for data in (simulated(seed), simulated(seed, clusters=30), count_pairs(simulated(seed))):
        assert np.array_equal(method(data, seed=seed).rounds, method(data, seed=seed).rounds, equal_nan=True)
        assert not np.array_equal(method(data, seed=seed).rounds, method(data, seed=seed + 1).rounds)


@METHODS
@settings(max_examples=10)
@given(seed=SEEDS)
def test_relabelling_permutes_every_clustered_round(method, seed):
    battles = simulated(seed, clusters=30)
    order = np.random.default_rng(seed).permutation(4)
    place = np.argsort(order).astype(np.int32)
    renamed = replace(battles, a=place[battles.a], b=place[battles.b])
    one, other = method(battles), method(renamed)
    np.testing.assert_allclose(other.rounds, one.rounds[:, order], atol=TIGHT[method])
    np.testing.assert_allclose(other.lower, one.lower[order], atol=TIGHT[method])


@METHODS
@settings(max_examples=10)
@given(seed=SEEDS)
def test_swapping_sides_changes_no_round_and_swapping_winners_mirrors_it(method, seed):
    battles = simulated(seed, clusters=30)
    sides = replace(battles, a=battles.b, b=battles.a, outcome=-battles.outcome)
    winners = replace(battles, outcome=-battles.outcome)
    one = method(battles)
    np.testing.assert_allclose(method(sides).rounds, one.rounds, atol=TIGHT[method])
    mirrored = method(winners)
    np.testing.assert_allclose(mirrored.rounds, MIRRORS[method] - one.rounds, atol=TIGHT[method])
    np.testing.assert_allclose(mirrored.lower, MIRRORS[method] - one.upper, atol=TIGHT[method])


@METHODS
@settings(max_examples=10)
@given(seed=SEEDS)
def test_merged_counts_are_drawn_as_all_battles_together(method, seed):
    one, other = simulated(seed), simulated(seed + 1)
    both = replace(
        one, a=np.concatenate([one.a, other.a]), b=np.concatenate([one.b, other.b]),
        outcome=np.concatenate([one.outcome, other.outcome]),
    )  # fmt: skip
    merged, whole = method(merge(count_pairs(one), count_pairs(other))), method(both)
    assert np.array_equal(merged.rounds, whole.rounds)
    assert merged.n_battles.tolist() == whole.n_battles.tolist()


@METHODS
@settings(max_examples=10)
@given(seed=SEEDS, level=st.sampled_from([0.5, 0.9, 0.95]))
def test_bounds_are_ordered_and_so_are_ranks(method, seed, level):
    found = method(simulated(seed), confidence_level=level)
    middle = np.median(found.rounds, axis=0)
    assert np.all(found.lower <= middle + 1e-12)
    assert np.all(middle <= found.upper + 1e-12)
    best, worst = rank_ranges(found.lower, found.upper)
    assert np.all(best <= worst)
    wider = method(simulated(seed), confidence_level=0.99)
    assert np.all(wider.lower <= found.lower)
    assert np.all(found.upper <= wider.upper)


@settings(max_examples=25)
@given(seed=SEEDS)
def test_swapping_winners_mirrors_a_replay(seed):
    battles = simulated(seed)
    mirrored = replace(battles, outcome=-battles.outcome)
    np.testing.assert_allclose(elo.replay(mirrored).rating, 2000 - elo.replay(battles).rating, atol=1e-9)


@pytest.mark.parametrize("interval", ["sandwich", "bootstrap"])
def test_no_interval_costs_a_fit_a_battle(monkeypatch, interval):
    """Pitfall 11: BCa refits once a battle, 50,000 times here."""
    fits, original = [], likelihood.maximise

    def counted(*arguments, **more):
        fits.append(1)
        return original(*arguments, **more)

    for module in (bradley_terry, bradley_terry.bootstrap):
        monkeypatch.setattr(module, "maximise", counted)
    bradley_terry.fit(simulated(0, n=50_000, m=8), interval=interval, n_resamples=100)
    assert len(fits) == 1
