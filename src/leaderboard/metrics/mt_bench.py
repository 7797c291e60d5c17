"""MT-Bench: mean scores by turn and category, and verdicts on pairs asked in both orders.

Enters: single judgments (question_id, turn, model, judge, score) and questions (question_id, category). Leaves: means
of 1..10 with 95 % bounds that treat a question's two turns as one cluster, what was left out and why. A score of -1 is
a judgment that could not be parsed: it is listed, never averaged. Source: Zheng et al. (2023),
https://arxiv.org/abs/2306.05685.
"""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.metrics.accuracy import mean_interval
from leaderboard.metrics.refusing import refuse_values

KEY = ["model", "judge", "question_id", "turn"]
LOWEST, HIGHEST = 1.0, 10.0
VERDICTS = ("model_1", "model_2", "tie")
MEANS = ["model", "judge", "score", "score_lower", "score_upper", "turn_1", "turn_2", "n", "coverage"]
DROPS = ["model", "judge", "drop", "drop_lower", "drop_upper", "n_paired"]
OUTSIDE, UNPARSED, REPEATED = (
    "the score is outside 1 to 10", "the verdict could not be parsed", "the answer was judged again later"
)  # fmt: skip
"""Why a judgment is left out."""
CATEGORY_MEANS = ["model", "judge", "category", "score", "score_lower", "score_upper", "n"]


@dataclass(frozen=True, kw_only=True)
class Judgments:
    """Usable judgments, one a model, judge, question and turn, and the rows that were left out with a `reason`."""

    kept: pd.DataFrame
    left_out: pd.DataFrame


def judge_name(value: object) -> str:
    """The judging model; FastChat names it together with the prompt template, as the JSON list [model, template]."""
    text = str(value)
    if not text.startswith("["):
        return text
    try:
        parts = json.loads(text)
    except ValueError:
        return text
    return str(parts[0]) if parts else text


def clean(judgments: pd.DataFrame) -> Judgments:
    """Judgments that may be averaged.

    Left out: scores that are missing or -1 (not parsed), outside 1..10, and all but the last of several judgments of
    one answer (by tstamp where there is one, a row without one being the oldest; else by row). Rows are numbered anew.
    Raises BadBattle with the row, counted from 1, for a turn other than 1 and 2.
    """
    turn = pd.to_numeric(judgments["turn"], errors="coerce")
    refuse_values(judgments, ~turn.isin([1, 2]), "turn", "1 or 2")
    judgments = judgments.assign(judge=judgments["judge"].map(judge_name), turn=turn.astype(int)).reset_index(drop=True)
    score = pd.to_numeric(judgments["score"], errors="coerce")
    reason = pd.Series("", index=judgments.index)
    reason = reason.mask(~score.between(LOWEST, HIGHEST), OUTSIDE)
    reason = reason.mask(score.isna() | score.eq(-1), UNPARSED)
    usable = judgments[reason.eq("")]
    ordered = usable.sort_values("tstamp", kind="stable", na_position="first") if "tstamp" in usable else usable
    repeated = ordered[ordered.duplicated(KEY, keep="last")].index
    reason.loc[repeated] = REPEATED
    judgments = judgments.assign(score=score)
    kept = judgments[reason.eq("")]
    return Judgments(kept=kept, left_out=judgments[reason.ne("")].assign(reason=reason[reason.ne("")]))


def means(kept: pd.DataFrame, *, n_asked: int | None = None) -> pd.DataFrame:
    """Mean score of every model and judge with bounds, by turn too: columns model, judge, score, score_lower,
    score_upper, turn_1, turn_2, n (judged answers), coverage (n / n_asked, NaN without it); best first.
    """
    rows = []
    for (model, judge), part in kept.groupby(["model", "judge"], sort=True):
        mean, lower, upper = mean_interval(part["score"], part["question_id"])
        turns = part.groupby("turn")["score"].mean()
        rows.append({
            "model": model, "judge": judge, "score": mean, "score_lower": max(lower, LOWEST),
            "score_upper": min(upper, HIGHEST), "turn_1": turns.get(1, np.nan),
            "turn_2": turns.get(2, np.nan), "n": len(part),
            "coverage": len(part) / n_asked if n_asked else np.nan,
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=MEANS)
    return table.sort_values(["score", "model"], ascending=[False, True], ignore_index=True)


def by_category(kept: pd.DataFrame, questions: pd.DataFrame) -> pd.DataFrame:
    """Mean score of every model, judge and category.

    Columns model, judge, category, score, score_lower, score_upper, n. Raises BadRecord for a judged question that
    `questions` does not hold exactly once: it would be left out or count twice.
    """
    times = kept["question_id"].map(questions["question_id"].value_counts()).fillna(0).astype(int)
    if times.ne(1).any():
        row = int(np.argmax(times.ne(1).to_numpy()))
        raise BadRecord(
            f"Question {kept['question_id'].iloc[row]} is {times.iloc[row]} times among the questions; expected once."
        )
    named = kept.merge(questions[["question_id", "category"]], on="question_id", how="inner")
    rows = []
    for (model, judge, category), part in named.groupby(["model", "judge", "category"], sort=True):
        mean, lower, upper = mean_interval(part["score"], part["question_id"])
        rows.append({"model": model, "judge": judge, "category": category, "score": mean,
                     "score_lower": max(lower, LOWEST), "score_upper": min(upper, HIGHEST),
                     "n": len(part)})  # fmt: skip
    return pd.DataFrame(rows, columns=CATEGORY_MEANS)


def turn_drops(kept: pd.DataFrame) -> pd.DataFrame:
    """How much lower the second turn scores than the first, over questions with both: a paired difference.

    Columns model, judge, drop (points, positive when turn 2 is worse), drop_lower, drop_upper, n_paired (questions).
    """
    rows = []
    for (model, judge), part in kept.groupby(["model", "judge"], sort=True):
        turns = part.pivot_table(index="question_id", columns="turn", values="score", observed=True)
        both = turns.reindex(columns=[1, 2]).dropna()
        drop, lower, upper = mean_interval(both[1] - both[2], both.index)
        rows.append({"model": model, "judge": judge, "drop": drop, "drop_lower": lower, "drop_upper": upper,
                     "n_paired": len(both)})  # fmt: skip
    return pd.DataFrame(rows, columns=DROPS)


def pair_verdicts(judgments: pd.DataFrame) -> pd.DataFrame:
    """One verdict of two orders: columns g1_winner, g2_winner -> winner, inconsistent.

    Both name the same model (model_1 or model_2) or both a tie; anything else is inconsistent and a tie, as in
    FastChat. Raises BadBattle with the row, counted from 1, for any other word, except `error`, which makes the verdict
    missing (None).
    """
    for name in ("g1_winner", "g2_winner"):
        refuse_values(judgments, ~judgments[name].isin([*VERDICTS, "error"]), name, f"{', '.join(VERDICTS)} or error")
    first, second = judgments["g1_winner"], judgments["g2_winner"]
    unknown = first.eq("error") | second.eq("error")
    inconsistent = first.ne(second) & ~unknown
    winner = first.astype(object).where(~inconsistent, "tie").where(~unknown, None)
    return judgments.assign(winner=winner, inconsistent=inconsistent)
