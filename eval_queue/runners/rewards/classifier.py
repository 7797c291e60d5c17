"""Sequence-classification reward models: one number for a prompt with an answer.

Enters: a model of transformers' AutoModelForSequenceClassification with one label. Leaves: rewards. Texts that begin
alike share that beginning where the model allows it (`trunk.can_share`); else the model's own forward pass is asked, in
batches of like length. Either way float32 scores are those of one text at a time to 1e-4.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch

from eval_queue.runners.causal_model import is_memory_error
from leaderboard.errors import ModelAtFault

from .batches import CPU_BUDGET, GPU_BUDGET, plan, run_halving
from .encoding import MAX_TOKENS, Encoded, Encoder
from .trunk import Trunk, can_share


class Classifier:
    """A loaded reward model. `share` off asks the model's own forward pass even where beginnings could be shared."""

    def __init__(
        self, model: Any, tokenizer: Any, *, max_tokens: int = MAX_TOKENS, budget: int | None = None, share: bool = True
    ) -> None:
        self._model = model.eval()
        longest = longest_text(model, max_tokens)
        self._encoder = Encoder(tokenizer, longest)
        self._budget = budget or (GPU_BUDGET if model.device.type == "cuda" else CPU_BUDGET)
        self._trunk: Trunk | None = None
        if (
            share
            and isinstance(getattr(model, "score", None), torch.nn.Module)
            and can_share(model.base_model, longest)
        ):
            self._trunk = Trunk(model.base_model, share=True, budget=self._budget)
        self._halved = 0

    @property
    def halved(self) -> int:
        """Batches that memory was too small for."""
        return self._halved + (self._trunk.halved if self._trunk else 0)

    def encode(self, prompt: str, answer: str) -> Encoded:
        """See `TextModel.encode`."""
        return self._encoder.encode(prompt, answer)

    def rewards(self, texts: Sequence[Encoded]) -> list[float]:
        """See `TextModel.rewards`. Raises ModelAtFault when a reward is not a finite number."""
        found = self._one_by_one(texts) if self._trunk is None else self._trunk.each(texts, self._head)
        if not all(map(math.isfinite, found)):
            raise ModelAtFault(
                "The model's reward is not a finite number. The weights are damaged, or do not work in this "
                "precision: try bfloat16 or float32."
            )
        return found

    def _head(self, states: torch.Tensor, text: Encoded, n_stem: int) -> float:
        """The reward from the token that transformers pools: the last one unequal to the model's padding."""
        pad = self._model.config.pad_token_id
        last = next((at for at in range(len(text.tokens) - 1, n_stem, -1) if text.tokens[at] != pad), n_stem)
        return float(self._model.score(states[None, last - n_stem])[0, 0].float())

    def _one_by_one(self, texts: Sequence[Encoded]) -> list[float]:
        found = [0.0] * len(texts)
        for batch in plan([len(text.tokens) for text in texts], self._budget):
            rewards = run_halving(
                batch, lambda part: self.forward([texts[at].tokens for at in part]), is_memory_error=self._too_big
            )
            for at, reward in zip(batch, rewards, strict=True):
                found[at] = reward
        return found

    def forward(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """Rewards of one padded batch by the model's own forward pass."""
        return [float(reward) for reward in own_logits(self._model, rows)[:, 0].float()]

    def _too_big(self, error: Exception) -> bool:
        self._halved += is_memory_error(error)
        return is_memory_error(error)


def own_logits(model: Any, rows: Sequence[Sequence[int]]) -> torch.Tensor:
    """Logits [n, labels] of one padded batch of a sequence classifier, by its own forward pass.

    The token that is pooled is the last one unequal to the model's own `pad_token_id`, as transformers does it. A model
    without one gets an id that no text holds, so the last token is pooled.
    """
    own = model.config.pad_token_id
    pad = own if own is not None else _unused(rows, model.config.vocab_size)
    tokens, mask = padded(rows, pad, model.device)
    model.config.pad_token_id = pad
    try:
        with torch.inference_mode():
            logits: torch.Tensor = model(input_ids=tokens, attention_mask=mask).logits
    finally:
        model.config.pad_token_id = own
    return logits


def longest_text(model: Any, max_tokens: int) -> int:
    """Tokens a text may have: `max_tokens`, or fewer where the model has no more positions."""
    return min(max_tokens, int(getattr(model.config, "max_position_embeddings", None) or max_tokens))


def padded(rows: Sequence[Sequence[int]], pad: int, place: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens and mask, int64[n, longest], padded on the right."""
    width = max(map(len, rows))
    tokens = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows], device=place)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=place)
    return tokens, mask


def _unused(rows: Sequence[Sequence[int]], size: int) -> int:
    used = {token for row in rows for token in row}
    return next(token for token in range(size - 1, -1, -1) if token not in used)
