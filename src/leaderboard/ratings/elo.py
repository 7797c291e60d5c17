"""Online Elo: the historical method of the 2023 leaderboards. Bradley-Terry (`bradley_terry.fit`) is the default.

Enters: battles, or counts of them. Leaves: `Ratings`. Every battle moves both models by K times the surprise, so the
last battles weigh most, and the result depends on their order and on K: settings of the result say which. Bootstrap
rounds play as many battles, drawn with replacement, in random order; the rating is the median of the rounds. The width
of such an interval is mostly noise of K, which more battles do not reduce.

Source: Elo (1978), The Rating of Chessplayers; FastChat, https://lmsys.org/blog/2023-05-03-arena; Hugging Face H4,
https://huggingface.co/blog/llm-leaderboard.
"""

import math
from dataclasses import asdict, dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from leaderboard.errors import BadSetting
from leaderboard.ratings.battles import Battles, PairCounts, battle_totals, components, count_pairs
from leaderboard.ratings.elo_rounds import Cells, drawn_rounds, ordered_rounds
from leaderboard.ratings.resampling import cluster_codes, without_ties
from leaderboard.ratings.result import Ratings
from leaderboard.ratings.settings import expect

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Ties = Literal["half", "drop"]
Anchor = tuple[str, float]

MAX_K_OF_SCALE = 10.0
"""A larger K, in units of the scale, is a slip: one battle would decide everything."""

ORDERS_AT_ONCE = 1 << 22
"""Row numbers held at once while the orders of clustered rounds are drawn."""


@dataclass(frozen=True, kw_only=True)
class EloSettings:
    """Parameters of online Elo. A model `scale` points ahead has odds of `base` to 1.

    Raises BadSetting when one of them is not a usable number.
    """

    k: float = 32.0
    """Largest number of points one battle moves a model."""
    scale: float = 400.0
    base: float = 10.0
    start: float = 1000.0
    """Rating of a model before its first battle."""

    def __post_init__(self) -> None:
        expect("scale", self.scale, 0 < self.scale < math.inf, "a positive number")
        expect("k", self.k, 0 < self.k <= MAX_K_OF_SCALE * self.scale, f"0 < k <= {MAX_K_OF_SCALE * self.scale:g}")
        expect("base", self.base, 1 < self.base < math.inf, "a number above 1")
        expect("start", self.start, math.isfinite(self.start), "a finite number")

    @property
    def points(self) -> float:
        """Elo points of one unit of natural-log odds."""
        return self.scale / math.log(self.base)


H4 = EloSettings(k=32.0)
"""As Hugging Face H4 published in June 2023."""

FASTCHAT = EloSettings(k=4.0)
"""As FastChat's Chatbot Arena notebooks computed from May 2023 on."""


def replay(
    battles: Battles, settings: EloSettings = H4, *, ties: Ties = "half", anchor: Anchor | None = None
) -> Ratings:
    """Elo after playing the battles once in their order; no interval.

    The weight of a battle multiplies K. `anchor` shifts the models connected with it so that it has the given rating.
    Raises BadSetting when the anchor is not among the models.
    """
    played = without_ties(battles) if ties == "drop" else battles
    counts = count_pairs(played)
    component = components(counts)
    rating = _anchored(_played(played, settings)[None, :], battles.models, component, anchor)[0]
    blank = np.full(len(rating), np.nan)
    return Ratings(
        models=battles.models, rating=rating, lower=blank, upper=blank, n_battles=battle_totals(counts),
        component=component, method="elo",
        settings={**asdict(settings), "ties": ties, "anchor": anchor, "order": "given", "interval": "none"},
    )  # fmt: skip


def bootstrap(
    data: Battles | PairCounts,
    settings: EloSettings = H4,
    *,
    ties: Ties = "half",
    anchor: Anchor | None = None,
    n_resamples: int = 1000,
    confidence_level: float = 0.95,
    seed: int = 0,
    compiled: bool | None = None,
) -> Ratings:
    """Medians and quantile bounds of `n_resamples` rounds, each over as many battles, drawn anew in random order.

    Battles with clusters are drawn by whole clusters, then shuffled; otherwise the weight of a battle is how often it
    counts. A model that a round does not draw keeps `start` in it. Every round is anchored on its own, before the
    quantiles. The same seed draws the same battles with and without numba; `compiled` forces one path.
    Raises BadSetting for a missing anchor, a confidence level outside 0..1, no rounds or no battles.
    """
    expect("n_resamples", n_resamples, n_resamples >= 1, "at least 1 round")
    expect("confidence_level", confidence_level, 0 < confidence_level < 1, "a number between 0 and 1")
    played = without_ties(data) if ties == "drop" else data
    counts = played if isinstance(played, PairCounts) else count_pairs(played)
    if round(float(counts.totals.sum())) < 1:
        raise BadSetting("There are no battles; expected at least one that is no tie.")
    if isinstance(played, Battles) and played.cluster is not None:
        strength = _cluster_rounds(played, settings, n_resamples, seed)
    else:
        strength = _independent_rounds(counts, settings, n_resamples, seed, compiled)
    component = components(counts)
    rounds = _anchored(settings.start + settings.points * strength, counts.models, component, anchor)
    covariance = np.atleast_2d(np.cov(rounds, rowvar=False)) if n_resamples > 1 else None
    tail = (1 - confidence_level) / 2
    lower, median, upper = np.quantile(rounds, [tail, 0.5, 1 - tail], axis=0)
    return Ratings(
        models=counts.models, rating=median, lower=lower, upper=upper, n_battles=battle_totals(counts),
        component=component, method="elo", rounds=rounds, covariance=covariance,
        settings={**asdict(settings), "ties": ties, "anchor": anchor, "order": "drawn anew in each round",
                  "interval": "bootstrap", "seed": seed, "n_resamples": n_resamples,
                  "confidence_level": confidence_level},
    )  # fmt: skip


