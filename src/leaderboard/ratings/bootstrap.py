"""Bootstrap rounds of Bradley-Terry, solved together.

Enters: resampled counts (`resampling.cell_batches`). Leaves: strengths of every round. All rounds start from the
maximum of the data and share its factorised Hessian (a chord method: Kelley 1995,
https://doi.org/10.1137/1.9781611970944, chapter 5), so a round costs a few passes over the pairs. Rounds whose results
became one-sided, or in which a model has no battles at all, get the prior first; those that do not settle are solved
one by one.
"""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.special import expit

from leaderboard.ratings import resample_kernel
from leaderboard.ratings.likelihood import (
    Design,
    Maximum,
    has_maximum,
    information,
    inverse_of,
    maximise,
    model_for,
    with_prior,
)
from leaderboard.ratings.tie_models import Counts, Half, TieModel

Floats = npt.NDArray[np.float64]

MOST_PASSES = 25
OFTEN = 10.0
"""Results in the rarer direction that make a pair one that surely goes both ways in nearly every round."""
SLOW_FROM = 6
"""Pass from which rounds that are still open get the scales of where they are."""
SETTLED = 1e-5
"""Largest last change in log odds of a settled round; every pass shrinks the rest to some hundredths of it."""


class Solver:
    """Solves batches of rounds from the maximum of the data.

    `counts` are those that were fitted; `prior` is added to rounds without a maximum.
    """

    def __init__(self, design: Design, counts: Counts, model: TieModel, maximum: Maximum, prior: float) -> None:
        self.design, self.model, self.maximum, self.prior = design, model, maximum, prior
        self.inverse = inverse_of(design, information(design, counts, model, maximum))
        self.incidence = _incidence(design)
        share = expit(design.differences(maximum.strength))
        self.expected = self.incidence.multiply(share[:, None]).tocsr()
        self.weight = abs(self.incidence).multiply((share * (1 - share))[:, None]).tocsr()
        self.battles = counts.wins + counts.ties + counts.losses
        self.own = np.asarray(self.battles @ self.weight)
        self.tree, self.core = _busiest_tree(design, counts)
        self.rare = [
            (np.flatnonzero((design.first == model) & self.core[design.second]),
             np.flatnonzero((design.second == model) & self.core[design.first]))
            for model in np.flatnonzero(~self.core)
        ]  # fmt: skip
        """Pairs of every model outside the core with models of it: those it is first in, those it is second in."""
        self.outer, self.outer_design = _without_core(design, self.core)

    def strengths(self, rounds: Counts) -> Floats:
        """Strengths of every round, float64[rounds, m], in log odds."""
        solve = _half_rounds if isinstance(self.model, Half) else _tied_rounds
        rounds, has_maximum = _completed(self, rounds)
        found, change = solve(self, rounds)
        settled = has_maximum & np.isfinite(change) & (change <= SETTLED)
        for row in np.flatnonzero(~settled):
            counts = Counts(*(part[row] for part in rounds))
            own = self.model if counts.ties.any() else model_for("half", counts)
            found[row] = maximise(self.design, counts, own).strength
        return found


def _completed(solver: Solver, rounds: Counts) -> tuple[Counts, npt.NDArray[np.bool_]]:
    """The rounds with the prior in those that have no maximum without it, and which rounds have one now."""
    unsure = np.flatnonzero(~_surely_sound(solver, rounds))
    sound = np.ones(len(rounds.wins), dtype=np.bool_)
    if not len(unsure):
        return rounds, sound
    core_sound = _core_sound(solver, rounds)
    wins, losses = rounds.wins.copy(), rounds.losses.copy()
    everything = np.arange(len(solver.design.first))
    for row in unsure:
        design, pairs = (solver.outer_design, solver.outer) if core_sound[row] else (solver.design, everything)
        counts = Counts(*(part[row, pairs] for part in rounds))
        filled = with_prior(design, counts, solver.prior, solver.battles[pairs])
        wins[row, pairs], losses[row, pairs] = filled.wins, filled.losses
        sound[row] = solver.prior > 0 or has_maximum(design, counts)
    return Counts(wins, rounds.ties, losses), sound


def _half_rounds(solver: Solver, rounds: Counts) -> tuple[Floats, Floats]:
    """Chord method where the score is observed minus expected wins: strengths and last change of every round."""
    design, incidence, inverse = solver.design, solver.incidence, solver.inverse
    observed = rounds.wins + 0.5 * rounds.ties
    battles = rounds.wins + rounds.ties + rounds.losses
    strength = np.tile(solver.maximum.strength, (len(observed), 1))
    won = observed @ incidence
    scale = _scales(solver, battles)
    step = ((won - battles @ solver.expected) * scale) @ inverse * scale
    strength += step
    change = np.abs(step).max(axis=1)
    for number in range(MOST_PASSES):
        open_rows = np.flatnonzero(change > SETTLED)
        if not len(open_rows):
            break
        if number >= SLOW_FROM and number % 2 == 0:
            scale[open_rows] = _scales_at(solver, battles[open_rows], strength[open_rows])
        everything = len(open_rows) == len(strength)
        rows = slice(None) if everything else open_rows
        expected = resample_kernel.expected_wins(strength[rows], battles[rows], design.first, design.second)
        step = ((won[rows] - expected) * scale[rows]) @ inverse * scale[rows]
        strength[rows] += step
        change[rows] = np.abs(step).max(axis=1)
    return strength, change


