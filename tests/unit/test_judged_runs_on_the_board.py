"""Judged runs, from the queue to the MT-Bench tab: a row with coverage and judge, and every answer in the reader."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from markupsafe import escape

from eval_queue.executors import local
from eval_queue.judging import mt_bench
from eval_queue.publish import Publisher
from eval_queue.queue import utc_now
from eval_queue.spec import RunSpec
from eval_queue.worker import Worker
from leaderboard.boards.library import Library
from leaderboard.boards.llm_benchmarks import NAME as BENCHMARKS
from leaderboard.records import Submission, result_path
from leaderboard.settings import read_settings
from leaderboard.sources import judged_runs
from leaderboard.stores import LocalStore
from leaderboard.suites import MT_BENCH_OWN, PAIRWISE_OWN, SUITES
from leaderboard.views.run_page import run_routes
from leaderboard.views.run_page.judged import judged_row
from tests.judged import baseline_file, judge_config
from tests.stub_judge import StubJudge, rate_by_length
from tests.unit.queue_worlds import open_sqlite, submission
from tests.unit.test_judged_runs import JUDGE, PLACE, executor

RUNNER = "tests.faults.runners:answers_for_a_judge"
SUITE_OF = {"rated": MT_BENCH_OWN, "compared": PAIRWISE_OWN}


class Place:
    """A queue with a worker and, over its results, a library with no other data."""

    def __init__(self, folder: Path, url: str) -> None:
        self.now = datetime.now(UTC)
        (folder / "data").mkdir()
        snapshot = SimpleNamespace(folder=folder / "data", revision="r", origin="a test")
        self.library = Library(lambda: snapshot, folder / "store", lambda: self.now)
        self.queue = open_sqlite(folder, utc_now)
        baseline = baseline_file(folder / "baseline.jsonl")

        def prepare(wanted: Submission, work: Path) -> RunSpec:
            return RunSpec(submission=wanted, work_folder=work, model_path="none", baseline=baseline, threads=1)

        self.worker = Worker(
            name="w", queue=self.queue, executor=executor(judge_config(url), read_settings(PLACE | JUDGE)),
            publisher=Publisher(LocalStore(folder / "store")), prepare=prepare, runs=folder / "runs",
        )  # fmt: skip

    def evaluate(self, suite: str) -> Submission:
        wanted = self.queue.add(submission(suite=suite, chat_template=True)).submission
        assert self.worker.run_once(Event())
        entry = self.queue.get(wanted.key)
        assert entry is not None
        assert entry.state == "FINISHED", entry.reason
        self.now += timedelta(seconds=5)
        return wanted


def silent_at_times(body: dict) -> str:
    """A judge without a verdict on one category, as weak judges are."""
    return "I would rather not say." if "roleplay" in json.dumps(body) else rate_by_length(body)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, StubJudge(silent_at_times) as stub:
        suites = {suite.name: replace(suite, runner=RUNNER) for suite in SUITE_OF.values()}
        patch.setattr(local, "SUITES", SUITES | suites)
        found = Place(tmp_path_factory.mktemp("place"), stub.url)
        assert found.library.views("mt_bench") == []
        found.keys = {kind: found.evaluate(suite.name).key for kind, suite in SUITE_OF.items()}  # type: ignore[attr-defined]
        yield found


def view_of(place, kind):
    return next(v.value for v in place.library.views("mt_bench") if v.value.startswith(f"here_{SUITE_OF[kind].name}_"))


def test_a_request_through_the_queue_ends_as_a_row_without_a_restart(place):
    board = place.library.board("mt_bench", view_of(place, "rated"))
    row = board.frame.iloc[0]
    assert (row["model"], row["judge"], row["evidence"]) == ("org/model-0", "stub/judge", place.keys["rated"])
    assert (row["asked"], row["n"], row["missing"], row["coverage"]) == (16, 14, 2, 14 / 16)
    assert row["unparsed"] == 2
    run = place.library.run(place.keys["rated"])
    assert row["math"] == pytest.approx(10 * {score.task: score.score for score in run.tasks}["own_math"])
    assert {"score", "turn_1", "turn_2", "drop", "coverage", "evidence"} <= {column.key for column in board.columns}
    assert next(chart.name for chart in place.library.charts("mt_bench", board.view)) == "means"


def test_its_answers_and_the_judge_s_words_are_in_the_reader(place):
    view = view_of(place, "rated")
    found = {part.key: part for part in place.library.reading("mt_bench", view, {"question": "201"}).parts}
    assert found["question_1"].text == "What is writing good for?"
    assert found["answer_both_2"].text == "Question 201, turn 2: applesapples."
    assert "As it is." in found["verdict_both_1"].text
    assert found["verdict_both_1"].title.startswith("stub/judge: ")
    again = {part.key: part for part in place.library.reading("mt_bench", view, {"question": "202"}).parts}
    assert again["verdict_both_1"].mark == "missing: it is in no average"
    assert again["verdict_both_1"].facts == (("Left out", f"no score: {mt_bench.NO_VERDICT}"),)
    assert again["verdict_both_1"].text == "I would rather not say."


def test_the_baseline_s_comparisons_of_a_rated_run_are_in_the_reader(place):
    chosen = {"mode": "pair", "question": "201"}
    found = {part.key: part for part in place.library.reading("mt_bench", view_of(place, "rated"), chosen).parts}
    assert found["answer_a_1"].text == "Maybe."
    assert found["answer_b_1"].text == "Question 201, turn 1: apples."


def test_a_pairwise_run_is_a_row_with_its_win_rate_and_both_orders_to_read(place):
    view = view_of(place, "compared")
    board = place.library.board("mt_bench", view)
    row, run = board.frame.iloc[0], place.library.run(place.keys["compared"])
    assert (row["win_rate"], row["n"], row["asked"]) == (run.tasks[0].score, run.tasks[0].n, 8)
    assert row["baseline"] == "base/line"
    assert board.default_sort == "-win_rate"
    assert [chart.name for chart in place.library.charts("mt_bench", view)] == ["win_rates"]
    keys = [part.key for part in place.library.reading("mt_bench", view, {"question": "201"}).parts]
    assert keys[-3:] == ["verdict_1", "verdict_1_order_1", "verdict_1_order_2"]


def test_a_run_that_says_one_thing_to_everything_is_marked_with_how_often(place, tmp_path):
    run = place.library.run(place.keys["rated"])
    said = "gives (nearly) the same answer to 15 of 16 questions and follow-ups"
    flagged = run.model_copy(update={"environment": run.environment | {"flag_constant": said}})
    path = tmp_path / result_path(run.submission)
    path.parent.mkdir(parents=True)
    path.write_text(flagged.model_dump_json())
    snapshot = SimpleNamespace(folder=place.worker.publisher._store.root, revision="r", origin="a test")
    board = Library(lambda: snapshot, tmp_path, lambda: place.now).board("mt_bench", view_of(place, "rated"))
    assert board.frame.iloc[0]["warning"] == said
    assert board.column("constant").badge == "same answer"
    assert bool(board.frame.iloc[0]["constant"])


def test_samples_that_are_gone_leave_the_row_out_and_the_rest_of_the_page_whole(place, tmp_path):
    run = place.library.run(place.keys["rated"])
    path = tmp_path / result_path(run.submission)
    path.parent.mkdir(parents=True)
    path.write_text(run.model_copy(update={"samples": {"own_math": "../../etc/passwd"}}).model_dump_json())
    snapshot = SimpleNamespace(folder=tmp_path / "none", revision="r", origin="a test")
    library = Library(lambda: snapshot, tmp_path, lambda: place.now)
    board = library.board("mt_bench")
    assert len(board.frame) == 0
    assert any("is named by its run, and is not there" in note for note in board.notes)
    assert library.reading("mt_bench", None, {}).empty
    assert len(library.board(BENCHMARKS, "here_mt_bench_own").frame) == 1


def page_of(place, kind, **query):
    app = FastAPI()
    app.include_router(run_routes(place.library, place.queue))
    answer = TestClient(app).get(f"/runs/{place.keys[kind]}", params=query)
    assert answer.status_code == 200
    return answer.text


def test_the_run_s_page_shows_score_judge_its_words_and_both_turns(place):
    page = page_of(place, "rated", task="own_math")
    assert "Judged by stub/judge, prompts 2026-11-1; usable verdicts: 14 of 16" in page
    assert re.search(r"Question 204, turn 1: \d+ of 10", page)
    assert "Question 204, turn 2:" in page
    assert "As it is." in page
    assert "It is good for much." in page, "the reference"
    assert "2 answers, 0 without a verdict." in page
    assert "Only wrong answers" not in page


def test_missing_verdicts_are_on_the_run_s_page_with_their_reason(place):
    page = page_of(place, "rated", task="own_roleplay", show="missing")
    assert "2 of 2 answers, those without a verdict." in page
    assert f"No verdict, so it is in no score: {escape(mt_bench.NO_VERDICT)}." in page
    assert "no usable verdict" in page, "in the table of scores"


def test_a_comparison_on_the_run_s_page_has_both_answers_and_orders(place):
    page = page_of(place, "compared")
    for words in ("Answer of the baseline, base/line", "With the model shown first:", "With the baseline shown first:"):
        assert words in page


def test_what_a_model_or_judge_writes_is_harmless_on_the_run_s_page():
    bad = "<script>alert(1)</script> [x](javascript:alert(1)) **bold**"
    row = {"doc_id": 1, "turn": 1, "question": bad, "answer": bad, "judgment": bad, "rating": 7.0, "score": 0.7}
    shown = judged_row(row)
    for said in (*shown.answers, *shown.said):
        assert "<script" not in said.html
        assert "href" not in said.html
        assert "<strong>bold</strong>" in said.html


def test_the_evaluator_and_the_board_have_the_same_word_for_no_answer():
    assert judged_runs.NO_ANSWER == mt_bench.NO_ANSWER
