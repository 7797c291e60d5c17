"""Runners that behave in every way an evaluation can, each in a fraction of a second and without torch.

The executor starts them in the evaluation's own process by `--runner tests.faults.runners:NAME`.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from eval_queue.spec import Report, RunSpec
from leaderboard.errors import PermanentFailure, TransientFailure
from leaderboard.records import Progress, RunResult, TaskScore

TASKS = ("core_arithmetic", "core_dates", "core_units")


def quick(spec: RunSpec, report: Report) -> RunResult:
    """Score three tasks, keep each at once, skip those that an earlier attempt kept; count every task really run."""
    started = datetime.now(UTC)
    scores = [_task(spec, report, number, name) for number, name in enumerate(TASKS, 1)]
    return RunResult(submission=spec.submission, started_at=started, finished_at=datetime.now(UTC), tasks=tuple(scores))


def _task(spec: RunSpec, report: Report, number: int, name: str) -> TaskScore:
    kept = spec.work_folder / "tasks" / f"{name}.json"
    report(Progress(task=name, task_number=number, n_tasks=len(TASKS), done=number * 10, total=30))
    if not kept.exists():
        with (spec.work_folder.parent / f"{spec.submission.key}.ran").open("a") as log:
            log.write(f"{name}\n")
        time.sleep(0.03)
        _keep(spec.work_folder / "samples" / f"{name}.parquet", b"PAR1" + name.encode() + b"PAR1")
        _keep(kept, TaskScore(task=name, metric="acc_norm", score=0.25 * number, n=10).model_dump_json().encode())
    return TaskScore.model_validate_json(kept.read_bytes())


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def by_model(spec: RunSpec, report: Report) -> RunResult:
    """Choose by the name of the model, so that one queue can hold all kinds."""
    kind = spec.submission.model.partition("/")[2].partition("-")[0]
    return {"poison": segfault, "bad": permanent, "slow": slow}.get(kind, quick)(spec, report)


def slow(spec: RunSpec, report: Report) -> NoReturn:
    """Report progress for ever."""
    for second in range(10_000):
        report(Progress(task="core_dates", task_number=2, n_tasks=5, done=second, total=10_000, eta_seconds=1.0))
        time.sleep(0.02)
    raise AssertionError(spec)


def hang(spec: RunSpec, report: Report) -> NoReturn:
    """Say nothing for ever, in two processes that ignore polite signals."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    (spec.work_folder / "pids").write_text(f"{os.getpid()} {grandchild.pid}")
    time.sleep(600)
    raise AssertionError


def resident(spec: RunSpec, report: Report) -> NoReturn:
    """Use memory that RLIMIT_DATA does not count: shared mappings."""
    import mmap

    kept = []
    while True:
        kept.append(mmap.mmap(-1, 32 << 20))
        kept[-1].write(b"x" * (32 << 20))
        time.sleep(0.01)


def allocate(spec: RunSpec, report: Report) -> NoReturn:
    """Allocate until Python refuses."""
    kept = []
    while True:
        kept.append(bytearray(64 << 20))


def bad_alloc(spec: RunSpec, report: Report) -> NoReturn:
    """End as C++ code does that cannot allocate."""
    sys.stderr.write("terminate called after throwing an instance of 'std::bad_alloc'\n")
    sys.stderr.flush()
    os.abort()


def killed(spec: RunSpec, report: Report) -> NoReturn:
    """End as the kernel's out-of-memory killer ends a process."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def segfault(spec: RunSpec, report: Report) -> NoReturn:
    """Read address 0."""
    ctypes.string_at(0)
    raise AssertionError


def error(spec: RunSpec, report: Report) -> NoReturn:
    """Raise something nobody expected, with a token in the text."""
    sys.stdout.write("loading with hf_abcdefghijklmnop and s3cret-of-the-settings\n")
    try:
        {}["inner"]
    except KeyError as inner:
        raise ValueError("shape (3, 4) does not fit hf_abcdefghijklmnop\nsecond line") from inner


def exits(spec: RunSpec, report: Report) -> NoReturn:
    """Leave without a word."""
    os._exit(17)


def permanent(spec: RunSpec, report: Report) -> NoReturn:
    """Refuse for good."""
    raise PermanentFailure("The tokenizer of org/m has no chat template; choose a chat model.")


def transient(spec: RunSpec, report: Report) -> NoReturn:
    """Refuse for now."""
    raise TransientFailure("The Hub did not answer within 60 s.")


def foreign(spec: RunSpec, report: Report) -> RunResult:
    """Give the result of another submission."""
    other = spec.submission.model_copy(update={"revision": "f" * 40})
    return quick(spec, report).model_copy(update={"submission": other})


def garbage(spec: RunSpec, report: Report) -> NoReturn:
    """Write a result that is none and leave contentedly."""
    (spec.work_folder / "result.json").write_text('{"tasks": [')
    (spec.work_folder / "progress.json").write_text("{")
    time.sleep(0.1)
    os._exit(0)


def chatty(spec: RunSpec, report: Report) -> NoReturn:
    """Fill the disk with log."""
    while True:
        sys.stdout.write("x" * 1_000_000 + "\n")


def surroundings(spec: RunSpec, report: Report) -> RunResult:
    """Write down what this process can see and may do."""
    facts = {
        "environment": dict(os.environ),
        "session_leader": os.getsid(0) == os.getpid(),
        "data_limit": resource.getrlimit(resource.RLIMIT_DATA)[0],
        "core_limit": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "nice": os.nice(0),
        "stdin": sys.stdin.read(),
        "descriptors": sorted(path.name for path in Path("/proc/self/fd").iterdir()),
    }
    (spec.work_folder.parent / "surroundings.json").write_text(json.dumps(facts))
    return quick(spec, report)


def answers_for_a_judge(spec: RunSpec, report: Report) -> None:
    """Leave answers, and all that this process can see of the judge."""
    from tests.judged import give_answers

    give_answers(spec.work_folder)
    visible = {
        "environment": dict(os.environ), "command": sys.argv, "input": sys.stdin.read(),
        "spec": (spec.work_folder / "spec.json").read_text(),
        "open": [str(Path(f"/proc/self/fd/{fd}").readlink()) for fd in range(3)],
    }  # fmt: skip
    (spec.work_folder / "answering.json").write_text(json.dumps(visible))
    del report
