"""The shipped MT-Bench run of our own questions: `python -m scripts.run_mt_bench_own MODEL... --work FOLDER [...]`.

Enters: folders of models and a judge behind an OpenAI-compatible address (`scripts.serve_local_judge`). Leaves: the
models' answers and a control's (one text for every question), all rated, and with --pairs each model compared with the
control in both orders, through the evaluator's own runner and judging; as the table data/mt_bench/own_smollm2. What an
earlier call kept is not asked again. M stands for both folders, var/models/smollm2-135m-instruct
and the one with -3bit:

    python -m scripts.make_demo_model
    python -m scripts.quantise_model var/models/smollm2-135m-instruct --bits 3 \\
        --output var/models/smollm2-135m-instruct-3bit
    python -m scripts.run_mt_bench_own M --work var/own --only answer
    python -m scripts.serve_local_judge var/models/smollm2-135m-instruct --port 8123 &
    python -m scripts.measure_local_judge var/models/smollm2-135m-instruct --texts ../shared/data/mt_bench \\
        --output data/mt_bench/judges/smollm2-135m-instruct.json
    python -m scripts.run_mt_bench_own M --work var/own --only judge \\
        --judge-url http://127.0.0.1:8123/v1 --judge smollm2-135m-instruct
    python -m scripts.run_mt_bench_own M --work var/own --only table \\
        --judge smollm2-135m-instruct --measured data/mt_bench/judges/smollm2-135m-instruct.json --output data
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from eval_queue.judging import mt_bench as judging
from eval_queue.judging.answers import Answer, AnswerFile
from eval_queue.judging.config import JudgeConfig
from eval_queue.judging.questions import Question, read_questions
from eval_queue.runners.mt_bench import OWN, answer_questions
from eval_queue.spec import RunSpec
from leaderboard.local_models import LocalCatalogue
from leaderboard.records import Progress, Submission
from leaderboard.sources.mt_bench_tables import write_mt_bench
from scripts.own_questions.table import ABOUT, table_of

CONTROL = "constant-answer"
CONSTANT = (
    "Thank you for your question. There are several aspects to consider here, and the best answer depends on your "
    "situation. In general it helps to look at the matter step by step, to weigh advantages and disadvantages, and to "
    "choose what fits your needs."
)
"""The control's answer to everything: fluent, and useful for nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer, judge, write the table, or one of these; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.run_mt_bench_own", description=__doc__)
    parser.add_argument("models", type=Path, nargs="+", help="folders of the answering models")
    parser.add_argument("--work", type=Path, required=True, help="folder in which answers and verdicts are kept")
    parser.add_argument("--only", choices=("answer", "judge", "table"), default=None)
    parser.add_argument("--judge-url", default="http://127.0.0.1:8123/v1")
    parser.add_argument("--judge", default="smollm2-135m-instruct", help="name of the judge at that address")
    parser.add_argument("--measured", type=Path, default=None, help="the judge's agreement with people")
    parser.add_argument("--pairs", action="store_true", help="also compare each model with the control, in both orders")
    parser.add_argument("--new-tokens", type=int, default=512, help="longest answer")
    parser.add_argument("--batch-size", type=int, default=22)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("data"), help="folder that gets mt_bench/own_smollm2.*")
    options = parser.parse_args(arguments)
    questions = read_questions(OWN / "question.jsonl")
    steps = (options.only,) if options.only else ("answer", "judge", "table")
    if "answer" in steps:
        answer(options, questions)
    if "judge" in steps:
        config = JudgeConfig(model=options.judge, url=options.judge_url, concurrency=1, timeout_seconds=600)
        judge(options, questions, config)
    if "table" in steps:
        folders = {name: options.work / name for name in (*(model.name for model in options.models), CONTROL)}
        table = table_of(folders, questions, judge=options.judge, control=CONTROL, measured=options.measured)
        write_mt_bench(options.output, table)
        sys.stdout.write(f"{len(table)} ratings in {options.output / 'mt_bench' / table.card.name}.parquet\n")
    return 0


def answer(options: argparse.Namespace, questions: tuple[Question, ...]) -> None:
    """Both turns by the models, through the evaluator's runner, and the control's beside them."""
    for model in options.models:
        spec = spec_of(options, model, model.name)
        (spec.work_folder / ABOUT).write_text(_title(model), encoding="utf-8")
        answer_questions(spec, questions, _told, new_tokens=options.new_tokens)
    kept = AnswerFile(spec_of(options, options.models[0], CONTROL).work_folder)
    kept.open(questions, {"submission": CONTROL})
    places = [(question.question_id, turn) for question in questions for turn in (1, 2)]
    kept.add(Answer(question_id=question_id, turn=turn, text=CONSTANT) for question_id, turn in places)


def judge(options: argparse.Namespace, questions: tuple[Question, ...], config: JudgeConfig) -> None:
    """Ratings of all, and where wanted the models compared with the control in both orders."""
    rows = [
        {"question_id": each.question_id, "model_id": CONTROL, "choices": [{"index": 0, "turns": [CONSTANT, CONSTANT]}]}
        for each in questions
    ]
    baseline = options.work / "control.jsonl"
    baseline.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    runs = [*((model, model.name) for model in options.models), (options.models[0], CONTROL)]
    for model, name in runs:
        spec = spec_of(options, model, name)
        spec = spec.model_copy(update={"baseline": baseline}) if options.pairs and name != CONTROL else spec
        result = judging.judge(spec, _told, judge=config)
        (spec.work_folder / "result.json").write_text(result.model_dump_json(indent=1), encoding="utf-8")


def spec_of(options: argparse.Namespace, model: Path, name: str) -> RunSpec:
    """The run of a model, or of the control, in its own folder."""
    folder = options.work / name
    folder.mkdir(parents=True, exist_ok=True)
    facts = LocalCatalogue(model.resolve().parent).inspect(f"local/{model.name}", "main")
    submission = Submission(
        model=f"local/{name}", revision=facts.revision, precision="bfloat16", suite="mt_bench_own", chat_template=True,
        submitted_at=datetime.now(UTC),
    )  # fmt: skip
    return RunSpec(
        submission=submission, model_path=str(model), work_folder=folder, threads=options.threads,
        batch_size=options.batch_size,
    )  # fmt: skip


def _title(model: Path) -> str:
    """The heading of a model's card, else the folder's name."""
    card = model / "README.md"
    lines = card.read_text(encoding="utf-8").splitlines() if card.is_file() else []
    return next((line[2:].strip() for line in lines if line.startswith("# ")), model.name)


def _told(progress: Progress) -> None:
    if progress.done % 10 == 0 or progress.done == progress.total:
        sys.stderr.write(f"{progress.task} {progress.done}/{progress.total}\n")


if __name__ == "__main__":
    raise SystemExit(main())
