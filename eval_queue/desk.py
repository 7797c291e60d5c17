"""The desk where submissions are handed in: one validation and one queue for the form, the API and the command line.

Enters: drafts and keys. Leaves: verdicts and queue entries.
"""

from dataclasses import dataclass

from leaderboard.model_facts import ModelCatalogue
from leaderboard.records import QueueEntry
from leaderboard.retries import retry_failed
from leaderboard.stores import Store
from leaderboard.submissions import Checked, Draft, Limits, accept_checked, check

from .publish import Publisher
from .queue import Clock, WorkQueue


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everything that handing in a submission needs."""

    queue: WorkQueue
    store: Store
    catalogue: ModelCatalogue
    limits: Limits
    clock: Clock

    def check(self, draft: Draft) -> Checked:
        """Everything that would be refused, without changing anything."""
        return check(
            draft, catalogue=self.catalogue, queue=self.queue, limits=self.limits, now=self.clock(),
            result_exists=Publisher(self.store).has,
        )  # fmt: skip

    def accept(self, checked: Checked) -> QueueEntry:
        """Queue what `check` found acceptable; durable when it returns.

        Raises InvalidSubmission with every problem.
        """
        return accept_checked(checked, queue=self.queue, limits=self.limits)

    def retry(self, key: str) -> QueueEntry:
        """Put a FAILED submission back into the queue.

        Raises UnknownSubmission or NotRetryable, the latter also when it cannot succeed, comes too soon after the
        failure or its sender has enough submissions open.
        """
        entry = self.queue.get(key)
        if entry is None or entry.state != "FAILED":
            return self.queue.retry(key)  # says what is wrong
        return retry_failed(
            entry, catalogue=self.catalogue, queue=self.queue, limits=self.limits, now=self.clock()
        )  # fmt: skip

    def get(self, key: str) -> QueueEntry | None:
        """The entry with that key, or None."""
        return self.queue.get(key)
