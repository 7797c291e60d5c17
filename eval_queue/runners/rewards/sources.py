"""Where the pairs of a suite's tasks come from: files below `task_files`, which are third parties' and not shipped."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from eval_queue.runners.rewards.pairs import PairSet, load_file
from leaderboard.errors import BadRecord, PermanentFailure
from leaderboard.sources.row_files import READERS
from leaderboard.suites import Task


@dataclass(frozen=True, kw_only=True)
class Found:
    """The pairs of a task, their file's name, and what is unlike the expectation ("" when nothing)."""

    pairs: PairSet
    source: str
    note: str

    @property
    def digest(self) -> str:
        """SHA-256 over the pairs' ids."""
        return hashlib.sha256("".join(pair.id for pair in self.pairs.pairs).encode()).hexdigest()


def find_pairs(task: Task, task_files: Path | None) -> Found:
    """The pairs of a task. Raises PermanentFailure when there is no such file or it is not usable."""
    path = _file(task.name, task_files)
    if path is None:
        raise PermanentFailure(
            f"There is no file of the pairs {task.name} here. Whoever runs this evaluator can put {task.name}.parquet "
            "into reward_models/ below LEADERBOARD_TASK_FILES."
        )
    try:
        pairs = load_file(task.name, path)
    except BadRecord as error:
        raise PermanentFailure(f"The pairs of {task.name} cannot be used: {error}") from error
    n = len(pairs.pairs)
    note = "" if n == task.n else f"{n:,} pairs where {task.n:,} were expected"
    return Found(pairs=pairs, source=path.name, note=note)


def _file(name: str, folder: Path | None) -> Path | None:
    places = [] if folder is None else [folder, folder / "reward_models"]
    files = (place / f"{name}{ending}" for place in places for ending in READERS)
    return next((path for path in files if path.is_file()), None)
