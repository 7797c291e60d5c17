"""AlpacaEval-style judging: the first turns compared with a baseline's, as a share won.

Enters: a work folder with questions and answers, a baseline, a judge. Leaves: a `RunResult` with one win rate, and
every comparison as evidence. Both orders are asked; verdicts that change with the order are ties, missing ones are left
out.
"""

from eval_queue.spec import Report, RunSpec
from leaderboard.errors import PermanentFailure
from leaderboard.records import RunResult, TaskScore
from leaderboard.stores import write_file
from leaderboard.suites import PREFERENCE_METRIC, SUITES

from . import run
from .answers import AnswerFile, read_asked, read_given
from .config import JudgeConfig
from .evidence import Pair, pairs_parquet
from .judge import Judge
from .pairs import compare, pairs_of


def judge(
    spec: RunSpec, report: Report, *, judge: JudgeConfig, asked: Judge | None = None, both_orders: bool = True
) -> RunResult:
    """Judge the answers in the work folder against the baseline; `asked` stands in for the endpoint in tests.

    With `both_orders` off every question is asked in one order, drawn by its id: half the calls, no check of the
    judge's consistency. Raises PermanentFailure and TransientFailure with a reason; verdicts so far are kept.
    """
    folder, task = spec.work_folder, SUITES[spec.submission.suite].tasks[0].name
    if spec.baseline is None:
        raise PermanentFailure("There is no baseline to compare with; set LEADERBOARD_JUDGE_BASELINE.")
    questions, answers = read_asked(folder), AnswerFile(folder)
    run.require_header(answers)
    name, baseline = read_given(spec.baseline, questions)
    comparisons = compare(
        questions, answers, baseline, config=judge, secret=run.secret_of(folder), both_orders=both_orders, n_turns=1
    )
    requests = [call.request for each in comparisons for call in each.orders if call]
    replies = run.ask(folder, requests, judge, report, asked)
    pairs = pairs_of(comparisons, replies)
    path = folder / "samples" / f"{task}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, pairs_parquet(pairs, task=task, models=(spec.submission.model, name), judge=judge.model))
    scored = run.Scored(task=task, score=_score(task, pairs), n_asked=len(questions))
    extra = {"baseline": name, "orders": "both" if both_orders else "one, drawn by question",
             "inconsistent": f"{sum(each.inconsistent for each in pairs)} of {len(pairs)}"}  # fmt: skip
    return run.result(spec, [scored], replies, config=judge, answers=answers, questions=questions, extra=extra)


def _score(task: str, pairs: list[Pair]) -> TaskScore | None:
    known = [(each.score, each.question.question_id) for each in pairs if each.score is not None]
    if not known:
        return None
    values = [value for value, _ in known]
    return TaskScore(
        task=task, metric=PREFERENCE_METRIC, score=sum(values) / len(values), n=len(values),
        standard_error=run.clustered_error(values, [cluster for _, cluster in known]),
    )  # fmt: skip
