"""JSON files that may come from anybody: read with limits, refused with a reason.

Enters: a path. Leaves: a JSON object, or BadRecord saying what is wrong with it. Refused: directories, symlinks,
oversized or empty files, bad UTF-8, duplicate keys, NaN and infinities, absurdly long integers, deep nesting.
"""

import json
from pathlib import Path
from typing import Any

from leaderboard.errors import BadRecord

MAX_BYTES = 64 * 1024 * 1024
MAX_DIGITS = 30
MAX_DEPTH = 60


def read_object(path: Path, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The JSON object in a file. Raises BadRecord with the reason when there is none to trust."""
    return parse_object(_read_bytes(path, max_bytes))


def parse_object(data: bytes) -> dict[str, Any]:
    """The JSON object in some bytes. Raises BadRecord with the reason when there is none to trust."""
    try:
        value = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_short_int,
            parse_float=_finite,
        )  # fmt: skip
    except UnicodeDecodeError as error:
        raise BadRecord(f"not UTF-8 at byte {error.start}.") from error
    except RecursionError as error:
        raise BadRecord("nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise BadRecord(f"not JSON: {error.msg} at character {error.pos}.") from error
    if not isinstance(value, dict):
        raise BadRecord(f"expected a JSON object, found {type(value).__name__}.")
    _check_depth(value)
    return value


def _read_bytes(path: Path, max_bytes: int) -> bytes:
    if path.is_symlink():
        raise BadRecord("is a symbolic link; expected a regular file.")
    if not path.is_file():
        raise BadRecord("is not a regular file.")
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise BadRecord(f"has {size:,} bytes; at most {max_bytes:,} are read.")
        data = path.read_bytes()
    except OSError as error:
        raise BadRecord(f"cannot be read: {error.strerror}.") from error
    if not data.strip():
        raise BadRecord("is empty.")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise BadRecord(f"key {twice[:60]!r} occurs twice.")
    return out


def _no_constant(name: str) -> float:
    raise BadRecord(f"holds {name}; expected a finite number or null.")


def _short_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise BadRecord(f"holds an integer of {len(text)} digits.")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise BadRecord(f"holds {text[:20]}, which is not a finite number.")
    return value


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise BadRecord(f"is nested more than {MAX_DEPTH} levels deep.")
        level = [child for item in level for child in _children(item)]


def _children(item: Any) -> list[Any]:
    values = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return [value for value in values if isinstance(value, dict | list)]
