"""Which work folders of evaluations are still of use, and how much disk they may take.

Enters: the folder of all work folders, named by the keys of submissions, and a queue. Leaves: fewer folders. One is
kept while its submission is open, and after a failure that a retry may mend: the retry goes on after the tasks that
are done. The end of every log is in the queue, so nothing that is read is lost.
"""

import logging
import shutil
import time
from pathlib import Path

from leaderboard.records import QueueEntry
from leaderboard.submissions import SubmissionQueue

KEEP_SECONDS = 7 * 24 * 3600.0
KEEP_BYTES = 2 << 30
_log = logging.getLogger(__name__)


def clear_up(
    runs: Path, queue: SubmissionQueue, *, keep_seconds: float = KEEP_SECONDS, keep_bytes: int = KEEP_BYTES
) -> None:
    """Delete the folders that are of no more use, then the oldest ones until the rest is small enough.

    Folders of open submissions are never deleted and do not count.
    """
    kept: list[Path] = []
    for folder in (path for path in runs.glob("*/") if not path.is_symlink()):
        entry = queue.get(folder.name)
        if entry is not None and entry.state in ("PENDING", "RUNNING"):
            continue
        if _is_spent(entry) or time.time() - _changed(folder) > keep_seconds:
            delete(folder)
        else:
            kept.append(folder)
    _shrink(kept, keep_bytes)


def delete(folder: Path) -> None:
    """Delete a work folder; one that cannot be deleted is logged and tried again at the next clearing up."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        _log.warning("the work folder %s could not be deleted: %s", folder, error)


def _is_spent(entry: QueueEntry | None) -> bool:
    """Whether no later attempt will use the folder; that of a key nobody knows is left to its age."""
    return entry is not None and (entry.state == "FINISHED" or entry.final)


def _shrink(folders: list[Path], keep_bytes: int) -> None:
    total = 0
    for folder in sorted(folders, key=_changed, reverse=True):
        total += _size(folder)
        if total > keep_bytes:
            delete(folder)


def _changed(folder: Path) -> float:
    return folder.stat().st_mtime


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
