"""Every error this project raises on purpose.

LeaderboardError
├── InvalidSubmission     a submission that would be refused; holds every problem at once
├── InvalidQuery          a filter, sort, column or view that the board does not have
├── BadRecord             one file or row that cannot be read; it is quarantined, never fatal
├── BadBattle             one comparison that cannot be counted; named by its row
├── BadSetting            a parameter of a rating method that makes no sense or does not fit the data
├── ModelUnavailable      a model id that does not exist, is private, gated or cannot be reached
│   └── RevisionUnavailable  the model exists, the revision does not
├── StoreError
│   ├── NotFound          no object at that path
│   ├── Conflict          somebody else wrote first (compare-and-swap lost)
│   └── StoreUnavailable  the store cannot be reached now
├── QueueError
│   ├── UnknownSubmission no submission with that key
│   ├── NotRetryable      the submission is not in a state that can be retried
│   └── LeaseLost         the caller no longer owns the claim it tries to use
└── EvaluationError
    ├── PermanentFailure  trying again at once would fail the same way
    │   └── ModelAtFault  the model's own files are the reason: no retry of them can succeed
    └── TransientFailure  trying again may succeed
"""

from collections.abc import Sequence
from dataclasses import dataclass


class LeaderboardError(Exception):
    """Root of the tree; its text is safe to show to a visitor."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason why an input is refused.

    `field` names the form field or CLI option, '' when it is about none of them; `message` says what is wrong with
    which value, what was expected and what to do.
    """

    field: str
    message: str


class InvalidSubmission(LeaderboardError):
    """A submission that would be refused, with all reasons."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{p.field}: {p.message}" if p.field else p.message for p in self.problems))


class InvalidQuery(LeaderboardError):
    """A query that names something the board does not have."""


class BadRecord(LeaderboardError):
    """One file or row that cannot be read."""


class BadBattle(LeaderboardError):
    """A comparison that cannot be counted."""


class BadSetting(LeaderboardError):
    """A parameter of a rating method that makes no sense, or does not fit the data."""


class ModelUnavailable(LeaderboardError):
    """A model that cannot be evaluated because it cannot be fetched."""


class RevisionUnavailable(ModelUnavailable):
    """A revision that the model does not have."""


class StoreError(LeaderboardError):
    """A store could not do what was asked."""


class NotFound(StoreError):
    """No object at that path."""


class Conflict(StoreError):
    """The object changed since the caller read it."""


class StoreUnavailable(StoreError):
    """The store cannot be reached now; trying later may work."""


class QueueError(LeaderboardError):
    """The queue could not do what was asked."""


class UnknownSubmission(QueueError):
    """No submission with that key."""


class NotRetryable(QueueError):
    """The submission is not in a state that can be retried."""


class LeaseLost(QueueError):
    """The caller no longer owns the claim it tries to use."""


class EvaluationError(LeaderboardError):
    """An evaluation ended without a result."""


class PermanentFailure(EvaluationError):
    """Trying again would fail the same way."""


class ModelAtFault(PermanentFailure):
    """The model's own files are the reason: no retry of them can succeed."""


class TransientFailure(EvaluationError):
    """Trying again may succeed."""
