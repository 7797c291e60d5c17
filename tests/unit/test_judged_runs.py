"""From a submission to a judged result: refused early without a judge, and only the judging process has the key."""

import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from eval_queue import cli, wiring
from eval_queue.executors import Outcome, local
from eval_queue.executors.local import LocalExecutor, child_environment
from eval_queue.judging.config import JudgeConfig
from eval_queue.judging.questions import dump
from eval_queue.publish import collect_samples
from eval_queue.runners.mt_bench import questions_of
from eval_queue.spec import RunSpec
from leaderboard.errors import PermanentFailure
from leaderboard.settings import Settings, read_settings
from leaderboard.submission_rules import Limits, suite_problems
from leaderboard.suites import MT_BENCH_OWN, PAIRWISE_OWN, SUITES, evaluable_suites, judge_identity
from tests.judged import KEY, QUESTIONS, baseline_file, judge_config, judged_spec
from tests.stub_judge import StubJudge
from tests.unit.queue_worlds import submission

ROOT = Path(__file__).resolve().parents[2]
PLACE = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}
JUDGE = {"LEADERBOARD_JUDGE_MODEL": "m", "LEADERBOARD_JUDGE_URL": "http://x/v1", "LEADERBOARD_JUDGE_KEY": KEY}


def executor(judge: JudgeConfig | None, settings: Settings) -> LocalExecutor:
    environment = child_environment(settings)
    environment["PYTHONPATH"] += os.pathsep + str(ROOT)
    return LocalExecutor(environment=environment, time_limit_seconds=60, judge=judge, secrets=[KEY], poll_seconds=0.02)


