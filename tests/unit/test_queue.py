"""Promises of every queue (`WorkQueue`); tests of one implementation's own are at the end."""

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval_queue.queue import Claim, RetryPolicy, WorkQueue, utc_now
from leaderboard.errors import LeaseLost, NotRetryable, QueueError, UnknownSubmission
from leaderboard.records import STATES, Progress, QueueEntry
from tests.unit.queue_worlds import (
    IMPLEMENTATIONS,
    LEASE_SECONDS,
    RETRY,
    ManualClock,
    OpenQueue,
    UnfencedQueue,
    add_all,
    claim_all,
    open_sqlite,
    submission,
)  # fmt: skip

PROCESSES = 16


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS.keys())
def open_queue(request: pytest.FixtureRequest) -> OpenQueue:
    return request.param


@pytest.fixture
def queue(open_queue: OpenQueue, tmp_path: Path, clock: ManualClock) -> WorkQueue:
    return open_queue(tmp_path, clock)


def claim_next(queue: WorkQueue, worker: str = "w1") -> Claim:
    claim = queue.claim(worker)
    assert claim is not None
    return claim


def publish_nothing(entry: QueueEntry) -> None:
    del entry


def has_no_result(_: object) -> bool:
    return False


def test_a_new_submission_is_pending_first_in_line_and_survives_reopening(
    open_queue: OpenQueue, tmp_path: Path, clock: ManualClock
) -> None:
    entry = open_queue(tmp_path, clock).add(submission())
    assert (entry.state, entry.position, entry.attempts) == ("PENDING", 1, 0)
    assert open_queue(tmp_path, clock).get(entry.key) == entry


def test_adding_a_known_key_returns_the_existing_entry_unchanged(queue: WorkQueue, clock: ManualClock) -> None:
    first = queue.add(submission())
    clock.advance(5)
    assert queue.add(submission(sender="someone else")) == first
    assert queue.counts() == {"PENDING": 1, "RUNNING": 0, "FINISHED": 0, "FAILED": 0}


def test_adding_a_failed_key_does_not_retry_it(queue: WorkQueue) -> None:
    queue.add(submission())
    queue.fail(claim_next(queue), reason="no", log_tail="", permanent=True)
    assert queue.add(submission()).state == "FAILED"


def test_submissions_are_claimed_in_the_order_they_were_accepted(queue: WorkQueue) -> None:
    for number in (3, 1, 2):
        queue.add(submission(number))
    assert [claim_next(queue).submission.model for _ in range(3)] == ["org/model-3", "org/model-1", "org/model-2"]
    assert queue.claim("w1") is None


def test_a_claim_says_who_until_when_and_which_attempt(queue: WorkQueue, clock: ManualClock) -> None:
    queue.add(submission())
    claim = claim_next(queue)
    assert (claim.worker, claim.attempt, (claim.lease_until - clock()).total_seconds()) == ("w1", 1, LEASE_SECONDS)
    entry = queue.get(claim.key)
    assert entry is not None
    assert (entry.state, entry.worker, entry.started_at, entry.position) == ("RUNNING", "w1", clock(), None)


def test_positions_close_up_when_the_first_is_claimed(queue: WorkQueue) -> None:
    keys = [queue.add(submission(n)).key for n in range(3)]
    claim_next(queue)
    found = [queue.get(key) for key in keys]
    assert [entry.position for entry in found if entry is not None] == [None, 1, 2]


def test_entries_show_running_then_pending_by_position_then_the_newest_change(
    queue: WorkQueue, clock: ManualClock
) -> None:
    for n in range(5):
        queue.add(submission(n))
    for permanent in (True, True):
        clock.advance(1)
        queue.fail(claim_next(queue), reason="no", log_tail="", permanent=permanent)
    clock.advance(1)
    claim_next(queue)
    shown = [(entry.submission.model[-1], entry.state, entry.position) for entry in queue.entries()]
    assert shown == [
        ("2", "RUNNING", None), ("3", "PENDING", 1), ("4", "PENDING", 2), ("1", "FAILED", None), ("0", "FAILED", None),
    ]  # fmt: skip
    assert [e.submission.model[-1] for e in queue.entries(states=["FAILED"], limit=1)] == ["1"]
    assert queue.entries(states=[]) == []


