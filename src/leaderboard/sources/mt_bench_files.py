"""A folder of MT-Bench files -> one MT-Bench table; what `leaderboard import mt-bench` does.

Enters: FastChat's data/mt_bench (question.jsonl, model_answer/, reference_answer/, model_judgment/), the same in one
flat folder, or the Hub dataset lmsys/mt_bench_human_judgments; JSONL, JSON or parquet. What a file holds is read off
its columns. Leaves: the table with its texts, and every row and file that was left out, with its reason.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.sources.battle_tables import JudgeCard
from leaderboard.sources.mt_bench_doubts import EVIDENCE, doubts_of
from leaderboard.sources.mt_bench_rows import NEEDED, READ, REFERENCES, kind_of
from leaderboard.sources.mt_bench_tables import SCHEMA, SCORES, Control, ModelNote, MtBenchCard, MtBenchTable
from leaderboard.sources.row_files import is_table, read_rows
from leaderboard.sources.tables import Finding, Rejected

FEW = 10
"""A model with fewer answers than this is not called a control for giving the same one."""


class _Harvest:
    """Records of all files by part, with where each comes from, and what was left out."""

    def __init__(self) -> None:
        self.records: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._left_out: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    def take(self, part: str, record: dict[str, Any], file: str, row: int) -> None:
        self.records[part].append({**record, "_file": file, "_row": row})

    def leave(self, file: str, row: int, reason: str) -> None:
        rows = self._left_out[file, reason]
        if row not in rows[-1:]:
            rows.append(row)

    def keep_known(self, part: str, known: set[str]) -> None:
        """Leave out records about questions that are not asked."""
        kept = []
        for record in self.records[part]:
            if record["question_id"] in known:
                kept.append(record)
            else:
                reason = f"its question is not among the {len(known)} questions."
                self.leave(record["_file"], record["_row"], reason)
        self.records[part] = kept

    def frame(self, part: str) -> pd.DataFrame:
        """The records of a part in the schema's columns; columns without any value are left out."""
        frame = pd.DataFrame(self.records[part], columns=list(SCHEMA[part].columns), dtype=object)
        return frame.dropna(axis="columns", how="all") if len(frame) else frame

    def rejected(self) -> tuple[Rejected, ...]:
        """What was left out, rows of one file and reason together; row 0 is the file itself."""
        out = []
        for (file, reason), rows in self._left_out.items():
            more = f" and {len(rows) - 1:,} more" if len(rows) > 1 else ""
            out.append(Rejected(where=f"{file}, row {rows[0]}{more}" if rows[0] else file, reason=reason))
        return tuple(out)


def read_mt_bench(path: Path, name: str, now: datetime) -> tuple[MtBenchTable, int]:
    """The table of a folder (or of one file), and how many files it was read from.

    Raises BadRecord when there are neither scores nor comparisons.
    """
    harvest, n_read = _Harvest(), 0
    files = sorted(file for file in path.rglob("*") if file.is_file() and is_table(file)) if path.is_dir() else [path]
    for file in files:
        n_read += _read(file, file.relative_to(path).as_posix() if path.is_dir() else file.name, harvest)
    questions = _questions(harvest)
    for part in (SCORES, "judgments", "answers", "pairs", "votes"):
        if len(questions):
            harvest.keep_known(part, set(questions["question_id"]))
    scores, pairs = harvest.frame(SCORES), _pairs(harvest)
    _require_judgments(path, scores, pairs, harvest)
    if len(questions):
        scores = scores.assign(category=scores["question_id"].map(questions.set_index("question_id")["category"]))
    answers, findings = _answers(harvest)
    parts = {"questions": questions, "answers": answers, "judgments": harvest.frame("judgments"), "pairs": pairs,
             "votes": harvest.frame("votes")}  # fmt: skip
    parts = {part: frame for part, frame in parts.items() if len(frame)}
    origin = f"{path.name}, imported on {now.astimezone(UTC):%Y-%m-%d}"
    card = MtBenchCard(
        name=name, label=name.replace("_", " "), order=50, title=f"MT-Bench: {name.replace('_', ' ')}",
        about="Judgments of answers to two-turn questions, imported with their texts.", source=f"{origin}.",
        license="as the imported files", texts=origin, as_of=_newest(scores), judges=_judges(scores, pairs),
        n_questions=len(questions) or pd.concat([scores["question_id"], pairs["question_id"]]).nunique(),
        models=_notes(harvest, answers), findings=(*dirt(scores), *findings), rejected=harvest.rejected(),
    )  # fmt: skip
    return MtBenchTable(card=card, scores=scores, parts=parts), n_read


