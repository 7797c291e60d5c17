"""Reward models on preference pairs: which of two answers does the model give the higher score.

Enters: a `RunSpec`. Leaves: a `RunResult` with the accuracy of every set, and per-pair scores without texts in
samples/<set>.parquet of the work folder. A tie is wrong, as on H4's board and in RewardBench;
the other conventions and the control "pick the longer" are in the run's environment.
"""

import hashlib
import io
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from importlib import metadata
from pathlib import Path

import pandas as pd

import leaderboard
from eval_queue.judging.config import JudgeConfig
from eval_queue.runners.rewards.encoding import MAX_TOKENS
from eval_queue.runners.rewards.judged import IN_PROCESS, JudgedPairs
from eval_queue.runners.rewards.loading import load_classifier, load_implicit, load_judge
from eval_queue.runners.rewards.scoring import Scorer, TextScorer
from eval_queue.runners.rewards.shards import SHARD, score_set
from eval_queue.runners.rewards.sources import Found, find_pairs
from eval_queue.spec import Report, RunSpec
from leaderboard.errors import ModelAtFault, PermanentFailure
from leaderboard.metrics.accuracy import pair_accuracy
from leaderboard.ratings.proportions import error_of_interval
from leaderboard.records import Progress, RunResult, TaskScore
from leaderboard.stores import write_file
from leaderboard.suites import JUDGE_PROMPTS, SUITES, Suite, Task

from .causal_model import device
from .model_folder import find_model

PACKAGES = ("transformers", "torch", "tokenizers", "numpy")

Load = Callable[[], Scorer]


@dataclass(frozen=True, kw_only=True)
class Way:
    """How pairs get their scores.

    `load` makes a scorer of a model's folder, `said` holds what scores depend on beside model and packages, `shard` is
    how many pairs are scored between two reports.
    """

    load: Callable[[Path], Scorer]
    said: Mapping[str, str] = field(default_factory=dict)
    shard: int = SHARD


def run(spec: RunSpec, report: Report) -> RunResult:
    """Score every set of the suite with a sequence classifier, going on after the shards that an earlier attempt kept.

    Raises PermanentFailure or TransientFailure with a reason for the model's author.
    """
    return run_suite(spec, _suite(spec), report)


def run_implicit(spec: RunSpec, report: Report) -> RunResult:
    """As `run`, with the rewards that a policy trained with DPO implies beside the submission's reference."""
    suite, reference = _suite(spec), spec.submission.reference
    if reference is None or spec.reference_path is None:
        raise PermanentFailure(f"{suite.name} compares with the model that this one was trained from; none is named.")
    name, _, revision = reference.partition("@")
    other = spec.model_copy(update={
        "submission": spec.submission.model_copy(update={"model": name, "revision": revision}),
        "model_path": spec.reference_path,
    })  # fmt: skip

    def load(folder: Path) -> Scorer:
        return TextScorer(
            load_implicit(folder, find_model(other), precision=spec.submission.precision, threads=spec.threads)
        )

    return run_suite(spec, suite, report, Way(load=load))


def run_judge(spec: RunSpec, report: Report) -> RunResult:
    """As `run`, with the verdicts of the submitted model on both answers at once."""
    config = JudgeConfig(model=spec.submission.model, url=IN_PROCESS, concurrency=1)
    secret = hashlib.sha256(spec.submission.key.encode()).digest()  # what is judged comes from the evaluator alone

    def load(folder: Path) -> Scorer:
        judge = load_judge(folder, name=config.model, precision=spec.submission.precision, threads=spec.threads)
        return JudgedPairs(spec.work_folder, config, secret, judge)

    return run_suite(spec, _suite(spec), report, Way(load=load, said={"judge_prompts": JUDGE_PROMPTS}, shard=16))


def run_suite(spec: RunSpec, suite: Suite, report: Report, way: Way | None = None) -> RunResult:
    """As `run`, for a suite that need not be registered; a sequence classifier unless another way is given."""
    how = way or Way(load=partial(_classifier, spec))
    started = datetime.now(UTC)
    found = [(task, find_pairs(task, spec.task_files)) for task in suite.tasks]
    total = sum(len(each.pairs.pairs) for _, each in found)

    @cache
    def load() -> Scorer:
        report(Progress(task="loading model", total=total))
        return how.load(find_model(spec))

    scores: list[TaskScore] = []
    notes: dict[str, str] = dict(how.said)
    done = 0
    for number, (task, each) in enumerate(found, start=1):

        def told(n: int, *, at: int = number, name: str = task.name, before: int = done) -> None:
            report(Progress(task=name, task_number=at, n_tasks=len(found), done=before + n, total=total))

        score, facts = _run_task(spec, task, each, load, how, told)
        scores.append(score)
        notes |= {f"{task.name}.{key}": value for key, value in facts.items()}
        done += len(each.pairs.pairs)
    return RunResult(
        submission=spec.submission, started_at=started, finished_at=datetime.now(UTC), tasks=tuple(scores),
        versions=versions(),
        environment=_environment(spec) | _shrunk(found) | {"pairs": _digest(each for _, each in found)} | notes,
        samples={score.task: f"samples/{score.task}.parquet" for score in scores},
    )  # fmt: skip


