"""Bradley-Terry beside evalica and choix, where these are installed: `pip install evalica choix`."""

import numpy as np
import pytest
from scipy.special import expit

from leaderboard.ratings.battles import Battles, count_pairs
from leaderboard.ratings.bradley_terry import fit

ELO = 400 / np.log(10)
CLOSE = 1e-6
"""Elo points."""


def simulated() -> Battles:
    """3,000 battles of 8 models, a quarter of them ties."""
    rng = np.random.default_rng(20)
    strength = rng.normal(0, 0.8, 8)
    a = rng.integers(0, 8, 3000).astype(np.int32)
    b = ((a + rng.integers(1, 8, 3000)) % 8).astype(np.int32)
    won = np.where(rng.random(3000) < expit(strength[a] - strength[b]), 1, -1)
    outcome = np.where(rng.random(3000) < 0.25, 0, won).astype(np.int8)
    return Battles(models=tuple("abcdefgh"), a=a, b=b, outcome=outcome)


def in_elo(log_odds: np.ndarray) -> np.ndarray:
    return 1000 + ELO * (log_odds - log_odds.mean())


def test_ratings_are_those_of_evalica():
    evalica = pytest.importorskip("evalica", reason="evalica is not installed")
    battles = simulated()
    winner = {1: evalica.Winner.X, -1: evalica.Winner.Y, 0: evalica.Winner.Draw}
    scores = evalica.bradley_terry(
        [battles.models[i] for i in battles.a], [battles.models[i] for i in battles.b],
        [winner[int(outcome)] for outcome in battles.outcome], tolerance=1e-14, limit=100_000,
    ).scores  # fmt: skip
    theirs = in_elo(np.log(scores[list(battles.models)].to_numpy()))
    np.testing.assert_allclose(fit(battles, interval="none").rating, theirs, rtol=0, atol=CLOSE)


def test_ratings_are_those_of_choix():
    choix = pytest.importorskip("choix", reason="choix is not installed")
    counts = count_pairs(simulated())
    wins = np.zeros((8, 8))
    wins[counts.first, counts.second] = counts.wins + counts.ties / 2
    wins[counts.second, counts.first] = counts.losses + counts.ties / 2
    theirs = in_elo(choix.ilsr_pairwise_dense(wins, max_iter=10_000, tol=1e-13))
    np.testing.assert_allclose(fit(counts, interval="none").rating, theirs, rtol=0, atol=CLOSE)
