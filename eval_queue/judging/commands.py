"""The arguments of `python -m eval_queue judge`; what it does is in `by_hand`, loaded only when it is used."""

import argparse
from pathlib import Path

import eval_queue.tasks
from leaderboard.settings import Settings

OWN = Path(eval_queue.tasks.__file__).parent / "mt_bench_own" / "question.jsonl"


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add `check`, `answers` and `pairs` to the parser of `judge`."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = commands.add_parser("check", help="ask the configured judge for one verdict and show what comes back")
    check.set_defaults(run=_check)
    answers = commands.add_parser("answers", help="judge answers in a file, without running a model")
    answers.add_argument("file", type=Path, help="FastChat answer JSONL, or AlpacaEval output JSON, of one model")
    answers.add_argument("--questions", type=Path, default=OWN, help="question.jsonl (default: our own questions)")
    answers.add_argument("--baseline", type=Path, default=None, help="answers to compare with, in both orders")
    answers.add_argument(
        "--output", type=Path, required=True, help="folder for the verdicts; goes on after those in it"
    )
    answers.set_defaults(run=_answers)
    pairs = commands.add_parser("pairs", help="score the judge as a reward model, on pairs with a known better answer")
    pairs.add_argument("files", type=Path, nargs="+", metavar="FILE", help="preference pairs, named after their set")
    pairs.add_argument("--work", type=Path, required=True, help="folder for replies; goes on after those in it")
    pairs.add_argument("--output", type=Path, required=True, help="data folder (LEADERBOARD_DATA) for rewards/NAME.*")
    pairs.add_argument("--name", default=None, help="name of the table (default: made of the judge's)")
    pairs.add_argument("--most", type=int, default=None, metavar="N", help="pairs of a set, drawn alike for everybody")
    pairs.set_defaults(run=_pairs)


def _check(options: argparse.Namespace, settings: Settings) -> int:
    from . import by_hand  # loads the client and pyarrow: not for every command

    return by_hand.check(options, settings)


def _answers(options: argparse.Namespace, settings: Settings) -> int:
    from . import by_hand  # loads the client and pyarrow: not for every command

    return by_hand.answers(options, settings)


def _pairs(options: argparse.Namespace, settings: Settings) -> int:
    from . import pairs_by_hand  # loads the client and pyarrow: not for every command

    return pairs_by_hand.pairs(options, settings)
