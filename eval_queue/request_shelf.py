"""The request files of a store, read again only when they changed.

Enters: a store. Leaves: requests by key. A file that cannot be read as a request is left out and logged once, never
fatal: other programs may write to the same store.
"""

import logging
import threading
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import ValidationError

from leaderboard.errors import NotFound
from leaderboard.records import Submission, request_path
from leaderboard.stores import Store

from .queue import Clock
from .request import Request

FOLDER = "requests"
_log = logging.getLogger(__name__)


class Listing(NamedTuple):
    """Requests by key, and the etag each was read with: what a compare-and-swap must expect."""

    requests: dict[str, Request]
    etags: dict[str, str]


class RequestShelf:
    """All requests of a store; safe to use from several threads."""

    def __init__(self, store: Store, *, clock: Clock, look_again: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._look_again = look_again
        self._known: dict[str, tuple[str, Request | None]] = {}
        self._looked_at: datetime | None = None
        self._lock = threading.RLock()

    def fresh(self) -> Listing:
        """The requests as they are now.

        Raises StoreUnavailable.
        """
        now = self._clock()
        listed = self._store.list(FOLDER)
        with self._lock:
            known = dict(self._known)
        found = {path: known[path] for path, etag in listed.items() if path in known and known[path][0] == etag}
        for path in listed.keys() - found.keys():
            try:
                data, etag = self._store.read(path)
            except NotFound:  # deleted since it was listed
                continue
            found[path] = (etag, self._parse(path, data))
        with self._lock:
            self._known, self._looked_at = found, now
            return self._listing()

    def recent(self) -> Listing:
        """The requests, at most `look_again` old.

        Raises StoreUnavailable.
        """
        with self._lock:
            if self._looked_at is not None and self._clock() - self._looked_at < self._look_again:
                return self._listing()
        return self.fresh()

    def read(self, submission: Submission) -> tuple[Request | None, str | None]:
        """The request of a submission and its etag as they are now; None and None when there is none.

        Raises StoreUnavailable.
        """
        path = request_path(submission)
        try:
            data, etag = self._store.read(path)
        except NotFound:
            return None, None
        request = self._parse(path, data)
        with self._lock:
            self._known[path] = (etag, request)
        return request, etag

    def put(self, path: str, etag: str, request: Request) -> None:
        """Remember what was just written."""
        with self._lock:
            self._known[path] = (etag, request)

    def forget(self, path: str) -> None:
        """Read this file again next time."""
        with self._lock:
            self._known.pop(path, None)
            self._looked_at = None

    def _listing(self) -> Listing:
        good = [(etag, request) for etag, request in self._known.values() if request is not None]
        return Listing({request.key: request for _, request in good}, {request.key: etag for etag, request in good})

    def _parse(self, path: str, data: bytes) -> Request | None:
        try:
            request = Request.model_validate_json(data)
        except ValidationError as error:
            _log.warning("%s is left out: it is no request (%d problems)", path, error.error_count())
            return None
        if request_path(request.submission) != path:
            _log.warning("%s is left out: it describes %s", path, request_path(request.submission))
            return None
        return request
