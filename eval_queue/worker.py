"""One evaluation after the other: claim, evaluate, publish, finish.

Enters: a queue. Leaves: published results; every claimed submission ends FINISHED with a valid result, FAILED with a
reason, or back in the queue. The worker may be killed at any moment (`LABELS` names the moments a test kills it at):
the next one goes on from what is durable, that is the queue, the store and the work folder of the submission.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from leaderboard.errors import EvaluationError, LeaseLost, ModelAtFault, PermanentFailure, QueueError, StoreError
from leaderboard.records import Progress, QueueEntry, RunResult, Submission

from . import work_folders
from .executors import Executor, Outcome
from .publish import Publisher, collect_samples
from .queue import Claim, Publish, WorkQueue
from .spec import RunSpec

LABELS = (
    "recovered", "claimed", "prepared", "spec_written", "child_started", "heartbeat", "child_ended", "publishing",
    "published", "finished", "cleaned", "failing", "failed",
)  # fmt: skip
"""Where `checkpoint` is called, in the order of a run; spec_written to child_ended by the executor."""

Prepare = Callable[[Submission, Path], RunSpec]
"""Makes the spec of a submission for a work folder.

Raises PermanentFailure when the model is not there or no longer what was submitted.
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Evaluates the submissions of a queue one at a time.

    `name` is unique among living workers. `runs` holds a work folder for every open submission
    and, for a while, for every failed one that a retry may mend. Progress reaches the
    queue, and renews the lease, at most every `heartbeat_seconds`.
    """

    name: str
    queue: WorkQueue
    executor: Executor
    publisher: Publisher
    prepare: Prepare
    runs: Path
    heartbeat_seconds: float = 2.0
    checkpoint: Callable[[str], None] = lambda _: None

    def resume(self) -> None:
        """Clear up after an earlier process of this name: end its evaluations, take back its claims.

        Call it once before the first `run_once`, while no other process uses this name.
        """
        self.executor.sweep(self.runs)
        for entry in self.queue.recover(has_result=self.publisher.has, worker=self.name):
            _log.warning("submission %s was left RUNNING, it is %s now", entry.key, entry.state)
        work_folders.clear_up(self.runs, self.queue)

    def run_once(self, stop: Event) -> bool:
        """Take over from silent workers, then evaluate one submission; False when none could be claimed.

        Once `stop` is set a running evaluation is ended and its submission given back. Raises QueueError and
        StoreError when queue or store cannot be used.
        """
        self.queue.recover(has_result=self.publisher.has)
        self.checkpoint("recovered")
        claim = None if stop.is_set() else self.queue.claim(self.name)
        if claim is None:
            return False
        self.checkpoint("claimed")
        _log.info("submission %s: attempt %d at %s", claim.key, claim.attempt, claim.submission.model)
        try:
            self._handle(claim, stop)
        except LeaseLost as error:
            _log.warning("submission %s: %s", claim.key, error)
        return True

    def _handle(self, claim: Claim, stop: Event) -> None:
        folder = self.runs / claim.key
        if self.publisher.has(claim.submission):
            self._finish(claim, folder, lambda _: None)
            return
        pulse = _Pulse(self, claim)
        try:
            spec = self.prepare(claim.submission, folder)
            self.checkpoint("prepared")
            outcome = self.executor.run(spec, on_progress=pulse, stop=stop)
        except EvaluationError as error:
            outcome = _failure(str(error), error)
        except OSError as error:
            outcome = _failure(f"The evaluation could not be started: {error}", error)
        self._settle(pulse.claim, outcome, folder)

    def _settle(self, claim: Claim, outcome: Outcome, folder: Path) -> None:
        if outcome.status == "stopped":
            self.queue.release(claim)
        elif outcome.result is None:
            self._fail(claim, outcome)
        else:
            self._publish(claim, outcome.result, folder)

    def _publish(self, claim: Claim, result: RunResult, folder: Path) -> None:
        samples = collect_samples(result, folder / "samples")
        self.checkpoint("publishing")
        try:
            self._finish(claim, folder, lambda entry: self.publisher.publish(result, samples, entry))
        except (EvaluationError, StoreError, OSError) as error:
            self._fail(claim, _failure(f"The evaluation succeeded but its result could not be stored: {error}", error))

    def _finish(self, claim: Claim, folder: Path, publish: Publish) -> None:
        def publish_here(entry: QueueEntry) -> None:
            publish(entry)
            self.checkpoint("published")

        self.queue.finish(claim, publish_here)
        _log.info("submission %s: finished", claim.key)
        self.checkpoint("finished")
        work_folders.delete(folder)
        self.checkpoint("cleaned")

    def _fail(self, claim: Claim, outcome: Outcome) -> None:
        self.checkpoint("failing")
        entry = self.queue.fail(
            claim, reason=outcome.reason, log_tail=outcome.log_tail, permanent=outcome.permanent, final=outcome.final
        )
        _log.warning("submission %s: %s after attempt %d: %s", claim.key, entry.state, claim.attempt, outcome.reason)
        self.checkpoint("failed")
        work_folders.clear_up(self.runs, self.queue)


def _failure(reason: str, error: Exception) -> Outcome:
    return Outcome(
        status="failed", reason=reason, permanent=isinstance(error, PermanentFailure),
        final=isinstance(error, ModelAtFault),
    )  # fmt: skip


class _Pulse:
    """Heartbeats of one running evaluation; called at every look at it, beats only now and then."""

    def __init__(self, worker: Worker, claim: Claim) -> None:
        self.claim = claim
        self._worker = worker
        self._next = time.monotonic()

    def __call__(self, progress: Progress | None) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._worker.heartbeat_seconds
        try:
            self.claim = self._worker.queue.heartbeat(self.claim, progress)
        except LeaseLost:
            raise
        except (QueueError, StoreError) as error:  # the queue may be back before the lease runs out
            _log.warning("submission %s: no heartbeat: %s", self.claim.key, error)
        self._worker.checkpoint("heartbeat")
