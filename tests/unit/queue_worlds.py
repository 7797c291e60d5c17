"""What the queue tests share: submissions, a clock to turn, and every implementation of the queue."""

import random
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eval_queue.queue import Claim, Clock, RetryPolicy, WorkQueue, utc_now
from eval_queue.sqlite_queue import SqliteQueue
from leaderboard.records import QueueEntry, Submission

LEASE_SECONDS = 60.0
RETRY = RetryPolicy(max_attempts=3, first_wait_seconds=10.0)


class ManualClock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def submission(number: int = 0, **changes: object) -> Submission:
    values: dict[str, object] = {
        "model": f"org/model-{number}", "revision": f"{number:040x}", "precision": "bfloat16", "suite": "core",
        "submitted_at": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    return Submission.model_validate(values | changes)


def open_sqlite(folder: Path, clock: Clock, lease_seconds: float = LEASE_SECONDS) -> WorkQueue:
    return SqliteQueue(
        folder / "queue.sqlite3", clock=clock, lease_seconds=lease_seconds, retry=RETRY, rng=random.Random(7)
    )


class UnfencedQueue(SqliteQueue):
    """A queue that trusts every claim: what the tests must catch."""

    owned = "key = :key AND (TRUE OR :token)"

    def _owned(self, db: sqlite3.Connection, claim: Claim, now: datetime | None = None) -> QueueEntry:
        return super()._owned(db, claim)


def open_unfenced(folder: Path, clock: Clock) -> WorkQueue:
    return UnfencedQueue(
        folder / "queue.sqlite3", clock=clock, lease_seconds=LEASE_SECONDS, retry=RETRY, rng=random.Random(7)
    )


OpenQueue = Callable[[Path, Clock], WorkQueue]

IMPLEMENTATIONS: dict[str, OpenQueue] = {"sqlite": open_sqlite}
"""Every queue; all tests of tests/unit/test_queue.py and test_queue_machine.py run against each."""


def add_all(open_queue: OpenQueue, folder: Path, numbers: list[int]) -> list[int | None]:
    queue = open_queue(folder, utc_now)
    return [queue.add(submission(number)).position for number in numbers]


def claim_all(open_queue: OpenQueue, folder: Path, worker: str) -> list[tuple[str, int]]:
    queue, won = open_queue(folder, utc_now), []
    while (claim := queue.claim(worker)) is not None:
        won.append((claim.key, claim.token))
    return won
