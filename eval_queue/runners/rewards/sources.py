"""Where the pairs of a suite's tasks come from: a file below `task_files`, else the Hub for the sets that it has."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eval_queue.runners.rewards.hub_sets import HUB_SETS, load_hub
from eval_queue.runners.rewards.pairs import PairSet, load_file
from leaderboard.errors import BadRecord, PermanentFailure
from leaderboard.sources.row_files import READERS
from leaderboard.suites import Task


@dataclass(frozen=True, kw_only=True)
class Found:
    """The pairs of a task, where they are from, and what a reader must know of their number ("" when nothing)."""

    pairs: PairSet
    source: str
    note: str

    @property
    def digest(self) -> str:
        """SHA-256 over the ids of the pairs, in order: names exactly what was asked."""
        return hashlib.sha256("".join(pair.id for pair in self.pairs.pairs).encode()).hexdigest()


def find_pairs(
    task: Task, task_files: Path | None, fetch: Callable[[str], tuple[PairSet, str]] = load_hub
) -> Found:  # fmt: skip
    """The pairs of a task; `fetch` gets a set of the Hub.

    Raises PermanentFailure when there is no such set or it is not usable, TransientFailure when the Hub is needed and
    cannot be reached.
    """
    path = _file(task.name, task_files)
    if path is None and task.name not in HUB_SETS:
        raise PermanentFailure(
            f"There is no file of the pairs {task.name} here. Whoever runs this evaluator can put {task.name}.parquet "
            "into reward_models/ below LEADERBOARD_TASK_FILES."
        )
    try:
        pairs, source = fetch(task.name) if path is None else (load_file(task.name, path), path.name)
    except BadRecord as error:
        raise PermanentFailure(f"The pairs of {task.name} cannot be used: {error}") from error
    return Found(pairs=pairs, source=source, note=_note(pairs, task.n))


def _note(pairs: PairSet, expected: int) -> str:
    n = len(pairs.pairs)
    said = [f"{n:,} pairs where {expected:,} were expected"] if n != expected else []
    said += [f"drawn from {pairs.n_all:,}"] if pairs.n_all else []
    return ", ".join(said)


def _file(name: str, folder: Path | None) -> Path | None:
    places = [] if folder is None else [folder, folder / "reward_models"]
    files = (place / f"{name}{ending}" for place in places for ending in READERS)
    return next((path for path in files if path.is_file()), None)
