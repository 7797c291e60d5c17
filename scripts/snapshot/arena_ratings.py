"""Ratings of the Chatbot Arena that LMSYS published for single days of 2023 -> rating tables."""

import json
from pathlib import Path

import pandas as pd

from leaderboard.sources.rating_tables import FigureCard, RatingCard
from leaderboard.sources.tables import Finding
from scripts.snapshot.made import FACTS, Tables, day

WEEKS = {"week1_20230501": "2023-05-01", "week2_20230508": "2023-05-08", "week4_20230522": "2023-05-22"}
MAY_22 = {
    "boot_median_k32": "elo", "boot_median_mle_noties": "mle_median", "online_elo_published": "online_elo",
    "mle_noties_published": "mle",
}  # fmt: skip
TALK = Path("h4_talk_2023") / "figures.json"


def tables(folder: Path, data: Path) -> Tables:
    """The tables `arena_ratings_20230522`, `arena_weekly_2023` and `arena_combined`."""
    yield _MAY_22_CARD, may_22(pd.read_csv(folder / "published_ratings_20230522_17models.csv"))
    weeks = json.loads((folder / "lmsys_blog_elo_2023.json").read_text(encoding="utf-8"))
    yield _WEEKLY_CARD, weekly(weeks)
    board = json.loads((data / TALK).read_text(encoding="utf-8"))["combined_board"]
    yield _COMBINED_CARD, combined(board["rows"])


def may_22(published: pd.DataFrame) -> pd.DataFrame:
    """The published medians with bounds instead of error bars."""
    frame = published.rename(columns=MAY_22)
    frame["elo_lower"] = frame["elo"] - frame["err_minus"]
    frame["elo_upper"] = frame["elo"] + frame["err_plus"]
    return frame.drop(columns=["err_minus", "err_plus"])


def weekly(weeks: dict[str, dict[str, int]]) -> pd.DataFrame:
    """One row a model and day."""
    rows = [
        {"date": date, "model": model, "elo": elo} for key, date in WEEKS.items() for model, elo in weeks[key].items()
    ]
    return pd.DataFrame(rows)


def combined(rows: list[list[object]]) -> pd.DataFrame:
    """Arena Elo, MT-Bench, MMLU and licence of the talk's board; MMLU as a fraction."""
    frame = pd.DataFrame(rows, columns=["model", "arena_elo", "mt_bench", "mmlu", "license"])
    frame["mmlu"] = (frame["mmlu"].astype(float) / 100).round(12)
    return frame


def elo(name: str, label: str, *, decimals: int = 0, info: str = "") -> FigureCard:
    """A rating without bounds."""
    return FigureCard(name=name, label=label, unit="rating", decimals=decimals, info=info)


MT_BENCH = FigureCard(
    name="mt_bench", label="MT-Bench", unit="score", decimals=2, info="Mean of GPT-4's scores from 1 to 10."
)
MMLU = FigureCard(name="mmlu", label="MMLU", unit="fraction", decimals=1, info="5-shot accuracy, as reported.")
ARENA_ELO = elo("arena_elo", "Arena Elo", info="Rating of the Arena on that day.")

_MAY_22_CARD = RatingCard(
    name="arena_ratings_20230522", label="LMSYS, 2023-05-22 (published)", order=40, tabs=("arena",),
    title="Chatbot Arena, ratings published for the votes until 2023-05-22",
    about="Online Elo, medians of its bootstrap with 95 % bounds, and maximum-likelihood ratings without ties; "
    "of the same votes as the counts of that day.",
    source="github.com/yileitu/Thesis_Tyl, saved notebook of LMSYS, blob 1868a198d5362ac597bbf3fac214e5d0f812b770.",
    license="MIT", as_of=day("2023-05-22"),
    figures=(
        FigureCard(name="elo", label="Elo, bootstrap median", unit="rating", bounds=True, confidence_level=0.95,
                   info="Medians over random orders of the votes."),
        elo("online_elo", "Elo, in order of the votes"),
        elo("mle_median", "Maximum likelihood, bootstrap median", info="Without ties."),
        elo("mle", "Maximum likelihood", info="Without ties."),
    ),
    findings=(
        Finding(
            what="The source calls the bootstrap median K = 32; its widths are those of K = 4.", rows=17,
            treatment="Shown without K. Computing it again from the counts meets it within 3 points with K = 4.",
        ),
    ),
)  # fmt: skip

_WEEKLY_CARD = RatingCard(
    name="arena_weekly_2023", label="LMSYS blog, May 2023 (published)", order=50, tabs=("arena",),
    title="Chatbot Arena, Elo of the LMSYS blog in May 2023",
    about="Online Elo in the order of the votes, as the blog gave it after one, two and four weeks.",
    source="lmsys.org/blog: 2023-05-03, 2023-05-10, 2023-05-25.", license=FACTS, as_of=day("2023-05-22"),
    figures=(elo("elo", "Elo"),), by=("date",),
    findings=(Finding(what="The blog gave no bounds and no third week.", rows=39, treatment="None is shown."),),
)  # fmt: skip

_COMBINED_CARD = RatingCard(
    name="arena_combined", label="Combined board, 2023-08-02 (H4 talk)", order=60, tabs=("arena",),
    title="Arena Elo, MT-Bench, MMLU and licence on one board, as shown in the H4 talk of 2023",
    about="The ten best chat models of that day on three measures.",
    source="Nazneen Rajani, 'Taming the Wild West of LLMs' (Hugging Face H4, 2023), from lmsys.org.", license=FACTS,
    as_of=day("2023-08-02"), figures=(ARENA_ELO, MT_BENCH, MMLU),
    findings=(
        Finding(
            what="The talk names no day.", rows=10,
            treatment="All ten Arena ratings are those of the leaderboard of 2023-08-02, and of no other day.",
        ),
    ),
)  # fmt: skip
