"""Scores of reward models on preference pairs -> accuracies a set with intervals, beside two controls, and charts.

Enters: one row a model and pair (`PAIRS`). Leaves: rows, columns and charts under a named rule for ties. "Pick the
longer" and "random" are controls: they compete for no rank.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from leaderboard.boards.charts import Chart
from leaderboard.boards.columns import Column
from leaderboard.boards.rows import CONTROL, RANK, ranked
from leaderboard.metrics.accuracy import TieRule, pair_accuracy
from leaderboard.metrics.reward_margins import LENGTHS, calibration, calibration_error, length_group, margin_shares
from leaderboard.ratings.proportions import bounds_of_mean

PAIRS = ("model", "revision", "dtype", "set", "pair", "prompt", "score_chosen", "score_rejected", "length_chosen",
         "length_rejected")  # fmt: skip
TIES: Mapping[str, tuple[TieRule, str, str]] = {
    "wrong": ("wrong", "Tie = wrong (H4, RewardBench)", "The chosen answer must score higher; a tie is wrong."),
    "half": ("half", "Tie = half", "A tie is half right, as if a coin decided."),
    "dropped": ("dropped", "Ties left out", "Pairs with equal scores are left out."),
}
LONGER, RANDOM = "Pick the longer", "Random"
IDENTITY = ["model", "revision", "dtype"]
MOST_MODELS = 6


def rows(frame: pd.DataFrame, labels: Mapping[str, str], ties: str) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    """Ranked rows and their columns; `labels` names the sets for people, in their order."""
    rule, _, told = TIES[ties]
    out = [_row(part, labels, rule) for _, part in frame.groupby(IDENTITY, sort=False, dropna=False, observed=True)]
    table = pd.DataFrame([*out, *_controls(frame, labels, rule)])
    table = ranked(_averaged(table, labels), "average", competes=~table["control"])
    table = table.astype({"control": bool})
    columns = (
        RANK, Column(key="model", label="Model", kind="text", sticky=True, searchable=True),
        Column(key="revision", label="Revision", kind="category", filter="choices"),
        Column(key="dtype", label="Dtype", kind="category", filter="choices"),
        _accuracy("average", "Average", f"Mean of the sets. {told}"),
        *(_accuracy(_key(name), label, f"Share of pairs with the better answer scored higher. {told}")
          for name, label in labels.items()),
        Column(key="n_ties", label="Ties", kind="number", best="low", info="Pairs with equal scores, of all sets."),
        Column(key="calibration_error", label="Calibration error", kind="number", unit="%", factor=100, decimals=1,
               best="low", info="Mean gap between the share right that the margins claim, 1/(1 + e^-|margin|), and the "
               "observed one. Says nothing about scores that are no log odds, such as marks from 1 to 10."),
        Column(key="n", label="Pairs", kind="number", info="Pairs with both scores, of all sets."),
        Column(key="n_missing", label="Without score", kind="number", best="low", shown=False),
        CONTROL,
    )  # fmt: skip
    kept = [column for column in columns if column.kind == "rank" or table[column.key].notna().any()]
    return table, tuple(kept)


def charts(frame: pd.DataFrame, labels: Mapping[str, str], ties: str, title: str) -> tuple[Chart, ...]:
    """Accuracies, margins, calibration, and accuracy by difference in length."""
    table, _ = rows(frame, labels, ties)
    best = table.loc[~table["control"], IDENTITY].head(MOST_MODELS)
    parts = [(name, _of(frame, row)) for name, row in zip(_names(best), best.to_dict("records"), strict=True)]
    return (
        _accuracies(table, labels, title, ties),
        _margins(parts, title),
        _calibrated(parts, title),
        *([_by_length(parts, title, TIES[ties][0])] if frame["length_chosen"].notna().any() else []),
    )


def margins(frame: pd.DataFrame) -> "pd.Series[float]":
    """Score of the better answer less that of the other."""
    return frame["score_chosen"].astype(float) - frame["score_rejected"].astype(float)


def _row(part: pd.DataFrame, labels: Mapping[str, str], rule: TieRule) -> dict[str, object]:
    given = margins(part)
    found: dict[str, object] = {name: _value(part[name].iloc[0]) for name in IDENTITY}
    found |= {"control": False, "calibration_error": calibration_error(given), **_counts(given)}
    for name in labels:
        own = part["set"].astype(str) == name
        if own.any():
            found |= _named(_key(name), given[own], part.loc[own, "prompt"], rule)
    return found


def _named(key: str, given: "pd.Series[float]", prompts: pd.Series, rule: TieRule) -> dict[str, float]:
    # Without a prompt a pair is a cluster of its own, which is Wilson's plain interval.
    cluster = prompts.to_numpy(dtype=object) if prompts.notna().any() and prompts.duplicated().any() else None
    result = pair_accuracy(given.to_numpy(), ties=rule, cluster=cluster)
    return {key: result.accuracy, f"{key}_lower": result.lower, f"{key}_upper": result.upper}


def _counts(given: "pd.Series[float]") -> dict[str, int]:
    return {"n": int(given.notna().sum()), "n_ties": int((given == 0).sum()), "n_missing": int(given.isna().sum())}


def _controls(frame: pd.DataFrame, labels: Mapping[str, str], rule: TieRule) -> list[dict[str, object]]:
    """The longer answer's accuracy on the same pairs, and a coin's: exactly one half, so it has no interval."""
    pairs = frame.drop_duplicates(["set", "pair"])
    coin: dict[str, object] = {"model": RANDOM, "control": True, "n": len(pairs)}
    coin |= {_key(name): 0.5 for name in labels}
    if not pairs["length_chosen"].notna().any():
        return [coin]
    longer = pairs.assign(model=LONGER, revision=None, dtype=None, score_chosen=pairs["length_chosen"],
                          score_rejected=pairs["length_rejected"])  # fmt: skip
    return [_row(longer, labels, rule) | {"control": True, "calibration_error": np.nan}, coin]


def _averaged(table: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """The frame with the mean of all sets; blank for a model that was not scored on each."""
    keys = [_key(name) for name in labels]
    for key in keys:
        for end in ("", "_lower", "_upper"):
            table[f"{key}{end}"] = table[f"{key}{end}"].astype(float) if f"{key}{end}" in table else np.nan
    values, low, high = (table[[f"{key}{end}" for key in keys]].to_numpy() for end in ("", "_lower", "_upper"))
    lower, upper = bounds_of_mean(values, low, high)
    first = [name for name in ("model", *table) if name in table]
    return table.assign(average=values.mean(axis=1), average_lower=lower, average_upper=upper)[
        list(dict.fromkeys([*first, "average", "average_lower", "average_upper"]))
    ]


def _accuracies(table: pd.DataFrame, labels: Mapping[str, str], title: str, ties: str) -> Chart:
    parts = [
        pd.DataFrame({
            "label": _names(table), "value": 100 * table[_key(name)],
            "lower": 100 * table[f"{_key(name)}_lower"], "upper": 100 * table[f"{_key(name)}_upper"], "group": label,
        })
        for name, label in labels.items()
    ]  # fmt: skip
    return Chart(
        kind="intervals", name="accuracies", title="How often the better answer gets the higher score",
        subtitle=f"95 % intervals. {TIES[ties][2]} {title}", decimals=1, reference=(50.0, "random"),
        frame=pd.concat(parts).dropna(subset=["value"]).sort_index(kind="stable").reset_index(drop=True),
        headers={"label": "Model", "value": "Accuracy, %", "lower": "Lower", "upper": "Upper", "group": "Set"},
    )  # fmt: skip


def _margins(parts: list[tuple[str, pd.DataFrame]], title: str) -> Chart:
    shares = [margin_shares(margins(part)).assign(group=name) for name, part in parts]
    found = pd.concat(shares, ignore_index=True)
    return Chart(
        kind="bars", name="margins", title="How far the scores of the two answers are apart",
        subtitle=f"Score of the better answer less the other, in standard deviations of the model's margins. {title}",
        frame=pd.DataFrame({"label": found["label"], "group": found["group"], "value": 100 * found["share"]}),
        headers={"label": "Margin", "group": "Model", "value": "Pairs, %"}, decimals=1,
    )  # fmt: skip


def _calibrated(parts: list[tuple[str, pd.DataFrame]], title: str) -> Chart:
    found = pd.concat([calibration(margins(part)).assign(group=name) for name, part in parts], ignore_index=True)
    who = found["group"] + ", " if len(parts) > 1 else ""
    return Chart(
        kind="scatter", name="calibration", title="Whether margins claim what they keep",
        subtitle=f"Share right by the probability that the margin claims, 1/(1 + e^-|margin|); on the diagonal where "
        f"both are equal. {title}",
        frame=pd.DataFrame({
            "label": who + found["n"].map(_pairs), "x": 100 * found["claimed"],
            "y": 100 * found["right"], "y_lower": 100 * found["lower"], "y_upper": 100 * found["upper"],
            "group": found["group"],
        }),
        headers={"label": "Model", "x": "Claimed, %", "y": "Right, %", "y_lower": "Lower", "y_upper": "Upper",
                 "group": "Model"},
        decimals=1, settings={"diagonal": "calibrated"},
    )  # fmt: skip


def _pairs(n: int) -> str:
    return f"{n:,} pair{'' if n == 1 else 's'}"


def _by_length(parts: list[tuple[str, pd.DataFrame]], title: str, rule: TieRule) -> Chart:
    found = []
    for name, part in parts:
        groups = length_group(part["length_chosen"].astype(float), part["length_rejected"].astype(float)).to_numpy()
        given = margins(part).to_numpy()
        for label in LENGTHS:
            result = pair_accuracy(given[groups == label], ties=rule)
            found.append({"label": label, "group": name, "value": result.accuracy, "lower": result.lower,
                          "upper": result.upper})  # fmt: skip
    known = pd.DataFrame(found).dropna(subset=["value"])
    table = known.sort_values("label", key=lambda names: names.map(LENGTHS.index), kind="stable")
    return Chart(
        kind="bars", name="by_length", title="Accuracy by how long the better answer is",
        subtitle=f"Better answer beside the other, by characters; a liking for length shows as a slope. {title}",
        frame=table.assign(**{name: 100 * table[name] for name in ("value", "lower", "upper")}).reset_index(drop=True),
        headers={"label": "Better answer is", "group": "Model", "value": "Accuracy, %", "lower": "Lower",
                 "upper": "Upper"},
        decimals=1, reference=(50.0, "random"),
    )  # fmt: skip


def _of(frame: pd.DataFrame, row: Mapping[Any, Any]) -> pd.DataFrame:
    keep = pd.Series(data=True, index=frame.index)
    for name in IDENTITY:
        keep &= frame[name].isna() if pd.isna(row[name]) else frame[name].astype(str).eq(str(row[name]))
    return frame[keep]


def _names(table: pd.DataFrame) -> list[str]:
    """Names of the rows: the model's, with revision and dtype where it is there more than once."""
    extra = table[IDENTITY[1:]].astype("string").apply(lambda column: column.str[:12]).fillna("").agg(" ".join, axis=1)
    twice = table["model"].duplicated(keep=False)
    full = table["model"].astype(str) + " " + extra.str.strip()
    return table["model"].astype(str).where(~twice, full).tolist()


def _value(value: object) -> object:
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]


def _key(name: str) -> str:
    """A set as a column's key."""
    return "set_" + "".join(letter if letter.isalnum() else "_" for letter in name.lower())


def _accuracy(key: str, label: str, info: str) -> Column:
    return Column(key=key, label=label, kind="number", unit="%", factor=100, decimals=1, bounds=True,
                  info=f"{info} Higher is better.")  # fmt: skip
