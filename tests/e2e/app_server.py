"""The real app as a process of its own, on a free port, with a state folder that is thrown away."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def app_environment(state: Path, port: int, **variables: str) -> dict[str, str]:
    """Variables of an app with nothing of the machine's own; the Hub is out of reach unless a test names one."""
    return {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "HF_ENDPOINT": "http://127.0.0.1:9",
        "LEADERBOARD_STATE": str(state), "LEADERBOARD_PORT": str(port), "LEADERBOARD_POLL_SECONDS": "0.5", **variables,
    }  # fmt: skip


@contextmanager
def running_app(state: Path, **variables: str) -> Iterator[str]:
    """The address of a running app; it is stopped at the end and must then end by itself."""
    port = free_port()
    environment = app_environment(state, port, **variables)
    log = state / "app.log"
    state.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=output, stderr=output)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=120)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"The app ended with {process.returncode}:\n{log.read_text()[-3000:]}")
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=2).read()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The app did not answer within {PATIENCE} s:\n{log.read_text()[-3000:]}")
