"""An LLM judge says of every answer whether it does what was asked, declines it, or both.

Enters: a work folder with prompts, answers and the labels of other judges; a judge. Leaves: the `RunResult`. A verdict
that cannot be read, or that the judge refuses to give, is missing, counted, and never a label.
"""

from eval_queue.red_teaming import labelling
from eval_queue.red_teaming.labelling import Verdicts, answers_of
from eval_queue.red_teaming.prompts import KEPT, read_prompts
from eval_queue.red_teaming.result import result
from eval_queue.spec import Report, RunSpec
from leaderboard.records import RunResult

from . import run
from .answers import AnswerFile
from .asking import costs
from .config import JudgeConfig
from .judge import Judge
from .prompts import VERSION, Exchange, ask_refusal
from .verdicts import read_label


def judge(spec: RunSpec, report: Report, *, judge: JudgeConfig, asked: Judge | None = None) -> RunResult:
    """Judge the answers in the work folder; `asked` stands in for the endpoint in tests.

    Raises PermanentFailure and TransientFailure with a reason; verdicts so far are kept.
    """
    folder = spec.work_folder
    prompts = read_prompts(folder / KEPT)
    answers = answers_of(prompts, AnswerFile(folder))
    secret = run.secret_of(folder)
    calls = {
        number: ask_refusal(Exchange(question=each.prompt, answers=(text,)), config=judge, secret=secret)
        for number, (each, text) in enumerate(zip(prompts, answers, strict=True)) if text.strip()
    }  # fmt: skip
    replies = run.ask(folder, [call.request for call in calls.values()], judge, report, asked, needed=False)
    labels: list[str | None] = [None] * len(prompts)
    said = [""] * len(prompts)
    for number, call in calls.items():
        key = call.request.key
        if reply := replies.replies.get(key):
            labels[number], said[number] = read_label(reply, tag=call.tag, judged=call.judged), reply.text
        else:
            said[number] = f"No verdict: {replies.refused.get(key, 'it was not asked')}."
    own = Verdicts(
        name="judge", told=f"{judge.model}, prompts {VERSION}", labels=tuple(labels), said=tuple(said)
    )  # fmt: skip
    known = labelling.kept(folder)
    return result(spec, prompts, (*known.verdicts, own), source=known.source, extra=costs(replies, judge))
