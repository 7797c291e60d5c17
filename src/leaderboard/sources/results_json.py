"""Result and request files of lm-eval and of the Open LLM Leaderboard -> rows of a benchmark table.

Known: results JSON of lm-eval (0.4; also the v2 leaderboard's), results JSON of the Open LLM Leaderboard v1
("harness|arc:challenge|25"), and its requests JSON (what the model is, without scores). Leaves: `Row`s.
A score that is not a number in 0..1 makes the file unreadable: BadRecord says which.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from leaderboard.errors import BadRecord
from leaderboard.records import SHA_PATTERN
from leaderboard.sources.benchmark_table import TaskCard
from leaderboard.sources.open_llm_leaderboard import clean_license, clean_type
from leaderboard.sources.strict_json import read_object

METRICS = ("acc_norm", "mc2", "exact_match", "acc", "prompt_level_strict_acc", "f1", "pass@1")
"""The metric shown for a task: the first of these that the file has."""

V1_TASKS = {
    "arc:challenge": ("arc_challenge", "acc_norm"), "hellaswag": ("hellaswag", "acc_norm"),
    "truthfulqa:mc": ("truthfulqa", "mc2"), "winogrande": ("winogrande", "acc"), "gsm8k": ("gsm8k", "acc"),
}  # fmt: skip
MMLU_PREFIX = "hendrycksTest-"


class Row(NamedTuple):
    """One model's row: values by frame column, and the tasks it has scores of."""

    values: dict[str, Any]
    tasks: tuple[TaskCard, ...]


def read_lm_eval(path: Path) -> Row:
    """The row of an lm-eval results file. Raises BadRecord."""
    content = _read_foreign(path)
    results = _mapping(content, "results")
    config = _optional(content, "config")
    children = {name for names in _children(content) for name in names}
    values: dict[str, Any] = {"model": _model_name(content, config), "revision": _sha(config.get("model_sha"))}
    values |= {"precision": _precision(config.get("model_dtype")), "evaluated_on": _day(content.get("date"))}
    values["chat_template"] = bool(content.get("chat_template")) if "chat_template" in content else None
    tasks = []
    for task, scores in results.items():
        if task in children or not isinstance(scores, dict):
            continue
        found = _first_metric(task, scores)
        if found is not None:
            metric, score, error = found
            values |= {f"score.{_safe(task)}": score, f"stderr.{_safe(task)}": error}
            size = _number(content, "n-samples", task, "effective")
            values[f"n.{_safe(task)}"] = size
            shots = _number(content, "n-shot", task)
            tasks.append(_task(task, metric, size, shots))
    return _row(values, tasks)


def read_open_llm_result(path: Path) -> Row:
    """The row of an Open LLM Leaderboard results file, v1 or v2. Raises BadRecord."""
    content = _read_foreign(path)
    general = content.get("config_general")
    if not isinstance(general, dict):
        return read_lm_eval(path)
    results = _mapping(content, "results")
    values: dict[str, Any] = {"model": _text(general.get("model_name"), "config_general.model_name")}
    values |= {"revision": _sha(general.get("model_sha")), "precision": _precision(general.get("model_dtype"))}
    tasks, subjects = [], []
    for name, scores in results.items():
        parts = name.split("|")
        task, shots = (parts[1], parts[2]) if len(parts) == 3 else (name, "")
        if task.startswith(MMLU_PREFIX):
            subjects.append(_score(scores, "acc", name))
        elif task in V1_TASKS:
            ours, metric = V1_TASKS[task]
            values[f"score.{ours}"] = _score(scores, metric, name)
            values[f"stderr.{ours}"] = scores.get(f"{metric}_stderr")
            tasks.append(_task(ours, metric, None, int(shots) if shots.isdigit() else None))
    if subjects:
        values["score.mmlu"] = fmean(subjects)
        tasks.append(_task("mmlu", "acc", None, 5))
    return _row(values, tasks)


