"""Charts as JSON for the page: every plot with its words and, as text alternative, its figures as a table.

Form: {"revision", "plots": [{"name", "title", "subtitle", "note", "alt", "height", "figure": {data, layout},
"headers": [...], "rows": [[...]]}]}. Numbers of the table are rounded to what the plot shows; missing is null.
"""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.io

from leaderboard.boards.charts import Chart
from leaderboard.plots.figures import draw, most_rows


def encode(charts: Sequence[Chart], revision: str) -> bytes:
    """The plots of one view."""
    plots = [_plot(chart) for chart in charts]
    return json.dumps({"revision": revision, "plots": plots}, ensure_ascii=False, separators=(",", ":")).encode()


def _plot(chart: Chart) -> dict[str, object]:
    figure = draw(chart)
    names = [name for name in chart.headers if name in chart.frame]
    return {
        "name": chart.name, "title": chart.title, "subtitle": chart.subtitle, "note": _note(chart),
        "alt": f"{chart.title}. {chart.subtitle}. {len(chart.frame):,} rows; the table below holds the same figures.",
        "height": int(figure.layout.height), "figure": json.loads(plotly.io.to_json(figure)),
        "headers": [chart.headers[name] for name in names],
        "rows": [[_cell(value, chart.decimals) for value in row] for row in chart.frame[names].itertuples(index=False)],
    }  # fmt: skip


def _note(chart: Chart) -> str:
    """What the plot leaves out, for kinds that show one row a label."""
    n = chart.frame["label"].nunique() if "label" in chart.frame else 0
    most = most_rows(chart)
    cut = f"Drawn are the first {most} of {n}; the table has all." if n > most else ""
    return " ".join(part for part in (cut if chart.kind in ("intervals", "bars") else "", chart.note) if part)


def _cell(value: object, decimals: int) -> object:
    if isinstance(value, str):
        return value
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    number = round(float(value), decimals)  # type: ignore[arg-type]
    return int(number) if decimals == 0 or isinstance(value, int | np.integer) else number
