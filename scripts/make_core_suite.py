"""Write the questions of the core suite: `python -m scripts.make_core_suite [--output FOLDER]`.

Enters: a seed. Leaves: `<task>.jsonl` with 40 questions a task (eight kinds, five each; four choices, the right one at
each place ten times) and manifest.json with seed, version and SHA-256 of each file. The same seed gives the same bytes.
"""

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from leaderboard.settings import ROOT
from leaderboard.stores import write_file
from scripts.core_questions import Draft, Kinds, arithmetic, dates, logic, strings, units

SEED = 20231123
VERSION = "1.0"
PER_KIND = 5
N_CHOICES = 4
FOLDER = ROOT / "eval_queue" / "tasks" / "core"
TASKS: dict[str, Kinds] = {
    "arithmetic": arithmetic.KINDS,
    "dates": dates.KINDS,
    "units": units.KINDS,
    "logic": logic.KINDS,
    "strings": strings.KINDS,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write all files; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.make_core_suite", description=__doc__)
    parser.add_argument("--output", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    for name, content in make_files(SEED).items():
        write_file(options.output / name, content)
        sys.stdout.write(f"{options.output / name}: {len(content):,} bytes\n")
    return 0


def make_files(seed: int) -> dict[str, bytes]:
    """File name to content, the manifest included."""
    files = {f"{task}.jsonl": _lines(make_task(task, kinds, seed)) for task, kinds in TASKS.items()}
    manifest = {
        "name": "core",
        "version": VERSION,
        "seed": seed,
        "made_by": "python -m scripts.make_core_suite",
        "license": "CC0-1.0",
        "files": {
            name: {"n": content.count(b"\n"), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        },
    }
    return files | {"manifest.json": (json.dumps(manifest, indent=1) + "\n").encode()}


def make_task(task: str, kinds: Kinds, seed: int) -> list[dict[str, object]]:
    """The questions of one task in random order, right answers spread evenly over the places."""
    rng = random.Random(f"{task} {seed}")  # noqa: S311 - questions, not secrets
    drafts: list[tuple[str, Draft]] = []
    seen: set[str] = set()
    for kind, make in kinds.items():
        while sum(name == kind for name, _ in drafts) < PER_KIND:
            drawn = make(rng)
            if drawn.question not in seen and len(_wrong(drawn)) >= N_CHOICES - 1:
                seen.add(drawn.question)
                drafts.append((kind, drawn))
    rng.shuffle(drafts)
    places = [place % N_CHOICES for place in range(len(drafts))]
    rng.shuffle(places)
    return [
        {"id": f"{task}-{number:02d}", "kind": kind, **_choices(drawn, gold, rng)}
        for number, ((kind, drawn), gold) in enumerate(zip(drafts, places, strict=True), start=1)
    ]


def _choices(drawn: Draft, gold: int, rng: random.Random) -> dict[str, object]:
    wrong = _wrong(drawn)[: N_CHOICES - 1]
    rng.shuffle(wrong)
    return {"question": drawn.question, "choices": [*wrong[:gold], drawn.answer, *wrong[gold:]], "gold": gold}


def _wrong(drawn: Draft) -> list[str]:
    """Wrong answers, each once."""
    return [text for text in dict.fromkeys(drawn.wrong) if text != drawn.answer]


def _lines(rows: Sequence[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


if __name__ == "__main__":
    raise SystemExit(main())
