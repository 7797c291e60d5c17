"""Coding questions: the code in a reference text is run against cases, naive versions and random input.

A check is given the names that the code of a turn defines (for SQL: the query as `sql`) and raises AssertionError.
"""

import sqlite3
from collections.abc import Callable
from itertools import islice, permutations
from statistics import median
from typing import Any

from .expecting import Wrong, draws, refused, same

Names = dict[str, Any]
Check = Callable[[Names], None]


def slots_one(names: Names) -> None:
    """1081"""
    draw = draws(1)
    for _ in range(300):
        busy = [(a, a + draw.randint(0, 6)) for a in (draw.randint(-5, 25) for _ in range(draw.randint(0, 5)))]
        _same_slots(names["free_slots"](busy, 0, 20), busy, 0, 1)


def slots_two(names: Names) -> None:
    """1081, second turn"""
    draw = draws(2)
    for _ in range(300):
        busy = [(a, a + draw.randint(0, 6)) for a in (draw.randint(-5, 25) for _ in range(draw.randint(0, 5)))]
        pause, shortest = draw.randint(0, 3), draw.randint(1, 4)
        _same_slots(names["free_slots"](busy, 0, 20, shortest=shortest, pause=pause), busy, pause, shortest)


def _same_slots(got: list[tuple[int, int]], busy: list[tuple[int, int]], pause: int, shortest: int) -> None:
    """Compare with unit steps from 0 to 20; an appointment of no length splits a gap, as a wall does."""
    free = [not any(a <= at < b + pause for a, b in busy) for at in range(20)]
    walls = {a for a, b in busy if a == b + pause}
    expected, begin = [], None
    for at in range(21):
        if begin is not None and (at == 20 or not free[at] or at in walls):
            expected.append((begin, at))
            begin = None
        if at < 20 and free[at] and begin is None:
            begin = at
    same(got, [(a, b) for a, b in expected if b - a >= shortest])


def recent_one(names: Names) -> None:
    """1082"""
    now = [0]
    kept = names["Recent"](2, 10, lambda: now[0])
    kept.set("a", 1)
    kept.set("b", None)
    same(kept.get("a"), 1)
    kept.set("c", 3)
    same([kept.get("b", "gone"), kept.get("a"), kept.get("c")], ["gone", 1, 3])
    now[0] = 10
    same(kept.get("a"), 1)
    kept.set("c", 4)
    now[0] = 11
    kept.set("d", 5)
    same([kept.get("a", "old"), kept.get("c"), kept.get("d")], ["old", 4, 5])


def recent_two(names: Names) -> None:
    """1082, second turn"""
    recent_one(names)
    made: list[int] = []
    kept = names["Recent"](2, 10, lambda: 0)
    for _ in range(2):
        same(kept.get_or_make("x", lambda: made.append(1)), None)
    same([made, kept.hits, kept.misses], [[1], 1, 1])
    kept.get("y")
    same([kept.hits, kept.misses], [1, 2])


def search_one(names: Names) -> None:
    """1083"""
    draw = draws(3)
    for _ in range(400):
        items = sorted(draw.randint(0, 9) for _ in range(draw.randint(0, 8)))
        for x in range(-1, 11):
            same(names["first_at_least"](items, x), sum(item < x for item in items))


def search_two(names: Names) -> None:
    """1083, second turn"""
    draw = draws(4)
    for _ in range(400):
        items = sorted(draw.randint(0, 9) for _ in range(draw.randint(0, 8)))
        a, b = draw.randint(-1, 10), draw.randint(-1, 10)
        same(names["count_between"](items, a, b), sum(a <= item <= b for item in items))


def _query(names: Names) -> list[tuple[Any, ...]]:
    with sqlite3.connect(":memory:") as base:
        base.execute("create table customers(name, town)")
        base.execute("create table orders(id, customer, day, amount)")
        people = [("Ann", "Ulm"), ("Bob", "Ulm"), ("Cid", "Bern"), ("Dee", "Bern"), ("Eli", "Graz"), ("Fay", "Linz")]
        base.executemany("insert into customers values (?, ?)", people)
        amounts = [("Ann", 10), ("Bob", 25), ("Ann", 15), ("Cid", 30), ("Dee", 10), ("Fay", 7)]
        base.executemany(
            "insert into orders values (?, ?, '', ?)", [(at, who, much) for at, (who, much) in enumerate(amounts)]
        )
        return base.execute(names["sql"]).fetchall()


