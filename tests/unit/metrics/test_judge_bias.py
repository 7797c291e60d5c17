"""Position, length and self-preference, by hand and on five judges who read both orders."""

import math
from pathlib import Path

import pandas as pd
import pytest

from leaderboard.errors import BadBattle
from leaderboard.metrics.judge_bias import first_slot_share, flip_rate, flips, longer_share, self_preference, share_of

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "peer_rank_prd"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public ratings are not at {SHARED}")


def verdicts(*rows: tuple[int, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["question_id", "model_a", "model_b", "winner"]).assign(judge="j")


def test_the_first_slot_share_leaves_ties_out():
    rows = [(i, "x", "y", w) for i, w in enumerate(["model_a", "model_a", "model_a", "model_b", "tie"])]
    found = first_slot_share(verdicts(*rows), orders="drawn")
    assert (found.share, found.n) == (0.75, 4)
    assert found.lower < 0.75 < found.upper


def test_a_pair_judged_in_one_order_says_nothing_about_the_slot():
    better_first = [(question, "x", "y", "model_a") for question in range(9)]
    assert math.isnan(first_slot_share(verdicts(*better_first)).share)
    # x wins from both slots: no bias, whatever the pairs asked in one order say
    both = [*better_first, *((question, "y", "x", "model_b") for question in range(6))]
    assert first_slot_share(verdicts(*both)).share == 0.5
    assert first_slot_share(verdicts(*both)).n == 12


def test_turns_of_a_question_are_not_two_tries_of_one_verdict():
    rows = [(1, "x", "y", "model_a"), (1, "y", "x", "model_a")]
    turns = pd.concat(
        [verdicts(*rows).assign(turn=1), verdicts((1, "x", "y", "tie"), (1, "y", "x", "tie")).assign(turn=2)]
    )
    assert flips(turns)["flipped"].tolist() == [True, False]
    assert first_slot_share(turns).n == 2


@pytest.mark.parametrize(
    "measure",
    [first_slot_share, flip_rate, longer_share, lambda rows: self_preference(rows, "j", "x")],
    ids=["first_slot_share", "flip_rate", "longer_share", "self_preference"],
)
def test_a_misspelt_winner_is_refused_and_no_tie(measure):
    rows = verdicts((1, "x", "y", "model_a"), (2, "x", "y", "modelb")).assign(len_a=1, len_b=2)
    with pytest.raises(BadBattle, match="Battle 2: winner is 'modelb'; expected model_a, model_b, tie"):
        measure(rows)


def test_nothing_to_judge_gives_nan_not_an_error():
    for found in (first_slot_share(verdicts()), flip_rate(verdicts()), self_preference(verdicts(), "j", "x").own):
        assert math.isnan(found.share)
        assert found.n == 0


def test_the_same_verdict_on_every_row_of_a_question_is_one_observation():
    rows = verdicts(*((1, "x", f"y{i}", "model_a") for i in range(50)))
    one = share_of([1.0])
    assert first_slot_share(rows, orders="drawn").lower == pytest.approx(one.lower)


def test_a_verdict_that_follows_the_slot_flips_and_one_that_follows_the_model_does_not():
    rows = verdicts(
        (1, "x", "y", "model_a"), (1, "y", "x", "model_a"),  # the first slot both times
        (2, "x", "y", "model_a"), (2, "y", "x", "model_b"),  # x both times
        (3, "x", "y", "tie"), (3, "y", "x", "tie"), (4, "x", "y", "model_a"), (4, "y", "x", "tie"),
        (5, "x", "y", "model_a"),  # asked in one order only
    )  # fmt: skip
    assert flips(rows)["flipped"].tolist() == [True, False, False, True]
    assert flip_rate(rows).share == 0.5


def test_the_longer_answer():
    rows = verdicts(*((i, "x", "y", w) for i, w in enumerate(["model_a", "model_b", "model_a", "tie", "model_b"])))
    found = longer_share(rows.assign(len_a=[9, 9, 5, 9, None], len_b=[5, 5, 5, 5, 5]))
    assert (found.share, found.n) == (0.5, 2), "ties, equal and unknown lengths are left out"


def test_self_preference_is_against_other_judges_on_the_same_answers():
    own = verdicts((1, "x", "y", "model_a"), (2, "x", "y", "model_a"), (3, "x", "y", "tie")).assign(judge="x-judge")
    other = verdicts((1, "x", "y", "model_a"), (2, "x", "y", "model_b"), (3, "x", "y", "model_b"))
    found = self_preference(pd.concat([own, other]), "x-judge", "x")
    assert found.own.share == pytest.approx(2.5 / 3)
    assert found.others.share == pytest.approx(1 / 3)
    assert found.difference == pytest.approx(0.5)
    # differences 0, 1, 0.5: standard error 0.5 / sqrt(3), Student's 4.3027 with 2 degrees of freedom
    assert found.difference_upper == pytest.approx(0.5 + 4.302653 * 0.5 / 3**0.5, abs=1e-5)


def test_the_difference_is_that_of_the_two_shares_also_with_uneven_questions():
    own = verdicts((1, "x", "y", "model_a"), (1, "x", "z", "model_a"), (2, "x", "y", "model_b")).assign(judge="x-judge")
    other = verdicts((1, "x", "y", "model_b"), (1, "x", "z", "model_b"), (2, "x", "y", "model_b"))
    found = self_preference(pd.concat([own, other]), "x-judge", "x")
    assert found.difference == pytest.approx(found.own.share - found.others.share) == pytest.approx(2 / 3)


@needs_shared
def test_five_judges_in_both_orders():
    rows = pd.read_parquet(
        SHARED / "ratings.parquet", columns=["reviewer", "answer_1", "answer_2", "question_id", "score"]
    )
    names = {1: "model_a", 2: "model_b", 3: "tie"}
    frame = rows.rename(columns={"reviewer": "judge", "answer_1": "model_a", "answer_2": "model_b"}).assign(
        winner=rows["score"].map(names)
    )
    share = {
        judge: first_slot_share(part, orders="drawn" if judge == "human" else "both").share
        for judge, part in frame.groupby("judge")
    }
    rate = {judge: flip_rate(part).share for judge, part in frame.groupby("judge") if judge != "human"}
    expected = {"bard": 0.63, "claude": 0.45, "gpt35": 0.31, "gpt4": 0.31, "vicuna-13b": 0.63}
    assert rate == pytest.approx(expected, abs=0.01)
    assert share["bard"] > 0.8, "the first answer wins four times of five"
    assert 0.49 < share["human"] < 0.54
    gpt4 = self_preference(frame, "gpt4", "gpt4")
    assert gpt4.difference == pytest.approx(0.125, abs=0.005), "13 points more for its own answers than from the others"
    assert gpt4.difference_lower > 0.05
