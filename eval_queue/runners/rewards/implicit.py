"""Rewards that a policy trained with DPO implies: what it says more readily than the model it was trained from.

Enters: policy and reference, causal language models with one vocabulary. Leaves: rewards
beta * (log p_policy - log p_reference), summed over the answer's tokens (Rafailov et al. 2023,
https://arxiv.org/abs/2305.18290). Texts that begin alike share that beginning where both models allow it.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch

from leaderboard.errors import ModelAtFault

from .classifier import longest_text
from .encoding import MAX_TOKENS, Encoded, Encoder
from .trunk import Trunk, can_share

BETA = 0.1
"""Scales every reward alike, so no accuracy depends on it; the margins do. RewardBench does not use it either."""


class ImplicitReward:
    """A policy beside its reference; both read the policy's tokens."""

    def __init__(
        self, policy: Any, reference: Any, tokenizer: Any, *, max_tokens: int = MAX_TOKENS, budget: int | None = None
    ) -> None:
        sizes = [model.get_input_embeddings().weight.shape[0] for model in (policy, reference)]
        if sizes[0] != sizes[1]:
            raise ModelAtFault(
                f"The policy has {sizes[0]:,} token embeddings, its reference {sizes[1]:,}; expected the model that "
                "the policy was trained from (base_model in the model card), with the same vocabulary."
            )
        longest = min(longest_text(model, max_tokens) for model in (policy, reference))
        self._encoder = Encoder(tokenizer, longest)
        self._models = [
            (model.eval(), Trunk(model.base_model, share=can_share(model.base_model, longest), budget=budget))
            for model in (policy, reference)
        ]

    def encode(self, prompt: str, answer: str) -> Encoded:
        """See `TextModel.encode`."""
        return self._encoder.encode(prompt, answer)

    def rewards(self, texts: Sequence[Encoded]) -> list[float]:
        """See `TextModel.rewards`. Raises ModelAtFault when a reward is not a finite number."""
        policy, reference = (trunk.each(texts, _Said(model)) for model, trunk in self._models)
        found = [BETA * (one - other) for one, other in zip(policy, reference, strict=True)]
        if not all(map(math.isfinite, found)):
            raise ModelAtFault(
                "A log-probability is not a finite number. The weights are damaged, or do not work in this precision: "
                "try bfloat16 or float32."
            )
        return found


class _Said:
    """Sum of the log-probabilities of the answer's tokens; the first token of a text has none."""

    def __init__(self, model: Any) -> None:
        self._head = model.get_output_embeddings()

    def __call__(self, states: torch.Tensor, text: Encoded, n_stem: int) -> float:
        first = max(text.answer_at, 1)
        logits = self._head(states[first - 1 - n_stem : len(text.tokens) - 1 - n_stem]).float()
        tokens = torch.tensor(text.tokens[first:], device=logits.device)
        chosen = logits.gather(-1, tokens[:, None])[:, 0] - logits.logsumexp(-1)
        return float(chosen.double().sum())