def sql_one(names: Names) -> None:
    """1084: Ann and Bob are equal in Ulm; nobody of Graz has ordered."""
    same(sorted(_query(names)), [("Bern", "Cid", 30), ("Linz", "Fay", 7), ("Ulm", "Ann", 25)])


def sql_two(names: Names) -> None:
    """1084, second turn"""
    same(_query(names), [("Linz", "Fay", 7, 1.0), ("Bern", "Cid", 30, 0.75), ("Ulm", "Ann", 25, 0.5)])


def durations_one(names: Names) -> None:
    """1085"""
    seconds = names["seconds"]
    known = {"2h30m": 9000, "45s": 45, "1d4h": 100_800, "0s": 0, "90m": 5400}
    same({text: seconds(text) for text in known}, known)
    for text in ("", "5", "h", "3m2h", "1h1h", "-1s", "1 h", "1.5h", "2H", "1s\n", "٣s"):
        refused(lambda text=text: seconds(text), repr(text)[1:-1])  # type: ignore[misc]


def durations_two(names: Names) -> None:
    """1085, second turn: no shorter accepted text without zero parts means the same."""
    durations_one(names)
    spell = names["spell"]
    same([spell(n) for n in (0, 60, 86_400, 3661, 90_000)], ["0s", "1m", "1d", "1h1m1s", "1d1h"])
    for n in [*range(4000), *range(86_000, 90_000, 7)]:
        same(names["seconds"](spell(n)), n)
    refused(lambda: spell(-1))


def _orders(needs: dict[str, list[str]]) -> list[str] | None:
    tasks = sorted({*needs, *(each for needed in needs.values() for each in needed)})
    fits = [
        order for order in permutations(tasks)
        if all(order.index(each) < order.index(task) for task, needed in needs.items() for each in needed)
    ]  # fmt: skip
    return list(min(fits)) if fits else None


def build_one(names: Names) -> None:
    """1086: always the first possible task is the same as the first order of all."""
    draw = draws(5)
    for _ in range(150):
        needs = {task: draw.sample("abcde", draw.randint(0, 2)) for task in draw.sample("abcde", draw.randint(0, 4))}
        expected = _orders(needs)
        if expected is None:
            refused(lambda needs=needs: names["build_order"](needs))  # type: ignore[misc]
        else:
            same(names["build_order"](needs), expected)


def build_two(names: Names) -> None:
    """1086, second turn"""
    build_one(names)
    for needs in ({"a": ["b"], "b": ["c"], "c": ["b"], "d": []}, {"x": ["x"]}, {"p": ["q"], "q": ["r"], "r": ["p"]}):
        cycle = refused(lambda needs=needs: names["build_order"](needs)).args[1]  # type: ignore[misc]
        for task, needed in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
            same(needed in needs[task], True)


def flatten_one(names: Names) -> None:
    """1087"""
    flatten = names["flatten"]
    same(flatten({"a": {"b": 1, "c": {}}, "d.e": 2, "f\\": 3}), {"a.b": 1, "a.c": {}, "d\\.e": 2, "f\\\\": 3})
    tree: dict[str, Any] = {"end": 1}
    for _ in range(5000):
        tree = {"k": tree}
    same(flatten(tree), {"k." * 5000 + "end": 1})
    same(flatten({}), {})


def flatten_two(names: Names) -> None:
    """1087, second turn"""
    back = names["unflatten"]
    same(back({"a.b": 1, "a.c": {}, "d\\.e": 2, "f\\\\": 3}), {"a": {"b": 1, "c": {}}, "d.e": 2, "f\\": 3})
    same(back({"a": {}, "a.b": 1}), {"a": {"b": 1}})
    same(back({"a.b": 1, "a": {}}), {"a": {"b": 1}})
    same(len(back({"k." * 5000 + "end": 1})), 1)
    refused(lambda: back({"a": 1, "a.b": 2}))
    refused(lambda: back({"a.b": 2, "a": 1}))


def _pairs_of(xs: list[int], d: int) -> int:
    return sum(xs[j] - xs[i] == d and i != j for i in range(len(xs)) for j in range(len(xs)))


def pairs_one(names: Names) -> None:
    """1088"""
    draw = draws(6)
    for _ in range(300):
        xs, d = [draw.randint(-3, 3) for _ in range(draw.randint(0, 8))], draw.randint(-3, 3)
        same(names["f"](xs, d), _pairs_of(xs, d))


def pairs_two(names: Names) -> None:
    """1088, second turn"""
    draw = draws(7)
    for _ in range(200):
        xs, d = [draw.randint(-3, 3) for _ in range(8)], draw.randint(-3, 3)
        pairs = names["Pairs"](d)
        same([pairs.add(x) for x in xs], [_pairs_of(xs[: n + 1], d) for n in range(8)])


