"""Logic, answered by looking at every case: truth tables, orders, who lies."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence

from . import Draft, Kinds, draft

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivo", "Jade", "Kai", "Lena")
STATEMENTS = (
    ("the lamp is on", "the lamp is off"),
    ("the door is open", "the door is closed"),
    ("the shop is busy", "the shop is not busy"),
    ("the bell rings", "the bell does not ring"),
    ("the tea is hot", "the tea is not hot"),
    ("the train is late", "the train is not late"),
    ("the grass is wet", "the grass is not wet"),
    ("the cat sleeps", "the cat does not sleep"),
    ("the pool is full", "the pool is not full"),
    ("the road is blocked", "the road is not blocked"),
)
COMPARISONS = (("taller", "tallest", "shortest"), ("older", "oldest", "youngest"), ("faster", "fastest", "slowest"))
UNDECIDED = "It cannot be known."
Case = tuple[bool, ...]
SeatTest = Callable[[Sequence[str]], bool]


def implies(p: bool, q: bool) -> bool:
    """Material implication."""
    return not p or q


def conditional(rng: random.Random) -> Draft:
    """What follows from 'if p then q' and one more fact about p or q."""
    (p, not_p), (q, not_q) = rng.sample(STATEMENTS, 2)
    facts: dict[str, Callable[[Case], bool]] = {
        p: lambda case: case[0], not_p: lambda case: not case[0],
        q: lambda case: case[1], not_q: lambda case: not case[1],
    }  # fmt: skip
    known = rng.choice((p, not_p, q, not_q))
    cases = [c for c in itertools.product((True, False), repeat=2) if implies(*c) and facts[known](c)]
    asked = (q, not_q) if known in (p, not_p) else (p, not_p)
    right = _certain(asked, facts, cases)
    wrong = (*map(_sentence, asked), UNDECIDED, "The statements contradict each other.")
    question = f"If {p}, then {q}. It is known that {known}. What can be said about whether {asked[0]}?"
    return draft(question, right, wrong)


def either_or(rng: random.Random) -> Draft:
    """What follows from 'p or q or both', one of them being known, and a conditional."""
    (p, not_p), (q, _), (r, not_r) = rng.sample(STATEMENTS, 3)
    p_holds = rng.choice((True, False))
    from_p = p_holds if rng.random() < 2 / 3 else not p_holds
    result = rng.choice((r, not_r))
    facts: dict[str, Callable[[Case], bool]] = {r: lambda case: case[2], not_r: lambda case: not case[2]}
    cases = [
        case for case in itertools.product((True, False), repeat=3)
        if (case[0] or case[1]) and case[0] == p_holds and implies(case[0] if from_p else case[1], facts[result](case))
    ]  # fmt: skip
    right = _certain((r, not_r), facts, cases)
    question = (
        f"At least one of these is true: {p}; {q}. If {p if from_p else q}, then {result}. "
        f"It is known that {p if p_holds else not_p}. What can be said about whether {r}?"
    )
    return draft(question, right, (_sentence(r), _sentence(not_r), UNDECIDED, "The statements contradict each other."))


def order(rng: random.Random) -> Draft:
    """First or last of four people in an order."""
    return _order(rng, extreme=True)


def middle(rng: random.Random) -> Draft:
    """Second of four people in an order."""
    return _order(rng, extreme=False)


def seats(rng: random.Random) -> Draft:
    """Who sits at a place in a row of four."""
    people = rng.sample(NAMES, 4)
    row = tuple(people)
    clues, tests = zip(*rng.sample(list(_seat_clues(row)), 6), strict=True)
    count = next(n for n in range(1, 7) if len(_solutions(people, tests[:n])) == 1 or n == 6)
    solutions = _solutions(people, tests[:count])
    if solutions != [row]:
        return seats(rng)
    place = rng.randrange(4)
    name = ("first", "second", "third", "fourth")[place]
    question = (
        f"Four people sit in a row, seats numbered from left to right. {' '.join(clues[:count])} "
        f"Who sits in the {name} seat?"
    )
    return draft(question, row[place], [p for p in people if p != row[place]])


def truth_tellers(rng: random.Random) -> Draft:
    """Two people, each always truthful or always lying."""
    first, second = rng.sample(NAMES, 2)
    claims: list[tuple[str, Callable[[bool, bool], bool]]] = [
        (f"{first} says: We both lie.", lambda a, b: a == (not a and not b)),
        (f"{first} says: At least one of us lies.", lambda a, b: a == (not a or not b)),
        (f"{first} says: {second} and I are of the same kind.", lambda a, b: a == (a == b)),
        (f"{first} says: {second} and I are of different kinds.", lambda a, b: a == (a != b)),
        (f"{second} says: {first} lies.", lambda a, b: b == (not a)),
        (f"{second} says: {first} tells the truth.", lambda a, b: b == a),
    ]
    chosen = rng.sample(claims, rng.randint(1, 2))
    cases = [c for c in itertools.product((True, False), repeat=2) if all(test(*c) for _, test in chosen)]
    if len(cases) != 1:
        return truth_tellers(rng)
    described = {case: _kinds(first, second, case) for case in itertools.product((True, False), repeat=2)}
    question = (
        f"{first} and {second} each either always tell the truth or always lie. "
        f"{' '.join(text for text, _ in chosen)} Which of them tell the truth?"
    )
    return draft(question, described[cases[0]], [text for case, text in described.items() if case != cases[0]])


def formula(rng: random.Random) -> Draft:
    """How many of the eight cases make a formula true."""
    parts = [rng.choice(("p", "not p")), rng.choice(("q", "not q")), rng.choice(("r", "not r"))]
    rng.shuffle(parts)
    inner, outer = rng.choice(("and", "or")), rng.choice(("and", "or"))
    values = itertools.product((True, False), repeat=3)
    count = sum(_holds(parts, inner, outer, dict(zip("pqr", case, strict=True))) for case in values)
    text = f"({parts[0]} {inner} {parts[1]}) {outer} {parts[2]}"
    question = f'p, q and r are each true or false. In how many of the eight cases is "{text}" true?'
    return draft(question, count, (n for n in (count + 1, count - 1, 8 - count, count + 2, 4) if 0 <= n <= 8))


def sets(rng: random.Random) -> Draft:
    """Counting with two overlapping groups."""
    both, only_a, only_b, none = (rng.randint(2, 9), rng.randint(3, 14), rng.randint(3, 14), rng.randint(1, 8))
    total = both + only_a + only_b + none
    question = (
        f"Of {total} people, {both + only_a} play chess, {both + only_b} play tennis and {both} play both. "
        "How many play neither?"
    )
    return draft(question, none, (none + both, total - both, none + 1, both, abs(none - 1) + 2))


def _order(rng: random.Random, *, extreme: bool) -> Draft:
    more, most, least = rng.choice(COMPARISONS)
    people = rng.sample(NAMES, 4)
    pairs = list(itertools.pairwise(people))
    rng.shuffle(pairs)
    orders = [o for o in itertools.permutations(people) if all(o.index(a) < o.index(b) for a, b in pairs)]
    place = rng.choice((0, 3)) if extreme else 1
    asked = f"the {most if place == 0 else least}" if extreme else f"second {most}"
    (right,) = {o[place] for o in orders}
    clues = " ".join(f"{a} is {more} than {b}." for a, b in pairs)
    return draft(f"{clues} Who is {asked}?", right, [p for p in people if p != right])


def _seat_clues(row: Sequence[str]) -> Iterator[tuple[str, SeatTest]]:
    for a, b in itertools.permutations(row, 2):
        gap = row.index(b) - row.index(a)
        if gap == 1:
            yield f"{a} sits directly to the left of {b}.", _gap(a, b, lambda found: found == 1)
        elif gap > 1:
            yield f"{a} sits somewhere to the left of {b}.", _gap(a, b, lambda found: found > 0)
            yield f"{a} and {b} do not sit side by side.", _gap(a, b, lambda found: abs(found) != 1)
    for person in row[1:3]:
        yield f"{person} does not sit at an end of the row.", _inside(person)


def _gap(a: str, b: str, holds: Callable[[int], bool]) -> SeatTest:
    return lambda order: holds(order.index(b) - order.index(a))


def _inside(person: str) -> SeatTest:
    return lambda order: order.index(person) in (1, 2)


def _solutions(people: Sequence[str], tests: Sequence[SeatTest]) -> list[tuple[str, ...]]:
    return [order for order in itertools.permutations(people) if all(test(order) for test in tests)]


def _certain(texts: Sequence[str], facts: dict[str, Callable[[Case], bool]], cases: Sequence[Case]) -> str:
    """The first of the texts that holds in every case, else that it cannot be known."""
    return next((_sentence(t) for t in texts if all(facts[t](case) for case in cases)), UNDECIDED)


def _holds(parts: Sequence[str], inner: str, outer: str, values: dict[str, bool]) -> bool:
    first, second, third = (values[part[-1]] != part.startswith("not") for part in parts)
    left = first and second if inner == "and" else first or second
    return left and third if outer == "and" else left or third


def _kinds(first: str, second: str, case: Case) -> str:
    if case[0] == case[1]:
        return "Both of them" if case[0] else "Neither of them"
    return f"Only {first if case[0] else second}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


KINDS: Kinds = {
    kind.__name__: kind for kind in (conditional, either_or, order, middle, seats, truth_tellers, formula, sets)
}
