"""The queue over a store: the promises of every queue, on memory, folder and Hub, and with a Hub that misbehaves."""

import contextlib
import inspect
import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from eval_queue import wiring
from eval_queue.hub_queue import is_hub_queue, open_hub_queue
from eval_queue.publish import Publisher
from eval_queue.queue import Claim, Clock, RetryPolicy
from eval_queue.request import Request
from eval_queue.sqlite_queue import SqliteQueue
from eval_queue.store_queue import StoreQueue
from leaderboard.errors import LeaseLost, QueueError, StoreUnavailable
from leaderboard.hub_store import HubStore
from leaderboard.records import Progress, QueueEntry, RunResult, Submission, TaskScore, request_path, result_path
from leaderboard.settings import Settings
from leaderboard.stores import LocalStore, MemoryStore, Store
from tests.fakehub import FakeHub
from tests.unit import test_queue as shared
from tests.unit.queue_worlds import LEASE_SECONDS, RETRY, ManualClock, submission

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
REPO = "org/queue"


def no_sleep(_: float) -> None: ...


def queue_over(store: Store, clock: Clock, **options: Any) -> StoreQueue:
    chosen = {"lease_seconds": LEASE_SECONDS, "retry": RETRY, "rng": random.Random(7)} | options
    return StoreQueue(store, clock=clock, **chosen)


def hub_store(hub: FakeHub, seed: int = 1) -> HubStore:
    store = HubStore(REPO, endpoint=hub.endpoint, token=hub.token, timeout=2.0, sleep=no_sleep, rng=random.Random(seed))
    store.create()
    return store


def open_folder(folder: Path, clock: Clock) -> StoreQueue:
    return queue_over(LocalStore(folder), clock)


