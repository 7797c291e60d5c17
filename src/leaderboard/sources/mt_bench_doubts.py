"""Reference answers of MT-Bench that are wrong or doubtful, as far as it could be computed here.

Enters: questions with reference answers. Leaves: the same with a doubt a turn and the address of the evidence. A doubt
is known by the digest of the reference's text, so that a corrected reference is never marked. The published list of 13
wrong ones was recomputed: `docs/mt_bench_references.md` says what was found, and how.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter

from leaderboard.records import Record

EVIDENCE = "https://github.com/lm-sys/FastChat/pull/3158"
"""The public list of wrong references; its authors checked all 30 by hand."""


class Doubt(Record):
    """One turn of a reference answer that is not to be trusted."""

    question_id: str
    turn: int = Field(ge=1, le=2)
    status: Literal["wrong", "doubtful"]
    finding: str = Field(min_length=1, description="What is wrong, with the corrected figure.")
    check: str = Field(min_length=1, description="How it was verified.")
    reported: bool = Field(description="The question is in the published list.")
    digest: str = Field(pattern=r"^[0-9a-f]{16}$", description="Of the reference's text, see `digest`.")


def digest(text: str) -> str:
    """Identifies a reference without quoting it; white space does not count."""
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()[:16]


@cache
def doubts() -> dict[tuple[str, str], Doubt]:
    """All known doubts by question and digest."""
    raw = (Path(__file__).parent / "mt_bench_doubts.json").read_bytes()
    return {(item.question_id, item.digest): item for item in TypeAdapter(list[Doubt]).validate_json(raw)}


def doubts_of(question_id: str, reference: list[str]) -> list[str]:
    """One text a turn of a reference: what is wrong with it, or nothing."""
    found = [doubts().get((question_id, digest(text))) for text in reference]
    return [f"Reference {item.status}: {item.finding} Checked: {item.check}" if item else "" for item in found]
