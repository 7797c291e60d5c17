"""Files of preferences of other projects -> battle and rating tables; what `leaderboard import` does with them.

Formats: `battles` (csv, parquet or jsonl of battles or pair counts, see `battle_files`), `alpaca-eval` (annotations,
one a model and instruction), `arena-catalog` (ratings a category of github.com/lmarena/arena-catalog, which has no
licence and is therefore not shipped) and `h4` (see `h4_rows`). Texts of prompts and answers are never kept.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.sources.alpaca_annotations import read_annotations
from leaderboard.sources.battle_files import read_battle_file
from leaderboard.sources.battle_tables import NUMBERS, TEXTS, BattleCard, JudgeCard, JudgeKind
from leaderboard.sources.rating_tables import FigureCard, RatingCard
from leaderboard.sources.row_files import read_rows
from leaderboard.sources.tables import Finding

Made = tuple[BattleCard | RatingCard, pd.DataFrame]
ALIASES = {"question_id": "question", "len_a": "length_a", "len_b": "length_b"}
TIES = ("both_bad", "tie (bothbad)", "tie (inconsistent)")
INCONSISTENT = "tie (inconsistent)"
TRUTH = {"True": True, "true": True, "False": False, "false": False}
"""Truth values as a CSV has them."""
MAX_JUDGES = 20
"""A file with more judges than this holds people's codes in column judge, as the Arena's files do."""
CATALOG = ("category", "model", "rating", "q025", "q975")
DRAW, DRAW_CODE = 1.5, 0


def read_battles(path: Path, name: str, now: datetime) -> Made:
    """A file of battles or pair counts as a battle table. Raises BadRecord naming the file and what is wrong."""
    file = read_battle_file(path, also=(*TEXTS, *NUMBERS, *ALIASES))
    frame = pd.DataFrame({column: _cells(values) for column, values in file.columns.items()})
    if file.kind == "counts":
        return _battle_card(path, name, now, judges_of(frame), kind="counts", tabs=("arena",)), frame
    for alias, column in ALIASES.items():
        if alias in frame:
            frame[column] = frame[column] if column in frame else frame[alias]
    frame = frame.drop(columns=[alias for alias in ALIASES if alias in frame])
    if "inconsistent" in frame:
        frame["inconsistent"] = frame["inconsistent"].map(lambda cell: TRUTH.get(cell, cell))
    findings = _one_spelling(frame) if "winner" in frame else []
    findings += _people(frame)
    for column in set(TEXTS) & set(frame):
        frame[column] = frame[column].map(as_text, na_action="ignore")
    return _battle_card(path, name, now, judges_of(frame), findings=tuple(findings)), frame


def _cells(values: Any) -> pd.Series:
    cells = values.to_pylist() if hasattr(values, "to_pylist") else values
    return pd.Series(cells, dtype=object)


def _one_spelling(frame: pd.DataFrame) -> list[Finding]:
    """Make every kind of tie a tie; a contradiction stays marked."""
    contradicted = frame["winner"].eq(INCONSISTENT)
    other = frame["winner"].isin(TIES)
    if contradicted.any() and "inconsistent" not in frame:
        frame["inconsistent"] = contradicted
    frame["winner"] = frame["winner"].mask(other, "tie")
    if not other.any():
        return []
    what = "Ties spelt both_bad, tie (bothbad) or tie (inconsistent)."
    treatment = "Ties; those of contradicting verdicts are marked inconsistent."
    return [Finding(what=what, rows=int(other.sum()), treatment=treatment)]


def _people(frame: pd.DataFrame) -> list[Finding]:
    """Move codes of people from column judge to annotator."""
    if "judge" not in frame or frame["judge"].nunique() <= MAX_JUDGES or "annotator" in frame:
        return []
    n = int(frame["judge"].nunique())
    frame["annotator"] = frame.pop("judge")
    what = f"Column judge has {n:,} different values: codes of people."
    return [Finding(what=what, rows=len(frame), treatment="Kept as annotator; the judge is one.")]


def judges_of(frame: pd.DataFrame, kind: JudgeKind = "unknown") -> tuple[JudgeCard, ...]:
    """A card for every value of column judge; one for all without the column."""
    names = sorted(frame["judge"].dropna().unique()) if "judge" in frame else []
    return tuple(JudgeCard(name=name, label=name, kind=kind) for name in names or ["votes"])


def as_text(value: object) -> str:
    """An id as text: 81, 81.0 and "81" of different files are one question."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def short_code(text: object) -> str:
    """12 hex digits that stand for a text which must not be kept; the same for the same text."""
    return hashlib.sha256(str(text).encode()).hexdigest()[:12]


