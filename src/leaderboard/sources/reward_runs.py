"""Reward-model runs of this project's evaluator -> reward tables, one a set of pairs.

Enters: `RunResult`s of suites that score pairs, and the folders where their samples lie (columns as in
`eval_queue.runners.rewards.shards`). Leaves: cards at once, and the frame of `reward_tables` when it is needed. Runs on
other pairs are another table: their accuracies cannot be compared.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.records import RunResult
from leaderboard.sources.reward_tables import LENGTHS, SCORES, PairSet, RewardCard, checked
from leaderboard.sources.run_samples import labels_apart, read_samples, require_columns, revision_of_runs
from leaderboard.sources.tables import Rejected
from leaderboard.suites import REWARD_METRIC, SUITES, Suite

HARMFUL = frozenset({"hh_harmless_base_test", "dsp_harmless_test"})
_COLUMNS = ["dataset", "pair", "prompt", *SCORES, *LENGTHS]
_SHA_SHOWN = 12
KINDS = {"dpo_pairs": "DPO", "judge_pairs": "judge"}
"""By suite, what is said after the name of a model whose scores are not those of a classifier."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RewardRuns:
    """Runs that can be compared."""

    card: RewardCard
    runs: tuple[RunResult, ...]

    @property
    def revision(self) -> str:
        """Changes with any run."""
        return revision_of_runs(self.card, self.runs)

    def identity(self, run: RunResult) -> dict[str, str]:
        """What names a run's rows in the frame."""
        submission, kind = run.submission, _kind(run)
        name = f"{submission.model} ({kind})" if kind else submission.model
        return {"model": name, "revision": submission.revision[:_SHA_SHOWN], "dtype": submission.precision}


def reward_runs(runs: Iterable[RunResult]) -> dict[str, RewardRuns]:
    """Tables by name; a run that does not say which pairs it was asked is in none. The newest run of a model counts."""
    groups: dict[tuple[tuple[str, ...], str], dict[tuple[str, ...], RunResult]] = {}
    for run in sorted(runs, key=lambda run: (run.finished_at, run.key)):
        suite, pairs = SUITES.get(run.submission.suite), run.environment.get("pairs")
        if suite is None or suite.tasks[0].metric != REWARD_METRIC or not pairs:
            continue
        submission = run.submission
        who = (submission.model.casefold(), submission.revision, submission.precision, _kind(run))
        tasks = tuple(task.name for task in suite.tasks)
        groups.setdefault((tasks, pairs), {})[who] = run
    tables = [_table(_first_with(tasks), pairs, list(own.values())) for (tasks, pairs), own in groups.items()]
    return {table.card.name: table for table in told_apart(tables)}


def told_apart(tables: Sequence[RewardRuns]) -> list[RewardRuns]:
    """The tables, with the digest of the pairs in the label of those that would be called alike."""
    pairs = [f"pairs {table.runs[-1].environment['pairs'][:6]}" for table in tables]
    labels = labels_apart([table.card.label for table in tables], pairs)
    return [
        replace(table, card=table.card.model_copy(update={"label": label}))
        for table, label in zip(tables, labels, strict=True)
    ]


def _part(runs: Sequence[RunResult]) -> str:
    """A word in the title where the runs were not asked the whole sets."""
    return (
        ", on other numbers of pairs than the sets have" if any("flag_size" in run.environment for run in runs) else ""
    )


def _kind(run: RunResult) -> str:
    return KINDS.get(run.submission.suite, "")


def _first_with(tasks: tuple[str, ...]) -> Suite:
    """The suite that names the table: classifiers and policies on the same sets stand beside each other."""
    return next(suite for suite in SUITES.values() if tuple(task.name for task in suite.tasks) == tasks)


def _table(suite: Suite, pairs: str, runs: list[RunResult]) -> RewardRuns:
    card = RewardCard(
        name=f"here_{suite.name}_{pairs[:8]}", label=f"{suite.title}, evaluated here",
        title=f"{suite.title}, evaluated here{_part(runs)}", about=f"{suite.about} Pairs: sha256 {pairs}.",
        source="Evaluated by this leaderboard; every model's name leads to its run.",
        license="CC0-1.0 (figures of this project)", as_of=max(run.finished_at for run in runs), order=60,
        sets=tuple(
            PairSet(name=task.name, label=task.label, info=task.info, harmful=task.name in HARMFUL)
            for task in suite.tasks
        ),
    )  # fmt: skip
    return RewardRuns(card=card, runs=tuple(runs))


@lru_cache(maxsize=8)
def read_reward_runs(table: RewardRuns, folders: tuple[Path, ...]) -> tuple[pd.DataFrame, tuple[Rejected, ...]]:
    """The checked frame of a table, and samples that could not be read with their reasons: these are left out.

    Raises BadRecord when no sample at all can be read, or for values that the schema refuses.
    """
    frames: list[pd.DataFrame] = []
    rejected: list[Rejected] = []
    for run in table.runs:
        for relative in run.samples.values():
            try:
                frame = _samples(folders, relative)
            except BadRecord as error:
                rejected.append(Rejected(where=relative, reason=str(error)))
            else:
                frames.append(frame.rename(columns={"dataset": "set"}).assign(**table.identity(run)))
    if not frames:
        raise BadRecord(f"No scores of {table.card.title!r} can be read: {rejected[0].reason if rejected else 'none'}")
    return checked(table.card, pd.concat(frames, ignore_index=True)), tuple(rejected)


def _samples(folders: Iterable[Path], relative: str) -> pd.DataFrame:
    frame = read_samples(folders, relative)
    require_columns(frame, relative, _COLUMNS)
    return frame[_COLUMNS]
