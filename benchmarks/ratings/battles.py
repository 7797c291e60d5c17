"""Seeded battles of a realistic arena, written to parquet once and kept in a folder for the next run.

Leaves: model_a, model_b, winner (model_a, model_b, tie, both_bad), prompt and user (numbers). Popularity of models is
skewed, the last models are rare, about 30 % of battles are ties, prompts and users return. A prompt shifts the strength
of every model, so battles of one prompt depend on each other.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.special import expit, ndtri

VERSION = 1
"""Part of every file's name; to be raised whenever the generator gives other battles."""

FOLDER = Path(tempfile.gettempdir()) / "leaderboard-benchmark-battles"
OUTCOMES = ("model_a", "model_b", "tie", "both_bad")
RARE_SHARE = 0.06
"""Share of the models that have about `RARE_BATTLES` battles each, however many battles there are."""
RARE_BATTLES = 100
BATTLES_A_PROMPT = 8
BATTLES_A_USER = 15
SPREAD = 0.9
"""Standard deviation of the strengths of models, in natural-log odds (156 Elo points)."""
PROMPT_SPREAD = 0.6
"""Standard deviation of what a prompt adds to one model's strength."""
TIE_THRESHOLD = 0.93
"""Difference of strengths, in log odds, within which a battle can tie: gives about 30 % ties."""
BOTH_BAD_SHARE = 0.4
"""Share of the ties in which both answers are bad."""


@dataclass(frozen=True)
class Size:
    """How many battles between how many models."""

    name: str
    n_battles: int
    n_models: int
    seed: int = 20261123

    @property
    def path(self) -> Path:
        return FOLDER / f"v{VERSION}-{self.n_battles}x{self.n_models}-{self.seed}.parquet"


S1 = Size("S1", 50_000, 20)
S2 = Size("S2", 1_700_000, 130)
S3 = Size("S3", 5_000_000, 300)


def battle_file(size: Size) -> Path:
    """The parquet file of a size; written when it is not there yet."""
    if not size.path.exists():
        size.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = size.path.with_suffix(".unfinished")
        pq.write_table(make_battles(size), unfinished)
        unfinished.rename(size.path)
    return size.path


def first_battles(size: Size, n_battles: int) -> Path:
    """The first battles of a size in a file of their own."""
    path = size.path.with_name(f"{size.path.stem}-first{n_battles}.parquet")
    if not path.exists():
        pq.write_table(pq.read_table(battle_file(size)).slice(0, n_battles), path)
    return path


def make_battles(size: Size) -> pa.Table:
    """The battles of a size; the same seed gives the same ones."""
    generator = np.random.default_rng(size.seed)
    chance = popularity(size.n_models, size.n_battles)
    first, second = draw_pairs(generator, chance, size.n_battles)
    prompt = skewed(generator, size.n_battles, BATTLES_A_PROMPT)
    user = skewed(generator, size.n_battles, BATTLES_A_USER)
    strength = generator.normal(0.0, SPREAD, size.n_models)
    ahead = strength[first] - strength[second]
    ahead += PROMPT_SPREAD * (_normal(prompt, first) - _normal(prompt, second))
    names = pa.array([f"lab-{number % 17}/model-{number:03d}" for number in range(size.n_models)])
    winner = draw_outcomes(generator, ahead)
    columns = {
        "model_a": pa.DictionaryArray.from_arrays(pa.array(first, pa.int32()), names).cast(pa.string()),
        "model_b": pa.DictionaryArray.from_arrays(pa.array(second, pa.int32()), names).cast(pa.string()),
        "winner": pa.DictionaryArray.from_arrays(pa.array(winner, pa.int32()), pa.array(OUTCOMES)).cast(pa.string()),
        "prompt": pa.array(prompt),
        "user": pa.array(user),
    }
    return pa.table(columns)


def popularity(n_models: int, n_battles: int) -> npt.NDArray[np.float64]:
    """Chance of each model to be picked: falls like a power of its place; the last models are rare."""
    chance = (np.arange(n_models) + 3.0) ** -0.8
    n_rare = round(RARE_SHARE * n_models)
    chance /= chance.sum()
    chance[n_models - n_rare :] = RARE_BATTLES / (2 * n_battles)
    return chance / chance.sum()


def draw_pairs(
    generator: np.random.Generator, chance: npt.NDArray[np.float64], n: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Two different models for each of n battles."""
    first = generator.choice(len(chance), n, p=chance)
    second = generator.choice(len(chance), n, p=chance)
    while len(same := np.flatnonzero(first == second)):
        second[same] = generator.choice(len(chance), len(same), p=chance)
    return first, second


def skewed(generator: np.random.Generator, n: int, mean: int) -> npt.NDArray[np.int64]:
    """Numbers of groups for n battles: `mean` battles a group, a few groups far larger."""
    n_groups = max(1, n // mean)
    return np.floor(n_groups * generator.random(n) ** 1.5).astype(np.int64)


def draw_outcomes(generator: np.random.Generator, ahead: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Places in `OUTCOMES`: a wins when a logistic draw puts it clearly ahead, b likewise, else a tie."""
    draw = generator.random(len(ahead))
    won, lost = expit(ahead - TIE_THRESHOLD), expit(-ahead - TIE_THRESHOLD)
    bad = generator.random(len(ahead)) < BOTH_BAD_SHARE
    return np.where(draw < won, 0, np.where(draw < won + lost, 1, np.where(bad, 3, 2)))


def _normal(prompt: npt.NDArray[np.int64], model: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The standard normal number that belongs to a prompt and a model (SplitMix64 of both)."""
    word = (prompt * 1_000_003 + model + 1).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    word ^= word >> np.uint64(31)
    return ndtri((word.astype(np.float64) + 0.5) * 2.0**-64).clip(-6, 6)
