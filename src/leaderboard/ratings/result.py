"""What every rating method returns: ratings with bounds, and everything needed to repeat them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ratings:
    """Ratings of m models, in the order of `models`.

    `rating`, `lower` and `upper` are float64[m] in Elo points (in 0..1 for win rates); bounds are NaN without an
    interval. `n_battles` is float64[m] (weights count), `component` int64[m]: only models of one component can be
    compared, 0 is the largest. `settings` repeats the run. `rounds`, float64[n_resamples, m], are bootstrap ratings
    centred or anchored like `rating`; `covariance`, float64[m, m], that of the ratings.
    """

    models: tuple[str, ...]
    rating: Floats
    lower: Floats
    upper: Floats
    n_battles: Floats
    component: Ints
    method: str
    settings: Mapping[str, object] = field(default_factory=dict)
    rounds: Floats | None = None
    covariance: Floats | None = None
