"""choix: Bradley-Terry from a matrix of wins. It reads no battles, so pandas counts them first, as its users do."""

import sys
from typing import Any

import choix
import numpy as np
import pandas as pd

from benchmarks.ratings.contenders.stopwatch import Job, main, read_frame


def point(frame: Any, _rounds: int) -> dict[str, float]:
    codes, models = pd.factorize(pd.concat([frame["model_a"], frame["model_b"]], ignore_index=True))
    a, b = codes[: len(frame)], codes[len(frame) :]
    score = frame["winner"].map({"model_a": 1.0, "model_b": 0.0, "tie": 0.5, "both_bad": 0.5}).to_numpy()
    wins = np.zeros((len(models), len(models)))
    np.add.at(wins, (a, b), score)
    np.add.at(wins, (b, a), 1 - score)
    strength = choix.ilsr_pairwise_dense(wins, max_iter=10_000)
    return dict(zip(models, strength, strict=True))


JOBS = {"point": Job(read_frame, point)}

if __name__ == "__main__":
    sys.exit(main(JOBS, ["choix", "numpy", "pandas"]))
