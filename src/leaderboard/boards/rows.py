"""Rows of a board made ready: sorted, ranked by their intervals, with bands and lasting ids.

Enters: a frame with one row a model and its figures. Leaves: the frame that `Board` describes.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from leaderboard.boards.columns import Column
from leaderboard.ratings.ranks import bands, ranks_within

RANK = Column(
    key="rank", label="Rank", kind="rank", best="low",
    info="Best and worst rank that the interval allows: 1 + the number of models whose interval lies wholly above, to "
    "the number whose interval reaches this one.",
)  # fmt: skip
CONTROL = Column(
    key="control", label="Control", kind="flag", shown=False, filter="hide", filter_label="controls", badge="control",
    info="No contestant, and without a rank: made to test the judge or the measure, such as one text for every "
    "question, always the longest answer, or guessing.",
)  # fmt: skip


def ranked(
    frame: pd.DataFrame, key: str, *, ascending: bool = False, competes: "pd.Series[bool] | None" = None
) -> pd.DataFrame:
    """Rows from best to worst `key`, ties by the first column; with rank ranges where `key` has bounds.

    A column `component` keeps apart models that no battle connects; rows that do not compete (controls) get no rank
    and push nobody down. Leaves columns rank_lower, rank_upper, band, pinned.
    """
    sign = 1.0 if ascending else -1.0
    order = pd.DataFrame({"key": sign * frame[key].astype(float), "name": frame.iloc[:, 0].astype(str)})
    at = order.sort_values(["key", "name"], kind="stable", na_position="last").index
    out = frame.loc[at].reset_index(drop=True)
    takes = np.ones(len(out), dtype=bool) if competes is None else competes.loc[at].to_numpy(dtype=bool)
    lower, upper = _bounds(out, key)
    if ascending:
        lower, upper = -upper, -lower
    group = out["component"].to_numpy(dtype=np.int64) if "component" in out else np.zeros(len(out), dtype=np.int64)
    best, worst = ranks_within(group, np.where(takes, lower, np.nan), np.where(takes, upper, np.nan))
    out["rank_lower"], out["rank_upper"] = (pd.Series(ends).where(ends > 0) for ends in (best, worst))
    out["band"] = bands(lower, upper)
    out["pinned"] = False
    return out


def has_bounds(frame: pd.DataFrame, key: str) -> bool:
    """Whether any value of a figure has an interval."""
    return f"{key}_lower" in frame and bool(frame[f"{key}_lower"].notna().any())


def with_ids(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The frame with a short id a row that depends on the named columns only."""
    if frame.empty:
        return frame.assign(id=pd.Series(dtype=object))
    texts = frame[list(names)].astype("string").fillna("").agg("\x1f".join, axis=1)
    copies = texts.groupby(texts).cumcount().astype(str)
    ids = [hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:10] for text in texts + "\x1f" + copies]
    return frame.assign(id=ids)


def _bounds(frame: pd.DataFrame, key: str) -> tuple["np.ndarray", "np.ndarray"]:
    if not has_bounds(frame, key):
        blank = np.full(len(frame), np.nan)
        return blank, blank
    return frame[f"{key}_lower"].to_numpy(dtype=float), frame[f"{key}_upper"].to_numpy(dtype=float)
