"""Histories of the Chatbot Arena: dated tables of scores and of the leaderboard -> two rating tables.

Spellings that are slips of the same name are joined (`SPELLINGS`); '-' and 'Unknown' are missing.
"""

from pathlib import Path

import pandas as pd

from leaderboard.sources.rating_tables import FigureCard, RatingCard
from leaderboard.sources.tables import Finding
from scripts.snapshot.arena_ratings import ARENA_ELO, MMLU, MT_BENCH
from scripts.snapshot.made import Tables, day

SPELLINGS = {
    "Propretary": "Proprietary", "Apache-2.0": "Apache 2.0", "Aliaba": "Alibaba", "NVIDIA": "Nvidia",
    "Nexusflow": "NexusFlow", "AI2": "Ai2", "Nvidia Open Model": "NVIDIA Open Model",
}  # fmt: skip
MISSING = ("-", "Unknown", "")
SCORES = {"arena_score": "score", "95_pct_ci": "interval", "rank_stylectrl": "rank_style_control"}
LEADERBOARD = {
    "Model": "model", "MT-bench (win rate %)": "mt_bench_win_rate", "MT-bench (score)": "mt_bench",
    "Arena Elo rating": "arena_elo", "MMLU": "mmlu", "License": "license", "Organization": "organization",
    "Knowledge cutoff date": "knowledge_cutoff", "Link": "link",
}  # fmt: skip


def tables(folder: Path) -> Tables:
    """The tables `arena_scores` and `arena_leaderboard`."""
    raw = pd.read_parquet(folder / "arena_scores_history.parquet")
    yield _scores_card(raw), scores(raw)
    raw = pd.read_parquet(folder / "leaderboard_tables_all.parquet")
    yield _leaderboard_card(raw), leaderboard(raw)


def scores(raw: pd.DataFrame) -> pd.DataFrame:
    """Dated scores; of rows with the same date and model the first."""
    frame = raw.rename(columns=SCORES).drop_duplicates(["date", "model"])
    errors = frame["interval"].str.extract(r"^\+(?P<plus>\d+)/-(?P<minus>\d+)$").astype(float)
    frame["score_lower"] = frame["score"] - errors["minus"]
    frame["score_upper"] = frame["score"] + errors["plus"]
    return _tidy(frame.drop(columns=["interval", "commit"]))


