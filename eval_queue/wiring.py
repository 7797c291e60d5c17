"""From `Settings` to a queue, a store and a worker; the only place where they are put together.

Everything lies in the state folder: queue.sqlite3, the store (requests/, results/, samples/), runs/ (work folders of
open submissions), evaluator.lock and evaluator.id.
"""

import importlib.util
import random
import re
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.errors import ModelAtFault, ModelUnavailable, PermanentFailure
from leaderboard.local_models import LocalCatalogue
from leaderboard.model_facts import ModelCatalogue
from leaderboard.records import QueueEntry, RunResult, Submission
from leaderboard.settings import Settings
from leaderboard.stores import LocalStore, Store, write_file
from leaderboard.submission_rules import missing_for
from leaderboard.submissions import Limits
from leaderboard.suites import SUITES

from .desk import Desk as Desk
from .executors import logs
from .executors.local import LocalExecutor, child_environment
from .judging.config import judge_of
from .publish import Publisher
from .queue import RetryPolicy, WorkQueue, utc_now
from .schedule import Schedule, start
from .spec import RunSpec
from .sqlite_queue import SqliteQueue
from .store_queue import StoreQueue
from .worker import Prepare, Worker

if TYPE_CHECKING:
    from leaderboard.service import EvaluatorStatus

LOCAL = "local/"
ENGINE = ("torch", "transformers", "lm_eval")


def evaluator_available() -> bool:
    """Whether what an evaluation needs is installed; False in the light variant."""
    return all(importlib.util.find_spec(name) is not None for name in ENGINE)


def evaluator_text(settings: Settings, schedule: Schedule | None) -> Callable[[], "EvaluatorStatus"]:
    """What visitors are told about the evaluator of this program; `schedule` is None when there is none."""
    from leaderboard.service import EvaluatorStatus  # loads the web framework: not for every command

    missing = "is switched off (LEADERBOARD_EVALUATOR=off)" if settings.evaluator == "off" else (
        f"needs {', '.join(ENGINE)} (requirements.txt), which are not all installed"
    )  # fmt: skip
    none = EvaluatorStatus(
        attached=False, text=f"No evaluator is attached: it {missing}. Submissions wait until one works on this queue.",
    )  # fmt: skip

    def status() -> EvaluatorStatus:
        return none if schedule is None else EvaluatorStatus(attached=True, text=schedule.status().message)

    return status


def open_queue(settings: Settings) -> WorkQueue:
    """The configured queue.

    Raises QueueError when it cannot be used.
    """
    if settings.queue != "sqlite":
        from .hub_queue import open_hub_queue  # loads the Hub client: not for every command

        return open_hub_queue(settings, clock=utc_now, rng=random.Random())  # noqa: S311 - spreads waits
    return SqliteQueue(
        settings.state / "queue.sqlite3", clock=utc_now, lease_seconds=settings.lease_seconds,
        retry=RetryPolicy(max_attempts=settings.max_attempts), rng=random.Random(),  # noqa: S311 - spreads waits
    )  # fmt: skip


def store_folder(settings: Settings) -> Path:
    """Where results, samples and finished requests are published."""
    return settings.state


def open_store(settings: Settings, queue: WorkQueue) -> Store:
    """The store that results are published to: beside a queue on the Hub, else in the state folder."""
    return queue.results if isinstance(queue, StoreQueue) else LocalStore(store_folder(settings))


def read_result(settings: Settings, queue: WorkQueue, entry: QueueEntry) -> RunResult | None:
    """The published result of a submission; None when there is none that can be read."""
    return Publisher(open_store(settings, queue)).find(entry.submission)


def store_name(settings: Settings) -> str:
    """Where published results lie, for a person to read."""
    return str(store_folder(settings)) if settings.queue == "sqlite" else settings.queue


def page_address(settings: Settings, key: str) -> str:
    """The address of a submission's page: on the Space, or where the app listens on this machine."""
    path = f"/runs/{key}"
    if settings.space_id:
        host = re.sub(r"[^a-z0-9]+", "-", settings.space_id.lower())
        return f"https://{host}.hf.space{path}"
    if settings.port == 0:
        return path
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104
    return f"http://{host}:{settings.port}{path} (while the app runs)"


def open_desk(settings: Settings) -> Desk:
    """The desk with the configured queue, store, catalogue and limits.

    Raises QueueError when the queue cannot be used.
    """
    from leaderboard.model_catalogue import open_catalogue  # loads the Hub client: not for every command

    queue = open_queue(settings)
    return Desk(
        queue=queue, store=open_store(settings, queue), catalogue=open_catalogue(settings),
        limits=Limits.from_settings(settings), clock=utc_now,
    )  # fmt: skip


def runs_folder(settings: Settings) -> Path:
    """The folder of work folders, each with log.txt: of open submissions, and of failed ones that a retry may mend."""
    return settings.state / "runs"


def lock_file(settings: Settings) -> Path:
    """Held by the one process that evaluates for the state folder."""
    return settings.state / "evaluator.lock"


