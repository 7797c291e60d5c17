"""Who beats whom how often: win fractions of pairs and the average win rate of a model.

Enters: battles, or counts of them. Leaves: matrices, or `Ratings` with win rates in 0..1 instead of Elo points. An
average over opponents gives every opponent the same weight, however often it was met; an average over battles gives
every battle the same weight and so depends on who was met.

The interval is Wilson's with an effective number of battles: ties, unequal numbers of battles an opponent and clusters
make it differ from the number counted (Kish 1965, Survey Sampling). The variances in it are taken with one win and one
loss added for every opponent, so that a model that beat an opponent once is not taken to beat it for certain.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from leaderboard.errors import BadSetting
from leaderboard.ratings.battles import Battles, PairCounts, battle_totals, components, count_pairs
from leaderboard.ratings.proportions import wilson
from leaderboard.ratings.resampling import cluster_codes, resampled, varies_by_rows, without_ties
from leaderboard.ratings.result import Ratings

Floats = npt.NDArray[np.float64]
Ties = Literal["half", "drop"]
Over = Literal["opponents", "battles"]
Interval = Literal["wilson", "bootstrap", "none"]


@dataclass(frozen=True, kw_only=True)
class PairMatrix:
    """Win fractions of row models against column models."""

    models: tuple[str, ...]
    share: Floats
    """float64[m, m] in 0..1; NaN where two models did not meet, and on the diagonal."""
    lower: Floats
    upper: Floats
    """Wilson bounds of `share`, each pair on its own."""
    n: Floats
    """float64[m, m]: battles behind the share, without ties where they are dropped."""


@dataclass(frozen=True, kw_only=True)
class _Tally:
    """Wins and ties of every model (rows) in every stratum (columns): one an opponent, or a single one for all."""

    wins: Floats
    ties: Floats
    n: Floats

    @property
    def share(self) -> Floats:
        return _divided(self.wins + self.ties / 2, self.n)

    @property
    def smoothed(self) -> Floats:
        """Shares with one win and one loss added."""
        return (self.wins + self.ties / 2 + 1) / (self.n + 2)

    @property
    def variance(self) -> Floats:
        """Variance of `share`, from the smoothed variance of one battle; NaN where there was none."""
        square = (self.wins + self.ties / 4 + 1) / (self.n + 2)
        return _divided(square - self.smoothed**2, self.n)

    @property
    def stratum_weight(self) -> Floats:
        """float64[m, strata]: what each stratum counts in the average of a model; rows sum to 1, or to 0."""
        met = (self.n > 0).astype(np.float64)
        return np.asarray(met / np.maximum(met.sum(axis=1, keepdims=True), 1))

    def average(self) -> Floats:
        """float64[m]; NaN for a model without battles."""
        weight = self.stratum_weight
        total = np.nansum(weight * self.share, axis=1)
        return np.where(weight.any(axis=1), total, np.nan)

    def average_variance(self) -> Floats:
        """float64[m]: variance of `average` for independent battles."""
        return np.asarray(np.nansum(self.stratum_weight**2 * self.variance, axis=1), dtype=np.float64)

    def effective_n(self, variance: Floats) -> Floats:
        """float64[m]: number of independent battles without ties that would give the average this variance."""
        center = (self.stratum_weight * self.smoothed).sum(axis=1)
        return _divided(center * (1 - center), variance)


def pair_matrix(counts: PairCounts, *, ties: Ties = "half", confidence_level: float = 0.95) -> PairMatrix:
    """The win fraction and the number of battles of every pair; a tie is half a win or is left out."""
    tally = _tally(without_ties(counts) if ties == "drop" else counts, "opponents")
    effective = _divided(tally.smoothed * (1 - tally.smoothed), tally.variance)
    lower, upper = wilson(tally.share, effective, confidence_level)
    return PairMatrix(models=counts.models, share=tally.share, lower=lower, upper=upper, n=tally.n)


def average(
    data: Battles | PairCounts,
    *,
    over: Over = "opponents",
    ties: Ties = "half",
    interval: Interval = "wilson",
    n_resamples: int = 1000,
    confidence_level: float = 0.95,
    seed: int = 0,
) -> Ratings:
    """The average win rate of every model in 0..1, with its interval.

    Battles with clusters, or weights above 1, widen the Wilson interval by what the clusters or rows show (never narrow
    it), and are drawn by whole clusters or rows in the bootstrap. A model without battles has NaN. Win rates of models
    of different components are not comparable. Raises BadSetting when there are no battles.
    """
    kept = without_ties(data) if ties == "drop" else data
    counts = kept if isinstance(kept, PairCounts) else count_pairs(kept)
    if not counts.totals.sum() > 0:
        raise BadSetting("There are no battles; expected at least one that is no tie.")
    tally = _tally(counts, over)
    rating = tally.average()
    lower = upper = np.full(len(rating), np.nan)
    rounds = None
    if interval == "wilson":
        lower, upper = wilson(rating, effective_battles(kept, over=over), confidence_level)
    elif interval == "bootstrap":
        rounds = np.array([_tally(drawn, over).average() for drawn in resampled(kept, n_resamples, seed)])
        lower, upper = _quantiles(rounds, confidence_level)
    return Ratings(
        models=counts.models, rating=rating, lower=lower, upper=upper, n_battles=battle_totals(counts),
        component=components(counts), method="win_rate", rounds=rounds, covariance=None,
        settings={"over": over, "ties": ties, "interval": interval, "confidence_level": confidence_level,
                  "n_resamples": None if rounds is None else n_resamples, "seed": None if rounds is None else seed},
    )  # fmt: skip


def effective_battles(data: Battles | PairCounts, *, over: Over = "opponents") -> Floats:
    """float64[m]: how many independent battles without ties would tell the average win rate as precisely."""
    tally = _tally(data if isinstance(data, PairCounts) else count_pairs(data), over)
    variance = tally.average_variance()
    if isinstance(data, Battles) and varies_by_rows(data):
        variance = np.maximum(variance, _clustered_variance(data, tally, over))
    return tally.effective_n(variance)


def _tally(counts: PairCounts, over: Over) -> _Tally:
    m = len(counts.models)
    rows = np.concatenate([counts.first, counts.second])
    columns = np.concatenate([counts.second, counts.first]) if over == "opponents" else np.zeros(len(rows), dtype=int)
    width = m if over == "opponents" else 1

    def summed(values: Floats) -> Floats:
        table = np.bincount(rows * width + columns, values, minlength=m * width)
        return np.asarray(table.reshape(m, width), dtype=np.float64)

    wins, ties = summed(np.concatenate([counts.wins, counts.losses])), summed(np.tile(counts.ties, 2))
    return _Tally(wins=wins, ties=ties, n=wins + ties + summed(np.concatenate([counts.losses, counts.wins])))


def _divided(top: Floats, bottom: Floats) -> Floats:
    """top / bottom; NaN where bottom is not above 0."""
    return np.asarray(np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0))


def _clustered_variance(battles: Battles, tally: _Tally, over: Over) -> Floats:
    """float64[m]: variance of the average when all battles of a model in one cluster may move together.

    Deviations from the share in each stratum, added up by cluster. A cluster that is most of a stratum pulls its share
    along: dividing by 1 - its part makes up for that. Where it is all of a stratum there is no deviation to see; its
    battles then count as one.
    """
    m, (code, n_clusters) = len(battles.models), cluster_codes(battles)
    model = np.concatenate([battles.a, battles.b]).astype(np.int64)
    stratum = np.concatenate([battles.b, battles.a]).astype(np.int64) if over == "opponents" else np.zeros_like(model)
    outcome = battles.outcome.astype(np.float64)
    weight = np.tile(np.ones(len(outcome)) if battles.weight is None else battles.weight, 2)
    keys, cell = np.unique((model * m + stratum) * n_clusters + np.tile(code, 2), return_inverse=True)
    owner, place, cluster = keys // n_clusters // m, keys // n_clusters % m, keys % n_clusters
    size = np.bincount(cell, weight)
    score = np.bincount(cell, weight * np.concatenate([1 + outcome, 1 - outcome]) / 2)
    n, share = tally.n[owner, place], tally.share[owner, place]
    part = tally.stratum_weight[owner, place]
    alone = size >= n * (1 - 1e-12)
    pull = part * (score - size * share) / n / np.sqrt(np.where(alone, 1.0, 1 - size / n))
    groups, group = np.unique(owner * n_clusters + cluster, return_inverse=True)
    together = np.bincount(groups // n_clusters, np.bincount(group, np.where(alone, 0.0, pull)) ** 2, minlength=m)
    unseen = np.where(alone, part**2 * n * tally.variance[owner, place], 0.0)
    return np.asarray(together + np.bincount(owner, unseen, minlength=m), dtype=np.float64)


def _quantiles(rounds: Floats, confidence_level: float) -> tuple[Floats, Floats]:
    """Bounds a column, over the rounds in which the model has battles."""
    tail = (1 - confidence_level) / 2
    bounds = [
        np.quantile(column[np.isfinite(column)], [tail, 1 - tail]) if np.isfinite(column).any() else [np.nan, np.nan]
        for column in rounds.T
    ]
    lower, upper = np.array(bounds, dtype=np.float64).T
    return lower, upper
