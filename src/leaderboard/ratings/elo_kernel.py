"""The compiled loop of `elo_rounds`; numba is optional.

Enters: packed cells, a random state a round. Leaves: strengths after all rounds. `elo_rounds` holds the same loop in
numpy, the oracle of this one.
"""

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from leaderboard.ratings.compiling import GOLDEN, MIX_1, MIX_2, Kernel, Words

Floats = npt.NDArray[np.float64]

LANES = 16
"""Rounds that advance together: enough to hide the latency of a division, few enough for the level-1 cache."""

MAX_ARGUMENT = 0.19
"""Largest step whose exponential the series below gives to 1e-14; larger steps are halved first."""

_MODEL = np.uint64(0xFFFFFF)
_LOW = np.uint64(0xFFFFFFFF)
_24, _27, _30, _31, _32, _48 = (np.uint64(n) for n in (24, 27, 30, 31, 32, 48))
_0, _1, _2 = np.uint64(0), np.uint64(1), np.uint64(2)
_LANES = np.uint64(LANES)


def pack(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32], outcome: npt.NDArray[np.int8]) -> Words:
    """One word a battle: 24 bits each for the models, then outcome + 1 = twice the score of a."""
    score = (outcome.astype(np.int64) + 1).astype(np.uint64)
    return cast(Words, a.astype(np.uint64) | (b.astype(np.uint64) << _24) | (score << _48))


def unpack(packed: Words) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Models a and b and the score of a (0, 0.5 or 1) of packed battles, in their shape."""
    first, second = packed & _MODEL, (packed >> _24) & _MODEL
    return first.astype(np.int64), second.astype(np.int64), (packed >> _48).astype(np.float64) / 2


def drawn(
    threshold: npt.NDArray[np.uint32], packed: Words, starts: Words, n_draws: int, step: float, n_models: int
) -> Floats:
    """Strengths float64[n_rounds, n_models]; see `elo_rounds.drawn_rounds`. Compiles where `ROUNDS` is not ready."""
    halvings = max(0, int(np.ceil(np.log2(step / MAX_ARGUMENT)))) if step > 0 else 0
    loop = ROUNDS.loop or ROUNDS.compile()
    return loop(threshold, packed, starts, int(n_draws), float(step) / 2**halvings, int(n_models), halvings)


def _drawn(  # noqa: C901 - one loop nest, compiled as a whole
    threshold: npt.NDArray[np.uint32], packed: Words, starts: Words, n_draws: int, step: float, n_models: int,
    halvings: int,
) -> Floats:  # fmt: skip  # pragma: no cover - compiled
    n_rounds, n_slots = starts.shape[0], np.uint64(threshold.shape[0])
    out = np.empty((n_rounds, n_models))
    odds = np.empty(n_models * LANES)
    state, slot, low = np.empty(LANES, np.uint64), np.empty(LANES, np.uint64), np.empty(LANES, np.uint32)
    first, second = np.empty(LANES, np.uint64), np.empty(LANES, np.uint64)
    won, x, y = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    up, down = np.empty(LANES), np.empty(LANES)
    for block in range(0, n_rounds, LANES):
        width = min(LANES, n_rounds - block)
        for lane in range(LANES):
            state[lane] = starts[block + min(lane, width - 1)]
        odds[:] = 1.0
        for _ in range(n_draws):
            for lane in range(LANES):  # one SplitMix64 word a lane
                state[lane] += GOLDEN
                word = (state[lane] ^ (state[lane] >> _30)) * MIX_1
                word = (word ^ (word >> _27)) * MIX_2
                word = word ^ (word >> _31)
                slot[lane] = ((word >> _32) * n_slots) >> _32
                low[lane] = np.uint32(word & _LOW)
            for lane in range(LANES):  # the battle it picks
                above = _1 if low[lane] >= threshold[slot[lane]] else _0
                battle = packed[_2 * slot[lane] + above]
                first[lane] = (battle & _MODEL) * _LANES + np.uint64(lane)
                second[lane] = ((battle >> _24) & _MODEL) * _LANES + np.uint64(lane)
                won[lane] = 0.5 * np.int64(battle >> _48)
                x[lane], y[lane] = odds[first[lane]], odds[second[lane]]
            for lane in range(LANES):  # exp(+-d) from one series: even and odd terms
                d = step * (won[lane] - x[lane] / (x[lane] + y[lane]))
                s = d * d
                even = 1 + s * (1 / 2 + s * (1 / 24 + s * (1 / 720 + s * (1 / 40320))))
                odd = d * (1 + s * (1 / 6 + s * (1 / 120 + s * (1 / 5040 + s * (1 / 362880)))))
                up[lane], down[lane] = even + odd, even - odd
            for _halving in range(halvings):
                for lane in range(LANES):
                    up[lane], down[lane] = up[lane] * up[lane], down[lane] * down[lane]
            for lane in range(LANES):
                odds[first[lane]], odds[second[lane]] = x[lane] * up[lane], y[lane] * down[lane]
        for lane in range(width):
            for model in range(n_models):
                out[block + lane, model] = np.log(odds[model * LANES + lane])
    return out


ROUNDS = Kernel(
    _drawn,
    lambda loop: loop(np.zeros(1, np.uint32), np.full(2, 1 << 24, np.uint64), np.zeros(1, np.uint64), 1, 0.1, 2, 0),
    fastmath={"contract"},
    nogil=True,
)
KERNELS: tuple[Kernel[Any], ...] = (ROUNDS,)
"""What `compiling.warm` makes ready."""
