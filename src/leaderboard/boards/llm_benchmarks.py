"""The LLM benchmarks tab: tables of published figures and the runs evaluated here -> boards.

Enters: benchmark tables (`sources.benchmark_table`). Leaves: a `Board` with scores, their 95 % intervals from the
sampling of questions, the average, and rank ranges. All scores are fractions of 1.
"""

import hashlib

import numpy as np
import pandas as pd

from leaderboard.boards.board import Board, Pointer, View
from leaderboard.boards.charts import Chart
from leaderboard.boards.columns import Column
from leaderboard.boards.shelf import Shelf, digest
from leaderboard.ratings.proportions import Z_95, binomial_standard_error, error_of_mean
from leaderboard.ratings.ranks import bands, rank_ranges
from leaderboard.sources.benchmark_table import FOLDER, TableCard, TaskCard, normalise, read_table

NAME = "llm_benchmarks"
CHANCE_ROW = "Random guessing"

SUBMIT = Pointer(
    text="No model was evaluated on this suite yet.", label="Submit the first one", href="?tab=queue"
)  # fmt: skip

LEADING = (
    Column(key="rank", label="Rank", kind="rank", best="low",
           info="Best and worst rank the 95 % interval of the average allows. Duplicates take up no rank."),
    Column(key="model", label="Model", kind="text", sticky=True, searchable=True, href="model_url"),
    Column(key="average", label="Average", kind="number", unit="%", factor=100, decimals=1, wire_decimals=2,
           half_width="average_half", info="Mean of all tasks; blank when one is missing."),
)  # fmt: skip
TRAILING = (
    Column(key="chat_template", label="Chat template", kind="flag", badge="chat template", tells_apart=True,
           info="Prompts went through the model's chat template."),
    Column(key="evidence", label="Evidence", kind="text", href="evidence_url",
           info="The page of the run: scores, versions, commit and every answer."),
    Column(key="model_type", label="Type", kind="category", filter="choices", info="How the model was made."),
    Column(key="precision", label="Precision", kind="category", filter="choices",
           info="Data type of the weights in the evaluation."),
    Column(key="params", label="Params", kind="number", unit="B", factor=1e-9, decimals=1, wire_decimals=4,
           filter="range", filter_label="Size", info="Parameters in billions; blank = unknown."),
    Column(key="license", label="Licence", kind="category", filter="choices", info="As stated on the model card."),
    Column(key="revision", label="Revision", kind="text", wire_length=7,
           info="Commit of the model that was evaluated; in full in the downloads."),
    Column(key="architecture", label="Architecture", kind="category", shown=False),
    Column(key="weight_type", label="Weights", kind="category", shown=False, info="Original, adapter or delta."),
    Column(key="base_model", label="Base model", kind="text", shown=False, searchable=False),
    Column(key="evaluated_on", label="Date", kind="date", shown=False, info="Submitted or evaluated on."),
    Column(key="moe", label="Mixture of experts", kind="flag", shown=False),
    Column(key="merged", label="Merged", kind="flag", shown=False, filter="hide", filter_label="merged models",
           info="Marked as a merge of several models' weights; the type 'merge' is what its sender chose instead."),
    Column(key="flagged", label="Flagged", kind="flag", shown=False, filter="hide", filter_label="flagged models",
           badge="flagged", info="Reported by the community, mostly for training on the test questions."),
    Column(key="duplicate", label="Duplicate", kind="flag", shown=False, filter="hide", filter_label="duplicates",
           info="The same model with another precision, revision or date scores higher."),
)  # fmt: skip


def views(shelf: Shelf) -> list[View]:
    """The published tables, and one view a suite that is evaluated here."""
    cards = [*shelf.benchmarks, *(card for card, _ in shelf.run_tables.values())]
    return [
        View(value=c.name, path=(c.group, c.label) if c.group else (c.label,), title=c.title, about=c.about,
             levels=("Data set", "Table"))
        for c in cards
    ]  # fmt: skip


def board(shelf: Shelf, view: str) -> Board:
    """The board of a published table, or of the runs of a suite."""
    if view in shelf.run_tables:
        card, frame = shelf.run_tables[view]
        revision = digest(card.model_dump_json(exclude={"rejected"}), frame.to_json())
        source = "the evaluator of this board"
        return build(card, normalise(frame, card), revision=revision, source=source, empty=SUBMIT)
    card, frame = read_table(shelf.snapshot.folder, view)
    return build(card, frame, revision=shelf.revision_of(FOLDER, card), source=shelf.snapshot.origin)


def charts(shelf: Shelf, view: str) -> tuple[Chart, ...]:  # noqa: ARG001 - every tab has this
    """None: thousands of rows are read better in the table."""
    return ()


def task_column(task: TaskCard) -> Column:
    """The column of one task; its header says what is counted and with how many examples."""
    shots = "" if task.n_shot is None else f", {task.n_shot}-shot"
    size = "" if task.n is None else f" {task.n:,} questions."
    return Column(
        key=task.name, label=task.label, kind="number", unit="%", factor=100, decimals=1,
        half_width=f"{task.name}_half", info=f"{task.metric or 'score'}{shots}.{size} {task.info}".strip(),
    )  # fmt: skip


