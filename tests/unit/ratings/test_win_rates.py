"""Win rates against counting by hand, and their intervals against simulations."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leaderboard.errors import BadSetting
from leaderboard.ratings import win_rates
from leaderboard.ratings.battles import battles_from_columns, count_pairs, pair_counts_from_columns
from leaderboard.ratings.proportions import wilson

cells = st.lists(st.tuples(*[st.integers(0, 20)] * 3), min_size=6, max_size=6)
NAMES = ("ada", "bob", "cid", "dan")
PAIRS = [(a, b) for i, a in enumerate(NAMES) for b in NAMES[i + 1 :]]


def counts_of(case):
    wins, ties, losses = zip(*case, strict=True)
    return pair_counts_from_columns([a for a, _ in PAIRS], [b for _, b in PAIRS], wins, losses, ties)


def by_hand(case, model, ties):
    """Win fraction of a model against every opponent it met, and the number of battles."""
    found = {}
    for (a, b), (wins, tied, losses) in zip(PAIRS, case, strict=True):
        won, lost = (wins, losses) if a == model else (losses, wins)
        n = won + lost + (tied if ties == "half" else 0)
        if model in (a, b) and n:
            found[b if a == model else a] = ((won + (tied / 2 if ties == "half" else 0)) / n, n)
    return found


@given(cells, st.sampled_from(["half", "drop"]))
def test_every_pair_equals_counting_by_hand(case, ties):
    counts = counts_of(case)
    matrix = win_rates.pair_matrix(counts, ties=ties)
    for i, model in enumerate(counts.models):
        met = by_hand(case, model, ties)
        for j, rival in enumerate(counts.models):
            share, n = met.get(rival, (np.nan, 0))
            assert matrix.share[i, j] == pytest.approx(share, nan_ok=True)
            assert matrix.n[i, j] == n
    assert matrix.share + matrix.share.T == pytest.approx(np.where(matrix.n > 0, 1, np.nan), nan_ok=True)
    known = matrix.n > 0
    assert (matrix.lower[known] <= matrix.share[known]).all()
    assert (matrix.share[known] <= matrix.upper[known]).all()
    assert np.isnan(matrix.lower[~known]).all()


@given(cells, st.sampled_from(["half", "drop"]), st.sampled_from(["opponents", "battles"]))
def test_an_average_equals_counting_by_hand(case, ties, over):
    assume(any(wins + losses + (tied if ties == "half" else 0) for wins, tied, losses in case))
    counts = counts_of(case)
    rated = win_rates.average(counts, over=over, ties=ties)
    for model, rating, n in zip(counts.models, rated.rating, rated.n_battles, strict=True):
        met = list(by_hand(case, model, ties).values())
        total = sum(n for _, n in met)
        assert n == total
        if not met:
            assert np.isnan(rating)
        elif over == "opponents":
            assert rating == pytest.approx(sum(share for share, _ in met) / len(met))
        else:
            assert rating == pytest.approx(sum(share * n for share, n in met) / total)


def test_opponents_met_rarely_weigh_as_much_as_others_only_over_opponents():
    # ada beats bob 90:10 and loses 0:2 to cid: (0.9 + 0) / 2 over opponents, 90 / 102 over battles.
    counts = pair_counts_from_columns(["ada", "ada"], ["bob", "cid"], [90, 0], [10, 2], [0, 0])
    assert win_rates.average(counts).rating[0] == pytest.approx(0.45)
    assert win_rates.average(counts, over="battles").rating[0] == pytest.approx(90 / 102)


@given(st.integers(0, 50), st.integers(0, 50), st.sampled_from([0.9, 0.95]))
def test_one_pair_without_ties_has_the_interval_of_wilson(wins, losses, level):
    n = wins + losses
    assume(n > 0)
    counts = pair_counts_from_columns(["ada"], ["bob"], [wins], [losses], [0])
    rated = win_rates.average(counts, confidence_level=level)
    lower, upper = wilson(wins / n, n, level)
    assert (rated.lower[0], rated.upper[0]) == pytest.approx((float(lower), float(upper)), abs=1e-12)
    assert (rated.lower[1], rated.upper[1]) == pytest.approx((1 - float(upper), 1 - float(lower)), abs=1e-12)


def test_ties_narrow_the_interval_they_carry_less_variance_than_wins():
    # Share 0.5 in both: 40 decided battles have variance 1/4 each, 40 ties (almost) none.
    decided = win_rates.average(pair_counts_from_columns(["ada"], ["bob"], [20], [20], [0]))
    tied = win_rates.average(pair_counts_from_columns(["ada"], ["bob"], [0], [0], [40]))
    assert tied.upper[0] - tied.lower[0] < 0.5 * (decided.upper[0] - decided.lower[0])


def drawn(random, n=60, clusters=None):
    """ada against bob (p = .7), cid (.4) and dan (.5), with ties; `clusters` of equal outcomes when given."""
    p = np.tile([0.7, 0.4, 0.5], n // 3)
    luck = random.random(n) if clusters is None else np.repeat(random.random(n // clusters), clusters)
    winner = np.select([luck < p * 0.8, luck < p * 0.8 + 0.2], ["model_a", "tie"], "model_b")
    return ["ada"] * n, np.tile(["bob", "cid", "dan"], n // 3).tolist(), winner.tolist()


@pytest.mark.parametrize(("clusters", "interval"), [(None, "wilson"), (3, "wilson"), (None, "bootstrap")])
def test_intervals_hold_the_truth_about_as_often_as_they_say(clusters, interval):
    random, hits, rounds = np.random.default_rng(0), 0, 300
    truth = np.mean([p * 0.8 + 0.1 for p in (0.7, 0.4, 0.5)])
    for _ in range(rounds):
        a, b, winner = drawn(random, clusters=clusters)
        cluster = None if clusters is None else np.repeat(np.arange(len(a) // clusters), clusters)
        battles = battles_from_columns(a, b, winner, cluster=cluster)
        rated = win_rates.average(battles, interval=interval, n_resamples=200)
        hits += rated.lower[0] <= truth <= rated.upper[0]
    # 300 draws at 95 %: standard error 1.3 points. The bootstrap of 60 battles is known to be a little short.
    assert 0.91 <= hits / rounds <= 0.99


def test_without_clusters_the_same_data_would_look_more_certain():
    a, b, winner = drawn(np.random.default_rng(0), n=300, clusters=3)
    cluster = np.repeat(np.arange(100), 3)
    free, grouped = (win_rates.average(battles_from_columns(a, b, winner, cluster=c)) for c in (None, cluster))
    assert grouped.rating == pytest.approx(free.rating)
    assert grouped.upper[0] - grouped.lower[0] > 1.2 * (free.upper[0] - free.lower[0])


def test_copied_rows_count_once_when_they_share_a_cluster():
    a, b, winner = drawn(np.random.default_rng(3), n=150)
    once = win_rates.average(battles_from_columns(a, b, winner))
    copies = win_rates.average(battles_from_columns(a * 3, b * 3, winner * 3, cluster=np.tile(np.arange(150), 3)))
    assert copies.rating == pytest.approx(once.rating)
    width = (copies.upper - copies.lower) / (once.upper - once.lower)
    assert width == pytest.approx(1, abs=0.02)


def test_battles_of_one_cluster_against_an_opponent_count_as_one():
    # Nothing shows how far the ten battles of a question agree, so they are one observation: n = 2, for 20 battles.
    a, b, winner = ["ada"] * 20, ["bob"] * 10 + ["cid"] * 10, ["model_a", "model_b"] * 10
    grouped = battles_from_columns(a, b, winner, cluster=np.repeat([0, 1], 10))
    assert win_rates.effective_battles(grouped)[0] == pytest.approx(2.0)
    assert win_rates.effective_battles(battles_from_columns(a, b, winner))[0] == pytest.approx(20.0)


def test_clusters_of_one_battle_change_little():
    a, b, winner = drawn(np.random.default_rng(3), n=150)
    free, alone = (battles_from_columns(a, b, winner, cluster=c) for c in (None, np.arange(150)))
    for over in ("opponents", "battles"):
        one, two = (win_rates.effective_battles(data, over=over) for data in (free, alone))
        assert two == pytest.approx(one, rel=0.05)


def test_a_copy_with_a_weight_of_a_third_changes_nothing():
    a, b, winner = drawn(np.random.default_rng(3))
    once = win_rates.average(battles_from_columns(a, b, winner))
    copies = win_rates.average(battles_from_columns(a * 3, b * 3, winner * 3, weight=[1 / 3] * 180))
    for part in ("rating", "lower", "upper", "n_battles"):
        assert getattr(copies, part) == pytest.approx(getattr(once, part), abs=1e-9)


@pytest.mark.parametrize("interval", ["wilson", "bootstrap"])
def test_a_row_of_weight_three_is_one_observation_not_three(interval):
    a, b, winner = drawn(np.random.default_rng(3), n=399)
    once, heavy = (battles_from_columns(a, b, winner, weight=weight) for weight in (None, [3.0] * 399))
    copied = battles_from_columns(a * 3, b * 3, winner * 3)
    found = [win_rates.average(data, interval=interval, n_resamples=400) for data in (once, heavy, copied)]
    width = [rated.upper - rated.lower for rated in found]
    assert width[1] == pytest.approx(width[0], rel=0.15)
    assert (width[1] / width[2]).min() > 1.4


@pytest.mark.parametrize("cluster", [None, np.repeat(np.arange(20), 3)])
def test_the_bootstrap_agrees_with_the_formula_and_repeats_bit_by_bit(cluster):
    battles = battles_from_columns(*drawn(np.random.default_rng(5)), cluster=cluster)
    one, two = (win_rates.average(battles, interval="bootstrap", n_resamples=500, seed=9) for _ in range(2))
    assert (one.rounds == two.rounds).all()
    other = win_rates.average(battles, interval="bootstrap", n_resamples=500, seed=10)
    assert (one.rounds != other.rounds).any()
    formula = win_rates.average(battles)
    assert (one.upper - one.lower)[0] / (formula.upper - formula.lower)[0] == pytest.approx(1, abs=0.25)
    assert one.settings.items() >= {"interval": "bootstrap", "seed": 9, "n_resamples": 500}.items()


def test_without_interval_bounds_are_blank():
    rated = win_rates.average(count_pairs(battles_from_columns(["ada"], ["bob"], ["tie"])), interval="none")
    assert rated.rating.tolist() == [0.5, 0.5]
    assert np.isnan([*rated.lower, *rated.upper]).all()


def test_a_model_that_only_tied_has_no_win_rate_without_ties():
    battles = battles_from_columns(["ada", "ada"], ["bob", "cid"], ["model_a", "tie"])
    for interval in ("wilson", "bootstrap"):
        rated = win_rates.average(battles, ties="drop", interval=interval, n_resamples=20)
        assert rated.rating[:2].tolist() == [1.0, 0.0]
        assert np.isnan([rated.rating[2], rated.lower[2], rated.upper[2]]).all()
        assert rated.component[2] != rated.component[0]


@pytest.mark.parametrize("interval", ["wilson", "bootstrap", "none"])
def test_ties_alone_leave_no_battles_to_rate_when_they_are_dropped(interval):
    with pytest.raises(BadSetting, match="There are no battles; expected at least one that is no tie"):
        win_rates.average(battles_from_columns(["ada"], ["bob"], ["tie"]), ties="drop", interval=interval)