def _require_judgments(path: Path, scores: pd.DataFrame, pairs: pd.DataFrame, harvest: _Harvest) -> None:
    if scores.empty and pairs.empty:
        reasons = " ".join(f"{item.where}: {item.reason}" for item in harvest.rejected()[:3])
        raise BadRecord(
            f"{path}: no MT-Bench judgments; expected FastChat's model_judgment files or the dataset "
            f"lmsys/mt_bench_human_judgments. {reasons}".strip()
        )


def _read(file: Path, shown: str, harvest: _Harvest) -> bool:
    """Take the records of one file; whether it held any."""
    kind, taken = None, 0
    try:
        rows = list(_rows(file, shown, harvest))
    except BadRecord as error:
        harvest.leave(shown, 0, str(error).replace(f"{file}: ", ""))
        return False
    for at, row in rows:
        kind = kind or kind_of(set(row), shown)
        if kind is None:
            harvest.leave(shown, 0, _unknown(row))
            return False
        try:
            found = list(READ[kind](row))
        except BadRecord as error:
            harvest.leave(shown, at, str(error))
            continue
        taken += 1
        for part, record in found:
            source = {"source": row["source"]} if isinstance(row.get("source"), str) else {}
            harvest.take(part, {**record, **source}, shown, at)
    return taken > 0


def _unknown(row: dict[str, Any]) -> str:
    known = ", ".join(NEEDED)
    return f"holds none of {known}: its columns are {', '.join(sorted(row))[:120]}."


def _rows(file: Path, shown: str, harvest: _Harvest) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a file, counted from 1; a line of JSONL that is no object is left out by itself."""
    if file.suffix.lower() != ".jsonl":
        frame = read_rows(file, ())
        yield from ((at, {str(key): _plain(value) for key, value in row.items()})
                    for at, row in enumerate(frame.to_dict("records"), start=1))  # fmt: skip
        return
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecord(f"cannot be read: {error}.") from error
    for at, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            harvest.leave(shown, at, f"is no JSON: {error}.")
            continue
        if isinstance(row, dict):
            yield at, row
        else:
            harvest.leave(shown, at, f"is {type(row).__name__}; expected an object.")


def _plain(value: Any) -> Any:
    """A cell without pandas' kinds of missing."""
    return None if value is pd.NA or value is pd.NaT else value


def _questions(harvest: _Harvest) -> pd.DataFrame:
    """Questions with their references and what is known to be wrong with those; the first of a repeated id counts."""
    given: dict[str, dict[str, Any]] = {}
    for record in harvest.records["questions"]:
        if given.setdefault(record["question_id"], record) is not record:
            harvest.leave(record["_file"], record["_row"], "its question_id was there before.")
    for record in harvest.records[REFERENCES]:
        if record["question_id"] in given:
            given[record["question_id"]]["reference"] = record["reference"]
        else:
            harvest.leave(record["_file"], record["_row"], f"its question is not among the {len(given)} questions.")
    for key, record in given.items():
        record["reference_doubt"] = doubts_of(key, record["reference"])
        record["reference_evidence"] = EVIDENCE if any(record["reference_doubt"]) else None
    harvest.records["questions"] = list(given.values())
    return harvest.frame("questions")


