"""The targets of the rating engine with what was measured beside them."""

from dataclasses import dataclass

import numpy as np

from benchmarks.ratings.battles import S3
from benchmarks.ratings.plan import Findings
from benchmarks.targets import Target


@dataclass(frozen=True)
class Growth:
    """Straight line through times over battles: seconds at none, seconds a million, and how well it fits."""

    start: float
    per_million: float
    r_squared: float


def line_through(found: Findings, job: str) -> Growth:
    """Least squares through our times of a job for arenas of S3's models."""
    millions = np.array([n / 1e6 for n in found.growth])
    seconds = np.array([times[job].cpu for times in found.growth.values()])
    slope, start = np.polyfit(millions, seconds, 1)
    rest = seconds - (start + slope * millions)
    return Growth(float(start), float(slope), float(1 - rest @ rest / np.sum((seconds - seconds.mean()) ** 2)))


def targets(found: Findings) -> list[Target]:
    """All targets whose jobs were measured."""
    lines = []
    jobs, rounds = found.jobs, found.rounds
    for size, limit, memory in (("S2", 0.6, 400), ("S3", 2.2, 650)):
        if ours := jobs.get(("numba", "everything", size)):
            text = f"{size}: parquet to point, interval and 1,000 rounds"
            lines += [
                Target(f"{text}, with numba", ours.cpu, limit, " s"),
                Target(f"{text}, peak memory", ours.peak_mb, memory, " MB"),
            ]
    if plain := jobs.get(("numpy", "everything", "S2")):
        lines.append(Target("S2: the same with numpy alone", plain.cpu, 5, " s"))
    for peer, limit in (("evalica", 4), ("arena_rank", 20)):
        if theirs := jobs.get((peer, "point", "S2")):
            ratio = theirs.cpu / jobs["numba", "point", "S2"].cpu
            lines.append(
                Target(f"S2: point estimate from strings, times faster than {peer}", ratio, limit, "x", at_least=True)
            )
    if theirs_rounds := rounds.get(("evalica", "bootstrap", "S2")):
        ratio = theirs_rounds.cpu / jobs["numba", "bootstrap", "S2"].cpu
        lines.append(
            Target(
                "S2: 1,000 rounds from strings, times faster than evalica (its rounds extrapolated)",
                ratio,
                1000,
                "x",
                at_least=True,
            )
        )
    if elo := jobs.get(("numba", "elo_bootstrap", "S1")):
        lines.append(Target("S1: online Elo, 1,000 rounds", elo.cpu, 0.5, " s"))
    if found.growth:
        # Only of the point estimate: what the rounds cost depends on pairs and rare models, and hides the line.
        text = f"Linear in battles up to {S3.n_battles / 1e6:g} million, point: R² of a straight line"
        lines.append(Target(text, line_through(found, "point").r_squared, 0.98, "", at_least=True))
        few, many = 1_000_000, S3.n_battles
        for job, title in (("point", "point from a frame"), ("everything", "parquet to everything")):
            ratio = found.growth[many][job].cpu / found.growth[few][job].cpu
            text = f"No worse than linear: time of 5 million battles over that of 1 million, {title}"
            lines.append(Target(text, ratio, many / few, "x"))
    return lines
