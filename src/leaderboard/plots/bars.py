"""Grouped bars; upright where the labels are short, lying where they are names."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from leaderboard.boards.charts import Chart
from leaderboard.plots.intervals import FRAME, LEGEND, add_reference
from leaderboard.plots.style import COLOURS, Palette, arms, floats, number, plain, shortened, span

UPRIGHT = 36
"""Labels of so many characters together, and no more, fit below upright bars on a phone."""
HEIGHT = 320
BAR = 18


def draw(chart: Chart, palette: Palette) -> go.Figure:
    """One bar a label and group, with colour and pattern for the group."""
    frame = chart.frame
    labels = list(dict.fromkeys(frame["label"]))
    groups: list[str] = list(dict.fromkeys(frame["group"])) if "group" in frame else [""]
    upright = sum(len(str(label)) + 2 for label in labels) <= UPRIGHT
    figure = go.Figure()
    for group in groups:
        own = frame[frame["group"] == group] if "group" in frame else frame
        _add(figure, chart, own, [labels.index(label) for label in own["label"]], group, upright, palette)
    names = {
        "tickvals": list(range(len(labels))), "ticktext": [plain(shortened(label)) for label in labels],
        "showgrid": False, "title": {"text": plain(chart.headers.get("label", ""))},
    }  # fmt: skip
    values = {
        "title": {"text": plain(chart.headers.get("value", ""))},
        "rangemode": "tozero",
        "tickformat": ",",
        "nticks": 7,
    }
    lying = FRAME + len(labels) * (BAR * len(groups) + 10)
    several = len(groups) > 1
    figure.update_layout(
        barmode="group", bargap=0.25, bargroupgap=0.08, showlegend=several,
        height=(HEIGHT if upright else lying) + LEGEND * several,
    )  # fmt: skip
    if upright:
        figure.update_layout(xaxis=names, yaxis=values)
    else:
        figure.update_layout(yaxis={**names, "range": [len(labels) - 0.5, -0.5], "title": None}, xaxis=values)
    add_reference(figure, chart, "y" if upright else "x", [0.0, float(frame["value"].max())])
    return figure


def _add(
    figure: go.Figure, chart: Chart, frame: pd.DataFrame, places: list[int], group: str, upright: bool, palette: Palette
) -> None:
    look = palette.look(group) if group else None
    hover = [_hover(chart, row, group) for row in frame.to_dict("records")]
    values, bars = floats(frame["value"]), arms(frame, "value", "lower", "upper")
    sides = {"x": places, "y": values, "error_y": bars} if upright else {"x": values, "y": places, "error_x": bars}
    text = {} if bars else {"text": [number(value, chart.decimals) for value in values], "textposition": "outside"}
    figure.add_bar(
        **sides,
        **text,
        name=plain(group),
        orientation="v" if upright else "h",
        textfont={"size": 11},
        cliponaxis=False,
        marker={
            "color": look.colour if look else COLOURS[0],
            "pattern": {"shape": look.pattern if look else "", "size": 6, "solidity": 0.3},
        },
        hovertext=hover,
        hoverinfo="text",
        textangle=0,
    )


def _hover(chart: Chart, row: Mapping[Any, Any], group: str) -> str:
    who = f"<b>{plain(row['label'])}</b>" + (f", {plain(group)}" if group else "")
    return f"{who}<br>{plain(chart.headers.get('value', 'Value'))}: {span(row, 'value', chart.decimals)}"
