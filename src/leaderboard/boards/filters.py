"""The query string of a table: the same rows in the same order as the page shows for it.

Enters: the parameters of a URL and a board. Leaves: a `Query`, and the frame's rows it chooses. The page's
`query.js` does the same in the browser; a browser test compares the two on many queries.

    q=a b;@licence:mit ';', or the space before '@column:', separates literal, case-insensitive terms; a text matches
                       a term when it holds all its words; plain terms are alternatives; '@column:value' looks in one
                       column; terms of one column are alternatives, different columns and plain terms must all match
    sort=-average      column, '-' for descending; blanks last both ways; ties keep the board's order
    <category>=x       repeated for alternatives; '' is a missing value
    <number>=7..13     in display units, in either order, either end may be empty; missing values only with
                       <number>.missing=1
    hide=merged        repeated; rows with that flag are left out
    cols=a,b           columns shown, in this order
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from leaderboard.boards.board import Board
from leaderboard.boards.columns import Column
from leaderboard.errors import InvalidQuery

RESERVED = frozenset({"view", "tab", "rev", "columns", "format", "__theme", "__sign", "logs"})
"""Parameters of the page that do not concern the table."""

NUMBER = r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?"
SPACES = " \t\n\r"
"""Ordinary spaces around a term are ignored; the languages disagree about the others."""
TERM_BREAK = re.compile(f";|[{SPACES}]+(?=@[^;:@]+:)")
WORD_BREAK = re.compile(f"[{SPACES}]+")
RANGE = re.compile(rf"({NUMBER})?\.\.({NUMBER})?")


@dataclass(frozen=True, kw_only=True)
class Range:
    """Bounds in display units, either open; `missing` keeps rows without a value."""

    low: float | None
    high: float | None
    missing: bool = False


@dataclass(frozen=True, kw_only=True)
class Query:
    """A parsed query string."""

    terms: tuple[str, ...] = ()
    field_terms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = ""
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: dict[str, Range] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def parse(parameters: Iterable[tuple[str, str]], board: Board) -> Query:
    """The query that some URL parameters mean for a board.

    Raises InvalidQuery naming the parameter, its value and what was expected.
    """
    values: dict[str, list[str]] = {}
    for name, value in parameters:
        if name not in RESERVED:
            values.setdefault(name, []).append(value)
    terms, field_terms = parse_search(";".join(values.pop("q", [])), board)
    sort = (values.pop("sort", [""]) or [""])[-1]
    if sort:
        _require(board, sort.removeprefix("-"), "sort")
    hidden = tuple(_require(board, key, "hide", kinds=("flag",)).key for key in values.pop("hide", []))
    shown = [key for text in values.pop("cols", []) for key in text.split(",") if key]
    columns = tuple(_require(board, key, "cols").key for key in shown)
    choices, ranges = _parse_filters(values, board)
    return Query(
        terms=terms, field_terms=field_terms, sort=sort, choices=choices, ranges=ranges, hidden=hidden, columns=columns
    )  # fmt: skip


def _parse_filters(
    values: dict[str, list[str]], board: Board
) -> tuple[dict[str, tuple[str, ...]], dict[str, Range]]:  # fmt: skip
    choices: dict[str, tuple[str, ...]] = {}
    ranges: dict[str, Range] = {}
    for name, given in values.items():
        key = name.removesuffix(".missing")
        column = board.column(key)
        if column is None or column.kind not in ("category", "number") or (key != name and column.kind != "number"):
            known = ", ".join(c.key for c in board.columns if c.kind in ("category", "number"))
            raise InvalidQuery(
                f"Parameter {name[:60]!r} filters nothing; expected q, sort, hide, cols, view or {known}."
            )
        if column.kind == "category":
            choices[key] = tuple(given)
        elif key == name:
            missing = values.get(f"{key}.missing", ["0"])[-1] == "1"
            ranges[key] = _range(name, given[-1], missing=missing)
    return choices, ranges


def parse_search(text: str, board: Board) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Plain terms and terms by column of a search text; '@' before no known column is plain text."""
    plain: list[str] = []
    by_field: dict[str, tuple[str, ...]] = {}
    searched = [c for c in board.columns if c.kind in ("text", "category") and not c.wire_length]
    names = {lower(name): column.key for column in searched for name in (column.label, column.key)}
    for term in (part.strip(SPACES) for part in TERM_BREAK.split(text)):
        name, colon, value = term[1:].partition(":")
        key = names.get(lower(name.strip(SPACES))) if term.startswith("@") and colon else None
        if key is not None:
            if value.strip(SPACES):
                by_field[key] = (*by_field.get(key, ()), lower(value.strip(SPACES)))
        elif term:
            plain.append(lower(term))
    return tuple(plain), by_field


def lower(text: str) -> str:
    """Lower case as JavaScript's toLowerCase makes it."""
    return text.lower()


