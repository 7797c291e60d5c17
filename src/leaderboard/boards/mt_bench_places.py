"""Where a visitor of the MT-Bench browser is, where one can go from there, and where judge and people disagree.

Enters: the evidence of a table and what the visitor chose. Leaves: a `Place`, its choices and steps. A disagreement is
    single answers   the judge's scores order A and B, or without B A and any model with votes, otherwise than the
                     majority of people's votes on the same turn; or A's two turns are `FAR_APART` points or more apart
    comparisons      the judge contradicts itself when the answers change places, or its verdict is not the majority's
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leaderboard.boards.mt_bench_evidence import Evidence, match
from leaderboard.boards.mt_bench_rows import CATEGORIES
from leaderboard.boards.reading import Choice, Option, Selection
from leaderboard.errors import InvalidQuery

SINGLE, PAIR = "single", "pair"
MODES = {SINGLE: "Single answer grading", PAIR: "Pairwise comparison"}
ALL, NONE = "all", "none"
FAR_APART = 5.0
KNOWN = ("mode", "category", "question", "a", "b", "show")
LONGEST = 70
WORDS = {1: "wins", 0: "tie", -1: "loses"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """One question seen with one model, or with two; `b` is empty without a second one."""

    mode: str
    category: str
    question: str
    a: str
    b: str

    def selection(self) -> Selection:
        """What an address holds to lead here."""
        chosen = {"mode": self.mode, "category": self.category, "question": self.question, "a": self.a}
        return chosen | {"b": self.b or NONE}


def modes(e: Evidence) -> list[str]:
    """The ways of judging there are, single answers first."""
    there = {SINGLE: bool(e.scores or e.left_out), PAIR: bool(e.comparisons or e.votes)}
    return [mode for mode in MODES if there[mode]]


def place_of(e: Evidence, selection: Selection) -> Place:
    """Where a selection leads; what it does not name, or what does not go together, has a default.

    Raises InvalidQuery for a choice or value that does not exist in the table.
    """
    unknown = [name for name in selection if name not in KNOWN]
    if unknown:
        raise InvalidQuery(f"Choice is {unknown[0][:60]!r}; expected one of {', '.join(KNOWN)}.")
    mode = _chosen(selection, "mode", modes(e), modes(e)[0])
    there = categories(e)
    category = _chosen(selection, "category", [ALL, *there], ALL)
    questions = within(e, category)
    question = _chosen(selection, "question", e.questions, questions[0])
    a, b = _models(e, mode, selection)
    return Place(mode=mode, category=category, question=question if question in questions else questions[0], a=a, b=b)


def _chosen(selection: Selection, name: str, known: "Mapping[str, object] | list[str]", default: str) -> str:
    value = selection.get(name, "")
    if value and value not in known:
        some = ", ".join([*known][:12])
        raise InvalidQuery(f"{name} is {value[:60]!r}; expected one of {some}{' ...' if len(known) > 12 else ''}.")
    return value or default


def _models(e: Evidence, mode: str, selection: Selection) -> tuple[str, str]:
    """The two models; one that has nothing in this mode gives way to the first that has, with a text if any has."""
    everybody = {name for mode in modes(e) for name in models(e, mode)}
    a = _chosen(selection, "a", sorted(everybody), "")
    b = _chosen(selection, "b", [NONE, *sorted(everybody)], "")
    firsts = models(e, mode)
    a = a if a in firsts else _first_to_read(e, firsts)
    if mode == SINGLE:
        return a, "" if b in (NONE, a) or b not in firsts else b
    seconds = e.opponents[a]
    return a, b if b in seconds else _first_to_read(e, seconds)


def _first_to_read(e: Evidence, names: Sequence[str]) -> str:
    """The first model with answers at hand, else the first one."""
    return next((name for name in names if name in e.answered), names[0])


def categories(e: Evidence) -> list[str]:
    """Categories that occur, those of MT-Bench first."""
    there = {question.category for question in e.questions.values() if question.category}
    return [name for name in CATEGORIES if name in there] + sorted(there - set(CATEGORIES))


def within(e: Evidence, category: str) -> list[str]:
    """Questions of a category, or all."""
    return [key for key, question in e.questions.items() if category in (ALL, question.category)]


def models(e: Evidence, mode: str) -> tuple[str, ...]:
    """Models with judgments in a mode: by their mean score, or by name."""
    return tuple(e.opponents) if mode == PAIR else e.judged


def choices(e: Evidence, place: Place) -> tuple[Choice, ...]:
    """All choices at a place with their options."""
    there = categories(e)
    category = [Option(value=ALL, label="All categories", hint=str(len(e.questions)))]
    category += [Option(value=name, label=name.capitalize(), hint=str(len(within(e, name)))) for name in there]
    questions = [
        Option(value=key, label=_label(e, key), hint=_hint(e, replace(place, question=key)))
        for key in within(e, place.category)
    ]
    firsts = [Option(value=name, label=name, hint=_scores(e, name, place.question)) for name in models(e, place.mode)]
    if place.mode == PAIR:
        seconds = [
            Option(value=name, label=name, hint=_scores(e, name, place.question)) for name in e.opponents[place.a]
        ]
    else:
        seconds = [Option(value=NONE, label="No second model"), *(o for o in firsts if o.value != place.a)]
    return (
        Choice(name="mode", label="Judged as", value=place.mode,
               options=tuple(Option(value=mode, label=MODES[mode]) for mode in modes(e))),
        Choice(name="category", label="Category", options=tuple(category), value=place.category),
        Choice(name="question", label="Question", options=tuple(questions), value=place.question),
        Choice(name="a", label="Model A", options=tuple(firsts), value=place.a),
        Choice(name="b", label="Model B", options=tuple(seconds), value=place.b or NONE),
    )  # fmt: skip


def _label(e: Evidence, key: str) -> str:
    question = e.questions[key]
    text = " ".join(question.turns[0].split()) if question.turns else question.category
    return f"{key}: {text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}"


def _hint(e: Evidence, place: Place) -> str:
    """What happened at a question: A's scores, or who won each turn."""
    if place.mode == SINGLE:
        return _scores(e, place.a, place.question)
    return " · ".join(filter(None, (verdict(e, place, turn) for turn in turns(e))))


