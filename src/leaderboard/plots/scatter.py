"""Points of two figures; only notable ones are named, the page hides names that would lie on each other."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from leaderboard.boards.charts import Chart
from leaderboard.plots.intervals import LEGEND, add_reference
from leaderboard.plots.style import COLOURS, Palette, arms, floats, padded, plain, shortened, span

HEIGHT = 440
NAMED = 12
DENSE = 40
"""From so many points on they are drawn lighter."""


def draw(chart: Chart, palette: Palette) -> go.Figure:
    """A symbol and colour a group, names at the notable points, the diagonal where it is asked for."""
    frame = chart.frame
    groups: list[str] = list(dict.fromkeys(frame["group"])) if "group" in frame else [""]
    figure = go.Figure()
    for group in groups:
        _add(figure, chart, frame[frame["group"] == group] if "group" in frame else frame, group, palette)
    compared = [chart.reference[0]] if chart.reference else []
    x, y = padded(_ends(frame, "x"), 0.06, 0.06), padded(_ends(frame, "y") + compared, 0.06, 0.06)
    for label in notable(chart):
        _name(figure, frame[frame["label"] == label].iloc[0], x, lift=10 if "x_lower" in frame else 0)
    several = len(groups) > 1
    figure.update_layout(
        height=HEIGHT + LEGEND * several, showlegend=several,
        xaxis={"range": x, "title": {"text": plain(chart.headers.get("x", ""))}, "tickformat": ",", "nticks": 8},
        yaxis={"range": y, "title": {"text": plain(chart.headers.get("y", ""))}, "tickformat": ",", "nticks": 7},
    )  # fmt: skip
    add_reference(figure, chart, "y", y)
    if "diagonal" in chart.settings:
        _diagonal(figure, chart.settings["diagonal"], x, y)
    return figure


def notable(chart: Chart) -> tuple[str, ...]:
    """The labels to name, most important first: those asked for, or the ends of both axes and the strangest pairs."""
    frame = chart.frame.dropna(subset=["x", "y"])
    known = set(frame["label"])
    asked = tuple(label for label in chart.emphasise if label in known)
    if asked or frame.empty:
        return asked[:NAMED]
    ends = [frame["y"].idxmax(), frame["x"].idxmax(), frame["y"].idxmin(), frame["x"].idxmin()]
    odd = (frame["y"].rank() - frame["x"].rank()).abs().sort_values(ascending=False, kind="stable").index
    high = frame["y"].sort_values(ascending=False, kind="stable").index[:4]
    chosen = dict.fromkeys(str(frame["label"][place]) for place in [*ends, *high, *odd])
    return tuple(chosen)[:NAMED]


def _ends(frame: pd.DataFrame, key: str) -> list[float]:
    names = [name for name in (key, f"{key}_lower", f"{key}_upper") if name in frame]
    return [float(value) for name in names for value in frame[name].astype(float)]


def _add(figure: go.Figure, chart: Chart, frame: pd.DataFrame, group: str, palette: Palette) -> None:
    look = palette.look(group) if group else None
    colour = look.colour if look else COLOURS[0]
    faint = len(chart.frame) > DENSE
    bars = {f"error_{key}": arms(frame, key, f"{key}_lower", f"{key}_upper") for key in ("x", "y")}
    for bar in filter(None, bars.values()):
        bar.update(thickness=1, color=f"rgba({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))}, 0.35)")
    figure.add_scatter(
        x=floats(frame["x"]),
        y=floats(frame["y"]),
        mode="markers",
        name=plain(group),
        **bars,
        marker={
            "color": colour,
            "size": 7,
            "symbol": look.symbol if look else "circle",
            "opacity": 0.65 if faint else 0.9,
        },
        hovertext=[_hover(chart, row, group) for row in frame.to_dict("records")],
        hoverinfo="text",
    )


def _hover(chart: Chart, row: Mapping[Any, Any], group: str) -> str:
    who = f"<b>{plain(row['label'])}</b>" + (f", {plain(group)}" if group else "")
    lines = [f"{plain(chart.headers.get(key, key))}: {span(row, key, chart.decimals)}" for key in ("x", "y")]
    return "<br>".join([who, *lines])


def _name(figure: go.Figure, row: pd.Series, limits: list[float], lift: int) -> None:
    """A name, lifted off its interval, on the side that has more room."""
    right = row["x"] < (limits[0] + limits[1]) / 2
    figure.add_annotation(
        x=float(row["x"]),
        y=float(row["y"]),
        text=plain(shortened(row["label"], 28)),
        showarrow=False,
        font={"size": 11},
        name="named",
        xanchor="left" if right else "right",
        xshift=6 if right else -6,
        yshift=lift,
    )


def _diagonal(figure: go.Figure, words: str, x: list[float], y: list[float]) -> None:
    """Where both figures are equal."""
    low, high = max(x[0], y[0]), min(x[1], y[1])
    if low >= high:
        return
    line = {"dash": "4px,3px", "width": 1}
    figure.add_shape(type="line", x0=low, y0=low, x1=high, y1=high, line=line, layer="between")
    figure.add_annotation(
        x=high,
        y=high,
        text=plain(words),
        showarrow=False,
        xanchor="right",
        yanchor="top",
        font={"size": 11},
        name="quiet",
        yshift=-6,
    )
