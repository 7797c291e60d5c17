"""The Reward models tab: how often a reward model scores the answer higher that people prefer.

Enters: published tables of accuracies (`sources.rating_tables`), scores pair by pair (`sources.reward_tables`) and runs
of this project's own evaluator (`sources.reward_runs`).
Leaves: the H4 board as published, what is computed here from scores under a rule for ties, other published boards, and
the pairs themselves where a user imported their texts.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from leaderboard.boards import published, reward_pairs, reward_reading
from leaderboard.boards.board import Board, View
from leaderboard.boards.charts import Chart
from leaderboard.boards.columns import Column
from leaderboard.boards.reading import Reading, Selection
from leaderboard.boards.rows import RANK, has_bounds, ranked, with_ids
from leaderboard.boards.shelf import RUNS_HERE, Shelf
from leaderboard.errors import InvalidQuery
from leaderboard.ratings.proportions import bounds_of_mean, wilson
from leaderboard.sources import rating_tables, reward_tables
from leaderboard.sources.rating_tables import FigureCard, RatingCard
from leaderboard.sources.reward_runs import RewardRuns, read_reward_runs
from leaderboard.sources.reward_tables import RewardCard
from leaderboard.sources.tables import Rejected, Tab

NAME: Tab = "reward_models"
AVERAGES = ("average", "overall")
MOST_SHOWN = 9
LEVELS = ("Data set", "Ties")


def first_view(card: RewardCard) -> str:
    """The view of a table of own scores that opens first."""
    return f"{card.name}.{next(iter(reward_pairs.TIES))}"


def views(shelf: Shelf) -> list[View]:
    """Published boards and own scores in the order of their cards; own scores once a rule for ties."""
    out = []
    for card in sorted((*published.tables(shelf, NAME), *_own(shelf)), key=lambda card: (card.order, card.name)):
        if isinstance(card, RatingCard):
            out += published.views(shelf, card)
        elif isinstance(card, RewardCard):
            out += [
                View(value=f"{card.name}.{ties}", path=(card.label, label), about=card.about, levels=LEVELS,
                     title=f"{card.title}; {label[0].lower()}{label[1:]}")
                for ties, (_, label, _) in reward_pairs.TIES.items()
            ]  # fmt: skip
    return out


def board(shelf: Shelf, view: str) -> Board:
    """The board of one view."""
    own = _named(shelf, view)
    if own is None:
        return _published(shelf, view)
    card, ties = own
    rows, columns = reward_pairs.rows(_scores(shelf, card.name), _labels(card), ties)
    here = shelf.reward_runs.get(card.name)
    rows, columns = (rows, columns) if here is None else _linked(here, rows, columns)
    return Board(
        name=NAME, view=view, title=next(item.title for item in views(shelf) if item.value == view), columns=columns,
        frame=with_ids(rows, reward_pairs.IDENTITY), default_sort="-average", as_of=card.as_of,
        revision=shelf.revision_of(reward_tables.FOLDER, card) if here is None else here.revision,
        source=shelf.snapshot.origin if here is None else RUNS_HERE,
        notes=(card.about, card.source, *_left_out(shelf, here)),
    )  # fmt: skip


def _linked(
    here: RewardRuns, rows: pd.DataFrame, columns: tuple[Column, ...]
) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    """Rows with their run's page behind the model's name; the controls have none."""
    pages = {tuple(here.identity(run).values()): f"runs/{run.key}" for run in here.runs}
    who = rows[reward_pairs.IDENTITY].itertuples(index=False, name=None)
    linked = rows.assign(page=pd.Series([pages.get(each) for each in who], index=rows.index, dtype=object))
    return linked, tuple(replace(each, href="page") if each.key == "model" else each for each in columns)


def _left_out(shelf: Shelf, here: RewardRuns | None) -> tuple[str, ...]:
    return () if here is None else tuple(f"Left out: {item.reason}" for item in _read(shelf, here)[1])


def _read(shelf: Shelf, here: RewardRuns) -> tuple[pd.DataFrame, tuple[Rejected, ...]]:
    return read_reward_runs(here, shelf.folders)


def charts(shelf: Shelf, view: str) -> tuple[Chart, ...]:
    """Accuracies with intervals; of own scores also margins, calibration and the difference in length."""
    own = _named(shelf, view)
    if own is not None:
        card, ties = own
        return reward_pairs.charts(_scores(shelf, card.name), _labels(card), ties, card.title)
    card_, rows, figures = _figures(shelf, view)
    return _published_chart(card_, rows, figures)


def reading(shelf: Shelf, view: str, selection: Selection) -> Reading:
    """One pair with both scores; its texts where a user imported them."""
    own = _named(shelf, view)
    if own is None:
        found = [f"“{card.label}”" for card in _own(shelf)]
        where = (
            f"To read pairs, choose the data set {' or '.join(found)} above."
            if found
            else "No scores pair by pair are in this data."
        )
        return Reading(title="Pairs", origin=shelf.snapshot.origin,
                       empty=f"These figures were published without the scores of the pairs. {where}")  # fmt: skip
    return reward_reading.reading(shelf.snapshot, own[0], _scores(shelf, own[0].name), selection)


def _own(shelf: Shelf) -> list[RewardCard]:
    here = [table.card for table in shelf.reward_runs.values()]
    return [*(card for card in shelf.rewards if NAME in card.tabs), *here]


def _named(shelf: Shelf, view: str) -> tuple[RewardCard, str] | None:
    """Table and rule for ties of a view of own scores."""
    name, _, ties = view.partition(".")
    card = next((card for card in _own(shelf) if card.name == name), None)
    if card is not None and ties not in reward_pairs.TIES:
        raise InvalidQuery(f"Rule for ties is {ties[:40]!r}; expected one of {', '.join(reward_pairs.TIES)}.")
    return None if card is None else (card, ties)


def _labels(card: RewardCard) -> dict[str, str]:
    return {item.name: item.label for item in card.sets}


def _scores(shelf: Shelf, name: str) -> pd.DataFrame:
    here = shelf.reward_runs.get(name)
    if here is not None:
        return _as_texts(_read(shelf, here)[0])
    return _cached(shelf.snapshot.folder, name, shelf.snapshot.revision)


@lru_cache(maxsize=8)
def _cached(folder: Path, name: str, revision: str) -> pd.DataFrame:  # noqa: ARG001 - the key
    return _as_texts(reward_tables.read_rewards(folder, name)[1])


def _as_texts(frame: pd.DataFrame) -> pd.DataFrame:
    texts = [column for column in frame if isinstance(frame[column].dtype, pd.CategoricalDtype)]
    return frame.astype(dict.fromkeys(texts, object))


def _published(shelf: Shelf, view: str) -> Board:
    card, rows, figures = _figures(shelf, view)
    main = figures[0]
    out = ranked(rows, main.name)
    if "link" not in out:
        out["link"] = None
    names = [name for name in (card.key, *card.by) if name in out]
    return Board(
        name=NAME, view=view, title=card.title, columns=_columns(card, out, figures), frame=with_ids(out, names),
        default_sort=f"-{main.name}", as_of=card.as_of, revision=shelf.revision_of(rating_tables.FOLDER, card),
        source=shelf.snapshot.origin, notes=(card.about, card.source),
    )  # fmt: skip


def _figures(shelf: Shelf, view: str) -> tuple[RatingCard, pd.DataFrame, tuple[FigureCard, ...]]:
    """A published table with Wilson bounds of its shares of n pairs, and of their average where all have some."""
    card, frame = rating_tables.read_ratings(shelf.snapshot.folder, view.split(".")[0])
    rows = frame.astype({name: object for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)})
    for figure in card.figures:
        if figure.n and not figure.bounds:
            bounds = wilson(rows[figure.name].to_numpy(dtype=float), float(figure.n))
            rows[f"{figure.name}_lower"], rows[f"{figure.name}_upper"] = bounds
    parts = _averaged(card, rows)
    if parts:
        values, low, high = (rows[[f"{name}{end}" for name in parts]].to_numpy() for end in ("", "_lower", "_upper"))
        lower, upper = bounds_of_mean(values, low, high)
        name, mean = card.figures[0].name, values.mean(axis=1)
        # Around the average as published: it was rounded.
        rows[f"{name}_lower"], rows[f"{name}_upper"] = rows[name] + lower - mean, rows[name] + upper - mean
    return card, rows, card.figures


def _averaged(card: RatingCard, rows: pd.DataFrame) -> list[str]:
    """The figures whose mean the first one is: the fewest leading ones with numbers of pairs that give it."""
    first, *others = card.figures
    if first.name not in AVERAGES or first.n:
        return []
    names = [figure.name for figure in others if figure.n]
    for count in range(2, len(names) + 1):
        if np.allclose(rows[names[:count]].mean(axis=1), rows[first.name], atol=6e-4):
            return names[:count]
    return []


def _columns(card: RatingCard, rows: pd.DataFrame, figures: tuple[FigureCard, ...]) -> tuple[Column, ...]:
    texts = (("revision", "Revision"), ("dtype", "Dtype"), ("type", "Type"))
    rank = [RANK] if has_bounds(rows, figures[0].name) else []
    about = [
        Column(key=key, label=label, kind="category", filter="choices")
        for key, label in texts if key in rows and rows[key].notna().any()
    ]  # fmt: skip
    shown = [_figure(figure, rows, at < MOST_SHOWN) for at, figure in enumerate(figures)]
    key = Column(key=card.key, label=card.key_label, kind="text", sticky=True, searchable=True, href="link")
    return (*rank, key, *about, *shown)


def _figure(figure: FigureCard, rows: pd.DataFrame, shown: bool) -> Column:
    bounded = has_bounds(rows, figure.name)
    told = " 95 % bounds computed here from the number of pairs." if bounded else ""
    return Column(
        key=figure.name, label=figure.label, kind="number", unit="%", factor=100, decimals=figure.decimals, shown=shown,
        bounds=bounded, info=f"{figure.info}{told} Higher is better.".strip(),
    )  # fmt: skip


def _published_chart(card: RatingCard, rows: pd.DataFrame, figures: tuple[FigureCard, ...]) -> tuple[Chart, ...]:
    """Each set's accuracies beside each other, with intervals where the numbers of pairs are known."""
    rows = rows.sort_values(figures[0].name, ascending=False, kind="stable", ignore_index=True)
    names = rows[card.key].astype(str)
    if "revision" in rows:
        names = names + " " + rows["revision"].fillna("").astype(str)
    parts = []
    for figure in figures[:MOST_SHOWN][: 1 if len(rows) > 12 else 5]:
        unknown = pd.Series(np.nan, index=rows.index)
        ends = {end: 100 * rows.get(f"{figure.name}_{end}", unknown) for end in ("lower", "upper")}
        part = pd.DataFrame({"label": names, "value": 100 * rows[figure.name], **ends, "group": figure.label})
        parts.append(part.dropna(subset=["value"]))
    data = pd.concat(parts).sort_index(kind="stable")
    told = "95 % intervals from the numbers of pairs. " if data["lower"].notna().any() else ""
    return (
        Chart(
            kind="intervals", name="accuracies", title="How often the better answer gets the higher score",
            subtitle=f"{told}{card.title}",
            frame=data.reset_index(drop=True).dropna(axis="columns", how="all"), decimals=1, reference=(50.0, "random"),
            headers={"label": "Model", "value": "Accuracy, %", "lower": "Lower", "upper": "Upper", "group": "Set"},
        ),
    )  # fmt: skip
