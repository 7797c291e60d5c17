"""The scheduled evaluator: never twice at a time, stopped at once, taken over after a crash."""

import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from eval_queue import schedule
from eval_queue.executors.local import LocalExecutor, child_environment
from eval_queue.publish import Publisher
from eval_queue.queue import utc_now
from eval_queue.schedule import Schedule, Turns
from eval_queue.worker import Worker
from leaderboard.errors import QueueError
from leaderboard.records import QueueEntry
from leaderboard.settings import read_settings
from leaderboard.stores import MemoryStore
from tests.unit.queue_worlds import open_sqlite, submission
from tests.unit.test_worker import prepare

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class FakeWorker:
    """Counts its turns; one at a time is all it stands."""

    seconds: float = 0.0
    jobs: int = 10**9
    error: QueueError | None = None
    ran: int = 0
    resumed: int = 0
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def resume(self) -> None:
        self.resumed += 1

    def run_once(self, stop: threading.Event) -> bool:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        stop.wait(self.seconds)
        with self._lock:
            self._now -= 1
            self.ran += 1
        if self.error is not None:
            raise self.error
        return self.ran <= self.jobs


def turns(worker: object, tmp_path: Path) -> Turns:
    return Turns(worker, tmp_path / "evaluator.lock")  # type: ignore[arg-type]


def until(condition: object, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_the_schedule_never_overlaps_itself_however_late_it_is(tmp_path: Path) -> None:
    worker = FakeWorker(seconds=0.05, jobs=0)
    with Schedule(turns(worker, tmp_path), 0.01):
        until(lambda: worker.ran >= 6)
    assert worker.most_at_once == 1
    assert worker.resumed == 1


def test_two_schedules_of_one_state_folder_never_work_at_the_same_time(tmp_path: Path) -> None:
    first, second = FakeWorker(jobs=0), FakeWorker(jobs=0)
    one = Schedule(turns(first, tmp_path), 0.01)
    until(lambda: first.ran)
    other = Schedule(turns(second, tmp_path), 0.01)
    until(lambda: other.status().state == "waiting")
    assert "Another process evaluates" in other.status().message
    assert second.ran == 0
    one.stop()
    until(lambda: second.ran)  # the one that stood by takes over
    other.stop()
    assert second.resumed == 1


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    code = (
        f"import filelock, time; lock = filelock.FileLock({str(tmp_path / 'evaluator.lock')!r}); lock.acquire();"
        "print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        taking = turns(FakeWorker(jobs=1), tmp_path)
        assert taking.take() == 0
        assert taking.status.state == "waiting"
        holder.kill()
        holder.wait()
        assert taking.take() == 1
        taking.end()


def test_a_turn_goes_on_until_there_is_no_work_or_enough(tmp_path: Path) -> None:
    assert turns(FakeWorker(jobs=3), tmp_path).take() == 3
    worker = FakeWorker(jobs=3)
    assert turns(worker, tmp_path / "other").take(at_most=1) == 1
    assert worker.ran == 1


def test_trouble_shows_in_the_status_and_the_next_turn_tries_again(tmp_path: Path) -> None:
    worker = FakeWorker(jobs=0, error=QueueError("the disk is full"))
    with Schedule(turns(worker, tmp_path), 0.01) as running:
        until(lambda: running.status().state == "troubled")
        assert "the disk is full" in running.status().message
        worker.error = None
        until(lambda: running.status().state == "idle")
    assert running.status().state == "stopped"


@pytest.fixture
def slow_worker(tmp_path: Path) -> Iterator[Worker]:
    environment = child_environment(read_settings({"PATH": "/usr/bin:/bin"}))
    environment["PYTHONPATH"] += f":{ROOT}"
    executor = LocalExecutor(environment=environment, time_limit_seconds=60.0, runner="tests.faults.runners:slow")
    yield Worker(
        name="w1", queue=open_sqlite(tmp_path, utc_now), executor=executor, publisher=Publisher(MemoryStore()),
        prepare=prepare, runs=tmp_path / "runs", heartbeat_seconds=0.1,
    )  # fmt: skip


def entry_of(worker: Worker) -> QueueEntry:
    entry = worker.queue.get(submission().key)
    assert entry is not None
    return entry


def test_stopping_during_an_evaluation_is_fast_and_gives_the_submission_back(
    slow_worker: Worker, tmp_path: Path
) -> None:
    slow_worker.queue.add(submission())
    running = schedule.start(slow_worker, lock_file=tmp_path / "lock", poll_seconds=0.05)
    until(lambda: entry_of(slow_worker).progress is not None)
    assert running.status().state == "running"
    started = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        running.stop()
        running.stop()
    assert time.monotonic() - started < 5
    entry = entry_of(slow_worker)
    assert (entry.state, entry.attempts, entry.progress) == ("PENDING", 0, None)
