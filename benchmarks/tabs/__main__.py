"""How long tabs take to open and views to change, in the real app with the embedded data.

    python -m benchmarks tabs [--rounds 5]

Opening: a browser with an empty cache goes to the address of a tab; from navigation to the painted first row, and to
the first plot. The first tab is the yardstick. Changing: every choice that the switches of a tab offer is made once to
warm server and browser, then again; from the choice to the painted rows of the new view. Server and browser share the
machine. Writes benchmarks/tabs/RESULTS.md.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.table.browser import chromium
from benchmarks.table.servers import real_app
from benchmarks.targets import Target
from leaderboard.views.page import BOARDS, TABS

SCRIPT = Path(__file__).with_name("tabs.js")
RESULTS = Path(__file__).with_name("RESULTS.md")
WARM_SECONDS = 20.0
MOST_STEPS = 30
"""Choices tried in a tab; of long lists (days, categories) the first ones."""


def fresh(browser: Browser) -> Page:
    """A page with an empty cache."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(path=SCRIPT)
    return page


def opening(browser: Browser, address: str, board: str) -> tuple[float, float | None]:
    """Milliseconds from navigation to the first row of a tab, and to its first plot."""
    page = fresh(browser)
    page.goto(f"{address}?tab={board}", wait_until="commit")
    rows = float(page.evaluate("(board) => window.tabs.opened(board)", board))
    plot = page.evaluate("(board) => window.tabs.drawn(board)", board)
    page.context.close()
    return rows, None if plot is None else float(plot)


def changing(browser: Browser, address: str, board: str, rounds: int) -> dict[str, float]:
    """Median milliseconds of every choice of a tab, once server and browser are warm."""
    page = fresh(browser)
    page.goto(f"{address}?tab={board}", wait_until="commit")
    page.evaluate("(board) => window.tabs.opened(board)", board)
    done = _walk(page, board)
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, option in done:
            if (spent := _step(page, board, name, option)) is not None:
                times.setdefault(f"{name}: {option}", []).append(spent)
    page.context.close()
    return {choice: statistics.median(spent) for choice, spent in times.items()}


def _walk(page: Page, board: str) -> list[tuple[str, str]]:
    """Every choice that could be made, in an order in which it can be."""
    done: list[tuple[str, str]] = []
    tried: set[tuple[str, str]] = set()
    while len(done) < MOST_STEPS:
        offered = [tuple(step) for step in page.evaluate("(board) => window.tabs.steps(board)", board)]
        left = next((step for step in offered if step not in tried), None)
        if left is None:
            break
        tried.add(left)
        if _step(page, board, *left) is not None:
            done.append(left)
    return done + done[:1]


def _step(page: Page, board: str, name: str, option: str) -> float | None:
    spent = page.evaluate("([board, name, option]) => window.tabs.step(board, name, option)", [board, name, option])
    return None if spent is None else float(spent)


def report(
    opened: dict[str, float], drawn: dict[str, float | None], changed: dict[str, dict[str, float]], rounds: int
) -> tuple[str, bool]:
    """The page, and whether every target was met."""
    yardstick = opened[BOARDS[0]]
    worst = {
        board: max(((ms, choice) for choice, ms in times.items()), default=(0.0, "–"))
        for board, times in changed.items()
    }
    slowest = max(opened, key=lambda board: opened[board])
    found = [
        Target(f"First row of {TABS[slowest]}, the slowest, to the first tab's", opened[slowest] / yardstick, 1.5, "x"),
        Target("Slowest warm change of a view", max(worst.values())[0], 300, " ms"),
    ]  # fmt: skip
    lines = [
        "| tab | first row, ms | ratio | first plot, ms | choices | slowest change, ms | which |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for board in BOARDS:
        plot = "–" if (when := drawn[board]) is None else f"{when:,.0f}"
        spent, which = worst[board]
        cells = [TABS[board], f"{opened[board]:,.0f}", f"{opened[board] / yardstick:.2f}", plot]
        lines.append("| " + " | ".join([*cells, str(len(changed[board])), f"{spent:,.0f}", which]) + " |")
    where = (
        f"Medians of {rounds} rounds; {os.cpu_count()} CPUs; load of the machine at the end {os.getloadavg()[1]:.1f} "
        "(5 minutes)."
    )
    method = (__doc__ or "").partition("Opening:")[2].rpartition(" Writes")[0]
    parts = [
        "# Opening tabs and changing views", "", *lines, "", f"Opening:{method}", "", where, "",
        "| target | measured | limit | |", "|---|---:|---:|---|", *(target.line() for target in found), "",
    ]  # fmt: skip
    return "\n".join(parts), all(target.met for target in found)


def main(arguments: Sequence[str] = ()) -> int:
    """Measure, write and print the results; 0 when the targets are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks tabs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    with tempfile.TemporaryDirectory() as state, chromium() as browser, real_app(Path(state)) as server:
        time.sleep(WARM_SECONDS)
        visits: dict[str, list[tuple[float, float | None]]] = {board: [] for board in BOARDS}
        for _ in range(rounds):
            for board in BOARDS:
                visits[board].append(opening(browser, server.address, board))
        changed = {board: changing(browser, server.address, board, rounds) for board in BOARDS}
    opened = {board: statistics.median(rows for rows, _ in each) for board, each in visits.items()}
    plots = {board: [plot for _, plot in each if plot is not None] for board, each in visits.items()}
    drawn = {board: statistics.median(each) if each else None for board, each in plots.items()}
    text, met = report(opened, drawn, changed, rounds)
    RESULTS.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
