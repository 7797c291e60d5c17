"""A judged run on its way to its readers: the MT-Bench tab, its texts, and the page of the run."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from eval_queue.judging.judge import ScriptedJudge
from eval_queue.judging.mt_bench import judge
from eval_queue.publish import Publisher, collect_samples
from leaderboard.boards.library import Library
from leaderboard.errors import BadRecord
from leaderboard.records import QueueEntry
from leaderboard.stores import LocalStore
from leaderboard.views.run_page import run_routes
from tests.judged import baseline_file, give_answers, judge_config, judged_spec

DATA = Path(__file__).parents[2] / "data"
VIEW = "here_mt_bench_own.0"
RATINGS = {1: 8, 2: 5}
DIFFERENT = "Question {id}, turn {turn}: {word}."


def said(request):
    if "winner" in request.schema["properties"]:
        return json.dumps({"reason": "so", "winner": "A"})
    if "desertsdeserts" in request.user:  # the second turn of question 205
        return "I like <b>deserts</b>, no verdict."
    turn = 2 if "Say it in one word" in request.user else 1
    return json.dumps({"reason": "because of *this* <script>x</script>", "rating": RATINGS[turn]})


def publish(state, work, *, text=DIFFERENT, judge_name="stub/judge", revision="b", **changes):
    """A judged run, published as the worker does."""
    spec = judged_spec(Path("unused"), work)
    submission = spec.submission.model_copy(update={"revision": revision * 40, **changes})
    spec = spec.model_copy(update={"submission": submission, "baseline": baseline_file(work.with_suffix(".jsonl"))})
    give_answers(work, text)
    result = judge(spec, lambda _: None, judge=judge_config(model=judge_name), asked=ScriptedJudge(said))
    entry = QueueEntry(submission=submission, state="FINISHED", updated_at=result.finished_at)
    Publisher(LocalStore(state)).publish(result, collect_samples(result, work / "samples"), entry)
    return result


def library_of(state):
    snapshot = SimpleNamespace(folder=DATA, revision="shipped", origin="embedded")
    return Library(lambda: snapshot, state, lambda: datetime.now(UTC) + timedelta(minutes=1))


@pytest.fixture
def run(tmp_path):
    result = publish(tmp_path / "state", tmp_path / "work")
    return SimpleNamespace(result=result, state=tmp_path / "state", library=library_of(tmp_path / "state"))


def parts(reading):
    return {part.key: part for part in reading.parts}


def test_a_judged_run_is_a_row_of_the_tab_with_its_coverage_and_judge(run):
    board = run.library.board("mt_bench", VIEW)
    (row,) = board.frame.to_dict("records")
    assert row["model"] == run.result.submission.model
    assert (row["turn_1"], row["turn_2"]) == (8.0, 5.0)
    assert row["score"] == pytest.approx((8 * 8 + 7 * 5) / 15)
    assert (row["n"], row["asked"], row["unparsed"]) == (15, 176, 1)
    assert row["coverage"] == pytest.approx(15 / 176)
    assert row["judge"] == "stub/judge"
    assert board.source == "runs made here"
    assert {column.key for column in board.columns} >= {"writing", "unparsed", "coverage"}
    assert board.column("same_answers") is None
    means = {score.task.partition("_")[2]: 10 * score.score for score in run.result.tasks}
    assert {name: row[name] for name in means} == pytest.approx(means)


def test_its_answers_and_verdicts_are_read_with_the_questions(run):
    found = run.library.reading("mt_bench", VIEW, {"question": "203"})
    texts = " ".join(part.text for part in found.parts)
    assert "What is reasoning good for?" in texts
    assert "It is good for much." in texts
    assert "Question 203, turn 2: enginesengines." in texts
    assert "because of *this*" in texts
    silent = run.library.reading("mt_bench", VIEW, {"question": "205"})
    assert "no verdict" in " ".join(part.text + part.title + str(part.facts) + part.mark for part in silent.parts)


def test_its_comparisons_with_the_baseline_are_read_too(run):
    found = run.library.reading("mt_bench", VIEW, {"mode": "pair", "question": "201"})
    assert "base/line" in found.title
    assert "Maybe." in " ".join(part.text for part in found.parts)


def test_the_tab_without_runs_has_no_view_of_them(tmp_path):
    assert VIEW not in [view.value for view in library_of(tmp_path / "nothing").views("mt_bench")]


def test_a_new_run_appears_without_a_restart_and_runs_of_a_model_are_told_apart(run, tmp_path):
    publish(run.state, tmp_path / "again", revision="c")
    later = library_of(run.state)
    model = run.result.submission.model
    names = later.board("mt_bench", VIEW).frame["model"].tolist()
    assert sorted(names) == [f"{model} bbbbbbb float32", f"{model} ccccccc float32"]


def test_every_judge_has_a_view_of_its_own(run, tmp_path):
    publish(run.state, tmp_path / "other", judge_name="other/judge", revision="d")
    views = [view.path[1] for view in library_of(run.state).views("mt_bench") if view.value.startswith("here_")]
    assert sorted(views) == ["other/judge", "stub/judge"]


def test_the_same_answer_to_everything_is_flagged_on_the_board_and_the_page(tmp_path):
    result = publish(tmp_path / "state", tmp_path / "work", text="Always this same sentence, whatever you ask.")
    library = library_of(tmp_path / "state")
    board = library.board("mt_bench", VIEW)
    assert board.frame["same_answers"].tolist() == [True]
    assert board.column("same_answers").badge == "same answers"
    page = client(library).get(f"/runs/{result.key}").text
    assert "Note: constant answer: 100% of the answers are (nearly) the same, whatever was asked." in page


def test_a_run_without_its_samples_is_left_out_of_the_tab_and_stays_with_the_scores(run):
    for path in (run.state / "samples").rglob("own_math.parquet"):
        path.unlink()
    library = library_of(run.state)
    assert VIEW not in [view.value for view in library.views("mt_bench")]
    assert library.board("llm_benchmarks", "here_mt_bench_own").frame["model"].tolist() == ["local/tiny"]


def test_samples_of_another_kind_are_refused_by_name(run):
    for path in (run.state / "samples").rglob("own_math.parquet"):
        pd.DataFrame({"doc_id": [1]}).to_parquet(path)
    with pytest.raises(BadRecord, match=r"own_math.parquet: no column turn, category"):
        library_of(run.state).board("mt_bench", VIEW)


def client(library):
    app = FastAPI()
    app.include_router(run_routes(library, SimpleNamespace(get=lambda _key: None)))
    return TestClient(app)


def test_the_page_of_a_judged_run_shows_rating_answer_and_the_judge_s_words_made_safe(run):
    page = client(run.library).get(f"/runs/{run.result.key}?task=own_reasoning").text
    assert "Question 203, turn 1: 8 of 10" in page
    assert "judged by stub/judge" in page
    assert "because of <em>this</em>" in page
    assert "<script>x" not in page
    assert "It is good for much." in page
    assert "Only wrong answers" not in page
    assert "constant answer" not in page


def test_the_page_says_why_a_rating_is_missing(run):
    silent = client(run.library).get(f"/runs/{run.result.key}?task=own_coding").text
    assert "Question 205, turn 1: 8 of 10" in silent
    assert "Question 205, turn 2: no rating" in silent
    assert "Missing: no verdict could be read from the judge&#39;s message." in silent


def test_the_page_shows_comparisons_with_both_orders(run):
    page = client(run.library).get(f"/runs/{run.result.key}?task=pairs").text
    assert "better is neither" in page
    assert "changed with the order" in page
    assert "Baseline, base/line" in page
    assert "What the judge wrote, baseline first" in page
