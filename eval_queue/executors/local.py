"""Evaluations on this machine: a subprocess with limits, without tokens.

Enters: a `RunSpec`. Leaves: an `Outcome` that tells a time-out, too little memory, a crash, an error and success apart.
The work folder holds, besides what the runner keeps there: spec.json, log.txt, progress.json, result.json or
failure.json, and the mark by which left-over processes are found.
"""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import BinaryIO, Literal

from pydantic import ValidationError

import eval_queue
import leaderboard
from eval_queue.child import DEFAULT_RUNNER, Failure
from eval_queue.spec import RunSpec
from leaderboard.records import Progress, RunResult, Submission
from leaderboard.settings import Settings
from leaderboard.stores import write_file

from . import Executor, OnProgress, Outcome, logs, processes, verdicts

LOG_LIMIT_BYTES = 64 << 20
LOCAL_SUITES = frozenset({"core"})
"""Suites whose questions come with the program."""

Ending = Literal["exited", "stopped", "time", "memory", "log"]
_log = logging.getLogger(__name__)


class LocalExecutor(Executor):
    """Runs evaluations as child processes.

    `environment` is all the children get besides the offline switches; see `child_environment`. `secrets` are struck
    from logs and reasons. `checkpoint` is called with a label at every step (tests kill the worker there).
    """

    def __init__(
        self, *, environment: Mapping[str, str], time_limit_seconds: float, secrets: Sequence[str] = (),
        runner: str = DEFAULT_RUNNER, poll_seconds: float = 0.2, checkpoint: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._environment = dict(environment)
        self._time_limit = time_limit_seconds
        self._secrets = tuple(secrets)
        self._runner = runner
        self._poll = poll_seconds
        self._checkpoint = checkpoint

    def run(self, spec: RunSpec, *, on_progress: OnProgress, stop: Event) -> Outcome:
        """See `Executor.run`."""
        folder = spec.work_folder
        folder.mkdir(parents=True, exist_ok=True)
        processes.end_marked(folder)
        done = read_result(folder, spec.submission)
        if done is not None:
            return Outcome(status="finished", result=done)
        for name in ("result.json", "failure.json", "progress.json"):
            (folder / name).unlink(missing_ok=True)
        write_file(folder / "spec.json", spec.model_dump_json().encode())
        self._checkpoint("spec_written")
        with (folder / "log.txt").open("wb") as log:  # of this attempt alone: the queue keeps the end of earlier ones
            process = self._start(spec, log)
            try:
                self._checkpoint("child_started")
                ending = self._watch(process, spec, on_progress, stop)
            finally:
                code = processes.end(process, folder)
        self._checkpoint("child_ended")
        return self._outcome(spec, ending, code)

    def sweep(self, runs: Path) -> None:
        """See `Executor.sweep`."""
        for mark in runs.glob(f"*/{processes.MARK_FILE}"):
            processes.end_marked(mark.parent)

    def _start(self, spec: RunSpec, log: BinaryIO) -> subprocess.Popen[bytes]:
        folder = spec.work_folder
        mark = processes.new_mark(folder)
        command = [
            sys.executable, "-P", "-m", "eval_queue.child", str(folder / "spec.json"), str(folder),
            "--runner", self._runner, "--parent", str(os.getpid()),
        ]  # fmt: skip
        offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"} if is_local(spec) else {}
        environment = {**self._environment, **offline, processes.MARK: mark}
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def _watch(self, process: subprocess.Popen[bytes], spec: RunSpec, on_progress: OnProgress, stop: Event) -> Ending:
        deadline = time.monotonic() + self._time_limit
        memory_limit = spec.memory_limit_gb * (1 << 30)
        log = spec.work_folder / "log.txt"
        while not processes.has_ended(process):
            if stop.is_set():
                return "stopped"
            if time.monotonic() > deadline:
                return "time"
            if processes.resident_bytes(process.pid) > memory_limit:
                return "memory"
            if log.stat().st_size > LOG_LIMIT_BYTES:
                return "log"
            on_progress(read_progress(spec.work_folder))
            stop.wait(self._poll)
        return "exited"

    def _outcome(self, spec: RunSpec, ending: Ending, code: int) -> Outcome:
        if ending == "stopped":
            return Outcome(status="stopped")
        folder = spec.work_folder
        result = read_result(folder, spec.submission) if ending == "exited" and code == 0 else None
        if result is not None:
            return Outcome(status="finished", result=result)
        tail = logs.tail(folder / "log.txt", secrets=self._secrets)
        verdict = self._verdict(spec, ending, code, tail)
        _log.warning("evaluation %s ended: %s, exit code %s", spec.submission.key, ending, code)
        return Outcome(
            status="failed", reason=logs.redact(verdict.reason, self._secrets), permanent=verdict.permanent,
            final=verdict.final, log_tail=tail,
        )  # fmt: skip

    def _verdict(self, spec: RunSpec, ending: Ending, code: int, tail: str) -> Failure:
        match ending:
            case "time":
                return verdicts.out_of_time(self._time_limit)
            case "memory":
                return verdicts.out_of_memory(spec.memory_limit_gb)
            case "log":
                return verdicts.too_much_log(LOG_LIMIT_BYTES)
        declared = read_failure(spec.work_folder)
        return declared or verdicts.unexpected_exit(code, tail, spec.memory_limit_gb)


def child_environment(settings: Settings) -> dict[str, str]:
    """All that an evaluation may know of this process's environment; never a token, nor a way to one."""
    paths = dict.fromkeys(str(Path(module.__path__[0]).parent) for module in (leaderboard, eval_queue))
    environment = {
        "PATH": settings.path,
        "HOME": settings.home,
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
        "OMP_NUM_THREADS": str(settings.threads),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
        "HF_TOKEN_PATH": os.devnull,  # a token stored by `hf auth login` lies in HOME
    }
    return environment | ({"HF_ENDPOINT": settings.hub_endpoint} if settings.hub_endpoint else {})


def is_local(spec: RunSpec) -> bool:
    """Whether an evaluation needs nothing from the Hub."""
    has_tasks = spec.task_files is not None or spec.submission.suite in LOCAL_SUITES
    return has_tasks and spec.submission.model.startswith("local/")


def read_result(folder: Path, submission: Submission) -> RunResult | None:
    """The valid result of exactly this submission in a work folder, or None."""
    try:
        result = RunResult.model_validate_json((folder / "result.json").read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        _log.warning("the result in %s is not valid: %s", folder, error)
        return None
    return result if result.key == submission.key else None


def read_failure(folder: Path) -> Failure | None:
    """What the runner itself said about its failure, or None."""
    try:
        return Failure.model_validate_json((folder / "failure.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def read_progress(folder: Path) -> Progress | None:
    """How far the evaluation is, None when it has not said so yet."""
    try:
        return Progress.model_validate_json((folder / "progress.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
