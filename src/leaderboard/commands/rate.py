"""`leaderboard rate FILE`: ratings with intervals and rank ranges from a file of comparisons.

Enters: a file of battles or pair counts and the options of a method. Leaves: one row a model on stdout, best first;
what was assumed on stderr. Columns are the same for every method; a model without an interval has no rank.
"""

import argparse
import csv
import io
import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from leaderboard.errors import BadBattle, BadSetting
from leaderboard.ratings import bradley_terry, elo, likert, win_rates
from leaderboard.ratings.battles import Battles, PairCounts, battles_from_columns, pair_counts_from_columns
from leaderboard.ratings.ranks import ranks_within
from leaderboard.ratings.result import Ratings
from leaderboard.sources.battle_files import BattleFile, read_battle_file

COLUMNS = (
    "model", "rating", "rating_lower", "rating_upper", "rank_lower", "rank_upper", "n_battles", "component",
)  # fmt: skip
Row = Mapping[str, str | float | int | None]


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its options to the command line."""
    rate = commands.add_parser(
        "rate",
        help="rate models from a file of comparisons",
        description="FILE is .csv, .parquet or .jsonl: battles (model_a, model_b and winner or likert 1-8) or pair "
        "counts (model_a, model_b, wins_a, wins_b, ties). Rows are printed best first; rank_lower is the best rank the "
        "interval allows.",
    )
    rate.add_argument("file", metavar="FILE", type=Path)
    rate.add_argument("--method", choices=tuple(_METHODS), default="bradley_terry")
    rate.add_argument("--ties", choices=("half", "davidson", "drop"), default="half")
    rate.add_argument(
        "--likert",
        choices=("allowed", "none"),
        default="allowed",
        dest="likert_ties",
        help="whether the middle of the Likert scale, 4 and 5, is a tie (default: allowed)",
    )
    rate.add_argument(
        "--interval",
        choices=("sandwich", "bootstrap", "none"),
        help="default: sandwich (win_rate: Wilson); elo: the spread of bootstrap rounds",
    )
    rate.add_argument("--bootstrap", metavar="N", type=int, help="bootstrap rounds (default: 1000)")
    rate.add_argument("--seed", metavar="S", type=int, default=0, help="seed of the bootstrap (default: 0)")
    rate.add_argument("--anchor", metavar="MODEL=RATING", help="shift ratings so that MODEL has RATING")
    rate.add_argument("--cluster", metavar="COLUMN", help="column whose equal values belong together, e.g. the prompt")
    rate.add_argument("--k", metavar="K", type=float, help="K of online Elo (default: 32, as H4; FastChat used 4)")
    rate.add_argument("--format", choices=("csv", "json"), default="csv")
    rate.set_defaults(run=run)  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Rate and print; exit code 0. Raises LeaderboardError with the file's name for wrong input."""
    _check(options)
    file = read_battle_file(options.file, cluster=options.cluster)
    try:
        data = _data(file, options.likert_ties)
        ratings, note = _METHODS[options.method](data, options)
    except BadBattle as error:
        raise BadBattle(f"{options.file}: {error}") from error
    except BadSetting as error:
        raise BadSetting(f"{options.file}: {error}") from error
    rows = _rows(ratings)
    sys.stdout.write(_FORMATS[options.format](rows))
    sys.stderr.write("".join(f"{line}\n" for line in (note, _islands(ratings)) if line))
    return 0


def _check(options: argparse.Namespace) -> None:
    """Refuse options that contradict each other."""
    if options.bootstrap is not None and options.bootstrap < 2:
        raise BadSetting(f"--bootstrap is {options.bootstrap}; expected at least 2 rounds.")
    if options.seed < 0:
        raise BadSetting(f"--seed is {options.seed}; expected 0 or more.")
    if options.interval in ("sandwich", "none") and options.bootstrap is not None:
        raise BadSetting(f"--bootstrap {options.bootstrap} contradicts --interval {options.interval}; leave one out.")
    if options.k is not None and options.method != "elo":
        raise BadSetting(f"--k {options.k:g} belongs to --method elo; {options.method} has no K.")
    if options.ties == "davidson" and options.method != "bradley_terry":
        raise BadSetting(
            f"--ties davidson belongs to --method bradley_terry; not to {options.method}; expected half or drop."
        )
    if options.anchor is not None and options.method == "win_rate":
        raise BadSetting("--anchor does not go with --method win_rate: a win rate cannot be shifted.")
    if options.interval == "sandwich" and options.method == "elo":
        raise BadSetting("--interval sandwich does not go with --method elo; expected bootstrap or none.")


