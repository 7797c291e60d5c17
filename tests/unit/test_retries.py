"""A retry is possible where it can succeed, after a pause, and within the sender's share of the queue."""

import random
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from eval_queue.desk import Desk
from eval_queue.sqlite_queue import SqliteQueue
from leaderboard.errors import LeaderboardError, ModelUnavailable, NotRetryable, RevisionUnavailable, UnknownSubmission
from leaderboard.model_facts import ModelFacts
from leaderboard.records import QueueEntry
from leaderboard.stores import MemoryStore
from leaderboard.submissions import Limits
from tests.unit.queue_worlds import RETRY, ManualClock, submission

LIMITS = Limits(
    max_params=1, max_open_per_sender=2, max_weight_bytes=1, memory_bytes=1, retry_pause_seconds=60.0
)  # fmt: skip


class Catalogue:
    """Finds every model, or says why not."""

    def __init__(self, error: LeaderboardError | None = None) -> None:
        self.error = error
        self.asked = 0

    def inspect(self, model: str, revision: str) -> ModelFacts:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return ModelFacts(model=model, revision=revision)


class World:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.queue = SqliteQueue(
            folder / "q", clock=self.clock, lease_seconds=60, retry=RETRY, rng=random.Random(1)
        )  # fmt: skip
        self.catalogue = Catalogue()
        self.desk = Desk(
            queue=self.queue, store=MemoryStore(), catalogue=self.catalogue, limits=LIMITS, clock=self.clock
        )  # fmt: skip

    def fail(self, number: int = 0, *, final: bool = False) -> QueueEntry:
        self.queue.add(submission(number, sender="ann"))
        claim = self.queue.claim("w1")
        assert claim is not None
        return self.queue.fail(claim, reason="no", log_tail="tail", permanent=True, final=final)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_retry_has_to_wait_and_says_how_long(world: World) -> None:
    key = world.fail().key
    world.clock.advance(17.5)
    with pytest.raises(NotRetryable, match=r"possible 60 s after a failure: try again in 43 s"):
        world.desk.retry(key)
    world.clock.advance(42.5)
    assert world.desk.retry(key).state == "PENDING"


def test_the_files_of_a_model_that_cannot_work_are_not_tried_again(world: World) -> None:
    entry = world.fail(final=True)
    assert (entry.state, entry.final) == ("FAILED", True)
    world.clock.advance(3600)
    with pytest.raises(NotRetryable, match=r"files of org/model-0 themselves are the reason. Mend the model"):
        world.desk.retry(entry.key)
    assert world.catalogue.asked == 0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RevisionUnavailable("no such commit."), "A retry cannot work: no such commit. Submit the model again"),
        (ModelUnavailable("It cannot be looked up now."), "Not retried: It cannot be looked up now."),
    ],
)
def test_a_model_that_is_not_to_be_had_is_not_tried_again(
    world: World, error: LeaderboardError, words: str
) -> None:  # fmt: skip
    key = world.fail().key
    world.clock.advance(3600)
    world.catalogue.error = error
    with pytest.raises(NotRetryable, match=words):
        world.desk.retry(key)


def test_a_retry_counts_as_a_submission_of_its_sender_even_when_many_come_at_once(world: World) -> None:
    keys = [world.fail(number).key for number in range(6)]
    world.clock.time += timedelta(hours=1)
    answers: list[str] = []

    def send(key: str) -> None:
        try:
            answers.append(world.desk.retry(key).state)
        except NotRetryable as error:
            answers.append(str(error))

    threads = [threading.Thread(target=send, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("PENDING") == LIMITS.max_open_per_sender
    assert sum("at most 2 may wait or run at a time" in answer for answer in answers) == 4


def test_what_is_unknown_or_not_failed_is_named(world: World) -> None:
    with pytest.raises(UnknownSubmission, match="nonsense"):
        world.desk.retry("nonsense")
    key = world.queue.add(submission()).key
    with pytest.raises(NotRetryable, match="only a FAILED"):
        world.desk.retry(key)
