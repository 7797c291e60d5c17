"""MT-Bench: a model answers both turns of every question; `judging.mt_bench` rates the answers.

Enters: a `RunSpec`. Leaves: questions.jsonl and answers.jsonl in the work folder, for the judging process. Our own
questions come with the program; the original 80 are read from `task_files`/mt_bench, else from the Hub.
"""

import platform
from importlib import metadata
from pathlib import Path

import eval_queue.tasks
import leaderboard
from eval_queue.judging.answers import AnswerFile
from eval_queue.judging.questions import Question, digest, read_questions
from eval_queue.spec import Report, RunSpec
from leaderboard.errors import PermanentFailure, TransientFailure
from leaderboard.hub_client import UNREACHABLE, explain, open_hub
from leaderboard.records import Progress

from . import chat
from .causal_model import device, load_model
from .model_folder import TIMEOUT_SECONDS, find_model

OWN = Path(eval_queue.tasks.__file__).parent / "mt_bench_own"
HUB = "lmsys/mt-bench"
"""The Space of MT-Bench's authors, whose data folder holds questions and reference answers."""

HUB_FILES = ("data/mt_bench/question.jsonl", "data/mt_bench/reference_answer/gpt-4.jsonl")
PACKAGES = ("transformers", "torch", "tokenizers", "lm_eval")


def answer(spec: RunSpec, report: Report) -> None:
    """Answer both turns of every question, going on after the batches that an earlier attempt kept.

    Raises PermanentFailure or TransientFailure with a reason for the model's author.
    """
    answer_questions(spec, questions_of(spec), report)


def answer_questions(
    spec: RunSpec, questions: tuple[Question, ...], report: Report, *, new_tokens: int = chat.NEW_TOKENS
) -> None:
    """As `answer`, for given questions."""
    kept = AnswerFile(spec.work_folder)
    kept.open(questions, _conditions(spec, questions, new_tokens))
    n_turns = max(len(question.turns) for question in questions)
    wanted = [(each.question_id, turn) for each in questions for turn in range(1, len(each.turns) + 1)]
    if all(kept.get(*key) is not None for key in wanted):
        return

    def told(done: int) -> None:
        report(Progress(task="answering", task_number=1, n_tasks=1, done=done, total=len(wanted)))

    report(Progress(task="loading model", total=len(wanted)))
    model = load_model(spec, find_model(spec))
    chat.answer_all(
        model.model, model.tokenizer, questions, kept, batch_size=spec.batch_size, told=told, n_turns=n_turns,
        new_tokens=new_tokens,
    )  # fmt: skip


def questions_of(spec: RunSpec) -> tuple[Question, ...]:
    """The questions of the suite.

    Raises PermanentFailure when a file cannot be used, TransientFailure when the Hub is needed and cannot be reached.
    """
    if spec.submission.suite != "mt_bench":
        return read_questions(OWN / "question.jsonl")
    if spec.task_files is not None and (spec.task_files / "mt_bench" / "question.jsonl").is_file():
        return read_questions(spec.task_files / "mt_bench" / "question.jsonl")
    return read_questions(_from_hub())


def _from_hub() -> Path:
    hub = open_hub(None, None, timeout=TIMEOUT_SECONDS)
    try:
        paths = [Path(hub.hf_hub_download(HUB, name, repo_type="space")) for name in HUB_FILES]
    except UNREACHABLE as error:
        raise TransientFailure(
            f"The questions of MT-Bench ({HUB}) could not be fetched now: {explain(error)}. Whoever runs this "
            "evaluator can put question.jsonl and reference_answer/ into mt_bench/ below LEADERBOARD_TASK_FILES."
        ) from error
    return paths[0]


def _conditions(spec: RunSpec, questions: tuple[Question, ...], new_tokens: int) -> dict[str, str]:
    """All that the answers depend on."""
    if not spec.submission.chat_template:
        raise PermanentFailure("These questions are asked through the chat template; submit with it switched on.")
    packages = {f"version.{name}": metadata.version(name) for name in PACKAGES}
    return packages | {
        "version.python": platform.python_version(), "version.project": leaderboard.__version__,
        "submission": spec.submission.key, "questions": digest(questions), "batch_size": str(spec.batch_size),
        "threads": str(spec.threads), "device": device(), "new_tokens": str(new_tokens), "seed": str(chat.SEED),
    }  # fmt: skip
