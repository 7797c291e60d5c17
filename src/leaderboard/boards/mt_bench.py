"""The MT-Bench tab: scores of answers in two turns by a judge, and the published means.

Enters: MT-Bench tables (`sources.mt_bench_tables`). Leaves: a board a data set and judge, its charts, and the reading
of its texts.
"""

import pandas as pd

from leaderboard.boards import mt_bench_reading, published
from leaderboard.boards.board import Board, Pointer, View
from leaderboard.boards.charts import Chart
from leaderboard.boards.columns import Column
from leaderboard.boards.mt_bench_rows import CATEGORIES, rows_of
from leaderboard.boards.reading import Reading, Selection
from leaderboard.boards.rows import CONTROL, RANK, ranked, with_ids
from leaderboard.boards.shelf import RUNS_HERE, Shelf
from leaderboard.errors import InvalidQuery
from leaderboard.sources.battle_tables import JudgeCard
from leaderboard.sources.judged_runs import JudgedRuns, read_judged
from leaderboard.sources.mt_bench_tables import FOLDER, MtBenchCard
from leaderboard.sources.tables import Tab

NAME: Tab = "mt_bench"
MOST_COMPARED = 6
"""Models in the plot by category: as many as there are colours to tell apart."""
NO_SCORES = Pointer(
    text="This data set has no scores of single answers; its comparisons and texts are in the browser below.",
    label="All data sets", href="?tab=mt_bench",
)  # fmt: skip


def _points(key: str, label: str, info: str = "", decimals: int = 2, bounds: bool = True) -> Column:
    return Column(key=key, label=label, kind="number", decimals=decimals, bounds=bounds, info=info)


AVERAGE = _points("score", "Average", "Mean of the judge's scores from 1 to 10 over both turns; 95 % by question.")
DROP = Column(
    key="drop", label="Drop", kind="number", decimals=2, bounds=True, best="low",
    info="Turn 1 minus turn 2, over questions with both: what the model loses when the conversation goes on.",
)  # fmt: skip
COLUMNS = (
    RANK, Column(key="model", label="Model", kind="text", sticky=True, searchable=True), AVERAGE,
    Column(key="win_rate", label="Win rate", kind="number", unit="%", factor=100, decimals=1, bounds=True,
           info="Share of comparisons with the baseline's answers won, a tie as half; 95 % by question."),
    Column(key="baseline", label="Baseline", kind="category", info="Whose answers it was compared with."),
    _points("turn_1", "Turn 1", bounds=False), _points("turn_2", "Turn 2", bounds=False), DROP,
    *(_points(name, name.capitalize() if name != "stem" else "STEM", "Two turns of every question; 95 % by question.",
              decimals=1) for name in CATEGORIES),
    Column(key="judge", label="Judge", kind="category", shown=False),
    Column(key="n", label="Judged", kind="number", info="Answers with a score that counts."),
    Column(key="asked", label="Asked", kind="number", shown=False, info="Questions times turns."),
    Column(key="coverage", label="Coverage", kind="number", unit="%", factor=100, decimals=1, filter="range",
           info="Judged of asked; answers without a score are missing, not 0."),
    Column(key="left_out", label="Left out", kind="number", best="low",
           info="Judgments that do not count: not parsed (-1), outside 1 to 10, or judged again later."),
    Column(key="missing", label="Missing", kind="number", best="low", shown=False, info="Asked minus judged."),
    Column(key="repeated", label="Repeated", kind="number", best="low", shown=False,
           info="Judgments of an answer that was judged again later; the last one counts."),
    Column(key="unparsed", label="Not parsed", kind="number", best="low", shown=False,
           info="Judgments without a score, or with -1."),
    Column(key="outside", label="Outside 1-10", kind="number", best="low", shown=False),
    Column(key="warning", label="Warning", kind="text", width=220,
           info="What a reader of the score must know about the answers, such as the same one to most questions."),
    Column(key="evidence", label="Evidence", kind="text", href="evidence_url",
           info="The page of the run: scores, versions, commit and every answer."),
    Column(key="evaluated_on", label="Date", kind="date", shown=False, info="Evaluated on."),
    Column(key="constant", label="Same answer", kind="flag", shown=False, filter="hide",
           filter_label="models that repeat one answer", badge="same answer",
           info="Gives (nearly) the same answer to most questions: no sign of skill, whatever the judge says."),
    Column(key="source", label="Source", kind="category", filter="choices", shown=False,
           info="Where the judgments were published."),
    CONTROL,
)  # fmt: skip
_LEVELS = ("Data set", "Judge")


