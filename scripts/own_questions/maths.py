"""Maths questions: results by exact fractions and by counting, not by the formulas of the reference texts."""

from collections import Counter
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, permutations
from math import isqrt

CENT = Decimal("0.01")


def tank() -> tuple[str, str]:
    """1061"""
    a, b, leak = Fraction(840, 6), Fraction(840, 10), Fraction(840, 15)
    there = 2 * (a + b - leak)
    return f"{840 / (a + b - leak)} hours", f"{there} litres; {2 + (840 - there) / (a - leak)} hours"


def remainders() -> tuple[str, str]:
    """1062"""
    fits = [n for n in range(1, 10_001) if (n % 5, n % 7, n % 9) == (2, 3, 4)]
    some = [n for n in fits if n >= 1000]
    return str(fits[0]), f"{len(some)}; {sum(some)}"


def marbles() -> tuple[str, str]:
    """1063"""
    draws = [set(draw) for draw in combinations("rrrrrbbbbggg", 3)]
    two = [draw for draw in draws if len(draw) == 2]
    return str(Fraction(len(two), len(draws))), str(Fraction(sum("g" not in draw for draw in two), len(two)))


def triangle() -> tuple[str, str]:
    """1064: the triangle stands on (0, 0), (14, 0), (5, 12)."""
    corner = only_corner()
    double = 14 * corner[1]
    inside = Fraction(double - 14 * 3 - 13 * 5, 15)
    return f"{double // 2}; {Fraction(double, 13 + 14 + 15)}", str(inside)


def only_corner() -> tuple[int, int]:
    """The whole-number corner at distances 13 and 15 from the ends of the side of 14."""
    (corner,) = [
        (x, y) for x in range(15) for y in range(1, 16) if x**2 + y**2 == 13**2 and (14 - x) ** 2 + y**2 == 225
    ]
    return corner


def savings() -> tuple[str, str]:
    """1065: year by year."""
    balance = Decimal(0)
    for _ in range(4):
        balance = (balance + 1200) * Decimal("1.03")
    start = balance.quantize(CENT, ROUND_HALF_UP)
    factor = sum(Decimal("1.03") ** -year for year in (1, 2, 3))
    amount = start / factor
    left = start
    for _ in range(3):
        left = left * Decimal("1.03") - amount
    if abs(left) > CENT:
        raise ArithmeticError(f"{left} is left in the account; expected nothing")
    return str(start), str(amount.quantize(CENT, ROUND_HALF_UP))


def letters() -> tuple[str, str]:
    """1066"""
    words = {"".join(word) for word in permutations("PEPPER")}
    apart = [word for word in words if "PP" not in word]
    return str(len(words)), f"{len(apart)}; {Fraction(len(apart), len(words))}"


def parabola() -> tuple[str, str]:
    """1067: x^2 - 8x + (c + 3) = 0 on whole numbers."""
    (c,) = [c for c in range(-100, 101) if 64 - 4 * (c + 3) == 0]
    x = 8 // 2
    crossing = [(x, 2 * x - 3) for x in range(-50, 51) if x**2 - 6 * x + c - 9 == 2 * x - 3]
    (x1, y1), (x2, y2) = crossing
    square = (x2 - x1) ** 2 + (y2 - y1) ** 2
    root = max(k for k in range(1, isqrt(square) + 1) if square % k**2 == 0)
    return f"c = {c}; ({x}, {2 * x - 3})", f"({x1}, {y1}) and ({x2}, {y2}); {root}*sqrt({square // root**2})"


def cubic() -> tuple[str, str]:
    """1068: values on a fine grid; the area by Simpson's rule, which is exact for cubics."""

    def f(x: Fraction) -> Fraction:
        return x**3 - 6 * x**2 + 9 * x + 1

    grid = [Fraction(n, 120) for n in range(601)]
    low, high = min(map(f, grid)), max(map(f, grid))
    places = {value: " and ".join(f"x = {x}" for x in grid if f(x) == value) for value in (low, high)}
    inner = [x for x, y, z in zip(grid, grid[1:], grid[2:], strict=False) if (f(y) - f(x)) * (f(z) - f(y)) < 0]
    bottom, top = sorted(f(x + Fraction(1, 120)) for x in inner)
    end = next(Fraction(n) for n in range(2, 100) if f(Fraction(n)) == f(Fraction(1)))
    middle = (1 + end) / 2
    ends = [f(Fraction(1)) - f(x) for x in (Fraction(1), middle, end)]
    area = (end - 1) / 6 * (ends[0] + 4 * ends[1] + ends[2])
    first = f"smallest {low} at {places[low]}; largest {high} at {places[high]}"
    return first, f"{bottom} < k < {top}; {area}"


def cyclists() -> tuple[str, str]:
    """1069: minutes after midnight."""

    def clock(minutes: Fraction) -> str:
        return f"{int(minutes) // 60}:{int(minutes) % 60:02}"

    hours = Fraction(84, 16 + 12)
    met, far = 8 * 60 + hours * 60, 16 * hours
    faster, slower = met + 30 + (84 - far) * 60 / 16, met + far * 60 / 12
    return f"{clock(met)}; {far} km", f"faster {clock(faster)}; slower {clock(slower)}"


def five_numbers() -> tuple[str, str]:
    """1070"""
    fits = []
    for numbers in combinations_with_replacement(range(-60, 18), 2):
        a, b = numbers
        d = 60 - a - b - 11 - 17
        five = [a, b, 11, d, 17]
        common = Counter(five).most_common(2)
        if five == sorted(five) and common[0][0] == 9 and common[0][1] > common[1][1]:
            fits.append(five)
    (five,) = fits
    six = [*five, 6 * 12 - sum(five)]

    def variance(values: list[int]) -> str:
        mean = Fraction(sum(values), len(values))
        return f"{float(sum((each - mean) ** 2 for each in values) / len(values)):g}"

    return ", ".join(map(str, five)), f"{variance(five)}; {six[-1]}; {variance(six)}"


def sequence() -> tuple[str, str]:
    """1071"""
    terms = [1]
    while sum(terms) <= 100_000:
        terms.append(2 * terms[-1] + 3)
    if any(term != 2 ** (n + 1) - 3 for n, term in enumerate(terms, 1)):
        raise ArithmeticError("the formula 2^(n+1) - 3 is wrong")
    return f"{terms[9]}; 2^(n+1) - 3", f"{sum(terms[:10])}; {len(terms)}"


SOLVED: dict[int, Callable[[], tuple[str, str]]] = {
    1061: tank, 1062: remainders, 1063: marbles, 1064: triangle, 1065: savings, 1066: letters, 1067: parabola,
    1068: cubic, 1069: cyclists, 1070: five_numbers, 1071: sequence,
}  # fmt: skip
