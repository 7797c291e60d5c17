"""`python -m benchmarks table [--rounds 7]`: measure, write benchmarks/README.md; exit 1 when a target is missed."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
from playwright.sync_api import Browser

from benchmarks.table.browser import Measured, chromium, measure
from benchmarks.table.real_app import measure_app
from benchmarks.table.report import write_report
from benchmarks.table.rows import expectations, write_rows
from benchmarks.table.servers import Server, contender, peer_python
from leaderboard.settings import ROOT

README = ROOT / "benchmarks" / "README.md"


def commands() -> dict[str, list[str]]:
    """How to start each contender, the port and the rows to follow."""
    return {
        "ours": [sys.executable, "-m", "benchmarks.table.serve_ours"],
        "dataframe": [sys.executable, "-m", "benchmarks.table.serve_dataframe"],
        "leaderboard": [str(peer_python()), "benchmarks/table/serve_peer.py"],
    }


def compare(browser: Browser, folder: Path, rounds: int) -> dict[str, list[Measured]]:
    """The visits of every contender, who take turns; a first visit each only warms the servers."""
    rows = write_rows(folder)
    expected = expectations(pd.read_csv(rows))
    visits: dict[str, list[Measured]] = {}
    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for kind, command in commands().items():
            servers[kind] = stack.enter_context(contender(command, rows, folder / f"{kind}.log"))
            measure(browser, kind, servers[kind].address, expected)
        for number in range(rounds):
            for kind, server in servers.items():
                visits.setdefault(kind, []).append(measure(browser, kind, server.address, expected))
                sys.stderr.write(f"{number + 1}/{rounds} {kind}: {visits[kind][-1]}\n")
    return visits


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks table", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="visits to each contender, at least 5")
    rounds = max(5, parser.parse_args(arguments).rounds)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        app = measure_app(browser, Path(folder), rounds)
        visits = compare(browser, Path(folder), rounds)
    text, met = write_report(visits, app)
    README.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
