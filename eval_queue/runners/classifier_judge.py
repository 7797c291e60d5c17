"""A judge of refusal that is a sequence-classification model, asked in batches of like length.

Enters: a folder of such a model with its revision, requests with their answers. Leaves: labels of `safety_tables`, None
for an empty answer. Which of the model's classes means what is told by the caller: models name them as they like.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from leaderboard.errors import PermanentFailure
from leaderboard.sources.safety_tables import LABELS

from .causal_model import LOADING_ERRORS, device, first_line, is_memory_error

LONGEST = 512
"""Tokens of request and answer together."""


@dataclass(frozen=True, kw_only=True)
class ClassifierJudge:
    """A loaded judge; `classes` maps the model's classes to labels, name and revision go with the verdicts."""

    name: str
    revision: str
    model: Any
    tokenizer: Any
    classes: Mapping[str, str]

    def labels(self, pairs: Sequence[tuple[str, str]], *, batch_size: int = 16) -> list[str | None]:
        """The label of every (request, answer), in their order; it does not depend on who is in a batch with whom."""
        found: list[str | None] = [None] * len(pairs)
        asked = [at for at, (_, answer) in enumerate(pairs) if answer.strip()]
        asked.sort(key=lambda at: -sum(map(len, pairs[at])))
        for start in range(0, len(asked), batch_size):
            places = asked[start : start + batch_size]
            for at, name in zip(places, self._classify([pairs[at] for at in places]), strict=True):
                found[at] = self.classes[name]
        return found

    def _classify(self, pairs: Sequence[tuple[str, str]]) -> list[str]:
        requests, answers = (list(side) for side in zip(*pairs, strict=True))
        limit = min(LONGEST, int(getattr(self.model.config, "max_position_embeddings", LONGEST)))
        inputs = self.tokenizer(
            requests, answers, padding=True, truncation=True, max_length=limit, return_tensors="pt"
        ).to(self.model.device)
        with torch.inference_mode():
            chosen = self.model(**inputs).logits.argmax(dim=-1).tolist()
        return [self.model.config.id2label[each] for each in chosen]


def load_judge(folder: Path, revision: str, classes: Mapping[str, str]) -> ClassifierJudge:
    """A judge from a folder. Raises PermanentFailure when it cannot be loaded, or its classes are not those told."""
    try:
        model, info = AutoModelForSequenceClassification.from_pretrained(
            folder, trust_remote_code=False, use_safetensors=True, output_loading_info=True
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except LOADING_ERRORS as error:
        if is_memory_error(error):
            raise
        raise PermanentFailure(f"The judge {folder.name} cannot be loaded: {first_line(error)}") from error
    if missing := sorted(info["missing_keys"]):  # a language model gets a random head: its labels would be dice
        raise PermanentFailure(f"The judge {folder.name} lacks {missing[0]}; expected a trained classifier.")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    model.config.pad_token_id = tokenizer.pad_token_id
    own = set(model.config.id2label.values())
    if own != set(classes) or not set(classes.values()) <= set(LABELS["answers"]):
        raise PermanentFailure(
            f"The judge {folder.name} has the classes {', '.join(sorted(own))}, told were {dict(classes)}; expected a "
            f"label for each of them, one of {', '.join(LABELS['answers'])}."
        )
    return ClassifierJudge(
        name=folder.name, revision=revision, model=model.eval().to(device()), tokenizer=tokenizer, classes=classes
    )
