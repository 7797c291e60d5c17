"""Shares and their intervals against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.ratings.proportions import Z_95, binomial_standard_error, error_of_interval, quantile_of_normal, wilson


def test_binomial_standard_error_of_a_half_over_a_hundred_questions():
    # sqrt(0.5 * 0.5 / 100) = 0.05
    assert binomial_standard_error(np.array([0.5]), np.array([100.0]))[0] == 0.05
    assert binomial_standard_error(np.array([0.5]), np.array([100.0]), slope=2.0)[0] == 0.1


def test_z_leaves_five_percent_outside():
    from math import erf, sqrt

    assert abs(erf(Z_95 / sqrt(2)) - 0.95) < 1e-12
    assert quantile_of_normal(0.95) == pytest.approx(Z_95, abs=1e-12)


@given(st.floats(0, 1), st.integers(1, 10**6), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_bounds_are_where_the_score_test_just_rejects(share, n, level):
    # Definition: |share - bound| = z * sqrt(bound (1 - bound) / n).
    lower, upper = wilson(share, n, level)
    for bound in (float(lower), float(upper)):
        at_edge = bound in (0.0, 1.0) and bound == share
        standard = quantile_of_normal(level) * np.sqrt(bound * (1 - bound) / n)
        assert at_edge or abs(share - bound) == pytest.approx(standard, abs=1e-9)
    assert 0 <= lower <= share <= upper <= 1


def test_wilson_of_no_observations_is_unknown():
    lower, upper = wilson(np.array([0.5, np.nan]), np.array([0, 10]))
    assert np.isnan(lower).all()
    assert np.isnan(upper).all()


def test_wilson_of_three_in_three_is_the_published_value():
    # n / (n + z^2) = 3 / (3 + 3.8415) = 0.4385
    lower, upper = wilson(1.0, 3)
    assert (round(float(lower), 4), float(upper)) == (0.4385, 1.0)


def test_the_error_of_an_interval_is_its_wider_side_and_not_zero_where_all_agree():
    lower, upper = wilson(1.0, 3)
    assert error_of_interval(1.0, float(lower), float(upper)) == pytest.approx((1 - 0.4385) / Z_95, abs=1e-4)
    assert error_of_interval(0.5, 0.4, 0.6) == pytest.approx(0.1 / Z_95)
    assert error_of_interval(0.5, float("nan"), float("nan")) is None
