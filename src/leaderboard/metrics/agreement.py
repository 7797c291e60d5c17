"""How far two sources of verdicts agree: raw agreement, Cohen's kappa, Krippendorff's alpha.

Enters: verdicts a question, turn and pair of models. Leaves: agreement with the number of comparisons behind it. Pairs
are put in one order first, so that a verdict on (b, a) is mirrored and compared with one on (a, b). With ties is setup
S1 of Zheng et al. (2023), https://arxiv.org/abs/2306.05685: win, loss or tie, an inconsistent verdict being a tie;
without ties is S2: only where both sides named a winner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from leaderboard.metrics.refusing import refuse_values
from leaderboard.ratings.battles import WINNER_CODES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

INCONSISTENT = "tie (inconsistent)"
KEY = ["question_id", "turn", "first", "second"]
N_RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Agreement over `n` comparisons, shares in 0..1; NaN where nothing can be said.

    `kappa_lower` and `kappa_upper` bound kappa at 95 %, from resampling whole questions. Complete agreement of a few
    questions has bounds of 1: resampling cannot draw what was not seen.
    """

    n: int
    agreement: float
    kappa: float
    kappa_lower: float
    kappa_upper: float


def canonical(frame: pd.DataFrame) -> pd.DataFrame:
    """Verdicts with the models of every pair in alphabetical order.

    Enters: columns question_id, turn, model_a, model_b, winner, and judge if there is one. Leaves: question_id and turn
    as text, first, second, judge (missing: ""), outcome (int8: +1 first won, 0 tie, -1 second won) and inconsistent
    (bool), the index kept. Raises BadBattle with the row, counted from 1, for an unknown winner, a missing name or
    question, or a model against itself.
    """
    outcome = frame["winner"].map(WINNER_CODES)
    refuse_values(frame, outcome.isna(), "winner", "model_a, model_b, tie or both_bad")
    for name in ("question_id", "turn", "model_a", "model_b"):
        refuse_values(frame, frame[name].isna(), name, "a value")
    refuse_values(frame, frame["model_a"].eq(frame["model_b"]), "model_b", "another model than model_a")
    swapped = frame["model_a"].astype(str) > frame["model_b"].astype(str)
    return pd.DataFrame(
        {
            "question_id": frame["question_id"].map(_name), "turn": frame["turn"].map(_name),
            "first": frame["model_b"].where(swapped, frame["model_a"]).astype(str),
            "second": frame["model_a"].where(swapped, frame["model_b"]).astype(str),
            "judge": frame["judge"].fillna("").astype(str) if "judge" in frame else "",
            "outcome": outcome.where(~swapped, -outcome).astype("int8"),
            "inconsistent": frame["winner"].eq(INCONSISTENT),
        }
    )  # fmt: skip


