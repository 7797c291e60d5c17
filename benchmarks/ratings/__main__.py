"""`python -m benchmarks ratings [--peers NAMES] [--sizes S1,S2,S3]`: measure, write RESULTS.md and growth.svg beside.

Exit status 1 when a target is missed. With only some peers or sizes the page is printed, not written.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.ratings import plan
from benchmarks.ratings.report import growth_figure, write_page
from benchmarks.ratings.targets import targets

FOLDER = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks ratings", description=__doc__)
    parser.add_argument("--peers", default=",".join(plan.PEERS), help="comma-separated; '' for none")
    parser.add_argument("--sizes", default=",".join(size.name for size in plan.SIZES))
    chosen = parser.parse_args(arguments)
    peers = [name for name in plan.PEERS if name in chosen.peers.split(",")]
    sizes = [size for size in plan.SIZES if size.name in chosen.sizes.split(",")]
    found = plan.run(peers, sizes)
    judged = targets(found)
    page = write_page(found, judged)
    if len(peers) == len(plan.PEERS) and len(sizes) == len(plan.SIZES):
        (FOLDER / "RESULTS.md").write_text(page, encoding="utf-8")
        (FOLDER / "growth.svg").write_text(growth_figure(found), encoding="utf-8")
    sys.stdout.write(page)
    return 0 if all(target.met for target in judged) else 1


if __name__ == "__main__":
    raise SystemExit(main())
