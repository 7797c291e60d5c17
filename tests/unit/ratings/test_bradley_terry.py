"""Bradley-Terry: the exact maximum, honest intervals, and every way in which peers go wrong."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from leaderboard.errors import BadSetting
from leaderboard.ratings import resampling
from leaderboard.ratings.battles import (
    Battles,
    PairCounts,
    battles_from_columns,
    count_pairs,
    merge,
    pair_counts_from_columns,
)
from leaderboard.ratings.bradley_terry import fit

ELO = 400 / np.log(10)
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "chatbot_arena"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public votes are not at {SHARED}")


def simulate(n: int = 4000, m: int = 6, seed: int = 1, ties: float = 0.3, spread: float = 0.7) -> Battles:
    """Battles of m models whose strengths are `spread` log odds apart on average."""
    rng = np.random.default_rng(seed)
    strength = rng.normal(0, spread, m)
    a = rng.integers(0, m, n).astype(np.int32)
    b = ((a + rng.integers(1, m, n)) % m).astype(np.int32)
    won = rng.random(n) < expit(strength[a] - strength[b])
    outcome = np.where(rng.random(n) < ties, 0, np.where(won, 1, -1)).astype(np.int8)
    return Battles(models=tuple(f"m{i}" for i in range(m)), a=a, b=b, outcome=outcome)


def counts_of(rows: list[tuple[str, str, float, float, float]]) -> PairCounts:
    return pair_counts_from_columns(*(list(column) for column in zip(*rows, strict=True)))


def read_counts(name: str) -> PairCounts:
    with (SHARED / name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    keys = ("model_a", "model_b", "wins_a", "wins_b", "ties")
    return pair_counts_from_columns(*([row[key] for row in rows] for key in keys))


def log_likelihood(counts: PairCounts, ties: str, strength: np.ndarray, e: float = 0.0) -> float:
    d = strength[counts.first] - strength[counts.second]
    if ties == "half":
        won, lost = counts.wins + counts.ties / 2, counts.losses + counts.ties / 2
        return float(np.sum(won * log_expit(d) + lost * log_expit(-d)))
    if ties == "davidson":
        logits = np.stack([d / 2, np.full_like(d, e), -d / 2])
    else:
        won, lost = log_expit(d - e), log_expit(-d - e)
        logits = np.stack([won, won + lost + np.log(np.expm1(2 * e)), lost])
        return float(np.sum(np.stack([counts.wins, counts.ties, counts.losses]) * logits))
    logits -= np.logaddexp.reduce(logits, axis=0)
    return float(np.sum(np.stack([counts.wins, counts.ties, counts.losses]) * logits))


def maximum_elsewhere(counts: PairCounts, ties: str) -> np.ndarray:
    """Centred Elo ratings by a general optimiser on the log-likelihood."""
    m = len(counts.models)

    def loss(x: np.ndarray) -> float:
        e = np.exp(x[-1]) if ties == "rao_kupper" else x[-1]
        return -log_likelihood(counts, ties, np.append(x[: m - 1], 0.0), e)

    best = minimize(loss, np.full(m, -0.5), method="BFGS", options={"gtol": 1e-9, "maxiter": 4000})
    best = minimize(loss, best.x, method="Nelder-Mead", options={"xatol": 1e-11, "fatol": 1e-13, "maxiter": 40000})
    strength = np.append(best.x[: m - 1], 0.0)
    return 1000 + ELO * (strength - strength.mean())


def test_two_models_have_the_closed_form():
    # 60 wins, 20 losses, 20 ties: score 70 of 100, odds 7 to 3
    rating = fit(counts_of([("a", "b", 60, 20, 20)])).rating
    half = ELO * np.log(7 / 3) / 2
    np.testing.assert_allclose(rating, [1000 + half, 1000 - half], atol=1e-8)


def test_the_maximum_is_where_an_independent_solver_finds_it():
    counts = count_pairs(simulate(n=900, m=4))
    p = counts.wins + counts.ties / 2, counts.losses + counts.ties / 2
    strength = np.zeros(4)
    for _ in range(20_000):  # Zermelo's iteration (1929), nothing in common with Newton's
        odds = np.exp(strength)
        won = np.bincount(counts.first, p[0], 4) + np.bincount(counts.second, p[1], 4)
        weight = counts.totals / (odds[counts.first] + odds[counts.second])
        strength = np.log(won / (np.bincount(counts.first, weight, 4) + np.bincount(counts.second, weight, 4)))
        strength -= strength.mean()
    np.testing.assert_allclose(fit(counts).rating, 1000 + ELO * strength, atol=1e-6)


@pytest.mark.parametrize("ties", ["half", "davidson", "rao_kupper"])
def test_each_tie_model_is_at_the_top_of_its_likelihood(ties):
    counts = count_pairs(simulate(n=600, m=4, seed=3))
    result = fit(counts, ties=ties)
    np.testing.assert_allclose(result.rating, maximum_elsewhere(counts, ties), atol=2e-3)
    strength, e = (result.rating - 1000) / ELO, float(result.settings["tie_parameter"])
    top = log_likelihood(counts, ties, strength, e)
    for i in range(4):
        for step in (-1e-3, 1e-3):
            assert log_likelihood(counts, ties, strength + step * np.eye(4)[i], e) < top
    if ties != "half":
        assert max(log_likelihood(counts, ties, strength, e + step) for step in (-1e-3, 1e-3)) < top


def test_without_ties_all_tie_models_agree():
    counts = count_pairs(simulate(ties=0.0))
    found = [fit(counts, ties=ties).rating for ties in ("half", "drop", "davidson", "rao_kupper")]
    for other in found[1:]:
        np.testing.assert_allclose(found[0], other, atol=1e-8)


def test_dropped_ties_are_not_counted():
    counts = counts_of([("a", "b", 30, 10, 60)])
    result = fit(counts, ties="drop")
    np.testing.assert_allclose(result.rating[0] - result.rating[1], ELO * np.log(3), atol=1e-8)
    assert result.n_battles.tolist() == [40, 40]


@pytest.mark.parametrize("ties", ["half", "davidson", "rao_kupper"])
def test_sandwich_and_bootstrap_agree(ties):
    battles = simulate(n=3000)
    sandwich = fit(battles, ties=ties)
    rounds = fit(battles, ties=ties, interval="bootstrap", n_resamples=40_000, seed=5)  # known to 0.35 %
    np.testing.assert_allclose(np.sqrt(np.diag(sandwich.covariance)), rounds.rounds.std(axis=0), rtol=0.03)
    np.testing.assert_allclose(sandwich.lower, rounds.lower, atol=2.5)
    np.testing.assert_allclose(sandwich.upper, rounds.upper, atol=2.5)


def test_ties_as_half_wins_need_the_sandwich():
    """Pitfall 1: the inverse information takes a tie for two opposite battles."""
    battles = simulate(n=6000, ties=0.3)
    counts = count_pairs(battles)
    result = fit(battles)
    strength = (result.rating - 1000) / ELO
    p = expit(strength[counts.first] - strength[counts.second])
    information = np.zeros((6, 6))
    for i, j, w in zip(counts.first, counts.second, counts.totals * p * (1 - p), strict=True):
        information[[i, j], [i, j]] += w
        information[[i, j], [j, i]] -= w
    naive = ELO * np.sqrt(np.diag(np.linalg.pinv(information)))
    assert np.all(naive / np.sqrt(np.diag(result.covariance)) > 1.12)


def clustered(n_prompts: int = 120, seed: int = 2) -> Battles:
    """Each of n_prompts is answered by all 4 models and judged 6 times by the same favour a prompt."""
    rng = np.random.default_rng(seed)
    rows = []
    for prompt in range(n_prompts):
        favour = rng.normal(0, 1.2, 4)
        for a in range(4):
            for b in range(a + 1, 4):
                won = rng.random() < expit(favour[a] - favour[b])
                rows += [(f"m{a}", f"m{b}", "model_a" if won else "model_b", prompt)] * 2
    return battles_from_columns(*zip(*[row[:3] for row in rows], strict=True), cluster=[row[3] for row in rows])


def test_battles_that_share_a_prompt_are_one_cluster():
    """Pitfalls 2 and 10: copied rows and common prompts widen the interval."""
    battles = clustered()
    wide = fit(battles)
    narrow = fit(count_pairs(battles))
    assert np.all(np.diag(wide.covariance) > 1.8 * np.diag(narrow.covariance))
    rounds = fit(battles, interval="bootstrap", n_resamples=20_000)  # known to 0.5 %
    np.testing.assert_allclose(np.sqrt(np.diag(wide.covariance)), rounds.rounds.std(axis=0), rtol=0.03)
    assert wide.settings["clustered"] is True


def test_copies_of_rows_with_a_third_of_the_weight_change_nothing():
    """Pitfall 10, by weights: three copies of every row in one cluster are the row."""
    battles = simulate(n=500)
    copies = Battles(
        models=battles.models, a=np.repeat(battles.a, 3), b=np.repeat(battles.b, 3),
        outcome=np.repeat(battles.outcome, 3), weight=np.full(1500, 1 / 3), cluster=np.repeat(np.arange(500), 3),
    )  # fmt: skip
    one, three = fit(battles), fit(copies)
    np.testing.assert_allclose(one.rating, three.rating, atol=1e-8)
    np.testing.assert_allclose(one.covariance * 500 / 499, three.covariance, rtol=1e-8)


@pytest.mark.parametrize("interval", ["sandwich", "bootstrap"])
def test_copies_of_rows_with_a_third_of_the_weight_need_no_cluster(interval):
    """Pitfall 10: the interval is that of the rows, not narrower by the root of 3."""
    battles = simulate(n=500)
    copies = Battles(
        models=battles.models, a=np.repeat(battles.a, 3), b=np.repeat(battles.b, 3),
        outcome=np.repeat(battles.outcome, 3), weight=np.full(1500, 1 / 3),
    )  # fmt: skip
    one, three = fit(battles, interval=interval), fit(copies, interval=interval)
    np.testing.assert_allclose(three.upper - three.lower, one.upper - one.lower, rtol=1e-3)


@pytest.mark.parametrize("interval", ["sandwich", "bootstrap"])
def test_a_row_of_weight_three_is_one_observation_not_three(interval):
    """Pitfall 10, Arena-Hard's clear verdicts: three copies of a row would narrow the interval."""
    battles = simulate(n=900)
    clear = np.arange(900) % 2 == 0
    weighted = replace(battles, weight=np.where(clear, 3.0, 1.0))
    times = np.where(clear, 3, 1)
    copied = Battles(models=battles.models, a=np.repeat(battles.a, times), b=np.repeat(battles.b, times),
                     outcome=np.repeat(battles.outcome, times))  # fmt: skip
    one, three = fit(weighted, interval=interval), fit(copied, interval=interval)
    np.testing.assert_allclose(one.rating, three.rating, atol=1e-6)
    assert np.all(one.upper - one.lower > 1.3 * (three.upper - three.lower))


