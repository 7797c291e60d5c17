"""How often 95 % intervals of rating differences hold the truth when battles share prompts.

    python -m scripts.simulate_coverage [--replications 4000] [--rounds 400] [--seed 20261123] [--output FILE]

Writes docs/rating_coverage.md. Every replication draws new prompts and battles, fits Bradley-Terry, and asks of each
kind of interval which of the differences between two models it holds. The truth is the fit to the expected counts,
integrated over prompts, so the simulation also covers that Bradley-Terry is not exactly the law of the battles.
"""

import argparse
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtri

from leaderboard.ratings.battles import Battles, PairCounts, count_pairs
from leaderboard.ratings.bradley_terry import fit
from leaderboard.settings import ROOT

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

KINDS = ("sandwich, independent", "sandwich, clustered", "bootstrap, clustered")
TARGET = "sandwich, clustered"
LEVEL = 0.95
LOW, HIGH = 94.0, 96.0
"""Percent between which the coverage of the clustered sandwich is to lie."""
N_NODES = 64
METHOD = """Each of {replications:,} replications draws new prompts and battles; a model's strength on a prompt is its
own plus a normal draw for that model and prompt. The table says how often 95 % intervals for the difference of two
ratings hold the true difference (the fit to infinitely many battles), averaged over all pairs of models, ± its Monte
Carlo standard error over replications, and the mean half-width in Elo points. *Independent* takes every battle as a
draw of its own, *clustered* keeps the battles of a prompt together. The bootstrap draws whole prompts, {rounds:,}
rounds a replication, percentile bounds.
"""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How battles arise. Strengths and thresholds are in natural-log odds."""

    name: str
    n_models: int
    n_prompts: int
    battles_a_prompt: int
    """0: every pair of models once on every prompt; else so many battles on average, pairs by popularity."""
    prompt_spread: float
    """Standard deviation of what a prompt adds to one model's strength."""
    spread: float = 0.8
    tie_threshold: float = 0.6

    @property
    def strength(self) -> Floats:
        """float64[m], evenly spread."""
        return np.asarray(self.spread * ndtri((np.arange(self.n_models) + 0.5) / self.n_models))

    @property
    def pairs(self) -> tuple[Ints, Ints]:
        """The two models of every pair, int64[p] each."""
        first, second = np.triu_indices(self.n_models, 1)
        return first.astype(np.int64), second.astype(np.int64)

    @property
    def pair_share(self) -> Floats:
        """float64[p]: share of each pair among the battles."""
        first, second = self.pairs
        popularity = np.ones(self.n_models) if self.battles_a_prompt == 0 else (np.arange(self.n_models) + 2.0) ** -0.8
        share = popularity[first] * popularity[second]
        return np.asarray(share / share.sum())


SETTINGS = (
    Setting(name="every pair on every prompt", n_models=6, n_prompts=300, battles_a_prompt=0, prompt_spread=0.8),
    Setting(name="arena, prompts return", n_models=10, n_prompts=500, battles_a_prompt=8, prompt_spread=0.8),
    Setting(name="prompts without effect", n_models=6, n_prompts=300, battles_a_prompt=0, prompt_spread=0.0),
)


@dataclass(frozen=True)
class Coverage:
    """Of one kind of interval: percent of differences held, its Monte Carlo standard error, mean half-width in Elo."""

    percent: float
    error: float
    half_width: float


def outcome_chances(setting: Setting, ahead: Floats) -> tuple[Floats, Floats]:
    """Chance that the first model wins, and that it loses."""
    return expit(ahead - setting.tie_threshold), expit(-ahead - setting.tie_threshold)


def true_differences(setting: Setting) -> Floats:
    """Differences of all pairs, float64[p] in Elo points, of the fit to infinitely many battles."""
    first, second = setting.pairs
    nodes, weights = np.polynomial.hermite_e.hermegauss(N_NODES)
    spread = math.sqrt(2) * setting.prompt_spread
    ahead = (setting.strength[first] - setting.strength[second])[:, None] + spread * nodes
    won, lost = (chance @ weights / weights.sum() for chance in outcome_chances(setting, ahead))
    share = setting.pair_share
    expected = PairCounts(
        models=names(setting), first=first.astype(np.int32), second=second.astype(np.int32), wins=won * share,
        ties=(1 - won - lost) * share, losses=lost * share,
    )  # fmt: skip
    rating = fit(expected, interval="none").rating
    return np.asarray(rating[first] - rating[second])


def draw(setting: Setting, random: np.random.Generator) -> Battles:
    """Battles of new prompts."""
    first, second = setting.pairs
    if setting.battles_a_prompt == 0:
        pair = np.tile(np.arange(len(first)), setting.n_prompts)
        prompt = np.repeat(np.arange(setting.n_prompts), len(first))
    else:
        n = setting.n_prompts * setting.battles_a_prompt
        pair = random.choice(len(first), n, p=setting.pair_share)
        prompt = np.floor(setting.n_prompts * random.random(n) ** 1.5).astype(np.int64)
    effect = setting.prompt_spread * random.standard_normal((setting.n_prompts, setting.n_models))
    a, b = first[pair], second[pair]
    ahead = setting.strength[a] - setting.strength[b] + effect[prompt, a] - effect[prompt, b]
    won, lost = outcome_chances(setting, ahead)
    chance = random.random(len(pair))
    outcome = np.where(chance < won, 1, np.where(chance < won + lost, -1, 0)).astype(np.int8)
    return Battles(
        models=names(setting),
        a=a.astype(np.int32),
        b=b.astype(np.int32),
        outcome=outcome,
        cluster=prompt.astype(np.int64),
    )


