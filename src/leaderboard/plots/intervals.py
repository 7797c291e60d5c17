"""Dots with their intervals, one row a label from top to bottom, each with its number beside it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from leaderboard.boards.charts import Chart
from leaderboard.plots.style import CHARACTER, COLOURS, Palette, arms, floats, number, padded, plain, shortened, span

ROW = 24
"""Height of a row in px, and of every further group in it ..."""
MORE = 16
FRAME = 64
LEGEND = 28
REFERENCE = 20


def draw(chart: Chart, palette: Palette) -> go.Figure:
    """A figure whose height grows with its rows; groups stand beside each other within a row."""
    frame = chart.frame
    labels = list(dict.fromkeys(frame["label"]))
    groups: list[str] = list(dict.fromkeys(frame["group"])) if "group" in frame else [""]
    row_height = ROW + MORE * (len(groups) - 1)
    figure = go.Figure()
    for place, group in enumerate(groups):
        own = frame[frame["group"] == group] if "group" in frame else frame
        shift = (place - (len(groups) - 1) / 2) * 0.76 / len(groups)
        rows = [labels.index(label) + shift for label in own["label"]]
        _add(figure, chart, own, rows, group, palette)
    several = len(groups) > 1
    figure.update_layout(
        height=FRAME + LEGEND * several + row_height * len(labels),
        showlegend=several,
        xaxis={
            "title": {"text": plain(chart.headers.get("value", ""))},
            "range": _range(chart),
            "tickformat": ",",
            "nticks": 8,
        },
        yaxis={
            "tickvals": list(range(len(labels))),
            "ticktext": [plain(shortened(label)) for label in labels],
            "range": [len(labels) - 0.4, -0.6],
            "showgrid": False,
        },
    )
    add_reference(figure, chart, "x", _range(chart))
    return figure


def _add(figure: go.Figure, chart: Chart, frame: pd.DataFrame, rows: list[float], group: str, palette: Palette) -> None:
    look = palette.look(group) if group else None
    hover = [_hover(chart, row, group) for row in frame.to_dict("records")]
    colour = look.colour if look else COLOURS[0]
    values = floats(frame["value"])
    figure.add_scatter(
        x=values, y=rows, mode="markers", name=plain(group), error_x=arms(frame, "value", "lower", "upper"),
        marker={"color": colour, "size": 8, "symbol": look.symbol if look else "circle"},
        hovertext=hover, hoverinfo="text",
    )  # fmt: skip
    ends = frame["upper"].fillna(frame["value"]) if "upper" in frame else frame["value"]
    figure.add_scatter(
        x=floats(ends), y=rows, mode="text", text=[f" {number(value, chart.decimals)}" for value in values],
        textposition="middle right", textfont={"size": 11}, hoverinfo="skip", showlegend=False, cliponaxis=False,
        meta={"role": "text"},
    )  # fmt: skip


def _hover(chart: Chart, row: Mapping[Any, Any], group: str) -> str:
    who = f"<b>{plain(row['label'])}</b>" + (f", {plain(group)}" if group else "")
    return f"{who}<br>{plain(chart.headers.get('value', 'Value'))}: {span(row, 'value', chart.decimals)}"


def _range(chart: Chart) -> list[float]:
    """All bounds, and room on the right for the widest number on a narrow plot."""
    ends = [chart.frame[name].astype(float) for name in ("value", "lower", "upper") if name in chart.frame]
    known = [float(value) for column in ends for value in column] + ([chart.reference[0]] if chart.reference else [])
    widest = max((len(number(value, chart.decimals)) for value in chart.frame["value"]), default=1)
    return padded(known, 0.03, (widest + 2) * CHARACTER / 300)


def add_reference(figure: go.Figure, chart: Chart, axis: str, limits: list[float]) -> None:
    """The value to compare with as a dashed line across `axis`, with its words; the page paints both."""
    if chart.reference is None:
        return
    value, label = chart.reference
    line = {"dash": "4px,3px", "width": 1.5}
    words = {"text": plain(label), "showarrow": False, "font": {"size": 11}, "name": "quiet", "yanchor": "bottom"}
    if axis == "y":
        figure.add_shape(type="line", y0=value, y1=value, x0=0, x1=1, xref="paper", line=line, layer="between")
        figure.add_annotation(y=value, x=0, xref="paper", xanchor="left", **words)
        return
    side = "left" if value < sum(limits) / 2 else "right"
    figure.add_shape(type="line", x0=value, x1=value, y0=0, y1=1, yref="paper", line=line, layer="between")
    figure.add_annotation(x=value, y=1, yref="paper", xanchor=side, **words)
    legend = 1 + REFERENCE / max(1, figure.layout.height - FRAME)
    figure.update_layout(margin={"t": REFERENCE}, height=figure.layout.height + REFERENCE, legend={"y": legend})
