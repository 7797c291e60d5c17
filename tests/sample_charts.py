"""Charts of every kind from the shipped data, and one with hostile names."""

from pathlib import Path

import numpy as np
import pandas as pd

from leaderboard.boards.charts import Chart
from leaderboard.ratings import bradley_terry, win_rates
from leaderboard.ratings.battles import PairCounts, pair_counts_from_columns

DATA = Path(__file__).resolve().parents[1] / "data"
NASTY = (
    '<a href="javascript:alert(1)">click</a>',
    "<b>bold</b> & co<br>next",
    "%{x} <img src=x onerror=alert(1)>",
    "A" * 80,
)


def read(name: str) -> pd.DataFrame:
    return pd.read_parquet(DATA / f"{name}.parquet")


def arena_counts(name: str = "arena_20230522", models: int | None = None) -> PairCounts:
    frame = read(f"battles/{name}")
    if models is not None:
        total = (
            pd.concat([frame.groupby(side)["ties"].size() for side in ("model_a", "model_b")]).groupby(level=0).sum()
        )
        kept = set(total.sort_index().nlargest(models, keep="first").index)
        frame = frame[frame["model_a"].isin(kept) & frame["model_b"].isin(kept)]
    return pair_counts_from_columns(*(frame[c] for c in ("model_a", "model_b", "wins_a", "wins_b", "ties")))


def intervals(name: str = "arena_20230522") -> Chart:
    found = bradley_terry.fit(arena_counts(name))
    frame = pd.DataFrame({"label": found.models, "value": found.rating, "lower": found.lower, "upper": found.upper})
    frame = frame.sort_values("value", ascending=False, ignore_index=True)
    return Chart(
        kind="intervals",
        name="ratings",
        title="Six models lead; their intervals overlap pairwise",
        subtitle="Bradley-Terry rating from the battles of May 2023, with 95 % intervals",
        frame=frame,
        headers={"label": "Model", "value": "Rating, Elo points", "lower": "Lower bound", "upper": "Upper bound"},
        reference=(1000.0, "mean of all models"),
        note="Ties count as half a win.",
    )


def pairs(name: str = "arena_20230522", models: int | None = None) -> tuple[Chart, Chart]:
    counts = arena_counts(name, models)
    matrix = win_rates.pair_matrix(counts)
    order = [matrix.models[i] for i in np.argsort(-np.nanmean(matrix.share, axis=1))]
    wide = {"value": matrix.share, "n": matrix.n}
    frame = pd.DataFrame(
        [
            (
                row,
                column,
                *(float(table[matrix.models.index(row), matrix.models.index(column)]) for table in wide.values()),
            )
            for row in order
            for column in order
        ],
        columns=["row", "column", "value", "n"],
    )
    headers = {"row": "Model", "column": "Opponent", "value": "Win fraction", "n": "Battles"}
    shares = Chart(
        kind="shares",
        name="shares",
        title="Who beats whom: GPT-4 wins most of its battles with every opponent",
        subtitle="Share of battles the row's model wins against the column's, ties counting half",
        frame=frame,
        headers=headers,
    )
    met = frame.assign(value=frame["n"].where(frame["row"] != frame["column"]))[["row", "column", "value"]]
    tally = Chart(
        kind="counts",
        name="counts",
        title="How often each pair met",
        subtitle="Battles of two models, both orders together",
        frame=met,
        headers={"row": "Model", "column": "Opponent", "value": "Battles"},
    )
    return shares, tally


def likert() -> Chart:
    frame = pd.DataFrame(
        [(str(score), order, n) for order, shares in
         (("shown first", (4, 9, 14, 12, 21, 30, 44, 26)), ("shown second", (9, 18, 25, 19, 17, 26, 31, 15)))
         for score, n in zip(range(1, 9), shares, strict=True)],
        columns=["label", "group", "value"],
    )  # fmt: skip
    return Chart(
        kind="bars", name="likert", title="The answer shown first gets the higher scores",
        subtitle="Number of scores from 1 (other much better) to 8 (this one much better)",
        frame=frame, headers={"label": "Likert score", "group": "Presentation", "value": "Scores given"},
    )  # fmt: skip


def h4_bars() -> Chart:
    frames = [
        read(f"ratings/{name}").assign(group=label) for name, label in (("h4_human", "Human"), ("h4_gpt4", "GPT-4"))
    ]
    both = pd.concat(frames)
    both = both[both["setting"] == "no tie"]
    frame = both.rename(columns={"model": "label", "elo": "value", "elo_lower": "lower", "elo_upper": "upper"})
    return Chart(
        kind="bars",
        name="h4",
        title="Human and GPT-4 ratings agree on the order",
        subtitle="Elo with bootstrap bounds, no ties, as published",
        frame=frame[["label", "value", "lower", "upper", "group"]].reset_index(drop=True),
        headers={"label": "Model", "value": "Elo", "lower": "Lower", "upper": "Upper", "group": "Labelled by"},
        reference=(1000.0, "start of every model"),
    )


