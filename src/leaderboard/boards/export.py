"""Downloads of a board: CSV, JSON or Parquet of what a query shows, at full precision and in natural units.

Headers are the columns' keys. Intervals come as `<key>_half` beside their column, ranks as two columns. Missing is
empty. The last column, `baseline`, is true for rows that are no model, such as random guessing; `control`, which is
there whenever a board has controls, for what competes for no rank.
"""

import io
import json

import pandas as pd

from leaderboard.boards.board import Board
from leaderboard.boards.columns import Column
from leaderboard.boards.filters import Query, apply
from leaderboard.errors import InvalidQuery

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters that make a spreadsheet run a text cell."""


def shown_frame(board: Board, query: Query) -> pd.DataFrame:
    """The rows and columns a query shows; every column of the board when it names none."""
    frame = apply(board, query)
    columns = [column for key in query.columns if (column := board.column(key)) is not None] or list(board.columns)
    names = [name for column in columns for name in data_columns(column) if name in frame]
    out = frame.loc[:, list(dict.fromkeys(names))].reset_index(drop=True)
    for column in columns:
        if column.kind in ("rank", "number"):
            out = _as_numbers(out, column)
    if "control" in frame and "control" not in out:
        out = out.assign(control=frame["control"].to_numpy(dtype=bool))
    return out.assign(baseline=frame["pinned"].to_numpy(dtype=bool))


def data_columns(column: Column) -> tuple[str, ...]:
    """Frame columns that carry a column's data; links are left out."""
    return tuple(name for name in column.frame_columns if name != column.href)


def render(board: Board, query: Query, kind: str) -> bytes:
    """The download as bytes; `kind` is csv, json or parquet.

    Raises InvalidQuery for another kind.
    """
    if kind == "csv":
        return to_csv(shown_frame(board, query))
    if kind == "json":
        return to_json(board, shown_frame(board, query))
    if kind == "parquet":
        buffer = io.BytesIO()
        shown_frame(board, query).to_parquet(buffer, index=False)
        return buffer.getvalue()
    raise InvalidQuery(f"Format is {kind[:20]!r}; expected csv, json or parquet.")


def to_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 CSV whose text cells cannot become formulas.

    Lines end in CR LF where a text holds a CR: only then does the writer quote it, and an unquoted one would begin a
    row of its own.
    """
    safe = frame.apply(
        lambda column: column if column.dtype.kind in "biufc" else column.map(_defuse, na_action="ignore")
    )
    texts = (value for name in safe if safe[name].dtype.kind not in "biufc" for value in safe[name])
    returns = any(isinstance(value, str) and "\r" in value for value in texts)
    return str(safe.to_csv(index=False, lineterminator="\r\n" if returns else "\n")).encode()


def to_json(board: Board, frame: pd.DataFrame) -> bytes:
    """The rows as objects, with what they are and where they come from."""
    rows = json.loads(frame.to_json(orient="records", double_precision=15))
    day = board.as_of and board.as_of.isoformat()
    about = {"board": board.name, "view": board.view, "title": board.title, "as_of": day, "revision": board.revision,
             "source": board.source}  # fmt: skip
    return json.dumps({**about, "rows": rows}, ensure_ascii=False, indent=1).encode()


def _defuse(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _as_numbers(frame: pd.DataFrame, column: Column) -> pd.DataFrame:
    kind = "Int64" if column.kind == "rank" else "float64"
    names = [name for name in data_columns(column) if name in frame]
    return frame.astype(dict.fromkeys(names, kind))
