"""A small folder of MT-Bench files as FastChat writes them, with texts of our own."""

import json
from pathlib import Path
from typing import Any

QUESTIONS = [
    {"question_id": number, "category": category, "turns": [f"First of {number}?", f"Second of {number}?"]}
    for number, category in ((81, "writing"), (82, "writing"), (111, "math"), (112, "math"))
]
JUDGE = ["gpt-4", "single-v1"]


def single(model: str, question: int, turn: int, score: float | None, **more: Any) -> dict[str, Any]:
    return {"question_id": question, "model": model, "judge": JUDGE, "turn": turn, "score": score,
            "judgment": f"{model} gets {score} for {question}.{turn}", "tstamp": 1.0, **more}  # fmt: skip


def pair(question: int, turn: int, g1: str, g2: str, one: str = "ada", other: str = "bob") -> dict[str, Any]:
    return {
        "question_id": question, "model_1": one, "model_2": other, "g1_winner": g1, "g2_winner": g2, "turn": turn,
        "judge": ["gpt-4", "pair-v2"], "g1_judgment": f"one {g1}", "g2_judgment": f"two {g2}",
    }  # fmt: skip


def vote(question: int, turn: int, winner: str, judge: str = "expert_1") -> dict[str, Any]:
    return {
        "question_id": question, "turn": turn, "model_a": "bob", "model_b": "ada", "winner": winner, "judge": judge,
    }  # fmt: skip


def answers(model: str, text: str = "{model} says {turn} to {question}") -> list[dict[str, Any]]:
    return [
        {"question_id": q["question_id"], "model_id": model, "answer_id": "x", "tstamp": 1.0, "choices": [
            {"index": 0, "turns": [text.format(model=model, turn=t, question=q["question_id"]) for t in (1, 2)]}]}
        for q in QUESTIONS
    ]  # fmt: skip


def jsonl(path: Path, rows: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))


SINGLES = [
    *(single("ada", q, t, 9.0) for q in (81, 82, 111, 112) for t in (1, 2)),
    *(single("bob", q, t, 3.0 + t) for q in (81, 82, 111, 112) for t in (1, 2) if (q, t) != (112, 2)),
]
PAIRS = [
    pair(81, 1, "model_1", "model_1"), pair(81, 2, "model_1", "model_2"), pair(82, 1, "tie", "tie"),
    pair(82, 2, "error", "model_1"), pair(111, 1, "model_2", "model_2"),
]  # fmt: skip
VOTES = [
    vote(81, 1, "model_b"), vote(81, 1, "model_b", "expert_2"), vote(81, 1, "tie", "author_1"), vote(82, 1, "model_a"),
    vote(111, 1, "model_a"),
]  # fmt: skip


def write_folder(folder: Path, singles: list[Any] = SINGLES) -> Path:
    """FastChat's layout: questions, two models' answers, references, single and pair judgments, people's votes."""
    jsonl(folder / "question.jsonl", QUESTIONS)
    for model in ("ada", "bob"):
        jsonl(folder / "model_answer" / f"{model}.jsonl", answers(model))
    reference = [{**row, "model_id": "gpt-4"} for row in answers("reference") if row["question_id"] > 100]
    jsonl(folder / "reference_answer" / "gpt-4.jsonl", reference)
    jsonl(folder / "model_judgment" / "gpt-4_single.jsonl", singles)
    jsonl(folder / "model_judgment" / "gpt-4_pair.jsonl", PAIRS)
    jsonl(folder / "human.jsonl", VOTES)
    return folder