def _battle_card(path: Path, name: str, now: datetime, judges: tuple[JudgeCard, ...], **more: Any) -> BattleCard:
    values: dict[str, Any] = {
        "label": name.replace("_", " "), "order": 50, "title": f"Imported: {name}", "kind": "battles",
        "about": "Imported comparisons; not collected here.", "source": f"{path.name}, imported on {now:%Y-%m-%d}.",
        "license": "as the imported file", "tabs": ("human_gpt4", "arena", "judge_audit"),
    }  # fmt: skip
    return BattleCard(name=name, as_of=now, judges=judges, **(values | more))


def read_alpaca_eval(path: Path, name: str, now: datetime) -> Made:
    """AlpacaEval annotations as a battle table: model_a the model, model_b its baseline, one row an instruction.

    Raises BadRecord naming the file and what is wrong with it.
    """
    raw = read_annotations(path)
    frame = _annotations(raw, path)
    unparsed, itself = frame["preference"].isna(), frame["model_a"] == frame["model_b"]
    kept = frame[~unparsed & ~itself]
    notes = (
        ("The judge's answer could not be read as a verdict.", unparsed, "Left out of the table."),
        ("A model against itself as the baseline.", itself, "Left out of the table."),
    )
    findings = tuple(Finding(what=w, rows=int(rows.sum()), treatment=t) for w, rows, t in notes if rows.any())
    card = _battle_card(
        path, name, now, judges_of(kept, "model"), findings=findings, tabs=("alpaca_eval", "judge_audit"),
        license="CC BY-NC 4.0 (tatsu-lab/alpaca_eval): not for commercial use; keep it out of public copies.",
        question_info="Number of the AlpacaEval instruction, or a code of its text.",
    )  # fmt: skip
    return card, kept


def _annotations(raw: pd.DataFrame, path: Path) -> pd.DataFrame:
    preference = pd.to_numeric(raw["preference"], errors="coerce").astype("float64").replace(DRAW_CODE, DRAW)
    wrong = (raw["preference"].notna() & preference.isna()) | ~(preference.isna() | preference.between(1, 2))
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        found = str(raw["preference"].iloc[row])[:60]
        raise BadRecord(f"{path}: annotation {row}: preference is {found}; expected 1 to 2, or 0 for a draw.")
    frame = pd.DataFrame({"model_a": raw["model"].astype(str)})
    frame["model_b"] = raw["baseline"].astype(str) if "baseline" in raw else "baseline"
    frame["winner"] = pd.Series("tie", index=raw.index).mask(preference > DRAW, "model_a")
    frame["winner"] = frame["winner"].mask(preference < DRAW, "model_b")
    frame["preference"] = preference - 1
    if "annotator" in raw:
        frame["judge"] = raw["annotator"].astype(str)
    if "instruction_id" in raw:
        frame["question"] = raw["instruction_id"].map(as_text)
    elif "instruction" in raw:
        frame["question"] = raw["instruction"].map(short_code)
    if "len_model" in raw:
        frame["length_a"] = raw["len_model"]
    lengths = raw["output_1"].str.len() if "output_1" in raw else raw.get("len_baseline")
    return frame if lengths is None else frame.assign(length_b=lengths)


def read_arena_catalog(path: Path, name: str, now: datetime) -> Made:
    """Ratings a category (category, model, rating, q025, q975) as a rating table.

    Raises BadRecord naming the file and what is wrong with it.
    """
    frame = read_rows(path, CATALOG)[list(CATALOG)]
    frame = frame.rename(columns={"q025": "rating_lower", "q975": "rating_upper"})
    figure = FigureCard(name="rating", label="Rating", unit="rating", bounds=True, confidence_level=0.95)
    card = RatingCard(
        name=name, label=name.replace("_", " "), order=55, title=f"Chatbot Arena ratings by category: {name}",
        about="Ratings with 95 % bounds in every category; category 'full' is all votes.",
        source=f"{path.name} of github.com/lmarena/arena-catalog, imported on {now:%Y-%m-%d}.",
        license="none given by github.com/lmarena/arena-catalog: for your own use, do not publish it again",
        as_of=now, tabs=("arena",), by=("category",), figures=(figure,),
    )  # fmt: skip
    return card, frame


Reader = Callable[[Path, str, datetime], Made]
READERS: Mapping[str, Reader] = {
    "battles": read_battles,
    "alpaca-eval": read_alpaca_eval,
    "arena-catalog": read_arena_catalog,
}
