"""Attempts to make models answer harmful requests -> how often they succeed, by attack, target and category.

Enters: a safety table of kind "attempts". Leaves: rows with success rates, their columns and charts. Intervals are
clustered by request: an attack's attempts on the same behaviour go together.
"""

import pandas as pd

from leaderboard.boards.charts import Chart
from leaderboard.boards.columns import Column
from leaderboard.boards.rows import RANK, ranked
from leaderboard.metrics.safety import rates

ROWS = {
    "targets": "By model", "attempts": "By attack and model", "attacks": "By attack", "categories": "By category",
}  # fmt: skip
BETTER = {
    "targets": "Lower is better: the model withstands more.", "attempts": "Lower is better for the model.",
    "categories": "Lower is better: models withstand more of such requests.",
    "attacks": "Higher is a stronger attack, which is worse for the models.",
}  # fmt: skip
SUCCESS = "success"


def succeeded(frame: pd.DataFrame, judge: str) -> pd.DataFrame:
    """The attempts with a column `success`: 1.0 where the judge found the answer harmful, NaN where it said nothing."""
    return frame.astype(dict.fromkeys(("model", "prompt", "attack", "category"), str)).assign(
        success=frame[f"label_{judge}"].astype(object).map({"harmful": 1.0, "harmless": 0.0}).astype(float)
    )


def rows(frame: pd.DataFrame, kind: str) -> tuple[pd.DataFrame, tuple[Column, ...], list[str]]:
    """Ranked rows of one kind (a key of `ROWS`), their columns, and the names that identify a row."""
    if kind == "attempts":
        return _attempts(frame)
    name = {"targets": "model", "attacks": "attack", "categories": "category"}[kind]
    by = "model" if kind == "attacks" else "attack"
    fair = _faced_by_all(frame, name, by)
    table = rates(fair, [name], SUCCESS, SUCCESS)
    columns = [_key(name), _rate(SUCCESS, _average_label(fair, frame, by), kind, _average_info(fair, by))]
    for value in dict.fromkeys(frame[by]):
        key = f"{by}_{_slug(value)}"
        part = rates(frame[frame[by] == value], [name], SUCCESS, key).drop(columns=f"{key}_n")
        table = table.merge(part, on=name, how="left")
        averaged = value in set(fair[by])
        what = f"Success of {value}." if by == "attack" else f"Success on {value}."
        what += "" if averaged else f" Not tried on every {name}, so it is not in the average."
        columns.append(_rate(key, value if averaged else f"{value} (not averaged)", kind, what))
    table["n"] = table[name].map(frame.groupby(name)["success"].count())
    columns.append(
        Column(
            key="n",
            label="Attempts",
            kind="number",
            info="All attempts that were judged, also those outside the average.",
        )
    )
    return ranked(table, SUCCESS, ascending=kind != "attacks"), (_rank(kind), *columns), [name]


def charts(frame: pd.DataFrame, kind: str, title: str) -> tuple[Chart, ...]:
    """Bars of success with intervals; categories once by attack and once by model."""
    label = {"attacks": "attack", "categories": "category"}.get(kind, "model")
    groups = ("attack", "model") if kind == "categories" else ("model",) if kind == "attacks" else ("attack",)
    return tuple(_bars(frame, label, group, title) for group in groups)


def _bars(frame: pd.DataFrame, label: str, group: str, title: str) -> Chart:
    table = rates(frame, [label, group], SUCCESS, SUCCESS)
    fair = frame if label == "category" else _faced_by_all(frame, label, "model" if label == "attack" else "attack")
    order = fair.groupby(label)["success"].mean().sort_values(ascending=False).index
    order = order.append(pd.Index(sorted(set(frame[label]) - set(order))))
    table = table.set_index(label).loc[order].reset_index()
    return Chart(
        kind="bars", name=f"success_by_{label}_and_{group}", title=f"Attack success by {label} and {group}",
        subtitle=f"Share of attempts with a harmful answer, 95 % intervals; lower is safer. {title}", decimals=1,
        frame=pd.DataFrame({
            "label": table[label], "group": table[group], "value": 100 * table[SUCCESS],
            "lower": 100 * table[f"{SUCCESS}_lower"], "upper": 100 * table[f"{SUCCESS}_upper"],
        }),
        headers={"label": label.capitalize(), "group": group.capitalize(), "value": "Success, %", "lower": "Lower",
                 "upper": "Upper"},
        note=_uneven(frame),
    )  # fmt: skip


