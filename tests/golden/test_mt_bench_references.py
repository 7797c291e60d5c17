"""Doubts about MT-Bench's reference answers: every corrected figure is computed here, and no reference is quoted."""

import itertools
import math
import random
import statistics
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from leaderboard.sources.mt_bench_doubts import doubts, doubts_of
from leaderboard.sources.mt_bench_files import read_mt_bench

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "mt_bench"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public files are not at {SHARED}")
REPORTED = {"104", "105", "109", "111", "113", "114", "120", "122", "124", "125", "126", "128", "130"}
"""The list of github.com/lm-sys/FastChat/pull/3158."""


def finding(question: str, turn: int) -> str:
    (found,) = (item.finding for item in doubts().values() if (item.question_id, item.turn) == (question, turn))
    return found


def test_doubts_name_a_question_and_turn_once_and_say_whether_they_were_reported():
    places = [(item.question_id, item.turn) for item in doubts().values()]
    assert len(set(places)) == len(places) == 22
    assert all(item.reported == (item.question_id in REPORTED) for item in doubts().values())
    assert REPORTED - {question for question, _ in places} == {"122"}, "no error was found in 122"


def test_figures_of_maths_are_as_computed():
    assert abs((-1) * 3 - 3 * 1) / 2 == 3
    assert "area is 3;" in finding("111", 1)
    sides = sorted([math.dist((0, 0), (-1, 1)), math.dist((0, 0), (3, 3)), math.dist((-1, 1), (3, 3))])
    assert sides[0] ** 2 + sides[1] ** 2 == pytest.approx(sides[2] ** 2) == 20
    assert "5π" in finding("111", 2)
    rolls = [a + b for a in range(1, 7) for b in range(1, 7)]
    assert str(Fraction(sum(roll >= 3 for roll in rolls), 36)) in finding("114", 1)
    assert all(roll >= 3 or roll % 2 == 0 for roll in rolls), "so the probability is 1"
    assert finding("114", 2).endswith("is 1.")
    roots = np.roots([4, 0, -9, -14])
    assert [round(float(root.real), 9) for root in roots if abs(root.imag) < 1e-9] == [2]
    assert "x = 2" in finding("120", 2)


def test_the_parking_lot_has_one_solution():
    names, colours = ["Alice", "Bert", "Cheryl", "David", "Enid"], ["yellow", "green", "purple", "red", "blue"]
    found = [
        who[3] for who in itertools.permutations(names) for car in itertools.permutations(colours)
        if car[0] == "red" and car[4] == "purple" and car[3] == "yellow" and who[4] == "David"
        and car[who.index("Enid")] == "green" and abs(who.index("Alice") - who.index("David")) == 1
        and between(car, "red", "blue", "green") and between(who, "Cheryl", "Bert", "Enid")
    ]  # fmt: skip
    assert found == ["Alice"]
    assert "Alice" in finding("105", 1)


def between(row: tuple[str, ...], one: str, middle: str, other: str) -> bool:
    first, last = sorted((row.index(one), row.index(other)))
    return first < row.index(middle) < last


def brothers(family: dict[str, str], person: str) -> int:
    return sum(sex == "m" and name != person for name, sex in family.items())


@pytest.mark.parametrize(("of_a_sister", "turn", "words"), [(1, 1, "no brother"), (2, 2, "one brother")])
def test_david_has_one_brother_fewer_than_his_sisters(of_a_sister, turn, words):
    sisters = {"Ann": "f", "Bea": "f", "Cleo": "f"}
    families = [sisters | dict.fromkeys(["David", "Emil", "Finn", "Gus"][:n], "m") for n in range(1, 5)]
    (family,) = (family for family in families if brothers(family, "Ann") == of_a_sister)
    assert brothers(family, "David") == of_a_sister - 1
    assert words in finding("104", turn)


def test_a_is_three_generations_above_z():
    # Everybody has one father: C's is B and, as D has the son C and fathers E, D; E's is D and, in the same way, X.
    father = {"B": "A", "C": "B", "E": "B", "Y": "B", "Z": "Y"}
    steps, person = 0, "Z"
    while person != "A":
        person, steps = father[person], steps + 1
    assert steps == 3
    assert "three generations" in finding("107", 2)


def test_the_shadow_of_a_morning_points_right_of_one_who_faces_south():
    right = {"north": "east", "east": "south", "south": "west", "west": "north"}
    assert [facing for facing, side in right.items() if side == "west"] == ["south"]
    assert "south" in finding("109", 1)
    assert "south" in finding("109", 2)


def median_by_merging(one: list[int], other: list[int]) -> float:
    """Linear time, constant space: what the reference to 126 says cannot be."""
    n, at, i, j, before, now = len(one) + len(other), 0, 0, 0, 0, 0
    while at <= n // 2:
        before = now
        if j >= len(other) or (i < len(one) and one[i] <= other[j]):
            now, i = one[i], i + 1
        else:
            now, j = other[j], j + 1
        at += 1
    return now if n % 2 else (before + now) / 2


def test_a_median_of_two_arrays_needs_linear_time_and_constant_space():
    draw = random.Random(0)
    for _ in range(2000):
        one, other = (sorted(draw.choices(range(20), k=draw.randint(1, 6))) for _ in range(2))
        assert median_by_merging(one, other) == statistics.median(one + other)


def test_full_trees_are_counted():
    def trees(n: int, children: int) -> int:
        """Full trees with n vertices whose inner vertices have as many children."""
        if n == 1:
            return 1
        splits = (parts for parts in itertools.product(range(1, n), repeat=children) if sum(parts) == n - 1)
        return sum(math.prod(trees(part, children) for part in parts) for parts in splits)

    assert [trees(n, 2) for n in (1, 3, 5, 7)] == [1, 1, 2, 5]
    assert "1, 1, 2, 5" in finding("128", 1)
    assert [trees(n, 3) for n in (1, 4, 7, 10)] == [1, 1, 3, 12]
    assert "1, 1, 3, 12" in finding("128", 2)


@needs_shared
def test_the_public_references_are_marked_and_corrected_ones_are_not():
    table, _ = read_mt_bench(SHARED, "real", datetime(2026, 11, 23, tzinfo=UTC))
    questions = table.parts["questions"].set_index("question_id")
    marked = {key for key, found in questions["reference_doubt"].items() if any(found)}
    assert marked == {item.question_id for item in doubts().values()}
    assert questions.loc["105", "reference_doubt"][1] == "", "the second turn of 105 is right"
    assert doubts_of("111", ["The area is 3.", "5π"]) == ["", ""]
