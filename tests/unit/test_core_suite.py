"""The core suite's questions: reproducible, well-formed, and right by a second way of computing each answer.

The second way starts from the text of the question, as a reader does: other formulas, other data structures.
"""

import collections
import hashlib
import itertools
import json
import re
import statistics
from decimal import Decimal
from pathlib import Path

import pytest

from leaderboard.suites import CORE
from scripts import make_core_suite

FOLDER = Path(make_core_suite.__file__).parents[1] / "eval_queue" / "tasks" / "core"
TASKS = list(make_core_suite.TASKS)


def rows(task):
    return [json.loads(line) for line in (FOLDER / f"{task}.jsonl").read_text(encoding="utf-8").splitlines()]


def numbers(text):
    return [int(found) for found in re.findall(r"-?\d+", text)]


# Arithmetic: by counting, multiplying back and Python's own reading of the expression.


def second_arithmetic(kind, question):
    n = numbers(question)
    match kind:
        case "add":
            return str(sum(n))
        case "subtract":
            return str(next(d for d in range(1000) if n[1] + d == n[0]))
        case "multiply":
            return str(sum([n[0]] * n[1]))
        case "divide":
            return str(next(q for q in range(1000) if q * n[1] == n[0]))
        case "precedence":
            return str(eval(question.removeprefix("What is ").rstrip("?").replace("×", "*")))
        case "percent":
            return str(int(Decimal(n[0]) / 100 * n[1]))
        case "remainder":
            return str(next(r for r in range(n[1]) if (n[0] - r) % n[1] == 0))
        case "mean":
            return str(statistics.mean(n))


# Dates: by Julian day numbers (Fliegel and Van Flandern, CACM 11, 1968) instead of datetime.

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]  # fmt: skip
PLACES = ["first", "second", "third", "fourth", "fifth", "sixth"]
DATE = re.compile(rf"(\d+) ({'|'.join(MONTHS)}) (\d+)")


def julian(day, month, year):
    a = (14 - month) // 12
    y, m = year + 4800 - a, month + 12 * a - 3
    return day + (153 * m + 2) // 5 + 365 * y + y // 4 - y // 100 + y // 400 - 32045


def julian_text(text):
    day, month, year = DATE.fullmatch(text).groups()
    return julian(int(day), MONTHS.index(month) + 1, int(year))


def dates_in(question):
    return [match.group() for match in DATE.finditer(question)]


def second_dates(kind, question, choices):
    match kind:
        case "weekday_after":
            start = next(day for day in DAYS if day in question)
            return list(itertools.islice(itertools.cycle(DAYS), DAYS.index(start), DAYS.index(start) + 61))[
                numbers(question)[0]
            ]
        case "date_after":
            wanted = julian_text(dates_in(question)[0]) + numbers(question)[0]
            return next(choice for choice in choices if julian_text(choice) == wanted)
        case "days_between":
            first, second = dates_in(question)
            return str(julian_text(second) - julian_text(first))
        case "weekday_of":
            assert f"{dates_in(question)[0]} is a {DAYS[julian_text(dates_in(question)[0]) % 7]}." in question
            return DAYS[julian_text(dates_in(question)[1]) % 7]
        case "month_length":
            month, year = re.search(r"does (\w+) (\d+)", question).groups()
            at = MONTHS.index(month) + 1
            after = (1, 1, int(year) + 1) if at == 12 else (1, at + 1, int(year))
            return str(julian(*after) - julian(1, at, int(year)))
        case "leap_year":
            leap = [year for year in numbers(question) if julian(1, 3, year) - julian(28, 2, year) == 2]
            assert len(leap) == 1
            return str(leap[0])
        case "day_of_year":
            day = next(text for text in dates_in(question))
            return str(julian_text(day) - julian(31, 12, int(day[-4:]) - 1))
        case "nth_weekday":
            first = julian_text(dates_in(question)[0])
            which = re.search(r"(second|third|fourth) (\w+) of", question)
            ahead = (DAYS.index(which[2]) - first) % 7 + 7 * PLACES.index(which[1])
            return next(choice for choice in choices if julian_text(choice) == first + ahead)


# Units: by powers of ten and decimal numbers instead of fractions.

PREFIX = {"milli": -3, "centi": -2, "kilo": 3, "": 0}


