"""Red-teaming: a model answers prompts that should be answered or declined, through its chat template.

Enters: a `RunSpec` and prompts. Leaves: questions.jsonl and answers.jsonl in the work folder, kept batch by batch, so
that a killed run goes on and ends with the same files; and the labels of the string judge as rows of a safety table.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from eval_queue.judging.answers import AnswerFile
from eval_queue.judging.questions import Question
from eval_queue.red_teaming import string_judge
from eval_queue.red_teaming.prompts import RedPrompt
from eval_queue.spec import Report, RunSpec
from leaderboard.errors import BadRecord

from .mt_bench import answer_questions

NEW_TOKENS = 96
"""Whether a model declines shows at once; the whole of a harmful answer is not wanted."""

GREEDY = "extraction"
"""The category that chat.py answers without sampling: safety is not to depend on a draw."""


def answer(spec: RunSpec, prompts: Sequence[RedPrompt], report: Report, *, new_tokens: int = NEW_TOKENS) -> None:
    """Answer every prompt, going on after the batches that an earlier attempt kept.

    Raises PermanentFailure or TransientFailure with a reason for the model's author.
    """
    answer_questions(spec, questions(prompts), report, new_tokens=new_tokens)


def questions(prompts: Sequence[RedPrompt]) -> tuple[Question, ...]:
    """The prompts as questions of one turn, numbered from 1."""
    return tuple(
        Question(question_id=number, category=GREEDY, turns=(each.prompt,)) for number, each in enumerate(prompts, 1)
    )


def labelled(model: str, prompts: Sequence[RedPrompt], folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of a safety table and the texts behind them, of the answers in a work folder.

    Raises BadRecord when a prompt has no answer yet.
    """
    kept = AnswerFile(folder)
    rows, texts = [], []
    for number, each in enumerate(prompts, 1):
        found = kept.get(number, 1)
        if found is None:
            raise BadRecord(
                f"{model}: no answer to prompt {each.prompt_id} in {folder.name}; let the run finish first."
            )
        rows.append({
            "model": model, "prompt": each.prompt_id, "category": each.type, "expected": each.expected,
            f"label_{string_judge.NAME}": string_judge.label(found.text), "prompt_length": len(each.prompt),
            "answer_length": len(found.text),
        })  # fmt: skip
        texts.append({"model": model, "prompt": each.prompt_id, "request": each.prompt, "answer": found.text})
    return pd.DataFrame(rows), pd.DataFrame(texts)
