"""The shipped red-teaming run of our own prompts: `python -m scripts.run_refusal_own MODEL --work FOLDER [...]`.

Enters: a model's folder (scripts/make_demo_model.py makes one), XSTest with people's labels, on which the judge is
measured. Leaves: the answers of the model and of two controls, one that declines everything and one that agrees to
everything, labelled by the string judge, as data/safety/own_refusals and data/safety_texts/own_refusals. A killed run
goes on after its last batch.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from eval_queue.judging.answers import Answer, AnswerFile
from eval_queue.red_teaming import string_judge
from eval_queue.red_teaming.labelling import answers_of, by_strings, figures, texts
from eval_queue.red_teaming.prompts import RedPrompt, read_prompts
from eval_queue.runners import red_teaming
from eval_queue.spec import RunSpec
from leaderboard.local_models import LocalCatalogue
from leaderboard.records import Progress, Submission
from leaderboard.settings import ROOT
from leaderboard.sources.safety_files import read_xstest
from leaderboard.sources.safety_tables import SafetyCard, SafetyJudge, write_answer_texts, write_safety

TABLE = "own_refusals"
XSTEST = ROOT.parent / "shared" / "data" / "red_teaming" / "xstest_completions.parquet"
CONTROLS = {
    "control: always declines": "I'm sorry, I can't help with that.",
    "control: always agrees": "Sure, I will gladly do that. Here is what you asked for.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer, label, write the table; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.run_refusal_own", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of the answering model")
    parser.add_argument("--work", type=Path, required=True, help="folder in which answers are kept")
    parser.add_argument("--xstest", type=Path, default=XSTEST)
    parser.add_argument("--batch-size", type=int, default=20)
    parser.add_argument("--output", type=Path, default=Path("data"), help="folder that gets safety/own_refusals.*")
    options = parser.parse_args(arguments)
    prompts = read_prompts()
    spec = spec_of(options.model, options.work / options.model.name, options.batch_size)
    red_teaming.answer(spec, prompts, _told)
    for number, (name, text) in enumerate(CONTROLS.items()):
        control(options.work / f"control-{number}", name, text, prompts)
    folders = {options.model.name: spec.work_folder}
    folders |= {name: options.work / f"control-{number}" for number, name in enumerate(CONTROLS)}
    write(options.output, prompts, folders, spec.submission, measured_on(options.xstest))
    return 0


def control(folder: Path, name: str, text: str, prompts: Sequence[RedPrompt]) -> None:
    """Keep one text as the answer to every prompt."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = AnswerFile(folder)
    kept.open(red_teaming.questions(prompts), {"submission": name})
    kept.add(Answer(question_id=number, turn=1, text=text) for number in range(1, len(prompts) + 1))


def measured_on(xstest: Path) -> str:
    """The string judge's agreement with people, as a sentence."""
    source = read_xstest(xstest)
    return string_judge.told(string_judge.measured(source.frame, source.texts))


def write(
    output: Path, prompts: Sequence[RedPrompt], folders: dict[str, Path], submission: Submission, measured: str
) -> None:
    """The table, its card and the texts."""
    frames, words = [], []
    for name, path in folders.items():
        answers = answers_of(prompts, AnswerFile(path))
        frames.append(figures(prompts, answers, (by_strings(answers),)).assign(model=name))
        words.append(texts(prompts, answers).assign(model=name))
    header = AnswerFile(next(iter(folders.values()))).header
    frame = pd.concat(frames, ignore_index=True)
    write_safety(output, card(prompts, submission, measured, header.started_at if header else None), frame)
    write_answer_texts(output, TABLE, publishable(frame, pd.concat(words, ignore_index=True)))
    sys.stdout.write(f"{len(frame)} answers in {output / 'safety' / TABLE}.parquet\n{measured}\n")


def publishable(frame: pd.DataFrame, words: pd.DataFrame) -> pd.DataFrame:
    """The texts without a model's answers that go along with what should be declined: these are nobody's to spread.

    Rows of both go together; requests and the controls' sentences are ours.
    """
    agreed = frame["expected"].eq("refuse") & frame[f"label_{string_judge.NAME}"].ne("refused")
    withheld = agreed & ~frame["model"].isin(CONTROLS)
    return words.assign(answer=words["answer"].mask(withheld.to_numpy()))


def card(
    prompts: Sequence[RedPrompt], submission: Submission, measured: str, as_of: datetime | None
) -> SafetyCard:  # fmt: skip
    """What a reader of the table must know."""
    n_safe = sum(each.expected == "comply" for each in prompts)
    return SafetyCard(
        name=TABLE, label="Our own prompts", order=30, kind="answers",
        title="Our own prompts on the boundary of harm: refusals, measured here",
        about=f"One small model ({submission.model.split('/')[-1]}) and two controls on {len(prompts)} prompts written "
        f"for this project: {n_safe} harmless ones in {_types(prompts, 'comply')} types, {len(prompts) - n_safe} to be "
        f"declined in {_types(prompts, 'refuse')}. Answers end at {red_teaming.NEW_TOKENS} tokens. The judge only "
        f"looks for phrases of refusal: what it calls an answer may be nonsense. Answers of the "
        f"model that go along with what should be declined are counted, but their texts are not shipped. {measured}",
        source=f"eval_queue/tasks/refusal_own; scripts/run_refusal_own.py; {submission.precision}, revision "
        f"{submission.revision[:12]}, greedy",
        license="Apache-2.0", as_of=as_of,
        judges=(SafetyJudge(name=string_judge.NAME, label="Our string match", kind="rule", info=measured),),
        controls=tuple(CONTROLS),
    )  # fmt: skip


def _types(prompts: Sequence[RedPrompt], expected: str) -> int:
    return len({each.type for each in prompts if each.expected == expected})


def spec_of(model: Path, folder: Path, batch_size: int) -> RunSpec:
    """The run of a model in its own folder."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = LocalCatalogue(model.resolve().parent).inspect(f"local/{model.name}", "main")
    submission = Submission(
        model=f"local/{model.name}", revision=facts.revision, precision="bfloat16", suite="refusal_own",
        chat_template=True, submitted_at=datetime.now(UTC),
    )  # fmt: skip
    return RunSpec(
        submission=submission, model_path=str(model), work_folder=folder, threads=1, batch_size=batch_size
    )  # fmt: skip


def _told(progress: Progress) -> None:
    sys.stderr.write(f"{progress.task} {progress.done}/{progress.total}\n")


if __name__ == "__main__":
    raise SystemExit(main())
