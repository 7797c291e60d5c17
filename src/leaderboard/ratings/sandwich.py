"""Robust (sandwich) covariance of Bradley-Terry strengths: right also for ties as half wins and for clustered battles.

The inverse information takes a tie as half a win and half a loss, two opposite battles, and so overstates the
variance; battles that share a prompt or a user are no independent draws. The sandwich replaces the expected by the
observed variance of the score, summed within clusters. Source: White (1982), https://doi.org/10.2307/1912526;
Liang and Zeger (1986), https://doi.org/10.1093/biomet/73.1.13.
"""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from leaderboard.ratings.battles import Battles, pair_of_battles
from leaderboard.ratings.likelihood import Design, Maximum, information, inverse_of
from leaderboard.ratings.tie_models import Counts, TieModel

Floats = npt.NDArray[np.float64]


def covariance(design: Design, counts: Counts, model: TieModel, maximum: Maximum, battles: Battles | None) -> Floats:
    """Covariance of the centred strengths in log odds, float64[m, m].

    `battles` are rows with weights or clusters; None when every battle counts once and stands for itself. `counts` are
    those that were fitted.
    """
    bread = inverse_of(design, information(design, counts, model, maximum))
    if battles is not None and battles.cluster is not None:
        meat = _clustered(design, model, maximum, battles)
    else:
        squares = counts if battles is None or battles.weight is None else _squared_weights(design, battles)
        meat = _independent(design, squares, model, maximum)
    full = bread @ meat @ bread
    m = design.n_models
    centre = np.eye(m) - design.centring()
    return np.asarray(centre @ full[:m, :m] @ centre.T)


def _independent(design: Design, squares: Counts, model: TieModel, maximum: Maximum) -> Floats:
    """Sum of the squared scores of single battles; `squares` holds sums of squared weights."""
    by_d, by_e = model.gradients(design.differences(maximum.strength), maximum.tie)
    n, g = np.stack(squares), np.stack(by_d)
    matrix = design.laplacian((n * g * g).sum(axis=0))
    if not model.has_parameter:
        return matrix
    h = np.stack(by_e)
    side = design.gather((n * g * h).sum(axis=0))
    return np.block([[matrix, side[:, None]], [side[None, :], np.array([[(n * h * h).sum()]])]])


def _squared_weights(design: Design, battles: Battles) -> Counts:
    """Sums of squared weights in the cells of the design."""
    pair, outcome = pair_of_battles(battles, design.first, design.second)
    squares = np.square(battles.weight if battles.weight is not None else np.ones(len(battles)))
    cells = np.bincount(pair * 3 + (1 - outcome), squares, 3 * len(design.first)).reshape(-1, 3)
    return Counts(*(np.ascontiguousarray(cells[:, i], dtype=np.float64) for i in range(3)))


def _clustered(design: Design, model: TieModel, maximum: Maximum, battles: Battles) -> Floats:
    """Sum over clusters of the outer product of their scores, times C / (C - 1)."""
    pair, outcome = pair_of_battles(battles, design.first, design.second)
    by_d, by_e = model.gradients(design.differences(maximum.strength), maximum.tie)
    weight = 1.0 if battles.weight is None else battles.weight
    row = np.arange(len(pair))
    slope = np.stack([by_d.win, by_d.tie, by_d.loss], axis=1)[pair, 1 - outcome] * weight
    n, m = len(pair), design.n_models
    clusters = battles.cluster if battles.cluster is not None else row
    n_clusters = int(clusters.max()) + 1
    columns = [np.concatenate([design.first[pair], design.second[pair]])]
    values = [np.concatenate([slope, -slope])]
    places = [np.concatenate([clusters, clusters])]
    if model.has_parameter:
        shared = np.broadcast_to(np.stack(np.broadcast_arrays(*by_e), axis=1), (len(design.first), 3))
        columns.append(np.full(n, m, dtype=np.int32))
        values.append(shared[pair, 1 - outcome] * weight)
        places.append(clusters)
    width = m + int(model.has_parameter)
    scores = csr_array(
        (np.concatenate(values), (np.concatenate(places), np.concatenate(columns))), shape=(n_clusters, width)
    )  # fmt: skip
    used = len(np.unique(clusters))
    return np.asarray((scores.T @ scores).toarray() * (used / max(1, used - 1)))
