"""The local executor tells every ending apart, leaks nothing and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval_queue.executors import Outcome, local, logs, processes, verdicts
from eval_queue.executors.local import LocalExecutor, child_environment
from eval_queue.spec import RunSpec
from leaderboard.errors import LeaseLost
from leaderboard.records import Progress
from leaderboard.settings import Settings, read_settings
from tests.unit.queue_worlds import submission

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = read_settings({"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "HF_TOKEN": "hf_settingstokenvalue"})
Run = Callable[..., Outcome]


def spec_in(folder: Path, **changes: object) -> RunSpec:
    values = {"submission": submission(), "model_path": "org/m", "work_folder": folder / "work"}
    return RunSpec.model_validate(values | changes)


def executor(runner: str, **changes: object) -> LocalExecutor:
    environment = child_environment(SETTINGS)
    environment["PYTHONPATH"] += os.pathsep + str(ROOT)
    options: dict[str, object] = {
        "environment": environment, "time_limit_seconds": 30.0, "runner": f"tests.faults.runners:{runner}",
        "poll_seconds": 0.02, "secrets": ["s3cret-of-the-settings"],
    }  # fmt: skip
    return LocalExecutor(**(options | changes))  # type: ignore[arg-type]


def ignore(progress: Progress | None) -> None:
    del progress


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(runner: str, *, spec: dict[str, object] | None = None, **changes: object) -> Outcome:
        chosen = spec_in(tmp_path, **(spec or {}))
        return executor(runner, **changes).run(chosen, on_progress=ignore, stop=threading.Event())

    return run


def test_a_success_gives_the_result_and_keeps_the_samples(run: Run, tmp_path: Path) -> None:
    outcome = run("quick")
    assert outcome.status == "finished"
    assert outcome.result is not None
    assert [score.score for score in outcome.result.tasks] == [0.25, 0.5, 0.75]
    assert sorted(p.name for p in (tmp_path / "work/samples").iterdir()) == [
        "core_arithmetic.parquet", "core_dates.parquet", "core_units.parquet",
    ]  # fmt: skip


def test_a_result_that_is_already_there_is_not_computed_again(run: Run, tmp_path: Path) -> None:
    first = run("quick")
    assert run("error").result == first.result


@pytest.mark.parametrize(
    ("runner", "permanent", "reason"),
    [
        ("permanent", True, "The tokenizer of org/m has no chat template; choose a chat model."),
        ("transient", False, "The Hub did not answer within 60 s."),
        ("segfault", False, "crashed with a segmentation fault (SIGSEGV)"),
        ("killed", False, "ended by the system (SIGKILL), most likely because the machine ran out of memory"),
        ("error", False, "ended with an error: ValueError: shape (3, 4) does not fit [redacted]"),
        ("exits", False, "ended with exit code 17 but without a valid result"),
        ("garbage", False, "ended with exit code 0 but without a valid result"),
        ("foreign", False, "ended with exit code 0 but without a valid result"),
        ("bad_alloc", True, "ran out of memory: it needed more than the limit of 16 GiB"),
    ],
)
def test_every_ending_has_its_own_reason(run: Run, runner: str, permanent: bool, reason: str) -> None:
    outcome = run(runner)
    assert (outcome.status, outcome.permanent) == ("failed", permanent)
    assert reason in outcome.reason


@pytest.mark.parametrize("runner", ["allocate", "resident"])
def test_too_much_memory_is_a_permanent_failure_naming_the_limit(run: Run, runner: str) -> None:
    outcome = run(runner, spec={"memory_limit_gb": 0.25})
    assert outcome.permanent
    assert "ran out of memory: it needed more than the limit of 0.25 GiB" in outcome.reason


def test_a_time_out_names_the_limit_and_keeps_what_was_done(run: Run) -> None:
    started = time.monotonic()
    outcome = run("slow", time_limit_seconds=0.5)
    assert time.monotonic() - started < 5
    assert outcome.permanent
    assert "took longer than the limit of 0.5 s" in outcome.reason


def test_a_log_that_would_fill_the_disk_ends_the_evaluation(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "LOG_LIMIT_BYTES", 1 << 20)
    assert "wrote more than 1 MiB of log" in run("chatty").reason


def test_no_secret_reaches_reason_or_log_tail(run: Run) -> None:
    outcome = run("error")
    assert "hf_abcdefghijklmnop" not in outcome.reason + outcome.log_tail
    assert "s3cret" not in outcome.log_tail
    assert "loading with [redacted] and [redacted]" in outcome.log_tail
    assert 'raise ValueError("shape' in outcome.log_tail


def test_the_log_tail_is_of_this_attempt_only(run: Run) -> None:
    run("error")
    assert "ValueError" not in run("segfault").log_tail


def test_the_evaluation_sees_no_token_and_lives_within_limits(run: Run, tmp_path: Path) -> None:
    os.environ["HF_TOKEN"] = "hf_parenttokenvalue"  # the parent's own environment is not inherited
    try:
        outcome = run("surroundings", spec={"memory_limit_gb": 4.0})
    finally:
        del os.environ["HF_TOKEN"]
    assert outcome.status == "finished"
    facts = json.loads((tmp_path / "surroundings.json").read_text())
    assert "tokenvalue" not in json.dumps(facts)
    assert facts["environment"]["OMP_NUM_THREADS"] == "2"
    assert facts["environment"]["HF_TOKEN_PATH"] == os.devnull
    assert facts["session_leader"] is True
    assert (facts["data_limit"], facts["core_limit"], facts["stdin"]) == (4 << 30, 0, "")
    assert facts["nice"] >= 5
    assert facts["descriptors"] == ["0", "1", "2", "3"]  # 3: the listing itself


def test_only_an_evaluation_that_needs_the_hub_may_reach_it(tmp_path: Path) -> None:
    here = {"submission": submission(model="local/m"), "model_path": "/m"}
    assert local.is_local(spec_in(tmp_path, **here))
    assert local.is_local(spec_in(tmp_path, **here | {"submission": submission(model="local/m", suite="classic")},
                                  task_files=tmp_path))  # fmt: skip
    assert not local.is_local(spec_in(tmp_path, **here | {"submission": submission(model="local/m", suite="classic")}))
    assert not local.is_local(spec_in(tmp_path))


def test_the_environment_passes_the_hub_address_on_when_set() -> None:
    assert "HF_ENDPOINT" not in child_environment(SETTINGS)
    assert child_environment(Settings(hub_endpoint="http://127.0.0.1:1"))["HF_ENDPOINT"] == "http://127.0.0.1:1"


def alive(pid: int) -> bool:
    try:
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(path: Path) -> list[int]:
    deadline = time.monotonic() + 20
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, path
        time.sleep(0.01)
    return [int(pid) for pid in path.read_text().split()]


def test_stopping_ends_all_processes_even_those_that_hide(tmp_path: Path) -> None:
    stop, outcomes = threading.Event(), []
    thread = threading.Thread(
        target=lambda: outcomes.append(executor("hang").run(spec_in(tmp_path), on_progress=ignore, stop=stop))
    )
    thread.start()
    pids = wait_for(tmp_path / "work/pids")
    assert [alive(pid) for pid in pids] == [True, True]
    started = time.monotonic()
    stop.set()
    thread.join(10)
    assert time.monotonic() - started < 5
    assert outcomes == [Outcome(status="stopped")]
    assert [alive(pid) for pid in pids] == [False, False]


def test_a_lost_lease_ends_the_evaluation_and_is_passed_on(tmp_path: Path) -> None:
    pids: list[int] = []

    def lose(progress: Progress | None) -> None:
        if (tmp_path / "work/pids").exists():
            pids.extend(wait_for(tmp_path / "work/pids"))
            raise LeaseLost("too late")

    with pytest.raises(LeaseLost):
        executor("hang").run(spec_in(tmp_path), on_progress=lose, stop=threading.Event())
    assert [alive(pid) for pid in pids] == [False, False]


def test_progress_reaches_the_caller_while_it_runs(tmp_path: Path) -> None:
    seen: list[Progress] = []
    stop = threading.Event()

    def on_progress(progress: Progress | None) -> None:
        if progress is not None:
            seen.append(progress)
            stop.set()

    executor("slow").run(spec_in(tmp_path), on_progress=on_progress, stop=stop)
    assert (seen[0].task, seen[0].task_number, seen[0].n_tasks, seen[0].total) == ("core_dates", 2, 5, 10_000)


PARENT = """
import sys, threading
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from test_executor import executor, ignore, spec_in
executor("hang").run(spec_in(Path({folder!r})), on_progress=ignore, stop=threading.Event())
"""


def test_no_orphan_survives_the_sweep_after_a_kill_of_the_parent(tmp_path: Path) -> None:
    code = PARENT.format(root=str(ROOT), tests=str(Path(__file__).parent), folder=str(tmp_path))
    parent = subprocess.Popen([sys.executable, "-c", code])
    child, grandchild = wait_for(tmp_path / "work/pids")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(child)  # the kernel ends it with its parent
    assert alive(grandchild)  # but not what it started
    executor("hang").sweep(tmp_path)
    assert not alive(grandchild)
    assert list(tmp_path.glob("*/processes.mark")) == []


def test_a_sweep_leaves_processes_without_the_mark_alone(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    processes.new_mark(tmp_path / "work")
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        executor("quick").sweep(tmp_path)
        assert alive(bystander.pid)
    finally:
        bystander.kill()
        bystander.wait()


def test_the_tail_has_forty_lines_without_control_characters(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("".join(f"line {n}\n" for n in range(100)) + "10%\r50%\r\x1b[31m100%\x1b[0m\x07\n")
    lines = logs.tail(log).split("\n")
    assert lines == [f"line {n}" for n in range(61, 100)] + ["100%"]
    assert logs.tail(tmp_path / "missing.txt") == ""


def test_a_token_cut_by_the_start_of_the_tail_is_not_shown(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("hf_" + "Z" * logs.TAIL_BYTES + "\nend")
    assert logs.tail(log) == "end"


@given(token=st.from_regex(r"hf_[A-Za-z0-9]{10,40}", fullmatch=True), before=st.text(), after=st.text(" .,;\n"))
def test_whatever_looks_like_a_hub_token_is_redacted(token: str, before: str, after: str) -> None:
    assert token not in logs.redact(f"{before} {token}{after}")


def test_bearer_tokens_urls_with_passwords_and_settings_are_redacted() -> None:
    text = "Authorization: Bearer abc.def-123456 https://user:pass@host/x my-own"
    assert logs.redact(text, ["my-own"]) == "Authorization: Bearer [redacted] https://[redacted]@host/x [redacted]"
    assert logs.secret_values(SETTINGS) == ("hf_settingstokenvalue",)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.5, "0.5 s"), (90.0, "90 s"), (2700.0, "45 min"), (14_400.0, "4 h"), (16_200.0, "4 h 30 min")],
)
def test_durations_read_well(seconds: float, shown: str) -> None:
    assert verdicts.duration(seconds) == shown