def test_weights_without_clusters_enter_squared():
    battles = simulate(n=800)
    doubled = Battles(
        models=battles.models, a=battles.a, b=battles.b, outcome=battles.outcome, weight=np.full(800, 2.0)
    )
    np.testing.assert_allclose(fit(battles).covariance, fit(doubled).covariance, rtol=1e-8)
    assert fit(doubled).n_battles.sum() == 2 * 2 * 800


def test_a_model_that_never_lost_gets_a_finite_rating_and_the_others_keep_theirs():
    """Pitfall 3: half a game won and half a game lost against the one it beat: odds of 30.5 to 0.5."""
    rest = [("b", "c", 40, 30, 0), ("c", "d", 30, 40, 0), ("b", "d", 35, 35, 0)]
    result = fit(counts_of([("a", "b", 30, 0, 0), *rest]))
    rating = dict(zip(result.models, result.rating, strict=True))
    without = fit(counts_of(rest))
    old = dict(zip(without.models, without.rating, strict=True))
    assert rating["a"] - rating["b"] == pytest.approx(ELO * np.log(30.5 / 0.5), abs=1e-6)
    assert rating["b"] - rating["d"] == pytest.approx(old["b"] - old["d"], abs=1e-6)
    assert np.isfinite(result.lower).all()
    rounds = fit(counts_of([("a", "b", 30, 0, 0), *rest]), interval="bootstrap", n_resamples=200)
    assert np.isfinite(rounds.rounds).all()


