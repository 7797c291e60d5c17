"""How every plot looks: the template, six colours doubled by symbols and patterns, text that stays text.

Colours of text, grid and ground are not here: the page sets them from its own tokens, again when the theme changes.
Colours: Okabe and Ito (2008), https://jfly.uni-koeln.de/color/, told apart by most people with a colour deficiency.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
PATTERNS = ("", "/", ".", "x", "-", "+")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
FONT = 'system-ui, -apple-system, "Segoe UI", sans-serif'
CLEAR = "rgba(0,0,0,0)"
QUIET = {"role": "quiet"}
"""`meta` of a trace that stands back: the page paints it in the colour of quiet text."""
CHARACTER = 6.4
"""Mean width of a character of 12 px, in px."""

# The ticks are not seen; they keep the labels off the marks.
AXIS = {
    "automargin": True,
    "fixedrange": True,
    "zeroline": False,
    "showline": False,
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": CLEAR,
    "title": {"standoff": 12},
}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 12},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "colorway": list(COLOURS),
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "xaxis": AXIS,
        "yaxis": AXIS,
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "namelength": -1},
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1,
            "yanchor": "bottom",
            "itemclick": False,
            "itemdoubleclick": False,
        },
        "separators": ".,",
    }
)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What tells one label from the others; the symbol, pattern and dash double the colour."""

    colour: str
    symbol: str
    pattern: str
    dash: str


class Palette:
    """The look of every label of a page: the same wherever it appears, in the order of first occurrence."""

    def __init__(self, labels: Iterable[str] = ()) -> None:
        self._places: dict[str, int] = {}
        for label in labels:
            self.look(label)

    def look(self, label: str) -> Look:
        """The look of a label; after six labels colours come again with other symbols."""
        place = self._places.setdefault(label, len(self._places))
        turn = (place + place // len(COLOURS)) % len(COLOURS)
        colour = COLOURS[place % len(COLOURS)]
        return Look(colour=colour, symbol=SYMBOLS[turn], pattern=PATTERNS[turn], dash=DASHES[turn])


def plain(text: object) -> str:
    """The text so that plotly, which reads <a>, <b> and <br>, shows it as it is."""
    return escape(" ".join(str(text).split()), quote=False)


def shortened(text: object, length: int = 40) -> str:
    """The text in at most `length` characters."""
    words = " ".join(str(text).split())
    return words if len(words) <= length else f"{words[: length - 1]}…"


def number(value: float | None, decimals: int) -> str:
    """A value in words: with thousands separators and a true minus, a dash where it is missing."""
    if value is None or pd.isna(value):
        return "–"
    return f"{value:,.{decimals}f}".replace("-", "−")


def span(row: Mapping[Any, Any], key: str, decimals: int) -> str:
    """A value with its bounds, where it has any."""
    lower, upper = (f"{key}_lower", f"{key}_upper") if key in ("x", "y") else ("lower", "upper")
    text = number(_float(row.get(key)), decimals)
    ends = _float(row.get(lower)), _float(row.get(upper))
    if any(math.isnan(end) for end in ends):
        return text
    return f"{text} ({number(ends[0], decimals)} to {number(ends[1], decimals)})"


def _float(value: object) -> float:
    return float("nan") if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type, call-overload]


def floats(values: Iterable[object]) -> list[float | None]:
    """Numbers for a trace, None where missing; a list, since plotly's binary arrays need decoding in the page."""
    return [None if math.isnan(found := _float(value)) else found for value in values]


def arms(frame: pd.DataFrame, key: str, lower: str, upper: str) -> dict[str, object] | None:
    """The bar of an interval as plotly wants it, None for a frame without bounds."""
    if lower not in frame or upper not in frame:
        return None
    over, under = (frame[upper] - frame[key]).fillna(0), (frame[key] - frame[lower]).fillna(0)
    return {"type": "data", "symmetric": False, "array": floats(over), "arrayminus": floats(under), "width": 0}


def padded(values: Iterable[float], left: float = 0.05, right: float = 0.05) -> list[float]:
    """A range around the values with shares of it free on both ends."""
    known = [value for value in values if not math.isnan(value)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    width = (high - low) or abs(high) or 1.0
    return [low - left * width, high + right * width]
