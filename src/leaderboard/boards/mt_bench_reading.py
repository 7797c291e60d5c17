"""The reading of the MT-Bench tab: question, answers, reference, the judge's words and people's votes, turn by turn.

Enters: a table's card, one of its judges, and what a visitor chose. Leaves: a `Reading`. Without texts the figures
remain: scores, places, verdicts and votes of every question.
"""

from collections.abc import Iterator

from leaderboard.boards.mt_bench_evidence import Comparison, Evidence, Votes, evidence, evidence_of_runs, match
from leaderboard.boards.mt_bench_places import (
    PAIR,
    Place,
    choices,
    disagreements,
    modes,
    place_of,
    steps,
    turns,
    verdict,
)
from leaderboard.boards.reading import Part, Reading, Selection, Side
from leaderboard.boards.shelf import Shelf
from leaderboard.sources.battle_tables import JudgeCard
from leaderboard.sources.mt_bench_tables import MtBenchCard

IMPORT = (
    "Only the figures are here: the texts belong to their authors and are not shipped. To read them, put a copy of "
    "FastChat's data/mt_bench into your data folder with “leaderboard import mt-bench FOLDER --to DATA_FOLDER”."
)


def reading(shelf: Shelf, card: MtBenchCard, judge: JudgeCard, selection: Selection) -> Reading:
    """The texts at one place.

    Raises InvalidQuery for a choice or value that does not exist, BadRecord for unreadable files.
    """
    here = shelf.judged.get(card.name)
    e = (
        evidence_of_runs(here, shelf.folders) if here is not None
        else evidence(shelf.snapshot.folder, shelf.snapshot.revision, card.name, judge.name)
    )  # fmt: skip
    if not modes(e):
        return Reading(
            title=card.title, origin=_origin(shelf, e),
            empty=f"{judge.label} judged nothing in this table. Choose another judge or data set.",
        )  # fmt: skip
    place = place_of(e, selection)
    where, at, of = steps(e, place)
    question = e.questions[place.question]
    models = f"{place.a} and {place.b}" if place.b else place.a
    about = f"Question {place.question}{f', {question.category}' if question.category else ''}: {models}"
    return Reading(
        title=about, origin=_origin(shelf, e), choices=choices(e, place), parts=tuple(_parts(e, place, judge)),
        steps=where, at=at, of=of,
    )  # fmt: skip


def _origin(shelf: Shelf, e: Evidence) -> str:
    if not e.has_texts:
        return f"Figures only: {e.card.title}. Licence: {e.card.license}. Data: {shelf.snapshot.origin}."
    return f"Texts: {e.card.texts or e.card.source}. Licence: {e.card.license}. Data: {shelf.snapshot.origin}."


def _parts(e: Evidence, place: Place, judge: JudgeCard) -> Iterator[Part]:
    if not e.has_texts:
        yield Part(key="texts", role="note", title="Figures only", text=IMPORT)
    reasons = disagreements(e, place)
    if reasons:
        text = f"Disagreement: {'; '.join(reasons)}."
        yield Part(key="disagreement", role="note", title="Disagreement", text=text, markup="plain")
    for turn in turns(e):
        yield from _prompt(e, place, turn)
        yield from _reference(e, place, turn)
        sides: list[tuple[Side, str]] = [("a", place.a), ("b", place.b)] if place.b else [("both", place.a)]
        yield from (_answer(e, place, turn, side, model) for side, model in sides)
        if place.mode == PAIR:
            yield from _compared(e, place, turn, judge)
        else:
            yield from (_judged(e, place, turn, side, model, judge) for side, model in sides)
        yield from _people(e, place, turn)


def _absent(e: Evidence, what: str) -> str:
    """What stands where a text is missing; nothing where no text is at hand at all, which is said once."""
    return f"The text of {what} is not in this data." if e.has_texts else ""


def _prompt(e: Evidence, place: Place, turn: int) -> Iterator[Part]:
    texts = e.questions[place.question].turns
    text = texts[turn - 1] if len(texts) >= turn else _absent(e, "this question")
    if text:
        yield Part(key=f"question_{turn}", role="prompt", title=f"Turn {turn}", text=text, markup="plain")


def _reference(e: Evidence, place: Place, turn: int) -> Iterator[Part]:
    """The reference answer, with what is known to be wrong with it."""
    question = e.questions[place.question]
    if len(question.reference) < turn or not question.reference[turn - 1]:
        return
    doubt = question.doubts[turn - 1] if len(question.doubts) >= turn else ""
    yield Part(
        key=f"reference_{turn}", role="reference", title=f"Reference answer, turn {turn}",
        text=question.reference[turn - 1], mark=doubt, link=question.evidence if doubt else "", folded=not doubt,
    )  # fmt: skip


