"""A radar: one net a model over the same axes, for comparing a few; the legend shows and hides nets.

The same figures stand beside it in rows with their intervals, which a net cannot show.
"""

import re
from html import escape

import plotly.graph_objects as go

from leaderboard.boards.charts import Chart

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MOST_NETS = 12
SHOWN = 3
HEIGHT = 420
GREY = "#8c959f"
FAINT = "rgba(140, 149, 159, 0.4)"


def radar(figure: go.Figure, chart: Chart) -> None:
    """Draw the nets of the first groups; those of `chart.groups` beyond `SHOWN` and all others wait in the legend."""
    names = list(dict.fromkeys(chart.frame["group"].astype(str)))[:MOST_NETS]
    for at, name in enumerate(names):
        net = chart.frame[chart.frame["group"].astype(str).eq(name)]
        axes = [_text(label) for label in net["label"]]
        figure.add_trace(go.Scatterpolar(
            theta=[*axes, axes[0]], r=[*net["value"], net["value"].iloc[0]], mode="lines+markers", name=_text(name),
            line={"color": PALETTE[at % 6], "dash": DASHES[at // 6 % 6], "width": 2},
            marker={"symbol": SYMBOLS[at % 6], "size": 7}, visible=True if at < SHOWN else "legendonly",
            hovertemplate=f"%{{theta}}: %{{r:.{chart.decimals}f}}<extra>{_text(name)}</extra>",
        ))  # fmt: skip
    figure.update_layout(
        height=HEIGHT + 22 * len(names), showlegend=True,
        legend={"orientation": "h", "yanchor": "top", "y": -0.08, "x": 0},
        polar={
            "bgcolor": "rgba(0,0,0,0)", "domain": {"x": [0.16, 0.84], "y": [0.0, 0.94]},
            "radialaxis": {"range": [1, 10], "tickvals": [2, 4, 6, 8, 10], "gridcolor": FAINT, "linecolor": FAINT,
                           "tickfont": {"size": 10, "color": GREY}, "angle": 67.5, "tickangle": 67.5},
            "angularaxis": {"gridcolor": FAINT, "linecolor": FAINT, "direction": "clockwise", "rotation": 90},
        },
    )  # fmt: skip


def _text(value: object) -> str:
    """A text in which plotly finds no markup."""
    return escape(re.sub(r"\s+", " ", str(value))[:44], quote=False)
