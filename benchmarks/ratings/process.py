"""Measuring one job of one contender in a process of its own, on one processor."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ratings.environments import python_of
from leaderboard.settings import ROOT

MODULES = {"numba": "ours", "numpy": "ours"}
"""Module of a contender where it is not named like its environment."""
TIME_LIMIT = 1200


@dataclass(frozen=True)
class Measured:
    """One job. Seconds of processor and wall clock are medians over `repeats` runs in a warm process."""

    contender: str
    job: str
    size: str
    rounds: int
    cpu: float
    wall: float
    first_cpu: float
    """Processor seconds of the first run in the process, with everything that is compiled or loaded then."""
    process_cpu: float
    """Processor seconds from the start of the process to the end of its first run: imports, reading, the job."""
    peak_mb: float
    """Largest resident memory up to the end of the first run."""
    repeats: int
    ratings: Mapping[str, float]
    versions: Mapping[str, str]


class NotMeasured(RuntimeError):
    """A job that failed or did not end in time."""


def measure(
    contender: str, job: str, size: str, file: Path, *, rounds: int = 0, repeats: int = 3, cache: Path | None = None
) -> Measured:
    """Run a job; `cache` is the folder of numba's compiled code, the usual one when None."""
    module = f"benchmarks.ratings.contenders.{MODULES.get(contender, contender)}"
    command = [str(python_of(contender)), "-m", module, job, str(file), "--rounds", str(rounds)]
    command += ["--repeats", str(repeats)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment(cache), capture_output=True, text=True, timeout=TIME_LIMIT, check=False,
            preexec_fn=_one_processor,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise NotMeasured(f"{contender} {job} at {size}: no end after {TIME_LIMIT} s.") from error
    if done.returncode != 0:
        raise NotMeasured(f"{contender} {job} at {size} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    found = Measured(contender=contender, job=job, size=size, rounds=rounds, **answer)
    sys.stderr.write(
        f"{contender} {job} at {size}, {rounds} rounds: {found.cpu:.3f} s (first {found.first_cpu:.3f}), "
        f"{found.peak_mb:.0f} MB\n"
    )
    return found


def environment(cache: Path | None) -> dict[str, str]:
    """Variables of a contender: one thread wherever a library lets one choose."""
    single = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
    )
    folder = cache or Path(tempfile.gettempdir()) / "leaderboard-benchmark-numba"
    folder.mkdir(exist_ok=True)
    return {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))), "NUMBA_CACHE_DIR": str(folder), **single,
    }  # fmt: skip


@contextmanager
def empty_cache() -> Iterator[Path]:
    """A folder without anything compiled."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _one_processor() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