def leaderboard(raw: pd.DataFrame) -> pd.DataFrame:
    """Dated leaderboard tables; of rows with the same date and model the first."""
    frame = raw.rename(columns=LEADERBOARD).drop(columns="key")
    frame["model"] = frame["model"].str.strip()
    frame = frame.drop_duplicates(["date", "model"])
    frame["date"] = frame["date"].str.replace(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3", regex=True)
    for name in ("mt_bench", "arena_elo", "mmlu"):
        frame[name] = _numbers(frame[name])
    frame["mt_bench_win_rate"] = (_numbers(frame["mt_bench_win_rate"].str.removesuffix("%")) / 100).round(12)
    return _tidy(frame)


def _numbers(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values.mask(values.isin(MISSING)), errors="raise").astype("float64")


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Oldest day first; missing marks, spellings and months of the texts made one."""
    for name in ("organization", "license", "knowledge_cutoff", "link"):
        if name in frame:
            frame[name] = frame[name].mask(frame[name].isin(MISSING)).replace(SPELLINGS)
    frame["knowledge_cutoff"] = frame["knowledge_cutoff"].str.replace(
        r"^(\d{4})/0?(\d{1,2})$", lambda found: f"{found[1]}-{int(found[2]):02d}", regex=True
    )
    return frame.sort_values("date", kind="stable", ignore_index=True)


def _spelt(raw: pd.DataFrame, names: list[str]) -> Finding:
    odd = raw[names].isin(list(SPELLINGS))
    found = pd.unique(raw[names].where(odd).to_numpy().ravel())
    return Finding(
        what="Names of licences and organisations spelt in several ways.", rows=int(odd.any(axis=1).sum()),
        treatment="One spelling each.", examples=tuple(sorted(str(name) for name in found if isinstance(name, str))),
    )  # fmt: skip


def _scores_card(raw: pd.DataFrame) -> RatingCard:
    again = raw.duplicated(["date", "model"])
    anchor = raw["95_pct_ci"].eq("+0/-0")
    return RatingCard(
        name="arena_scores", label="Arena scores, 2024-06 to 2025-08 (published)", order=10, tabs=("arena",),
        title="Chatbot Arena, scores published on 89 days from 2024-06-19 to 2025-08-06",
        about="Bradley-Terry scores of the Arena with 95 % bounds, votes, organisation, licence and knowledge cutoff.",
        source="github.com/fboulnois/llm-leaderboard-csv @ 44db9588e2b0d12fff17d6e607066746f0fa84d5 and its history; "
        "figures published by LMArena.",
        license="MPL-2.0 (github.com/fboulnois/llm-leaderboard-csv)", as_of=day(raw["date"].max()), by=("date",),
        figures=(
            FigureCard(name="score", label="Score", unit="rating", bounds=True, confidence_level=0.95),
            FigureCard(name="rank_style_control", label="Rank with style control", unit="rank", best="low"),
        ),
        findings=(
            _spelt(raw, ["license", "organization"]),
            Finding(
                what="Knowledge cutoff 'Unknown'.", rows=int(raw["knowledge_cutoff"].eq("Unknown").sum()),
                treatment="Missing. Months are YYYY-MM; 'Online' is kept.",
            ),
            Finding(
                what="A model twice on one day, with another rank.", rows=int(again.sum()),
                treatment="The first is kept.", examples=tuple(raw["model"][again].unique()[:3]),
            ),
            Finding(
                what="An interval of no width: the model is the anchor of the scale.", rows=int(anchor.sum()),
                treatment="Kept.", examples=tuple(raw["model"][anchor].unique()[:3]),
            ),
            Finding(
                what="Days on which no rank with style control was published.",
                rows=int(raw["rank_stylectrl"].isna().sum()), treatment="Blank.",
            ),
        ),
    )  # fmt: skip


def _leaderboard_card(raw: pd.DataFrame) -> RatingCard:
    again = raw.assign(Model=raw["Model"].str.strip()).duplicated(["date", "Model"])
    dashes = raw["MT-bench (score)"].eq("-") | raw["MMLU"].eq("-")
    return RatingCard(
        name="arena_leaderboard", label="Leaderboard tables, 2023-06 to 2025-05 (published)", order=20, tabs=("arena",),
        title="Chatbot Arena leaderboard, 111 dated tables from 2023-06-19 to 2025-05-11",
        about="MT-Bench, MMLU, licence, organisation and knowledge cutoff; the Arena's Elo until 2023-12-20, the "
        "win rate on MT-Bench on the first day only.",
        source="github.com/utterstep/chatbot-arena-leaderbord-vis @ 3e3c08187d2a730f5cac9e11889fab3840696afc (copy of "
        "the Space lmsys/chatbot-arena-leaderboard).",
        license="Apache-2.0", as_of=day("2025-05-11"), by=("date",),
        figures=(
            ARENA_ELO, MT_BENCH, MMLU,
            FigureCard(name="mt_bench_win_rate", label="MT-Bench win rate", unit="fraction", decimals=2),
        ),
        findings=(
            Finding(
                what="Missing figures written as '-'.", rows=int(dashes.sum()),
                treatment="Blank. Rows without any figure are kept for licence and organisation.",
            ),
            Finding(
                what="A model twice on one day, under two keys, with the same figures.", rows=int(again.sum()),
                treatment="One is kept.", examples=tuple(raw["Model"][again].unique()[:3]),
            ),
            _spelt(raw, ["License", "Organization"]),
            Finding(
                what="Image generators among the models, without any figure.",
                rows=int(raw["Organization"].isin(["Black Forest Labs", "Ideogram", "Luma AI", "Recraft"]).sum()),
                treatment="Kept; their figures are blank.",
            ),
        ),
    )  # fmt: skip
