"""`leaderboard agreement A B`: how far a judge's verdicts (B) agree with human votes (A).

Leaves: JSON on stdout, per vote and against the human majority, for all turns and each; votes without a verdict are
counted on stderr. A figure that cannot be computed is null.
"""

import argparse
import json
import math
import sys
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from leaderboard.errors import BadBattle
from leaderboard.metrics.agreement import Agreement, agree, canonical, inconsistencies, majority, matched
from leaderboard.sources.row_files import read_rows

COLUMNS = ("question_id", "turn", "model_a", "model_b", "winner")
SETUPS = {"with_ties": True, "without_ties": False}


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its options to the command line."""
    verb = commands.add_parser(
        "agreement", help="agreement of a judge with humans",
        description="A holds human votes, B a judge's verdicts: .csv, .parquet or .jsonl with columns question_id, "
        "turn, model_a, model_b, winner (and judge). With ties: three outcomes, an inconsistent verdict is a tie; "
        "without: only where both named a winner. Bounds of kappa are 95 %, from resampling questions.",
    )  # fmt: skip
    verb.add_argument("humans", metavar="A", type=Path)
    verb.add_argument("judge", metavar="B", type=Path)
    verb.add_argument("--format", choices=("json",), default="json")
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compare and print; exit code 0. Raises LeaderboardError with the file's name for wrong input."""
    votes, verdicts = _read(options.humans), _read(options.judge)
    pairs = {"per_vote": matched(votes, verdicts), "majority": matched(majority(votes), verdicts)}
    report = {name: _by_turn(found) for name, found in pairs.items()}
    report["inconsistent"] = dict(zip(("n", "of"), inconsistencies(verdicts), strict=True))
    sys.stdout.write(json.dumps(report, indent=1, allow_nan=False) + "\n")
    if unmatched := len(votes) - len(pairs["per_vote"]):
        sys.stderr.write(f"{unmatched} of {len(votes)} votes have no verdict of the judge and were left out.\n")
    return 0


def _read(path: Path) -> pd.DataFrame:
    try:
        return canonical(read_rows(path, COLUMNS))
    except BadBattle as error:
        raise BadBattle(f"{path}: {error}") from error


def _by_turn(pairs: pd.DataFrame) -> dict[str, object]:
    parts = {"all": pairs, "turn_1": pairs[pairs["turn"].eq("1")], "turn_2": pairs[pairs["turn"].eq("2")]}
    return {
        name: {setup: _figures(agree(part, ties=ties)) for setup, ties in SETUPS.items()}
        for name, part in parts.items()
    }


def _figures(found: Agreement) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in asdict(found).items()}
