"""AlpacaEval-style comparison: a model answers single instructions; `judging.pairwise` compares with a baseline.

Enters: a `RunSpec`. Leaves: questions.jsonl and answers.jsonl in the work folder. The instructions are the first turns
of our own questions.
"""

from eval_queue.judging.questions import Question
from eval_queue.spec import Report, RunSpec

from .mt_bench import answer_questions, questions_of


def answer(spec: RunSpec, report: Report) -> None:
    """Answer every instruction, going on after the batches that an earlier attempt kept.

    Raises PermanentFailure or TransientFailure with a reason for the model's author.
    """
    answer_questions(spec, tuple(_first_turn(question) for question in questions_of(spec)), report)


def _first_turn(question: Question) -> Question:
    return question.model_copy(update={"turns": question.turns[:1], "reference": question.reference[:1]})
