"""Copies of the data with other battles in it: resampled, thinned, or without ties.

Enters: battles, or counts of them. Leaves: the same kind with the same models; a model may have no battles left.
Battles that share a cluster are drawn and dropped together.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from leaderboard.errors import BadSetting
from leaderboard.ratings import resample_kernel
from leaderboard.ratings.battles import Battles, PairCounts, count_pairs, pair_of_battles

Floats = npt.NDArray[np.float64]
Data = TypeVar("Data", bound=Battles | PairCounts)

CELLS_AT_ONCE = 1 << 20
"""Cells (rounds x pairs x outcomes) held at once."""


def without_ties(data: Data) -> Data:
    """Only the battles that somebody won."""
    if isinstance(data, PairCounts):
        return replace(data, ties=np.zeros_like(data.ties))
    return cast(Data, rows_of(data, data.outcome != 0))


def rows_of(battles: Battles, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Battles:
    """The battles of a mask or of row numbers, in their order; the models stay."""
    return replace(
        battles,
        a=battles.a[rows],
        b=battles.b[rows],
        outcome=battles.outcome[rows],
        weight=None if battles.weight is None else battles.weight[rows],
        cluster=None if battles.cluster is None else battles.cluster[rows],
    )


def resampled(data: Battles | PairCounts, n_resamples: int, seed: int) -> Iterator[PairCounts]:
    """Bootstrap copies of the counts: as many battles drawn with replacement, whole clusters where there are some."""
    if isinstance(data, Battles) and data.cluster is not None:
        yield from _resampled_clusters(data, n_resamples, np.random.default_rng(seed))
        return
    counts = data if isinstance(data, PairCounts) else count_pairs(data)
    cells = np.concatenate([counts.wins, counts.ties, counts.losses])
    for batch in resample_kernel.draws(cells, n_resamples, seed, at_once=max(1, CELLS_AT_ONCE // max(1, len(cells)))):
        for drawn in batch:
            yield with_cells(counts, drawn)


def _resampled_clusters(battles: Battles, n_resamples: int, random: np.random.Generator) -> Iterator[PairCounts]:
    counts = count_pairs(battles)
    cell = cell_of_battles(battles, counts)
    code, n_clusters = cluster_codes(battles)
    weight = np.ones(len(code)) if battles.weight is None else battles.weight
    for _ in range(n_resamples):
        times = np.bincount(random.integers(0, n_clusters, n_clusters), minlength=n_clusters)
        cells = np.bincount(cell, weight * times[code], minlength=3 * len(counts.first))
        yield with_cells(counts, cells.astype(np.float64))


def thinned(data: Battles | PairCounts, share: float, n_rounds: int, seed: int) -> Iterator[Battles | PairCounts]:
    """Copies without a random `share` (0..1, exclusive) of the battles, or of the clusters where there are some.

    Raises BadSetting for a share outside 0..1 and for counts that are not whole numbers.
    """
    if not 0 < share < 1:
        raise BadSetting(f"The share of battles to drop is {share!r}; expected a number between 0 and 1.")
    random = np.random.default_rng(seed)
    if isinstance(data, PairCounts):
        yield from _thinned_counts(data, share, n_rounds, random)
        return
    code, n_clusters = cluster_codes(data)
    for _ in range(n_rounds):
        kept = np.ones(n_clusters, dtype=bool)
        kept[random.choice(n_clusters, round(share * n_clusters), replace=False)] = False
        yield rows_of(data, kept[code])


def _thinned_counts(
    counts: PairCounts, share: float, n_rounds: int, random: np.random.Generator
) -> Iterator[PairCounts]:
    cells = np.concatenate([counts.wins, counts.ties, counts.losses])
    whole = np.rint(cells).astype(np.int64)
    if not np.array_equal(whole, cells):
        raise BadSetting("Counts of battles are not whole numbers; expected battles or whole counts to drop some from.")
    n_kept = int(whole.sum()) - round(share * int(whole.sum()))
    for _ in range(n_rounds):
        yield with_cells(counts, random.multivariate_hypergeometric(whole, n_kept, method="marginals").astype(float))


def cluster_codes(battles: Battles) -> tuple[npt.NDArray[np.int64], int]:
    """Number 0..n-1 of the cluster of every battle, and n; without clusters every battle is its own."""
    if battles.cluster is None:
        return np.arange(len(battles), dtype=np.int64), len(battles)
    names, code = np.unique(battles.cluster, return_inverse=True)
    return code.astype(np.int64), len(names)


def cell_of_battles(battles: Battles, counts: PairCounts) -> npt.NDArray[np.int64]:
    """Position of every battle among the wins, then ties, then losses of the pairs of `counts`."""
    pair, outcome = pair_of_battles(battles, counts.first, counts.second)
    return (1 - outcome) * len(counts.first) + pair


def with_cells(counts: PairCounts, cells: Floats) -> PairCounts:
    """The same pairs with other numbers: wins of all pairs, then ties, then losses."""
    wins, ties, losses = np.split(cells, 3)
    return replace(counts, wins=wins, ties=ties, losses=losses)
