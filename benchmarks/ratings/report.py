"""The findings as a page of Markdown and a figure."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks.ratings.agreement import largest_differences
from benchmarks.ratings.figure import line_chart
from benchmarks.ratings.plan import PEER_ROUNDS, PEERS, ROUNDS, Findings
from benchmarks.ratings.targets import line_through
from benchmarks.targets import Target

TITLES = {
    "numba": "this project, with numba", "numpy": "this project, numpy alone", "evalica": "evalica",
    "choix": "choix (pandas counts for it)", "arena_rank": "arena-rank", "fastchat": "FastChat (PyPI fschat)",
}  # fmt: skip
HEAD = """# Rating engine, side by side

`python -m benchmarks ratings` measures again and rewrites this page and [growth.svg](growth.svg).

Battles are made by a seeded generator (`battles.py`): S1 = 50,000 battles of 20 models, S2 = 1.7 million of 130,
S3 = 5 million of 300; skewed popularity, 30 % ties (both bad included), rare models with about 100 battles, prompts
that shift strengths. Every job runs in a process of its own, in an environment of its own, on one processor with one
thread. **Processor seconds** (user + system, children included) and wall seconds are medians of warm runs: the process
has done the job once before. Memory is the largest resident set up to the end of that first run, libraries included.
A frame is pandas with text columns; reading it is not part of the jobs "from a frame".
"""
ROUNDS_TEXT = f"""
Where a row says *extrapolated*, the contender ran the two numbers of rounds given, and its time for {ROUNDS:,} is the
longer run plus the remaining rounds at the pace between the two. arena-rank's bootstrap forks processes under JAX and
may hang; it runs here with the start method `spawn`. FastChat's wheel has the dense Bradley-Terry of early 2024.
"""


def write_page(found: Findings, targets: Sequence[Target]) -> str:
    """The page."""
    missed = [target.text for target in targets if not target.met]
    said = f"**Missed:** {'; '.join(missed)}." if missed else f"All {len(targets)} targets are met."
    parts = [
        HEAD, machine(), "", "## Targets", "", said, "", "| | Measured | Target | |", "|---|---:|---:|---|",
        *(target.line() for target in targets), "",
        "## Point estimate from a frame", "", *points(found), "",
        f"## {ROUNDS:,} bootstrap rounds from a frame", ROUNDS_TEXT,
        "### Bradley-Terry", "", *bootstraps(found, "bootstrap"), "",
        "### Online Elo, K = 32", "", *bootstraps(found, "elo_bootstrap"), "",
        f"## From parquet to point, interval and {ROUNDS:,} rounds", "", *everything(found), "",
        *growth_lines(found), "## The same ratings?", "",
        "Largest difference of any model's Bradley-Terry rating from ours, Elo points, both centred:", "",
        "| | S1 | S2 | S3 |", "|---|---:|---:|---:|", *agreement(found), "", *failures(found),
        "Versions: " + "; ".join(versions(found)) + ".", "",
    ]  # fmt: skip
    return "\n".join(parts)


def machine() -> str:
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} CPUs ({platform.machine()}), Python "
        f"{platform.python_version()}; load of the machine at the end {loads} (1, 5, 15 minutes). Wall times suffer "
        "from other load, processor times little."
    )


def points(found: Findings) -> list[str]:
    """Point estimates: seconds, ratio to ours, memory."""
    lines = [
        "| | S1, s | S2, s | S3, s | S2, ratio | S2, wall s | S2, peak MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    base = found.jobs.get(("numba", "point", "S2"))
    for name in ("numba", "numpy", *PEERS):
        seconds = [found.jobs.get((name, "point", size)) for size in ("S1", "S2", "S3")]
        middle = seconds[1]
        cells = ["–" if each is None else f"{each.cpu:.3f}" for each in seconds]
        cells += ["–"] * 3 if middle is None or base is None else [
            f"{middle.cpu / base.cpu:.1f}x", f"{middle.wall:.3f}", f"{middle.peak_mb:.0f}"]  # fmt: skip
        lines.append(f"| {TITLES[name]} | {' | '.join(cells)} |")
    pair = [found.jobs.get((name, "sandwich", "S2")) for name in ("numba", "arena_rank")]
    if pair[0] and pair[1]:
        ours, theirs = pair[0].cpu, pair[1].cpu
        said = f"this project {ours:.3f} s, arena-rank {theirs:.2f} s ({theirs / ours:.0f}x)"
        lines += ["", f"With the sandwich interval at S2: {said}."]
    return lines


def bootstraps(found: Findings, job: str) -> list[str]:
    """Seconds of all rounds, measured for us and extrapolated for peers."""
    lines = ["| | S1, s | ratio | S2, s | ratio | rounds run by peers |", "|---|---:|---:|---:|---:|---|"]
    base = {size: found.jobs.get(("numba", job, size)) for size in ("S1", "S2")}
    for name in ("numba", "numpy", *PEERS):
        cells = []
        for size in ("S1", "S2"):
            measured = found.jobs.get((name, job, size)) or found.rounds.get((name, job, size))
            ours = base[size]
            cells += ["–", "–"] if measured is None or ours is None else [
                f"{measured.cpu:,.2f}", f"{measured.cpu / ours.cpu:,.1f}x"]  # fmt: skip
        runs = [f"{at.name}: {few}, {more}" for (who, what, at), (few, more) in PEER_ROUNDS.items()
                if (who, what) == (name, job) and (name, job, at.name) in found.rounds]  # fmt: skip
        if cells != ["–"] * 4:
            lines.append(
                f"| {TITLES[name]} | {' | '.join(cells)} | {'extrapolated; ' + ', '.join(runs) if runs else ''} |"
            )
    return lines


def everything(found: Findings) -> list[str]:
    """Our whole job, and the first run of a process."""
    lines = [
        "| | | processor s | wall s | first run in a process, s | process from its start, s | peak MB |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    titles = {"read": "reading the three columns alone (the floor)", "everything": "", "clustered": "point and "
              "interval clustered by prompt, no rounds"}  # fmt: skip
    for (name, job, size), each in found.jobs.items():
        if name in ("numba", "numpy") and job in titles:
            what = titles[job] or TITLES[name]
            lines.append(f"| {size} | {what} | {each.cpu:.3f} | {each.wall:.3f} | {each.first_cpu:.2f} | "
                         f"{each.process_cpu:.2f} | {each.peak_mb:.0f} |")  # fmt: skip
    cold = found.cold
    if cold:
        lines += [
            "",
            f"numba's cold start: with an empty cache on disk the first run at {cold.size} takes {cold.first_cpu:.1f} "
            "processor seconds, compilation included; with compiled code on disk it is the column *first run*.",
        ]
    return lines


def growth_lines(found: Findings) -> list[str]:
    """Time against number of battles."""
    if not found.growth:
        return []
    lines = [
        "## Time against number of battles",
        "",
        "![Processor seconds against millions of battles](growth.svg)",
        "",
    ]
    lines += [
        "| battles of 300 models | reading, s | point from a frame, s | parquet to everything, s |",
        "|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {n:,} | {each['read'].cpu:.3f} | {each['point'].cpu:.3f} | {each['everything'].cpu:.3f} |"
        for n, each in found.growth.items()
    ]
    for job, title in (("point", "Point from a frame"), ("everything", "Parquet to everything")):
        fit = line_through(found, job)
        lines += [
            "",
            f"{title}: {fit.start:.3f} s + {fit.per_million:.3f} s a million battles (R² {fit.r_squared:.4f}).",
        ]
    if found.sparse:
        lines += [
            "",
            f"Rare models cost more than battles: the {found.sparse.size}, where the rarest models have a handful of "
            f"battles each and win or lose all of them in most rounds, take {found.sparse.cpu:.2f} s.",
        ]
    return [*lines, ""]


def growth_figure(found: Findings) -> str:
    """The same as SVG."""
    names = {"everything": "parquet to all", "point": "point from a frame", "read": "reading alone"}
    lines = {title: [(n / 1e6, each[job].cpu) for n, each in found.growth.items()] for job, title in names.items()}
    ends = (0.0, max(found.growth) / 1e6)
    fits = {
        title: [(x, max(0.0, fit.start + fit.per_million * x)) for x in ends]
        for job, title in names.items()
        for fit in [line_through(found, job)]
    }
    return line_chart(
        "Time grows linearly with battles (300 models, numba, 1,000 rounds)", "million battles",
        "processor seconds", lines, fits,
    )  # fmt: skip


def agreement(found: Findings) -> list[str]:
    """A line a contender."""
    by_name: dict[str, dict[str, float]] = {}
    for name, size, difference in largest_differences(found):
        by_name.setdefault(name, {})[size] = difference
    return [
        f"| {name} | {' | '.join(f'{sizes[size]:.2g}' if size in sizes else '–' for size in ('S1', 'S2', 'S3'))} |"
        for name, sizes in by_name.items()
    ]


def failures(found: Findings) -> list[str]:
    return [f"Left out: {text.splitlines()[0]}\n" for text in found.failures]


def versions(found: Findings) -> list[str]:
    """Of every contender once."""
    seen = {each.contender: each.versions for each in found.jobs.values()}
    return [f"{TITLES[name]}: {', '.join(f'{what} {no}' for what, no in of.items())}" for name, of in seen.items()]
