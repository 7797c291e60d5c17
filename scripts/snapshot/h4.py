"""Figures that Hugging Face H4 published in 2023 -> rating tables.

Sources: "Can foundation models label data like humans?" (2023-06-12, h4_blog) and the talk "Taming the Wild West of
LLMs" (h4_talk_2023), which shows the board of the Space with other votes than the blog's.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from leaderboard.sources.rating_tables import FigureCard, RatingCard
from leaderboard.sources.tables import Finding, Tab
from scripts.snapshot.made import FACTS, Tables, day

FOLDER = "h4_blog"
TALK = Path("h4_talk_2023") / "figures.json"
BLOG_SOURCE = "Hugging Face H4, 'Can foundation models label data like humans?', huggingface.co/blog/llm-leaderboard."
TALK_SOURCE = "Nazneen Rajani, 'Taming the Wild West of LLMs' (Hugging Face H4, 2023)."
SETTINGS = {"no_ties": "no tie", "with_ties": "tie allowed"}
DEMONSTRATIONS = {
    "gpt4_with_human_demos_no_ties": "ranking, no tie",
    "gpt4_scores_instead_of_ranking": "scores instead of ranking, no tie",
    "gpt4_debias_prompt_no_ties": "de-biased prompt, no tie",
    "gpt4_debias_prompt_with_ties": "de-biased prompt, tie allowed",
}
BOARD = {
    "gpt4_all": "GPT-4 (all)", "human_all": "Human (all)", "human_instruct": "Human (instruct)",
    "human_code_instruct": "Human (code-instruct)",
}  # fmt: skip
METHOD = "Online Elo (K = 32, scale 400, start 1000), median of 1,000 bootstrap rounds, on {what}."


def tables(data: Path) -> Tables:
    """The tables `h4_board`, `h4_human`, `h4_gpt4`, `h4_gpt4_demonstrations` and `h4_correlation`."""
    blog = json.loads((data / FOLDER / "human_gpt4_elo_tables.json").read_text(encoding="utf-8"))
    talk = json.loads((data / TALK).read_text(encoding="utf-8"))
    yield _board(talk["human_gpt4_elo"])
    for judge, label, level in (("human", "people", 0.9), ("gpt4", "GPT-4", 0.95)):
        settings = {f"{judge}_{key}": setting for key, setting in SETTINGS.items()}
        yield _judged(judge, label, level), elo_frame(blog["tables"], settings)
    yield _demonstrations(), elo_frame(blog["tables"], DEMONSTRATIONS)
    yield _correlation(blog["correlation_gpt4_human_by_category"])


def elo_frame(published: Mapping[str, list[list[Any]]], settings: Mapping[str, str]) -> pd.DataFrame:
    """Rows [model, median] or [model, median, lower, upper] of several tables, told apart by `setting`."""
    names = ["model", "elo", "elo_lower", "elo_upper"]
    rows = [
        {"setting": setting, **dict(zip(names, row, strict=False))}
        for key, setting in settings.items()
        for row in published[key]
    ]
    return pd.DataFrame(rows, columns=["setting", *names])


def _board(published: Mapping[str, Any]) -> tuple[RatingCard, pd.DataFrame]:
    parts = [
        pd.DataFrame(published[key], columns=published["columns"]).assign(setting=setting)
        for key, setting in (("no_tie", "no tie"), ("tie_allowed", "tie allowed"))
    ]
    card = _card(
        name="h4_board", label="H4 board (2023, published)", order=10, title="Human & GPT-4 board of H4 (2023)",
        about="Elo of four models from votes of people and of GPT-4, as the board of 2023 showed it: without ties "
        "and with ties allowed; on all prompts, on instructions, on instructions with code.",
        source=TALK_SOURCE, as_of=None, by=("setting",),
        figures=tuple(_elo(name, label, info="Elo of one pass over the votes.") for name, label in BOARD.items()),
        findings=(
            Finding(
                what="The board was published without intervals, and differs from the blog's table.",
                rows=sum(len(part) for part in parts), treatment="Bounds are absent; both are kept apart.",
            ),
        ),
    )  # fmt: skip
    return card, pd.concat(parts, ignore_index=True)


def _judged(judge: str, label: str, level: float) -> RatingCard:
    low, high = (1 - level) / 2, (1 + level) / 2
    return _card(
        name=f"h4_{judge}", label=f"H4 blog: {label} (published)", order=20 if judge == "human" else 30,
        title=f"H4 blog, Elo from the preferences of {label} (2023-06-12)",
        about=METHOD.format(what="1,962 comparisons of four models on 327 prompts")
        + f" Bounds are the quantiles {low:.1%} and {high:.1%} of the rounds.",
        source=BLOG_SOURCE, as_of=day("2023-06-12"), by=("setting",), tabs=("human_gpt4", "judge_audit"),
        figures=(_elo("elo", "Elo", bounds=True, level=level),),
    )  # fmt: skip


def _demonstrations() -> RatingCard:
    return _card(
        name="h4_gpt4_demonstrations", label="H4 blog: GPT-4 with human answers (published)", order=40,
        title="H4 blog, GPT-4 judges models and people's own answers, by prompt (2023-06-12)",
        about=METHOD.format(what="the models and, as one more contestant, answers written by people ('human')")
        + " Settings are the prompts tried: ranking on the scale from 1 to 8, two scores, and a prompt that warns of "
        "the bias for position.",
        source=BLOG_SOURCE, as_of=day("2023-06-12"), by=("setting",), tabs=("judge_audit",),
        figures=(_elo("elo", "Elo", bounds=True, level=0.95),),
        findings=(
            Finding(
                what="The variants of the prompt were published without bounds.", rows=15, treatment="Bounds are blank."
            ),
        ),
    )  # fmt: skip


def _correlation(published: Mapping[str, float]) -> tuple[RatingCard, pd.DataFrame]:
    card = _card(
        name="h4_correlation", label="H4 blog: GPT-4 and people by category (published)", order=50,
        title="H4 blog, correlation of GPT-4's labels with people's by category (2023-06-12)",
        about="How far GPT-4's labels go along with people's on the same pairs, a category of prompts a row.",
        source=BLOG_SOURCE, as_of=day("2023-06-12"), tabs=("judge_audit",), key="category", key_label="Category",
        figures=(FigureCard(name="correlation", label="Correlation", unit="correlation", decimals=2),),
    )  # fmt: skip
    return card, pd.DataFrame({"category": list(published), "correlation": list(published.values())})


def _elo(name: str, label: str, *, bounds: bool = False, level: float | None = None, info: str = "") -> FigureCard:
    return FigureCard(name=name, label=label, unit="rating", bounds=bounds, confidence_level=level, info=info)


def _card(*, tabs: tuple[Tab, ...] = ("human_gpt4",), **values: Any) -> RatingCard:
    return RatingCard(license=FACTS, tabs=tabs, **values)