def read_open_llm_request(path: Path) -> Row:
    """What an Open LLM Leaderboard request says about its model; no scores. Raises BadRecord."""
    content = _read_foreign(path)
    params = content.get("params")
    values = {
        "model": _text(content.get("model"), "model"),
        "revision": _sha(content.get("revision")),
        "precision": _precision(content.get("precision")),
        "model_type": clean_type(str(content.get("model_type", "")).split(":")[-1]),
        "weight_type": content.get("weight_type"),
        "license": clean_license(content.get("license")),
        "base_model": content.get("base_model") or None,
        "params": round(params * 1e9) if isinstance(params, int | float) and params > 0 else None,
    }
    return Row({name: value for name, value in values.items() if value is not None}, ())


READERS: Mapping[str, Callable[[Path], Row]] = {
    "lm-eval": read_lm_eval,
    "open-llm-results": read_open_llm_result,
    "open-llm-requests": read_open_llm_request,
}


def _read_foreign(path: Path) -> dict[str, Any]:
    """The object in a file of another project. Raises BadRecord, also for a file that this project wrote."""
    content = read_object(path)
    if isinstance(content.get("submission"), dict) and ("tasks" in content or "state" in content):
        kind = "result" if "tasks" in content else "request"
        raise BadRecord(
            f"is a {kind} of this leaderboard and needs no import: give the folder that holds results/ as --data "
            "(or LEADERBOARD_DATA)."
        )
    return content


def _row(values: dict[str, Any], tasks: list[TaskCard]) -> Row:
    if not tasks:
        raise BadRecord("has no task with a known metric; expected one of " + ", ".join(METRICS) + ".")
    return Row({name: value for name, value in values.items() if value is not None}, tuple(tasks))


def _mapping(content: dict[str, Any], name: str) -> dict[str, Any]:
    value = content.get(name)
    if not isinstance(value, dict) or not value:
        found = f"{name} is {type(value).__name__}" if name in content else f"has no {name!r}"
        raise BadRecord(f"{found}; expected an object with one entry a task.")
    return value


def _optional(content: dict[str, Any], name: str) -> dict[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def _children(content: dict[str, Any]) -> list[list[str]]:
    groups = content.get("group_subtasks")
    return [names for names in groups.values() if isinstance(names, list)] if isinstance(groups, dict) else []


def _model_name(content: dict[str, Any], config: dict[str, Any]) -> str:
    if isinstance(content.get("model_name"), str) and content["model_name"]:
        return str(content["model_name"])
    found = re.search(r"pretrained=([^,]+)", str(config.get("model_args", "")))
    if found is None:
        raise BadRecord("names no model; expected model_name, or pretrained=... in config.model_args.")
    return found.group(1)


def _first_metric(task: str, scores: dict[str, Any]) -> tuple[str, float, float | None] | None:
    for metric in METRICS:
        for key in scores:
            if key.split(",")[0] == metric:
                suffix = key[len(metric) :]
                return metric, _score(scores, key, task), _error(scores.get(f"{metric}_stderr{suffix}"))
    return None


def _score(scores: Any, key: str, task: str) -> float:
    value = scores.get(key) if isinstance(scores, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise BadRecord(f"{task} {key} is {str(value)[:40]!r}; expected a number in 0..1.")
    return float(value)


def _error(value: Any) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return float(value) if good else None


def _number(content: dict[str, Any], *names: str) -> int | None:
    value: Any = content
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 200:
        raise BadRecord(f"{name} is {str(value)[:40]!r}; expected the model's name.")
    return value.strip()


def _sha(value: Any) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(SHA_PATTERN, value) else None


def _precision(value: Any) -> str | None:
    return value.removeprefix("torch.") if isinstance(value, str) and value else None


def _day(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 4e9:
        return None
    return datetime.fromtimestamp(value, tz=UTC).date().isoformat()


def _safe(task: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", task)[:100]


def _task(task: str, metric: str, size: int | None, shots: int | None) -> TaskCard:
    return TaskCard(name=_safe(task), label=task[:60], metric=metric, n=size, n_shot=shots)