def median_one(names: Names) -> None:
    """1089"""
    draw = draws(8)
    for _ in range(200):
        xs, k = [draw.randint(0, 9) for _ in range(draw.randint(0, 10))], draw.randint(1, 5)
        same(list(names["moving_median"](iter(xs), k)), [median(xs[at - k : at]) for at in range(k, len(xs) + 1)])
    same(list(islice(names["moving_median"](iter(int, 1), 3), 4)), [0, 0, 0, 0])
    refused(lambda: names["moving_median"]([1], 0))


def median_two(names: Names) -> None:
    """1089, second turn"""
    median_one(names)
    same(list(names["moving_median"]([3, None, 1, None, 2], 3)), [2])


def wrap_one(names: Names) -> None:
    """1090: against all ways to break."""
    draw = draws(9)
    for _ in range(120):
        width = draw.randint(3, 10)
        words = ["x" * draw.randint(1, width) for _ in range(draw.randint(1, 7))]
        lines = names["wrap"](words, width)
        same(" ".join(lines).split(), words)
        same(_raggedness(lines, width), _least(words, width))
    same(names["wrap"]([], 5), [])
    refused(lambda: names["wrap"](["abc"], 2))


def _raggedness(lines: list[str], width: int) -> int:
    return 10**9 if any(len(line) > width for line in lines) else sum((width - len(line)) ** 2 for line in lines[:-1])


def _least(words: list[str], width: int) -> int:
    """Least raggedness, by trying every first line."""
    heads = [" ".join(words[:n]) for n in range(1, len(words) + 1)]
    costs = [
        0 if n == len(words) else (width - len(head)) ** 2 + _least(words[n:], width)
        for n, head in enumerate(heads, 1) if len(head) <= width
    ]  # fmt: skip
    return min(costs, default=10**9)


def wrap_two(names: Names) -> None:
    """1090, second turn: the test passes the best wrap and fails a greedy one."""

    def best(words: list[str], width: int) -> list[str]:
        ways = list(names["all_ways"](words, width))
        return min(ways, key=lambda lines: _raggedness(lines, width))

    def greedy(words: list[str], width: int) -> list[str]:
        lines = [words[0]]
        for word in words[1:]:
            if len(lines[-1]) + 1 + len(word) <= width:
                lines[-1] += " " + word
            else:
                lines.append(word)
        return lines

    names["check"](best, rounds=60)
    try:
        names["check"](greedy)
    except AssertionError:
        pass
    else:
        raise Wrong("the test passes a greedy wrap")
    words, width = names["GREEDY_IS_WORSE"]
    same([_raggedness(greedy(words, width), width), _least(words, width)], [16, 10])


def runs_one(names: Names) -> None:
    """1091"""
    pack, unpack = names["pack"], names["unpack"]
    same([pack("aaab"), pack(""), pack("a" * 12)], ["3ab", "", "12a"])
    draw = draws(10)
    for _ in range(500):
        text = "".join(draw.choice("aab\n-") for _ in range(draw.randint(0, 9)))
        same(unpack(pack(text)), text)
    refused(lambda: pack("a1"))
    for data in ("3", "1a", "aa", "0a", "2a2a", "03a"):
        refused(lambda data=data: unpack(data))  # type: ignore[misc]


def runs_two(names: Names) -> None:
    """1091, second turn"""
    pack, unpack = names["pack"], names["unpack"]
    same([pack("aaab"), pack("11\\")], ["3ab", "2\\1\\\\"])
    draw = draws(11)
    for _ in range(1500):
        text = "".join(draw.choice("a1\\\n٣") for _ in range(draw.randint(0, 9)))
        same(unpack(pack(text)), text)
    for data in ("3", "1a", "aa", "\\", "\\a", "2\\12\\1"):
        refused(lambda data=data: unpack(data))  # type: ignore[misc]


CHECKS: dict[int, tuple[Check, Check]] = {
    1081: (slots_one, slots_two), 1082: (recent_one, recent_two), 1083: (search_one, search_two),
    1084: (sql_one, sql_two), 1085: (durations_one, durations_two), 1086: (build_one, build_two),
    1087: (flatten_one, flatten_two), 1088: (pairs_one, pairs_two), 1089: (median_one, median_two),
    1090: (wrap_one, wrap_two), 1091: (runs_one, runs_two),
}  # fmt: skip
