"""Online Elo against loops written down naively, and the properties a rating must have."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.errors import BadSetting
from leaderboard.ratings import compiling, elo, elo_kernel
from leaderboard.ratings.battles import battles_from_columns, count_pairs
from leaderboard.ratings.elo_rounds import Cells, _picked, alias_table, drawn_rounds

NAMES = ("ada", "bob", "cid", "dan")
WINNERS = ("model_a", "model_b", "tie")

rows = st.lists(
    st.tuples(st.permutations(NAMES).map(lambda names: tuple(names[:2])), st.sampled_from(WINNERS)),
    min_size=1, max_size=60,
)  # fmt: skip


def battles_of(case, **more):
    return battles_from_columns([a for (a, _), _ in case], [b for (_, b), _ in case], [w for _, w in case], **more)


def simulated(n=2000, seed=0, names=NAMES, ties=0.2):
    random = np.random.default_rng(seed)
    strength = np.linspace(0.6, -0.6, len(names))
    pairs = [random.choice(len(names), 2, replace=False) for _ in range(n)]
    won = [
        "tie" if random.random() < ties else WINNERS[int(random.random() > 1 / (1 + np.exp(strength[j] - strength[i])))]
        for i, j in pairs
    ]
    return battles_from_columns([names[i] for i, _ in pairs], [names[j] for _, j in pairs], won)


def naive(battles, k=32.0, scale=400.0, base=10.0, start=1000.0):
    """The loop of the FastChat notebook: two expectations, two updates."""
    rating = dict.fromkeys(battles.models, start)
    for i, j, outcome in zip(battles.a, battles.b, battles.outcome, strict=True):
        a, b = battles.models[i], battles.models[j]
        expected_a = 1 / (1 + base ** ((rating[b] - rating[a]) / scale))
        expected_b = 1 / (1 + base ** ((rating[a] - rating[b]) / scale))
        score = {1: 1.0, 0: 0.5, -1: 0.0}[int(outcome)]
        rating[a] += k * (score - expected_a)
        rating[b] += k * (1 - score - expected_b)
    return np.array(list(rating.values()))


@given(rows, st.sampled_from([1.0, 4.0, 32.0, 100.0]), st.sampled_from([200.0, 400.0]), st.sampled_from([np.e, 10.0]))
def test_a_replay_equals_the_naive_loop(case, k, scale, base):
    battles = battles_of(case)
    chosen = elo.EloSettings(k=k, scale=scale, base=base, start=1500)
    rated = elo.replay(battles, chosen)
    assert rated.rating == pytest.approx(naive(battles, k, scale, base, 1500.0), abs=1e-9)
    assert rated.rating.mean() == pytest.approx(1500, abs=1e-9)
    assert np.isnan(rated.lower).all()
    assert np.isnan(rated.upper).all()


def test_a_long_replay_equals_the_naive_loop():
    battles = simulated(20_000)
    assert np.abs(elo.replay(battles, elo.FASTCHAT).rating - naive(battles, k=4.0)).max() < 1e-9


def test_the_published_settings_have_names():
    assert (elo.H4.k, elo.H4.scale, elo.H4.base, elo.H4.start) == (32, 400, 10, 1000)
    assert (elo.FASTCHAT.k, elo.FASTCHAT.scale, elo.FASTCHAT.base, elo.FASTCHAT.start) == (4, 400, 10, 1000)


def test_one_win_between_equals_moves_half_of_k():
    rated = elo.replay(battles_from_columns(["ada"], ["bob"], ["model_b"]))
    assert rated.rating.tolist() == [984.0, 1016.0]


@given(rows)
def test_swapping_the_sides_of_every_battle_changes_nothing(case):
    other = {"model_a": "model_b", "model_b": "model_a", "tie": "tie"}
    mirrored = [((b, a), other[w]) for (a, b), w in case]
    one, two = elo.replay(battles_of(case)), elo.replay(battles_of(mirrored))
    assert one.rating == pytest.approx(two.rating, abs=1e-9)
    left, right = (elo.bootstrap(battles_of(rows), n_resamples=5) for rows in (case, mirrored))
    assert (left.rounds == right.rounds).all()


@given(rows, st.permutations(NAMES))
def test_renaming_models_renames_their_ratings(case, names):
    new = dict(zip(NAMES, names, strict=True))
    renamed = battles_of([((new[a], new[b]), w) for (a, b), w in case])
    before = elo.replay(battles_of(case))
    after = elo.replay(renamed)
    found = dict(zip(after.models, after.rating, strict=True))
    assert {new[m]: r for m, r in zip(before.models, before.rating, strict=True)} == pytest.approx(found, abs=1e-9)


def test_the_order_of_battles_and_k_matter_and_the_result_says_both():
    battles = simulated(200)
    backwards = battles_from_columns(
        [battles.models[i] for i in battles.a[::-1]], [battles.models[i] for i in battles.b[::-1]],
        [{1: "model_a", 0: "tie", -1: "model_b"}[int(o)] for o in battles.outcome[::-1]],
    )  # fmt: skip
    assert np.abs(elo.replay(battles).rating - elo.replay(backwards).rating).max() > 5
    assert np.abs(elo.replay(battles, elo.FASTCHAT).rating - elo.replay(battles).rating).max() > 5
    assert elo.replay(battles).settings.items() >= {"order": "given", "k": 32.0, "interval": "none"}.items()
    said = elo.bootstrap(battles, seed=7, n_resamples=10, confidence_level=0.9).settings
    wanted = {"order": "drawn anew in each round", "seed": 7, "k": 32.0, "n_resamples": 10, "confidence_level": 0.9}
    assert said.items() >= wanted.items()


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not():
    counts = count_pairs(simulated())
    one, two, other = (elo.bootstrap(counts, n_resamples=50, seed=seed) for seed in (3, 3, 4))
    assert (one.rounds == two.rounds).all()
    assert np.abs(one.rounds - other.rounds).max() > 1


def test_battles_and_their_counts_give_the_same_rounds():
    battles = simulated()
    one, two = elo.bootstrap(battles, n_resamples=20), elo.bootstrap(count_pairs(battles), n_resamples=20)
    assert (one.rounds == two.rounds).all()


def test_rating_and_bounds_are_the_median_and_quantiles_of_the_rounds():
    # 5/95 for the human tables of H4, 2.5/97.5 for the others: the level is a setting and is told.
    counts = count_pairs(simulated())
    for level, quantiles in ((0.9, (5, 95)), (0.95, (2.5, 97.5))):
        rated = elo.bootstrap(counts, n_resamples=200, confidence_level=level)
        assert rated.rating == pytest.approx(np.median(rated.rounds, axis=0), abs=1e-9)
        lower, upper = np.percentile(rated.rounds, quantiles, axis=0)
        assert rated.lower == pytest.approx(lower, abs=1e-9)
        assert rated.upper == pytest.approx(upper, abs=1e-9)
        assert rated.settings["confidence_level"] == level


def test_every_round_is_anchored_before_the_quantiles():
    counts = count_pairs(simulated())
    rated = elo.bootstrap(counts, n_resamples=100, anchor=("bob", 800.0))
    place = rated.models.index("bob")
    assert rated.rounds[:, place] == pytest.approx(800.0, abs=1e-9)
    assert (rated.lower[place], rated.upper[place]) == pytest.approx((800.0, 800.0), abs=1e-9)
    free = elo.bootstrap(counts, n_resamples=100)
    assert rated.rounds - rated.rounds[:, [0]] == pytest.approx(free.rounds - free.rounds[:, [0]], abs=1e-9)


def test_an_anchor_shifts_only_models_connected_with_it():
    battles = battles_from_columns(["ada", "cid"], ["bob", "dan"], ["model_a", "model_a"])
    assert elo.replay(battles, anchor=("ada", 0.0)).rating.tolist() == [0.0, -32.0, 1016.0, 984.0]


@pytest.mark.parametrize("rate", [elo.replay, elo.bootstrap])
def test_a_missing_anchor_is_refused_by_name(rate):
    with pytest.raises(BadSetting, match="Anchor is 'eve'; expected one of the 4 rated: ada, bob, cid, dan"):
        rate(simulated(100), anchor=("eve", 1000.0))


@pytest.mark.parametrize(
    "wrong", [{"k": 0}, {"k": -1}, {"k": np.nan}, {"k": 1e9}, {"scale": 0}, {"base": 1}, {"start": np.inf}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(BadSetting, match=f"Setting {next(iter(wrong))} is"):
        elo.EloSettings(**wrong)


@pytest.mark.parametrize("wrong", [{"n_resamples": 0}, {"confidence_level": 0}, {"confidence_level": 95}])
def test_a_bootstrap_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(BadSetting, match=f"{next(iter(wrong))} is"):
        elo.bootstrap(simulated(100), **wrong)


def test_only_ties_to_drop_leaves_nothing_to_draw():
    with pytest.raises(BadSetting, match="There are no battles; expected at least one that is no tie"):
        elo.bootstrap(battles_from_columns(["ada"], ["bob"], ["tie"]), ties="drop")


def test_dropping_ties_equals_never_having_had_them():
    battles = simulated()
    decided = battles.outcome != 0
    without = battles_from_columns(
        [battles.models[i] for i in battles.a[decided]], [battles.models[i] for i in battles.b[decided]],
        ["model_a" if o > 0 else "model_b" for o in battles.outcome[decided]],
    )  # fmt: skip
    assert (elo.replay(battles, ties="drop").rating == elo.replay(without).rating).all()
    dropped = elo.bootstrap(count_pairs(battles), ties="drop", n_resamples=10)
    assert (dropped.rounds == elo.bootstrap(without, n_resamples=10).rounds).all()
    assert (dropped.n_battles == elo.replay(without).n_battles).all()


def test_a_weight_multiplies_k_in_a_replay_and_counts_copies_in_a_bootstrap():
    case = [(("ada", "bob"), "model_a"), (("bob", "cid"), "tie")]
    half = elo.replay(battles_of(case[:1], weight=[0.5]))
    assert half.rating.tolist() == [1008.0, 992.0]
    copies = elo.bootstrap(battles_of(case * 3), n_resamples=10)
    weighted = elo.bootstrap(battles_of(case, weight=[3.0, 3.0]), n_resamples=10)
    assert (copies.rounds == weighted.rounds).all()


def test_a_cluster_is_drawn_as_a_whole():
    # Within a cluster ada wins once and loses once; whole clusters keep her share at a half in every round, so that
    # with a tiny K she stays at the start up to second order, while single battles do not.
    n = 300
    case = [(("ada", "bob"), "model_a"), (("ada", "bob"), "model_b")] * n
    tiny = elo.EloSettings(k=0.001)
    whole = elo.bootstrap(battles_of(case, cluster=np.repeat(np.arange(n), 2)), tiny, n_resamples=50)
    single = elo.bootstrap(battles_of(case), tiny, n_resamples=50)
    assert np.abs(whole.rounds - 1000).max() < 1e-4
    assert np.abs(single.rounds - 1000).max() > 5e-3


def test_clusters_of_one_battle_spread_like_no_clusters():
    battles = simulated(1500)
    alone = elo.bootstrap(battles_from_columns(
        [battles.models[i] for i in battles.a], [battles.models[i] for i in battles.b],
        [{1: "model_a", 0: "tie", -1: "model_b"}[int(o)] for o in battles.outcome], cluster=np.arange(1500),
    ), n_resamples=400)  # fmt: skip
    free = elo.bootstrap(battles, n_resamples=400)
    # Medians of 400 rounds with a standard deviation of about 40 have a standard error of 2.5.
    assert np.abs(alone.rating - free.rating).max() < 15
    assert (alone.upper - alone.lower) / (free.upper - free.lower) == pytest.approx(1, abs=0.2)


def test_a_replay_gets_the_spread_of_the_rounds_around_itself():
    battles = simulated()
    replayed, spread = elo.replay(battles), elo.bootstrap(battles, n_resamples=100)
    both = elo.around(replayed, spread)
    assert (both.rating == replayed.rating).all()
    assert both.upper - both.lower == pytest.approx(spread.upper - spread.lower, abs=1e-9)
    assert both.upper - both.rating == pytest.approx(spread.upper - spread.rating, abs=1e-9)
    assert (both.lower <= both.rating).all()


def test_rounds_play_the_drawn_battles_one_after_the_other():
    counts = count_pairs(simulated(300))
    cells = cells_of(counts)
    n_draws, n_rounds = 300, 7
    step = elo.H4.k / elo.H4.points
    found = drawn_rounds(cells, n_models=4, n_draws=n_draws, step=step, n_rounds=n_rounds, seed=5, compiled=False)
    starts = np.random.SeedSequence(5).generate_state(n_rounds, np.uint64)
    kept = cells.weight > 0
    table = alias_table(Cells(a=cells.a[kept], b=cells.b[kept], outcome=cells.outcome[kept], weight=cells.weight[kept]))
    for number, start in enumerate(starts):
        rating = np.full(4, 1000.0)
        steps = np.arange(1, n_draws + 1, dtype=np.uint64) * compiling.GOLDEN
        for a, b, score in zip(*elo_kernel.unpack(_picked(table, start + steps)), strict=True):
            change = 32 * (score - 1 / (1 + 10 ** ((rating[b] - rating[a]) / 400)))
            rating[a] += change
            rating[b] -= change
        assert 1000 + elo.H4.points * found[number] == pytest.approx(rating, abs=1e-9)


def cells_of(counts):
    p = len(counts.first)
    return Cells(
        a=np.tile(counts.first, 3), b=np.tile(counts.second, 3), outcome=np.repeat(np.array([1, 0, -1], np.int8), p),
        weight=np.concatenate([counts.wins, counts.ties, counts.losses]),
    )  # fmt: skip


@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=40))
def test_the_alias_table_gives_every_cell_its_share(weights):
    n = len(weights)
    cells = Cells(
        a=np.arange(n, dtype=np.int32), b=np.arange(1, n + 1, dtype=np.int32),
        outcome=np.ones(n, dtype=np.int8), weight=np.array(weights),
    )  # fmt: skip
    table = alias_table(cells)
    below, above = elo_kernel.unpack(table.packed.reshape(n, 2))[0].T
    share = np.zeros(n)
    np.add.at(share, below, table.threshold / 2**32 / n)
    np.add.at(share, above, (1 - table.threshold / 2**32) / n)
    assert share == pytest.approx(cells.weight / cells.weight.sum(), abs=1e-9)


def test_drawn_battles_come_in_the_proportions_of_the_counts():
    weight = np.array([1.0, 2.0, 5.0, 12.0])
    table = alias_table(
        Cells(a=np.arange(4, dtype=np.int32), b=np.arange(4, 8, dtype=np.int32), outcome=np.zeros(4, np.int8),
              weight=weight)
    )  # fmt: skip
    steps = np.arange(1, 200_001, dtype=np.uint64) * compiling.GOLDEN
    drawn = np.bincount(elo_kernel.unpack(_picked(table, np.uint64(12345) + steps))[0], minlength=4)
    expected = 200_000 * weight / weight.sum()
    # Chi-square with 3 degrees of freedom: 16.3 is exceeded once in a thousand seeds.
    assert ((drawn - expected) ** 2 / expected).sum() < 16.3


@settings(max_examples=25)
@given(rows, st.sampled_from([4.0, 32.0, 300.0]), st.integers(1, 40))
def test_the_compiled_rounds_equal_those_of_numpy(case, k, n_rounds):
    pytest.importorskip("numba", reason="the compiled path needs the numba extra")
    chosen = elo.EloSettings(k=k)
    one, two = (elo.bootstrap(battles_of(case), chosen, n_resamples=n_rounds, compiled=c) for c in (True, False))
    assert one.rounds == pytest.approx(two.rounds, abs=1e-9)
