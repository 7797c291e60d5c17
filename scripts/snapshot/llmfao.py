"""LLMFAO (Ustalov, 2023): votes of a crowd, GPT-4 and GPT-3.5 on answers of 70 models -> one battle table.

Columns of the source: `id` of the comparison (one prompt and two models), `prompt`, `model_x` and `model_y` (ids in
models.jsonl), `left` and `right` (their names, always x left), `worker` (a number, in the crowd's file only) and
`winner` (left, right, tie).
"""

from pathlib import Path

import pandas as pd

from leaderboard.sources.battle_tables import BattleCard, JudgeCard
from leaderboard.sources.tables import Finding
from scripts.snapshot.made import Tables

FOLDER = "human_gpt4_llmfao"
FILES = {"crowd": "crowd-comparisons.csv", "gpt-4": "gpt4-comparisons.csv", "gpt-3.5": "gpt3-comparisons.csv"}
COPY = "gpt4-crowd-comparisons.csv"
WINNERS = {"left": "model_a", "right": "model_b", "tie": "tie"}
JUDGES = (
    JudgeCard(name="crowd", label="Crowd", kind="human", sides="shown", info="124 workers, up to 5 a comparison."),
    JudgeCard(name="gpt-4", label="GPT-4", kind="model", model="GPT 4", sides="shown"),
    JudgeCard(name="gpt-3.5", label="GPT-3.5", kind="model", model="GPT 3.5 Turbo", sides="shown"),
)


def tables(data: Path) -> Tables:
    """The table `llmfao`."""
    folder = data / FOLDER
    verdicts = pd.concat([_verdicts(folder / name, judge) for judge, name in FILES.items()], ignore_index=True)
    prompts = pd.read_json(folder / "prompts.jsonl", lines=True).set_index("id")
    answers = pd.read_parquet(folder / "results.parquet")
    lengths = answers.set_index(["model", "prompt"])["result"].str.len()
    frame = pd.DataFrame(
        {
            "model_a": verdicts["left"], "model_b": verdicts["right"], "winner": verdicts["winner"].map(WINNERS),
            "judge": verdicts["judge"], "annotator": verdicts["worker"],
            "question": verdicts["prompt"].map(prompts["slug"]), "category": verdicts["prompt"].map(prompts["type"]),
            "length_a": _length(verdicts, "model_x", lengths), "length_b": _length(verdicts, "model_y", lengths),
        }
    )  # fmt: skip
    yield _card(frame, len(pd.read_csv(folder / COPY))), frame


def _verdicts(path: Path, judge: str) -> pd.DataFrame:
    frame = pd.read_csv(path)
    workers = frame["worker"].map("w{:03d}".format) if "worker" in frame else None
    return frame.assign(judge=judge, worker=workers)


def _length(verdicts: pd.DataFrame, model: str, lengths: "pd.Series[int]") -> pd.Series:
    keys = pd.MultiIndex.from_frame(verdicts[[model, "prompt"]])
    return pd.Series(lengths.reindex(keys).to_numpy(), index=verdicts.index)


def _shares(frame: pd.DataFrame) -> str:
    ties = frame["winner"].eq("tie").groupby(frame["judge"]).mean()
    return ", ".join(f"{judge.label} {ties[judge.name]:.0%}" for judge in JUDGES if judge.name in ties)


def _card(frame: pd.DataFrame, n_copies: int) -> BattleCard:
    crowd = frame[frame["judge"] == "crowd"]
    empty = (frame["length_a"] == 0) | (frame["length_b"] == 0)
    return BattleCard(
        name="llmfao", label="LLMFAO: crowd, GPT-4, GPT-3.5", order=10,
        title="LLMFAO: human votes, GPT-4 and GPT-3.5 on the same pairs (2023)",
        about="Answers of 70 models to 19 prompts. A crowd of 124 workers judged the pairs of 59 models on 13 of the "
        "prompts; GPT-4 and GPT-3.5 judged these and more. Lengths are characters of the answers.",
        source="github.com/dustalov/llmfao @ 9e224e94a40129fd6e1e1529b962307e84af40da (answers from llmonitor).",
        license="CC BY 4.0 (Dmitry Ustalov)", as_of=None, kind="battles", tabs=("human_gpt4", "judge_audit"),
        judges=JUDGES, question_info="Short name of the prompt in prompts.jsonl of the source.",
        findings=(
            Finding(
                what=f"File {COPY} repeats the GPT-4 verdicts on the pairs that the crowd judged.", rows=n_copies,
                treatment="Left out: every row is in gpt4-comparisons.csv with the same verdict.",
            ),
            Finding(
                what="Votes of the crowd that are ties.", rows=int((crowd["winner"] == "tie").sum()),
                treatment=f"Kept. Share of ties by judge: {_shares(frame)}.",
            ),
            Finding(
                what="Comparisons in which one of the answers is empty.", rows=int(empty.sum()),
                treatment="Kept, with length 0.",
            ),
            Finding(
                what="Worker numbers of the crowd.", rows=len(crowd),
                treatment="Kept as codes (w000 ...): the source holds no name or other trait of a person.",
            ),
        ),
    )  # fmt: skip
