"""Maximum likelihood of Bradley-Terry on pair counts: when it exists, what to add where not, and Newton's method.

Enters: counts a pair. Leaves: strengths in natural-log odds, centred in every component. The maximum exists only if
every model of a component beats, directly or over others, every other one (Ford 1957,
https://doi.org/10.1080/00029890.1957.11989117). Where not, e.g. for a model that never lost, half a game won and half a
game lost are spread over the one-sided pairs, however many battles there are; where it exists nothing is added.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from leaderboard.errors import BadSetting
from leaderboard.ratings.tie_models import TIE_MODELS, Counts, TieModel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

MOST_STEPS = 100
TOLERANCE = 1e-11
"""Largest change of a strength, in log odds (1e-11 is 2e-9 Elo points), that counts as none."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """Which models meet: p pairs of m models, int32[p], and the component, int64[m], of each model."""

    n_models: int
    first: Codes
    second: Codes
    component: Ints

    def differences(self, strength: Floats) -> Floats:
        """strength[..., first] - strength[..., second], float64[..., p]."""
        return np.asarray(strength[..., self.first] - strength[..., self.second])

    def gather(self, by_pair: Floats) -> Floats:
        """Sum over pairs, + for first and - for second: float64[p] -> float64[m]."""
        m = self.n_models
        return np.asarray(np.bincount(self.first, by_pair, m) - np.bincount(self.second, by_pair, m))

    def laplacian(self, by_pair: Floats) -> Floats:
        """sum of by_pair * x x' with x = e_first - e_second, float64[m, m]."""
        m = self.n_models
        flat = np.bincount(self.first.astype(np.int64) * m + self.second, by_pair, m * m).reshape(m, m)
        both = flat + flat.T
        return np.asarray(np.diag(both.sum(axis=1)) - both)

    def centring(self) -> Floats:
        """float64[m, m]: 1 / size between models of one component. Adding it makes a Laplacian invertible."""
        same = self.component[:, None] == self.component[None, :]
        return np.asarray(same / same.sum(axis=1, keepdims=True))

    def centred(self, strength: Floats) -> Floats:
        """Strengths, float64[..., m], with mean 0 in every component."""
        return np.asarray(strength - strength @ self.centring().T)


@dataclass(frozen=True, kw_only=True, eq=False)
class Maximum:
    """Where the likelihood is largest: `strength` float64[m] in log odds, `tie` the tie parameter (0 if none)."""

    strength: Floats
    tie: float


def with_prior(design: Design, counts: Counts, prior: float, usual: Floats | None = None) -> Counts:
    """The counts, with `prior` games won and as many lost added where no maximum exists; else unchanged.

    Every group of models that only lost to, or only beat, another group gets `prior` in all, spread over the pairs
    between them by their battles. Parts of a component that did not meet at all, as happens in a bootstrap round, are
    joined over the pairs in which they usually meet: `usual`, float64[p], are the battles of the data.
    """
    group = _groups(design, counts)
    across = group[design.first] != group[design.second]
    if prior == 0 or not across.any():
        return counts
    battles = np.where(across, counts.wins + counts.ties + counts.losses, 0.0)
    if usual is not None:
        part = _parts(design, counts)
        battles = np.where(part[design.first] != part[design.second], usual, battles)
    n_groups = int(group.max()) + 1
    total = np.bincount(group[design.first], battles, n_groups) + np.bincount(group[design.second], battles, n_groups)
    rarer = np.minimum(total[group[design.first]], total[group[design.second]])
    extra = prior * np.divide(battles, rarer, out=np.zeros_like(battles), where=rarer > 0)
    return Counts(counts.wins + extra, counts.ties, counts.losses + extra)


def has_maximum(design: Design, counts: Counts) -> bool:
    """Whether the likelihood has a finite maximum."""
    group = _groups(design, counts)
    return bool((group[design.first] == group[design.second]).all())


def _groups(design: Design, counts: Counts) -> Ints:
    """int64[m]: strongly connected groups of 'has beaten or tied'."""
    m = design.n_models
    down, up = counts.wins + counts.ties > 0, counts.losses + counts.ties > 0
    winners = np.concatenate([design.first[down], design.second[up]])
    losers = np.concatenate([design.second[down], design.first[up]])
    graph = coo_array((np.ones(len(winners)), (winners, losers)), shape=(m, m))
    return np.asarray(connected_components(graph, directed=True, connection="strong")[1], dtype=np.int64)


