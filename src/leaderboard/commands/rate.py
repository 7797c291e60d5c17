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
from leaderboard.ratings import bradley_terry, compiling, elo, likert, win_rates
from leaderboard.ratings.battles import Battles, PairCounts, battles_from_columns, pair_counts_from_columns
from leaderboard.ratings.ranks import ranks_within
from leaderboard.ratings.result import Ratings
from leaderboard.sources.battle_files import BattleFile, read_battle_file

COLUMNS = (
    "model", "rating", "rating_lower", "rating_upper", "rank_lower", "rank_upper", "n_battles", "component",
)  # fmt: skip
ROUNDS = 1000
WORTH_COMPILING = 20_000_000
"""Battles, or outcomes of pairs, in all rounds from which waiting a second for the compiled loops pays."""
Row = Mapping[str, str | float | int | None]


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its options to the command line."""
    rate = commands.add_parser(
        "rate",
        help="rate models from a file of comparisons",
        description="FILE is .csv, .parquet or .jsonl: battles (model_a, model_b and winner or likert 1-8) or pair "
        "counts (model_a, model_b, wins_a, wins_b, ties). Rows are printed best first; rank_lower is the best rank the "
        "interval allows. Messages about a battle count rows from 1, the header of a csv left out.",
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
    rate.add_argument(
        "--confidence-level",
        metavar="SHARE",
        type=float,
        default=0.95,
        help="share the interval holds: 0.95 (2.5 and 97.5 %%, default) or 0.9 (5 and 95 %%)",
    )
    rate.add_argument("--seed", metavar="S", type=int, default=0, help="seed of the bootstrap (default: 0)")
    rate.add_argument("--anchor", metavar="MODEL=RATING", help="shift ratings so that MODEL has RATING")
    rate.add_argument("--cluster", metavar="COLUMN", help="column whose equal values belong together, e.g. the prompt")
    rate.add_argument(
        "--k",
        metavar="K",
        type=float,
        help="K of online Elo, as published --k 32: H4 2023 (the default); --k 4: FastChat",
    )
    rate.add_argument("--format", choices=("csv", "json"), default="csv")
    rate.set_defaults(run=run)  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Rate and print; exit code 0. Raises LeaderboardError with the file's name for wrong input."""
    _check(options)
    file = read_battle_file(options.file, cluster=options.cluster)
    try:
        data = _data(file, options.likert_ties)
        rated, note = _METHODS[options.method](data, options)
    except BadBattle as error:
        raise BadBattle(f"{options.file}: {error}") from error
    except BadSetting as error:
        raise BadSetting(f"{options.file}: {error}") from error
    known = _with_evidence(rated, _anchor(options.anchor))
    sys.stdout.write(_FORMATS[options.format](_rows(known)))
    sys.stderr.write("".join(f"{line}\n" for line in (note, _islands(rated), _unsure(rated, known)) if line))
    return 0


def _check(options: argparse.Namespace) -> None:
    """Refuse options that contradict each other."""
    if options.bootstrap is not None and options.bootstrap < 2:
        raise BadSetting(f"--bootstrap is {options.bootstrap}; expected at least 2 rounds.")
    if not 0 < options.confidence_level < 1:
        raise BadSetting(f"--confidence-level is {options.confidence_level:g}; expected a number between 0 and 1.")
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


