"""One request file of a store queue, and the pure functions on it.

Enters: entries and claims. Leaves: requests, the entries they show, their order.
"""

from collections.abc import Iterable

from pydantic import Field

from leaderboard.errors import LeaseLost
from leaderboard.records import Count, QueueEntry, UtcDatetime

from .queue import Claim


class Request(QueueEntry):
    """One request file; a plain `QueueEntry`, as other programs write it, is one too."""

    place: Count = Field(default=0, description="Order in the line; equal places are ordered by key.")
    token: Count = Field(default=0, description="Fencing token: grows with every claim.")
    lease_until: UtcDatetime | None = Field(default=None, description="Only while RUNNING.")


def holds(request: Request, claim: Claim) -> bool:
    """Whether a claim is the newest of its request."""
    return (request.token, request.worker) == (claim.token, claim.worker)


def lost(claim: Claim) -> LeaseLost:
    """What the owner of a claim is told that is not the newest any more."""
    return LeaseLost(
        f"Worker {claim.worker} no longer owns submission {claim.key} (token {claim.token}): its lease ran out "
        "or somebody else took over; nothing was written. Drop the work and claim again."
    )


def claim_of(request: Request) -> Claim:
    """The claim that a RUNNING request is under."""
    return Claim.model_validate(
        {"submission": request.submission, "worker": request.worker, "token": request.token,
         "attempt": request.attempts, "lease_until": request.lease_until}
    )  # fmt: skip


def as_request(entry: QueueEntry) -> Request:
    """The entry that a transition made of a request; transitions keep the type."""
    return entry if isinstance(entry, Request) else Request.model_validate(dict(entry))


def plain(request: Request) -> QueueEntry:
    """The entry without what only queues need."""
    return QueueEntry.model_validate({name: getattr(request, name) for name in QueueEntry.model_fields})


def line_order(request: Request) -> tuple[int, str]:
    """Sorts by place in the line."""
    return request.place, request.key


def display_order(request: Request) -> tuple[object, ...]:
    """Sorts RUNNING first, then PENDING by place, then the others by newest change."""
    rank = {"RUNNING": 0, "PENDING": 1}.get(request.state, 2)
    if request.state == "PENDING":
        return rank, request.place, request.key
    return rank, -request.updated_at.timestamp(), -request.place


def next_place(requests: Iterable[Request]) -> int:
    """The place behind everybody."""
    return max((request.place for request in requests), default=0) + 1