def test_a_heartbeat_renews_the_lease_and_shows_the_progress(queue: WorkQueue, clock: ManualClock) -> None:
    queue.add(submission())
    claim = claim_next(queue)
    clock.advance(LEASE_SECONDS - 1)
    progress = Progress(task="core_dates", task_number=2, n_tasks=5, done=50, total=200, eta_seconds=12.5)
    claim = queue.heartbeat(claim, progress)
    clock.advance(LEASE_SECONDS - 1)
    assert queue.recover(has_result=has_no_result) == []
    entry = queue.get(queue.heartbeat(claim, None).key)
    assert entry is not None
    assert entry.progress == progress


def test_finishing_publishes_once_and_shows_no_progress_or_reason(queue: WorkQueue) -> None:
    queue.add(submission())
    claim = queue.heartbeat(claim_next(queue), Progress(task="core_dates"))
    published: list[QueueEntry] = []
    entry = queue.finish(claim, published.append)
    assert entry.state == "FINISHED"
    assert (entry.progress, entry.reason, entry.position) == (None, None, None)
    assert published == [entry]
    assert queue.get(claim.key) == entry


def test_a_publication_that_fails_leaves_the_submission_running(queue: WorkQueue) -> None:
    def disk_full(_: QueueEntry) -> None:
        raise OSError(28, "No space left on device")

    queue.add(submission())
    claim = claim_next(queue)
    with pytest.raises(OSError, match="No space left"):
        queue.finish(claim, disk_full)
    assert queue.counts()["RUNNING"] == 1
    assert queue.finish(claim, publish_nothing).state == "FINISHED"


def test_a_transient_failure_waits_and_a_third_one_is_final(queue: WorkQueue, clock: ManualClock) -> None:
    queue.add(submission())
    for attempt in (1, 2):
        entry = queue.fail(claim_next(queue), reason="network", log_tail="tail", permanent=False)
        assert (entry.state, entry.attempts, entry.reason, entry.log_tail) == ("PENDING", attempt, "network", "tail")
        assert entry.not_before is not None
        wait = (entry.not_before - clock()).total_seconds()
        assert 5.0 * 2 ** (attempt - 1) <= wait <= 15.0 * 2 ** (attempt - 1)
        assert queue.claim("w1") is None
        clock.advance(wait)
    entry = queue.fail(claim_next(queue), reason="network", log_tail="tail", permanent=False)
    assert (entry.state, entry.attempts, entry.reason) == ("FAILED", 3, "network (attempt 3 of 3)")


def test_a_waiting_retry_does_not_hold_up_the_queue_behind_it(queue: WorkQueue) -> None:
    queue.add(submission(1))
    queue.add(submission(2))
    queue.fail(claim_next(queue), reason="network", log_tail="", permanent=False)
    assert claim_next(queue).submission.model == "org/model-2"


def test_a_permanent_failure_is_final_at_once(queue: WorkQueue) -> None:
    queue.add(submission())
    entry = queue.fail(claim_next(queue), reason="no tokenizer", log_tail="", permanent=True)
    assert (entry.state, entry.attempts, entry.reason, entry.not_before) == ("FAILED", 1, "no tokenizer", None)


def test_a_released_submission_is_claimable_at_once_and_the_attempt_does_not_count(queue: WorkQueue) -> None:
    queue.add(submission())
    for _ in range(5):
        claim = claim_next(queue)
        assert claim.attempt == 1
        assert queue.release(claim).state == "PENDING"


def test_a_retry_goes_to_the_end_of_the_line_with_its_attempts_reset(queue: WorkQueue) -> None:
    first = queue.add(submission(1))
    queue.add(submission(2))
    queue.fail(claim_next(queue), reason="no", log_tail="tail", permanent=True)
    entry = queue.retry(first.key)
    assert (entry.state, entry.position, entry.attempts, entry.reason) == ("PENDING", 2, 0, "no")


def test_every_failed_attempt_keeps_its_own_reason_and_log(queue: WorkQueue, clock: ManualClock) -> None:
    key = queue.add(submission()).key
    queue.fail(claim_next(queue), reason="first", log_tail="log 1", permanent=True)
    clock.advance(100)
    waiting = queue.retry(key)
    assert [(a.number, a.reason, a.log_tail) for a in waiting.failures] == [(1, "first", "log 1")]
    began = clock()
    entry = queue.fail(claim_next(queue), reason="second", log_tail="", permanent=True)
    assert (entry.reason, entry.log_tail) == ("second", "")
    assert [(a.number, a.reason, a.log_tail) for a in entry.failures] == [(1, "first", "log 1"), (2, "second", None)]
    assert entry.failures[1].started_at == began
    assert queue.get(key) == entry


