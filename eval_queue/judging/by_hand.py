"""`python -m eval_queue judge`: try out the configured judge, or have it judge answers that are already there.

Enters: `Settings` and files in FastChat's or AlpacaEval's form. Leaves: a report on stdout, or a folder in FastChat's
layout that `leaderboard import mt-bench` reads; a run that was stopped goes on where it was, paying nothing twice.
"""

import argparse
import sys

from leaderboard.errors import BadSetting
from leaderboard.records import Progress
from leaderboard.settings import Settings

from . import mt_bench, run
from .answers import Given, read_given
from .asking import costs
from .config import JudgeConfig, judge_of
from .endpoint import EndpointJudge
from .evidence import Pair, Rating, write_fastchat
from .loops import in_own_loop
from .pairs import compare, pairs_of
from .prompts import Exchange, ask_rating
from .questions import read_questions
from .verdicts import read_rating

TRIAL = Exchange(question="What is two plus two?", answers=("Two plus two is four.",), reference="4")


def require_judge(settings: Settings) -> JudgeConfig:
    """The configured judge. Raises BadSetting when there is none."""
    config = judge_of(settings)
    if config is None:
        raise BadSetting(
            "No judge is configured. Set LEADERBOARD_JUDGE_MODEL and LEADERBOARD_JUDGE_URL (an OpenAI-compatible "
            "endpoint, e.g. http://127.0.0.1:8000/v1), and LEADERBOARD_JUDGE_KEY where it asks for a key."
        )
    return config


def check(options: argparse.Namespace, settings: Settings) -> int:
    """Ask for one verdict and show it; 1 when none could be read. Raises BadSetting without a judge."""
    del options
    config = require_judge(settings)
    asked = ask_rating([TRIAL], config=config, secret=b"a trial")

    async def ask() -> tuple[str, float | None, str]:
        async with EndpointJudge(config) as judge:
            reply = await judge.ask(asked.request)
        count = f"{reply.prompt_tokens} tokens sent, {reply.completion_tokens} received, {reply.seconds:.1f} s"
        return reply.text, read_rating(reply, tag=asked.tag, judged=asked.judged), count

    text, rating, count = in_own_loop(ask())
    verdict = "no verdict could be read" if rating is None else f"rating {rating:g} of 10"
    sys.stdout.write(f"{config.model}: {verdict}; {count}\n{text[:2_000]}\n")
    return 1 if rating is None else 0


def answers(options: argparse.Namespace, settings: Settings) -> int:
    """Judge the answers of a file. Raises BadSetting without a judge, EvaluationError when something cannot be used."""
    config, out = require_judge(settings), options.output
    questions = read_questions(options.questions)
    name, given = read_given(options.file, questions)
    other, baseline = read_given(options.baseline, questions) if options.baseline else ("", Given(()))
    secret = run.secret_of(out)
    calls = mt_bench.plan(questions, given, config=config, secret=secret)
    comparisons = compare(questions, given, baseline, config=config, secret=secret, both_orders=True)
    requests = [each.request for each in calls.values()]
    requests += [call.request for each in comparisons for call in each.orders if call]
    replies = run.ask(out, requests, config, _show)
    ratings = mt_bench.read(questions, given, calls, replies)
    pairs = pairs_of(comparisons, replies)
    texts = {name: given} | ({other: baseline} if other else {})
    write_fastchat(
        out, questions, answers=dict(texts), judge=config.model, ratings={name: ratings}, pairs=pairs,
        models=(name, other),
    )  # fmt: skip
    facts = costs(replies, config) | run.flags(given, questions)
    sys.stdout.write(_summary(name, ratings, pairs) + "".join(f"{key}: {value}\n" for key, value in facts.items()))
    return 0


def _summary(name: str, ratings: list[Rating], pairs: list[Pair]) -> str:
    known = [each.rating for each in ratings if each.rating is not None]
    mean = f"mean rating {sum(known) / len(known):.2f} of 10" if known else "no rating"
    lines = [f"{name}: {mean}, {len(known)} of {len(ratings)} turns judged"]
    scores = [each.score for each in pairs if each.score is not None]
    if pairs:
        rate = f"{sum(scores) / len(scores):.3f}" if scores else "unknown"
        lines.append(f"win rate {rate}, {len(scores)} of {len(pairs)} judged in both orders")
    return "\n".join(lines) + "\n"


def _show(progress: Progress) -> None:
    sys.stderr.write(f"\r{progress.done} of {progress.total} verdicts")
    if progress.done == progress.total:
        sys.stderr.write("\n")
