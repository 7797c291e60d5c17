"""A store whose writes can be held back and joined with another write.

Enters: writes made while `staged` is open in the same thread. Leaves: their changes, for one commit with whatever else
must become true at the same moment.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from leaderboard.stores import Store, Stored, check_path, content_etag


class StagingStore:
    """A `Store` that passes everything on, except writes of a thread that has `staged` open."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held = threading.local()

    @contextmanager
    def staged(self) -> Iterator[dict[str, bytes | None]]:
        """Collect the writes of this thread; nothing is written by leaving the block."""
        self._held.changes = {}
        try:
            yield self._held.changes
        finally:
            del self._held.changes

    def list(self, prefix: str = "") -> dict[str, str]:
        """See `Store.list`; what is held back is not there yet."""
        return self._store.list(prefix)

    def read(self, path: str) -> Stored:
        """See `Store.read`; what is held back is not there yet."""
        return self._store.read(path)

    def write(
        self,
        changes: Mapping[str, bytes | None],
        *,
        expected: Mapping[str, str | None] | None = None,
        message: str = "",
    ) -> dict[str, str]:
        """See `Store.write`; while held back, expectations cannot be checked.

        Raises ValueError for held-back writes with expectations.
        """
        held: dict[str, bytes | None] | None = getattr(self._held, "changes", None)
        if held is None:
            return self._store.write(changes, expected=expected, message=message)
        if expected:
            raise ValueError(f"Expectations about {sorted(expected)[:3]} cannot be held back; write unconditionally.")
        held.update({check_path(path): data for path, data in changes.items()})
        return {path: content_etag(data) for path, data in changes.items() if data is not None}
