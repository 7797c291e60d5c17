"""JailbreakBench and XSTest -> safety tables: labels and lengths, no prompt and no answer."""

from pathlib import Path

from leaderboard.sources.safety_files import read_jailbreakbench, read_xstest
from scripts.snapshot.made import Tables

FOLDER = "red_teaming"


def tables(data: Path) -> Tables:
    """The tables `jailbreakbench` and `xstest`."""
    for file in (
        read_jailbreakbench(data / FOLDER / "jailbreakbench_artifacts.parquet"),
        read_xstest(data / FOLDER / "xstest_completions.parquet"),
    ):
        yield file.card, file.frame
