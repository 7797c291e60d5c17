"""What sways a judge besides quality: position, length, and its own answers.

Enters: verdicts with the models as they were shown. Leaves: shares in 0..1 with Wilson bounds on as many independent
observations as the clusters leave, and the counts behind them. Background: Zheng et al. (2023), section 3.3,
https://arxiv.org/abs/2306.05685.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from leaderboard.metrics.accuracy import effective_size
from leaderboard.ratings.proportions import Z_95, wilson


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
    size = float(n) if groups is None else effective_size(values, np.unique(np.asarray(groups), return_inverse=True)[1])
    lower, upper = wilson(values.mean(), size)
    return Share(share=float(values.mean()), lower=float(lower), upper=float(upper), n=n)


def first_slot_share(verdicts: pd.DataFrame) -> Share:
    """How often the answer shown first wins, ties left out; 0.5 is fair when both orders are asked equally often.

    Columns question_id, winner (model_a is shown first).
    """
    decided = verdicts[verdicts["winner"].isin(["model_a", "model_b"])]
    return share_of(decided["winner"].eq("model_a"), decided["question_id"])


def flips(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Verdicts on a pair in both orders: columns judge, question_id, first, second, one, other, flipped.

    Enters: columns judge, question_id, model_a, model_b, winner; of several verdicts of a judge on one question and
    ordered pair the last one counts. `one` is the winner's name with `first` in the first slot, `other` with `second`;
    a tie is "tie". Pairs asked in one order only are left out.
    """
    last = verdicts.drop_duplicates(["judge", "question_id", "model_a", "model_b"], keep="last")
    won = last["model_a"].where(
        last["winner"].eq("model_a"), last["model_b"].where(last["winner"].eq("model_b"), "tie")
    )
    named = last.assign(won=won)
    forward = named[named["model_a"] < named["model_b"]]
    backward = named[named["model_a"] > named["model_b"]].rename(columns={"model_a": "model_b", "model_b": "model_a"})
    keys = ["judge", "question_id", "model_a", "model_b"]
    both = forward[[*keys, "won"]].merge(backward[[*keys, "won"]], on=keys, suffixes=("_one", "_other"))
    return both.rename(
        columns={"model_a": "first", "model_b": "second", "won_one": "one", "won_other": "other"}
    ).assign(flipped=lambda frame: frame["one"].ne(frame["other"]))  # fmt: skip


def flip_rate(verdicts: pd.DataFrame) -> Share:
    """How often the verdict changes when the two answers change places (a tie in one order only is a change)."""
    both = flips(verdicts)
    return share_of(both["flipped"], both["question_id"])


def longer_share(verdicts: pd.DataFrame) -> Share:
    """How often the longer answer wins, ties and equal lengths left out.

    Columns question_id, winner, len_a, len_b (characters).
    """
    decided = verdicts[verdicts["winner"].isin(["model_a", "model_b"]) & verdicts["len_a"].ne(verdicts["len_b"])]
    longer = decided["len_a"].gt(decided["len_b"]).eq(decided["winner"].eq("model_a"))
    return share_of(longer, decided["question_id"])


@dataclass(frozen=True, kw_only=True)
class SelfPreference:
    """How often a judge lets its own answers win, how often other judges do on the same pairs, and the difference."""

    own: Share
    others: Share
    difference: float
    difference_lower: float
    difference_upper: float


def self_preference(verdicts: pd.DataFrame, judge: str, model: str) -> SelfPreference:
    """Score of `model` under its own `judge` against that under all others, on the same ordered pairs and questions.

    Columns judge, question_id, model_a, model_b, winner; a tie is half. Bounds of the difference are 95 %, from the
    spread over questions.
    """
    played = verdicts[verdicts["model_a"].eq(model) | verdicts["model_b"].eq(model)]
    is_first, winner = played["model_a"].eq(model).to_numpy(), played["winner"].to_numpy()
    won = np.where(is_first, winner == "model_a", winner == "model_b")
    score = np.where(won, 1.0, np.where(played["winner"].isin(["model_a", "model_b"]), 0.0, 0.5))
    scored = played.assign(score=score)
    keys = ["question_id", "model_a", "model_b"]
    own = scored[scored["judge"].eq(judge)].groupby(keys)["score"].mean()
    others = scored[scored["judge"].ne(judge)].groupby(keys)["score"].mean()
    both = pd.concat({"own": own, "others": others}, axis=1, join="inner").reset_index()
    gap = (both["own"] - both["others"]).groupby(both["question_id"]).mean()
    error = float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else float("nan")
    center = float(gap.mean()) if len(gap) else float("nan")
    return SelfPreference(
        own=share_of(both["own"], both["question_id"]), others=share_of(both["others"], both["question_id"]),
        difference=center, difference_lower=center - Z_95 * error, difference_upper=center + Z_95 * error,
    )  # fmt: skip
