"""Comparisons of two models: from columns to codes, from codes to counts, and which models can be compared at all.

Enters: columns of names and winners (lists, numpy, pandas or arrow; dictionary-encoded arrow is fastest). Leaves:
`Battles`, a row a comparison, and `PairCounts`, which are sufficient for Bradley-Terry and win rates. A battle that
cannot be counted is refused with its row, counted from 1; a misspelt winner is never a tie.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from leaderboard.errors import BadBattle

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

WINNER_CODES = {
    "model_a": 1, "model_b": -1, "tie": 0, "both_bad": 0, "tie (bothbad)": 0, "tie (inconsistent)": 0,
}  # fmt: skip
"""Accepted spellings of a winner and the outcome for model_a; the last two are FastChat's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Battles:
    """Comparisons in their order: `a` and `b` int32[n] index `models`; `outcome` int8[n] is +1 (a won), 0, -1.

    `weight` is float64[n] or None (all 1); rows with the same `cluster`, int64[n], share a prompt or a user.
    """

    models: tuple[str, ...]
    a: Codes
    b: Codes
    outcome: npt.NDArray[np.int8]
    weight: Floats | None = None
    cluster: Ints | None = None

    def __len__(self) -> int:
        return len(self.outcome)


@dataclass(frozen=True, kw_only=True, eq=False)
class PairCounts:
    """Outcomes of every pair that met: `first` < `second`, int32[p], index `models`.

    `wins`, `ties` and `losses` are float64[p], of `first` against `second`. Pairs are sorted and unique.
    """

    models: tuple[str, ...]
    first: Codes
    second: Codes
    wins: Floats
    ties: Floats
    losses: Floats

    @property
    def totals(self) -> Floats:
        """Battles of every pair."""
        return self.wins + self.ties + self.losses


def battles_from_columns(
    model_a: Any, model_b: Any, winner: Any, *, weight: Any = None, cluster: Any = None
) -> Battles:  # fmt: skip
    """Battles from columns of equal length.

    Names become codes in alphabetical order. Raises BadBattle naming the row for an unknown or missing winner, an
    empty name, a model against itself, or a weight that is not positive and finite.
    """
    columns = [_encoded(column, name) for column, name in ((model_a, "model_a"), (model_b, "model_b"))]
    outcome = _outcomes(winner)
    if not len(columns[0][0]) == len(columns[1][0]) == len(outcome):
        raise BadBattle(
            f"Columns differ in length: model_a {len(columns[0][0])}, model_b {len(columns[1][0])}, winner "
            f"{len(outcome)}; expected a value in every row."
        )
    names = sorted(set(columns[0][1]) | set(columns[1][1]))
    place = {name: i for i, name in enumerate(names)}
    a, b = (np.array([place[name] for name in known], dtype=np.int32)[codes] if known else codes
            for codes, known in columns)  # fmt: skip
    _refuse(a == b, lambda row: f"model_a and model_b are both {names[a[row]]!r}; expected two models")
    battles = Battles(models=tuple(names), a=a, b=b, outcome=outcome, weight=_weights(weight, len(outcome)),
                      cluster=_clusters(cluster, len(outcome)))  # fmt: skip
    return _without_unused(battles)


def count_pairs(battles: Battles) -> PairCounts:
    """Outcomes a pair; weights are added up."""
    m = len(battles.models)
    swapped = battles.a > battles.b
    first, second = np.where(swapped, battles.b, battles.a), np.where(swapped, battles.a, battles.b)
    result = np.where(swapped, -battles.outcome, battles.outcome)
    cell = (first.astype(np.int64) * m + second) * 3 + (1 - result)
    table = np.bincount(cell, weights=battles.weight, minlength=3 * m * m).reshape(m * m, 3).astype(np.float64)
    return _from_table(battles.models, table)


