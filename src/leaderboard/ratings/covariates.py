"""Bradley-Terry with covariates of the two answers: style and length control.

Enters: battles and, a row, features of both answers. Leaves: ratings at equal features, and the effect of each feature
with its interval. As in Arena's style control a feature is the difference relative to the sum, z-scored:
(a - b) / (a + b + 1), https://lmsys.org/blog/2024-08-28-style-control.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack
from scipy.special import expit

from leaderboard.errors import BadSetting
from leaderboard.ratings.battles import Battles, battle_totals, components, count_pairs
from leaderboard.ratings.likelihood import Design, has_maximum
from leaderboard.ratings.proportions import quantile_of_normal
from leaderboard.ratings.result import Ratings
from leaderboard.ratings.tie_models import Counts

Floats = npt.NDArray[np.float64]
STEPS = 50
TOLERANCE = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class Controlled:
    """Ratings at equal features; `effect` and its bounds are float64[k], log odds a standard deviation of a feature."""

    ratings: Ratings
    effect: Floats
    effect_lower: Floats
    effect_upper: Floats


def relative_difference(of_a: npt.ArrayLike, of_b: npt.ArrayLike) -> Floats:
    """(a - b) / (a + b + 1) of counts, such as characters or headers, z-scored over the battles; float64[n].

    Raises BadSetting for a feature that is the same in every battle, or negative.
    """
    a, b = np.asarray(of_a, dtype=np.float64), np.asarray(of_b, dtype=np.float64)
    if not (np.isfinite(a).all() and np.isfinite(b).all() and (a >= 0).all() and (b >= 0).all()):
        raise BadSetting("A feature holds a negative or missing value; expected counts of at least 0.")
    share = (a - b) / (a + b + 1)
    spread = share.std()
    if spread == 0:
        raise BadSetting("A feature is the same in every battle; it explains nothing, leave it out.")
    return np.asarray((share - share.mean()) / spread)


def fit(
    battles: Battles, features: npt.ArrayLike, *, scale: float = 400.0, base: float = 10.0, center: float = 1000.0,
    confidence_level: float = 0.95,
) -> Controlled:  # fmt: skip
    """Ratings and effects by maximum likelihood, ties as half wins, with sandwich bounds (clustered where possible).

    `features` is float64[n, k], one row a battle, seen from `a`. Raises BadSetting when the columns do not fit or
    there is no finite maximum.
    """
    given = np.asarray(features, dtype=np.float64)
    if given.ndim != 2 or len(given) != len(battles) or not np.isfinite(given).all():
        raise BadSetting(
            f"Features have the shape {given.shape}; expected finite numbers, {len(battles)} rows, a column a feature."
        )
    pairs = count_pairs(battles)
    design = Design(n_models=len(pairs.models), first=pairs.first, second=pairs.second, component=components(pairs))
    if not has_maximum(design, Counts(pairs.wins, pairs.ties, pairs.losses)):
        raise BadSetting("Some models never lost or never won; control for covariates needs battles both ways.")
    matrix = _matrix(battles, given)
    weights, residual, bread = _solve(design, matrix, battles)
    cov = bread @ _meat(matrix, residual, battles) @ bread
    m, points = design.n_models, scale / math.log(base)
    z = quantile_of_normal(confidence_level)
    rating = points * design.centred(weights[:m]) + center
    centre = np.eye(m) - design.centring()
    shown = points**2 * (centre @ cov[:m, :m] @ centre.T)
    half, wide = z * np.sqrt(np.diag(shown)), z * np.sqrt(np.diag(cov)[m:])
    ratings = Ratings(
        models=pairs.models, rating=rating, lower=rating - half, upper=rating + half, n_battles=battle_totals(pairs),
        component=design.component, method="bradley_terry with covariates", covariance=shown,
        settings={"ties": "half", "scale": scale, "base": base, "center": center, "n_features": given.shape[1],
                  "confidence_level": confidence_level, "clustered": battles.cluster is not None},
    )  # fmt: skip
    return Controlled(
        ratings=ratings, effect=weights[m:], effect_lower=weights[m:] - wide, effect_upper=weights[m:] + wide
    )


def _matrix(battles: Battles, features: Floats) -> csr_array:
    """Design matrix, n rows of +1 for a, -1 for b, and the features."""
    n = len(battles)
    row, one = np.arange(n), np.ones(n)
    ends = csr_array(
        (np.concatenate([one, -one]), (np.concatenate([row, row]), np.concatenate([battles.a, battles.b]))),
        shape=(n, len(battles.models)),
    )  # fmt: skip
    return csr_array(hstack([ends, csr_array(features)]))


def _solve(design: Design, matrix: csr_array, battles: Battles) -> tuple[Floats, Floats, Floats]:
    """Coefficients, weighted residual of every row, and the inverse information."""
    target = (battles.outcome + 1) / 2
    weight = np.ones(len(battles)) if battles.weight is None else battles.weight
    weights = np.zeros(matrix.shape[1])
    m = design.n_models
    for _ in range(STEPS):
        p = expit(matrix @ weights)
        information = np.asarray((matrix.T @ matrix.multiply((weight * p * (1 - p))[:, None]).tocsr()).toarray())
        information[:m, :m] += float(np.median(np.diag(information)[:m])) * design.centring()
        try:
            bread = np.linalg.inv(information)
        except np.linalg.LinAlgError as error:
            raise BadSetting("A feature repeats what another one or the models say; leave it out.") from error
        step = bread @ (matrix.T @ (weight * (target - p)))
        weights = weights + step * min(1.0, 4.0 / max(1e-300, float(np.abs(step).max())))
        if np.abs(step).max() < TOLERANCE:
            return weights, weight * (target - expit(matrix @ weights)), bread
    raise BadSetting(f"No finite ratings were found after {STEPS} steps; a feature seems to decide every battle.")


def _meat(matrix: csr_array, residual: Floats, battles: Battles) -> Floats:
    rows = matrix.multiply(residual[:, None]).tocsr()
    if battles.cluster is not None:
        code = np.unique(battles.cluster, return_inverse=True)[1]
        n = int(code.max()) + 1
        sums = csr_array((np.ones(len(code)), (code, np.arange(len(code)))), shape=(n, len(code))) @ rows
        return np.asarray((sums.T @ sums).toarray() * (n / max(1, n - 1)))
    return np.asarray((rows.T @ rows).toarray())
