"""What a model is, in a line, for boards whose source does not say: facts of the catalogue, for names that it knows.

Enters: a board. Leaves: the board with a column `description`, blank for names that nothing ties to a model.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from leaderboard.boards.board import Board
from leaderboard.boards.columns import Column
from leaderboard.boards.shelf import Shelf
from leaderboard.sources.model_tables import read_catalogue

COLUMN = Column(
    key="description", label="Description", kind="text", width=280,
    info="Parameters, access, release and parent of the model that the name means, as the Models tab has them with "
    "their sources; blank where nothing ties the name to a model.",
)  # fmt: skip
TEN_BILLION = 1e10
ACCESS = {"open": "open weights", "limited": "API only", "closed": "closed"}


def described(shelf: Shelf, board: Board, table: str) -> Board:
    """The board of a table with a line on every model; unchanged where there is no catalogue or it knows none."""
    if not shelf.models:
        return board
    known = _of_table(shelf.snapshot.folder, shelf.models[0].name, table, shelf.snapshot.revision)
    lines = board.frame["model"].astype(str).map(known)
    if lines.isna().all():
        return board
    columns = tuple(column for column in board.columns if column.key != COLUMN.key)
    return replace(board, columns=(*columns, COLUMN), frame=board.frame.assign(description=lines.astype("string")))


@lru_cache(maxsize=64)
def _of_table(folder: Path, catalogue: str, table: str, revision: str) -> dict[str, str]:  # noqa: ARG001 - the key
    """Name in a table -> line."""
    _, models, names = read_catalogue(folder, catalogue)
    own = names[names["table"].eq(table)].merge(models, on="model", how="inner")
    lines = {str(row["spelling"]): _line(row) for _, row in own.iterrows()}
    return {name: line for name, line in lines.items() if line}


def _line(row: pd.Series) -> str:
    """Parameters, access, release, parent; those that are known."""
    told = {name: row[name] for name in ("params", "access", "released", "base_model") if pd.notna(row[name])}
    access, since = ACCESS.get(str(told.get("access")), ""), f"since {told['released']}" if "released" in told else ""
    parts = (
        _size(float(told["params"])) if "params" in told else "",
        f"{access} {since}".strip(),
        f"from {told['base_model']}" if "base_model" in told else "",
    )
    return ", ".join(part for part in parts if part)


def _size(params: float) -> str:
    digits = 1 if params < TEN_BILLION else 0
    return f"{params / 1e9:,.{digits}f}B".replace(".0B", "B")