def test_the_prior_does_not_grow_with_the_opponents():
    even = fit(counts_of([("a", "b", 30, 0, 0)]))
    split = fit(counts_of([("a", x, 10, 0, 0) for x in "bcd"] + [(x, y, 500, 500, 0) for x, y in ("bc", "cd", "bd")]))
    lead = split.rating[0] - split.rating[1:].mean()
    assert lead == pytest.approx(even.rating[0] - even.rating[1], rel=0.01)


def test_where_a_maximum_exists_the_prior_adds_nothing():
    counts = count_pairs(simulate(n=400))
    np.testing.assert_allclose(fit(counts, prior=0.5).rating, fit(counts, prior=0.0).rating, atol=1e-12)


def test_a_rare_model_has_the_error_of_its_own_battles():
    """Pitfall 4: its standard error is that of a model with 100 battles against fixed opponents."""
    common = [(f"m{i}", f"m{j}", 20_000, 20_000, 0) for i in range(4) for j in range(i + 1, 4)]
    rare = [("rare", f"m{i}", 13, 12, 0) for i in range(4)]
    result = fit(counts_of(common + rare))
    error = np.sqrt(np.diag(result.covariance))[result.models.index("rare")]
    # 100 battles at p = 1/2 carry 25 units of information; centring five models takes 4/5 of the rating
    assert error == pytest.approx(ELO * 0.2 * 4 / 5, rel=0.02)


