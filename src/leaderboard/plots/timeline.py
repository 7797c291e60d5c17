"""Points in time on a logarithmic axis, a symbol and a colour a group; the page can zoom into it."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from leaderboard.boards.charts import Chart
from leaderboard.plots.style import Palette, floats, number, plain, shortened

HEIGHT = 480
NAMED = 8
LABEL = 24
SPAN_BUTTONS = (("Newest year", 12), ("Newest 2 years", 24), ("Newest 3 years", 36))
"""Counted back from the newest model of the list, not from today."""


def draw(chart: Chart, palette: Palette) -> go.Figure:
    """The groups above each other in their order, the emphasised points with their names."""
    frame = chart.frame[chart.frame["value"] > 0]
    figure = go.Figure()
    present = set(frame["group"])
    order = dict.fromkeys((*chart.groups, *frame["group"]))
    for group in (name for name in order if name in present):
        _add(figure, chart, frame[frame["group"] == group], group, palette)
    days, limits = _days(frame), _limits(frame)
    for label in chart.emphasise[:NAMED]:
        _name(figure, frame[frame["label"] == label], days)
    figure.update_layout(
        height=HEIGHT, showlegend=True, dragmode="zoom", uirevision="kept",
        margin={"t": 44},
        legend={"y": 1.0, "yanchor": "bottom"},
        xaxis={
            "type": "date", "range": days, "fixedrange": False, "nticks": 9,
            "title": {"text": plain(chart.headers.get("date", ""))}, "rangeselector": _buttons(),
        },
        yaxis={
            "type": "log", "range": limits, "fixedrange": False, "dtick": 1, "tickformat": ",~g",
            "title": {"text": plain(chart.headers.get("value", ""))},
        },
    )  # fmt: skip
    return figure


def _add(figure: go.Figure, chart: Chart, frame: pd.DataFrame, group: str, palette: Palette) -> None:
    look = palette.look(group)
    figure.add_scatter(
        x=frame["date"].tolist(), y=floats(frame["value"]), mode="markers", name=f"{plain(group)} ({len(frame):,})",
        marker={"color": look.colour, "symbol": look.symbol, "size": 8, "opacity": 0.75},
        hovertext=[_hover(chart, row) for row in frame.to_dict("records")], hoverinfo="text",
    )  # fmt: skip


def _hover(chart: Chart, row: Mapping[Any, Any]) -> str:
    who = ", ".join(plain(row[key]) for key in ("organization", "group") if key in row and pd.notna(row[key]))
    value = plain(chart.headers.get("value", "Value"))
    places = chart.decimals if row["value"] < 1 else 1
    return f"<b>{plain(row['label'])}</b><br>{who}<br>{plain(row['date'])}<br>{value}: {number(row['value'], places)}"


def _days(frame: pd.DataFrame) -> list[str]:
    """From the first day to the last with a month on both sides."""
    days = pd.to_datetime(frame["date"])
    month = pd.Timedelta(days=30)
    return [(days.min() - month).strftime("%Y-%m-%d"), (days.max() + month).strftime("%Y-%m-%d")]


def _limits(frame: pd.DataFrame) -> list[float]:
    """Powers of ten around the values, a twelfth of the height free above for names."""
    low, high = math.log10(float(frame["value"].min())), math.log10(float(frame["value"].max()))
    width = (high - low) or 1.0
    return [low - width / 24, high + width / 12]


def _buttons() -> dict[str, object]:
    """Spans to choose without dragging, as on a phone."""
    spans = [
        {"label": label, "count": months, "step": "month", "stepmode": "backward"} for label, months in SPAN_BUTTONS
    ]
    return {"buttons": [*spans, {"label": "All", "step": "all"}], "x": 1, "xanchor": "right", "y": 1.02,
            "yanchor": "bottom"}  # fmt: skip


def _name(figure: go.Figure, found: pd.DataFrame, days: list[str]) -> None:
    """The name of a point on the side that has more room."""
    if found.empty:
        return
    row = found.iloc[0]
    middle = pd.Timestamp(days[0]) + (pd.Timestamp(days[1]) - pd.Timestamp(days[0])) / 2
    right = pd.Timestamp(row["date"]) < middle
    figure.add_annotation(
        x=row["date"], y=math.log10(float(row["value"])), text=plain(shortened(row["label"], LABEL)), showarrow=False,
        font={"size": 11}, name="named", xanchor="left" if right else "right", xshift=7 if right else -7, yshift=7,
    )  # fmt: skip
