"""The Judge audit tab: can a model label like people, and what sways it?

Enters: battle tables with several judges. Leaves: a row a judge and data set with its agreement with people and its
biases, agreement by kind of question, and H4's published figures.
"""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from leaderboard.boards import judge_setups, judges, live_charts, published
from leaderboard.boards.board import Board, View
from leaderboard.boards.charts import Chart
from leaderboard.boards.columns import Column
from leaderboard.boards.rows import CONTROL, RANK, ranked, with_ids
from leaderboard.boards.shelf import Shelf, digest
from leaderboard.sources.battle_tables import FOLDER, BattleCard
from leaderboard.sources.tables import Tab

NAME: Tab = "judge_audit"
ALL = "judges"
BY_CATEGORY = "by_category"


def _percent(key: str, label: str, info: str) -> Column:
    return Column(key=key, label=label, kind="number", unit="%", factor=100, decimals=1, bounds=True, info=info)


AGREEMENT = _percent(
    "agreement",
    "Agrees with people",
    "Same verdict (win, tie, loss) as one person's vote on the same question and pair.",
)
DECIDED = _percent("agreement_decided", "Agrees, no ties", "The same where both named a winner; guessing gives 50 %.")
FIRST_SLOT = _percent(
    "first_slot", "First wins",
    "Share of decided verdicts for the answer shown first, of pairs judged in both orders; 50 % is fair.",
)  # fmt: skip
FLIP_RATE = _percent(
    "flip_rate", "Flips",
    "How often the verdict changes when the answers change places; a tie in one order only is a change.",
)  # fmt: skip
LONGER = _percent("longer", "Longer wins", "Share of decided verdicts for the longer answer.")
OWN_ANSWERS = _percent(
    "self_preference", "Own answers", "Score of its own answers under it minus that under the other judges, points."
)
KAPPA = Column(key="kappa", label="Kappa", kind="number", decimals=2, bounds=True,
               info="Cohen's kappa with ties: agreement beyond chance; 95 % from resampling questions.")  # fmt: skip
COLUMNS = (
    replace(RANK, info="Within its data set: agreement on other questions and answers is no comparison."),
    Column(key="judge", label="Judge", kind="text", sticky=True, searchable=True),
    Column(key="data_set", label="Data set", kind="category", filter="choices"),
    Column(key="judge_kind", label="Kind", kind="category", filter="choices"),
    AGREEMENT, DECIDED, KAPPA,
    Column(key="alpha", label="Alpha", kind="number", decimals=2,
           info="Krippendorff's alpha (nominal) of all votes on the same question and pair, the judge's and people's."),
    FIRST_SLOT, FLIP_RATE, LONGER,
    _percent("longer_controlled", "Longer wins, equal models",
             "The same between models of equal strength, at a difference in length of one standard deviation."),
    OWN_ANSWERS,
    Column(key="n", label="Verdicts", kind="number", filter="range"),
    Column(key="n_compared", label="Votes compared", kind="number", shown=False),
    CONTROL,
)  # fmt: skip
CATEGORY_COLUMNS = (
    Column(key="category", label="Kind of question", kind="text", sticky=True, searchable=True),
    Column(key="judge", label="Judge", kind="category", filter="choices"), AGREEMENT, DECIDED, KAPPA,
    Column(key="n_compared", label="Votes compared", kind="number"),
)  # fmt: skip


def views(shelf: Shelf) -> list[View]:
    """All judges, agreement by kind of question, then what was published."""
    cards = _cards(shelf)
    out = []
    if cards:
        about = "Agreement with people's votes, and what sways the judge besides quality."
        out.append(View(value=ALL, path=("All judges",), title="Judges at a glance", about=about, levels=_LEVELS))
    out += [
        View(value=f"{BY_CATEGORY}.{card.name}", path=("By kind of question", card.label),
             title=f"Agreement with people by kind of question; {card.title}", about=card.about, levels=_LEVELS)
        for card in cards if _has_people(card)
    ]  # fmt: skip
    out += judge_setups.views(shelf, _LEVELS)
    return out + [view for card in published.tables(shelf, NAME) for view in published.views(shelf, card)]


_LEVELS = ("Question", "Data set")


