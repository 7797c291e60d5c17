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
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import BinaryIO, Literal

from pydantic import ValidationError

import eval_queue
import leaderboard
from eval_queue.child import Failure
from eval_queue.judging.config import JudgeConfig
from eval_queue.spec import RunSpec
from leaderboard.errors import PermanentFailure
from leaderboard.records import Progress, RunResult, Submission
from leaderboard.settings import Settings
from leaderboard.stores import write_file
from leaderboard.suites import SUITES, Suite

from . import Executor, OnProgress, Outcome, logs, processes, verdicts

LOG_LIMIT_BYTES = 64 << 20
LOCAL_SUITES = frozenset({"core", "mt_bench_own", "pairwise_own", "refusal_own"})
"""Suites whose questions come with the program."""

NO_JUDGE = (
    "The suite {suite} needs a judge, and the evaluator that took this submission has none. Whoever runs it sets "
    "LEADERBOARD_JUDGE_MODEL and LEADERBOARD_JUDGE_URL; then retry."
)
DEFAULT_RUNNER = Suite.runner
Ending = Literal["exited", "stopped", "time", "memory", "log"]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Step:
    """One process of an evaluation: what it runs, and the judge that only the judging process is told of."""

    runner: str
    judge: JudgeConfig | None = None


class LocalExecutor(Executor):
    """Runs evaluations as child processes: one that has the model, then, for judged suites, one that has the judge.

    `environment` is all the children get besides the offline switches; see `child_environment`. `judge` reaches the
    judging process alone, through a pipe. `runner` replaces that of the suite. `secrets` are struck from logs and
    reasons. `checkpoint` is called with a label at every step (tests kill the worker there).
    """

    def __init__(
        self, *, environment: Mapping[str, str], time_limit_seconds: float, secrets: Sequence[str] = (),
        runner: str | None = None, judge: JudgeConfig | None = None, poll_seconds: float = 0.2,
        checkpoint: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._environment = dict(environment)
        self._time_limit = time_limit_seconds
        self._secrets = tuple(secrets)
        self._runner = runner
        self._judge = judge
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
            deadline = time.monotonic() + self._time_limit
            for step in self._steps(spec):
                ending, code = self._run_step(step, spec, log, deadline, on_progress, stop)
                if ending != "exited" or code != 0:
                    break
        self._checkpoint("child_ended")
        return self._outcome(spec, ending, code)

    def sweep(self, runs: Path) -> None:
        """See `Executor.sweep`."""
        for mark in runs.glob(f"*/{processes.MARK_FILE}"):
            processes.end_marked(mark.parent)

    def _steps(self, spec: RunSpec) -> tuple[_Step, ...]:
        suite = SUITES.get(spec.submission.suite)
        if self._runner is not None or suite is None:
            return (_Step(self._runner or DEFAULT_RUNNER),)
        if not suite.judging or (suite.judge_optional and spec.submission.judge is None):
            return (_Step(suite.runner),)
        if self._judge is None:
            raise PermanentFailure(NO_JUDGE.format(suite=suite.name))
        return _Step(suite.runner), _Step(suite.judging, self._judge)

    def _run_step(
        self, step: _Step, spec: RunSpec, log: BinaryIO, deadline: float, on_progress: OnProgress, stop: Event
    ) -> tuple[Ending, int]:
        process = self._start(step, spec, log)
        try:
            self._checkpoint("child_started")
            _tell(process, step.judge)
            ending = self._watch(process, spec, deadline, on_progress, stop)
        finally:
            code = processes.end(process, spec.work_folder)
        return ending, code

    def _start(self, step: _Step, spec: RunSpec, log: BinaryIO) -> subprocess.Popen[bytes]:
        folder = spec.work_folder
        mark = processes.new_mark(folder)
        command = [
            sys.executable, "-P", "-m", "eval_queue.child", str(folder / "spec.json"), str(folder),
            "--runner", step.runner, "--parent", str(os.getpid()), *(["--judge"] if step.judge else []),
        ]  # fmt: skip
        offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"} if is_local(spec) else {}
        environment = {**self._environment, **offline, processes.MARK: mark}
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.PIPE if step.judge else subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def _watch(
        self, process: subprocess.Popen[bytes], spec: RunSpec, deadline: float, on_progress: OnProgress, stop: Event
    ) -> Ending:
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


def _tell(process: subprocess.Popen[bytes], judge: JudgeConfig | None) -> None:
    """Hand the judge's configuration to a child that waits for it: less than a pipe holds, so this does not block."""
    if judge is None or process.stdin is None:
        return
    try:
        with process.stdin as pipe:
            pipe.write(judge.model_dump_json().encode())
    except BrokenPipeError:  # it ended already; its exit code and log say why
        _log.warning("the judging process %d ended before it was told of the judge", process.pid)


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
    models = (spec.submission.model, spec.refusal_classifier or "local/")
    return _has_questions(spec) and all(name.startswith("local/") for name in models)


def _has_questions(spec: RunSpec) -> bool:
    """Whether what is asked lies on this machine."""
    suite = SUITES.get(spec.submission.suite)
    if suite is not None and suite.needs_prompts:
        return spec.red_prompts is not None and "://" not in spec.red_prompts
    has_files = spec.task_files is not None and not (suite and suite.from_hub)
    return has_files or spec.submission.suite in LOCAL_SUITES


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
