"""MT-Bench: what is averaged, what is not, and the means of public judgments."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leaderboard.errors import BadBattle, BadRecord
from leaderboard.metrics.mt_bench import CATEGORY_MEANS, MEANS, by_category, clean, means, pair_verdicts

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "mt_bench"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public judgments are not at {SHARED}")


def judgments(*rows: tuple[int, int, float | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["question_id", "turn", "score"]).assign(model="m", judge="j")


def test_unparsed_scores_and_repeated_judgments_are_listed_not_averaged():
    rows = judgments((81, 1, 8.0), (81, 2, -1.0), (82, 1, None), (82, 2, 11.0), (83, 1, 2.0), (83, 1, 4.0))
    found = clean(rows)
    assert found.kept["score"].tolist() == [8.0, 4.0]
    assert found.left_out["reason"].tolist() == [
        "the verdict could not be parsed", "the verdict could not be parsed", "the score is outside 1 to 10",
        "the answer was judged again later",
    ]  # fmt: skip
    assert means(found.kept, n_asked=160).iloc[0]["score"] == 6.0


def test_means_by_turn_with_a_question_as_one_cluster():
    rows = judgments((81, 1, 9.0), (81, 2, 7.0), (82, 1, 5.0), (82, 2, 3.0))
    row = means(clean(rows).kept, n_asked=8).iloc[0]
    assert (row["score"], row["turn_1"], row["turn_2"], row["n"], row["coverage"]) == (6.0, 7.0, 5.0, 4, 0.5)
    assert (row["score_lower"], row["score_upper"]) == (1.0, 10.0), "two questions say nothing: 2 x 12.7, on the scale"


def test_bounds_are_students_with_a_question_as_one_cluster():
    rows = judgments(*((81 + i, turn, score) for i, score in enumerate([5, 6, 7, 8, 9]) for turn in (1, 2)))
    row = means(clean(rows).kept).iloc[0]
    # five clusters with sums of residuals -4, -2, 0, 2, 4: sqrt(40 * 5 / 4) / 10; 2.7764 is Student's with 4
    assert row["score_upper"] - row["score"] == pytest.approx(2.776445 * 50**0.5 / 10, abs=1e-5)
    assert np.isnan(row["coverage"])


def test_rows_of_several_files_are_told_apart_though_their_numbers_repeat():
    both = pd.concat([judgments((81, 1, 8.0), (81, 1, 4.0)), judgments((82, 1, 2.0), (83, 1, 6.0))])
    found = clean(both)
    assert found.kept["score"].tolist() == [4.0, 2.0, 6.0]
    assert len(found.left_out) == 1


def test_a_judgment_without_a_time_is_older_than_one_with():
    rows = judgments((81, 1, 8.0), (81, 1, 4.0)).assign(tstamp=[1.7e9, None])
    assert clean(rows).kept["score"].tolist() == [8.0]


def test_turns_may_be_text_but_not_a_third_one():
    assert means(clean(judgments((81, 1, 8.0)).astype({"turn": str})).kept).iloc[0]["turn_1"] == 8.0
    with pytest.raises(BadBattle, match="Battle 2: turn is 3; expected 1 or 2"):
        clean(judgments((81, 1, 8.0), (81, 3, 8.0)))


def test_nothing_judged_is_an_empty_table_with_its_columns():
    kept = clean(judgments((81, 1, -1.0))).kept
    assert len(kept) == 0
    assert list(means(kept)) == MEANS
    assert list(by_category(kept, pd.DataFrame({"question_id": [81], "category": ["math"]}))) == CATEGORY_MEANS


@pytest.mark.parametrize(("ids", "times"), [([82], 0), ([81, 81], 2)])
def test_a_question_without_one_category_is_refused(ids, times):
    questions = pd.DataFrame({"question_id": ids, "category": "math"})
    with pytest.raises(BadRecord, match=f"Question 81 is {times} times among the questions"):
        by_category(clean(judgments((81, 1, 9.0))).kept, questions)


def test_categories_have_their_own_means():
    questions = pd.DataFrame({"question_id": [81, 82], "category": ["writing", "math"]})
    table = by_category(clean(judgments((81, 1, 9.0), (82, 1, 3.0))).kept, questions).set_index("category")
    assert table["score"].to_dict() == {"math": 3.0, "writing": 9.0}


def test_two_orders_that_disagree_are_an_inconsistent_tie():
    frame = pd.DataFrame({
        "g1_winner": ["model_1", "model_1", "tie", "model_2", "error"],
        "g2_winner": ["model_1", "model_2", "tie", "tie", "model_1"],
    })  # fmt: skip
    found = pair_verdicts(frame)
    assert found["winner"].fillna("missing").tolist() == ["model_1", "tie", "tie", "tie", "missing"]
    assert found["inconsistent"].tolist() == [False, True, False, True, False]
    with pytest.raises(BadBattle, match="Battle 1: g2_winner is 'A'"):
        pair_verdicts(frame.assign(g2_winner="A"))


@needs_shared
def test_means_of_public_judgments_are_those_published_with_them():
    rows = pd.read_parquet(SHARED / "gpt4_single_judgments_forks.parquet")
    found = clean(rows)
    assert len(rows) == 4650
    assert found.left_out["reason"].eq("the verdict could not be parsed").sum() == 8
    assert not found.kept.duplicated(["model", "judge", "question_id", "turn"]).any()
    score = means(found.kept, n_asked=160).set_index("model")
    assert score["judge"].eq("gpt-4").all(), "one judge, whatever its prompt"
    for model, published in (
        ("claude-3-5-sonnet-20240620", 9.206), ("gpt-4-1106-preview", 9.228), ("claude-3-opus-20240229", 8.675),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", 8.341), ("vicuna-7b-v1.3", 6.103), ("llama2_chat_7b", 6.191),
    ):  # fmt: skip
        assert score.loc[model, "score"] == pytest.approx(published, abs=0.01), model
    assert score["coverage"].le(1).all()
