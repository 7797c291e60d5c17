"""Red-teaming runs of this project's evaluator -> safety tables, one a suite and set of prompts.

Enters: `RunResult`s of suites that ask such prompts, and the folders where their samples lie (columns as in
`eval_queue.red_teaming.labelling`). Leaves: cards at once, labels and texts when they are needed. Judges that only some
of the runs had are columns too, without labels for the others. The texts are read apart: no frame of labels has them.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.records import RunResult
from leaderboard.sources.run_samples import labels_apart, names_of_runs, read_samples, require_columns, revision_of_runs
from leaderboard.sources.safety_tables import TEXT_COLUMNS, SafetyCard, SafetyJudge, checked, label_columns
from leaderboard.sources.tables import Rejected
from leaderboard.suites import RIGHT_METRIC, SUITES, Suite

TEXTS = "texts"
"""Name of the sample that holds the words; it is shown to nobody who did not ask for it."""

TOLD = "refusals."
"""Before the name of a judge in a run's environment, where it says which judge that was."""

STRINGS = "strings"
_COLUMNS = ("prompt", "category", "expected", "prompt_length", "answer_length")
_KINDS: dict[str, tuple[Literal["rule", "model"], str]] = {
    "strings": ("rule", "Our string match"), "classifier": ("model", "Classifier"), "judge": ("model", "LLM judge"),
}  # fmt: skip
"""Judges by their name in samples: kind, and what people call it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SafetyRuns:
    """Runs that can be compared; `names` are those of the runs in the table, in the order of `runs`."""

    card: SafetyCard
    runs: tuple[RunResult, ...]
    names: tuple[str, ...]

    @property
    def revision(self) -> str:
        """Changes with any run."""
        return revision_of_runs(self.card, self.runs)

    @property
    def pages(self) -> dict[str, str]:
        """The page of every model's run."""
        return {name: f"runs/{run.key}" for name, run in zip(self.names, self.runs, strict=True)}


def safety_runs(runs: Iterable[RunResult]) -> dict[str, SafetyRuns]:
    """Tables by name, suites in their order; a run that does not say its prompts is in none.

    Of several runs of a model, commit and precision on the same prompts that with the most judges counts, of these the
    newest.
    """
    groups: dict[tuple[str, str, str], dict[tuple[str, ...], RunResult]] = {}
    for run in sorted(runs, key=lambda run: (len(_judges_of(run)), run.finished_at, run.key)):
        suite, prompts = SUITES.get(run.submission.suite), run.environment.get("prompts")
        rule = run.environment.get(TOLD + STRINGS)
        if suite is None or suite.tasks[0].metric != RIGHT_METRIC or not prompts or not rule:
            continue
        submission = run.submission
        who = (submission.model.casefold(), submission.revision, submission.precision)
        groups.setdefault((suite.name, prompts, rule), {})[who] = run
    places = list(SUITES)
    found = [
        _table(SUITES[suite], prompts, sorted(own.values(), key=lambda run: (run.finished_at, run.key)))
        for (suite, prompts, _), own in sorted(groups.items(), key=lambda item: (places.index(item[0][0]), item[0]))
    ]
    return {table.card.name: table for table in told_apart(found)}


def told_apart(tables: Sequence[SafetyRuns]) -> list[SafetyRuns]:
    """The tables, with the prompts' source and digest in the label of those that would be called alike."""
    labels = labels_apart([table.card.label for table in tables], [_prompts(table.runs[-1]) for table in tables])
    return [
        replace(table, card=table.card.model_copy(update={"label": label}))
        for table, label in zip(tables, labels, strict=True)
    ]


def _prompts(run: RunResult) -> str:
    """Which prompts, in few words."""
    source = run.environment.get("prompts_source", "").partition(";")[0]
    return f"{source}, {run.environment['prompts'][:6]}".removeprefix(", ")


