"""Agreement against hand-computed values, and against what was published about GPT-4 and humans."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.errors import BadBattle
from leaderboard.metrics.agreement import (
    agree,
    canonical,
    inconsistencies,
    kappa,
    krippendorff_alpha,
    majority,
    matched,
)

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "mt_bench"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public labels are not at {SHARED}")


def verdicts(*rows: tuple[int, str, str, str], turn: int = 1) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["question_id", "model_a", "model_b", "winner"])
    return canonical(frame.assign(turn=turn))


def pairs(human: list[int], judge: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"question_id": range(len(human)), "human": human, "judge": judge})


def test_a_verdict_on_the_swapped_pair_is_mirrored():
    one, other = verdicts((1, "a", "b", "model_a")), verdicts((1, "b", "a", "model_b"))
    pd.testing.assert_frame_equal(one, other)
    assert matched(one, other)["judge"].tolist() == [1]


def test_agreement_and_kappa_of_a_known_table():
    # judge and human: 20 both +1, 5 human +1 judge -1, 10 human -1 judge +1, 15 both -1 (Cohen's textbook example)
    human, judge = [1] * 25 + [-1] * 25, [1] * 20 + [-1] * 5 + [1] * 10 + [-1] * 15
    found = agree(pairs(human, judge), ties=True)
    assert (found.n, found.agreement) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)  # chance: 0.5 * 0.6 + 0.5 * 0.4 = 0.5
    assert found.kappa_lower < 0.4 < found.kappa_upper


def test_kappa_and_its_bounds_are_those_of_the_textbook():
    """Fleiss, Levin and Paik (2003), table 18.1: kappa 0.68, standard error 0.087; 95 % from 0.51 to 0.85."""
    table = np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
    human, judge = (np.repeat(side.ravel() - 1, table.ravel()) for side in np.indices((3, 3)))
    found = agree(pairs(human.tolist(), judge.tolist()), ties=True)
    assert found.kappa == pytest.approx(0.23 / 0.34)  # (0.89 - 0.66) / (1 - 0.66)
    assert (found.kappa_upper - found.kappa_lower) / 2 == pytest.approx(1.96 * 0.087, rel=0.06)
    assert [found.kappa_lower, found.kappa_upper] == pytest.approx([0.51, 0.85], abs=0.03)


def test_votes_on_one_question_are_one_cluster():
    human, judge = [1] * 25 + [-1] * 25, [1] * 20 + [-1] * 5 + [1] * 10 + [-1] * 15
    one = agree(pairs(human, judge), ties=True)
    copies = pairs(human * 4, judge * 4).assign(question_id=list(range(50)) * 4)
    four = agree(copies, ties=True)
    assert four.n == 4 * one.n
    assert (four.kappa_lower, four.kappa_upper) == (one.kappa_lower, one.kappa_upper)


def test_what_cannot_be_said_is_nan():
    nothing = agree(pairs([], []), ties=True)
    assert nothing.n == 0
    assert np.isnan([nothing.agreement, nothing.kappa, nothing.kappa_lower, nothing.kappa_upper]).all()
    single = agree(pairs([1, -1], [1, 1]).assign(question_id=7), ties=True)
    assert (single.agreement, single.kappa) == (0.5, 0.0)
    assert np.isnan([single.kappa_lower, single.kappa_upper]).all(), "one question has no spread"
    assert len(majority(verdicts())) == 0


def test_inconsistent_verdicts_are_counted_once_a_comparison():
    said = (1, "a", "b", "tie (inconsistent)")
    differing = [(2, "a", "b", "model_a"), (2, "b", "a", "model_a")]  # the first slot both times
    same = [(3, "a", "b", "model_a"), (3, "b", "a", "model_b")]
    assert inconsistencies(verdicts(said, *differing, *same)) == (2, 3)


def test_two_judges_who_differ_are_not_one_who_contradicts_himself():
    frame = pd.DataFrame([(1, 1, "a", "b", "model_a", "x"), (1, 1, "a", "b", "model_b", "y")])
    frame.columns = ["question_id", "turn", "model_a", "model_b", "winner", "judge"]
    assert inconsistencies(canonical(frame)) == (0, 2)


def test_without_ties_only_verdicts_of_both_count():
    found = agree(pairs([1, 0, 1, -1, 0], [1, 1, 0, 1, 0]), ties=False)
    assert (found.n, found.agreement) == (2, 0.5)


def test_an_inconsistent_verdict_is_a_tie():
    frame = verdicts((1, "a", "b", "tie (inconsistent)"), (2, "a", "b", "tie"))
    assert frame["outcome"].tolist() == [0, 0]
    assert frame["inconsistent"].tolist() == [True, False]


def test_the_majority_is_the_single_most_frequent_vote_else_a_tie():
    rows = [(1, "a", "b", w) for w in ("model_a", "model_a", "tie")] + [
        (2, "a", "b", w) for w in ("model_a", "model_b")
    ]
    assert majority(verdicts(*rows))["outcome"].tolist() == [1, 0]


def test_ids_of_two_files_match_whatever_their_type():
    one, other = (
        canonical(pd.DataFrame({"question_id": [q], "turn": [t], "model_a": "a", "model_b": "b", "winner": "tie"}))
        for q, t in ((81, 1), ("81", 1.0))
    )
    assert len(matched(one, other)) == 1


def test_turns_and_questions_are_not_mixed():
    votes = pd.concat([verdicts((1, "a", "b", "model_a")), verdicts((1, "a", "b", "model_b"), turn=2)])
    judge = verdicts((1, "a", "b", "model_a"))
    assert len(matched(votes, judge)) == 1


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((1, "a", "b", "A"), "Battle 2: winner is 'A'; expected model_a, model_b, tie or both_bad"),
        ((1, "a", "a", "tie"), "Battle 2: model_b is 'a'; expected another model"),
        ((None, "a", "b", "tie"), "Battle 2: question_id is missing; expected a value"),
    ],
)
def test_a_row_that_cannot_be_counted_is_refused_by_number(row, words):
    with pytest.raises(BadBattle, match=words):
        verdicts((1, "a", "b", "tie"), row)


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=2, max_size=60))
def test_complete_agreement_has_kappa_one_and_order_does_not_matter(human):
    found = agree(pairs(human, human), ties=True)
    assert found.agreement == 1.0
    assert np.isnan(found.kappa) if len(set(human)) == 1 else found.kappa == pytest.approx(1.0)
    judge = list(reversed(human))
    order = np.random.default_rng(0).permutation(len(human))
    shuffled = pairs([human[i] for i in order], [judge[i] for i in order])
    assert agree(shuffled, ties=True).agreement == pytest.approx(agree(pairs(human, judge), ties=True).agreement)


def test_kappa_of_independent_raters_is_zero():
    assert kappa(np.outer([20.0, 30.0], [10.0, 40.0])) == pytest.approx(0.0)


def test_krippendorffs_own_example():
    """Krippendorff (2011), section C: four observers, twelve units, missing data; nominal alpha 0.743."""
    blank = None
    ratings = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, blank, blank, blank],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, blank, 3],
        [blank, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, blank],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, blank],
    ]
    assert krippendorff_alpha(ratings) == pytest.approx(0.743, abs=5e-4)


def test_alpha_says_nothing_without_two_values_a_unit():
    assert np.isnan(krippendorff_alpha([[1, None], [None, 2]]))
    assert krippendorff_alpha([["a", "b", "a"], ["a", "b", "a"]]) == 1.0
    assert np.isnan(krippendorff_alpha([["a", "b", "a"]])), "one annotator agrees with nobody"
    assert np.isnan(krippendorff_alpha([[None, None], [None, float("nan")]]))
    assert np.isnan(krippendorff_alpha([]))
    assert np.isnan(krippendorff_alpha([["a", "a"], ["a", "a"]])), "all equal: chance agreement is complete"


def test_alpha_of_two_observers_by_hand():
    """Krippendorff (2011), section A: ten units, 0/1; six agreements, alpha 0.095."""
    one, other = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    # coincidences: o01 = o10 = 4, margins n0 = 14, n1 = 6: 1 - 19 * 8 / (400 - 196 - 36) = 0.0952
    assert krippendorff_alpha([one, other]) == pytest.approx(1 - 19 * 8 / 168)


@needs_shared
def test_the_command_reproduces_the_published_agreement_of_gpt4_with_humans():
    """Zheng et al. (2023), table 5: setup S1 66 %, S2 85 % in the first turn; table 6: 66 % and 85 % in the second."""
    files = [str(SHARED / name) for name in ("labels_human.jsonl", "labels_gpt4_pair.jsonl")]
    done = subprocess.run(
        [sys.executable, "-m", "leaderboard.cli", "agreement", *files], capture_output=True, text=True, check=True
    )
    report = json.loads(done.stdout)
    per_vote = report["per_vote"]
    assert per_vote["all"]["with_ties"]["n"] == 3355
    for turn in ("turn_1", "turn_2"):
        assert per_vote[turn]["with_ties"]["agreement"] == pytest.approx(0.66, abs=0.007)
        assert per_vote[turn]["without_ties"]["agreement"] == pytest.approx(0.855, abs=0.006)
        assert per_vote[turn]["with_ties"]["kappa_lower"] < per_vote[turn]["with_ties"]["kappa"]
    assert report["majority"]["all"]["with_ties"]["n"] == 1814
    assert report["inconsistent"] == {"n": 380, "of": 2400}
