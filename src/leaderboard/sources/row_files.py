"""Tabular files of other projects -> frames: csv, parquet, jsonl, or json holding a list of objects or one a line.

Text files may be compressed (`.jsonl.gz`). Enters: a path and the columns that must be there. Leaves: a frame of the
whole file, nothing converted.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from leaderboard.errors import BadRecord


def _read_json(path: Path) -> pd.DataFrame:
    try:
        return pd.read_json(path, dtype=False)
    except ValueError:  # some publish JSON lines under this name
        return pd.read_json(path, lines=True, dtype=False)


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": lambda path: pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, na_values=[""]),
    ".parquet": pd.read_parquet,
    ".jsonl": lambda path: pd.read_json(path, lines=True, dtype=False),
    ".json": _read_json,
}


def ending(path: Path) -> str:
    """What a file's name ends in, beside its compression."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def is_table(path: Path) -> bool:
    """Whether a file's name ends like one that `read_rows` can read."""
    return ending(path) in READERS


def read_rows(path: Path, required: Sequence[str]) -> pd.DataFrame:
    """The rows of a file; only an empty cell of a CSV is missing, a model may be called NA.

    Raises BadRecord naming the file when it cannot be read, is empty, or lacks a required column.
    """
    reader = READERS.get(ending(path))
    if reader is None:
        raise BadRecord(f"{path}: file name ends in {path.suffix!r}; expected {', '.join(READERS)}.")
    try:
        frame = reader(path)
    except OSError as error:
        raise BadRecord(f"{path}: cannot be read: {error.strerror or error}.") from error
    except (ValueError, pa.ArrowException) as error:
        raise BadRecord(f"{path}: is not a readable {ending(path)[1:]} file: {str(error)[:200]}") from error
    missing = [name for name in required if name not in frame]
    if missing:
        raise BadRecord(
            f"{path}: column {', '.join(missing)} is missing; expected {', '.join(required)}, found "
            f"{', '.join(map(str, frame.columns[:12]))}."
        )
    if frame.empty:
        raise BadRecord(f"{path}: has no rows; expected at least one.")
    return frame
