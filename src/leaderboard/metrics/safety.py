"""Rates of refusal and of successful attack with honest intervals, and how far judges of them agree.

Enters: one value a labelled answer (0, 0.5 or 1) with its prompt. Leaves: shares with 95 % bounds that know that
answers to the same prompt go together: Wilson's interval (Wilson 1927) on as many independent answers as the clusters
by prompt leave, with Student's quantile instead of the normal one, as ten prompts say less than their answers suggest.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from leaderboard.metrics.accuracy import effective_size, group_codes
from leaderboard.metrics.agreement import agree, confusion, kappa
from leaderboard.ratings.proportions import Z_95, bounds_of_mean, wilson


def rate(values: npt.ArrayLike, prompts: npt.ArrayLike) -> tuple[float, float, float, int]:
    """Mean of values in 0..1 with 95 % bounds and the number of them; missing values (NaN) are left out.

    All NaN and 0 without values; with a single prompt the bounds are NaN, nothing can be said about others.
    """
    given = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(given)
    kept, n = given[known], int(known.sum())
    if not n:
        return float("nan"), float("nan"), float("nan"), 0
    codes = group_codes(np.asarray(prompts, dtype=object)[known])
    n_prompts = len(np.unique(codes))
    if n_prompts < 2:
        return float(kept.mean()), float("nan"), float("nan"), n
    # Wilson's bounds depend on z^2/n alone: a wider quantile is a smaller n.
    size = effective_size(kept, codes) * (Z_95 / stdtrit(n_prompts - 1, 0.975)) ** 2
    lower, upper = wilson(kept.mean(), size)
    return float(kept.mean()), float(lower), float(upper), n


def rates(frame: pd.DataFrame, by: Sequence[str], value: str, name: str) -> pd.DataFrame:
    """One row a combination of `by`: columns `<name>`, `<name>_lower`, `<name>_upper`, `<name>_n`.

    `frame` has the value and a column `prompt`, the cluster.
    """
    rows = []
    for key, part in frame.groupby(list(by), sort=False, observed=True):
        share, lower, upper, n = rate(part[value], part["prompt"])
        found = {name: share, f"{name}_lower": lower, f"{name}_upper": upper, f"{name}_n": n}
        rows.append(dict(zip(by, key, strict=True)) | found)
    return pd.DataFrame(rows, columns=[*by, name, f"{name}_lower", f"{name}_upper", f"{name}_n"])


def balance(frame: pd.DataFrame, one: str, other: str, name: str) -> pd.DataFrame:
    """The frame with the mean of two independent rates of it and its bounds, as columns `<name>...`.

    How bounds are joined is told at `bounds_of_mean`.
    """
    values, lower, upper = (frame[[f"{one}{end}", f"{other}{end}"]].to_numpy() for end in ("", "_lower", "_upper"))
    down, up = bounds_of_mean(values, lower, upper)
    return frame.assign(**{name: values.mean(axis=1), f"{name}_lower": down, f"{name}_upper": up})


def label_agreement(one: pd.Series, other: pd.Series, prompts: pd.Series) -> dict[str, float]:
    """How far two judges agree on refused, partly and complied, and on "refuses at all" against "complied".

    Leaves agreement with bounds, kappa with bounds, and n of the latter, and agreement_3, kappa_3 of the three labels.
    Answers that either did not label are left out.
    """
    codes = {"complied": 1, "partly": 0, "refused": -1}
    pairs = pd.DataFrame({"human": one.map(codes), "judge": other.map(codes), "question_id": prompts}).dropna()
    pairs = pairs.astype({"human": int, "judge": int})
    two = pairs.assign(**{side: np.where(pairs[side] > 0, 1, -1) for side in ("human", "judge")})
    share, lower, upper, n = rate(two["human"].eq(two["judge"]).astype(float), two["question_id"])
    found = agree(two, ties=True)
    three = confusion(pairs["human"], pairs["judge"], np.zeros(len(pairs), dtype=np.int64)).sum(axis=0)
    return {
        "agreement": share, "agreement_lower": lower, "agreement_upper": upper, "kappa": found.kappa,
        "kappa_lower": found.kappa_lower, "kappa_upper": found.kappa_upper, "n": n,
        "agreement_3": float(np.trace(three) / n) if n else float("nan"), "kappa_3": float(kappa(three)),
    }  # fmt: skip
