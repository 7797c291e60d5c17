"""Shares between 0 and 1 and how uncertain they are.

Enters: shares and the number of observations behind them. Leaves: standard errors and Wilson intervals.
Source: Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953.
"""

from typing import cast

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]

Z_95 = 1.959963984540054
"""Half-width of a 95 % interval in standard errors of a normal distribution."""


def quantile_of_normal(confidence_level: float) -> float:
    """Half-width of a two-sided interval in standard errors; 0.95 gives `Z_95`."""
    return float(ndtri(0.5 + confidence_level / 2))


def binomial_standard_error(score: Floats, n: Floats, slope: float = 1.0) -> Floats:
    """Standard error of an accuracy over `n` questions.

    `score` in 0..1, any shape; `slope` is d(score)/d(accuracy) of a rescaled score. For scores that are not
    0/1 per question this is an upper bound, because a variable in 0..1 with mean p has at most variance p(1-p).
    """
    return slope * np.sqrt(score * (1 - score) / n)


def error_of_mean(errors: Floats) -> Floats:
    """Standard error of the mean of independent figures with these standard errors, over the last axis."""
    return np.asarray(np.sqrt((errors**2).sum(axis=-1)) / errors.shape[-1])


def bounds_of_mean(values: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Bounds of the mean of independent shares over the last axis, from the bounds of each.

    Distances to the bounds are joined by squares, each side for itself, so that skewed bounds stay skewed (Newcombe
    1998, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I, method 10). NaN where
    one is.
    """
    n, mean = values.shape[-1], values.mean(axis=-1)
    down, up = (np.sqrt((gap**2).sum(axis=-1)) / n for gap in (values - lower, upper - values))
    return mean - down, mean + up


def wilson(share: npt.ArrayLike, n: npt.ArrayLike, confidence_level: float = 0.95) -> tuple[Floats, Floats]:
    """Lower and upper bound of shares in 0..1 over `n` observations, elementwise; NaN where n is 0 or NaN.

    `n` need not be whole: an effective number of observations widens or narrows the interval. The bounds stay in
    0..1 and always hold the share.
    """
    p, size = np.broadcast_arrays(np.asarray(share, dtype=np.float64), np.asarray(n, dtype=np.float64))
    known = np.isfinite(p) & (size > 0)
    p, size = np.where(known, p, np.nan), np.where(known, size, np.nan)
    z2 = quantile_of_normal(confidence_level) ** 2
    center = (p + z2 / (2 * size)) / (1 + z2 / size)
    half = np.sqrt(z2 * (p * (1 - p) / size + z2 / (4 * size**2))) / (1 + z2 / size)
    # The product of both ends is known; the small end as a difference of two near numbers would lose its digits.
    with np.errstate(invalid="ignore", divide="ignore"):
        low = np.where(p < 0.5, p**2 / ((1 + z2 / size) * (center + half)), center - half)
        high = np.where(p < 0.5, center + half, 1 - (1 - p) ** 2 / ((1 + z2 / size) * (1 - (center - half))))
    lower, upper = np.clip(low, 0, p), np.clip(high, p, 1)
    return cast(Floats, lower), cast(Floats, upper)


def error_of_interval(share: float, lower: float, upper: float) -> float | None:
    """The standard error whose 95 % interval is as wide as the wider side of this one; None for unknown bounds.

    Unlike a share's plain error it is not 0 where all of a few observations agree.
    """
    return None if np.isnan(lower) or np.isnan(upper) else float(max(upper - share, share - lower) / Z_95)
