"""Files of preference pairs of other projects -> pairs of a better and a worse answer, with their texts.

Layouts, told apart by their columns: `chosen`, `rejected` with `prompt` or whole dialogues (HH-RLHF); `text_a`,
`text_b`, `score_a`, `score_b` (DSP); `input`, `output_1`, `output_2`, `label` (LLMBar); `instruction`, `input`,
`response1`, `response2`, `a1` to `a3` (PandaLM: the better answer by most of three annotators). Pairs without a better
answer are left out and counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.sources.reward_tables import pair_id
from leaderboard.sources.row_files import read_rows

TURN = "\n\nAssistant:"


@dataclass(frozen=True, kw_only=True)
class PairFile:
    """Pairs with columns `reward_tables.TEXT_COLUMNS`, and how many had no better answer or were there already."""

    pairs: pd.DataFrame
    undecided: int
    copies: int


def read_pairs(path: Path) -> PairFile:
    """The pairs of a file. Raises BadRecord naming the file and what was expected."""
    rows = read_rows(path, [])
    layout = next((columns for columns in LAYOUTS if set(columns) <= set(rows)), None)
    if layout is None:
        expected = "; ".join(", ".join(columns) for columns in LAYOUTS)
        raise BadRecord(f"{path}: columns are {', '.join(map(str, rows.columns[:12]))}; expected {expected}.")
    found = LAYOUTS[layout](rows)
    decided = found.dropna(subset=["chosen", "rejected"]).astype(str)
    if decided.empty:
        raise BadRecord(f"{path}: no pair has a better answer; expected at least one.")
    columns = (decided["prompt"], decided["chosen"], decided["rejected"])
    ids = [pair_id(*texts) for texts in zip(*columns, strict=True)]
    pairs = decided.assign(pair=ids)[["pair", "prompt", "chosen", "rejected"]]
    kept = pairs.drop_duplicates("pair").reset_index(drop=True)
    return PairFile(pairs=kept, undecided=len(found) - len(decided), copies=len(pairs) - len(kept))


def _dialogues(chosen: pd.Series, rejected: pd.Series) -> pd.DataFrame:
    """Whole dialogues split where they part: the prompt ends with the last turn's "Assistant:" that both share."""
    rows = []
    for one, other in zip(chosen.astype(str), rejected.astype(str), strict=True):
        same = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
                    min(len(one), len(other)))  # fmt: skip
        turn = one.rfind(TURN, 0, same)
        cut = turn + len(TURN) if turn >= 0 else 0
        rows.append({"prompt": one[:cut].strip(), "chosen": one[cut:].strip(), "rejected": other[cut:].strip()})
    return pd.DataFrame(rows)


def _chosen(rows: pd.DataFrame) -> pd.DataFrame:
    if "prompt" in rows:
        return rows[["prompt", "chosen", "rejected"]].reset_index(drop=True)
    return _dialogues(rows["chosen"], rows["rejected"])


def _scored(rows: pd.DataFrame) -> pd.DataFrame:
    first, tie = rows["score_a"] > rows["score_b"], rows["score_a"] == rows["score_b"]
    found = _dialogues(rows["text_a"].where(first, rows["text_b"]), rows["text_b"].where(first, rows["text_a"]))
    found.loc[tie.to_numpy(), ["chosen", "rejected"]] = None
    return found


def _labelled(rows: pd.DataFrame) -> pd.DataFrame:
    return _ordered(rows["input"], rows["output_1"], rows["output_2"], rows["label"])


def _annotated(rows: pd.DataFrame) -> pd.DataFrame:
    votes = rows[["a1", "a2", "a3"]]
    most = votes.eq(1).sum(axis=1).ge(2).map({True: 1, False: 0}) + 2 * votes.eq(2).sum(axis=1).ge(2)
    context = rows["input"].fillna("").astype(str)
    prompt = rows["instruction"].astype(str) + context.where(context == "", "\n\n" + context)
    return _ordered(prompt, rows["response1"], rows["response2"], most)


def _ordered(prompt: pd.Series, first: pd.Series, second: pd.Series, better: pd.Series) -> pd.DataFrame:
    """Pairs from two answers and which is better (1 or 2; anything else: neither)."""
    one, two = better.eq(1), better.eq(2)
    found = pd.DataFrame({"prompt": prompt, "chosen": first.where(one, second), "rejected": second.where(one, first)})
    found.loc[~(one | two), ["chosen", "rejected"]] = None
    return found


LAYOUTS: Mapping[tuple[str, ...], Callable[[pd.DataFrame], pd.DataFrame]] = {
    ("chosen", "rejected"): _chosen,
    ("text_a", "text_b", "score_a", "score_b"): _scored,
    ("input", "output_1", "output_2", "label"): _labelled,
    ("instruction", "input", "response1", "response2", "a1", "a2", "a3"): _annotated,
}
