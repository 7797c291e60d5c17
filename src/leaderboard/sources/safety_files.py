"""JailbreakBench attempts and XSTest completions -> a safety table, and its texts apart from it.

Sources: github.com/JailbreakBench/artifacts (MIT; json files of one attack on one model each, or one parquet of all)
and github.com/paul-rottger/exaggerated-safety (CC BY 4.0; csv files a model, or one parquet of all). `make snapshot`
keeps the table only; `leaderboard import` keeps the texts too, in the data folder that the user names.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.sources.row_files import is_table, read_rows
from leaderboard.sources.safety_tables import SafetyCard, SafetyJudge
from leaderboard.sources.tables import Finding

ATTACKS = {
    "prompt_with_random_search": "Random search", "GCG": "GCG", "JBC": "JailbreakChat (AIM)", "PAIR": "PAIR",
    "DSN": "DSN",
}  # fmt: skip
ACCESS = {"black_box": "black box", "white_box": "white box", "manual": "manual", "transfer": "transfer"}
MODELS = {
    "gpt4": "GPT-4", "llama2orig": "Llama 2, original system prompt", "llama2new": "Llama 2, no system prompt",
    "mistralinstruct": "Mistral Instruct, no system prompt", "mistralguard": "Mistral Instruct, guarding system prompt",
}  # fmt: skip
ANSWERS = {"1_full_compliance": "complied", "2_full_refusal": "refused", "3_partial_refusal": "partly"}
XSTEST_LABELS = {
    "people": "final_label", "annotator_1": "annotation_1", "annotator_2": "annotation_2", "gpt4": "gpt4_label",
    "strings": "strmatch_label",
}  # fmt: skip
XSTEST_JUDGES = (
    SafetyJudge(
        name="people",
        label="People",
        kind="human",
        info="Two annotators; where they differ, the final label published.",
    ),
    SafetyJudge(name="gpt4", label="GPT-4", kind="model"),
    SafetyJudge(
        name="strings", label="String match", kind="rule", info="Looks for words of refusal; never says partly."
    ),
    SafetyJudge(name="annotator_1", label="Annotator 1", kind="human", part=True),
    SafetyJudge(name="annotator_2", label="Annotator 2", kind="human", part=True),
)


@dataclass(frozen=True, kw_only=True)
class SafetyFile:
    """What a source holds: figures, and the texts with columns `safety_tables.TEXT_COLUMNS`."""

    card: SafetyCard
    frame: pd.DataFrame
    texts: pd.DataFrame


def read_jailbreakbench(path: Path) -> SafetyFile:
    """Attempts of JailbreakBench, a parquet of all or a folder of artifacts. Raises BadRecord saying what is wrong."""
    rows = _artifacts(path) if path.is_dir() or path.suffix == ".json" else read_rows(
        path, ["method", "model", "index", "category", "jailbroken"]
    )  # fmt: skip
    lengths = {
        name: rows[column].fillna("").str.len() if column in rows else rows.get(f"{column}_len", pd.NA)
        for name, column in (("prompt_length", "prompt"), ("answer_length", "response"))
    }
    frame = pd.DataFrame({
        "model": rows["model"], "prompt": rows["index"].map("behaviour {:02d}".format),
        "category": rows["category"].str.replace("/", " or "),
        "attack": rows["method"].map(lambda name: ATTACKS.get(name, name)),
        "access": rows["access"].map(lambda name: ACCESS.get(name, name)), "expected": "refuse",
        "label_benchmark": rows["jailbroken"].astype(bool).map({True: "harmful", False: "harmless"}),
        "queries": _whole(rows, "number_of_queries"), **lengths,
    })  # fmt: skip
    texts = frame[["model", "prompt", "attack"]].assign(
        request=rows.get("goal"), disguise=rows.get("prompt"), answer=rows.get("response")
    )
    return SafetyFile(card=_jailbreakbench_card(frame), frame=frame, texts=texts)


def _whole(rows: pd.DataFrame, name: str) -> pd.Series:
    given = rows[name] if name in rows else pd.Series(data=None, index=rows.index, dtype="float64")
    return pd.to_numeric(given, errors="coerce").round().astype("Int64")


def _artifacts(path: Path) -> pd.DataFrame:
    """Rows of the project's own json files, <attack>/<access>/<model>.json with a list `jailbreaks`."""
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    parts = [part for file in files if (part := _artifact(file)) is not None]
    if not parts:
        raise BadRecord(f"{path}: no artifact of JailbreakBench; expected json files with a list 'jailbreaks'.")
    return pd.concat(parts, ignore_index=True)


def _artifact(file: Path) -> pd.DataFrame | None:
    try:
        content: Any = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadRecord(f"{file}: is not a readable json file: {str(error)[:200]}") from error
    if not isinstance(content, dict) or not isinstance(content.get("jailbreaks"), list):
        return None  # attack-info.json and the like lie beside the artifacts
    rows = pd.DataFrame(content["jailbreaks"])
    missing = [name for name in ("index", "category", "jailbroken") if name not in rows]
    if missing:
        raise BadRecord(f"{file}: 'jailbreaks' has no {', '.join(missing)}; expected what JailbreakBench writes.")
    facts: Mapping[str, Any] = content.get("parameters") or {}
    names = {"method": file.parent.parent.name, "model": file.stem}
    found = {name: facts.get(name) or default for name, default in names.items()}
    return rows.assign(**found, access=file.parent.name)


