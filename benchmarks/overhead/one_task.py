"""The same 200 ARC questions for every contender."""

import json
from pathlib import Path

import yaml

from eval_queue.runners import lm_eval
from eval_queue.runners.harness_tasks import REGISTERED, REGISTERED_FOLDER, load_task
from eval_queue.spec import Report, RunSpec
from eval_queue.tasks.local_files import read_local
from leaderboard.records import RunResult
from leaderboard.suites import CLASSIC_200, Suite

TASK = next(task for task in CLASSIC_200.tasks if task.name == "arc_challenge")
SUITE = Suite(name="overhead", title="Overhead", about="For the benchmark.", tasks=(TASK,))
THEIR_TASK = "overhead_arc"


def run(spec: RunSpec, report: Report) -> RunResult:
    """What `python -m eval_queue.child --runner` calls: our run of the task."""
    return lm_eval.run_suite(spec, SUITE, report)


def write_lm_eval_task(folder: Path, task_files: Path) -> None:
    """The task for lm-eval's command line: its registered definition on a file with the same questions."""
    rows = read_local(TASK.name, task_files)["test"]
    questions = folder / "questions.jsonl"
    chosen = [rows[at] for at in load_task(TASK, task_files).indices or ()]
    questions.write_text("".join(json.dumps(row) + "\n" for row in chosen), encoding="utf-8")
    definition = {
        "include": str(REGISTERED_FOLDER / REGISTERED[TASK.name]), "task": THEIR_TASK, "tag": None,
        "dataset_path": "json", "dataset_name": None, "dataset_kwargs": {"data_files": {"test": str(questions)}},
        "training_split": None, "validation_split": None, "num_fewshot": 0,
    }  # fmt: skip
    (folder / f"{THEIR_TASK}.yaml").write_text(yaml.safe_dump(definition), encoding="utf-8")
