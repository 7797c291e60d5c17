"""Pairs a second and memory: `python -m benchmarks.reward MODEL PAIRS_FOLDER`; writes RESULTS.md beside this file.

All contenders score the same pairs with the same model in float32, one after the other in every round. "batch 1" is
transformers' own forward pass, a text at a time. The RewardBench contender is our own loop that behaves as its pipeline
does (pairs in file order, batches of 8 pairs, chosen and rejected as two padded calls), not its package, which needs
CUDA. The memory run scores 11,021 pairs, the largest set of H4's board, made by repeating one set's pairs with numbered
prompts; it uses a two-layer model so that it ends in minutes: what is watched is the runner.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path

import torch

from eval_queue.runners.rewards.classifier import Classifier
from eval_queue.runners.rewards.encoding import Encoded
from eval_queue.runners.rewards.linears import works
from eval_queue.runners.rewards.loading import load_classifier
from eval_queue.runners.rewards.pairs import Pair, load_file
from eval_queue.runners.rewards.scoring import TextScorer
from eval_queue.runners.rewards.shards import score_set

SETS = ("hh_harmless_base_test", "dsp_helpful_test", "llmbar", "pandalm_human_test")
LARGEST = 11_021
FLAT = 1.10
"""Memory at the end of the large run may be this many times that after its first tenth."""

Texts = Sequence[Encoded]
Contender = Callable[[Texts], list[float]]


def one_by_one(model: Classifier, texts: Texts) -> list[float]:
    """The naive loop."""
    return [value for text in texts for value in model.forward([text.tokens])]


def unsorted(model: Classifier, texts: Texts) -> list[float]:
    """Batches of 16 texts in file order."""
    starts = range(0, len(texts), 16)
    return [value for at in starts for value in model.forward([text.tokens for text in texts[at : at + 16]])]


def rewardbench(model: Classifier, texts: Texts) -> list[float]:
    """Batches of 8 pairs in file order, the chosen and the rejected apart."""
    found = [0.0] * len(texts)
    for start in range(0, len(texts), 16):
        for side in (0, 1):
            places = range(start + side, min(start + 16, len(texts)), 2)
            for at, value in zip(places, model.forward([texts[at].tokens for at in places]), strict=True):
                found[at] = value
    return found


def contenders(folder: Path, threads: int) -> dict[str, Contender]:
    """The loops by name; `plain` is the model as transformers loads it."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    plain = Classifier(
        AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32),
        AutoTokenizer.from_pretrained(folder), share=False,
    )  # fmt: skip
    shared = Classifier(plain._model, AutoTokenizer.from_pretrained(folder))
    ours = load_classifier(folder, precision="float32", threads=threads)
    return {
        "batch 1": lambda texts: one_by_one(plain, texts),
        "unsorted batches of 16": lambda texts: unsorted(plain, texts),
        "rewardbench's loop": lambda texts: rewardbench(plain, texts),
        "shared beginnings alone": shared.rewards,
        "ours (with oneDNN)": ours.rewards,
    }


def measure(folder: Path, pairs_folder: Path, n: int, rounds: int, threads: int) -> list[str]:
    """Markdown lines on speed, a table a set and their total, with the verdicts on the targets."""
    torch.set_num_threads(threads)
    loops = contenders(folder, threads)
    encoder = load_classifier(folder, precision="float32", threads=threads)
    seconds = dict.fromkeys(loops, 0.0)
    far = dict.fromkeys(loops, 0.0)
    lines = [
        f"{n} consecutive pairs a set, float32, {threads} threads, best of {rounds} interleaved rounds; oneDNN "
        f"{'used' if works() else 'not there'}; torch {torch.__version__}.", "",
        "| Set | " + " | ".join(loops) + " | ours beside batch 1 |", "|---|" + "---:|" * (len(loops) + 1),
    ]  # fmt: skip
    for name in SETS:
        pairs = sorted(load_file(name, pairs_folder / f"{name}.parquet").pairs[:n], key=lambda pair: pair.prompt)
        texts = [encoder.encode(pair.prompt, answer) for pair in pairs for answer in (pair.chosen, pair.rejected)]
        times, scores = _race(loops, texts, rounds)
        for loop in loops:
            seconds[loop] += times[loop]
            gap = max(abs(a - b) for a, b in zip(scores[loop], scores["batch 1"], strict=True))
            far[loop] = max(far[loop], gap)
        lines.append(_line(name, len(pairs), times))
    lines += [_line("**all sets**", n * len(SETS), seconds), ""]
    lines += ["Largest difference of a score from batch 1: " + ", ".join(f"{k} {v:.1e}" for k, v in far.items()), ""]
    first, second = (seconds[k] / seconds["ours (with oneDNN)"] for k in ("batch 1", "rewardbench's loop"))
    gap = far["ours (with oneDNN)"]
    return [
        *lines,
        _verdict("at least 2x batch 1, all sets together", f"{first:.2f}x", first >= 2),
        _verdict("at least as fast as rewardbench's loop", f"{second:.2f}x", second >= 1),
        _verdict("scores equal to batch 1 to 1e-4", f"{gap:.1e}", gap <= 1e-4),
    ]


