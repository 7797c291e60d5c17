"""The queue in one SQLite file: for all processes of one machine.

Enters: submissions and claims. Leaves: entries, durable when a method returns. Every change is one
`BEGIN IMMEDIATE` transaction, so that two processes never decide on the same state; a connection lives for one call.
The rollback journal is used because SQLite before 3.51.3 can corrupt a WAL file that has several connections.
"""

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from leaderboard.errors import LeaseLost, QueueError, UnknownSubmission
from leaderboard.records import STATES, Progress, QueueEntry, State, Submission

from . import queue
from .queue import Claim, Clock, HasResult, Publish, RetryPolicy

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE submissions (
            key TEXT PRIMARY KEY NOT NULL,
            place INTEGER NOT NULL UNIQUE,
            state TEXT NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'FINISHED', 'FAILED')),
            token INTEGER NOT NULL DEFAULT 0,
            worker TEXT,
            lease_until TEXT,
            not_before TEXT,
            updated_at TEXT NOT NULL,
            entry TEXT NOT NULL
        )""",
        "CREATE INDEX submissions_by_state ON submissions (state, place)",
    ),
)
"""Statements that lead from version n of the file to n + 1; never change one that was released, add one."""

BUSY_SECONDS = 60.0
_LAST_PLACE = "(SELECT COALESCE(MAX(place), 0) + 1 FROM submissions)"


class SqliteQueue:
    """A `WorkQueue` in the file `path`, which is created when missing.

    `clock` gives aware UTC; `rng` spreads the waits of retries. Raises QueueError when the file cannot be used.
    """

    owned = "key = :key AND token = :token AND state = 'RUNNING'"
    """Which row a claim may still change: the fence."""

    def __init__(
        self, path: Path, *, clock: Clock, lease_seconds: float, retry: RetryPolicy, rng: random.Random
    ) -> None:
        self._path = path
        self._clock = clock
        self._lease = timedelta(seconds=lease_seconds)
        self._retry = retry
        self._rng = rng
        path.parent.mkdir(parents=True, exist_ok=True)
        self._migrate()

    def add(self, submission: Submission) -> QueueEntry:
        """Store a submission durably; the existing entry, unchanged, when its key is known (also a FAILED one)."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO submissions (key, place, state, updated_at, entry)"  # noqa: S608
                f" VALUES (:key, {_LAST_PLACE}, :state, :updated_at, :entry) ON CONFLICT (key) DO NOTHING",
                _columns(queue.accepted(submission, self._clock())),
            )
            return self._positioned(db, _require(db, submission.key))

    def get(self, key: str) -> QueueEntry | None:
        """The entry with that key, or None."""
        with self._reading() as db:
            entry = _find(db, key)
            return None if entry is None else self._positioned(db, entry)

    def entries(self, *, states: Sequence[State] | None = None, limit: int = 200) -> list[QueueEntry]:
        """RUNNING, then PENDING by position, then the others by newest change; at most `limit`."""
        wanted = tuple(STATES if states is None else states)
        marks = ", ".join("?" * len(wanted))
        with self._reading() as db:
            rows = db.execute(
                f"SELECT entry FROM submissions WHERE state IN ({marks})"  # noqa: S608
                " ORDER BY CASE state WHEN 'RUNNING' THEN 0 WHEN 'PENDING' THEN 1 ELSE 2 END,"
                " CASE state WHEN 'PENDING' THEN place END, updated_at DESC, place DESC LIMIT ?",
                (*wanted, limit),
            ).fetchall()
        entries = [_read(row) for row in rows]
        pending = iter(range(1, len(entries) + 1))
        return [e.model_copy(update={"position": next(pending)}) if e.state == "PENDING" else e for e in entries]

    def counts(self) -> dict[State, int]:
        """Number of entries in every state."""
        with self._reading() as db:
            found = dict(db.execute("SELECT state, COUNT(*) FROM submissions GROUP BY state").fetchall())
        return {state: int(found.get(state, 0)) for state in STATES}

    def retry(self, key: str) -> QueueEntry:
        """Put a FAILED entry back to PENDING, at the end of the line and with its attempts reset."""
        with self._transaction() as db:
            entry = queue.retried(_require(db, key), self._clock())
            self._store(db, entry, "key = :key", {})
            db.execute(f"UPDATE submissions SET place = {_LAST_PLACE} WHERE key = ?", (key,))  # noqa: S608
            return self._positioned(db, entry)

    def claim(self, worker: str) -> Claim | None:
        """See `WorkQueue.claim`."""
        with self._transaction() as db:
            now = self._clock()
            row = db.execute(
                "SELECT entry, token FROM submissions WHERE state = 'PENDING'"
                " AND (not_before IS NULL OR not_before <= ?) ORDER BY place LIMIT 1",
                (_text(now),),
            ).fetchone()
            if row is None:
                return None
            entry, token, until = queue.claimed(_read(row), worker, now), int(row[1]) + 1, now + self._lease
            self._store(db, entry, "key = :key", {}, token=token, lease_until=_text(until))
        return Claim(submission=entry.submission, worker=worker, token=token, attempt=entry.attempts, lease_until=until)

    def heartbeat(self, claim: Claim, progress: Progress | None) -> Claim:
        """See `WorkQueue.heartbeat`."""
        with self._transaction() as db:
            now = self._clock()
            until = now + self._lease
            entry = queue.advanced(self._owned(db, claim), progress, now)
            self._store(db, entry, self.owned, {"token": claim.token}, lease_until=_text(until))
        return claim.model_copy(update={"lease_until": until})

    def finish(self, claim: Claim, publish: Publish) -> QueueEntry:
        """See `WorkQueue.finish`; `publish` runs while the file is locked, so nobody can take the claim meanwhile."""
        with self._transaction() as db:
            now = self._clock()
            entry = queue.finished(self._owned(db, claim, now), now)
            self._store(db, entry, self.owned, {"token": claim.token}, lease_until=None)
            publish(entry)
            return entry

    def fail(self, claim: Claim, *, reason: str, log_tail: str, permanent: bool, final: bool = False) -> QueueEntry:
        """See `WorkQueue.fail`."""
        return self._end(
            claim,
            lambda entry, now: queue.failed(
                entry, reason=reason, log_tail=log_tail, permanent=permanent, now=now,
                wait=self._retry.wait(entry.attempts, self._rng), max_attempts=self._retry.max_attempts, final=final,
            ),
        )  # fmt: skip

    def release(self, claim: Claim) -> QueueEntry:
        """See `WorkQueue.release`."""
        return self._end(claim, queue.released)

    def recover(self, *, has_result: HasResult, worker: str | None = None) -> list[QueueEntry]:
        """See `WorkQueue.recover`."""
        condition = "state = 'RUNNING' AND (lease_until < ? OR worker = ?)"
        with self._reading() as db:  # the usual answer is "none": do not take the write lock for it
            if db.execute(f"SELECT 1 FROM submissions WHERE {condition}", self._gone(worker)).fetchone() is None:  # noqa: S608
                return []
        with self._transaction() as db:
            rows = db.execute(f"SELECT entry FROM submissions WHERE {condition} ORDER BY place", self._gone(worker))  # noqa: S608
            changed = [self._recovered(_read(row), has_result) for row in rows.fetchall()]
            for entry in changed:
                self._store(db, entry, "key = :key", {}, lease_until=None)
            return [self._positioned(db, entry) for entry in changed]

    def _gone(self, worker: str | None) -> tuple[str, str | None]:
        return _text(self._clock()), worker

    def _recovered(self, entry: QueueEntry, has_result: HasResult) -> QueueEntry:
        now = self._clock()
        if has_result(entry.submission):
            return queue.finished(entry, now)
        wait = self._retry.wait(entry.attempts, self._rng)
        return queue.abandoned(entry, now=now, wait=wait, max_attempts=self._retry.max_attempts)

    def _end(self, claim: Claim, transition: Callable[[QueueEntry, datetime], QueueEntry]) -> QueueEntry:
        with self._transaction() as db:
            entry = transition(self._owned(db, claim), self._clock())
            self._store(db, entry, self.owned, {"token": claim.token}, lease_until=None)
            return self._positioned(db, entry)

    def _owned(self, db: sqlite3.Connection, claim: Claim, now: datetime | None = None) -> QueueEntry:
        """The entry a claim owns; with `now` its lease must not have run out either."""
        row = db.execute(
            f"SELECT entry FROM submissions WHERE {self.owned} AND (:now IS NULL OR lease_until >= :now)",  # noqa: S608
            {"key": claim.key, "token": claim.token, "now": None if now is None else _text(now)},
        ).fetchone()
        if row is None:
            raise LeaseLost(
                f"Worker {claim.worker} no longer owns submission {claim.key} (token {claim.token}): its lease ran out "
                "or somebody else took over; nothing was written. Drop the work and claim again."
            )
        return _read(row)

    def _store(
        self, db: sqlite3.Connection, entry: QueueEntry, where: str, bound: dict[str, object], **extra: object
    ) -> None:
        columns = {**_columns(entry), **extra}
        sets = ", ".join(f"{name} = :{name}" for name in columns if name not in {"key", *bound})
        db.execute(f"UPDATE submissions SET {sets} WHERE {where}", {**columns, **bound})  # noqa: S608

    def _positioned(self, db: sqlite3.Connection, entry: QueueEntry) -> QueueEntry:
        if entry.state != "PENDING":
            return entry
        (ahead,) = db.execute(
            "SELECT COUNT(*) FROM submissions WHERE state = 'PENDING'"
            " AND place <= (SELECT place FROM submissions WHERE key = ?)",
            (entry.key,),
        ).fetchone()
        return entry.model_copy(update={"position": ahead})

    def _migrate(self) -> None:
        with self._transaction() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > len(MIGRATIONS):
                raise QueueError(
                    f"The queue {self._path} has version {version}; this program knows versions up to "
                    f"{len(MIGRATIONS)}. Update the program, or choose another LEADERBOARD_STATE."
                )
            for statement in (s for step in MIGRATIONS[version:] for s in step):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as db:
                yield db
        except sqlite3.Error as error:
            raise QueueError(
                f"The queue {self._path} cannot be used: {error}. Check that its folder is writable, the disk is "
                "not full and the file is a queue of this program."
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as db:
            # EXTRA also syncs the folder once the journal is gone: a power cut cannot undo a receipt already shown.
            db.execute("PRAGMA synchronous = EXTRA")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")


def _columns(entry: QueueEntry) -> dict[str, object]:
    return {
        "key": entry.key,
        "state": entry.state,
        "worker": entry.worker,
        "not_before": None if entry.not_before is None else _text(entry.not_before),
        "updated_at": _text(entry.updated_at),
        "entry": entry.model_dump_json(exclude={"position"}),
    }


def _text(time: datetime) -> str:
    """A time whose text sorts like the time: all have one offset (UTC) and one length."""
    return time.isoformat(timespec="microseconds")


def _read(row: Sequence[str]) -> QueueEntry:
    return QueueEntry.model_validate_json(row[0])


def _find(db: sqlite3.Connection, key: str) -> QueueEntry | None:
    row = db.execute("SELECT entry FROM submissions WHERE key = ?", (key,)).fetchone()
    return None if row is None else _read(row)


def _require(db: sqlite3.Connection, key: str) -> QueueEntry:
    entry = _find(db, key)
    if entry is None:
        raise UnknownSubmission(f"No submission has the key {key!r}; `python -m eval_queue status` lists the keys.")
    return entry
