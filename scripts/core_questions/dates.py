"""Dates of the Gregorian calendar, computed with `datetime`."""

import calendar
import random
from datetime import date, timedelta

from . import Draft, Kinds, draft

DAYS = tuple(calendar.day_name)
MONTHS = tuple(calendar.month_name)


def written(day: date) -> str:
    """Such as 3 March 2021."""
    return f"{day.day} {MONTHS[day.month]} {day.year}"


def some_day(rng: random.Random) -> date:
    """A day of the years 2001 to 2035."""
    return date(2001, 1, 1) + timedelta(days=rng.randrange(35 * 365))


def weekday_after(rng: random.Random) -> Draft:
    """Weekday some days after a weekday."""
    start, days = rng.randrange(7), rng.randint(8, 60)
    right = (start + days) % 7
    wrong = [DAYS[(right + shift) % 7] for shift in (1, -1, 2, -2)]
    return draft(f"Today is {DAYS[start]}. Which day of the week is it in {days} days?", DAYS[right], wrong)


def date_after(rng: random.Random) -> Draft:
    """Date some days after a date."""
    day, days = some_day(rng), rng.randint(15, 70)
    right = day + timedelta(days=days)
    wrong = [written(right + timedelta(days=shift)) for shift in (1, -1, 2, 30)]
    return draft(f"Which date is {days} days after {written(day)}?", written(right), wrong)


def days_between(rng: random.Random) -> Draft:
    """Days from one date to another."""
    day, days = some_day(rng), rng.randint(20, 150)
    end = day + timedelta(days=days)
    return draft(
        f"How many days after {written(day)} is {written(end)}?", days, (days + 1, days - 1, days + 2, days - 10)
    )


def weekday_of(rng: random.Random) -> Draft:
    """Weekday of a date, given that of another one in the same year."""
    first = date(rng.randint(2001, 2035), rng.randint(1, 6), rng.randint(1, 28))
    second = date(first.year, rng.randint(7, 12), rng.randint(1, 28))
    right = second.weekday()
    question = f"{written(first)} is a {DAYS[first.weekday()]}. Which day of the week is {written(second)}?"
    return draft(question, DAYS[right], [DAYS[(right + shift) % 7] for shift in (1, -1, 2, -2)])


def month_length(rng: random.Random) -> Draft:
    """Days in a month, mostly in a February."""
    year, month = rng.randint(1890, 2110), rng.choice((2, 2, 2, 4, 7, 8, 11, 12))
    right = calendar.monthrange(year, month)[1]
    return draft(f"How many days does {MONTHS[month]} {year} have?", right, (d for d in (28, 29, 30, 31) if d != right))


def leap_year(rng: random.Random) -> Draft:
    """The one leap year among four years, centuries included."""
    years = rng.sample([*range(1890, 2110), 1700, 1800, 2200, 2300], 60)
    wrong = [year for year in years if not calendar.isleap(year)]
    centuries = [year for year in wrong if year % 100 == 0]
    right = next(year for year in years if calendar.isleap(year))
    chosen = [*centuries[:1], *(year for year in wrong if year not in centuries)][:3]
    listed = ", ".join(map(str, sorted([right, *chosen])))
    return draft(f"Which one of these years is a leap year: {listed}?", right, chosen)


def day_of_year(rng: random.Random) -> Draft:
    """Number of a date within its year."""
    day = some_day(rng)
    right = day.timetuple().tm_yday
    question = f"Counting 1 January as day 1, which day of the year is {written(day)}?"
    return draft(question, right, (right + 1, right - 1, right + 30, right + 2, right - 2))


def nth_weekday(rng: random.Random) -> Draft:
    """Date of the second, third or fourth of a weekday in a month."""
    year, month, which, number = rng.randint(2001, 2035), rng.randint(1, 12), rng.randrange(7), rng.randint(2, 4)
    days = [d for d in calendar.Calendar().itermonthdates(year, month) if d.month == month and d.weekday() == which]
    right = days[number - 1]
    name = ("second", "third", "fourth")[number - 2]
    first = date(year, month, 1)
    question = (
        f"1 {MONTHS[month]} {year} is a {DAYS[first.weekday()]}. "
        f"On which date is the {name} {DAYS[which]} of that month?"
    )
    wrong = [written(right + timedelta(days=s)) for s in (1, -1, -7, 7) if (right + timedelta(days=s)).month == month]
    return draft(question, written(right), wrong)


KINDS: Kinds = {
    kind.__name__: kind
    for kind in (
        weekday_after, date_after, days_between, weekday_of, month_length, leap_year, day_of_year, nth_weekday,
    )
}  # fmt: skip
