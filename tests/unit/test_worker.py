"""The worker: what becomes of a claimed submission, whatever the executor and the store do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from eval_queue import wiring
from eval_queue.executors import OnProgress, Outcome
from eval_queue.publish import Publisher
from eval_queue.queue import WorkQueue
from eval_queue.spec import RunSpec
from eval_queue.worker import Worker
from leaderboard.errors import ModelAtFault, ModelUnavailable, PermanentFailure, QueueError, StoreUnavailable
from leaderboard.model_facts import ModelFacts
from leaderboard.records import (
    Progress,
    QueueEntry,
    RunResult,
    State,
    Submission,
    TaskScore,
    request_path,
    result_path,
    samples_path,
)  # fmt: skip
from leaderboard.settings import Settings
from leaderboard.stores import MemoryStore, Stored
from tests.unit.queue_worlds import LEASE_SECONDS, ManualClock, open_sqlite, submission

TIME = datetime(2026, 1, 1, tzinfo=UTC)


def result_of(wanted: Submission) -> RunResult:
    task = TaskScore(task="core_dates", metric="acc_norm", score=0.5, n=40)
    return RunResult(submission=wanted, started_at=TIME, finished_at=TIME, tasks=(task,))


@dataclass
class ScriptedExecutor:
    """Gives prepared outcomes (a success when there are none left) and leaves samples behind."""

    outcomes: list[Outcome] = field(default_factory=list)
    progress: Progress | None = None
    ran: list[str] = field(default_factory=list)
    sweeps: int = 0
    error: OSError | None = None
    sample: bytes = b"PAR1 rows PAR1"

    def run(self, spec: RunSpec, *, on_progress: OnProgress, stop: Event) -> Outcome:
        self.ran.append(spec.submission.key)
        (spec.work_folder / "samples").mkdir(parents=True, exist_ok=True)
        (spec.work_folder / "samples/core_dates.parquet").write_bytes(self.sample)
        on_progress(self.progress)
        if self.error is not None:
            raise self.error
        if self.outcomes:
            return self.outcomes.pop(0)
        return Outcome(status="finished", result=result_of(spec.submission))

    def sweep(self, runs: Path) -> None:
        self.sweeps += 1


class FullStore(MemoryStore):
    """A store without space."""

    def write(self, changes: Mapping[str, bytes | None], **rest: object) -> dict[str, str]:
        raise StoreUnavailable("the disk is full")


@dataclass
class World:
    worker: Worker
    queue: WorkQueue
    executor: ScriptedExecutor
    store: MemoryStore
    clock: ManualClock
    stop: Event = field(default_factory=Event)

    def run(self) -> bool:
        return self.worker.run_once(self.stop)

    def entry(self, number: int = 0) -> QueueEntry:
        entry = self.queue.get(submission(number).key)
        assert entry is not None
        return entry

    def stored(self, path: str) -> Stored:
        return self.store.read(path)


def prepare(wanted: Submission, folder: Path) -> RunSpec:
    return RunSpec(submission=wanted, model_path=wanted.model, work_folder=folder)


@pytest.fixture
def world(tmp_path: Path) -> World:
    clock, executor, store = ManualClock(), ScriptedExecutor(), MemoryStore()
    queue = open_sqlite(tmp_path, clock)
    worker = Worker(
        name="w1", queue=queue, executor=executor, publisher=Publisher(store), prepare=prepare, runs=tmp_path / "runs",
    )  # fmt: skip
    return World(worker, queue, executor, store, clock)


def test_an_empty_queue_is_no_work(world: World) -> None:
    assert not world.run()


def test_a_success_is_published_with_samples_and_request_and_clears_its_work_folder(
    world: World, tmp_path: Path
) -> None:
    wanted = world.queue.add(submission()).submission
    assert world.run()
    result = RunResult.model_validate_json(world.stored(result_path(wanted)).data)
    assert result.samples == {"core_dates": samples_path(wanted, "core_dates")}
    assert world.stored(result.samples["core_dates"]).data == b"PAR1 rows PAR1"
    request = json.loads(world.stored(request_path(wanted)).data)
    assert (request["state"], request["submission"]["schema_version"]) == ("FINISHED", 1)
    assert world.entry().state == "FINISHED"
    assert list((tmp_path / "runs").iterdir()) == []


def test_the_result_is_written_after_everything_it_points_at(world: World) -> None:
    written: list[str] = []

    class Recorder(MemoryStore):
        def write(self, changes: Mapping[str, bytes | None], **rest: object) -> dict[str, str]:
            written.extend(changes)
            return super().write(changes)

    wanted = world.queue.add(submission()).submission
    replace(world.worker, publisher=Publisher(Recorder())).run_once(world.stop)
    assert written == [samples_path(wanted, "core_dates"), request_path(wanted), result_path(wanted)]


def test_a_submission_with_a_valid_result_is_finished_without_running(world: World) -> None:
    wanted = world.queue.add(submission()).submission
    world.store.write({result_path(wanted): result_of(wanted).model_dump_json().encode()})
    assert world.run()
    assert (world.entry().state, world.executor.ran) == ("FINISHED", [])


@pytest.mark.parametrize("content", [b"", b"{", b'{"tasks": []}', b"\xff\xfe"])
def test_an_invalid_result_in_the_store_is_replaced(world: World, content: bytes) -> None:
    wanted = world.queue.add(submission()).submission
    world.store.write({result_path(wanted): content})
    world.run()
    assert world.executor.ran == [wanted.key]
    assert RunResult.model_validate_json(world.stored(result_path(wanted)).data).key == wanted.key


def test_progress_is_in_the_queue_while_it_runs(world: World) -> None:
    seen = []
    world.executor.progress = Progress(task="core_dates", task_number=2, n_tasks=5, done=7, total=20)
    world.queue.add(submission())
    worker = replace(world.worker, checkpoint=lambda label: seen.append((label, world.entry().progress)))
    worker.run_once(world.stop)
    assert ("heartbeat", world.executor.progress) in seen


@pytest.mark.parametrize(("permanent", "state"), [(True, "FAILED"), (False, "PENDING")])
def test_a_failure_is_told_with_its_log_and_tried_again_only_if_that_may_help(
    world: World, permanent: bool, state: State, tmp_path: Path
) -> None:
    world.executor.outcomes = [Outcome(status="failed", reason="why", permanent=permanent, log_tail="tail")]
    key = world.queue.add(submission()).key
    world.run()
    entry = world.entry()
    assert (entry.state, entry.reason, entry.log_tail, entry.attempts) == (state, "why", "tail", 1)
    assert (tmp_path / "runs" / key).is_dir()  # kept: a retry goes on from there


def test_the_work_of_a_model_that_cannot_work_is_deleted_at_once_and_its_log_kept(
    world: World, tmp_path: Path
) -> None:  # fmt: skip
    world.executor.outcomes = [
        Outcome(status="failed", reason="why", permanent=True, final=True, log_tail="tail")
    ]  # fmt: skip
    world.queue.add(submission())
    world.run()
    assert (world.entry().state, world.entry().final, world.entry().log_tail) == ("FAILED", True, "tail")
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_stopped_evaluation_is_given_back_without_counting(world: World) -> None:
    world.executor.outcomes = [Outcome(status="stopped")]
    world.queue.add(submission())
    world.run()
    assert (world.entry().state, world.entry().attempts) == ("PENDING", 0)


def test_nothing_is_claimed_once_stop_is_set(world: World) -> None:
    world.queue.add(submission())
    world.stop.set()
    assert not world.run()
    assert world.entry().attempts == 0


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), BlockingIOError(11, "no more processes")])
def test_an_evaluation_that_cannot_be_started_is_tried_again(world: World, error: OSError) -> None:
    world.executor.error = error
    world.queue.add(submission())
    world.run()
    assert world.entry().state == "PENDING"
    assert "could not be started" in (world.entry().reason or "")


def test_a_model_that_is_gone_fails_without_running(world: World) -> None:
    def refuse(wanted: Submission, folder: Path) -> RunSpec:
        raise PermanentFailure("The model is gone.")

    world.queue.add(submission())
    replace(world.worker, prepare=refuse).run_once(world.stop)
    assert (world.entry().state, world.entry().reason, world.executor.ran) == ("FAILED", "The model is gone.", [])


def test_a_result_that_cannot_be_stored_is_a_transient_failure(world: World) -> None:
    world.queue.add(submission())
    replace(world.worker, publisher=Publisher(FullStore())).run_once(world.stop)
    assert world.entry().state == "PENDING"
    assert "succeeded but its result could not be stored: the disk is full" in (world.entry().reason or "")


def test_samples_that_are_no_parquet_are_not_published(world: World) -> None:
    world.executor.sample = b"PAR1 torn"
    world.queue.add(submission())
    world.run()
    assert world.entry().state == "FAILED"
    assert "core_dates.parquet (9 bytes) is not a parquet file" in (world.entry().reason or "")
    assert world.store.list() == {}


def test_an_owner_that_lost_its_claim_while_evaluating_changes_nothing(world: World) -> None:
    def overtake(label: str) -> None:
        if label == "publishing":
            world.clock.advance(LEASE_SECONDS + 1)
            world.queue.recover(has_result=lambda _: False)
            world.clock.advance(1000)
            assert world.queue.claim("w2") is not None

    world.queue.add(submission())
    assert replace(world.worker, checkpoint=overtake).run_once(world.stop)
    assert (world.entry().state, world.entry().worker) == ("RUNNING", "w2")
    assert world.store.list() == {}


def test_a_queue_that_is_busy_at_a_heartbeat_does_not_end_the_evaluation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(claim: object, progress: object) -> None:
        raise QueueError("database is locked")

    monkeypatch.setattr(world.queue, "heartbeat", busy)
    world.queue.add(submission())
    world.run()
    assert world.entry().state == "FINISHED"


def test_a_new_process_of_the_same_worker_takes_over_at_once(world: World, tmp_path: Path) -> None:
    for number in range(3):
        world.queue.add(submission(number))
    died_early, died_late, died_last = (world.queue.claim("w1") for _ in range(3))
    assert died_early is not None
    assert died_late is not None
    assert died_last is not None
    world.store.write({result_path(died_late.submission): result_of(died_late.submission).model_dump_json().encode()})
    world.queue.finish(died_last, lambda _: None)
    (tmp_path / "runs" / died_last.key).mkdir(parents=True)
    world.worker.resume()
    assert [world.entry(n).state for n in range(3)] == ["PENDING", "FINISHED", "FINISHED"]
    assert world.executor.sweeps == 1
    assert list((tmp_path / "runs").iterdir()) == []


# --- preparing specs ---


@dataclass
class OneModel:
    """A catalogue of one local model."""

    revision: str | None

    def inspect(self, model: str, revision: str) -> ModelFacts:
        if self.revision is None:
            raise ModelUnavailable(f"{model}: no such folder.")
        return ModelFacts(model=model, revision=self.revision)


def test_a_local_model_is_loaded_from_its_folder_and_a_hub_model_by_its_id(tmp_path: Path) -> None:
    settings = Settings(models=tmp_path, threads=3, memory_limit_gb=2.0)
    local = submission(model="local/tiny")
    make = wiring.preparer(settings, OneModel(local.revision))
    spec = make(local, tmp_path / "work")
    assert (spec.model_path, spec.threads, spec.memory_limit_gb) == (str(tmp_path / "tiny"), 3, 2.0)
    assert make(submission(), tmp_path / "work").model_path == "org/model-0"


@pytest.mark.parametrize(
    ("now", "reason"),
    [("f" * 40, "changed: revision 0{12} was submitted, f{12}"), (None, "no such folder")],
)
def test_a_local_model_that_changed_or_went_is_refused(tmp_path: Path, now: str | None, reason: str) -> None:
    with pytest.raises(PermanentFailure, match=reason) as caught:
        wiring.preparer(Settings(models=tmp_path), OneModel(now))(submission(model="local/tiny"), tmp_path)
    assert isinstance(caught.value, ModelAtFault) == (now is not None), "a folder that is gone may come back"


def test_the_worker_of_a_state_folder_keeps_its_name_and_shares_it_with_none(tmp_path: Path) -> None:
    one, other = Settings(state=tmp_path / "one"), Settings(state=tmp_path / "other")
    assert wiring.worker_name(one) == wiring.worker_name(one) != wiring.worker_name(other)
