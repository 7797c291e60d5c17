"""Queue entries as text for a terminal and as JSON for programs."""

from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter

from leaderboard.records import Progress, QueueEntry, RunResult, State, result_path
from leaderboard.run_summary import share_of, summarise

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


def receipt(entry: QueueEntry, page: str) -> str:
    """What a sender needs to find the submission again; `page` is the address of its page."""
    place = f", place {entry.position}" if entry.position else ""
    return (
        f"{entry.key}  {entry.state}{place}  {entry.submission.model} at {entry.submission.revision[:12]}\n"
        f"Follow it with: python -m eval_queue status {entry.key}\n"
        f"Its page on the board, for good: {page}\n"
    )


def details(entry: QueueEntry, page: str) -> str:
    """Everything about one entry but its scores; a line each, unknown things are left out."""
    wanted = entry.submission
    reason = "reason" if entry.state == "FAILED" else "last failure"
    lines = {
        "key": entry.key, "state": entry.state, "place": entry.position, "model": wanted.model,
        "revision": wanted.revision, "precision": wanted.precision, "suite": wanted.suite,
        "chat template": "yes" if wanted.chat_template else "no", "sender": wanted.sender,
        "submitted": wanted.submitted_at.isoformat(timespec="seconds"), "attempts": entry.attempts,
        "worker": entry.worker, "not before": entry.not_before and entry.not_before.isoformat(timespec="seconds"),
        "progress": entry.progress and progress_text(entry.progress), reason: entry.reason, "retry": _retry(entry),
        "page": page,
    }  # fmt: skip
    text = "".join(f"{name:14}{value}\n" for name, value in lines.items() if value is not None)
    return text + _attempts(entry) + (f"\nLast lines of the log:\n{entry.log_tail}\n" if entry.log_tail else "")


def _retry(entry: QueueEntry) -> str | None:
    if entry.state != "FAILED":
        return None
    return (
        "cannot help: mend the model and submit it again" if entry.final else f"python -m eval_queue retry {entry.key}"
    )


def _attempts(entry: QueueEntry) -> str:
    """The failed attempts, when there is more to tell than the last reason."""
    if len(entry.failures) < 2 and entry.state == "FAILED":
        return ""
    lines = [
        f"  {attempt.number}  {attempt.ended_at:%Y-%m-%d %H:%M:%S}  {attempt.reason}" for attempt in entry.failures
    ]
    return "\nFailed attempts (their logs: python -m eval_queue logs KEY --attempt N):\n" * bool(lines) + "".join(
        f"{line}\n" for line in lines
    )


def scores(result: RunResult, folder: str) -> str:
    """The scores of a run in percent with their 95 % intervals, and where the files are; `folder` is the store."""
    took = duration(round((result.finished_at - result.started_at).total_seconds()))
    lines = [f"took          {took}", f"result        {folder}/{result_path(result.submission)}"]
    lines += [f"answers       {folder}/{path.rpartition('/')[0]}/" for path in list(result.samples.values())[:1]]
    rows = [(score.task, share_of(score), f"{score.n:,} questions, {score.metric}") for score in result.tasks]
    if summary := summarise(result):
        rows.append(("average", summary.average, ""))
        rows += [("random guessing", summary.guessing, "")] if summary.guessing else []
    lines += ["", f"{'score in percent':24}{'':5}  95 % interval"]
    lines += [f"{name:24}{found.percent:>5}  {found.interval:13}  {note}".rstrip() for name, found, note in rows]
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
