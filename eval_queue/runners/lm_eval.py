"""Benchmark tasks through lm-eval: one suite of one model.

Enters: a `RunSpec`. Leaves: a `RunResult`, and in the work folder every finished task with its per-question samples.
Each task is one lm-eval evaluation with lm-eval's default seeds, so its score is the one that the lm-eval command
line gives for that task with the same precision, batch size and number of threads.
"""

import logging
import math
import os
import platform
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import jinja2
import numpy as np
import torch
from lm_eval.evaluator import evaluate

import leaderboard
from eval_queue.spec import Report, RunSpec
from leaderboard.errors import ModelAtFault, PermanentFailure
from leaderboard.records import RunResult, TaskScore
from leaderboard.suites import SUITES, Suite

from .causal_model import CausalModel, device, first_line, is_memory_error, load_model
from .finished_tasks import FinishedTask, FinishedTasks
from .harness_tasks import FEWSHOT_SEED, HarnessTask, load_task
from .meter import Load, Meter
from .model_folder import find_model
from .samples import samples_parquet

RANDOM_SEED, NUMPY_SEED, TORCH_SEED = 0, 1234, 1234
"""lm-eval's defaults."""

PACKAGES = ("lm_eval", "transformers", "torch", "datasets", "tokenizers", "numpy")
TASK_ERRORS = (AssertionError, ValueError, IndexError, KeyError, RuntimeError, jinja2.TemplateError)
"""What lm-eval and transformers raise when a model does not cope with a task."""

_log = logging.getLogger(__name__)


def run(spec: RunSpec, report: Report) -> RunResult:
    """Evaluate a model on its suite, going on after the tasks that an earlier attempt finished.

    Raises PermanentFailure or TransientFailure with a reason for the model's author.
    """
    return run_suite(spec, _suite(spec), report)


def run_suite(spec: RunSpec, suite: Suite, report: Report) -> RunResult:
    """As `run`, for a suite that need not be registered."""
    started = datetime.now(UTC)
    tasks = [load_task(task, spec.task_files) for task in suite.tasks]
    loads = [Load(task=task.task.name, kind=task.kind, requests=task.estimated_requests) for task in tasks]
    meter = Meter(loads, report, batch_size=spec.batch_size)
    scores = _scores(spec, tasks, meter)
    return RunResult(
        submission=spec.submission, started_at=started, finished_at=datetime.now(UTC), tasks=tuple(scores),
        versions=versions(), samples={score.task: f"samples/{score.task}.parquet" for score in scores},
        environment=_environment(spec, tasks),
    )  # fmt: skip


def versions() -> dict[str, str]:
    """Versions of everything that can change a score."""
    packages = {name: metadata.version(name) for name in PACKAGES}
    return packages | {"python": platform.python_version(), "project": leaderboard.__version__}


def _suite(spec: RunSpec) -> Suite:
    suite = SUITES.get(spec.submission.suite)
    if suite is None or not suite.evaluable:
        raise PermanentFailure(f"There is no suite {spec.submission.suite} that can be evaluated here.")
    return suite


def _scores(spec: RunSpec, tasks: Sequence[HarnessTask], meter: Meter) -> list[TaskScore]:
    kept = FinishedTasks(spec.work_folder)
    done = {task.task.name: kept.read(task.task.name, _conditions(spec, task)) for task in tasks}
    for earlier in done.values():
        if earlier is not None:
            meter.finish(earlier.score.task, earlier.requests, earlier.score.seconds or 0.0)
    model: CausalModel | None = None
    for task in tasks:
        if done[task.task.name] is None:
            model = model or _load(spec, meter)
            done[task.task.name] = _run_task(spec, task, model, meter, kept)
    return [finished.score for finished in done.values() if finished is not None]


def _load(spec: RunSpec, meter: Meter) -> CausalModel:
    meter.phase("loading model")
    model = load_model(spec, find_model(spec))
    model.watch(meter)
    return model


