"""What is known about every answer of an MT-Bench table, found by model, question and turn.

Enters: the parts of a table and the name of a judge. Leaves: `Evidence`, made once a revision. Comparisons and votes
are kept with the two models in alphabetical order (`metrics.agreement.canonical`).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from leaderboard.boards.mt_bench_rows import plain
from leaderboard.metrics import agreement, mt_bench
from leaderboard.sources.judged_runs import JudgedRuns, read_judged
from leaderboard.sources.mt_bench_tables import PARTS, SCORES, MtBenchCard, read_mt_bench_card, read_part, read_scores

Answer = tuple[str, str, int]
"""Model, question and turn."""
Match = tuple[str, int, str, str]
"""Question, turn and the two models in alphabetical order."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question; what is not at hand is empty."""

    category: str = ""
    turns: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    evidence: str = ""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A verdict on two answers: outcome +1 the first model in the alphabet, -1 the second, 0 tie, None unreadable.

    `asked` has one (model shown first, winner or "tie", text) an order, the winner None where it is not known.
    """

    outcome: int | None
    inconsistent: bool
    asked: tuple[tuple[str, str | None, str], ...]


@dataclass(frozen=True, kw_only=True)
class Votes:
    """People's votes on two answers by outcome, and what the majority says (0 where no outcome leads)."""

    counts: Mapping[int, int]
    majority: int


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All parts of a table by their keys; `scores` are those that count, `left_out` the others with their reason."""

    card: MtBenchCard
    questions: Mapping[str, Question]
    scores: Mapping[Answer, float]
    texts: Mapping[Answer, str]
    left_out: Mapping[Answer, tuple[str, ...]]
    answers: Mapping[Answer, str]
    comparisons: Mapping[Match, Comparison]
    votes: Mapping[Match, Votes]

    @cached_property
    def judged(self) -> tuple[str, ...]:
        """Models with judgments of single answers, by their mean score."""
        scores: dict[str, list[float]] = {name: [] for name, _, _ in self.left_out}
        for (name, _, _), score in self.scores.items():
            scores.setdefault(name, []).append(score)
        return tuple(sorted(scores, key=lambda name: (-sum(scores[name]) / max(1, len(scores[name])), name)))

    @cached_property
    def opponents(self) -> Mapping[str, tuple[str, ...]]:
        """Models that were compared or voted on, by name, and with which others."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for _, _, first, second in (*self.comparisons, *self.votes):
            found[first].add(second)
            found[second].add(first)
        return {name: tuple(sorted(found[name])) for name in sorted(found)}

    @cached_property
    def answered(self) -> frozenset[str]:
        """Models whose answers are at hand."""
        return frozenset(model for model, _, _ in self.answers)

    @property
    def has_texts(self) -> bool:
        """Whether there is anything to read besides figures."""
        return bool(self.answers or self.texts or any(question.turns for question in self.questions.values()))


def match(question_id: str, turn: int, one: str, other: str) -> Match:
    """The key of a comparison of two models."""
    return (question_id, turn, min(one, other), max(one, other))


@lru_cache(maxsize=8)
def evidence(folder: Path, revision: str, name: str, judge: str) -> Evidence:  # noqa: ARG001 - the key
    """Everything about the judgments of one judge. Raises BadRecord when a part cannot be read."""
    card = read_mt_bench_card(folder, name)
    further = {part: read_part(folder, card, part) for part in PARTS}
    given = {SCORES: read_scores(folder, card)} | {part: frame for part, frame in further.items() if frame is not None}
    return _evidence(card, given, judge)


@lru_cache(maxsize=8)
def evidence_of_runs(table: JudgedRuns, folders: tuple[Path, ...]) -> Evidence:
    """Everything about runs made here. Raises BadRecord for values that the schema refuses."""
    return _evidence(table.card, read_judged(table, folders).frames, table.card.judges[0].name)


def _evidence(card: MtBenchCard, given: Mapping[str, pd.DataFrame], judge: str) -> Evidence:
    frames = {part: plain(frame) for part, frame in given.items()}
    scores = frames[SCORES]
    cleaned = mt_bench.clean(scores[scores["judge"].eq(judge)])
    return Evidence(
        card=card, questions=_questions(frames), scores=_by_answer(cleaned.kept, "score"),
        texts=_texts(frames, cleaned.kept, judge), left_out=_left_out(cleaned.left_out),
        answers=_by_answer(frames["answers"], "answer") if "answers" in frames else {},
        comparisons=_comparisons(frames, judge), votes=_votes(frames),
    )  # fmt: skip


def _by_answer(frame: pd.DataFrame, column: str) -> dict[Answer, Any]:
    return dict(zip(_keys(frame), frame[column], strict=True))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