def worker_name(settings: Settings) -> str:
    """A name for whoever evaluates for this state folder: the same after a restart, never that of another one."""
    file = settings.state / "evaluator.id"
    if not file.exists():
        write_file(file, secrets.token_hex(4).encode())
    return f"{socket.gethostname()[:100]}-{file.read_text('ascii')[:8]}"


def open_worker(
    settings: Settings, *, queue: WorkQueue, store: Store, catalogue: ModelCatalogue | None = None,
    runner: str | None = None, checkpoint: Callable[[str], None] = lambda _: None,
) -> Worker:  # fmt: skip
    """A worker for the configured limits.

    `catalogue` tells which revision a local model has now; by default the models folder is looked at.
    """
    executor = LocalExecutor(
        environment=child_environment(settings), time_limit_seconds=settings.time_limit_seconds,
        secrets=logs.secret_values(settings), runner=runner, judge=judge_of(settings), checkpoint=checkpoint,
    )  # fmt: skip
    return Worker(
        name=worker_name(settings), queue=queue, executor=executor, publisher=Publisher(store),
        prepare=preparer(settings, catalogue or LocalCatalogue(settings.models)), runs=runs_folder(settings),
        heartbeat_seconds=min(2.0, settings.lease_seconds / 4), checkpoint=checkpoint,
    )  # fmt: skip


def start_evaluator(settings: Settings, desk: Desk) -> Schedule | None:
    """A running evaluator where one is wanted and can work, else None; it is stopped by its `with` block."""
    if settings.evaluator == "off" or (settings.evaluator == "auto" and not evaluator_available()):
        return None
    worker = open_worker(settings, queue=desk.queue, store=desk.store, catalogue=desk.catalogue)
    return start(worker, lock_file=lock_file(settings), poll_seconds=settings.poll_seconds)


def preparer(settings: Settings, catalogue: ModelCatalogue) -> Prepare:
    """Makes run specs: a local model by its folder, if it is still what was submitted; others by their Hub id."""

    def prepare(submission: Submission, folder: Path) -> RunSpec:
        is_local = submission.model.startswith(LOCAL)
        _require_same_place(submission, settings)
        if is_local:
            _require_unchanged(submission.model, submission.revision, catalogue)
        reference, _, commit = (submission.reference or "").partition("@")
        if reference.startswith(LOCAL):
            _require_unchanged(reference, commit, catalogue)
        suite = SUITES.get(submission.suite)
        classifier = _classifier(settings, catalogue) if suite and suite.judge_optional else None
        return RunSpec(
            submission=submission, work_folder=folder.absolute(), task_files=settings.task_files,
            model_path=_place(settings, submission.model),
            reference_path=_place(settings, reference) if reference else None,
            threads=settings.threads, memory_limit_gb=settings.memory_limit_gb,
            baseline=settings.judge_baseline and settings.judge_baseline.absolute(),
            red_prompts=_address(settings.red_prompts), refusal_classifier=classifier,
            classifier_path=_place(settings, classifier.partition("@")[0]) if classifier else None,
        )  # fmt: skip

    return prepare


def _require_same_place(submission: Submission, settings: Settings) -> None:
    """A queue may be shared by machines with other judges or prompts, or none: say so before anything is generated."""
    suite = SUITES.get(submission.suite)
    if suite is not None and (missing := missing_for(suite, Limits.from_settings(settings))):
        raise PermanentFailure(" ".join(missing))
    limits = Limits.from_settings(settings)
    here = limits.judge
    if submission.prompts is not None and submission.prompts != limits.prompts:
        raise PermanentFailure(
            f"It was submitted for the prompts {submission.prompts}; those here are {limits.prompts}. Submit it again "
            "for these, or evaluate it where the others are configured."
        )
    if submission.judge is not None and submission.judge != here:
        raise PermanentFailure(
            f"It was submitted to be judged by {submission.judge}; the judge here is {here}. Submit it again for this "
            "judge, or evaluate it where the other one is configured."
        )


def _address(prompts: str | None) -> str | None:
    """Where prompts are, for a process that works in another folder."""
    return prompts if prompts is None or "://" in prompts else str(Path(prompts).absolute())


def _classifier(settings: Settings, catalogue: ModelCatalogue) -> str | None:
    """The configured judge of refusal with its commit, name@commit."""
    name = settings.refusal_classifier
    if name is None or not name.startswith(LOCAL):
        return name
    try:
        return f"{name}@{catalogue.inspect(name, 'main').revision}"
    except ModelUnavailable as error:
        raise PermanentFailure(f"The judge of refusal (LEADERBOARD_REFUSAL_CLASSIFIER): {error}") from error


def _place(settings: Settings, model: str) -> str:
    """Folder of a model of this machine, else its Hub id."""
    is_local = model.startswith(LOCAL)
    return str((settings.models / model.removeprefix(LOCAL)).absolute()) if is_local else model


def _require_unchanged(model: str, revision: str, catalogue: ModelCatalogue) -> None:
    try:
        found = catalogue.inspect(model, "main").revision
    except ModelUnavailable as error:
        raise PermanentFailure(f"The model cannot be loaded any more: {error}") from error
    if found != revision:
        raise ModelAtFault(
            f"The files of {model} changed: revision {revision[:12]} was submitted, "
            f"{found[:12]} is there now. Submit it again."
        )
