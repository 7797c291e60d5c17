"""The rows that every contender shows, and what each must show first after every action."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

N_ROWS = 5_000
N_TASKS = 15
TERM = "model-48"
TASK = "task 7"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Model in the first row: at first, and after each action alone."""

    first: str
    search: str
    filter: str
    ascending: str
    descending: str
    kept_type: str
    dropped_type: str


def make_rows(n: int = N_ROWS, seed: int = 20) -> pd.DataFrame:
    """`n` rows of 20 columns, best average first: names, three categories, size, an average and 14 tasks."""
    rng = np.random.default_rng(seed)
    tasks = {f"task {number}": rng.random(n).round(6) for number in range(1, N_TASKS)}
    frame = pd.DataFrame(
        {
            "model": [f"org-{number % 311}/model-{number}" for number in range(n)],
            "type": rng.choice(["chat", "merge"], n),
            "precision": rng.choice(["bfloat16", "float16", "4bit"], n),
            "licence": rng.choice(["mit", "apache-2.0", "llama2", "unknown"], n),
            "params": rng.choice([0.5, 1.5, 3, 7, 13, 34, 70], n),
            "average": pd.DataFrame(tasks).mean(axis=1).round(6),
            **tasks,
        }
    )
    return frame.sort_values("average", ascending=False, kind="stable", ignore_index=True)


def expectations(frame: pd.DataFrame) -> Expected:
    """What the first row must be; every action changes it, so that a table that did nothing is not taken for done."""
    dropped = frame.loc[0, "type"]
    kept = next(value for value in frame["type"] if value != dropped)
    names = frame["model"]
    found = Expected(
        first=names[0], search=names[names.str.contains(TERM, regex=False)].iloc[0],
        filter=names[frame["type"] == kept].iloc[0], ascending=names[frame[TASK].idxmin()],
        descending=names[frame[TASK].idxmax()], kept_type=kept, dropped_type=dropped,
    )  # fmt: skip
    if found.first in (found.search, found.filter, found.ascending, found.descending):
        raise ValueError(f"The seed leaves {found.first} first after an action; choose another.")
    return found


def write_rows(folder: Path) -> Path:
    """The rows as CSV, which every contender reads."""
    path = folder / "rows.csv"
    make_rows().to_csv(path, index=False)
    return path