def _data(file: BattleFile, likert_ties: likert.TieRule) -> Battles | PairCounts:
    column = file.columns
    if file.kind == "counts":
        return pair_counts_from_columns(
            column["model_a"], column["model_b"], column["wins_a"], column["wins_b"], column["ties"]
        )
    if file.kind == "likert":
        winner: Any = likert.winners(column["likert"], ties=likert_ties)
    else:
        winner = column["winner"]
    return battles_from_columns(column["model_a"], column["model_b"], winner, cluster=file.clusters)


def _anchor(text: str | None) -> tuple[str, float] | None:
    if text is None:
        return None
    name, equals, value = text.rpartition("=")
    try:
        rating = float(value)
    except ValueError:
        rating = math.nan
    if not equals or not name or not math.isfinite(rating):
        raise BadSetting(f"--anchor is {text!r}; expected MODEL=RATING with a number, e.g. llama-13b=800.")
    return name, rating


def _interval(options: argparse.Namespace) -> str:
    """sandwich, bootstrap or none; --bootstrap N alone asks for the bootstrap."""
    return str(options.interval or ("bootstrap" if options.bootstrap else "sandwich"))


def _bradley_terry(data: Battles | PairCounts, options: argparse.Namespace) -> tuple[Ratings, str]:
    rated = bradley_terry.fit(
        data, ties=options.ties, anchor=_anchor(options.anchor), interval=cast(Any, _interval(options)),
        n_resamples=options.bootstrap or 1000, seed=options.seed,
    )  # fmt: skip
    return rated, ""


def _win_rate(data: Battles | PairCounts, options: argparse.Namespace) -> tuple[Ratings, str]:
    interval = _interval(options)
    rated = win_rates.average(
        data, ties=options.ties, interval=cast(Any, "wilson" if interval == "sandwich" else interval),
        n_resamples=options.bootstrap or 1000, seed=options.seed,
    )  # fmt: skip
    return rated, "Win rates are averages over opponents, each with the same weight."


def _elo(data: Battles | PairCounts, options: argparse.Namespace) -> tuple[Ratings, str]:
    """Counts have no order: medians of rounds. Battles are replayed in the order of the file unless a bootstrap is
    asked for; the spread of the rounds then lies around the replayed rating, itself one such round."""
    settings = elo.EloSettings() if options.k is None else elo.EloSettings(k=options.k)
    anchor, rounds = _anchor(options.anchor), options.bootstrap or 1000
    asked = options.interval == "bootstrap" or options.bootstrap is not None
    label = f"Online Elo, the historical method, K = {settings.k:g}:"
    drawn = f"{rounds:,} orders drawn with seed {options.seed}"
    if isinstance(data, Battles) and options.interval == "none":
        replayed = elo.replay(data, settings, ties=options.ties, anchor=anchor)
        return replayed, f"{label} replayed in the order of the file."
    spread = elo.bootstrap(data, settings, ties=options.ties, anchor=anchor, n_resamples=rounds, seed=options.seed)
    if asked or not isinstance(data, Battles):
        rated = _without_bounds(spread) if options.interval == "none" else spread
        return rated, f"{label} medians of {drawn}."
    replayed = elo.replay(data, settings, ties=options.ties, anchor=anchor)
    return (
        elo.around(replayed, spread),
        f"{label} replayed in the order of the file; bounds are the spread of {drawn} around that rating. "
        "--interval bootstrap prints the medians.",
    )


_METHODS: dict[str, Callable[[Battles | PairCounts, argparse.Namespace], tuple[Ratings, str]]] = {
    "bradley_terry": _bradley_terry,
    "elo": _elo,
    "win_rate": _win_rate,
}


def _without_bounds(ratings: Ratings) -> Ratings:
    blank = np.full(len(ratings.rating), np.nan)
    return replace(ratings, lower=blank, upper=blank)


def _islands(ratings: Ratings) -> str:
    n = int(ratings.component.max(initial=0)) + 1
    return "" if n == 1 else f"{n} groups of models never met, even through others: ranks count within each group."


def _rows(ratings: Ratings) -> list[Row]:
    """One row a model, best rating first; models without a rating last."""
    best, worst = ranks_within(ratings.component, ratings.lower, ratings.upper)
    order = sorted(range(len(ratings.models)), key=lambda i: (-np.nan_to_num(ratings.rating[i], nan=-np.inf), i))
    return [
        dict(zip(COLUMNS, (
            ratings.models[i], _cell(ratings.rating[i]), _cell(ratings.lower[i]), _cell(ratings.upper[i]),
            int(best[i]) or None, int(worst[i]) or None, _cell(ratings.n_battles[i]), int(ratings.component[i]),
        ), strict=True))
        for i in order
    ]  # fmt: skip


def _cell(value: float) -> float | int | None:
    """A number that JSON can hold: None for NaN, whole numbers without a point."""
    if not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def _as_csv(rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _as_json(rows: list[Row]) -> str:
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


_FORMATS: dict[str, Callable[[list[Row]], str]] = {"csv": _as_csv, "json": _as_json}
