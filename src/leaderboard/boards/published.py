"""Published rating tables -> views, boards and charts; the figures stay as their authors gave them.

Enters: a table of `sources.rating_tables`. Leaves: one view a day, category, language or setting of it. Ranks are
given only where the figures have intervals: published bounds, or, for a share of n verdicts, the binomial ones.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from leaderboard.boards.board import Board, View
from leaderboard.boards.charts import Chart
from leaderboard.boards.columns import Column
from leaderboard.boards.rows import CONTROL, RANK, has_bounds, ranked, with_ids
from leaderboard.boards.shelf import Shelf
from leaderboard.ratings.proportions import Z_95, binomial_standard_error
from leaderboard.sources.rating_tables import FOLDER, FigureCard, RatingCard, read_ratings
from leaderboard.sources.tables import Tab

SWITCHED = {"date": "Day", "category": "Category", "language": "Language", "setting": "Setting"}
"""Columns whose values are views of their own, and the names of their switches."""
EXTRA = (
    Column(key="votes", label="Votes", kind="number", filter="range", info="Votes behind the figures, as published."),
    Column(key="rank_published", label="Published rank", kind="number", best="low", shown=False),
    Column(key="organization", label="Organisation", kind="category", filter="choices", searchable=True),
    Column(key="license", label="Licence", kind="category", filter="choices"),
    Column(key="access", label="Access", kind="category", filter="choices"),
    Column(key="filter", label="Listed as", kind="category", filter="choices",
           info="How the board lists the model: minimal < verified < community."),
    Column(key="knowledge_cutoff", label="Knowledge until", kind="category", shown=False),
    Column(key="description", label="Description", kind="text", shown=False),
    CONTROL,
)  # fmt: skip
MOST_LINES = 10
WHOLE = ("full", "overall")
"""Categories that hold all votes."""


def tables(shelf: Shelf, tab: Tab) -> list[RatingCard]:
    """The published tables of a tab."""
    return [card for card in shelf.ratings if tab in card.tabs]


def views(shelf: Shelf, card: RatingCard) -> list[View]:
    """One view a combination of the switched columns, the newest day and the whole of all categories first."""
    names = switched(card)
    if not names:
        return [_view(card, ())]
    _, frame = _read(shelf, card.name)
    steps = frame[names].astype(str).drop_duplicates()
    if "date" in names:
        steps = steps.sort_values("date", ascending=False, kind="stable")
    elif "category" in names:
        steps = steps.sort_values("category", key=lambda values: ~values.isin(WHOLE), kind="stable")
    return [_view(card, tuple(row)) for row in steps.itertuples(index=False)]


def _view(card: RatingCard, steps: tuple[str, ...]) -> View:
    path = tuple((step[:1].upper() + step[1:]).replace("_", " ") for step in steps)
    title = f"{card.title}: {', '.join(path)}" if path else card.title
    levels = ("Data set", *(SWITCHED[name] for name in switched(card)))
    return View(
        value=".".join((card.name, *(slug(step) for step in steps))), path=(card.label, *path), title=title,
        about=card.about, levels=levels,
    )  # fmt: skip


def switched(card: RatingCard) -> list[str]:
    """The columns of a table that are switches."""
    return [name for name in card.by if name in SWITCHED]


def board(shelf: Shelf, tab: str, view: str) -> Board:
    """The board of one view."""
    name, *steps = view.split(".")
    card, frame = _read(shelf, name)
    chosen = chosen_rows(card, frame, steps)
    rows = chosen.drop(columns=switched(card)).rename(columns={"rank": "rank_published"})
    rows = _with_intervals(card, rows)
    main = main_figure(card, rows)
    competes = ~rows["control"].fillna(value=False).astype(bool) if "control" in rows else None
    out = ranked(rows, main.name, ascending=main.best == "low", competes=competes)
    if "link" not in out:
        out["link"] = None
    title = next(item.title for item in views(shelf, card) if item.value == view)
    dates = chosen["date"].astype(str) if "date" in chosen else None
    return Board(
        name=tab, view=view, title=title, columns=_columns(card, out, main), frame=_plain(with_ids(out, [card.key])),
        default_sort=f"{'' if main.best == 'low' else '-'}{main.name}",
        as_of=pd.Timestamp(dates.max(), tz="UTC").to_pydatetime() if dates is not None else card.as_of,
        revision=shelf.revision_of(FOLDER, card), source=shelf.snapshot.origin, notes=(card.about, card.source),
    )  # fmt: skip


def main_figure(card: RatingCard, rows: pd.DataFrame) -> FigureCard:
    """The figure that orders the rows: the first with intervals, else the first that was measured at all."""
    bounded = (figure for figure in card.figures if has_bounds(rows, figure.name))
    known = (figure for figure in card.figures if rows[figure.name].notna().any())
    return next(bounded, None) or next(known, card.figures[0])


def charts(shelf: Shelf, view: str) -> tuple[Chart, ...]:
    """Intervals of the main figure where it has them, and its history where the table is one."""
    name, *steps = view.split(".")
    card, frame = _read(shelf, name)
    rows = _with_intervals(card, chosen_rows(card, frame, steps))
    out = []
    for figure in card.figures:
        if has_bounds(rows, figure.name):
            out.append(_intervals(card, rows, figure))
            break
    if "date" in card.by:
        out.append(_history(card, frame, rows))
    lengths = next((figure for figure in card.figures if figure.unit == "characters"), None)
    if lengths is not None and card.figures[0].unit == "fraction":
        out.append(_against_length(card, rows, lengths))
    return tuple(out)


def chosen_rows(card: RatingCard, frame: pd.DataFrame, steps: Sequence[str]) -> pd.DataFrame:
    """The rows of one view."""
    keep = np.ones(len(frame), dtype=bool)
    for column, step in zip(switched(card), steps, strict=True):
        keep &= frame[column].astype(str).map(slug).eq(step).to_numpy()
    return frame[keep].reset_index(drop=True)


@lru_cache(maxsize=32)
def _cached(folder: Path, name: str, revision: str) -> tuple[RatingCard, pd.DataFrame]:  # noqa: ARG001 - the key
    return read_ratings(folder, name)


def _read(shelf: Shelf, name: str) -> tuple[RatingCard, pd.DataFrame]:
    """A table, read once a revision: a history has a hundred views."""
    return _cached(shelf.snapshot.folder, name, shelf.snapshot.revision)


def _with_intervals(card: RatingCard, rows: pd.DataFrame) -> pd.DataFrame:
    """Binomial 95 % bounds beside shares of n verdicts that were published without any."""
    out = rows.copy()
    for figure in card.figures:
        if figure.unit == "fraction" and figure.n and not figure.bounds:
            share = out[figure.name].to_numpy(dtype=float)
            half = Z_95 * binomial_standard_error(share, np.full(len(out), float(figure.n)))
            out[f"{figure.name}_lower"] = np.clip(share - half, 0, 1)
            out[f"{figure.name}_upper"] = np.clip(share + half, 0, 1)
    return out


def _columns(card: RatingCard, rows: pd.DataFrame, main: FigureCard) -> tuple[Column, ...]:
    key = Column(key=card.key, label=card.key_label, kind="text", sticky=True, searchable=True, href="link")
    rank = [RANK] if has_bounds(rows, main.name) else []
    figures = [
        figure_column(figure, rows) for figure in card.figures if figure == main or rows[figure.name].notna().any()
    ]
    extra = [column for column in EXTRA if column.key in rows and _says_something(rows, column)]
    return (*rank, key, *figures, *extra)


def figure_column(figure: FigureCard, rows: pd.DataFrame) -> Column:
    """The column of a published figure."""
    percent = figure.unit == "fraction"
    level = round(100 * (figure.confidence_level or 0.95))
    known = f" Bounds are {level} %." if figure.confidence_level else ""
    guessed = " 95 % bounds of a share of as many verdicts, computed here." if percent and figure.n else ""
    return Column(
        key=figure.name, label=figure.label, kind="number", unit="%" if percent else "", factor=100 if percent else 1,
        decimals=figure.decimals, best="low" if figure.best == "low" else "high", level=level,
        bounds=has_bounds(rows, figure.name), info=f"{figure.info}{known}{guessed}".strip(),
    )  # fmt: skip


def _says_something(rows: pd.DataFrame, column: Column) -> bool:
    values = rows[column.key]
    return bool(values.fillna(value=False).any()) if column.kind == "flag" else bool(values.notna().any())


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories as texts and flags without blanks, as boards have them."""
    out = frame.copy()
    for name in out:
        if isinstance(out[name].dtype, pd.CategoricalDtype):
            out[name] = out[name].astype("string")
    if "control" in out:
        out["control"] = out["control"].fillna(value=False).astype(bool)
    return out