def _scales(solver: Solver, battles: Floats) -> Floats:
    """Square roots of the data's over the round's own information of every model, float64[rounds, m].

    They turn the shared Hessian into nearly that of the round, which matters for models with few battles.
    """
    return _scales_of(solver, np.asarray(battles @ solver.weight, dtype=np.float64))


def _scales_at(solver: Solver, battles: Floats, strength: Floats) -> Floats:
    """The same where the rounds have come to: a model of two battles may be far from where the data put it."""
    share = expit(solver.design.differences(strength))
    return _scales_of(solver, np.asarray((battles * share * (1 - share)) @ abs(solver.incidence), dtype=np.float64))


def _scales_of(solver: Solver, own: Floats) -> Floats:
    ratio = np.divide(solver.own, own, out=np.ones_like(own), where=own > 0.05 * solver.own)
    return np.asarray(np.sqrt(ratio))


def _tied_rounds(solver: Solver, rounds: Counts) -> tuple[Floats, Floats]:
    """The same with a tie parameter a round."""
    design, model, maximum = solver.design, solver.model, solver.maximum
    m = design.n_models
    start = np.append(maximum.strength, maximum.tie)
    values = np.tile(start, (len(rounds.wins), 1))
    change = np.full(len(values), np.inf)
    for _ in range(MOST_PASSES):
        by_d, by_e = model.gradients(design.differences(values[:, :m]), values[:, m:])
        pairs = rounds.wins * by_d.win + rounds.ties * by_d.tie + rounds.losses * by_d.loss
        shared = rounds.wins * by_e.win + rounds.ties * by_e.tie + rounds.losses * by_e.loss
        step = np.hstack([pairs @ solver.incidence, shared.sum(axis=1, keepdims=True)]) @ solver.inverse
        with np.errstate(invalid="ignore", over="ignore"):
            values = values + step
        if (values[:, m] <= model.floor).any() or not np.isfinite(values).all():
            bad = (values[:, m] <= model.floor) | ~np.isfinite(values).all(axis=1)
            values[bad] = start
        change = np.abs(step).max(axis=1)
        if (change <= SETTLED).all():
            break
    return values[:, :m], change


def _core_sound(solver: Solver, rounds: Counts) -> npt.NDArray[np.bool_]:
    """Rounds, bool[rounds], in which the pairs of a tree over the busiest models went both ways."""
    tied = rounds.ties[:, solver.tree]
    both = (rounds.wins[:, solver.tree] + tied > 0) & (rounds.losses[:, solver.tree] + tied > 0)
    return np.asarray(both.all(axis=1), dtype=np.bool_)


def _surely_sound(solver: Solver, rounds: Counts) -> npt.NDArray[np.bool_]:
    """Rounds, bool[rounds], whose likelihood certainly has a maximum.

    That is so when the core is sound, and every other model neither lost nor won all its battles against it.
    """
    sound = _core_sound(solver, rounds)
    for above, below in solver.rare:
        tied = rounds.ties[:, above].sum(axis=1) + rounds.ties[:, below].sum(axis=1)
        won = rounds.wins[:, above].sum(axis=1) + rounds.losses[:, below].sum(axis=1)
        lost = rounds.losses[:, above].sum(axis=1) + rounds.wins[:, below].sum(axis=1)
        sound &= (won + tied > 0) & (lost + tied > 0)
    return np.asarray(sound, dtype=np.bool_)


def _busiest_tree(
    design: Design, counts: Counts
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:  # fmt: skip
    """Pairs that connect the models that often met both ways, and which models these are (the largest such group)."""
    rarer = np.minimum(counts.wins, counts.losses) + counts.ties
    often = np.flatnonzero(rarer >= OFTEN)
    m = design.n_models
    ends = (design.first[often], design.second[often])
    graph = csr_array((1.0 / rarer[often], ends), shape=(m, m))
    place = csr_array((often + 1, ends), shape=(m, m))
    label = connected_components(graph, directed=False)[1]
    core = label == np.argmax(np.bincount(label))
    chosen = minimum_spanning_tree(graph).tocoo()
    pairs = np.array([place[i, j] - 1 for i, j in zip(chosen.row, chosen.col, strict=True)], dtype=np.int64)
    return pairs[core[design.first[pairs]]] if len(pairs) else pairs, core


def _without_core(design: Design, core: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], Design]:
    """Pairs with a model outside the core, int64, and their design with the core as one model, number 0.

    Where the core is sound, this smaller graph tells which rounds have a maximum and where the prior goes.
    """
    outer = np.flatnonzero(~(core[design.first] & core[design.second]))
    node = np.where(core, 0, np.cumsum(~core)).astype(np.int32)
    n_nodes = int((~core).sum()) + 1
    first, second = node[design.first[outer]], node[design.second[outer]]
    return outer, Design(n_models=n_nodes, first=first, second=second, component=np.zeros(n_nodes, dtype=np.int64))


def _incidence(design: Design) -> csr_array:
    p = len(design.first)
    row = np.arange(p)
    sign = np.ones(p)
    return csr_array(
        (np.concatenate([sign, -sign]), (np.concatenate([row, row]), np.concatenate([design.first, design.second]))),
        shape=(p, design.n_models),
    )  # fmt: skip
