"""The model under evaluation: lm-eval's own wrapper of transformers, with checks before the first question.

Enters: a folder that `model_folder` has accepted. Leaves: a loaded model that is known to be complete and to compute
numbers. Nothing here changes what lm-eval computes.
"""

import logging
from pathlib import Path
from typing import Any, cast

import torch
from huggingface_hub.errors import StrictDataclassError
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from safetensors import SafetensorError

from eval_queue.spec import RunSpec
from leaderboard.errors import ModelAtFault, PermanentFailure

from .meter import Meter

PROBE = "Question: What is two plus two?\nAnswer: four"
LOADING_ERRORS = (
    OSError, ValueError, TypeError, KeyError, AttributeError, ImportError, AssertionError, RuntimeError,
    SafetensorError, StrictDataclassError,
)  # fmt: skip
"""What transformers raises for a model that it cannot load; TypeError: config.json holds the wrong kind of value."""

_log = logging.getLogger(__name__)


class CausalModel(HFLM):  # type: ignore[misc]
    """lm-eval's HFLM that refuses incomplete weights and tells a meter what it is asked."""

    AUTO_MODEL_CLASS: Any
    meter: Meter | None = None

    def watch(self, meter: Meter) -> None:
        """Tell this meter about requests and answers."""
        self.meter = meter
        self.set_cache_hook(meter)

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = True) -> list[tuple[float, bool]]:
        """As HFLM, without a progress bar in the log."""
        self._expect(requests)
        return cast(list[tuple[float, bool]], super().loglikelihood(requests, disable_tqdm=disable_tqdm))

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = True) -> list[str]:
        """As HFLM, without a progress bar in the log."""
        self._expect(requests)
        return cast(list[str], super().generate_until(requests, disable_tqdm=disable_tqdm))

    def _expect(self, requests: list[Instance]) -> None:
        if self.meter is not None:
            self.meter.expect(len(requests))

    def _create_model(self, *args: Any, **kwargs: Any) -> None:
        kind: Any = self.AUTO_MODEL_CLASS
        self.AUTO_MODEL_CLASS = _CompleteOnly(kind)
        try:
            super()._create_model(*args, **kwargs, use_safetensors=True)
        finally:
            self.AUTO_MODEL_CLASS = kind


class _CompleteOnly:
    """An Auto class whose `from_pretrained` refuses weights with holes or of other shapes: transformers would fill
    these at random.
    """

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def from_pretrained(self, *args: Any, **kwargs: Any) -> Any:
        model, info = self._kind.from_pretrained(
            *args, output_loading_info=True, ignore_mismatched_sizes=True, **kwargs
        )  # fmt: skip
        if strange := sorted(info["mismatched_keys"]):
            name, found, wanted = strange[0]
            raise ModelAtFault(
                f"The weights do not fit config.json: {name} has the shape {tuple(found)}, the configuration asks for "
                f"{tuple(wanted)} ({len(strange)} such tensors). Save config.json and weights of the same model."
            )
        missing = sorted(info["missing_keys"])
        if missing:
            raise ModelAtFault(
                f"The weights lack {len(missing)} tensors that {type(model).__name__} needs, such as {missing[0]}. "
                "They would be filled at random, so nothing was scored. Submit a complete language model."
            )
        return model


def load_model(spec: RunSpec, folder: Path) -> CausalModel:
    """The model of a spec in its precision, on the GPU when there is one.

    Raises PermanentFailure with a reason for the model's author.
    """
    torch.set_num_threads(spec.threads)
    try:
        model = CausalModel(
            pretrained=str(folder), dtype=spec.submission.precision, batch_size=spec.batch_size, device=device(),
            trust_remote_code=False,
        )  # fmt: skip
    except LOADING_ERRORS as error:
        if is_memory_error(error):
            raise
        _log.exception("loading failed")
        # A package that is not installed here is no fault of the model: a retry helps once it is.
        kind = PermanentFailure if isinstance(error, ImportError) else ModelAtFault
        raise kind(f"The model cannot be loaded: {first_line(error)}") from error
    if spec.submission.chat_template and not model.tokenizer.chat_template:
        raise ModelAtFault(
            "The submission asks for the chat template, but the tokenizer has none. Submit without chat template, or "
            "add one (tokenizer.chat_template) to the model."
        )
    _check_vocabulary(model)
    _check_numbers(model)
    return model


def device() -> str:
    """Where models run on this machine."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def is_memory_error(error: BaseException) -> bool:
    """Whether an error means too little memory: then the machine is to blame, and the parent process says so."""
    text = str(error).casefold()
    return isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text


def first_line(error: BaseException) -> str:
    """The first line of an error that says something, without this machine's folders."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    words = [Path(word).name if word.strip("'\"").startswith("/") else word for word in text.split()]
    return f"{type(error).__name__}: {' '.join(words)[:400]}"


def _check_vocabulary(model: CausalModel) -> None:
    rows = model.model.get_input_embeddings().weight.shape[0]
    if model.tokenizer.vocab_size > rows:
        raise ModelAtFault(
            f"The tokenizer has {model.tokenizer.vocab_size:,} tokens, the model only {rows:,} embeddings: they do not "
            "belong together. Save the tokenizer that the model was trained with."
        )


def _check_numbers(model: CausalModel) -> None:
    if model.backend != "causal":
        return
    tokens = torch.tensor([model.tok_encode(PROBE)], device=model.device)
    try:
        broken = bool(torch.isnan(model._model_call(tokens)).any())
    except (IndexError, RuntimeError) as error:
        if is_memory_error(error):
            raise
        raise ModelAtFault(f"The model fails on a plain sentence: {first_line(error)}") from error
    if broken:
        raise ModelAtFault(
            f"The model computes NaN instead of numbers in {str(model.model.dtype).removeprefix('torch.')}. The "
            "weights are damaged, or do not work in this precision: try bfloat16 or float32."
        )
