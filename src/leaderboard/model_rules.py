"""What a model must offer to be evaluated here, one small function a rule.

Enters: `ModelFacts`. Leaves: texts that say what is wrong, what was expected and what to do; warnings; facts in words.
"""

import re
from importlib.util import find_spec

from leaderboard.errors import ModelUnavailable, Problem, RevisionUnavailable
from leaderboard.model_facts import ModelCatalogue, ModelFacts
from leaderboard.records import QUANTISED, Precision
from leaderboard.submission_rules import Limits, Refused, parse_model, shown
from leaderboard.suites import REWARD_METRIC, Suite

BYTES_PER_PARAM: dict[Precision, float] = {"bfloat16": 2, "float16": 2, "float32": 4, "8bit": 1, "4bit": 0.5}
NOT_GENERATIVE = re.compile(
    r"For(?:MaskedLM|SequenceClassification|TokenClassification|QuestionAnswering|MultipleChoice|ImageClassification"
    r"|PreTraining)$"
)


def facts_problems(
    facts: ModelFacts, *, chat_template: bool, limits: Limits, needs_head: bool = False
) -> list[Problem]:
    """Every reason why a model that exists cannot be evaluated here."""
    found = [
        _licence(facts),
        _weights(facts),
        _configuration(facts),
        _code(facts),
        _tokenizer(facts),
        _architecture(facts, needs_head=needs_head),
    ]
    found += [_params(facts, limits), _size(facts, limits)]
    problems = [Problem(field="model", message=f"{facts.model} {text}") for text in found if text]
    if chat_template and not facts.has_chat_template:
        message = (
            f"{facts.model} has no chat template (`chat_template` in tokenizer_config.json or chat_template.jinja); "
            "switch the chat template off or add one to the model."
        )
        problems.append(Problem(field="chat_template", message=message))
    return problems


def reference_of(
    suite: Suite | None, facts: ModelFacts, catalogue: ModelCatalogue, limits: Limits
) -> tuple[str | None, list[Problem]]:  # fmt: skip
    """Model and commit that a suite compares with, None where it compares with none; why it cannot be used."""
    if suite is None or not suite.needs_reference:
        return None, []
    try:
        base = catalogue.inspect(parse_model(facts.base_model or ""), "main")
    except (Refused, ModelUnavailable, RevisionUnavailable) as error:
        message = (
            f"{facts.model} must name the model it was trained from, as `base_model:` in the front matter of its "
            f"README.md, and that model must be there; {_found(facts.base_model, error)}"
        )
        return None, [Problem(field="model", message=message)]
    return f"{base.model}@{base.revision}", facts_problems(base, chat_template=False, limits=limits)


def _found(base: str | None, error: Exception) -> str:
    return f"found {shown(base)}: {error}" if base else "its card names none."


def _licence(facts: ModelFacts) -> str | None:
    if facts.license:
        return None
    return "names no licence; add `license:` to the front matter of its README.md."


def _weights(facts: ModelFacts) -> str | None:
    if facts.has_safetensors:
        return None
    if facts.pickle_only:
        return (
            "has its weights only as pickle files, which can run code when loaded; add *.safetensors files "
            "(save_pretrained writes them)."
        )
    return "has no weights as *.safetensors files; expected at least one. Add them with save_pretrained."


def _configuration(facts: ModelFacts) -> str | None:
    if facts.unreadable is None:
        return None
    return f"cannot be loaded: {facts.unreadable}. save_pretrained writes these files."


def _code(facts: ModelFacts) -> str | None:
    if not facts.needs_remote_code:
        return None
    return (
        "needs code of its own (`auto_map` in config.json), and submitted code is never run here; submit a model whose "
        "architecture is part of transformers."
    )


def _tokenizer(facts: ModelFacts) -> str | None:
    if facts.has_tokenizer:
        return None
    return "has no tokenizer; expected tokenizer.json, tokenizer.model or vocab files. Add them to the model."


def _architecture(facts: ModelFacts, *, needs_head: bool) -> str | None:
    if facts.architecture is None:
        return None
    if needs_head:
        if facts.architecture.endswith("ForSequenceClassification"):
            return _labels(facts)
        expected = "a reward model, whose class ends in ForSequenceClassification"
    elif NOT_GENERATIVE.search(facts.architecture):
        expected = "a model that generates text"
    else:
        return None
    return f"is a {facts.architecture} (`architectures` in config.json); expected {expected}."


def _labels(facts: ModelFacts) -> str | None:
    if facts.n_labels is None or facts.n_labels == 1:
        return None
    return (
        f"gives {facts.n_labels} numbers a text (id2label or num_labels in config.json); expected a reward model, "
        "which gives one."
    )


def _params(facts: ModelFacts, limits: Limits) -> str | None:
    if facts.params is None or facts.params <= limits.max_params:
        return None
    return (
        f"has {parameters(facts.params)}; at most {limits.max_params / 1e9:g} billion are evaluated "
        "here. Submit a smaller model."
    )


def _size(facts: ModelFacts, limits: Limits) -> str | None:
    if facts.weight_bytes <= limits.max_weight_bytes:
        return None
    return (
        f"has {gigabytes(facts.weight_bytes)} of weight files; at most {gigabytes(limits.max_weight_bytes)} are "
        "loaded here. Submit a smaller model or fewer copies of its weights."
    )


def warnings(precision: Precision, facts: ModelFacts, limits: Limits) -> list[str]:
    """What a sender should know although it does not stand in the way."""
    found = []
    if facts.params is None:
        found.append(f"{facts.model} does not tell its number of parameters; the board will leave it blank.")
    needed = int((facts.params or 0) * BYTES_PER_PARAM[precision])
    if needed > limits.memory_bytes:
        found.append(
            f"The weights need about {gigabytes(needed)} in {precision}, an evaluation here may use "
            f"{gigabytes(limits.memory_bytes)}; it will probably fail for lack of memory."
        )
    if facts.architecture is None:
        found.append(f"{facts.model} names no architecture in config.json; it may not load.")
    return found


def suite_warnings(suite: Suite | None, precision: Precision) -> list[str]:
    """What a sender should know of a suite in a precision."""
    found = []
    if suite is not None and suite.tasks[0].metric == REWARD_METRIC and precision != "float32":
        found.append(
            f"{suite.name} is meant for float32: in {precision} scores move with the batch, and close pairs with them."
        )
    if precision in QUANTISED and find_spec("bitsandbytes") is None:
        found.append(f"{precision} needs the package bitsandbytes where it is evaluated; it is not installed here.")
    return found


def facts_lines(facts: ModelFacts) -> list[str]:
    """The facts of a model for a person to read."""
    params = "unknown" if facts.params is None else f"{facts.params:,}"
    return [
        f"model         {facts.model} at {facts.revision}",
        f"licence       {facts.license or 'none'}",
        f"parameters    {params}, {gigabytes(facts.weight_bytes)} of weights",
        f"architecture  {facts.architecture or 'unknown'}",
        f"chat template {'yes' if facts.has_chat_template else 'no'}",
    ]


def parameters(n: int) -> str:
    """A number of parameters in words, small ones in millions."""
    return f"{n / 1e9:.2f} billion parameters" if n >= 10**9 else f"{n / 1e6:.2f} million parameters"


def gigabytes(n_bytes: int) -> str:
    """Bytes in decimal gigabytes, small ones in megabytes."""
    return f"{n_bytes / 1e9:.2f} GB" if n_bytes >= 10**9 else f"{n_bytes / 1e6:.1f} MB"
