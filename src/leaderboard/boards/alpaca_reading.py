"""Single instructions of AlpacaEval: both answers, their lengths and the verdict; texts where a user imported them.

Enters: the verdicts of one table and judge, what a visitor selected. Leaves: a `Reading` with the model's answer on
side a and the baseline's on side b.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from leaderboard.boards.choosing import ALL, choice, options, place, steps
from leaderboard.boards.reading import Choice, Option, Part, Reading, Selection
from leaderboard.boards.shelf import Snapshot
from leaderboard.sources.alpaca_texts import FOLDER, FORMAT, AlpacaTexts, read_alpaca_texts
from leaderboard.sources.battle_tables import BattleCard, JudgeCard

OUTCOMES = {"model_a": "Model preferred", "model_b": "Baseline preferred", "tie": "Draw"}
UPSET = "The shorter answer preferred"
SHOWN = 70
"""Characters of an instruction in the list."""


def reading(
    snapshot: Snapshot, card: BattleCard, judge: JudgeCard, verdicts: pd.DataFrame, selection: Selection
) -> Reading:
    """The instruction that the selection leads to. Raises InvalidQuery for a choice that does not exist.

    `verdicts` are those of all judges, with columns model_a (the model), model_b (the baseline), preference in 0..1,
    question, winner, and judge, length_a, length_b where known.
    """
    if "question" not in verdicts:
        empty = "These verdicts do not say which instruction they are about: the file had no column instruction."
        return Reading(title=card.label, origin=snapshot.origin, empty=empty)
    texts = read_alpaca_texts(snapshot.folder)
    table = _described(verdicts[verdicts["judge"] == judge.name] if "judge" in verdicts else verdicts, texts)
    chosen, own = _chosen(table, texts, selection)
    origin = _origin(snapshot, card, texts)
    if own.empty:
        return Reading(
            title=chosen[0].value, origin=origin, choices=chosen, empty="Nothing here; choose another verdict."
        )
    places = own["question"].astype(str).tolist()
    known = selection.get("question") in set(table["question"].astype(str)) - set(places)
    labels = own["label"].tolist()
    hints = own["preference"].tolist()
    here, at = place(
        {} if known else selection, "question", "Instruction", places,
        lambda number: Option(value=places[number], label=labels[number], hint=f"{hints[number]:.2g}"),
    )  # fmt: skip
    row = own.iloc[at]
    upsets = set(own.loc[own["upset"], "question"].astype(str))
    return Reading(
        title=f"{row['model_a']} against {row['model_b']}: {OUTCOMES[row['winner']].lower()}", origin=origin,
        choices=(*chosen, here), parts=tuple(_parts(card, row, verdicts, texts)), at=at + 1, of=len(places),
        steps=steps(chosen, here, places, at, {"Next where the shorter answer is preferred": upsets.__contains__}),
    )  # fmt: skip


def _described(verdicts: pd.DataFrame, texts: AlpacaTexts | None) -> pd.DataFrame:
    """The verdicts by the number of the instruction, else as in the file.

    Each has its subset, a label, and whether the shorter answer won.
    """
    table = verdicts.assign(question=verdicts["question"].astype(str), winner=verdicts["winner"].astype(str))
    longer = np.sign(table["length_a"] - table["length_b"]) if {"length_a", "length_b"} <= set(table) else 0
    preferred = table["winner"].map({"model_a": 1, "model_b": -1, "tie": 0})
    table["upset"] = (preferred * longer == -1).fillna(value=False).astype(bool)
    number = pd.to_numeric(table["question"], errors="coerce")
    table = table.assign(number=number).sort_values("number", kind="stable")
    names = {} if texts is None else _names(texts, table["question"].unique())
    table["label"] = [_label(name, names.get(name, ("", ""))[1]) for name in table["question"]]
    table["subset"] = [names.get(name, ("", ""))[0] for name in table["question"]]
    return table


def _names(texts: AlpacaTexts, questions: np.ndarray) -> dict[str, tuple[str, str]]:
    """Subset and text of each instruction that is known."""
    rows = texts.instructions.fillna("").itertuples(index=False)
    both = [(str(row.code), str(row.question), str(row.subset), str(row.instruction)) for row in rows]
    known = {name: (subset, text) for code, number, subset, text in both for name in (code, number) if name}
    return {name: known[name] for name in map(str, questions) if name in known}


def _label(name: str, text: str) -> str:
    """A number and the instruction; one without a number is named by its text, or where there is none by its code."""
    first = " ".join(text.split())
    shown = f"{first[:SHOWN]}…" if len(first) > SHOWN else first
    return f"{name}: {shown}" if name.isdigit() and shown else shown or name


def _chosen(
    own: pd.DataFrame, texts: AlpacaTexts | None, selection: Selection
) -> tuple[tuple[Choice, ...], pd.DataFrame]:
    """Model, subset and verdict, and the rows that they leave."""
    models = sorted(own["model_a"].astype(str).unique(), key=str.casefold)
    read = set() if texts is None else set(texts.outputs["model"])
    first = sorted(models, key=lambda name: name not in read)  # one whose answers can be read is the default
    offered = [Option(value=name, label=name, hint="with texts" if name in read else "") for name in first]
    who = choice(selection, "model", "Model", offered)
    own = own[own["model_a"].astype(str) == who.value]
    made = [who]
    subsets = [name for name in own["subset"].unique() if name]
    if subsets:
        subset = choice(selection, "subset", "Subset", options(subsets, "All subsets"))
        made.append(subset)
        own = own if subset.value == ALL else own[own["subset"] == subset.value]
    verdicts = [Option(value=key, label=label) for key, label in (*OUTCOMES.items(), ("upset", UPSET))]
    outcome = choice(selection, "verdict", "Verdict", [Option(value=ALL, label="All"), *verdicts])
    if outcome.value != ALL:
        own = own[own["upset"]] if outcome.value == "upset" else own[own["winner"] == outcome.value]
    return (*made, outcome), own.drop_duplicates("question")


def _parts(card: BattleCard, row: pd.Series, verdicts: pd.DataFrame, texts: AlpacaTexts | None) -> Iterator[Part]:
    """The verdict, those of other judges, and each text that there is."""
    code = row["question"] if texts is None else texts.code_of(row["question"])
    if texts is not None:
        asked = texts.instructions.loc[texts.instructions["code"] == code, "instruction"]
        text = str(asked.iloc[0]) if len(asked) else "The imported texts do not hold this instruction."
        yield Part(key="instruction", role="prompt", title="Instruction", text=text)
    yield Part(
        key="verdict", role="verdict", title="Verdict", markup="plain", facts=tuple(_verdicts(card, row, verdicts)),
        mark="The shorter answer is preferred." if row["upset"] else "",
    )  # fmt: skip
    for side, name, length in (("a", row["model_a"], row.get("length_a")), ("b", row["model_b"], row.get("length_b"))):
        found = None if texts is None else _output(texts, code, str(name))
        characters = (("Characters", f"{int(length):,}"),) if pd.notna(length) else ()
        if texts is None and not characters:
            continue
        yield Part(
            key=f"answer_{side}", role="answer", title=f"{name}{'' if side == 'a' else ' (baseline)'}",
            text=found or ("" if texts is None else "*The imported texts do not hold this answer.*"),
            side="a" if side == "a" else "b", facts=characters,
        )  # fmt: skip


def _output(texts: AlpacaTexts, code: str, model: str) -> str | None:
    outputs = texts.outputs
    found = outputs.loc[(outputs["code"] == code) & (outputs["model"] == model), "output"]
    return str(found.iloc[0]) if len(found) else None


def _verdicts(card: BattleCard, row: pd.Series, verdicts: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """The verdict in words, and every judge's on the same two answers."""
    yield "Preferred", {"model_a": str(row["model_a"]), "model_b": str(row["model_b"]), "tie": "neither"}[row["winner"]]
    same = (verdicts["question"] == row["question"]) & (verdicts["model_a"] == row["model_a"])
    labels = {judge.name: judge.label for judge in card.judges}
    for other in verdicts[same & (verdicts["model_b"] == row["model_b"])].itertuples():
        who = labels.get(str(getattr(other, "judge", "")), card.judges[0].label)
        yield who, f"{100 * other.preference:.3g} % for the model"


def _origin(snapshot: Snapshot, card: BattleCard, texts: AlpacaTexts | None) -> str:
    if texts is None:
        return (
            f"Figures only: the texts are not part of this data. “leaderboard import {FORMAT} FOLDER --to DATA” puts "
            f"AlpacaEval's instructions and answers into your own data folder. {card.source} Licence: {card.license}"
        )
    return f"Texts from {FOLDER}/ of {snapshot.origin}; they are CC BY-NC 4.0 (tatsu-lab/alpaca_eval). {card.source}"
