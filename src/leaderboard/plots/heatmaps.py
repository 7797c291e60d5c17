"""Heatmaps of pairs: shares around one half, and counts from 0."""

import math

import pandas as pd
import plotly.graph_objects as go

from leaderboard.boards.charts import Chart
from leaderboard.plots.style import CHARACTER, Palette, floats, number, plain, shortened

FULL = 25
"""Up to so many rows and columns the values stand in the cells."""
CELL = 28
SMALL_CELL = 13
SHARES = ((0.0, "#E69F00"), (0.5, "#FFFFFF"), (1.0, "#56B4E9"))
COUNTS = ((0.0, "#FFFFFF"), (1.0, "#56B4E9"))
"""Colours on a light ground; the page has others for a dark one."""


def draw_shares(chart: Chart, _palette: Palette) -> go.Figure:
    """Blue where the row wins more than half, orange where less, white at one half."""
    return _heatmap(chart, SHARES, {"zmin": 0.0, "zmid": 0.5, "zmax": 1.0}, "shares", max(chart.decimals, 2))


def draw_counts(chart: Chart, _palette: Palette) -> go.Figure:
    """The darker the more, from 0."""
    most = float(chart.frame["value"].max())
    return _heatmap(chart, COUNTS, {"zmin": 0.0, "zmax": most if most > 0 else 1.0}, "counts", chart.decimals)


def _heatmap(
    chart: Chart, scale: tuple[tuple[float, str], ...], limits: dict[str, float], role: str, decimals: int
) -> go.Figure:
    rows, others = (list(dict.fromkeys(chart.frame[side])) for side in ("row", "column"))
    columns = [name for name in rows if name in set(others)] + [name for name in others if name not in set(rows)]
    full = max(len(rows), len(columns)) <= FULL
    z = _grid(chart.frame, rows, columns, "value")
    seen = [[number(value, decimals) if value is not None else "" for value in line] for line in z]
    extra: dict[str, object] = {"text": seen, "texttemplate": "%{text}", "textfont": {"size": 11}} if full else {}
    figure = go.Figure()
    figure.add_heatmap(
        z=z, colorscale=[list(stop) for stop in scale], xgap=1, ygap=1, meta={"role": role}, hoverongaps=False,
        customdata=_grid(chart.frame, rows, columns, "n") if "n" in chart.frame else None,
        hovertemplate=_template(chart, decimals), colorbar=_bar(chart, role), **limits, **extra,
    )  # fmt: skip
    cell = CELL if full else SMALL_CELL
    longest = max((len(shortened(name, 30)) for name in columns), default=0)
    upright = len(columns) > 6
    height = cell * len(rows) + 84 + (longest * CHARACTER if upright else 20)
    figure.update_layout(
        height=math.ceil(height), xaxis=_axis(chart, "column", columns, full), yaxis=_axis(chart, "row", rows, full)
    )
    figure.update_xaxes(tickangle=-90 if upright else 0)
    figure.update_yaxes(range=[len(rows) - 0.5, -0.5])
    return figure


def _grid(frame: pd.DataFrame, rows: list[str], columns: list[str], key: str) -> list[list[float | None]]:
    """float[rows][columns], None where the frame has no such pair."""
    table = frame.pivot(index="row", columns="column", values=key).reindex(index=rows, columns=columns)
    return [floats(line) for line in table.to_numpy()]


def _axis(chart: Chart, side: str, names: list[str], full: bool) -> dict[str, object]:
    return {
        "title": {"text": plain(chart.headers.get(side, ""))}, "tickvals": list(range(len(names))), "showgrid": False,
        "ticktext": [plain(shortened(name, 30)) for name in names], "tickfont": {"size": 11 if full else 9},
    }  # fmt: skip


def _template(chart: Chart, decimals: int) -> str:
    """Names come in by the ticks; what stands here is ours or escaped."""
    value = f"{_literal(chart.headers.get('value', 'Value'))}: %{{z:,.{decimals}f}}"
    several = f"<br>{_literal(chart.headers.get('n', 'n'))}: %{{customdata:,.0f}}" if "n" in chart.frame else ""
    between = "against" if chart.kind == "shares" else "and"
    return f"<b>%{{y}}</b> {between} <b>%{{x}}</b><br>{value}{several}<extra></extra>"


def _literal(text: str) -> str:
    """Escaped, and without the percent sign before a brace that would make it a placeholder."""
    return plain(text).replace("%{", "% {")


def _bar(chart: Chart, role: str) -> dict[str, object]:
    ticks = {"tickvals": [0, 0.25, 0.5, 0.75, 1]} if role == "shares" else {"nticks": 5, "tickformat": ","}
    title = {"text": plain(chart.headers.get("value", "")), "side": "right"}
    return {"thickness": 10, "outlinewidth": 0, "len": 1, "y": 0.5, "xpad": 8, "title": title, **ticks}
