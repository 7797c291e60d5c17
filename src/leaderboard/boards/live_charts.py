"""Plots of ratings computed here from votes: ratings with bounds, who beat whom, battles, answers on a scale.

Enters: a view of `live`. Leaves: its charts.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from leaderboard.boards.charts import Chart
from leaderboard.boards.live import METHODS, RULES, Rated, columns_of, key_of
from leaderboard.boards.shelf import Shelf
from leaderboard.ratings.win_rates import pair_matrix
from leaderboard.sources.battle_tables import FOLDER, BattleCard, read_battles


def charts(shelf: Shelf, view: str) -> tuple[Chart, ...]:
    """Ratings with bounds, pairwise win fractions, battle counts, battles a model, and answers on a scale."""
    name, ties, method = view.split(".")
    card, rated = columns_of(shelf, name, ties, method)
    main = rated[0]
    out = [
        _intervals(card, rated, method), _shares(card, main, ties), _battle_counts(card, main),
        _battles_a_model(card, rated), *answers(shelf, name),
    ]  # fmt: skip
    return tuple(out)


def _intervals(card: BattleCard, rated: Sequence[Rated], method: str) -> Chart:
    main = rated[0].ratings
    order = np.argsort(-main.rating, kind="stable")
    place = {main.models[at]: number for number, at in enumerate(order)}
    parts = [
        pd.DataFrame({
            "label": item.ratings.models, "value": item.ratings.rating, "lower": item.ratings.lower,
            "upper": item.ratings.upper, "group": item.label,
        })
        for item in rated if not item.is_part
    ]  # fmt: skip
    data = pd.concat(parts, ignore_index=True)
    data = data.assign(at=data["label"].map(place).fillna(len(place))).sort_values(["at", "group"], kind="stable")
    return Chart(
        kind="intervals", name="ratings", title="Ratings with 95 % intervals",
        subtitle=f"{METHODS[method]}; {card.title}",
        frame=data.drop(columns="at").reset_index(drop=True),
        headers={"label": "Model", "value": "Rating", "lower": "Lower", "upper": "Upper", "group": "Judge"},
        note="Online Elo's intervals mostly show how much K = 32 makes ratings swing; more votes do not narrow them."
        if method == "elo" else "",
    )  # fmt: skip


def _pairs(main: Rated, values: "np.ndarray", **more: "np.ndarray") -> pd.DataFrame:
    """Matrix entries of pairs that met, rows and columns from the best to the worst model."""
    order = np.argsort(-main.ratings.rating, kind="stable")
    rows, columns = np.meshgrid(order, order, indexing="ij")
    names = np.array(main.ratings.models, dtype=object)
    frame = pd.DataFrame(
        {"row": names[rows.ravel()], "column": names[columns.ravel()], "value": values[rows, columns].ravel()}
    )
    for name, matrix in more.items():
        frame[name] = matrix[rows, columns].ravel()
    return frame[frame["row"].ne(frame["column"])].reset_index(drop=True)


def _shares(card: BattleCard, main: Rated, ties: str) -> Chart:
    matrix = pair_matrix(main.counts, ties=RULES[ties])
    frame = _pairs(main, matrix.share, n=matrix.n)
    return Chart(
        kind="shares", name="win_fractions", title="How often the row beats the column",
        subtitle=f"{main.label}, {'ties are half a win' if ties == 'tie' else 'without ties'}; {card.title}",
        frame=frame[frame["value"].notna()].reset_index(drop=True), decimals=2,
        headers={"row": "Model", "column": "Against", "value": "Share won", "n": "Battles"},
    )  # fmt: skip


def _battle_counts(card: BattleCard, main: Rated) -> Chart:
    n = pair_matrix(main.counts).n
    return Chart(
        kind="counts", name="battle_counts", title="How often two models met", subtitle=f"{main.label}; {card.title}",
        frame=_pairs(main, n), headers={"row": "Model", "column": "Against", "value": "Battles"},
    )  # fmt: skip


def _battles_a_model(card: BattleCard, rated: Sequence[Rated]) -> Chart:
    main = rated[0].ratings
    order = np.argsort(-main.n_battles, kind="stable")
    return Chart(
        kind="bars", name="battles_a_model", title="Battles of each model", subtitle=f"{rated[0].label}; {card.title}",
        frame=pd.DataFrame({"label": np.array(main.models, dtype=object)[order], "value": main.n_battles[order]}),
        headers={"label": "Model", "value": "Battles"},
    )  # fmt: skip


def answers(shelf: Shelf, name: str) -> Iterator[Chart]:
    """A histogram a judge of answers from 1 to 8, by the order in which the models were shown; none without such."""
    if not _has_answers(shelf.snapshot.folder, shelf.snapshot.revision, name):
        return
    card, frame = read_battles(shelf.snapshot.folder, name)
    for judge in card.judges:
        own = frame[frame["judge"].eq(judge.name)] if "judge" in frame else frame
        forward = own["model_a"].astype(str) < own["model_b"].astype(str)
        order = np.where(forward, "in alphabetical order", "the other way round")
        table = pd.crosstab(own["likert"].astype(int), order).reindex(range(1, 9), fill_value=0)
        data = table.reset_index(names="label").melt("label", var_name="group", value_name="value")
        yield Chart(
            kind="bars", name=f"answers_{card.name}_{key_of(judge.name)}",
            title=f"{judge.label}: answers from 1 (first much better) to 8 (second)",
            subtitle=f"By the order in which the two models were shown; {card.title}",
            frame=data.astype({"label": str}),
            headers={"label": "Answer", "group": "Models shown", "value": "Verdicts"},
        )  # fmt: skip


@lru_cache(maxsize=64)
def _has_answers(folder: Path, revision: str, name: str) -> bool:  # noqa: ARG001 - the revision is part of the key
    return "likert" in pq.read_schema(folder / FOLDER / f"{name}.parquet").names
