"""Scores of scripted reward models on made-up pairs, for tests of the tab."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from leaderboard.sources.reward_tables import PairSet, RewardCard, pair_id

SETS = {"alpha": 60, "beta": 40}
MODELS = {"org/good": 1.5, "org/weak": 0.3}
"""Name -> how strongly its score follows the truth."""


def card(name: str = "scripted", harmful: bool = False) -> RewardCard:
    return RewardCard(
        name=name, label="Scored here", order=20, title="Scripted scores", about="For tests.", source="A test.",
        license="ours", as_of=datetime(2026, 11, 23, tzinfo=UTC),
        sets=tuple(PairSet(name=key, label=key.capitalize(), harmful=harmful) for key in SETS),
    )  # fmt: skip


def texts(name: str) -> pd.DataFrame:
    """Pairs of a set: prompt, chosen, rejected; two pairs share a prompt."""
    rows = []
    for at in range(SETS[name]):
        prompt, chosen, rejected = (
            f"{name} question {at // 2}",
            f"right {at} " + "x" * (at % 7),
            "wrong " + "y" * (at % 5),
        )
        rows.append({"pair": pair_id(prompt, chosen, rejected), "prompt": prompt, "chosen": chosen,
                     "rejected": rejected})  # fmt: skip
    return pd.DataFrame(rows)


def scores(seed: int = 0) -> pd.DataFrame:
    """Rows of a reward table; the weak model ties on every tenth pair, the good one once has no score."""
    random, parts = np.random.default_rng(seed), []
    for model, skill in MODELS.items():
        for name in SETS:
            pairs = texts(name)
            part = pd.DataFrame({
                "model": model, "revision": "0123456789abcdef", "dtype": "float32", "set": name, "pair": pairs["pair"],
                "prompt": pairs["prompt"], "score_chosen": random.normal(skill, 1, len(pairs)),
                "score_rejected": random.normal(0, 1, len(pairs)), "length_chosen": pairs["chosen"].str.len(),
                "length_rejected": pairs["rejected"].str.len(),
            })  # fmt: skip
            if model == "org/weak":
                part.loc[::10, "score_chosen"] = part.loc[::10, "score_rejected"]
            parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame.loc[3, "score_chosen"] = np.nan
    return frame
