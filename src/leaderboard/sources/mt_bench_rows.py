"""Rows of FastChat's MT-Bench files -> records of the parts of an MT-Bench table.

Enters: one row (a mapping) of a question, answer, single judgment, pair judgment or vote file, as JSONL, JSON or
parquet give it, including the Hub dataset lmsys/mt_bench_human_judgments. Leaves: (part, record) pairs of
`mt_bench_tables.SCHEMA`. Source of the formats: github.com/lm-sys/FastChat, fastchat/llm_judge.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from leaderboard.errors import BadRecord

Row = Mapping[str, Any]
Made = Iterator[tuple[str, dict[str, Any]]]
INCONSISTENT = "tie (inconsistent)"
PAIR_WORDS = ("model_1", "model_2", "tie", "error")
VOTES = {"model_a": "model_a", "model_b": "model_b", "tie": "tie", INCONSISTENT: "tie"}
JUDGES = {"gpt4_pair": "gpt-4"}
"""Names that published files give a judge, and the judge's own."""
_OF_MODELS = "_pair"
"""How the name of a model's verdicts ends; people's are author_1, expert_2 ..."""
REFERENCES = "references"
"""A part that is joined into the questions before it is written."""


def kind_of(columns: set[str], path: str) -> str | None:
    """What a file holds, by its columns and, for reference answers, its path; None for anything else."""
    for kind, needed in NEEDED.items():
        if needed <= columns:
            return REFERENCES if kind == "answers" and "reference" in path.lower() else kind
    return None


def question(row: Row) -> Made:
    """A question with its turns. Raises BadRecord when it does not have two turns."""
    turns = texts(row, "turns")
    if len(turns) != 2:
        raise BadRecord(f"the question has {len(turns)} turns; expected two, as every question of MT-Bench has.")
    own = [str(text) for text in row["reference"]] if _is_list(row.get("reference")) else []
    yield "questions", {"question_id": name(row, "question_id"), "category": name(row, "category"), "turns": turns,
                        "reference": own}  # fmt: skip


def answer(row: Row) -> Made:
    """The answers of a model to the turns of a question, in FastChat's form or as columns turn1 and turn2."""
    choices = row.get("choices")
    if _is_list(choices):
        if not len(choices) or not isinstance(choices[0], Mapping):
            raise BadRecord("choices is empty; expected one choice with its turns.")
        given = texts(choices[0], "turns")
    else:
        given = [text for text in (row.get("turn1"), row.get("turn2")) if isinstance(text, str)]
    model = name(row, "model_id" if "model_id" in row else "model")
    for at, text in enumerate(given[:2], start=1):
        yield "answers", {"model": model, "question_id": name(row, "question_id"), "turn": at, "answer": text}


def reference(row: Row) -> Made:
    """The reference answer to a question."""
    found = [record for _, record in answer({"model": "reference", **row})]
    if not found:
        raise BadRecord("the reference has no turns.")
    yield REFERENCES, {"question_id": found[0]["question_id"], "reference": [record["answer"] for record in found]}


def single(row: Row) -> Made:
    """A judgment of one answer. A score of -1 stays: it says that the verdict could not be parsed."""
    score = number(row, "score")
    made = {
        "model": name(row, "model"), "judge": _judge(row), "question_id": name(row, "question_id"), "turn": turn(row),
        "score": score, "tstamp": number(row, "tstamp"),
    }  # fmt: skip
    yield "scores", made
    if isinstance(row.get("judgment"), str):
        yield "judgments", {**made, "text": row["judgment"]}


def pair(row: Row) -> Made:
    """A comparison asked in both orders."""
    for column in ("g1_winner", "g2_winner"):
        if row.get(column) not in PAIR_WORDS:
            raise BadRecord(f"{column} is {str(row.get(column))[:40]!r}; expected {', '.join(PAIR_WORDS)}.")
    yield "pairs", {
        **_two(row, "model_1", "model_2"), "judge": _judge(row), "question_id": name(row, "question_id"),
        "turn": turn(row), "g1_winner": row["g1_winner"], "g2_winner": row["g2_winner"],
        "g1_text": _text(row.get("g1_judgment")), "g2_text": _text(row.get("g2_judgment")),
        "tstamp": number(row, "tstamp"),
    }  # fmt: skip


