"""Length-controlled win rate: what the win rate would be if both answers were equally long.

Enters: annotations of many models against one baseline. Leaves: a controlled win rate a model. A logistic model a model
explains its preferences by its own strength, by tanh of the standardised difference in length, and by how hard the
instruction is; the win rate is its prediction at a difference of 0. Source: Dubois et al. (2024),
https://arxiv.org/abs/2404.04475.

What cannot be reproduced exactly: AlpacaEval takes the difficulty of instructions from a joint fit over its own set of
models (a file that is not in its repository) and tunes its penalty by cross-validation. Here the difficulty is the
smoothed log odds of the other models in the same file, and the penalty is fixed. tests/unit/metrics/
test_length_control.py states how far the figures are apart.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from leaderboard.metrics.alpaca_eval import lengths, scores
from leaderboard.metrics.refusing import refuse_values

Floats = npt.NDArray[np.float64]
PENALTY = 1.0
"""Weight of the squared coefficients of length and difficulty; the strength is free."""
STEPS = 50
COLUMNS = ["model", "win_rate", "length_controlled_win_rate", "length_effect", "n"]


def controlled_win_rates(annotations: pd.DataFrame) -> pd.DataFrame:
    """Columns model, win_rate, length_controlled_win_rate (0..1), length_effect, n; best controlled one first.

    Enters: columns instruction_id, model, preference (as in `alpaca_eval.win_rates`), len_model, len_baseline
    (characters). `length_effect` is the coefficient of tanh(difference / standard deviation), in log odds: positive
    where longer answers win. Unparsed verdicts are left out. Raises BadBattle with the row, counted from 1, for a wrong
    preference, or a length that is missing or none: without lengths there is nothing to control.
    """
    gap = lengths(annotations, "len_model") - lengths(annotations, "len_baseline")
    rows = annotations.assign(score=scores(annotations), gap=gap)
    for name in ("len_model", "len_baseline"):
        missing = annotations[name].isna() & rows["score"].notna()
        refuse_values(annotations, missing, name, "a number of characters", row_name="Annotation")
    rows = rows[rows["score"].notna()]
    sums = rows.groupby("instruction_id")["score"].agg(["sum", "size"])
    found = [_one(str(model), part, sums) for model, part in rows.groupby("model", observed=True)]
    return pd.DataFrame(found, columns=COLUMNS).sort_values(
        ["length_controlled_win_rate", "model"], ascending=[False, True], ignore_index=True
    )


def _one(model: str, part: pd.DataFrame, sums: pd.DataFrame) -> dict[str, object]:
    score = part["score"].to_numpy(dtype=float)
    gap = part["gap"].to_numpy(dtype=float)
    spread = gap.std() or 1.0
    others = sums.loc[part["instruction_id"]].to_numpy(dtype=float) - np.stack([score, np.ones_like(score)], axis=1)
    hard = logit((others[:, 0] + 0.5) / (others[:, 1] + 1.0))
    hard -= hard.mean()
    features = np.stack([np.ones_like(score), np.tanh(gap / spread), hard], axis=1)
    weights = fit_fractions(features, score, np.array([0.0, PENALTY, PENALTY]))
    equal = features * np.array([1.0, 0.0, 1.0])
    return {
        "model": model, "win_rate": float(score.mean()),
        "length_controlled_win_rate": float(expit(equal @ weights).mean()), "length_effect": float(weights[1]),
        "n": len(score),
    }  # fmt: skip


def fit_fractions(features: Floats, target: Floats, penalty: Floats) -> Floats:
    """Coefficients, float64[k], of a ridge logistic regression on targets in 0..1 (features float64[n, k])."""
    weights = np.zeros(features.shape[1])
    ridge = np.diag(penalty + 1e-6)
    for _ in range(STEPS):
        p = expit(features @ weights)
        gradient = features.T @ (target - p) - ridge @ weights
        hessian = (features * (p * (1 - p))[:, None]).T @ features + ridge
        step = np.linalg.solve(hessian, gradient)
        weights = weights + step * min(1.0, 2.0 / max(1e-12, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-10:
            break
    return weights
