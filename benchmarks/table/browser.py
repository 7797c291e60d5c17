"""Measuring one page in headless Chromium."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.table.rows import TASK, TERM, Expected

ACTIONS = Path(__file__).with_name("actions.js")
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
SETTLE_MS = 1_500


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One visit: kB on the wire, milliseconds, MB of JavaScript heap after a garbage collection."""

    wire: float
    first_row: float
    heap: float
    search: float
    filter: float
    sort: float


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; raises RuntimeError where there is none."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        raise RuntimeError(f"No Chromium: looked for {', '.join(NAMES)} in PATH; install it and run this again.")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield running
        running.close()


@contextmanager
def visit(browser: Browser) -> Iterator[tuple[Page, CDPSession]]:
    """A page with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(path=ACTIONS)
    yield page, context.new_cdp_session(page)
    context.close()


def wire_bytes(session: CDPSession) -> list[float]:
    """A list that grows by the bytes of every answer, headers included."""
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    session.send("Network.enable")
    return sizes


def heap_mb(session: CDPSession) -> float:
    """MB of JavaScript heap in use after a garbage collection."""
    session.send("HeapProfiler.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def open_until_rows(page: Page, session: CDPSession, kind: str, address: str, first: str) -> tuple[float, float]:
    """kB on the wire and milliseconds to the painted first row."""
    sizes = wire_bytes(session)
    page.goto(address, wait_until="commit")
    started = float(page.evaluate("([kind, first]) => window.bench.started(kind, first)", [kind, first]))
    page.wait_for_load_state("load")
    page.wait_for_timeout(SETTLE_MS)
    return sum(sizes) / 1e3, started


def measure(browser: Browser, kind: str, address: str, expected: Expected) -> Measured:
    """One visit to a contender; every action happens on a page of its own, freshly opened."""
    given = {"term": TERM, "kept": expected.kept_type, "dropped": expected.dropped_type, "task": TASK}
    after = {"search": expected.search, "filter": expected.filter,
             "sort": expected.ascending if kind == "leaderboard" else expected.descending}  # fmt: skip
    times: dict[str, float] = {}
    heap = 0.0
    for action, name in after.items():
        with visit(browser) as (page, session):
            wire, started = open_until_rows(page, session, kind, address, expected.first)
            heap = heap_mb(session)
            call = "([kind, action, given, name]) => window.bench.time(kind, action, given, name)"
            times[action] = float(page.evaluate(call, [kind, action, given, name]))
    return Measured(wire=wire, first_row=started, heap=heap, **times)
