"""What the names, sizes and small text files of a model tell; the same for the Hub and a folder.

Enters: file names with sizes, and texts. Leaves: keyword arguments of `ModelFacts`. Text that is not what it should be
counts as not there: it comes from strangers.
"""

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from leaderboard.records import ModelType

CONFIG = "config.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
TEXTS = (CONFIG, TOKENIZER_CONFIG)
CHAT_TEMPLATE_FILES = ("chat_template.jinja", "chat_template.json")
TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.json")
PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
NOT_WEIGHTS = re.compile(r"(training_args|optimizer|scheduler|rng_state.*|scaler)\.[a-z]+")
FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
LONGEST_NAME = 100
LONGEST_CARD = 100_000  # characters; the YAML parser is slow


def facts_of_files(files: Mapping[str, int]) -> dict[str, Any]:
    """What file names and sizes tell; only files at the top are loaded by transformers, so only they count."""
    top = {name: size for name, size in files.items() if "/" not in name}
    tensors = {name: size for name, size in top.items() if name.endswith(".safetensors")}
    pickles = [name for name in top if name.endswith(PICKLE_SUFFIXES) and not NOT_WEIGHTS.fullmatch(name)]
    has_adapter_only = bool(tensors) and all(PurePosixPath(name).stem.startswith("adapter_") for name in tensors)
    return {
        "has_safetensors": bool(tensors) and not has_adapter_only,
        "pickle_only": bool(pickles) and not tensors,
        "weight_bytes": sum(tensors.values()),
        "has_tokenizer": any(name in top for name in TOKENIZER_FILES),
    }


def facts_of_texts(texts: Mapping[str, str], *, template_file: bool = False) -> dict[str, Any]:
    """What config.json and tokenizer_config.json tell; `template_file` says that a chat template lies in a file."""
    config, tokenizer = (parse_json(texts.get(name, "")) for name in TEXTS)
    damage = [f"{name} {found}" for name in TEXTS if (found := json_damage(texts.get(name)))]
    if CONFIG not in texts:
        damage.append(f"{CONFIG} is missing")
    elif config and not isinstance(config.get("model_type"), str):
        damage.append(f"{CONFIG} names no model_type, so nothing can tell its architecture")
    architectures = config.get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else None
    return {
        "unreadable": "; ".join(damage) or None,
        "needs_remote_code": bool(config.get("auto_map") or tokenizer.get("auto_map")),
        "has_chat_template": bool(tokenizer.get("chat_template")) or template_file,
        "architecture": first[:LONGEST_NAME] if isinstance(first, str) else None,
        "n_labels": _n_labels(config),
    }


def _n_labels(config: Mapping[str, Any]) -> int | None:
    """How many classes a configuration names; None where it names none."""
    names, number = config.get("id2label"), config.get("num_labels")
    if isinstance(names, Mapping) and names:
        return len(names)
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None


def has_template_file(files: Mapping[str, int]) -> bool:
    """Whether a chat template lies in a file of its own."""
    return any(name in files for name in CHAT_TEMPLATE_FILES)


def facts_of_card(card: Mapping[str, Any]) -> dict[str, Any]:
    """What the front matter of the model card tells."""
    return {
        "license": _first_name(card.get("license")),
        "base_model": _first_name(card.get("base_model")),
        "model_type": model_type_of(card),
    }


def model_type_of(card: Mapping[str, Any]) -> ModelType | None:
    """Kind of training as far as the card's `base_model_relation`, `tags` and `base_model` tell."""
    tags = card.get("tags")
    words = {str(tag).lower() for tag in tags} if isinstance(tags, list) else set()
    if card.get("base_model_relation") == "merge" or words & {"merge", "mergekit"}:
        return "merge"
    if words & {"conversational", "chat"}:
        return "chat"
    return "fine-tuned" if card.get("base_model_relation") == "finetune" else None


def parse_front_matter(readme: str) -> dict[str, Any]:
    """The YAML between the first two `---` lines of a README; {} when there is none or it is no mapping."""
    match = FRONT_MATTER.match(readme[:LONGEST_CARD])
    if not match:
        return {}
    try:
        card = yaml.safe_load(match[1])
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}


def json_damage(text: str | None) -> str | None:
    """What is wrong with the text of a JSON object, and where; None for a sound or a missing one."""
    if text is None:
        return None
    if not text.strip():
        return "is empty, or too large to be what it should be"
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        return f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):
        return "is not JSON"
    return None if isinstance(found, dict) else "holds no JSON object ({...})"


def parse_json(text: str) -> dict[str, Any]:
    """A JSON object; {} for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _first_name(value: object) -> str | None:
    first = value[0] if isinstance(value, list) and value else value
    return first.strip()[:LONGEST_NAME] or None if isinstance(first, str) else None
