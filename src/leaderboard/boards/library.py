"""The library: which tabs and views there are now, and the board of each, fresh without a restart.

Enters: a data source (embedded folder, other folder or Hub repository) and the folder where this machine's own
results appear. Leaves: boards and their charts. Each is made once a revision and kept; a changed file makes a new
revision.
"""

import hashlib
import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from leaderboard.boards import alpaca_eval, judge_audit, llm_benchmarks, models, mt_bench, red_teaming, reward_models
from leaderboard.boards.board import Board, View
from leaderboard.boards.charts import Chart
from leaderboard.boards.matchup import NOTHING, Matchup
from leaderboard.boards.preference import ARENA, HUMAN_GPT4, PreferenceTab
from leaderboard.boards.reading import Reading, Selection
from leaderboard.boards.shelf import Shelf, Snapshot, load
from leaderboard.errors import InvalidQuery, LeaderboardError
from leaderboard.records import RunResult
from leaderboard.sources import runs
from leaderboard.sources.tables import Card, Rejected

_log = logging.getLogger(__name__)
LOOK_AGAIN = timedelta(seconds=1)
"""Data and results are looked for at most this often: a request must not walk the folders each time."""


class Tab(Protocol):
    """A tab of boards; each module of `boards` named in `TABS` is one."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """In addresses and on the command line."""
        ...

    def views(self, shelf: Shelf) -> list[View]:
        """The data sets it can show, the default one first."""
        ...

    def board(self, shelf: Shelf, view: str) -> Board:
        """The board of one of its views. Raises BadRecord when the view's files became unreadable."""
        ...

    def charts(self, shelf: Shelf, view: str) -> tuple[Chart, ...]:
        """The plots below the board, in their order."""
        ...


@runtime_checkable
class Reads(Protocol):
    """A tab with texts behind its numbers."""

    def reading(self, shelf: Shelf, view: str, selection: Selection) -> Reading:
        """The texts at one place of a view; choices that `selection` does not name have a default.

        Raises InvalidQuery for a choice or value that does not exist, BadRecord for unreadable files.
        """
        ...


TABS: dict[str, Tab] = {
    tab.NAME: tab
    for tab in (
        llm_benchmarks,
        HUMAN_GPT4,
        ARENA,
        mt_bench,
        alpaca_eval,
        reward_models,
        red_teaming,
        judge_audit,
        models,
    )
}


