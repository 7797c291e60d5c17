"""Results on their way into a store, where the boards read them.

Enters: a run's result, its per-question samples and its queue entry. Leaves: one write with samples, request and, last,
the result: once a result is there, everything it points at is there.
"""

import logging
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from leaderboard.errors import NotFound, PermanentFailure
from leaderboard.records import QueueEntry, RunResult, Submission, request_path, result_path, samples_path
from leaderboard.stores import Store

_TASK_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_PARQUET = b"PAR1"
_log = logging.getLogger(__name__)


class Publisher:
    """Writes results to a store and finds them there."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, submission: Submission) -> RunResult | None:
        """The valid result of exactly this submission, or None.

        Raises StoreUnavailable.
        """
        path = result_path(submission)
        try:
            result = RunResult.model_validate_json(self._store.read(path).data)
        except NotFound:
            return None
        except ValidationError as error:
            _log.warning("the result %s is not valid, it will be replaced: %s", path, error)
            return None
        return result if result.key == submission.key else None

    def has(self, submission: Submission) -> bool:
        """Whether `find` finds a result."""
        return self.find(submission) is not None

    def publish(self, result: RunResult, samples: Mapping[str, Path], entry: QueueEntry) -> None:
        """Write a result with the samples of its tasks (task to parquet file) and the finished entry.

        Publishing the same again changes nothing. Raises StoreError; PermanentFailure when a sample is no parquet.
        """
        changes = {samples_path(result.submission, task): _parquet(path) for task, path in samples.items()}
        links = {task: samples_path(result.submission, task) for task in samples}
        changes[request_path(entry.submission)] = entry.model_dump_json(indent=1).encode()
        linked = result.model_copy(update={"samples": links})
        changes[result_path(result.submission)] = linked.model_dump_json(indent=1).encode()
        self._store.write(changes, message=f"Result of {result.submission.model} on {result.submission.suite}")


def collect_samples(result: RunResult, folder: Path) -> dict[str, Path]:
    """Task to its parquet file, for the tasks of a result, and other samples it names, that left one in `folder`."""
    wanted = dict.fromkeys([*(score.task for score in result.tasks), *result.samples])
    names = (name for name in wanted if _TASK_FILE.fullmatch(name))
    found = {name: folder / f"{name}.parquet" for name in names}
    return {name: path for name, path in found.items() if path.is_file() and not path.is_symlink()}


def _parquet(path: Path) -> bytes:
    data = path.read_bytes()
    if not (data.startswith(_PARQUET) and data.endswith(_PARQUET)):
        raise PermanentFailure(f"The samples file {path.name} ({len(data)} bytes) is not a parquet file.")
    return data
