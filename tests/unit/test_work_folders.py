"""Work folders are kept while they are of use and stay within age and size."""

import os
import random
import time
from pathlib import Path

import pytest

from eval_queue.sqlite_queue import SqliteQueue
from eval_queue.work_folders import clear_up
from tests.unit.queue_worlds import RETRY, ManualClock, submission

DAY = 24 * 3600


class World:
    """A queue and work folders of it; a folder's age is in seconds."""

    def __init__(self, folder: Path) -> None:
        self.runs = folder / "runs"
        self.queue = SqliteQueue(
            folder / "q", clock=ManualClock(), lease_seconds=60, retry=RETRY, rng=random.Random(1)
        )  # fmt: skip

    def folder(self, name: str, *, age: float = 0.0, size: int = 10) -> str:
        folder = self.runs / name
        (folder / "samples").mkdir(parents=True)
        (folder / "samples" / "a.parquet").write_bytes(bytes(size))
        then = time.time() - age
        os.utime(folder, (then, then))
        return name

    def submitted(self, number: int, state: str, *, final: bool = False) -> str:
        key = self.queue.add(submission(number)).key
        if state == "PENDING":
            return key
        claim = self.queue.claim("w1")
        assert claim is not None
        if state == "FINISHED":
            self.queue.finish(claim, lambda _: None)
        elif state == "FAILED":
            self.queue.fail(claim, reason="no", log_tail="", permanent=True, final=final)
        return claim.key

    def left(self) -> set[str]:
        return {path.name for path in self.runs.iterdir()}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_open_work_is_kept_however_old_and_large(world: World) -> None:
    running = world.folder(world.submitted(1, "RUNNING"), age=30 * DAY, size=5000)
    waiting = world.folder(world.submitted(2, "PENDING"), age=30 * DAY, size=5000)
    clear_up(world.runs, world.queue, keep_bytes=100)
    assert world.left() == {running, waiting}


def test_finished_work_and_work_that_no_retry_can_use_goes_at_once(world: World) -> None:
    world.folder(world.submitted(1, "FINISHED"))
    world.folder(world.submitted(2, "FAILED", final=True))
    kept = world.folder(world.submitted(3, "FAILED"))
    clear_up(world.runs, world.queue)
    assert world.left() == {kept}


@pytest.mark.parametrize("known", [True, False])
def test_failed_and_unknown_work_goes_after_a_week(world: World, known: bool) -> None:
    keys = [world.submitted(n, "FAILED") if known else f"unknown-{n}" for n in (1, 2)]
    young = world.folder(keys[0], age=6 * DAY)
    world.folder(keys[1], age=8 * DAY)
    clear_up(world.runs, world.queue)
    assert world.left() == {young}


def test_the_oldest_failed_work_goes_when_there_is_too_much(world: World) -> None:
    keys = [world.folder(world.submitted(n, "FAILED"), age=n * 100, size=400) for n in (1, 2, 3)]
    clear_up(world.runs, world.queue, keep_bytes=1000)
    assert world.left() == {keys[0], keys[1]}


def test_a_link_is_not_followed(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    world.runs.mkdir()
    (world.runs / "link").symlink_to(outside)
    clear_up(world.runs, world.queue, keep_seconds=-1)
    assert (outside / "precious").exists()


def test_without_any_work_there_is_nothing_to_do(world: World) -> None:
    clear_up(world.runs, world.queue)
    assert not world.runs.exists()