def test_components_are_rated_apart_and_said():
    """Pitfall 5: models that never met, directly or over others, have no common scale."""
    result = fit(counts_of([("a", "b", 6, 4, 0), ("c", "d", 9, 1, 0), ("d", "e", 5, 5, 0)]))
    assert result.component.tolist() == [1, 1, 0, 0, 0]
    for number in (0, 1):
        assert result.rating[result.component == number].mean() == pytest.approx(1000)
    assert np.isfinite(result.upper).all()


@pytest.mark.parametrize("interval", ["sandwich", "bootstrap"])
def test_an_anchored_model_has_its_rating_in_every_round(interval):
    """Pitfall 8."""
    result = fit(simulate(n=800), anchor=("m2", 1234.0), interval=interval, n_resamples=50)
    at = result.models.index("m2")
    assert result.rating[at] == pytest.approx(1234.0)
    assert result.lower[at] == pytest.approx(1234.0)
    assert result.upper[at] == pytest.approx(1234.0)
    free = fit(simulate(n=800))
    np.testing.assert_allclose(np.diff(result.rating), np.diff(free.rating), atol=1e-8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"anchor": ("nobody", 1000.0)}, "Anchor 'nobody' is not among the 6 models; expected one of m0, m1"),
        ({"ties": "thirds"}, "Setting ties is 'thirds'; expected one of half, drop, davidson, rao_kupper"),
        ({"interval": "exact"}, "Setting interval is 'exact'"),
        ({"confidence_level": 1.0}, "Setting confidence_level is 1.0"),
        ({"prior": -1.0}, "Setting prior is -1.0"),
        ({"scale": 0.0}, "Setting scale is 0.0"),
        ({"interval": "bootstrap", "n_resamples": 1}, "Setting n_resamples is 1"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(options, words):
    with pytest.raises(BadSetting, match=words.replace("(", r"\(")):
        fit(simulate(n=100), **options)


def test_no_battles_are_refused():
    with pytest.raises(BadSetting, match="There are no battles"):
        fit(battles_from_columns([], [], []))
    with pytest.raises(BadSetting, match="There are no battles"):
        fit(counts_of([("a", "b", 0, 0, 7)]), ties="drop")


def test_one_battle_and_all_ties_have_ratings():
    assert fit(battles_from_columns(["a"], ["b"], ["model_a"])).rating[0] > 1000
    np.testing.assert_allclose(fit(battles_from_columns(["a"] * 5, ["b"] * 5, ["tie"] * 5)).rating, [1000, 1000])


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), ties=st.sampled_from(["half", "davidson", "rao_kupper", "drop"]))
def test_relabelling_permutes_and_swapping_sides_mirrors(seed, ties):
    battles = simulate(n=250, m=5, seed=seed)
    result = fit(battles, ties=ties)
    order = np.random.default_rng(seed).permutation(5)
    place = np.argsort(order).astype(np.int32)
    renamed = Battles(models=battles.models, a=place[battles.a], b=place[battles.b], outcome=battles.outcome)
    np.testing.assert_allclose(fit(renamed, ties=ties).rating, result.rating[order], atol=1e-6)
    swapped = Battles(models=battles.models, a=battles.b, b=battles.a, outcome=-battles.outcome)
    np.testing.assert_allclose(fit(swapped, ties=ties).covariance, result.covariance, atol=1e-6)
    won = Battles(models=battles.models, a=battles.a, b=battles.b, outcome=-battles.outcome)
    np.testing.assert_allclose(fit(won, ties=ties).rating, 2000 - result.rating, atol=1e-6)
    assert np.all(result.lower <= result.rating)
    assert np.all(result.rating <= result.upper)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_merged_counts_are_the_counts_of_all_battles(seed):
    one, other = simulate(n=200, seed=seed), simulate(n=300, seed=seed + 1)
    both = Battles(
        models=one.models, a=np.concatenate([one.a, other.a]), b=np.concatenate([one.b, other.b]),
        outcome=np.concatenate([one.outcome, other.outcome]),
    )  # fmt: skip
    merged = merge(count_pairs(one), count_pairs(other))
    np.testing.assert_allclose(fit(merged).rating, fit(both).rating, atol=1e-8)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    battles = simulate(n=500)
    first, again, other = (fit(battles, interval="bootstrap", n_resamples=100, seed=seed).rounds for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_batches_do_not_change_the_rounds(monkeypatch):
    battles = simulate(n=500)
    whole = fit(battles, interval="bootstrap", n_resamples=60).rounds
    monkeypatch.setattr(resampling, "CELLS_AT_ONCE", 300)
    np.testing.assert_allclose(fit(battles, interval="bootstrap", n_resamples=60).rounds, whole, atol=1e-9)


def test_every_bootstrap_round_is_at_its_own_maximum():
    counts = count_pairs(simulate(n=700))
    rounds = fit(counts, interval="bootstrap", n_resamples=40, seed=3).rounds
    for i, own in enumerate(resampling.resampled(counts, 40, 3)):
        np.testing.assert_allclose(rounds[i], fit(own, interval="none").rating, atol=1e-3)


def penalised_maximum(counts: PairCounts) -> np.ndarray:
    """As FastChat computed it: logistic regression without ties, L2 penalty w'w / 2 in units of 400 points."""
    m = len(counts.models)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        d = np.log(10) * (w[counts.first] - w[counts.second])
        pull = np.log(10) * (counts.losses * expit(d) - counts.wins * expit(-d))
        slope = np.bincount(counts.first, pull, m) - np.bincount(counts.second, pull, m)
        return float(w @ w / 2 - counts.wins @ log_expit(d) - counts.losses @ log_expit(-d)), slope + w

    options = {"maxiter": 9000, "ftol": 1e-16, "gtol": 1e-10}
    return np.asarray(1000 + 400 * minimize(loss, np.zeros(m), jac=True, method="L-BFGS-B", options=options).x)


@needs_shared
def test_the_arena_of_may_2023_is_as_published_but_for_a_penalty():
    """LMSYS published Bradley-Terry without ties, mean 1000 and no anchor, shrunk by scikit-learn's default penalty.

    Without the penalty every rating is within 0.9 points; with it within the rounding of the table (two decimals).
    """
    counts = read_counts("pairwise_counts_20230522_17models.csv")
    assert counts.totals.sum() == 27_016
    with (SHARED / "published_ratings_20230522_17models.csv").open(newline="") as file:
        published = {row["model"]: float(row["mle_noties_published"]) for row in csv.DictReader(file)}
    there = np.array([published[model] for model in counts.models])
    ours = fit(counts, ties="drop", interval="none").rating
    assert there.mean() == pytest.approx(1000, abs=0.005)
    assert 0.8 < np.abs(ours - there).max() < 0.9
    assert np.abs(penalised_maximum(counts) - there).max() < 0.01
