"""How often a judge of MT-Bench tables agrees with people, in every way that the MT-Bench paper counts it.

Enters: tables with comparisons and people's votes. Leaves: a row a way of counting: with ties (the paper's setup S1)
or only where both named a winner (S2), turn 1, turn 2 or both, against single votes or their majority. Source: Zheng
et al. (2023), https://arxiv.org/abs/2306.05685, section 4.2.
"""

import pandas as pd

from leaderboard.boards.board import Board, View
from leaderboard.boards.columns import Column
from leaderboard.boards.mt_bench_evidence import Evidence, evidence
from leaderboard.boards.rows import with_ids
from leaderboard.boards.shelf import Shelf
from leaderboard.errors import InvalidQuery
from leaderboard.metrics.accuracy import mean_interval
from leaderboard.metrics.agreement import agree
from leaderboard.sources.mt_bench_tables import FOLDER, MtBenchCard, path_of
from leaderboard.sources.tables import Tab

PREFIX = "setups"
ABOUT = (
    "Pairwise verdicts of both orders joined: orders that contradict count as a tie. Only questions, turns and pairs "
    "that people voted on too. Agreement of scores of single answers is not here: the six models that people compared "
    "have no published scores of single answers at hand."
)
SETUPS = {True: "S1: with ties", False: "S2: both named a winner"}
TURNS: dict[str, tuple[int, ...]] = {"Both": (1, 2), "Turn 1": (1,), "Turn 2": (2,)}
COUNTED = ("Each vote", "Majority of votes")
COLUMNS = (
    Column(key="setup", label="Setup", kind="text", sticky=True, searchable=True,
           info="Guessing agrees in a third of S1 and in half of S2."),
    Column(key="turn", label="Turn", kind="category", filter="choices"),
    Column(key="counted", label="People", kind="category", width=150, filter="choices",
           info="Every person's vote, or one majority a question, turn and pair; without a majority it is a tie."),
    Column(key="agreement", label="Agreement", kind="number", unit="%", factor=100, decimals=1, bounds=True,
           info="Share of the same verdicts; 95 % by question."),
    Column(key="kappa", label="Kappa", kind="number", decimals=2, bounds=True,
           info="Cohen's kappa: agreement beyond chance; 95 % from resampling questions."),
    Column(key="n_compared", label="Compared", kind="number"),
)  # fmt: skip


def views(shelf: Shelf, levels: tuple[str, ...]) -> list[View]:
    """One view a judge of a table with comparisons and votes."""
    return [
        View(value=f"{PREFIX}.{card.name}.{number}", path=("By turn and majority", f"{judge.label}, MT-Bench"),
             title=f"{judge.label}'s agreement with people on MT-Bench, in both setups", about=ABOUT, levels=levels)
        for card in shelf.mt_bench for number, judge in enumerate(card.judges) if _has_both(shelf, card)
    ]  # fmt: skip


def board(shelf: Shelf, tab: Tab, view: str) -> Board:
    """The board of one view. Raises InvalidQuery for a table or judge that there is not."""
    wanted = next((item for item in views(shelf, ()) if item.value == view), None)
    if wanted is None:
        raise InvalidQuery(f"View is {view[:60]!r}; expected one of a table with comparisons and people's votes.")
    _, name, number = view.split(".")
    card = next(card for card in shelf.mt_bench if card.name == name)
    rows = _rows(evidence(shelf.snapshot.folder, shelf.snapshot.revision, name, card.judges[int(number)].name))
    return Board(
        name=tab, view=view, title=wanted.title, columns=COLUMNS, frame=with_ids(rows, ["setup", "turn", "counted"]),
        default_sort="-agreement", as_of=card.as_of, revision=shelf.revision_of(FOLDER, card),
        source=shelf.snapshot.origin, notes=(ABOUT, card.source),
    )  # fmt: skip


def _has_both(shelf: Shelf, card: MtBenchCard) -> bool:
    return all(path_of(shelf.snapshot.folder, card.name, part).is_file() for part in ("pairs", "votes"))


def _compared(e: Evidence) -> pd.DataFrame:
    """A row a vote and a row a majority: question_id, turn, counted, human, judge."""
    rows = []
    for key, votes in e.votes.items():
        found = e.comparisons.get(key)
        if found is None or found.outcome is None:
            continue
        each = [outcome for outcome, n in votes.counts.items() for _ in range(n)]
        rows += [(key[0], key[1], COUNTED[0], outcome, found.outcome) for outcome in each]
        rows.append((key[0], key[1], COUNTED[1], votes.majority, found.outcome))
    return pd.DataFrame(rows, columns=["question_id", "turn", "counted", "human", "judge"])


def _rows(e: Evidence) -> pd.DataFrame:
    every = _compared(e)
    out = []
    for ties, setup in SETUPS.items():
        for turn, numbers in TURNS.items():
            for counted in COUNTED:
                pairs = every[every["turn"].isin(numbers) & every["counted"].eq(counted)]
                out.append({"setup": setup, "turn": turn, "counted": counted, **_figures(pairs, ties=ties)})
    rows = pd.DataFrame(out).sort_values("agreement", ascending=False, kind="stable", ignore_index=True)
    return rows.assign(pinned=False)


def _figures(pairs: pd.DataFrame, *, ties: bool) -> dict[str, float]:
    kept = pairs if ties else pairs[pairs["human"].ne(0) & pairs["judge"].ne(0)]
    found = agree(kept, ties=True)
    same = kept["human"].eq(kept["judge"]).to_numpy(dtype=float)
    _, lower, upper = mean_interval(same, kept["question_id"].to_numpy())
    return {
        "agreement": found.agreement, "agreement_lower": lower, "agreement_upper": upper,
        "kappa": found.kappa, "kappa_lower": found.kappa_lower, "kappa_upper": found.kappa_upper, "n_compared": found.n,
    }  # fmt: skip
