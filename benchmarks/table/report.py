"""The measurements as a page of Markdown, with the targets and whether they were met."""

import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from benchmarks.table.browser import Measured
from benchmarks.table.real_app import AppCost
from benchmarks.targets import Target

TITLES = {
    "ours": "this project's table in a Gradio page", "dataframe": "gr.Dataframe (gradio 6.31.0)",
    "leaderboard": "gradio_leaderboard 0.0.14 (gradio 5.50.0)",
}  # fmt: skip
FIELDS = {
    "wire": "On the wire, kB", "first_row": "First row, ms", "search": "Search, ms", "filter": "Filter, ms",
    "sort": "Sort, ms", "heap": "Heap, MB",
}  # fmt: skip
HEAD = """# Benchmarks

`make bench` (or `python -m benchmarks [NAME]`) measures again; the table's figures are here.
The others: [the evaluator's overhead](overhead/RESULTS.md), [from start to first answer](startup/RESULTS.md),
[the rating engine and its peers](ratings/RESULTS.md), [tabs and switches](tabs/RESULTS.md).

## The table, side by side
"""
METHOD = """
Medians. The same 5,000 rows of 20 columns for all, made by a seeded script; headless Chromium with an empty cache,
1280 x 800, server and browser on the same machine, contenders taking turns. *First row*: from navigation to the
painted first row. *Search, filter, sort*: from the event (the last key or click) to the painted row that must then be
first, each on a freshly opened page; menus are opened before the clock starts, waiting for the next key is included.
*Heap*: JavaScript heap after garbage collections, before any action. *On the wire*: all answers of the first visit with
their headers. gr.Dataframe filters and sorts by its column menu; gradio_leaderboard runs on the last Gradio it accepts.
"""


def medians(visits: Sequence[object], names: Sequence[str]) -> dict[str, float]:
    """The median of each field."""
    return {name: statistics.median(getattr(each, name) for each in visits) for name in names}


def targets(ours: Mapping[str, float], base: Mapping[str, float], app: Mapping[str, float]) -> list[Target]:
    """Every target with what was measured."""
    ratios = [Target(f"{name.capitalize()}, ratio to gr.Dataframe", ours[name] / base[name], 0.2, "x")
              for name in ("search", "filter", "sort")]  # fmt: skip
    times = [Target(f"{name.capitalize()}, time", ours[name], 100, " ms") for name in ("search", "filter", "sort")]
    return [
        Target("First row, ratio to gr.Dataframe", ours["first_row"] / base["first_row"], 0.5, "x"), *ratios, *times,
        Target("JavaScript heap, 5,000 x 20", ours["heap"], 10, " MB"),
        Target("First view of the real board (7,169 rows), on the wire", app["wire"], 500, " kB"),
        Target("Processor time of a warm rows request (200)", app["cpu_full"], 3, " ms"),
        Target("Processor time of a warm rows request (304)", app["cpu_unchanged"], 3, " ms"),
    ]  # fmt: skip


def table(rows: Mapping[str, Mapping[str, float]], write: Callable[[str, str], str]) -> list[str]:
    """A Markdown table, one contender a line."""
    lines = [f"| | {' | '.join(FIELDS.values())} |", f"|---|{'---:|' * len(FIELDS)}"]
    return lines + [f"| {TITLES[kind]} | {' | '.join(write(kind, name) for name in FIELDS)} |" for kind in rows]


def write_report(visits: Mapping[str, Sequence[Measured]], app: Sequence[AppCost]) -> tuple[str, bool]:
    """The page, and whether every target was met."""
    rows = {kind: medians(each, list(FIELDS)) for kind, each in visits.items()}
    cost = medians(app, ["wire", "first_row", "cpu_full", "cpu_unchanged"])
    base = rows["dataframe"]
    found = targets(rows["ours"], base, cost)
    missed = [target.text for target in found if not target.met]
    said = f"Missed: {'; '.join(missed)}." if missed else f"All {len(found)} targets are met."
    where = (
        f"{len(visits['ours'])} visits each, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} CPUs "
        f"({platform.machine()}), Python {platform.python_version()}; load of the machine at the end "
        f"{os.getloadavg()[1]:.1f} (5 minutes)."
    )
    parts = [
        HEAD, *table(rows, lambda kind, name: f"{rows[kind][name]:,.{1 if name == 'heap' else 0}f}"), "",
        "As ratios to gr.Dataframe:", "", *table(rows, lambda kind, name: f"{rows[kind][name] / base[name]:.2f}"),
        METHOD, where, "",
        f"In the real app the first of the 7,169 rows is painted after {cost['first_row']:,.0f} ms.", "",
        "## Targets", "", said, "", "| | Measured | Limit | Met |", "|---|---:|---:|---|",
        *(target.line() for target in found), "",
    ]  # fmt: skip
    return "\n".join(parts), not missed
