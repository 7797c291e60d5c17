"""The Red-teaming tab: how often attacks succeed, how often models refuse what is harmless, and whose labels say so.

Enters: the safety tables of the data, and runs of this project's own evaluator. Leaves: views, boards, charts, and the
texts behind an answer where they are there; a text is in no board, chart or export, and a reading holds it only when
the visitor asked for it.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from leaderboard.boards import attacks, refusals, safety_reading
from leaderboard.boards.board import Board, View
from leaderboard.boards.charts import Chart
from leaderboard.boards.columns import Column
from leaderboard.boards.reading import Reading, Selection
from leaderboard.boards.rows import with_ids
from leaderboard.boards.shelf import RUNS_HERE, Shelf
from leaderboard.sources.safety_runs import SafetyRuns, read_run_texts, read_safety_runs
from leaderboard.sources.safety_tables import FOLDER, TEXT_FOLDER, SafetyCard, read_answer_texts, read_safety
from leaderboard.sources.tables import Tab

NAME: Tab = "red_teaming"
LEVELS = ("Data set", "Rows", "Judge")


def views(shelf: Shelf) -> list[View]:
    """By model, attack, category or type of prompt, a view a judge; then the judges compared."""
    return [view for card in _cards(shelf) for view in _views(card)]


def _cards(shelf: Shelf) -> list[SafetyCard]:
    """Published tables in their order, then what was evaluated here."""
    return [
        *(card for card in shelf.safety if NAME in card.tabs),
        *(table.card for table in shelf.safety_runs.values()),
    ]


def first_view(card: SafetyCard) -> str:
    """The view of a table that opens first."""
    return _views(card)[0].value


def _views(card: SafetyCard) -> list[View]:
    judges = [judge for judge in card.judges if not judge.part]
    out = []
    for kind, label in (attacks.ROWS if card.kind == "attempts" else refusals.ROWS).items():
        for judge in judges:
            steps = (judge.label,) if len(judges) > 1 else ()
            title = f"{card.title}, {label[:1].lower()}{label[1:]}" + (f", judged by {judge.label}" if steps else "")
            out.append(View(value=f"{card.name}.{kind}.{judge.name}", path=(card.label, label, *steps), title=title,
                            about=card.about, levels=LEVELS[: 2 + len(steps)]))  # fmt: skip
    if card.kind == "answers" and len(judges) > 1:
        title = f"{card.title}, agreement of the judges"
        out.append(View(value=f"{card.name}.{refusals.JUDGES}", path=(card.label, "Judges compared"), title=title,
                        about=card.about, levels=LEVELS[:2]))  # fmt: skip
    return out


def board(shelf: Shelf, view: str) -> Board:
    """The board of one view."""
    card, frame, kind, judge = _named(shelf, view)
    rows, columns, names = _rows(card, frame, kind, judge)
    here = shelf.safety_runs.get(card.name)
    if here is not None and "model" in names:
        rows, columns = _linked(here, rows, columns)
    return Board(
        name=NAME, view=view, title=next(item.title for item in _views(card) if item.value == view), columns=columns,
        frame=with_ids(rows, names), default_sort=_sort(kind), as_of=card.as_of,
        revision=shelf.revision_of(FOLDER, card) if here is None else here.revision,
        source=shelf.snapshot.origin if here is None else RUNS_HERE,
        notes=(card.about, card.source, *_left_out(shelf, here)),
    )  # fmt: skip


def _linked(
    here: SafetyRuns, rows: pd.DataFrame, columns: tuple[Column, ...]
) -> tuple[pd.DataFrame, tuple[Column, ...]]:  # fmt: skip
    """Rows with their run's page behind the model's name."""
    linked = rows.assign(page=rows["model"].astype(str).map(here.pages))
    return linked, tuple(replace(each, href="page") if each.key == "model" else each for each in columns)


def _left_out(shelf: Shelf, here: SafetyRuns | None) -> tuple[str, ...]:
    rejected = () if here is None else read_safety_runs(here, shelf.folders)[1]
    return tuple(f"Left out: {item.reason}" for item in rejected)


def charts(shelf: Shelf, view: str) -> tuple[Chart, ...]:
    """Success and refusal with intervals, helpfulness beside harmlessness, agreement of the judges."""
    card, frame, kind, judge = _named(shelf, view)
    if card.kind == "attempts":
        return attacks.charts(attacks.succeeded(frame, judge), kind, card.title)
    if kind == refusals.JUDGES:
        return refusals.agreement_charts(_rows(card, frame, kind, judge)[0], card.title)
    return refusals.charts(card, frame, kind, judge)


def reading(shelf: Shelf, view: str, selection: Selection) -> Reading:
    """One answer with its labels; its texts are withheld until `show` names them, absent where nobody imported them."""
    card, frame, _, judge = _named(shelf, view)
    here = shelf.safety_runs.get(card.name)
    texts = read_answer_texts(shelf.snapshot.folder, card.name) if here is None else read_run_texts(here, shelf.folders)
    source = "its run" if here is not None else f"{TEXT_FOLDER}/{card.name}.parquet of {shelf.snapshot.origin}"
    behind = safety_reading.Behind(texts=texts, source=source)
    return safety_reading.reading(card, frame, behind, judge or card.judges[0].name, selection)


def _named(shelf: Shelf, view: str) -> tuple[SafetyCard, pd.DataFrame, str, str]:
    """Table, kind of rows and judge of a view; the judge is "" where judges are compared."""
    name, kind, *rest = view.split(".")
    here = shelf.safety_runs.get(name)
    if here is not None:
        return here.card, read_safety_runs(here, shelf.folders)[0], kind, rest[0] if rest else ""
    card, frame = _cached(shelf.snapshot.folder, name, shelf.snapshot.revision)
    return card, frame, kind, rest[0] if rest else ""


@lru_cache(maxsize=8)
def _cached(folder: Path, name: str, revision: str) -> tuple[SafetyCard, pd.DataFrame]:  # noqa: ARG001 - the key
    return read_safety(folder, name)


def _rows(
    card: SafetyCard, frame: pd.DataFrame, kind: str, judge: str
) -> tuple[pd.DataFrame, tuple[Column, ...], list[str]]:
    if card.kind == "attempts":
        return attacks.rows(attacks.succeeded(frame, judge), kind)
    if kind == refusals.JUDGES:
        return refusals.compared(card, frame)
    return refusals.rows(refusals.labelled(frame, judge), kind, card.controls)


def _sort(kind: str) -> str:
    if kind in attacks.ROWS:
        return f"-{attacks.SUCCESS}" if kind == "attacks" else attacks.SUCCESS
    return {"models": "-balance", "safe": "refuses", "unsafe": "-refuses", refusals.JUDGES: "-kappa"}[kind]
