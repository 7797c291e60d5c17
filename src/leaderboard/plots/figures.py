"""A `Chart` as a plotly figure: no chart junk, and no colours of text or grid, which the page sets by its theme.

Names come from strangers and plotly reads markup in every text, so each is escaped here. Colours are those of Okabe and
Ito (https://jfly.uni-koeln.de/color/), doubled by symbols or patterns.
"""

import re
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from leaderboard.boards.charts import Chart, Kind
from leaderboard.plots.radar import radar

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
PATTERNS = ("", "/", ".", "x", "-", "+")
GREY = "#8c959f"
FAINT = "rgba(140, 149, 159, 0.4)"
DIVERGING: list[list[object]] = [[0.0, PALETTE[1]], [0.5, "#ffffff"], [1.0, PALETTE[0]]]
SEQUENTIAL: list[list[object]] = [[0.0, "#eef5fb"], [1.0, "#08519c"]]
MOST_ROWS = 40
MOST_CELLS = 25
LONGEST = 44
HEIGHT = 420


def draw(chart: Chart) -> go.Figure:
    """The figure of a chart; height in pixels is in its layout, width follows the page."""
    figure = go.Figure(layout={"template": "none"})
    DRAWN[chart.kind](figure, chart)
    figure.update_layout(
        margin={"l": 8, "r": 16, "t": figure.layout.margin.t or 8, "b": 40},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"namelength": -1}, dragmode=False,
    )  # fmt: skip
    figure.update_xaxes(automargin=True, zeroline=False, fixedrange=True)
    figure.update_yaxes(automargin=True, zeroline=False, fixedrange=True)
    return figure


def text(value: object) -> str:
    """A text in which plotly finds no markup, cut where it is too long to stand beside a plot."""
    plain = re.sub(r"\s+", " ", str(value))
    return escape(plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…", quote=False)


def most_rows(chart: Chart) -> int:
    """How many labels a plot of one row a label shows; fewer where each has several marks."""
    several = "group" in chart.frame and chart.frame["group"].nunique() > 1
    return MOST_ROWS // 2 if several else MOST_ROWS


def drawn_rows(chart: Chart) -> pd.DataFrame:
    """The rows of intervals that are drawn: those of the first labels."""
    labels = list(dict.fromkeys(chart.frame["label"].astype(str)))[: most_rows(chart)]
    return chart.frame[chart.frame["label"].astype(str).isin(labels)]


def _intervals(figure: go.Figure, chart: Chart) -> None:
    frame = drawn_rows(chart)
    labels = list(dict.fromkeys(frame["label"].astype(str)))
    groups = _groups(chart, frame)
    row = {label: at for at, label in enumerate(labels)}
    mates = frame.groupby(frame["label"].astype(str))["label"].transform("size")
    turn = frame.groupby(frame["label"].astype(str)).cumcount()
    shift = (turn - (mates - 1) / 2) * 0.7 / mates.clip(lower=1)
    for at, name, part in groups:
        place = part["label"].astype(str).map(row) + shift[part.index]
        figure.add_trace(go.Scatter(
            x=part["value"], y=place, mode="markers", name=text(name), showlegend=len(groups) > 1,
            marker={"color": PALETTE[at % 6], "symbol": SYMBOLS[at % 6], "size": 8}, error_x=_errors(part),
            customdata=[text(label) for label in part["label"]],
            hovertemplate=f"%{{customdata}}: %{{x:.{chart.decimals}f}}<extra>{text(name)}</extra>",
        ))  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(labels))), ticktext=[text(label) for label in labels], range=[len(labels) - 0.4, -0.6],
        showgrid=False,
    )  # fmt: skip
    figure.update_xaxes(title=text(chart.headers["value"]), showgrid=True)
    height = 90 + len(labels) * max(22, 13 * len(groups))
    _room_above(figure, height, len(groups))
    _reference(figure, chart)


def _errors(part: pd.DataFrame) -> dict[str, Any] | None:
    if "lower" not in part or part["lower"].isna().all():
        return None
    return {"type": "data", "symmetric": False, "array": part["upper"] - part["value"],
            "arrayminus": part["value"] - part["lower"], "thickness": 1.5, "width": 0}  # fmt: skip


