"""Any order of events keeps the promises of a queue: a model of it runs beside every implementation."""

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from eval_queue.queue import Claim
from leaderboard.errors import LeaseLost, NotRetryable
from leaderboard.records import Progress, QueueEntry
from tests.unit.queue_worlds import (
    IMPLEMENTATIONS,
    LEASE_SECONDS,
    RETRY,
    ManualClock,
    OpenQueue,
    open_unfenced,
    submission,
)

numbers = st.integers(0, 4)
workers = st.sampled_from(["w1", "w2", "w3"])
acts = st.sampled_from(["finish", "fail", "fail for good", "release", "heartbeat", "explode"])


class QueueMachine(RuleBasedStateMachine):
    """Three workers, stale claims kept and used again, a clock that jumps."""

    open_queue: OpenQueue
    worked: Counter[str]
    """How often each event was taken by the queue, over all runs: an order that only meets refusals proves little."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="queue-machine-"))
        self.clock = ManualClock()
        self.queue = type(self).open_queue(self.folder, self.clock)
        self.accepted: list[str] = []
        self.claims: list[Claim] = []
        self.newest: dict[str, int] = {}
        self.published: dict[str, int] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def is_owner(self, claim: Claim) -> bool:
        entry = self.queue.get(claim.key)
        return entry is not None and entry.state == "RUNNING" and self.newest[claim.key] == claim.token

    def has_result(self, wanted: object) -> bool:
        return getattr(wanted, "key", None) in self.published

    @rule(number=numbers)
    def add(self, number: int) -> None:
        before = self.queue.get(submission(number).key)
        entry = self.queue.add(submission(number))
        assert before is None or entry == before
        if before is None:
            self.accepted.append(entry.key)

    @rule(worker=workers)
    def claim(self, worker: str) -> None:
        ready = [
            entry for entry in self.queue.entries(states=["PENDING"])
            if entry.not_before is None or entry.not_before <= self.clock()
        ]  # fmt: skip
        claim = self.queue.claim(worker)
        if not ready:
            assert claim is None
            return
        assert claim is not None
        assert claim.key == ready[0].key
        assert claim.token > self.newest.get(claim.key, 0)
        assert 1 <= claim.attempt <= RETRY.max_attempts
        self.newest[claim.key] = claim.token
        self.claims.append(claim)

    def owned(self) -> list[Claim]:
        return [claim for claim in self.claims if self.is_owner(claim)]

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), act=acts)
    def use_any_claim(self, data: st.DataObject, act: str) -> None:
        self.use(data.draw(st.sampled_from(self.claims)), act)

    @precondition(lambda self: self.owned())
    @rule(data=st.data(), act=acts)
    def use_a_claim_that_is_held(self, data: st.DataObject, act: str) -> None:
        self.use(data.draw(st.sampled_from(self.owned())), act)

    def use(self, claim: Claim, act: str) -> None:
        owner = self.is_owner(claim)
        try:
            self._use(claim, act)
        except LeaseLost:
            late = act in {"finish", "explode"} and self.clock() > claim.lease_until
            assert not owner or late
        except OSError:
            assert owner
            assert self.is_owner(claim)
        else:
            assert owner
            self.worked[act] += 1

    def _use(self, claim: Claim, act: str) -> None:
        def publish(entry: QueueEntry) -> None:
            if act == "explode":
                raise OSError("disk full")
            self.published[entry.key] = self.published.get(entry.key, 0) + 1

        if act in {"finish", "explode"}:
            self.queue.finish(claim, publish)
        elif act == "release":
            self.queue.release(claim)
        elif act == "heartbeat":
            self.claims[self.claims.index(claim)] = self.queue.heartbeat(claim, Progress(task="t"))
        else:
            self.queue.fail(claim, reason="why", log_tail="", permanent=act == "fail for good")

    @rule(seconds=st.sampled_from([1.0, 20.0, LEASE_SECONDS + 1, 1000.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(worker=st.none() | workers)
    def recover(self, worker: str | None) -> None:
        for entry in self.queue.recover(has_result=self.has_result, worker=worker):
            self.worked["recover"] += 1
            assert entry.state in {"PENDING", "FAILED"}

    @rule(number=numbers)
    def retry(self, number: int) -> None:
        before = self.queue.get(submission(number).key)
        if before is not None:
            self.retry_entry(before)

    @precondition(lambda self: self.queue.entries(states=["FAILED"]))
    @rule()
    def retry_what_failed(self) -> None:
        self.retry_entry(self.queue.entries(states=["FAILED"])[0])

    def retry_entry(self, before: QueueEntry) -> None:
        try:
            after = self.queue.retry(before.key)
        except NotRetryable:
            assert before.state != "FAILED"
        else:
            assert (before.state, after.state, after.attempts) == ("FAILED", "PENDING", 0)
            self.worked["retry"] += 1

    @rule()
    def reopen(self) -> None:
        self.queue = type(self).open_queue(self.folder, self.clock)

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        entries = self.queue.entries()
        assert sorted(entry.key for entry in entries) == sorted(self.accepted)
        assert sum(self.queue.counts().values()) == len(self.accepted)
        finished = {entry.key for entry in entries if entry.state == "FINISHED"}
        assert finished == set(self.published)
        assert all(times == 1 for times in self.published.values())

    @invariant()
    def every_entry_says_what_its_state_demands(self) -> None:
        pending = [entry.position for entry in self.queue.entries() if entry.state == "PENDING"]
        assert pending == list(range(1, len(pending) + 1))
        for entry in self.queue.entries():
            assert (entry.state == "FAILED") <= bool(entry.reason)
            assert entry.attempts <= RETRY.max_attempts
            assert (entry.progress is None) or entry.state == "RUNNING"
            assert self.queue.get(entry.key) == entry


BOUNDS = settings(max_examples=40, stateful_step_count=40, suppress_health_check=[HealthCheck.too_slow])


EVENTS = ("finish", "fail", "fail for good", "release", "heartbeat", "retry", "recover")
OFTEN = 5
MOST_RUNS = 30


def machine(open_queue: OpenQueue) -> type[RuleBasedStateMachine]:
    return type("Machine", (QueueMachine,), {"open_queue": staticmethod(open_queue), "worked": Counter()})


@pytest.mark.parametrize("open_queue", IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS.keys())
def test_no_order_of_events_loses_or_doubles_a_submission(open_queue: OpenQueue) -> None:
    events = machine(open_queue)
    for _ in range(MOST_RUNS):
        run_state_machine_as_test(events, settings=BOUNDS)
        if all(events.worked[name] >= OFTEN for name in EVENTS):
            return
    pytest.fail(f"After {MOST_RUNS} runs some event hardly ever succeeded: {dict(events.worked)}; wanted {OFTEN} each.")


def test_the_machine_notices_when_the_fence_is_gone() -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            machine(open_unfenced), settings=settings(BOUNDS, max_examples=500, phases=[Phase.generate], database=None)
        )