def around(replayed: Ratings, spread: Ratings) -> Ratings:
    """A replay with the bounds of bootstrap rounds, moved from their median to the replayed rating.

    The replayed rating is one draw of what the rounds draw, so their spread is its uncertainty.
    """
    shift = replayed.rating - spread.rating
    return replace(
        replayed, lower=spread.lower + shift, upper=spread.upper + shift, covariance=spread.covariance,
        settings={**spread.settings, "order": "given", "interval": "bootstrap around the replay"},
    )  # fmt: skip


def _played(battles: Battles, settings: EloSettings) -> Floats:
    rating = [settings.start] * len(battles.models)
    score = ((battles.outcome.astype(np.float64) + 1) / 2).tolist()
    gain = _gain(battles, settings.k).tolist()
    base, scale = settings.base, settings.scale
    for a, b, won, k in zip(battles.a.tolist(), battles.b.tolist(), score, gain, strict=True):
        change = k * (won - 1 / (1 + base ** ((rating[b] - rating[a]) / scale)))
        rating[a] += change
        rating[b] -= change
    return np.array(rating, dtype=np.float64)


def _independent_rounds(
    counts: PairCounts, settings: EloSettings, n_rounds: int, seed: int, compiled: bool | None
) -> Floats:
    p = len(counts.first)
    cells = Cells(
        a=np.tile(counts.first, 3), b=np.tile(counts.second, 3),
        outcome=np.repeat(np.array([1, 0, -1], dtype=np.int8), p),
        weight=np.concatenate([counts.wins, counts.ties, counts.losses]),
    )  # fmt: skip
    n_draws = round(float(cells.weight.sum()))
    return drawn_rounds(
        cells, n_models=len(counts.models), n_draws=n_draws, step=settings.k / settings.points, n_rounds=n_rounds,
        seed=seed, compiled=compiled,
    )  # fmt: skip


def _cluster_rounds(battles: Battles, settings: EloSettings, n_rounds: int, seed: int) -> Floats:
    random, parts = np.random.default_rng(seed), []
    at_once = max(1, ORDERS_AT_ONCE // len(battles))
    members = _members(battles)
    for begin in range(0, n_rounds, at_once):
        drawn = [_shuffled_clusters(members, random) for _ in range(min(at_once, n_rounds - begin))]
        orders = np.full((max(map(len, drawn)), len(drawn)), -1, dtype=np.int64)
        for column, rows in enumerate(drawn):
            orders[: len(rows), column] = rows
        parts.append(
            ordered_rounds(
                battles.a, battles.b, battles.outcome, _gain(battles, settings.k / settings.points), orders,
                n_models=len(battles.models),
            )
        )  # fmt: skip
    return np.concatenate(parts)


def _members(battles: Battles) -> list[Rows]:
    """Row numbers of every cluster."""
    code, n_clusters = cluster_codes(battles)
    ends = np.cumsum(np.bincount(code, minlength=n_clusters))[:-1]
    return np.split(np.argsort(code, kind="stable"), ends)


def _shuffled_clusters(members: list[Rows], random: np.random.Generator) -> Rows:
    rows = np.concatenate([members[i] for i in random.integers(0, len(members), len(members))])
    random.shuffle(rows)
    return rows


def _gain(battles: Battles, k: float) -> Floats:
    return np.full(len(battles), k) if battles.weight is None else k * battles.weight


def _anchored(rounds: Floats, models: tuple[str, ...], component: Rows, anchor: Anchor | None) -> Floats:
    """Every round shifted so that the anchor has its rating; models not connected with the anchor stay."""
    if anchor is None:
        return rounds
    name, rating = anchor
    if name not in models:
        raise BadSetting(f"Anchor is {name!r}; expected one of the {len(models)} rated: {', '.join(models[:5])}.")
    expect("the rating of the anchor", rating, math.isfinite(rating), "a finite number")
    place = models.index(name)
    shift = np.where(component == component[place], rating - rounds[:, [place]], 0.0)
    return np.asarray(rounds + shift, dtype=np.float64)
