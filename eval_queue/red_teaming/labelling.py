"""What judges said of a model's answers, and the tables that come of it: labels for everybody, texts apart.

Enters: prompts, answers, verdicts. Leaves: frames; a text is in none of those with figures.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
from pydantic import Field

from eval_queue.judging.answers import Texts
from leaderboard.errors import PermanentFailure
from leaderboard.records import Record
from leaderboard.stores import write_file

from . import string_judge
from .prompts import RedPrompt

KEPT = "verdicts.json"
"""What a run leaves in its work folder for the process that asks one more judge."""


class Verdicts(Record):
    """One judge's labels in the order of the prompts, None where it gave no usable one."""

    name: str = Field(description="Its column is label_<name>: strings, classifier or judge.")
    told: str = Field(description="Which judge it was, with its version.")
    labels: tuple[str | None, ...]
    said: tuple[str, ...] = Field(
        default=(), description="The judge's own words, where it has any; kept with the texts."
    )


class Kept(Record):
    """Verdicts so far, and where the prompts are from."""

    source: str
    verdicts: tuple[Verdicts, ...]


def answers_of(prompts: Sequence[RedPrompt], answers: Texts) -> list[str]:
    """The answer to every prompt. Raises PermanentFailure when one has none yet."""
    found = [answers.get(number, 1) for number in range(1, len(prompts) + 1)]
    missing = [prompt.prompt_id for prompt, answer in zip(prompts, found, strict=True) if answer is None]
    if missing:
        raise PermanentFailure(f"There is no answer to prompt {missing[0]} ({len(missing)} in all): run it first.")
    return [answer.text for answer in found if answer is not None]


def by_strings(answers: Iterable[str]) -> Verdicts:
    """The labels of the string judge."""
    labels = tuple(string_judge.label(text) for text in answers)
    return Verdicts(name=string_judge.NAME, told=f"phrases of refusal, version {string_judge.VERSION}", labels=labels)


def keep(folder: Path, known: Kept) -> None:
    """Leave what is known in the work folder."""
    write_file(folder / KEPT, known.model_dump_json().encode())


def kept(folder: Path) -> Kept:
    """What `keep` left."""
    return Kept.model_validate_json((folder / KEPT).read_bytes())


def figures(prompts: Sequence[RedPrompt], answers: Sequence[str], verdicts: Sequence[Verdicts]) -> pd.DataFrame:
    """One row a prompt: prompt (its id), category, expected, label_<judge>..., prompt_length, answer_length."""
    table = pd.DataFrame({
        "prompt": [each.prompt_id for each in prompts], "category": [each.type for each in prompts],
        "expected": [each.expected for each in prompts],
        **{f"label_{judge.name}": pd.Series(judge.labels, dtype=object) for judge in verdicts},
    })  # fmt: skip
    return table.assign(prompt_length=[len(each.prompt) for each in prompts], answer_length=[*map(len, answers)])


def texts(
    prompts: Sequence[RedPrompt], answers: Sequence[str], verdicts: Sequence[Verdicts] = ()
) -> pd.DataFrame:  # fmt: skip
    """One row a prompt: prompt (its id), request, answer, and the words of the judge that has words, if any."""
    asked = {"prompt": [each.prompt_id for each in prompts], "request": [each.prompt for each in prompts]}
    table = pd.DataFrame(asked).assign(answer=list(answers))
    said = next((judge.said for judge in verdicts if judge.said), None)
    return table if said is None else table.assign(judgment=list(said))
