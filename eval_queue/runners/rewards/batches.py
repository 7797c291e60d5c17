"""Which rows go through the model together, and what happens when they are too many for the memory.

Enters: lengths. Leaves: batches of places, longest first, each at most `budget` tokens once padded (a longer row goes
alone). Sorting keeps padding low; longest first shows at once whether memory is enough.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Scored = TypeVar("Scored")

CPU_BUDGET = 512
"""Tokens of a batch on a CPU; larger and smaller ones were slower when tried by hand on this project's machine."""

GPU_BUDGET = 16_384
"""Tokens of a batch on a GPU; not measured here, halved where memory is short."""


def plan(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Batches of places in `lengths`; every place is in exactly one."""
    batches: list[list[int]] = []
    width = 0
    for at in sorted(range(len(lengths)), key=lambda place: (-lengths[place], place)):
        if batches and (len(batches[-1]) + 1) * width <= budget:
            batches[-1].append(at)
        else:
            batches.append([at])
            width = lengths[at]
    return batches


def run_halving(
    batch: Sequence[Item], run: Callable[[Sequence[Item]], list[Scored]], *,
    is_memory_error: Callable[[Exception], bool], halve: Callable[[Item], Sequence[Item]] = lambda _: (),
) -> list[Scored]:  # fmt: skip
    """What `run` gives for a batch, or for its halves where it does not fit into memory.

    A single item is cut by `halve`. Raises what `run` raised when one that cannot be halved does not fit.
    """
    try:
        return run(batch)
    except (RuntimeError, MemoryError) as error:
        if not is_memory_error(error):
            raise
        middle = len(batch) // 2
        parts = [batch[:middle], batch[middle:]] if middle else [[each] for each in halve(batch[0])]
        if not parts:
            raise
    return [
        each for part in parts for each in run_halving(part, run, is_memory_error=is_memory_error, halve=halve)
    ]  # fmt: skip
