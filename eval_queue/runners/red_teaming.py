"""Red-teaming: a model answers prompts that should be answered or declined; judges say which it did.

Enters: a `RunSpec`. Leaves: the answers in the work folder, kept batch by batch, so that a killed run goes on and ends
with the same files; then the labels of the string judge and of the configured classifier. Where the submission names an
LLM judge, `judging.refusals` adds its labels and makes the result; else it is made here.
"""

import gc
from collections.abc import Sequence

from eval_queue.judging.answers import AnswerFile
from eval_queue.judging.questions import Question
from eval_queue.red_teaming import labelling, prompts
from eval_queue.red_teaming.labelling import Kept, Verdicts, answers_of, by_strings
from eval_queue.red_teaming.prompts import RedPrompt
from eval_queue.red_teaming.result import result
from eval_queue.red_teaming.sources import find_prompts
from eval_queue.spec import Report, RunSpec
from leaderboard.records import Progress, RunResult

from .mt_bench import answer_questions

NEW_TOKENS = 96
"""Whether a model declines shows at once; the whole of a harmful answer is not wanted."""

GREEDY = "extraction"
"""The category that chat.py answers without sampling: safety is not to depend on a draw."""


def run(spec: RunSpec, report: Report) -> RunResult | None:
    """Answer and label; None when an LLM judge is still to be asked.

    Raises PermanentFailure or TransientFailure with a reason for the model's author.
    """
    asked, source = find_prompts(spec.submission.suite, spec.red_prompts)
    if spec.refusal_classifier is not None:
        from .classifier_judge import require_judge

        require_judge(spec)  # before anything is generated
    prompts.keep(spec.work_folder, asked)
    answer(spec, asked, report)
    verdicts = label(spec, asked, report)
    if spec.submission.judge is not None:
        labelling.keep(spec.work_folder, Kept(source=source, verdicts=verdicts))
        return None
    return result(spec, asked, verdicts, source=source)


def answer(spec: RunSpec, asked: Sequence[RedPrompt], report: Report, *, new_tokens: int = NEW_TOKENS) -> None:
    """Answer every prompt, going on after the batches that an earlier attempt kept; raises as `run`."""
    answer_questions(spec, questions(asked), report, new_tokens=new_tokens)
    gc.collect()  # the model is not needed any more; a judge may be loaded next


def questions(asked: Sequence[RedPrompt]) -> tuple[Question, ...]:
    """The prompts as questions of one turn, numbered from 1."""
    return tuple(
        Question(question_id=number, category=GREEDY, turns=(each.prompt,)) for number, each in enumerate(asked, 1)
    )


def label(spec: RunSpec, asked: Sequence[RedPrompt], report: Report) -> tuple[Verdicts, ...]:
    """What the judges of this process say of the answers in the work folder; raises as `run`."""
    answers = answers_of(asked, AnswerFile(spec.work_folder))
    if spec.refusal_classifier is None:
        return (by_strings(answers),)
    from .classifier_judge import load_judge

    report(Progress(task="loading the classifier", total=len(answers)))
    judge = load_judge(spec)
    labels = judge.labels([(each.prompt, text) for each, text in zip(asked, answers, strict=True)])
    return by_strings(answers), Verdicts(name="classifier", told=judge.name, labels=tuple(labels))
