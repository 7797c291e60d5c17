"""PRD (Li et al., 2023): five models and people review answers to the Vicuna questions -> one battle table.

`score` of the source is 1 (the first answer wins), 2 (the second) or 3 (tie); models reviewed all ordered pairs.
"""

from pathlib import Path

import pandas as pd

from leaderboard.sources.battle_tables import BattleCard, JudgeCard
from leaderboard.sources.tables import Finding
from scripts.snapshot.made import Tables

FOLDER = "peer_rank_prd"
WINNERS = {1: "model_a", 2: "model_b", 3: "tie"}
LABELS = {"gpt4": "GPT-4", "gpt35": "GPT-3.5", "claude": "Claude", "bard": "Bard", "vicuna-13b": "Vicuna-13B"}
JUDGES = (
    *(JudgeCard(name=name, label=label, kind="model", model=name, sides="shown") for name, label in LABELS.items()),
    JudgeCard(name="human", label="People", kind="human", sides="shown", info="No code of the person is published."),
)
QUESTIONS = Path("vicuna_blog_eval") / "question.jsonl"
"""The same 80 questions, with their categories."""


def tables(data: Path) -> Tables:
    """The table `peer_rank`."""
    reviews = pd.read_parquet(data / FOLDER / "ratings.parquet")
    category = pd.read_json(data / QUESTIONS, lines=True).set_index("question_id")["category"]
    lengths = _lengths(data / FOLDER / "generations")
    frame = pd.DataFrame(
        {
            "model_a": reviews["answer_1"], "model_b": reviews["answer_2"], "winner": reviews["score"].map(WINNERS),
            "judge": reviews["reviewer"], "question": reviews["question_id"].astype(str),
            "category": reviews["question_id"].map(category),
            "length_a": _length(reviews, "answer_1", lengths), "length_b": _length(reviews, "answer_2", lengths),
        }
    )  # fmt: skip
    yield _card(frame), frame


def _lengths(folder: Path) -> "pd.Series[int]":
    parts = [
        pd.read_json(path, lines=True).assign(model=path.stem.removeprefix("answer_"))
        for path in sorted(folder.glob("answer_*.jsonl"))
    ]
    return pd.concat(parts).set_index(["model", "question_id"])["text"].str.len()


def _length(reviews: pd.DataFrame, model: str, lengths: "pd.Series[int]") -> pd.Series:
    keys = pd.MultiIndex.from_frame(reviews[[model, "question_id"]])
    return pd.Series(lengths.reindex(keys).to_numpy(), index=reviews.index)


def _card(frame: pd.DataFrame) -> BattleCard:
    model = frame["judge"].ne("human")
    keys = ["judge", "question", "model_a", "model_b"]
    again = frame[model].duplicated(keys)
    changed = frame[model].groupby(keys)["winner"].nunique().gt(1)
    return BattleCard(
        name="peer_rank", label="Peer rank: five models and people", order=30,
        title="PRD: five models review each other's answers in both orders, and people (2023)",
        about="Answers of five models to the 80 Vicuna questions, reviewed by the same five models in both orders "
        "of every pair, and by people (who also judged four sizes of Guanaco). Lengths are characters.",
        source="github.com/bcdnlp/PRD @ 35fb99e5d5c7a2f3535811f1edbe417da7563957.",
        license="MIT (PRD authors)", as_of=None, kind="battles", tabs=("human_gpt4", "judge_audit"), judges=JUDGES,
        question_info="Number of the Vicuna question (1 to 80).",
        findings=(
            Finding(
                what="GPT-3.5 reviewed the pairs of gpt35 and gpt4 twice, with other words each time.",
                rows=int(again.sum()),
                treatment=f"Kept: they are further reviews, not copies ({int(changed.sum())} have another verdict).",
            ),
            Finding(
                what="Votes of people without a code of the person, up to 3 on a pair and question.",
                rows=int((~model).sum()), treatment="Kept; nothing can be said about single persons.",
            ),
            Finding(
                what="Answers of Guanaco are not in the source.",
                rows=int((frame["length_a"].isna() | frame["length_b"].isna()).sum()), treatment="Length is blank.",
            ),
        ),
    )  # fmt: skip