def h4_intervals() -> Chart:
    chart = h4_bars()
    return Chart(
        kind="intervals",
        name="h4_ratings",
        title="GPT-4 and people rate the four models alike",
        subtitle=chart.subtitle,
        frame=chart.frame,
        headers=chart.headers,
    )


def history() -> Chart:
    frame = read("ratings/arena_scores")
    frame = frame.rename(columns={"model": "label", "score": "value", "score_lower": "lower", "score_upper": "upper"})
    frame["date"] = frame["date"].astype(str)
    top = set(frame.groupby("label")["value"].max().nlargest(90).index)
    frame = (
        frame[frame["label"].isin(top)]
        .sort_values("date")[["date", "label", "value", "lower", "upper"]]
        .reset_index(drop=True)
    )
    return Chart(
        kind="history",
        name="history",
        title="The top of the Arena moved by 250 points in two years",
        subtitle="Arena score of each dated table as published",
        frame=frame,
        headers={
            "date": "Date of the table",
            "label": "Model",
            "value": "Arena score",
            "lower": "Lower",
            "upper": "Upper",
        },
        note="Shown are the 90 models with the highest scores.",
    )


def scatter() -> Chart:
    frame = read("ratings/alpaca_eval_2").dropna(subset=["win_rate", "length"])
    frame = frame.assign(
        x=frame["length"].astype(int), y=100 * frame["win_rate"], label=frame["model"], group=frame["filter"]
    )
    return Chart(
        kind="scatter",
        name="length",
        title="Longer answers win more often",
        subtitle="Win rate against the baseline by the mean length of answers, AlpacaEval 2",
        frame=frame[["label", "x", "y", "group"]].reset_index(drop=True),
        decimals=1,
        headers={"label": "Model", "x": "Mean length, characters", "y": "Win rate, %", "group": "Filter"},
        reference=(50.0, "as good as the baseline"),
    )


def agreement() -> Chart:
    found = h4_bars().frame.pivot(index="label", columns="group", values=["value", "lower", "upper"])
    frame = pd.DataFrame({"label": list(found.index)})
    for key, group in (("x", "Human"), ("y", "GPT-4")):
        frame[key] = found["value"][group].to_numpy()
        frame[f"{key}_lower"], frame[f"{key}_upper"] = (
            found["lower"][group].to_numpy(),
            found["upper"][group].to_numpy(),
        )
    return Chart(
        kind="scatter",
        name="agreement",
        title="GPT-4's ratings follow the human ones",
        subtitle="Elo by GPT-4 against Elo by people, with bounds",
        frame=frame,
        headers={"label": "Model", "x": "Elo by people", "y": "Elo by GPT-4"},
        settings={"diagonal": "equal"},
    )


def nasty() -> tuple[Chart, ...]:
    """A chart of every kind whose every word is hostile."""
    words = {"title": NASTY[0], "subtitle": NASTY[1], "note": NASTY[2]}
    labels = list(NASTY)
    headers = dict.fromkeys(("label", "value", "row", "column", "x", "y", "date", "n", "group"), NASTY[1])
    flat = pd.DataFrame({"label": labels, "value": [4.0, 3.0, 2.0, 1.0], "lower": 0.5, "upper": 5.0, "group": labels})
    grid = pd.DataFrame([(a, b, 0.4, 7) for a in labels for b in labels], columns=["row", "column", "value", "n"])
    lines = pd.DataFrame(
        [(f"2024-0{m}-01", label, m + i) for i, label in enumerate(labels) for m in (1, 2)],
        columns=["date", "label", "value"],
    )
    points = pd.DataFrame({"label": labels, "x": [1.0, 2.0, 3.0, 4.0], "y": [4.0, 2.0, 3.0, 1.0], "group": labels})
    frames = {
        "intervals": flat,
        "bars": flat,
        "shares": grid,
        "counts": grid[["row", "column", "value"]],
        "history": lines,
        "scatter": points,
    }
    return tuple(
        Chart(
            kind=kind,
            name=f"nasty_{kind}",
            frame=frame,
            headers=headers,
            reference=(2.0, NASTY[0]),
            settings={"diagonal": NASTY[0]},
            **words,
        )
        for kind, frame in frames.items()
    )


def gallery() -> tuple[Chart, ...]:
    """One chart or two of every kind, of real figures."""
    return (intervals(), h4_intervals(), *pairs(), likert(), h4_bars(), history(), scatter(), agreement())
