"""Two-turn questions with their categories and reference answers, in FastChat's formats.

Enters: question.jsonl (question_id, category, turns, reference where known) and, beside it, reference_answer.jsonl or
reference_answer_<model>.jsonl or reference_answer/<model>.jsonl (question_id, choices). Leaves: `Question`s, all
or none.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from leaderboard.errors import PermanentFailure
from leaderboard.records import Count, Record
from leaderboard.suites import CATEGORIES

WITH_REFERENCE = ("math", "reasoning", "coding")
"""Categories judged beside a reference, as in MT-Bench."""

TEMPERATURES = {
    "writing": 0.7, "roleplay": 0.7, "extraction": 0.0, "math": 0.0, "coding": 0.0, "reasoning": 0.0, "stem": 0.1,
    "humanities": 0.1,
}  # fmt: skip
"""Sampling temperature by category, as in MT-Bench (Zheng et al. 2023, https://arxiv.org/abs/2306.05685)."""


class Question(Record):
    """One question; `reference` holds the right solution of each turn where there is one."""

    question_id: Count
    category: str
    turns: tuple[str, ...] = Field(min_length=1, max_length=2)
    reference: tuple[str | None, ...] = ()

    def reference_of(self, turn: int) -> str | None:
        """The solution of a turn, counted from 1, in the categories that are judged beside one."""
        known = self.category in WITH_REFERENCE and len(self.reference) >= turn
        return self.reference[turn - 1] or None if known else None


def read_questions(path: Path) -> tuple[Question, ...]:
    """The questions of a file in its order, with the references that lie beside it.

    Raises PermanentFailure naming the line that cannot be used.
    """
    references = _references(path.parent)
    questions = []
    for number, row in _rows(path):
        # FastChat keeps short ones beside the questions too; the whole ones count.
        if row.get("question_id") in references or row.get("reference") is None:
            row = row | {"reference": references.get(row.get("question_id"), ())}
        questions.append(_question(path, number, row))
    ids = [question.question_id for question in questions]
    if not questions or len(set(ids)) != len(ids):
        raise PermanentFailure(f"{path.name} has {len(ids)} questions with {len(set(ids))} ids; expected one id each.")
    return tuple(questions)


def dump(questions: Sequence[Question]) -> bytes:
    """The questions as JSON lines."""
    return "".join(question.model_dump_json() + "\n" for question in questions).encode()


def digest(questions: Sequence[Question]) -> str:
    """SHA-256 of the questions."""
    return hashlib.sha256(dump(questions)).hexdigest()


def _question(path: Path, number: int, row: dict[str, Any]) -> Question:
    try:
        question = Question.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PermanentFailure(f"{path.name}, line {number}: {where}: {first['msg']}.") from error
    if question.category not in CATEGORIES:
        raise PermanentFailure(
            f"{path.name}, line {number}: category is {question.category!r}; expected one of {', '.join(CATEGORIES)}."
        )
    return question


def _references(folder: Path) -> dict[Any, tuple[str | None, ...]]:
    """Question id to its solutions; empty when none lie beside the questions."""
    for pattern in ("reference_answer.jsonl", "reference_answer_*.jsonl", "reference_answer/*.jsonl"):
        for path in sorted(folder.glob(pattern)):
            return {row.get("question_id"): _turns(path, number, row) for number, row in _rows(path)}
    return {}


def _turns(path: Path, number: int, row: dict[str, Any]) -> tuple[str | None, ...]:
    """The texts of a row in FastChat's answer format, or in the short one with `reference` or `turns`."""
    try:
        turns = row["choices"][0]["turns"] if "choices" in row else row.get("reference") or row["turns"]
        return _texts(turns)
    except (KeyError, IndexError, TypeError) as error:
        raise PermanentFailure(f"{path.name}, line {number}: it holds no choices[0].turns: {error}.") from error


def _texts(turns: Any) -> tuple[str | None, ...]:
    if not all(turn is None or isinstance(turn, str) for turn in turns):
        raise TypeError("a turn is no text")
    return tuple(turns)


def _rows(path: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PermanentFailure(f"{path.name} cannot be read: {type(error).__name__}.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PermanentFailure(f"{path.name}, line {number}: no JSON: {error}.") from error
        if not isinstance(row, dict):
            raise PermanentFailure(f"{path.name}, line {number}: expected a JSON object.")
        yield number, row
