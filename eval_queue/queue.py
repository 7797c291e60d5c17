"""The state machine of the queue: who may evaluate what, for how long, how often.

    PENDING --claim--> RUNNING --finish--> FINISHED
       ^                 | |
       |<-- release -----+ +--fail, recover (no attempts left)--> FAILED
       |<-- fail, recover (attempts left, waits) --+                 |
       |<------------------------- retry ----------------------------+

Enters: entries and an event. Leaves: the entry after the event. The transitions are pure functions, so that every
queue (SQLite in `sqlite_queue`, a compare-and-swap store) keeps to the same rules and is tested by the same tests.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from pydantic import Field

from leaderboard.errors import NotRetryable
from leaderboard.records import Count, FailedAttempt, Progress, QueueEntry, Record, Submission, UtcDatetime
from leaderboard.submissions import SubmissionQueue

Clock = Callable[[], datetime]
"""Gives the time now, aware UTC."""

HasResult = Callable[[Submission], bool]
"""Tells whether a valid result of a submission is already published."""

KEPT_FAILURES = 5
"""Failed attempts that an entry remembers, each with its reason and the end of its log."""

Publish = Callable[[QueueEntry], None]
"""Writes the result of a run, and the entry as it will be once finished; doing it twice does no harm."""


def utc_now() -> datetime:
    """The clock of real programs."""
    return datetime.now(UTC)


class Claim(Record):
    """The right to evaluate one submission until the lease runs out."""

    submission: Submission
    worker: str = Field(min_length=1, max_length=200, description="Who holds it.")
    token: Count = Field(description="Fencing token: grows with every claim; only the newest may write.")
    attempt: Count = Field(description="1 for the first attempt.")
    lease_until: UtcDatetime = Field(description="Without a heartbeat the claim is lost then.")

    @property
    def key(self) -> str:
        """Key of the submission."""
        return self.submission.key


class WorkQueue(SubmissionQueue, Protocol):
    """What a worker may do with a queue, on top of what the views may do.

    Every method is durable when it returns and atomic against other processes. Methods that take a claim raise
    LeaseLost when the claim is no longer the newest of its submission or the submission is no longer RUNNING.
    """

    def claim(self, worker: str) -> Claim | None:
        """The first PENDING submission that need not wait, now RUNNING; None when there is none.

        `worker` must be unique among living workers: `recover(worker=...)` relies on it.
        """
        ...

    def heartbeat(self, claim: Claim, progress: Progress | None) -> Claim:
        """Store the progress and renew the lease; the claim with its new end."""
        ...

    def finish(self, claim: Claim, publish: Publish) -> QueueEntry:
        """Publish and become FINISHED as one step that a stale owner cannot take.

        Raises LeaseLost, before anything is published, also when the lease ran out and was not renewed. What
        `publish` raises leaves the entry RUNNING.
        """
        ...

    def fail(self, claim: Claim, *, reason: str, log_tail: str, permanent: bool, final: bool = False) -> QueueEntry:
        """End the attempt: FAILED when permanent or out of attempts, else PENDING after a growing random wait.

        `final` says that no retry can succeed; it implies permanent.
        """
        ...

    def release(self, claim: Claim) -> QueueEntry:
        """Give the submission back unfinished, at once and without counting the attempt."""
        ...

    def recover(self, *, has_result: HasResult, worker: str | None = None) -> list[QueueEntry]:
        """Take RUNNING submissions from owners that are gone; the entries that changed.

        Gone are owners whose lease ran out, and `worker` itself: a worker that starts up holds nothing yet.
        With a result: FINISHED (the owner died between publishing and saying so); else as a transient failure.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often an evaluation is tried and how long it waits in between.

    The wait before attempt n+1 is first_wait_seconds * 2**(n-1), at most longest_wait_seconds, times a random
    factor in 0.5..1.5, so that workers that failed together do not return together.
    """

    max_attempts: int = 3
    first_wait_seconds: float = 10.0
    longest_wait_seconds: float = 600.0

    def wait(self, attempts: int, rng: random.Random) -> timedelta:
        """Time to wait after the given number of attempts (at least 1)."""
        seconds = min(self.longest_wait_seconds, self.first_wait_seconds * 2.0 ** min(attempts - 1, 30))
        return timedelta(seconds=seconds * rng.uniform(0.5, 1.5))


def accepted(submission: Submission, now: datetime) -> QueueEntry:
    """A new entry."""
    return QueueEntry(submission=submission, state="PENDING", updated_at=now)


def claimed(entry: QueueEntry, worker: str, now: datetime) -> QueueEntry:
    """The entry as its next attempt begins."""
    return _changed(
        entry, now, state="RUNNING", attempts=entry.attempts + 1, worker=worker, started_at=now, not_before=None
    )


def advanced(entry: QueueEntry, progress: Progress | None, now: datetime) -> QueueEntry:
    """The entry with the newest progress; None keeps what is known."""
    return _changed(entry, now, progress=progress or entry.progress)


def finished(entry: QueueEntry, now: datetime) -> QueueEntry:
    """The entry once its result is published."""
    return _changed(entry, now, state="FINISHED", progress=None, reason=None, log_tail=None, not_before=None)


def failed(
    entry: QueueEntry, *, reason: str, log_tail: str | None, permanent: bool, now: datetime, wait: timedelta,
    max_attempts: int, final: bool = False,
) -> QueueEntry:  # fmt: skip
    """The entry after an attempt that gave no result; `wait` is used when it will be tried again."""
    number = entry.failures[-1].number + 1 if entry.failures else 1
    attempt = FailedAttempt(
        number=number, started_at=entry.started_at, ended_at=now, reason=reason, log_tail=log_tail or None
    )
    ends = permanent or final or entry.attempts >= max_attempts
    if ends and not (permanent or final) and entry.attempts > 1:
        reason = f"{reason} (attempt {entry.attempts} of {max_attempts})"
    return _changed(
        entry, now, state="FAILED" if ends else "PENDING", worker=None, progress=None, reason=reason,
        log_tail=log_tail, not_before=None if ends else now + wait, final=final,
        failures=(*entry.failures, attempt)[-KEPT_FAILURES:],
    )  # fmt: skip


def abandoned(entry: QueueEntry, *, now: datetime, wait: timedelta, max_attempts: int) -> QueueEntry:
    """The entry after its worker went silent; nobody is left to read the log of that attempt."""
    reason = (
        f"The evaluation ended its worker: it stopped without a result {entry.attempts} time(s). "
        "Usual causes are too little memory or a restart of the machine; check the size of the model, then retry."
    )
    return failed(
        entry, reason=reason, log_tail=None, permanent=entry.attempts >= max_attempts, now=now, wait=wait,
        max_attempts=max_attempts,
    )  # fmt: skip


def released(entry: QueueEntry, now: datetime) -> QueueEntry:
    """The entry given back by a worker that was asked to stop."""
    return _changed(entry, now, state="PENDING", worker=None, progress=None, attempts=max(0, entry.attempts - 1))


def retried(entry: QueueEntry, now: datetime) -> QueueEntry:
    """A FAILED entry with its attempts counted from 0; why it failed stays to be read until the next attempt ends.

    Raises NotRetryable in any other state.
    """
    if entry.state != "FAILED":
        raise NotRetryable(f"Submission {entry.key} is {entry.state}; only a FAILED submission can be retried.")
    return _changed(entry, now, state="PENDING", attempts=0, worker=None, not_before=None, final=False)


def _changed(entry: QueueEntry, now: datetime, **changes: object) -> QueueEntry:
    return entry.model_copy(update={"position": None, "updated_at": now, **changes})
