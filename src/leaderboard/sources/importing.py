"""Importing files of other projects into a store folder as benchmark, battle, rating or safety tables.

Enters: a format name, a file or folder, a store folder. Leaves: a written table and a `Report` of what was read
and what was left out and why. Nothing that cannot be read stops the rest.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.sources import alpaca_texts, preference_files, safety_files
from leaderboard.sources.battle_tables import BattleCard, write_battles
from leaderboard.sources.benchmark_table import FOLDER, Rejected, TableCard, TaskCard, read_table, write_table
from leaderboard.sources.h4_rows import read_h4
from leaderboard.sources.mt_bench_files import read_mt_bench
from leaderboard.sources.mt_bench_tables import write_mt_bench
from leaderboard.sources.open_llm_leaderboard import read_dump
from leaderboard.sources.rating_tables import write_ratings
from leaderboard.sources.results_json import READERS, Row
from leaderboard.sources.reward_files import read_pairs
from leaderboard.sources.reward_tables import write_pair_texts
from leaderboard.sources.row_files import is_table
from leaderboard.sources.safety_tables import write_answer_texts, write_safety
from leaderboard.sources.tables import NAME_PATTERN

DUMP = "open-llm-dump"
PAIRS = "reward-pairs"
MT_BENCH = "mt-bench"
PREFERENCES: Mapping[str, preference_files.Reader] = {**preference_files.READERS, "h4": read_h4}
FORMATS = (DUMP, *READERS, *PREFERENCES, MT_BENCH, *safety_files.READERS, PAIRS, alpaca_texts.FORMAT)
IDENTITY = ["model", "revision", "precision"]


Importer = Callable[[Path, Path, str, datetime], "Report"]
"""File or folder, store, name of the table, now -> what was done."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an import did."""

    table: str
    n_rows: int
    n_read: int
    rejected: tuple[Rejected, ...]


def import_files(
    format_name: str, path: Path, store: Path, *, name: str, now: datetime, controls: Sequence[str] = ()
) -> Report:
    """Read a file, or every file below a folder, into the table `name` of a store folder.

    Results (`results_json`) are added to a table that is there: rows of a known model, revision and precision are
    updated. A dump, a file of preferences or a folder of MT-Bench files replaces it; `controls` names models in a file
    of preferences that are no contestants. Raises BadRecord when the format
    is unknown, the path does not exist, the name does not fit, or nothing at all could be read.
    """
    if format_name not in FORMATS:
        raise BadRecord(f"Format is {format_name!r}; expected one of {', '.join(FORMATS)}.")
    if not path.exists():
        raise BadRecord(f"{path} does not exist; expected a file or a folder.")
    if not re.fullmatch(NAME_PATTERN, name):
        raise BadRecord(f"Name is {name!r}; expected small letters, digits, - and _, at most 64.")
    if controls and format_name not in PREFERENCES:
        raise BadRecord(f"Format {format_name} takes no controls; expected one of {', '.join(PREFERENCES)}.")
    if (replaces := _importer(format_name, tuple(controls))) is not None:
        return replaces(path, store, name, now)
    rows, rejected = _read_rows(format_name, path)
    if not rows:
        raise BadRecord(f"Nothing could be read from {path}: {_reasons(rejected)}")
    return _merge_into(store, name, rows, rejected, now, format_name)


def _importer(format_name: str, controls: tuple[str, ...]) -> "Importer | None":
    """What imports a format whose files make a whole table; None for results that are added to one."""
    own: dict[str, Importer] = {
        DUMP: _import_dump, PAIRS: _import_pairs, MT_BENCH: _import_mt_bench, alpaca_texts.FORMAT: _import_alpaca_texts,
    }  # fmt: skip
    if format_name in PREFERENCES:
        return partial(_import_preferences, PREFERENCES[format_name], controls)
    if format_name in safety_files.READERS:
        return partial(_import_safety, safety_files.READERS[format_name])
    return own.get(format_name)


def _reasons(rejected: list[Rejected]) -> str:
    """The first few reasons, each once, with the first file it is about and how many share it."""
    by_reason: dict[str, list[str]] = {}
    for item in rejected:
        by_reason.setdefault(item.reason, []).append(item.where)
    texts = [
        f"{files[0]}{f' (and {len(files) - 1} more)' if len(files) > 1 else ''} {reason}"
        for reason, files in by_reason.items()
    ]
    return " ".join(texts[:3]) or "no .json files."


def _import_dump(path: Path, store: Path, name: str, now: datetime) -> Report:
    card, frame = read_dump(path, name=name, as_of=now)
    write_table(store, card, frame)
    return Report(table=card.name, n_rows=len(frame), n_read=1, rejected=card.rejected)


