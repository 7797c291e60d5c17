"""What the compiled loops of this package share: numba where it is installed, and one counter-based generator.

numba is optional, and compiling takes 10 s once a machine and a second from the disk. So ratings never compile: they
take the numpy loops until `warm` has made the compiled ones, in a background thread or where waiting pays. Both give
the same result. The generator is SplitMix64
(Steele et al. 2014, https://doi.org/10.1145/2660193.2660195): word number n of a stream is a hash of n, so loops may
draw in any order and give the same words with numba and without.
"""

import importlib.util
import logging
from collections.abc import Callable
from functools import cache
from threading import Lock, Timer
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Loop = TypeVar("Loop", bound=Callable[..., Any])

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
"""The constants of SplitMix64."""
_log = logging.getLogger(__name__)


class Kernel(Generic[Loop]):
    """A loop that numba can compile.

    `loop` is the compiled loop, None until `compile` is through: `kernel.loop or numpy_loop` never waits. `example`
    runs the loop once with the types that all calls have; numba compiles for types.
    """

    def __init__(self, source: Loop, example: Callable[[Loop], object], **options: Any) -> None:
        self.loop: Loop | None = None
        self._source, self._example, self._options, self._lock = source, example, options, Lock()

    def compile(self) -> Loop:
        """The loop, compiled or loaded from the disk now if it is not yet; threads that ask meanwhile wait for it.

        Raises ModuleNotFoundError without numba.
        """
        with self._lock:
            if self.loop is None:
                loop = compiled(self._source, **self._options)
                self._example(loop)
                self.loop = loop
            return self.loop


def warm() -> None:
    """Make every compiled loop ready; ratings use them from then on, and numpy until then.

    Does nothing without numba or when all is ready. Safe from any thread, while others rate. A numba that cannot
    compile here is logged and numpy stays in use.
    """
    from leaderboard.ratings import elo_kernel, resample_kernel

    if not available():
        return
    try:
        from numba.core.errors import NumbaError
    except ImportError as error:  # numba refuses versions of numpy that it does not know
        _log.warning("numba cannot be used, ratings take the slower numpy path: %s", error)
        return
    try:
        for kernel in (*resample_kernel.KERNELS, *elo_kernel.KERNELS):
            kernel.compile()
    except NumbaError as error:
        _log.warning("numba cannot compile here, ratings take the slower numpy path: %s", error)


def warm_in_background(after_seconds: float = 0.0, then: Callable[[], object] = lambda: None) -> Timer:
    """`warm`, and `then` what uses it, in a daemon thread after a while that a start has for itself."""

    def work() -> None:
        warm()
        then()

    thread = Timer(after_seconds, work)
    thread.name, thread.daemon = "warm compiled loops", True
    thread.start()
    return thread


@cache
def available() -> bool:
    """Whether numba is installed; it is not imported to find out."""
    return importlib.util.find_spec("numba") is not None


def compiled(loop: Loop, **options: Any) -> Loop:
    """The loop, compiled by numba for every new types of a call; kept on disk where there is a folder to write to."""
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
