"""Choices of a reading from what a visitor selected, checked, and the steps from one place to the next."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from leaderboard.boards.reading import Choice, Option, Selection
from leaderboard.errors import InvalidQuery

ALL = ""
SHOW = "show"
"""Names the withheld parts that a visitor asked for, separated by commas."""


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


def steps(
    choices: Iterable[Choice], place: Choice, at: int, jumps: Mapping[str, Callable[[str], bool]]
) -> dict[str, Selection]:
    """Selections of the previous and next place, and of the next one each jump stops at, going round at the end.

    `choices` are the others, `place` is the one that is stepped through, `at` the index of its value; nothing withheld
    stays open.
    """
    places, name, what = [option.value for option in place.options], place.name, place.label.lower()
    here = {item.name: item.value for item in choices if item.value != ALL}
    out: dict[str, Selection] = {}
    if at > 0:
        out[f"Previous {what}"] = {**here, name: places[at - 1]}
    if at + 1 < len(places):
        out[f"Next {what}"] = {**here, name: places[at + 1]}
    for label, stops in jumps.items():
        found = next((place for place in (*places[at + 1 :], *places[:at]) if stops(place)), None)
        if found is not None:
            out[label] = {**here, name: found}
    return out
