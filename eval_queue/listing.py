"""Queue entries as text for a terminal and as JSON for programs."""

from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter

from leaderboard.ratings.proportions import Z_95
from leaderboard.records import Progress, QueueEntry, RunResult, State, result_path

from .executors.verdicts import duration

HEADERS = ("KEY", "STATE", "MODEL", "REVISION", "PRECISION", "SUITE", "TRIES", "NOTE")
NOTE_WIDTH = 80
_ENTRIES = TypeAdapter(QueueEntry | list[QueueEntry])


def as_json(entries: QueueEntry | Sequence[QueueEntry]) -> str:
    """One entry as an object, several as an array."""
    value = entries if isinstance(entries, QueueEntry) else list(entries)
    return _ENTRIES.dump_json(value, indent=1).decode() + "\n"


def table(entries: Sequence[QueueEntry], counts: Mapping[State, int]) -> str:
    """The entries in columns, and how many there are in every state."""
    rows = [HEADERS, *(_row(entry) for entry in entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADERS) - 1)]
    lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[-1]]) for row in rows]
    lines.append(", ".join(f"{number} {state}" for state, number in counts.items()))
    return "".join(line.rstrip() + "\n" for line in lines)


def receipt(entry: QueueEntry) -> str:
    """What a sender needs to find the submission again."""
    place = f", place {entry.position}" if entry.position else ""
    return (
        f"{entry.key}  {entry.state}{place}  {entry.submission.model} at {entry.submission.revision[:12]}\n"
        f"Follow it with: python -m eval_queue status {entry.key}\n"
        f"Its page on the board, for good: /runs/{entry.key}\n"
    )


def details(entry: QueueEntry, result: RunResult | None = None) -> str:
    """Everything about one entry and, once finished, its scores; a line each, unknown things are left out."""
    wanted = entry.submission
    lines = {
        "key": entry.key, "state": entry.state, "place": entry.position, "model": wanted.model,
        "revision": wanted.revision, "precision": wanted.precision, "suite": wanted.suite,
        "chat template": "yes" if wanted.chat_template else "no", "sender": wanted.sender,
        "submitted": wanted.submitted_at.isoformat(timespec="seconds"), "attempts": entry.attempts,
        "worker": entry.worker, "not before": entry.not_before and entry.not_before.isoformat(timespec="seconds"),
        "progress": entry.progress and progress_text(entry.progress), "reason": entry.reason,
        "page": f"/runs/{entry.key}",
    }  # fmt: skip
    text = "".join(f"{name:14}{value}\n" for name, value in lines.items() if value is not None)
    text += scores(result) if result else ""
    return text + (f"\nLast lines of the log:\n{entry.log_tail}\n" if entry.log_tail else "")


def scores(result: RunResult) -> str:
    """The scores of a run in percent with their 95 % intervals, and where the files are."""
    took = duration(round((result.finished_at - result.started_at).total_seconds()))
    lines = [f"took          {took}", f"result        {result_path(result.submission)}", ""]
    for score in result.tasks:
        half = "" if score.standard_error is None else f" ± {100 * Z_95 * score.standard_error:.1f}"
        lines.append(f"{score.task:24}{100 * score.score:5.1f}{half:8}  {score.n:,} questions, {score.metric}")
    return "\n".join(lines) + "\n"


def progress_text(progress: Progress) -> str:
    """Progress in one line: "core_dates (task 2 of 5), 80 of 200 requests, 1 min left"."""
    parts = [progress.task]
    if progress.n_tasks:
        parts[0] += f" (task {progress.task_number} of {progress.n_tasks})"
    if progress.total:
        parts.append(f"{progress.done} of {progress.total} requests")
    if progress.eta_seconds is not None:
        parts.append(f"{duration(round(progress.eta_seconds))} left")
    return ", ".join(parts)


def _row(entry: QueueEntry) -> tuple[str, ...]:
    wanted = entry.submission
    return (
        entry.key, entry.state, wanted.model, wanted.revision[:8], wanted.precision, wanted.suite, str(entry.attempts),
        _note(entry),
    )  # fmt: skip


def _note(entry: QueueEntry) -> str:
    if entry.progress is not None:
        return progress_text(entry.progress)
    place = f"place {entry.position}" if entry.position else ""
    reason = (entry.reason or "").partition("\n")[0]
    text = "; ".join(part for part in (place, reason) if part)
    return text if len(text) <= NOTE_WIDTH else text[: NOTE_WIDTH - 1] + "…"
