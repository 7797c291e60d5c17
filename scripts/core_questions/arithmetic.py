"""Arithmetic with whole numbers."""

import random

from . import Draft, Kinds, draft


def add(rng: random.Random) -> Draft:
    """Sum of two three-digit numbers."""
    a, b = rng.randint(120, 890), rng.randint(120, 890)
    total = a + b
    return draft(f"What is {a} plus {b}?", total, (total + 10, total - 10, total + 1, total - 100, abs(a - b)))


def subtract(rng: random.Random) -> Draft:
    """Difference of two numbers."""
    b = rng.randint(112, 480)
    a = b + rng.randint(115, 480)
    rest = a - b
    return draft(f"What is {a} minus {b}?", rest, (rest + 10, rest - 10, rest - 1, rest + 100, a + b))


def multiply(rng: random.Random) -> Draft:
    """Product of a two-digit and a one-digit number."""
    a, b = rng.randint(12, 98), rng.randint(3, 9)
    product = a * b
    return draft(f"What is {a} times {b}?", product, (a * (b + 1), a * (b - 1), product + 10, product - b, a + b))


def divide(rng: random.Random) -> Draft:
    """Quotient without remainder."""
    a, b = rng.randint(12, 60), rng.randint(3, 12)
    return draft(f"What is {a * b} divided by {b}?", a, (a + 1, a - 1, a + 10, a * b - b, b))


def precedence(rng: random.Random) -> Draft:
    """Multiplication before addition."""
    a, b, c = rng.randint(11, 60), rng.randint(3, 12), rng.randint(3, 12)
    value = a + b * c
    return draft(f"What is {a} + {b} × {c}?", value, ((a + b) * c, a * b + c, a + b + c, value + c))


def percent(rng: random.Random) -> Draft:
    """A percentage that comes out whole."""
    share, hundreds = rng.choice((5, 15, 20, 25, 30, 40, 60, 75)), rng.randint(2, 19)
    base = 20 * hundreds
    part = share * base // 100
    return draft(f"What is {share}% of {base}?", part, (base - part, part * 2, part + share, base // share, part * 10))


def remainder(rng: random.Random) -> Draft:
    """Remainder of a division."""
    b, quotient = rng.randint(6, 13), rng.randint(7, 30)
    left = rng.randint(1, b - 1)
    a = b * quotient + left
    wrong = (b - left, quotient, left + 1, left - 1, left + 2)
    return draft(f"What is the remainder when {a} is divided by {b}?", left, wrong)


def mean(rng: random.Random) -> Draft:
    """Mean of three numbers that comes out whole."""
    middle, gap, shift = rng.randint(20, 80), rng.randint(3, 15), rng.randint(1, 5)
    numbers = [middle - gap, middle + 2 * shift, middle + gap + shift]
    rng.shuffle(numbers)
    value = sum(numbers) // 3
    question = f"What is the mean of {numbers[0]}, {numbers[1]} and {numbers[2]}?"
    return draft(question, value, (sum(numbers), sorted(numbers)[1], value + 1, value - 1, sum(numbers) // 2))


KINDS: Kinds = {kind.__name__: kind for kind in (add, subtract, multiply, divide, precedence, percent, remainder, mean)}