def _intervals(card: RatingCard, rows: pd.DataFrame, figure: FigureCard) -> Chart:
    factor = 100 if figure.unit == "fraction" else 1
    ends = {name: f"{figure.name}{name}" for name in ("", "_lower", "_upper")}
    data = rows.sort_values(figure.name, ascending=figure.best == "low").reset_index(drop=True)
    unit = ", %" if figure.unit == "fraction" else ""
    level = round(100 * (figure.confidence_level or 0.95))
    return Chart(
        kind="intervals", name="intervals", title=f"{figure.label} with {level} % intervals", subtitle=card.title,
        frame=pd.DataFrame({
            "label": data[card.key].astype(str), "value": factor * data[ends[""]],
            "lower": factor * data[ends["_lower"]], "upper": factor * data[ends["_upper"]],
        }),
        headers={"label": card.key_label, "value": f"{figure.label}{unit}", "lower": "Lower", "upper": "Upper"},
        decimals=figure.decimals,
    )  # fmt: skip


def _history(card: RatingCard, frame: pd.DataFrame, rows: pd.DataFrame) -> Chart:
    """The best models of the chosen day over all days."""
    figure = main_figure(card, rows)
    best = rows.sort_values(figure.name, ascending=figure.best == "low")[card.key].astype(str).head(MOST_LINES)
    data = frame[frame[card.key].astype(str).isin(best) & frame[figure.name].notna()]
    return Chart(
        kind="history", name="history", title=f"{figure.label} over time",
        subtitle=f"The {len(best)} best models of the chosen day; {card.title}",
        frame=pd.DataFrame({
            "date": data["date"].astype(str), "label": data[card.key].astype(str), "value": data[figure.name],
        }).sort_values(["date", "label"], ignore_index=True),
        headers={"date": "Day", "label": card.key_label, "value": figure.label}, decimals=figure.decimals,
    )  # fmt: skip


