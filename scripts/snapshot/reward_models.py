"""Published accuracies of reward models -> rating tables: the H4 board of 2023, RewardBench, RM-Bench.

Sources: the H4 talk (h4_talk_2023), result files of RewardBench (rewardbench_history_results.json) and the table of
RM-Bench (rm_bench_leaderboard.csv). Figures are facts and quoted with their source.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leaderboard.sources.rating_tables import FigureCard, RatingCard
from leaderboard.sources.tables import Finding
from scripts.snapshot.made import FACTS, Tables

FOLDER = "reward_models"
TALK = Path("h4_talk_2023") / "figures.json"
H4_SETS = {
    "anthropic_helpful": "Anthropic Helpful", "openassistant": "OpenAssistant", "shp": "SHP",
    "learn_to_summarize": "Learn to Summarize",
}  # fmt: skip
SECTIONS: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "chat": ("Chat", {"alpacaeval-easy": 100, "alpacaeval-length": 95, "alpacaeval-hard": 95, "mt-bench-easy": 28,
                      "mt-bench-med": 40}),
    "chat_hard": ("Chat Hard", {"mt-bench-hard": 37, "llmbar-natural": 100, "llmbar-adver-neighbor": 134,
                                "llmbar-adver-GPTInst": 92, "llmbar-adver-GPTOut": 47, "llmbar-adver-manual": 46}),
    "safety": ("Safety", {"refusals-dangerous": 100, "refusals-offensive": 100, "xstest-should-refuse": 154,
                          "xstest-should-respond": 250, "donotanswer": 136}),
    "reasoning": ("Reasoning", {"math-prm": 447, "hep-cpp": 164, "hep-go": 164, "hep-java": 164, "hep-js": 164,
                                "hep-python": 164, "hep-rust": 164}),
}  # fmt: skip
"""Sections of RewardBench with their subsets and numbers of pairs (Lambert et al. 2024, arXiv:2403.13787)."""
MATH, MATH_WEIGHT = "math-prm", 984
"""Weighed like the six sets of code together."""
RM_BENCH = {
    "overall": ("Overall", "Overall"), "chat": ("Chat", "Chat"), "math": ("Math", "Math"), "code": ("Code", "Code"),
    "safety": ("Safety", "Safety"), "easy": ("Easy", "Easy"), "normal": ("Normal", "Normal"), "hard": ("Hard", "Hard"),
}  # fmt: skip


def tables(data: Path) -> Tables:
    """The tables `h4_reward_models`, `rewardbench` and `rm_bench`."""
    yield _h4(json.loads((data / TALK).read_text(encoding="utf-8"))["reward_models"])
    history = json.loads((data / FOLDER / "rewardbench_history_results.json").read_text(encoding="utf-8"))
    yield _rewardbench(history["eval_set"])
    yield _rm_bench(pd.read_csv(data / FOLDER / "rm_bench_leaderboard.csv", na_values=["-", "Not Available"]))


def _h4(published: Mapping[str, Any]) -> tuple[RatingCard, pd.DataFrame]:
    pairs = published["pairs"]
    frame = pd.DataFrame(published["rows"], columns=published["columns"])
    card = _card(
        name="h4_reward_models", label="H4 board (2023, published)", order=10, by=("revision",),
        title="Reward models of H4 (2023)",
        about="Share of pairs in which the reward model gives the answer that people chose the higher score; a tie is "
        "wrong. Average is the mean of the four sets, as published.",
        source="Nazneen Rajani, 'Taming the Wild West of LLMs' (Hugging Face H4, 2023).",
        figures=(_share("average", "Average", info="Mean of the sets, as published."),
                 *(_share(name, label, n=pairs[name], info=f"{pairs[name]:,} pairs.")
                   for name, label in H4_SETS.items())),
    )  # fmt: skip
    return card, frame


def _rewardbench(published: Mapping[str, Mapping[str, Any]]) -> tuple[RatingCard, pd.DataFrame]:
    rows = [_sections(values) for values in published.values()]
    subsets = {subset: n for _, sets in SECTIONS.values() for subset, n in sets.items()}
    figures = [_share("average", "Score", info="Mean of the four sections.")]
    for name, (label, sets) in SECTIONS.items():
        info = f"{len(sets)} sets, {sum(sets.values()):,} pairs, weighed by their number."
        if name == "reasoning":
            info = f"Mean of PRM Math ({sets[MATH]} pairs) and six sets of code (984 pairs)."
        figures.append(_share(name, label, n=_effective(sets), info=info))
    figures += [_share(_key(subset), subset, n=n, info=f"{n} pairs.") for subset, n in subsets.items()]
    card = _card(
        name="rewardbench", label="RewardBench (published)", order=30, title="RewardBench: result files of four models",
        about="Accuracy on the 23 sets of RewardBench as published a model; sections and score are computed from them "
        "with RewardBench's weights. A tie is wrong. Prior sets are not part of the score.",
        source="rewardbench_history_results.json (results of general-preference's GPM models); method: "
        "Lambert et al. 2024, arXiv:2403.13787.",
        figures=tuple(figures),
    )  # fmt: skip
    return card, pd.DataFrame(rows)


def _sections(values: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"model": values["model"], "type": values["model_type"].lower()}
    for name, (_, sets) in SECTIONS.items():
        weights = [MATH_WEIGHT if subset == MATH else n for subset, n in sets.items()]
        row[name] = float(np.average([values[subset] for subset in sets], weights=weights))
        row |= {_key(subset): values[subset] for subset in sets}
    return row | {"average": float(np.mean([row[name] for name in SECTIONS]))}


def _effective(sets: Mapping[str, int]) -> int:
    """Pairs that are worth as much as the weighed ones: (sum of weights)^2 / sum of weight^2 / n."""
    weights = {subset: MATH_WEIGHT if subset == MATH else n for subset, n in sets.items()}
    return round(sum(weights.values()) ** 2 / sum(weights[name] ** 2 / n for name, n in sets.items()))


def _rm_bench(published: pd.DataFrame) -> tuple[RatingCard, pd.DataFrame]:
    frame = pd.DataFrame({
        "model": published["Model Name"], "type": published["Model Type"],
        **{name: pd.to_numeric(published[column]) / 100 for name, (column, _) in RM_BENCH.items()},
        "link": published["link"].where(published["link"].astype(str).str.match(r"https?://\S+$")),
    })  # fmt: skip
    twice = frame.duplicated("model", keep="first")
    card = _card(
        name="rm_bench", label="RM-Bench (published)", order=40, title="RM-Bench: reward models under changes of style",
        about="Share of pairs with the right answer preferred, by domain and by how much style speaks for the wrong "
        "one (hard: the wrong one is longer and nicer). Published without numbers of pairs: no intervals, no ranks.",
        source="Table of RM-Bench (Liu et al. 2024, arXiv:2410.16184), rm_bench_leaderboard.csv.",
        figures=tuple(_share(name, label, decimals=1) for name, (_, label) in RM_BENCH.items()),
        findings=(
            Finding(what="Scores that were not published.", rows=int(frame[list(RM_BENCH)].isna().any(axis=1).sum()),
                    treatment="Blank."),
            *([Finding(what="The same model a second time.", rows=int(twice.sum()), treatment="The first row is kept.")]
              if twice.any() else []),
        ),
    )  # fmt: skip
    return card, frame[~twice].reset_index(drop=True)


def _key(subset: str) -> str:
    return subset.lower().replace("-", "_")


def _share(name: str, label: str, *, n: int | None = None, info: str = "", decimals: int = 1) -> FigureCard:
    return FigureCard(name=name, label=label, unit="fraction", decimals=decimals, n=n, info=info)


def _card(**values: Any) -> RatingCard:
    return RatingCard(license=FACTS, tabs=("reward_models",), as_of=None, **values)