def _import_preferences(
    read: preference_files.Reader, controls: tuple[str, ...], path: Path, store: Path, name: str, now: datetime
) -> Report:
    card, frame = read(path, name, now)
    if isinstance(card, BattleCard):
        there = {*frame["model_a"].astype(str), *frame["model_b"].astype(str)}
        if strangers := [control for control in controls if control not in there]:
            raise BadRecord(f"{path}: control {strangers[0]!r} is no model of the file; found {sorted(there)[:12]}.")
        write_battles(store, card.model_copy(update={"controls": controls}), frame)
    else:
        write_ratings(store, card, frame)
    n_read = 1 if path.is_file() else sum(map(is_table, path.iterdir())) - len(card.rejected)
    return Report(table=name, n_rows=len(frame), n_read=n_read, rejected=card.rejected)


def _import_mt_bench(path: Path, store: Path, name: str, now: datetime) -> Report:
    table, n_read = read_mt_bench(path, name, now)
    write_mt_bench(store, table)
    rows = len(table.scores) or len(table.parts["pairs"])
    return Report(table=name, n_rows=rows, n_read=n_read, rejected=table.card.rejected)


def _import_safety(read: safety_files.Reader, path: Path, store: Path, _name: str, _now: datetime) -> Report:
    """Labels as a table, which keeps its name so that the texts belong to it, and the texts beside it."""
    made = read(path)
    write_safety(store, made.card, made.frame)
    write_answer_texts(store, made.card.name, made.texts)
    n_read = 1 if path.is_file() else sum(file.is_file() for file in path.rglob("*"))
    return Report(table=made.card.name, n_rows=len(made.frame), n_read=n_read, rejected=())


def _import_pairs(path: Path, store: Path, name: str, _now: datetime) -> Report:
    """Texts of preference pairs as the set `name`; scores of the set find them by the texts' own ids."""
    made = read_pairs(path)
    write_pair_texts(store, name, made.pairs)
    reasons = ((made.undecided, "no answer is the better one"), (made.copies, "the same pair is there already"))
    rejected = tuple(Rejected(where=path.name, reason=f"{n} pairs: {why}.") for n, why in reasons if n)
    return Report(table=name, n_rows=len(made.pairs), n_read=1, rejected=rejected)


def _import_alpaca_texts(path: Path, store: Path, _name: str, _now: datetime) -> Report:
    """Instructions and answers, added to those that the store has."""
    made, n_read, rejected = alpaca_texts.import_alpaca_texts(path, store)
    return Report(table=alpaca_texts.FOLDER, n_rows=len(made.outputs), n_read=n_read, rejected=rejected)


def _read_rows(format_name: str, path: Path) -> tuple[list[Row], list[Rejected]]:
    rows, rejected = [], []
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    for file in files:
        try:
            rows.append(READERS[format_name](file))
        except BadRecord as error:
            where = file.relative_to(path).as_posix() if path.is_dir() else file.name
            rejected.append(Rejected(where=where, reason=str(error)))
    return rows, rejected


def _merge_into(
    store: Path, name: str, rows: list[Row], rejected: list[Rejected], now: datetime, format_name: str
) -> Report:
    old_card, old = _existing(store, name)
    tasks = _union([*(old_card.tasks if old_card else ()), *(task for row in rows for task in row.tasks)])
    if not tasks:
        raise BadRecord(f"Table {name!r} has no scores yet; import results before requests.")
    frame = _update(old, pd.DataFrame([row.values for row in rows]))
    frame["duplicate"] = frame["model"].duplicated()
    card = TableCard(
        name=name,
        label=name.replace("_", " "),
        order=50,
        title=f"Imported results: {name}",
        about=f"Imported from {format_name} files.",
        source=f"Imported on {now.astimezone(UTC):%Y-%m-%d}; not evaluated here.",
        license="as the imported files",
        as_of=now,
        tasks=tasks,
        rejected=tuple(rejected),
    )
    write_table(store, card, frame)
    return Report(table=name, n_rows=len(frame), n_read=len(rows), rejected=tuple(rejected))


def _existing(store: Path, name: str) -> tuple[TableCard | None, pd.DataFrame]:
    if not (store / FOLDER / f"{name}.json").exists():
        return None, pd.DataFrame(columns=["model"])
    card, frame = read_table(store, name)
    return card, frame.dropna(axis="columns", how="all")


def _union(tasks: Iterable[TaskCard]) -> tuple[TaskCard, ...]:
    """Tasks by name; the size of one that differs between files is only known a row."""
    by_name: dict[str, TaskCard] = {}
    for task in tasks:
        known = by_name.setdefault(task.name, task)
        if known.n != task.n:
            by_name[task.name] = known.model_copy(update={"n": None})
    return tuple(by_name.values())


def _update(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Both frames together; where a row is in both, the new values win and the old ones fill what is missing."""
    both = pd.concat([new.iloc[::-1], old], ignore_index=True)
    for column in IDENTITY:
        both[column] = (both[column] if column in both else pd.Series(index=both.index, dtype="string")).astype(
            "string"
        )
    keys = both[IDENTITY].fillna("").agg("\x1f".join, axis=1)
    return both.groupby(keys, sort=False).first().reset_index(drop=True)