def _answer(e: Evidence, place: Place, turn: int, side: Side, model: str) -> Part:
    key = (model, place.question, turn)
    text = e.answers.get(key)
    note = next((note for note in e.card.models if note.model == model), None)
    other = text is not None and note is not None and note.other_answers and place.mode != PAIR
    source = f" The judgment comes from {note.source}." if note and note.source else ""
    return Part(
        key=f"answer_{side}_{turn}", role="answer", side=side, title=f"{model}, turn {turn}",
        text=_absent(e, "this answer") if text is None else text or "(The answer is empty.)",
        markup="plain" if not text else "markdown", facts=_score_facts(e, key),
        mark=f"This may not be the answer that was judged: only the model's name is the same.{source}" if other else "",
    )  # fmt: skip


def _score_facts(e: Evidence, key: tuple[str, str, int]) -> tuple[tuple[str, str], ...]:
    """The score and its place among all models' scores on this question and turn."""
    score = e.scores.get(key)
    if score is None:
        return ()
    same = [other for (_, question, turn), other in e.scores.items() if (question, turn) == key[1:]]
    better, reached = sum(other > score for other in same), sum(other >= score for other in same)
    place = f"{better + 1}" if reached == better + 1 else f"{better + 1}-{reached}"
    return (("Score", f"{score:g} of 10"), ("Place", f"{place} of {len(same)}"))


def _judged(e: Evidence, place: Place, turn: int, side: Side, model: str, judge: JudgeCard) -> Part:
    key = (model, place.question, turn)
    score, text = e.scores.get(key), e.texts.get(key, "")
    left_out = e.left_out.get(key, ())
    title = f"{judge.label}: {score:g} of 10" if score is not None else f"{judge.label}: no score that counts"
    facts = tuple(("Left out", reason) for reason in left_out)
    if not text:
        text = _absent(e, "the judgment") if score is not None or left_out else "This answer was not judged."
    return Part(
        key=f"verdict_{side}_{turn}", role="verdict", side=side, title=title, text=text, facts=facts,
        mark="" if score is not None else "missing: it is in no average",
    )  # fmt: skip


def _compared(e: Evidence, place: Place, turn: int, judge: JudgeCard) -> Iterator[Part]:
    """The judge's verdict and what it wrote in each order."""
    found = e.comparisons.get(match(place.question, turn, place.a, place.b))
    if found is None:
        text = f"{judge.label} did not compare these two answers."
        yield Part(key=f"verdict_{turn}", role="verdict", title="No verdict", text=text, markup="plain")
        return
    said = {"A": f"{place.a} wins", "B": f"{place.b} wins", "tie": "a tie", "": "no readable verdict",
            "inconsistent": "a tie, as the two orders contradict"}[verdict(e, place, turn)]  # fmt: skip
    yield Part(
        key=f"verdict_{turn}", role="verdict", title=f"Verdict of {judge.label}: {said}", facts=_order_facts(found),
        mark="inconsistent: the verdict changes when the answers change places" if found.inconsistent else "",
    )  # fmt: skip
    for at, (first, winner, text) in enumerate(found.asked, start=1):
        if text:
            yield Part(
                key=f"verdict_{turn}_order_{at}", role="verdict", text=text, folded=at > 1,
                title=f"{first} shown first, as Assistant A: {_named(winner)}",
            )  # fmt: skip


def _order_facts(found: Comparison) -> tuple[tuple[str, str], ...]:
    if all(winner is None and not text for _, winner, text in found.asked):
        return (("Orders", "published as one verdict of both orders"),)
    return tuple((f"{first} first", _named(winner)) for first, winner, _ in found.asked)


def _named(winner: str | None) -> str:
    return {None: "no readable verdict", "tie": "tie"}.get(winner, f"{winner} wins")


def _people(e: Evidence, place: Place, turn: int) -> Iterator[Part]:
    """People's votes on the two answers of a turn."""
    votes = e.votes.get(match(place.question, turn, place.a, place.b)) if place.b else None
    if votes is None:
        return
    sign = 1 if place.a < place.b else -1
    names = {sign: place.a, 0: "tie", -sign: place.b}
    facts = tuple((name, f"{votes.counts.get(outcome, 0)}") for outcome, name in names.items())
    yield Part(
        key=f"people_{turn}", role="note", title=f"People, turn {turn}: {_majority(votes, names)}", facts=facts,
        mark=_against(e, place, turn, votes),
    )  # fmt: skip


def _majority(votes: Votes, names: dict[int, str]) -> str:
    n = sum(votes.counts.values())
    leads = "no majority, or a tie" if votes.majority == 0 else f"{names[votes.majority]} wins"
    return f"{leads} ({n} vote{'s' if n != 1 else ''})"


def _against(e: Evidence, place: Place, turn: int, votes: Votes) -> str:
    """Whether people say otherwise than the judge did in a comparison."""
    found = e.comparisons.get(match(place.question, turn, place.a, place.b)) if place.mode == PAIR else None
    if found is None or found.outcome is None or found.outcome == votes.majority:
        return ""
    return "people's majority is not the judge's verdict"
