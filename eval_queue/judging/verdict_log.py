"""Every reply of a judge, kept before it is used: a call that was answered is never made, nor paid, again.

Layout: one JSON object a line, {"key": SHA-256 of the request, "at": seconds since 1970, "reply": JudgeReply}. Lines
are written at once and synced to the disk in the background, many together: a slow disk does not slow a fast judge.
"""

import asyncio
import json
import logging
import os
import time
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from filelock import FileLock, Timeout
from pydantic import ValidationError

from leaderboard.errors import TransientFailure

from .judge import JudgeReply

_log = logging.getLogger(__name__)


class VerdictLog:
    """The log in one file, held by one process at a time; use it with `with`.

    Raises TransientFailure when another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path.with_suffix(".lock"))
        self._replies: dict[str, JudgeReply] = {}
        self._is_synced = True
        self._syncing: asyncio.Task[None] | None = None
        self._file: BinaryIO

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise TransientFailure(f"Another process is judging into {self._path.name}; it is tried again.") from None
        self._file = self._path.open("a+b")
        self._read()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._lock.release()

    def __len__(self) -> int:
        return len(self._replies)

    def get(self, key: str) -> JudgeReply | None:
        """The reply to a request, or None."""
        return self._replies.get(key)

    async def add(self, key: str, reply: JudgeReply) -> None:
        """Keep a reply: the end of this process cannot lose it once this returns, that of the machine after `settle`.

        Raises TransientFailure when it cannot be written.
        """
        line = json.dumps({"key": key, "at": round(time.time(), 3), "reply": reply.model_dump()}) + "\n"
        try:
            self._file.write(line.encode())
            self._file.flush()
        except OSError as error:
            raise TransientFailure(f"The verdicts could not be written: {error.strerror}.") from error
        self._replies[key] = reply
        self._is_synced = False
        if self._syncing is None or self._syncing.done():
            self._syncing = asyncio.create_task(self._sync())

    async def settle(self) -> None:
        """Return when all replies are on the disk. Raises TransientFailure when it does not take them."""
        if self._syncing is not None:
            try:
                await self._syncing
            except OSError as error:
                raise TransientFailure(f"The verdicts could not be written: {error.strerror}.") from error

    async def _sync(self) -> None:
        while not self._is_synced:
            self._is_synced = True
            await asyncio.to_thread(os.fsync, self._file.fileno())

    def _read(self) -> None:
        """Read all whole lines; what a kill left of a last one is cut off."""
        self._file.seek(0)
        end = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            try:
                entry = json.loads(line)
                self._replies[str(entry["key"])] = JudgeReply.model_validate(entry["reply"])
            except (ValueError, KeyError, TypeError, ValidationError) as error:
                _log.warning(
                    "a line of %s is no verdict, its call is made again: %s", self._path.name, str(error)[:200]
                )
        self._file.truncate(end)
        self._file.seek(end)