def power_of_ten(unit):
    return PREFIX[re.fullmatch(r"(milli|centi|kilo|)(?:metres|grams|litres)", unit)[1]]


def second_units(kind, question):
    plain = question.replace(",", "")
    n = [Decimal(found) for found in re.findall(r"-?\d+(?:\.\d+)?", plain)]
    match kind:
        case "length" | "mass" | "volume":
            source, target = re.search(r"of [\d.]+ (\w+) is how many (\w+)", plain).groups()
            return f"{n[0].scaleb(power_of_ten(source) - power_of_ten(target)).normalize():,f}"
        case "minutes":
            return str(sum(60 for _ in range(int(n[0]))) + int(n[1]))
        case "clock":
            hours, minutes, more_hours, more = map(int, n)
            carry, minute = divmod(minutes + more, 60)
            return f"{hours + more_hours + carry:02d}:{minute:02d}"
        case "temperature":
            return f"{(n[0] * Decimal('1.8') + 32).normalize():,f}"
        case "inches":
            feet, rest = map(int, numbers(question)[-2:])
            return str(len(range(feet)) * 12 + rest)
        case "speed":
            return f"{(n[1] / 60 * n[0]).quantize(Decimal('0.0001')).normalize():,f}"


# Logic: by rules of inference, sorting and a reading of the clues.

UNKNOWN = "It cannot be known."


def sentence(text):
    return text[0].upper() + text[1:] + "."


def second_logic(kind, question, choices):
    match kind:
        case "conditional":
            p, q, known = re.match(r"If (.+), then (.+?)\. It is known that (.+?)\.", question).groups()
            if known == p:
                return sentence(q)  # modus ponens
            if known != q and f"whether {p}?" in question:  # so q is false: modus tollens
                return next(c for c in choices if c not in (sentence(p), UNKNOWN) and "contradict" not in c)
            return UNKNOWN
        case "either_or":
            p, q, condition, result, known = re.match(
                r"At least one of these is true: (.+); (.+?)\. If (.+), then (.+?)\. It is known that (.+?)\.", question
            ).groups()
            holds = p if known == p else q  # if p is false, q must be true
            return sentence(result) if condition == holds else UNKNOWN
        case "order" | "middle":
            return second_order(question)
        case "seats":
            return second_seats(question, choices)
        case "truth_tellers":
            return second_truth_tellers(question)
        case "formula":
            text = re.search(r'"(.+)"', question)[1]
            cases = itertools.product((True, False), repeat=3)
            return str(sum(bool(eval(text, {}, dict(zip("pqr", case, strict=True)))) for case in cases))
        case "sets":
            total, chess, tennis, both = numbers(question)
            people = set(range(total)) - set(range(chess)) - set(range(chess - both, chess - both + tennis))
            return str(len(people))


def second_order(question):
    pairs = re.findall(r"(\w+) is \w+ than (\w+)\.", question)
    below = dict(pairs)
    top = (set(below) - set(below.values())).pop()
    line = [top]
    while line[-1] in below:
        line.append(below[line[-1]])
    asked = question.rsplit("Who is ", 1)[1]
    if asked.startswith("second"):
        return line[1]
    return line[-1] if re.search(r"shortest|youngest|slowest", asked) else line[0]


def second_seats(question, choices):
    found = set()
    for row in itertools.permutations(choices):
        place = row.index
        ok = all(place(a) + 1 == place(b) for a, b in re.findall(r"(\w+) sits directly to the left of (\w+)", question))
        ok &= all(place(a) < place(b) for a, b in re.findall(r"(\w+) sits somewhere to the left of (\w+)", question))
        ok &= all(abs(place(a) - place(b)) > 1 for a, b in re.findall(r"(\w+) and (\w+) do not sit side", question))
        ok &= all(place(a) not in (0, 3) for a in re.findall(r"(\w+) does not sit at an end", question))
        if ok:
            found.add(row[PLACES.index(re.search(r"the (\w+) seat", question)[1])])
    assert len(found) == 1
    return found.pop()


