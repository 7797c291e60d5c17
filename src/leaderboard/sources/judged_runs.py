"""Runs of this project's evaluator that a judge rated -> MT-Bench tables, one a suite, with all texts.

Enters: results and the per-question samples that they name (columns as `eval_queue.judging.evidence` writes them).
Leaves: a card at once, the table when somebody opens it. Runs whose samples are not at hand are left out: their scores
stand with the other runs.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.records import RunResult
from leaderboard.sources.battle_tables import JudgeCard
from leaderboard.sources.mt_bench_tables import MODELS_COMPARED, ModelNote, MtBenchCard, MtBenchTable, checked_table
from leaderboard.sources.tables import read_frame
from leaderboard.suites import RATING_METRIC, SUITES, Suite

PAIRS = "pairs"
TURNS = 2
RATED = ("doc_id", "turn", "category", "question", "gold", "answer", "rating", "judge", "judgment")
COMPARED = (
    "doc_id", "turn", "model_2", "judge", "answer", "baseline_answer", "g1_winner", "g2_winner", "g1_judgment",
    "g2_judgment",
)  # fmt: skip
ANSWERS = ("model", "question_id", "turn", "answer")
Find = Callable[[str], Path | None]


@dataclass(frozen=True, kw_only=True)
class JudgedRun:
    """A run by the name that its model has in the table, and its files of ratings and of comparisons."""

    name: str
    run: RunResult
    ratings: tuple[Path, ...]
    pairs: Path | None


@dataclass(frozen=True, kw_only=True)
class JudgedRuns:
    """All judged runs of a suite."""

    card: MtBenchCard
    runs: tuple[JudgedRun, ...]

    @property
    def revision(self) -> str:
        """Changes with any of the runs."""
        return " ".join(f"{each.run.key}@{each.run.finished_at.isoformat()}" for each in self.runs)

    @cached_property
    def table(self) -> MtBenchTable:
        """The whole table, read once. Raises BadRecord naming a file that cannot be used."""
        rated = pd.concat([_ratings(each) for each in self.runs], ignore_index=True)
        compared = [_pairs(each) for each in self.runs if each.pairs is not None]
        given = [rated, *(frame.assign(model=frame["model_2"], answer=frame["baseline_answer"]) for frame in compared)]
        answers = pd.concat([frame.reindex(columns=list(ANSWERS)) for frame in given]).dropna(subset=["answer"])
        texts = rated[rated["judgment"].notna()].rename(columns={"judgment": "text"})
        parts = {
            "questions": _questions(rated),
            "answers": answers.drop_duplicates(["model", "question_id", "turn"]),
            "judgments": texts[["model", "judge", "question_id", "turn", "text", "score"]],
        }
        if compared:
            pairs = pd.concat(compared, ignore_index=True)
            parts["pairs"] = pairs[[*MODELS_COMPARED, "judge", "question_id", "turn", "g1_winner", "g2_winner",
                                    "g1_text", "g2_text"]]  # fmt: skip
        scores = rated[["model", "judge", "question_id", "turn", "score", "category"]]
        return checked_table(MtBenchTable(card=self.card, scores=scores, parts=parts))


def judged_tables(runs: Iterable[RunResult], find: Find) -> list[JudgedRuns]:
    """One table a suite with judged runs; `find` gives the file of a path that a result names."""
    known = list(runs)
    made = [_of_suite(suite, [run for run in known if run.submission.suite == suite.name], find)
            for suite in SUITES.values() if {task.metric for task in suite.tasks} == {RATING_METRIC}]  # fmt: skip
    return [table for table in made if table is not None]


def _of_suite(suite: Suite, runs: Sequence[RunResult], find: Find) -> JudgedRuns | None:
    names = _names(runs)
    found = [each for name, run in zip(names, runs, strict=True) if (each := _with_files(name, run, find)) is not None]
    if not found:
        return None
    judges = dict.fromkeys(each.run.environment.get("judge", "") for each in found)
    card = MtBenchCard(
        name=f"here_{suite.name}", label=f"Evaluated here: {suite.title[:1].lower()}{suite.title[1:]}", order=50,
        title=f"{suite.title}, evaluated here", about=suite.about,
        source="Evaluated by this leaderboard; every answer and verdict is kept with its run.",
        license="as the model's answers", as_of=max(each.run.finished_at for each in found),
        n_questions=sum(task.n for task in suite.tasks) // TURNS, n_turns=TURNS,
        judges=tuple(JudgeCard(name=name, label=name, kind="model") for name in judges if name),
        models=tuple(_note(each) for each in found),
        texts="Answers and verdicts of runs made here",
    )  # fmt: skip
    return JudgedRuns(card=card, runs=tuple(found))


def _names(runs: Sequence[RunResult]) -> list[str]:
    """The model's id; with revision and precision where a model was run more than once."""
    often = Counter(run.submission.model for run in runs)
    return [
        s.model if often[s.model] == 1 else f"{s.model} {s.revision[:7]} {s.precision}"
        for s in (run.submission for run in runs)
    ]


def _with_files(name: str, run: RunResult, find: Find) -> JudgedRun | None:
    """The run with its files; None where one of them is not at hand, or the judge is not told."""
    paths = [find(run.samples[score.task]) if score.task in run.samples else None for score in run.tasks]
    there = [path for path in paths if path is not None]
    if len(there) < len(run.tasks) or not run.environment.get("judge"):
        return None
    pairs = find(run.samples[PAIRS]) if PAIRS in run.samples else None
    return JudgedRun(name=name, run=run, ratings=tuple(there), pairs=pairs)


def _note(judged: JudgedRun) -> ModelNote:
    environment, submission = judged.run.environment, judged.run.submission
    told = (f"revision {submission.revision[:12]}, {submission.precision}", environment.get("flag_empty", ""))
    return ModelNote(
        model=judged.name, source="; ".join(part for part in told if part),
        same_answers=environment.get("flag_constant", ""),
    )  # fmt: skip


def _ratings(judged: JudgedRun) -> pd.DataFrame:
    frame = pd.concat([_read(path, RATED) for path in judged.ratings], ignore_index=True)
    frame = frame.rename(columns={"doc_id": "question_id", "rating": "score"}).assign(model=judged.name)
    return _placed(frame)


def _pairs(judged: JudgedRun) -> pd.DataFrame:
    if judged.pairs is None:
        raise ValueError(f"{judged.name} was not compared")
    names = {"doc_id": "question_id", "g1_judgment": "g1_text", "g2_judgment": "g2_text"}
    return _placed(_read(judged.pairs, COMPARED).rename(columns=names).assign(model_1=judged.name))


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    number = frame["question_id"].astype("int64")
    frame = frame.assign(question_id=number.astype(str), number=number)
    return frame.sort_values(["number", "turn"], kind="stable", ignore_index=True)


def _read(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    frame = read_frame(path, columns)
    if missing := [name for name in columns if name not in frame]:
        raise BadRecord(f"{path.name}: no column {', '.join(missing)}; expected the samples of a judged run.")
    return frame


def _questions(rated: pd.DataFrame) -> pd.DataFrame:
    """Both turns of every question, as the runs asked them."""
    once = rated.drop_duplicates(["question_id", "turn"]).fillna({"question": "", "gold": ""})
    grouped = once.groupby("question_id", sort=False)
    return pd.DataFrame({
        "category": grouped["category"].first(), "turns": grouped["question"].agg(list),
        "reference": grouped["gold"].agg(list),
    }).reset_index()  # fmt: skip
