"""Vicuna blog evaluation (LMSYS, 2023): GPT-4 gives two answers 1 to 10 points each -> one battle table."""

import json
from pathlib import Path

import pandas as pd

from leaderboard.sources.battle_tables import BattleCard, JudgeCard
from leaderboard.sources.tables import Finding
from scripts.snapshot.made import Tables

FOLDER = "vicuna_blog_eval"
TWO_SCORES = r"\s*\d+(?:\.\d+)?[ ,]+\d+(?:\.\d+)?"
JUDGES = (
    JudgeCard(
        name="gpt-4", label="GPT-4 (scores)", kind="model", sides="shown", info="Three prompts: general, coding, math."
    ),
)


def tables(data: Path) -> Tables:
    """The table `vicuna_blog`."""
    folder = data / FOLDER
    reviews = pd.read_parquet(folder / "reviews.parquet")
    parts = [pd.read_json(path, lines=True, dtype=False) for path in sorted(folder.glob("answer_*.jsonl"))]
    answers = pd.concat(parts).set_index("answer_id")
    questions = pd.read_json(folder / "question.jsonl", lines=True, dtype=False)
    category = questions.set_index(questions["question_id"].astype(str))["category"]
    scores = reviews["score"].map(json.loads)
    frame = pd.DataFrame({"score_a": scores.str[0].astype(float), "score_b": scores.str[1].astype(float)})
    for side, number in (("a", 1), ("b", 2)):
        answer = answers.loc[reviews[f"answer{number}_id"]]
        frame[f"model_{side}"] = answer["model_id"].to_numpy()
        frame[f"length_{side}"] = answer["text"].str.len().to_numpy()
    frame["winner"] = winners(frame["score_a"], frame["score_b"])
    frame["question"] = reviews["question_id"].astype(str)
    frame["category"] = frame["question"].map(category)
    unusual = ~reviews["text"].str.match(TWO_SCORES)
    yield _card(frame, int(unusual.sum())), frame


def winners(score_a: "pd.Series[float]", score_b: "pd.Series[float]") -> pd.Series:
    """The side with more points; equal points are a tie."""
    return pd.Series("tie", index=score_a.index).mask(score_a > score_b, "model_a").mask(score_a < score_b, "model_b")


def _card(frame: pd.DataFrame, unusual: int) -> BattleCard:
    zero = (frame["score_a"] < 1) | (frame["score_b"] < 1)
    return BattleCard(
        name="vicuna_blog", label="Vicuna blog: GPT-4 scores", order=40,
        title="Vicuna blog evaluation: GPT-4 gives points to two answers (2023)",
        about="Seven models, 80 questions in 9 categories. GPT-4 saw both answers, in one order only, and gave each "
        "1 to 10 points; the side with more points wins. Lengths are characters.",
        source="github.com/lm-sys/vicuna-blog-eval @ 29e5d378309de4efe28a87fc0d1f1002df4a448c.",
        license="Apache-2.0 (LMSYS)", as_of=None, kind="battles", tabs=("human_gpt4", "judge_audit"), judges=JUDGES,
        question_info="Number of the Vicuna question (1 to 80).",
        findings=(
            Finding(
                what="0 points on a scale from 1 to 10: the answer was empty.", rows=int(zero.sum()),
                treatment="Kept as published.",
            ),
            Finding(
                what="The review does not begin with the two scores (coding and math prompts).", rows=unusual,
                treatment="The scores that the authors took from it are kept.",
            ),
            Finding(
                what="Every pair was asked in one order only.", rows=len(frame),
                treatment="Kept: position and model cannot be told apart in this table.",
            ),
        ),
    )  # fmt: skip