def test_only_the_last_attempts_are_kept_and_their_numbers_go_on(queue: WorkQueue) -> None:
    key = queue.add(submission()).key
    for number in range(1, 8):
        entry = queue.fail(claim_next(queue), reason=f"why {number}", log_tail="", permanent=True)
        assert entry.failures[-1].number == number
        queue.retry(key)
    assert [attempt.number for attempt in entry.failures] == [3, 4, 5, 6, 7]


def test_the_log_of_an_earlier_attempt_is_not_given_to_one_that_ended_its_worker(
    queue: WorkQueue, clock: ManualClock
) -> None:
    queue.add(submission())
    entry = queue.fail(claim_next(queue), reason="network", log_tail="log 1", permanent=False)
    assert entry.not_before is not None
    clock.advance(100)
    claim_next(queue)
    clock.advance(LEASE_SECONDS + 1)
    (entry,) = queue.recover(has_result=has_no_result)
    assert "ended its worker" in (entry.reason or "")
    assert entry.log_tail is None
    assert [attempt.log_tail for attempt in entry.failures] == ["log 1", None]


@pytest.mark.parametrize("final", [True, False])
def test_a_final_failure_says_so_and_a_retry_takes_it_back(queue: WorkQueue, final: bool) -> None:
    key = queue.add(submission()).key
    entry = queue.fail(claim_next(queue), reason="no", log_tail="", permanent=False, final=final)
    assert (entry.final, entry.state) == (final, "FAILED" if final else "PENDING")
    if final:
        assert not queue.retry(key).final


def test_only_failed_submissions_can_be_retried(queue: WorkQueue) -> None:
    entry = queue.add(submission())
    with pytest.raises(NotRetryable, match="is PENDING; only a FAILED"):
        queue.retry(entry.key)
    with pytest.raises(UnknownSubmission, match="nonsense"):
        queue.retry("nonsense")


def test_a_silent_worker_is_recovered_after_its_lease_and_not_before(queue: WorkQueue, clock: ManualClock) -> None:
    queue.add(submission())
    claim_next(queue)
    clock.advance(LEASE_SECONDS)
    assert queue.recover(has_result=has_no_result) == []
    clock.advance(0.001)
    (entry,) = queue.recover(has_result=has_no_result)
    assert (entry.state, entry.attempts, entry.worker) == ("PENDING", 1, None)


def test_a_worker_that_starts_up_takes_back_its_own_claims_only(queue: WorkQueue) -> None:
    queue.add(submission(1))
    queue.add(submission(2))
    mine, _ = claim_next(queue, "w1"), claim_next(queue, "w2")
    assert [entry.key for entry in queue.recover(has_result=has_no_result, worker="w1")] == [mine.key]
    assert queue.counts()["RUNNING"] == 1


def test_a_job_that_ends_its_worker_every_time_fails_with_a_reason_and_the_queue_drains(
    queue: WorkQueue, clock: ManualClock
) -> None:
    poison, innocent = queue.add(submission(1)), queue.add(submission(2))
    finished = set()
    for _ in range(10):
        claim = queue.claim("w1")
        if claim is not None and claim.key != poison.key:
            finished.add(queue.finish(claim, publish_nothing).key)
        clock.advance(LEASE_SECONDS + 1)
        queue.recover(has_result=has_no_result)
    entry = queue.get(poison.key)
    assert entry is not None
    assert (entry.state, entry.attempts) == ("FAILED", 3)
    assert "ended its worker: it stopped without a result 3 time(s)" in (entry.reason or "")
    assert finished == {innocent.key}


def test_a_worker_that_died_between_publishing_and_finishing_is_finished(queue: WorkQueue, clock: ManualClock) -> None:
    queue.add(submission())
    claim_next(queue)
    clock.advance(LEASE_SECONDS + 1)
    (entry,) = queue.recover(has_result=lambda _: True)
    assert (entry.state, entry.reason) == ("FINISHED", None)


@pytest.mark.parametrize("then", ["waits", "is claimed again", "is finished", "lease only ran out"])
def test_an_owner_stopped_past_its_lease_cannot_publish(queue: WorkQueue, clock: ManualClock, then: str) -> None:
    queue.add(submission())
    stale = claim_next(queue, "stopped")
    clock.advance(LEASE_SECONDS + 1)
    if then != "lease only ran out":
        queue.recover(has_result=has_no_result)
    if then in {"is claimed again", "is finished"}:
        clock.advance(100)
        fresh = claim_next(queue, "fresh")
        if then == "is finished":
            queue.finish(fresh, publish_nothing)
    published: list[QueueEntry] = []
    with pytest.raises(LeaseLost, match="stopped no longer owns"):
        queue.finish(stale, published.append)
    assert published == []


