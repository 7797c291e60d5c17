"""The command line of the evaluator, through its real entry point."""

import json
import logging
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eval_queue import cli, listing, wiring
from eval_queue.schedule import Turns
from eval_queue.sqlite_queue import SqliteQueue
from leaderboard.records import Progress, RunResult, result_path
from leaderboard.run_summary import share_of
from leaderboard.settings import Settings, read_settings
from tests.unit.queue_worlds import RETRY, ManualClock, submission

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("LEADERBOARD_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LEADERBOARD_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("LEADERBOARD_QUEUE", "")
    monkeypatch.setattr(cli, "_log_to_stderr", lambda: None)
    return read_settings()


@pytest.fixture
def model(settings: Settings) -> str:
    """A folder that passes the validation; its weights are never loaded."""
    folder = settings.models / "tiny"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}')
    (folder / "tokenizer.json").write_text("{}")
    (folder / "tokenizer_config.json").write_text("{}")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
    return "local/tiny"


def test_a_submission_gets_a_receipt_with_its_key_and_place(
    settings: Settings, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["submit", model, "--suite", "core", "--precision", "float32"]) == 0
    (entry,) = wiring.open_queue(settings).entries()
    assert capsys.readouterr().out.startswith(
        f"{entry.key}  PENDING, place 1  local/tiny at {entry.submission.revision[:12]}"
    )
    assert (entry.submission.precision, entry.submission.sender, entry.submission.params) == (
        "float32",
        "command-line",
        4,
    )


def test_the_status_of_a_finished_submission_shows_scores_with_intervals(
    settings: Settings, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["submit", model])
    evaluate(settings)
    (entry,) = wiring.open_queue(settings).entries()
    capsys.readouterr()
    assert cli.main(["status", entry.key]) == 0
    shown = capsys.readouterr().out
    result = wiring.read_result(settings, wiring.open_queue(settings), entry)
    assert result is not None
    for score in result.tasks:
        found = share_of(score)
        assert f"{score.task:24}{found.percent:>5}  {found.interval:13}" in shown
    took = (result.finished_at - result.started_at).total_seconds()
    assert f"took          {round(took)} s" in shown
    assert f"http://127.0.0.1:7860/runs/{entry.key} (while the app runs)" in shown
    for path in (f"results/{model}/{entry.key}.json", f"samples/{model}/{entry.key}"):
        assert f"{settings.state}/{path}" in shown
        assert (settings.state / path).exists()
    assert cli.main(["logs", entry.key]) == 0
    said = capsys.readouterr()
    assert "its log is not kept" in said.err
    assert said.out
    assert said.out in shown


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({"port": 7982}, "http://127.0.0.1:7982/runs/feed (while the app runs)"),
        ({"host": "0.0.0.0"}, "http://127.0.0.1:7860/runs/feed (while the app runs)"),
        ({"space_id": "My_Org/Chat.Board"}, "https://my-org-chat-board.hf.space/runs/feed"),
        ({"port": 0}, "/runs/feed"),
    ],
)
def test_the_page_of_a_submission_is_named_in_full_where_that_is_known(
    changes: dict[str, object], address: str
) -> None:
    assert wiring.page_address(Settings().model_copy(update=changes), "feed") == address


def test_every_failed_attempt_can_be_looked_at_with_its_own_log(
    settings: Settings, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["submit", model])
    queue = wiring.open_queue(settings)
    for reason, tail in (("It crashed.", "log of the crash"), ("Its files changed.", "")):
        claim = queue.claim("w1")
        assert claim is not None
        queue.fail(claim, reason=reason, log_tail=tail, permanent=True, final=not tail)
        if tail:
            queue.retry(claim.key)
    capsys.readouterr()
    assert cli.main(["status", claim.key]) == 0
    shown = capsys.readouterr().out
    assert "reason        Its files changed." in shown
    assert "retry         cannot help" in shown
    assert [line.split("  ")[-1] for line in shown.splitlines() if line.startswith(("  1", "  2"))] == [
        "It crashed.", "Its files changed.",
    ]  # fmt: skip
    assert "log of the crash" not in shown
    assert cli.main(["logs", claim.key]) == 1, "the last attempt left no log"
    assert cli.main(["logs", claim.key, "--attempt", "1"]) == 0
    said = capsys.readouterr()
    assert said.out == "log of the crash\n"
    assert "Attempt 1: It crashed." in said.err
    assert cli.main(["logs", claim.key, "--attempt", "9"]) == 1
    assert "failed attempts are: 1, 2" in capsys.readouterr().err