def _scores(e: Evidence, model: str, question: str) -> str:
    known = [e.scores.get((model, question, turn)) for turn in turns(e)]
    return " · ".join("–" if score is None else f"{score:g}" for score in known) if any(known) else ""


def verdict(e: Evidence, place: Place, turn: int) -> str:
    """Who won a comparison: A, B, tie, or that the two orders contradict; empty without one."""
    found = e.comparisons.get(match(place.question, turn, place.a, place.b))
    if found is None or found.outcome is None:
        return ""
    return "inconsistent" if found.inconsistent else _winner(place, found.outcome)


def _winner(place: Place, outcome: int) -> str:
    if outcome == 0:
        return "tie"
    return "A" if (outcome == 1) == (place.a < place.b) else "B"


def turns(e: Evidence) -> range:
    """Numbers of the turns."""
    return range(1, e.card.n_turns + 1)


def disagreements(e: Evidence, place: Place) -> list[str]:
    """Why a place is a disagreement, in words; nothing where it is none."""
    if place.mode == PAIR:
        return [reason for turn in turns(e) if (reason := _of_comparison(e, place, turn))]
    known = [e.scores.get((place.a, place.question, turn)) for turn in turns(e)]
    given = [score for score in known if score is not None]
    found = []
    if given and max(given) - min(given) >= FAR_APART:
        found.append(f"the turns' scores are {max(given) - min(given):g} points apart")
    others = [place.b] if place.b else e.opponents.get(place.a, ())
    return found + [reason for turn in turns(e) for other in others if (reason := _of_scores(e, place, other, turn))]


def _of_comparison(e: Evidence, place: Place, turn: int) -> str:
    key = match(place.question, turn, place.a, place.b)
    found, votes = e.comparisons.get(key), e.votes.get(key)
    if found is None or found.outcome is None:
        return ""
    if found.inconsistent:
        return f"turn {turn}: the judge contradicts itself when the answers change places"
    if votes is None or votes.majority == found.outcome:
        return ""
    said, people = _winner(place, found.outcome), _winner(place, votes.majority)
    return f"turn {turn}: the judge says {said}, people say {people}"


def _of_scores(e: Evidence, place: Place, other: str, turn: int) -> str:
    own, theirs = (e.scores.get((name, place.question, turn)) for name in (place.a, other))
    votes = e.votes.get(match(place.question, turn, place.a, other))
    if own is None or theirs is None or votes is None:
        return ""
    people = votes.majority if place.a < other else -votes.majority
    if people == int(np.sign(own - theirs)):
        return ""
    said = f"{own:g} to {theirs:g}"
    return f"turn {turn}: the scores are {said} against {other}, by the people's majority {place.a} {WORDS[people]}"


def steps(e: Evidence, place: Place) -> tuple[dict[str, Selection], int, int]:
    """Steps from a place, and which of how many questions it is, from 1. The next disagreement may be before it."""
    keys = within(e, place.category)
    at = keys.index(place.question)
    found: dict[str, Selection] = {}
    if at > 0:
        found["Previous question"] = replace(place, question=keys[at - 1]).selection()
    if at + 1 < len(keys):
        found["Next question"] = replace(place, question=keys[at + 1]).selection()
    later = (replace(place, question=key) for key in [*keys[at + 1 :], *keys[:at]])
    other = next((there for there in later if disagreements(e, there)), None)
    if other is not None:
        found["Next disagreement"] = other.selection()
    return found, at + 1, len(keys)
