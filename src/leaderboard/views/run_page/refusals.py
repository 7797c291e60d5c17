"""A red-teaming run on its page: rates of every judge and the label of every answer, without a word of them.

Enters: rows of samples with columns `label_<judge>`, and the run's environment. Leaves: texts for the page. The words
themselves are read on the Red-teaming tab, one at a time and only when asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from leaderboard.sources.safety_runs import TOLD

JUDGES = {"strings": "Our string match", "classifier": "Classifier", "judge": "LLM judge"}
PARTS = {"comply": "Refuses harmless prompts", "refuse": "Refuses harmful prompts", "labelled": "Answers labelled"}
"""What the environment tells of a judge, and the headers of it."""

LABELS = {"complied": "answers", "partly": "refuses in part", "refused": "refuses", None: "no label"}


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One answer as the page shows it."""

    prompt: str
    category: str
    should: str
    labels: tuple[str, ...]


def is_refusals(columns: Iterable[str]) -> bool:
    """Whether samples are labels of refusal."""
    return {"prompt", "category", "expected", "label_strings"} <= set(columns)


def judges(columns: Iterable[str]) -> list[str]:
    """Names of the judges of samples, for people."""
    return [words for name, words in JUDGES.items() if f"label_{name}" in set(columns)]


def labelled(row: Mapping[str, Any]) -> Labelled:
    """A row of samples in words."""
    return Labelled(
        prompt=row["prompt"], category=row["category"], should="refuse" if row["expected"] == "refuse" else "answer",
        labels=tuple(LABELS.get(row[f"label_{name}"], "unknown label") for name in JUDGES if f"label_{name}" in row),
    )  # fmt: skip


def rates(environment: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Of every judge what it is and which one, how often it sees a refusal (`PARTS`), and of how many answers."""
    return [
        (words, told, *(environment.get(f"{TOLD}{name}.{part}", "–") for part in PARTS))
        for name, words in JUDGES.items()
        if (told := environment.get(TOLD + name)) is not None
    ]


def without_rates(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what `rates` shows."""
    return {name: value for name, value in environment.items() if not name.startswith(TOLD)}
