"""Position, length and self-preference, by hand and on five judges who read both orders."""

from pathlib import Path

import pandas as pd
import pytest

from leaderboard.metrics.judge_bias import first_slot_share, flip_rate, flips, longer_share, self_preference

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "peer_rank_prd"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public ratings are not at {SHARED}")


def verdicts(*rows: tuple[int, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["question_id", "model_a", "model_b", "winner"]).assign(judge="j")


def test_the_first_slot_share_leaves_ties_out():
    rows = [(i, "x", "y", w) for i, w in enumerate(["model_a", "model_a", "model_a", "model_b", "tie"])]
    found = first_slot_share(verdicts(*rows))
    assert (found.share, found.n) == (0.75, 4)
    assert found.lower < 0.75 < found.upper


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
    rows = verdicts((1, "x", "y", "model_a"), (2, "x", "y", "model_b"), (3, "x", "y", "model_a"), (4, "x", "y", "tie"))
    found = longer_share(rows.assign(len_a=[9, 9, 5, 9], len_b=[5, 5, 5, 5]))
    assert (found.share, found.n) == (0.5, 2)


def test_self_preference_is_against_other_judges_on_the_same_answers():
    own = verdicts((1, "x", "y", "model_a"), (2, "x", "y", "model_a"), (3, "x", "y", "tie")).assign(judge="x-judge")
    other = verdicts((1, "x", "y", "model_a"), (2, "x", "y", "model_b"), (3, "x", "y", "model_b"))
    found = self_preference(pd.concat([own, other]), "x-judge", "x")
    assert found.own.share == pytest.approx(2.5 / 3)
    assert found.others.share == pytest.approx(1 / 3)
    assert found.difference == pytest.approx(0.5)
    assert found.difference_lower < 0.5 < found.difference_upper


@needs_shared
def test_five_judges_in_both_orders():
    rows = pd.read_parquet(
        SHARED / "ratings.parquet", columns=["reviewer", "answer_1", "answer_2", "question_id", "score"]
    )
    names = {1: "model_a", 2: "model_b", 3: "tie"}
    frame = rows.rename(columns={"reviewer": "judge", "answer_1": "model_a", "answer_2": "model_b"}).assign(
        winner=rows["score"].map(names)
    )
    share = {judge: first_slot_share(part).share for judge, part in frame.groupby("judge")}
    rate = {judge: flip_rate(part).share for judge, part in frame.groupby("judge") if judge != "human"}
    expected = {"bard": 0.63, "claude": 0.45, "gpt35": 0.31, "gpt4": 0.31, "vicuna-13b": 0.63}
    assert rate == pytest.approx(expected, abs=0.01)
    assert share["bard"] > 0.8, "the first answer wins four times of five"
    assert 0.49 < share["human"] < 0.54
    gpt4 = self_preference(frame, "gpt4", "gpt4")
    assert gpt4.difference == pytest.approx(0.125, abs=0.005), "13 points more for its own answers than from the others"
    assert gpt4.difference_lower > 0.05