def names(setting: Setting) -> tuple[str, ...]:
    """Names of the models, in alphabetical order."""
    return tuple(f"model-{number:02d}" for number in range(setting.n_models))


def intervals(setting: Setting, battles: Battles, rounds: int, seed: int) -> dict[str, tuple[Floats, Floats]]:
    """Bounds of all differences by kind of interval, float64[p] each."""
    first, second = setting.pairs
    found = {}
    for kind, data in ((KINDS[0], count_pairs(battles)), (KINDS[1], battles)):
        ratings = fit(data, interval="sandwich", confidence_level=LEVEL)
        assert ratings.covariance is not None  # noqa: S101 - narrows the type
        difference = ratings.rating[first] - ratings.rating[second]
        cov = ratings.covariance
        half = ndtri((1 + LEVEL) / 2) * np.sqrt(cov[first, first] + cov[second, second] - 2 * cov[first, second])
        found[kind] = (difference - half, difference + half)
    drawn = fit(battles, interval="bootstrap", n_resamples=rounds, seed=seed).rounds
    assert drawn is not None  # noqa: S101 - narrows the type
    tail = (1 - LEVEL) / 2
    lower, upper = np.quantile(drawn[:, first] - drawn[:, second], [tail, 1 - tail], axis=0)
    found[KINDS[2]] = (lower, upper)
    return found


def simulate(setting: Setting, replications: int, rounds: int, seed: int) -> dict[str, Coverage]:
    """Coverage of every kind of interval, averaged over all pairs of models."""
    truth = true_differences(setting)
    held: dict[str, list[float]] = {kind: [] for kind in KINDS}
    width: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number, child in enumerate(np.random.SeedSequence(seed).spawn(replications)):
        battles = draw(setting, np.random.default_rng(child))
        for kind, (lower, upper) in intervals(setting, battles, rounds, seed + number).items():
            held[kind].append(float(np.mean((lower <= truth) & (truth <= upper))))
            width[kind].append(float(np.mean(upper - lower)) / 2)
    return {kind: summarise(held[kind], width[kind]) for kind in KINDS}


def summarise(held: Sequence[float], width: Sequence[float]) -> Coverage:
    """Differences of one replication depend on each other; replications do not, so the error is taken over these."""
    error = float(np.std(held, ddof=1)) / math.sqrt(len(held))
    return Coverage(100 * float(np.mean(held)), 100 * error, float(np.mean(width)))


def page(results: dict[str, dict[str, Coverage]], replications: int, rounds: int, seed: int) -> str:
    """The results as Markdown."""
    lines = [
        "# Coverage of the intervals of rating differences", "",
        "Written by `python -m scripts.simulate_coverage` "
        f"(`--replications {replications} --rounds {rounds} --seed {seed}`).", "",
        METHOD.format(replications=replications, rounds=rounds), "## Result", "",
        "| setting | interval | coverage, % | mean half-width |", "|---|---|---:|---:|",
    ]  # fmt: skip
    for name, kinds in results.items():
        lines += [
            f"| {name} | {kind} | {each.percent:.2f} ± {each.error:.2f} | {each.half_width:.1f} |"
            for kind, each in kinds.items()
        ]
    said = "met" if reached(results) else "**missed**"
    lines += ["", f"Target: the clustered sandwich covers {LOW:.0f}-{HIGH:.0f} % in every setting: {said}.", ""]
    lines += ["## Settings", "", *(describe(setting) for setting in SETTINGS)]
    return "\n".join([*lines, ""])


def describe(setting: Setting) -> str:
    """One line of the list of settings."""
    design = "every pair of them once"
    if setting.battles_a_prompt:
        design = f"{setting.battles_a_prompt} battles on average (skewed), models by skewed popularity"
    return (
        f"- *{setting.name}*: {setting.n_models} models; {setting.n_prompts} prompts, each with {design}; strengths "
        f"spread {setting.spread:g}, prompt effects {setting.prompt_spread:g} (standard deviations in log odds), tie "
        f"threshold {setting.tie_threshold:g}."
    )


def reached(results: dict[str, dict[str, Coverage]]) -> bool:
    """Whether the clustered sandwich covers as it should in every setting."""
    return all(LOW <= kinds[TARGET].percent <= HIGH for kinds in results.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate and write; 0 when the clustered sandwich covers as it should."""
    parser = argparse.ArgumentParser(prog="python -m scripts.simulate_coverage", description=__doc__)
    parser.add_argument("--replications", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=400, help="bootstrap rounds a replication")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "rating_coverage.md")
    chosen = parser.parse_args(arguments)
    begin = time.perf_counter()
    results = {}
    for setting in SETTINGS:
        results[setting.name] = simulate(setting, chosen.replications, chosen.rounds, chosen.seed)
        sys.stderr.write(f"{setting.name}: {results[setting.name]}, {time.perf_counter() - begin:.0f} s\n")
    text = page(results, chosen.replications, chosen.rounds, chosen.seed)
    chosen.output.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0 if reached(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
