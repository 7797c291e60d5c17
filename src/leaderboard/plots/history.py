"""Lines over time: at most six are named at their ends, the others stay in the background."""

from itertools import pairwise

import pandas as pd
import plotly.graph_objects as go

from leaderboard.boards.charts import Chart
from leaderboard.plots.intervals import add_reference
from leaderboard.plots.style import CHARACTER, QUIET, Palette, floats, padded, plain, shortened, span

EMPHASISED = 6
HEIGHT = 420
INNER = HEIGHT - 72
"""Height of the plot itself in px, about."""
APART = 15
"""Smallest distance of two end labels in px."""
LABEL = 28


def draw(chart: Chart, palette: Palette) -> go.Figure:
    """Quiet lines first, the emphasised ones above them, each with its name at its end."""
    frame = chart.frame.dropna(subset=["value"]).sort_values("date", kind="stable")
    named = emphasised(chart)
    figure = go.Figure()
    for label, own in frame.groupby("label", sort=False):
        if label not in named:
            _quiet(figure, chart, own)
    for label in named:
        _named(figure, chart, frame[frame["label"] == label], palette)
    limits = padded([*frame["value"].astype(float), *([chart.reference[0]] if chart.reference else [])])
    _end_labels(figure, [frame[frame["label"] == label].iloc[-1] for label in named], limits, palette)
    width = max((len(shortened(label, LABEL)) for label in named), default=0) * CHARACTER + 30
    figure.update_layout(
        height=HEIGHT,
        margin={"r": round(width)},
        xaxis={
            "type": "date",
            "title": {"text": plain(chart.headers.get("date", ""))},
            "showgrid": False,
            "nticks": 8,
            "range": _days(frame),
        },
        yaxis={
            "range": limits,
            "title": {"text": plain(chart.headers.get("value", ""))},
            "tickformat": ",",
            "nticks": 7,
        },
    )
    add_reference(figure, chart, "y", limits)
    return figure


def _days(frame: pd.DataFrame) -> list[str]:
    """From the first day to the last; one day alone gets a day on both sides."""
    first, last = pd.to_datetime(frame["date"]).min(), pd.to_datetime(frame["date"]).max()
    around = pd.Timedelta(days=1 if first == last else 0)
    return [(first - around).strftime("%Y-%m-%d"), (last + around).strftime("%Y-%m-%d")]


def emphasised(chart: Chart) -> tuple[str, ...]:
    """The labels to name: those asked for, or the highest on the last day."""
    frame = chart.frame.dropna(subset=["value"])
    known = set(frame["label"])
    asked = tuple(label for label in chart.emphasise if label in known)[:EMPHASISED]
    if asked:
        return asked
    last = frame[frame["date"] == frame["date"].max()]
    last = last.drop_duplicates("label")
    return tuple(last.nlargest(EMPHASISED, "value", keep="first")["label"])


def _quiet(figure: go.Figure, chart: Chart, frame: pd.DataFrame) -> None:
    figure.add_scatter(
        x=frame["date"].tolist(), y=floats(frame["value"]), mode="lines", line={"width": 1}, opacity=0.35, meta=QUIET,
        hovertext=_hover(chart, frame), hoverinfo="text",
    )  # fmt: skip


def _named(figure: go.Figure, chart: Chart, frame: pd.DataFrame, palette: Palette) -> None:
    look = palette.look(str(frame["label"].iloc[0]))
    every, n = max(1, len(frame) // 12), len(frame)
    sizes = [7 if i % every == 0 or i == n - 1 else 0 for i in range(n)]
    figure.add_scatter(
        x=frame["date"].tolist(), y=floats(frame["value"]), mode="lines+markers", name=plain(frame["label"].iloc[0]),
        line={"color": look.colour, "width": 2},
        marker={"symbol": look.symbol, "size": sizes, "color": look.colour},
        hovertext=_hover(chart, frame), hoverinfo="text", cliponaxis=False,
    )  # fmt: skip


def _hover(chart: Chart, frame: pd.DataFrame) -> list[str]:
    value = plain(chart.headers.get("value", "Value"))
    return [
        f"<b>{plain(row['label'])}</b>, {plain(row['date'])}<br>{value}: {span(row, 'value', chart.decimals)}"
        for row in frame.to_dict("records")
    ]


def _end_labels(figure: go.Figure, ends: list[pd.Series], limits: list[float], palette: Palette) -> None:
    """Names to the right of the last points, moved apart, joined to them by a thin line."""
    ends = sorted(ends, key=lambda end: -end["value"])
    heights = [(limits[1] - end["value"]) / (limits[1] - limits[0]) * INNER for end in ends]
    for end, at, wanted in zip(ends, heights, spread(heights, APART), strict=True):
        figure.add_annotation(
            x=end["date"],
            y=float(end["value"]),
            ax=16,
            ay=wanted - at,
            text=plain(shortened(end["label"], LABEL)),
            xanchor="left",
            showarrow=True,
            arrowhead=0,
            arrowwidth=1.5,
            standoff=4,
            font={"size": 12},
            align="left",
            arrowcolor=palette.look(end["label"]).colour,
        )


def spread(places: list[float], apart: float) -> list[float]:
    """The rising places moved so that neighbours are at least `apart` from each other, none further than needed."""
    out = list(places)
    for _ in range(200):
        crowded = [(i, i + 1) for i, (a, b) in enumerate(pairwise(out)) if b - a < apart - 1e-6]
        if not crowded:
            break
        for i, j in crowded:
            push = (apart - (out[j] - out[i])) / 2
            out[i], out[j] = out[i] - push, out[j] + push
    return out