def memory(pairs_file: Path) -> list[str]:
    """Markdown lines on the memory of a run of 11,021 pairs, with a plot of it in text."""
    from tests.models import tiny_reward_model

    given = load_file(pairs_file.stem, pairs_file).pairs
    repeated = (
        Pair(id=f"{number:05d}", prompt=f"{number}. {pair.prompt}", chosen=pair.chosen, rejected=pair.rejected)
        for number, pair in enumerate(islice(cycle(given), LARGEST))
    )
    pairs = list(repeated)
    samples: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        model = load_classifier(tiny_reward_model(Path(folder) / "model"), precision="float32", threads=2)
        score_set(
            Path(folder) / "shards", "large", pairs, lambda: TextScorer(model), conditions={},
            told=lambda done: samples.append((done, _resident_mb())),
        )  # fmt: skip
    early = max(mb for done, mb in samples if done <= LARGEST / 10)
    ratio = max(mb for _, mb in samples) / early
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    plot = [
        f"    {done:>6,} {mb:7.0f} MB {'#' * round(mb / 25)}" for done, mb in samples[:: max(1, len(samples) // 14)]
    ]
    told = f"largest beside the first tenth {ratio:.3f}, peak of the process {peak:.0f} MB"
    return ["", "## Memory over 11,021 pairs", "", "Resident memory after so many pairs:", "", *plot, "",
            _verdict(f"flat (at most {FLAT:.2f} of the first tenth)", told, ratio <= FLAT)]  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; 0 when every target was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reward", description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=Path("var/models/smollm2-135m-reward"),
                        help="folder that scripts.train_reward_model made")  # fmt: skip
    parser.add_argument("pairs", type=Path, nargs="?", default=Path("../shared/data/reward_models"))
    parser.add_argument("--n", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    for needed in (options.model / "config.json", options.pairs / f"{SETS[0]}.parquet"):
        if not needed.is_file():
            sys.stderr.write(f"{needed} is missing. Make the model with `python -m scripts.train_reward_model`.\n")
            return 2
    speed = measure(options.model, options.pairs, options.n, options.rounds, options.threads)
    text = "\n".join(["# Reward models: pairs a second", "", *speed, *memory(options.pairs / f"{SETS[0]}.parquet"), ""])
    (Path(__file__).parent / "RESULTS.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return int("MISSED" in text)


def _race(loops: dict[str, Contender], texts: Texts, rounds: int) -> tuple[dict[str, float], dict[str, list[float]]]:
    times: dict[str, float] = dict.fromkeys(loops, float("inf"))
    scores: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, loop in loops.items():
            started = time.perf_counter()
            scores[name] = loop(texts)
            times[name] = min(times[name], time.perf_counter() - started)
    return times, scores


def _line(name: str, n: int, times: dict[str, float]) -> str:
    ratio = times["batch 1"] / times["ours (with oneDNN)"]
    return f"| {name} | " + " | ".join(f"{n / each:.2f}" for each in times.values()) + f" | {ratio:.2f}x |"


def _resident_mb() -> float:
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * resource.getpagesize() / 2**20


def _verdict(text: str, value: str, met: bool) -> str:
    return f"- Target {text}: {value}, {'met' if met else 'MISSED'}."


if __name__ == "__main__":
    raise SystemExit(main())
