"""Is A better than B? A paired test of two models.

Enters: ratings with their covariance (all battles speak, those with third models as well), or the battles of the two
against each other. Leaves: the difference, its interval, the probability that A is better, and how many battles would
settle it. The two ratings of one data set are correlated; looking whether their intervals overlap ignores that and
calls too many pairs equal.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from leaderboard.errors import BadSetting
from leaderboard.ratings import win_rates
from leaderboard.ratings.battles import Battles, PairCounts, count_pairs
from leaderboard.ratings.proportions import quantile_of_normal
from leaderboard.ratings.resampling import rows_of, without_ties
from leaderboard.ratings.result import Ratings
from leaderboard.ratings.settings import expect

Ties = Literal["half", "drop"]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How `model` stands to `rival`; positive differences favour `model`."""

    model: str
    rival: str
    difference: float
    """In the unit of the ratings, or win rate of `model` against `rival` minus 1/2."""
    lower: float
    upper: float
    """Bounds of the difference at `confidence_level`."""
    probability: float
    """That `model` is the better one, 0..1; 0.5 = no evidence either way."""
    p_value: float
    """Two-sided, of the hypothesis that both are equally good."""
    n_battles: float
    """Battles behind the comparison: of the whole data set for ratings, of the two for battles."""
    n_needed: float
    """Battles of the same kind for which a two-sided test finds a difference of this size with `power`.

    Infinite for no difference; NaN where more battles do not narrow the interval (online Elo).
    """
    confidence_level: float
    power: float


def compare_ratings(
    ratings: Ratings, model: str, rival: str, *, confidence_level: float = 0.95, power: float = 0.8
) -> Comparison:
    """The test from the covariance of the ratings, normal theory.

    Raises BadSetting when a model is unknown, the two are the same or not connected by battles, or the ratings have no
    covariance.
    """
    _check_levels(confidence_level, power)
    i, j = _positions(ratings.models, model, rival)
    if ratings.component[i] != ratings.component[j]:
        raise BadSetting(f"No chain of battles connects {model} and {rival}; their ratings cannot be compared.")
    if ratings.covariance is None:
        raise BadSetting(f"The ratings by {ratings.method} have no covariance; expected ratings with an interval.")
    c = ratings.covariance
    difference = float(ratings.rating[i] - ratings.rating[j])
    error = float(np.sqrt(max(c[i, i] + c[j, j] - 2 * c[i, j], 0.0)))
    half = quantile_of_normal(confidence_level) * error
    n = float(ratings.n_battles.sum() / 2)
    needed = np.nan if ratings.method == "elo" else n * _times_needed(difference, error, confidence_level, power)
    return Comparison(
        model=model, rival=rival, difference=difference, lower=difference - half, upper=difference + half,
        n_battles=n, n_needed=needed, confidence_level=confidence_level, power=power,
        **_tail(difference, error),
    )  # fmt: skip


def compare_battles(
    data: Battles | PairCounts,
    model: str,
    rival: str,
    *,
    ties: Ties = "half",
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> Comparison:
    """The test from the battles of the two against each other alone: a score test of the win rate against 1/2.

    Clusters widen it. Raises BadSetting when a model is unknown, the two are the same or never met.
    """
    _check_levels(confidence_level, power)
    i, j = _positions(data.models, model, rival)
    met = _between(without_ties(data) if ties == "drop" else data, i, j)
    if not (met if isinstance(met, PairCounts) else count_pairs(met)).totals.any():
        raise BadSetting(f"{model} and {rival} have no battles against each other; expected at least one.")
    rated = win_rates.average(met, over="battles", confidence_level=confidence_level)
    n, share = float(rated.n_battles[i]), float(rated.rating[i])
    effective = win_rates.effective_battles(met, over="battles")[i]
    error = 0.5 / float(np.sqrt(effective))
    difference = share - 0.5
    z = quantile_of_normal(confidence_level) * 0.5 + ndtri(power) * np.sqrt(share * (1 - share))
    needed = np.inf if difference == 0 else float((z / difference) ** 2 * n / effective)
    return Comparison(
        model=model, rival=rival, difference=difference, lower=float(rated.lower[i]) - 0.5,
        upper=float(rated.upper[i]) - 0.5, n_battles=n, n_needed=needed, confidence_level=confidence_level,
        power=power, **_tail(difference, error),
    )  # fmt: skip


def _tail(difference: float, error: float) -> dict[str, float]:
    """Probability and two-sided p-value of a difference with this standard error; a certain one where it is 0."""
    z = difference / error if error > 0 else np.inf * np.sign(difference) if difference else 0.0
    return {"probability": float(ndtr(z)), "p_value": float(2 * ndtr(-abs(z)))}


def _times_needed(difference: float, error: float, confidence_level: float, power: float) -> float:
    """By what factor the battles have to grow: the standard error falls with their square root."""
    if difference == 0:
        return np.inf
    return float(((quantile_of_normal(confidence_level) + ndtri(power)) * error / difference) ** 2)


def _between(data: Battles | PairCounts, i: int, j: int) -> Battles | PairCounts:
    if isinstance(data, Battles):
        return rows_of(data, (np.minimum(data.a, data.b) == min(i, j)) & (np.maximum(data.a, data.b) == max(i, j)))
    here = (data.first == min(i, j)) & (data.second == max(i, j))
    return PairCounts(
        models=data.models, first=data.first[here], second=data.second[here], wins=data.wins[here],
        ties=data.ties[here], losses=data.losses[here],
    )  # fmt: skip


def _positions(models: tuple[str, ...], model: str, rival: str) -> tuple[int, int]:
    for name in (model, rival):
        if name not in models:
            raise BadSetting(f"Model is {name!r}; expected one of the {len(models)} rated, as {', '.join(models[:3])}.")
    if model == rival:
        raise BadSetting(f"{model!r} is compared with itself; expected two different models.")
    return models.index(model), models.index(rival)


def _check_levels(confidence_level: float, power: float) -> None:
    for name, value in (("confidence_level", confidence_level), ("power", power)):
        expect(name, value, 0 < value < 1, "a number between 0 and 1")
