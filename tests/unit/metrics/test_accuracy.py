"""Accuracy of pairs: ties by convention, intervals by Wilson and by cluster."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.errors import BadSetting
from leaderboard.metrics.accuracy import clustered_error, effective_size, mean_interval, pair_accuracy
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
