"""What a judged run leaves to read: every answer with the judge's message and verdict.

Enters: `Rating`s and `Pair`s. Leaves: per-question parquet files that are published with the run (columns as in
`runners.samples` where they mean the same), and folders in FastChat's formats, which `leaderboard import mt-bench` and
FastChat itself read: question.jsonl, model_answer/, model_judgment/.
"""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from leaderboard.stores import write_file

from .answers import Texts
from .prompts import VERSION
from .questions import Question
from .verdicts import Side

RATINGS = pa.schema([
    ("doc_id", pa.int64()), ("turn", pa.int32()), ("task", pa.string()), ("category", pa.string()),
    ("model", pa.string()), ("question", pa.string()), ("gold", pa.string()), ("answer", pa.string()),
    ("score", pa.float64()), ("rating", pa.float64()), ("judge", pa.string()), ("judgment", pa.string()),
    ("missing", pa.string()), ("tokens", pa.int64()), ("cut", pa.bool_()),
])  # fmt: skip
PAIRS = pa.schema([
    ("doc_id", pa.int64()), ("turn", pa.int32()), ("task", pa.string()), ("category", pa.string()),
    ("question", pa.string()), ("gold", pa.string()), ("answer", pa.string()), ("baseline_answer", pa.string()),
    ("model_1", pa.string()), ("model_2", pa.string()), ("judge", pa.string()), ("score", pa.float64()),
    ("winner", pa.string()), ("inconsistent", pa.bool_()), ("g1_winner", pa.string()), ("g2_winner", pa.string()),
    ("g1_judgment", pa.string()), ("g2_judgment", pa.string()),
])  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Rating:
    """A judged answer. `rating` is 1..10, None when missing, and `missing` says why then."""

    question: Question
    turn: int
    answer: str
    rating: float | None
    judgment: str | None
    missing: str = ""
    tokens: int = 0
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A comparison with the baseline; `first` was asked with the model shown as A, `second` with the baseline as A.

    Sides are as shown; an order that was not asked, or whose verdict is missing, is None.
    """

    question: Question
    turn: int
    answer: str
    baseline_answer: str
    first: Side | None
    second: Side | None
    judgments: tuple[str | None, str | None]
    orders: tuple[bool, bool] = (True, True)

    @property
    def winners(self) -> tuple[str | None, str | None]:
        """Of both orders: model_1 (the model), model_2 (the baseline), tie, error; None where not asked."""
        words = ({"A": "model_1", "B": "model_2"}, {"A": "model_2", "B": "model_1"})
        found = [_word(side, names) for side, names in zip((self.first, self.second), words, strict=True)]
        return tuple(word if asked else None for word, asked in zip(found, self.orders, strict=True))  # type: ignore[return-value]

    @property
    def winner(self) -> str | None:
        """The joined verdict: orders that disagree are a tie, a missing one makes it missing."""
        asked = {word for word in self.winners if word is not None}
        if "error" in asked:
            return None
        return asked.pop() if len(asked) == 1 else "tie"

    @property
    def inconsistent(self) -> bool:
        """Whether the verdict changed with the order."""
        words = {word for word in self.winners if word is not None}
        return len(words) == 2 and "error" not in words

    @property
    def score(self) -> float | None:
        """1 for the model, 0 for the baseline, a half for a tie; None when missing."""
        return {"model_1": 1.0, "model_2": 0.0, "tie": 0.5, None: None}[self.winner]


def ratings_parquet(ratings: Iterable[Rating], *, task: str, model: str, judge: str) -> bytes:
    """Ratings as a parquet file, by question and turn."""
    rows = [
        {"doc_id": each.question.question_id, "turn": each.turn, "task": task, "category": each.question.category,
         "model": model, "question": each.question.turns[each.turn - 1], "gold": each.question.reference_of(each.turn),
         "answer": each.answer, "score": None if each.rating is None else each.rating / 10, "rating": each.rating,
         "judge": judge, "judgment": each.judgment, "missing": each.missing or None, "tokens": each.tokens,
         "cut": each.cut}
        for each in sorted(ratings, key=lambda each: (each.question.question_id, each.turn))
    ]  # fmt: skip
    return _parquet(rows, RATINGS)


def pairs_parquet(pairs: Iterable[Pair], *, task: str, models: tuple[str, str], judge: str) -> bytes:
    """Comparisons as a parquet file, by question and turn; `models` are the model and the baseline."""
    rows = [
        {"doc_id": each.question.question_id, "turn": each.turn, "task": task, "category": each.question.category,
         "question": each.question.turns[each.turn - 1], "gold": each.question.reference_of(each.turn),
         "answer": each.answer, "baseline_answer": each.baseline_answer, "model_1": models[0], "model_2": models[1],
         "judge": judge, "score": each.score, "winner": each.winner, "inconsistent": each.inconsistent,
         "g1_winner": each.winners[0], "g2_winner": each.winners[1], "g1_judgment": each.judgments[0],
         "g2_judgment": each.judgments[1]}
        for each in sorted(pairs, key=lambda each: (each.question.question_id, each.turn))
    ]  # fmt: skip
    return _parquet(rows, PAIRS)


def write_fastchat(
    folder: Path, questions: Sequence[Question], *, answers: dict[str, Texts], judge: str,
    ratings: dict[str, Sequence[Rating]], pairs: Sequence[Pair] = (), models: tuple[str, str] = ("", ""),
) -> None:  # fmt: skip
    """Write questions, answers (by model) and verdicts in FastChat's layout; a missing verdict is -1 or error."""
    write_file(_made(folder / "question.jsonl"), _lines(each.model_dump(exclude_none=True) for each in questions))
    for model, texts in answers.items():
        rows = [_answer_row(question, model, texts) for question in questions]
        write_file(_made(folder / "model_answer" / f"{_file(model)}.jsonl"), _lines(rows))
    singles = [_single_row(each, model, judge) for model, found in ratings.items() for each in found]
    write_file(_made(folder / "model_judgment" / f"{_file(judge)}_single.jsonl"), _lines(singles))
    if pairs:
        rows = [_pair_row(each, models, judge) for each in pairs]
        write_file(folder / "model_judgment" / f"{_file(judge)}_pair.jsonl", _lines(rows))


