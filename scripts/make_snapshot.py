"""Rebuild `data/` from public files: figures only, in our own schema. Run by `make snapshot`.

python -m scripts.make_snapshot [--input ../shared/data] [--output data]
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from leaderboard.settings import ROOT
from scripts.snapshot import (
    alpaca_eval,
    arena,
    h4,
    llmfao,
    measured_here,
    models,
    mt_bench,
    mt_bench_scores,
    open_llm,
    peer_rank,
    red_teaming,
    reward_models,
    vicuna,
)
from scripts.snapshot.made import Tables, describe, place, write

CONVERTERS: Mapping[str, Callable[[Path], Tables]] = {
    module.FOLDER: module.tables
    for module in (
        open_llm,
        llmfao,
        mt_bench,
        mt_bench_scores,
        peer_rank,
        vicuna,
        h4,
        arena,
        alpaca_eval,
        reward_models,
        red_teaming,
    )
}
"""Folder (or file) of the public files -> what makes tables of it."""

HEAD = (
    "# Sources of data/\n\nMade by `make snapshot`. Figures only: no third-party texts.\n\n"
    "Tables named `own_*` are runs on this project's own machine, made by the scripts that their sections name;\n"
    "`mt_bench/judges/` is `scripts/measure_local_judge.py`'s: a judge measured against the people's votes of the\n"
    "MT-Bench table below. `make snapshot` keeps both.\n"
)


def main(arguments: list[str] | None = None) -> int:
    """Convert every folder and write SOURCES.md beside the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--output", type=Path, default=ROOT / "data")
    options = parser.parse_args(arguments)
    missing = [name for name in (*CONVERTERS, models.FOLDER) if not (options.input / name).exists()]
    if missing:
        sys.stderr.write(
            f"No folder {', '.join(missing)} in {options.input}. Give the folder of the public files with --input.\n"
        )
        return 2
    sections = [HEAD]
    for convert in CONVERTERS.values():
        for card, frame in convert(options.input):
            write(options.output, card, frame)
            sections.append(describe(card, len(frame)))
            sys.stdout.write(f"{place(card)}/{card.name}: {len(frame):,} rows\n")
    sections += measured_here.keep(ROOT / "data", options.output)
    sections.append(models.write(options.input, options.output))  # of the names in all tables, so it comes last
    (options.output / "SOURCES.md").write_text("\n".join(sections), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
