"""Stores: files under forward-slash paths with compare-and-swap, in memory or in a folder.

Enters and leaves: bytes. An etag names content: equal bytes at a path have equal etags. A path is one or more
ASCII segments that start with a letter, digit or underscore, so nothing can lie outside the store or be hidden.
The same promises on the Hub: `leaderboard.hub_store`.
"""

import contextlib
import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from filelock import FileLock, Timeout

from leaderboard.errors import Conflict, NotFound, StoreError, StoreUnavailable

PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,199}){0,9}")
LOCK_SECONDS = 30.0


class Stored(NamedTuple):
    """What lies at a path and the etag to pass as `expected` when replacing it."""

    data: bytes
    etag: str


class Store(Protocol):
    """Files with compare-and-swap."""

    def list(self, prefix: str = "") -> dict[str, str]:
        """Path to etag of every file whose path is `prefix` or lies in the folder `prefix`; all for ''.

        Raises StoreUnavailable.
        """
        ...

    def read(self, path: str) -> Stored:
        """Content and etag of a file.

        Raises NotFound or StoreUnavailable.
        """
        ...

    def write(
        self,
        changes: Mapping[str, bytes | None],
        *,
        expected: Mapping[str, str | None] | None = None,
        message: str = "",
    ) -> dict[str, str]:
        """Replace files (None deletes) if every path in `expected` still has that etag (None: must not exist).

        Returns the new etag of every file written. Raises Conflict, with nothing changed, when an expectation
        fails; StoreUnavailable when the outcome is a failure or unknown: read before trying again.
        """
        ...


def check_path(path: str) -> str:
    """The path itself.

    Raises StoreError when it could lead out of a store or hide in it.
    """
    if not PATH.fullmatch(path):
        raise StoreError(
            f"Store path {path[:80]!r} is not allowed; expected ASCII segments that start with a letter, digit or "
            "underscore, separated by single slashes."
        )
    return path


def check_prefix(prefix: str) -> str:
    """The prefix without its last slash; '' stands for the whole store.

    Raises StoreError as `check_path` does.
    """
    return check_path(prefix.removesuffix("/")) if prefix else ""


def content_etag(data: bytes) -> str:
    """Etag of a content: SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def is_inside(path: str, prefix: str) -> bool:
    """Whether a path is `prefix` or lies in the folder of that name."""
    return not prefix or path == prefix or path.startswith(f"{prefix}/")


def require(expected: Mapping[str, str | None], current: Mapping[str, str]) -> None:
    """Raise Conflict unless every expected etag is the current one."""
    for path, etag in expected.items():
        if current.get(path) != etag:
            wanted = "no file" if etag is None else f"etag {etag[:12]}"
            found = f"etag {current[path][:12]}" if path in current else "no file"
            raise Conflict(f"{path}: expected {wanted}, found {found}; somebody else wrote first, read it again.")


class MemoryStore:
    """A store in this process, for tests and demonstrations."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def list(self, prefix: str = "") -> dict[str, str]:
        """See `Store.list`."""
        folder = check_prefix(prefix)
        with self._lock:
            return {path: content_etag(data) for path, data in sorted(self._files.items()) if is_inside(path, folder)}

    def read(self, path: str) -> Stored:
        """See `Store.read`."""
        with self._lock:
            data = self._files.get(check_path(path))
        if data is None:
            raise NotFound(f"{path}: no such file in this store.")
        return Stored(data, content_etag(data))

    def write(
        self,
        changes: Mapping[str, bytes | None],
        *,
        expected: Mapping[str, str | None] | None = None,
        message: str = "",
    ) -> dict[str, str]:
        """See `Store.write`; `message` is not kept."""
        del message
        paths = {check_path(path) for path in (*changes, *(expected or {}))}
        with self._lock:
            current = {path: content_etag(self._files[path]) for path in paths if path in self._files}
            require(expected or {}, current)
            for path, data in changes.items():
                if data is None:
                    self._files.pop(path, None)
                else:
                    self._files[path] = data
        return {path: content_etag(data) for path, data in changes.items() if data is not None}


