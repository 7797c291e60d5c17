"""Submissions: what a draft must satisfy, and what a queue promises.

Enters: a `Draft` (what a person typed) and a `ModelCatalogue` (what is known about models). Leaves: a
validated `Submission`, or every `Problem` at once. The queue itself is injected: see `eval_queue.queue`.
"""

from collections.abc import Sequence
from typing import Protocol

from leaderboard.records import QueueEntry, State, Submission


class SubmissionQueue(Protocol):
    """What the views and the CLI may do with a queue."""

    def add(self, submission: Submission) -> QueueEntry:
        """Store a submission durably before returning; the existing entry if its key is already known."""
        ...

    def get(self, key: str) -> QueueEntry | None:
        """The entry with that key, or None."""
        ...

    def entries(self, *, states: Sequence[State] | None = None, limit: int = 200) -> list[QueueEntry]:
        """Newest change first, PENDING by position; at most `limit`."""
        ...

    def counts(self) -> dict[State, int]:
        """Number of entries in every state."""
        ...

    def retry(self, key: str) -> QueueEntry:
        """Put a FAILED entry back to PENDING with its attempts reset.

        Raises UnknownSubmission, or NotRetryable when it is not FAILED.
        """
        ...