def second_truth_tellers(question):
    first, second = re.match(r"(\w+) and (\w+) each", question).groups()
    found = []
    for a, b in itertools.product((True, False), repeat=2):
        honest = {first: a, second: b}
        consistent = True
        for speaker, claim in re.findall(r"(\w+) says: (.+?)\.", question):
            other = second if speaker == first else first
            truth = {
                "We both lie": not a and not b,
                "At least one of us lies": not (a and b),
                f"{other} and I are of the same kind": a == b,
                f"{other} and I are of different kinds": a != b,
                f"{other} lies": not honest[other],
                f"{other} tells the truth": honest[other],
            }[claim]
            consistent &= truth == honest[speaker]
        if consistent:
            found.append({2: "Both of them", 0: "Neither of them"}.get(a + b, f"Only {first if a else second}"))
    assert len(found) == 1
    return found[0]


# Strings: by regular expressions and lists instead of string methods.


def second_strings(kind, question):
    quoted = re.findall(r'"([a-z ]+)"', question)
    match kind:
        case "reverse":
            return "".join(reversed(quoted[0]))
        case "count_letter":
            return str(sum(letter == quoted[0] for letter in quoted[1]))
        case "nth_letter":
            place = PLACES.index(re.search(r"the (\w+) letter", question)[1])
            return re.match(f".{{{place}}}(.)", quoted[0])[1]
        case "alphabetical":
            return sorted(re.split(", ", question.split(": ")[1].rstrip("?")))[0]
        case "without_vowels":
            return re.sub("[aeiou]", "", quoted[0])
        case "replace":
            old, new, word = quoted
            return "".join([new if letter == old else letter for letter in word])
        case "initials":
            return "".join(re.findall(r"\b[a-z]", question.split(": ")[1]))
        case "length":
            return str(len([letter for word in quoted for letter in word]))


def second_answer(task, row):
    kind, question, choices = row["kind"], row["question"], row["choices"]
    match task:
        case "arithmetic":
            return second_arithmetic(kind, question)
        case "dates":
            return second_dates(kind, question, choices)
        case "units":
            return second_units(kind, question)
        case "logic":
            return second_logic(kind, question, choices)
        case "strings":
            return second_strings(kind, question)


@pytest.mark.parametrize("task", TASKS)
def test_every_answer_is_right_by_a_second_way(task):
    wrong = []
    for row in rows(task):
        again, marked = second_answer(task, row), row["choices"][row["gold"]]
        if again != marked:
            wrong.append((row["id"], row["question"], marked, again))
    assert wrong == []


def test_the_files_are_what_the_script_makes_byte_by_byte():
    made = make_core_suite.make_files(make_core_suite.SEED)
    assert {path.name for path in FOLDER.glob("*.json*")} == set(made)
    for name, content in made.items():
        assert (FOLDER / name).read_bytes() == content, f"{name}: run python -m scripts.make_core_suite"


def test_another_seed_gives_other_questions():
    assert make_core_suite.make_files(1)["dates.jsonl"] != make_core_suite.make_files(2)["dates.jsonl"]


def test_the_manifest_names_every_file_with_its_hash():
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    assert set(manifest["files"]) == {f"{task}.jsonl" for task in TASKS}
    for name, facts in manifest["files"].items():
        assert facts == {"n": 40, "sha256": hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()}


@pytest.mark.parametrize("task", TASKS)
def test_questions_are_well_formed(task):
    found = rows(task)
    assert len(found) == next(t.n for t in CORE.tasks if t.name == f"core_{task}")
    assert len({row["question"] for row in found}) == len(found)
    for row in found:
        assert len(set(row["choices"])) == len(row["choices"]) == 4, row["id"]
        assert all(choice == choice.strip() and choice for choice in row["choices"]), row["id"]
    assert set(collections.Counter(row["gold"] for row in found).values()) == {10}
    assert set(collections.Counter(row["kind"] for row in found).values()) == {5}


@pytest.mark.parametrize("guess", ["longest", "shortest"])
def test_looking_at_the_choices_alone_does_not_give_the_answers_away(guess):
    """A reader who ignores the question stays near chance: below 40 of 100 over the whole suite."""
    hits = total = 0.0
    for row in itertools.chain.from_iterable(map(rows, TASKS)):
        score = {"longest": len, "shortest": lambda c: -len(c)}[guess]
        best = max(map(score, row["choices"]))
        ties = [at for at, choice in enumerate(row["choices"]) if score(choice) == best]
        hits, total = hits + (row["gold"] in ties) / len(ties), total + 1
    assert hits / total < 0.40
