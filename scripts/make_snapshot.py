"""Rebuild `data/` from public files: figures only, in our own schema. Run by `make snapshot`.

python -m scripts.make_snapshot [--input ../shared/data] [--output data]
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from leaderboard.settings import ROOT
from leaderboard.sources.benchmark_table import TableCard, write_table
from leaderboard.sources.open_llm_leaderboard import read_dump

MPL = "MPL-2.0 (github.com/fboulnois/llm-leaderboard-csv; figures published by Hugging Face)"
MIT = "MIT (github.com/dsdanielpark/Open-LLM-Leaderboard-Report @ 1f6614e4; figures published by Hugging Face)"


def dumps(folder: Path) -> list[tuple[Path, str, datetime, str]]:
    """(file, table name, day of the figures, licence) of every dump in the folder."""
    found = [
        (folder / "open_llm_leaderboard_v1_20240713.parquet", "open_llm_v1", datetime(2024, 7, 13, tzinfo=UTC), MPL),
        (folder / "open_llm_leaderboard_v2_20250321.parquet", "open_llm_v2", datetime(2025, 3, 21, tzinfo=UTC), MPL),
    ]
    for path in sorted(folder.glob("v1_early_*.csv")):
        day = datetime.strptime(path.stem[-8:], "%Y%m%d").replace(tzinfo=UTC)
        found.append((path, f"open_llm_2023_{day:%m%d}", day, MIT))
    return found


def describe(card: TableCard, rows: int) -> str:
    """A section of SOURCES.md: one table, where it comes from and what was repaired."""
    lines = [f"## benchmarks/{card.name}.parquet ({rows:,} rows, as of {card.as_of:%Y-%m-%d})", ""]
    lines += [f"{card.title}. Licence: {card.license}.", ""]
    lines += [f"- {finding.what} Rows: {finding.rows:,}. {finding.treatment}" for finding in card.findings]
    lines += [f"- Rejected, {item.where}: {item.reason}" for item in card.rejected]
    return "\n".join([*lines, ""])


def main() -> int:
    """Convert every dump and write SOURCES.md beside the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--output", type=Path, default=ROOT / "data")
    options = parser.parse_args()
    source = options.input / "open_llm_leaderboard"
    if not source.is_dir():
        sys.stderr.write(f"No folder {source}. Give the folder of the public files with --input.\n")
        return 2
    sections = ["# Sources of data/", "", "Made by `make snapshot`. Figures only: no third-party texts.", ""]
    for path, name, day, license_ in dumps(source):
        card, frame = read_dump(path, name=name, as_of=day)
        card = card.model_copy(update={"license": license_})
        write_table(options.output, card, frame)
        sections.append(describe(card, len(frame)))
        sys.stdout.write(f"{name}: {len(frame):,} rows\n")
    (options.output / "SOURCES.md").write_text("\n".join(sections), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
