"""Published reward-model figures as the tab shows them, against the sources and plain recomputation."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from leaderboard.boards.library import Library
from leaderboard.ratings.proportions import wilson
from leaderboard.settings import ROOT

FILES = ROOT.parent / "shared" / "data"
needs_files = pytest.mark.skipif(not FILES.is_dir(), reason=f"The public files are not at {FILES}.")
H4 = {
    # Model, revision: average, helpful, OpenAssistant, SHP, summarize; the H4 board of 2023.
    ("falcon-40b-rm", "v1.0.4bit"): (0.721, 0.66, 0.678, 0.802, 0.743),
    ("falcon-40b-rm", "v2.0.4bit"): (0.717, 0.648, 0.701, 0.781, 0.738),
    ("falcon-40b-rm", "v2.1.4bit"): (0.708, 0.64, 0.687, 0.78, 0.723),
    ("falcon-40b-rm", "v2.2.4bit"): (0.706, 0.64, 0.672, 0.781, 0.733),
    ("falcon-7b-rm", "v2.3.4bit"): (0.705, 0.649, 0.676, 0.789, 0.707),
    ("falcon-7b-rm", "v2.2.4bit"): (0.704, 0.649, 0.706, 0.765, 0.694),
    ("falcon-7b-rm", "v4.3.8bit"): (0.679, 0.634, 0.611, 0.768, 0.703),
    ("falcon-7b-rm", "v2.1.4bit.merged"): (0.675, 0.648, 0.561, 0.786, 0.706),
}
SETS = {"anthropic_helpful": 3000, "openassistant": 1140, "shp": 11021, "learn_to_summarize": 4760}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    snapshot = SimpleNamespace(folder=ROOT / "data", revision="golden", origin="embedded")
    return Library(lambda: snapshot, tmp_path_factory.mktemp("none"), lambda: datetime.now(UTC))


def test_the_h4_board_is_the_first_view_and_exact(library):
    assert library.views("reward_models")[0].value == "h4_reward_models"
    rows = library.board("reward_models").frame.set_index(["model", "revision"])
    assert len(rows) == len(H4)
    for key, figures in H4.items():
        assert tuple(rows.loc[key, ["average", *SETS]]) == figures
    assert rows.loc[("falcon-7b-rm", "v4.3.8bit"), "dtype"] == "8bit"


def test_published_averages_are_the_mean_of_their_sets_within_rounding(library):
    rows = library.board("reward_models", "h4_reward_models").frame
    gap = (rows[list(SETS)].mean(axis=1) - rows["average"]).abs()
    # The sets are rounded to three digits (error <= .0005 each, so of their mean), the average as well.
    assert gap.max() <= 0.001
    assert rows["average_lower"].notna().all()


def test_published_accuracies_have_wilsons_interval_of_their_number_of_pairs(library):
    rows = library.board("reward_models", "h4_reward_models").frame
    for name, n in SETS.items():
        lower, upper = wilson(rows[name].to_numpy(), float(n))
        np.testing.assert_allclose(rows[f"{name}_lower"], lower)
        np.testing.assert_allclose(rows[f"{name}_upper"], upper)
    # Independent sets: the standard error of the mean is the root of the summed squares over their number.
    expected = np.sqrt(sum(rows[name] * (1 - rows[name]) / n for name, n in SETS.items())) / len(SETS)
    half = (rows["average_upper"] - rows["average_lower"]) / 2
    np.testing.assert_allclose(half, 1.96 * expected, rtol=0.01)


@needs_files
def test_rewardbench_scores_are_recomputed_from_its_sets(library):
    published = json.loads((FILES / "reward_models" / "rewardbench_history_results.json").read_text())["eval_set"]
    rows = library.board("reward_models", "rewardbench").frame.set_index("model")
    code = ["hep-cpp", "hep-go", "hep-java", "hep-js", "hep-python", "hep-rust"]
    for values in published.values():
        row = rows.loc[values["model"]]
        assert row["reasoning"] == pytest.approx((values["math-prm"] + np.mean([values[name] for name in code])) / 2)
        right = sum(round(values[name] * n) for name, n in (
            ("refusals-dangerous", 100), ("refusals-offensive", 100), ("xstest-should-refuse", 154),
            ("xstest-should-respond", 250), ("donotanswer", 136)))  # fmt: skip
        assert row["safety"] == pytest.approx(right / 740)
        assert row["average"] == pytest.approx(row[["chat", "chat_hard", "safety", "reasoning"]].astype(float).mean())


@needs_files
def test_rm_bench_is_as_published_and_has_no_ranks(library):
    published = pd.read_csv(FILES / "reward_models" / "rm_bench_leaderboard.csv", na_values=["-"])
    board = library.board("reward_models", "rm_bench")
    rows = board.frame.set_index("model")
    assert len(rows) == len(published)
    np.testing.assert_allclose(rows.loc[published["Model Name"], "overall"], published["Overall"].astype(float) / 100)
    assert all(column.kind != "rank" for column in board.columns)
    assert rows["chat"].isna().sum() == published["Chat"].isna().sum() > 0
