"""Published boards of AlpacaEval (Li et al., 2023) -> rating tables.

Aggregate figures only: the annotations behind them are CC BY-NC 4.0 and are not shipped (`leaderboard import
alpaca-eval` reads them where somebody has them).
"""

import json
from pathlib import Path

import pandas as pd

from leaderboard.sources.rating_tables import FigureCard, RatingCard
from leaderboard.sources.tables import Finding
from scripts.snapshot.made import FACTS, Tables

FOLDER = "alpaca_eval"
TALK = Path("h4_talk_2023") / "figures.json"
CLAUDE = "docs_data_AlpacaEval__claude_leaderboard.csv"
SECOND = "docs_data_AlpacaEval_2__weighted_alpaca_eval_gpt4_turbo_leaderboard.csv"
N = 805
SOURCE = "github.com/tatsu-lab/alpaca_eval @ cd543a149df89434d8a54582c0151c0b945c3d20, docs/{file}."
LICENSE = "published aggregate figures of AlpacaEval (code Apache-2.0; its data is CC BY-NC 4.0: not for commerce)"
COLUMNS = {"name": "model", "length_controlled_winrate": "win_rate_lc", "avg_length": "length"}
WIN_RATE = FigureCard(
    name="win_rate", label="Win rate", unit="fraction", decimals=2, n=N,
    info="Share of 805 instructions on which the judge prefers the model's answer to the baseline's.",
)  # fmt: skip
LENGTH = FigureCard(
    name="length", label="Length", unit="characters", best=None, info="Mean characters of the answers: judges prefer "
    "long ones."
)  # fmt: skip
LENGTH_CONTROLLED = FigureCard(
    name="win_rate_lc", label="Length-controlled win rate", unit="fraction", decimals=2,
    info="Win rate that a regression predicts for an answer as long as the baseline's.",
)  # fmt: skip
NO_ERRORS = "The board was published without standard errors."


def tables(data: Path) -> Tables:
    """The tables `alpaca_eval_2`, `alpaca_eval_claude` and `alpaca_eval_talk`."""
    folder = data / FOLDER / "published"
    second, claude = published(folder / SECOND), published(folder / CLAUDE)
    talk = json.loads((data / TALK).read_text(encoding="utf-8"))["alpaca_eval"]
    shown = pd.DataFrame(talk["rows"], columns=["model", "win_rate", "length"])
    shown["win_rate"] = _fraction(shown["win_rate"])
    yield _second_card(second), second
    yield _claude_card(claude), claude
    yield _talk_card(shown), shown


def published(path: Path) -> pd.DataFrame:
    """A board's CSV in our columns; win rates as fractions."""
    frame = pd.read_csv(path).rename(columns=COLUMNS)
    for name in ("win_rate", "win_rate_lc"):
        if name in frame:
            frame[name] = _fraction(frame[name])
    frame["link"] = frame["link"].where(frame["link"].astype("string").str.match(r"https?://").fillna(value=False))
    frame["filter"] = frame["filter"].str.capitalize()
    frame["control"] = frame["model"].str.contains("NullModel")
    return frame.drop(columns="samples")


def _fraction(percent: "pd.Series[float]") -> "pd.Series[float]":
    return (percent / 100).round(12)


def _second_card(frame: pd.DataFrame) -> RatingCard:
    again = frame["model"].duplicated(keep=False)
    return RatingCard(
        name="alpaca_eval_2", label="AlpacaEval 2 (GPT-4 Turbo)", order=10, tabs=("alpaca_eval",),
        title="AlpacaEval 2: weighted verdicts of GPT-4 Turbo against GPT-4 Turbo (published)",
        about="Baseline and judge are gpt-4-1106-preview; the verdict is weighted by the judge's token probabilities.",
        source=SOURCE.format(file=SECOND), license=LICENSE, as_of=None, by=("filter",),
        figures=(LENGTH_CONTROLLED, WIN_RATE, LENGTH),
        findings=(
            Finding(what=NO_ERRORS, rows=len(frame), treatment="None is shown."),
            Finding(
                what="A name twice, from two runs with different filters.", rows=int(again.sum()),
                treatment="Both are kept; the filter tells them apart.", examples=tuple(frame["model"][again].unique()),
            ),
            Finding(
                what="A null model that answers without reading, to show that the judge can be cheated.",
                rows=int(frame["control"].sum()), treatment="Kept and marked as a control.",
            ),
        ),
    )  # fmt: skip


def _claude_card(frame: pd.DataFrame) -> RatingCard:
    return RatingCard(
        name="alpaca_eval_claude", label="AlpacaEval 1 (Claude)", order=30, tabs=("alpaca_eval",),
        title="AlpacaEval 1: verdicts of Claude against text-davinci-003 (published)",
        about="The judge is Claude, the baseline text-davinci-003.",
        source=SOURCE.format(file=CLAUDE), license=LICENSE, as_of=None, by=("filter",), figures=(WIN_RATE, LENGTH),
        findings=(Finding(what=NO_ERRORS, rows=len(frame), treatment="None is shown."),),
    )  # fmt: skip


def _talk_card(frame: pd.DataFrame) -> RatingCard:
    return RatingCard(
        name="alpaca_eval_talk", label="AlpacaEval 1 (GPT-4, H4 talk)", order=20, tabs=("alpaca_eval",),
        title="AlpacaEval 1: verdicts of GPT-4 against text-davinci-003, as shown in the H4 talk of 2023",
        about="The judge is GPT-4, the baseline text-davinci-003; the 15 best models of that day.",
        source="Nazneen Rajani, 'Taming the Wild West of LLMs' (Hugging Face H4, 2023), from tatsu-lab/alpaca_eval.",
        license=FACTS, as_of=None, figures=(WIN_RATE, LENGTH),
        findings=(Finding(what=NO_ERRORS, rows=len(frame), treatment="None is shown."),),
    )  # fmt: skip
