"""A board as columnar JSON for the page's table: small on the wire and quick to read.

Numbers are integers: value * factor * scale, rounded half to even, null where missing; where neighbours are close
(`delta`), each is the difference to the one before, nulls passed over. Half-widths are in units of the last shown
decimal. Categories are codes into their values. Columns that are not shown at first, and texts cut short (commits do
not compress), are left out until the page asks for them by name.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from leaderboard.boards.board import Board, View
from leaderboard.boards.columns import Column
from leaderboard.boards.filters import sort_keys, wire_numbers
from leaderboard.errors import InvalidQuery


def encode(board: Board, keys: Sequence[str] | None = None, views: Sequence[View] = ()) -> bytes:
    """The whole first view with the other views there are, or only the data of the named columns.

    Raises InvalidQuery for a column that the board does not have.
    """
    if keys is not None:
        return _dump({"revision": board.revision, "data": {key: _data(board, _named(board, key)) for key in keys}})
    first = [c for c in board.columns if (c.shown and not c.wire_length) or c.filter != "none"]
    frame = board.frame
    body = {
        "board": board.name,
        "view": board.view,
        "views": [{"value": view.value, "label": view.label, "group": view.group} for view in views]
        or [{"value": board.view, "label": board.title, "group": ""}],
        "title": board.title,
        "revision": board.revision,
        "as_of": board.as_of and board.as_of.date().isoformat(),
        "source": board.source,
        "n": len(frame),
        "default_sort": board.default_sort,
        "pinned": np.flatnonzero(frame["pinned"]).tolist(),
        "bands": _runs(frame["band"].tolist()) if "band" in frame else None,
        "columns": [_declare(column) for column in board.columns],
        "data": {column.key: _data(board, column) for column in first},
    }
    return _dump(body)


def _dump(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _named(board: Board, key: str) -> Column:
    column = board.column(key)
    if column is None:
        raise InvalidQuery(f"Column is {key[:60]!r}; expected one of {', '.join(c.key for c in board.columns)}.")
    return column


def _declare(column: Column) -> dict[str, Any]:
    """What the page must know about a column; defaults are left out."""
    spec = {
        "key": column.key, "label": column.label, "kind": column.kind, "info": column.info, "unit": column.unit,
        "decimals": column.decimals, "scale": column.scale, "shown": column.shown, "sticky": column.sticky,
        "searchable": column.searchable, "filter": column.filter, "filter_label": column.filter_label or column.label,
        "best": column.best, "badge": column.badge, "cut": bool(column.wire_length),
    }  # fmt: skip
    return {name: value for name, value in spec.items() if value not in ("", False, None)}


def _data(board: Board, column: Column) -> dict[str, Any]:
    frame = board.frame
    if column.kind == "number":
        out: dict[str, Any] = {"value": _integers(wire_numbers(column, frame))}
        if column.half_width:
            half = frame[column.half_width].to_numpy(dtype=float, na_value=np.nan)
            half = np.where(np.isfinite(half), half, np.nan)
            out["half"] = _integers(np.rint(half * column.factor * 10**column.decimals))
        return out
    if column.kind == "rank":
        keys = sort_keys(column, frame)
        ends = np.array([(np.nan, np.nan) if key is None else key for key in keys], dtype=float)
        return {"lower": _integers(ends[:, 0]), "upper": _integers(ends[:, 1])}
    if column.kind == "flag":
        return {"rows": np.flatnonzero(frame[column.key].to_numpy(dtype=bool)).tolist()}
    if column.kind in ("category", "date"):
        return _codes(frame[column.key])
    texts = frame[column.key].astype("string")
    short = texts.str[: column.wire_length] if column.wire_length else texts
    out = {"strings": [None if pd.isna(text) else text for text in short]}
    return out | ({"href": _links(frame, column)} if column.href else {})


def _integers(values: np.ndarray) -> dict[str, Any]:
    """The values, or their differences where those are shorter to write."""
    plain = [None if np.isnan(value) else int(value) for value in values]
    steps: list[int | None] = []
    before = 0
    for value in plain:
        steps.append(None if value is None else value - before)
        before = before if value is None else value
    closer = len(str(steps)) < 0.8 * len(str(plain))
    return {"ints": steps, "delta": True} if closer else {"ints": plain}


def _codes(values: "pd.Series[str]") -> dict[str, Any]:
    """Codes into the distinct values, the most frequent first; null where missing or empty."""
    names = [name for name in values.value_counts().index.tolist() if name != ""]
    position = {name: code for code, name in enumerate(names)}
    return {"values": names, "codes": [None if pd.isna(value) else position.get(value) for value in values]}


def _links(frame: pd.DataFrame, column: Column) -> dict[str, Any]:
    """Links as a prefix before the text where that is what they are, else in full."""
    texts = [None if pd.isna(text) else str(text) for text in frame[column.key]]
    links = [None if pd.isna(link) else str(link) for link in frame[column.href]]
    linked = [(text or "", link) for text, link in zip(texts, links, strict=True) if link is not None]
    prefix = linked[0][1].removesuffix(linked[0][0]) if linked else ""
    if linked and all(link == prefix + text for text, link in linked):
        return {"prefix": prefix, "none": [row for row, link in enumerate(links) if link is None]}
    return {"urls": links}


def _runs(values: list[int]) -> list[list[int]]:
    """Run-length form: [value, how often] pairs."""
    out: list[list[int]] = []
    for value in values:
        if out and out[-1][0] == value:
            out[-1][1] += 1
        else:
            out.append([int(value), 1])
    return out
