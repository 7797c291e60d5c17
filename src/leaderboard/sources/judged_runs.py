"""Judged runs of this project's evaluator -> MT-Bench tables, one a suite, set of questions, judge and its prompts.

Enters: `RunResult`s of suites with a judge, and the folders where their per-question samples lie (columns as in
`eval_queue.judging.evidence`). Leaves: cards at once, and the parts of `mt_bench_tables.SCHEMA` when they are needed.
What a table holds was asked and judged alike; runs with another judge, other prompts or questions are other tables.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.records import RunResult
from leaderboard.sources.battle_tables import JudgeCard
from leaderboard.sources.mt_bench_tables import SCORES, MtBenchCard, checked
from leaderboard.sources.run_samples import names_of_runs, read_samples, require_columns, revision_of_runs
from leaderboard.sources.tables import Rejected
from leaderboard.suites import PREFERENCE_METRIC, SUITES, Suite

_QUESTIONS = re.compile(r"(\d{1,6}) questions, sha256 ([0-9a-f]{16})")
NO_ANSWER = "there is no answer"
"""What the evaluator writes as the reason where a model gave no answer; the same word there and here by a test."""
_PAIR_COLUMNS = ("turn", "winner", "inconsistent", "g1_winner", "g2_winner")


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedRuns:
    """Runs that can be compared; `names` are those of the runs in the table, in the order of `runs`."""

    card: MtBenchCard
    suite: str
    runs: tuple[RunResult, ...]
    names: tuple[str, ...]

    @property
    def compared(self) -> bool:
        """Whether the score is a share of comparisons won, not a rating."""
        return SUITES[self.suite].tasks[0].metric == PREFERENCE_METRIC

    @property
    def revision(self) -> str:
        """Changes with any run."""
        return revision_of_runs(self.card, self.runs)


@dataclass(frozen=True, kw_only=True)
class JudgedFrames:
    """The checked parts of a table by name, and samples that could not be read with their reasons."""

    frames: dict[str, pd.DataFrame]
    rejected: tuple[Rejected, ...]


def judged_tables(runs: Iterable[RunResult]) -> dict[str, JudgedRuns]:
    """Tables by name, suites in their order; a run that does not say its judge and questions is in none."""
    groups: dict[tuple[str, str, str, str, int], list[RunResult]] = {}
    for run in sorted(runs, key=lambda run: (run.finished_at, run.key)):
        suite, said = SUITES.get(run.submission.suite), run.environment
        asked = _QUESTIONS.fullmatch(said.get("questions", ""))
        if suite is None or not suite.judging or not said.get("judge") or asked is None:
            continue
        group = (suite.name, said["judge"], said.get("judge_prompts", ""), asked[2], int(asked[1]))
        groups.setdefault(group, []).append(run)
    found = [_table(SUITES[key[0]], *key[1:], own) for key, own in groups.items()]
    places = list(SUITES)
    return {table.card.name: table for table in sorted(found, key=lambda table: places.index(table.suite))}


def _table(suite: Suite, judge: str, prompts: str, digest: str, n_questions: int, runs: list[RunResult]) -> JudgedRuns:
    short = hashlib.sha256("\x1f".join((judge, prompts, digest)).encode()).hexdigest()[:8]
    how = f"Judge {judge}, prompts {prompts or 'unknown'}; {n_questions} questions, sha256 {digest}."
    card = MtBenchCard(
        name=f"here_{suite.name}_{short}", label=f"{suite.title}, evaluated here",
        title=f"{suite.title}, evaluated here",
        about=f"{suite.about} {how}", source="Evaluated by this leaderboard; every row links to its run.",
        license="CC0-1.0 (figures of this project)", as_of=max(run.finished_at for run in runs),
        n_questions=n_questions, n_turns=1 if suite.tasks[0].metric == PREFERENCE_METRIC else 2,
        judges=(JudgeCard(name=judge, label=judge, kind="model"),), texts="The answers and verdicts of these runs",
    )  # fmt: skip
    return JudgedRuns(card=card, suite=suite.name, runs=tuple(runs), names=names_of_runs(runs))


@lru_cache(maxsize=8)
def read_judged(table: JudgedRuns, folders: tuple[Path, ...]) -> JudgedFrames:
    """The parts of a table from its runs' samples; a file that cannot be read is left out and listed.

    Raises BadRecord for values that the schema refuses.
    """
    ratings: list[pd.DataFrame] = []
    pairs: list[pd.DataFrame] = []
    rejected: list[Rejected] = []
    for run, name in zip(table.runs, table.names, strict=True):
        for relative in run.samples.values():
            try:
                frame = _samples(folders, relative).assign(model=name)
            except BadRecord as error:
                rejected.append(Rejected(where=relative, reason=str(error)))
            else:
                (pairs if "baseline_answer" in frame else ratings).append(frame)
    parts = _parts(table.card, _joined(ratings), _joined(pairs))
    return JudgedFrames(
        frames={part: checked(table.card, part, frame) for part, frame in parts.items()}, rejected=tuple(rejected)
    )


def _samples(folders: Iterable[Path], relative: str) -> pd.DataFrame:
    frame = read_samples(folders, relative)
    needed = {"doc_id", "turn", "category", "question", "gold", "answer"}
    needed |= set(_PAIR_COLUMNS) | {"model_2"} if "baseline_answer" in frame else {"rating", "judgment", "missing"}
    require_columns(frame, relative, needed)
    return frame


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        return pd.DataFrame()
    frame = pd.concat([frame.astype(object) for frame in frames], ignore_index=True)
    return frame.assign(question_id=frame["doc_id"].map(lambda number: str(int(number))))


def _parts(card: MtBenchCard, ratings: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    judge = card.judges[0].name
    parts = {SCORES: _scores(ratings, judge)}
    asked = pd.concat([part for part in (ratings, pairs) if len(part)] or [pd.DataFrame()], ignore_index=True)
    if asked.empty:
        return parts
    parts["questions"], answers = _questions(asked), [_answered(asked, "model", "answer")]
    if len(ratings):
        said = ratings[ratings["judgment"].notna()].assign(judge=judge)
        parts["judgments"] = said[["model", "judge", "question_id", "turn"]].assign(text=said["judgment"])
    if len(pairs):
        same = pairs["model_2"].eq(pairs["model"])
        pairs = pairs.assign(model_2=pairs["model_2"].mask(same, pairs["model_2"].astype(str) + " (baseline)"))
        parts["pairs"] = _pairs(pairs, judge)
        answers.append(_answered(pairs, "model_2", "baseline_answer"))
    key = ["model", "question_id", "turn"]
    parts["answers"] = pd.concat(answers, ignore_index=True).drop_duplicates(key, ignore_index=True)
    return parts


def _scores(ratings: pd.DataFrame, judge: str) -> pd.DataFrame:
    names = ["model", "judge", "question_id", "turn", "score", "category", "missing"]
    if ratings.empty:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in names})
    return ratings.assign(judge=judge, score=ratings["rating"])[names]


def _questions(asked: pd.DataFrame) -> pd.DataFrame:
    """One row a question with its turns and reference answers in order."""
    first = asked.drop_duplicates(["question_id", "turn"]).sort_values(["doc_id", "turn"], kind="stable")
    by = first.assign(gold=first["gold"].fillna("")).groupby("question_id", sort=False)
    found = by.agg(category=("category", "first"), turns=("question", list), reference=("gold", list))
    found["reference"] = [texts if any(texts) else [] for texts in found["reference"]]
    return found.reset_index()


def _answered(rows: pd.DataFrame, model: str, text: str) -> pd.DataFrame:
    """Answers that were given; a rating without an answer has none."""
    given = rows[rows["missing"].ne(NO_ANSWER)] if "missing" in rows else rows
    out = pd.DataFrame({"model": given[model], "question_id": given["question_id"], "turn": given["turn"]})
    return out.assign(answer=given[text].fillna(""))


def _pairs(pairs: pd.DataFrame, judge: str) -> pd.DataFrame:
    out = pairs[["question_id", "model_2", *_PAIR_COLUMNS]].assign(model_1=pairs["model"], judge=judge)
    for order in ("g1", "g2"):
        out[f"{order}_text"] = pairs.get(f"{order}_judgment")
    return out
