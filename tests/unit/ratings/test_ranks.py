"""Rank ranges and bands against their definitions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from leaderboard.ratings.ranks import bands, rank_ranges, ranks_within

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


@given(bounds, st.integers(1, 4))
def test_ranks_are_counted_among_the_models_of_one_component_only(case, n_groups):
    center, half, _ = case
    group = np.arange(len(center)) % n_groups
    best, worst = ranks_within(group, center - half, center + half)
    for number in range(n_groups):
        rows = group == number
        alone = naive((center - half)[rows], (center + half)[rows], np.ones(rows.sum(), dtype=bool))
        assert (best[rows].tolist(), worst[rows].tolist()) == alone


def test_a_model_of_another_component_does_not_push_me_down():
    lower, upper = np.array([1200.0, 1000.0]), np.array([1210.0, 1010.0])
    assert rank_ranges(lower, upper)[0].tolist() == [1, 2]
    best, worst = ranks_within(np.array([0, 1]), lower, upper)
    assert (best.tolist(), worst.tolist()) == ([1, 1], [1, 1])
