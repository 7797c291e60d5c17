"""A judge's agreement with people, measured: known judges give known figures."""

import json

import pandas as pd
import pytest

pytest.importorskip("torch", reason="the light variant judges elsewhere")

from eval_queue.runners.local_judge import Choice
from scripts.measure_local_judge import Texts, draw, figures, judge_all

N = 40
VOTES = pd.DataFrame(
    {
        "question_id": range(N), "turn": 1, "model_a": "x", "model_b": "y", "judge": "expert_0",
        "winner": ["model_a" if at % 2 else "model_b" for at in range(N)],
    }
)  # fmt: skip
TEXTS = Texts(
    questions=dict.fromkeys(range(N), ("Ask?", "More?")),
    answers={(model, at): (f"{model} {'good' if (model == 'x') == bool(at % 2) else 'bad'}", "-")
             for model in "xy" for at in range(N)},
)  # fmt: skip


class Scripted:
    """Likes the first answer by `first`, and a good one by `good`, as additions to log-odds of a fair coin."""

    name = "scripted"

    def __init__(self, first, good):
        self.first, self.good, self.asked = first, good, 0

    def choose(self, messages, name, values):
        self.asked += 1
        text = messages[-1]["content"]
        better_is_a = text.index(" good") < text.index(" bad")
        odds = 2.0 ** (self.first + (self.good if better_is_a else -self.good))
        share = {"A": odds / (1 + odds), "B": 1 / (1 + odds), "tie": 0.0}
        return Choice(probabilities=share, prompt_tokens=1, scored_tokens=1)


def measured(judge, log=None):
    sample = draw(VOTES, TEXTS, N)
    rows = list(judge_all(judge, sample, TEXTS, longest=100, log=log, told=lambda done, total: None))
    return figures(pd.DataFrame(rows), VOTES, VOTES)


def test_a_judge_that_sees_quality_agrees_with_everybody():
    found = measured(Scripted(first=0, good=3))
    assert found["agreement"]["both_orders"]["S1_with_ties"]["accuracy"] == 1
    assert found["agreement"]["both_orders"]["S1_with_ties"]["kappa"] == 1
    assert found["position"] == {"first": 0.5, "second": 0.5, "tie": 0, "consistent": 1}


def test_a_judge_that_takes_the_first_answer_never_names_a_winner_in_both_orders():
    found = measured(Scripted(first=9, good=0))
    both = found["agreement"]["both_orders"]
    assert both["S2_without_ties"]["n"] == 0
    assert both["S1_with_ties"]["accuracy"] == 0
    assert found["position"]["first"] == 1
    assert found["position"]["consistent"] == 0


def test_summed_log_odds_find_what_a_liking_for_the_first_answer_hides():
    found = measured(Scripted(first=9, good=1))
    assert found["agreement"]["both_orders"]["S1_with_ties"]["accuracy"] == 0
    assert found["agreement"]["summed_log_odds"]["S2_without_ties"]["accuracy"] == 1


def test_one_order_of_a_blind_judge_agrees_by_chance():
    accuracy = measured(Scripted(first=9, good=0))["agreement"]["one_order"]["S2_without_ties"]
    assert accuracy["n"] == N
    assert accuracy["accuracy_lower"] <= 0.5 <= accuracy["accuracy_upper"]


def test_pairs_without_texts_are_left_out_and_the_sample_is_the_same_again():
    fewer = Texts(questions=TEXTS.questions, answers={key: text for key, text in TEXTS.answers.items() if key[1] < 9})
    assert set(draw(VOTES, fewer, N)["question_id"]) == set(range(9))
    assert draw(VOTES, TEXTS, 7).equals(draw(VOTES, TEXTS, 7))


def test_what_the_log_holds_is_not_asked_again(tmp_path):
    log = tmp_path / "pairs.log"
    first = Scripted(first=0, good=3)
    before = measured(first, log)
    again = Scripted(first=0, good=3)
    assert json.dumps(measured(again, log)) == json.dumps(before)
    assert (first.asked, again.asked) == (2 * N, 0)
