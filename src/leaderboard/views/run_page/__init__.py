"""The page of one submission, `/runs/<key>`: its state, and once finished its scores, versions and every answer.

Enters: queue entries, results and sample files. Leaves: HTML made by one template with everything escaped. The
address works for ever: it is the receipt of a submission and the evidence behind a row of the board.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from leaderboard.boards.library import Library
from leaderboard.ratings.proportions import Z_95
from leaderboard.records import QueueEntry, RunResult, Submission, TaskScore, result_path
from leaderboard.submissions import SubmissionQueue
from leaderboard.suites import SUITES

FOLDER = Path(__file__).parent
PAGE_SIZE = 20
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True, kw_only=True)
class SamplePage:
    """Some answers of one task."""

    task: str
    rows: tuple[dict[str, Any], ...]
    n_all: int
    n_shown: int
    only_wrong: bool
    page: int
    n_pages: int


def assets() -> dict[str, bytes]:
    """Styles to serve under ui/."""
    return {"run_page/run.css": (FOLDER / "run.css").read_bytes()}


def run_routes(library: Library, queue: SubmissionQueue, clock: Callable[[], datetime]) -> APIRouter:
    """The page of every submission."""
    router = APIRouter()

    @router.get("/runs/{key}", include_in_schema=False)
    def page(key: str, task: str | None = None, show: str = "all", p: int = 1) -> Response:
        entry, run = queue.get(key), library.run(key)
        if entry is None and run is None:
            return HTMLResponse(TEMPLATES.get_template("missing.html").render(key=key[:80]), 404)
        samples = sample_page(library, run, task, only_wrong=show == "wrong", page=p) if run else None
        submission = run.submission if run else entry.submission  # type: ignore[union-attr]
        html = TEMPLATES.get_template("run.html").render(
            entry=entry, run=run, samples=samples, submission=submission, now=clock(), interval=interval,
            labels=_labels(submission), result_file=result_path(submission), waits=_waits(entry, run),
        )  # fmt: skip
        return HTMLResponse(html)

    return router


def interval(score: TaskScore) -> str:
    """The 95 % interval of a score in percent, or a dash."""
    if score.standard_error is None:
        return "–"
    half = Z_95 * score.standard_error
    return f"{100 * max(0.0, score.score - half):.1f}–{100 * min(1.0, score.score + half):.1f}"


def sample_page(
    library: Library, run: RunResult, task: str | None, *, only_wrong: bool, page: int
) -> SamplePage | None:
    """Answers of a task (the run's first one by default); None when the run has no samples of it."""
    name = task if task in run.samples else next(iter(run.samples), None)
    path = library.run_path(run.samples[name]) if name else None
    if name is None or path is None:
        return None
    table = pq.read_table(path)
    chosen = table.filter(pc.invert(table["correct"])) if only_wrong and _is_flag(table) else table
    n_pages = max(1, -(-len(chosen) // PAGE_SIZE))
    number = min(max(1, page), n_pages)
    rows = chosen.slice((number - 1) * PAGE_SIZE, PAGE_SIZE).to_pylist()
    return SamplePage(
        task=name, rows=tuple(rows), n_all=len(table), n_shown=len(chosen), only_wrong=only_wrong, page=number,
        n_pages=n_pages,
    )  # fmt: skip


def _is_flag(table: pa.Table) -> bool:
    return "correct" in table.column_names and pa.types.is_boolean(table.schema.field("correct").type)


def _labels(submission: Submission) -> dict[str, str]:
    suite = SUITES.get(submission.suite)
    return {task.name: task.label for task in suite.tasks} if suite else {}


def _waits(entry: QueueEntry | None, run: RunResult | None) -> bool:
    return run is None and entry is not None and entry.state in ("PENDING", "RUNNING")
