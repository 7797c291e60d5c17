"""The page of one submission, `/runs/<key>`: its state, and once finished its scores, versions and every answer.

Enters: queue entries, results and sample files. Leaves: HTML made by one template with everything escaped. The
address works for ever: it is the receipt of a submission and the evidence behind a row of the board.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from leaderboard.boards.library import Library
from leaderboard.records import FailedAttempt, QueueEntry, RunResult, Submission, result_path
from leaderboard.run_summary import share_of, summarise
from leaderboard.sources.safety_runs import TEXTS
from leaderboard.submissions import SubmissionQueue
from leaderboard.suites import SUITES
from leaderboard.views.run_page.judged import is_judged, judged_row
from leaderboard.views.run_page.pairs import ORIGINS, RULES, conventions, is_pairs, machine, origins, scored_pair
from leaderboard.views.run_page.refusals import PARTS, is_refusals, judges, labelled, rates, without_rates

FOLDER = Path(__file__).parent
PAGE_SIZE = 20
DECIDED_BY = {
    "acc_norm": "The choice with the highest log-likelihood per character counts as the model's answer.",
    "acc": "The choice with the highest log-likelihood counts as the model's answer.",
}
HOMES = {"reward_models": "Reward models", "red_teaming": "Red-teaming"}
"""Tabs where runs stand beside those on LLM benchmarks, as people call them."""

SEVERAL_RIGHT = "Several choices are true; the score is the share of probability on them."
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True, kw_only=True)
class SamplePage:
    """Some answers of one task."""

    task: str
    rows: tuple[dict[str, Any], ...]
    decided_by: str
    n_all: int
    n_shown: int
    only_wrong: bool
    page: int
    n_pages: int
    judged: bool = False
    pairs: bool = False
    judges: tuple[str, ...] = ()
    n_missing: int = 0


def assets() -> dict[str, bytes]:
    """Styles to serve under ui/."""
    return {"run_page/run.css": (FOLDER / "run.css").read_bytes()}


def run_routes(library: Library, queue: SubmissionQueue) -> APIRouter:
    """The page of every submission."""
    router = APIRouter()

    @router.get("/runs/{key}", include_in_schema=False)
    def page(key: str, task: str | None = None, show: str = "all", p: int = 1) -> Response:
        entry, run = queue.get(key), library.run(key)
        if entry is None and run is None:
            return HTMLResponse(TEMPLATES.get_template("missing.html").render(key=key[:80]), 404)
        samples = sample_page(library, run, task, only_wrong=show in ("wrong", "missing"), page=p) if run else None
        home = library.home_of(key)
        submission = run.submission if run else entry.submission  # type: ignore[union-attr]
        html = TEMPLATES.get_template("run.html").render(
            entry=entry, run=run, samples=samples, submission=submission, share_of=share_of,
            labels=_labels(submission), result_file=result_path(submission), waits=_waits(entry, run),
            unscored=_unscored(run) if run else [], warnings=_warnings(run) if run else [],
            judged=_is_judged_suite(submission), refusals=rates(run.environment) if run else [],
            home=urlencode(home), home_label=HOMES.get(home.get("tab", "")), summary=summarise(run) if run else None,
            earlier=earlier_attempts(entry), rules=RULES,
            conventions=conventions(run.environment, run.samples) if run else [], refusal_parts=PARTS,
            origins=origins(run.environment, run.samples) if run else [], origin_parts=ORIGINS,
            machine=without_rates(machine(run.environment, run.samples)) if run else {},
        )  # fmt: skip
        return HTMLResponse(html)

    return router


def earlier_attempts(entry: QueueEntry | None) -> tuple[FailedAttempt, ...]:
    """Failed attempts, newest first, without the one that the page is about."""
    if entry is None:
        return ()
    return (entry.failures[:-1] if entry.state == "FAILED" else entry.failures)[::-1]


def sample_page(
    library: Library, run: RunResult, task: str | None, *, only_wrong: bool, page: int
) -> SamplePage | None:
    """Answers of a task (the run's first one by default); None when the run has no samples of it."""
    name = task if task in run.samples and task != TEXTS else next(iter(run.samples), None)
    path = library.run_path(run.samples[name]) if name else None
    if name is None or path is None:
        return None
    table = pq.read_table(path)
    judged = is_judged(dict.fromkeys(table.column_names))
    pairs, refusals = is_pairs(table.column_names), is_refusals(table.column_names)
    table = table.sort_by("number") if pairs else table
    chosen = _not_right(table, judged=judged, pairs=pairs, refusals=refusals) if only_wrong else table
    n_pages = max(1, -(-len(chosen) // PAGE_SIZE))
    number = min(max(1, page), n_pages)
    metric = next((score.metric for score in run.tasks if score.task == name), "")
    raw = chosen.slice((number - 1) * PAGE_SIZE, PAGE_SIZE).to_pylist()
    rows = (
        [{"labelled": labelled(row), "marks": None} for row in raw] if refusals
        else [_shown(row, metric, judged=judged, pairs=pairs) for row in raw]
    )  # fmt: skip
    return SamplePage(
        task=name, rows=tuple(rows), decided_by=_decided_by(rows, metric),
        n_all=len(table), n_shown=len(chosen), only_wrong=only_wrong, page=number,
        n_pages=n_pages, judged=judged, pairs=pairs,
        judges=tuple(judges(table.column_names)) if refusals else (),
        n_missing=table["score"].null_count if judged else 0,
    )  # fmt: skip


def _not_right(table: pa.Table, *, judged: bool, pairs: bool, refusals: bool) -> pa.Table:
    """The answers to look at first: without a verdict, a tie or wrong pair, handled wrongly, or not correct."""
    if judged:
        return table.filter(pc.is_null(table["score"]))
    if pairs:
        return table.filter(pc.less_equal(table["score_chosen"], table["score_rejected"]))
    if refusals:
        should, did = pc.equal(table["expected"], "comply"), pc.equal(table["label_strings"], "complied")
        return table.filter(pc.not_equal(should, did))
    return table.filter(pc.invert(table["correct"])) if _is_flag(table) else table


def _shown(row: dict[str, Any], metric: str, *, judged: bool, pairs: bool) -> dict[str, Any]:
    if judged:
        return row | {"judged": judged_row(row), "marks": None}
    return row | {"pair": scored_pair(row), "marks": None} if pairs else _with_marks(row, metric)


def _with_marks(row: dict[str, Any], metric: str) -> dict[str, Any]:
    """The row with `marks`, a text beside every choice: the figure its metric compares."""
    likelihoods, choices = row.get("loglikelihoods"), row.get("choices")
    if not likelihoods or not choices or len(likelihoods) != len(choices):
        return row | {"marks": None}
    if row["gold_indices"] and len(row["gold_indices"]) > 1:
        shares = np.exp(np.array(likelihoods) - max(likelihoods))
        return row | {"marks": [f"{100 * share:.0f}\u00a0%" for share in shares / shares.sum()]}
    lengths = [max(1, len(choice)) if metric == "acc_norm" else 1 for choice in choices]
    return row | {"marks": [f"{value / n:.2f}" for value, n in zip(likelihoods, lengths, strict=True)]}


def _decided_by(rows: list[dict[str, Any]], metric: str) -> str:
    marked = [row for row in rows if row["marks"]]
    if not marked:
        return ""
    if any(len(row["gold_indices"] or ()) > 1 for row in marked):
        return SEVERAL_RIGHT
    return DECIDED_BY.get(metric, DECIDED_BY["acc"])


def _unscored(run: RunResult) -> list[str]:
    """Samples without a score of their own: tasks without any usable verdict, and comparisons with a baseline."""
    scored = {*(score.task for score in run.tasks), TEXTS}
    return [name for name in run.samples if name not in scored]


def _warnings(run: RunResult) -> list[str]:
    """What the evaluator noticed about the answers, such as the same one to most questions."""
    return [text for name, text in run.environment.items() if name.startswith("flag_")]


def _is_judged_suite(submission: Submission) -> bool:
    suite = SUITES.get(submission.suite)
    return bool(suite and suite.judging and not suite.judge_optional)


def _is_flag(table: pa.Table) -> bool:
    return "correct" in table.column_names and pa.types.is_boolean(table.schema.field("correct").type)


def _labels(submission: Submission) -> dict[str, str]:
    suite = SUITES.get(submission.suite)
    return {task.name: task.label for task in suite.tasks} if suite else {}


def _waits(entry: QueueEntry | None, run: RunResult | None) -> bool:
    return run is None and entry is not None and entry.state in ("PENDING", "RUNNING")
