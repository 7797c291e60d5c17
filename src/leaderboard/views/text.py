"""Words and small pieces of HTML shared by the views. Everything from outside is escaped here."""

import re
from collections.abc import Sequence
from datetime import datetime
from html import escape

from leaderboard.errors import Problem
from leaderboard.records import QueueEntry
from leaderboard.submissions import Checked, parameters
from leaderboard.suites import SUITES

FIELDS = {
    "model": "Model id", "revision": "Revision", "precision": "Precision", "suite": "Suite",
    "chat_template": "Chat template", "model_type": "Type",
}  # fmt: skip
"""Form fields and their labels; a problem of any other field belongs to the form as a whole."""


RUN_PAGE = re.compile("/runs/[0-9a-f]{16}")


def problem_html(problems: Sequence[Problem], field: str | None) -> str:
    """The problems of one field, or of the form as a whole for None; empty without any."""
    texts = [p.message for p in problems if (p.field if p.field in FIELDS else None) == field]
    if not texts:
        return ""
    items = "".join(f"<li>{RUN_PAGE.sub(_run_link, escape(text))}</li>" for text in texts)
    return f'<ul class="lb-problems" role="alert">{items}</ul>'


def field_html(checked: Checked, field: str) -> str:
    """What stands beside a field: its problems and, beside the model, the warnings."""
    return problem_html(checked.problems, field) + (warnings_html(checked.warnings) if field == "model" else "")


def verdict_html(checked: Checked) -> str:
    """What a dry run found, in one block; the warnings stand beside the field, see `field_html`."""
    if checked.known:
        text = RUN_PAGE.sub(_run_link, escape(checked.known))
        return f'<p class="lb-verdict" role="status">Not queued again: {text}</p>'
    if checked.submission is None:
        n = len(checked.problems)
        what = "1 problem" if n == 1 else f"{n} problems"
        return f'<p class="lb-verdict lb-bad" role="status">Refused: {what}, named beside the fields.</p>'
    pinned = checked.submission
    size = parameters(pinned.params) if pinned.params else "size unknown"
    text = f"This would be accepted: {pinned.model} at commit {pinned.revision[:10]}, {size}, licence {pinned.license}."
    return f'<p class="lb-verdict lb-good" role="status">{escape(text)}</p>'


def suite_html(name: str) -> str:
    """What a suite asks, and what it needs of a model."""
    suite = SUITES[name]
    needs = [words for wanted, words in (
        (suite.needs_head, "a reward model (a class that ends in ForSequenceClassification)"),
        (suite.needs_reference, "base_model in the model's card"),
        (suite.needs_chat, "the chat template switched on"),
    ) if wanted]  # fmt: skip
    told = f" Needs {' and '.join(needs)}." if needs else ""
    return f'<p class="lb-about">{escape(suite.about + told)}</p>'


def warnings_html(warnings: Sequence[str]) -> str:
    """What a sender should know although it does not stand in the way; empty without any."""
    items = "".join(f"<li>Warning: {escape(text)}</li>" for text in warnings)
    return f'<ul class="lb-warnings">{items}</ul>' if items else ""


def receipt_html(entry: QueueEntry, warnings: Sequence[str]) -> str:
    """The receipt of a submission: what was taken, where it stands, its lasting address, and the warnings."""
    place = f" Position {entry.position} in the queue." if entry.position else ""
    text = f"Submitted {entry.submission.model} ({entry.submission.suite}, {entry.submission.precision}).{place}"
    link = f'<a href="runs/{entry.key}">Receipt {entry.key}</a>'
    taken = f'<p class="lb-verdict lb-good" role="status">{escape(text)} {link} shows its state, for good.</p>'
    return taken + warnings_html(warnings)


def _run_link(found: re.Match[str]) -> str:
    return f'<a href="{found[0][1:]}">{found[0]}</a>'


def age(then: datetime, now: datetime) -> str:
    """How long ago, coarsely."""
    hours = max(0.0, (now - then).total_seconds() / 3600)
    if hours < 1:
        return f"{round(hours * 60)} minutes"
    return f"{round(hours)} hours" if hours < 48 else f"{round(hours / 24)} days"
