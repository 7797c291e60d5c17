"""Is A better than B: against closed forms and simulations."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leaderboard.errors import BadSetting
from leaderboard.ratings import bradley_terry, elo
from leaderboard.ratings.battles import battles_from_columns, count_pairs, pair_counts_from_columns
from leaderboard.ratings.comparison import compare_battles, compare_ratings
from leaderboard.ratings.proportions import Z_95, wilson
from leaderboard.ratings.result import Ratings


def ratings(difference=30.0, own=100.0, shared=0.0, method="bradley_terry"):
    covariance = np.array([[own, shared], [shared, own]])
    half = Z_95 * np.sqrt(own)
    rating = np.array([1000 + difference, 1000.0])
    return Ratings(
        models=("ada", "bob"), rating=rating, lower=rating - half, upper=rating + half, n_battles=np.full(2, 500.0),
        component=np.zeros(2, dtype=np.int64), method=method, covariance=covariance,
    )  # fmt: skip


def pair(wins, losses, ties=0):
    return pair_counts_from_columns(["ada"], ["bob"], [wins], [losses], [ties])


def test_the_difference_of_two_ratings_has_the_variance_of_a_difference():
    # Var(a - b) = 100 + 100 - 2 * 50 = 100: 30 points are 3 standard errors, p = 0.0027.
    found = compare_ratings(ratings(30, own=100, shared=50), "ada", "bob")
    assert (found.difference, found.n_battles) == (30, 500)
    assert (found.lower, found.upper) == pytest.approx((30 - Z_95 * 10, 30 + Z_95 * 10))
    assert found.p_value == pytest.approx(0.0026998, abs=1e-6)
    assert found.probability == pytest.approx(0.99865, abs=1e-5)


def test_overlapping_intervals_may_still_be_a_clear_difference():
    both = ratings(30, own=100, shared=50)
    assert both.lower[0] < both.upper[1]
    assert compare_ratings(both, "ada", "bob").lower > 0


def test_battles_needed_give_the_wanted_power():
    # At a standard error of 10 after 500 battles, 80 % power at 5 % needs a difference of (1.960 + 0.842) standard
    # errors: 30 points are 3, so (2.8016 / 3)^2 * 500 = 436 are enough.
    assert compare_ratings(ratings(30, 100, 50), "ada", "bob").n_needed == pytest.approx(436.05, abs=0.1)
    assert compare_ratings(ratings(15, 100, 50), "ada", "bob").n_needed == pytest.approx(4 * 436.05, abs=0.5)
    assert compare_ratings(ratings(0), "ada", "bob").n_needed == np.inf


def test_no_number_of_battles_narrows_online_elo():
    assert np.isnan(compare_ratings(ratings(method="elo"), "ada", "bob").n_needed)
    random, counts = np.random.default_rng(0), []
    for n in (500, 5000):
        winner = np.where(random.random(n) < 0.6, "model_a", "model_b")
        counts.append(count_pairs(battles_from_columns(["ada"] * n, ["bob"] * n, winner)))
    widths = [float(np.subtract(*compare_bounds(elo.bootstrap(c, n_resamples=200)))) for c in counts]
    assert widths[1] > 0.8 * widths[0]
    fitted = [float(np.subtract(*compare_bounds(bradley_terry.fit(c)))) for c in counts]
    assert fitted[1] == pytest.approx(fitted[0] / np.sqrt(10), rel=0.1)


def compare_bounds(rated):
    found = compare_ratings(rated, "ada", "bob")
    return found.upper, found.lower


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 100))
def test_swapping_the_two_models_mirrors_the_comparison(wins, losses, ties):
    assume(wins + losses + ties > 0)
    one, two = (
        compare_battles(pair(wins, losses, ties), "ada", "bob"),
        compare_battles(pair(losses, wins, ties), "ada", "bob"),
    )
    back = compare_battles(pair(wins, losses, ties), "bob", "ada")
    for other in (two, back):
        assert other.difference == pytest.approx(-one.difference)
        assert (other.lower, other.upper) == pytest.approx((-one.upper, -one.lower), abs=1e-12)
        assert other.probability == pytest.approx(1 - one.probability, abs=1e-12)
        assert other.p_value == pytest.approx(one.p_value, abs=1e-12)


@given(st.integers(0, 300), st.integers(0, 300), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_interval_excludes_zero_exactly_when_the_test_rejects(wins, losses, level):
    assume(wins + losses > 0)
    found = compare_battles(pair(wins, losses), "ada", "bob", confidence_level=level)
    assert (found.lower > 0 or found.upper < 0) == (found.p_value < 1 - level)
    assert (found.difference > 0) == (found.probability > 0.5)


def test_sixty_of_a_hundred():
    # z = (0.6 - 0.5) / sqrt(0.25 / 100) = 2, p = 0.0455; bounds are Wilson's minus a half.
    found = compare_battles(pair(60, 40), "ada", "bob")
    lower, upper = wilson(0.6, 100)
    assert found.p_value == pytest.approx(0.0455, abs=1e-4)
    assert found.probability == pytest.approx(0.97725, abs=1e-5)
    assert (found.lower, found.upper) == pytest.approx((float(lower) - 0.5, float(upper) - 0.5))
    # (1.960 * 0.5 + 0.8416 * sqrt(0.6 * 0.4))^2 / 0.1^2 = 193.8, the textbook size for 60 % against 50 %.
    assert found.n_needed == pytest.approx(193.8, abs=0.1)


def test_the_number_needed_has_the_power_it_promises():
    random, rejected, n = np.random.default_rng(0), 0, 194
    for wins in random.binomial(n, 0.6, size=500):
        rejected += compare_battles(pair(int(wins), n - int(wins)), "ada", "bob").p_value < 0.05
    assert rejected / 500 == pytest.approx(0.8, abs=0.05)


def test_only_battles_of_the_two_count_and_ties_may_be_dropped():
    data = pair_counts_from_columns(["ada", "ada", "bob"], ["bob", "cid", "cid"], [6, 100, 0], [2, 0, 100], [8, 0, 0])
    half, drop = (compare_battles(data, "ada", "bob", ties=ties) for ties in ("half", "drop"))
    assert (half.difference, half.n_battles) == (pytest.approx(10 / 16 - 0.5), 16)
    assert (drop.difference, drop.n_battles) == (pytest.approx(0.25), 8)


def test_answers_to_one_question_are_one_observation():
    winner = ["model_a"] * 30 + ["model_b"] * 20
    free = battles_from_columns(["ada"] * 50, ["bob"] * 50, winner)
    copied = battles_from_columns(["ada"] * 150, ["bob"] * 150, winner * 3, cluster=np.tile(np.arange(50), 3))
    one, three = compare_battles(free, "ada", "bob"), compare_battles(copied, "ada", "bob")
    assert three.p_value == pytest.approx(one.p_value, abs=0.01)
    assert compare_battles(count_pairs(copied), "ada", "bob").p_value < one.p_value / 2


def islands():
    return battles_from_columns(["ada", "cid"], ["bob", "dan"], ["model_a", "model_b"])


@pytest.mark.parametrize(
    ("model", "rival", "said"),
    [("ada", "eve", "Model is 'eve'; expected one of the 4 rated"), ("ada", "ada", "'ada' is compared with itself"),
     ("ada", "cid", "No chain of battles connects ada and cid")],
)  # fmt: skip
def test_what_cannot_be_compared_by_ratings_is_refused(model, rival, said):
    with pytest.raises(BadSetting, match=said):
        compare_ratings(bradley_terry.fit(islands()), model, rival)


def test_models_that_never_met_and_ratings_without_interval_are_refused():
    with pytest.raises(BadSetting, match="ada and cid have no battles against each other"):
        compare_battles(islands(), "ada", "cid")
    with pytest.raises(BadSetting, match="by elo have no covariance"):
        compare_ratings(elo.replay(islands()), "ada", "bob")
    with pytest.raises(BadSetting, match="Setting power is 80"):
        compare_battles(islands(), "ada", "bob", power=80)
