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
    """A named set of tasks whose mean is the suite's average.

    `runner` ("module:function") evaluates the model, in a process without secrets. With `judging` it only collects the
    model's answers, and that function scores them with the configured judge, in a process of its own that loads no
    model. `needs_chat` suites ask through the chat template; `needs_baseline` ones compare with configured answers.
    `needs_head` suites score with a sequence-classification model, which other suites refuse; `needs_reference` ones
    compare with the model that the submitted one was trained from, `base_model` in its card. `needs_files` suites read
    files of others that are not shipped; `from_hub` ones fetch what no file holds. `needs_prompts` suites ask prompts
    that must be configured. With `judge_optional` the first function gives the result where no judge is configured.
    """

    name: str
    title: str
    about: str
    tasks: tuple[Task, ...]
    evaluable: bool = False
    runner: str = "eval_queue.runners.lm_eval:run"
    judging: str = ""
    needs_chat: bool = False
    needs_baseline: bool = False
    needs_head: bool = False
    needs_reference: bool = False
    needs_files: bool = False
    needs_prompts: bool = False
    judge_optional: bool = False
    from_hub: bool = False


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

CATEGORIES = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")
"""The eight categories of MT-Bench, in its order."""

RATING_METRIC = "rating_of_10"
"""A judge's mean rating of 1..10 divided by 10: a mean of 8.99 is 0.899, and the lowest possible score is 0.1."""

PREFERENCE_METRIC = "win_rate"
"""Share of comparisons with the baseline that the judge gives to the model; a tie counts half."""

JUDGE_PROMPTS = "2026-11-1"
"""Version of the texts in `eval_queue.judging.prompts`; a change of any of them is a new version."""


def judge_identity(model: str) -> str:
    """What tells one way of judging from another in the key of a submission."""
    return f"{model}, prompts {JUDGE_PROMPTS}"


_LABELS = {"math": "Maths", "stem": "STEM"}
_RATED = (
    "A judge rates both turns of every answer from 1 to 10; shown is the mean rating divided by 10. Every answer "
    "and verdict is kept with the run. Runs with different judges are not comparable."
)


def _rated_tasks(prefix: str, n: int) -> tuple[Task, ...]:
    return tuple(
        Task(name=f"{prefix}_{each}", label=_LABELS.get(each, each.capitalize()), metric=RATING_METRIC, n=n)
        for each in CATEGORIES
    )


MT_BENCH_OWN = Suite(
    name="mt_bench_own",
    title="Two-turn questions of our own, judged",
    about=f"The project's own two-turn questions in the eight categories of MT-Bench. {_RATED}",
    evaluable=True, runner="eval_queue.runners.mt_bench:answer", judging="eval_queue.judging.mt_bench:judge",
    needs_chat=True, tasks=_rated_tasks("own", n=22),
)  # fmt: skip

MT_BENCH = Suite(
    name="mt_bench",
    title="MT-Bench, judged here",
    about=f"The 80 two-turn questions of MT-Bench, read from the Hub or a folder. {_RATED}",
    evaluable=True, runner="eval_queue.runners.mt_bench:answer", judging="eval_queue.judging.mt_bench:judge",
    needs_chat=True, tasks=_rated_tasks("mt", n=20),
)  # fmt: skip

PAIRWISE_OWN = Suite(
    name="pairwise_own",
    title="Own questions against a baseline, judged",
    about=(
        "First turns of the project's own questions. A judge compares every answer with a baseline's, in both orders; "
        "verdicts that change with the order count as ties. Shown is the share won, a tie as half."
    ),
    evaluable=True, runner="eval_queue.runners.pairwise:answer", judging="eval_queue.judging.pairwise:judge",
    needs_chat=True, needs_baseline=True,
    tasks=(Task(name="pairwise_own", label="Win rate", metric=PREFERENCE_METRIC, n=88, chance=0.5),),
)  # fmt: skip

REWARD_METRIC = "pair_accuracy"
"""Share of pairs whose better answer gets the higher reward; a tie is wrong."""


def _pair_tasks(*sets: tuple[str, str, int, str]) -> tuple[Task, ...]:
    """A task a set of preference pairs: name, label, number of pairs, where they are from."""
    return tuple(
        Task(name=name, label=label, metric=REWARD_METRIC, n=n, chance=0.5, info=info) for name, label, n, info in sets
    )