def _parts(design: Design, counts: Counts) -> Ints:
    """int64[m]: models that met, directly or over others."""
    met = np.flatnonzero(counts.wins + counts.ties + counts.losses)
    m = design.n_models
    graph = coo_array((np.ones(len(met)), (design.first[met], design.second[met])), shape=(m, m))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def model_for(name: str, counts: Counts) -> TieModel:
    """The tie model of that name; without any tie in the counts all of them are the same one without a parameter."""
    model = TIE_MODELS[name]
    return model if counts.ties.any() or not model.has_parameter else TIE_MODELS["half"]


def maximise(design: Design, counts: Counts, model: TieModel, start: Maximum | None = None) -> Maximum:
    """Newton's method with step halving.

    `counts` must have a maximum, see `with_prior`. Raises BadSetting when it is not found.
    """
    has_tie = model.has_parameter
    strength = np.zeros(design.n_models) if start is None else start.strength
    tie = (model.start if start is None else start.tie) if has_tie else 0.0
    centring = design.centring()
    for _ in range(MOST_STEPS):
        gradient = score(design, counts, model, strength, tie)
        step = _newton_step(design, counts, model, strength, tie, gradient, centring)
        scale = min(1.0, 4.0 / max(float(np.abs(step).max(initial=0.0)), 1e-300))
        while has_tie and tie + scale * step[-1] <= model.floor:
            scale /= 2
        strength = strength + scale * step[: design.n_models]
        tie = tie + scale * float(step[-1]) if has_tie else tie
        if scale == 1.0 and np.abs(step).max(initial=0.0) < TOLERANCE:
            return Maximum(strength=design.centred(strength), tie=tie)
    raise BadSetting(
        f"The ratings were not found after {MOST_STEPS} steps; the results are too one-sided. Use a larger prior."
    )


def score(design: Design, counts: Counts, model: TieModel, strength: Floats, tie: float) -> Floats:
    """Gradient of the log-likelihood, float64[m + 1]; the last entry belongs to the tie parameter."""
    by_d, by_e = model.gradients(design.differences(strength), tie)
    pairs = counts.wins * by_d.win + counts.ties * by_d.tie + counts.losses * by_d.loss
    shared = counts.wins * by_e.win + counts.ties * by_e.tie + counts.losses * by_e.loss
    return np.append(design.gather(pairs), shared.sum())


def information(design: Design, counts: Counts, model: TieModel, maximum: Maximum) -> Floats:
    """Observed information, float64[m, m], or float64[m + 1, m + 1] with a tie parameter."""
    found = model.information(counts, design.differences(maximum.strength), maximum.tie)
    matrix = design.laplacian(found.dd)
    if not model.has_parameter:
        return matrix
    side = design.gather(found.de)
    return np.block([[matrix, side[:, None]], [side[None, :], np.array([[found.ee.sum()]])]])


def inverse_of(design: Design, matrix: Floats) -> Floats:
    """Inverse of an information matrix on centred strengths (and the tie parameter)."""
    m = design.n_models
    full = matrix.copy()
    full[:m, :m] += _weight(matrix) * design.centring()
    return np.asarray(cho_solve(cho_factor(full), np.eye(len(full))))


def _weight(matrix: Floats) -> float:
    """A multiple of the centring that keeps the matrix well conditioned."""
    return max(float(np.median(np.diag(matrix))), 1e-300)


def _newton_step(
    design: Design, counts: Counts, model: TieModel, strength: Floats, tie: float, gradient: Floats, centring: Floats,
) -> Floats:  # fmt: skip
    at = Maximum(strength=strength, tie=tie)
    matrix = information(design, counts, model, at)
    m = design.n_models
    matrix[:m, :m] += _weight(matrix) * centring
    target = gradient if model.has_parameter else gradient[:m]
    try:
        return np.asarray(cho_solve(cho_factor(matrix), target))
    except np.linalg.LinAlgError as error:
        raise BadSetting("The ratings were not found; the results are too one-sided. Use a larger prior.") from error
