"""What gives rewards to pairs, whatever it is: a classifier, a policy beside its reference, a judge.

Enters: pairs. Leaves: two scores a pair. `TextScorer` is for what scores an answer without seeing the other one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .pairs import Pair

if TYPE_CHECKING:  # a judge behind an address is asked without torch
    from .encoding import Encoded


@dataclass(frozen=True, kw_only=True)
class PairScore:
    """Scores of both answers, None where there is none; tokens that were read; whether a text was cut."""

    chosen: float | None
    rejected: float | None
    n_tokens_chosen: int
    n_tokens_rejected: int
    cut: bool = False


class Scorer(Protocol):
    """Gives rewards to pairs."""

    def score(self, pairs: Sequence[Pair]) -> list[PairScore]:
        """Rewards in the order of `pairs`, independent of which pairs are asked about together.

        Raises PermanentFailure or TransientFailure with a reason for the model's author.
        """
        ...


class TextModel(Protocol):
    """Gives a reward to one text at a time."""

    def encode(self, prompt: str, answer: str) -> "Encoded":
        """The tokens of a prompt with an answer."""
        ...

    def rewards(self, texts: Sequence["Encoded"]) -> list[float]:
        """Rewards in the order of `texts`."""
        ...


class TextScorer:
    """Pairs scored text by text."""

    def __init__(self, model: TextModel) -> None:
        self._model = model

    def score(self, pairs: Sequence[Pair]) -> list[PairScore]:
        """See `Scorer.score`."""
        texts = [self._model.encode(pair.prompt, answer) for pair in pairs for answer in (pair.chosen, pair.rejected)]
        rewards = self._model.rewards(texts)
        return [
            PairScore(
                chosen=rewards[at], rejected=rewards[at + 1], n_tokens_chosen=len(texts[at].tokens),
                n_tokens_rejected=len(texts[at + 1].tokens), cut=texts[at].cut or texts[at + 1].cut,
            )
            for at in range(0, len(texts), 2)
        ]  # fmt: skip
