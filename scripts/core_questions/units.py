"""Units, computed with exact fractions."""

import random
from fractions import Fraction

from . import Draft, Kinds, draft

LENGTH = {
    "millimetres": Fraction(1, 1000), "centimetres": Fraction(1, 100), "metres": Fraction(1),
    "kilometres": Fraction(1000),
}  # fmt: skip
MASS = {"milligrams": Fraction(1, 1000), "grams": Fraction(1), "kilograms": Fraction(1000)}
VOLUME = {"millilitres": Fraction(1, 1000), "centilitres": Fraction(1, 100), "litres": Fraction(1)}


def written(value: Fraction) -> str:
    """Exactly, without exponent or needless zeros; thousands with commas.

    Raises ValueError when the value has more than nine decimals.
    """
    scaled = value * 10**9
    if scaled.denominator != 1:
        raise ValueError(f"{value} has more than nine decimals")
    whole, rest = divmod(abs(int(scaled)), 10**9)
    return f"{'-' if value < 0 else ''}{whole:,}.{rest:09d}".rstrip("0").rstrip(".")


def _metric(rng: random.Random, table: dict[str, Fraction], thing: str) -> Draft:
    source, target = rng.sample(list(table), 2)
    amount = Fraction(rng.randint(12, 98) * rng.choice((1, 5, 10)), rng.choice((1, 10)))
    right = amount * table[source] / table[target]
    wrong = [right * 10, right / 10, right * 100, right / 100, amount]
    return draft(f"{thing} of {written(amount)} {source} is how many {target}?", written(right), map(written, wrong))


def length(rng: random.Random) -> Draft:
    """Metric lengths."""
    return _metric(rng, LENGTH, "A length")


def mass(rng: random.Random) -> Draft:
    """Metric masses."""
    return _metric(rng, MASS, "A mass")


def volume(rng: random.Random) -> Draft:
    """Metric volumes."""
    return _metric(rng, VOLUME, "A volume")


def minutes(rng: random.Random) -> Draft:
    """Hours and minutes as minutes."""
    hours, rest = rng.randint(2, 11), rng.randint(3, 57)
    right = 60 * hours + rest
    wrong = (100 * hours + rest, right + 60, right - 60, right + 10, 60 * hours)
    return draft(f"How many minutes are {hours} hours and {rest} minutes?", right, wrong)


def clock(rng: random.Random) -> Draft:
    """Time of day after a while, without passing midnight."""
    start, lasts = rng.randint(6 * 60, 12 * 60), rng.randint(75, 400)
    end = start + lasts
    wrong = [end + 60, end - 60, end + 10, end - 10]
    question = (
        f"A trip starts at {_time(start)} and takes {lasts // 60} hours and {lasts % 60} minutes. When does it end?"
    )
    return draft(question, _time(end), map(_time, wrong))


def temperature(rng: random.Random) -> Draft:
    """Celsius to Fahrenheit, whole results."""
    celsius = 5 * rng.randint(-6, 40)
    right = Fraction(9, 5) * celsius + 32
    wrong = (right - 32, right + 32, Fraction(9, 5) * (celsius + 32), right + 18, Fraction(celsius + 32))
    question = f"What is {celsius} degrees Celsius in degrees Fahrenheit?"
    return draft(question, written(right), map(written, wrong))


def inches(rng: random.Random) -> Draft:
    """Feet and inches as inches."""
    feet, rest = rng.randint(3, 19), rng.randint(1, 11)
    right = 12 * feet + rest
    wrong = (10 * feet + rest, right + 12, right - 12, 12 * (feet + rest), right + 1)
    return draft(f"One foot is 12 inches. How many inches are {feet} feet and {rest} inches?", right, wrong)


def speed(rng: random.Random) -> Draft:
    """Distance at a steady speed."""
    kmh, quarters = 4 * rng.randint(5, 30), rng.choice((1, 2, 3, 5, 6, 7, 9, 10))
    right = Fraction(kmh * quarters, 4)
    question = (
        f"How many kilometres does a vehicle go in {15 * quarters} minutes at a steady {kmh} kilometres per hour?"
    )
    return draft(question, written(right), map(written, (right + kmh, right * 2, right / 2, right + 10, Fraction(kmh))))


def _time(minutes_of_day: int) -> str:
    return f"{minutes_of_day // 60:02d}:{minutes_of_day % 60:02d}"


KINDS: Kinds = {kind.__name__: kind for kind in (length, mass, volume, minutes, clock, temperature, inches, speed)}
