"""A board: a frame with its declared columns and where it comes from; ranks with honest ranges."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from leaderboard.boards.columns import Column


@dataclass(frozen=True, kw_only=True)
class View:
    """One data set a tab can show.

    `path` leads to it through the switches, one choice a level; `levels` names the switches. Views whose paths begin
    alike share the first switches.
    """

    value: str
    path: tuple[str, ...]
    title: str
    about: str
    levels: tuple[str, ...] = ("Data set",)


@dataclass(frozen=True, kw_only=True)
class Pointer:
    """Where a visitor finds what is not here: words, and a link with its label."""

    text: str
    label: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Board:
    """What one table shows.

    `as_of` is the day of its newest figures, None while it has none. `frame` has one row a table row, in the default
    order, with a unique string column `id`, a bool column `pinned` (baselines: always shown, on top, never
    filtered) and the frame columns of every `Column`. `revision` changes when these figures do, not when others do.
    `empty` is told while there are no rows.
    """

    name: str
    view: str
    title: str
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    default_sort: str
    as_of: datetime | None
    revision: str
    source: str
    notes: tuple[str, ...] = ()
    empty: Pointer | None = None

    def column(self, key: str) -> Column | None:
        """The column with that key, or None."""
        return next((column for column in self.columns if column.key == key), None)