def test_an_old_log_is_not_shown_for_a_later_failure(
    settings: Settings, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["submit", model])
    queue = wiring.open_queue(settings)
    claim = queue.claim("w1")
    assert claim is not None
    folder = wiring.runs_folder(settings) / claim.key
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text("of an earlier attempt\n")
    queue.fail(claim, reason="Its files changed.", log_tail="", permanent=True)
    capsys.readouterr()
    assert cli.main(["logs", claim.key]) == 1
    assert "earlier" not in capsys.readouterr().out


def test_submitting_again_shows_the_same_receipt_and_queues_nothing(
    settings: Settings, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["submit", model])
    first = capsys.readouterr().out
    assert cli.main(["submit", model]) == 0
    again = capsys.readouterr()
    assert again.out == first
    assert "already waiting in the queue" in again.err
    assert wiring.open_queue(settings).counts()["PENDING"] == 1


def test_all_problems_are_told_at_once_with_exit_code_2(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["submit", "../../x", "--precision", "int3", "--suite", "none", "--revision", "a..b"])
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert "4 problem(s)" in said.err
    assert [word for word in ("model:", "precision:", "suite:", "revision:") if word not in said.err] == []
    assert wiring.open_queue(settings).entries() == []


def test_a_dry_run_changes_nothing(settings: Settings, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["submit", model, "--dry-run"]) == 0
    assert "Would be accepted with key" in capsys.readouterr().out
    assert cli.main(["submit", "local/none", "--dry-run"]) == 2
    assert "Would be refused, 1 problem(s)" in capsys.readouterr().out
    assert wiring.open_queue(settings).entries() == []


def test_a_failed_submission_shows_its_reason_and_log_and_can_be_retried(
    settings: Settings, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["submit", model])
    queue = wiring.open_queue(settings)
    claim = queue.claim("w1")
    assert claim is not None
    queue.fail(claim, reason="It crashed.", log_tail="last line", permanent=True)
    capsys.readouterr()
    assert cli.main(["status", claim.key]) == 0
    shown = capsys.readouterr().out
    assert "reason        It crashed." in shown
    assert "last line" in shown
    assert cli.main(["logs", claim.key]) == 0
    assert capsys.readouterr().out == "last line\n"
    assert cli.main(["submit", model]) == 2
    assert "Retry" in capsys.readouterr().err
    assert cli.main(["retry", claim.key]) == 1
    assert "failed only a moment ago" in capsys.readouterr().err
    assert cli.main(["retry", claim.key, "--anyway"]) == 0
    assert "PENDING, place 1" in capsys.readouterr().out
    assert cli.main(["status", claim.key]) == 0
    assert "It crashed." in capsys.readouterr().out, "the reason stays until the next attempt ends"
    assert cli.main(["retry", claim.key]) == 1
    assert "only a FAILED submission can be retried" in capsys.readouterr().err


def test_the_log_of_a_running_evaluation_is_shown_without_secrets(
    settings: Settings, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["submit", model, "--format", "json"])
    queue = wiring.open_queue(settings)
    key = queue.entries()[0].key
    queue.claim("w1")
    folder = wiring.runs_folder(settings) / key
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text("token hf_abcdefghijklmnop\n")
    capsys.readouterr()
    assert cli.main(["logs", key]) == 0
    assert capsys.readouterr().out == "token [redacted]\n"


def evaluate(settings: Settings) -> None:
    queue = wiring.open_queue(settings)
    worker = wiring.open_worker(
        settings, queue=queue, store=wiring.open_store(settings, queue), runner="tests.faults.runners:quick"
    )
    turns = Turns(worker, wiring.lock_file(settings))
    turns.take()
    turns.end()


def test_a_submitted_model_is_evaluated_and_its_result_published(
    settings: Settings, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["submit", model])
    evaluate(settings)
    (entry,) = wiring.open_queue(settings).entries()
    assert entry.state == "FINISHED"
    result = RunResult.model_validate_json((wiring.store_folder(settings) / result_path(entry.submission)).read_bytes())
    assert result.submission == entry.submission
    assert all((wiring.store_folder(settings) / path).is_file() for path in result.samples.values())
    capsys.readouterr()
    assert cli.main(["submit", model]) == 0
    assert "has already been evaluated" in capsys.readouterr().err


