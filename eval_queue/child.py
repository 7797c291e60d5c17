"""The evaluation's own process: `python -m eval_queue.child spec.json out_folder`.

Enters: a `RunSpec` file. Leaves, in the out folder: progress.json while it runs, then result.json (exit code 0) or
failure.json (exit code 3). A runner that leaves only answers for a judge ends with exit code 0 and neither. Anything
else ends with a traceback and exit code 1: the parent reads it from the log.
Judging answers is another process of this kind: with --judge it reads the judge's `JudgeConfig`, key included, from
standard input, so that the key is in no argument, environment or file, and no process that loads a model has it.
The process limits itself, because a threaded parent must not run code between fork and exec.
"""

import argparse
import ctypes
import importlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from eval_queue.judging.config import JudgeConfig
from eval_queue.spec import Report, Runner, RunSpec
from leaderboard.errors import ModelAtFault, PermanentFailure, TransientFailure
from leaderboard.records import Progress, Record, RunResult
from leaderboard.stores import write_file

FAILED_EXIT_CODE = 3
PROGRESS_SECONDS = 0.5
_GIB = 1 << 30
_PR_SET_PDEATHSIG = 1


class Failure(Record):
    """What failure.json holds."""

    reason: str
    permanent: bool
    final: bool = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one evaluation; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval_queue.child", description=__doc__)
    parser.add_argument("spec", type=Path, help="JSON file with a RunSpec")
    parser.add_argument("out_folder", type=Path, help="where result.json, failure.json and progress.json go")
    parser.add_argument("--runner", required=True, metavar="MODULE:FUNCTION", help="what runs the spec")
    parser.add_argument("--judge", action="store_true", help="give it the judge described on standard input")
    parser.add_argument("--parent", type=int, default=None, help="end at once when this is not the parent process")
    options = parser.parse_args(arguments)
    spec = RunSpec.model_validate_json(options.spec.read_bytes())
    _limit(spec, options.parent)
    runner = _load(options.runner)
    if options.judge:
        runner = partial(
            cast(Callable[..., RunResult], runner), judge=JudgeConfig.model_validate_json(sys.stdin.buffer.read())
        )
    return run(spec, options.out_folder, runner)


def run(spec: RunSpec, out_folder: Path, runner: Runner) -> int:
    """Run a spec with a runner and write what came out; the exit code."""
    try:
        result = runner(spec, progress_writer(out_folder / "progress.json"))
    except (PermanentFailure, TransientFailure) as error:
        failure = Failure(
            reason=str(error), permanent=isinstance(error, PermanentFailure), final=isinstance(error, ModelAtFault)
        )
        write_file(out_folder / "failure.json", failure.model_dump_json().encode())
        return FAILED_EXIT_CODE
    if result is not None:
        write_file(out_folder / "result.json", result.model_dump_json(indent=1).encode())
    return 0


def progress_writer(path: Path, clock: Callable[[], float] = time.monotonic) -> Report:
    """A `Report` that rewrites a file at most twice a second, and whenever the task changes."""
    last_time, last_task = float("-inf"), ""

    def report(progress: Progress) -> None:
        nonlocal last_time, last_task
        if clock() - last_time < PROGRESS_SECONDS and progress.task == last_task:
            return
        temporary = path.with_suffix(".tmp")  # not synced: only the parent that is running now reads it
        temporary.write_bytes(progress.model_dump_json().encode())
        temporary.replace(path)
        last_time, last_task = clock(), progress.task

    return report


def _load(name: str) -> Runner:
    module, _, function = name.partition(":")
    return cast(Runner, getattr(importlib.import_module(module), function))


def _limit(spec: RunSpec, parent: int | None) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:  # it died before the line above
        raise SystemExit("The worker that started this evaluation is gone.")
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_DATA, int(spec.memory_limit_gb * _GIB))
    os.nice(5)


def _lower(which: int, limit: int) -> None:
    """Lower a limit, soft and hard, and never raise one that is lower already."""
    _, hard = resource.getrlimit(which)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(which, (limit, limit))


if __name__ == "__main__":
    sys.exit(main())
