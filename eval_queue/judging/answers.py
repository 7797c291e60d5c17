"""A model's answers to a set of questions, kept batch by batch, so that a killed run goes on after the last batch.

Layout of a work folder: questions.jsonl, and answers.jsonl whose first line tells under which conditions it was made.
Enters: batches of answers. Leaves: the same file whether or not the run was interrupted.
"""

import json
import logging
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from leaderboard.errors import PermanentFailure
from leaderboard.records import Count, Record, UtcDatetime
from leaderboard.stores import write_file

from .questions import Question, dump, read_questions

FILE = "answers.jsonl"
QUESTIONS = "questions.jsonl"
_log = logging.getLogger(__name__)


class Answer(Record):
    """The answer to one turn, counted from 1. `tokens` were generated; `cut` says they ended at the limit."""

    question_id: Count
    turn: Count
    text: str
    tokens: Count = 0
    cut: bool = False


class Header(Record):
    """The first line: all that the answers depend on, and when they were begun."""

    conditions: dict[str, str]
    started_at: UtcDatetime


class Texts(Protocol):
    """Answers by question and turn; an `AnswerFile` is one."""

    def get(self, question_id: int, turn: int) -> Answer | None:
        """The answer, or None."""
        ...


class AnswerFile:
    """The answers in one work folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._folder = folder
        self._found: dict[tuple[int, int], Answer] = {}
        self.header: Header | None = None
        self._read()

    def open(self, questions: Sequence[Question], conditions: dict[str, str]) -> None:
        """Begin, or go on under the same conditions; answers made under others are dropped."""
        write_file(self._folder / QUESTIONS, dump(questions))
        if self.header is not None and self.header.conditions == conditions:
            return
        if self.header is not None:
            _log.warning("the earlier answers were made under other conditions, all are asked again")
        self.header = Header(conditions=conditions, started_at=datetime.now(UTC))
        self._found = {}
        write_file(self._path, self.header.model_dump_json().encode() + b"\n")

    def get(self, question_id: int, turn: int) -> Answer | None:
        """The answer to a turn, or None."""
        return self._found.get((question_id, turn))

    def add(self, answers: Iterable[Answer]) -> None:
        """Keep a batch; it is on disk when this returns. What is known already stays as it is."""
        new = [each for each in answers if (each.question_id, each.turn) not in self._found]
        with self._path.open("ab") as file:
            file.write("".join(each.model_dump_json() + "\n" for each in new).encode())
            file.flush()
            os.fsync(file.fileno())
        self._found |= {(each.question_id, each.turn): each for each in new}

    def _read(self) -> None:
        if not self._path.is_file():
            return
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):  # a kill left the beginning of a line
            os.truncate(self._path, len(whole))
        try:
            first, *rest = whole.splitlines()
            self.header = Header.model_validate_json(first)
            found = [Answer.model_validate_json(line) for line in rest]
        except (ValueError, ValidationError) as error:
            _log.warning("the earlier answers cannot be read, all are asked again: %s", str(error)[:200])
            self.header = None
            return
        self._found = {(each.question_id, each.turn): each for each in found}


class Given(dict[tuple[int, int], Answer]):
    """Answers in memory, by question and turn."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        super().__init__({(each.question_id, each.turn): each for each in answers})

    def get(self, question_id: int, turn: int) -> Answer | None:  # type: ignore[override]
        """The answer to a turn, or None."""
        return super().get((question_id, turn))


def read_asked(folder: Path) -> tuple[Question, ...]:
    """The questions that the answers of a work folder are to."""
    return read_questions(folder / QUESTIONS)


def read_given(path: Path, questions: Sequence[Question]) -> tuple[str, Given]:
    """A model's name and its answers out of FastChat's answer JSONL, or out of AlpacaEval's output JSON.

    AlpacaEval names no questions: there an output belongs to the question whose first turn is its instruction. Raises
    PermanentFailure naming the entry that cannot be used, or when no answer is to any of the questions.
    """
    rows = _entries(path)
    by_text = {question.turns[0]: question.question_id for question in questions}
    known = {question.question_id for question in questions}
    found: list[Answer] = []
    names: set[str] = set()
    for number, row in enumerate(rows, 1):
        try:
            question_id = by_text.get(row["instruction"]) if "output" in row else row["question_id"]
            turns = [row["output"]] if "output" in row else row["choices"][0]["turns"]
            names.add(str(row["generator"] if "output" in row else row["model_id"]))
            if question_id in known:
                found += [Answer(question_id=question_id, turn=n, text=text) for n, text in enumerate(turns, 1)]
        except (KeyError, IndexError, TypeError, ValidationError) as error:
            raise PermanentFailure(f"{path.name}, entry {number}: no answer of a known form: {error!r:.200}") from error
    if not found or len(names) != 1:
        raise PermanentFailure(
            f"{path.name} holds {len(found)} answers to these questions by {len(names)} models; expected those of one."
        )
    return names.pop(), Given(found)


def _entries(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8")
        rows = (
            json.loads(text)
            if text.lstrip().startswith("[")
            else [json.loads(x) for x in text.split("\n") if x.strip()]
        )
    except (OSError, ValueError, RecursionError) as error:
        raise PermanentFailure(f"The answers in {path.name} cannot be read: {error}.") from error
    return list(rows)
