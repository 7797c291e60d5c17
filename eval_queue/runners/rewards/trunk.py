"""A decoder's last hidden states for many texts, with beginnings that texts share run once.

Enters: a transformers model whose base is a causal decoder, and `Encoded` texts. Leaves: for each text what a function
makes of the hidden states of its tokens. Whether a model computes the same this way is not assumed: `can_share` tries
it on three short texts of its own, and models with a sliding window shorter than the texts, with encoders or with
memory between tokens are asked text by text instead.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch

from eval_queue.runners.causal_model import is_memory_error

from .batches import CPU_BUDGET, GPU_BUDGET, plan, run_halving
from .encoding import Encoded
from .packing import BEGINNING, PADDING, Packed, Row, pack, unpack

Value = TypeVar("Value")
Pick = Callable[[torch.Tensor, Encoded, int], Value]
"""What is wanted of a text: from its hidden states float[n, width] after a stem of so many tokens."""

PROBE = ((5, 9, 3, 8, 4, 6, 2), (5, 9, 3, 8, 4, 2, 7, 6), (5, 9, 3, 1))
"""Token ids that every vocabulary has."""

TOLERANCE = {torch.float32: 1e-4}
ROUGH_TOLERANCE = 0.05
"""Relative to the largest state, for data types with few digits."""

FAILURES = (RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError, NotImplementedError)


class Trunk:
    """The base of a model; `share` as `can_share` found. `halved` counts batches that memory was too small for."""

    def __init__(self, base: Any, *, share: bool, budget: int | None = None) -> None:
        self._base, self._share = base, share
        self._budget = budget or (GPU_BUDGET if base.device.type == "cuda" else CPU_BUDGET)
        self.halved = 0

    def each(self, texts: Sequence[Encoded], pick: Pick[Value]) -> list[Value]:
        """`pick` of every text, in their order."""
        packed = pack(texts, self._budget, share=self._share)
        stem = self._keys_and_values(packed.stem)
        found: dict[int, Value] = {}
        for batch in plan([len(row.tokens) for row in packed.rows], self._budget):
            rows = [packed.rows[at] for at in batch]
            parts = run_halving(
                rows, lambda part: [self._run(part, packed, stem, texts, pick)], is_memory_error=self._too_big,
                halve=lambda row: unpack(row, texts, len(packed.stem)),
            )  # fmt: skip
            for part in parts:
                found |= part
        return [found[at] for at in range(len(texts))]

    def _run(
        self, rows: Sequence[Row], packed: Packed, stem: Sequence[tuple[torch.Tensor, torch.Tensor]],
        texts: Sequence[Encoded], pick: Pick[Value],
    ) -> dict[int, Value]:  # fmt: skip
        n_stem = len(packed.stem)
        tokens, positions, branches = (
            torch.tensor(each, device=self._base.device) for each in _padded(rows)
        )  # fmt: skip
        # A model that does not share is asked as it is: its own kind of attention knows nothing of our mask.
        how = {"attention_mask": (branches != PADDING).long(), "use_cache": False} if not self._share else {
            "position_ids": positions, "attention_mask": _mask(branches, n_stem, self._base.dtype),
            "use_cache": bool(stem), **_cache(stem, len(rows)),
        }  # fmt: skip
        with torch.inference_mode():
            states = self._base(input_ids=tokens, **how).last_hidden_state
            return {
                at: pick(states[number, list(path)], texts[at], n_stem)
                for number, row in enumerate(rows)
                for at, path in row.paths.items()
            }

    def _keys_and_values(self, stem: Sequence[int]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        if not stem:
            return []
        with torch.inference_mode():
            cache = self._base(torch.tensor([stem], device=self._base.device), use_cache=True).past_key_values
        return [(layer.keys, layer.values) for layer in cache.layers]

    def _too_big(self, error: Exception) -> bool:
        self.halved += is_memory_error(error)
        return is_memory_error(error)


def can_share(base: Any, longest: int) -> bool:
    """Whether texts can share their beginnings in this model: its states are what they are one by one."""
    window = getattr(base.config, "sliding_window", None)
    if window is not None and window < longest:
        return False
    probe = [Encoded(tokens=tokens, answer_at=3) for tokens in PROBE]
    try:
        together = Trunk(base, share=True).each(probe, lambda states, *_: states[-1].float())
        with torch.inference_mode():
            alone = [
                base(torch.tensor([text.tokens], device=base.device)).last_hidden_state[0, -1].float() for text in probe
            ]
    except FAILURES as error:
        if is_memory_error(error):
            raise
        return False
    scale = max(1.0, float(torch.stack(alone).abs().max()))
    limit = TOLERANCE.get(base.dtype, ROUGH_TOLERANCE)
    return all(
        bool(torch.isfinite(one).all()) and float((one - other).abs().max()) <= limit * scale
        for one, other in zip(together, alone, strict=True)
    )


def _padded(rows: Sequence[Row]) -> tuple[list[list[int]], list[list[int]], list[list[int]]]:
    """Tokens, positions and branches, int[n, longest], padded on the right."""
    width = max(len(row.tokens) for row in rows)

    def filled(values: Sequence[int], by: int) -> list[int]:
        return [*values, *[by] * (width - len(values))]

    return (
        [filled(row.tokens, 0) for row in rows],
        [filled(row.positions, 0) for row in rows],
        [filled(row.branches, PADDING) for row in rows],
    )


def _mask(branches: torch.Tensor, n_stem: int, dtype: torch.dtype) -> torch.Tensor:
    """What each token does not see, as a large negative number to add, float[n, 1, width, n_stem + width]."""
    n, width = branches.shape
    ask, key = branches[:, :, None], branches[:, None, :]
    order = torch.arange(width, device=branches.device)
    seen = (order[:, None] >= order) & ((key == BEGINNING) | (key == ask)) & (key != PADDING)
    seen = torch.cat([seen.new_ones(n, width, n_stem), seen], dim=-1)
    # A padded token sees at least itself: a row of softmax over nothing is not a number.
    seen[:, order, n_stem + order] = True
    hidden = torch.zeros(seen.shape, dtype=dtype, device=branches.device)
    return hidden.masked_fill(~seen, torch.finfo(dtype).min)[:, None]


def _cache(stem: Sequence[tuple[torch.Tensor, torch.Tensor]], n: int) -> dict[str, Any]:
    if not stem:
        return {}
    from transformers import DynamicCache

    cache = DynamicCache()
    for number, (keys, values) in enumerate(stem):
        cache.update(keys.expand(n, -1, -1, -1), values.expand(n, -1, -1, -1), number)
    return {"past_key_values": cache}
