"""Answers that a judge rated or compared, ready for the page of a run: score, judge, its words, or why there is none.

Enters: rows of samples with the columns of `eval_queue.judging.evidence`. Leaves: `Judged` rows whose texts are safe
HTML, made by `texts.markdown`, since both the model and its judge may have written anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from leaderboard.texts.markdown import render

WINNERS = {"model_1": "the model wins", "model_2": "the baseline wins", "tie": "a tie"}
NOT_ASKED, UNREADABLE = "not asked in this order", "no verdict could be read"


@dataclass(frozen=True, kw_only=True)
class Said:
    """One message of a judge, or another text under a title; HTML that is safe to show."""

    title: str
    html: Markup


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One judged answer. `missing` says why there is no score, empty when there is one."""

    place: str
    verdict: str
    judge: str
    missing: str
    question: str
    answers: tuple[Said, ...]
    said: tuple[Said, ...]
    reference: Said | None


def is_judged(row: Mapping[str, Any]) -> bool:
    """Whether a row of samples was judged, not compared with a known answer."""
    return "judgment" in row or "baseline_answer" in row


def is_missing(row: Mapping[str, Any]) -> bool:
    """Whether a judged row has no score."""
    return row.get("score") is None


def judged_row(row: Mapping[str, Any]) -> Judged:
    """What to show of a judged row."""
    pair = "baseline_answer" in row
    gold = row.get("gold")
    answers = [_said("Answer", row.get("answer"), "The answer is empty.")]
    if pair:
        answers.append(_said(f"Answer of the baseline, {row.get('model_2')}", row["baseline_answer"], "It is empty."))
    return Judged(
        place=f"Question {row.get('doc_id')}, turn {row.get('turn')}", judge=str(row.get("judge") or "unknown"),
        verdict=_comparison(row) if pair else _rating(row), missing=_why_missing(row, pair=pair),
        question=str(row.get("question") or ""), answers=tuple(answers), said=_messages(row, pair=pair),
        reference=_said("Reference answer", gold) if gold else None,
    )  # fmt: skip


def _rating(row: Mapping[str, Any]) -> str:
    rating = row.get("rating")
    return "no score" if rating is None else f"{rating:g} of 10"


def _comparison(row: Mapping[str, Any]) -> str:
    if row.get("inconsistent"):
        return "a tie: the verdict changes with the order"
    return WINNERS.get(row.get("winner") or "", "no score")


def _why_missing(row: Mapping[str, Any], *, pair: bool) -> str:
    if not is_missing(row):
        return ""
    return UNREADABLE if pair else str(row.get("missing") or UNREADABLE)


def _messages(row: Mapping[str, Any], *, pair: bool) -> tuple[Said, ...]:
    if not pair:
        return (_said("The judge's message", row["judgment"]),) if row["judgment"] else ()
    found = []
    for order, first in (("g1", "the model"), ("g2", "the baseline")):
        winner = row.get(f"{order}_winner")
        said = NOT_ASKED if winner is None else WINNERS.get(winner, UNREADABLE)
        found.append(_said(f"With {first} shown first: {said}", row.get(f"{order}_judgment")))
    return tuple(found)


def _said(title: str, text: object, otherwise: str = "There is no message.") -> Said:
    """A text as safe HTML; the renderer escapes everything but Markdown's own marks."""
    return Said(title=title, html=Markup(render(str(text)) if text else f"<p>{otherwise}</p>"))  # noqa: S704
