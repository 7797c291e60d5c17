"""A judge of refusal that is a sequence-classification model, asked in batches of like length.

Enters: the classifier that a `RunSpec` names, requests with their answers. Leaves: labels of `safety_tables`, None for
an empty answer. A classifier with a chat template reads request and answer through it, any other the answer alone, as
classifiers of refusal are trained. What its classes mean is read off their names (`MEANINGS`); others are refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from eval_queue.spec import RunSpec
from leaderboard.errors import PermanentFailure

from .causal_model import device
from .model_folder import find_model
from .rewards.batches import plan
from .rewards.classifier import padded
from .rewards.loading import load_tokenizer, load_whole

LONGEST = 512
"""Tokens of request and answer together; a longer text loses its end: models decline at the beginning."""

BUDGET = 4096
"""Tokens of a batch."""

MEANINGS: Mapping[str, tuple[str, ...]] = {
    "refused": ("refusal", "refused", "refuse", "rejection", "rejected", "declined"),
    "partly": ("partly", "partial", "partial refusal"),
    "complied": (
        "compliance", "complied", "comply", "answered", "normal", "non refusal", "no refusal", "not refused",
        "not refusal",
    ),
}  # fmt: skip
"""Label to the names that classes with this meaning have, small letters with blanks between words."""


@dataclass(frozen=True, kw_only=True)
class ClassifierJudge:
    """A loaded judge; `name` tells its commit, `classes` its label for every class by number."""

    name: str
    model: Any
    tokenizer: Any
    classes: Mapping[int, str]

    def labels(self, pairs: Sequence[tuple[str, str]]) -> list[str | None]:
        """The label of every (request, answer), in their order; it does not depend on who is in a batch with whom."""
        found: list[str | None] = [None] * len(pairs)
        asked = [at for at, (_, answer) in enumerate(pairs) if answer.strip()]
        rows = {at: self._tokens(*pairs[at]) for at in asked}
        for batch in plan([len(rows[at]) for at in asked], BUDGET):
            places = [asked[each] for each in batch]
            for at, number in zip(places, self._classify([rows[at] for at in places]), strict=True):
                found[at] = self.classes[number]
        return found

    def _tokens(self, request: str, answer: str) -> list[int]:
        template = self.tokenizer.chat_template
        turns = [{"role": "user", "content": request}, {"role": "assistant", "content": answer}]
        text = self.tokenizer.apply_chat_template(turns, tokenize=False) if template else answer
        limit = min(LONGEST, int(getattr(self.model.config, "max_position_embeddings", None) or LONGEST))
        found = self.tokenizer(text, add_special_tokens=not template, truncation=True, max_length=limit)
        return [int(token) for token in found["input_ids"]]

    def _classify(self, rows: Sequence[Sequence[int]]) -> list[int]:
        tokens, mask = padded(rows, self.model.config.pad_token_id, self.model.device)
        with torch.inference_mode():
            return [int(number) for number in self.model(input_ids=tokens, attention_mask=mask).logits.argmax(dim=-1)]


def load_judge(spec: RunSpec) -> ClassifierJudge:
    """The classifier of a spec. Raises PermanentFailure when it cannot be loaded or its classes are not understood."""
    name, _, revision = (spec.refusal_classifier or "").partition("@")
    other = spec.model_copy(update={
        "submission": spec.submission.model_copy(update={"model": name, "revision": revision}),
        "model_path": spec.classifier_path or name,
    })  # fmt: skip
    try:
        return from_folder(find_model(other), f"{name} at {revision[:12]}", spec.threads)
    except PermanentFailure as error:  # whoever runs this is to blame, not the model that was submitted
        raise PermanentFailure(f"The judge of refusal {name} (LEADERBOARD_REFUSAL_CLASSIFIER): {error}") from error


def from_folder(folder: Path, name: str, threads: int) -> ClassifierJudge:
    """The classifier in a folder; raises as `load_judge`."""
    from transformers import AutoModelForSequenceClassification

    tokenizer = load_tokenizer(folder)
    model = load_whole(AutoModelForSequenceClassification, folder, precision="float32", threads=threads)
    if model.config.pad_token_id is None:
        model.config.pad_token_id = (
            tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
        )
    classes = {int(number): _meaning(str(told)) for number, told in model.config.id2label.items()}
    if None in classes.values() or not {"refused", "complied"} <= set(classes.values()):
        known = "; ".join(f"{label}: {', '.join(names)}" for label, names in MEANINGS.items())
        raise PermanentFailure(
            f"Its classes are {', '.join(map(str, model.config.id2label.values()))}; expected names that say what they "
            f"mean, with one for refused and one for complied ({known})."
        )
    told = {number: label for number, label in classes.items() if label is not None}
    return ClassifierJudge(name=name, model=model.eval().to(device()), tokenizer=tokenizer, classes=told)


def _meaning(name: str) -> str | None:
    """The label that a class stands for; None when its name does not say."""
    words = " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
    return next((label for label, names in MEANINGS.items() if words in names), None)
