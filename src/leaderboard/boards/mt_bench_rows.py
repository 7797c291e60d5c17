"""The rows of an MT-Bench board: one model's scores of one judge, by turn and category, and what was left out.

Enters: the scores of an MT-Bench table. Leaves: one row a model with 95 % bounds, by `metrics.mt_bench`.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from leaderboard.boards.shelf import Shelf
from leaderboard.metrics import mt_bench
from leaderboard.ratings.proportions import Z_95
from leaderboard.records import RunResult
from leaderboard.sources.judged_runs import JudgedRuns, read_judged
from leaderboard.sources.mt_bench_tables import SCORES, MtBenchCard, read_mt_bench_card, read_scores

CATEGORIES = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")
"""In the order of MT-Bench; others follow by name."""
CONSTANT = "flag_constant"
"""Where a run says that the model gave the same answer again and again."""
LEFT_OUT = {mt_bench.REPEATED: "repeated", mt_bench.UNPARSED: "unparsed", mt_bench.OUTSIDE: "outside"}


def rows_of(shelf: Shelf, card: MtBenchCard, judge: str) -> pd.DataFrame:
    """A row a model with columns model, score, turn_1, turn_2, drop, n, asked, coverage, missing, left_out, repeated,
    unparsed, outside, source, control, and <category> of every category, each figure with _lower and _upper. Runs of
    this project's own have their page, day and warnings too, compared ones `win_rate` instead of scores.
    """
    own = shelf.judged.get(card.name)
    if own is not None:
        return _rows_of_runs(own, shelf.folders)
    return _rows(shelf.snapshot.folder, shelf.snapshot.revision, card.name, judge)


@lru_cache(maxsize=16)
def _rows(folder: Path, revision: str, name: str, judge: str) -> pd.DataFrame:  # noqa: ARG001 - the key
    card = read_mt_bench_card(folder, name)
    return _scored(card, read_scores(folder, card), judge)


@lru_cache(maxsize=16)
def _rows_of_runs(table: JudgedRuns, folders: tuple[Path, ...]) -> pd.DataFrame:
    """A row a run: what its judge gave, and what a reader must know about the answers."""
    known = pd.DataFrame({
        "model": table.names, "evidence": [run.key for run in table.runs],
        "evaluated_on": [run.finished_at.date().isoformat() for run in table.runs],
        "warning": ["; ".join(warnings_of(run)) or None for run in table.runs],
        "constant": [CONSTANT in run.environment for run in table.runs],
    })  # fmt: skip
    known = known.assign(evidence_url="runs/" + known["evidence"])
    if table.compared:
        return known.join(_compared(table))
    rows = _scored(table.card, read_judged(table, folders).frames[SCORES], table.card.judges[0].name)
    return known.merge(rows, on="model", how="inner")


def _compared(table: JudgedRuns) -> pd.DataFrame:
    """The share of comparisons won of every run, with the bounds of its standard error."""
    scores = [run.tasks[0] for run in table.runs]
    value = np.array([score.score for score in scores])
    error = Z_95 * np.array([np.nan if score.standard_error is None else score.standard_error for score in scores])
    n, asked = np.array([score.n for score in scores]), table.card.n_questions
    return pd.DataFrame({
        "win_rate": value, "win_rate_lower": np.maximum(0.0, value - error),
        "win_rate_upper": np.minimum(1.0, value + error), "n": n, "asked": asked, "missing": asked - n,
        "coverage": n / asked, "judge": table.card.judges[0].name, "control": False,
        "baseline": [run.environment.get("baseline") for run in table.runs],
    })  # fmt: skip


def warnings_of(run: RunResult) -> list[str]:
    """What a reader of a judged run's score must know about its answers, in words."""
    return [run.environment[name] for name in (CONSTANT, "flag_empty") if name in run.environment]


def _scored(card: MtBenchCard, scores: pd.DataFrame, judge: str) -> pd.DataFrame:
    own = plain(scores[scores["judge"].eq(judge)])
    cleaned = mt_bench.clean(own)
    asked = card.n_questions * card.n_turns
    out = pd.DataFrame({"model": sorted(own["model"].unique())}, dtype=object)
    for part in (mt_bench.means(cleaned.kept, n_asked=asked), mt_bench.turn_drops(cleaned.kept)):
        out = out.merge(part.drop(columns="judge"), on="model", how="left")
    out = _with_categories(out, cleaned.kept)
    counts = pd.crosstab(cleaned.left_out["model"], cleaned.left_out["reason"]).rename(columns=LEFT_OUT)
    counts = counts.reindex(index=out["model"], columns=list(LEFT_OUT.values()), fill_value=0).reset_index(drop=True)
    out = pd.concat([out, counts], axis="columns")
    out["n"] = out["n"].fillna(0)
    sources = {note.model: note.source or None for note in card.models}
    controls = [note.model for note in card.models if note.control is not None]
    return out.assign(
        asked=asked, missing=asked - out["n"], coverage=out["n"] / asked, left_out=counts.sum(axis=1), judge=judge,
        source=out["model"].map(sources).astype(object), control=out["model"].isin(controls),
    )  # fmt: skip


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories as texts, so that grouping names only what is there."""
    texts = [name for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    return frame.astype(dict.fromkeys(texts, object))


def categories_of(scores: pd.DataFrame) -> list[str]:
    """Categories that occur, those of MT-Bench first."""
    there = set(scores["category"].dropna()) if "category" in scores else set()
    return [name for name in CATEGORIES if name in there] + sorted(there - set(CATEGORIES))


def _with_categories(rows: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    """Rows with the mean of every category and its bounds; questions without a category are in the average only."""
    known = kept[kept["category"].notna()] if "category" in kept else kept.iloc[:0]
    if known.empty:
        return rows
    questions = known[["question_id", "category"]].drop_duplicates()
    by = mt_bench.by_category(known.drop(columns="category"), questions)
    for category in categories_of(known):
        part = by[by["category"].eq(category)].set_index("model")
        for end in ("", "_lower", "_upper"):
            rows[f"{category}{end}"] = rows["model"].map(part[f"score{end}"])
    return rows
