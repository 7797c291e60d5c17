"""The answers behind safety figures, one at a time: labels always, texts only where imported and only when asked for.

Enters: a safety table, what a visitor selected. Leaves: a `Reading`. Harmful texts are withheld: a part holds its text
only when the selection's `show` names its key, so that no page, hover or export has it before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from leaderboard.boards.choosing import ALL, asked_for, choice, options, place, steps
from leaderboard.boards.reading import Choice, Option, Part, Reading, Role, Selection
from leaderboard.sources.safety_tables import SafetyCard

FILTERS = {"attack": "Attack", "model": "Model", "category": "Category"}
PARTS: dict[str, tuple[Role, str]] = {
    "request": ("prompt", "What was asked for"), "disguise": ("prompt", "The prompt that was sent"),
    "answer": ("answer", "The answer"), "judgment": ("verdict", "What the LLM judge said"),
}  # fmt: skip
NOT_THERE = (
    "This answer is counted, but its text is not part of the data. What a model says to a request that it should "
    "decline is not spread."
)
TOLD = {
    "harmful": "harmful answer", "harmless": "no harmful answer", "complied": "answers", "partly": "refuses in part",
    "refused": "refuses",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Behind:
    """The texts behind a table (columns `TEXT_COLUMNS`), None where nobody imported them, and where they are from."""

    texts: pd.DataFrame | None
    source: str


def reading(card: SafetyCard, frame: pd.DataFrame, behind: Behind, judge: str, selection: Selection) -> Reading:
    """The answer that the selection leads to. Raises InvalidQuery for a choice that does not exist."""
    texts = behind.texts
    names = [name for name in FILTERS if name in frame]
    table = frame.astype(dict.fromkeys((*names, "prompt"), str))
    label = f"label_{judge}"
    chosen = _filters(table, names, label, selection)
    left = _matching(table, chosen, label)
    origin = _origin(card, behind)
    if left.empty:
        empty = "No answer is like that. Choose another label or category."
        return Reading(title=card.label, origin=origin, choices=tuple(chosen), empty=empty)
    places = left["prompt"].tolist()
    told = left[label].astype(str).map(TOLD).fillna("no label").tolist()
    known = selection.get("prompt") in set(table["prompt"]) - set(places)
    here, at = place(
        {} if known else selection, "prompt", "Request", places,
        lambda number: Option(value=places[number], label=places[number], hint=told[number]),
    )  # fmt: skip
    row = left.iloc[at]
    return Reading(
        title=", ".join([str(row["model"]), *_attack(row), here.value]), origin=origin, choices=(*chosen, here),
        parts=tuple(_parts(card, row, texts, asked_for(selection))), at=at + 1, of=len(left),
        steps=steps(chosen, here, places, at, _jumps(card, left)),
    )  # fmt: skip


def _attack(row: pd.Series) -> list[str]:
    return [str(row["attack"])] if "attack" in row and pd.notna(row["attack"]) else []


def _filters(table: pd.DataFrame, names: list[str], label: str, selection: Selection) -> list[Choice]:
    """One model and attack at a time, so that a request has one answer; category and label narrow further."""
    model = choice(selection, "model", FILTERS["model"], options(table["model"]))
    own = table[table["model"] == model.value]
    out = [model]
    if "attack" in names:
        untried = selection.get("attack") in set(table["attack"]) - set(own["attack"])
        out.append(choice({} if untried else selection, "attack", FILTERS["attack"], options(own["attack"])))
    out.append(choice(selection, "category", FILTERS["category"], options(own["category"], "All")))
    found = set(table[label].dropna().astype(str))
    labels = [Option(value=value, label=told) for value, told in TOLD.items() if value in found]
    out.append(choice(selection, "label", "Label", [Option(value=ALL, label="All"), *labels]))
    return out


def _matching(table: pd.DataFrame, chosen: list[Choice], label: str) -> pd.DataFrame:
    keep = pd.Series(data=True, index=table.index)
    for item in chosen:
        if item.value != ALL:
            keep &= table[label if item.name == "label" else item.name].astype(str) == item.value
    return table[keep]


def _jumps(card: SafetyCard, left: pd.DataFrame) -> dict[str, Callable[[str], bool]]:
    """Where it is interesting: an attack that succeeded, judges that disagree."""
    if card.kind == "attempts":
        found = set(left.loc[left[f"label_{card.judges[0].name}"] == "harmful", "prompt"])
        return {"Next success": found.__contains__}
    whole = [f"label_{judge.name}" for judge in card.judges if not judge.part]
    differ = set(left.loc[left[whole].astype(object).nunique(axis=1) > 1, "prompt"])
    return {"Next disagreement": differ.__contains__}


def _parts(card: SafetyCard, row: pd.Series, texts: pd.DataFrame | None, shown: frozenset[str]) -> Iterator[Part]:
    """Labels and figures first, then each text that there is, without its words until it is asked for."""
    yield Part(key="labels", role="verdict", title="Labels", markup="plain", facts=tuple(_facts(card, row)))
    own = _own(texts, row)
    if texts is not None and own is None:
        yield Part(
            key="none",
            role="note",
            title="Texts",
            markup="plain",
            text="The texts that are there do not hold this one.",
        )
    for key, (role, title) in PARTS.items() if own is not None else ():
        words = own.get(key) if own is not None else None
        if isinstance(words, str) and words:
            open_ = key in shown
            yield Part(
                key=key, role=role, title=title, markup="plain", folded=True,
                text=words if open_ else "", withheld=not open_, facts=(("Characters", f"{len(words):,}"),),
            )  # fmt: skip
        elif key == "answer" and "answer_length" in row and pd.notna(row["answer_length"]) and row["answer_length"] > 0:
            yield Part(key="none", role="note", title="The answer", markup="plain", text=NOT_THERE)


def _own(texts: pd.DataFrame | None, row: pd.Series) -> pd.Series | None:
    """The texts of one answer."""
    if texts is None:
        return None
    same = (texts["model"] == row["model"]) & (texts["prompt"] == row["prompt"])
    if "attack" in row and pd.notna(row["attack"]):
        same &= texts["attack"] == row["attack"]
    found = texts[same.fillna(value=False)]
    return found.iloc[0] if len(found) else None


def _facts(card: SafetyCard, row: pd.Series) -> Iterator[tuple[str, str]]:
    if "prompt_length" in row and pd.notna(row["prompt_length"]) and row["prompt_length"] == 0:
        yield "Attack", "found no prompt to send, which counts as failed"
    for judge in card.judges:
        told = row[f"label_{judge.name}"]
        yield judge.label, TOLD.get(str(told), "no label")
    yield "Should", "refuse" if row["expected"] == "refuse" else "answer"
    yield "Category", str(row["category"])
    for name, words in (("attack", "Attack"), ("access", "Access")):
        if name in row and pd.notna(row[name]):
            yield words, str(row[name])
    for name, words in (("prompt_length", "Prompt, characters"), ("answer_length", "Answer, characters")):
        if name in row and pd.notna(row[name]):
            yield words, f"{int(row[name]):,}"


def _origin(card: SafetyCard, behind: Behind) -> str:
    if behind.texts is None:
        return (
            f"Labels and figures only: the texts are third parties' and not part of this data. "
            f"“leaderboard import {card.name} FILE --to DATA” puts them into your own data folder. {card.source}"
        )
    return f"Texts from {behind.source}; each is loaded when you ask for it. {card.source}"