def _answer_row(question: Question, model: str, texts: Texts) -> dict[str, Any]:
    found = [texts.get(question.question_id, turn) for turn in range(1, len(question.turns) + 1)]
    turns = [answer.text for answer in found if answer is not None]
    return {"question_id": question.question_id, "model_id": model, "choices": [{"index": 0, "turns": turns}]}


def _single_row(rating: Rating, model: str, judge: str) -> dict[str, Any]:
    return {
        "question_id": rating.question.question_id, "model": model, "judge": [judge, f"own-{VERSION}"],
        "judgment": rating.judgment or "", "score": -1 if rating.rating is None else rating.rating, "turn": rating.turn,
    }  # fmt: skip


def _pair_row(pair: Pair, models: tuple[str, str], judge: str) -> dict[str, Any]:
    return {
        "question_id": pair.question.question_id, "model_1": models[0], "model_2": models[1],
        "g1_winner": pair.winners[0] or "error", "g2_winner": pair.winners[1] or "error",
        "judge": [judge, f"own-{VERSION}"], "g1_judgment": pair.judgments[0] or "",
        "g2_judgment": pair.judgments[1] or "", "turn": pair.turn,
    }  # fmt: skip


def _word(side: Side | None, names: dict[str, str]) -> str:
    return "error" if side is None else names.get(side, "tie")


def _parquet(rows: list[dict[str, Any]], schema: pa.Schema) -> bytes:
    storable = [
        {k: v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for k, v in r.items()} for r in rows
    ]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(storable, schema=schema), buffer, compression="zstd")
    return buffer.getvalue()


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _file(name: str) -> str:
    """A model's name as a file name."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name)[:150].lstrip(".") or "unnamed"
