"""Style and length control: the effect is found, the ratings are those at equal features."""

import numpy as np
import pytest
from scipy.special import expit

from leaderboard.errors import BadSetting
from leaderboard.ratings import bradley_terry
from leaderboard.ratings.battles import Battles
from leaderboard.ratings.covariates import fit, relative_difference

ELO = 400 / np.log(10)


def simulate(effect: float, n: int = 20_000, seed: int = 3) -> tuple[Battles, np.ndarray, np.ndarray]:
    """Four models, the last of which writes long; verdicts follow strength and relative length."""
    rng = np.random.default_rng(seed)
    strength = np.array([0.6, 0.2, -0.2, -0.6])
    a = rng.integers(0, 4, n).astype(np.int32)
    b = ((a + rng.integers(1, 4, n)) % 4).astype(np.int32)
    long = np.array([200, 200, 200, 800])
    lengths = rng.poisson(long[a]), rng.poisson(long[b])
    feature = relative_difference(*lengths)
    won = rng.random(n) < expit(strength[a] - strength[b] + effect * feature)
    outcome = np.where(won, 1, -1).astype(np.int8)
    return Battles(models=tuple("abcd"), a=a, b=b, outcome=outcome), feature[:, None], strength


def test_the_effect_is_found_and_the_ratings_are_those_without_it():
    battles, features, strength = simulate(0.8)
    found = fit(battles, features)
    assert found.effect_lower[0] < 0.8 < found.effect_upper[0]
    # verbosity lifts d in the plain rating; controlled it is where its strength puts it
    plain, controlled = bradley_terry.fit(battles).rating, found.ratings
    assert plain[3] > controlled.rating[3] + 50
    truth = 1000 + ELO * strength
    assert np.all((controlled.lower - 10 < truth) & (truth < controlled.upper + 10))


def test_a_feature_without_effect_leaves_the_plain_ratings():
    battles, _, _ = simulate(0.0)
    noise = np.random.default_rng(0).normal(size=(len(battles), 1))
    found = fit(battles, noise)
    np.testing.assert_allclose(found.ratings.rating, bradley_terry.fit(battles).rating, atol=0.5)
    assert found.effect_lower[0] < 0 < found.effect_upper[0]


def test_without_features_it_is_bradley_terry_with_its_sandwich():
    battles, _, _ = simulate(0.3, n=3000)
    found, plain = fit(battles, np.zeros((len(battles), 0))), bradley_terry.fit(battles)
    np.testing.assert_allclose(found.ratings.rating, plain.rating, atol=1e-6)
    np.testing.assert_allclose(found.ratings.covariance, plain.covariance, rtol=1e-6)


def test_what_cannot_be_fitted_is_refused():
    battles, features, _ = simulate(0.1, n=400)
    with pytest.raises(BadSetting, match=r"Features have the shape \(399, 1\); expected finite numbers, 400 rows"):
        fit(battles, features[1:])
    with pytest.raises(BadSetting, match="the same in every battle"):
        relative_difference([5, 5], [5, 5])
    with pytest.raises(BadSetting, match="negative or missing"):
        relative_difference([-1, 5], [5, 5])
    one_sided = Battles(models=("a", "b"), a=battles.a * 0, b=battles.b * 0 + 1, outcome=np.ones(400, dtype=np.int8))
    with pytest.raises(BadSetting, match="never lost or never won"):
        fit(one_sided, features)
