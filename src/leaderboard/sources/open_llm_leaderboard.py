"""Dumps of the Open LLM Leaderboard (CSV or parquet) -> benchmark tables.

Three layouts are known by their columns: v1 (2023-24, six tasks, percent), v2 (2024-25, six tasks, percent,
rescaled between chance and 100) and the 2023 snapshots (four tasks, percent, a byte-order mark, parameters as a
percentage of the largest model). Dirt is repaired where the file itself shows how, and counted in `findings`;
rows that cannot be read are left out with a reason.

Source of the figures: github.com/fboulnois/llm-leaderboard-csv (MPL-2.0) and
github.com/dsdanielpark/Open-LLM-Leaderboard-Report (MIT), copies of huggingface.co/open-llm-leaderboard.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa

from leaderboard.errors import BadRecord
from leaderboard.sources.benchmark_table import Finding, Rejected, TableCard, TaskCard
from leaderboard.sources.open_llm_tasks import TASKS_2023, V1_TASKS, V2_TASKS

TYPES = {
    "pretrained": "pretrained", "continuouslypretrained": "continuously pretrained",
    "fine-tunedondomain-specificdatasets": "fine-tuned", "chatmodelsrlhfdpoift": "chat", "chatmodels": "chat",
    "basemergesandmoerges": "merge", "multimodal": "multimodal", "other": "other",
}  # fmt: skip
KNOWN_SCALE = ("llama-65b", 65e9)
"""A model whose size is known and that is in every 2023 snapshot: it gives back the scale of `Parameters`."""


@dataclass(kw_only=True)
class _Notes:
    """Findings and rejections gathered while one dump is read."""

    findings: list[Finding] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, what: str, rows: "pd.Series[bool]", treatment: str, names: "pd.Series[str]") -> None:
        if rows.any():
            examples = tuple(str(name) for name in names[rows].drop_duplicates().head(3))
            self.findings.append(Finding(what=what, rows=int(rows.sum()), treatment=treatment, examples=examples))


def read_dump(path: Path, *, name: str, as_of: datetime) -> tuple[TableCard, pd.DataFrame]:
    """Card and frame of a dump; the layout is recognised by its columns.

    Raises BadRecord when the file is unreadable or has none of the three layouts.
    """
    frame = _read_file(path)
    columns = set(frame.columns)
    for marks, convert in _LAYOUTS:
        if marks <= columns:
            return convert(frame, name, as_of)
    raise BadRecord(
        f"{path.name}: not a known Open LLM Leaderboard dump; expected columns of v1 (arc, gsm8k, ...), "
        f"v2 (evaluations_bbh_value, ...) or 2023 (Model, Average, ...), found {sorted(columns)[:8]}."
    )


def _read_file(path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        frame = pd.read_csv(path, encoding="utf-8-sig")
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BadRecord(f"{path.name}: expected a CSV or parquet file; {str(error)[:200]}") from error
    return frame.rename(columns=lambda column: re.sub(r"\s+", "", str(column)))


def clean_type(value: object) -> str:
    """A model type of this project for the many spellings of the dumps; unknown when there is none."""
    if not isinstance(value, str):
        return "unknown"
    letters = re.sub(r"[^a-z-]", "", value.casefold())
    return TYPES.get(letters, "unknown")


def clean_license(value: object) -> str | None:
    """The licence id, or None where the dump says unknown or nothing."""
    if not isinstance(value, str) or value.strip().casefold() in ("", "unknown", "none", "?"):
        return None
    return value.strip()


def _percent(frame: pd.DataFrame, columns: dict[str, str], notes: _Notes) -> pd.DataFrame:
    """Score columns as fractions; rows with a value that is no percentage are rejected."""
    scores = pd.DataFrame({f"score.{task}": pd.to_numeric(frame[c], errors="coerce") for c, task in columns.items()})
    unreadable = scores.isna().to_numpy() & frame[list(columns)].notna().to_numpy()
    outside = ((scores < 0) | (scores > 100)).to_numpy()
    for row in frame.index[(unreadable | outside).any(axis=1)]:
        values = frame.loc[row, list(columns)].tolist()
        notes.rejected.append(Rejected(where=f"row {row}", reason=f"scores {values} are not all within 0..100."))
    fractions: pd.DataFrame = (scores[~(unreadable | outside).any(axis=1)] / 100).round(14)
    return fractions


def _mark_duplicates(frame: pd.DataFrame, scores: list[str], notes: _Notes) -> "pd.Series[bool]":
    """True for every row of a model but its best one."""
    order = frame[scores].mean(axis=1, skipna=False).sort_values(ascending=False, kind="stable").index
    duplicate: pd.Series[bool] = frame.loc[order, "model"].duplicated().reindex(frame.index)
    notes.add(
        "The same model name again, with another precision or revision.", duplicate,
        "All rows are kept; all but the model's best average are marked as duplicates and can be hidden.",
        frame["model"],
    )  # fmt: skip
    return duplicate


def _size(billions: "pd.Series[float]", notes: _Notes, names: "pd.Series[str]") -> "pd.Series[float]":
    unknown = ~(billions > 0)
    notes.add("Parameters given as 0 or less.", unknown, "Shown as unknown.", names)
    return (billions * 1e9).round().mask(unknown)


def _note_unknowns(raw: pd.DataFrame, kind: str, license_column: str, names: "pd.Series[str]", notes: _Notes) -> None:
    odd = raw[kind].map(clean_type).eq("unknown")
    notes.add("No model type, or '?'.", odd, "Type is unknown.", names)
    other = raw[kind].astype("string").str.contains("other", na=False)
    notes.add("Model type with a stray mark ('❓other').", other, "Type is other.", names)
    notes.add("No licence, or 'unknown'.", raw[license_column].map(clean_license).isna(), "Licence is blank.", names)


def _read_v1(raw: pd.DataFrame, name: str, as_of: datetime) -> tuple[TableCard, pd.DataFrame]:
    notes = _Notes()
    columns = {"arc": "arc_challenge", "hellaswag": "hellaswag", "mmlu": "mmlu", "truthfulqa": "truthfulqa",
               "winogrande": "winogrande", "gsm8k": "gsm8k"}  # fmt: skip
    scores = _percent(raw, columns, notes)
    raw = raw.loc[scores.index]
    names = raw["model"].astype("string")
    _note_unknowns(raw, "type", "hub_license", names, notes)
    _note_average(raw["average"], scores, names, notes)
    inverted = bool(raw["flagged"].mean() > 0.5)
    notes.add(
        "Columns flagged, merged and moe say the opposite: most rows are flagged, the contaminated ones are not.",
        pd.Series(inverted, index=raw.index), "Inverted; 'available_on_the_hub' is right and kept.", names,
    )  # fmt: skip
    frame = pd.DataFrame(
        {
            "model": names,
            "revision": raw["model_sha"].where(raw["model_sha"].astype("string").str.fullmatch("[0-9a-f]{40}")),
            "precision": raw["precision"],
            "model_type": raw["type"].map(clean_type),
            "weight_type": raw["weight_type"],
            "architecture": raw["architecture"],
            "license": raw["hub_license"].map(clean_license),
            "params": _size(raw["params_b"].astype(float), notes, names),
            "merged": raw["merged"].astype(bool) ^ inverted,
            "moe": raw["moe"].astype(bool) ^ inverted,
            "flagged": raw["flagged"].astype(bool) ^ inverted,
            "available": raw["available_on_the_hub"].astype(bool),
            "evaluated_on": raw["date"].str[:10],
        }
    ).join(scores)
    frame["duplicate"] = _mark_duplicates(frame, scores.columns.tolist(), notes)
    return _card(name, as_of, V1_TASKS, notes, label="Open LLM v1", order=20, version="v1 (2023-24)"), frame


def _read_v2(raw: pd.DataFrame, name: str, as_of: datetime) -> tuple[TableCard, pd.DataFrame]:
    notes = _Notes()
    columns = {f"evaluations_{task.name}_normalized_score": task.name for task in V2_TASKS}
    scores = _percent(raw, columns, notes)
    raw = raw.loc[scores.index]
    names = raw["model_name"].astype("string")
    _note_unknowns(raw, "model_type", "metadata_hub_license", names, notes)
    _note_average(raw["model_average_score"], scores, names, notes)
    missing = raw["features_is_not_available_on_hub"].astype(bool)
    licensed = raw["metadata_hub_license"].notna()
    inverted = bool(licensed[missing].mean() > licensed[~missing].mean())
    notes.add(
        "Column features_is_not_available_on_hub says the opposite: the rows that have a licence are 'not available'.",
        pd.Series(inverted, index=raw.index), "Inverted.", names,
    )  # fmt: skip
    frame = pd.DataFrame(
        {
            "model": names,
            "revision": raw["model_sha"],
            "precision": raw["model_precision"],
            "model_type": raw["model_type"].map(clean_type),
            "weight_type": raw["model_weight_type"],
            "architecture": raw["model_architecture"],
            "license": raw["metadata_hub_license"].map(clean_license),
            "base_model": raw["metadata_base_model"].str.removesuffix(" (Merge)"),
            "params": _size(raw["metadata_params_billions"], notes, names),
            "chat_template": raw["model_has_chat_template"],
            "merged": raw["features_is_merged"],
            "moe": raw["features_is_moe"],
            "flagged": raw["features_is_flagged"],
            "available": missing ^ (not inverted),
            "evaluated_on": raw["metadata_submission_date"].astype("string"),
        }
    ).join(scores)
    for task in V2_TASKS:
        frame[f"raw.{task.name}"] = raw[f"evaluations_{task.name}_value"]
    frame["duplicate"] = _mark_duplicates(frame, scores.columns.tolist(), notes)
    return _card(name, as_of, V2_TASKS, notes, label="Open LLM v2", order=10, version="v2 (2024-25)"), frame


def _read_2023(raw: pd.DataFrame, name: str, as_of: datetime) -> tuple[TableCard, pd.DataFrame]:
    notes = _Notes()
    raw = raw[raw["Model"] != "Baseline"]
    by_task = ("ARC", "HellaSwag", "MMLU", "TruthfulQA")
    columns = {
        str(c): task.name
        for start, task in zip(by_task, TASKS_2023, strict=True)
        for c in raw
        if str(c).startswith(start)
    }
    scores = _percent(raw, columns, notes)
    raw = raw.loc[scores.index]
    names = raw["Model"].astype("string")
    pending = scores.eq(0).any(axis=1)
    notes.add("A score of exactly 0.0 on a task that was not run yet.", pending, "Shown as missing.", names)
    scores = scores.mask(scores.eq(0))
    notes.add("A missing score.", scores.isna().any(axis=1) & ~pending, "Score and average are blank.", names)
    _note_average(raw["Average"], scores, names, notes)
    notes.add("A name without its organisation.", ~names.str.contains("/"), "Kept as published.", names)
    share = raw["Parameters"].astype(float)
    known = share[names == KNOWN_SCALE[0]]
    billions = share / known.iloc[0] * KNOWN_SCALE[1] / 1e9 if len(known) else share * float("nan")
    notes.add(
        "Parameters published as a percentage of the largest model of the day.", share > 0,
        f"Scale recovered from {KNOWN_SCALE[0]} = 65 billion.", names,
    )  # fmt: skip
    frame = pd.DataFrame({"model": names, "params": _size(billions, notes, names)}).join(scores)
    frame["evaluated_on"] = as_of.date().isoformat()
    frame["duplicate"] = _mark_duplicates(frame, scores.columns.tolist(), notes)
    day = as_of.date().isoformat()
    card = _card(
        name,
        as_of,
        TASKS_2023,
        notes,
        label=day,
        order=30 + (date(as_of.year, 12, 31) - as_of.date()).days,
        version=f"of {day}",
    )
    return card.model_copy(update={"group": "2023"}), frame


def _note_average(published: "pd.Series[float]", scores: pd.DataFrame, names: "pd.Series[str]", notes: _Notes) -> None:
    mean = 100 * scores.mean(axis=1, skipna=False)
    notes.add(
        "The published average is not the mean of the published scores (more than 0.1 off).",
        (published - mean).abs() > 0.1, "The average is computed here from the scores.", names,
    )  # fmt: skip


def _card(
    name: str, as_of: datetime, tasks: tuple[TaskCard, ...], notes: _Notes, *, label: str, order: int, version: str
) -> TableCard:
    return TableCard(
        name=name,
        label=label,
        order=order,
        title=f"Open LLM Leaderboard {version}",
        about=f"Scores published by the Open LLM Leaderboard {version}: {', '.join(t.label for t in tasks)}.",
        source="Published figures of huggingface.co/open-llm-leaderboard; not evaluated here.",
        license="See data/SOURCES.md",
        as_of=as_of,
        tasks=tasks,
        findings=tuple(notes.findings),
        rejected=tuple(notes.rejected),
    )


_Convert = Callable[[pd.DataFrame, str, datetime], tuple[TableCard, pd.DataFrame]]
_LAYOUTS: tuple[tuple[set[str], _Convert], ...] = (
    ({"model", "arc", "gsm8k", "params_b"}, _read_v1),
    ({"model_name", "evaluations_bbh_normalized_score"}, _read_v2),
    ({"Model", "Average", "Parameters"}, _read_2023),
)
