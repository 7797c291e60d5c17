"""Bootstrap rounds in which a model with few battles has none, or the models fall apart, still rate every model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.errors import BadSetting
from leaderboard.ratings.battles import PairCounts, components, pair_counts_from_columns
from leaderboard.ratings.bradley_terry import fit
from leaderboard.ratings.likelihood import Design, has_maximum, maximise, with_prior
from leaderboard.ratings.resampling import cell_batches
from leaderboard.ratings.tie_models import TIE_MODELS, Counts


def counts_of(*rows: tuple[str, str, int, int, int]) -> PairCounts:
    """Rows of model_a, model_b, wins_a, wins_b, ties."""
    return pair_counts_from_columns(*(list(column) for column in zip(*rows, strict=True)))


def check_rounds(counts: PairCounts, seed: int, n_rounds: int = 12) -> None:
    """Every round is at the maximum of its own counts, with the prior where they have none."""
    design = Design(n_models=len(counts.models), first=counts.first, second=counts.second, component=components(counts))
    fitted = with_prior(design, Counts(counts.wins, counts.ties, counts.losses), 0.5)
    rounds = fit(counts, interval="bootstrap", n_resamples=n_rounds, seed=seed).rounds
    batch = np.split(np.concatenate(list(cell_batches(counts, counts, n_rounds, seed))), 3, axis=1)
    for found, *cells in zip(rounds, *batch, strict=True):
        own = with_prior(design, Counts(*cells), 0.5, fitted.wins + fitted.ties + fitted.losses)
        assert has_maximum(design, own)
        strength = maximise(design, own, TIE_MODELS["half"]).strength
        np.testing.assert_allclose(found, 1000 + 400 / np.log(10) * strength, atol=5e-3)


@pytest.mark.parametrize("ties", ["half", "davidson", "rao_kupper", "drop"])
@pytest.mark.parametrize(("won", "lost"), [(1, 1), (2, 0), (0, 1)])
def test_a_model_of_one_or_two_battles_has_finite_bounds_that_hold_its_rating(won, lost, ties):
    counts = counts_of(("a", "b", 60, 40, 10), ("rare", "a", won, lost, 0))
    ratings = fit(counts, ties=ties, interval="bootstrap", n_resamples=400)
    assert np.isfinite(ratings.rounds).all()
    assert (ratings.lower <= ratings.rating).all()
    assert (ratings.rating <= ratings.upper).all()
    widths = dict(zip(ratings.models, ratings.upper - ratings.lower, strict=True))
    assert widths["rare"] > 1.5 * max(widths["a"], widths["b"])


@settings(max_examples=60)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"), st.integers(0, 3), st.integers(0, 3),
                  st.integers(0, 1)).filter(lambda row: row[0] != row[1] and sum(row[2:]) > 0),
        min_size=1, max_size=9,
    ),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_every_round_of_any_small_arena_is_at_its_maximum(rows, seed):
    check_rounds(counts_of(*rows), seed)


@settings(max_examples=30)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("xyz"), st.sampled_from("abcdxyz"), st.integers(0, 3), st.integers(0, 3),
                  st.integers(0, 1)).filter(lambda row: row[0] != row[1] and sum(row[2:]) > 0),
        min_size=1, max_size=7,
    ),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_so_is_every_round_of_rare_models_around_a_busy_core(rows, seed):
    busy = (("a", "b", 60, 40, 10), ("b", "c", 30, 50, 20), ("c", "d", 80, 20, 0), ("a", "d", 30, 30, 9))
    check_rounds(counts_of(*busy, *rows), seed)


def test_a_chain_that_breaks_in_some_rounds_keeps_its_far_end_together():
    counts = counts_of(("a", "b", 60, 40, 10), ("b", "c", 1, 1, 0), ("c", "d", 30, 20, 5))
    rounds = fit(counts, interval="bootstrap", n_resamples=500, seed=4).rounds
    assert np.isfinite(rounds).all()
    assert (rounds[:, 2] - rounds[:, 3]).std() < 0.5 * (rounds[:, 1] - rounds[:, 2]).std()


def test_without_a_prior_such_rounds_have_no_finite_rating_and_say_so():
    counts = counts_of(("a", "b", 60, 40, 10), ("rare", "a", 1, 1, 0))
    with pytest.raises(BadSetting, match="Use a larger prior"):
        fit(counts, prior=0, interval="bootstrap", n_resamples=100)
