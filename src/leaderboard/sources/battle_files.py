"""Files of pairwise comparisons (CSV, parquet or JSON lines) -> columns.

Enters: a path. Three layouts are known by their columns: battles with `winner` (model_a, model_b, tie, both_bad),
battles with `likert` (1-8), and pair counts with `wins_a`, `wins_b`, `ties`; all have `model_a` and `model_b`. Other
columns are left unread unless asked for. Leaves: the columns as they are in the file; `ratings` checks their values.
Nothing is repaired: a file that cannot be read is refused with its name and the reason.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from leaderboard.errors import BadRecord

Kind = Literal["winner", "likert", "counts"]
MODELS = ("model_a", "model_b")
COUNTS = ("wins_a", "wins_b", "ties")
TEXT = pa.dictionary(pa.int32(), pa.string())
CSV_BLOCK = 1 << 24
"""Bytes parsed at once; one row (a whole conversation may be in it) has to fit."""


@dataclass(frozen=True, kw_only=True)
class BattleFile:
    """What one file holds, row by row."""

    kind: Kind
    columns: Mapping[str, Any]
    """model_a, model_b and, by kind, winner, likert, or wins_a, wins_b and ties, and what was asked for besides: arrow
    columns or lists, unchecked."""
    clusters: Any
    """The column that says which battles belong together; None when none was asked for."""


def read_battle_file(path: Path, *, cluster: str | None = None, also: Sequence[str] = ()) -> BattleFile:
    """The comparisons in a file; `cluster` names the column whose equal values mark battles that belong together.

    `also` names columns that are wanted where the file has them. Raises BadRecord naming the file and what is wrong
    with it.
    """
    try:
        return _read(path, cluster, also)
    except OSError as error:
        raise BadRecord(f"{path}: cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise BadRecord(f"{path}: is not UTF-8 at byte {error.start}.") from error
    except (pa.ArrowException, csv.Error) as error:
        raise BadRecord(f"{path}: is not a readable {path.suffix[1:]} file: {str(error)[:300]}") from error
    except BadRecord as error:
        raise BadRecord(f"{path}: {error}") from error


def _read(path: Path, cluster: str | None, also: Sequence[str]) -> BattleFile:
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        raise BadRecord(f"file name ends in {path.suffix!r}; expected {', '.join(_OPENERS)}.")
    if path.stat().st_size == 0:
        raise BadRecord("is empty; expected a header and rows of battles.")
    names, read = opener(path)
    kind = _kind(names)
    wanted = [*MODELS, *(COUNTS if kind == "counts" else (kind,))]
    wanted += [name for name in also if name in names and name not in wanted]
    _check_columns(names, wanted, cluster, kind)
    table = read(wanted if cluster is None else [*dict.fromkeys([*wanted, cluster])])
    if len(table[MODELS[0]]) == 0:
        raise BadRecord("has no rows; expected at least one battle.")
    return BattleFile(
        kind=kind, columns={name: table[name] for name in wanted}, clusters=None if cluster is None else table[cluster]
    )


def _kind(names: Sequence[str]) -> Kind:
    if "winner" in names:
        return "winner"
    if "likert" in names:
        return "likert"
    if set(names) & set(COUNTS):
        return "counts"
    raise BadRecord(
        "has no column winner (battles), likert (battles) or wins_a, wins_b, ties (pair counts); "
        f"found {', '.join(names)[:200] or 'no columns'}."
    )


def _check_columns(names: Sequence[str], wanted: Sequence[str], cluster: str | None, kind: Kind) -> None:
    twice = sorted({name for name in wanted if list(names).count(name) > 1})
    if twice:
        raise BadRecord(f"has column {twice[0]} twice; expected it once.")
    for name in wanted:
        if name not in names:
            raise BadRecord(f"has no column {name}; expected {', '.join(wanted)}, found {', '.join(names)[:200]}.")
    if cluster is not None and kind == "counts":
        raise BadRecord(f"holds pair counts, which have no clusters; --cluster {cluster} needs a file of battles.")
    if cluster is not None and cluster not in names:
        raise BadRecord(f"has no column {cluster!r} to cluster by; found {', '.join(names)[:200]}.")


Reader = Callable[[Sequence[str]], Mapping[str, Any]]


def _open_csv(path: Path) -> tuple[list[str], Reader]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file), [])

    def read(wanted: Sequence[str]) -> Mapping[str, Any]:
        table = pyarrow.csv.read_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(block_size=CSV_BLOCK, column_names=names, skip_rows=1),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=list(wanted),
                column_types=dict.fromkeys(wanted, TEXT),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
        return {name: table.column(name) for name in wanted}

    return names, read


def _open_parquet(path: Path) -> tuple[list[str], Reader]:
    file = pq.ParquetFile(path)
    schema = file.schema_arrow
    file.close()

    def read(wanted: Sequence[str]) -> Mapping[str, Any]:
        texts = [name for name in wanted if pa.types.is_string(schema.field(name).type)]
        table = pq.read_table(path, columns=list(wanted), read_dictionary=texts, partitioning=None)
        return {name: table.column(name) for name in wanted}

    return list(schema.names), read


def _open_jsonl(path: Path) -> tuple[list[str], Reader]:
    names = list(next(_objects(path), (0, {}))[1])

    def read(wanted: Sequence[str]) -> Mapping[str, Any]:
        found: dict[str, list[Any]] = {name: [] for name in wanted}
        known: dict[str, str] = {}
        for _, cells in _objects(path):
            for name, values in found.items():
                cell = cells.get(name)
                text = json.dumps(cell) if isinstance(cell, list | dict) else cell
                values.append(known.setdefault(text, text) if isinstance(text, str) else text)
        return found

    return names, read


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Row number from 0 and object of every line that is not blank."""
    with path.open(encoding="utf-8-sig") as file:
        row = 0
        for line in file:
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise BadRecord(f"Row {row + 1}: not JSON: {str(error)[:100]}.") from error
            if not isinstance(value, dict):
                raise BadRecord(f"Row {row + 1}: {line.strip()[:60]!r} is not a JSON object.")
            yield row, value
            row += 1


_OPENERS: dict[str, Callable[[Path], tuple[list[str], Reader]]] = {
    ".csv": _open_csv,
    ".parquet": _open_parquet,
    ".jsonl": _open_jsonl,
}
