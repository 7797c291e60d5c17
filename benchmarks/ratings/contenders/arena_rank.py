"""arena-rank: Bradley-Terry in JAX. Its bootstrap forks processes under JAX, which hangs; here it spawns them."""

import multiprocessing
import sys
from typing import Any

from arena_rank.models.bradley_terry import BradleyTerry
from arena_rank.utils.data_utils import PairDataset

from benchmarks.ratings.contenders.stopwatch import Job, main, read_frame


def point(frame: Any, _rounds: int) -> dict[str, float]:
    pairs = PairDataset.from_pandas(frame)
    model = BradleyTerry(n_competitors=pairs.n_competitors)
    model.fit(pairs)
    return dict(zip(pairs.competitors, model.params["ratings"].tolist(), strict=True))


def _interval(frame: Any, rounds: int) -> dict[str, float]:
    pairs = PairDataset.from_pandas(frame)
    model = BradleyTerry(n_competitors=pairs.n_competitors)
    method: dict[str, Any] = {"ci_method": "bootstrap", "num_bootstrap": rounds, "n_jobs": 1} if rounds else {}
    found = model.compute_ratings_and_cis(pairs, **method)
    return dict(zip(found["competitors"], found["ratings"].tolist(), strict=True))


JOBS = {
    "point": Job(read_frame, point),
    "sandwich": Job(read_frame, _interval),
    "bootstrap": Job(read_frame, _interval),
}

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    sys.exit(main(JOBS, ["arena-rank", "jax", "numpy", "pandas"]))
