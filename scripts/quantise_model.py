"""A second quantisation of a model: `python -m scripts.quantise_model FOLDER --bits 3 --output FOLDER-3bit`.

Enters: a transformers folder with one model.safetensors. Leaves: a copy whose matrices were rounded to 2^bits values in
groups of 32 (each from its own least to its greatest weight) and written back in their type, so that everything that
runs the first model runs this one. Embeddings, norms and biases stay as they are.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

GROUP = 32
WEIGHTS = "model.safetensors"


def main(arguments: Sequence[str] | None = None) -> int:
    """Quantise, and say in the copy's README what was done; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.quantise_model", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a model")
    parser.add_argument("--bits", type=int, choices=range(2, 9), default=3)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    if not (options.model / WEIGHTS).is_file():
        sys.stderr.write(f"{options.model} has no {WEIGHTS}; expected a transformers folder with its weights in one.\n")
        return 2
    options.output.mkdir(parents=True, exist_ok=True)
    for path in options.model.iterdir():
        if path.is_file() and path.name != WEIGHTS:
            shutil.copyfile(path, options.output / path.name)
    save_file(quantised(options.model / WEIGHTS, options.bits), options.output / WEIGHTS, {"format": "pt"})
    _describe(options.output / "README.md", options.bits)
    return 0


def quantised(path: Path, bits: int) -> dict[str, torch.Tensor]:
    """All tensors of a file, the matrices of its layers rounded."""
    with safe_open(path, framework="pt") as file:
        names = list(file.keys())
        return {name: _rounded(name, file.get_tensor(name), bits) for name in names}


def _rounded(name: str, tensor: torch.Tensor, bits: int) -> torch.Tensor:
    if tensor.ndim < 2 or "embed" in name or "lm_head" in name:
        return tensor
    return round_groups(tensor, bits)


def round_groups(tensor: torch.Tensor, bits: int) -> torch.Tensor:
    """A matrix with every group of `GROUP` neighbours of a row on 2^bits evenly spaced values; same shape and type.

    The last group of a row is shorter where the row's length is no multiple.
    """
    parts = [_on_grid(part.float(), bits) for part in tensor.split(GROUP, dim=-1)]
    return torch.cat(parts, dim=-1).to(tensor.dtype)


def _on_grid(part: torch.Tensor, bits: int) -> torch.Tensor:
    low, high = part.amin(dim=-1, keepdim=True), part.amax(dim=-1, keepdim=True)
    step = ((high - low) / (2**bits - 1)).clamp(min=torch.finfo(torch.float32).tiny)
    return ((part - low) / step).round() * step + low


def _describe(path: Path, bits: int) -> None:
    old = path.read_text(encoding="utf-8") if path.is_file() else "# Model\n"
    head, _, body = old.partition("\n# ")
    title, _, rest = body.partition("\n")
    note = f"Matrices rounded to {bits} bits in groups of {GROUP} by scripts/quantise_model.py, then in their old type."
    path.write_text(f"{head}\n# {title}, rounded to {bits} bits\n\n{note}\n{rest}", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
