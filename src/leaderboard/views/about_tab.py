"""The about tab: the method behind every number, the data and its repairs, interfaces and licence."""

from collections.abc import Sequence
from html import escape

import gradio as gr

from leaderboard.sources.benchmark_table import Rejected
from leaderboard.suites import evaluable_suites

METHOD = """
<h2>How the numbers are made</h2>
<dl class="lb-terms">
<dt>Score</dt>
<dd>As published, or measured here by lm-eval; a fraction of 1, shown in percent. A thin dash means not measured,
never zero.</dd>
<dt>Interval</dt>
<dd>95 %: score ± 1.96 standard errors. The standard error is lm-eval's where it was measured here, otherwise that of a
share of <i>n</i> questions, √(p(1−p)/n), which for graded scores is an upper bound. It covers the choice of questions
only, not prompts, seeds or contamination. Rescaled scores (v2) carry the factor of the rescaling.</dd>
<dt>Average</dt>
<dd>Mean of the suite's tasks; blank when one is missing. Its variance is the sum of the tasks' variances over the
squared number of tasks.</dd>
<dt>Rank</dt>
<dd>A range: 1 + the number of models whose interval lies wholly above, up to the number whose interval reaches this
one. Copies of a model in another precision or revision take up no rank; of the models evaluated here, runs with and
without the chat template are two configurations and both are ranked. The intervals treat two models as independent; on
the same questions a paired test would separate more pairs, so these ranges are cautious.</dd>
<dt>Random guessing</dt>
<dd>The expected score without any knowledge; for TruthfulQA (mc2) that of equal probabilities for all answers.</dd>
</dl>
"""
INTERFACES = """
<h2>For programs</h2>
<ul>
<li><code>data/llm_benchmarks.csv</code>, <code>.json</code>, <code>.parquet</code>: the board; add the query string of
the page's address to get exactly what it shows.</li>
<li><code>gradio_client</code>: endpoints <code>/check</code>, <code>/submit</code>, <code>/status</code>,
<code>/retry</code>.</li>
<li><code>runs/&lt;key&gt;</code>: the receipt and evidence of one submission; <code>data/queue.json</code>: the
queue.</li>
</ul>
<h2>Licence</h2>
<p>Code: Apache-2.0. Figures: see <code>data/SOURCES.md</code>; each view names its source and licence.</p>
"""


def build(rejected: Sequence[Rejected]) -> None:
    """The text inside the current tab."""
    suites = "".join(f"<dt>{escape(s.title)}</dt><dd>{escape(s.about)}</dd>" for s in evaluable_suites())
    parts = [
        METHOD,
        f'<h2>Suites evaluated here</h2><dl class="lb-terms">{suites}</dl>',
        _quarantine(rejected),
        INTERFACES,
    ]
    gr.HTML(f'<div class="lb-prose">{"".join(parts)}</div>', apply_default_css=False)


def _quarantine(rejected: Sequence[Rejected]) -> str:
    if not rejected:
        return "<h2>Files left out</h2><p>None: every data file could be read.</p>"
    items = "".join(f"<li><code>{escape(item.where)}</code> {escape(item.reason)}</li>" for item in rejected)
    return f"<h2>Files left out</h2><ul>{items}</ul>"
