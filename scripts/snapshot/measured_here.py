"""Tables that no public file holds: runs on this project's own machine, made by scripts that take hours.

Enters: the shipped data. Leaves: the same files in another folder, and their sections of SOURCES.md. A table is one of
these by its name, `own_*`; its card names the script.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

KEPT = ("*/own_*", "mt_bench/judges/*")


def keep(shipped: Path, target: Path) -> list[str]:
    """Copy the files to another data folder, and describe the tables."""
    for path in (path for pattern in KEPT for path in sorted(shipped.glob(pattern))):
        copy = target / path.relative_to(shipped)
        if copy.resolve() != path.resolve():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    return list(_sections(target))


def _sections(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*/own_*.json")):
        card = json.loads(path.read_text(encoding="utf-8"))
        rows = pq.read_metadata(path.with_suffix(".parquet")).num_rows
        head = f"## {path.parent.name}/{path.stem}.parquet ({rows:,} rows, measured here on {card['as_of'][:10]})"
        yield f"{head}\n\n{card['title']}. Licence: {card['license']}. Made by: {card['source']}.\n"
