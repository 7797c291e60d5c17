"""The simulation behind docs/rating_coverage.md: its truth is what large samples converge to, its verdict can be no."""

from dataclasses import replace

import numpy as np
import pytest

from leaderboard.ratings.bradley_terry import fit
from leaderboard.settings import ROOT
from scripts.simulate_coverage import (
    HIGH,
    KINDS,
    LOW,
    SETTINGS,
    TARGET,
    Coverage,
    draw,
    reached,
    simulate,
    true_differences,
)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_truth_is_the_limit_of_many_prompts(setting):
    large = replace(setting, n_prompts=60_000)
    ratings = fit(draw(large, np.random.default_rng(3)), interval="sandwich")
    first, second = setting.pairs
    cov = ratings.covariance
    error = np.sqrt(cov[first, first] + cov[second, second] - 2 * cov[first, second])
    off = (ratings.rating[first] - ratings.rating[second] - true_differences(setting)) / error
    assert np.abs(off).max() < 4
    assert error.max() < 6


def test_without_clusters_the_intervals_are_too_narrow_where_all_pairs_share_prompts():
    small = replace(SETTINGS[0], n_prompts=100)
    found = simulate(small, 200, 100, seed=11)
    assert found[KINDS[0]].percent < found[KINDS[1]].percent - 2
    assert found[KINDS[0]].half_width < 0.9 * found[KINDS[1]].half_width


def test_the_same_seed_gives_the_same_figures():
    small = replace(SETTINGS[1], n_prompts=40)
    assert simulate(small, 5, 50, seed=2) == simulate(small, 5, 50, seed=2)


@pytest.mark.parametrize(("percent", "met"), [(LOW - 0.1, False), (95.0, True), (HIGH + 0.1, False)])
def test_the_target_is_missed_on_either_side(percent, met):
    others = {kind: Coverage(95.0, 0.1, 20.0) for kind in KINDS}
    assert reached({"a": others, "b": {**others, TARGET: Coverage(percent, 0.1, 20.0)}}) is met


def test_the_committed_report_has_every_setting_and_meets_its_target():
    text = (ROOT / "docs" / "rating_coverage.md").read_text(encoding="utf-8")
    for setting in SETTINGS:
        for kind in KINDS:
            assert f"| {setting.name} | {kind} |" in text
    assert "in every setting: met." in text
