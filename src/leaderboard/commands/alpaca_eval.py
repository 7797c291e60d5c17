"""`leaderboard alpaca-eval ANNOTATIONS`: win rates against the baseline.

Leaves: one row a model on stdout, best first, win_rate and standard_error in 0..1; unparsed verdicts on stderr.
"""

import argparse
import sys
from pathlib import Path

from leaderboard.errors import BadBattle, BadRecord
from leaderboard.metrics.alpaca_eval import win_rates
from leaderboard.sources.alpaca_annotations import only, read_annotations

COLUMNS = ["model", "win_rate", "standard_error", "avg_length", "n"]


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its options to the command line."""
    verb = commands.add_parser(
        "alpaca-eval", help="AlpacaEval win rates from annotations",
        description="ANNOTATIONS is AlpacaEval's annotations.json, or .csv, .parquet or .jsonl with columns model and "
        "preference (1 baseline, 2 model, 0 or 1.5 draw, empty unparsed). Win rates and standard errors are in 0..1.",
    )  # fmt: skip
    verb.add_argument("annotations", metavar="ANNOTATIONS", type=Path)
    verb.add_argument("--annotator", help="whose annotations, where the file has several annotators")
    verb.add_argument("--format", choices=("csv", "json"), default="csv")
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compute and print; exit code 0. Raises LeaderboardError with the file's name for wrong input."""
    annotations = read_annotations(options.annotations)
    try:
        table = win_rates(only(annotations, options.annotator))
    except (BadBattle, BadRecord) as error:
        raise type(error)(f"{options.annotations}: {error}") from error
    shown = table[COLUMNS]
    if options.format == "csv":
        sys.stdout.write(shown.to_csv(index=False, lineterminator="\n"))
    else:
        sys.stdout.write(shown.to_json(orient="records", indent=1, double_precision=15) + "\n")
    if unparsed := int(table["n_unparsed"].sum()):
        models = int(table["n_unparsed"].gt(0).sum())
        sys.stderr.write(f"{unparsed} verdicts on {models} models could not be parsed and were left out.\n")
    return 0
