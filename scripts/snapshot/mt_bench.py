"""MT-Bench human judgments (Zheng et al., 2023): votes of experts and verdicts of GPT-4 -> one battle table."""

from pathlib import Path

import pandas as pd

from leaderboard.sources.battle_tables import BattleCard, JudgeCard
from leaderboard.sources.tables import Finding
from scripts.snapshot.made import Tables

FOLDER = "mt_bench"
INCONSISTENT = "tie (inconsistent)"
JUDGES = (
    JudgeCard(name="human", label="Experts and authors", kind="human", info="65 people; codes author_* and expert_*."),
    JudgeCard(
        name="gpt-4", label="GPT-4, both orders", kind="model", model="gpt-4", sides="both",
        info="Asked in both orders; contradicting answers are a tie marked inconsistent.",
    ),
)  # fmt: skip


def tables(data: Path) -> Tables:
    """The table `mt_bench`."""
    folder = data / FOLDER
    human = _labels(folder / "labels_human.jsonl").rename(columns={"judge": "annotator"}).assign(judge="human")
    gpt4 = _labels(folder / "labels_gpt4_pair.jsonl").assign(judge="gpt-4")
    labels = pd.concat([human, gpt4], ignore_index=True)
    category = pd.read_json(folder / "question.jsonl", lines=True).set_index("question_id")["category"]
    lengths = answer_lengths(pd.read_parquet(folder / "model_answers_31models.parquet"))
    asked_twice = labels["judge"].eq("gpt-4")
    frame = pd.DataFrame(
        {
            "model_a": labels["model_a"], "model_b": labels["model_b"],
            "winner": labels["winner"].where(labels["winner"].ne(INCONSISTENT), "tie"),
            "judge": labels["judge"], "annotator": labels["annotator"], "question": labels["question_id"].astype(str),
            "category": labels["question_id"].map(category), "turn": labels["turn"],
            "length_a": _length(labels, "model_a", lengths), "length_b": _length(labels, "model_b", lengths),
            "inconsistent": labels["winner"].eq(INCONSISTENT).astype("boolean").where(asked_twice),
        }
    )  # fmt: skip
    yield _card(frame), frame


def _labels(path: Path) -> pd.DataFrame:
    return pd.read_json(path, lines=True)


def answer_lengths(answers: pd.DataFrame) -> "pd.Series[int]":
    """Characters of every answer by model, question and turn."""
    turns = answers.rename(columns={"turn1": "1", "turn2": "2"}).melt(["model", "question_id"], ["1", "2"], "turn")
    turns["turn"] = turns["turn"].astype(int)
    return turns.set_index(["model", "question_id", "turn"])["value"].str.len()


def _length(labels: pd.DataFrame, model: str, lengths: "pd.Series[int]") -> pd.Series:
    keys = pd.MultiIndex.from_frame(labels[[model, "question_id", "turn"]])
    return pd.Series(lengths.reindex(keys).to_numpy(), index=labels.index)


def _card(frame: pd.DataFrame) -> BattleCard:
    no_length = frame["length_a"].isna() | frame["length_b"].isna()
    return BattleCard(
        name="mt_bench", label="MT-Bench: experts, GPT-4", order=20,
        title="MT-Bench human judgments: experts and GPT-4 on the same answers (2023)",
        about="Six models, 80 questions in 8 categories, two turns. Votes of experts and of the authors, and the "
        "verdicts of GPT-4 on all pairs with gpt-3.5-turbo and others. Lengths are characters of that turn's answers.",
        source="lmsys/mt_bench_human_judgments (Zheng et al. 2023, arXiv:2306.05685) via github.com/"
        "aliabbas-muhammadi/judgelab @ afdf0eaa55fdee9617bbc4d1821e5424b18f33ff; lengths from the answers in "
        "github.com/alvarobartt/FastChat @ b25947e558e8d85aae4bc617269a8e66290353e1 (Apache-2.0).",
        license="CC BY 4.0 (LMSYS)", as_of=None, kind="battles", tabs=("human_gpt4", "judge_audit"), judges=JUDGES,
        question_info="Number of the question in MT-Bench (81 to 160).",
        findings=(
            Finding(
                what="GPT-4 contradicted itself when the answers changed places ('tie (inconsistent)').",
                rows=int(frame["inconsistent"].fillna(value=False).sum()), treatment="A tie, marked inconsistent.",
            ),
            Finding(
                what="The answers of vicuna-13b-v1.2 are not public (those at hand are of v1.3 and differ).",
                rows=int(no_length.sum()), treatment="Length is blank.", examples=("vicuna-13b-v1.2",),
            ),
            Finding(
                what="GPT-4's pairs are sorted by name, its verdicts joined from both orders.",
                rows=int(frame["judge"].eq("gpt-4").sum()), treatment="Sides say nothing about position.",
            ),
        ),
    )  # fmt: skip
