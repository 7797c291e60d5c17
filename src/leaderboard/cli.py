"""The `leaderboard` command: print boards, import files, rate models, audit judges.

    leaderboard board llm_benchmarks --format csv
    leaderboard import lm-eval results/ --to data --name my_runs
    leaderboard rate battles.csv --cluster prompt
    leaderboard agreement humans.jsonl judge.jsonl
    leaderboard alpaca-eval annotations.parquet

Data goes to stdout, messages to stderr; exit code 0 done, 1 nothing to show, 2 wrong input.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

from leaderboard.boards import export, filters
from leaderboard.boards.library import Library
from leaderboard.commands import agreement, alpaca_eval, rate
from leaderboard.data_source import open_source
from leaderboard.errors import LeaderboardError
from leaderboard.settings import Settings, read_settings
from leaderboard.sources.importing import FORMATS, import_files


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except LeaderboardError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="leaderboard", description="Boards of chat models, from the command line.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    board = commands.add_parser("board", help="print what a tab shows")
    board.add_argument("tab", metavar="TAB", help="name of the tab, e.g. llm_benchmarks")
    board.add_argument("--format", choices=("csv", "json"), default="csv")
    board.add_argument("--data", metavar="PATH", help="folder or hf://datasets/org/name[@revision]")
    board.add_argument("--view", help="data set of the tab; the first one when left out")
    board.add_argument("--query", default="", help="the query string of the page's URL, e.g. 'q=llama&sort=-average'")
    board.set_defaults(run=_board)
    imports = commands.add_parser("import", help="import files of another project as a table")
    imports.add_argument("format", metavar="FORMAT", choices=FORMATS, help=", ".join(FORMATS))
    imports.add_argument("path", metavar="PATH", type=Path, help="file, or folder with such files")
    imports.add_argument("--to", metavar="STORE", type=Path, required=True, help="data folder to write to")
    imports.add_argument("--name", default="imported", help="name of the table (default: imported)")
    imports.add_argument(
        "--control", metavar="MODEL", action="append", default=[],
        help="a model in a file of preferences that is no contestant, such as a null model; repeatable",
    )  # fmt: skip
    imports.set_defaults(run=_import)
    for verb in (rate, agreement, alpaca_eval):
        verb.add_to(commands)
    return parser


def _board(options: argparse.Namespace) -> int:
    library = _library(read_settings(), options.data)
    board = library.board(options.tab, options.view)
    query = filters.parse(parse_qsl(options.query, keep_blank_values=True), board)
    sys.stdout.write(export.render(board, query, options.format).decode())
    for item in library.rejected():
        sys.stderr.write(f"Left out {item.where}: {item.reason}\n")
    return 0


def _library(settings: Settings, data: str | None) -> Library:
    chosen = settings if data is None else settings.model_copy(update={"data": data})
    source = open_source(chosen)
    source.refresh()
    return Library(source.snapshot, chosen.state, lambda: datetime.now(UTC))


def _import(options: argparse.Namespace) -> int:
    report = import_files(
        options.format, options.path, options.to, name=options.name, now=datetime.now(UTC), controls=options.control
    )
    for item in report.rejected:
        sys.stderr.write(f"Left out {item.where}: {item.reason}\n")
    sys.stderr.write(
        f"Read {report.n_read} files; table {report.table!r} now has {report.n_rows} rows; "
        f"{len(report.rejected)} left out.\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