def views(shelf: Shelf) -> list[View]:
    """One view a judge of every table, then the published means."""
    own = [
        View(value=f"{card.name}.{number}", path=(card.label, judge.label),
             title=f"{card.title}, judged by {judge.label}", about=card.about, levels=_LEVELS)
        for card in _cards(shelf) for number, judge in enumerate(card.judges)
    ]  # fmt: skip
    return own + [view for card in published.tables(shelf, NAME) for view in published.views(shelf, card)]


def board(shelf: Shelf, view: str) -> Board:
    """The board of one view."""
    found = _own(shelf, view)
    if found is None:
        return published.board(shelf, NAME, view)
    card, judge = found
    rows = rows_of(shelf, card, judge.name)
    competes = ~rows["control"].astype(bool)
    unset = {name for name in ("control", "constant") if name in rows and not rows[name].any()}
    known = {"rank", *rows.columns[rows.notna().any()]} - unset
    main = "win_rate" if "win_rate" in rows else "score"
    here = shelf.judged.get(card.name)
    more = [name for name in _bounded(rows) if name not in {column.key for column in COLUMNS} and name != main]
    columns = (*COLUMNS, *(_points(name, name.capitalize(), decimals=1) for name in more))
    notes = (card.about, card.source, *((judge.info,) if judge.info else ()), *_unread(shelf, here))
    return Board(
        name=NAME, view=view, title=f"{card.title}, judged by {judge.label}",
        columns=tuple(c for c in columns if c.key in known or (rows.empty and c.key in rows)),
        frame=with_ids(ranked(rows, main, competes=competes), ["model"]), default_sort=f"-{main}", as_of=card.as_of,
        revision=here.revision if here else shelf.revision_of(FOLDER, card), notes=notes,
        source=RUNS_HERE if here else shelf.snapshot.origin,
        empty=NO_SCORES if rows.empty else None,
    )  # fmt: skip


def charts(shelf: Shelf, view: str) -> tuple[Chart, ...]:
    """Means with intervals, the best models by category, and what the second turn costs."""
    found = _own(shelf, view)
    if found is None:
        return published.charts(shelf, view)
    card, judge = found
    rows = rows_of(shelf, card, judge.name)
    if "win_rate" in rows:
        return (_win_rates(rows, card, judge),)
    rows = rows[rows["score"].notna()].sort_values(["score", "model"], ascending=[False, True], ignore_index=True)
    if rows.empty:
        return ()
    by_category = _by_category(rows)
    more = () if by_category.empty else _category_charts(by_category, card)
    drops = rows.sort_values(["drop", "model"], ascending=[False, True], ignore_index=True)
    return (
        _intervals(rows, "score", f"MT-Bench average by {judge.label}, with 95 % intervals", card), *more,
        _intervals(drops[drops["drop"].notna()], "drop", "What the second turn costs", card, (0.0, "no drop")),
    )  # fmt: skip


def reading(shelf: Shelf, view: str, selection: Selection) -> Reading:
    """Questions, answers and what the judge and people said, one question at a time."""
    found = _own(shelf, view)
    if found is None:
        return Reading(
            title="Published means", origin=shelf.snapshot.origin,
            empty="Only the means of this table were published. Choose another data set to read judgments.",
        )  # fmt: skip
    return mt_bench_reading.reading(shelf, *found, selection)


def _cards(shelf: Shelf) -> tuple[MtBenchCard, ...]:
    """Tables of the data, then those of runs made here."""
    return (*shelf.mt_bench, *(table.card for table in shelf.judged.values()))


