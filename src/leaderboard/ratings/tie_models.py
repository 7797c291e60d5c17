"""How a tie enters Bradley-Terry: three likelihoods with their derivatives, one interface.

With d the difference of two strengths in natural-log odds and e a tie parameter shared by all pairs, each model gives
the gradient of the log-likelihood of a win, a tie and a loss, and the observed information of counts.

- `Half`: a tie is half a win and half a loss (a quasi-likelihood; its standard errors need the sandwich).
- `Davidson` (1970), https://doi.org/10.1080/01621459.1970.10481082: P(tie) proportional to v sqrt(p_i p_j), e = log v.
- `RaoKupper` (1967), https://doi.org/10.1080/01621459.1967.10482901: a win needs a lead of e > 0.
"""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Floats = npt.NDArray[np.float64]


class Counts(NamedTuple):
    """Outcomes of p pairs, each float64[..., p]."""

    wins: Floats
    ties: Floats
    losses: Floats


class Gradients(NamedTuple):
    """Derivatives of the log-likelihood of one win, tie and loss, each float64[..., p]."""

    win: Floats
    tie: Floats
    loss: Floats


class Information(NamedTuple):
    """Minus the second derivatives of the log-likelihood of counts, each float64[..., p]."""

    dd: Floats
    de: Floats
    ee: Floats


class TieModel(Protocol):
    """One likelihood; `d` is float64[..., p], `e` broadcasts with it."""

    has_parameter: bool
    start: float
    floor: float

    def gradients(self, d: Floats, e: Floats | float) -> tuple[Gradients, Gradients]:
        """With respect to d, and to e."""
        ...

    def information(self, counts: Counts, d: Floats, e: Floats | float) -> Information:
        """Of the counts at d and e."""
        ...


class Half:
    """A tie counts as half a win and half a loss."""

    has_parameter = False
    start = 0.0
    floor = -np.inf

    def gradients(self, d: Floats, e: Floats | float) -> tuple[Gradients, Gradients]:
        """Observed minus expected score; nothing for e."""
        del e
        p = expit(d)
        none = np.zeros_like(p)
        return Gradients(1 - p, 0.5 - p, -p), Gradients(none, none, none)

    def information(self, counts: Counts, d: Floats, e: Floats | float) -> Information:
        """n p (1 - p)."""
        del e
        p = expit(d)
        none = np.zeros_like(p)
        return Information((counts.wins + counts.ties + counts.losses) * p * (1 - p), none, none)


class Davidson:
    """Win, loss and tie in the proportions exp(d/2), exp(-d/2) and exp(e)."""

    has_parameter = True
    start = 0.0
    floor = -np.inf

    def gradients(self, d: Floats, e: Floats | float) -> tuple[Gradients, Gradients]:
        """An exponential family: observed minus expected."""
        win, tie, loss = self._shares(d, e)
        lead = (win - loss) / 2
        return Gradients(0.5 - lead, -lead, -0.5 - lead), Gradients(-tie, 1 - tie, -tie)

    def information(self, counts: Counts, d: Floats, e: Floats | float) -> Information:
        """Covariance of the sufficient statistics."""
        win, tie, loss = self._shares(d, e)
        n, lead = counts.wins + counts.ties + counts.losses, (win - loss) / 2
        return Information(n * ((win + loss) / 4 - lead**2), -n * lead * tie, n * tie * (1 - tie))

    def _shares(self, d: Floats, e: Floats | float) -> tuple[Floats, Floats, Floats]:
        top = np.maximum(np.abs(d) / 2, e)
        parts = np.exp(d / 2 - top), np.exp(e - top), np.exp(-d / 2 - top)
        total = parts[0] + parts[1] + parts[2]
        return parts[0] / total, parts[1] / total, parts[2] / total


class RaoKupper:
    """A win needs a lead of e: P(win) = 1 / (1 + exp(e - d)), the rest between both is a tie."""

    has_parameter = True
    start = 0.5
    floor = 1e-9

    def gradients(self, d: Floats, e: Floats | float) -> tuple[Gradients, Gradients]:
        """From log P(tie) = log P(win) + log P(loss) + log(exp(2 e) - 1)."""
        win, loss = expit(d - e), expit(-d - e)
        width = 2 / -np.expm1(-2 * np.asarray(e))
        by_d = Gradients(1 - win, loss - win, loss - 1)
        return by_d, Gradients(win - 1, win + loss - 2 + width, loss - 1)

    def information(self, counts: Counts, d: Floats, e: Floats | float) -> Information:
        """Observed information."""
        win, loss = expit(d - e), expit(-d - e)
        first, second = (counts.wins + counts.ties) * win * (1 - win), (counts.losses + counts.ties) * loss * (1 - loss)
        shrink = np.exp(-2 * np.asarray(e)) / np.expm1(-2 * np.asarray(e)) ** 2
        return Information(first + second, second - first, first + second + 4 * counts.ties * shrink)


TIE_MODELS: dict[str, TieModel] = {"half": Half(), "drop": Half(), "davidson": Davidson(), "rao_kupper": RaoKupper()}
"""By the names of `bradley_terry.fit`; drop leaves the ties out before."""
