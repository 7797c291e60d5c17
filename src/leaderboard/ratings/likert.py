"""Answers on a scale from 1 (the first answer is much better) to 8 (the second one is) -> winners.

Enters: one whole number from 1 to 8 a battle. Leaves: winners in the spelling of `battles.battles_from_columns`.
Source: Hugging Face H4, "Can foundation models label data like humans?",
https://huggingface.co/blog/llm-leaderboard (2023-06-12).
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from leaderboard.errors import BadBattle
from leaderboard.ratings import elo
from leaderboard.ratings.battles import battles_from_columns
from leaderboard.ratings.result import Ratings

LOWEST, HIGHEST = 1, 8
Scores = npt.NDArray[np.int8]
TieRule = Literal["allowed", "none"]

_WINNERS: dict[TieRule, list[str]] = {
    "allowed": ["model_a"] * 3 + ["tie"] * 2 + ["model_b"] * 3,
    "none": ["model_a"] * 4 + ["model_b"] * 4,
}


def checked(values: Any) -> Scores:
    """Answers as int8[n], from numbers or their text in a list, numpy, pandas or arrow column.

    Raises BadBattle naming the row (from 1) and the value when one is not a whole number from 1 to 8.
    """
    cells = values.to_pylist() if hasattr(values, "to_pylist") else values
    numeric = getattr(getattr(cells, "dtype", None), "kind", "") in ("i", "u", "f")
    numbers = np.asarray(cells if numeric else [_number(cell) for cell in cells], dtype=np.float64)
    good = (numbers >= LOWEST) & (numbers <= HIGHEST) & (numbers == np.floor(numbers))
    if not good.all():
        row = int(np.argmin(good))
        raise BadBattle(
            f"Battle {row + 1}: likert is {_shown(cells, row)}; expected a whole number from {LOWEST} to {HIGHEST}."
        )
    return numbers.astype(np.int8)


def _number(cell: object) -> float:
    if isinstance(cell, str | int | float | np.number) and not isinstance(cell, bool):
        try:
            return float(cell)
        except (ValueError, OverflowError):
            return np.nan
    return np.nan


def _shown(cells: Any, row: int) -> str:
    cell = cells.iloc[row] if hasattr(cells, "iloc") else cells[row]
    return repr(cell.item() if isinstance(cell, np.generic) else cell)[:60]


def winners(scores: Any, *, ties: TieRule = "allowed") -> npt.NDArray[np.str_]:
    """model_a, model_b or tie for every answer.

    Ties allowed: below 4 model_a, above 5 model_b, 4 and 5 tie. No ties: below 5 model_a, else model_b.
    Raises BadBattle as `checked` does.
    """
    return np.array(_WINNERS[ties])[checked(scores) - LOWEST]


def swapped(scores: Any) -> Scores:
    """The same answers seen from the other side: 9 - x."""
    return (LOWEST + HIGHEST - checked(scores)).astype(np.int8)


def switch_sides(
    model_a: Sequence[str], model_b: Sequence[str], scores: Any, where: npt.ArrayLike
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_], Scores]:
    """The battles with both sides exchanged in the rows that `where` (bool[n]) marks; every other row is untouched."""
    first, second = np.asarray(model_a, dtype=object), np.asarray(model_b, dtype=object)
    flip, given = np.asarray(where, dtype=bool), checked(scores)
    return (
        np.where(flip, second, first),
        np.where(flip, first, second),
        np.where(flip, LOWEST + HIGHEST - given, given).astype(np.int8),
    )


def both_orders(forward: Any, backward: Any, *, ties: TieRule = "allowed") -> npt.NDArray[np.str_]:
    """One winner a question that was asked in both orders; `backward` was answered with the sides exchanged.

    The two answers are averaged on the scale of `forward`. With ties allowed a mean below 4 is model_a, above 5
    model_b; without ties the middle of the scale, 4.5, divides, and a mean of exactly 4.5 is a tie: the two answers
    contradict each other.
    """
    mean = (checked(forward) + swapped(backward)) / 2
    low, high = (4.0, 5.0) if ties == "allowed" else (4.5, 4.5)
    return np.select([mean < low, mean > high], ["model_a", "model_b"], "tie")


def question_clusters(question: Any) -> npt.NDArray[np.int64]:
    """Number of the cluster of every battle: all battles on one question, in whatever order of sides, share it."""
    cells = question.to_pylist() if hasattr(question, "to_pylist") else question
    return np.unique(np.asarray(cells), return_inverse=True)[1].astype(np.int64)


def h4_published(
    model_a: Sequence[str],
    model_b: Sequence[str],
    scores: Any,
    *,
    ties: TieRule = "allowed",
    n_resamples: int = 1000,
    confidence_level: float = 0.95,
    seed: int = 0,
) -> Ratings:
    """The ratings as H4 published them in June 2023: Likert -> winner -> online Elo, K = 32, medians of 1,000 rounds.

    H4 switched the sides of random battles first and by a slip of index overwrote other battles. A switch done right
    changes no rating (`switch_sides` and 9 - x cancel), so none is done here. The published human tables have bounds
    at 5 % and 95 % (`confidence_level=0.9`), the others at 2.5 % and 97.5 %. Historical: the width of these intervals
    is mostly noise of K; see `bradley_terry.fit`.
    """
    battles = battles_from_columns(model_a, model_b, winners(scores, ties=ties))
    return elo.bootstrap(battles, elo.H4, n_resamples=n_resamples, confidence_level=confidence_level, seed=seed)
