"""When the evaluator works: regularly, never twice at a time, once per state folder.

Enters: a worker. Leaves: a handle to look at it and to stop it. The app starts it in its own process; the command
`python -m eval_queue` runs the same `Turns` without a scheduler.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Literal, Self

from apscheduler.schedulers.background import BackgroundScheduler
from filelock import FileLock, Timeout

from leaderboard.errors import QueueError, StoreError
from leaderboard.records import Record

from .worker import Worker

TurnState = Literal["idle", "running", "waiting", "troubled", "stopped"]
_log = logging.getLogger(__name__)


class TurnStatus(Record):
    """What the evaluator of this process is doing; `message` is for visitors."""

    state: TurnState
    message: str


STATUSES: dict[TurnState, TurnStatus] = {
    status.state: status
    for status in (
        TurnStatus(state="idle", message="The evaluator is ready."),
        TurnStatus(state="running", message="The evaluator is at work."),
        TurnStatus(state="waiting", message="Another process evaluates for this folder; this one stands by."),
        TurnStatus(state="stopped", message="The evaluator is stopped."),
    )
}


class Turns:
    """A worker behind the lock of its state folder: one turn looks for work until there is none.

    The lock ends with the process that holds it, so a process that stands by takes over after a crash.
    """

    def __init__(self, worker: Worker, lock_file: Path) -> None:
        self.stop = Event()
        self.status = STATUSES["idle"]
        self._worker = worker
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(lock_file, thread_local=False)

    def take(self, *, at_most: int | None = None) -> int:
        """Evaluate until nothing can be claimed, at most so many; how many were evaluated.

        Trouble with queue or store ends the turn and shows in `status`; the next turn tries again.
        """
        done = 0
        try:
            while self.acquire() and (at_most is None or done < at_most):
                self.status = STATUSES["running"]
                if not self._worker.run_once(self.stop):
                    break
                done += 1
        except (QueueError, StoreError) as error:
            _log.exception("the evaluator's turn ended early")
            self.status = TurnStatus(state="troubled", message=f"The evaluator will try again: {error}")
            return done
        if self.status.state == "running":
            self.status = STATUSES["idle"]
        return done

    def acquire(self) -> bool:
        """Whether this process evaluates for the state folder; False when stopped or another one does."""
        if self.stop.is_set():
            return False
        if self._lock.is_locked:
            return True
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            self.status = STATUSES["waiting"]
            return False
        try:
            self._worker.resume()
        except (QueueError, StoreError):
            self._lock.release()
            raise
        return True

    def end(self) -> None:
        """Let another process take over."""
        self._lock.release()
        self.status = STATUSES["stopped"]


class Schedule:
    """A running evaluator; `with` stops it at the end."""

    def __init__(self, turns: Turns, poll_seconds: float) -> None:
        self._turns = turns
        # A turn may last hours: that later ones are skipped meanwhile is the plan, not worth a warning every poll.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._scheduler.add_job(
            turns.take, "interval", seconds=poll_seconds, max_instances=1, coalesce=True, misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )  # fmt: skip
        self._scheduler.start()

    def status(self) -> TurnStatus:
        """What the evaluator is doing now."""
        return self._turns.status

    def stop(self) -> None:
        """End a running evaluation, give its submission back and return when all is quiet; may be called twice."""
        self._turns.stop.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        self._turns.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@contextmanager
def repeat(function: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call a function every so many seconds, never twice at a time, until the block ends."""
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(function, "interval", seconds=seconds, max_instances=1, coalesce=True, misfire_grace_time=None)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


def start(worker: Worker, *, lock_file: Path, poll_seconds: float) -> Schedule:
    """Start looking for work now and every `poll_seconds`.

    The caller must call `stop`, or use the handle with `with`, before its program ends.
    """
    return Schedule(Turns(worker, lock_file), poll_seconds)