def pair_counts_from_columns(model_a: Any, model_b: Any, wins_a: Any, wins_b: Any, ties: Any) -> PairCounts:
    """Counts from columns of counts a pair; a pair may occur in several rows and both orders.

    Raises BadBattle naming the row for an empty name, a model against itself, or a count that is negative or not
    finite.
    """
    columns = [_encoded(column, name) for column, name in ((model_a, "model_a"), (model_b, "model_b"))]
    names = sorted(set(columns[0][1]) | set(columns[1][1]))
    place = {name: i for i, name in enumerate(names)}
    a, b = (np.array([place[name] for name in known], dtype=np.int64)[codes] for codes, known in columns)
    _refuse(a == b, lambda row: f"model_a and model_b are both {names[a[row]]!r}; expected two models")
    won, tied, lost = (
        _counts(column, name, len(a)) for column, name in ((wins_a, "wins_a"), (ties, "ties"), (wins_b, "wins_b"))
    )
    m = len(names)
    swapped = a > b
    pair = np.where(swapped, b * m + a, a * m + b)
    parts = (np.where(swapped, lost, won), tied, np.where(swapped, won, lost))
    table = np.stack([np.bincount(pair, weights=part, minlength=m * m).astype(np.float64) for part in parts], axis=1)
    return _from_table(tuple(names), table)


def merge(one: PairCounts, other: PairCounts) -> PairCounts:
    """The counts of both; models by name."""
    columns = [
        np.concatenate([_names(one, one.first), _names(other, other.first)]),
        np.concatenate([_names(one, one.second), _names(other, other.second)]),
        np.concatenate([one.wins, other.wins]),
        np.concatenate([one.losses, other.losses]),
        np.concatenate([one.ties, other.ties]),
    ]
    return pair_counts_from_columns(*columns)


def pair_of_battles(battles: Battles, first: Codes, second: Codes) -> tuple[Ints, Ints]:
    """Pair of every battle, int64[n], and its outcome for the pair's first model (+1, 0, -1).

    `first` < `second`, int32[p], are the pairs; every battle is one of them.
    """
    m = len(battles.models)
    place = np.full(m * m, -1, dtype=np.int64)
    place[first.astype(np.int64) * m + second] = np.arange(len(first))
    low, high = np.minimum(battles.a, battles.b).astype(np.int64), np.maximum(battles.a, battles.b)
    outcome = np.where(battles.a < battles.b, battles.outcome, -battles.outcome).astype(np.int64)
    return np.asarray(place[low * m + high]), outcome


def components(counts: PairCounts) -> Ints:
    """int64[m]: number of the connected component of every model, 0 the largest, ties by first model."""
    m = len(counts.models)
    met = counts.totals > 0
    graph = coo_array((np.ones(int(met.sum())), (counts.first[met], counts.second[met])), shape=(m, m))
    n, label = connected_components(graph, directed=False)
    sizes = np.bincount(label, minlength=n)
    first_seen = np.array([int(np.argmax(label == i)) for i in range(n)])
    order = np.lexsort((first_seen, -sizes))
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    return np.asarray(rank[label], dtype=np.int64)


def battle_totals(counts: PairCounts) -> Floats:
    """float64[m]: battles of every model."""
    m = len(counts.models)
    return np.asarray(
        np.bincount(counts.first, counts.totals, m) + np.bincount(counts.second, counts.totals, m), dtype=np.float64
    )


def _names(counts: PairCounts, codes: Codes) -> npt.NDArray[np.object_]:
    return np.array(counts.models, dtype=object)[codes]


