"""MT-Bench judging: both turns of every answer rated 1..10, and compared with a baseline where one is configured.

Enters: a work folder with questions and answers, a judge. Leaves: a `RunResult` with one score a category, the mean
rating divided by 10 (`suites.RATING_METRIC`), and every rating with its text as evidence. Missing ratings are left out
of the mean, counted, and listed with their reason.
"""

from collections.abc import Sequence
from pathlib import Path

from eval_queue.spec import Report, RunSpec
from leaderboard.records import RunResult, TaskScore
from leaderboard.stores import write_file
from leaderboard.suites import MT_BENCH, RATING_METRIC, SUITES

from . import run
from .answers import AnswerFile, Given, Texts, read_asked, read_given
from .asking import Answers
from .config import JudgeConfig
from .evidence import Pair, Rating, pairs_parquet, ratings_parquet
from .judge import Judge
from .pairs import compare, pairs_of
from .prompts import Asked, Exchange, ask_rating
from .questions import Question
from .verdicts import HIGHEST, read_rating

NO_ANSWER = "there is no answer"
NO_VERDICT = "no verdict could be read from the judge's message"
CUT_OFF = "the judge's message was cut off"


def judge(spec: RunSpec, report: Report, *, judge: JudgeConfig, asked: Judge | None = None) -> RunResult:
    """Judge the answers in the work folder; `asked` stands in for the endpoint in tests.

    Raises PermanentFailure and TransientFailure with a reason; verdicts so far are kept.
    """
    folder = spec.work_folder
    questions, answers = read_asked(folder), AnswerFile(folder)
    run.require_header(answers)
    secret = run.secret_of(folder)
    calls = plan(questions, answers, config=judge, secret=secret)
    name, baseline = _baseline(spec, questions)
    comparisons = compare(questions, answers, baseline, config=judge, secret=secret, both_orders=True)
    requests = [each.request for each in calls.values()]
    requests += [each.request for comparison in comparisons for each in comparison.orders if each]
    replies = run.ask(folder, requests, judge, report, asked)
    ratings = read(questions, answers, calls, replies)
    scored = keep_ratings(spec, ratings, judge.model)
    extra = keep_pairs(folder, pairs_of(comparisons, replies), (spec.submission.model, name), judge.model)
    result = run.result(spec, scored, replies, config=judge, answers=answers, questions=questions, extra=extra)
    # Answers without any usable verdict are evidence too: their page says why they have no score.
    names = [*(each.task for each in scored), *(["pairs"] if extra else [])]
    return result.model_copy(update={"samples": {name: f"samples/{name}.parquet" for name in names}})


def plan(
    questions: Sequence[Question], answers: Texts, *, config: JudgeConfig, secret: bytes
) -> dict[tuple[int, int], Asked]:
    """One call for every answered turn, by question and turn."""
    calls = {}
    for question in questions:
        exchanges: list[Exchange] = []
        for turn, text in enumerate(question.turns, 1):
            answer = answers.get(question.question_id, turn)
            if answer is None:
                break
            exchanges.append(Exchange(question=text, answers=(answer.text,), reference=question.reference_of(turn)))
            calls[question.question_id, turn] = ask_rating(exchanges, config=config, secret=secret)
    return calls


def read(
    questions: Sequence[Question], answers: Texts, calls: dict[tuple[int, int], Asked], replies: Answers
) -> list[Rating]:
    """The rating of every turn of every question, or why it is missing."""
    found = []
    for question in questions:
        for turn in range(1, len(question.turns) + 1):
            answer, call = answers.get(question.question_id, turn), calls.get((question.question_id, turn))
            if answer is None or call is None:
                found.append(
                    Rating(question=question, turn=turn, answer="", rating=None, judgment=None, missing=NO_ANSWER)
                )
                continue
            reply = replies.replies.get(call.request.key)
            rating = read_rating(reply, tag=call.tag, judged=call.judged) if reply else None
            found.append(
                Rating(
                    question=question, turn=turn, answer=answer.text, rating=rating, tokens=answer.tokens,
                    cut=answer.cut, judgment=reply.text if reply else None,
                    missing="" if rating is not None else _why(call, replies),
                )
            )  # fmt: skip
    return found


def keep_ratings(spec: RunSpec, ratings: Sequence[Rating], judge: str) -> list[run.Scored]:
    """Write the evidence of every category, and score it."""
    suite = SUITES[spec.submission.suite]
    scored = []
    for task in suite.tasks:
        category = task.name.partition("_")[2]
        mine = [each for each in ratings if each.question.category == category]
        data = ratings_parquet(mine, task=task.name, model=spec.submission.model, judge=judge)
        _write(spec.work_folder / "samples" / f"{task.name}.parquet", data)
        scored.append(run.Scored(task=task.name, score=_score(task.name, mine), n_asked=len(mine)))
    return scored


def keep_pairs(folder: Path, pairs: Sequence[Pair], models: tuple[str, str], judge: str) -> dict[str, str]:
    """Write the comparisons beside the ratings, and say how they went; nothing without a baseline."""
    if not pairs:
        return {}
    _write(folder / "samples" / "pairs.parquet", pairs_parquet(pairs, task="pairs", models=models, judge=judge))
    scores = [each.score for each in pairs if each.score is not None]
    rate = f"{sum(scores) / len(scores):.3f}" if scores else "none"
    inconsistent = sum(each.inconsistent for each in pairs)
    return {
        "baseline": models[1],
        "baseline_win_rate": f"{rate}; {len(scores)} of {len(pairs)} judged, {inconsistent} changed with the order",
    }  # fmt: skip


def _score(task: str, ratings: Sequence[Rating]) -> TaskScore | None:
    known = [(each.rating / HIGHEST, each.question.question_id) for each in ratings if each.rating is not None]
    if not known:
        return None
    values, clusters = [value for value, _ in known], [cluster for _, cluster in known]
    return TaskScore(
        task=task, metric=RATING_METRIC, score=sum(values) / len(values), n=len(values),
        standard_error=run.clustered_error(values, clusters),
    )  # fmt: skip


def _baseline(spec: RunSpec, questions: Sequence[Question]) -> tuple[str, Texts]:
    """The baseline has answered our own questions; ids of the original ones may be the same, and mean others."""
    if spec.baseline is None or spec.submission.suite == MT_BENCH.name:
        return "", Given(())
    return read_given(spec.baseline, questions)


def _why(call: Asked, replies: Answers) -> str:
    reply = replies.replies.get(call.request.key)
    if reply is None:
        return replies.refused.get(call.request.key, "the judge was not asked")
    return CUT_OFF if reply.cut_off else NO_VERDICT


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, data)
