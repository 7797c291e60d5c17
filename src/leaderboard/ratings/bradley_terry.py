"""Bradley-Terry ratings by maximum likelihood, with intervals; the default method.

Enters: battles or counts a pair. Leaves: `Ratings` in Elo points, every component of the comparison graph centred on
its own. Counts are all that the point estimate and its independent bootstrap need; rows are used where they carry
weights or clusters. Source: Bradley and Terry (1952), https://doi.org/10.2307/2334029.
"""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from leaderboard.errors import BadSetting
from leaderboard.ratings import bootstrap
from leaderboard.ratings.battles import Battles, PairCounts, battle_totals, components, count_pairs
from leaderboard.ratings.likelihood import Design, maximise, model_for, with_prior
from leaderboard.ratings.proportions import quantile_of_normal
from leaderboard.ratings.resampling import cell_batches, varies_by_rows, without_ties
from leaderboard.ratings.result import Ratings
from leaderboard.ratings.sandwich import covariance
from leaderboard.ratings.settings import expect
from leaderboard.ratings.tie_models import TIE_MODELS, Counts

Floats = npt.NDArray[np.float64]
Ties = Literal["half", "davidson", "rao_kupper", "drop"]
Interval = Literal["sandwich", "bootstrap", "none"]


def fit(
    data: Battles | PairCounts, *, ties: Ties = "half", prior: float = 0.5, scale: float = 400.0, base: float = 10.0,
    center: float = 1000.0, anchor: tuple[str, float] | None = None, interval: Interval = "sandwich",
    n_resamples: int = 1000, confidence_level: float = 0.95, seed: int = 0,
) -> Ratings:  # fmt: skip
    """Ratings of all models with bounds.

    A model `scale` points ahead of another has odds of `base` to 1. Every component has mean `center`; with an
    `anchor`, (model, rating), that model's component is shifted so that it has that rating in the estimate and in every
    bootstrap round. `prior` games won and as many lost keep models finite that never lost or never won; where a
    maximum exists nothing is added. A weight above 1 multiplies the evidence of a battle and enters the variance
    squared; weights of at most 1 are parts of a battle. Copies of a row belong in one cluster, or share a weight of 1.
    Battles with clusters get clustered intervals. The bounds of the sandwich are normal, those of the bootstrap
    quantiles of `n_resamples` rounds; the same seed gives the same bits.

    Raises BadSetting for a parameter out of range, an anchor that is no model, or results that have no finite rating.
    """
    _check(ties, prior, scale, base, center, interval, n_resamples, confidence_level)
    kept = without_ties(data) if ties == "drop" else data
    pairs = count_pairs(kept) if isinstance(kept, Battles) else kept
    if not pairs.totals.any():
        raise BadSetting(f"There are no battles; expected at least one{' that is no tie' if ties == 'drop' else ''}.")
    rows = kept if isinstance(kept, Battles) and varies_by_rows(kept) else None
    design = Design(n_models=len(pairs.models), first=pairs.first, second=pairs.second, component=components(pairs))
    counts = with_prior(design, Counts(pairs.wins, pairs.ties, pairs.losses), prior)
    model = model_for(ties, counts)
    maximum = maximise(design, counts, model)
    points = scale / math.log(base)
    frame = _Frame(design, pairs.models, points, center, anchor)
    rating = frame.place(maximum.strength)
    cov = rounds = None
    lower = upper = np.full(len(rating), np.nan)
    if interval == "sandwich":
        cov = frame.shift(covariance(design, counts, model, maximum, rows))
        half = quantile_of_normal(confidence_level) * np.sqrt(np.maximum(np.diag(cov), 0.0))
        lower, upper = rating - half, rating + half
    elif interval == "bootstrap":
        solver = bootstrap.Solver(design, counts, model, maximum, prior)
        rounds = frame.place(_rounds(solver, pairs, rows, n_resamples, seed))
        tail = (1 - confidence_level) / 2
        lower, upper = np.quantile(rounds, [tail, 1 - tail], axis=0)
    return Ratings(
        models=pairs.models, rating=rating, lower=lower, upper=upper, n_battles=battle_totals(pairs),
        component=design.component, method="bradley_terry", rounds=rounds, covariance=cov,
        settings={
            "ties": ties, "prior": prior, "scale": scale, "base": base, "center": center, "anchor": anchor,
            "interval": interval, "n_resamples": n_resamples if interval == "bootstrap" else 0,
            "confidence_level": confidence_level, "seed": seed if interval == "bootstrap" else None,
            "clustered": rows is not None and rows.cluster is not None, "tie_parameter": maximum.tie,
        },
    )  # fmt: skip


def _rounds(solver: bootstrap.Solver, pairs: PairCounts, rows: Battles | None, n_resamples: int, seed: int) -> Floats:
    """Strengths of the bootstrap rounds, float64[n_resamples, m]."""
    batches = cell_batches(pairs if rows is None else rows, pairs, n_resamples, seed)
    return np.concatenate([solver.strengths(Counts(*np.split(cells, 3, axis=1))) for cells in batches])


class _Frame:
    """From centred log odds to Elo points: scale, centre or anchor."""

    def __init__(
        self, design: Design, models: tuple[str, ...], points: float, center: float, anchor: tuple[str, float] | None
    ) -> None:
        self._points, self._center, self._anchor = points, center, anchor
        self._design = design
        self._at = -1
        if anchor is not None:
            if anchor[0] not in models:
                raise BadSetting(
                    f"Anchor {anchor[0]!r} is not among the {len(models)} models; expected one of "
                    f"{', '.join(models[:5])}{', ...' if len(models) > 5 else ''}."
                )
            self._at = models.index(anchor[0])

    def place(self, strength: Floats) -> Floats:
        """Ratings of strengths, float64[..., m]."""
        rating = self._points * self._design.centred(strength) + self._center
        if self._anchor is not None:
            mates = self._design.component == self._design.component[self._at]
            rating[..., mates] += self._anchor[1] - rating[..., [self._at]]
        return np.asarray(rating)

    def shift(self, cov: Floats) -> Floats:
        """Covariance of the ratings from that of centred strengths."""
        if self._anchor is None:
            return self._points**2 * cov
        mates = self._design.component == self._design.component[self._at]
        turn = np.eye(len(cov))
        turn[mates, self._at] -= 1.0
        return np.asarray(self._points**2 * (turn @ cov @ turn.T))


def _check(
    ties: str, prior: float, scale: float, base: float, center: float, interval: str, n_resamples: int,
    confidence_level: float,
) -> None:  # fmt: skip
    expect("ties", ties, ties in TIE_MODELS, f"one of {', '.join(TIE_MODELS)}")
    expect("prior", prior, math.isfinite(prior) and prior >= 0, "a number of games of at least 0")
    expect("scale", scale, 0 < scale < math.inf, "a positive number")
    expect("base", base, 1 < base < math.inf, "a number above 1")
    expect("center", center, math.isfinite(center), "a finite number")
    expect("interval", interval, interval in ("sandwich", "bootstrap", "none"), "sandwich, bootstrap or none")
    expect("n_resamples", n_resamples, interval != "bootstrap" or n_resamples >= 2, "at least 2")
    expect("confidence_level", confidence_level, 0 < confidence_level < 1, "a number between 0 and 1")