def _heatmap(figure: go.Figure, chart: Chart, scale: list[list[object]], top: float | None) -> None:
    frame = chart.frame
    rows = list(dict.fromkeys(frame["row"].astype(str)))
    columns = [name for name in rows if name in set(frame["column"].astype(str))]
    table = frame.assign(row=frame["row"].astype(str), column=frame["column"].astype(str))
    values = table.pivot_table(index="row", columns="column", values="value", aggfunc="first")
    values = values.reindex(index=rows, columns=columns)
    small = len(rows) <= MOST_CELLS
    figure.add_trace(go.Heatmap(
        z=values.to_numpy(dtype=float), x=[text(name) for name in columns], y=[text(name) for name in rows],
        colorscale=scale, zmin=0.0, zmax=top, xgap=1, ygap=1, hoverongaps=False,
        texttemplate=f"%{{z:.{chart.decimals}f}}" if small else None, showscale=not small,
        hovertemplate=f"%{{y}}<br>against %{{x}}: %{{z:.{chart.decimals}f}}<extra></extra>",
    ))  # fmt: skip
    figure.update_xaxes(side="top", tickangle=-45, showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(height=min(1000, 180 + len(rows) * (26 if small else 13)))


def _shares(figure: go.Figure, chart: Chart) -> None:
    _heatmap(figure, chart, DIVERGING, 1.0)


def _counts(figure: go.Figure, chart: Chart) -> None:
    _heatmap(figure, chart, SEQUENTIAL, None)


def _bars(figure: go.Figure, chart: Chart) -> None:
    frame = drawn_rows(chart)
    groups = _groups(chart, frame)
    labels = list(dict.fromkeys(frame["label"].astype(str)))
    for at, name, part in groups:
        figure.add_trace(go.Bar(
            y=[text(label) for label in part["label"]], x=part["value"], orientation="h", name=text(name),
            showlegend=len(groups) > 1, marker={"color": PALETTE[at % 6], "pattern": {"shape": PATTERNS[at % 6]}},
            error_x=_errors(part), hovertemplate=f"%{{y}}: %{{x:,.{chart.decimals}f}}<extra>{text(name)}</extra>",
        ))  # fmt: skip
    height = 90 + len(labels) * max(20, 16 * len(groups))
    figure.update_layout(barmode="group", bargap=0.25)
    _room_above(figure, height, len(groups))
    figure.update_xaxes(title=text(chart.headers["value"]), showgrid=True)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    _reference(figure, chart)


def _history(figure: go.Figure, chart: Chart) -> None:
    frame = chart.frame.sort_values("date", kind="stable")
    last = frame.groupby(frame["label"].astype(str))["value"].last().sort_values(ascending=False)
    for at, name in enumerate(last.index):
        part = frame[frame["label"].astype(str).eq(name)]
        color = PALETTE[at] if at < len(PALETTE) else GREY
        figure.add_trace(go.Scatter(
            x=part["date"].astype(str), y=part["value"], mode="lines+markers", name=text(name),
            line={"color": color, "width": 2 if at < len(PALETTE) else 1},
            marker={"size": 5, "symbol": SYMBOLS[at % 6], "color": color},
            hovertemplate=f"%{{x}}: %{{y:.{chart.decimals}f}}<extra>{text(name)}</extra>",
        ))  # fmt: skip
    _room_above(figure, HEIGHT + 10 * len(last), len(last), lines=-(-len(last) // 2))
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(type="date", showgrid=False)
    figure.update_yaxes(title=text(chart.headers["value"]), showgrid=True)


def _scatter(figure: go.Figure, chart: Chart) -> None:
    frame = chart.frame.reset_index(drop=True)
    named = notable(frame)
    errors = None
    if "y_lower" in frame:
        errors = {"type": "data", "symmetric": False, "array": frame["y_upper"] - frame["y"],
                  "arrayminus": frame["y"] - frame["y_lower"], "thickness": 1, "width": 0, "color": FAINT}  # fmt: skip
    figure.add_trace(go.Scatter(
        x=frame["x"], y=frame["y"], mode="markers+text", error_y=errors, textposition=_sides(frame["x"]),
        text=[text(label) if at in named else "" for at, label in enumerate(frame["label"])],
        customdata=[text(label) for label in frame["label"]], marker={"color": PALETTE[0], "size": 7},
        hovertemplate=f"%{{customdata}}<br>%{{x:,.0f}}, %{{y:.{chart.decimals}f}}<extra></extra>", showlegend=False,
        cliponaxis=False,
    ))  # fmt: skip
    figure.update_layout(height=HEIGHT + 60)
    figure.update_xaxes(title=text(chart.headers["x"]), showgrid=True)
    figure.update_yaxes(title=text(chart.headers["y"]), showgrid=True)


def _sides(x: "pd.Series[float]") -> list[str]:
    """Labels stand on the side where there is room."""
    place = (x - x.min()) / (float(np.ptp(x)) or 1.0)
    return ["top left" if at > 0.7 else "top right" if at < 0.3 else "top center" for at in place]


def notable(frame: pd.DataFrame) -> set[int]:
    """Positions of the points that get a label: the ends of both axes, as far as their labels stay apart."""
    ends = [*frame["y"].nlargest(3).index, frame["y"].idxmin(), *frame["x"].nlargest(2).index, frame["x"].idxmin()]
    x, y = (frame[axis] / (float(np.ptp(frame[axis])) or 1.0) for axis in ("x", "y"))
    kept: list[int] = []
    for at in dict.fromkeys(int(end) for end in ends):
        gaps = [(abs(x[at] - x[other]), abs(y[at] - y[other])) for other in kept]
        if all(across > 0.3 or up > 0.06 for across, up in gaps):
            kept.append(at)
    return set(kept)


def _groups(chart: Chart, frame: pd.DataFrame) -> list[tuple[int, str, pd.DataFrame]]:
    """Place in the palette, name and rows of every group."""
    if "group" not in frame:
        return [(0, "", frame)]
    names = frame["group"].astype(str)
    known = list(dict.fromkeys([*chart.groups, *names]))
    return [(known.index(name), name, frame[names.eq(name)]) for name in dict.fromkeys(names)]


def _room_above(figure: go.Figure, height: int, n: int, lines: int = 1) -> None:
    """Height in pixels, and above the plot a legend where there is more than one thing to tell apart."""
    top = 12 + 22 * lines if n > 1 else 8
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.01, "x": 0, "itemclick": False, "itemdoubleclick": False}
    figure.update_layout(height=height + top, legend=legend, margin={"t": top})


def _reference(figure: go.Figure, chart: Chart) -> None:
    if chart.reference is not None:
        at, label = chart.reference
        figure.add_vline(x=at, line={"color": GREY, "width": 1, "dash": "dash"})
        figure.add_annotation(
            x=at, y=0, yref="paper", xanchor="left", yanchor="bottom", text=text(label), showarrow=False,
            font={"size": 11},
        )  # fmt: skip


DRAWN: dict[Kind, Callable[[go.Figure, Chart], None]] = {
    "intervals": _intervals, "shares": _shares, "counts": _counts, "bars": _bars, "history": _history,
    "scatter": _scatter, "radar": radar,
}  # fmt: skip
