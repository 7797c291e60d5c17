"""Suites: which tasks make up a board and an evaluation; names, sizes, chance levels and where the facts come from."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Task:
    """One benchmark task.

    `n` is the number of scored questions and gives the sampling error of a published accuracy; `chance` is the
    score (0..1) of random guessing; None where that is not defined.
    """

    name: str
    label: str
    metric: str
    n: int
    n_shot: int = 0
    chance: float | None = None
    info: str = ""


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A named set of tasks whose mean is the suite's average."""

    name: str
    title: str
    about: str
    tasks: tuple[Task, ...]
    evaluable: bool = False


CORE = Suite(
    name="core",
    title="Core checks",
    about=(
        "The project's own multiple-choice questions, made by a seeded script with computed answers. "
        "They need no network and no download: a check that the loop works and a coarse look at a small model."
    ),
    evaluable=True,
    tasks=(
        Task(name="core_arithmetic", label="Arithmetic", metric="acc_norm", n=40, chance=0.25),
        Task(name="core_dates", label="Dates", metric="acc_norm", n=40, chance=0.25),
        Task(name="core_units", label="Units", metric="acc_norm", n=40, chance=0.25),
        Task(name="core_logic", label="Logic", metric="acc_norm", n=40, chance=0.25),
        Task(name="core_strings", label="Strings", metric="acc_norm", n=40, chance=0.25),
    ),
)

CLASSIC = Suite(
    name="classic",
    title="Classic tasks",
    about="Four tasks of the Open LLM Leaderboard of 2023-24, run here with lm-eval; number of examples as shown.",
    evaluable=True,
    tasks=(
        Task(name="arc_challenge", label="ARC", metric="acc_norm", n=1172, n_shot=0, chance=0.25),
        Task(name="truthfulqa_mc2", label="TruthfulQA", metric="acc", n=817, n_shot=0),
        Task(name="winogrande", label="Winogrande", metric="acc", n=1267, n_shot=0, chance=0.5),
        Task(name="gsm8k", label="GSM8K", metric="exact_match", n=1319, n_shot=5, chance=0.0),
    ),
)

SUITES: dict[str, Suite] = {suite.name: suite for suite in (CORE, CLASSIC)}


def evaluable_suites() -> tuple[Suite, ...]:
    """Suites a model can be submitted to, in the order of the form."""
    return tuple(suite for suite in SUITES.values() if suite.evaluable)
