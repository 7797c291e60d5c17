"""What checks of reference solutions are written with."""

import random
from collections.abc import Callable


class Wrong(AssertionError):
    """A reference solution gives something else than expected."""


def draws(seed: int) -> random.Random:
    """Random input, the same in every run."""
    return random.Random(seed)  # noqa: S311 - for cases, not for secrets


def same(got: object, expected: object) -> None:
    """Raise Wrong unless the two are equal."""
    if got != expected:
        raise Wrong(f"got {got!r:.300}; expected {expected!r:.300}")


def refused(call: Callable[[], object], says: str = "") -> ValueError:
    """The ValueError of a call, whose text holds `says`. Raises Wrong when there is none."""
    try:
        got = call()
    except ValueError as error:
        if says not in str(error):
            raise Wrong(f"the message {error} does not hold {says!r}") from error
        return error
    raise Wrong(f"got {got!r:.200}; expected a ValueError")
