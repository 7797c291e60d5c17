"""What we state about published benchmarks (sizes, chance, slopes) is recomputed from the published figures themselves.

A score that is a mean over n questions is a multiple of 1/n; a mean over subtasks, of the product of their sizes.
"""

import json
import math
import re
from pathlib import Path

import lm_eval
import numpy as np
import pandas as pd
import pytest
import yaml

from leaderboard.settings import ROOT
from leaderboard.sources.open_llm_tasks import (
    BBH_SUBTASKS,
    MMLU,
    MUSR_SUBTASKS,
    TRUTHFULQA,
    V1_TASKS,
    V2_TASKS,
    questions,
    slope,
)

SHARED = ROOT.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public figures are not at {SHARED}")
CARDS = {task.name: task for task in (*V1_TASKS, *V2_TASKS)}


def v1() -> pd.DataFrame:
    return pd.read_parquet(SHARED / "open_llm_leaderboard" / "open_llm_leaderboard_v1_20240713.parquet")


def v2() -> pd.DataFrame:
    return pd.read_parquet(SHARED / "open_llm_leaderboard" / "open_llm_leaderboard_v2_20250321.parquet")


def on_grid(scores: pd.Series, n: int, tolerance: float) -> float:
    """Share of scores (0..1) within `tolerance` of a multiple of 1/n."""
    steps = scores.to_numpy(dtype=float) * n
    return float(np.mean(np.abs(steps - np.round(steps)) <= n * tolerance))


@pytest.mark.parametrize(("task", "column"), [("arc_challenge", "arc"), ("winogrande", "winogrande"), ("gsm8k",) * 2])
def test_scores_of_the_first_version_are_counts_out_of_n(task, column):
    n, scores = CARDS[task].n, v1()[column] / 100
    assert on_grid(scores, n, 0.5e-4) > 0.999
    assert max(on_grid(scores, n - 1, 0.5e-4), on_grid(scores, n + 1, 0.5e-4)) < 0.9


@pytest.mark.parametrize("task", ["math", "gpqa", "mmlu_pro"])
def test_raw_scores_of_the_second_version_are_counts_out_of_n(task):
    n, scores = CARDS[task].n, v2()[f"evaluations_{task}_value"]
    assert on_grid(scores, n, 1e-9) > 0.995, "five rows of MATH are off the grid"
    assert max(on_grid(scores, n - 1, 1e-9), on_grid(scores, n + 1, 1e-9)) < 0.1


def test_musr_is_the_mean_of_three_subtasks_of_250_256_and_250():
    n = math.lcm(*(size for _, size in MUSR_SUBTASKS)) * len(MUSR_SUBTASKS)
    scores = v2()["evaluations_musr_value"]
    assert (n, on_grid(scores, n, 1e-11)) == (96_000, 1.0)
    assert on_grid(scores, 3 * math.lcm(250, 255), 1e-11) < 0.1


def test_bbh_is_the_mean_of_24_subtasks_with_the_stated_sizes():
    n = math.lcm(*(size for _, size in BBH_SUBTASKS)) * len(BBH_SUBTASKS)
    scores = v2()["evaluations_bbh_value"]
    assert on_grid(scores, n, 1e-14) > 0.999
    assert on_grid(scores, 24 * math.lcm(250, 146, 178, 186), 1e-14) < 0.1


def test_ifeval_is_the_mean_of_541_prompts_and_834_instructions():
    scores = v2()["evaluations_ifeval_value"]
    assert on_grid(scores, 2 * 541 * 834, 1e-10) > 0.999
    assert on_grid(scores, 2 * 541 * 835, 1e-10) < 0.1


def test_numbers_of_options_are_those_of_lm_eval():
    folder = Path(lm_eval.__file__).parent / "tasks" / "leaderboard" / "bbh_mc"
    texts = [p.read_text() for p in sorted(folder.glob("*.yaml")) if not p.name.startswith("_")]
    options = [len(yaml.safe_load(re.search(r"doc_to_choice:\s*(\[.*?\])", text, re.S)[1])) for text in texts]
    assert options == [m for m, _ in BBH_SUBTASKS]


@pytest.mark.parametrize(("task", "subtasks"), [("bbh", BBH_SUBTASKS), ("musr", MUSR_SUBTASKS)])
def test_published_rescaling_lies_within_what_the_subtasks_allow(task, subtasks):
    """1 - rescaled = mean of s_i (1 - accuracy_i), less where a subtask is below chance: a mean of the s_i."""
    frame = v2()
    score, raw = frame[f"evaluations_{task}_normalized_score"] / 100, frame[f"evaluations_{task}_value"]
    ratio = (1 - score) / (1 - raw)
    stretch = [m / (m - 1) for m, _ in subtasks]
    assert ratio.max() <= max(stretch)
    assert ratio.min() >= min(stretch)
    assert ratio.median() < CARDS[task].slope, "our slope is on the wide side"
    assert CARDS[task].slope == pytest.approx(slope(subtasks), abs=1e-4)
    assert CARDS[task].n == questions(subtasks)


@pytest.mark.parametrize(("task", "chance"), [("gpqa", 1 / 4), ("mmlu_pro", 1 / 10)])
def test_one_chance_level_gives_the_published_rescaling_exactly(task, chance):
    frame = v2()
    expected = ((frame[f"evaluations_{task}_value"] - chance) / (1 - chance)).clip(lower=0)
    np.testing.assert_allclose(frame[f"evaluations_{task}_normalized_score"] / 100, expected, atol=1e-9)
    assert CARDS[task].slope == pytest.approx(1 / (1 - chance), abs=1e-4)


def test_mmlu_counts_every_subject_the_same():
    sizes = pd.read_parquet(SHARED / "benchmarks" / "routellm_mmlu_correctness.parquet").groupby("subject").size()
    assert (len(sizes), sizes.sum()) == (57, MMLU.n)
    assert math.sqrt(MMLU.n * (1 / sizes).sum()) / 57 == pytest.approx(MMLU.slope, abs=1e-4)


def test_chance_of_truthfulqa_is_the_mean_share_of_true_answers():
    rows = json.loads((SHARED / "benchmarks" / "mc_task.json").read_text())
    shares = [np.mean(list(row["mc2_targets"].values())) for row in rows]
    assert len(shares) == TRUTHFULQA.n
    assert np.mean(shares) == pytest.approx(TRUTHFULQA.chance, abs=5e-4)
