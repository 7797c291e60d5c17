"""A board as columnar JSON for the page's table: small on the wire and quick to read.

Numbers are integers: value * factor * scale, rounded half to even, null where missing; where neighbours are close
(`delta`), each is the difference to the one before, nulls passed over. Half-widths and bounds are in units of the last
shown decimal;
where they follow from the value, as those of a share of n questions do, they are `steps`: [value from which,
half-width] in rising order, and `except`: [row, half-width] for the rows that differ. Categories are codes into their
values. Columns that are not shown at first, and texts cut short (commits do not compress), are left out until the page
asks for them by name.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
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
    first = [column for column in board.columns if _comes_first(column)]
    frame = board.frame
    body = {
        "board": board.name,
        "view": board.view,
        "levels": list(dict.fromkeys(name for view in views for name in view.levels)),
        "views": [{"value": view.value, "path": view.path} for view in views]
        or [{"value": board.view, "path": [board.title]}],
        "title": board.title,
        "revision": board.revision,
        "as_of": board.as_of and board.as_of.date().isoformat(),
        "source": board.source,
        "n": len(frame),
        "default_sort": board.default_sort,
        "pinned": np.flatnonzero(frame["pinned"]).tolist(),
        "bands": _runs(frame["band"].tolist()) if "band" in frame else None,
        "empty": asdict(board.empty) if board.empty and board.frame["pinned"].all() else None,
        "columns": [_declare(column) for column in board.columns],
        "data": {column.key: _data(board, column) for column in first},
    }
    return _dump(body)


def _comes_first(column: Column) -> bool:
    """Whether a column comes with the first view; what only the filters' panel needs is fetched when that opens."""
    return (column.shown and not column.wire_length) or column.filter in ("choices", "range") or bool(column.badge)


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
        "best": column.best, "badge": column.badge, "cut": bool(column.wire_length), "tells_apart": column.tells_apart,
    }  # fmt: skip
    if column.width:
        spec["width"] = column.width
    if column.level != 95:
        spec["level"] = column.level
    return {name: value for name, value in spec.items() if value not in ("", False, None)}


def _data(board: Board, column: Column) -> dict[str, Any]:
    frame = board.frame
    if column.kind == "number":
        values = wire_numbers(column, frame)
        out: dict[str, Any] = {"value": _integers(values)}
        if column.half_width:
            half = frame[column.half_width].to_numpy(dtype=float, na_value=np.nan)
            half = np.where(np.isfinite(half), half, np.nan)
            out["half"] = _halves(values, np.rint(half * column.factor * 10**column.decimals))
        if column.bounds:
            out["lower"], out["upper"] = (_bound(frame, column, end) for end in ("lower", "upper"))
        return out
    if column.kind == "rank":
        keys = sort_keys(column, frame)
        ends = np.array([(np.nan, np.nan) if key is None else key for key in keys], dtype=float).reshape(-1, 2)
        return {"lower": _integers(ends[:, 0]), "upper": _integers(ends[:, 1])}
    if column.kind == "flag":
        return {"rows": np.flatnonzero(frame[column.key].to_numpy(dtype=bool)).tolist()}
    if column.kind in ("category", "date"):
        return _codes(frame[column.key])
    texts = frame[column.key].astype("string")
    short = texts.str[: column.wire_length] if column.wire_length else texts
    out = {"strings": [None if pd.isna(text) else text for text in short]}
    return out | ({"href": _links(frame, column)} if column.href else {})


def _bound(frame: pd.DataFrame, column: Column, end: str) -> dict[str, Any]:
    values = frame[f"{column.key}_{end}"].to_numpy(dtype=float, na_value=np.nan)
    return _integers(np.rint(np.where(np.isfinite(values), values, np.nan) * column.factor * 10**column.decimals))


def _integers(values: np.ndarray) -> dict[str, Any]:
    """The values, or their differences where those are shorter to write."""
    plain = [_integer(value) for value in values]
    steps: list[int | None] = []
    before = 0
    for value in plain:
        steps.append(None if value is None else value - before)
        before = before if value is None else value
    closer = len(str(steps)) < 0.8 * len(str(plain))
    return {"ints": steps, "delta": True} if closer else {"ints": plain}


def _halves(values: np.ndarray, halves: np.ndarray) -> dict[str, Any]:
    """Half-widths as steps over the values where that is shorter to write than one by one."""
    one_by_one = _integers(halves)
    pairs = pd.DataFrame({"value": values, "half": halves}).dropna(subset="value").value_counts(dropna=False)
    common = pairs.reset_index().sort_values(["value", "count", "half"], ascending=[True, False, True])
    usual = common.drop_duplicates("value").set_index("value")["half"]
    starts = usual[usual.ne(usual.shift()) & ~(usual.isna() & usual.shift().isna())]
    begin, width = starts.index.to_numpy(dtype=float), starts.to_numpy(dtype=float)
    steps = [[int(value), _integer(half)] for value, half in zip(begin, width, strict=True)]
    guess = pd.Series(values).map(usual).to_numpy(dtype=float)
    odd = np.flatnonzero(~((guess == halves) | (np.isnan(guess) & np.isnan(halves))))
    stepped = {"steps": steps, "except": [[int(row), _integer(halves[row])] for row in odd]}
    return stepped if len(str(stepped)) < len(str(one_by_one)) / 2 else one_by_one


def _integer(value: float) -> int | None:
    return None if np.isnan(value) else int(value)


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
