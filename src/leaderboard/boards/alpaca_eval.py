"""The AlpacaEval tab: published boards, and win rates computed here from annotations where somebody has them.

The annotations are not for commercial use and are not shipped; `leaderboard import alpaca-eval` makes a table of them.
"""

from functools import lru_cache
from pathlib import Path

import pandas as pd

from leaderboard.boards import alpaca_reading, published
from leaderboard.boards.board import Board, View
from leaderboard.boards.charts import Chart
from leaderboard.boards.columns import Column
from leaderboard.boards.reading import Reading, Selection
from leaderboard.boards.rows import CONTROL, RANK, ranked, with_ids
from leaderboard.boards.shelf import Shelf
from leaderboard.errors import BadRecord
from leaderboard.metrics.alpaca_eval import win_rates
from leaderboard.metrics.length_control import controlled_win_rates
from leaderboard.ratings.proportions import Z_95
from leaderboard.sources.battle_tables import FOLDER, BattleCard, JudgeCard, read_battles
from leaderboard.sources.tables import Tab

NAME: Tab = "alpaca_eval"
LONGEST = "longest answer of all models"
"""A control: for every instruction the verdict on whichever model's answer was the longest."""

COLUMNS = (
    RANK, Column(key="model", label="Model", kind="text", sticky=True, searchable=True),
    Column(key="win_rate", label="Win rate", kind="number", unit="%", factor=100, decimals=1, bounds=True,
           info="Mean verdict against the baseline, a draw is half; 95 % from the spread over instructions."),
    Column(key="length_controlled_win_rate", label="Length-controlled", kind="number", unit="%", factor=100, decimals=1,
           info="Predicted for answers as long as the baseline's by this project's own regression; AlpacaEval's own "
           "figures use a difficulty of instructions that is not public."),
    Column(key="standard_error", label="SE", kind="number", unit="%", factor=100, decimals=2, best="low"),
    Column(key="avg_length", label="Length", kind="number", info="Mean characters of the answers."),
    Column(key="n", label="Verdicts", kind="number"),
    CONTROL,
)  # fmt: skip


def views(shelf: Shelf) -> list[View]:
    """Published boards, then one view a judge of every table of annotations."""
    return [view for card in published.tables(shelf, NAME) for view in published.views(shelf, card)] + [
        View(value=f"{card.name}.{number}", path=(card.label, judge.label),
             title=f"{card.title}, judged by {judge.label}", about=card.about, levels=("Data set", "Judge"))
        for card in _annotations(shelf) for number, judge in enumerate(card.judges)
    ]  # fmt: skip


def board(shelf: Shelf, view: str) -> Board:
    """The board of one view."""
    card = _own(shelf, view)
    if card is None:
        return published.board(shelf, NAME, view)
    rows = _scored(shelf, card, view)
    shown = [
        c for c in COLUMNS if c.kind == "rank" or (rows[c.key].any() if c.kind == "flag" else rows[c.key].notna().any())
    ]
    return Board(
        name=NAME, view=view, title=f"{card.title}, judged by {_judge(card, view).label}",
        columns=tuple(shown),
        frame=with_ids(ranked(rows, "win_rate", competes=~rows["control"]), ["model"]), default_sort="-win_rate",
        as_of=card.as_of,
        revision=shelf.revision_of(FOLDER, card), source=shelf.snapshot.origin, notes=(card.about, card.license),
    )  # fmt: skip


def charts(shelf: Shelf, view: str) -> tuple[Chart, ...]:
    """Win rate against length, and the win rates with intervals."""
    card = _own(shelf, view)
    if card is None:
        return published.charts(shelf, view)
    rows = _scored(shelf, card, view)
    shown = pd.DataFrame({
        "label": rows["model"], "x": rows["avg_length"], "y": 100 * rows["win_rate"],
        "y_lower": 100 * rows["win_rate_lower"], "y_upper": 100 * rows["win_rate_upper"],
    })  # fmt: skip
    return (
        Chart(
            kind="scatter", name="length", title="Win rate against the length of the answers",
            subtitle=card.title, frame=shown[shown["x"].notna()].reset_index(drop=True), decimals=1,
            headers={"label": "Model", "x": "Length, characters", "y": "Win rate, %", "y_lower": "Lower",
                     "y_upper": "Upper"},
        ),
    )  # fmt: skip