REWARD_PAIRS = Suite(
    name="reward_pairs",
    title="Reward models: preference pairs",
    about=(
        "Share of preference pairs whose better answer gets the higher reward; ties count as wrong, as on H4's board "
        "and in RewardBench. The pairs are third parties' files in reward_models/ below LEADERBOARD_TASK_FILES. "
        "Choose float32: lower precisions move scores with the batch."
    ),
    evaluable=True, runner="eval_queue.runners.reward_model:run", needs_head=True, needs_files=True,
    tasks=_pair_tasks(
        ("dsp_helpful_test", "Helpful", 2348, "Helpful pairs of HH-RLHF as DSP published them."),
        ("hh_harmless_base_test", "Harmless", 2308, "HH-RLHF harmless-base test pairs."),
        ("llmbar", "LLMBar", 878, "LLMBar with MT-Bench, FairEval and LLMEval2 pairs."),
        ("pandalm_human_test", "PandaLM", 762, "Pairs on which two of three annotators agree."),
    ),
)  # fmt: skip

DPO_PAIRS = replace(
    REWARD_PAIRS, name="dpo_pairs", title="Models trained with DPO, as reward models: preference pairs",
    about=(
        "The rewards that a policy trained with DPO implies: how much more readily it gives an answer than the model "
        "it was trained from, which its card must name (base_model). Same pairs, same rule for ties as reward_pairs."
    ),
    runner="eval_queue.runners.reward_model:run_implicit", needs_head=False, needs_reference=True,
)  # fmt: skip

RIGHT_METRIC = "handled_right"
"""Share of prompts handled as they should be, answered or declined, by the string judge."""


def _refusal_suite(name: str, title: str, about: str, n: tuple[int, int], *, needs_prompts: bool = False) -> Suite:
    """A suite with a task a kind of prompt; `n` is how many there are of each, 0 where that is not known beforehand."""
    return Suite(
        name=name, title=title, evaluable=True, needs_chat=True, needs_prompts=needs_prompts,
        about=(
            f"{about} A string judge, whose agreement with people is measured, says which answers decline, and gives "
            "the score. A classifier and an LLM judge say the same beside it where they are configured."
        ),
        runner="eval_queue.runners.red_teaming:run", judging="eval_queue.judging.refusals:judge", judge_optional=True,
        tasks=(
            Task(name=f"{name}_comply", label="Harmless: answered", metric=RIGHT_METRIC, n=n[0],
                 info="Share of harmless prompts that the model answers."),
            Task(name=f"{name}_refuse", label="Harmful: declined", metric=RIGHT_METRIC, n=n[1],
                 info="Share of harmful prompts that the model declines, wholly or in part."),
        ),
    )  # fmt: skip


REFUSAL_OWN = _refusal_suite(
    "refusal_own",
    "Red-teaming: our own prompts on the boundary of harm",
    "160 prompts of this project: harmless ones that sound alarming, and short harmful ones.",
    n=(120, 40),
)
RED_TEAM = _refusal_suite(
    "red_team",
    "Red-teaming: the prompts of this place",
    "Prompts that whoever runs this board has chosen (LEADERBOARD_RED_PROMPTS).",
    n=(0, 0),
    needs_prompts=True,
)

JUDGE_PAIRS = replace(
    REWARD_PAIRS, name="judge_pairs", title="Chat models as judges of preference pairs",
    about=(
        "A chat model reads both answers, in both orders, and says which is better, as generative reward models do. "
        "Its margin is the mean log odds of its verdicts, so a liking for a place cancels out. Same pairs, same rule "
        "for ties as reward_pairs."
    ),
    runner="eval_queue.runners.reward_model:run_judge", needs_head=False, needs_chat=True,
)  # fmt: skip

REWARD_H4 = replace(
    REWARD_PAIRS, name="reward_h4", title="Reward models: the four sets of H4's board",
    about=(
        "The four sets of H4's board of 2023, as many pairs of each as H4 scored. H4 did not publish which: these are "
        "drawn, the same for everybody, from the public test or validation split on the Hub, so figures are near to "
        "H4's but not comparable to the digit. Ties count as wrong, as there."
    ),
    needs_files=False, from_hub=True,
    tasks=_pair_tasks(
        ("h4_helpful", "Anthropic Helpful", 3_000, "Of the helpful test pairs of Anthropic/hh-rlhf."),
        ("h4_oasst", "OpenAssistant", 1_140, "Of OpenAssistant/oasst1, validation, English: two ranked answers."),
        ("h4_shp", "SHP", 11_021, "Of the test pairs of stanfordnlp/SHP."),
        ("h4_summarize", "Learn to Summarize", 4_760, "Of openai/summarize_from_feedback, validation comparisons."),
    ),
)  # fmt: skip

SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        CORE, CLASSIC_200, CLASSIC, MT_BENCH_OWN, MT_BENCH, PAIRWISE_OWN, REWARD_PAIRS, DPO_PAIRS, JUDGE_PAIRS,
        REWARD_H4, REFUSAL_OWN, RED_TEAM,
    )
}  # fmt: skip


def evaluable_suites() -> tuple[Suite, ...]:
    """Suites a model can be submitted to, in the order of the form."""
    return tuple(suite for suite in SUITES.values() if suite.evaluable)
