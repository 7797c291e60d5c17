"""Starting the contenders and the real app as processes of their own."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leaderboard.settings import ROOT

PEERS = ROOT / "benchmarks" / ".venvs"
PEER_PACKAGES = ("gradio_leaderboard==0.0.14", "gradio==5.50.0", "huggingface_hub<2", "pandas<3")
PATIENCE = 90.0


@dataclass(frozen=True)
class Server:
    """A running server."""

    address: str
    pid: int


def peer_python() -> Path:
    """Python of the environment that holds gradio_leaderboard; made on first use."""
    folder = PEERS / "gradio_leaderboard"
    python = folder / "bin" / "python"
    if not (folder / ".installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER_PACKAGES], check=True)
        (folder / ".installed").touch()
    return python


@contextmanager
def contender(command: Sequence[str], rows: Path, log: Path) -> Iterator[Server]:
    """A contender that shows the rows."""
    port = free_port()
    with process([*command, str(port), str(rows)], port, log, {}) as running:
        yield running


@contextmanager
def real_app(state: Path) -> Iterator[Server]:
    """The app of this project on the embedded data, without an evaluator."""
    port = free_port()
    variables = {
        "LEADERBOARD_STATE": str(state), "LEADERBOARD_PORT": str(port), "LEADERBOARD_EVALUATOR": "off",
    }  # fmt: skip
    with process([sys.executable, "app.py"], port, state / "app.log", variables) as running:
        yield running


@contextmanager
def process(command: Sequence[str], port: int, log: Path, variables: Mapping[str, str]) -> Iterator[Server]:
    """A server on a port of this machine, from its first answer until the end of the block."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "GRADIO_ANALYTICS_ENABLED": "False",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))), "HF_HUB_OFFLINE": "1", **variables,
    }  # fmt: skip
    with log.open("wb") as output:
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        address = f"http://127.0.0.1:{port}/"
        _wait(address, running, log)
        yield Server(address, running.pid)
    finally:
        running.terminate()
        running.wait(timeout=30)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: str, running: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and running.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).read()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"{running.args} does not answer on {address}:\n{log.read_text()[-3000:]}")
