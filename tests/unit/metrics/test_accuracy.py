"""Accuracy of pairs: ties by convention, intervals by Wilson and by cluster."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.errors import BadSetting
from leaderboard.metrics.accuracy import clustered_error, effective_size, group_codes, mean_interval, pair_accuracy
from leaderboard.ratings.proportions import wilson

MARGINS = [1.0, 2.0, 0.5, -1.0, 0.0, 0.0, float("nan")]  # 3 right, 1 wrong, 2 ties, 1 without a score


@pytest.mark.parametrize(("ties", "share", "n"), [("wrong", 3 / 6, 6), ("half", 4 / 6, 6), ("dropped", 3 / 4, 4)])
def test_ties_follow_the_named_convention(ties, share, n):
    found = pair_accuracy(MARGINS, ties=ties)
    assert (found.accuracy, found.n) == (pytest.approx(share), n)
    assert (found.n_pairs, found.n_ties, found.n_missing) == (7, 2, 1)
    assert [found.lower, found.upper] == pytest.approx([float(x) for x in wilson(share, n)])


def test_pairs_of_one_prompt_are_one_cluster():
    margins = np.repeat(np.where(np.arange(50) % 5 == 0, -1.0, 1.0), 4)
    plain, clustered = pair_accuracy(margins), pair_accuracy(margins, cluster=np.repeat(np.arange(50), 4))
    assert clustered.accuracy == plain.accuracy == 0.8
    # four copies of 50 results are worth 50, up to the factor 50 / 49
    assert effective_size(margins > 0, np.repeat(np.arange(50), 4)) == pytest.approx(49)
    assert clustered.upper - clustered.lower > 1.9 * (plain.upper - plain.lower)


def test_copies_of_the_same_right_answer_are_not_evidence():
    """Fifty answers of five prompts, all right: five observations, not fifty; one prompt is one."""
    right = np.ones(50)
    for n_prompts in (1, 5):
        found = pair_accuracy(right, cluster=np.arange(50) % n_prompts)
        assert found.lower == pytest.approx(float(wilson(1.0, n_prompts)[0]))
    assert pair_accuracy(right).lower > 0.9


def test_mixed_results_of_a_single_prompt_are_one_observation():
    found = pair_accuracy([1.0] * 30 + [-1.0] * 10, cluster=[7] * 40)
    assert (found.lower, found.upper) == pytest.approx([float(x) for x in wilson(0.75, 1)])


def test_pairs_whose_prompt_is_missing_are_clusters_of_their_own():
    margins = [1.0, -1.0] * 10
    assert pair_accuracy(margins, cluster=[None] * 20).n == 20
    assert group_codes(["a", None, "a", float("nan")]).tolist() == [0, 1, 0, 2]


def test_an_infinite_margin_is_a_verdict():
    found = pair_accuracy([float("inf"), float("-inf"), float("nan"), 1.0])
    assert (found.accuracy, found.n, found.n_missing) == (pytest.approx(2 / 3), 3, 1)


def test_few_clusters_need_students_quantile():
    mean, lower, upper = mean_interval([1.0, 2.0, 3.0], ["a", "b", "c"])
    # standard error 1 / sqrt(3); 4.3027 is Student's 97.5 % with 2 degrees of freedom
    assert (mean, upper - mean) == (2.0, pytest.approx(4.302653 / 3**0.5, abs=1e-5))
    assert mean - lower == pytest.approx(upper - mean)


def test_intervals_of_few_clusters_cover_as_often_as_they_say():
    """Eight prompts of five answers each; with the normal quantile 10 % would be missed instead of 5."""
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(8), 5)
    held = 0
    for _ in range(2000):
        values = rng.normal(0, 1, 8)[groups] + rng.normal(0, 1, 40)
        _, lower, upper = mean_interval(values, groups)
        held += lower <= 0 <= upper
    assert 0.935 < held / 2000 < 0.965  # three standard errors of 2,000 rounds


def test_bad_settings_and_nothing_at_all():
    with pytest.raises(BadSetting, match="Setting ties is 'maybe'"):
        pair_accuracy([1.0], ties="maybe")
    with pytest.raises(BadSetting, match="2 margins and 1 clusters"):
        pair_accuracy([1.0, 2.0], cluster=[1])
    nothing = pair_accuracy([float("nan")])
    assert np.isnan(nothing.accuracy)
    assert nothing.n == 0


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=80), st.sampled_from(["wrong", "half", "dropped"]))
def test_bounds_hold_the_accuracy_and_swapping_sides_mirrors(margins, ties):
    found = pair_accuracy(margins, ties=ties)
    if found.n:
        assert 0 <= found.lower <= found.accuracy <= found.upper <= 1
    if ties != "wrong" and found.n:
        mirrored = pair_accuracy([-margin for margin in margins], ties=ties)
        assert mirrored.accuracy == pytest.approx(1 - found.accuracy)


def test_the_clustered_error_of_single_observations_is_the_usual_one():
    values = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    assert clustered_error(values, np.arange(5)) == pytest.approx(values.std(ddof=1) / 5**0.5)
    assert np.isnan(mean_interval([1.0, 2.0], ["a", "a"])[1])
