"""The summary of a run: known answers by hand."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.records import RunResult, Submission, TaskScore
from leaderboard.run_summary import Z_95, share, share_of, summarise
from leaderboard.suites import CORE

TIME = datetime(2026, 1, 1, tzinfo=UTC)
SCORES = (0.3, 0.225, 0.15, 0.2, 0.275)


def run(error: float | None = 0.05, n_tasks: int = 5, suite: str = "core") -> RunResult:
    wanted = Submission(model="org/m", revision="a" * 40, precision="bfloat16", suite=suite, submitted_at=TIME)
    tasks = tuple(
        TaskScore(task=task.name, metric="acc_norm", score=score, standard_error=error, n=40)
        for task, score in zip(CORE.tasks, SCORES, strict=True)
    )
    return RunResult(submission=wanted, started_at=TIME, finished_at=TIME, tasks=tasks[:n_tasks])


def test_the_average_and_its_interval_are_those_of_independent_tasks() -> None:
    summary = summarise(run())
    assert summary is not None
    # mean of the five scores 0.23; five errors of 0.05: sqrt(5 * 0.05^2) / 5 = 0.05 / sqrt(5)
    assert summary.average.value == pytest.approx(0.23)
    assert summary.average.upper == pytest.approx(0.23 + 1.959964 * 0.05 / math.sqrt(5), abs=1e-6)
    assert (summary.average.percent, summary.average.interval) == ("23.0", "18.6–27.4")


def test_guessing_has_the_interval_of_a_guesser_on_as_many_questions() -> None:
    summary = summarise(run())
    assert summary is not None
    assert summary.guessing is not None
    # 25 % of 200 questions: sqrt(0.25 * 0.75 / 200) = 0.03062; times 1.96 = 0.0600
    assert (summary.guessing.percent, summary.guessing.interval) == ("25.0", "19.0–31.0")
    # of 40 questions: sqrt(0.25 * 0.75 / 40) = 0.06847; times 1.96 = 0.1342
    assert summary.chances["core_dates"].interval == "11.6–38.4"


def test_a_score_without_error_has_no_interval_and_neither_has_its_average() -> None:
    summary = summarise(run(error=None))
    assert summary is not None
    assert summary.average.interval == share_of(run(error=None).tasks[0]).interval == "–"


@pytest.mark.parametrize("result", [run(n_tasks=4), run(suite="unknown_suite")])
def test_a_part_of_a_suite_has_no_average(result: RunResult) -> None:
    assert summarise(result) is None


@given(st.floats(0, 1), st.floats(0, 1))
def test_bounds_stay_between_0_and_1_and_hold_the_score(value: float, error: float) -> None:
    found = share(value, error)
    assert found.lower is not None
    assert found.upper is not None
    assert 0 <= found.lower <= value <= found.upper <= 1
    assert found.upper - found.lower <= 2 * Z_95 * error + 1e-9