def _own(shelf: Shelf, view: str) -> tuple[MtBenchCard, JudgeCard] | None:
    """Table and judge of a view; None for a published one."""
    name, _, number = view.partition(".")
    card = next((card for card in _cards(shelf) if card.name == name), None)
    if card is None:
        return None
    if not number.isdigit() or int(number) >= len(card.judges):
        raise InvalidQuery(f"View is {view[:60]!r}; table {name!r} has judges 0 to {len(card.judges) - 1}.")
    return card, card.judges[int(number)]


def _intervals(
    rows: pd.DataFrame, key: str, title: str, card: MtBenchCard, reference: tuple[float, str] | None = None
) -> Chart:
    label = "Average, points" if key == "score" else "Turn 1 minus turn 2, points"
    how = "Mean of scores from 1 to 10" if key == "score" else "Paired by question; right of 0 the second turn is worse"
    return Chart(
        kind="intervals", name="means" if key == "score" else "drop", title=title, subtitle=f"{how}; {card.title}",
        frame=pd.DataFrame({
            "label": rows["model"].astype(str), "value": rows[key], "lower": rows[f"{key}_lower"],
            "upper": rows[f"{key}_upper"],
        }).reset_index(drop=True),
        headers={"label": "Model", "value": label, "lower": "Lower", "upper": "Upper"}, decimals=2,
        reference=reference,
    )  # fmt: skip


def _win_rates(rows: pd.DataFrame, card: MtBenchCard, judge: JudgeCard) -> Chart:
    rows = rows.sort_values(["win_rate", "model"], ascending=[False, True], ignore_index=True)
    return Chart(
        kind="intervals", name="win_rates", title=f"Share of comparisons won by {judge.label}, with 95 % intervals",
        subtitle=f"Both orders asked, a tie is half; {card.title}", decimals=1,
        reference=(50.0, "as good as the baseline"),
        frame=pd.DataFrame({
            "label": rows["model"].astype(str), "value": 100 * rows["win_rate"], "lower": 100 * rows["win_rate_lower"],
            "upper": 100 * rows["win_rate_upper"],
        }),
        headers={"label": "Model", "value": "Win rate, %", "lower": "Lower", "upper": "Upper"},
    )  # fmt: skip


def _unread(shelf: Shelf, table: JudgedRuns | None) -> tuple[str, ...]:
    """What could not be read of runs made here."""
    if table is None:
        return ()
    return tuple(f"Left out: {item.reason}" for item in read_judged(table, shelf.folders).rejected)


def _bounded(rows: pd.DataFrame) -> list[str]:
    """Figures with bounds: the average, the drop and every category."""
    return [str(name) for name in rows.columns if f"{name}_lower" in rows]


def _by_category(rows: pd.DataFrame) -> pd.DataFrame:
    """The best models' means by category, one row a model and category."""
    names = [name for name in _bounded(rows) if name not in ("score", "drop")]
    parts = [
        pd.DataFrame({"label": name, "group": rows["model"].astype(str), "value": rows[name],
                      "lower": rows[f"{name}_lower"], "upper": rows[f"{name}_upper"]})
        for name in names
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _category_charts(data: pd.DataFrame, card: MtBenchCard) -> tuple[Chart, ...]:
    """The categories as a net, and the same figures with their intervals in rows."""
    headers = {"label": "Category", "group": "Model", "value": "Points", "lower": "Lower", "upper": "Upper"}
    best = tuple(dict.fromkeys(data["group"]))[:MOST_COMPARED]
    return (
        Chart(
            kind="radar", name="radar", title="Categories, model by model",
            subtitle=f"Mean of scores from 1 to 10; {card.title}", frame=data, headers=headers, decimals=2, groups=best,
            note="Click a name to show or hide a model; double-click shows it alone.",
        ),
        Chart(
            kind="intervals", name="categories", title=f"The {len(best)} best models by category, with 95 % intervals",
            subtitle=f"{card.n_questions // len(CATEGORIES)} questions a category; {card.title}", headers=headers,
            decimals=2, groups=best,
            frame=data[data["group"].isin(best)].reset_index(drop=True),
        ),
    )  # fmt: skip
