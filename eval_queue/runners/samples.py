"""Per-question evidence: what was asked, what the model answered, what was right; one parquet file a task.

Columns: doc_id (place of the question in its split), task, question (short), prompt (all that the model saw), choices,
gold (text of the right answer), gold_indices (all right choices), answer (the model's choice or text), correct,
score (of the metric shown, 0..1), loglikelihoods (a choice each), prompt_hash (SHA-256).
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from leaderboard.suites import Task

SCHEMA = pa.schema([
    ("doc_id", pa.int64()), ("task", pa.string()), ("question", pa.string()), ("prompt", pa.string()),
    ("choices", pa.list_(pa.string())), ("gold", pa.string()), ("gold_indices", pa.list_(pa.int32())),
    ("answer", pa.string()), ("correct", pa.bool_()), ("score", pa.float64()),
    ("loglikelihoods", pa.list_(pa.float64())), ("prompt_hash", pa.string()),
])  # fmt: skip

Sample = Mapping[str, Any]


def samples_parquet(task: Task, samples: Sequence[Sample]) -> bytes:
    """lm-eval's samples of one task (its `filter` only) as a parquet file, by document."""
    rows = [sample_row(task, sample) for sample in samples if sample["filter"] == task.filter]
    rows.sort(key=lambda row: row["doc_id"])
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), buffer, compression="zstd")
    return buffer.getvalue()


def sample_row(task: Task, sample: Sample) -> dict[str, Any]:
    """One question of lm-eval's samples as a row of `SCHEMA`."""
    requests = [tuple(arguments) for arguments in sample["arguments"]]
    row = _generated(task, sample) if isinstance(requests[0][1], dict) else _chosen(task, sample, requests)
    return row | {
        "doc_id": int(sample["doc_id"]), "task": task.name, "question": _question(sample["doc"], requests[0][0]),
        "score": float(sample[task.metric]), "prompt_hash": sample["prompt_hash"],
    }  # fmt: skip


def _generated(task: Task, sample: Sample) -> dict[str, Any]:
    return {
        "prompt": sample["arguments"][0][0], "choices": None, "gold": str(sample["target"]), "gold_indices": None,
        "answer": str(sample["resps"][0][0]), "correct": bool(sample[task.metric]), "loglikelihoods": None,
    }  # fmt: skip


def _chosen(task: Task, sample: Sample, requests: Sequence[tuple[str, str]]) -> dict[str, Any]:
    likelihoods = [float(response[0]) for response in sample["filtered_resps"]]
    contexts = {context for context, _ in requests}
    several = len(contexts) > 1  # Winogrande: the choices are the beginnings, the end is common
    choices = [context if several else continuation.removeprefix(" ") for context, continuation in requests]
    right = _right(sample)
    picked = _pick(task.metric, choices, likelihoods)
    return {
        "prompt": f"…{requests[0][1]}" if several else requests[0][0], "choices": choices, "gold": choices[right[0]],
        "gold_indices": right, "answer": choices[picked], "correct": picked in right, "loglikelihoods": likelihoods,
    }  # fmt: skip


def _right(sample: Sample) -> list[int]:
    """Places of all right choices; only TruthfulQA mc2 has several."""
    labels = sample["doc"].get("mc2_targets", {}).get("labels", [])
    if len(labels) == len(sample["arguments"]):
        return [at for at, label in enumerate(labels) if label == 1]
    target = sample["target"]
    return [int(target)] if not isinstance(target, str) else _place(sample, target)


def _place(sample: Sample, target: str) -> list[int]:
    """Winogrande's target is the common end of the sentence; the answer is a number counted from 1."""
    return [int(sample["doc"]["answer"]) - 1] if "option1" in sample["doc"] else [int(target)]


def _pick(metric: str, choices: Sequence[str], likelihoods: Sequence[float]) -> int:
    """The choice that the metric takes for the model's: acc_norm divides by the length of the choice."""
    lengths = [max(1, len(choice)) if metric == "acc_norm" else 1.0 for choice in choices]
    return max(range(len(choices)), key=lambda at: likelihoods[at] / lengths[at])


def _question(doc: Mapping[str, Any], prompt: str) -> str:
    return str(doc.get("question") or doc.get("sentence") or prompt)
