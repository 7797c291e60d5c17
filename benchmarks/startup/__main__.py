"""How long the app takes from `python app.py` to its first answers, with the embedded data.

    python -m benchmarks startup [--rounds 5]

Measured from the start of the process, for a state folder that did not exist: the first answer at all, the first page,
and the first 7,169 rows. Writes benchmarks/startup/RESULTS.md.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from leaderboard.settings import ROOT

PORT = 7983
TARGET_SECONDS = 8.0
ANSWERS = (
    ("first answer", "healthz"),
    ("first page", ""),
    ("first 7,169 rows", "table/llm_benchmarks?view=open_llm_v1"),
)


def measure() -> dict[str, float]:
    """Seconds until each answer."""
    with tempfile.TemporaryDirectory() as state:
        environment = {**os.environ, "LEADERBOARD_STATE": state, "LEADERBOARD_PORT": str(PORT)}
        start = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as app:
            try:
                return {name: wait(path) - start for name, path in ANSWERS}
            finally:
                app.terminate()


def wait(path: str) -> float:
    """The moment at which an address answers."""
    end = time.perf_counter() + 60
    while time.perf_counter() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{path}", timeout=30).read()
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
        else:
            return time.perf_counter()
    raise RuntimeError(f"No answer from /{path} within 60 s.")


def main(arguments: Sequence[str] = ()) -> int:
    """Measure, write and print the results; 0 when the target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = [measure() for _ in range(parser.parse_args(arguments).rounds)]
    medians = {name: statistics.median(each[name] for each in rounds) for name, _ in ANSWERS}
    met = medians["first answer"] <= TARGET_SECONDS
    lines = [
        "# From `python app.py` to the first answers",
        "",
        f"Median of {len(rounds)} starts, embedded data, seconds.",
        "",
    ]
    lines += [
        "| answer | seconds |",
        "|---|---|",
        *(f"| {name} | {value:.1f} |" for name, value in medians.items()),
        "",
    ]
    lines += [f"Target: first answer within {TARGET_SECONDS:.0f} s: {'met' if met else 'missed'}.", ""]
    (Path(__file__).parent / "RESULTS.md").write_text("\n".join(lines), encoding="utf-8")
    sys.stdout.write("\n".join(lines))
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