def test_a_local_model_that_changed_since_its_submission_is_not_evaluated(settings: Settings, model: str) -> None:
    cli.main(["submit", model])
    (settings.models / "tiny/config.json").write_text('{"architectures": ["LlamaForCausalLM"], "changed": 1}')
    evaluate(settings)
    (entry,) = wiring.open_queue(settings).entries()
    assert entry.state == "FAILED"
    assert "The files of local/tiny changed" in (entry.reason or "")


@pytest.mark.parametrize("command", ["status", "retry", "logs"])
def test_an_unknown_key_is_named(settings: Settings, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, "feedfeed"]) == 1
    assert "No submission has the key 'feedfeed'" in capsys.readouterr().err


def test_the_status_as_json_is_what_the_queue_says(
    settings: Settings, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["submit", model])
    capsys.readouterr()
    cli.main(["status", "--format", "json"])
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["position"], shown["submission"]["model"]) == ("PENDING", 1, model)
    cli.main(["status", "--format", "json", "--state", "FAILED"])
    assert json.loads(capsys.readouterr().out) == []


def test_the_table_has_a_line_for_every_entry_and_the_counts(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "q", clock=ManualClock(), lease_seconds=9, retry=RETRY, rng=random.Random(1))
    for number in range(3):
        queue.add(submission(number))
    claim = queue.claim("w1")
    assert claim is not None
    queue.heartbeat(claim, Progress(task="core_dates", task_number=2, n_tasks=5, done=80, total=200, eta_seconds=61.4))
    lines = listing.table(queue.entries(), queue.counts()).splitlines()
    assert len(lines) == 5
    assert lines[1].endswith("core_dates (task 2 of 5), 80 of 200 requests, 61 s left")
    assert lines[2].endswith("place 1")
    assert lines[4] == "2 PENDING, 1 RUNNING, 0 FINISHED, 0 FAILED"


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli, "_log_to_stderr", lambda: None)
    monkeypatch.setenv("LEADERBOARD_LEASE_SECONDS", "-1")
    assert cli.main(["status"]) == 2
    assert "LEADERBOARD_LEASE_SECONDS" in capsys.readouterr().err


def test_a_log_line_is_one_json_object_whatever_it_holds() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "model %s", ('a\r\nb"',), None)
    line = cli.JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == 'model a\r\nb"'


def test_without_the_engine_it_says_what_is_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(wiring, "evaluator_available", lambda: False)
    assert cli.main(["--once"]) == 1
    assert "No evaluator here: torch, transformers, lm_eval are not all installed" in capsys.readouterr().err
    status = wiring.evaluator_text(settings, None)()
    assert not status.attached
    assert "No evaluator is attached" in status.text


def command(*arguments: str, state: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "LEADERBOARD_STATE": str(state), "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}"}
    return subprocess.Popen(
        [sys.executable, "-m", "eval_queue", *arguments], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


needs_engine = pytest.mark.skipif(not wiring.evaluator_available(), reason="the light variant evaluates nothing")


@needs_engine
def test_draining_an_empty_queue_ends_at_once_with_json_logs(tmp_path: Path) -> None:
    with command("--drain", state=tmp_path) as process:
        _, logged = process.communicate(timeout=30)
    assert process.returncode == 0
    assert json.loads(logged.splitlines()[-1])["message"] == "evaluated 0 submission(s)"


@needs_engine
def test_it_goes_on_until_a_signal_ends_it_and_a_second_one_says_who_is_working(tmp_path: Path) -> None:
    with command(state=tmp_path) as process:
        deadline = time.monotonic() + 20
        while not (tmp_path / "evaluator.id").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        with command("--once", state=tmp_path) as second:
            _, said = second.communicate(timeout=30)
        assert second.returncode == 1
        assert "Another process evaluates for this folder" in said
        process.terminate()
        process.communicate(timeout=5)
    assert process.returncode == 0


def test_importing_the_command_loads_neither_torch_nor_gradio_nor_the_hub_client() -> None:
    code = "import sys, eval_queue.cli; print(sorted({'torch', 'gradio', 'lm_eval', 'transformers', 'fastapi', "
    code += "'huggingface_hub', 'pandas', 'pyarrow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_programs_get_every_verdict_of_a_submission_as_json(
    settings: Settings, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["submit", model, "--dry-run", "--format", "json"]) == 0
    good = json.loads(capsys.readouterr().out)
    assert good["acceptable"]
    assert good["key"]
    for more in (["--dry-run"], []):
        assert cli.main(["submit", "local/none", "--format", "json", *more]) == 2
        bad = json.loads(capsys.readouterr().out)
        assert not bad["acceptable"]
        assert [problem["field"] for problem in bad["problems"]] == ["model"]