class _Made:
    """A shelf with what was made of it."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.views: dict[str, list[View]] = {}
        self.boards: dict[tuple[str, str], Board] = {}
        self.charts: dict[tuple[str, str], tuple[Chart, ...]] = {}
        self._locks: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def lock(self, tab: str, view: str) -> threading.Lock:
        """Held while a view is made: once, and nobody waits for another view."""
        with self._guard:
            return self._locks[tab, view]


class Library:
    """Boards by tab and view; safe to use from several threads."""

    def __init__(self, snapshot: Callable[[], Snapshot], results: Path, clock: Callable[[], datetime]) -> None:
        self._snapshot = snapshot
        self._results = results
        self._clock = clock
        self._lock = threading.RLock()
        self._made: _Made | None = None
        self._looked_at: datetime | None = None

    def tabs(self) -> tuple[str, ...]:
        """Names of the tabs that have boards."""
        return tuple(TABS)

    def views(self, tab: str) -> list[View]:
        """The views of a tab, the default one first. Raises InvalidQuery for an unknown tab."""
        kind = _tab(tab)
        with self._lock:
            made = self._current()
            if tab not in made.views:
                made.views[tab] = kind.views(made.shelf)
            return made.views[tab]

    def board(self, tab: str, view: str | None = None) -> Board:
        """The board of a view, the default one when none is named.

        Raises InvalidQuery for an unknown tab or view, BadRecord when the view's files became unreadable.
        """
        name, made = self._named(tab, view), self._current()
        with made.lock(tab, name):
            if (tab, name) not in made.boards:
                made.boards[tab, name] = _tab(tab).board(made.shelf, name)
            return made.boards[tab, name]

    def charts(self, tab: str, view: str | None = None) -> tuple[Chart, ...]:
        """The plots of a view; raises as `board` does."""
        name, made = self._named(tab, view), self._current()
        with made.lock(tab, name):
            if (tab, name) not in made.charts:
                made.charts[tab, name] = _tab(tab).charts(made.shelf, name)
            return made.charts[tab, name]

    def matchup(self, tab: str, view: str | None, a: str | None, b: str | None) -> Matchup:
        """Two models of a view against each other, or which there are.

        Raises InvalidQuery for an unknown tab, view or model, and for two that cannot be compared.
        """
        kind = _tab(tab)
        if not isinstance(kind, PreferenceTab):
            return NOTHING
        return kind.matchup(self._current().shelf, self._named(tab, view), a, b)

    def reading(self, tab: str, view: str | None, selection: Selection) -> Reading:
        """The texts at one place. Raises InvalidQuery for an unknown tab, view or choice."""
        kind = _tab(tab)
        if not isinstance(kind, Reads):
            raise InvalidQuery(f"Tab {tab!r} has no texts; expected one of {', '.join(reading_tabs()) or 'none'}.")
        return kind.reading(self._current().shelf, self._named(tab, view), selection)

    def warm(self) -> None:
        """Make the first board of every tab and its charts, so that nobody waits for them; failures are logged."""
        for tab in TABS:
            try:
                self.board(tab)
                self.charts(tab)
            except LeaderboardError as error:
                _log.warning("tab %s cannot be made: %s", tab, error)

    def revision(self) -> str:
        """Names the data that is shown now: that of the source and of the results made here."""
        return self._current().shelf.revision

    def cards(self, tab: str | None = None) -> tuple[Card, ...]:
        """What is known about every published table, of one tab or of all."""
        shelf = self._current().shelf
        if tab is None:
            return shelf.cards
        if tab == llm_benchmarks.NAME:
            return shelf.benchmarks
        own = {mt_bench.NAME: shelf.mt_bench, models.NAME: shelf.models}.get(tab, ())
        kinds = (shelf.battles, shelf.ratings, shelf.safety, shelf.rewards)
        return (*own, *(card for cards in kinds for card in cards if tab in card.tabs))

    def rejected(self) -> tuple[Rejected, ...]:
        """Files that could not be read, with the reasons."""
        return self._current().shelf.rejected

    def run(self, key: str) -> RunResult | None:
        """The finished evaluation with that key, or None."""
        return self._current().shelf.runs.get(key)

    def home_of(self, key: str) -> dict[str, str]:
        """Where a finished evaluation of pairs or of red-teaming stands, by names in the address; empty for others."""
        shelf = self._current().shelf
        for pairs in shelf.reward_runs.values():
            if any(run.key == key for run in pairs.runs):
                return {"tab": reward_models.NAME, "view": reward_models.first_view(pairs.card)}
        for table in shelf.safety_runs.values():
            for run, model in zip(table.runs, table.names, strict=True):
                if run.key == key:
                    return {"tab": red_teaming.NAME, "view": red_teaming.first_view(table.card), "read.model": model}
        return {}

    def run_path(self, relative: str) -> Path | None:
        """The file of a result or of samples, wherever it lies; None when there is no such file."""
        if "\0" in relative:
            return None
        for folder in self._current().shelf.folders:
            path = (folder / relative).resolve()
            if path.is_relative_to(folder.resolve()) and path.is_file():
                return path
        return None

    def _named(self, tab: str, view: str | None) -> str:
        names = [item.value for item in self.views(tab)]
        if not names:
            raise InvalidQuery(f"Tab {tab!r} has no data: the data source holds no table for it.")
        if view and view not in names:
            some = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
            raise InvalidQuery(f"View is {view[:60]!r}; tab {tab!r} has {some}.")
        return view or names[0]

    def _current(self) -> _Made:
        with self._lock:
            now = self._clock()
            fresh = self._looked_at is not None and timedelta() <= now - self._looked_at < LOOK_AGAIN
            if self._made is not None and fresh:
                return self._made
            snapshot = self._snapshot()
            self._looked_at = now
            local = _fingerprint(self._results / runs.FOLDER)
            revision = f"{snapshot.revision[:12]}-{local}" if local else snapshot.revision[:12]
            if self._made is None or self._made.shelf.revision != revision:
                self._made = _Made(load(snapshot, self._results, revision, now))
            return self._made


def reading_tabs() -> tuple[str, ...]:
    """Names of the tabs with texts."""
    return tuple(name for name, tab in TABS.items() if isinstance(tab, Reads))


def _tab(name: str) -> Tab:
    if name not in TABS:
        raise InvalidQuery(f"Tab is {name[:60]!r}; expected one of {', '.join(TABS)}.")
    return TABS[name]


def _fingerprint(folder: Path) -> str:
    """Changes when a file below the folder is added, replaced or removed; empty when there is none."""
    stats = sorted((path.as_posix(), path.lstat().st_size, path.lstat().st_mtime_ns) for path in folder.rglob("*.json"))
    return hashlib.sha256(repr(stats).encode()).hexdigest()[:12] if stats else ""