def reading(shelf: Shelf, view: str, selection: Selection) -> Reading:
    """One instruction with both answers' lengths and the verdict; the texts where a user imported them."""
    card = _own(shelf, view)
    if card is not None:
        frame = _verdicts(shelf.snapshot.folder, card.name, shelf.snapshot.revision)
        return alpaca_reading.reading(shelf.snapshot, card, _judge(card, view), frame, selection)
    mine = next(iter(_annotations(shelf)), None)
    return Reading(
        title="Single instructions", origin=shelf.snapshot.origin,
        empty="This board was published as win rates only. " + (
            f"The data set {mine.label!r} has single verdicts." if mine else
            "AlpacaEval's single verdicts are not for commercial use and are not part of this project; "
            "“leaderboard import alpaca-eval FILE --to DATA” adds them to your own data folder."),
    )  # fmt: skip


def _annotations(shelf: Shelf) -> list[BattleCard]:
    return [card for card in shelf.battles if NAME in card.tabs]


def _own(shelf: Shelf, view: str) -> BattleCard | None:
    return next((card for card in _annotations(shelf) if card.name == view.split(".")[0]), None)


def _judge(card: BattleCard, view: str) -> JudgeCard:
    return card.judges[int(view.split(".")[1])]


@lru_cache(maxsize=4)
def _verdicts(folder: Path, name: str, revision: str) -> pd.DataFrame:  # noqa: ARG001 - the key
    """The verdicts of a table, texts as text. Raises BadRecord where AlpacaEval's column is missing."""
    _, frame = read_battles(folder, name)
    if "preference" not in frame:
        raise BadRecord(f"Table {name!r} has no column preference; AlpacaEval's win rates are its mean.")
    texts = [column for column in frame if isinstance(frame[column].dtype, pd.CategoricalDtype)]
    return frame.astype(dict.fromkeys(texts, object))


def _scored(shelf: Shelf, card: BattleCard, view: str) -> pd.DataFrame:
    """Rows of one judge with win rates and 95 % bounds."""
    frame = _verdicts(shelf.snapshot.folder, card.name, shelf.snapshot.revision)
    own = frame[frame["judge"].eq(_judge(card, view).name)] if "judge" in frame else frame
    names = {"model_a": "model", "question": "instruction_id", "length_a": "len_model", "length_b": "len_baseline"}
    given = own.rename(columns=names).assign(preference=own["preference"] + 1)
    rows = win_rates(pd.concat([given, _longest(given[~given["model"].isin(card.controls)])], ignore_index=True))
    rows["control"] = rows["model"].isin([LONGEST, *card.controls])
    for end, sign in (("lower", -1), ("upper", 1)):
        rows[f"win_rate_{end}"] = (rows["win_rate"] + sign * Z_95 * rows["standard_error"]).clip(0, 1)
    if {"instruction_id", "len_model", "len_baseline"} <= set(given) and given["model"].nunique() > 1:
        known = given.dropna(subset=["len_model", "len_baseline"]).astype({"len_model": float, "len_baseline": float})
        control = controlled_win_rates(known)[["model", "length_controlled_win_rate"]]
        return rows.merge(control, on="model", how="left")
    return rows.assign(length_controlled_win_rate=float("nan"))


def _longest(given: pd.DataFrame) -> pd.DataFrame:
    """The verdicts of the control LONGEST; none where lengths or instructions are unknown or one model is alone."""
    if not {"instruction_id", "len_model"} <= set(given) or given["model"].nunique() < 2:
        return given.iloc[:0]
    known = given.dropna(subset=["len_model"]).reset_index(drop=True)
    longest = known.groupby("instruction_id", sort=False)["len_model"].idxmax()
    return known.loc[longest].assign(model=LONGEST)