# -- the promises of every queue, taken from test_queue ---------------------------------------------------------------
@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["memory", "folder", "hub"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return LocalStore(tmp_path) if request.param == "folder" else hub_store(request.getfixturevalue("hub"))


@pytest.fixture
def queue(store: Store, clock: ManualClock) -> StoreQueue:
    return queue_over(store, clock)


@pytest.fixture
def open_queue() -> Callable[[Path, Clock], StoreQueue]:
    return open_folder


def is_promise_of_every_queue(test: object) -> bool:
    return callable(test) and {"queue", "open_queue"} & set(inspect.signature(test).parameters) != set()


# The rounds of the 16-process race are many for a folder store, which takes a file lock for every write.
SLOW = "test_every_submission_has_one_winner_among_16_processes"
PROMISES = {
    name: test
    for name, test in vars(shared).items()
    if name.startswith("test_") and name != SLOW and is_promise_of_every_queue(test)
}
globals().update(PROMISES)


def test_the_promises_of_every_queue_are_really_run_here() -> None:
    assert len(PROMISES) >= 20


# -- promises of the store queue alone ------------------------------------------------------------------------------
def result_of(entry: Submission, clock: ManualClock) -> RunResult:
    task = TaskScore(task="core_dates", metric="acc_norm", score=0.5, n=40)
    return RunResult(submission=entry, started_at=clock(), finished_at=clock(), tasks=(task,))


def next_claim(queue: StoreQueue, worker: str = "w1") -> Claim:
    claim = queue.claim(worker)
    assert claim is not None
    return claim


def test_a_finish_is_one_commit_with_result_samples_and_request(
    hub: FakeHub, clock: ManualClock, tmp_path: Path
) -> None:
    queue = queue_over(hub_store(hub), clock)
    publisher = Publisher(queue.results)
    queue.add(submission())
    claim = next_claim(queue)
    (tmp_path / "core_dates.parquet").write_bytes(b"PAR1 evidence PAR1")
    before = hub.count("commit")
    samples = {"core_dates": tmp_path / "core_dates.parquet"}
    queue.finish(claim, lambda entry: publisher.publish(result_of(claim.submission, clock), samples, entry))
    assert hub.count("commit") == before + 1
    files = hub.repo("datasets", REPO).commits[-1].files
    changed = {path for path in files if hub.repo("datasets", REPO).commits[-2].files.get(path) != files[path]}
    assert changed == {
        request_path(claim.submission), result_path(claim.submission),
        f"samples/{claim.submission.model}/{claim.key}/core_dates.parquet",
    }  # fmt: skip
    assert publisher.has(claim.submission)
    request = Request.model_validate_json(files[request_path(claim.submission)])
    assert (request.state, request.token, request.lease_until) == ("FINISHED", 1, None)


def test_heartbeats_commit_at_most_three_times_a_lease(hub: FakeHub, clock: ManualClock) -> None:
    queue = queue_over(hub_store(hub), clock)
    queue.add(submission())
    claim = next_claim(queue)
    before = hub.count("commit")
    for step in range(60):
        clock.advance(LEASE_SECONDS / 60)
        claim = queue.heartbeat(claim, Progress(task="core_dates", done=step))
    assert hub.count("commit") - before <= 3
    assert queue.recover(has_result=lambda _: False) == []


def test_a_request_in_the_words_of_another_program_is_read(store: Store, clock: ManualClock) -> None:
    entry = QueueEntry(submission=submission(), state="PENDING", updated_at=clock())
    store.write({request_path(entry.submission): entry.model_dump_json().encode()})
    queue = queue_over(store, clock)
    assert queue.get(entry.key) == entry.model_copy(update={"position": 1})
    assert next_claim(queue).token == 1


def test_what_is_no_request_is_left_out_and_never_fatal(store: Store, clock: ManualClock) -> None:
    queue = queue_over(store, clock)
    good = queue.add(submission(1))
    data = store.read(request_path(submission(1))).data
    rubbish: dict[str, bytes | None] = {
        "requests/org/a/1.json": b"", "requests/org/a/2.json": b"[" * 100_000, "requests/org/a/3.json": b"\xff\xfe",
        "requests/org/a/4.json": data, "requests/README.md": b"# Requests", "requests/x": b'{"state": "PENDING"}',
        "requests/org/a/5.json": data.replace(b"PENDING", b"SLEEPING"),
    }  # fmt: skip
    store.write(rubbish)
    assert [entry.key for entry in queue.entries()] == [good.key]
    assert next_claim(queue).key == good.key
    assert queue.claim("w2") is None


def test_unchanged_requests_are_not_read_again(hub: FakeHub, clock: ManualClock) -> None:
    queue = queue_over(hub_store(hub), clock)
    for number in range(5):
        queue.add(submission(number))
    hub.requests.clear()
    queue.entries()
    assert [name for name, _ in hub.requests] == ["tree"]
    other = queue_over(hub_store(hub), clock)
    other.add(submission(9))
    hub.requests.clear()
    assert len(queue.entries()) == 6
    assert sorted(name for name, _ in hub.requests) == ["resolve", "tree"]


def test_pages_that_poll_ask_the_hub_only_so_often(hub: FakeHub, clock: ManualClock) -> None:
    queue = queue_over(hub_store(hub), clock, look_again_seconds=10.0)
    queue.add(submission())
    hub.requests.clear()
    for _ in range(20):
        clock.advance(1.0)
        assert queue.counts()["PENDING"] == 1
    assert hub.count("tree") <= 2


def test_a_writer_who_saw_an_older_request_cannot_overwrite_a_newer_one(clock: ManualClock) -> None:
    """Two threads share a queue: what one wrote must not lend its etag to what the other still believes."""
    store = MemoryStore()
    queue = queue_over(store, clock)
    queue.add(submission())
    listing = queue._shelf.fresh()
    rival = next_claim(queue, "rival")
    (stale,) = listing.requests.values()
    assert queue._try_claim(stale, listing.etags[stale.key], "w1", clock()) is None
    entry = queue.get(rival.key)
    assert entry is not None
    assert entry.worker == "rival"


def test_a_claim_whose_answer_was_lost_is_recognised(hub: FakeHub, clock: ManualClock) -> None:
    queue = queue_over(hub_store(hub), clock)
    queue.add(submission())
    hub.fault("commit", status=500, after=True)
    hub.fault("commits", status=500, times=20)
    with pytest.raises(StoreUnavailable, match="unknown"):
        queue.claim("w1")
    hub.faults.clear()
    claim = next_claim(queue)
    assert (claim.token, claim.attempt, queue.counts()["RUNNING"]) == (1, 1, 1)
    assert queue.claim("w1") is None


def test_a_finish_whose_answer_was_lost_is_recognised(hub: FakeHub, clock: ManualClock) -> None:
    queue = queue_over(hub_store(hub), clock)
    queue.add(submission())
    claim = next_claim(queue)
    published: list[QueueEntry] = []
    hub.fault("commit", after=True)
    hub.fault("commits", status=500, times=20)
    with pytest.raises(StoreUnavailable):
        queue.finish(claim, published.append)
    hub.faults.clear()
    assert queue.finish(claim, published.append).state == "FINISHED"
    assert len(published) == 1
    with pytest.raises(LeaseLost):
        queue.finish(claim, published.append)


def test_a_failing_publication_writes_nothing_at_all(store: Store, clock: ManualClock) -> None:
    queue = queue_over(store, clock)
    queue.add(submission())
    claim = next_claim(queue)
    before = store.list()

    def fails_halfway(_: QueueEntry) -> None:
        queue.results.write({"results/half.json": b"1"})
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        queue.finish(claim, fails_halfway)
    assert store.list() == before
    queue.results.write({"results/whole.json": b"1"})
    assert "results/whole.json" in store.list()


FAULTS: tuple[dict[str, Any], ...] = (
    {"route": "commit", "status": 409}, {"route": "commit", "status": 412}, {"route": "commit", "status": 429},
    {"route": "commit", "status": 500}, {"route": "commit", "status": 500, "after": True}, {"route": "commit"},
    {"route": "commit", "after": True}, {"route": "info", "status": 429}, {"route": "info", "status": 500},
    {"route": "commits", "status": 500}, {"route": "commits"}, {"route": "paths_info", "status": 503},
    {"route": "resolve", "status": 500}, {"route": "commit", "status": 500, "after": True, "times": 6},
)  # fmt: skip


class Machine:
    """A worker's life against a Hub that fails: it forgets its claim when told that it was lost, else tries again."""

    def __init__(self, name: str, hub: FakeHub, clock: ManualClock, seed: int) -> None:
        self.name = name
        retry = RetryPolicy(max_attempts=1_000, first_wait_seconds=1.0, longest_wait_seconds=5.0)
        self.queue = queue_over(hub_store(hub, seed), clock, retry=retry)
        self.claim: Claim | None = None

    def publish(self, claim: Claim, entry: QueueEntry) -> None:
        self.queue.results.write({result_path(claim.submission): f"{self.name} {claim.token}".encode()})

    def has_result(self, wanted: Submission) -> bool:
        return result_path(wanted) in self.queue.results.list("results")

    def step(self, rng: random.Random) -> None:
        try:
            if self.claim is None:
                self.queue.recover(has_result=self.has_result)
                self.claim = self.queue.claim(self.name)
            elif rng.random() < 0.6:
                self.queue.finish(self.claim, partial(self.publish, self.claim))
                self.claim = None
            elif rng.random() < 0.3:
                self.queue.fail(self.claim, reason="network", log_tail="", permanent=False)
                self.claim = None
            else:
                self.claim = self.queue.heartbeat(self.claim, None)
        except LeaseLost:
            self.claim = None
        except StoreUnavailable:
            pass


def published_per_result(hub: FakeHub) -> Counter[str]:
    """How often each result file was made or changed, over the whole history."""
    changes: Counter[str] = Counter()
    commits = hub.repo("datasets", REPO).commits
    for earlier, later in itertools.pairwise(commits):
        results = {path: data for path, data in later.files.items() if path.startswith("results/")}
        changes.update(path for path, data in results.items() if earlier.files.get(path) != data)
    return changes


@pytest.mark.parametrize("seed", range(6))
def test_a_hub_that_fails_at_random_loses_and_doubles_nothing(hub: FakeHub, clock: ManualClock, seed: int) -> None:
    rng = random.Random(seed)
    machines = [Machine(f"w{n}", hub, clock, seed + n) for n in range(3)]
    receipts: set[str] = set()
    for number in range(60):
        if rng.random() < 0.4:
            hub.fault(**rng.choice(FAULTS))
        if number % 6 == 0:
            with contextlib.suppress(StoreUnavailable):
                receipts.add(machines[0].queue.add(submission(number)).key)
        rng.choice(machines).step(rng)
        clock.advance(rng.choice([0.1, 1.0, LEASE_SECONDS / 2]))
    hub.faults.clear()
    for _ in range(100):
        for machine in machines:
            machine.step(rng)
        clock.advance(10.0)
    fresh = queue_over(hub_store(hub), clock)
    entries = {entry.key: entry.state for entry in fresh.entries()}
    assert receipts <= entries.keys(), "a receipt was given for something that is lost"
    assert set(entries.values()) == {"FINISHED"}
    assert set(published_per_result(hub).values()) == {1}
    assert len(published_per_result(hub)) == len(entries)


def test_one_winner_a_claim_among_threads_of_four_machines(hub: FakeHub, clock: ManualClock) -> None:
    machines = [queue_over(hub_store(hub, n), clock, rng=random.Random(n)) for n in range(4)]
    for number in range(8):
        machines[0].add(submission(number))
    won: list[str] = []

    def work(queue: StoreQueue, name: str) -> None:
        while (claim := queue.claim(name)) is not None:
            won.append(claim.key)

    threads = [threading.Thread(target=work, args=(queue, f"w{n}")) for n, queue in enumerate(machines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == len(set(won)) == 8


def test_both_queues_tell_the_same_story(clock: ManualClock, tmp_path: Path) -> None:
    """The same calls on both give the same entries, so either can stand behind the page."""
    stories = []
    for queue in (
        queue_over(MemoryStore(), clock),
        SqliteQueue(tmp_path / "q", clock=clock, lease_seconds=LEASE_SECONDS, retry=RETRY, rng=random.Random(7)),
    ):
        clock.time = ManualClock().time
        for number in range(4):
            queue.add(submission(number))
        first = queue.claim("w1")
        second = queue.claim("w2")
        assert first is not None
        assert second is not None
        queue.finish(first, lambda _: None)
        queue.fail(second, reason="network", log_tail="tail", permanent=False)
        clock.advance(timedelta(minutes=5).total_seconds())
        third = queue.claim("w3")
        assert third is not None
        queue.fail(third, reason="no", log_tail="", permanent=True)
        queue.retry(third.key)
        stories.append([entry.model_dump() for entry in queue.entries()])
    assert stories[0] == stories[1]


# -- from the settings ------------------------------------------------------------------------------------------------
def test_the_setting_opens_the_queue_that_other_machines_see(hub: FakeHub, clock: ManualClock) -> None:
    settings = Settings(queue=f"hf://datasets/{REPO}", hub_endpoint=hub.endpoint, hub_token=hub.token)
    assert is_hub_queue(settings)
    hub.put("datasets", REPO, {})
    here, there = (open_hub_queue(settings, clock=clock, rng=random.Random(1)) for _ in range(2))
    added = here.add(submission())
    claim = next_claim(there)
    assert claim.key == added.key
    assert claim.lease_until - clock() >= timedelta(minutes=30)


def test_the_desk_puts_results_of_a_shared_queue_beside_it(hub: FakeHub, tmp_path: Path) -> None:
    hub.put("datasets", REPO, {})
    shared_queue = {"queue": f"hf://datasets/{REPO}", "hub_endpoint": hub.endpoint, "hub_token": hub.token}
    desk = wiring.open_desk(Settings.model_validate({"state": tmp_path, **shared_queue}))
    assert isinstance(desk.queue, StoreQueue)
    assert desk.store is desk.queue.results
    assert not isinstance(wiring.open_desk(Settings(state=tmp_path)).queue, StoreQueue)


@pytest.mark.parametrize(
    ("queue", "token", "words"),
    [
        ("hf://datasets/org/name@main", "hf_secretsecret", "without a revision"),
        ("hf://org/name", "hf_secretsecret", "expected hf://datasets/org/name"),
        ("sqlite", "hf_secretsecret", "expected sqlite or"),
        ("hf://datasets/org/name", None, "HF_TOKEN"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_with_what_to_do(
    clock: ManualClock, queue: str, token: str | None, words: str
) -> None:
    with pytest.raises(QueueError, match=words) as caught:
        open_hub_queue(Settings(queue=queue, hub_token=token), clock=clock, rng=random.Random(1))
    assert "hf_secretsecret" not in str(caught.value)


def test_a_token_that_may_not_write_is_told_plainly(hub: FakeHub, clock: ManualClock) -> None:
    hub.put("datasets", REPO, {})
    settings = Settings(queue=f"hf://datasets/{REPO}", hub_endpoint=hub.endpoint, hub_token="hf_wrongwrong")
    with pytest.raises(StoreUnavailable, match="org/queue could not be written") as caught:
        open_hub_queue(settings, clock=clock, rng=random.Random(1)).add(submission())
    assert "hf_wrongwrong" not in str(caught.value)
    assert hub.count("commit") == 0
