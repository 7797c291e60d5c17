"""AlpacaEval: how often a judge prefers a model's answer to the baseline's.

Enters: annotations, one a model and instruction. Leaves: a row a model. Source: Li et al. (2023),
https://github.com/tatsu-lab/alpaca_eval. The caution that belongs to it: judges prefer long answers; the average
length stands beside every win rate for that reason.
"""

import numpy as np
import pandas as pd

from leaderboard.metrics.refusing import refuse_values

DRAW = 1.5


def win_rates(annotations: pd.DataFrame) -> pd.DataFrame:
    """Win rate, its standard error, average answer length and number of verdicts of every model, best first.

    Enters: columns model, preference (1 the baseline won, 2 the model won, 0 or 1.5 a draw, between: a weighted
    verdict, missing: unparsed) and len_model (characters; may be missing). Leaves: model, win_rate and standard_error
    in 0..1, avg_length in characters, n verdicts, n_unparsed. win_rate = mean(preference - 1), standard_error its
    standard error of the mean (NaN of a single verdict); unparsed verdicts are left out of both. Raises BadBattle with
    the row, counted from 1, for a preference outside 1..2 that is not 0, or a length that is not one.
    """
    score = scores(annotations)
    length = lengths(annotations, "len_model") if "len_model" in annotations else np.nan
    by_model = pd.DataFrame({"model": annotations["model"].astype(str), "score": score, "length": length}).groupby(
        "model"
    )
    table = pd.DataFrame(
        {
            "win_rate": by_model["score"].mean(), "standard_error": by_model["score"].sem(),
            "avg_length": by_model["length"].mean(), "n": by_model["score"].count(),
            "n_unparsed": by_model["score"].size() - by_model["score"].count(),
        }
    )  # fmt: skip
    return table.reset_index().sort_values(["win_rate", "model"], ascending=[False, True], ignore_index=True)


def scores(annotations: pd.DataFrame) -> "pd.Series[float]":
    """Score of the model in 0..1 of every annotation, NaN where the verdict could not be parsed; refuses as above."""
    preference = pd.to_numeric(annotations["preference"], errors="coerce").astype(float)
    wrong = (annotations["preference"].notna() & preference.isna()) | ~(
        preference.isna() | preference.eq(0) | preference.between(1, 2)
    )
    refuse_values(annotations, wrong, "preference", "1 to 2, or 0 for a draw", row_name="Annotation")
    return preference.where(preference.ne(0), DRAW) - 1


def lengths(annotations: pd.DataFrame, column: str) -> "pd.Series[float]":
    """Characters of every answer, NaN where missing; BadBattle with the row for anything that is no length."""
    found = pd.to_numeric(annotations[column], errors="coerce").astype(float)
    wrong = (annotations[column].notna() & found.isna()) | found.lt(0) | np.isinf(found)
    refuse_values(annotations, wrong, column, "a number of characters", row_name="Annotation")
    return found
