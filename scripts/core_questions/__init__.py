"""The questions of the core suite: one module a task, each a set of named kinds of question.

A kind takes a random generator and returns one `Draft`: the question, its computed answer and wrong answers that come
from a typical mistake (off by one, wrong operation, steps in the wrong order).
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Draft:
    """A question before its choices are put in order; `wrong` may hold doubles and even the answer."""

    question: str
    answer: str
    wrong: tuple[str, ...]


Kind = Callable[[random.Random], Draft]
Kinds = Mapping[str, Kind]


def draft(question: str, answer: object, wrong: Iterable[object]) -> Draft:
    """A draft with everything as text."""
    return Draft(question=question, answer=str(answer), wrong=tuple(str(item) for item in wrong))
