"""Runs answering and judging to their end in processes that are killed at random moments; see test_judging_kills.

    python -m tests.faults.judging_process MODEL FOLDER JUDGE_URL N_KILLS

Loads everything once and forks for every attempt, so that an attempt is a process of its own and costs no import. Makes
runs in FOLDER/0 (never killed), FOLDER/1, ... until N_KILLS processes were killed; then writes
{"runs", "kills", "in_flight"}.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from eval_queue.judging.mt_bench import judge
from eval_queue.runners import mt_bench
from eval_queue.runners.causal_model import load_model
from leaderboard.stores import write_file
from tests.judged import QUESTIONS, judge_config, judged_spec

CONCURRENCY = 2


def attempt(model: Path, work: Path, url: str) -> None:
    spec, config = judged_spec(model, work), judge_config(url, concurrency=CONCURRENCY)
    mt_bench.answer_questions(spec, QUESTIONS, lambda _: None, new_tokens=24)
    result = judge(spec, lambda _: None, judge=config)
    write_file(work / "result.json", result.model_dump_json().encode())


def run_until(deadline: float | None, model: Path, work: Path, url: str) -> bool:
    """One process; whether it came to its end before it was killed."""
    pid = os.fork()
    if pid == 0:
        attempt(model, work, url)
        os._exit(0)
    started = time.monotonic()
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            if status:
                sys.exit(f"an attempt failed by itself: {status}")
            return True
        if deadline is not None and time.monotonic() - started > deadline:
            os.kill(pid, signal.SIGKILL)
            return os.waitpid(pid, 0)[1] == 0
        time.sleep(0.001)


def new_run(folder: Path) -> Path:
    """The same secret in every run, so that their prompts can be compared."""
    (folder / "judging").mkdir(parents=True)
    (folder / "judging" / "secret").write_bytes(b"the same in every run")
    return folder


def main(model: Path, folder: Path, url: str, n_kills: int) -> None:
    loaded = load_model(judged_spec(model, folder / "loading"), model)
    mt_bench.load_model = lambda *_: loaded
    rng, kills, runs = random.Random(20), 0, 1
    started = time.monotonic()
    run_until(None, model, new_run(folder / "0"), url)
    whole = time.monotonic() - started
    while kills < n_kills:
        work = new_run(folder / str(runs))
        while not run_until(rng.uniform(0, 0.7 * whole) if kills < n_kills else None, model, work, url):
            kills += 1
        runs += 1
    json.dump({"runs": runs, "kills": kills, "in_flight": CONCURRENCY}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
