"""Rows of the H4 datasets of 2023 (people's and GPT-4's Likert answers) -> one battle table.

Two layouts are known by their columns, as the H4 leaderboard read them from its datasets:
people (Scale): `task_id`, `status`, `params` {templateVariables: {prompt, modela, modelb, response1, response2}},
    `response` {annotations: {Preference}, responses: [{Preference}]}; Preference is 1 to 8, or its text;
GPT-4: `review_id`, `question`, `model1`, `model2`, `answer1`, `answer2`, `score`: [likert] or two points [a, b].
A folder may hold several files; the category of people's rows is then the name of their file (instruct,
code_instruct). Cancelled, unanswered and unreadable rows are left out and counted. Prompts become codes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.sources.battle_tables import BattleCard, JudgeCard
from leaderboard.sources.preference_files import short_code
from leaderboard.sources.row_files import is_table, read_rows
from leaderboard.sources.tables import Finding, Rejected

HUMAN, GPT4 = ("params", "response"), ("model1", "model2", "score")
JUDGES = {
    "human": JudgeCard(name="human", label="People", kind="human", sides="shown"),
    "gpt-4": JudgeCard(name="gpt-4", label="GPT-4", kind="model", sides="shown"),
}


class _LeftOut(Exception):
    """A row that says nothing; its text is the reason."""


def read_h4(path: Path, name: str, now: datetime) -> tuple[BattleCard, pd.DataFrame]:
    """The rows of a file, or of all files of a folder, as a battle table with column likert (or winner, of points).

    Raises BadRecord when nothing can be read, or when likert answers and points are mixed.
    """
    files = [path] if path.is_file() else sorted(filter(is_table, path.iterdir()))
    rows: list[dict[str, Any]] = []
    rejected: list[Rejected] = []
    left_out: Counter[str] = Counter()
    for file in files:
        try:
            rows += _rows(file, left_out, category=None if path.is_file() else file.stem)
        except BadRecord as error:
            rejected.append(Rejected(where=file.name, reason=str(error)))
    if not rows:
        reasons = [item.reason for item in rejected] + [f"{n} rows: {why}" for why, n in left_out.items()]
        raise BadRecord(f"Nothing could be read from {path}: {' '.join(reasons)[:300] or 'no files.'}")
    frame = pd.DataFrame(rows).dropna(axis="columns", how="all")
    _refuse_mixture(frame, path)
    return _card(frame, name, now, path, left_out, rejected), frame


def _rows(path: Path, left_out: "Counter[str]", *, category: str | None) -> list[dict[str, Any]]:
    frame = read_rows(path, [])
    if set(HUMAN) <= set(frame):
        parse, extra = _human, {"category": category}
    elif set(GPT4) <= set(frame):
        parse, extra = _gpt4, {"category": None}
    else:
        raise BadRecord(
            f"{path}: not rows of H4; expected columns {', '.join(HUMAN)} (people) or {', '.join(GPT4)} (GPT-4), "
            f"found {', '.join(map(str, frame.columns[:12]))}."
        )
    return list(_parsed(frame, parse, extra, left_out))


def _parsed(
    frame: pd.DataFrame, parse: Any, extra: Mapping[str, Any], left_out: "Counter[str]"
) -> Iterator[dict[str, Any]]:
    for row in frame.to_dict("records"):
        try:
            yield parse(row) | extra
        except _LeftOut as reason:
            left_out[str(reason)] += 1


def _human(row: Mapping[str, Any]) -> dict[str, Any]:
    if row.get("status") == "canceled":
        raise _LeftOut("the task was cancelled")
    try:
        asked = row["params"]["templateVariables"]
        answer = row["response"]["annotations"]["Preference"]
        single = [each["Preference"] for each in row["response"]["responses"]]
    except (KeyError, TypeError) as error:
        raise _LeftOut("parts of the row are missing") from error
    if any(value in ("", None) for value in single):
        raise _LeftOut("an annotator gave no answer")
    values = {"model_a": asked.get("modela"), "model_b": asked.get("modelb"), "likert": _likert(answer)}
    return _pair(values, asked.get("prompt"), asked.get("response1"), asked.get("response2")) | {"judge": "human"}


def _gpt4(row: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {"model_a": row["model1"], "model_b": row["model2"]}
    scores = list(row["score"]) if hasattr(row["score"], "__len__") and not isinstance(row["score"], str) else []
    if len(scores) == 1:
        values["likert"] = _likert(scores[0])
    elif len(scores) == 2:
        values |= _points(scores)
    else:
        raise _LeftOut("score is no list of one or two numbers")
    return _pair(values, row.get("question"), row.get("answer1"), row.get("answer2")) | {"judge": "gpt-4"}


def _likert(value: object) -> int:
    try:
        number = float(str(value))
    except ValueError:
        number = float("nan")
    if number not in range(1, 9):
        raise _LeftOut("the preference is no whole number from 1 to 8")
    return int(number)


def _points(scores: list[Any]) -> dict[str, Any]:
    try:
        a, b = (float(value) for value in scores)
    except (TypeError, ValueError) as error:
        raise _LeftOut("the points are no numbers") from error
    if a < 0 or b < 0 or a != a or b != b:
        raise _LeftOut("the points are no numbers of at least 0")
    return {"score_a": a, "score_b": b, "winner": "model_a" if a > b else "model_b" if a < b else "tie"}


def _pair(values: dict[str, Any], prompt: object, answer_a: object, answer_b: object) -> dict[str, Any]:
    names = values["model_a"], values["model_b"]
    if not all(isinstance(name, str) and name.strip() for name in names) or names[0] == names[1]:
        raise _LeftOut("it does not name two models")
    code = short_code(prompt) if isinstance(prompt, str) else None
    lengths = (len(answer) if isinstance(answer, str) else None for answer in (answer_a, answer_b))
    return values | {"question": code} | dict(zip(("length_a", "length_b"), lengths, strict=True))


def _refuse_mixture(frame: pd.DataFrame, path: Path) -> None:
    if "likert" in frame and "score_a" in frame:
        raise BadRecord(f"{path}: has likert answers and points; import them as two tables.")


def _card(
    frame: pd.DataFrame, name: str, now: datetime, path: Path, left_out: "Counter[str]", rejected: list[Rejected]
) -> BattleCard:
    return BattleCard(
        name=name, label=name.replace("_", " "), order=15, title=f"Imported H4 answers: {name}", kind="battles",
        about="Answers on a scale from 1 (first much better) to 8 (second much better), or points, of people and "
        "GPT-4. Categories are the files of people's rows.",
        source=f"{path.name}, imported on {now:%Y-%m-%d}.", license="as the imported files", as_of=now,
        tabs=("human_gpt4", "judge_audit"), judges=tuple(JUDGES[judge] for judge in sorted(set(frame["judge"]))),
        question_info="Code of the prompt's text.",
        findings=tuple(
            Finding(what=f"Row left out: {why}.", rows=n, treatment="Not counted.") for why, n in left_out.items()
        ),
        rejected=tuple(rejected),
    )  # fmt: skip
