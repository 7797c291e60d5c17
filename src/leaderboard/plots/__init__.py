"""Charts drawn: a `Chart` becomes a plotly figure, and a view's charts become what the page's scripts show."""

from leaderboard.plots.encode import to_json
from leaderboard.plots.figures import draw
from leaderboard.plots.style import Palette

__all__ = ["Palette", "draw", "to_json"]
