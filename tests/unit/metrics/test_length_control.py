"""Length-controlled win rates: known effects are removed, and how far ours are from the published ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from leaderboard.errors import BadBattle
from leaderboard.metrics.length_control import controlled_win_rates, fit_fractions

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "alpaca_eval"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public annotations are not at {SHARED}")


def simulated(length_effect: float, strength: float = 0.3, n: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Two models; the verdicts on `long` follow its extra length."""
    rng = np.random.default_rng(seed)
    parts = []
    for model, extra in (("long", 400.0), ("short", 0.0)):
        gap = rng.normal(extra, 300, n)
        p = expit(strength + length_effect * np.tanh(gap / gap.std()))
        parts.append(pd.DataFrame({
            "instruction_id": np.arange(n), "model": model, "preference": 1.0 + (rng.random(n) < p),
            "len_model": 5000 + gap, "len_baseline": 5000.0,
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_the_effect_of_length_is_taken_out():
    table = controlled_win_rates(simulated(length_effect=1.0)).set_index("model")
    assert table.loc["long", "win_rate"] > 0.68
    assert table.loc["long", "length_controlled_win_rate"] == pytest.approx(expit(0.3), abs=0.035)
    assert table.loc["long", "length_effect"] == pytest.approx(1.0, abs=0.15)


def test_without_an_effect_nothing_changes():
    table = controlled_win_rates(simulated(length_effect=0.0))
    assert (table["win_rate"] - table["length_controlled_win_rate"]).abs().max() < 0.03


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("len_model", None, "Annotation 2: len_model is missing; expected a number of characters"),
        ("len_baseline", -3, "Annotation 2: len_baseline is -3"),
        ("len_model", "long", "Annotation 2: len_model is 'long'"),
        ("preference", 7, "Annotation 2: preference is 7; expected 1 to 2"),
    ],
)
def test_what_cannot_be_controlled_is_refused_by_row(column, value, words):
    rows = simulated(length_effect=0.0, n=5).astype(object)
    rows.loc[1, column] = value
    with pytest.raises(BadBattle, match=words):
        controlled_win_rates(rows)


def test_an_unparsed_verdict_may_lack_a_length_and_no_verdict_at_all_is_an_empty_table():
    rows = simulated(length_effect=0.0, n=50)
    rows.loc[0, ["preference", "len_model"]] = np.nan
    assert controlled_win_rates(rows).set_index("model").loc["long", "n"] == 49
    nothing = controlled_win_rates(rows.assign(preference=np.nan))
    assert (len(nothing), "length_controlled_win_rate" in nothing) == (0, True)


def test_a_model_that_always_wins_has_a_finite_fit():
    rows = simulated(length_effect=0.0, n=60).assign(preference=2.0)
    table = controlled_win_rates(rows)
    assert table["length_controlled_win_rate"].between(0.99, 1).all()
    assert np.isfinite(table["length_effect"]).all()


def test_the_fit_is_at_the_top_of_its_penalised_likelihood():
    rng = np.random.default_rng(1)
    features, target = rng.normal(size=(200, 3)), rng.random(200)
    penalty = np.array([0.0, 1.0, 2.0])
    weights = fit_fractions(features, target, penalty)
    gradient = features.T @ (target - expit(features @ weights)) - (penalty + 1e-6) * weights
    assert np.abs(gradient).max() < 1e-8


@needs_shared
def test_how_close_ours_are_to_the_published_ones():
    """50 models of AlpacaEval 2: equal win rates; controlled ones correlate 0.993 and lie 2.3 points lower."""
    rows = pd.read_parquet(SHARED / "annotations_all.parquet")
    rows = rows[rows["annotator"].eq("weighted_alpaca_eval_gpt4_turbo")]
    name = "docs_data_AlpacaEval_2__weighted_alpaca_eval_gpt4_turbo_leaderboard.csv"
    published = pd.read_csv(SHARED / "published" / name)
    published["model"] = published["samples"].str.extract(r"results/([^/]+)/")[0]
    both = controlled_win_rates(rows).merge(published, on="model", suffixes=("", "_published"))
    assert len(both) == 50
    assert (100 * both["win_rate"] - both["win_rate_published"]).abs().max() < 1e-5
    ours, theirs = 100 * both["length_controlled_win_rate"], both["length_controlled_winrate"]
    assert np.corrcoef(ours, theirs)[0, 1] > 0.99
    assert (ours - theirs).mean() == pytest.approx(-2.3, abs=0.3)
    assert (ours - theirs).abs().median() < 3
