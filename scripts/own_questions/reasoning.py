"""Reasoning questions: every world that a puzzle allows is enumerated, and its answer is read off what is left.

A puzzle with one solution is solved by `only`, which refuses none and several.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import combinations, permutations, product
from typing import TypeVar

MONDAY = date(2024, 1, 1)
T = TypeVar("T")


def only(worlds: Iterable[T]) -> T:
    """The single world there is. Raises ValueError when there is none or more than one."""
    (world,) = worlds
    return world


def islanders() -> tuple[str, str]:
    """1041: kinds of three people, then of a fourth."""
    worlds = [
        (ada, bo, cy) for ada, bo, cy in product((True, False), repeat=3)
        if ada == (bo == cy) and bo == ada and cy == (not (ada and bo and cy))
    ]  # fmt: skip
    kinds = only(worlds)
    said = {True: "tells the truth", False: "lies"}
    first = ", ".join(f"{name} {said[kind]}" for name, kind in zip(("Ada", "Bo", "Cy"), kinds, strict=True))
    exactly = {n: [dee for dee in (True, False) if dee == (sum(kinds) + dee == n)] for n in (2, 1)}
    words = {2: "nothing", 0: "she cannot say it"}
    return first, f"(a) {words[len(exactly[2])]}; (b) {words[len(exactly[1])]}"


def race() -> tuple[str, str]:
    """1042: orders of five runners."""
    fits = [
        order for order in permutations(("Ana", "Ben", "Cleo", "Dan", "Eve"))
        if order.index("Dan") == order.index("Ana") + 1 and order.index("Eve") < order.index("Cleo")
        and order.index("Ben") not in (0, 4) and abs(order.index("Ben") - order.index("Eve")) == 2
    ]  # fmt: skip
    first = only(order for order in fits if order.index("Cleo") != 4)
    winners = " or ".join(sorted({order[0] for order in fits}))
    return ", ".join(first), f"{len(fits)} order{'s' * (len(fits) > 1)}; {winners}"


def instruments() -> tuple[str, str]:
    """1043: who plays what on which day."""
    names, days = ("Kim", "Lou", "Max", "Nia"), ("Monday", "Tuesday", "Wednesday", "Thursday")
    fits = []
    for played, place in product(permutations(("drum", "flute", "harp", "viola")), permutations(range(4))):
        what, when = dict(zip(names, played, strict=True)), dict(zip(names, place, strict=True))
        who = {instrument: name for name, instrument in what.items()}
        if (
            when["Kim"] == when[who["harp"]] + 1 and when[who["drum"]] == 0 and what["Lou"] == "viola"
            and when["Lou"] > when["Max"] and what["Nia"] != "flute"
        ):  # fmt: skip
            fits.append((what, when))
    what, when = only(fit for fit in fits if fit[1]["Nia"] == 1)
    first = ", ".join(f"{name} {what[name]} {days[when[name]]}" for name in sorted(names, key=lambda name: when[name]))
    lou = " or ".join(days[day] for day in sorted({when["Lou"] for _, when in fits}))
    return first, f"{len(fits)} solutions; {lou}"


def bridge() -> tuple[str, str]:
    """1044: shortest crossings, by trying every sequence of crossings."""

    @cache
    def least(here: tuple[int, ...], there: tuple[int, ...]) -> int:
        best = 10**6
        for pair in combinations(here, min(2, len(here))):
            left = tuple(each for each in here if each not in pair)
            over = there + pair
            rest = 0 if not left else min(
                back + least(tuple(sorted((*left, back))), tuple(sorted(each for each in over if each != back)))
                for back in over
            )  # fmt: skip
            best = min(best, max(pair) + rest)
        return best

    return f"{least((2, 3, 7, 11), ())} minutes", f"{least((2, 3, 5, 7, 11), ())} minutes"


def calendar() -> tuple[str, str]:
    """1045: a year whose 1 March is a Friday, leap or not."""
    kinds = {}
    for year in range(2001, 2401):
        if date(year, 3, 1).weekday() == 4:
            fridays = [month for month in range(1, 13) if date(year, month, 13).weekday() == 4]
            leap = (date(year + 1, 1, 1) - date(year, 1, 1)).days == 366
            kinds[leap] = (
                f"{date(year, 9, 1):%A}; {sum(month >= 3 for month in fridays)}", f"{date(year, 1, 1):%A}", len(fridays)
            )  # fmt: skip
    first = only({facts[0] for facts in kinds.values()})
    n = only({facts[2] for facts in kinds.values()})
    return first, f"{kinds[True][1]} in a leap year, {kinds[False][1]} otherwise; {n} in either case"


def cubes() -> tuple[str, str]:
    """1046: painted faces of the unit cubes of a 5 x 5 x 5 block on a table."""
    painted = {
        (x, y, z): (x in (0, 4)) + (y in (0, 4)) + (z == 4) for x, y, z in product(range(5), repeat=3)
    }  # fmt: skip
    below = [n for (_, _, z), n in painted.items() if z < 4]
    every = list(painted.values())
    return f"{every.count(1)}; {every.count(0)}", f"{sum(n > 0 for n in below)}; {below.count(2)}"


def syllogism() -> tuple[str, str]:
    """1047: statements true in all, and false in all, ways to fill the sixteen kinds of things."""
    kinds = list(product((False, True), repeat=4))  # glim, tov, rask, plon
    allowed = [kind for kind in kinds if not (kind[0] and not kind[1]) and not (kind[1] and kind[2])]

    def judged(kinds_there: Sequence[tuple[bool, ...]]) -> tuple[list[str], list[str]]:
        truths = []
        for chosen in product((False, True), repeat=len(kinds_there)):
            world = [kind for kind, there in zip(kinds_there, chosen, strict=True) if there]
            if any(r and p for _, _, r, p in world):
                truths.append({
                    "a": not any(g and r for g, _, r, _ in world), "b": any(p and not g for g, _, _, p in world),
                    "c": any(p and not t for _, t, _, p in world), "d": any(g and p for g, _, _, p in world),
                })  # fmt: skip
        follow = [name for name in "abcd" if all(truth[name] for truth in truths)]
        return follow, [name for name in "abcd" if not any(truth[name] for truth in truths)]

    first, _ = judged(allowed)
    follow, false = judged([kind for kind in allowed if kind[2] or not kind[3]])
    return f"follow: {', '.join(first)}", f"follow: {', '.join(follow)}; false: {', '.join(false)}"


def boxes() -> tuple[str, str]:
    """1048: where the key can be when a number of labels is true."""
    places = ("red", "blue", "green")
    labels = {place: (place == "blue", place != "blue", place != "green") for place in places}
    two = [place for place in places if sum(labels[place]) == 2]
    first = only(place for place in places if sum(labels[place]) == 1)
    return first, f"{' or '.join(two)}; then {only(place for place in two if labels[place][1])}"


def stones() -> tuple[str, str]:
    """1049: piles that are won for the player to move."""
    won = [False]
    for pile in range(1, 25):
        won.append(any(not won[pile - take] for take in (1, 3, 4) if take <= pile))
    moves = [str(take) for take in (1, 3, 4) if not won[24 - take]]
    return f"the {'first' if won[21] else 'second'} player", f"take {' or '.join(moves)}"


def guards() -> tuple[str, str]:
    """1050: nights of three rhythms."""
    at_work = [sum(night % every == 0 for every in (4, 6, 10)) for night in range(1, 1000)]
    again = at_work.index(3) + 1
    weekday = f"{MONDAY + timedelta(days=again):%A}"
    return f"{again} nights; {weekday}", f"{at_work[:again].count(2)}; {at_work[:again].count(0)}"


def table() -> tuple[str, str]:
    """1051: seatings to the right from Raj."""
    fits = []
    for rest in permutations(("Pia", "Quin", "Sol", "Tam")):
        seats = ("Raj", *rest)

        def near(one: str, other: str, seats: tuple[str, ...] = seats) -> bool:
            return (seats.index(one) - seats.index(other)) % 5 in (1, 4)

        if near("Pia", "Quin") and not near("Raj", "Sol") and seats[1] == "Tam":
            fits.append((seats, near("Sol", "Pia")))
    seats = only(seats for seats, together in fits if together)
    return f"{len(fits)} arrangements", f"{seats[-1]}; yes"


SOLVED: dict[int, Callable[[], tuple[str, str]]] = {
    1041: islanders, 1042: race, 1043: instruments, 1044: bridge, 1045: calendar, 1046: cubes, 1047: syllogism,
    1048: boxes, 1049: stones, 1050: guards, 1051: table,
}  # fmt: skip
