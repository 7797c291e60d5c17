"""What a check of a submission found, for people and for programs."""

from typing import Any

from leaderboard import model_rules
from leaderboard.errors import Problem
from leaderboard.submissions import Checked


def describe(checked: Checked) -> str:
    """A readable report of a dry run: what would be queued, or every reason why not."""
    lines = []
    if checked.facts is not None:
        lines += model_rules.facts_lines(checked.facts)
    lines += [f"warning: {warning}" for warning in checked.warnings]
    if checked.problems:
        lines.append(f"Would be refused, {len(checked.problems)} problem(s):")
        lines += [f"  {p.field + ': ' if p.field else ''}{p.message}" for p in checked.problems]
    elif checked.known:
        lines.append(f"Would not be queued again: {checked.known}")
    elif checked.submission is not None:
        lines.append(f"Would be accepted with key {checked.submission.key}.")
    return "\n".join(lines)


def report(checked: Checked) -> dict[str, Any]:
    """The same as plain values."""
    pinned = checked.submission
    return {
        "acceptable": checked.acceptable, "key": pinned.key if pinned else None,
        "revision": pinned.revision if pinned else None,
        "duplicate": checked.duplicate.state if checked.duplicate else None,
        "problems": problem_list(checked.problems), "warnings": list(checked.warnings),
    }  # fmt: skip


def problem_list(problems: tuple[Problem, ...]) -> list[dict[str, str]]:
    """Problems as plain values."""
    return [{"field": problem.field, "message": problem.message} for problem in problems]
