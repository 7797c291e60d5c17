"""Check our own two-turn questions and compute every reference again: `python -m scripts.check_mt_bench_own`.

Enters: eval_queue/tasks/mt_bench_own/question.jsonl. Leaves: a sentence for each fault, exit code 1 when there is one.
A reference in maths and reasoning ends with a line "Answer: ...", which has to be what `scripts.own_questions`
computes, letter by letter; one in coding is a block of code, which is run against its cases. With --beside FILE the
questions are also compared with another set's: no two may share a third of their words in threes.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from eval_queue.judging.questions import WITH_REFERENCE, Question, read_questions
from eval_queue.runners.mt_bench import OWN
from leaderboard.suites import CATEGORIES
from scripts.own_questions import coding, maths, reasoning

LEAST_OF_A_CATEGORY = 11
CLOSE = 1 / 3
CODE = re.compile(r"\A```(python|sql)\n(.*)\n```\Z", re.DOTALL)
COMPUTED: dict[int, Callable[[], tuple[str, str]]] = {**maths.SOLVED, **reasoning.SOLVED}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and say what is wrong; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.check_mt_bench_own", description=__doc__)
    parser.add_argument("--questions", type=Path, default=OWN / "question.jsonl")
    parser.add_argument("--beside", type=Path, default=None, help="question.jsonl of another set")
    options = parser.parse_args(arguments)
    questions = read_questions(options.questions)
    found = [*faults(questions), *(close(questions, read_questions(options.beside)) if options.beside else ())]
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    n = sum(len(question.reference) for question in questions)
    sys.stdout.write(f"{len(questions)} questions, {n} references computed, {len(found)} faults\n")
    return 1 if found else 0


def faults(questions: Sequence[Question]) -> Iterator[str]:
    """What is wrong with a set of questions."""
    for category, n in Counter(dict.fromkeys(CATEGORIES, 0) | Counter(q.category for q in questions)).items():
        if n < LEAST_OF_A_CATEGORY:
            yield f"{category} has {n} questions; expected at least {LEAST_OF_A_CATEGORY}."
    texts = Counter(" ".join(words(text)) for question in questions for text in question.turns)
    yield from (f"A turn occurs {n} times: {text[:80]}" for text, n in texts.items() if n > 1)
    for question in questions:
        if len(question.turns) != 2 or not all(text.strip() for text in question.turns):
            yield f"{question.question_id}: {len(question.turns)} turns; expected two with text."
        elif question.category in WITH_REFERENCE:
            yield from (f"{question.question_id}: {fault}" for fault in reference_faults(question))
        elif question.reference:
            yield f"{question.question_id}: {question.category} has a reference; none is computed there."


def reference_faults(question: Question) -> Iterator[str]:
    """Where the references of a question say something else than the computation."""
    texts = [question.reference_of(turn) for turn in (1, 2)]
    if None in texts:
        yield "a turn has no reference."
    elif question.category == "coding":
        for turn, (text, check) in enumerate(zip(texts, coding.CHECKS.get(question.question_id, ()), strict=False), 1):
            if fault := code_fault(text or "", check):
                yield f"turn {turn}: {fault}"
        if question.question_id not in coding.CHECKS:
            yield "nothing runs its code; add a check to scripts/own_questions/coding.py."
    elif question.question_id not in COMPUTED:
        yield "nothing computes its answer; add a function to scripts/own_questions."
    else:
        for turn, (text, right) in enumerate(zip(texts, COMPUTED[question.question_id](), strict=True), 1):
            said = (text or "").splitlines()[-1]
            if said != f"Answer: {right}":
                yield f"turn {turn}: the reference ends with {said!r}; computed is 'Answer: {right}'."


def code_fault(text: str, check: coding.Check) -> str | None:
    """What goes wrong when the code of a reference is checked; None when nothing does. The code is our own."""
    block = CODE.match(text)
    if block is None:
        return "the reference is not one block of Python or SQL."
    names: coding.Names = {"sql": block[2]}
    try:
        if block[1] == "python":
            exec(compile(block[2], "reference", "exec"), names)  # noqa: S102 - the project's own file
        check(names)
    except Exception as error:  # noqa: BLE001 - whatever code under test raises is its fault
        return f"{type(error).__name__}: {error}"
    return None


def close(questions: Sequence[Question], others: Sequence[Question]) -> Iterator[str]:
    """Turns that share too many of their runs of three words with a turn of another set."""
    theirs = [(other, text, threes(text)) for other in others for text in other.turns]
    for question in questions:
        for text in question.turns:
            mine = threes(text)
            for other, its_text, its in theirs:
                share = len(mine & its) / max(min(len(mine), len(its)), 1)
                if share >= CLOSE:
                    yield (
                        f"{question.question_id} shares {share:.0%} of its runs of words with {other.question_id}: "
                        f"{text[:80]!r} and {its_text[:80]!r}"
                    )


def threes(text: str) -> set[tuple[str, ...]]:
    """Runs of three words."""
    found = words(text)
    return set(zip(found, found[1:], found[2:], strict=False))


def words(text: str) -> list[str]:
    """Words in small letters."""
    return re.findall(r"\w+", text.casefold())


if __name__ == "__main__":
    raise SystemExit(main())
