"""A view's charts as JSON for the page: figures, words, and each chart's table, which says the same as text."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from leaderboard.boards.charts import Chart
from leaderboard.plots.figures import check, draw
from leaderboard.plots.style import Palette, number

MOST_ROWS = 40
"""Labels of intervals and bars that are drawn, half as many where each has several marks."""


def to_json(charts: Sequence[Chart]) -> bytes:
    """A JSON list of {name, title, subtitle, note, alt, height, figure, table}; charts without rows are left out.

    Raises BadSetting for a chart whose frame does not fit its kind.
    """
    palette = Palette(group for chart in charts for group in (*chart.groups, *chart.frame.get("group", ())))
    return json.dumps(
        [_encode(chart, palette) for chart in charts if len(chart.frame)], ensure_ascii=False, separators=(",", ":"),
        allow_nan=False,
    ).encode()  # fmt: skip


def _encode(chart: Chart, palette: Palette) -> dict[str, Any]:
    seen, cut = first_rows(chart)
    figure = draw(seen, palette)
    return {
        "name": chart.name,
        "title": chart.title,
        "subtitle": chart.subtitle,
        "note": " ".join(part for part in (cut, chart.note) if part),
        "alt": alt(chart),
        "height": figure.layout.height,
        "figure": figure.to_plotly_json(),
        "table": table(chart),
    }


def first_rows(chart: Chart) -> tuple[Chart, str]:
    """What is drawn of a chart with one row a label, and in words what is not."""
    if chart.kind not in ("intervals", "bars"):
        return chart, ""
    several = "group" in chart.frame and chart.frame["group"].nunique() > 1
    most = MOST_ROWS // 2 if several else MOST_ROWS
    labels = list(dict.fromkeys(chart.frame["label"]))
    if len(labels) <= most:
        return chart, ""
    own = chart.frame[chart.frame["label"].isin(labels[:most])].reset_index(drop=True)
    return replace(chart, frame=own), f"Drawn are the first {most} of {len(labels)}; the table has all."


def table(chart: Chart) -> dict[str, Any]:
    """The frame rounded to the chart's decimals, None where a value is missing; shares keep two decimals at least.

    `decimals` has the number shown of every column, None for text.
    """
    decimals = max(chart.decimals, 2) if chart.kind == "shares" else chart.decimals
    places = [_decimals(chart.frame[name], decimals) for name in chart.frame.columns]
    columns = [_rounded(chart.frame[name], n) for name, n in zip(chart.frame.columns, places, strict=True)]
    return {
        "headers": [chart.headers.get(name, name) for name in chart.frame.columns],
        "decimals": places,
        "rows": [list(row) for row in zip(*columns, strict=True)],
    }


def _decimals(column: "pd.Series[Any]", wanted: int) -> int | None:
    """Counts stay whole whatever the chart's decimals are."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return None
    known = column.dropna()
    return 0 if pd.api.types.is_integer_dtype(column) or (known % 1 == 0).all() else max(wanted, 0)


def _rounded(column: "pd.Series[Any]", decimals: int | None) -> list[object]:
    if decimals is None:
        return [None if pd.isna(value) else str(value) for value in column]
    rounded = [None if pd.isna(value) else round(float(value), decimals) for value in column]
    return [value if value is None or decimals else int(value) for value in rounded]


def alt(chart: Chart) -> str:
    """One sentence that says what the plot shows, for those who do not see it."""
    check(chart)
    frame, decimals = chart.frame, max(chart.decimals, 2) if chart.kind == "shares" else chart.decimals
    value = chart.headers.get("value", "value")
    if chart.kind in ("shares", "counts"):
        known = frame["value"].dropna()
        ends = f"from {number(known.min(), decimals)} to {number(known.max(), decimals)}"
        return f"Heatmap of {frame['row'].nunique()} by {frame['column'].nunique()}: {value}, {ends}."
    if chart.kind == "scatter":
        sides = f"{chart.headers.get('y', 'y')} against {chart.headers.get('x', 'x')}"
        return f"Scatter plot of {len(frame):,} points: {sides}."
    if chart.kind == "history":
        days = f"from {frame['date'].min()} to {frame['date'].max()}"
        return f"Lines of {frame['label'].nunique():,} series {days}: {value}."
    if chart.kind == "timeline":
        days = f"from {frame['date'].min()} to {frame['date'].max()}"
        return f"Timeline of {len(frame):,} points {days}: {value}, {_extremes(frame, decimals)}."
    if chart.kind == "radar":
        axes = f"{frame['label'].nunique()} axes, {frame['group'].nunique()} nets"
        return f"Radar of {axes}: {value}, {_extremes(frame, decimals)}."
    shape = "Dots with intervals" if chart.kind == "intervals" else "Bars"
    return f"{shape} for {frame['label'].nunique():,} labels: {value}, {_extremes(frame, decimals)}."


def _extremes(frame: pd.DataFrame, decimals: int) -> str:
    known = frame.dropna(subset=["value"])
    if known.empty:
        return "none measured"
    high, low = known["value"].to_numpy().argmax(), known["value"].to_numpy().argmin()
    rows = (known.iloc[int(place)] for place in (high, low))
    ends = (f"{number(end['value'], decimals)} ({end['label']})" for end in rows)
    return "from {} to {}".format(*ends)