def _rounds(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that every interval takes."""
    return {
        "n_resamples": options.bootstrap or ROUNDS, "confidence_level": options.confidence_level, "seed": options.seed,
    }  # fmt: skip


def _bounds(options: argparse.Namespace, kind: str) -> str:
    """What the bounds are: the quantiles, how they were found, and the clusters."""
    tail = 50 * (1 - options.confidence_level)
    drawn = f" of {options.bootstrap or ROUNDS:,} rounds, seed {options.seed}" if kind == "bootstrap" else ""
    grouped = f", clustered by {options.cluster}" if options.cluster else ""
    return "no interval." if kind == "none" else f"bounds at {tail:g} and {100 - tail:g} %: {kind}{drawn}{grouped}."


def _prepare(data: Battles | PairCounts, options: argparse.Namespace, interval: str) -> None:
    """Load the compiled loops before a bootstrap that is large enough."""
    if interval != "bootstrap":
        return
    m = len(data.models)
    outcomes = 3 * m * (m - 1) // 2
    n = len(data) if isinstance(data, Battles) else int(data.totals.sum())
    if (n if options.method == "elo" else min(n, outcomes)) * (options.bootstrap or ROUNDS) >= WORTH_COMPILING:
        compiling.warm()


def _bradley_terry(data: Battles | PairCounts, options: argparse.Namespace) -> tuple[Ratings, str]:
    kind = _interval(options)
    _prepare(data, options, kind)
    rated = bradley_terry.fit(
        data, ties=options.ties, anchor=_anchor(options.anchor), interval=cast(Any, kind), **_rounds(options)
    )
    return rated, f"Bradley-Terry, {_bounds(options, kind)}"


def _win_rate(data: Battles | PairCounts, options: argparse.Namespace) -> tuple[Ratings, str]:
    kind = _interval(options).replace("sandwich", "wilson")
    rated = win_rates.average(data, ties=options.ties, interval=cast(Any, kind), **_rounds(options))
    return rated, f"Win rate, mean over opponents, {_bounds(options, kind)}"


def _elo(data: Battles | PairCounts, options: argparse.Namespace) -> tuple[Ratings, str]:
    """Counts have no order, so their rating is the median of rounds. Battles are replayed in the order of the file,
    unless a bootstrap is asked for; the replay is itself one such round, so their spread around it is its interval."""
    settings = elo.EloSettings() if options.k is None else elo.EloSettings(k=options.k)
    shared: dict[str, Any] = {"ties": options.ties, "anchor": _anchor(options.anchor)}
    replayed = isinstance(data, Battles) and options.interval != "bootstrap" and options.bootstrap is None
    how = (
        "replayed in the order of the file" if replayed else f"medians of {options.bootstrap or ROUNDS:,} random orders"
    )
    kind = "none" if options.interval == "none" else "bootstrap"
    note = f"Online Elo, the historical method, K = {settings.k:g}, {how}, {_bounds(options, kind)}"
    once = elo.replay(data, settings, **shared) if isinstance(data, Battles) and replayed else None
    if once is not None and kind == "none":
        return once, note
    _prepare(data, options, "bootstrap")
    spread = elo.bootstrap(data, settings, **shared, **_rounds(options))
    if once is not None:
        return elo.around(once, spread), f"{note} --interval bootstrap prints the medians."
    return (_without_bounds(spread) if kind == "none" else spread), note


_METHODS: dict[str, Callable[[Battles | PairCounts, argparse.Namespace], tuple[Ratings, str]]] = {
    "bradley_terry": _bradley_terry,
    "elo": _elo,
    "win_rate": _win_rate,
}


def _without_bounds(ratings: Ratings) -> Ratings:
    blank = np.full(len(ratings.rating), np.nan)
    return replace(ratings, lower=blank, upper=blank)


def _with_evidence(ratings: Ratings, anchor: tuple[str, float] | None) -> Ratings:
    """Blanks instead of numbers that the data do not bear: ratings without battles, bounds without width.

    A model whose battles all went the same way looks certain to a bootstrap. Only an anchor is certain.
    """
    fixed = np.array([anchor is not None and model == anchor[0] for model in ratings.models])
    fought = ratings.n_battles > 0
    bounded = fought & (fixed | (ratings.lower < ratings.upper))
    return replace(
        ratings, rating=np.where(fought, ratings.rating, np.nan), lower=np.where(bounded, ratings.lower, np.nan),
        upper=np.where(bounded, ratings.upper, np.nan),
    )  # fmt: skip


def _unsure(rated: Ratings, known: Ratings) -> str:
    lost = int((np.isfinite(rated.lower) & ~np.isfinite(known.lower)).sum())
    return f"{lost} of {len(rated.models)} models have no interval: their battles do not vary." if lost else ""


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
