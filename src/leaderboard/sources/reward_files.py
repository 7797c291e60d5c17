"""Files of preference pairs of other projects -> pairs of a better and a worse answer, with their texts.

Layouts, told apart by their columns: `chosen`, `rejected` with `prompt` or whole dialogues (HH-RLHF); `text_a`,
`text_b`, `score_a`, `score_b` (DSP); `input`, `output_1`, `output_2`, `label` (LLMBar); `instruction`, `input`,
`response1`, `response2`, `a1` to `a3` (PandaLM: the better answer by most of three annotators); `history`,
`human_ref_A`, `human_ref_B`, `labels` (SHP: 1 for A); `info`, `summaries`, `choice` (Learning to summarize); messages
with `parent_id`, `role`, `rank`, `lang` (OpenAssistant, in English: every two answers of unlike rank to a prompt).
Pairs without a better answer are left out and counted.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

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
    return pairs_in(read_rows(path, []), str(path))


def pairs_in(rows: pd.DataFrame, where: str) -> PairFile:
    """The pairs of rows that were read from `where`. Raises BadRecord naming it and what was expected."""
    layout = next((columns for columns in LAYOUTS if set(columns) <= set(rows)), None)
    if layout is None:
        expected = "; ".join(", ".join(columns) for columns in LAYOUTS)
        raise BadRecord(f"{where}: columns are {', '.join(map(str, rows.columns[:12]))}; expected {expected}.")
    found = LAYOUTS[layout](rows)
    decided = found.dropna(subset=["chosen", "rejected"]).astype(str)
    if decided.empty:
        raise BadRecord(f"{where}: no pair has a better answer; expected at least one.")
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


def _voted(rows: pd.DataFrame) -> pd.DataFrame:
    better = rows["labels"].map({1: 1, 0: 2})
    return _ordered(rows["history"], rows["human_ref_A"], rows["human_ref_B"], better)


def _summaries(rows: pd.DataFrame) -> pd.DataFrame:
    texts = [_texts(each) for each in rows["summaries"]]
    first, second = (pd.Series([each[at] for each in texts], index=rows.index) for at in (0, 1))
    return _ordered(rows["info"].map(_to_summarise), first, second, rows["choice"].map({0: 1, 1: 2}))


def _texts(summaries: Any) -> list[str]:
    """Both texts, of a list of objects or an object of lists: both are how datasets store them."""
    found = summaries["text"] if isinstance(summaries, Mapping) else [each["text"] for each in summaries]
    return [str(text) for text in found][:2]


def _to_summarise(info: Mapping[str, Any]) -> str:
    """A post as Stiennon et al. 2020 asked for its summary (https://arxiv.org/abs/2009.01325), or a news article."""
    if info.get("post"):
        return f"SUBREDDIT: r/{info['subreddit']}\nTITLE: {info['title']}\nPOST: {info['post']}\nTL;DR:"
    return f"Article:\n\n{info['article']}\n\nTL;DR:"


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    columns = (rows[name].tolist() for name in ("message_id", "parent_id", "role", "text"))
    said = {str(name): (parent, role, text) for name, parent, role, text in zip(*columns, strict=True)}
    answers = rows[rows["role"].eq("assistant") & rows["rank"].notna() & rows["lang"].eq("en")]
    found = [
        {"prompt": _dialogue(said, str(parent)), "chosen": best, "rejected": other}
        for parent, own in answers.sort_values("rank", kind="stable").groupby("parent_id", sort=False)
        for (rank, best), (worse, other) in combinations(zip(own["rank"], own["text"], strict=True), 2)
        if rank < worse
    ]
    return pd.DataFrame(found, columns=["prompt", "chosen", "rejected"])


def _dialogue(said: Mapping[str, tuple[Any, str, str]], last: str) -> str:
    """What was said up to a message, in the form of HH-RLHF; ends where the assistant's turn begins."""

    def back() -> Iterator[str]:
        here: Any = last
        while here in said:
            here, role, text = said[here]
            yield f"{'Human' if role == 'prompter' else 'Assistant'}: {text}"

    return "\n\n".join([*reversed(list(back())), TURN.strip()])


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
    ("history", "human_ref_A", "human_ref_B", "labels"): _voted,
    ("info", "summaries", "choice"): _summaries,
    ("message_id", "parent_id", "text", "role", "rank", "lang"): _ranked,
}