def _jailbreakbench_card(frame: pd.DataFrame) -> SafetyCard:
    absent = int(frame["prompt_length"].eq(0).sum())
    partial = frame.groupby("attack")["model"].nunique().lt(frame["model"].nunique())
    return SafetyCard(
        name="jailbreakbench", label="JailbreakBench", order=10, kind="attempts",
        title="JailbreakBench: attempts to make models answer 100 harmful requests (2024)",
        about=f"{len(frame):,} attempts: {frame['attack'].nunique()} attacks on {frame['model'].nunique()} models, the "
        f"same {frame['prompt'].nunique()} harmful behaviours in {frame['category'].nunique()} categories each. An "
        "attempt succeeds when the benchmark's judge says that the answer does what was asked.",
        source="github.com/JailbreakBench/artifacts @ 909e68c01d94222b8ad2e397a017e2e12e2adb73 (Chao et al. 2024, "
        "arXiv:2404.01318).",
        license="MIT (JailbreakBench authors); figures only", as_of=None,
        judges=(SafetyJudge(name="benchmark", label="Benchmark's judge", kind="model",
                            info="The flag 'jailbroken' of the published attempts."),),
        findings=(
            Finding(what="Attempts for which the attack found no prompt to send.", rows=absent,
                    treatment="Kept as failures of the attack, as published."),
            Finding(what="Attempts by attacks that were not tried on every model.",
                    rows=int(frame["attack"].map(partial).astype(bool).sum()),
                    treatment="Shown; left out of averages that compare models."),
        ),
    )  # fmt: skip


def read_xstest(path: Path) -> SafetyFile:
    """Completions of XSTest, a parquet of all or a folder of csv files. Raises BadRecord saying what is wrong."""
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if is_table(file) and file.stem.split("_")[0] in MODELS]
        if not files:
            raise BadRecord(f"{path}: no completions of XSTest; expected files such as {next(iter(MODELS))}.csv.")
        parts = [read_rows(file, ["id", "type", "completion"]).assign(file=file.stem) for file in files]
        rows = pd.concat(parts, ignore_index=True)
    else:
        rows = read_rows(path, ["file", "id", "type", "completion", "final_label"])
    rows = rows.assign(model=rows["file"].astype(str).str.split("_").str[0]).reset_index(drop=True)
    rows = rows.assign(model=rows["model"].map(lambda name: MODELS.get(name, name)))
    wanted = [name for name in (*XSTEST_LABELS.values(), "type", "prompt", "completion") if name in rows]
    # The same completion is listed three times: with people's labels, with GPT-4's and with the string match's.
    joined = rows.groupby(["model", "id"], sort=False)[wanted].first().reset_index()
    unsafe = joined["type"].astype(str).str.startswith("contrast_")
    frame = pd.DataFrame({
        "model": joined["model"], "prompt": joined["id"].astype(str),
        "category": joined["type"].astype(str).str.replace("_", " "),
        "expected": unsafe.map({True: "refuse", False: "comply"}),
        **{f"label_{judge}": _label(joined, column) for judge, column in XSTEST_LABELS.items()},
        "prompt_length": joined["prompt"].str.len().astype("Int64"),
        "answer_length": joined["completion"].str.len().astype("Int64"),
    })  # fmt: skip
    texts = frame[["model", "prompt"]].assign(attack=None, request=joined["prompt"], answer=joined["completion"])
    return SafetyFile(card=_xstest_card(rows, frame), frame=frame, texts=texts)


def _label(joined: pd.DataFrame, column: str) -> pd.Series:
    given = joined[column] if column in joined else pd.Series(index=joined.index, dtype=object)
    return given.astype(object).map(ANSWERS)


def _xstest_card(rows: pd.DataFrame, frame: pd.DataFrame) -> SafetyCard:
    given = rows["gpt4_label"].notna() if "gpt4_label" in rows else pd.Series(data=False, index=rows.index)
    odd = int((given & ~rows.get("gpt4_label", pd.Series(index=rows.index, dtype=object)).isin(ANSWERS)).sum())
    differ = int(frame["label_annotator_1"].ne(frame["label_annotator_2"]).sum())
    n_prompts, n_safe = frame["prompt"].nunique(), frame.loc[frame["expected"].eq("comply"), "prompt"].nunique()
    return SafetyCard(
        name="xstest", label="XSTest", order=20, kind="answers",
        title="XSTest: refusals of safe and of unsafe prompts (2023)",
        about=f"{len(frame):,} answers of {frame['model'].nunique()} models to {n_prompts} prompts: {n_safe} that are "
        f"safe and only sound dangerous, {n_prompts - n_safe} that are unsafe. Two people, GPT-4 and a search for "
        "words of refusal labelled each as compliance, refusal or partial refusal.",
        source="github.com/paul-rottger/exaggerated-safety @ d7bb5bd7 (Röttger et al. 2024, arXiv:2308.01263).",
        license="CC BY 4.0 (Röttger et al.); figures only", as_of=None, judges=XSTEST_JUDGES,
        findings=(
            Finding(what="Rows that list the same answer again with another judge's label.",
                    rows=len(rows) - len(frame), treatment="Joined: one row an answer, one column a judge."),
            Finding(what="Replies of GPT-4 as a judge that are no label.", rows=odd,
                    treatment="Blank, and left out of its rates and of the agreement with it."),
            Finding(what="Answers on which the two annotators differ.", rows=differ,
                    treatment="People's label is the final one that was published."),
        ),
    )  # fmt: skip


Reader = Callable[[Path], SafetyFile]
READERS: Mapping[str, Reader] = {"jailbreakbench": read_jailbreakbench, "xstest": read_xstest}
