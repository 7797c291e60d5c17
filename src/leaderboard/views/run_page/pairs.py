"""Scores of preference pairs on a run's page: one line a pair, and the accuracy under every rule for ties.

Enters: rows of samples with `score_chosen` and `score_rejected`, and the run's environment. Leaves: texts for the page.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

RULES = {
    "ties_wrong": "Tie = wrong", "ties_half": "Tie = half", "ties_dropped": "Ties left out",
    "control_longer": "Pick the longer", "ties": "Ties", "missing": "Without score", "cut": "Cut texts",
}  # fmt: skip
"""Keys of the environment after "<task>.", and their headers."""

ORIGINS = {"source": "File or dataset", "size": "Number of pairs", "kept_out": "Kept out"}
"""As `RULES`, of where the pairs are from."""


@dataclass(frozen=True, kw_only=True)
class ScoredPair:
    """One pair as the page shows it."""

    number: str
    chosen: str
    rejected: str
    margin: str
    outcome: str


def is_pairs(columns: Iterable[str]) -> bool:
    """Whether samples are scores of pairs."""
    return {"score_chosen", "score_rejected"} <= set(columns)


def scored_pair(row: Mapping[str, Any]) -> ScoredPair:
    """A row of samples in words."""
    chosen, rejected = row["score_chosen"], row["score_rejected"]
    known = chosen is not None and rejected is not None
    margin = chosen - rejected if known else None
    return ScoredPair(
        number=f"{row['number'] + 1:,}", chosen=_figure(chosen), rejected=_figure(rejected), margin=_figure(margin),
        outcome="no score" if margin is None else "right" if margin > 0 else "tie" if margin == 0 else "wrong",
    )  # fmt: skip


def conventions(environment: Mapping[str, str], tasks: Iterable[str]) -> list[tuple[str, list[str]]]:
    """A task and its figures in the order of `RULES`; empty for a run that scored no pairs."""
    found = [(task, [environment.get(f"{task}.{rule}", "–") for rule in RULES]) for task in tasks]
    return [(task, figures) for task, figures in found if any(figure != "–" for figure in figures)]


def origins(environment: Mapping[str, str], tasks: Iterable[str]) -> list[tuple[str, list[str]]]:
    """A task and where its pairs are from, in the order of `ORIGINS`; empty for a run that scored no pairs."""
    found = [(task, [environment.get(f"{task}.{part}", "–") for part in ORIGINS]) for task in tasks]
    return [(task, texts) for task, texts in found if texts[0] != "–"]


def machine(environment: Mapping[str, str], tasks: Iterable[str]) -> dict[str, str]:
    """The environment without what `conventions` and `origins` show."""
    shown = {f"{task}.{part}" for task in tasks for part in (*RULES, *ORIGINS)}
    return {name: value for name, value in environment.items() if name not in shown}


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
