"""Ranks when a part of the battles is left out, and the copies of the data they are computed on."""

import numpy as np
import pytest
from scipy.special import expit

from leaderboard.errors import BadSetting
from leaderboard.ratings import bradley_terry, win_rates
from leaderboard.ratings.battles import battles_from_columns, count_pairs, pair_counts_from_columns
from leaderboard.ratings.resampling import resampled, thinned, without_ties
from leaderboard.ratings.stability import stability


def rate(data):
    return win_rates.average(data, over="battles", interval="none").rating


def ladder(n, gap):
    """Models a > b > c > d; each beats the next ones by `gap` of n battles, all pairs."""
    pairs = [(x, y) for i, x in enumerate("abcd") for y in "abcd"[i + 1 :]]
    return pair_counts_from_columns(
        [x for x, _ in pairs], [y for _, y in pairs], [(n + gap) // 2] * 6, [(n - gap) // 2] * 6, [0] * 6
    )


def test_a_clear_ranking_stays_when_a_tenth_is_dropped():
    found = stability(ladder(400, 200), rate, share=0.1, n_rounds=50)
    assert found.rank.tolist() == found.rank_low.tolist() == found.rank_high.tolist() == [1, 2, 3, 4]
    assert found.kendall_tau.tolist() == [1.0] * 50
    assert found.same_top == 1.0
    assert found.top_share.tolist() == [1, 1, 1, 0]


def test_a_close_ranking_does_not():
    found = stability(ladder(40, 2), rate, share=0.3, n_rounds=100, top=1)
    assert np.nanmean(found.kendall_tau) < 0.9
    assert found.same_top < 1.0
    assert (found.rank_low <= found.rank).all()
    assert (found.rank <= found.rank_high).all()
    assert (found.rank_high - found.rank_low).max() >= 1
    assert found.top_share[0] == pytest.approx(found.same_top, abs=0.3)


def test_dropping_more_moves_ranks_more():
    few, many = (stability(ladder(100, 8), rate, share=share, n_rounds=100).kendall_tau.mean() for share in (0.05, 0.7))
    assert few > many


def test_the_same_seed_drops_the_same_battles():
    one, two, other = (stability(ladder(40, 2), rate, share=0.3, n_rounds=30, seed=s).kendall_tau for s in (1, 1, 2))
    assert (one == two).all()
    assert (one != other).any()


def test_models_with_equal_ratings_share_a_rank():
    tied = pair_counts_from_columns(["a", "b"], ["b", "c"], [1, 2], [1, 0], [0, 0])
    assert stability(tied, lambda _: np.array([1.0, 1.0, np.nan]), share=0.5, n_rounds=2).rank.tolist() == [1, 1, 3]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"share": 0}, "share of battles to drop is 0"), ({"share": 1.0}, "share of battles to drop is 1.0"),
     ({"n_rounds": 0}, "number of rounds is 0"), ({"top": 5}, "first models is 5; expected 1 to 4")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong, said):
    with pytest.raises(BadSetting, match=said):
        stability(ladder(40, 2), rate, **wrong)


def test_counts_that_are_not_whole_cannot_be_thinned():
    halves = pair_counts_from_columns(["a"], ["b"], [1.5], [1], [0])
    with pytest.raises(BadSetting, match="not whole numbers"):
        list(thinned(halves, 0.5, 1, 0))


def test_thinned_counts_keep_the_wanted_share_and_never_more_than_there_was():
    counts = ladder(40, 10)
    for part in thinned(counts, 0.25, 20, 0):
        assert part.totals.sum() == 0.75 * counts.totals.sum()
        assert (part.wins <= counts.wins).all()
        assert (part.losses <= counts.losses).all()


def test_thinned_battles_keep_their_order_and_lose_whole_clusters():
    n = 40
    battles = battles_from_columns(
        [f"m{i:02d}" for i in range(n)], ["z"] * n, ["model_a"] * n, cluster=np.repeat(np.arange(n // 2), 2)
    )
    for part in thinned(battles, 0.25, 10, 0):
        assert len(part) == 30
        assert (np.diff(part.a) > 0).all()
        assert (np.bincount(part.cluster)[np.unique(part.cluster)] == 2).all()


def test_resampled_clusters_come_whole():
    # In every cluster the model wins as often as it loses.
    battles = battles_from_columns(
        ["a", "b"] * 30, ["b", "a"] * 30, ["model_a"] * 60, cluster=np.repeat(np.arange(30), 2)
    )
    for part in resampled(battles, 20, 0):
        assert part.wins.tolist() == part.losses.tolist() == [30]


def test_win_rates_and_bradley_terry_draw_the_same_rounds():
    """One way to resample: the share of a in two models' battles is the same function of both ratings' rounds."""
    won = (["model_a"] * 3 + ["tie"]) * 20
    battles = battles_from_columns(["a", "b"] * 40, ["b", "a"] * 40, won, cluster=[*range(40)] * 2)
    share = win_rates.average(battles, interval="bootstrap", n_resamples=50, seed=4).rounds[:, 0]
    rating = bradley_terry.fit(battles, interval="bootstrap", n_resamples=50, seed=4).rounds
    np.testing.assert_allclose(expit((rating[:, 0] - rating[:, 1]) * np.log(10) / 400), share, atol=1e-6)


def test_resampled_counts_have_as_many_battles():
    counts = ladder(40, 10)
    assert {float(part.totals.sum()) for part in resampled(counts, 20, 0)} == {240.0}


def test_without_ties_only_decided_battles_are_left():
    battles = battles_from_columns(["a", "a", "b"], ["b", "c", "c"], ["tie", "model_a", "model_b"], weight=[1, 2, 3])
    decided = without_ties(battles)
    assert decided.outcome.tolist() == [1, -1]
    assert decided.weight.tolist() == [2, 3]
    assert decided.models == battles.models
    assert without_ties(count_pairs(battles)).totals.tolist() == [0, 2, 3]
