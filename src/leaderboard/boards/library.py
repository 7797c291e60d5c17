"""The library: which tabs and views there are now, and the board of each, fresh without a restart.

Enters: a data source (embedded folder, other folder or Hub repository) and the folder where this machine's own
results appear. Leaves: boards. A board is built once a revision and kept; a changed file makes a new revision.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pandas as pd

from leaderboard.boards import llm_benchmarks
from leaderboard.boards.board import Board, Pointer, View
from leaderboard.boards.charts import Chart
from leaderboard.errors import InvalidQuery
from leaderboard.records import RunResult
from leaderboard.sources import runs
from leaderboard.sources.benchmark_table import FOLDER, Rejected, TableCard, list_tables, normalise, read_table

SUBMIT = Pointer(
    text="No model was evaluated on this suite yet.", label="Submit the first one", href="?tab=queue"
)  # fmt: skip
LOOK_AGAIN = timedelta(seconds=1)
"""Results are looked for at most this often: a page that polls must not walk the folder each time."""


class Snapshot(Protocol):
    """What a data source gives: a local folder with the data of one revision."""

    @property
    def folder(self) -> Path:
        """Where the files are."""
        ...

    @property
    def revision(self) -> str:
        """Changes whenever the data does."""
        ...

    @property
    def origin(self) -> str:
        """Where the data comes from, for people."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Shelf:
    """Everything known about one revision."""

    revision: str
    snapshot: Snapshot
    cards: tuple[TableCard, ...]
    runs: dict[str, RunResult]
    run_tables: dict[str, tuple[TableCard, pd.DataFrame]]
    rejected: tuple[Rejected, ...]
    boards: dict[str, Board] = field(default_factory=dict)


class Library:
    """Boards by tab and view; safe to use from several threads."""

    def __init__(self, snapshot: Callable[[], Snapshot], results: Path, clock: Callable[[], datetime]) -> None:
        self._snapshot = snapshot
        self._results = results
        self._clock = clock
        self._lock = threading.RLock()
        self._shelf: _Shelf | None = None
        self._looked_at: datetime | None = None

    def tabs(self) -> tuple[str, ...]:
        """Names of the tabs that have boards."""
        return (llm_benchmarks.NAME,)

    def views(self, tab: str) -> list[View]:
        """The views of a tab, the default one first. Raises InvalidQuery for an unknown tab."""
        self._require_tab(tab)
        shelf = self._current()
        cards = [*shelf.cards, *(card for card, _ in shelf.run_tables.values())]
        return [View(value=c.name, label=c.label, group=c.group, title=c.title, about=c.about) for c in cards]

    def board(self, tab: str, view: str | None = None) -> Board:
        """The board of a view, the default one when none is named.

        Raises InvalidQuery for an unknown tab or view, BadRecord when the view's files became unreadable.
        """
        names = [item.value for item in self.views(tab)]
        name = view or names[0]
        if name not in names:
            raise InvalidQuery(f"View is {name[:60]!r}; tab {tab!r} has {', '.join(names)}.")
        with self._lock:
            shelf = self._current()
            if name not in shelf.boards:
                shelf.boards[name] = _make(shelf, name)
            return shelf.boards[name]

    def charts(self, tab: str, view: str | None = None) -> tuple[Chart, ...]:
        """The charts below the table of a view; none for a tab of benchmarks. Raises as `board` does."""
        self.board(tab, view)
        return ()

    def revision(self) -> str:
        """Names the data that is shown now: that of the source and of the results made here."""
        return self._current().revision

    def cards(self) -> tuple[TableCard, ...]:
        """What is known about every published table."""
        return self._current().cards

    def rejected(self) -> tuple[Rejected, ...]:
        """Files that could not be read, with the reasons."""
        return self._current().rejected

    def run(self, key: str) -> RunResult | None:
        """The finished evaluation with that key, or None."""
        return self._current().runs.get(key)

    def run_path(self, relative: str) -> Path | None:
        """The file of a result or of samples, wherever it lies; None when there is no such file."""
        for folder in (self._results, self._current().snapshot.folder):
            path = (folder / relative).resolve()
            if path.is_relative_to(folder.resolve()) and path.is_file():
                return path
        return None

    def _require_tab(self, tab: str) -> None:
        if tab not in self.tabs():
            raise InvalidQuery(f"Tab is {tab[:60]!r}; expected one of {', '.join(self.tabs())}.")

    def _current(self) -> _Shelf:
        with self._lock:
            now, snapshot = self._clock(), self._snapshot()
            fresh = self._looked_at is not None and timedelta() <= now - self._looked_at < LOOK_AGAIN
            if self._shelf is not None and fresh and self._shelf.snapshot.revision == snapshot.revision:
                return self._shelf
            self._looked_at = now
            local = _fingerprint(self._results / runs.FOLDER)
            revision = f"{snapshot.revision[:12]}-{local}" if local else snapshot.revision[:12]
            if self._shelf is None or self._shelf.revision != revision:
                self._shelf = _load(snapshot, self._results, revision, now)
            return self._shelf


def _load(snapshot: Snapshot, results: Path, revision: str, now: datetime) -> _Shelf:
    cards, bad = list_tables(snapshot.folder)
    found, rejected = runs.read_runs([snapshot.folder, results], now=now)
    made_here = {card.name: (card, frame) for card, frame in runs.tables(found, rejected)}
    return _Shelf(
        revision=revision, snapshot=snapshot, cards=tuple(cards), runs={run.key: run for run in found},
        run_tables=made_here, rejected=(*bad, *rejected),
    )  # fmt: skip


def _make(shelf: _Shelf, name: str) -> Board:
    if name in shelf.run_tables:
        card, frame = shelf.run_tables[name]
        source = "the evaluator of this board"
        revision = _digest(card.model_dump_json(exclude={"rejected"}), frame.to_json())
        return llm_benchmarks.build(card, normalise(frame, card), revision=revision, source=source, empty=SUBMIT)
    card, frame = read_table(shelf.snapshot.folder, name)
    return llm_benchmarks.build(card, frame, revision=_of_files(shelf, card), source=shelf.snapshot.origin)


def _of_files(shelf: _Shelf, card: TableCard) -> str:
    """The revision of one published table: it stays when other tables change."""
    path = shelf.snapshot.folder / FOLDER / f"{card.name}.parquet"
    return _digest(card.model_dump_json(), hashlib.sha256(path.read_bytes()).hexdigest())


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


def _fingerprint(folder: Path) -> str:
    """Changes when a file below the folder is added, replaced or removed; empty when there is none."""
    stats = sorted((path.as_posix(), path.lstat().st_size, path.lstat().st_mtime_ns) for path in folder.rglob("*.json"))
    return hashlib.sha256(repr(stats).encode()).hexdigest()[:12] if stats else ""
