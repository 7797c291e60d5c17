"""What sways a judge besides quality: position, length, and its own answers.

Enters: verdicts with the models as they were shown. Leaves: shares in 0..1 with Wilson bounds on as many independent
observations as the clusters leave, and the counts behind them. Background: Zheng et al. (2023), section 3.3,
https://arxiv.org/abs/2306.05685.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from leaderboard.metrics.accuracy import effective_size, group_codes, mean_interval
from leaderboard.metrics.refusing import refuse_values
from leaderboard.ratings.battles import WINNER_CODES
from leaderboard.ratings.proportions import wilson

Orders = Literal["both", "drawn"]
"""Only verdicts that a judge also gave with the sides changed, or all because the sides were drawn at random."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share in 0..1 with 95 % bounds over `n` observations; NaN without any."""

    share: float
    lower: float
    upper: float
    n: int


def share_of(hits: npt.ArrayLike, groups: npt.ArrayLike | None = None) -> Share:
    """Mean of values in 0..1; `groups` are clusters such as the question."""
    values = np.asarray(hits, dtype=np.float64)
    n = len(values)
    if not n:
        return Share(share=float("nan"), lower=float("nan"), upper=float("nan"), n=0)
    size = float(n) if groups is None else effective_size(values, group_codes(groups))
    lower, upper = wilson(values.mean(), size)
    return Share(share=float(values.mean()), lower=float(lower), upper=float(upper), n=n)


def first_slot_share(verdicts: pd.DataFrame, orders: Orders = "both") -> Share:
    """How often the answer shown first wins, ties left out; 0.5 is fair.

    Columns judge, question_id, model_a (shown first), model_b, winner, and turn if there is one. Where a pair was
    judged in one order only, a first slot that wins may just hold the better model: such verdicts are left out, unless
    `orders` says that the sides were drawn at random. NaN when none is left. Raises BadBattle for an unknown winner.
    """
    counted = _one_an_order(verdicts) if orders == "both" else _checked(verdicts)
    if orders == "both":
        counted = counted[_has_both_orders(counted)]
    decided = counted[counted["winner"].isin(["model_a", "model_b"])]
    return share_of(decided["winner"].eq("model_a"), decided["question_id"])


def _checked(verdicts: pd.DataFrame) -> pd.DataFrame:
    """The verdicts; a misspelt winner is no tie."""
    refuse_values(verdicts, ~verdicts["winner"].isin(list(WINNER_CODES)), "winner", "model_a, model_b, tie or both_bad")
    return verdicts


def _keys(verdicts: pd.DataFrame) -> list[str]:
    """What one comparison is, but for the models; two turns of a question are two."""
    return ["judge", "question_id", *(["turn"] if "turn" in verdicts else [])]


def _one_an_order(verdicts: pd.DataFrame) -> pd.DataFrame:
    """The last of several verdicts of a judge on one question and ordered pair."""
    return _checked(verdicts).drop_duplicates([*_keys(verdicts), "model_a", "model_b"], keep="last")


def _has_both_orders(verdicts: pd.DataFrame) -> "pd.Series[bool]":
    pair = verdicts[["model_a", "model_b"]]
    sides = pd.DataFrame({"low": pair.min(axis=1), "high": pair.max(axis=1)})
    by_pair = verdicts[_keys(verdicts)].assign(**sides).groupby([*_keys(verdicts), "low", "high"], dropna=False)
    return by_pair["low"].transform("size").eq(2)


def flips(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Verdicts on a pair in both orders: columns judge, question_id, (turn,) first, second, one, other, flipped.

    Enters: columns judge, question_id, model_a, model_b, winner, and turn if there is one; of several verdicts of a
    judge on one question and ordered pair the last one counts. `one` is the winner's name with `first` in the first
    slot, `other` with `second`; a tie is "tie". Pairs asked in one order only are left out. Raises BadBattle for an
    unknown winner.
    """
    last = _one_an_order(verdicts)
    won = last["model_a"].where(
        last["winner"].eq("model_a"), last["model_b"].where(last["winner"].eq("model_b"), "tie")
    )
    named = last.assign(won=won)
    forward = named[named["model_a"] < named["model_b"]]
    backward = named[named["model_a"] > named["model_b"]].rename(columns={"model_a": "model_b", "model_b": "model_a"})
    keys = [*_keys(verdicts), "model_a", "model_b"]
    both = forward[[*keys, "won"]].merge(backward[[*keys, "won"]], on=keys, suffixes=("_one", "_other"))
    return both.rename(
        columns={"model_a": "first", "model_b": "second", "won_one": "one", "won_other": "other"}
    ).assign(flipped=lambda frame: frame["one"].ne(frame["other"]))  # fmt: skip


def flip_rate(verdicts: pd.DataFrame) -> Share:
    """How often the verdict changes when the two answers change places (a tie in one order only is a change)."""
    both = flips(verdicts)
    return share_of(both["flipped"], both["question_id"])


def longer_share(verdicts: pd.DataFrame) -> Share:
    """How often the longer answer wins; ties, equal lengths and unknown lengths left out.

    Columns question_id, winner, len_a, len_b (characters). Better answers may be longer: compare with what humans
    prefer before calling it a bias. Raises BadBattle for an unknown winner.
    """
    known = verdicts["len_a"].notna() & verdicts["len_b"].notna() & verdicts["len_a"].ne(verdicts["len_b"])
    decided = _checked(verdicts)[known & verdicts["winner"].isin(["model_a", "model_b"])]
    longer = decided["len_a"].gt(decided["len_b"]).eq(decided["winner"].eq("model_a"))
    return share_of(longer, decided["question_id"])


@dataclass(frozen=True, kw_only=True)
class SelfPreference:
    """How often a judge lets its own answers win, how often other judges do on the same pairs, and own - others."""

    own: Share
    others: Share
    difference: float
    difference_lower: float
    difference_upper: float


def self_preference(verdicts: pd.DataFrame, judge: str, model: str) -> SelfPreference:
    """Score of `model` under its own `judge` against that under all others, on the same ordered pairs and questions.

    Columns judge, question_id, model_a, model_b, winner, and turn if there is one; a tie is half. Bounds of the
    difference are 95 %, from the spread over questions. An opponent that judges too is among the others and may prefer
    itself: leave its verdicts out where that matters. Raises BadBattle for an unknown winner.
    """
    verdicts = _checked(verdicts)
    played = verdicts[verdicts["model_a"].eq(model) | verdicts["model_b"].eq(model)]
    is_first, winner = played["model_a"].eq(model).to_numpy(), played["winner"].to_numpy()
    won = np.where(is_first, winner == "model_a", winner == "model_b")
    score = np.where(won, 1.0, np.where(played["winner"].isin(["model_a", "model_b"]), 0.0, 0.5))
    scored = played.assign(score=score)
    keys = [*_keys(played)[1:], "model_a", "model_b"]
    own = scored[scored["judge"].eq(judge)].groupby(keys)["score"].mean()
    others = scored[scored["judge"].ne(judge)].groupby(keys)["score"].mean()
    both = pd.concat({"own": own, "others": others}, axis=1, join="inner").reset_index()
    center, lower, upper = mean_interval(both["own"] - both["others"], both["question_id"])
    return SelfPreference(
        own=share_of(both["own"], both["question_id"]), others=share_of(both["others"], both["question_id"]),
        difference=center, difference_lower=lower, difference_upper=upper,
    )  # fmt: skip
