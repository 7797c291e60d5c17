"""Where the figures come from: a local folder or a dataset repository on the Hub, always read as a local folder.

Enters: `LEADERBOARD_DATA`. Leaves: a `Snapshot`. A snapshot of the Hub is one commit, whole or not there at all; while
the Hub cannot be reached the last good one is served and says so. Only changed files are fetched.
"""

import hashlib
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from leaderboard.errors import StoreError, StoreUnavailable
from leaderboard.hub_client import READ_SECONDS, UNREACHABLE, HubAddress, explain, open_hub, parse_address
from leaderboard.hub_snapshots import SnapshotShelf
from leaderboard.settings import ROOT, Settings

_log = logging.getLogger(__name__)
FAILURES: tuple[type[Exception], ...] = (StoreError, *UNREACHABLE)
EMBEDDED = ROOT / "data"
LOOK_SECONDS = 5.0
"""Wait for the answer which revision is the newest; bounds the start of the program while the Hub hangs."""
Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The data of one revision in a local folder that nobody changes (a local folder of yours you may).

    `as_of` is when the data was last changed at its origin, `fetched_at` when `revision` was last known to be the
    newest. `stale` means that the last look at the origin failed; `error` says why.
    """

    folder: Path
    revision: str
    as_of: datetime
    fetched_at: datetime
    origin: str
    stale: bool = False
    error: str | None = None


class DataSource(Protocol):
    """Somewhere data comes from; safe to use from several threads."""

    def snapshot(self) -> Snapshot:
        """The newest data known; looks at the origin only when that was never done.

        Raises StoreUnavailable when there is none.
        """
        ...

    def refresh(self) -> None:
        """Look at the origin again. Readers of the last snapshot never wait for it; failures are kept in `error`."""
        ...


def utc_now() -> datetime:
    """The clock of real programs."""
    return datetime.now(UTC)


def open_source(settings: Settings, *, timeout: float = READ_SECONDS, clock: Clock = utc_now) -> DataSource:
    """The source that the settings name; nothing is fetched yet.

    `timeout` bounds every wait for an answer of the Hub, in seconds. Raises StoreError for a malformed address.
    """
    address = parse_address(settings.data)
    if address is None:
        return LocalSource(Path(settings.data).expanduser(), clock=clock)
    return HubSource(
        address, folder=settings.state / "hub", endpoint=settings.hub_endpoint, token=settings.hub_token,
        timeout=timeout, clock=clock,
    )  # fmt: skip


class LocalSource:
    """A folder; its revision names the content of all files that are not hidden, so copies of it share one.

    A file is read again only when its size or time changes.
    """

    def __init__(self, folder: Path, *, clock: Clock = utc_now) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._contents: dict[Stamp, str] = {}
        self._revision = ""

    def snapshot(self) -> Snapshot:
        """See `DataSource.snapshot`."""
        if not self._folder.is_dir():
            raise StoreUnavailable(
                f"The data folder {self._folder} does not exist; set LEADERBOARD_DATA to a folder or to "
                "hf://datasets/org/name."
            )
        now = self._clock()
        stamps = visible_files(self._folder)
        newest = max((stamp.time_ns for stamp in stamps), default=0)
        as_of = datetime.fromtimestamp(newest / 1e9, UTC) if newest else now
        origin = "the embedded figures" if self._folder == EMBEDDED else f"folder {self._folder.name}"
        return Snapshot(
            folder=self._folder, revision=self._name(stamps), as_of=as_of, fetched_at=now, origin=origin
        )  # fmt: skip

    def refresh(self) -> None:
        """Nothing to do: every snapshot looks at the folder."""

    def _name(self, stamps: list["Stamp"]) -> str:
        with self._lock:
            if self._revision and self._contents.keys() == set(stamps):
                return self._revision
            self._contents = {stamp: self._contents.get(stamp) or content_of(self._folder, stamp) for stamp in stamps}
            named = sorted((stamp.name, content) for stamp, content in self._contents.items())
            digest = hashlib.sha1(repr(named).encode(errors="surrogateescape"), usedforsecurity=False)
            self._revision = digest.hexdigest()
            return self._revision


class Stamp(NamedTuple):
    """A file as far as a look at its folder tells."""

    name: str
    size: int
    time_ns: int


def visible_files(folder: Path) -> list[Stamp]:
    """The files below a folder; hidden files and folders do not count, links count as what they point to."""
    found: list[Stamp] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith("."):
                found += _stamp(Path(parent, name), folder)
    return found


def content_of(folder: Path, stamp: Stamp) -> str:
    """SHA-256 of a file; its size and time where it cannot be read."""
    try:
        with (folder / stamp.name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return f"{stamp.size} {stamp.time_ns}"


def _stamp(path: Path, folder: Path) -> list[Stamp]:
    try:
        status = path.stat()
    except OSError:  # deleted since it was listed, or a link to nowhere
        return []
    return [Stamp(path.relative_to(folder).as_posix(), status.st_size, status.st_mtime_ns)]


class HubSource:
    """A dataset repository on the Hub, kept as snapshots in a folder.

    A revision that is a commit is fetched once and never looked for again.
    """

    def __init__(
        self, address: HubAddress, *, folder: Path, endpoint: str | None, token: str | None,
        timeout: float = READ_SECONDS, clock: Clock = utc_now,
    ) -> None:  # fmt: skip
        self._address = address
        self._token = token
        self._timeout = timeout
        self._clock = clock
        self._api = open_hub(endpoint, token, timeout=timeout)
        self._shelf = SnapshotShelf(folder, address, self._api, timeout=timeout)
        self._refreshing = threading.Lock()
        self._looked = False
        self._error = "it was not looked at yet"
        self._current = self._last_good()

    def snapshot(self) -> Snapshot:
        """See `DataSource.snapshot`."""
        if not self._looked and (self._current is None or not self._refreshing.locked()):
            self.refresh()
        current = self._current
        if current is None:
            raise StoreUnavailable(
                f"No data: {self._address} could not be read ({self._error}) and no earlier snapshot of it is kept in "
                f"{self._shelf.folder}. Check LEADERBOARD_DATA, HF_TOKEN and the network; it is tried again."
            )
        return current

    def refresh(self) -> None:
        """See `DataSource.refresh`."""
        with self._refreshing:
            try:
                self._current = self._newest()
            except FAILURES as error:
                self._failed(error)
            finally:
                self._looked = True

    def _newest(self) -> Snapshot:
        current = self._current
        if current is not None and current.revision == self._address.revision:
            return current
        now = self._clock()
        patience = min(self._timeout, LOOK_SECONDS)
        info = self._api.dataset_info(self._address.repo, revision=self._address.revision, timeout=patience)
        kept = self._shelf.fetch(
            str(info.sha), as_of=info.last_modified or now, keep=current.revision if current else None
        )
        self._shelf.confirm(kept.revision, now)
        return Snapshot(
            folder=kept.folder, revision=kept.revision, as_of=kept.as_of, fetched_at=now, origin=str(self._address)
        )  # fmt: skip

    def _failed(self, error: Exception) -> None:
        self._error = explain(error, self._token)
        _log.warning("%s could not be refreshed: %s", self._address, self._error)
        if self._current is not None:
            text = f"{self._address} could not be refreshed: {self._error}. The last good data is shown."
            self._current = replace(self._current, stale=True, error=text)

    def _last_good(self) -> Snapshot | None:
        kept = self._shelf.newest()
        if kept is None:
            return None
        return Snapshot(
            folder=kept.folder, revision=kept.revision, as_of=kept.as_of, fetched_at=kept.confirmed_at,
            origin=str(self._address),
        )  # fmt: skip
