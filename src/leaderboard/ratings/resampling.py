"""Copies of the data with other battles in it: resampled, thinned, or without ties.

Enters: battles, or counts of them. Leaves: the same kind with the same models; a model may have no battles left.
Battles that share a cluster are drawn and dropped together.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from leaderboard.errors import BadSetting
from leaderboard.ratings import resample_kernel
from leaderboard.ratings.battles import Battles, PairCounts, count_pairs, pair_of_battles

Floats = npt.NDArray[np.float64]
Data = TypeVar("Data", bound=Battles | PairCounts)

CELLS_AT_ONCE = 3 << 19
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
    """Bootstrap copies of the counts; see `cell_batches`."""
    counts = data if isinstance(data, PairCounts) else count_pairs(data)
    for batch in cell_batches(data, counts, n_resamples, seed):
        for cells in batch:
            yield with_cells(counts, cells)


def varies_by_rows(battles: Battles) -> bool:
    """Whether the counts do not tell how much these battles vary: rows belong together, or one counts as several.

    A row of weight 3 is one observation three times as large, not three. Weights of at most 1 are parts of a battle, as
    of rows that were copied; their sums are numbers of battles.
    """
    return battles.cluster is not None or (battles.weight is not None and bool((battles.weight > 1).any()))


def cell_batches(data: Battles | PairCounts, counts: PairCounts, n_resamples: int, seed: int) -> Iterator[Floats]:
    """Bootstrap rounds in batches float64[rounds, 3 p]: wins of the pairs of `counts`, then their ties, then losses.

    As many battles are drawn with replacement: whole clusters or rows where `varies_by_rows`, else by one multinomial
    draw of the counts. `counts` are those of `data`. The same seed gives the same rounds, with numba and without,
    whatever the size of the batches.
    """
    at_once = max(1, min(n_resamples, CELLS_AT_ONCE // max(1, 3 * len(counts.first))))
    if isinstance(data, Battles) and varies_by_rows(data):
        return _cluster_batches(data, counts, n_resamples, seed, at_once)
    cells = np.concatenate([counts.wins, counts.ties, counts.losses])
    return resample_kernel.draws(cells, n_resamples, seed, at_once=at_once)


def _cluster_batches(
    battles: Battles, counts: PairCounts, n_resamples: int, seed: int, at_once: int
) -> Iterator[Floats]:
    code, n = cluster_codes(battles)
    weight = np.ones(len(code)) if battles.weight is None else battles.weight
    cells = csr_array((weight, (code, cell_of_battles(battles, counts))), shape=(n, 3 * len(counts.first)))
    rng = np.random.default_rng(seed)
    at_once = max(1, min(at_once, 4 * CELLS_AT_ONCE // n))
    for start in range(0, n_resamples, at_once):
        rounds = min(at_once, n_resamples - start)
        times = np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(rounds)]).astype(np.float64)
        yield np.asarray((cells.T @ times.T).T)


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