def label(row: Row) -> Made:
    """A person's vote, or GPT-4's verdict joined from both orders; with conversations the answers too."""
    given = row.get("winner")
    winner = VOTES.get(given) if isinstance(given, str) else None
    if winner is None:
        raise BadRecord(f"winner is {str(given)[:40]!r}; expected {', '.join(VOTES)}.")
    at, models = turn(row), _two(row, "model_a", "model_b")
    question_id = name(row, "question_id")
    place = {"question_id": question_id, "turn": at}
    judge = _judge(row)
    templated = _is_list(row["judge"]) or str(row["judge"]).startswith("[")
    if not templated and not judge.endswith(_OF_MODELS):
        yield "votes", {**place, **models, "winner": winner, "judge": judge}
    else:
        judge = JUDGES.get(judge, judge.removesuffix(_OF_MODELS))
        yield "pairs", {**place, **_joined(models, str(given)), "judge": judge}
    for side in ("a", "b"):
        spoken = row.get(f"conversation_{side}")
        if _is_list(spoken):
            yield from _spoken(models[f"model_{side}"], question_id, spoken)


def _joined(models: dict[str, str], winner: str) -> dict[str, Any]:
    """A joined verdict as one of two orders: which order said what is unknown where they contradict."""
    word = {"model_a": "model_1", "model_b": "model_2", "tie": "tie"}.get(winner)
    return {"model_1": models["model_a"], "model_2": models["model_b"], "g1_winner": word, "g2_winner": word,
            "winner": word or "tie", "inconsistent": word is None}  # fmt: skip


def _spoken(model: str, question_id: str, conversation: Any) -> Made:
    said = [part.get("content") for part in conversation if isinstance(part, Mapping) and part.get("role") != "user"]
    for at, text in enumerate(said[:2], start=1):
        if isinstance(text, str):
            yield "answers", {"model": model, "question_id": question_id, "turn": at, "answer": text}


def _two(row: Row, one: str, other: str) -> dict[str, str]:
    models = {one: name(row, one), other: name(row, other)}
    if models[one] == models[other]:
        raise BadRecord(f"{one} and {other} are both {models[one]!r}; expected two models.")
    return models


def _judge(row: Row) -> str:
    """The judging model; FastChat writes [model, template], as a list or as its JSON."""
    given = row.get("judge")
    if isinstance(given, str) and given.startswith("["):
        try:
            given = json.loads(given)
        except ValueError:
            return given
    return str(given[0]) if _is_list(given) and len(given) else name({"judge": given}, "judge")


def name(row: Row, column: str) -> str:
    """A value that names something: a text, or a whole number as text. Raises BadRecord for a blank one."""
    value = row.get(column)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None or (isinstance(value, float) and math.isnan(value)) or not str(value).strip():
        raise BadRecord(f"{column} is missing; expected a value.")
    return str(value).strip()


def turn(row: Row) -> int:
    """Number of the turn. Raises BadRecord unless it is 1 or 2."""
    value = number(row, "turn")
    if value not in (1, 2):
        raise BadRecord(f"turn is {str(row.get('turn'))[:40]!r}; expected 1 or 2.")
    return int(value)


def number(row: Row, column: str) -> float | None:
    """A finite number or None for a missing one. Raises BadRecord for anything else."""
    value = row.get(column)
    if value is None:
        return None
    try:
        given = float(value)
    except (TypeError, ValueError):
        given = math.inf
    if math.isinf(given) or isinstance(value, bool):
        raise BadRecord(f"{column} is {str(value)[:40]!r}; expected a number.")
    return None if math.isnan(given) else given


def texts(row: Row, column: str) -> list[str]:
    """A list of texts. Raises BadRecord for anything else."""
    value = row.get(column)
    if not _is_list(value) or not all(isinstance(item, str) for item in value):
        raise BadRecord(f"{column} is {str(value)[:40]!r}; expected a list of texts.")
    return [str(item) for item in value]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """Lists as JSON has them, and arrays as parquet gives them."""
    return isinstance(value, list | tuple) or (hasattr(value, "tolist") and hasattr(value, "__len__"))


NEEDED: Mapping[str, set[str]] = {
    "questions": {"question_id", "category", "turns"},
    "answers": {"question_id", "model_id", "choices"},
    "flat answers": {"question_id", "model", "turn1"},
    "singles": {"question_id", "model", "judge", "score", "turn"},
    "pairs": {"question_id", "model_1", "model_2", "g1_winner", "g2_winner", "judge", "turn"},
    "labels": {"question_id", "model_a", "model_b", "winner", "judge", "turn"},
}
READ: Mapping[str, Callable[[Row], Made]] = {
    "questions": question, "answers": answer, "flat answers": answer, REFERENCES: reference, "singles": single,
    "pairs": pair, "labels": label,
}  # fmt: skip