def _from_table(models: tuple[str, ...], table: Floats) -> PairCounts:
    pairs = np.flatnonzero(table.any(axis=1))
    m = max(1, len(models))
    wins, ties, losses = (np.ascontiguousarray(table[pairs, i], dtype=np.float64) for i in range(3))
    return PairCounts(models=models, first=(pairs // m).astype(np.int32), second=(pairs % m).astype(np.int32),
                      wins=wins, ties=ties, losses=losses)  # fmt: skip


def _encoded(column: Any, name: str) -> tuple[Codes, list[str]]:
    """Codes of every row and the names they index."""
    encoded = _dictionary(column)
    codes, names = encoded.indices, encoded.dictionary.to_pylist()
    bad = {i for i, value in enumerate(names) if not isinstance(value, str) or not value.strip()}
    rows = codes.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    wrong = (rows < 0) | (np.isin(rows, list(bad)) if bad else False)
    shown = [*names, None]
    _refuse(wrong, lambda row: f"{name} is {shown[rows[row]]!r}; expected the name of a model")
    return rows, [str(value) for value in names]


def _outcomes(column: Any) -> npt.NDArray[np.int8]:
    encoded = _dictionary(column)
    names = encoded.dictionary.to_pylist()
    table = np.array([*(WINNER_CODES.get(value, 9) for value in names), 9], dtype=np.int8)
    rows = encoded.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
    outcome = np.asarray(table[rows], dtype=np.int8)
    _refuse(
        outcome == 9,
        lambda row: f"winner is {[*names, None][rows[row]]!r}; expected model_a, model_b, tie or both_bad",
    )
    return outcome


def _dictionary(column: Any) -> pa.DictionaryArray:
    """Any column of texts as one dictionary-encoded arrow array."""
    if isinstance(column, pd.Series):
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes = pa.array(np.asarray(column.cat.codes, dtype=np.int32), mask=np.asarray(column.cat.codes) < 0)
            return pa.DictionaryArray.from_arrays(codes, pa.array(column.cat.categories.tolist()))
        column = pa.array(column, from_pandas=True)
    elif not isinstance(column, pa.Array | pa.ChunkedArray):
        column = _array(column)
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(column, pa.ChunkedArray):  # combine_chunks of no chunks
        column = pa.array([], pa.string())
    return column if isinstance(column, pa.DictionaryArray) else pc.dictionary_encode(column)


def _array(values: Any) -> pa.Array:
    cells = values.tolist() if isinstance(values, np.ndarray) else list(values)
    try:
        return pa.array(cells, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        row = next(i for i, cell in enumerate(cells) if cell is not None and not isinstance(cell, str))
        kind = type(cells[row]).__name__
        raise BadBattle(f"Battle {row + 1}: found {str(cells[row])[:60]!r}, a {kind}; expected text.") from None


def _weights(column: Any, n: int) -> Floats | None:
    if column is None:
        return None
    return _numbers(column, "weight", n, least=0.0, wanted="a positive number", strict=True)


def _counts(column: Any, name: str, n: int) -> Floats:
    return _numbers(column, name, n, least=0.0, wanted="a count of at least 0", strict=False)


def _numbers(column: Any, name: str, n: int, *, least: float, wanted: str, strict: bool) -> Floats:
    cells = column.to_pylist() if hasattr(column, "to_pylist") else column
    values = np.asarray(pd.to_numeric(pd.Series(cells), errors="coerce"), dtype=np.float64)
    if len(values) != n:
        raise BadBattle(f"Column {name} has {len(values)} rows, the names have {n}; expected a value in every row.")
    good = np.isfinite(values) & ((values > least) if strict else (values >= least))
    _refuse(~good, lambda row: f"{name} is {pd.Series(cells).iloc[row]!r}; expected {wanted}")
    return values


def _clusters(column: Any, n: int) -> Ints | None:
    if column is None:
        return None
    values = pd.Series(column.to_pylist() if hasattr(column, "to_pylist") else column)
    if len(values) != n:
        raise BadBattle(f"Column cluster has {len(values)} rows, the names have {n}; expected a value in every row.")
    _refuse(values.isna().to_numpy(), lambda _: "its cluster is missing; expected a prompt or user")
    return np.asarray(pd.factorize(values)[0], dtype=np.int64)


def _refuse(wrong: npt.NDArray[np.bool_], say: Any) -> None:
    if np.any(wrong):
        row = int(np.argmax(wrong))
        raise BadBattle(f"Battle {row + 1}: {say(row)}.")


def _without_unused(battles: Battles) -> Battles:
    """Without names that only a shared dictionary holds."""
    used = np.zeros(len(battles.models), dtype=bool)
    used[battles.a] = True
    used[battles.b] = True
    if used.all():
        return battles
    place = np.cumsum(used, dtype=np.int32) - 1
    return Battles(
        models=tuple(name for name, keep in zip(battles.models, used, strict=True) if keep),
        a=place[battles.a].astype(np.int32), b=place[battles.b].astype(np.int32), outcome=battles.outcome,
        weight=battles.weight, cluster=battles.cluster,
    )  # fmt: skip
