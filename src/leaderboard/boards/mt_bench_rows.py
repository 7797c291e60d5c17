"""The rows of an MT-Bench board: one model's scores of one judge, by turn and category, and what was left out.

Enters: the scores of an MT-Bench table. Leaves: one row a model with 95 % bounds, by `metrics.mt_bench`.
"""

from functools import lru_cache

import pandas as pd

from leaderboard.boards.mt_bench_source import Asked, asked
from leaderboard.boards.shelf import Shelf
from leaderboard.metrics import mt_bench
from leaderboard.sources.mt_bench_tables import MtBenchCard

CATEGORIES = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")
"""In the order of MT-Bench; others follow by name."""
LEFT_OUT = {mt_bench.REPEATED: "repeated", mt_bench.UNPARSED: "unparsed", mt_bench.OUTSIDE: "outside"}


def rows_of(shelf: Shelf, card: MtBenchCard, judge: str) -> pd.DataFrame:
    """A row a model with columns model, score, turn_1, turn_2, drop, n, asked, coverage, missing, left_out, repeated,
    unparsed, outside, source, control, same_answers, and <category> of every category, each figure with _lower and
    _upper.
    """
    return _rows(asked(shelf, card, judge))


@lru_cache(maxsize=16)
def _rows(table: Asked) -> pd.DataFrame:
    card, judge, scores = table.card, table.judge, table.scores()
    own = plain(scores[scores["judge"].eq(judge)])
    cleaned = mt_bench.clean(own)
    n_asked = card.n_questions * card.n_turns
    out = pd.DataFrame({"model": sorted(own["model"].unique())}, dtype=object)
    for part in (mt_bench.means(cleaned.kept, n_asked=n_asked), mt_bench.turn_drops(cleaned.kept)):
        out = out.merge(part.drop(columns="judge"), on="model", how="left")
    out = _with_categories(out, cleaned.kept)
    counts = pd.crosstab(cleaned.left_out["model"], cleaned.left_out["reason"]).rename(columns=LEFT_OUT)
    counts = counts.reindex(index=out["model"], columns=list(LEFT_OUT.values()), fill_value=0).reset_index(drop=True)
    out = pd.concat([out, counts], axis="columns")
    out["n"] = out["n"].fillna(0)
    sources = {note.model: note.source or None for note in card.models}
    controls = [note.model for note in card.models if note.control is not None]
    same = [note.model for note in card.models if note.same_answers]
    return out.assign(
        asked=n_asked, missing=n_asked - out["n"], coverage=out["n"] / n_asked, left_out=counts.sum(axis=1),
        judge=judge,
        source=out["model"].map(sources).astype(object), control=out["model"].isin(controls),
        same_answers=out["model"].isin(same),
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