def _table(suite: Suite, prompts: str, runs: list[RunResult]) -> SafetyRuns:
    judges = _labelled_apart(dict(_judge(name, told) for run in runs for name, told in _judges_of(run).items()))
    rule = runs[0].environment[TOLD + STRINGS]
    card = SafetyCard(
        name=f"here_{suite.name}_{hashlib.sha256(f'{prompts} {rule}'.encode()).hexdigest()[:8]}", kind="answers",
        label=f"{suite.title.removeprefix('Red-teaming: ').capitalize()}, evaluated here",
        title=f"{suite.title}, evaluated here",
        about=f"{suite.about} Prompts: {runs[-1].environment.get('prompts_source', 'unknown')}, sha256 {prompts}.",
        source="Evaluated by this leaderboard; every model's name leads to its run.",
        license="CC0-1.0 (figures of this project)", as_of=max(run.finished_at for run in runs), order=60,
        judges=tuple(judges[name] for name in sorted(judges, key=lambda name: (name != STRINGS, name))),
    )  # fmt: skip
    return SafetyRuns(card=card, runs=tuple(runs), names=names_of_runs(runs))


def _judges_of(run: RunResult) -> dict[str, str]:
    """Name in the samples to what is told of every judge of a run."""
    told = {name.removeprefix(TOLD): text for name, text in run.environment.items() if name.startswith(TOLD)}
    return {name: text for name, text in told.items() if name in _KINDS}


def _labelled_apart(judges: dict[str, SafetyJudge]) -> dict[str, SafetyJudge]:
    """The judges, with all that is told of those whose labels would be alike."""
    labels = labels_apart([judge.label for judge in judges.values()], [judge.info for judge in judges.values()])
    return {
        name: judge.model_copy(update={"label": label})
        for (name, judge), label in zip(judges.items(), labels, strict=True)
    }


def _judge(name: str, told: str) -> tuple[str, SafetyJudge]:
    """A judge's column, the same in every run that had it, and what people are told of it."""
    kind, label = _KINDS[name]
    column = name if name == STRINGS else f"{name}_{hashlib.sha256(told.encode()).hexdigest()[:6]}"
    shown = label if name == STRINGS else f"{label} {told.partition(',')[0].partition(' at ')[0]}"
    return column, SafetyJudge(name=column, label=shown, kind=kind, info=told)


@lru_cache(maxsize=8)
def read_safety_runs(table: SafetyRuns, folders: tuple[Path, ...]) -> tuple[pd.DataFrame, tuple[Rejected, ...]]:
    """The checked frame of a table, and samples that cannot be used with their reasons: these are left out.

    Raises BadRecord when no sample at all can be used.
    """
    frames: list[pd.DataFrame] = []
    rejected: list[Rejected] = []
    for run, model in zip(table.runs, table.names, strict=True):
        columns = {f"label_{name}": f"label_{_judge(name, told)[0]}" for name, told in _judges_of(run).items()}
        for relative in (path for name, path in run.samples.items() if name != TEXTS):
            try:
                frame = read_samples(folders, relative)
                require_columns(frame, relative, (*_COLUMNS, *columns))
                own = _whole(table.card, frame.rename(columns=columns).assign(model=model).astype(object))
            except BadRecord as error:
                rejected.append(Rejected(where=relative, reason=str(error)))
            else:
                frames.append(own)
    if not frames:
        raise BadRecord(f"No labels of {table.card.title!r} can be read: {rejected[0].reason if rejected else 'none'}")
    return checked(table.card, pd.concat(frames, ignore_index=True)), tuple(rejected)


def _whole(card: SafetyCard, frame: pd.DataFrame) -> pd.DataFrame:
    """The samples of a run with a column for every judge of the table. Raises BadRecord for a value it cannot have."""
    missing = {column: None for column in label_columns(card) if column not in frame}
    table = frame.assign(**missing)
    checked(card, table)
    return table


@lru_cache(maxsize=4)
def read_run_texts(table: SafetyRuns, folders: tuple[Path, ...]) -> pd.DataFrame:
    """The texts behind a table, columns `TEXT_COLUMNS` and `judgment`; a run whose file cannot be read has none."""
    frames = []
    for run, model in zip(table.runs, table.names, strict=True):
        try:
            frame = read_samples(folders, run.samples.get(TEXTS, TEXTS))
            require_columns(frame, TEXTS, ("prompt", "request", "answer"))
        except BadRecord:
            continue
        whole = {"model": model, "attack": None, "disguise": None}
        whole |= {} if "judgment" in frame else {"judgment": None}
        frames.append(frame.assign(**whole)[[*TEXT_COLUMNS, "judgment"]].astype(object))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*TEXT_COLUMNS, "judgment"])
