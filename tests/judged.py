"""A small judged run for tests: eight questions, one a category, a tiny model or given answers, a judge's settings."""

import json
from pathlib import Path

from eval_queue.judging.answers import Answer, AnswerFile
from eval_queue.judging.config import JudgeConfig
from eval_queue.judging.questions import Question
from eval_queue.spec import RunSpec
from leaderboard.suites import CATEGORIES
from tests.models import spec_for

KEY = "sk-the-key-that-nobody-may-see"
QUESTIONS = tuple(
    Question(
        question_id=at, category=category, turns=(f"What is {category} good for?", "Say it in one word."),
        reference=("It is good for much.", "Much.") if category in ("math", "reasoning", "coding") else (),
    )
    for at, category in enumerate(CATEGORIES, 201)
)  # fmt: skip


def judge_config(url: str = "http://127.0.0.1:9/v1", **changes: object) -> JudgeConfig:
    values = {"model": "stub/judge", "url": url, "key": KEY, "first_wait_seconds": 0.01, "timeout_seconds": 5.0}
    return JudgeConfig.model_validate(values | changes)


def judged_spec(model: Path, work: Path, **changes: object) -> RunSpec:
    spec = spec_for(model, work, **{"suite": "mt_bench_own", "chat_template": True} | changes)  # type: ignore[arg-type]
    return spec.model_copy(update={"batch_size": 3})


def give_answers(work: Path, text: str = "Question {id}, turn {turn}: {word}.") -> None:
    """Answers as the answering step leaves them."""
    kept = AnswerFile(work)
    kept.open(QUESTIONS, {"submission": "x"})
    words = ("apples", "rivers", "engines", "violins", "deserts", "planets", "kitchens", "winters")
    kept.add(
        Answer(
            question_id=q.question_id, turn=turn, text=text.format(id=q.question_id, turn=turn, word=words[at] * turn)
        )
        for at, q in enumerate(QUESTIONS) for turn in (1, 2)
    )  # fmt: skip


def baseline_file(path: Path) -> Path:
    rows = [
        {"question_id": q.question_id, "model_id": "base/line", "choices": [{"index": 0, "turns": ["Maybe.", "No."]}]}
        for q in QUESTIONS
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
