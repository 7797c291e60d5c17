"""Answers from 1 to 8 against the rules H4 published, and H4's method as a whole."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.errors import BadBattle
from leaderboard.ratings import elo, likert
from leaderboard.ratings.battles import battles_from_columns

scores = st.lists(st.integers(1, 8), min_size=1, max_size=30)
MIRROR = {"model_a": "model_b", "model_b": "model_a", "tie": "tie"}


def test_every_answer_with_ties_allowed():
    expected = ["model_a"] * 3 + ["tie"] * 2 + ["model_b"] * 3
    assert likert.winners(range(1, 9)).tolist() == expected


def test_every_answer_without_ties():
    assert likert.winners(range(1, 9), ties="none").tolist() == ["model_a"] * 4 + ["model_b"] * 4


@given(scores, st.sampled_from(["allowed", "none"]))
def test_swapping_the_sides_mirrors_the_winner(answers, ties):
    mirrored = [MIRROR[winner] for winner in likert.winners(answers, ties=ties).tolist()]
    assert likert.winners(likert.swapped(answers), ties=ties).tolist() == mirrored
    assert likert.swapped(likert.swapped(answers)).tolist() == answers


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [(0, "0"), (9, "9"), (4.5, "4.5"), (float("nan"), "nan"), (None, "None"), ("", "''"), ("five", "'five'"),
     (-1, "-1"), (True, "True"), (float("inf"), "inf"), ("9", "'9'"), (10**400, "1000")],
)  # fmt: skip
def test_anything_but_a_whole_number_from_one_to_eight_is_refused_with_its_row(wrong, shown):
    with pytest.raises(BadBattle) as caught:
        likert.winners([3, 8, wrong])
    assert str(caught.value).startswith(f"Battle 3: likert is {shown}")
    assert str(caught.value).endswith("; expected a whole number from 1 to 8.")


COLUMNS = [
    [1, 8, 4],
    ["1", "8", "4"],
    np.array([1.0, 8.0, 4.0]),
    np.array([1, 8, 4], np.uint8),
    pd.Series([1, 8, 4], index=[5, 6, 7]),
    pa.array([1, 8, 4]),
    pa.chunked_array([["1", "8"], ["4"]]),
    pa.array(["1", "8", "4"]).dictionary_encode(),
]


@pytest.mark.parametrize("column", COLUMNS)
def test_answers_may_come_in_any_kind_of_column(column):
    assert likert.winners(column).tolist() == ["model_a", "model_b", "tie"]


def test_a_wrong_answer_in_a_pandas_column_is_named_by_position():
    with pytest.raises(BadBattle, match=r"Battle 2: likert is 9\.0;"):
        likert.checked(pd.Series([1.0, 9.0], index=[10, 11]))


def test_two_orders_of_one_question_are_averaged_on_one_scale():
    # 2 forwards and 7 backwards (= 2) agree; 1 and 1 (= 8) contradict: mean 4.5; 3 and 5 (= 4) have mean 3.5.
    assert likert.both_orders([2, 1, 3, 8], [7, 1, 5, 2]).tolist() == ["model_a", "tie", "model_a", "model_b"]
    assert likert.both_orders([4, 1, 5], [5, 1, 5], ties="none").tolist() == ["model_a", "tie", "tie"]


@given(scores, st.sampled_from(["allowed", "none"]))
def test_two_agreeing_orders_give_the_winner_of_one(answers, ties):
    one = likert.winners(answers, ties=ties).tolist()
    assert likert.both_orders(answers, likert.swapped(answers), ties=ties).tolist() == one


def test_both_orders_of_one_question_are_one_cluster():
    found = likert.question_clusters(["q1", "q2", "q1", "q2", "q3"])
    assert found.tolist() == [0, 1, 0, 1, 2]
    assert likert.question_clusters(pa.array([81, 82, 81])).tolist() == [0, 1, 0]


@given(st.lists(st.tuples(st.integers(1, 8), st.booleans()), min_size=1, max_size=30))
def test_switching_sides_touches_only_the_rows_it_is_told_to(case):
    answers, where = [x for x, _ in case], [flip for _, flip in case]
    first, second = [f"a{i}" for i in range(len(case))], [f"b{i}" for i in range(len(case))]
    new_first, new_second, new_answers = likert.switch_sides(first, second, answers, where)
    for i, (answer, flip) in enumerate(case):
        expected = (second[i], first[i], 9 - answer) if flip else (first[i], second[i], answer)
        assert (new_first[i], new_second[i], int(new_answers[i])) == expected


def h4_data(seed=0):
    """327 prompts, all six pairs of four models, answers around a difference in strength."""
    random = np.random.default_rng(seed)
    strength = {"vicuna-13b": 1.4, "koala-13b": 0.9, "oasst-12b": 0.0, "dolly-12b": -1.2}
    names = list(strength)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]] * 327
    center = np.array([4.5 - strength[a] + strength[b] for a, b in pairs])
    answers = np.clip(np.rint(center + 2 * random.standard_normal(len(pairs))), 1, 8).astype(int)
    return [a for a, _ in pairs], [b for _, b in pairs], answers


@pytest.mark.parametrize("ties", ["allowed", "none"])
def test_the_published_method_of_h4_does_not_depend_on_which_sides_are_switched(ties):
    a, b, answers = h4_data()
    where = np.random.default_rng(1).random(len(answers)) < 0.5
    straight = likert.h4_published(a, b, answers, ties=ties, n_resamples=50)
    switched = likert.h4_published(*likert.switch_sides(a, b, answers, where), ties=ties, n_resamples=50)
    assert (straight.rounds == switched.rounds).all()
    by_hand = elo.bootstrap(battles_from_columns(a, b, likert.winners(answers, ties=ties)), elo.H4, n_resamples=50)
    assert (straight.rounds == by_hand.rounds).all()
    assert straight.settings.items() >= {"k": 32.0, "scale": 400.0, "base": 10.0, "start": 1000.0}.items()
    assert sorted(straight.models, key=lambda m: -straight.rating[straight.models.index(m)]) == list(
        dict.fromkeys([*a, *b])
    )


def test_an_index_bug_in_the_switch_would_change_the_ratings():
    # What H4's slip did: the switched battle was written over another row. Here: over the row before.
    a, b, answers = h4_data()
    where = np.random.default_rng(1).random(len(answers)) < 0.5
    first, second, new = likert.switch_sides(a, b, answers, where)
    slipped = np.where(where, np.arange(len(new)), np.roll(np.arange(len(new)), 1))
    right = likert.h4_published(first, second, new, n_resamples=50)
    wrong = likert.h4_published(first[slipped], second[slipped], new[slipped], n_resamples=50)
    assert np.abs(right.rating - wrong.rating).max() > 1
