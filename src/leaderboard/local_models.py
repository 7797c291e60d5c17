"""Models in a folder of this machine, submitted as `local/<name>`.

Enters: a folder whose subfolders are models as `save_pretrained` writes them. Leaves: `ModelFacts`. The revision is a
hash over all files, so that other weights are another revision; file hashes are remembered while size and time stay.
"""

import hashlib
import json
import math
import re
import threading
from pathlib import Path

from leaderboard import model_files
from leaderboard.errors import ModelUnavailable, RevisionUnavailable
from leaderboard.model_facts import ModelFacts

LOCAL = "local"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}", re.ASCII)
LARGEST_HEADER = 100_000_000
LARGEST_TEXT = 5_000_000
CHUNK = 1 << 20


class LocalCatalogue:
    """The models below one folder; the folder need not exist."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, tuple[tuple[int, int], str]] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Ids of the models that are there, in order."""
        if not self._folder.is_dir():
            return []
        found = (path.name for path in self._folder.iterdir() if NAME.fullmatch(path.name) and path.is_dir())
        return [f"{LOCAL}/{name}" for name in sorted(found)]

    def inspect(self, model: str, revision: str) -> ModelFacts:
        """See `ModelCatalogue.inspect`; the revision is main or the hash that the files have now."""
        folder = self.locate(model)
        try:
            files = {path.relative_to(folder).as_posix(): path for path in self._files(folder)}
            current = self._revision(files)
            if revision not in ("main", current):
                raise RevisionUnavailable(
                    f"{model} has no revision {revision!r}; a model of this machine has only main, now {current}."
                )
            return self._facts(f"{LOCAL}/{folder.name}", current, files)
        except OSError as error:
            raise ModelUnavailable(f"{model} cannot be read: {error.strerror or error}; check its files.") from error

    def locate(self, model: str) -> Path:
        """The folder of a model.

        Raises ModelUnavailable when there is none, or when a link leads out of the models folder.
        """
        name = model.partition("/")[2]
        folder = self._folder / name
        if not NAME.fullmatch(name) or not folder.is_dir():
            there = ", ".join(self.names()[:20]) or "no model at all"
            raise ModelUnavailable(f"{model} is not a model of this machine; {self._folder} holds {there}.")
        if not folder.resolve().is_relative_to(self._folder.resolve()):
            raise ModelUnavailable(f"{model} is a link that leads out of {self._folder}; copy the model there instead.")
        return folder

    def _files(self, folder: Path) -> list[Path]:
        """Every file of a model; hidden ones do not count.

        Raises ModelUnavailable for a link that leads out of the model.
        """
        root = folder.resolve()
        paths = [path for path in folder.rglob("*") if not _is_hidden(path.relative_to(folder))]
        for path in paths:
            if not path.resolve().is_relative_to(root):
                raise ModelUnavailable(
                    f"{LOCAL}/{folder.name}: the link {path.relative_to(folder)} leads out of it; copy the file."
                )
        return sorted(path for path in paths if path.is_file())

    def _revision(self, files: dict[str, Path]) -> str:
        lines = [f"{name}\0{self._sha1(path)}\n" for name, path in sorted(files.items())]
        return hashlib.sha1("".join(lines).encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()

    def _sha1(self, path: Path) -> str:
        status = path.stat()
        stamp = (status.st_size, status.st_mtime_ns)
        with self._lock:
            known = self._known.get(path)
        if known and known[0] == stamp:
            return known[1]
        digest = hashlib.sha1(usedforsecurity=False)
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
        with self._lock:
            self._known[path] = (stamp, digest.hexdigest())
        return digest.hexdigest()

    def _facts(self, model: str, revision: str, files: dict[str, Path]) -> ModelFacts:
        sizes = {name: path.stat().st_size for name, path in files.items()}
        texts = {name: read_text(files[name]) for name in model_files.TEXTS if name in files}
        card = model_files.parse_front_matter(read_text(files["README.md"])) if "README.md" in files else {}
        tensors = [path for name, path in files.items() if name.endswith(".safetensors") and "/" not in name]
        return ModelFacts(
            model=model, revision=revision, params=count_params(tensors), **model_files.facts_of_files(sizes),
            **model_files.facts_of_texts(texts, template_file=model_files.has_template_file(sizes)),
            **model_files.facts_of_card(card),
        )  # fmt: skip


def count_params(paths: list[Path]) -> int | None:
    """Parameters over all safetensors files, read from their headers; None when there are none or one is damaged."""
    if not paths:
        return None
    try:
        return sum(_header_params(path) for path in paths)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _header_params(path: Path) -> int:
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if not 0 < length <= min(LARGEST_HEADER, path.stat().st_size):
            raise ValueError(f"{path.name} has a header of {length} bytes")
        header = json.loads(stream.read(length))
    if not isinstance(header, dict):
        raise ValueError(f"{path.name} has a header that is no object")  # noqa: TRY004 -- damaged data, no bug
    shapes = [tensor["shape"] for name, tensor in header.items() if name != "__metadata__"]
    if any(not isinstance(side, int) or side < 0 for shape in shapes for side in shape):
        raise ValueError(f"{path.name} has a shape that is no list of sizes")
    return sum(math.prod(shape) for shape in shapes)


def read_text(path: Path) -> str:
    """A small text file, '' when it is too large to be one."""
    if path.stat().st_size > LARGEST_TEXT:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
