"""Models of all kinds that give rewards, loaded from folders that `model_folder` has accepted.

Enters: folders, a precision, a number of threads. Leaves: scorers. Weights with holes are refused: transformers would
fill them at random, and a plain language model would pass for a reward model.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from eval_queue.runners.causal_model import LOADING_ERRORS, device, first_line, is_memory_error
from eval_queue.runners.local_judge import LocalJudge
from leaderboard.errors import ModelAtFault, PermanentFailure
from leaderboard.records import PRECISIONS, QUANTISED

from .classifier import Classifier
from .implicit import ImplicitReward
from .linears import use_onednn


def load_classifier(folder: Path, *, precision: str, threads: int) -> Classifier:
    """The reward model in a folder. Raises PermanentFailure with a reason for the model's author."""
    from transformers import AutoModelForSequenceClassification

    model = load_whole(AutoModelForSequenceClassification, folder, precision=precision, threads=threads)
    if model.config.num_labels != 1:
        raise ModelAtFault(
            f"The model gives {model.config.num_labels} numbers a text; expected a reward model with one (num_labels)."
        )
    use_onednn(model.base_model)
    return Classifier(model, load_tokenizer(folder))


def load_implicit(policy: Path, reference: Path, *, precision: str, threads: int) -> ImplicitReward:
    """A policy trained with DPO and the model it was trained from. Raises PermanentFailure as `load_classifier`."""
    own, other = (load_causal(folder, precision=precision, threads=threads) for folder in (policy, reference))
    return ImplicitReward(own, other, load_tokenizer(policy))


def load_judge(folder: Path, *, name: str, precision: str, threads: int) -> LocalJudge:
    """A chat model that judges in this process. Raises PermanentFailure as `load_classifier`."""
    tokenizer = load_tokenizer(folder)
    if not tokenizer.chat_template:
        raise ModelAtFault(
            "The tokenizer has no chat template, and a judge is asked through it. Add one (tokenizer.chat_template)."
        )
    return LocalJudge(load_causal(folder, precision=precision, threads=threads), tokenizer, name)


def load_causal(folder: Path, *, precision: str, threads: int) -> Any:
    """A causal language model. Raises PermanentFailure as `load_classifier`."""
    from transformers import AutoModelForCausalLM

    model = load_whole(AutoModelForCausalLM, folder, precision=precision, threads=threads)
    use_onednn(model.base_model)
    return model


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer in a folder. Raises ModelAtFault when it cannot be loaded."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except LOADING_ERRORS as error:
        raise ModelAtFault(f"The tokenizer cannot be loaded: {first_line(error)}") from error


def load_whole(kind: Any, folder: Path, *, precision: str, threads: int) -> Any:
    """A model of an Auto class in inference mode, its weights complete.

    Raises PermanentFailure as `load_classifier`.
    """
    torch.set_num_threads(threads)
    options = _options(precision)
    try:
        model, info = kind.from_pretrained(
            folder, output_loading_info=True, ignore_mismatched_sizes=True, use_safetensors=True,
            trust_remote_code=False, **options,
        )  # fmt: skip
    except LOADING_ERRORS as error:
        if is_memory_error(error):
            raise
        reason = f"The model cannot be loaded: {first_line(error)}"
        raise PermanentFailure(reason) if isinstance(error, ImportError) else ModelAtFault(reason) from error
    _refuse_incomplete(model, info)
    return (model if precision in QUANTISED else model.to(device())).eval()


def _refuse_incomplete(model: Any, info: dict[str, Any]) -> None:
    holes = sorted(info["missing_keys"]) + sorted(str(each[0]) for each in info["mismatched_keys"])
    if holes:
        raise ModelAtFault(
            f"The weights lack {holes[0]} ({len(holes)} tensors): {type(model).__name__} would fill it at random, so "
            "nothing was scored. Submit a complete model; a reward model is saved as a sequence classifier, with its "
            "head."
        )


def _options(precision: str) -> dict[str, Any]:
    if precision in ("float32", "bfloat16", "float16"):
        return {"dtype": getattr(torch, precision)}
    if precision not in QUANTISED:
        raise PermanentFailure(f"Precision is {precision!r}; expected one of {', '.join(PRECISIONS)}.")
    if find_spec("bitsandbytes") is None:
        raise PermanentFailure(
            f"Precision {precision} needs the package bitsandbytes, which is not installed where this evaluator runs. "
            "Submit with float32, or ask whoever runs it to install bitsandbytes."
        )
    from transformers import BitsAndBytesConfig

    settings = BitsAndBytesConfig(load_in_8bit=precision == "8bit", load_in_4bit=precision == "4bit")
    return {"quantization_config": settings, "device_map": {"": device()}}
