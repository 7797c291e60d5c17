"""Declared columns: what a board's table shows and how; the only place of display headers.

A column is data. The page's table, the CSV header, filters and sorting all read this declaration.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "category", "number", "rank", "flag", "date"]
Filter = Literal["choices", "range", "hide", "none"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a board.

    Frame columns by kind: text and category str|None; number float|None in natural units (a fraction, not
    percent); flag bool; date ISO str|None; rank two integer columns `<key>_lower` and `<key>_upper` (1 = best).
    `half_width` names a frame column with the half-width of the number's interval in the same unit; `bounds` says that
    the frame has `<key>_lower` and `<key>_upper` instead; `level` is the interval's confidence in percent; `href` names
    a frame column with links; `wire_length` cuts text for the page only (a commit's first characters), such a column
    is not searched; `badge` is the word that a true flag puts beside the row's name; one that `tells_apart` only does
    so where another row has the same name and the other flag, and the column itself is not shown; `width` is the least
    width in px that texts need on a wide page.
    """

    key: str
    label: str
    kind: Kind
    info: str = ""
    unit: str = ""
    factor: float = 1.0
    decimals: int = 0
    wire_decimals: int | None = None
    wire_length: int = 0
    shown: bool = True
    sticky: bool = False
    searchable: bool = False
    filter: Filter = "none"
    filter_label: str = ""
    best: Literal["high", "low"] = "high"
    badge: str = ""
    tells_apart: bool = False
    half_width: str = ""
    bounds: bool = False
    level: int = 95
    href: str = ""
    width: int = 0

    @property
    def scale(self) -> int:
        """Integers on the wire are value * factor * scale, rounded half to even."""
        places = self.decimals if self.wire_decimals is None else self.wire_decimals
        return int(10**places)

    @property
    def frame_columns(self) -> tuple[str, ...]:
        """Names of the frame's columns that this column needs."""
        ends = (f"{self.key}_lower", f"{self.key}_upper")
        names = ends if self.kind == "rank" else (self.key, *(ends if self.bounds else ()))
        return names + tuple(name for name in (self.half_width, self.href) if name)
