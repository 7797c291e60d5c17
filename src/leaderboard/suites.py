"""Suites: which tasks make up a board and an evaluation; names, sizes, chance levels and where the facts come from."""

from dataclasses import dataclass, replace

SAMPLE_SEED = 1234


@dataclass(frozen=True, kw_only=True)
class Task:
    """One benchmark task.

    `n` is the number of scored questions and gives the sampling error of a published accuracy; `chance` is the
    score (0..1) of random guessing; None where that is not defined. `metric` and `filter` name the figure as lm-eval
    does. With a `sample_seed` only `n` questions are scored, drawn with that seed from all of them.
    """

    name: str
    label: str
    metric: str
    n: int
    n_shot: int = 0
    chance: float | None = None
    info: str = ""
    filter: str = "none"
    sample_seed: int | None = None


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
    about=(
        "Four tasks of the Open LLM Leaderboard of 2023-24, all questions, run here with lm-eval. ARC and Winogrande "
        "without examples in the prompt, so not comparable with that board's 25-shot and 5-shot figures."
    ),
    evaluable=True,
    tasks=(
        Task(
            name="arc_challenge", label="ARC", metric="acc_norm", n=1172, chance=0.25,
            info="ARC-Challenge test questions, no examples in the prompt.",
        ),
        Task(
            name="truthfulqa_mc2", label="TruthfulQA", metric="acc", n=817, chance=0.464,
            info="Share of probability on the true answers. The prompt always begins with six fixed questions and "
            "answers that are part of the task; no further examples. Equal probabilities give 46.4 %.",
        ),
        Task(
            name="winogrande", label="Winogrande", metric="acc", n=1267, chance=0.5,
            info="Winogrande validation questions, no examples in the prompt.",
        ),
        Task(
            name="gsm8k", label="GSM8K", metric="exact_match", filter="strict-match", n=1319, n_shot=5, chance=0.0,
            info="Five worked examples in the prompt; the answer must follow '####'. From local files the examples "
            "come from 119 of the 1,319 test questions, which are then not scored (n = 1,200): those files "
            "have no training questions.",
        ),
    ),
)  # fmt: skip

CLASSIC_200 = Suite(
    name="classic_200",
    title="Classic tasks, 200 questions each",
    about=(
        f"The classic tasks on 200 questions each, drawn with seed {SAMPLE_SEED}: quicker and coarser. "
        "The sampling error is about ±7 points (95 %)."
    ),
    evaluable=True,
    tasks=tuple(
        replace(task, n=200, sample_seed=SAMPLE_SEED, info=f"200 questions drawn with seed {SAMPLE_SEED}. {task.info}")
        for task in CLASSIC.tasks
    ),
)

SUITES: dict[str, Suite] = {suite.name: suite for suite in (CORE, CLASSIC_200, CLASSIC)}


def evaluable_suites() -> tuple[Suite, ...]:
    """Suites a model can be submitted to, in the order of the form."""
    return tuple(suite for suite in SUITES.values() if suite.evaluable)
