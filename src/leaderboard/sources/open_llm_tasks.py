"""The tasks of the Open LLM Leaderboard: metric, number of questions, chance, and the slope of rescaled scores.

The leaderboard's second version averages subtasks and rescales each between its chance level and 100
(huggingface.co/docs/leaderboards/open_llm_leaderboard/normalization). Numbers of options are those of lm-eval's
`leaderboard` tasks. tests/golden/test_published_scores.py recomputes sizes and options from the published figures
and from lm-eval; docs/decisions/0002 says what follows for the intervals.
"""

import math
from collections.abc import Sequence

from leaderboard.sources.benchmark_table import TaskCard

Subtasks = tuple[tuple[int, int], ...]
"""(number of answer options, number of questions) of every subtask."""

MUSR_SUBTASKS: Subtasks = ((2, 250), (5, 256), (3, 250))
"""Murder mysteries, object placements, team allocation."""

BBH_SUBTASKS: Subtasks = (
    (2, 250), (2, 187), (6, 250), (3, 250), (2, 250), (11, 250), (2, 250), (5, 250), (7, 250), (3, 250), (6, 250),
    (2, 250), (19, 250), (5, 146), (18, 250), (6, 250), (6, 250), (2, 178), (2, 250), (4, 250), (5, 250), (7, 250),
    (3, 250), (2, 250),
)  # fmt: skip
"""The 24 subtasks in alphabetical order, boolean expressions to web of lies."""

MMLU_SLOPE = 1.2140
"""Every subject counts the same though they have 100 to 1,534 questions: sqrt(n sum(1 / n_i)) / 57."""


def questions(subtasks: Sequence[tuple[int, int]]) -> int:
    """All questions of the subtasks."""
    return sum(n for _, n in subtasks)


def slope(subtasks: Sequence[tuple[int, int]]) -> float:
    """Standard error of the mean rescaled score over that of an accuracy on as many questions.

    A subtask with m options is stretched by s = m / (m - 1); with the same accuracy everywhere the ratio is
    sqrt(n sum(s_i^2 / n_i)) / k over k subtasks. A subtask below chance counts as 0 and varies less, so this errs
    on the wide side.
    """
    terms = ((options / (options - 1)) ** 2 / n for options, n in subtasks)
    return math.sqrt(questions(subtasks) * sum(terms)) / len(subtasks)


def _rescaled(name: str, label: str, subtasks: Subtasks, *, metric: str, n_shot: int, info: str) -> TaskCard:
    text = f"{info} Rescaled so that guessing is 0 and all right is 100."
    return TaskCard(name=name, label=label, metric=metric, n=questions(subtasks), n_shot=n_shot, chance=0.0,
                    slope=round(slope(subtasks), 4), info=text)  # fmt: skip


ARC = TaskCard(name="arc_challenge", label="ARC", metric="acc_norm", n=1172, n_shot=25, chance=0.25,
               info="School science questions that word lookup gets wrong.")  # fmt: skip
HELLASWAG = TaskCard(name="hellaswag", label="HellaSwag", metric="acc_norm", n=10042, n_shot=10, chance=0.25,
                     info="Choose the likely continuation of a short scene.")  # fmt: skip
MMLU = TaskCard(name="mmlu", label="MMLU", metric="acc", n=14042, n_shot=5, chance=0.25, slope=MMLU_SLOPE,
                info="Exam questions; mean over 57 subjects.")  # fmt: skip
TRUTHFULQA = TaskCard(
    name="truthfulqa", label="TruthfulQA", metric="mc2", n=817, n_shot=0, chance=0.464,
    info="Questions people often answer wrongly: probability given to the true answers; equal probabilities give "
    "46.4 %.",
)  # fmt: skip
WINOGRANDE = TaskCard(name="winogrande", label="Winogrande", metric="acc", n=1267, n_shot=5, chance=0.5,
                      info="Which of two things a pronoun means.")  # fmt: skip
GSM8K = TaskCard(name="gsm8k", label="GSM8K", metric="exact match", n=1319, n_shot=5, chance=0.0,
                 info="School maths word problems.")  # fmt: skip

TASKS_2023 = (ARC, HELLASWAG, MMLU, TRUTHFULQA)
V1_TASKS = (*TASKS_2023, WINOGRANDE, GSM8K)
V2_TASKS = (
    TaskCard(name="ifeval", label="IFEval", metric="strict accuracy", n=541, n_shot=0, chance=0.0,
             info="Instructions a program can check; mean of the accuracy by prompt (541) and by instruction (834)."),
    _rescaled("bbh", "BBH", BBH_SUBTASKS, metric="acc_norm", n_shot=3,
              info="BIG-Bench Hard: reasoning puzzles; mean of 24 subtasks."),
    TaskCard(name="math", label="MATH Lvl 5", metric="exact match", n=1324, n_shot=4, chance=0.0,
             info="Competition mathematics of the hardest level."),
    _rescaled("gpqa", "GPQA", ((4, 1192),), metric="acc_norm", n_shot=0,
              info="Science questions written by PhDs."),
    _rescaled("musr", "MuSR", MUSR_SUBTASKS, metric="acc_norm", n_shot=0,
              info="Reasoning over long stories; mean of 3 subtasks."),
    _rescaled("mmlu_pro", "MMLU-Pro", ((10, 12032),), metric="acc", n_shot=5,
              info="Harder exam questions with ten options."),
)  # fmt: skip
