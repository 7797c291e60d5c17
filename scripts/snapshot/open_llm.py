"""Dumps of the Open LLM Leaderboard -> benchmark tables."""

from datetime import UTC, datetime
from pathlib import Path

from leaderboard.sources.open_llm_leaderboard import read_dump
from scripts.snapshot.made import Tables, day

FOLDER = "open_llm_leaderboard"
MPL = "MPL-2.0 (github.com/fboulnois/llm-leaderboard-csv; figures published by Hugging Face)"
MIT = "MIT (github.com/dsdanielpark/Open-LLM-Leaderboard-Report @ 1f6614e4; figures published by Hugging Face)"


def dumps(folder: Path) -> list[tuple[Path, str, datetime, str]]:
    """(file, table name, day of the figures, licence) of every dump in the folder."""
    found = [
        (folder / "open_llm_leaderboard_v1_20240713.parquet", "open_llm_v1", day("2024-07-13"), MPL),
        (folder / "open_llm_leaderboard_v2_20250321.parquet", "open_llm_v2", day("2025-03-21"), MPL),
    ]
    for path in sorted(folder.glob("v1_early_*.csv")):
        when = datetime.strptime(path.stem[-8:], "%Y%m%d").replace(tzinfo=UTC)
        found.append((path, f"open_llm_2023_{when:%m%d}", when, MIT))
    return found


def tables(data: Path) -> Tables:
    """All benchmark tables."""
    for path, name, when, license_ in dumps(data / FOLDER):
        card, frame = read_dump(path, name=name, as_of=when)
        yield card.model_copy(update={"license": license_}), frame
