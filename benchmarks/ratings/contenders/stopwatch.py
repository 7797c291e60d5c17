"""Run one job of a contender several times in this process and report what it took. Standard library only.

    python -m benchmarks.ratings.contenders.NAME JOB FILE [--rounds N] [--repeats N] [--patience SECONDS]

Leaves on standard output: one line of JSON. The first run counts as the warm-up (compilers, caches) unless it took so
long that no other follows.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

WARM_UP_LIMIT = 25.0
"""Seconds of a first run from which on a warm-up of a second is not worth repeating all."""


@dataclass(frozen=True)
class Job:
    """`prepare` is not timed and gives what `run` gets, with the number of rounds; `run` gives ratings by model."""

    prepare: Callable[[str], Any]
    run: Callable[[Any, int], Mapping[str, float]]


def main(jobs: Mapping[str, Job], packages: Sequence[str], arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=list(jobs))
    parser.add_argument("file")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--patience", type=float, default=60.0, help="no further repeat after so many seconds")
    chosen = parser.parse_args(arguments)
    job = jobs[chosen.job]
    prepared = job.prepare(chosen.file)
    begin = time.perf_counter()
    times = [_timed(job, prepared, chosen.rounds)]
    peak = peak_memory()
    while len(times) <= chosen.repeats and _another(times, begin, chosen.patience):
        times.append(_timed(job, prepared, chosen.rounds))
    counted = times[1:] or times
    answer = {
        "cpu": statistics.median(cpu for cpu, _, _ in counted),
        "wall": statistics.median(wall for _, wall, _ in counted),
        "first_cpu": times[0][0], "process_cpu": _first_process_cpu(times), "peak_mb": peak, "repeats": len(counted),
        "ratings": times[-1][2], "versions": {name: metadata.version(name) for name in packages},
    }  # fmt: skip
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


Timed = tuple[float, float, dict[str, float]]  # processor seconds, wall seconds, ratings


def _timed(job: Job, prepared: Any, rounds: int) -> Timed:
    cpu, wall = processor_seconds(), time.perf_counter()
    ratings = job.run(prepared, rounds)
    taken = processor_seconds() - cpu, time.perf_counter() - wall
    return *taken, {str(model): float(rating) for model, rating in ratings.items()}


def _another(times: Sequence[Timed], begin: float, patience: float) -> bool:
    return times[0][1] < WARM_UP_LIMIT and time.perf_counter() - begin < patience


def _first_process_cpu(times: Sequence[Timed]) -> float:
    """Processor seconds of the process up to the end of the first run: start, imports, reading and the job."""
    return processor_seconds() - sum(cpu for cpu, _, _ in times[1:])


def processor_seconds() -> float:
    """User and system time of this process, its threads and the children it waited for."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak_memory() -> float:
    """Largest resident memory of this process so far, MB (10**6 bytes)."""
    status = Path(f"/proc/{os.getpid()}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def read_frame(path: str) -> Any:
    """The three columns of text as a pandas frame."""
    import pandas as pd

    return pd.read_parquet(path, columns=["model_a", "model_b", "winner"])
