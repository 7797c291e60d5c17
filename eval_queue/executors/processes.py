"""The processes of one evaluation: finding, measuring and ending all of them, also after a crash of the worker.

Every process of an evaluation carries a random mark in its environment, inherited by whatever it starts. Unlike a
process group the mark survives setsid, the death of the first process and the reuse of process numbers. It is written
to the work folder before the first process starts, so that a worker killed at any moment leaves nothing unfindable.
Needs /proc (Linux); elsewhere only the process group is ended and memory is not measured.
"""

import contextlib
import logging
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from leaderboard.stores import write_file

MARK = "LEADERBOARD_RUN"
MARK_FILE = "processes.mark"
_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_log = logging.getLogger(__name__)


def new_mark(folder: Path) -> str:
    """A fresh mark, stored in the work folder."""
    mark = secrets.token_hex(16)
    write_file(folder / MARK_FILE, mark.encode())
    return mark


def end_marked(folder: Path) -> int:
    """End all processes with the mark stored in a work folder and forget it; how many there were."""
    file = folder / MARK_FILE
    try:
        mark = file.read_text("ascii")
    except (FileNotFoundError, UnicodeDecodeError):
        return 0
    ended = _kill_all(mark) if len(mark) == 32 else 0  # a torn file must not match everything
    file.unlink(missing_ok=True)
    if ended:
        _log.warning("ended %d process(es) that an evaluation left behind in %s", ended, folder)
    return ended


def end(process: subprocess.Popen[bytes], folder: Path) -> int:
    """End an evaluation's processes whether or not its first one has ended; that one's exit code."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # not yet reaped, so the number cannot belong to anybody else
    code = process.wait()
    end_marked(folder)
    return code


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process ended; leaves its number reserved, so that its group can still be ended safely."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def resident_bytes(session: int) -> int:
    """Resident memory of all processes of a session; pages shared between them count for each."""
    return sum(_resident(pid) for pid in _pids() if _session(pid) == session)


def _kill_all(mark: str, patience_seconds: float = 5.0) -> int:
    """Kill until none is left: a process may start another one between two looks."""
    seen: set[int] = set()
    deadline = time.monotonic() + patience_seconds
    while (alive := [pid for pid in _pids() if _carries(pid, mark)]) and time.monotonic() < deadline:
        for pid in alive:
            seen.add(pid)
            _kill(pid)
        time.sleep(0.005)
    return len(seen)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _pids() -> Iterator[int]:
    if not _PROC.is_dir():
        return
    own = os.getpid()
    for path in _PROC.iterdir():
        if path.name.isdigit() and int(path.name) != own:
            yield int(path.name)


def _carries(pid: int, mark: str) -> bool:
    environment = _read(pid, "environ")
    return f"{MARK}={mark}".encode() in environment.split(b"\0")


def _session(pid: int) -> int | None:
    # The command name in parentheses may hold anything; the fields after it are fixed: state, parent, group, session.
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[3]) if len(fields) > 3 else None


def _resident(pid: int) -> int:
    fields = _read(pid, "statm").split()
    return int(fields[1]) * _PAGE if len(fields) > 1 else 0


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""
