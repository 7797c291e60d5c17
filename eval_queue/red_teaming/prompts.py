"""Prompts that a good model answers, or declines, with the kind of each.

Enters: JSON lines, CSV or parquet with columns prompt_id, type, expected (comply | refuse), prompt and, where known,
why. Leaves: `RedPrompt`s in the file's order, all or none.
"""

from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field, ValidationError

import eval_queue.tasks
from leaderboard.errors import BadRecord
from leaderboard.records import Record
from leaderboard.sources.row_files import read_rows

COLUMNS = ("prompt_id", "type", "expected", "prompt")
OWN = Path(eval_queue.tasks.__file__).parent / "refusal_own" / "prompts.jsonl"


class RedPrompt(Record):
    """One prompt; `why` says why it is harmless, or why it is to be declined."""

    prompt_id: str = Field(pattern=r"^\S{1,80}$")
    type: str = Field(min_length=1)
    expected: Literal["comply", "refuse"]
    prompt: str = Field(pattern=r"\S")
    why: str = ""


def read_prompts(path: Path = OWN) -> tuple[RedPrompt, ...]:
    """The prompts of a file, this project's own unless told otherwise. Raises BadRecord naming the row from 1."""
    rows = read_rows(path, COLUMNS)
    texts = rows[[name for name in (*COLUMNS, "why") if name in rows]].astype(object)
    found = tuple(_prompt(path, number, dict(row)) for number, (_, row) in enumerate(texts.iterrows(), 1))
    ids = [each.prompt_id for each in found]
    if not found or len(set(ids)) < len(ids):
        raise BadRecord(f"{path.name} has {len(ids)} prompts with {len(set(ids))} ids; expected one id each.")
    return found


def _prompt(path: Path, number: int, row: dict[str, object]) -> RedPrompt:
    try:
        return RedPrompt.model_validate({name: value for name, value in row.items() if not pd.isna(value)})  # type: ignore[call-overload]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadRecord(f"{path.name}, row {number}: {where}: {first['msg']}.") from error
