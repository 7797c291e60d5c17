"""Wall time of the same task: our child process, lm-eval's command line, and lm-eval called from a bare script.

`python -m benchmarks.overhead --task-files ../shared/data/benchmarks [--model FOLDER] [--rounds 3]`

The contenders take turns, all with the same niceness, threads, precision and batch size; medians count. The scores
must be equal to the last digit, else there is no result. Writes RESULTS.md beside this file.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.overhead.one_task import TASK, THEIR_TASK, write_lm_eval_task
from eval_queue.spec import RunSpec
from leaderboard.records import Submission
from leaderboard.settings import ROOT, read_settings

NICENESS = 5
BATCH_SIZE = 16
LIMIT = 1.05
FOLDER = Path(__file__).parent
Score = tuple[float, float]
Time = tuple[float, float]  # wall, processor; seconds


@dataclass(frozen=True)
class Job:
    """What every contender is given; `tasks` is lm-eval's folder, `task_files` ours."""

    model: Path
    tasks: Path
    task_files: Path
    threads: int


def ours(job: Job, out: Path) -> list[str]:
    """Command of our child process, as the worker starts it (it lowers its own priority)."""
    submission = Submission(
        model="local/overhead", revision="0" * 40, precision="bfloat16", suite="core", submitted_at=datetime.now(UTC)
    )
    spec = RunSpec(
        submission=submission, model_path=str(job.model), work_folder=out, task_files=job.task_files,
        threads=job.threads, batch_size=BATCH_SIZE,
    )  # fmt: skip
    (out / "spec.json").write_text(spec.model_dump_json())
    command = [sys.executable, "-P", "-m", "eval_queue.child", str(out / "spec.json"), str(out)]
    return [*command, "--runner", "benchmarks.overhead.one_task:run"]


def command_line(job: Job, out: Path) -> list[str]:
    """Command of lm-eval's own command line."""
    return [
        "nice", "-n", str(NICENESS), sys.executable, "-m", "lm_eval", "--model", "hf", "--model_args",
        f"pretrained={job.model},dtype=bfloat16", "--tasks", THEIR_TASK, "--include_path", str(job.tasks),
        "--batch_size", str(BATCH_SIZE), "--device", "cpu", "--output_path", str(out), "--log_samples",
    ]  # fmt: skip


def bare_script(job: Job, out: Path) -> list[str]:
    """Command of the bare script."""
    script = [sys.executable, str(FOLDER / "plain.py"), str(job.model), str(job.tasks), str(BATCH_SIZE), str(out)]
    return ["nice", "-n", str(NICENESS), *script]


def our_score(out: Path) -> Score:
    (task,) = json.loads((out / "result.json").read_text())["tasks"]
    return task["score"], task["standard_error"]


def their_score(out: Path) -> Score:
    (path,) = out.rglob("results*.json")
    figures = json.loads(path.read_text())["results"][THEIR_TASK]
    return figures[f"{TASK.metric},none"], figures[f"{TASK.metric}_stderr,none"]


CONTENDERS: dict[str, tuple[Callable[..., list[str]], Callable[[Path], Score]]] = {
    "this project's child process": (ours, our_score),
    "lm-eval command line": (command_line, their_score),
    "lm-eval in a bare script": (bare_script, their_score),
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--model", type=Path, default=read_settings().models / "smollm2-135m-instruct")
    parser.add_argument("--task-files", type=Path, default=ROOT.parent / "shared" / "data" / "benchmarks")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    for needed in (options.model / "config.json", options.task_files / "foundry_arc_challenge.jsonl"):
        if not needed.is_file():
            sys.stderr.write(f"{needed} is missing. Make the model with `python -m scripts.make_demo_model`.\n")
            return 2
    with tempfile.TemporaryDirectory() as folder:
        job = Job(options.model.resolve(), Path(folder), options.task_files.resolve(), options.threads)
        write_lm_eval_task(job.tasks, job.task_files)
        times, scores = measure(job, Path(folder), options.rounds)
    if len(set(scores.values())) != 1:
        sys.stderr.write(f"The scores differ: {scores}\n")
        return 1
    text = table(times, scores, options.rounds, options.threads)
    (FOLDER / "RESULTS.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    first, theirs = (medians(times[name])[0] for name in list(CONTENDERS)[:2])
    return 0 if first <= LIMIT * theirs else 1


def measure(job: Job, folder: Path, rounds: int) -> tuple[dict[str, list[Time]], dict[str, Score]]:
    """Seconds of every run by contender, and the score of every run."""
    times: dict[str, list[Time]] = {name: [] for name in CONTENDERS}
    scores: dict[str, Score] = {}
    names = list(CONTENDERS)
    for number in range(rounds):
        for name in names[number % 3 :] + names[: number % 3]:
            out = folder / f"{number}-{names.index(name)}"
            out.mkdir()
            command, read = CONTENDERS[name]
            times[name].append(time_of(command(job, out), out, job.threads))
            scores[f"{name}, run {number + 1}"] = read(out)
            sys.stderr.write(f"{name}: {times[name][-1]} s, {read(out)}\n")
    return times, scores


def time_of(command: list[str], out: Path, threads: int) -> Time:
    """Wall and processor seconds from the start of a process to its successful end."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "OMP_NUM_THREADS": str(threads),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))), "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "LANG": "C.UTF-8",
    }  # fmt: skip
    with (out / "log.txt").open("wb") as log:
        before = time.monotonic()
        process = subprocess.Popen(command, env=environment, cwd=out, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}: {(out / 'log.txt').read_text()[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime


def medians(times: Sequence[Time]) -> Time:
    return statistics.median(wall for wall, _ in times), statistics.median(cpu for _, cpu in times)


def table(times: dict[str, list[Time]], scores: dict[str, Score], rounds: int, threads: int) -> str:
    """The results as a section of Markdown."""
    base = medians(times["lm-eval command line"])
    score, error = next(iter(scores.values()))
    rows = []
    for name, runs in times.items():
        wall, cpu = medians(runs)
        spread = f"{min(w for w, _ in runs):.1f}–{max(w for w, _ in runs):.1f}"
        rows.append(f"| {name} | {wall:.1f} | {spread} | {wall / base[0]:.2f} | {cpu:.1f} | {cpu / base[1]:.2f} |")
    met = "met" if medians(times[next(iter(times))])[0] <= LIMIT * base[0] else "NOT met"
    return "\n".join([
        "# Evaluation overhead", "",
        f"200 ARC-Challenge questions, SmolLM2-135M-Instruct in bfloat16, batch {BATCH_SIZE}, {threads} threads, "
        f"{os.cpu_count()} CPUs ({platform.machine()}), Python {platform.python_version()}; {rounds} runs each, taking "
        f"turns, from process start to process end, {datetime.now(UTC):%Y-%m-%d}. Load of the machine at the end: "
        f"{os.getloadavg()[1]:.1f} (5 minutes); wall times on a busy machine scatter, processor times less.", "",
        "| | Wall, s (median) | Range | Ratio | Processor, s (median) | Ratio |", "|---|---:|---:|---:|---:|---:|",
        *rows, "",
        f"Ratios to the command line; limit of the wall time {LIMIT:.2f}: {met} in this run. "
        f"All {len(scores)} runs gave {TASK.metric} {score!r} with "
        f"standard error {error!r}, equal to the last digit. The command line indexes all of lm-eval's tasks at every "
        "start; the bare script only the one task, as this project does.", "",
        "Again: `python -m benchmarks.overhead`.", "",
    ])  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
