"""Battles from any kind of column, counts a pair, components; what cannot be counted is refused with its row."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.errors import BadBattle
from leaderboard.ratings.battles import (
    PairCounts,
    battle_totals,
    battles_from_columns,
    components,
    count_pairs,
    merge,
    pair_counts_from_columns,
)

A = ["y", "x", "z", "x", "y"]
B = ["x", "y", "x", "z", "x"]
WINNER = ["model_a", "model_a", "tie", "model_b", "both_bad"]


def columns_of(kind):
    """The same three columns as another type."""
    make = {
        "list": list,
        "numpy": lambda cells: np.array(cells, dtype=object),
        "pandas": pd.Series,
        "categorical": lambda cells: pd.Series(cells, dtype="category"),
        "arrow": pa.array,
        "dictionary": lambda cells: pa.array(cells).dictionary_encode(),
        "chunks": lambda cells: pa.chunked_array([pa.array(cells[:2]), pa.array(cells[2:])]),
        "dictionary chunks": lambda cells: pa.chunked_array(
            [pa.array(cells[:2]).dictionary_encode(), pa.array(cells[2:]).dictionary_encode()]
        ),
    }[kind]
    return [make(cells) for cells in (A, B, WINNER)]


KINDS = ["list", "numpy", "pandas", "categorical", "arrow", "dictionary", "chunks", "dictionary chunks"]


def cells_of(counts: PairCounts) -> dict[tuple[str, str], tuple[float, float, float]]:
    """(first, second) -> wins, ties, losses of first."""
    return {
        (counts.models[i], counts.models[j]): (win, tie, loss)
        for i, j, win, tie, loss in zip(
            counts.first, counts.second, counts.wins, counts.ties, counts.losses, strict=True
        )
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_column_gives_the_same_battles(kind):
    battles = battles_from_columns(*columns_of(kind))
    assert battles.models == ("x", "y", "z")
    assert battles.a.tolist() == [1, 0, 2, 0, 1]
    assert battles.b.tolist() == [0, 1, 0, 2, 0]
    assert battles.outcome.tolist() == [1, 1, 0, -1, 0]
    assert (battles.a.dtype, battles.outcome.dtype) == (np.int32, np.int8)


def test_counts_are_seen_from_the_alphabetically_first_model():
    # x-y: y won row 0, x won row 1, row 4 is a tie. x-z: row 2 is a tie, z won row 3.
    counts = count_pairs(battles_from_columns(A, B, WINNER))
    assert cells_of(counts) == {("x", "y"): (1, 1, 1), ("x", "z"): (0, 1, 1)}
    assert battle_totals(counts).tolist() == [5, 3, 2]


@pytest.mark.parametrize("word", ["tie", "both_bad", "tie (bothbad)", "tie (inconsistent)"])
def test_every_spelling_of_a_tie_is_one(word):
    assert battles_from_columns(["x"], ["y"], [word]).outcome.tolist() == [0]


@pytest.mark.parametrize("kind", ["list", "pandas", "arrow", "dictionary"])
@pytest.mark.parametrize("word", ["A", "Tie", "model_a ", "model_c", "", None])
def test_a_misspelt_or_missing_winner_is_refused_with_its_row(kind, word):
    make = {"list": list, "pandas": pd.Series, "arrow": pa.array,
            "dictionary": lambda cells: pa.array(cells).dictionary_encode()}[kind]  # fmt: skip
    with pytest.raises(BadBattle) as caught:
        battles_from_columns(["x"] * 3, ["y"] * 3, make(["tie", "model_b", word]))
    assert str(caught.value) == f"Battle 3: winner is {word!r}; expected model_a, model_b, tie or both_bad."


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (["x", "y"], ["y", "y"], "Battle 2: model_a and model_b are both 'y'"),
        (["x", ""], ["y", "y"], "Battle 2: model_a is ''"),
        (["x", "y"], ["y", None], "Battle 2: model_b is None"),
        (["x", "  "], ["y", "y"], "Battle 2: model_a is '  '"),
        (["x"], ["y", "z"], "Columns differ in length"),
    ],
)
def test_a_battle_without_two_models_is_refused(a, b, words):
    with pytest.raises(BadBattle, match=words):
        battles_from_columns(a, b, ["tie", "tie"])


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf"), "heavy", None])
def test_a_weight_that_is_not_positive_is_refused_with_its_row(weight):
    with pytest.raises(BadBattle, match="Battle 2: weight is"):
        battles_from_columns(["x", "x"], ["y", "y"], ["tie", "tie"], weight=[1, weight])


def test_a_missing_cluster_is_refused_with_its_row():
    with pytest.raises(BadBattle, match="Battle 2: its cluster is missing"):
        battles_from_columns(["x", "x"], ["y", "y"], ["tie", "tie"], cluster=["p", None])


def test_weights_add_up_and_clusters_become_numbers():
    battles = battles_from_columns(A, B, WINNER, weight=[1, 2, 0.5, 1, 4], cluster=["p", "q", "p", "r", "q"])
    assert cells_of(count_pairs(battles)) == {("x", "y"): (2, 4, 1), ("x", "z"): (0, 0.5, 1)}
    assert battles.cluster.tolist() == [0, 1, 0, 2, 1]


def test_names_that_only_the_dictionary_holds_are_no_models():
    names = pa.array(["unused", "x", "y"])
    a = pa.DictionaryArray.from_arrays(pa.array([1, 2]), names)
    b = pa.DictionaryArray.from_arrays(pa.array([2, 1]), names)
    assert battles_from_columns(a, b, ["tie", "model_a"]).models == ("x", "y")


def test_no_rows_are_no_battles():
    battles = battles_from_columns([], [], [])
    assert (len(battles), battles.models) == (0, ())


def test_rows_of_one_pair_in_both_orders_are_one_pair():
    counts = pair_counts_from_columns(["x", "y"], ["y", "x"], [3, 10], [1, 20], [2, 5])
    assert cells_of(counts) == {("x", "y"): (23, 7, 11)}


@pytest.mark.parametrize("bad", [-1, float("nan"), "many", None])
def test_a_count_that_is_none_is_refused_with_its_row(bad):
    with pytest.raises(BadBattle, match="Battle 2: wins_b is"):
        pair_counts_from_columns(["x", "x"], ["y", "z"], [1, 1], [1, bad], [0, 0])


def test_components_are_numbered_from_the_largest_and_equal_ones_by_their_first_model():
    counts = pair_counts_from_columns(["a", "f", "g", "c"], ["b", "g", "h", "d"], [1] * 4, [0] * 4, [0] * 4)
    assert counts.models == ("a", "b", "c", "d", "f", "g", "h")
    assert components(counts).tolist() == [1, 1, 2, 2, 0, 0, 0]


def test_a_pair_without_battles_connects_nothing():
    pairs = np.array([0, 1], dtype=np.int32)
    none = np.zeros(2)
    counts = PairCounts(models=("a", "b", "c"), first=pairs, second=pairs + 1, wins=np.array([2.0, 0.0]), ties=none,
                        losses=none)  # fmt: skip
    assert components(counts).tolist() == [0, 0, 1]


ROWS = st.lists(
    st.tuples(
        st.sampled_from("abcdef"), st.sampled_from("abcdef"), st.sampled_from(["model_a", "model_b", "tie", "both_bad"])
    ).filter(lambda row: row[0] != row[1]),
    max_size=40,
)


def counted(rows):
    return count_pairs(battles_from_columns(*([row[i] for row in rows] for i in range(3))))


@given(rows=ROWS)
def test_counts_are_those_of_a_loop(rows):
    expected: dict[tuple[str, str], list[int]] = {}
    for a, b, winner in rows:
        cell = expected.setdefault((min(a, b), max(a, b)), [0, 0, 0])
        won = {"model_a": a, "model_b": b}.get(winner)
        cell[1 if won is None else 0 if won == min(a, b) else 2] += 1
    assert cells_of(counted(rows)) == {pair: tuple(cell) for pair, cell in expected.items()}


@given(rows=ROWS)
def test_swapping_sides_changes_no_count(rows):
    other = {"model_a": "model_b", "model_b": "model_a"}
    assert cells_of(counted(rows)) == cells_of(counted([(b, a, other.get(winner, winner)) for a, b, winner in rows]))


@given(one=ROWS, other=ROWS)
def test_merged_counts_are_those_of_all_rows(one, other):
    both = counted(one + other)
    merged = merge(counted(one), counted(other))
    assert merged.models == both.models
    assert cells_of(merged) == cells_of(both)
