"""A radar: one net a group over the same axes, for comparing a few; the legend shows and hides nets.

The same figures stand beside it in rows with their intervals, which a net cannot show.
"""

import plotly.graph_objects as go

from leaderboard.boards.charts import Chart
from leaderboard.plots.style import Palette, floats, plain, shortened

MOST_NETS = 12
SHOWN = 3
HEIGHT = 420
LINE = 22
GREY = "#8c959f"
FAINT = "rgba(140, 149, 159, 0.4)"


def draw(chart: Chart, palette: Palette) -> go.Figure:
    """The nets of the first groups; those beyond the first `SHOWN` wait in the legend."""
    names = list(dict.fromkeys(chart.frame["group"].astype(str)))[:MOST_NETS]
    figure = go.Figure()
    for at, name in enumerate(names):
        net, look = chart.frame[chart.frame["group"].astype(str).eq(name)], palette.look(name)
        axes, values = [plain(shortened(label)) for label in net["label"]], floats(net["value"])
        figure.add_scatterpolar(
            theta=[*axes, axes[0]], r=[*values, values[0]], mode="lines+markers", name=plain(shortened(name)),
            line={"color": look.colour, "dash": look.dash, "width": 2}, marker={"symbol": look.symbol, "size": 7},
            visible=True if at < SHOWN else "legendonly",
            hovertemplate=f"%{{theta}}: %{{r:.{chart.decimals}f}}<extra>{plain(name).replace('%{', '% {')}</extra>",
        )  # fmt: skip
    figure.update_layout(
        height=HEIGHT + LINE * len(names), showlegend=True,
        legend={"orientation": "h", "yanchor": "top", "y": -0.08, "x": 0, "itemclick": "toggle"},
        polar={
            "bgcolor": "rgba(0,0,0,0)", "domain": {"x": [0.16, 0.84], "y": [0.0, 0.94]},
            "radialaxis": {"range": [1, 10], "tickvals": [2, 4, 6, 8, 10], "gridcolor": FAINT, "linecolor": FAINT,
                           "tickfont": {"size": 10, "color": GREY}, "angle": 67.5, "tickangle": 67.5},
            "angularaxis": {"gridcolor": FAINT, "linecolor": FAINT, "direction": "clockwise", "rotation": 90},
        },
    )  # fmt: skip
    return figure
