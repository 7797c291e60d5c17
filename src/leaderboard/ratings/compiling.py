"""What the compiled loops of this package share: numba where it is installed, and one counter-based generator.

numba is optional; it is imported when a loop is first compiled, never by an import. The generator is SplitMix64
(Steele et al. 2014, https://doi.org/10.1145/2660193.2660195): word number n of a stream is a hash of n, so loops may
draw in any order and give the same words with numba and without.
"""

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Loop = TypeVar("Loop", bound=Callable[..., Any])

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
"""The constants of SplitMix64."""


@cache
def available() -> bool:
    """Whether numba is installed; it is not imported to find out."""
    return importlib.util.find_spec("numba") is not None


def compiled(loop: Loop, **options: Any) -> Loop:
    """The loop compiled by numba on its first call and kept on disk; not kept where there is no folder to write to."""
    import numba

    try:
        return numba.njit(cache=True, **options)(loop)  # type: ignore[no-any-return]
    except RuntimeError:  # no folder to cache in
        return numba.njit(**options)(loop)  # type: ignore[no-any-return]


def mixed(state: Words) -> Words:
    """The words that belong to states of the generator: multiples of GOLDEN from where a stream begins."""
    with np.errstate(over="ignore"):
        word = (state ^ (state >> np.uint64(30))) * MIX_1
        word = (word ^ (word >> np.uint64(27))) * MIX_2
        return np.asarray(word ^ (word >> np.uint64(31)))