def _questions(frames: Mapping[str, pd.DataFrame]) -> dict[str, Question]:
    """All questions in their order; without their texts those that were judged."""
    if "questions" in frames:
        rows = _records(frames["questions"])
        return {
            row["question_id"]: Question(
                category=row["category"], turns=tuple(row["turns"]), reference=tuple(row.get("reference", ())),
                doubts=tuple(row.get("reference_doubt", ())), evidence=row.get("reference_evidence") or "",
            ) for row in rows
        }  # fmt: skip
    scores = frames[SCORES]
    category = scores["category"] if "category" in scores else pd.Series("", index=scores.index)
    known = dict(zip(scores["question_id"], category.fillna(""), strict=True))
    others = [frames[part]["question_id"] for part in ("pairs", "votes") if part in frames]
    ids = {*known, *(key for column in others for key in column)}
    return {key: Question(category=known.get(key, "")) for key in sorted(ids, key=_natural)}


def _natural(key: str) -> tuple[int, str]:
    return (int(key) if key.isdigit() else 0, key)


def _texts(frames: Mapping[str, pd.DataFrame], kept: pd.DataFrame, judge: str) -> dict[Answer, str]:
    """What the judge wrote for the score that counts; of several texts the newest."""
    if "judgments" not in frames:
        return {}
    texts = frames["judgments"]
    texts = texts[texts["judge"].eq(judge)]
    if "tstamp" in texts:
        texts = texts.sort_values("tstamp", kind="stable", na_position="first")
    if "score" in texts:
        key = ["model", "question_id", "turn"]
        counted = kept.set_index(key)["score"].reindex(pd.MultiIndex.from_frame(texts[key]))
        texts = texts.iloc[np.argsort(texts["score"].to_numpy() == counted.to_numpy(), kind="stable")]
    return {key: str(text) for key, text in _by_answer(texts, "text").items()}


def _left_out(left_out: pd.DataFrame) -> dict[Answer, tuple[str, ...]]:
    found: defaultdict[Answer, list[str]] = defaultdict(list)
    for key, row in zip(_keys(left_out), _records(left_out), strict=True):
        score = "no score" if pd.isna(row["score"]) else f"{row['score']:g}"
        why = row.get("missing")
        found[key].append(f"{score}: {why if isinstance(why, str) and why else row['reason']}")
    return {key: tuple(reasons) for key, reasons in found.items()}


def _keys(frame: pd.DataFrame) -> list[Answer]:
    return list(zip(frame["model"], frame["question_id"], frame["turn"].astype(int), strict=True))


def _comparisons(frames: Mapping[str, pd.DataFrame], judge: str) -> dict[Match, Comparison]:
    if "pairs" not in frames:
        return {}
    pairs = frames["pairs"]
    pairs = pairs[pairs["judge"].eq(judge)].reset_index(drop=True)
    for name in ("g1_winner", "g2_winner", "winner", "inconsistent", "g1_text", "g2_text"):
        if name not in pairs:
            pairs[name] = None
    both = pairs["g1_winner"].notna() & pairs["g2_winner"].notna()
    joined = mt_bench.pair_verdicts(pairs[both])
    winner = joined["winner"].reindex(pairs.index).where(both, pairs["winner"])
    wrong = joined["inconsistent"].reindex(pairs.index).where(both, pairs["inconsistent"]).fillna(value=False)
    return {
        match(row["question_id"], int(row["turn"]), row["model_1"], row["model_2"]): Comparison(
            outcome=_outcome(row, win), inconsistent=bool(contradicts), asked=_asked(row),
        ) for row, win, contradicts in zip(_records(pairs), winner, wrong, strict=True)
    }  # fmt: skip


def _outcome(row: Mapping[str, Any], winner: object) -> int | None:
    if not isinstance(winner, str):
        return None
    if winner == "tie":
        return 0
    return 1 if (winner == "model_1") == (row["model_1"] < row["model_2"]) else -1


def _asked(row: Mapping[str, Any]) -> tuple[tuple[str, str | None, str], ...]:
    names = {"model_1": row["model_1"], "model_2": row["model_2"], "tie": "tie"}
    orders = (("model_1", row["g1_winner"], row["g1_text"]), ("model_2", row["g2_winner"], row["g2_text"]))
    return tuple(
        (names[first], names.get(winner) if isinstance(winner, str) else None, text if isinstance(text, str) else "")
        for first, winner, text in orders
    )


def _votes(frames: Mapping[str, pd.DataFrame]) -> dict[Match, Votes]:
    if "votes" not in frames:
        return {}
    votes = agreement.canonical(frames["votes"])
    leading = agreement.majority(votes)
    counts = votes.groupby([*agreement.KEY, "outcome"]).size().reset_index(name="n")
    found: defaultdict[Match, dict[int, int]] = defaultdict(dict)
    for row in _records(counts):
        found[_match(row)][int(row["outcome"])] = int(row["n"])
    return {_match(row): Votes(counts=found[_match(row)], majority=int(row["outcome"])) for row in _records(leading)}


def _match(row: Mapping[str, Any]) -> Match:
    return (str(row["question_id"]), int(row["turn"]), str(row["first"]), str(row["second"]))