def run(spec: RunSpec, judge: JudgeConfig | None, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    answering = replace(MT_BENCH_OWN, runner="tests.faults.runners:answers_for_a_judge")
    monkeypatch.setattr(local, "SUITES", SUITES | {"mt_bench_own": answering})
    settings = read_settings(PLACE | JUDGE)
    return executor(judge, settings).run(spec, on_progress=lambda _: None, stop=threading.Event())


def test_the_key_reaches_the_judging_process_and_never_the_one_with_the_model(tmp_path, monkeypatch):
    spec = judged_spec(tmp_path, tmp_path / "work")
    spec = spec.model_copy(update={"baseline": baseline_file(tmp_path / "base.jsonl")})
    with StubJudge() as stub:
        outcome = run(spec, judge_config(stub.url), monkeypatch)
        assert stub.authorization == {f"bearer {KEY}"}
    assert outcome.result is not None, outcome
    assert len(outcome.result.tasks) == 8
    seen = json.loads((spec.work_folder / "answering.json").read_text())
    assert seen["input"] == ""
    assert seen["open"][0] == "/dev/null"
    assert not [name for name in seen["environment"] if "JUDGE" in name]
    files = [path for path in spec.work_folder.rglob("*") if path.is_file()]
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    samples = collect_samples(outcome.result, spec.work_folder / "samples")
    assert sorted(samples) == sorted([*(score.task for score in outcome.result.tasks), "pairs"])


def test_a_judge_that_is_down_fails_the_run_for_now_and_says_so(tmp_path, monkeypatch):
    judge = judge_config("http://127.0.0.1:9/v1", max_attempts=2)
    outcome = run(judged_spec(tmp_path, tmp_path / "work"), judge, monkeypatch)
    assert (outcome.status, outcome.permanent) == ("failed", False)
    assert "The judge stub/judge could not be asked: the connection failed, 2 times in a row" in outcome.reason
    assert KEY not in outcome.reason + outcome.log_tail


def test_without_a_judge_nothing_is_generated(tmp_path, monkeypatch):
    spec = judged_spec(tmp_path, tmp_path / "work")
    with pytest.raises(PermanentFailure, match="mt_bench_own needs a judge"):
        run(spec, None, monkeypatch)
    assert not (spec.work_folder / "answering.json").exists()
    prepare = wiring.preparer(read_settings(PLACE), None)  # type: ignore[arg-type]
    with pytest.raises(PermanentFailure, match="LEADERBOARD_JUDGE_MODEL"):
        prepare(submission(suite="mt_bench_own", chat_template=True), tmp_path)


@pytest.mark.parametrize("suite", evaluable_suites(), ids=lambda suite: suite.name)
def test_a_suite_is_refused_when_it_is_submitted_where_it_cannot_run(suite):
    bare = Limits.from_settings(read_settings(PLACE))
    problems = suite_problems(suite, chat_template=True, limits=bare)
    needs_judge = bool(suite.judging) and not suite.judge_optional
    assert len(problems) == needs_judge + suite.needs_baseline + suite.needs_files + suite.needs_prompts
    if needs_judge:
        assert problems[0].field == "suite"
        assert "needs a judge, and none is configured here. Choose another suite" in problems[0].message
    files = {
        "LEADERBOARD_JUDGE_BASELINE": "base.jsonl",
        "LEADERBOARD_TASK_FILES": "files",
        "LEADERBOARD_RED_PROMPTS": "p.csv",
    }
    whole = Limits.from_settings(read_settings(PLACE | JUDGE | files))
    assert suite_problems(suite, chat_template=True, limits=whole) == []
    assert len(suite_problems(suite, chat_template=False, limits=whole)) == suite.needs_chat


def test_a_submission_for_another_judge_is_not_judged_by_the_one_here(tmp_path):
    prepare = wiring.preparer(read_settings(PLACE | JUDGE), None)  # type: ignore[arg-type]
    mine = submission(suite="mt_bench_own", chat_template=True, judge=judge_identity("m"))
    assert prepare(mine, tmp_path).submission == mine
    assert prepare(submission(suite="mt_bench_own", chat_template=True), tmp_path), "requests of before name no judge"
    with pytest.raises(PermanentFailure, match=r"submitted to be judged by other, prompts .*; the judge here is m,"):
        prepare(mine.model_copy(update={"judge": judge_identity("other")}), tmp_path)


def test_the_worker_hands_the_baseline_but_not_the_judge_to_the_spec(tmp_path):
    settings = read_settings(PLACE | JUDGE | {"LEADERBOARD_JUDGE_BASELINE": str(tmp_path / "base.jsonl")})
    spec = wiring.preparer(settings, None)(submission(suite="pairwise_own", chat_template=True), tmp_path)  # type: ignore[arg-type]
    assert spec.baseline == tmp_path / "base.jsonl"
    assert KEY not in spec.model_dump_json()
    assert PAIRWISE_OWN.needs_baseline


def test_the_original_questions_are_read_from_the_folder_of_task_files(tmp_path):
    (tmp_path / "mt_bench").mkdir()
    (tmp_path / "mt_bench" / "question.jsonl").write_text("".join(q.model_dump_json() + "\n" for q in QUESTIONS))
    spec = judged_spec(tmp_path, tmp_path / "work", suite="mt_bench", task_files=tmp_path)
    assert questions_of(spec) == QUESTIONS


def answers_file(path: Path) -> Path:
    rows = [
        {"question_id": q.question_id, "model_id": "a/model", "choices": [{"turns": [q.category, f"{q.category}!"]}]}
        for q in QUESTIONS
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_command_judges_answers_and_pays_nothing_when_it_is_run_again(tmp_path, monkeypatch, capsys):
    questions = tmp_path / "question.jsonl"
    questions.write_bytes(dump(QUESTIONS))
    command = ["judge", "answers", str(answers_file(tmp_path / "a.jsonl")), "--questions", str(questions)]
    command += ["--baseline", str(baseline_file(tmp_path / "b.jsonl")), "--output", str(tmp_path / "out")]
    with StubJudge() as stub:
        for name, value in (JUDGE | {"LEADERBOARD_JUDGE_URL": stub.url}).items():
            monkeypatch.setenv(name, value)
        assert cli.main(["judge", "check"]) == 0
        assert "of 10; 100 tokens sent, 10 received" in capsys.readouterr().out
        assert cli.main(command) == 0
        first = capsys.readouterr().out
        assert len(stub.seen) == 1 + 16 + 32
        assert cli.main(command) == 0
        assert len(stub.seen) == 1 + 16 + 32
    assert capsys.readouterr().out == first
    assert "16 of 16 turns judged" in first
    written = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.jsonl"))
    assert written == [
        "judging/replies.jsonl", "model_answer/a_model.jsonl", "model_answer/base_line.jsonl",
        "model_judgment/m_pair.jsonl", "model_judgment/m_single.jsonl", "question.jsonl",
    ]  # fmt: skip


def test_the_command_says_what_to_set_when_there_is_no_judge(monkeypatch, capsys):
    for name in JUDGE:
        monkeypatch.delenv(name, raising=False)
    assert cli.main(["judge", "check"]) == 1
    assert "No judge is configured. Set LEADERBOARD_JUDGE_MODEL" in capsys.readouterr().err
