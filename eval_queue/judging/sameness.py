"""Whether a model says the same whatever it is asked: such answers have won against judges, and must be seen.

Source of the attack: Zheng et al. (2024), https://arxiv.org/abs/2410.07137 (constant answers at the top of boards).
"""

import re
from collections.abc import Sequence

SAME = 0.8
"""Share of words that two answers have in common from which on they count as the same (Jaccard)."""

MOST = 0.5
"""Share of answers that may be the same before a run is flagged."""

LONGEST = 20_000
_WORD = re.compile(r"[^\W\d_]+")


def constant_share(texts: Sequence[str]) -> float:
    """The largest share, 0..1, of answers that are (nearly) the same as one of them; numbers do not tell them apart.

    0 for fewer than two answers: nothing can be said.
    """
    if len(texts) < 2:
        return 0.0
    words = [frozenset(_WORD.findall(text[:LONGEST].casefold())) for text in texts]
    return max(sum(_alike(one, other) for other in words) for one in set(words)) / len(words)


def constant_flag(texts: Sequence[str]) -> str | None:
    """A sentence for the result when most answers are the same; None otherwise."""
    share = constant_share(texts)
    if share <= MOST:
        return None
    return f"gives (nearly) the same answer to {round(share * len(texts))} of {len(texts)} questions and follow-ups"


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return one == other or len(one & other) >= SAME * len(one | other)
