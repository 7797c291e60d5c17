"""Rank ranges and bands against their definitions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from leaderboard.boards.intervals import Z_95, bands, binomial_standard_error, rank_ranges

bounds = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        hnp.arrays(float, n, elements=st.floats(0, 1) | st.just(float("nan"))),
        hnp.arrays(float, n, elements=st.floats(0, 0.5)),
        hnp.arrays(bool, n),
    )
)


def naive(lower, upper, competes):
    best, worst = [], []
    for i in range(len(lower)):
        if np.isnan(lower[i]):
            best.append(0)
            worst.append(0)
            continue
        others = [j for j in range(len(lower)) if j != i and competes[j] and not np.isnan(lower[j])]
        best.append(1 + sum(lower[j] > upper[i] for j in others))
        worst.append(1 + sum(upper[j] >= lower[i] for j in others))
    return best, worst


@given(bounds)
def test_rank_ranges_equal_the_definition_counted_by_hand(case):
    center, half, competes = case
    lower, upper = center - half, center + half
    best, worst = rank_ranges(lower, upper, competes)
    assert (best.tolist(), worst.tolist()) == naive(lower, upper, competes)


@given(bounds)
def test_the_best_rank_is_never_worse_than_the_worst(case):
    center, half, competes = case
    best, worst = rank_ranges(center - half, center + half, competes)
    assert (best <= worst).all()


def test_a_copy_takes_up_no_rank():
    lower, upper = np.array([0.8, 0.8, 0.5]), np.array([0.9, 0.9, 0.6])
    best, worst = rank_ranges(lower, upper, np.array([True, False, True]))
    assert best.tolist() == [1, 1, 2]
    assert worst.tolist() == [1, 2, 2]


def test_overlapping_rows_share_a_band_with_the_first_of_them():
    lower, upper = np.array([0.8, 0.75, 0.6, np.nan]), np.array([0.9, 0.85, 0.7, np.nan])
    assert bands(lower, upper).tolist() == [0, 0, 1, -1]


def test_binomial_standard_error_of_a_half_over_a_hundred_questions():
    # sqrt(0.5 * 0.5 / 100) = 0.05
    assert binomial_standard_error(np.array([0.5]), np.array([100.0]))[0] == 0.05
    assert binomial_standard_error(np.array([0.5]), np.array([100.0]), slope=2.0)[0] == 0.1


def test_z_leaves_five_percent_outside():
    from math import erf, sqrt

    assert abs(erf(Z_95 / sqrt(2)) - 0.95) < 1e-12
