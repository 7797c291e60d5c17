"""Prompts that a good model answers, or declines, with the kind of each.

Enters: JSON lines, JSON, CSV or parquet, in one of the layouts of `LAYOUTS`, told apart by their columns: our own
(prompt_id, type, expected: comply | refuse, prompt and, where known, why), XSTest's (id, type, label: safe | unsafe,
prompt) and JailbreakBench's behaviours (Index, Goal, Category; harmful or benign by the file's name). Leaves:
`RedPrompt`s in the file's order, all or none.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field, ValidationError

import eval_queue.tasks
from leaderboard.errors import BadRecord
from leaderboard.records import Record
from leaderboard.sources.row_files import read_rows
from leaderboard.stores import write_file

COLUMNS = ("prompt_id", "type", "expected", "prompt")
OWN = Path(eval_queue.tasks.__file__).parent / "refusal_own" / "prompts.jsonl"
KEPT = "prompts.jsonl"
"""The prompts of a run in its work folder, for the process that judges."""


class UnknownLayout(BadRecord):
    """A table that holds no prompts."""


class RedPrompt(Record):
    """One prompt; `why` says why it is harmless, or why it is to be declined."""

    prompt_id: str = Field(pattern=r"^\S{1,80}$")
    type: str = Field(min_length=1)
    expected: Literal["comply", "refuse"]
    prompt: str = Field(pattern=r"\S")
    why: str = ""


def read_prompts(path: Path = OWN) -> tuple[RedPrompt, ...]:
    """The prompts of a file, this project's own unless told otherwise. Raises BadRecord naming the row from 1.

    No message holds a word of a prompt. UnknownLayout is raised for a table of something else.
    """
    rows = read_rows(path, ())
    layout = next((columns for columns in LAYOUTS if set(columns) <= set(rows)), None)
    if layout is None:
        # Their names are not told: without a header they are the words of a prompt.
        expected = "; or ".join(", ".join(columns) for columns in LAYOUTS)
        raise UnknownLayout(f"{path.name} has {len(rows.columns)} columns of other names; expected {expected}.")
    texts = LAYOUTS[layout](path, rows).astype(object)
    return one_id_each(
        path.name, (_prompt(path, number, dict(row)) for number, (_, row) in enumerate(texts.iterrows(), 1))
    )


def one_id_each(where: str, prompts: Iterable[RedPrompt]) -> tuple[RedPrompt, ...]:
    """The prompts. Raises BadRecord when there is none, or two have one id."""
    found = tuple(prompts)
    ids = {each.prompt_id for each in found}
    if not found or len(ids) < len(found):
        raise BadRecord(f"{where} has {len(found)} prompts with {len(ids)} ids; expected one id each.")
    return found


def keep(folder: Path, prompts: Iterable[RedPrompt]) -> None:
    """Leave the prompts of a run in its work folder."""
    write_file(folder / KEPT, "".join(each.model_dump_json() + "\n" for each in prompts).encode())


def digest(prompts: Iterable[RedPrompt]) -> str:
    """Names exactly what was asked, 16 hex digits: only runs on the same prompts can be compared."""
    asked = (f"{each.prompt_id}\x1f{each.type}\x1f{each.expected}\x1f{each.prompt}" for each in prompts)
    return hashlib.sha256("\x1e".join(asked).encode()).hexdigest()[:16]


def _own(_path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    ids = rows["prompt_id"].where(rows["prompt_id"].isna(), rows["prompt_id"].astype(str))
    return rows.assign(prompt_id=ids)[[name for name in (*COLUMNS, "why") if name in rows]]


def _xstest(_path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    expected = rows["label"].map({"safe": "comply", "unsafe": "refuse"})
    return pd.DataFrame({"prompt_id": rows["id"].astype(str), "type": rows["type"], "expected": expected,
                         "prompt": rows["prompt"]})  # fmt: skip


def _behaviours(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    kinds = {"benign": "comply", "harmful": "refuse"}
    expected = next((told for word, told in kinds.items() if word in path.name.lower()), None)
    if expected is None:
        raise BadRecord(f"{path.name} has behaviours; expected 'harmful' or 'benign' in its name, to know which kind.")
    stem = path.name.partition(".")[0]
    return pd.DataFrame({"prompt_id": stem + "-" + rows["Index"].astype(str), "type": rows["Category"],
                         "expected": expected, "prompt": rows["Goal"]})  # fmt: skip


LAYOUTS: Mapping[tuple[str, ...], Callable[[Path, pd.DataFrame], pd.DataFrame]] = {
    COLUMNS: _own,
    ("id", "type", "label", "prompt"): _xstest,
    ("Index", "Goal", "Category"): _behaviours,
}


def _prompt(path: Path, number: int, row: dict[str, object]) -> RedPrompt:
    try:
        return RedPrompt.model_validate({name: value for name, value in row.items() if not pd.isna(value)})  # type: ignore[call-overload]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadRecord(f"{path.name}, row {number}: {where}: {first['msg']}.") from error
