"""Samples of runs made here, wherever the run's store is.

Enters: folders, the path that a run gives. Leaves: a frame with the columns that are needed.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from leaderboard.errors import BadRecord
from leaderboard.records import RunResult
from leaderboard.sources.tables import Card


def read_samples(folders: Iterable[Path], relative: str) -> pd.DataFrame:
    """The rows of a file below the first of the folders that has it. Raises BadRecord when it cannot be read."""
    for folder in folders:
        path = (folder / relative).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            break
    else:
        raise BadRecord(f"{relative} is named by its run, and is not there.")
    try:
        frame: pd.DataFrame = pq.read_table(path).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise BadRecord(f"{relative} cannot be read: {str(error)[:200]}") from error
    return frame


def require_columns(frame: pd.DataFrame, relative: str, needed: Collection[str]) -> None:
    """Raise BadRecord naming the columns that a file of samples lacks."""
    if missing := set(needed) - set(frame):
        raise BadRecord(f"{relative} has no column {', '.join(sorted(missing))}.")


def revision_of_runs(card: Card, runs: Iterable[RunResult]) -> str:
    """Changes with any of the runs behind a table."""
    parts = [card.model_dump_json(), *(run.model_dump_json() for run in runs)]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


def names_of_runs(runs: Sequence[RunResult]) -> tuple[str, ...]:
    """The models' names; where one has several runs, with what tells them apart."""
    often = Counter(run.submission.model.casefold() for run in runs)
    return tuple(
        run.submission.model if often[run.submission.model.casefold()] == 1
        else f"{run.submission.model} ({run.submission.revision[:7]}, {run.submission.precision})"
        for run in runs
    )  # fmt: skip


def labels_apart(labels: Sequence[str], told: Sequence[str]) -> list[str]:
    """The labels; those that several have with what is told of each behind them."""
    often = Counter(labels)
    return [label if often[label] == 1 else f"{label} ({more})" for label, more in zip(labels, told, strict=True)]
