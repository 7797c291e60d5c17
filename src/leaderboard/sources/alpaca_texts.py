"""Texts behind AlpacaEval's verdicts: instructions and answers, kept in a user's own data folder, never in this one.

Enters: files of AlpacaEval (`model_outputs.json`, `annotations.json`) or tables with the same columns. Leaves: two
files in `alpaca_texts/` of a store, columns `INSTRUCTIONS` and `OUTPUTS`. `question` is the number of an instruction
where a source numbers them, `code` stands for its text (`preference_files.short_code`): annotations know one of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.sources.benchmark_table import Rejected
from leaderboard.sources.preference_files import as_text, short_code
from leaderboard.sources.row_files import is_table, read_rows
from leaderboard.sources.tables import read_texts, write_texts

FORMAT = "alpaca-eval-texts"
FOLDER = "alpaca_texts"
INSTRUCTIONS = ("code", "question", "subset", "instruction")
OUTPUTS = ("code", "model", "output")
NAMES = {"instruction_id": "question", "dataset": "subset", "generator": "model"}
PAIRED = (("output_1", "generator_1"), ("output_2", "generator_2"))


@dataclass(frozen=True, kw_only=True)
class AlpacaTexts:
    """`instructions` has one row an instruction, `outputs` one row a model and instruction."""

    instructions: pd.DataFrame
    outputs: pd.DataFrame

    def code_of(self, question: str) -> str:
        """The code of an instruction named by its number or by its code; the name itself where nobody knows it."""
        found = self.instructions.loc[self.instructions["question"] == question, "code"]
        return str(found.iloc[0]) if len(found) else question


def read_alpaca_texts(folder: Path) -> AlpacaTexts | None:
    """The texts of a store's folder; None where nobody imported them. Raises BadRecord for unreadable files."""
    instructions = read_texts(folder / FOLDER / "instructions.parquet", INSTRUCTIONS)
    outputs = read_texts(folder / FOLDER / "outputs.parquet", OUTPUTS)
    if instructions is None or outputs is None:
        return None
    return AlpacaTexts(instructions=instructions, outputs=outputs)


def import_alpaca_texts(path: Path, store: Path) -> tuple[AlpacaTexts, int, tuple[Rejected, ...]]:
    """Add the texts of a file, or of every table in a folder, to those of a store; texts read now win.

    Returns all texts of the store, how many files were read, and what was left out and why. Raises BadRecord when
    nothing could be read.
    """
    known = read_alpaca_texts(store)
    frames, rejected = _frames(path)
    instructions = _instructions([*frames.values(), *([] if known is None else [known.instructions])])
    numbers = instructions.dropna(subset=["question"]).set_index("question")["code"]
    parts = []
    for name, frame in frames.items():
        try:
            parts += list(_outputs(frame, numbers))
        except BadRecord as error:
            rejected.append(Rejected(where=name, reason=str(error)))
    if not frames or (instructions.empty and not parts):
        reasons = " ".join(f"{item.where}: {item.reason}" for item in rejected[:3])
        raise BadRecord(f"{path}: no instructions or answers of AlpacaEval could be read. {reasons}".strip())
    old = [] if known is None else [known.outputs]
    outputs = pd.concat([pd.DataFrame(columns=list(OUTPUTS)), *parts, *old])[list(OUTPUTS)]
    outputs = outputs.dropna().drop_duplicates(["code", "model"])
    made = AlpacaTexts(instructions=instructions, outputs=outputs.reset_index(drop=True))
    write_texts(store / FOLDER / "instructions.parquet", made.instructions, INSTRUCTIONS)
    write_texts(store / FOLDER / "outputs.parquet", made.outputs, OUTPUTS)
    return made, len(frames), tuple(rejected)


def _frames(path: Path) -> tuple[dict[str, pd.DataFrame], list[Rejected]]:
    """The tables that hold instructions or answers, by file name."""
    files = sorted(file for file in path.iterdir() if file.is_file() and is_table(file)) if path.is_dir() else [path]
    frames: dict[str, pd.DataFrame] = {}
    rejected: list[Rejected] = []
    for file in files:
        try:
            frame = read_rows(file, []).rename(columns=NAMES)
        except BadRecord as error:
            rejected.append(Rejected(where=file.name, reason=str(error)))
            continue
        if "instruction" in frame or ("output" in frame and "question" in frame):
            frames[file.name] = frame
        else:
            reason = "has no column instruction, and not both output and instruction_id."
            rejected.append(Rejected(where=file.name, reason=reason))
    return frames, rejected


def _instructions(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Every instruction once; its number and subset from whichever file has them."""
    parts = []
    for frame in frames:
        if "instruction" not in frame:
            continue
        own = frame.reindex(columns=["question", "subset", "instruction"]).dropna(subset=["instruction"])
        own["question"] = own["question"].map(as_text, na_action="ignore")
        parts.append(own.assign(code=own["instruction"].map(short_code)))
    if not parts:
        return pd.DataFrame(columns=list(INSTRUCTIONS))
    return pd.concat(parts).groupby("code", sort=False).first().reset_index()[list(INSTRUCTIONS)]


def _outputs(frame: pd.DataFrame, numbers: "pd.Series[str]") -> Iterator[pd.DataFrame]:
    """Answers with the codes of their instructions. Raises BadRecord for numbers that no instruction has."""
    if "instruction" in frame:
        code = frame["instruction"].map(short_code, na_action="ignore")
    else:
        question = frame["question"].map(as_text, na_action="ignore")
        code = question.map(numbers)
        if code.isna().all():
            raise BadRecord(
                f"its answers name instructions by number, such as {question.iloc[0]!r}, and no file gives those "
                "instructions; expected them in the same folder, with columns instruction_id and instruction."
            )
    if "output" in frame and "model" in frame:
        yield pd.DataFrame({"code": code, "model": frame["model"], "output": frame["output"]})
    for output, model in PAIRED:
        if output in frame and model in frame:
            yield pd.DataFrame({"code": code, "model": frame[model], "output": frame[output]})
