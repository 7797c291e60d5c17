"""The queue over a compare-and-swap store: for machines that share nothing but a Hub dataset.

Enters: submissions and claims. Leaves: one JSON a request at requests/<org>/<model>/<key>.json: the `QueueEntry` with a
fencing token, the end of the lease and a place in the line. Every change replaces the file that was read, so two
machines never decide on the same state. A finish is one commit with the result, its samples and the request.
"""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeGuard

from leaderboard.errors import Conflict, StoreError, StoreUnavailable, UnknownSubmission
from leaderboard.records import STATES, Progress, QueueEntry, State, Submission, request_path
from leaderboard.stores import Store

from . import queue
from .queue import Claim, Clock, HasResult, Publish, RetryPolicy
from .request import Request, as_request, claim_of, display_order, holds, line_order, lost, next_place, plain
from .request_shelf import RequestShelf
from .staging import StagingStore

ROUNDS = 50


class StoreQueue:
    """A `WorkQueue` over a store.

    Results of a finish go through `results`: what is written there inside `publish` joins the commit of the request.
    `look_again_seconds` bounds how old the answers of get, entries and counts may be; every change reads afresh.
    Methods raise StoreUnavailable when the store cannot be reached or the outcome of a change is unknown; a claim or
    finish whose outcome was unknown is recognised when it is tried again.
    """

    def __init__(
        self, store: Store, *, clock: Clock, lease_seconds: float, retry: RetryPolicy, rng: random.Random,
        look_again_seconds: float = 0.0,
    ) -> None:  # fmt: skip
        self.results = StagingStore(store)
        self._store = store
        self._clock = clock
        self._lease = timedelta(seconds=lease_seconds)
        self._retry = retry
        self._rng = rng
        self._shelf = RequestShelf(store, clock=clock, look_again=timedelta(seconds=look_again_seconds))
        self._unsure: dict[tuple[str, int, str], str] = {}

    def add(self, submission: Submission) -> QueueEntry:
        """Store a submission durably; the existing entry, unchanged, when its key is known (also a FAILED one)."""
        for _ in range(ROUNDS):
            requests = self._shelf.fresh().requests
            if submission.key in requests:
                return self._shown(requests[submission.key], requests)
            entry = queue.accepted(submission, self._clock())
            request = Request.model_validate({**dict(entry), "place": next_place(requests.values())})
            try:
                self._write(request, None, f"Add {submission.model}")
            except Conflict:
                continue
            return self._shown(request, {**requests, request.key: request})
        raise self._busy(submission.key)

    def get(self, key: str) -> QueueEntry | None:
        """The entry with that key, or None."""
        requests = self._shelf.recent().requests
        return self._shown(requests[key], requests) if key in requests else None

    def entries(self, *, states: Sequence[State] | None = None, limit: int = 200) -> list[QueueEntry]:
        """RUNNING, then PENDING by position, then the others by newest change; at most `limit`."""
        requests = self._shelf.recent().requests
        wanted = set(STATES if states is None else states)
        chosen = sorted((r for r in requests.values() if r.state in wanted), key=display_order)[:limit]
        return [self._shown(request, requests) for request in chosen]

    def counts(self) -> dict[State, int]:
        """Number of entries in every state."""
        found = [request.state for request in self._shelf.recent().requests.values()]
        return {state: found.count(state) for state in STATES}

    def retry(self, key: str) -> QueueEntry:
        """Put a FAILED entry back to PENDING, at the end of the line and with its attempts reset."""

        def again(request: Request, now: datetime) -> QueueEntry:
            return queue.retried(request, now).model_copy(
                update={"place": next_place(self._shelf.recent().requests.values())}
            )  # fmt: skip

        return self._change(key, again, f"Retry {key}")

    def claim(self, worker: str) -> Claim | None:
        """See `WorkQueue.claim`."""
        for _ in range(ROUNDS):
            requests, etags = self._shelf.fresh()
            if found := self._landed_claim(worker, requests):
                return found
            now = self._clock()
            waiting = [r for r in requests.values() if r.state == "PENDING" and (r.not_before or now) <= now]
            if not waiting:
                return None
            for request in sorted(waiting, key=line_order):
                if claim := self._try_claim(request, etags[request.key], worker, now):
                    return claim
        return None

    def _try_claim(self, request: Request, etag: str, worker: str, now: datetime) -> Claim | None:
        until, token = now + self._lease, request.token + 1
        entry = queue.claimed(request, worker, now).model_copy(update={"token": token, "lease_until": until})
        self._unsure[request.key, token, worker] = "claim"
        try:
            self._write(as_request(entry), etag, f"Claim {request.submission.model}")
        except Conflict:
            del self._unsure[request.key, token, worker]
            return None
        del self._unsure[request.key, token, worker]
        return claim_of(as_request(entry))

    def _landed_claim(self, worker: str, requests: dict[str, Request]) -> Claim | None:
        """A claim of this worker whose outcome was unknown and that turns out to hold."""
        for key, token, who in [mark for mark, what in self._unsure.items() if what == "claim" and mark[2] == worker]:
            del self._unsure[key, token, who]
            request = requests.get(key)
            if request and request.state == "RUNNING" and (request.token, request.worker) == (token, who):
                return claim_of(request)
        return None

    def heartbeat(self, claim: Claim, progress: Progress | None) -> Claim:
        """See `WorkQueue.heartbeat`.

        A commit is made only when a third of the lease has passed since the last one; until then the claim comes
        back as it is and the progress is not stored.
        """
        now = self._clock()
        if claim.lease_until - now > self._lease * 2 / 3:
            return claim
        until = now + self._lease
        self._owned_change(
            claim, lambda request, at: queue.advanced(request, progress, at), f"Progress of {claim.submission.model}",
            lease_until=until,
        )  # fmt: skip
        return claim.model_copy(update={"lease_until": until})

    def finish(self, claim: Claim, publish: Publish) -> QueueEntry:
        """See `WorkQueue.finish`."""
        mark = (claim.key, claim.token, claim.worker)
        for _ in range(ROUNDS):
            request, etag = self._shelf.read(claim.submission)
            if self._landed_finish(request, claim):
                del self._unsure[mark]
                return plain(request)
            now = self._clock()
            owned = self._owned(request, claim, now)
            finished = as_request(queue.finished(owned, now).model_copy(update={"lease_until": None}))
            with self.results.staged() as changes:
                publish(plain(finished))
            self._unsure[mark] = "finish"
            try:
                self._write(finished, etag, f"Result of {claim.submission.model}", changes)
            except Conflict:
                continue
            del self._unsure[mark]
            return plain(finished)
        raise self._busy(claim.key)

    def _landed_finish(self, request: Request | None, claim: Claim) -> TypeGuard[Request]:
        """Whether an earlier finish of this claim, whose outcome was unknown, turns out to hold."""
        tried = self._unsure.get((claim.key, claim.token, claim.worker)) == "finish"
        return tried and request is not None and request.state == "FINISHED" and holds(request, claim)

    def fail(self, claim: Claim, *, reason: str, log_tail: str, permanent: bool, final: bool = False) -> QueueEntry:
        """See `WorkQueue.fail`."""

        def ended(request: Request, now: datetime) -> QueueEntry:
            return queue.failed(
                request, reason=reason, log_tail=log_tail, permanent=permanent, now=now,
                wait=self._retry.wait(request.attempts, self._rng), max_attempts=self._retry.max_attempts, final=final,
            )  # fmt: skip

        return self._owned_change(claim, ended, f"Failure of {claim.submission.model}", lease_until=None)

    def release(self, claim: Claim) -> QueueEntry:
        """See `WorkQueue.release`."""
        return self._owned_change(claim, queue.released, f"Release {claim.submission.model}", lease_until=None)

    def recover(self, *, has_result: HasResult, worker: str | None = None) -> list[QueueEntry]:
        """See `WorkQueue.recover`."""
        requests, etags = self._shelf.fresh()
        changed: list[QueueEntry] = []
        for request in sorted(requests.values(), key=line_order):
            now = self._clock()
            expired = request.lease_until is None or request.lease_until < now
            if request.state != "RUNNING" or not (expired or (worker is not None and request.worker == worker)):
                continue
            entry = self._recovered(request, has_result, now)
            try:
                self._write(entry, etags[request.key], f"Recover {request.submission.model}")
            except Conflict:  # its owner is alive after all, or another machine was faster
                continue
            changed.append(self._shown(entry, self._shelf.recent().requests))
        return changed

    def _recovered(self, request: Request, has_result: HasResult, now: datetime) -> Request:
        if has_result(request.submission):
            entry = queue.finished(request, now)
        else:
            wait = self._retry.wait(max(1, request.attempts), self._rng)
            entry = queue.abandoned(request, now=now, wait=wait, max_attempts=self._retry.max_attempts)
        return as_request(entry.model_copy(update={"lease_until": None}))

    def _owned_change(
        self, claim: Claim, transition: Callable[[Request, datetime], QueueEntry], message: str, **extra: object
    ) -> QueueEntry:
        def owned(request: Request, now: datetime) -> QueueEntry:
            return transition(self._owned(request, claim), now).model_copy(update=extra)

        return self._change(claim.key, owned, message, claim)

    def _change(
        self, key: str, transition: Callable[[Request, datetime], QueueEntry], message: str, claim: Claim | None = None
    ) -> QueueEntry:
        """Apply a transition to the newest content, again when somebody else wrote meanwhile."""
        for _ in range(ROUNDS):
            requests, etags = self._shelf.fresh()
            if key not in requests:
                if claim is not None:
                    raise lost(claim)
                raise UnknownSubmission(
                    f"No submission has the key {key!r}; `python -m eval_queue status` lists the keys."
                )
            changed = as_request(transition(requests[key], self._clock()))
            try:
                self._write(changed, etags[key], message)
            except Conflict:
                continue
            return self._shown(changed, {**requests, key: changed})
        raise self._busy(key)

    def _owned(self, request: Request | None, claim: Claim, now: datetime | None = None) -> Request:
        """The request a claim owns; with `now` its lease must not have run out either."""
        if request is None or request.state != "RUNNING" or not holds(request, claim):
            raise lost(claim)
        if now is not None and (request.lease_until is None or request.lease_until < now):
            raise lost(claim)
        return request

    def _write(
        self, request: Request, etag: str | None, message: str, others: dict[str, bytes | None] | None = None
    ) -> None:
        """Replace a request, in one write with other files; the request counts last."""
        path = request_path(request.submission)
        data = request.model_dump_json(exclude={"position"}, indent=1).encode()
        changes = {**{name: content for name, content in (others or {}).items() if name != path}, path: data}
        try:
            written = self._store.write(changes, expected={path: etag}, message=message)
        except StoreError:
            self._shelf.forget(path)
            raise
        self._shelf.put(path, written[path], request)

    def _shown(self, request: Request, requests: dict[str, Request]) -> QueueEntry:
        entry = plain(request)
        if request.state != "PENDING":
            return entry
        ahead = sum(r.state == "PENDING" and line_order(r) < line_order(request) for r in requests.values())
        return entry.model_copy(update={"position": ahead + 1})

    def _busy(self, key: str) -> StoreUnavailable:
        return StoreUnavailable(f"Submission {key} was changed by others {ROUNDS} times in a row; try again later.")
