"""Queue entries as text for a terminal and as JSON for programs."""

from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter

from leaderboard.records import Progress, QueueEntry, State

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
    )


def details(entry: QueueEntry) -> str:
    """Everything about one entry, a line each; unknown things are left out."""
    wanted = entry.submission
    lines = {
        "key": entry.key, "state": entry.state, "place": entry.position, "model": wanted.model,
        "revision": wanted.revision, "precision": wanted.precision, "suite": wanted.suite,
        "chat template": "yes" if wanted.chat_template else "no", "sender": wanted.sender,
        "submitted": wanted.submitted_at.isoformat(timespec="seconds"), "attempts": entry.attempts,
        "worker": entry.worker, "not before": entry.not_before and entry.not_before.isoformat(timespec="seconds"),
        "progress": entry.progress and progress_text(entry.progress), "reason": entry.reason,
    }  # fmt: skip
    text = "".join(f"{name:14}{value}\n" for name, value in lines.items() if value is not None)
    return text + (f"\nLast lines of the log:\n{entry.log_tail}\n" if entry.log_tail else "")


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