def apply(board: Board, query: Query) -> pd.DataFrame:
    """The chosen rows in the query's order, pinned rows first; all columns of the frame."""
    frame = board.frame
    pinned = frame["pinned"].to_numpy(dtype=bool)
    keep = np.ones(len(frame), dtype=bool)
    keep &= _search_mask(board, query)
    for key in query.hidden:
        keep &= ~frame[key].to_numpy(dtype=bool)
    for key, wanted in query.choices.items():
        keep &= frame[key].astype("string").fillna("").isin(wanted).to_numpy(dtype=bool)
    for key, bounds in query.ranges.items():
        keep &= _range_mask(wire_numbers(_column(board, key), frame), _column(board, key), bounds)
    order = np.flatnonzero(keep & ~pinned)
    order = order[_sort_positions(board, query, order)]
    return frame.iloc[np.concatenate([np.flatnonzero(pinned), order])]


def wire_numbers(column: Column, frame: pd.DataFrame) -> np.ndarray:
    """A number column as the page has it: value * factor * scale rounded half to even; NaN where missing or endless."""
    values = frame[column.key].to_numpy(dtype=float, na_value=np.nan)
    values = np.where(np.isfinite(values), values, np.nan)
    return np.asarray(np.rint(values * column.factor * column.scale), dtype=float)


def _require(board: Board, key: str, parameter: str, kinds: tuple[str, ...] = ()) -> Column:
    column = board.column(key)
    if column is None or (kinds and column.kind not in kinds):
        known = [c.key for c in board.columns if not kinds or c.kind in kinds]
        raise InvalidQuery(f"Parameter {parameter!r} is {key[:60]!r}; expected one of {', '.join(known)}.")
    return column


def _column(board: Board, key: str) -> Column:
    return _require(board, key, "filter")


def _range(name: str, text: str, *, missing: bool) -> Range:
    found = RANGE.fullmatch(text)
    if found is None:
        raise InvalidQuery(f"Parameter {name!r} is {text[:60]!r}; expected a range such as 7..13, 7.. or ..13.")
    low, high = found.groups()
    bounds = (float(low) if low else None, float(high) if high else None)
    if bounds[0] is not None and bounds[1] is not None:
        bounds = (min(bounds[0], bounds[1]), max(bounds[0], bounds[1]))
    return Range(low=bounds[0], high=bounds[1], missing=missing)


def _search_mask(board: Board, query: Query) -> np.ndarray:
    keep = np.ones(len(board.frame), dtype=bool)
    if query.terms:
        plain = np.zeros(len(board.frame), dtype=bool)
        for column in board.columns:
            if column.searchable:
                plain |= _contains(board.frame, column.key, query.terms)
        keep &= plain
    for key, values in query.field_terms.items():
        keep &= _contains(board.frame, key, values)
    return keep


def _contains(frame: pd.DataFrame, key: str, terms: tuple[str, ...]) -> np.ndarray:
    texts = [lower(text) for text in frame[key].astype("string").fillna("").tolist()]
    words = [[word for word in WORD_BREAK.split(term) if word] for term in terms]
    matches = (any(all(word in text for word in term) for term in words) for text in texts)
    return np.fromiter(matches, dtype=bool, count=len(texts))


def _range_mask(numbers: np.ndarray, column: Column, bounds: Range) -> np.ndarray:
    known = np.isfinite(numbers)
    inside: np.ndarray = known.copy()
    if bounds.low is not None:
        inside &= numbers >= bounds.low * column.scale - 1e-6
    if bounds.high is not None:
        inside &= numbers <= bounds.high * column.scale + 1e-6
    if bounds.missing:
        inside |= ~known
    return inside


def _sort_positions(board: Board, query: Query, rows: np.ndarray) -> np.ndarray:
    """Positions that sort some rows of the frame: stable, blanks last in both directions."""
    sort = query.sort or board.default_sort
    keys = sort_keys(_column(board, sort.removeprefix("-")), board.frame.iloc[rows])
    known = [position for position, key in enumerate(keys) if key is not None]
    blank = [position for position, key in enumerate(keys) if key is None]
    known.sort(key=lambda position: keys[position], reverse=sort.startswith("-"))
    return np.array(known + blank, dtype=np.int64)


def sort_keys(column: Column, frame: pd.DataFrame) -> list[Any]:
    """What rows are compared by; None where blank. Text by its lower case in UTF-16 units, as JavaScript does."""
    if column.kind == "number":
        return [None if np.isnan(value) else value for value in wire_numbers(column, frame)]
    if column.kind == "rank":
        pairs = zip(frame[f"{column.key}_lower"], frame[f"{column.key}_upper"], strict=True)
        return [None if pd.isna(low) or pd.isna(high) else (int(low), int(high)) for low, high in pairs]
    if column.kind == "flag":
        return [int(value) for value in frame[column.key]]
    texts = frame[column.key].astype("string")
    return [None if pd.isna(text) or text == "" else lower(text).encode("utf-16-be", "surrogatepass") for text in texts]
