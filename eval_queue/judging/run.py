"""What the judging of every suite has in common: its folder, its secret, the judge, the result it is written into.

Layout below the work folder: judging/secret (of the prompts' marks), judging/replies.jsonl (`verdict_log`).
"""

import math
import os
import platform
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import leaderboard
from eval_queue.spec import Report, RunSpec
from leaderboard.errors import PermanentFailure
from leaderboard.records import Progress, RunResult, TaskScore
from leaderboard.stores import write_file

from . import prompts
from .answers import AnswerFile, Texts
from .asking import Answers, ask_all, costs, require_replies
from .config import JudgeConfig
from .endpoint import EndpointJudge
from .judge import Judge, JudgeReply, JudgeRequest
from .loops import in_own_loop
from .questions import Question, digest
from .sameness import constant_flag
from .verdict_log import VerdictLog
from .verdicts import looks_like_a_verdict


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One task's verdicts as a score; None when no verdict could be used."""

    task: str
    score: TaskScore | None
    n_asked: int


def secret_of(folder: Path) -> bytes:
    """The secret of a run's prompts, made at its first use; durable before anything is asked."""
    path = folder / "judging" / "secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_file(path, secrets.token_hex(32).encode())
    return path.read_bytes()


def ask(
    folder: Path, requests: Sequence[JudgeRequest], config: JudgeConfig, report: Report, judge: Judge | None = None,
    *, needed: bool = True,
) -> Answers:  # fmt: skip
    """Replies to all requests, of `judge` or else of the configured endpoint, going on after those in the log.

    When none was taken, a PermanentFailure says so if one is `needed`.
    """

    def told(done: int, total: int) -> None:
        report(Progress(task="judging", task_number=1, n_tasks=1, done=done, total=total))

    async def all_of_them() -> Answers:
        with VerdictLog(folder / "judging" / "replies.jsonl") as log:
            if judge is not None:
                return await ask_all(requests, judge, log, concurrency=config.concurrency, told=told)
            async with EndpointJudge(config) as endpoint:
                return await ask_all(requests, endpoint, log, concurrency=config.concurrency, told=told)

    answers = in_own_loop(all_of_them())
    if needed:
        require_replies(answers)
    return answers


def require_header(answers: AnswerFile) -> None:
    """Raise PermanentFailure when there are no answers to judge."""
    if answers.header is None:
        raise PermanentFailure("There are no answers to judge: the step that collects them left none.")


def result(
    spec: RunSpec, scored: Sequence[Scored], replies: Answers, *, config: JudgeConfig, answers: AnswerFile,
    questions: Sequence[Question], extra: dict[str, str],
) -> RunResult:  # fmt: skip
    """The result of a judged run. Raises PermanentFailure when no verdict at all could be used."""
    scores = tuple(each.score for each in scored if each.score is not None)
    n_asked, n = sum(each.n_asked for each in scored), sum(score.n for score in scores)
    if not scores or answers.header is None:
        raise PermanentFailure(
            f"The judge {config.model} gave no usable verdict on {n_asked} answers, so nothing was scored. Whoever "
            "runs this evaluator can try `python -m eval_queue judge check`, or another judge."
        )
    environment = {
        "platform": platform.platform(), "machine": platform.machine(), "cpus": str(os.cpu_count()),
        "judge": config.model, "judge_served_by": _served_by(replies.replies.values()), "judge_output": config.output,
        "judge_prompts": prompts.VERSION, "judge_coverage": f"{n} of {n_asked}",
        "questions": f"{len(questions)} questions, sha256 {digest(questions)[:16]}",
        **costs(replies, config), **flags(answers, questions), **extra,
    }  # fmt: skip
    versions = {"openai": metadata.version("openai"), "project": leaderboard.__version__}
    generated = {name: text for name, text in answers.header.conditions.items() if name.startswith("version.")}
    return RunResult(
        submission=spec.submission, started_at=answers.header.started_at, finished_at=datetime.now(UTC), tasks=scores,
        versions=versions | {name.removeprefix("version."): text for name, text in generated.items()},
        samples={score.task: f"samples/{score.task}.parquet" for score in scores}, environment=environment,
    )  # fmt: skip


def flags(answers: Texts, questions: Sequence[Question]) -> dict[str, str]:
    """What a reader of the score must know about the answers."""
    keys = [(question.question_id, turn) for question in questions for turn in range(1, len(question.turns) + 1)]
    texts = [answer.text for key in keys if (answer := answers.get(*key)) is not None]
    found: dict[str, str] = {}
    if flag := constant_flag(texts):
        found["flag_constant"] = flag
    if n_empty := sum(not text.strip() for text in texts):
        found["flag_empty"] = f"{n_empty} of {len(texts)} answers are empty"
    if n_verdicts := sum(looks_like_a_verdict(text) for text in texts):
        found["answers_like_verdicts"] = f"{n_verdicts} of {len(texts)}"
    return found


def clustered_error(values: Sequence[float], clusters: Sequence[int]) -> float | None:
    """Standard error of a mean whose values come in clusters (the turns of a question); None for one cluster."""
    names = sorted(set(clusters))
    if len(names) < 2:
        return None
    mean = math.fsum(values) / len(values)
    sums = [math.fsum(v - mean for v, c in zip(values, clusters, strict=True) if c == name) for name in names]
    return math.sqrt(math.fsum(each * each for each in sums) * len(names) / (len(names) - 1)) / len(values)


def _served_by(replies: Iterable[JudgeReply]) -> str:
    names = sorted({reply.served_by for reply in replies if reply.served_by})
    return ", ".join(names)[:300]