class LocalStore:
    """A store in a folder, shared by any number of processes of one machine.

    Every file is replaced whole: after a kill or a full disk it has its old or its new content. Several files of one
    write are replaced in the order of `changes`; a kill in between leaves the first ones new, so the file that makes
    the others count belongs last. Deletions come after all replacements.
    """

    def __init__(self, root: Path, *, lock_seconds: float = LOCK_SECONDS) -> None:
        self.root = root
        self._lock_seconds = lock_seconds

    def list(self, prefix: str = "") -> dict[str, str]:
        """See `Store.list`; symbolic links and names that are no store paths are left out."""
        start = self._locate(check_prefix(prefix)) if prefix else self.root
        found: dict[str, str] = {}
        for path in self._walk(start):
            name = path.relative_to(self.root).as_posix()
            if PATH.fullmatch(name):
                with contextlib.suppress(FileNotFoundError):  # deleted since it was listed
                    found[name] = content_etag(path.read_bytes())
        return dict(sorted(found.items()))

    def _walk(self, start: Path) -> Iterator[Path]:
        if start.is_file() and not start.is_symlink():
            yield start
        for folder, _, names in os.walk(start, followlinks=False):
            for name in names:
                path = Path(folder, name)
                if not path.is_symlink() and path.is_file():
                    yield path

    def read(self, path: str) -> Stored:
        """See `Store.read`."""
        try:
            data = self._locate(path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFound(f"{path}: no such file in {self.root}.") from error
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be read from {self.root}: {error.strerror}.") from error
        return Stored(data, content_etag(data))

    def write(
        self,
        changes: Mapping[str, bytes | None],
        *,
        expected: Mapping[str, str | None] | None = None,
        message: str = "",
    ) -> dict[str, str]:
        """See `Store.write`; `message` is not kept."""
        del message
        targets = {path: self._locate(path) for path in (*changes, *(expected or {}))}
        try:
            with self._locked():
                require(expected or {}, self._etags(expected or {}))
                self._replace({targets[path]: data for path, data in changes.items()})
        except OSError as error:
            raise StoreUnavailable(f"{self.root} cannot be written: {error.strerror or error}.") from error
        return {path: content_etag(data) for path, data in changes.items() if data is not None}

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.root / ".lock", timeout=self._lock_seconds):
                yield
        except Timeout as error:
            raise StoreUnavailable(
                f"{self.root} stayed locked for {self._lock_seconds:g} s; another process is writing, try again."
            ) from error

    def _etags(self, paths: Mapping[str, object]) -> dict[str, str]:
        found = {}
        for path in paths:
            with contextlib.suppress(NotFound):
                found[path] = self.read(path).etag
        return found

    def _replace(self, changes: Mapping[Path, bytes | None]) -> None:
        """All new contents reach the disk before the first file is replaced."""
        staged: dict[Path, Path] = {}
        try:
            for target, data in changes.items():
                if data is not None:
                    staged[target] = stage(target, data)
            for target in list(staged):
                staged[target].replace(target)
                del staged[target]
        finally:
            for leftover in staged.values():
                leftover.unlink(missing_ok=True)
        for target in (path for path, data in changes.items() if data is None):
            target.unlink(missing_ok=True)
        for folder in {target.parent for target in changes if target.parent.is_dir()}:
            sync_folder(folder)

    def _locate(self, path: str) -> Path:
        """The file's place in the folder.

        Raises StoreError for a path that is not allowed or leads through a symbolic link.
        """
        target = self.root
        for segment in check_path(path).split("/"):
            target = target / segment
            if target.is_symlink():
                raise StoreError(f"{path} leads through the symbolic link {target}; stores do not follow links.")
        return target


def stage(target: Path, data: bytes) -> Path:
    """A hidden file beside `target` that holds `data` on the disk, ready to be renamed over it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_file(target: Path, data: bytes) -> None:
    """Replace one file so that after a kill it has its old or its new content, never a mixture."""
    staged = stage(target, data)
    try:
        staged.replace(target)
    except OSError:
        staged.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
