"""Result files of this project's evaluator -> benchmark tables, one a suite.

Enters: folders with `results/<org>/<model>/<key>.json` (a `RunResult` each). Leaves: tables, and the files that
could not be read with their reasons. A file is trusted only if its name is the key of what it says.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from leaderboard.errors import BadRecord
from leaderboard.records import RunResult
from leaderboard.sources.benchmark_table import Rejected, TableCard, TaskCard
from leaderboard.sources.strict_json import read_object
from leaderboard.suites import SUITES, Suite

FOLDER = "results"
MAX_BYTES = 4 * 1024 * 1024
CLOCK_SKEW = timedelta(minutes=10)


def read_runs(folders: Iterable[Path], *, now: datetime) -> tuple[list[RunResult], list[Rejected]]:
    """All readable runs by key (a later folder wins), and the files left out."""
    runs: dict[str, RunResult] = {}
    rejected: list[Rejected] = []
    for folder in folders:
        for path in sorted((folder / FOLDER).rglob("*.json")):
            try:
                run = read_run(path, now=now)
            except BadRecord as error:
                rejected.append(Rejected(where=path.relative_to(folder).as_posix(), reason=str(error)))
            else:
                runs[run.key] = run
    return list(runs.values()), rejected


def read_run(path: Path, *, now: datetime) -> RunResult:
    """One run. Raises BadRecord when the file is not a whole, consistent result."""
    try:
        run = RunResult.model_validate(read_object(path, max_bytes=MAX_BYTES))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadRecord(f"{where}: {first['msg']}; found {str(first['input'])[:60]!r}.") from error
    if path.name != f"{run.key}.json":
        raise BadRecord(f"its content has key {run.key}, its name says {path.stem[:40]!r}.")
    if run.finished_at > now + CLOCK_SKEW:
        raise BadRecord(f"finished_at {run.finished_at.isoformat()} lies in the future.")
    return run


def tables(runs: Sequence[RunResult], rejected: Sequence[Rejected]) -> list[tuple[TableCard, pd.DataFrame]]:
    """One table for every suite that can be evaluated here, empty ones included.

    Not of suites whose questions each place chooses: runs on unlike ones cannot be ranked with each other.
    """
    return [_table(suite, [run for run in runs if run.submission.suite == suite.name], rejected)
            for suite in SUITES.values() if suite.evaluable and not suite.needs_prompts]  # fmt: skip


def _table(suite: Suite, runs: Sequence[RunResult], rejected: Sequence[Rejected]) -> tuple[TableCard, pd.DataFrame]:
    tasks = tuple(
        TaskCard(name=task.name, label=task.label, metric=task.metric, n=task.n or None, n_shot=task.n_shot,
                 chance=task.chance, info=task.info)
        for task in suite.tasks
    )  # fmt: skip
    card = TableCard(
        name=f"here_{suite.name}",
        label=suite.title,
        group="Evaluated here",
        order=0,
        title=f"{suite.title}, evaluated here",
        about=suite.about,
        source="Evaluated by this leaderboard; every row links to its scores and answers.",
        license="CC0-1.0 (figures of this project)",
        as_of=max((run.finished_at for run in runs), default=None),
        tasks=tasks,
        rejected=tuple(rejected),
    )
    frame = pd.DataFrame([_row(run) for run in runs], columns=None if runs else ["model"])
    if runs:
        frame["duplicate"] = _duplicates(frame, [f"score.{task.name}" for task in tasks])
    return card, frame


def _row(run: RunResult) -> dict[str, object]:
    submission = run.submission
    row: dict[str, object] = {
        "model": submission.model,
        "revision": submission.revision,
        "precision": submission.precision,
        "model_type": submission.model_type,
        "license": submission.license,
        "params": submission.params,
        "chat_template": submission.chat_template,
        "evaluated_on": run.finished_at.date().isoformat(),
        "evidence": submission.key,
    }
    for score in run.tasks:
        row[f"score.{score.task}"] = score.score
        row[f"stderr.{score.task}"] = score.standard_error
        row[f"n.{score.task}"] = score.n
    return row


def _duplicates(frame: pd.DataFrame, scores: list[str]) -> "pd.Series[bool]":
    """True for every run of a model but its best one; with and without a chat template are two configurations."""
    known = [name for name in scores if name in frame]
    best_first = frame[known].mean(axis=1).sort_values(ascending=False, kind="stable").index
    what = pd.DataFrame({"model": frame["model"].str.casefold(), "chat_template": frame["chat_template"]})
    duplicate: pd.Series[bool] = what.loc[best_first].duplicated()
    return duplicate.reindex(frame.index)
