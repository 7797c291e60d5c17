"""Tasks of one run that are done, in its work folder: a restart goes on after them.

Layout: tasks/<task>.json (score and what it depends on) written after samples/<task>.parquet; both whole or absent.
"""

import hashlib
import logging
from pathlib import Path

from pydantic import ValidationError

from leaderboard.records import Record, TaskScore
from leaderboard.stores import write_file

_log = logging.getLogger(__name__)


class FinishedTask(Record):
    """A scored task. `conditions` is everything the score depends on: a restart under others does the task again."""

    conditions: dict[str, str]
    score: TaskScore
    requests: int
    metrics: dict[str, float]
    samples_sha256: str


class FinishedTasks:
    """The finished tasks in one work folder."""

    def __init__(self, work_folder: Path) -> None:
        self._tasks = work_folder / "tasks"
        self._samples = work_folder / "samples"

    def read(self, task: str, conditions: dict[str, str]) -> FinishedTask | None:
        """A task that was finished under exactly these conditions and whose samples are intact, or None."""
        try:
            done = FinishedTask.model_validate_json((self._tasks / f"{task}.json").read_bytes())
            samples = (self._samples / f"{task}.parquet").read_bytes()
        except FileNotFoundError:
            return None
        except ValidationError as error:
            _log.warning("the earlier result of task %s is not valid, it runs again: %s", task, error)
            return None
        if done.conditions != conditions or hashlib.sha256(samples).hexdigest() != done.samples_sha256:
            _log.warning("the earlier result of task %s was made under other conditions, it runs again", task)
            return None
        return done

    def write(
        self, score: TaskScore, *, conditions: dict[str, str], requests: int, metrics: dict[str, float], samples: bytes
    ) -> FinishedTask:
        """Keep a finished task with its samples."""
        self._tasks.mkdir(parents=True, exist_ok=True)
        self._samples.mkdir(parents=True, exist_ok=True)
        done = FinishedTask(
            conditions=conditions, score=score, requests=requests, metrics=metrics,
            samples_sha256=hashlib.sha256(samples).hexdigest(),
        )  # fmt: skip
        write_file(self._samples / f"{score.task}.parquet", samples)
        write_file(self._tasks / f"{score.task}.json", done.model_dump_json(indent=1).encode())
        return done
