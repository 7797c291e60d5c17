"""Which jobs are measured, and what 1,000 rounds of a slow peer would take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from benchmarks.ratings.battles import S1, S2, S3, Size, battle_file, first_battles
from benchmarks.ratings.process import Measured, NotMeasured, empty_cache, measure

ROUNDS = 1000
OURS = ("numba", "numpy")
PEERS = ("evalica", "choix", "arena_rank", "fastchat")
SIZES = (S1, S2, S3)
POINTS = [(peer, size) for peer in PEERS for size in SIZES if (peer, size) != ("fastchat", S3)]
"""FastChat's wheel builds a dense matrix of two rows a battle: 24 GB at S3."""
PEER_ROUNDS: dict[tuple[str, str, Size], tuple[int, int]] = {
    ("evalica", "bootstrap", S1): (5, 25), ("evalica", "bootstrap", S2): (2, 5),
    ("arena_rank", "bootstrap", S1): (2, 8), ("arena_rank", "bootstrap", S2): (2, 8),
    ("fastchat", "bootstrap", S1): (2, 12), ("fastchat", "bootstrap", S2): (1, 4),
    ("evalica", "elo_bootstrap", S1): (5, 25), ("evalica", "elo_bootstrap", S2): (2, 5),
    ("fastchat", "elo_bootstrap", S1): (2, 12), ("fastchat", "elo_bootstrap", S2): (1, 3),
}  # fmt: skip
"""Two numbers of rounds of a peer's bootstrap; the difference is the time of a round."""
SPARSE = 250_000
"""First battles of S3 in which its rare models have about five battles each."""
GROWTH = (100_000, 250_000, 500_000, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000)


@dataclass(frozen=True)
class Rounds:
    """A peer's bootstrap of `ROUNDS` rounds, extrapolated from two short ones."""

    contender: str
    job: str
    size: str
    few: Measured
    more: Measured

    @property
    def cpu(self) -> float:
        """Processor seconds of all rounds, were they measured: the short run and the other rounds at its pace."""
        pace = (self.more.cpu - self.few.cpu) / (self.more.rounds - self.few.rounds)
        return self.more.cpu + (ROUNDS - self.more.rounds) * pace


@dataclass
class Findings:
    """Everything measured, by contender, job and size."""

    jobs: dict[tuple[str, str, str], Measured] = field(default_factory=dict)
    rounds: dict[tuple[str, str, str], Rounds] = field(default_factory=dict)
    cold: Measured | None = None
    sparse: Measured | None = None
    growth: dict[int, dict[str, Measured]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def attempt(self, run: Callable[[], None]) -> None:
        """A peer that fails is left out and named."""
        try:
            run()
        except NotMeasured as error:
            self.failures.append(str(error))

    def job(self, contender: str, job: str, size: Size, rounds: int = 0, repeats: int = 3) -> None:
        found = measure(contender, job, size.name, battle_file(size), rounds=rounds, repeats=repeats)
        self.jobs[contender, job, size.name] = found


def run(peers: Sequence[str], sizes: Sequence[Size]) -> Findings:
    """Measure the chosen peers and sizes; ours always."""
    found = Findings()
    for size in sizes:
        ours(found, size)
        for peer in peers:
            if (peer, size) in POINTS:
                found.attempt(partial(found.job, peer, "point", size))
    if S1 in sizes and "evalica" in peers:
        found.attempt(partial(found.job, "evalica", "precise_point", S1))
    if S2 in sizes and "arena_rank" in peers:
        found.attempt(partial(found.job, "arena_rank", "sandwich", S2))
    for (peer, job, size), (few, more) in PEER_ROUNDS.items():
        if peer in peers and size in sizes:
            found.attempt(partial(peer_rounds, found, peer, job, size, few, more))
    if S3 in sizes:
        growth(found)
    return found


def ours(found: Findings, size: Size) -> None:
    """Our own jobs at a size, with numba and without."""
    found.job("numba", "read", size)
    for name in OURS:
        found.job(name, "point", size)
        found.job(name, "everything", size, ROUNDS)
        found.job(name, "bootstrap", size, ROUNDS)
    found.job("numba", "sandwich", size)
    found.job("numba", "clustered", size)
    found.job("numba", "elo_bootstrap", size, ROUNDS, repeats=3 if size == S1 else 1)
    if size == S1:
        found.job("numpy", "elo_bootstrap", size, ROUNDS)
    if size == S2:
        with empty_cache() as cache:
            found.cold = measure("numba", "everything", size.name, battle_file(size), rounds=ROUNDS, cache=cache)


def peer_rounds(found: Findings, peer: str, job: str, size: Size, few: int, more: int) -> None:
    file = battle_file(size)
    short, long = (measure(peer, job, size.name, file, rounds=n, repeats=1) for n in (few, more))
    found.rounds[peer, job, size.name] = Rounds(peer, job, size.name, short, long)


def growth(found: Findings) -> None:
    """Our times for arenas of as many models as S3, and for one in which the rare models have a handful of battles."""
    for n_battles in GROWTH:
        file = battle_file(Size(f"{n_battles}", n_battles, S3.n_models))
        name = f"{n_battles:,} x {S3.n_models}"
        found.growth[n_battles] = {
            "read": measure("numba", "read", name, file),
            "point": measure("numba", "point", name, file),
            "everything": measure("numba", "everything", name, file, rounds=ROUNDS),
        }
    file = first_battles(S3, SPARSE)
    found.sparse = measure("numba", "everything", f"first {SPARSE:,} of S3", file, rounds=ROUNDS, repeats=1)
