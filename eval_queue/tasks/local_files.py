"""Local copies of public benchmarks -> the schema that the same benchmark has on the Hub.

Enters: a folder with foundry_arc_challenge.jsonl, mc_task.json (TruthfulQA), foundry_winogrande.jsonl and
gsm8k_test.jsonl. Leaves: per task the splits and the rows that lm-eval's own task definition expects, so that prompt
and metric are computed by the same code whether a task is read from here or from the Hub.
"""

import itertools
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaderboard.errors import PermanentFailure

Row = dict[str, Any]
Splits = dict[str, list[Row]]

EXAMPLE_SEED = 1234
N_EXAMPLES = 119
"""GSM8K test questions set aside to draw the examples in the prompt from; 1,200 are left to be scored."""

_QUESTION = "Question: "


@dataclass(frozen=True)
class LocalTask:
    """File of a task, how to read it, and the splits that lm-eval should use instead of the Hub's."""

    file: str
    read: Callable[[Any], Splits]
    splits: dict[str, str | None]


def arc(rows: Sequence[Row]) -> Splits:
    """ARC: the prefix that the task definition adds itself is taken off the question; there is no training split."""
    return {"test": [_arc(row) for row in rows]}


def truthfulqa(rows: Sequence[Row]) -> Splits:
    """TruthfulQA: {choice: 0 or 1} -> parallel lists, true answers first as on the Hub."""
    return {"validation": [
        {"question": row["question"], "mc1_targets": _targets(row["mc1_targets"]),
         "mc2_targets": _targets(row["mc2_targets"])}
        for row in rows
    ]}  # fmt: skip


def winogrande(rows: Sequence[Row]) -> Splits:
    """Winogrande: the two beginnings and their common end -> a sentence with a blank and two options."""
    return {"validation": [_winogrande(row) for row in rows]}


def gsm8k(rows: Sequence[Row]) -> Splits:
    """GSM8K: a seeded part of the test questions becomes the split that examples are drawn from."""
    chosen = set(random.Random(EXAMPLE_SEED).sample(range(len(rows)), N_EXAMPLES))  # noqa: S311 - not a secret
    return {
        "train": [row for at, row in enumerate(rows) if at in chosen],
        "test": [row for at, row in enumerate(rows) if at not in chosen],
    }


_NO_EXAMPLES: dict[str, str | None] = {"training_split": None}
LOCAL_TASKS = {
    "arc_challenge": LocalTask("foundry_arc_challenge.jsonl", arc, _NO_EXAMPLES | {"validation_split": None}),
    "truthfulqa_mc1": LocalTask("mc_task.json", truthfulqa, {}),
    "truthfulqa_mc2": LocalTask("mc_task.json", truthfulqa, {}),
    "winogrande": LocalTask("foundry_winogrande.jsonl", winogrande, _NO_EXAMPLES),
    "gsm8k": LocalTask("gsm8k_test.jsonl", gsm8k, {}),
}


def read_local(task: str, folder: Path) -> Splits:
    """The splits of a task out of its local file.

    Raises PermanentFailure when there is no such file or it does not have the known format.
    """
    local = LOCAL_TASKS.get(task)
    if local is None:
        raise PermanentFailure(f"Task {task} has no local file format; local are {', '.join(LOCAL_TASKS)}.")
    path = folder / local.file
    try:
        text = path.read_text(encoding="utf-8")
        rows = json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
        splits = local.read(rows)
    except FileNotFoundError as error:
        raise PermanentFailure(
            f"Task {task}: the folder of task files has no {local.file}. Add it, or unset LEADERBOARD_TASK_FILES to "
            "load the task from the Hub."
        ) from error
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise PermanentFailure(f"Task {task}: {local.file} does not have the expected format: {error!r}.") from error
    if not all(splits.values()):
        raise PermanentFailure(f"Task {task}: {local.file} holds no questions.")
    return splits


def _arc(row: Row) -> Row:
    choices = list(row["choices"])
    labels = [chr(ord("A") + at) for at in range(len(choices))]
    return {
        "question": row["query"].removeprefix(_QUESTION),
        "choices": {"text": choices, "label": labels},
        "answerKey": labels[row["gold"]],
    }


def _targets(answers: dict[str, int]) -> Row:
    ordered = sorted(answers.items(), key=lambda item: -item[1])  # stable: keeps the order among the true ones
    return {"choices": [text for text, _ in ordered], "labels": [label for _, label in ordered]}


def _winogrande(row: Row) -> Row:
    first, second = row["context_options"]
    same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
    start = first[: first.rfind(" ", 0, same) + 1]  # options that begin alike stay whole words
    if "_" in start:
        raise ValueError(f"the sentence {first[:60]!r} has a blank already")
    return {
        "sentence": f"{start}_ {row['continuation']}",
        "option1": first[len(start) :],
        "option2": second[len(start) :],
        "answer": str(row["gold"] + 1),
    }