def _run_task(spec: RunSpec, task: HarnessTask, model: CausalModel, meter: Meter, kept: FinishedTasks) -> FinishedTask:
    name = task.task.name
    meter.start(name)
    before = time.monotonic()
    results = _evaluate(spec, task, model)
    seconds = time.monotonic() - before
    samples = [sample for sample in results["samples"][name] if sample["filter"] == task.task.filter]
    requests = sum(len(sample["arguments"]) for sample in samples)
    finished = kept.write(
        _score(task, results["results"][name], len(samples), seconds), conditions=_conditions(spec, task),
        requests=requests, metrics=_metrics(results["results"][name]), samples=samples_parquet(task.task, samples),
    )  # fmt: skip
    meter.finish(name, requests, seconds)
    _log.info("task %s: %s %.4f in %.1f s", name, task.task.metric, finished.score.score, seconds)
    return finished


def _evaluate(spec: RunSpec, task: HarnessTask, model: CausalModel) -> Mapping[str, Any]:
    name = task.task.name
    random.seed(RANDOM_SEED)
    np.random.seed(NUMPY_SEED)
    torch.manual_seed(TORCH_SEED)
    try:
        results: Mapping[str, Any] | None = evaluate(
            lm=model, task_dict={"tasks": {name: task.harness}}, samples={name: task.indices} if task.indices else None,
            apply_chat_template=spec.submission.chat_template, fewshot_as_multiturn=True,
        )  # fmt: skip
    except TASK_ERRORS as error:
        if is_memory_error(error):
            raise
        _log.exception("task %s failed", name)
        raise ModelAtFault(f"Task {name} could not be run on this model: {first_line(error)}") from error
    if results is None:
        raise PermanentFailure(f"Task {name} gave no result: it was started as one of several processes.")
    return results


def _score(task: HarnessTask, results: Mapping[str, Any], n: int, seconds: float) -> TaskScore:
    figure = task.task
    score = results.get(f"{figure.metric},{figure.filter}")
    error = results.get(f"{figure.metric}_stderr,{figure.filter}")
    if score is None or not math.isfinite(score):
        raise ModelAtFault(f"Task {figure.name} gave no number for {figure.metric} but {score}: nothing was scored.")
    return TaskScore(
        task=figure.name, metric=figure.metric, score=float(score), standard_error=_number(error), n=n,
        n_shot=int(task.harness.config.num_fewshot or 0), version=task.version, seconds=seconds,
    )  # fmt: skip


def _number(value: object) -> float | None:
    """A finite number, or None for what lm-eval writes instead: 'N/A', nothing, NaN."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _metrics(results: Mapping[str, Any]) -> dict[str, float]:
    return {key: number for key, value in results.items() if "," in key and (number := _number(value)) is not None}


def _conditions(spec: RunSpec, task: HarnessTask) -> dict[str, str]:
    """All that the score of a task depends on."""
    return versions() | {
        "submission": spec.submission.key, "task": repr(task.task), "definition": task.version,
        "questions": task.questions, "source": task.source, "batch_size": str(spec.batch_size),
        "threads": str(spec.threads), "device": device(),
    }  # fmt: skip


def _environment(spec: RunSpec, tasks: Sequence[HarnessTask]) -> dict[str, str]:
    """Where and how the run was made, and which questions exactly were scored."""
    place = {
        "platform": platform.platform(), "machine": platform.machine(), "cpus": str(os.cpu_count()),
        "threads": str(spec.threads), "device": device(), "dtype": spec.submission.precision,
        "batch_size": str(spec.batch_size), "model_revision": spec.submission.revision,
        "seeds": f"random {RANDOM_SEED}, numpy {NUMPY_SEED}, torch {TORCH_SEED}, examples {FEWSHOT_SEED}",
    }  # fmt: skip
    return place | {f"questions.{task.task.name}": f"{task.source}, sha256 {task.questions[:16]}" for task in tasks}
