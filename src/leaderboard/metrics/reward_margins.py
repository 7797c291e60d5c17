"""What a reward model's margins say beyond accuracy: their spread, their calibration, and what length does.

Enters: margins (score of the better answer less that of the other, one a pair, NaN where a score is missing) and
lengths of both answers. Leaves: shares by bin with 95 % Wilson bounds. A reward difference m claims to be right with
probability 1/(1 + e^-|m|), the model that Bradley-Terry reward models are trained as (Ouyang et al. 2022,
https://arxiv.org/abs/2203.02155); calibration error is the mean gap by bin (Guo et al. 2017,
https://arxiv.org/abs/1706.04599).
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from leaderboard.ratings.proportions import wilson

Floats = npt.NDArray[np.float64]
CLAIMED_BINS = np.linspace(0.5, 1.0, 11)
MARGIN_BINS = np.arange(-3.0, 3.5, 0.5)
LENGTHS = ("less than half", "shorter", "about equal", "longer", "more than twice")
LENGTH_BINS = (-1 / 3, -0.1, 0.1, 1 / 3)
"""Of (a - b)/(a + b): a third is twice as long, a tenth some 20 % longer."""


def calibration(margins: npt.ArrayLike) -> pd.DataFrame:
    """Claimed and observed share right by bins of the claimed one: columns claimed, right, lower, upper, n.

    A tie claims one half and is half right. Bins without pairs are left out.
    """
    given = _known(margins)
    claimed = expit(np.abs(given))
    right = (np.sign(given) + 1) / 2
    at = np.clip(np.searchsorted(CLAIMED_BINS, claimed, side="right") - 1, 0, len(CLAIMED_BINS) - 2)
    bins = pd.DataFrame({"at": at, "claimed": claimed, "right": right}).groupby("at")
    table = bins.agg(claimed=("claimed", "mean"), right=("right", "mean"), n=("right", "size")).reset_index(drop=True)
    lower, upper = wilson(table["right"].to_numpy(dtype=float), table["n"].to_numpy(dtype=float))
    return table.assign(lower=lower, upper=upper)


def calibration_error(margins: npt.ArrayLike) -> float:
    """Mean distance of claimed and observed share right over the bins, weighed by their pairs, 0..1; NaN without."""
    table = calibration(margins)
    return float(np.average((table["claimed"] - table["right"]).abs(), weights=table["n"])) if len(table) else np.nan


def margin_shares(margins: npt.ArrayLike) -> pd.DataFrame:
    """Share of pairs by margin in units of the margins' own standard deviation: columns label, share, n.

    The outermost bins hold everything beyond them. Without spread (all margins equal) the deviation is taken as 1.
    """
    given = _known(margins)
    given = np.clip(given, -1e300, 1e300)
    spread = float(np.std(given)) if len(given) else 1.0
    scaled = given / (spread if np.isfinite(spread) and spread > 0 else 1.0)
    inner = MARGIN_BINS[1:-1]
    counts = np.bincount(np.searchsorted(inner, scaled, side="right"), minlength=len(inner) + 1)
    between = [f"{low:g} to {high:g}" for low, high in pairwise(inner)]
    labels = [f"below {inner[0]:g}", *between, f"above {inner[-1]:g}"]
    n = max(len(given), 1)
    return pd.DataFrame({"label": labels, "share": counts / n, "n": counts})


def length_group(chosen: npt.ArrayLike, rejected: npt.ArrayLike) -> pd.Series:
    """Which of `LENGTHS` the better answer is beside the other, by characters; missing where a length is."""
    a, b = np.asarray(chosen, dtype=np.float64), np.asarray(rejected, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(a + b > 0, (a - b) / (a + b), 0.0)
    names = np.asarray(LENGTHS, dtype=object)[np.searchsorted(LENGTH_BINS, relative, side="right")]
    return pd.Series(names).mask(np.isnan(a) | np.isnan(b))


def _known(margins: npt.ArrayLike) -> Floats:
    given = np.asarray(margins, dtype=np.float64)
    return given[~np.isnan(given)]
