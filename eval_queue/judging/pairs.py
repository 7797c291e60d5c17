"""Comparisons with a baseline's answers, in both orders or in one drawn for every question.

Enters: questions, the answers of the model and of the baseline. Leaves: calls, then `Pair`s.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from .answers import Texts
from .asking import Answers
from .config import JudgeConfig
from .evidence import Pair
from .prompts import Asked, Exchange, ask_pair
from .questions import Question
from .verdicts import Side, read_winner

ORDER_SEED = 1


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The calls about one turn: with the model as A, and with the baseline as A; None for an order not asked."""

    question: Question
    turn: int
    answer: str
    baseline_answer: str
    orders: tuple[Asked | None, Asked | None]


def compare(
    questions: Sequence[Question], answers: Texts, baseline: Texts, *, config: JudgeConfig, secret: bytes,
    both_orders: bool, n_turns: int = 2,
) -> list[Comparison]:  # fmt: skip
    """Calls for every turn, of at most `n_turns`, that both have answered."""
    found = []
    for question in questions:
        shown: tuple[list[Exchange], list[Exchange]] = ([], [])
        for turn, text in enumerate(question.turns[:n_turns], 1):
            mine, theirs = answers.get(question.question_id, turn), baseline.get(question.question_id, turn)
            if mine is None or theirs is None:
                break
            pair, reference = (mine.text, theirs.text), question.reference_of(turn)
            for exchanges, texts in zip(shown, (pair, pair[::-1]), strict=True):
                exchanges.append(Exchange(question=text, answers=texts, reference=reference))
            wanted = (True, True) if both_orders else _drawn(question.question_id, turn)
            calls = [
                ask_pair(exchanges, config=config, secret=secret) if use else None
                for exchanges, use in zip(shown, wanted, strict=True)
            ]
            found.append(
                Comparison(
                    question=question, turn=turn, answer=mine.text, baseline_answer=theirs.text,
                    orders=(calls[0], calls[1]),
                )
            )  # fmt: skip
    return found


def pairs_of(comparisons: Sequence[Comparison], replies: Answers) -> list[Pair]:
    """The verdicts on the comparisons."""
    found = []
    for each in comparisons:
        (first, text), (second, other) = (_read(call, replies) for call in each.orders)
        found.append(
            Pair(
                question=each.question, turn=each.turn, answer=each.answer, baseline_answer=each.baseline_answer,
                first=first, second=second, judgments=(text, other),
                orders=(each.orders[0] is not None, each.orders[1] is not None),
            )
        )  # fmt: skip
    return found


def _read(call: Asked | None, replies: Answers) -> tuple[Side | None, str | None]:
    reply = replies.replies.get(call.request.key) if call else None
    if call is None or reply is None:
        return None, None
    return read_winner(reply, tag=call.tag, judged=call.judged), reply.text


def _drawn(question_id: int, turn: int) -> tuple[bool, bool]:
    """One of the two orders, the same in every run."""
    model_first = hashlib.sha256(f"{ORDER_SEED} {question_id} {turn}".encode()).digest()[0] % 2 == 0
    return model_first, not model_first
