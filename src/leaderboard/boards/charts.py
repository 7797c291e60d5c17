"""Charts as data: what a plot shows, before anybody draws it. The table below a plot is the same frame.

Enters: figures computed by a board. Leaves: a `Chart` for `plots` to draw. Columns of `frame` by `kind`:

    intervals   label, value; optional lower, upper, group      one row a mark, in the order from top to bottom
    shares      row, column, value (0..1), n                    a heatmap whose neutral value is 0.5
    counts      row, column, value                              a heatmap from 0 upwards
    bars        label, value; optional lower, upper, group      grouped bars, in the order of first occurrence
    history     date (ISO), label, value; optional lower, upper one line a label
    scatter     label, x, y; optional x_lower, x_upper, y_lower, y_upper, group
    timeline    date (ISO), label, value (> 0, drawn on a logarithmic axis), group; optional organization
    radar       label (an axis), group (a net), value; nets in `groups` are shown at first, the others on demand
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

Kind = Literal["intervals", "shares", "counts", "bars", "history", "scatter", "radar", "timeline"]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One plot with its words.

    `name` is unique within a view and stable; `title` says the finding or the subject, `subtitle` how it was computed;
    `headers` names the frame's columns for people, with units; values are in display units with `decimals`.
    `reference` is a value to compare with, such as chance, with its label. `note` says what is left out.
    """

    kind: Kind
    name: str
    title: str
    subtitle: str
    frame: pd.DataFrame
    headers: Mapping[str, str]
    decimals: int = 0
    reference: tuple[float, str] | None = None
    note: str = ""
    groups: tuple[str, ...] = ()
    """All groups that plots beside this one may have: each keeps its colour in all of them."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further words a kind needs: `diagonal` of a scatter."""
    emphasise: tuple[str, ...] = ()
    """Labels to name in a history (at most six) or a scatter, most important first; chosen by the figures if empty."""