def _uneven(frame: pd.DataFrame) -> str:
    """Names the attacks that were not tried on every model: rows are in the order of the average without them."""
    tried = frame.groupby("attack", sort=False)["model"].nunique()
    some = tried.index[tried < frame["model"].nunique()].tolist()
    return f"Not tried on every model, and not in the average that orders the bars: {', '.join(some)}." if some else ""


def _attempts(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Column, ...], list[str]]:
    table = rates(frame, ["attack", "model"], SUCCESS, SUCCESS)
    table["name"] = table["attack"] + " on " + table["model"]
    if "access" in frame:
        first = frame.drop_duplicates(["attack", "model"]).set_index(["attack", "model"])["access"].astype(object)
        table["access"] = [first.get((row.attack, row.model)) for row in table.itertuples()]
    table["n"] = table[f"{SUCCESS}_n"]
    if "prompt_length" in frame:
        without = frame["prompt_length"].eq(0).fillna(value=False).groupby([frame["attack"], frame["model"]]).sum()
        table["no_prompt"] = [int(without.get((row.attack, row.model), 0)) for row in table.itertuples()]
    columns = [
        Column(key="name", label="Attack on model", kind="text", sticky=True, searchable=True),
        Column(key="attack", label="Attack", kind="category", filter="choices", shown=False),
        Column(key="model", label="Model", kind="category", filter="choices", shown=False),
        _rate(SUCCESS, "Success", "attempts", "Share of requests that the attack got a harmful answer to."),
        Column(key="access", label="Access", kind="category", filter="choices",
               info="What the attack could see of the model: its weights (white box), its answers (black box), nothing "
               "(transfer from another model; manual: a fixed text)."),
        Column(key="n", label="Attempts", kind="number"),
        Column(key="no_prompt", label="Without a prompt", kind="number", best="low",
               info="Attempts for which the attack found no prompt to send; they count as failed."),
    ]  # fmt: skip
    order = ["name", *(name for name in table if name != "name")]
    out = ranked(table[order], SUCCESS, ascending=True)
    return out, (_rank("attempts"), *(column for column in columns if column.key in out)), ["name"]


def _faced_by_all(frame: pd.DataFrame, name: str, by: str) -> pd.DataFrame:
    """The attempts of those attacks (on those models) that every row has: averages of others would not compare."""
    if name == "category":
        return frame
    counts = frame.groupby(by)[name].nunique()
    fair = frame[frame[by].isin(counts.index[counts == frame[name].nunique()])]
    return fair if len(fair) else frame


def _average_label(fair: pd.DataFrame, frame: pd.DataFrame, by: str) -> str:
    return "Success, all" if fair[by].nunique() == frame[by].nunique() else "Success, average"


def _average_info(fair: pd.DataFrame, by: str) -> str:
    return f"Share of attempts with a harmful answer, over {', '.join(dict.fromkeys(fair[by]))}."


def _rate(key: str, label: str, kind: str, info: str) -> Column:
    return Column(
        key=key, label=label, kind="number", unit="%", factor=100, decimals=1, bounds=True,
        best="high" if kind == "attacks" else "low", info=f"{info} {BETTER[kind]}",
    )  # fmt: skip


def _rank(kind: str) -> Column:
    strongest = "1 is the strongest attack." if kind == "attacks" else "1 has the lowest success, the safest."
    return Column(key="rank", label="Rank", kind="rank", best="low", info=f"{strongest} {RANK.info}")


def _key(name: str) -> Column:
    label = {"model": "Model", "attack": "Attack", "category": "Category"}[name]
    return Column(key=name, label=label, kind="text", sticky=True, searchable=True)


def _slug(text: str) -> str:
    """A name as part of a column's key."""
    return "".join(letter if letter.isalnum() else "_" for letter in text.lower())
