"""A chart drawn: one small module a kind.

Enters: a `Chart`. Leaves: a plotly figure without colours of text and grid. Raises BadSetting for a frame that lacks a
column its kind needs.
"""

from collections.abc import Callable

import plotly.graph_objects as go

from leaderboard.boards.charts import Chart
from leaderboard.errors import BadSetting
from leaderboard.plots import bars, heatmaps, history, intervals, radar, scatter, timeline
from leaderboard.plots.style import TEMPLATE, Palette

NEEDED = {
    "intervals": ("label", "value"),
    "shares": ("row", "column", "value", "n"),
    "counts": ("row", "column", "value"),
    "bars": ("label", "value"),
    "history": ("date", "label", "value"),
    "scatter": ("label", "x", "y"),
    "radar": ("label", "group", "value"),
    "timeline": ("date", "label", "value", "group"),
}
"""Columns without which a kind cannot be drawn."""
DRAW: dict[str, Callable[[Chart, Palette], go.Figure]] = {
    "intervals": intervals.draw,
    "shares": heatmaps.draw_shares,
    "counts": heatmaps.draw_counts,
    "bars": bars.draw,
    "history": history.draw,
    "scatter": scatter.draw,
    "radar": radar.draw,
    "timeline": timeline.draw,
}


def draw(chart: Chart, palette: Palette | None = None) -> go.Figure:
    """The figure of a chart; charts drawn with one palette agree on the colour of a label."""
    check(chart)
    figure = DRAW[chart.kind](chart, palette or Palette())
    figure.update_layout(template=TEMPLATE)
    return figure


def check(chart: Chart) -> None:
    """Raises BadSetting for an unknown kind and for a missing column."""
    if chart.kind not in DRAW:
        raise BadSetting(f"Chart {chart.name!r}: kind is {chart.kind!r}; expected one of {', '.join(DRAW)}.")
    missing = [column for column in NEEDED[chart.kind] if column not in chart.frame]
    if missing:
        raise BadSetting(
            f"Chart {chart.name!r} of kind {chart.kind} has the columns {', '.join(chart.frame.columns)}; "
            f"{', '.join(missing)} is missing."
        )
