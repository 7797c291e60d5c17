"""The LLM benchmarks tab: what is measured, how it is computed, the table."""

from html import escape

import gradio as gr

from leaderboard.boards import llm_benchmarks
from leaderboard.boards.library import Library
from leaderboard.views import table

LEAD = (
    "Accuracy on fixed test questions. Published figures of the Open LLM Leaderboard (2023-25), and models evaluated "
    "here by the queue."
)
FOLD = """
<p>Every score carries the 95 % interval that comes from the choice of questions, √(p(1−p)/n) unless the evaluation
measured it. The rank is the range the interval of the average allows; rows that share a band cannot be told apart from
the first of them. Copies of a model in another precision or revision take up no rank and can be hidden. <em>Random
guessing</em> on top is what no knowledge scores. A thin dash is a score that was not measured. Flagged models are
shown, because hiding is your choice; most were reported for training on the test questions.</p>
"""


def build(library: Library) -> None:
    """The tab's content."""
    fold = f"<summary>How this is computed, and what was repaired in the data</summary>{FOLD}{_repairs(library)}"
    gr.HTML(f'<p class="lb-lead">{escape(LEAD)}</p><details class="lb-fold">{fold}</details>', apply_default_css=False)
    table.component(llm_benchmarks.NAME, is_first=True)


def _repairs(library: Library) -> str:
    """What was found in each published table, and what was done about it."""
    parts = []
    for card in library.cards():
        items = "".join(f"<li>{escape(f.what)} Rows: {f.rows:,}. {escape(f.treatment)}</li>" for f in card.findings)
        items += "".join(f"<li>Left out, {escape(r.where)}: {escape(r.reason)}</li>" for r in card.rejected)
        source = f'<p class="lb-quiet">{escape(card.source)} Licence: {escape(card.license)}.</p>'
        parts.append(f"<details><summary>{escape(card.title)}</summary><ul>{items}</ul>{source}</details>")
    return "".join(parts)
