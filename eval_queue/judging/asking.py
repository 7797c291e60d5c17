"""Many calls to a judge: several at a time, each at most once, all replies on disk before they are used.

Enters: requests, a judge and the log. Leaves: replies by the key of their request, None where the judge refused one.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from leaderboard.errors import PermanentFailure

from .config import JudgeConfig
from .judge import Judge, JudgeReply, JudgeRequest, RefusedCall
from .verdict_log import VerdictLog

Told = Callable[[int, int], None]
"""Called with the number of replies there are, and of those wanted."""


@dataclass(kw_only=True)
class Answers:
    """Replies by request key, those refused with a reason, and how many calls this process made."""

    replies: dict[str, JudgeReply] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    n_made: int = 0


async def ask_all(
    requests: Iterable[JudgeRequest], judge: Judge, log: VerdictLog, *, concurrency: int, told: Told = lambda *_: None
) -> Answers:
    """Ask whatever the log does not answer yet.

    Raises TransientFailure or PermanentFailure as the judge does, after the other calls under way have ended and been
    kept.
    """
    wanted = {request.key: request for request in requests}
    answers = Answers(replies={key: reply for key in wanted if (reply := log.get(key)) is not None})
    waiting = iter([(key, request) for key, request in wanted.items() if key not in answers.replies])
    failures: list[Exception] = []
    told(len(answers.replies), len(wanted))

    async def work() -> None:
        for key, request in waiting:
            if failures:
                return
            answers.n_made += 1
            try:
                reply = await judge.ask(request)
            except RefusedCall as refusal:
                answers.refused[key] = str(refusal)
            else:
                await log.add(key, reply)
                answers.replies[key] = reply
            told(len(answers.replies) + len(answers.refused), len(wanted))

    async def guarded() -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - raised below, when calls that are paid for have been kept
            failures.append(error)

    await asyncio.gather(*(guarded() for _ in range(concurrency)))
    await log.settle()
    if failures:
        raise failures[0]
    return answers


def require_replies(answers: Answers) -> None:
    """Raise PermanentFailure when the judge refused every call: nothing can be scored."""
    if answers.refused and not answers.replies:
        reason = next(iter(answers.refused.values()))
        raise PermanentFailure(f"The judge took none of {len(answers.refused)} calls: {reason}. Check its settings.")


def costs(answers: Answers, config: JudgeConfig) -> dict[str, str]:
    """Tokens and money of all replies, as the result tells them; no figure that is not known."""
    found = {"judge_calls": str(len(answers.replies) + len(answers.refused))}
    sums: dict[str, int] = {}
    for name in ("prompt_tokens", "completion_tokens"):
        counts = [getattr(reply, name) for reply in answers.replies.values()]
        if counts and None not in counts:
            sums[name] = sum(counts)
            found[f"judge_{name}"] = str(sums[name])
    if len(sums) == 2 and config.price_in is not None and config.price_out is not None:
        cost = (sums["prompt_tokens"] * config.price_in + sums["completion_tokens"] * config.price_out) / 1e6
        found["judge_cost"] = f"{cost:.6f}"
    return found
