"""Choices of a reading from what a visitor selected, checked, and the steps from one place to the next."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from leaderboard.boards.reading import Choice, Option, Selection
from leaderboard.errors import InvalidQuery

ALL = ""
SHOW = "show"
"""Names the withheld parts that a visitor asked for, separated by commas."""
MOST_PLACES = 500


def choice(selection: Selection, name: str, label: str, options: Sequence[Option]) -> Choice:
    """What is chosen: the selection's value, the first option where it names none. Raises InvalidQuery otherwise."""
    value = selection.get(name, options[0].value if options else "")
    known = [option.value for option in options]
    if value not in known:
        some = ", ".join(repr(item) for item in known[:12])
        raise InvalidQuery(f"Choice {name!r} is {value[:60]!r}; expected one of {some or 'none: there is nothing'}.")
    return Choice(name=name, label=label, options=tuple(options), value=value)


def options(values: Iterable[object], everything: str = "") -> list[Option]:
    """One option a distinct value in the order of appearance; with `everything` first one that leaves all in."""
    names = dict.fromkeys(str(value) for value in values)
    return [*([Option(value=ALL, label=everything)] if everything else []), *(Option(value=n, label=n) for n in names)]


def asked_for(selection: Selection) -> frozenset[str]:
    """Keys of the withheld parts that shall be shown."""
    return frozenset(key for key in selection.get(SHOW, "").split(",") if key)


def place(
    selection: Selection, name: str, label: str, places: Sequence[str], option: Callable[[int], Option]
) -> tuple[Choice, int]:
    """Where among `places` (values, each once) the selection is, the first place where it names none, and its index.

    The choice offers the places nearby only: a set of ten thousand pairs is gone through by steps, not by a list.
    `option` describes the place with an index. Raises InvalidQuery for a place that does not exist.
    """
    value = selection.get(name, places[0])
    try:
        at = list(places).index(value)
    except ValueError as error:
        raise InvalidQuery(f"Choice {name!r} is {value[:60]!r}; expected {places[0]!r} or another one.") from error
    first = max(0, min(at - MOST_PLACES // 2, len(places) - MOST_PLACES))
    nearby = range(first, min(len(places), first + MOST_PLACES))
    return Choice(name=name, label=label, options=tuple(option(number) for number in nearby), value=value), at


def steps(
    choices: Iterable[Choice], here: Choice, places: Sequence[str], at: int, jumps: Mapping[str, Callable[[str], bool]]
) -> dict[str, Selection]:
    """Selections of the previous and next place, and of the next one each jump stops at, going round at the end.

    `choices` are the others, `here` is the choice of the place, `at` the index of its value in `places`; nothing
    withheld stays open.
    """
    what, name = here.label.lower(), here.name
    kept = {item.name: item.value for item in choices if item.value != ALL}
    out: dict[str, Selection] = {}
    if at > 0:
        out[f"Previous {what}"] = {**kept, name: places[at - 1]}
    if at + 1 < len(places):
        out[f"Next {what}"] = {**kept, name: places[at + 1]}
    for label, stops in jumps.items():
        found = next((value for value in (*places[at + 1 :], *places[:at]) if stops(value)), None)
        if found is not None:
            out[label] = {**kept, name: found}
    return out
