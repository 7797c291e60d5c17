"""Two models of a board against each other: what to expect, what happened, and what it would take to tell them apart.

Enters: a view of ratings computed here, and two models. Leaves: figures and sentences. Expected shares follow from the
ratings, so models that never met can be compared when a chain of battles connects them.
"""

from typing import TypedDict

import numpy as np

from leaderboard.boards import live
from leaderboard.boards.shelf import Shelf
from leaderboard.errors import BadSetting, InvalidQuery
from leaderboard.ratings.comparison import Comparison, compare_ratings

SCALE = 400.0


class Matchup(TypedDict):
    """`models` can be chosen, best first; none where a view holds published figures only. `facts`: label and text."""

    models: list[str]
    sentence: str
    facts: list[tuple[str, str]]


NOTHING = Matchup(models=[], sentence="", facts=[])


def matchup(shelf: Shelf, view: str, a: str | None, b: str | None) -> Matchup:
    """The models of a view and, when two are named, how they compare by Bradley-Terry, whatever the view's method.

    Raises InvalidQuery for a model that the view does not have, for twice the same, or for two that nothing connects.
    """
    name, ties, _ = view.split(".")
    _, rated = live.columns_of(shelf, name, ties, "bt")
    main = rated[0]
    order = np.argsort(-main.ratings.rating, kind="stable")
    models = [main.ratings.models[at] for at in order]
    if a is None or b is None:
        return Matchup(models=models, sentence="", facts=[])
    try:
        found = compare_ratings(main.ratings, a, b)
    except BadSetting as error:
        raise InvalidQuery(str(error)) from error
    counted = "ties half" if ties == "tie" else "without ties"
    facts = [
        ("Expected", f"{a} wins {_percent(found.difference)} of its comparisons with {b}, {counted} "
         f"(95 % interval {_percent(found.lower)} to {_percent(found.upper)})."),
        ("Ratings", f"{found.difference:+.0f} points (95 % interval {found.lower:+.0f} to {found.upper:+.0f}), paired: "
         "the error they share is taken out."),
        ("Better", f"{a} is the better one with probability {_certain(found.probability)} by these votes."),
        ("Met", _direct(main, a, b)),
    ]  # fmt: skip
    return Matchup(models=models, sentence=_verdict(found), facts=facts)


def _percent(points: float) -> str:
    return f"{1 / (1 + 10 ** (-points / SCALE)):.1%}"


def _certain(probability: float) -> str:
    """In percent; votes never make certain."""
    return "above 99.9%" if probability > 0.999 else "below 0.1%" if probability < 0.001 else f"{probability:.1%}"


def _verdict(found: Comparison) -> str:
    if found.lower > 0 or found.upper < 0:
        better, worse = (found.model, found.rival) if found.difference > 0 else (found.rival, found.model)
        return f"{better} is better than {worse}; the 95 % interval of the difference leaves 0 out."
    if not np.isfinite(found.n_needed):
        return f"{found.model} and {found.rival} cannot be told apart."
    times = max(1.0, found.n_needed / max(1.0, found.n_battles))
    return (
        f"{found.model} and {found.rival} cannot be told apart: a difference of this size needs about {times:,.1f} "
        f"times as many votes ({found.n_needed:,.0f} instead of {found.n_battles:,.0f}) to show with 80 % power."
    )


def _direct(main: live.Rated, a: str, b: str) -> str:
    counts = main.counts
    i, j = (counts.models.index(model) for model in (a, b))
    here = (counts.first == min(i, j)) & (counts.second == max(i, j))
    wins, ties, losses = (int(values[here].sum()) for values in (counts.wins, counts.ties, counts.losses))
    if i > j:
        wins, losses = losses, wins
    n = wins + ties + losses
    if not n:
        return "Never; what is known comes through others."
    return f"{n:,} times: {a} won {wins:,}, {ties:,} ties, {b} won {losses:,}."
