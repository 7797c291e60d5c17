"""The MT-Bench table of a run of our own questions: scores, questions, answers, judgments, comparisons and the card.

Enters: the work folders of judged runs, as `eval_queue.judging.mt_bench` leaves them. Leaves: an `MtBenchTable`, texts
included: questions, answers and verdicts are this project's own.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from eval_queue.judging.questions import Question
from leaderboard.records import RunResult
from leaderboard.sources.battle_tables import JudgeCard
from leaderboard.sources.mt_bench_tables import ModelNote, MtBenchCard, MtBenchTable

NAME = "own_smollm2"
PAIRS = "pairs.parquet"
ABOUT = "about.txt"
"""Beside a model's answers: its name in words."""
JUDGED_ALIKE = (
    "How it judges: not by writing, but by its probabilities of the allowed verdicts; the likeliest is taken "
    "(eval_queue/runners/local_judge.py)."
)


def table_of(
    folders: Mapping[str, Path], questions: Sequence[Question], *, judge: str, control: str, measured: Path | None
) -> MtBenchTable:
    """The table of the runs in `folders`, by model; `control` is the one that is no contestant."""
    ratings = pd.concat([_ratings(folder).assign(model=model) for model, folder in folders.items()])
    ratings = ratings.assign(judge=judge)
    judgments = ratings[ratings["judgment"].notna()].rename(columns={"judgment": "text", "rating": "score"})
    columns = ["model", "judge", "question_id", "turn"]
    parts = {
        "questions": _questions(questions),
        "answers": pd.concat([_answers(folder).assign(model=model) for model, folder in folders.items()]),
        "judgments": judgments[[*columns, "text", "score"]],
    }
    compared = [_pairs(folder, model, control, judge) for model, folder in folders.items() if model != control]
    if known := [frame for frame in compared if frame is not None]:
        parts["pairs"] = pd.concat(known)
    scores = ratings.rename(columns={"rating": "score"})[[*columns, "score", "category"]]
    card = _card(folders, questions, judge=judge, control=control, measured=measured)
    return MtBenchTable(card=card, scores=scores, parts=parts)


def _ratings(folder: Path) -> pd.DataFrame:
    files = [path for path in sorted((folder / "samples").glob("*.parquet")) if path.name != PAIRS]
    frame = pd.concat([pd.read_parquet(path) for path in files], ignore_index=True)
    frame = frame.drop(columns="score").rename(columns={"doc_id": "question_id"})
    return frame.assign(question_id=frame["question_id"].astype(str)).sort_values(["question_id", "turn"])


def _questions(questions: Sequence[Question]) -> pd.DataFrame:
    rows = [
        {"question_id": str(each.question_id), "category": each.category, "turns": list(each.turns),
         "reference": [text or "" for text in each.reference]}
        for each in questions
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _answers(folder: Path) -> pd.DataFrame:
    lines = (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()[1:]
    frame = pd.DataFrame([json.loads(line) for line in lines])
    frame = frame.assign(question_id=frame["question_id"].astype(str)).rename(columns={"text": "answer"})
    return frame[["question_id", "turn", "answer"]].sort_values(["question_id", "turn"])


def _pairs(folder: Path, model: str, control: str, judge: str) -> pd.DataFrame | None:
    path = folder / "samples" / PAIRS
    if not path.is_file():
        return None
    frame = pd.read_parquet(path).rename(
        columns={"doc_id": "question_id", "g1_judgment": "g1_text", "g2_judgment": "g2_text"}
    )
    frame = frame.assign(question_id=frame["question_id"].astype(str), model_1=model, model_2=control, judge=judge)
    columns = ["model_1", "model_2", "judge", "question_id", "turn"]
    return frame[[*columns, "g1_winner", "g2_winner", "g1_text", "g2_text"]].sort_values(["question_id", "turn"])


def _card(
    folders: Mapping[str, Path], questions: Sequence[Question], *, judge: str, control: str, measured: Path | None
) -> MtBenchCard:
    weak = weakness(json.loads(measured.read_text(encoding="utf-8"))) if measured else "Its agreement is not measured."
    notes = tuple(
        ModelNote(model=model, source=_about(folder, model == control), license="Apache-2.0",
                  control="constant" if model == control else None)
        for model, folder in folders.items()
    )  # fmt: skip
    return MtBenchCard(
        name=NAME, label="Own questions, weak local judge", order=90,
        title="Our own two-turn questions, answered and judged on this project's machine by a weak judge",
        about=f"Small models ({', '.join(name for name in folders if name != control)}) and a control that answers "
        f"everything with one text, on {len(questions)} two-turn questions written for this project. It shows how a "
        f"real run looks, not how good a model is: the judge, {judge}, is itself one of them and a weak judge. {weak} "
        f"{JUDGED_ALIKE}",
        source="eval_queue/tasks/mt_bench_own; scripts/run_mt_bench_own.py", license="Apache-2.0",
        as_of=_finished(folders), n_questions=len(questions),
        judges=(JudgeCard(name=judge, label=f"{judge} (weak judge)", kind="model", model=judge, info=weak),),
        models=notes, texts="Questions, answers and verdicts are this project's own (Apache-2.0).",
    )  # fmt: skip


def weakness(measured: Mapping[str, Any]) -> str:
    """What a measured agreement says, in a sentence."""
    found = measured["agreement"]
    sums, both = found["summed_log_odds"]["S2_without_ties"], found["both_orders"]["S1_with_ties"]
    place, gpt4 = measured["position"], found["gpt4_same_pairs"]["S2_without_ties"]
    shares = {name: f"{sums[name]:.0%}" for name in ("accuracy", "accuracy_lower", "accuracy_upper")}
    return (
        f"Weak judge: on {measured['n_comparisons']} pairs of MT-Bench answers with {measured['n_votes']} votes of "
        f"people it prefers the answer shown first in {place['first']:.0%} of its verdicts. Asked in both orders it "
        f"agrees with {both['accuracy']:.0%} of the votes (ties included, kappa {both['kappa']:.2f}). With the liking "
        f"for a place taken out, it agrees with {shares['accuracy']} of the votes that name a winner (95 % interval "
        f"{shares['accuracy_lower']} to {shares['accuracy_upper']}; chance is 50 %, GPT-4 on the same pairs "
        f"{gpt4['accuracy']:.0%}). Measured on answers cut at {measured['characters_shown']:,} characters."
    )


def _about(folder: Path, is_control: bool) -> str:
    if is_control:
        return "One text for every question; no contestant."
    result = RunResult.model_validate_json((folder / "result.json").read_bytes())
    cut = sum(json.loads(line)["cut"] for line in (folder / "answers.jsonl").read_text().splitlines()[1:])
    return (
        f"{(folder / ABOUT).read_text(encoding='utf-8')}, bfloat16, revision {result.submission.revision[:12]}. {cut} "
        "answers end at the limit of tokens."
    )


def _finished(folders: Mapping[str, Path]) -> datetime:
    """When the last run was judged."""
    files = [folder / "result.json" for folder in folders.values()]
    return max(RunResult.model_validate_json(path.read_bytes()).finished_at for path in files).astimezone(UTC)
