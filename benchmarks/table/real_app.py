"""What the real app costs: the wire of a first visit, processor time of a warm request for rows."""

import http.client
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from benchmarks.table.browser import SETTLE_MS, visit, wire_bytes
from benchmarks.table.servers import Server, real_app

VIEW = "open_llm_v1"
REQUESTS = 200


@dataclass(frozen=True, kw_only=True)
class AppCost:
    """First view of the 7,169 rows: kB on the wire, ms to the painted first row; ms of processor time a request."""

    wire: float
    first_row: float
    cpu_full: float
    cpu_unchanged: float


def measure_app(browser: Browser, state: Path, rounds: int) -> list[AppCost]:
    """One cost a round, in a fresh visit each."""
    with real_app(state) as server:
        return [_round(browser, server) for _ in range(rounds)]


def _round(browser: Browser, server: Server) -> AppCost:
    with visit(browser) as (page, session):
        sizes = wire_bytes(session)
        page.goto(f"{server.address}?view={VIEW}", wait_until="commit")
        started = page.evaluate(
            """async () => {
              while (!document.querySelector('.lbt-row:not(.lbt-pinned)')) await new Promise(requestAnimationFrame);
              await new Promise(requestAnimationFrame);
              return performance.now();
            }"""
        )
        page.wait_for_load_state("load")
        page.wait_for_timeout(SETTLE_MS)
    tag = _request(server, {})
    return AppCost(
        wire=sum(sizes) / 1e3, first_row=float(started), cpu_full=_cpu_ms(server, {}),
        cpu_unchanged=_cpu_ms(server, {"If-None-Match": tag}),
    )  # fmt: skip


def _cpu_ms(server: Server, headers: dict[str, str]) -> float:
    before = _process_seconds(server.pid)
    for _ in range(REQUESTS):
        _request(server, headers)
    return 1e3 * (_process_seconds(server.pid) - before) / REQUESTS


def _request(server: Server, headers: dict[str, str]) -> str:
    """The ETag of the rows; raises RuntimeError when the answer is not the one the headers call for."""
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc)
    connection.request("GET", f"/table/llm_benchmarks?view={VIEW}", headers={"Accept-Encoding": "gzip", **headers})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    wanted = (304, False) if "If-None-Match" in headers else (200, True)
    if (answer.status, bool(body)) != wanted:
        raise RuntimeError(f"The rows came with status {answer.status} and {len(body)} bytes; expected {wanted[0]}.")
    return answer.getheader("ETag", "")


def _process_seconds(pid: int) -> float:
    """Processor seconds a process has used so far, in user and kernel mode (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
