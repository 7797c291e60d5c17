"""kill -9 of a real worker process, at every labelled step and at random moments, loses and doubles nothing."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from eval_queue.worker import LABELS
from leaderboard.records import QueueEntry, RunResult, Submission, request_path, result_path
from tests.faults.runners import TASKS
from tests.faults.worker_process import ROOT, is_open, open_queue
from tests.unit.queue_worlds import submission

RANDOM_KILLS = 50
AFTER_EVALUATION = ("child_ended", "publishing", "published", "finished", "cleaned")


def start_worker(state: Path, *options: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "tests.faults.worker_process", str(state), *options]
    with (state / "worker.log").open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)


def drain(state: Path, *options: str) -> None:
    code = start_worker(state, *options).wait(60)
    assert code == 0, (state / "worker.log").read_text()[-3000:]


def lines(file: Path) -> list[str]:
    return file.read_text().split() if file.exists() else []


def entries_of(state: Path) -> list[QueueEntry]:
    return open_queue(state).entries(limit=100_000)


def check_integrity(state: Path) -> None:
    db = sqlite3.connect(state / "queue.sqlite3")
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()


def check_nothing_lost_or_doubled(state: Path, accepted: list[Submission]) -> None:
    check_integrity(state)
    entries = entries_of(state)
    assert sorted(entry.key for entry in entries) == sorted(s.key for s in accepted)
    for entry in entries:
        assert entry.state == "FINISHED" or (entry.state == "FAILED" and entry.reason), entry
    finished = {entry.key: entry.submission for entry in entries if entry.state == "FINISHED"}
    assert {path.stem for path in (state / "store/results").rglob("*.json")} == set(finished)
    for wanted in finished.values():
        check_published(state / "store", wanted)
    published = Counter(lines(state / "published.log"))
    assert set(published) <= set(finished)
    assert [key for key, times in published.items() if times != 1] == []


def check_published(store: Path, wanted: Submission) -> None:
    result = RunResult.model_validate_json((store / result_path(wanted)).read_bytes())
    assert result.submission == wanted
    assert set(result.samples) == set(TASKS)
    for path in result.samples.values():
        assert (store / path).read_bytes().startswith(b"PAR1")
    assert QueueEntry.model_validate_json((store / request_path(wanted)).read_bytes()).state == "FINISHED"


@pytest.mark.parametrize("label", LABELS)
def test_a_kill_at_this_step_loses_and_doubles_nothing(label: str, tmp_path: Path) -> None:
    kinds = ["good-0", "bad-1"] if label not in {"failing", "failed"} else ["bad-0", "good-1"]
    accepted = [submission(n, model=f"org/{kind}") for n, kind in enumerate(kinds)]
    queue = open_queue(tmp_path)
    for wanted in accepted:
        queue.add(wanted)
    assert start_worker(tmp_path, "--die-at", label).wait(60) == -signal.SIGKILL
    assert lines(tmp_path / "reached.log") == [label]
    drain(tmp_path)
    check_nothing_lost_or_doubled(tmp_path, accepted)
    states = {entry.submission.model: entry.state for entry in entries_of(tmp_path)}
    assert states == {f"org/{kind}": "FAILED" if kind.startswith("bad") else "FINISHED" for kind in kinds}
    good = next(s for s in accepted if "good" in s.model)
    ran = Counter(lines(tmp_path / "runs-w1" / f"{good.key}.ran"))
    assert set(ran) == set(TASKS)
    if label in AFTER_EVALUATION:
        assert set(ran.values()) == {1}  # what was evaluated is not evaluated again


def test_fifty_random_kills_of_two_workers_lose_and_double_nothing(tmp_path: Path) -> None:
    rng, queue = random.Random(20260101), open_queue(tmp_path)
    accepted: list[Submission] = []
    workers: dict[str, subprocess.Popen[bytes]] = {}
    ends: dict[str, float] = {}
    kills = 0
    while kills < RANDOM_KILLS:
        while queue.counts()["PENDING"] < 3:
            kind = "bad" if len(accepted) % 5 == 4 else "good"
            accepted.append(submission(len(accepted), model=f"org/{kind}-{len(accepted)}"))
            queue.add(accepted[-1])
        for name in ("w1", "w2"):
            if name not in workers or workers[name].poll() is not None:
                workers[name] = start_worker(tmp_path, "--name", name, "--max-attempts", "1000")
                ends[name] = time.monotonic() + rng.uniform(0.25, 1.5)
            elif time.monotonic() > ends[name]:
                workers[name].kill()
                assert workers.pop(name).wait(10) in {0, -signal.SIGKILL}
                kills += 1
        time.sleep(0.01)
    for worker in workers.values():
        worker.wait(60)
    drain(tmp_path, "--max-attempts", "1000")
    assert not is_open(queue)
    check_nothing_lost_or_doubled(tmp_path, accepted)
    wrong = [e for e in entries_of(tmp_path) if (e.state == "FAILED") != e.submission.model.startswith("org/bad")]
    assert wrong == []
    assert running_with(tmp_path) == []
    assert len(accepted) > 3  # more than the first three: the workers got on with it between the kills


@pytest.mark.parametrize("fenced", [True, False], ids=["fenced", "unfenced"])
def test_a_worker_stopped_past_its_lease_publishes_only_where_there_is_no_fence(fenced: bool, tmp_path: Path) -> None:
    wanted = submission(0)
    queue = open_queue(tmp_path)
    queue.add(wanted)
    options = () if fenced else ("--unfenced",)
    stale = start_worker(tmp_path, "--name", "w1", "--stop-at", "publishing", *options)
    try:
        wait_until_stopped(stale.pid)
        drain(tmp_path, "--name", "w2", *options)
        assert lines(tmp_path / "published.log") == [wanted.key]
    finally:
        stale.send_signal(signal.SIGCONT)
        stale.wait(60)
    assert lines(tmp_path / "published.log") == [wanted.key] * (1 if fenced else 2)
    assert ("no longer owns" in (tmp_path / "worker.log").read_text()) == fenced


def running_with(folder: Path) -> list[str]:
    """Command lines of processes that name a folder."""
    texts = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            texts.append(path.read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return [text for text in texts if str(folder) in text]


def wait_until_stopped(pid: int) -> None:
    deadline = time.monotonic() + 30
    while b") T " not in Path(f"/proc/{pid}/stat").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_submission_that_crashes_every_time_fails_and_the_queue_behind_it_drains(tmp_path: Path) -> None:
    accepted = [submission(0, model="org/poison-0"), submission(1), submission(2)]
    queue = open_queue(tmp_path)
    for wanted in accepted:
        queue.add(wanted)
    drain(tmp_path)
    check_nothing_lost_or_doubled(tmp_path, accepted)
    poison = next(entry for entry in entries_of(tmp_path) if "poison" in entry.submission.model)
    assert (poison.state, poison.attempts) == ("FAILED", 3)
    assert "segmentation fault (SIGSEGV); its log shows where. (attempt 3 of 3)" in (poison.reason or "")


def test_a_submission_that_ends_its_worker_every_time_fails_with_a_reason(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    queue.add(submission(0))
    for _ in range(3):
        assert start_worker(tmp_path, "--die-at", "heartbeat").wait(60) == -signal.SIGKILL
    queue.add(submission(1))
    drain(tmp_path)
    entries = {entry.submission.model: entry for entry in entries_of(tmp_path)}
    assert entries["org/model-1"].state == "FINISHED"
    assert (entries["org/model-0"].state, entries["org/model-0"].attempts) == ("FAILED", 3)
    assert "ended its worker: it stopped without a result 3 time(s)" in (entries["org/model-0"].reason or "")
