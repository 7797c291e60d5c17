"""A real worker in its own process, to be killed: `python -m tests.faults.worker_process STATE [options]`.

It differs from `python -m eval_queue --drain` in its runner (no torch), its short waits, and that it ends or stops
itself at a labelled step on demand.
"""

import argparse
import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from eval_queue import wiring
from eval_queue.executors.local import LocalExecutor, child_environment
from eval_queue.publish import Publisher
from eval_queue.queue import RetryPolicy, WorkQueue, utc_now
from eval_queue.schedule import Turns
from eval_queue.sqlite_queue import SqliteQueue
from eval_queue.worker import Worker
from leaderboard.settings import Settings, read_settings
from leaderboard.stores import LocalStore
from tests.unit.queue_worlds import UnfencedQueue

ROOT = Path(__file__).resolve().parents[2]


class LoggingStore(LocalStore):
    """A folder store that notes every result once it is written."""

    def write(self, changes: Mapping[str, bytes | None], **rest: object) -> dict[str, str]:
        etags = super().write(changes)
        for path in changes:
            if path.startswith("results/"):
                note(self.root.parent / "published.log", Path(path).stem)
        return etags


def note(file: Path, line: str) -> None:
    """Append a line in one system call, so that lines of several processes never mix."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def open_queue(state: Path, *, lease_seconds: float = 1.0, max_attempts: int = 3, fenced: bool = True) -> WorkQueue:
    retry = RetryPolicy(max_attempts=max_attempts, first_wait_seconds=0.02, longest_wait_seconds=0.1)
    kind = SqliteQueue if fenced else UnfencedQueue
    return kind(
        state / "queue.sqlite3", clock=utc_now, lease_seconds=lease_seconds, retry=retry, rng=random.Random(os.getpid())
    )


def open_worker(state: Path, queue: WorkQueue, name: str, checkpoint: Callable[[str], None]) -> Worker:
    settings = read_settings()
    environment = child_environment(settings)
    environment["PYTHONPATH"] += os.pathsep + str(ROOT)
    executor = LocalExecutor(
        environment=environment, time_limit_seconds=60.0, runner="tests.faults.runners:by_model", poll_seconds=0.01,
        checkpoint=checkpoint,
    )  # fmt: skip
    return Worker(
        name=name, queue=queue, executor=executor, publisher=Publisher(LoggingStore(state / "store")),
        prepare=wiring.preparer(Settings(), NoLocalModels()), runs=state / f"runs-{name}", heartbeat_seconds=0.05,
        checkpoint=checkpoint,
    )  # fmt: skip


class NoLocalModels:
    """A catalogue that is never asked."""

    def inspect(self, model: str, revision: str) -> None:  # type: ignore[override]
        raise AssertionError(model)


def at(label: str, number: int, *, note_in: Path) -> Callable[[str], None]:
    """A checkpoint that sends this process a signal at the first occurrence of a label."""
    done = False

    def checkpoint(reached: str) -> None:
        nonlocal done
        if reached == label and not done:
            done = True
            note(note_in, label)
            os.kill(os.getpid(), number)

    return checkpoint


def is_open(queue: WorkQueue) -> bool:
    counts = queue.counts()
    return counts["PENDING"] + counts["RUNNING"] > 0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("state", type=Path)
    parser.add_argument("--name", default="w1")
    parser.add_argument("--die-at", default="")
    parser.add_argument("--stop-at", default="")
    parser.add_argument("--max-attempts", type=int, default=3)
    parser.add_argument("--unfenced", action="store_true")
    options = parser.parse_args()
    queue = open_queue(options.state, max_attempts=options.max_attempts, fenced=not options.unfenced)
    label, number = (options.stop_at, signal.SIGSTOP) if options.stop_at else (options.die_at, signal.SIGKILL)
    checkpoint = at(label, number, note_in=options.state / "reached.log")
    turns = Turns(open_worker(options.state, queue, options.name, checkpoint), options.state / f"{options.name}.lock")
    while is_open(queue):
        turns.take()
        time.sleep(0.01)


if __name__ == "__main__":
    main()
