"""evalica: Bradley-Terry and Elo from frames, its own bootstrap (percentile; BCa refits once a battle)."""

import sys
from typing import Any

import evalica

from benchmarks.ratings.contenders.stopwatch import Job, main, read_frame

WINNERS = {
    "model_a": evalica.Winner.X,
    "model_b": evalica.Winner.Y,
    "tie": evalica.Winner.Draw,
    "both_bad": evalica.Winner.Draw,
}
PRECISE = {"tolerance": 1e-12, "limit": 100_000}


def point(frame: Any, _rounds: int) -> Any:
    return evalica.bradley_terry(frame["model_a"], frame["model_b"], frame["winner"].map(WINNERS).tolist()).scores


def precise_point(frame: Any, _rounds: int) -> Any:
    winners = frame["winner"].map(WINNERS).tolist()
    return evalica.bradley_terry(frame["model_a"], frame["model_b"], winners, **PRECISE).scores


def elo_point(frame: Any, _rounds: int) -> Any:
    winners = frame["winner"].map(WINNERS).tolist()
    return evalica.elo(frame["model_a"], frame["model_b"], winners, k=32.0).scores


def _bootstrap(method: Any, frame: Any, rounds: int, **settings: float) -> Any:
    found = evalica.bootstrap(
        method, frame["model_a"], frame["model_b"], frame["winner"].map(WINNERS).tolist(), n_resamples=rounds,
        bootstrap_method="percentile", random_state=0, **settings,
    )  # fmt: skip
    return found.result.scores


JOBS = {
    "point": Job(read_frame, point),
    "precise_point": Job(read_frame, precise_point),
    "bootstrap": Job(read_frame, lambda frame, rounds: _bootstrap(evalica.bradley_terry, frame, rounds)),
    "elo_point": Job(read_frame, elo_point),
    "elo_bootstrap": Job(read_frame, lambda frame, rounds: _bootstrap(evalica.elo, frame, rounds, k=32.0)),
}

if __name__ == "__main__":
    sys.exit(main(JOBS, ["evalica", "numpy", "pandas"]))
