"""The files of a model, on this machine, before anything is loaded from them.

Enters: a folder or a Hub id with its commit. Leaves: a folder that holds configuration, tokenizer and safetensors.
Pickled weights and code are not even downloaded, so they cannot run.
"""

import json
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from eval_queue.spec import RunSpec
from leaderboard.errors import ModelAtFault, PermanentFailure, TransientFailure
from leaderboard.hub_client import NOT_THERE, UNREACHABLE, explain, open_hub

WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken")
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "*.tiktoken")
TIMEOUT_SECONDS = 30.0


def find_model(spec: RunSpec, *, endpoint: str | None = None, cache: Path | None = None) -> Path:
    """The folder of the model, fetched from the Hub unless the spec names a folder, and complete.

    `endpoint` and `cache` (None: as the environment says) name the Hub and where its files are kept. Raises
    PermanentFailure saying what the model lacks; TransientFailure when the Hub cannot be reached.
    """
    folder = Path(spec.model_path)
    if spec.submission.model.startswith("local/") or folder.is_dir():
        if not folder.is_dir():
            raise PermanentFailure(f"There is no folder of {spec.submission.model} on this machine any more.")
    else:
        folder = _download(spec, endpoint, cache)
    _check_configuration(folder)
    _check_weights(folder)
    if not _has(folder, *TOKENIZER_FILES):
        raise ModelAtFault(
            "The model has no tokenizer: expected tokenizer.json, tokenizer.model or a vocabulary file beside the "
            "weights. Save the tokenizer into the same repository."
        )
    return folder


def _download(spec: RunSpec, endpoint: str | None, cache: Path | None) -> Path:
    name, revision = spec.model_path, spec.submission.revision
    hub = open_hub(endpoint, None, timeout=TIMEOUT_SECONDS)
    try:
        info = hub.model_info(name, revision=revision)
        found = hub.snapshot_download(
            name, revision=revision, allow_patterns=list(WANTED), ignore_patterns=["*/*"], cache_dir=cache
        )
    except NOT_THERE as error:
        raise PermanentFailure(f"{name} at {revision[:12]} cannot be fetched: {explain(error)}.") from error
    except UNREACHABLE as error:
        raise TransientFailure(f"{name} could not be fetched now: {explain(error)}. It is tried again.") from error
    return _all_there(Path(found), [file.rfilename for file in info.siblings or ()])


def _all_there(folder: Path, names: Iterable[str]) -> Path:
    """The folder; a client that loses the Hub on the way returns what it has, without an error."""
    wanted = [name for name in names if "/" not in name and any(fnmatch(name, pattern) for pattern in WANTED)]
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        raise TransientFailure(f"{len(missing)} files of the model, such as {missing[0]}, could not be fetched now.")
    return folder


def _check_configuration(folder: Path) -> None:
    try:
        configuration: Any = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelAtFault("The model has no config.json; save it with save_pretrained.") from error
    except (ValueError, RecursionError) as error:
        raise ModelAtFault(f"The model's config.json cannot be read: {error}.") from error
    if not isinstance(configuration, dict) or not configuration.get("model_type"):
        raise ModelAtFault("The model's config.json names no model_type, so its architecture is unknown.")
    if configuration.get("auto_map"):
        raise ModelAtFault("The model needs code of its own (auto_map in config.json); it is not run here.")


def _check_weights(folder: Path) -> None:
    if _has(folder, "*.safetensors"):
        return
    if _has(folder, *PICKLED):
        raise ModelAtFault(
            "The weights are only there as pickle files, which can run code when loaded, and are not opened here. "
            "Add them as safetensors: save_pretrained writes these."
        )
    raise ModelAtFault("The model has no weights as *.safetensors files. Add them with save_pretrained.")


def _has(folder: Path, *patterns: str) -> bool:
    return any(True for pattern in patterns for _ in folder.glob(pattern))