def _answers(harvest: _Harvest) -> tuple[pd.DataFrame, list[Finding]]:
    """Answers, one a model, question and turn: the first; others are counted."""
    frame = harvest.frame("answers")
    key = ["model", "question_id", "turn"]
    unlike = frame.drop_duplicates().duplicated(key)
    finding = Finding(what="Another answer of the same model to the same question.", rows=int(unlike.sum()),
                      treatment="The first file's answer is shown.")  # fmt: skip
    return frame.drop_duplicates(key, ignore_index=True), [finding] if finding.rows else []


def _pairs(harvest: _Harvest) -> pd.DataFrame:
    """Comparisons; one that is there with its texts and again as a joined verdict counts once."""
    frame = harvest.frame("pairs")
    if frame.empty:
        return frame
    both = frame[["model_1", "model_2"]].astype(str)
    key = pd.DataFrame({"a": both.min(axis=1), "b": both.max(axis=1)}).join(frame[["judge", "question_id", "turn"]])
    texts = frame["g1_text"].notna() if "g1_text" in frame else pd.Series(data=False, index=frame.index)
    order = (~texts).astype(int).sort_values(kind="stable").index
    return frame.loc[sorted(order[~key.loc[order].duplicated().to_numpy()])].reset_index(drop=True)


def dirt(scores: pd.DataFrame) -> list[Finding]:
    """What is wrong with the scores of a table; nothing of it is averaged."""
    if scores.empty:
        return []
    score = pd.to_numeric(scores["score"]) if "score" in scores else pd.Series(float("nan"), index=scores.index)
    repeated = scores.duplicated(["model", "judge", "question_id", "turn"])
    notes = (
        ("Judgments without a score, or with -1: the verdict could not be parsed.", score.isna() | score.eq(-1)),
        ("Scores outside 1 to 10.", score.notna() & score.ne(-1) & ~score.between(1, 10)),
        ("Judgments of an answer that was judged before.", repeated),
    )
    treatment = "Kept in the table, listed a model, never averaged; of repeated judgments the last counts."
    return [
        Finding(what=what, rows=int(rows.sum()), treatment=treatment,
                examples=tuple(sorted(scores.loc[rows, "model"].astype(str).unique())[:5]))
        for what, rows in notes if rows.any()
    ]  # fmt: skip


def _judges(scores: pd.DataFrame, pairs: pd.DataFrame) -> tuple[JudgeCard, ...]:
    counts = pd.concat([scores["judge"], pairs["judge"]]).value_counts(sort=True)
    return tuple(JudgeCard(name=str(judge), label=str(judge), kind="model", sides="both") for judge in counts.index)


def _notes(harvest: _Harvest, answers: pd.DataFrame) -> tuple[ModelNote, ...]:
    """Where a model's judgments come from, and whether its answers are no contestant's."""
    sources = {str(r["model"]): str(r["source"]) for r in harvest.records[SCORES] if "source" in r}
    answered = {str(r["model"]): str(r.get("source", "")) for r in harvest.records["answers"]}
    controls = {str(model): kind for model, part in answers.groupby("model") if (kind := control_of(part["answer"]))}
    return tuple(
        ModelNote(
            model=model, source=sources.get(model, ""), control=controls.get(model),
            other_answers=model in sources and answered.get(model, "") != sources[model],
        )
        for model in sorted({*sources, *controls})
    )  # fmt: skip


def control_of(answers: "pd.Series[str]") -> Control | None:
    """`null` when all answers are empty, `constant` when they are one text; None for a contestant."""
    if len(answers) < FEW or answers.nunique() > 1:
        return None
    return "constant" if str(answers.iloc[0]).strip() else "null"


def _newest(scores: pd.DataFrame) -> datetime | None:
    newest = pd.to_numeric(scores["tstamp"]).max() if "tstamp" in scores and len(scores) else float("nan")
    return datetime.fromtimestamp(float(newest), UTC) if newest == newest else None
