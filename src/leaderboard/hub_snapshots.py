"""Snapshots of a Hub dataset repository on disk: each one commit, complete or not there at all.

Enters: a commit. Leaves: a folder with its data files. Files that an earlier snapshot holds with the same content are
linked, the others are fetched and compared with the hash that the Hub lists. A snapshot gets its name by one rename.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from huggingface_hub import HfApi
from huggingface_hub.hf_api import RepoFile

from leaderboard.errors import StoreError
from leaderboard.hub_client import PINNED, HubAddress
from leaderboard.stores import PATH, sync_folder, write_file

DATA_SUFFIXES = (".parquet", ".json", ".jsonl", ".csv", ".md", ".yaml", ".yml")
MANIFEST = ".snapshot.json"
LOCK_SECONDS = 600.0
PARALLEL = 8
CHUNK = 1 << 20
PARTIAL = re.compile(r"\.partial-[0-9a-f]+")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A complete snapshot: `files` maps path to the hash of its content."""

    folder: Path
    revision: str
    as_of: datetime
    confirmed_at: datetime
    files: dict[str, str]


class SnapshotShelf:
    """The snapshots of one repository below `root`, shared by the processes of one machine."""

    def __init__(self, root: Path, address: HubAddress, api: HfApi, *, timeout: float) -> None:
        branch = f"@{address.revision}" if address.revision and not address.is_pinned else ""
        name = address.repo.replace("/", "--") + branch.replace("/", "--")
        self.folder = root / name
        self._repo = address.repo
        self._only = address.revision if address.is_pinned else None
        self._api = api
        self._timeout = timeout

    def newest(self) -> Kept | None:
        """The complete snapshot that was last known to be the newest; of a pinned revision only that one."""
        if not self.folder.is_dir():
            return None
        names = [path.name for path in self.folder.iterdir() if PINNED.fullmatch(path.name)]
        kept = [found for name in names if self._only in (None, name) and (found := self.read(name))]
        return max(kept, key=lambda found: found.confirmed_at, default=None)

    def read(self, revision: str) -> Kept | None:
        """The snapshot of a commit, None when it is not kept."""
        manifest = self.folder / revision / MANIFEST
        try:
            known = json.loads(manifest.read_text())
            return Kept(
                folder=manifest.parent, revision=revision, as_of=datetime.fromisoformat(known["as_of"]),
                confirmed_at=datetime.fromtimestamp(manifest.stat().st_mtime, UTC), files=dict(known["files"]),
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def confirm(self, revision: str, now: datetime) -> None:
        """Note that a commit is the newest one now."""
        with contextlib.suppress(FileNotFoundError):  # pruned by another process
            os.utime(self.folder / revision / MANIFEST, (now.timestamp(), now.timestamp()))

    def fetch(self, revision: str, *, as_of: datetime, keep: str | None) -> Kept:
        """The snapshot of a commit, from the disk or else from the Hub.

        Afterwards only it and the commit `keep`, which readers may still hold, are left on the disk. Raises what
        huggingface_hub raises, and StoreError when the Hub's files are not what it lists.
        """
        if not PINNED.fullmatch(revision):
            raise StoreError(f"The Hub names {revision[:60]!r} as commit of {self._repo}; expected 40 hex digits.")
        if kept := self.read(revision):
            return kept
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock", timeout=LOCK_SECONDS):
            if not (kept := self.read(revision)):
                self._clear(PARTIAL)
                kept = self._download(revision, as_of)
            self._clear(PINNED, keep=(revision, keep))
        return kept

    def _download(self, revision: str, as_of: datetime) -> Kept:
        wanted = self._listing(revision)
        partial = self.folder / f".partial-{secrets.token_hex(4)}"
        partial.mkdir()
        earlier = self.newest()
        try:
            with ThreadPoolExecutor(PARALLEL) as pool:
                list(pool.map(lambda file: self._place(file, revision, partial, earlier), wanted.values()))
            shutil.rmtree(partial / ".cache", ignore_errors=True)
            manifest = {"as_of": as_of.isoformat(), "files": {path: hash_of(file) for path, file in wanted.items()}}
            write_file(partial / MANIFEST, json.dumps(manifest).encode())
            target = self.folder / revision
            shutil.rmtree(target, ignore_errors=True)
            partial.rename(target)
            sync_folder(self.folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        kept = self.read(revision)
        if kept is None:
            raise StoreError(f"The snapshot {revision} of {self._repo} cannot be read back from {self.folder}.")
        return kept

    def _listing(self, revision: str) -> dict[str, RepoFile]:
        entries = self._api.list_repo_tree(self._repo, recursive=True, revision=revision, repo_type="dataset")
        files = {entry.path: entry for entry in entries if isinstance(entry, RepoFile)}
        return {path: file for path, file in files.items() if path.endswith(DATA_SUFFIXES) and PATH.fullmatch(path)}

    def _place(self, file: RepoFile, revision: str, partial: Path, earlier: Kept | None) -> None:
        """Put one file into the unfinished snapshot."""
        target = partial / file.path
        if earlier and earlier.files.get(file.path) == hash_of(file):
            target.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OSError):  # no hard links here, or the file is gone: fetch it
                target.hardlink_to(earlier.folder / file.path)
                return
        self._api.hf_hub_download(
            self._repo, file.path, repo_type="dataset", revision=revision, local_dir=partial, etag_timeout=self._timeout
        )
        if content_hash(target, large=file.lfs is not None) != hash_of(file):
            raise StoreError(f"{file.path} of {self._repo} arrived damaged: its hash is not the one the Hub lists.")
        sync_file(target)

    def _clear(self, pattern: re.Pattern[str], *, keep: Container[str | None] = ()) -> None:
        """Remove the folders whose names match."""
        for path in self.folder.iterdir():
            if path.is_dir() and pattern.fullmatch(path.name) and path.name not in keep:
                shutil.rmtree(path, ignore_errors=True)


def hash_of(file: RepoFile) -> str:
    """Hash of a file as the Hub lists it: SHA-256 for large files, else the git blob id."""
    return str(file.lfs.sha256 if file.lfs else file.blob_id)


def sync_file(path: Path) -> None:
    """Make the content of a file durable."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def content_hash(path: Path, *, large: bool) -> str:
    """Hash of a file as `hash_of` gives it."""
    digest = hashlib.sha256() if large else hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
