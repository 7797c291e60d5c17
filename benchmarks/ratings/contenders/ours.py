"""This project: `leaderboard.ratings`, in an environment with numba and in one without."""

import sys
from pathlib import Path
from typing import Any

from benchmarks.ratings.contenders.stopwatch import Job, main, read_frame
from leaderboard.ratings import bradley_terry, compiling, elo
from leaderboard.ratings.battles import Battles, battles_from_columns, count_pairs
from leaderboard.ratings.result import Ratings
from leaderboard.sources.battle_files import read_battle_file

COLUMNS = ["model_a", "model_b", "winner"]


def _by_model(ratings: Ratings) -> dict[str, float]:
    return dict(zip(ratings.models, ratings.rating.tolist(), strict=True))


def _battles(frame: Any) -> Battles:
    return battles_from_columns(frame["model_a"], frame["model_b"], frame["winner"])


def _file_battles(path: str, cluster: str | None = None) -> Battles:
    found = read_battle_file(Path(path), cluster=cluster)
    return battles_from_columns(*(found.columns[name] for name in COLUMNS), cluster=found.clusters)


def read(path: str, _rounds: int) -> dict[str, float]:
    """Reading alone: what no method can be faster than."""
    read_battle_file(Path(path))
    return {}


def point(frame: Any, _rounds: int) -> dict[str, float]:
    return _by_model(bradley_terry.fit(count_pairs(_battles(frame)), interval="none"))


def sandwich(frame: Any, _rounds: int) -> dict[str, float]:
    return _by_model(bradley_terry.fit(count_pairs(_battles(frame)), interval="sandwich"))


def everything(path: str, rounds: int) -> dict[str, float]:
    """From the file to the point estimate, its sandwich interval and the bootstrap rounds."""
    compiling.warm()
    counts = count_pairs(_file_battles(path))
    bradley_terry.fit(counts, interval="bootstrap", n_resamples=rounds)
    return _by_model(bradley_terry.fit(counts, interval="sandwich"))


def bootstrap(frame: Any, rounds: int) -> dict[str, float]:
    compiling.warm()
    return _by_model(bradley_terry.fit(count_pairs(_battles(frame)), interval="bootstrap", n_resamples=rounds))


def clustered(path: str, _rounds: int) -> dict[str, float]:
    """From the file to the point estimate with a sandwich clustered by prompt."""
    return _by_model(bradley_terry.fit(_file_battles(path, "prompt"), interval="sandwich"))


def elo_bootstrap(frame: Any, rounds: int) -> dict[str, float]:
    compiling.warm()
    return _by_model(elo.bootstrap(count_pairs(_battles(frame)), elo.H4, n_resamples=rounds))


JOBS = {
    "read": Job(str, read),
    "point": Job(read_frame, point),
    "sandwich": Job(read_frame, sandwich),
    "everything": Job(str, everything),
    "clustered": Job(str, clustered),
    "bootstrap": Job(read_frame, bootstrap),
    "elo_point": Job(read_frame, lambda frame, _: _by_model(elo.replay(_battles(frame), elo.H4))),
    "elo_bootstrap": Job(read_frame, elo_bootstrap),
}

if __name__ == "__main__":
    sys.exit(main(JOBS, ["numpy", "scipy", "pyarrow", "pandas"]))
