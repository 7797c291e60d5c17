"""Sets of preference pairs, from a local file or the Hub, as reward models are asked about them.

Enters: a file that `leaderboard.sources.reward_files` knows, or rows of a Hub dataset. Leaves: pairs with ids, and what
was kept out and why. A pair without an answer, or with the same answer twice, has nothing to prefer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.sources.reward_files import PairFile, read_pairs
from leaderboard.sources.reward_tables import pair_id
from leaderboard.sources.tables import Rejected

_SPEAKER = re.compile(r"(?:^|\n\n)(Human|Assistant):")
_ROLES: Mapping[str, str] = {"Human": "user", "Assistant": "assistant"}

Messages = list[dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A prompt (one text, or a dialogue of "Human:" and "Assistant:" turns) with a better and a worse answer."""

    id: str
    prompt: str
    chosen: str
    rejected: str


@dataclass(frozen=True, kw_only=True)
class PairSet:
    """The pairs of a set in their file's order, and what was kept out; `n_all` where these are drawn from more."""

    name: str
    pairs: tuple[Pair, ...]
    rejected: tuple[Rejected, ...]
    n_all: int | None = None


def load_file(name: str, path: Path) -> PairSet:
    """The pairs of a local file. Raises BadRecord when it cannot be used at all."""
    return pairs_of(name, read_pairs(path), path.name)


def pairs_of(name: str, found: PairFile, where: str) -> PairSet:
    """The usable pairs of what was read from `where`. Raises BadRecord when there is none."""
    kept = from_rows(name, found.pairs)
    notes = [(found.undecided, "no better answer"), (found.copies, "the same pair is there already")]
    dropped = tuple(Rejected(where=f"{where}: {n} rows", reason=reason) for n, reason in notes if n)
    return PairSet(name=name, pairs=kept.pairs, rejected=(*dropped, *kept.rejected))


def from_rows(name: str, rows: pd.DataFrame) -> PairSet:
    """Pairs of a frame with columns prompt, chosen, rejected. Raises BadRecord when no row is usable."""
    pairs: list[Pair] = []
    rejected: list[Rejected] = []
    columns = rows[["prompt", "chosen", "rejected"]].itertuples(index=False, name=None)
    for number, (prompt, chosen, other) in enumerate(columns):
        reason = _fault(prompt, chosen, other)
        if reason:
            rejected.append(Rejected(where=f"{name}: row {number}", reason=reason))
        else:
            pairs.append(Pair(id=pair_id(prompt, chosen, other), prompt=prompt, chosen=chosen, rejected=other))
    if not pairs:
        raise BadRecord(f"Set {name!r}: none of {len(rows)} rows is a pair; expected a prompt and two unlike answers.")
    return PairSet(name=name, pairs=tuple(pairs), rejected=tuple(rejected))


def drawn(pairs: PairSet, n: int | None) -> PairSet:
    """The `n` pairs whose ids come first, in their own order; all of them where there are no more."""
    if n is None or len(pairs.pairs) <= n:
        return pairs
    last = sorted(pair.id for pair in pairs.pairs)[n - 1]
    kept = tuple(pair for pair in pairs.pairs if pair.id <= last)
    return PairSet(name=pairs.name, pairs=kept, rejected=pairs.rejected, n_all=len(pairs.pairs))


def messages(prompt: str, answer: str) -> Messages:
    """A prompt and an answer as the turns of a chat."""
    marks = list(_SPEAKER.finditer(prompt))
    if not marks or prompt[: marks[0].start()].strip():
        return [_turn("user", prompt), _turn("assistant", answer)]
    ends = [mark.start() for mark in marks[1:]] + [len(prompt)]
    turns = [(_ROLES[mark[1]], prompt[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=True)]
    if turns[-1] == ("assistant", ""):
        turns.pop()
    return [_turn(role, text) for role, text in turns] + [_turn("assistant", answer)]


def _turn(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def _fault(prompt: object, chosen: object, rejected: object) -> str:
    texts = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
    for column, text in texts.items():
        if not isinstance(text, str):
            return f"{column} is {type(text).__name__}; expected a text"
    for column in ("chosen", "rejected"):
        if not str(texts[column]).strip():
            return f"{column} is blank; expected an answer"
    return "both answers are the same text; expected two" if chosen == rejected else ""
