"""`leaderboard agreement`: the shape of its JSON, what it says about votes it leaves out, and what it refuses."""

import json

import pytest

from leaderboard.cli import main

HEADER = "question_id,turn,model_a,model_b,winner,judge"
HUMANS = """1,1,a,b,model_a,ann
1,1,b,a,model_a,bob
2,1,a,b,tie,ann
3,2,a,b,model_b,ann
9,1,a,b,model_a,ann
"""
JUDGE = """1,1,b,a,model_b,gpt
2,1,a,b,tie (inconsistent),gpt
3,2,a,b,model_b,gpt
"""


@pytest.fixture
def compared(tmp_path, capsys):
    """Runs the verb on two tables given as text; leaves the exit code, the report and what stderr says."""

    def run(humans: str = HUMANS, judge: str = JUDGE, name: str = "judge.csv"):
        first, second = tmp_path / "humans.csv", tmp_path / name
        first.write_text(f"{HEADER}\n{humans}")
        second.write_text(f"{HEADER}\n{judge}" if name.endswith(".csv") else judge)
        code = main(["agreement", str(first), str(second), "--format", "json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err

    return run


def test_the_report_has_exactly_the_documented_shape(compared):
    code, report, _ = compared()
    figures = ["n", "agreement", "kappa", "kappa_lower", "kappa_upper"]
    assert code == 0
    assert list(report) == ["per_vote", "majority", "inconsistent"]
    for part in ("per_vote", "majority"):
        assert list(report[part]) == ["all", "turn_1", "turn_2"]
        for by_ties in report[part].values():
            assert list(by_ties) == ["with_ties", "without_ties"]
            assert all(list(found) == figures for found in by_ties.values())
    assert report["inconsistent"] == {"n": 1, "of": 3}


def test_the_figures_are_those_of_a_count_by_hand(compared):
    _, report, err = compared()
    # per vote: question 1 agrees with ann and not with bob, 2 is a tie of both, 3 agrees; 9 was not judged
    per_vote, majority = report["per_vote"], report["majority"]
    assert (per_vote["all"]["with_ties"]["n"], per_vote["all"]["with_ties"]["agreement"]) == (4, 0.75)
    assert (per_vote["turn_1"]["without_ties"]["n"], per_vote["turn_1"]["without_ties"]["agreement"]) == (2, 0.5)
    assert (per_vote["turn_2"]["with_ties"]["n"], per_vote["turn_2"]["with_ties"]["agreement"]) == (1, 1.0)
    # ann and bob cancel each other to a tie, which the judge does not see
    assert (majority["all"]["with_ties"]["n"], majority["all"]["with_ties"]["agreement"]) == (3, 2 / 3)
    assert majority["all"]["without_ties"]["n"] == 1
    assert err == "1 of 5 votes have no verdict of the judge and were left out.\n"


def test_what_cannot_be_computed_is_null(compared):
    _, report, _ = compared(humans="9,1,a,b,model_a,ann\n")
    blank = {"n": 0, "agreement": None, "kappa": None, "kappa_lower": None, "kappa_upper": None}
    assert report["per_vote"]["all"]["with_ties"] == blank
    assert report["majority"]["turn_2"]["without_ties"] == blank


def test_a_judge_asked_in_both_orders_row_by_row_contradicts_itself_where_they_differ(compared):
    _, report, _ = compared(judge="1,1,a,b,model_a,gpt\n1,1,b,a,model_a,gpt\n3,2,a,b,model_b,gpt\n")
    assert report["inconsistent"] == {"n": 1, "of": 2}


def test_the_same_files_give_the_same_report(compared):
    assert compared() == compared()


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        ("1,1,a,b,model_a,gpt\n2,1,a,b,A,gpt\n", "judge.csv: Battle 2: winner is 'A'; expected model_a, model_b, tie"),
        ("1,1,a,a,tie,gpt\n", "judge.csv: Battle 1: model_b is 'a'; expected another model than model_a"),
        (",1,a,b,tie,gpt\n", "judge.csv: Battle 1: question_id is missing"),
        ("", "judge.csv: has no rows"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_file_and_row(compared, judge, words):
    code, report, err = compared(judge=judge)
    assert (code, report) == (2, None)
    assert words in err


def test_a_file_without_the_columns_is_refused(compared):
    code, _, err = compared(judge='{"question_id": 1, "winner": "tie"}\n', name="judge.jsonl")
    assert code == 2
    assert "judge.jsonl: column turn, model_a, model_b is missing" in err