def board(shelf: Shelf, view: str) -> Board:
    """The board of one view."""
    if view.startswith(f"{judge_setups.PREFIX}."):
        return judge_setups.board(shelf, NAME, view)
    if view != ALL and not view.startswith(f"{BY_CATEGORY}."):
        return published.board(shelf, NAME, view)
    cards = _cards(shelf)
    columns: tuple[Column, ...]
    if view == ALL:
        found = all_judges(shelf)
        apart = found.assign(component=pd.factorize(found["data_set"])[0])
        rows = ranked(apart, "agreement", competes=~found["control"]).drop(columns="band")
        columns, names = COLUMNS, ["judge", "data_set"]
    else:
        cards = [card for card in cards if view.endswith(f".{card.name}")]
        rows = ranked(judges.by_category(shelf.snapshot.folder, shelf.snapshot.revision, cards[0].name), "agreement")
        columns, names = CATEGORY_COLUMNS, ["category", "judge"]
    return Board(
        name=NAME, view=view, title=next(item.title for item in views(shelf) if item.value == view),
        columns=tuple(column for column in columns if _is_known(column, rows)),
        frame=with_ids(rows, names), default_sort="-agreement", as_of=None,
        revision=digest(*(shelf.revision_of(FOLDER, card) for card in cards)), source=shelf.snapshot.origin,
        notes=tuple(card.source for card in cards),
    )  # fmt: skip


def _is_known(column: Column, rows: pd.DataFrame) -> bool:
    if column.kind == "rank":
        return True
    return bool(rows[column.key].any() if column.kind == "flag" else rows[column.key].notna().any())


def charts(shelf: Shelf, view: str) -> tuple[Chart, ...]:
    """One plot a question about the judges, each with what no bias would give."""
    if view.startswith(f"{judge_setups.PREFIX}."):
        return ()
    if view == ALL:
        rows = all_judges(shelf)
        return (
            _bars(rows, DECIDED, "How often judges agree with people, ties left out", (50.0, "guessing")),
            _bars(rows, FIRST_SLOT, "How often the answer shown first wins", (50.0, "no preference")),
            _bars(rows, FLIP_RATE, "How often a verdict flips when the answers change places", None),
            _bars(rows, LONGER, "How often the longer answer wins", (50.0, "no preference")),
            _bars(rows, OWN_ANSWERS, "How much more a judge gives its own answers", (0.0, "no preference")),
            *_answers(shelf),
        )  # fmt: skip
    if view.startswith(f"{BY_CATEGORY}."):
        rows = judges.by_category(shelf.snapshot.folder, shelf.snapshot.revision, view.split(".", 1)[1])
        return (_bars(rows.rename(columns={"judge": "group", "category": "judge"}), DECIDED,
                      "Agreement with people by kind of question, ties left out", (50.0, "guessing")),)  # fmt: skip
    return published.charts(shelf, view)


def all_judges(shelf: Shelf) -> pd.DataFrame:
    """A row a judge and data set: agreement with people and biases, shares in 0..1 with 95 % bounds."""
    return pd.concat(
        [judges.audit(shelf.snapshot.folder, shelf.snapshot.revision, card.name) for card in _cards(shelf)],
        ignore_index=True,
    )


def _cards(shelf: Shelf) -> list[BattleCard]:
    return [card for card in shelf.battles if NAME in card.tabs and card.kind == "battles"]


def _has_people(card: BattleCard) -> bool:
    return {judge.kind for judge in card.judges} >= {"human", "model"}


def _bars(rows: pd.DataFrame, column: Column, title: str, reference: tuple[float, str] | None) -> Chart:
    known = rows[rows[column.key].notna()]
    data = pd.DataFrame({
        "label": known["judge"], "value": 100 * known[column.key], "lower": 100 * known[f"{column.key}_lower"],
        "upper": 100 * known[f"{column.key}_upper"], "group": known["group"] if "group" in known else known["data_set"],
    })  # fmt: skip
    return Chart(
        kind="intervals", name=column.key, title=title, subtitle=column.info,
        frame=data.reset_index(drop=True), decimals=1, reference=reference,
        groups=tuple(dict.fromkeys(rows["group" if "group" in rows else "data_set"].astype(str))),
        headers={"label": "Judge", "value": f"{column.label}, %", "lower": "Lower", "upper": "Upper",
                 "group": "Data set"},
    )  # fmt: skip


def _answers(shelf: Shelf) -> Iterator[Chart]:
    """Histograms of answers from 1 to 8 of every table that has such answers."""
    for card in _cards(shelf):
        yield from live_charts.answers(shelf, card.name)