def test_a_stale_owner_can_neither_fail_release_nor_renew(queue: WorkQueue, clock: ManualClock) -> None:
    queue.add(submission())
    stale = claim_next(queue)
    clock.advance(LEASE_SECONDS + 1)
    queue.recover(has_result=has_no_result)
    clock.advance(100)
    fresh = claim_next(queue)
    for use in (
        partial(queue.fail, reason="late", log_tail="", permanent=True),
        queue.release,
        partial(queue.heartbeat, progress=None),
    ):
        with pytest.raises(LeaseLost):
            use(stale)
    assert queue.finish(fresh, publish_nothing).state == "FINISHED"


def test_a_renewal_in_time_of_nobody_elses_claim_is_allowed_even_when_late(
    queue: WorkQueue, clock: ManualClock
) -> None:
    queue.add(submission())
    claim = claim_next(queue)
    clock.advance(LEASE_SECONDS * 10)  # the laptop slept; nobody took over
    assert queue.finish(queue.heartbeat(claim, None), publish_nothing).state == "FINISHED"


@given(attempts=st.integers(1, 1000), seed=st.integers())
def test_the_wait_before_a_retry_grows_is_bounded_and_spread(attempts: int, seed: int) -> None:
    policy = RetryPolicy(first_wait_seconds=10.0, longest_wait_seconds=600.0)
    wait = policy.wait(attempts, random.Random(seed)).total_seconds()
    middle = min(600.0, 10.0 * 2.0 ** min(attempts - 1, 30))
    assert 0.5 * middle <= wait <= 1.5 * middle


# --- many processes at once (each opens the queue for itself) ---


def in_processes(task: Callable[..., list[object]], arguments: list[tuple[object, ...]]) -> list[object]:
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("forkserver")) as pool:
        return [item for future in [pool.submit(task, *args) for args in arguments] for item in future.result()]


def test_the_same_submission_from_16_processes_is_one_entry(open_queue: OpenQueue, tmp_path: Path) -> None:
    work = [(open_queue, tmp_path, [1] * 5 + [2] * 5)] * PROCESSES
    in_processes(add_all, work)  # type: ignore[arg-type]
    assert open_queue(tmp_path, utc_now).counts() == {state: 2 if state == "PENDING" else 0 for state in STATES}


def test_every_submission_has_one_winner_among_16_processes(open_queue: OpenQueue, tmp_path: Path) -> None:
    rounds = 100
    add_all(open_queue, tmp_path, list(range(rounds)))
    won = in_processes(claim_all, [(open_queue, tmp_path, f"w{n}") for n in range(PROCESSES)])  # type: ignore[arg-type]
    assert len(won) == rounds
    assert set(Counter(won).values()) == {1}


# --- SQLite alone ---


def test_the_fence_is_what_keeps_a_stale_owner_out(tmp_path: Path, clock: ManualClock) -> None:
    queue = UnfencedQueue(tmp_path / "q", clock=clock, lease_seconds=60.0, retry=RETRY, rng=random.Random(1))
    queue.add(submission())
    stale = claim_next(queue, "stopped")
    clock.advance(61)
    queue.recover(has_result=has_no_result)
    clock.advance(100)
    fresh = claim_next(queue, "fresh")
    published: list[QueueEntry] = []
    queue.finish(stale, published.append)
    queue.finish(fresh, published.append)
    assert len(published) == 2  # doubled: the tests above would fail without the fence


def test_threads_share_one_queue_object(tmp_path: Path) -> None:
    queue = open_sqlite(tmp_path, utc_now)
    threads = [threading.Thread(target=queue.add, args=(submission(n % 4),)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert queue.counts()["PENDING"] == 4


def test_a_queue_file_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path, clock: ManualClock) -> None:
    open_sqlite(tmp_path, clock).add(submission())
    with sqlite3.connect(tmp_path / "queue.sqlite3") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(QueueError, match=r"has version 99.*Update the program"):
        open_sqlite(tmp_path, clock)


def test_a_file_that_is_no_queue_is_refused_with_its_path(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "queue.sqlite3").write_bytes(b"not a database at all" * 100)
    with pytest.raises(QueueError, match=r"queue\.sqlite3 cannot be used"):
        open_sqlite(tmp_path, clock)


def test_the_file_uses_a_rollback_journal(tmp_path: Path, clock: ManualClock) -> None:
    open_sqlite(tmp_path, clock).add(submission())
    db = sqlite3.connect(tmp_path / "queue.sqlite3")
    assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
