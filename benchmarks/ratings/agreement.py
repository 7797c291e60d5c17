"""Do the contenders find the same Bradley-Terry ratings? Their estimates on one scale, beside ours."""

import math
from collections.abc import Callable, Mapping

from benchmarks.ratings.plan import PEERS, Findings
from benchmarks.ratings.process import Measured

POINTS = 400 / math.log(10)
SCALES: dict[str, Callable[[float], float]] = {
    "evalica": lambda score: POINTS * math.log(score),
    "choix": lambda strength: POINTS * strength,
    "arena_rank": lambda strength: POINTS * strength,
    "fastchat": lambda rating: rating,
    "numba": lambda rating: rating,
}
"""From what a contender returns to Elo points, up to a constant."""


def largest_differences(found: Findings) -> list[tuple[str, str, float]]:
    """(contender and job, size, largest difference of a model's rating from ours in Elo points)."""
    rows = []
    for (name, job, size), measured in found.jobs.items():
        if name in PEERS and job in ("point", "precise_point"):
            title = f"{name}, tolerance 1e-12" if job == "precise_point" else name
            ours = _centred(found.jobs["numba", "point", size])
            rows.append((title, size, _difference(_centred(measured), ours)))
    return rows


def _centred(measured: Measured) -> dict[str, float]:
    scale = SCALES[measured.contender]
    points = {model: scale(rating) for model, rating in measured.ratings.items()}
    mean = math.fsum(points.values()) / len(points)
    return {model: rating - mean for model, rating in points.items()}


def _difference(theirs: Mapping[str, float], ours: Mapping[str, float]) -> float:
    if theirs.keys() != ours.keys():
        raise ValueError(f"Other models: {sorted(theirs.keys() ^ ours.keys())[:5]}")
    return max(abs(rating - ours[model]) for model, rating in theirs.items())