def _suite(spec: RunSpec) -> Suite:
    suite = SUITES.get(spec.submission.suite)
    if suite is None:
        raise PermanentFailure(f"There is no suite {spec.submission.suite}.")
    return suite


def _classifier(spec: RunSpec, folder: Path) -> Scorer:
    return TextScorer(load_classifier(folder, precision=spec.submission.precision, threads=spec.threads))


def versions() -> dict[str, str]:
    """Versions of everything that can change a score."""
    packages = {name: metadata.version(name) for name in PACKAGES}
    return packages | {"python": platform.python_version(), "project": leaderboard.__version__}


def describe(table: pd.DataFrame) -> dict[str, str]:
    """Accuracies of scored pairs under every convention, and of the control, from the same pairs; percentages."""
    margins = table["score_chosen"] - table["score_rejected"]
    longer = (table["length_chosen"] - table["length_rejected"]).to_numpy(dtype=float)
    figures = {
        "ties_wrong": pair_accuracy(margins, ties="wrong", cluster=table["prompt"]),
        "ties_half": pair_accuracy(margins, ties="half", cluster=table["prompt"]),
        "ties_dropped": pair_accuracy(margins, ties="dropped", cluster=table["prompt"]),
        "control_longer": pair_accuracy(longer, cluster=table["prompt"]),
    }
    said = {
        name: f"{100 * it.accuracy:.1f} % ({100 * it.lower:.1f}–{100 * it.upper:.1f})" for name, it in figures.items()
    }
    counts = {"ties": figures["ties_wrong"].n_ties, "missing": figures["ties_wrong"].n_missing}
    return said | {name: f"{n:,}" for name, n in counts.items()} | {"cut": f"{int(table['cut'].sum()):,}"}


def _run_task(
    spec: RunSpec, task: Task, found: Found, load: Load, how: Way, told: Callable[[int], None]
) -> tuple[TaskScore, dict[str, str]]:
    before = time.monotonic()
    conditions = {**_conditions(spec, found), **how.said}
    data = score_set(
        spec.work_folder / "shards", task.name, found.pairs.pairs, load, conditions=conditions, told=told,
        shard=how.shard,
    )  # fmt: skip
    (spec.work_folder / "samples").mkdir(parents=True, exist_ok=True)
    write_file(spec.work_folder / "samples" / f"{task.name}.parquet", data)
    table = pd.read_parquet(io.BytesIO(data))
    known = table.dropna(subset=["score_chosen", "score_rejected"])
    if known.empty:
        raise ModelAtFault(f"The model gave no usable verdict on any of {len(table):,} pairs of {task.label}.")
    right = pair_accuracy(known["score_chosen"] - known["score_rejected"], cluster=known["prompt"])
    score = TaskScore(
        task=task.name, metric=task.metric, score=right.accuracy, n=right.n, version=found.digest[:16],
        standard_error=error_of_interval(right.accuracy, right.lower, right.upper), seconds=time.monotonic() - before,
    )  # fmt: skip
    kept_out = "; ".join(f"{each.where}: {each.reason}" for each in found.pairs.rejected[:20])
    facts = {"source": found.source, "size": found.note, "kept_out": kept_out}
    return score, describe(table) | {key: value for key, value in facts.items() if value}


def _shrunk(found: Iterable[tuple[Task, Found]]) -> dict[str, str]:
    """What a reader must know where sets are not those that the suite names."""
    odd = [f"{len(each.pairs.pairs):,} of {task.n:,} {task.label} pairs" for task, each in found
           if len(each.pairs.pairs) != task.n]  # fmt: skip
    return {"flag_size": f"was not asked the whole sets: {', '.join(odd)}"} if odd else {}


def _digest(found: Iterable[Found]) -> str:
    """Names the pairs of all sets: only runs on the same ones can be compared."""
    return hashlib.sha256("".join(each.digest for each in found).encode()).hexdigest()[:16]


def _conditions(spec: RunSpec, found: Found) -> dict[str, str]:
    """All that a score depends on."""
    return versions() | {
        "submission": spec.submission.key, "pairs": found.digest, "threads": str(spec.threads), "device": device(),
    }  # fmt: skip


def _environment(spec: RunSpec) -> dict[str, str]:
    return {
        "platform": platform.platform(), "threads": str(spec.threads), "device": device(),
        "dtype": spec.submission.precision, "model_revision": spec.submission.revision,
        **({"reference": spec.submission.reference} if spec.submission.reference else {}),
        "ties": "count as wrong (H4, RewardBench)", "max_tokens": f"{MAX_TOKENS}, the beginning is cut",
    }  # fmt: skip


def scores_of(folder: Path, name: str) -> pd.DataFrame:
    """The per-pair scores of a finished set in a work folder."""
    return pd.read_parquet(folder / "samples" / f"{name}.parquet")