def _against_length(card: RatingCard, rows: pd.DataFrame, lengths: FigureCard) -> Chart:
    """Shares against the length of the answers: the caution that belongs to them."""
    figure = next((f for f in card.figures if f.name == "win_rate"), card.figures[0])
    known = rows[rows[figure.name].notna() & rows[lengths.name].notna()]
    rank = known[figure.name].astype(float).corr(known[lengths.name].astype(float), method="spearman")
    data = {"label": known[card.key].astype(str), "x": known[lengths.name], "y": 100 * known[figure.name]}
    if has_bounds(known, figure.name):
        data |= {f"y_{end}": 100 * known[f"{figure.name}_{end}"] for end in ("lower", "upper")}
    return Chart(
        kind="scatter", name="length", title=f"{figure.label} against the length of the answers",
        subtitle=f"Rank correlation {rank:.2f} over {len(known)} models; {card.title}",
        frame=pd.DataFrame(data).reset_index(drop=True), decimals=figure.decimals,
        headers={"label": card.key_label, "x": f"{lengths.label}, characters", "y": f"{figure.label}, %",
                 "y_lower": "Lower", "y_upper": "Upper"},
        note="A longer answer may be a better one; where the rank changes much under length control, it was not.",
    )  # fmt: skip


def slug(text: str) -> str:
    """A step of a view's name: what an address may hold."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in text.lower())
