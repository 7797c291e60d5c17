"""Tasks as lm-eval objects: the project's own, and lm-eval's registered ones from local files or from the Hub.

A registered task keeps its own prompt, choices, filters and metrics wherever its questions come from: only the place
of the questions, and the splits that are not there, are replaced in its definition.
"""

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lm_eval.tasks
from datasets import Dataset, DatasetDict
from datasets.exceptions import DatasetsError
from lm_eval.api.task import ConfigurableTask
from lm_eval.tasks._yaml_loader import load_yaml

import eval_queue.tasks
from eval_queue.tasks.local_files import LOCAL_TASKS, read_local
from leaderboard.errors import PermanentFailure, TransientFailure
from leaderboard.hub_client import UNREACHABLE, explain
from leaderboard.suites import Task

FEWSHOT_SEED = 1234
"""lm-eval's default: examples in the prompt are drawn with it."""

OWN = Path(eval_queue.tasks.__file__).parent
REGISTERED_FOLDER = Path(lm_eval.tasks.__file__).parent
REGISTERED = {
    "arc_challenge": "arc/arc_challenge.yaml",
    "truthfulqa_mc1": "truthfulqa/truthfulqa_mc1.yaml",
    "truthfulqa_mc2": "truthfulqa/truthfulqa_mc2.yaml",
    "winogrande": "winogrande/default.yaml",
    "gsm8k": "gsm8k/gsm8k.yaml",
}


@dataclass(frozen=True, kw_only=True)
class HarnessTask:
    """A task ready to run.

    `indices` are the documents to score, None for all. `source` is bundled, local files or a Hub id. `questions` is
    the SHA-256 of the scored documents.
    """

    task: Task
    harness: ConfigurableTask
    indices: list[int] | None
    source: str
    questions: str

    @property
    def n(self) -> int:
        """Number of questions to score."""
        return len(self.indices) if self.indices is not None else len(self.harness.eval_docs)

    @property
    def version(self) -> str:
        """Version of the task's definition."""
        return str(self.harness.VERSION)

    @property
    def kind(self) -> str:
        """What the model is asked for: loglikelihood or generate_until."""
        return "generate_until" if self.harness.OUTPUT_TYPE == "generate_until" else "loglikelihood"

    @property
    def estimated_requests(self) -> int:
        """Requests to the model, if all questions had as many choices as the first."""
        first = self.harness.eval_docs[0]
        return self.n * (1 if self.kind == "generate_until" else len(self.harness.doc_to_choice(first)))


def load_task(task: Task, task_files: Path | None) -> HarnessTask:
    """Read the questions of a task.

    Raises PermanentFailure for an unknown task or unusable local file, TransientFailure when the Hub is needed and
    cannot be reached.
    """
    config, source = _definition(task, task_files)
    try:
        harness = ConfigurableTask(config=config)
    except (DatasetsError, *UNREACHABLE) as error:
        if source in ("bundled", "local files"):
            raise PermanentFailure(f"Task {task.name} cannot be read: {error}") from error
        raise TransientFailure(
            f"The questions of task {task.name} ({source}) could not be fetched now: {explain(error)}. Without a way "
            "to the Hub, whoever runs this evaluator can set LEADERBOARD_TASK_FILES to a folder with local copies."
        ) from error
    harness.set_fewshot_seed(seed=FEWSHOT_SEED)
    indices = _sample(task, len(harness.eval_docs))
    return HarnessTask(
        task=task, harness=harness, indices=indices, source=source, questions=_digest(harness.eval_docs, indices)
    )


def _definition(task: Task, task_files: Path | None) -> tuple[dict[str, Any], str]:
    own = sorted(OWN.glob(f"*/{task.name}.yaml"))
    if not own and task.name not in REGISTERED:
        raise PermanentFailure(f"Task {task.name} is not one that can be evaluated here.")
    config = load_yaml(own[0] if own else REGISTERED_FOLDER / REGISTERED[task.name])
    config.pop("tag", None)
    config["num_fewshot"] = task.n_shot
    if own:
        return config, "bundled"
    if task_files is None:
        return config, str(config["dataset_path"])
    splits = read_local(task.name, task_files)
    dataset = DatasetDict({name: Dataset.from_list(rows) for name, rows in splits.items()})
    local = {"custom_dataset": lambda **_: dataset, "dataset_path": None, "dataset_name": None}
    return config | local | LOCAL_TASKS[task.name].splits, "local files"


def _sample(task: Task, available: int) -> list[int] | None:
    if task.sample_seed is None or task.n >= available:
        return None
    return sorted(random.Random(task.sample_seed).sample(range(available), task.n))  # noqa: S311 - not a secret


def _digest(docs: Dataset, indices: list[int] | None) -> str:
    chosen = docs if indices is None else docs.select(indices)
    digest = hashlib.sha256()
    for doc in chosen:
        digest.update(json.dumps(doc, sort_keys=True, ensure_ascii=False, default=str).encode())
    return digest.hexdigest()