def _name(value: object) -> str:
    """An id as text: 81, 81.0 and "81" of different files are one question."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def majority(verdicts: pd.DataFrame) -> pd.DataFrame:
    """One verdict a question, turn and pair: the most frequent one, a tie where no single one is."""
    votes = pd.crosstab([verdicts[name] for name in KEY], verdicts["outcome"]).reindex(columns=[1, 0, -1], fill_value=0)
    table = votes.to_numpy()
    top = table.max(axis=1, keepdims=True)
    alone = (table == top).sum(axis=1) == 1
    outcome = np.where(alone, np.array([1, 0, -1])[table.argmax(axis=1)], 0)
    return votes.index.to_frame(index=False).assign(outcome=outcome.astype(np.int8))


def inconsistencies(verdicts: pd.DataFrame) -> tuple[int, int]:
    """How many verdicts contradict themselves, and of how many: one a judge, question, turn and pair.

    One does when it says so ("tie (inconsistent)"), or when rows of the same judge differ, as those of the two orders
    may.
    """
    by_verdict = verdicts.groupby(["judge", *KEY], sort=False)
    wrong = by_verdict["outcome"].nunique().gt(1) | by_verdict["inconsistent"].any()
    return int(wrong.sum()), len(wrong)


def matched(votes: pd.DataFrame, judge: pd.DataFrame) -> pd.DataFrame:
    """Votes beside the judge's verdict on the same question, turn and pair: columns KEY, human, judge.

    Several verdicts of the judge on one of them are first joined by `majority`. Votes without a verdict are left out.
    """
    verdict = majority(judge).rename(columns={"outcome": "judge"})
    return votes[[*KEY, "outcome"]].rename(columns={"outcome": "human"}).merge(verdict, on=KEY, how="inner")


def agree(pairs: pd.DataFrame, *, ties: bool, seed: int = 0) -> Agreement:
    """Agreement of the columns human and judge (-1, 0, +1); without `ties` only where both named a winner."""
    kept = pairs if ties else pairs[pairs["human"].ne(0) & pairs["judge"].ne(0)]
    question = pd.factorize(kept["question_id"])[0]
    tables = confusion(kept["human"].to_numpy(), kept["judge"].to_numpy(), question)
    total = tables.sum(axis=0)
    n = int(total.sum())
    lower, upper = _kappa_bounds(tables, seed)
    return Agreement(
        n=n, agreement=float(np.trace(total) / n) if n else float("nan"), kappa=float(kappa(total)), kappa_lower=lower,
        kappa_upper=upper,
    )  # fmt: skip


def confusion(one: npt.ArrayLike, other: npt.ArrayLike, group: Ints) -> Floats:
    """Counts of outcomes -1, 0, +1 of one by other, float64[groups, 3, 3]."""
    rows, columns = np.asarray(one, dtype=np.int64) + 1, np.asarray(other, dtype=np.int64) + 1
    n_groups = int(group.max(initial=-1)) + 1
    return np.bincount(group * 9 + rows * 3 + columns, minlength=9 * n_groups).reshape(-1, 3, 3).astype(np.float64)


def kappa(table: Floats) -> Floats:
    """Cohen's kappa of confusion tables, float64[..., k, k]; NaN for an empty one or when chance agreement is complete.

    Cohen (1960), https://doi.org/10.1177/001316446002000104.
    """
    n = table.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = np.trace(table, axis1=-2, axis2=-1) / n
        expected = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1) / n**2
        return np.asarray(np.where(expected < 1, (observed - expected) / (1 - expected), np.nan))


def _kappa_bounds(tables: Floats, seed: int) -> tuple[float, float]:
    """95 % bounds of kappa from resampling questions; NaN with fewer than two questions.

    Rounds in which kappa does not exist (both sides gave a single verdict throughout) are left out.
    """
    n = len(tables)
    if n < 2:
        return float("nan"), float("nan")
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
    rounds = kappa((times @ tables.reshape(n, 9)).reshape(-1, 3, 3))
    known = rounds[np.isfinite(rounds)]
    if not len(known):
        return float("nan"), float("nan")
    lower, upper = np.quantile(known, [0.025, 0.975])
    return float(lower), float(upper)


def krippendorff_alpha(ratings: Sequence[Sequence[Any]] | npt.ArrayLike) -> float:
    """Krippendorff's alpha for nominal values.

    `ratings` has one row a rater and one column a unit; None or NaN is a missing value. Units with fewer than two
    values say nothing. NaN when none is left or all values are equal. Krippendorff (2011), Computing Krippendorff's
    Alpha-Reliability, https://repository.upenn.edu/asc_papers/43.
    """
    values = pd.DataFrame(np.asarray(ratings, dtype=object))
    codes, known = pd.factorize(values.to_numpy().ravel())
    table = codes.reshape(values.shape)
    counts = (table[:, :, None] == np.arange(len(known))).sum(axis=0).astype(np.float64)
    sizes = counts.sum(axis=1)
    counts, sizes = counts[sizes >= 2], sizes[sizes >= 2]
    if not len(counts):
        return float("nan")
    coincidence = (counts[:, :, None] * counts[:, None, :]).astype(np.float64)
    coincidence[:, np.arange(counts.shape[1]), np.arange(counts.shape[1])] -= counts
    coincidence /= (sizes - 1)[:, None, None]
    total = coincidence.sum(axis=0)
    margin = total.sum(axis=1)
    n = margin.sum()
    expected = n**2 - (margin**2).sum()
    return float(1 - (n - 1) * (n - np.trace(total)) / expected) if expected else float("nan")