def build(
    card: TableCard, table: pd.DataFrame, *, revision: str, source: str, empty: Pointer | None = None
) -> Board:  # fmt: skip
    """The board of one benchmark table, best average first, chance on top."""
    scored = _with_ranks(_with_average(_with_scores(card, table), card))
    frame = pd.concat([*_chance_rows(card), scored], ignore_index=True)
    frame["model_url"] = _model_urls(frame)
    frame["evidence_url"] = "runs/" + frame["evidence"]
    frame["id"] = _row_ids(frame)
    trailing = tuple(column for column in TRAILING if _has_values(scored, column))
    return Board(
        name=NAME,
        view=card.name,
        title=card.title,
        columns=(*LEADING, *(task_column(task) for task in card.tasks), *trailing),
        frame=_fill_flags(frame),
        default_sort="-average",
        as_of=card.as_of,
        revision=revision,
        source=source,
        notes=(card.about, card.source, *_findings(card)),
        empty=empty,
    )


def _has_values(frame: pd.DataFrame, column: Column) -> bool:
    """Whether a column says anything here."""
    values = frame[column.key]
    if column.kind == "flag":
        return bool(values.fillna(False).any())
    return bool((values.notna() & values.ne("unknown")).any())


def _with_scores(card: TableCard, table: pd.DataFrame) -> pd.DataFrame:
    columns: dict[str, object] = {str(name): table[name] for name in table if "." not in str(name)}
    for task in card.tasks:
        score = table[f"score.{task.name}"].to_numpy(dtype=float)
        columns[task.name] = score
        columns[f"{task.name}_half"] = Z_95 * _standard_error(task, table, score)
    return pd.DataFrame(columns)


def _standard_error(task: TaskCard, table: pd.DataFrame, score: np.ndarray) -> np.ndarray:
    """Measured standard errors where the table has them, else those of the binomial distribution."""
    raw = table[f"raw.{task.name}"].to_numpy(dtype=float) if f"raw.{task.name}" in table else score
    sizes = table[f"n.{task.name}"].to_numpy(dtype=float) if f"n.{task.name}" in table else np.full(len(table), np.nan)
    sizes = np.where(np.isfinite(sizes), sizes, np.nan if task.n is None else task.n)
    error = binomial_standard_error(raw, sizes, task.slope)
    if f"stderr.{task.name}" not in table:
        return error
    measured = table[f"stderr.{task.name}"].to_numpy(dtype=float)
    return np.where(np.isfinite(measured), measured, error)


def _with_average(frame: pd.DataFrame, card: TableCard) -> pd.DataFrame:
    names = [task.name for task in card.tasks]
    halves = frame[[f"{name}_half" for name in names]].to_numpy(dtype=float)
    frame["average"] = frame[names].mean(axis=1, skipna=False)
    frame["average_half"] = error_of_mean(halves)
    return frame


def _with_ranks(frame: pd.DataFrame) -> pd.DataFrame:
    """Sorted from best to worst average (ties by name), with rank ranges and tied groups."""
    frame = frame.sort_values(["average", "model"], ascending=[False, True], kind="stable", ignore_index=True)
    average, half = frame["average"].to_numpy(dtype=float), frame["average_half"].to_numpy(dtype=float)
    originals = ~frame["duplicate"].fillna(False).to_numpy(dtype=bool)
    best, worst = rank_ranges(average - half, average + half, originals)
    frame["rank_lower"] = pd.Series(best).where(best > 0)
    frame["rank_upper"] = pd.Series(worst).where(worst > 0)
    frame["band"] = bands(average - half, average + half)
    frame["pinned"] = False
    return frame


def _chance_rows(card: TableCard) -> list[pd.DataFrame]:
    """The row of random guessing; none where no task says what chance is."""
    row: dict[str, object] = {task.name: task.chance for task in card.tasks}
    known = [task.chance for task in card.tasks if task.chance is not None]
    if not known:
        return []
    average = sum(known) / len(known) if len(known) == len(card.tasks) else None
    return [pd.DataFrame([{"model": CHANCE_ROW, "pinned": True, "average": average, "band": -1, **row}])]


def _model_urls(frame: pd.DataFrame) -> "pd.Series[str]":
    on_hub = frame["model"].str.contains("/") & ~frame["model"].str.startswith("local/") & ~frame["pinned"]
    return ("https://huggingface.co/" + frame["model"]).where(on_hub)


def _row_ids(frame: pd.DataFrame) -> list[str]:
    """A short name a row that stays the same when other rows come or go."""
    if frame.empty:  # a suite without runs and without a level of chance
        return []
    parts = frame[["model", "revision", "precision", "weight_type", "chat_template", "evaluated_on"]].astype("string")
    texts = parts.fillna("").agg("\x1f".join, axis=1)
    copies = texts.groupby(texts).cumcount().astype(str)
    return [hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:10] for text in texts + "\x1f" + copies]


def _fill_flags(frame: pd.DataFrame) -> pd.DataFrame:
    for column in TRAILING:
        if column.kind == "flag":
            frame[column.key] = frame[column.key].astype("boolean").fillna(False).astype(bool)
    return frame


def _findings(card: TableCard) -> list[str]:
    notes = [f"{finding.what} Rows: {finding.rows:,}. {finding.treatment}" for finding in card.findings]
    return notes + [f"Left out, {item.where}: {item.reason}" for item in card.rejected]
