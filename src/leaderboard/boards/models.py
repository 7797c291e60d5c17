"""The Models tab: every model once across all boards, the timeline since GPT-3, and every name with its evidence."""

import numpy as np
import pandas as pd

from leaderboard.boards.board import Board, View
from leaderboard.boards.charts import Chart
from leaderboard.boards.columns import Column
from leaderboard.boards.model_names import TABS, own_address, tabs_here, world
from leaderboard.boards.rows import with_ids
from leaderboard.boards.shelf import Shelf, digest
from leaderboard.sources.model_tables import ACCESS, FOLDER, has_no_id, is_english

NAME = "models"
GPT_3 = "2020-05-28"
"""Day of the GPT-3 paper, arXiv:2005.14165."""
ENGLISH_SIZE = 1e9
VIEWS = {
    "all": ("All models", "Models of all boards, each once"),
    "since_gpt3": ("Since GPT-3", "Foundation models since GPT-3, as HELM lists them"),
    "english_1b": ("English text over 1B", "Text-to-text foundation models since GPT-3, over a billion parameters"),
    "names": ("Names and evidence", "Every name in every table, and why it means its model"),
    "unresolved": ("Unresolved names", "Names that nothing ties to an id of HELM or the Hub"),
}  # fmt: skip
ABOUT = {
    "all": "HELM's list of models and every model that any table here names.",
    "since_gpt3": "Models of HELM's list released on or after 2020-05-28, text and others.",
    "english_1b": "Of these, those that give text, have more than 1B parameters, and whose description in HELM names "
    "no language, or English among others.",
    "names": "One row a name in a table; the link leads to the rows there.",
    "unresolved": "They stand for themselves, together only with the same name: to merge more would be a guess.",
}  # fmt: skip
RULES = {
    "catalogue": "HELM's own name", "listed": "listed by hand", "hub_id": "Hub id", "link": "link and name",
    "organisation": "name and organisation", "publisher": "name, same publisher", "name": "name alone",
    "none": "none",
}  # fmt: skip
"""Rule of `sources.identity` -> its name for people."""

COLUMNS = (
    Column(key="model", label="Model", kind="text", sticky=True, searchable=True, href="model_href",
           info="HELM's name or the Hub id; publisher:name where neither is known. Leads to all its rows."),
    Column(key="own_name", label="Name", kind="text", searchable=True, width=190, info="Where it differs from the id."),
    Column(key="organization", label="Organisation", kind="category", filter="choices", searchable=True,
           info="As HELM or LMSYS says; else the account on the Hub."),
    Column(key="access", label="Access", kind="category", filter="choices",
           info="As HELM classes it: open = weights can be downloaded, limited = through an interface, closed. Blank: "
           "HELM does not list the model."),
    Column(key="params", label="Params", kind="number", unit="B", factor=1e-9, decimals=1, wire_decimals=4,
           filter="range", filter_label="Size", info="Parameters in billions; blank = not public, or not known here."),
    Column(key="released", label="Released", kind="date", info="Release date in HELM's list."),
    Column(key="n_tables", label="Tables", kind="number", filter="range", info="Data sets here that have rows of it."),
    Column(key="public", label="What is public", kind="category", filter="choices",
           info="Only what a source says; blank = not known. Weights: open in HELM, or on the Hub when evaluated."),
    Column(key="license", label="Licence", kind="category", filter="choices"),
    Column(key="kind", label="Kind", kind="category", filter="choices",
           info="What it takes and gives, by HELM's tags."),
    Column(key="paper_page", label="Paper", kind="text", href="paper"),
    Column(key="code_page", label="Code", kind="text", href="code"),
    Column(key="documentation_page", label="Documentation", kind="text", href="documentation"),
    Column(key="data_page", label="Training data", kind="text", href="data"),
    Column(key="evaluation_page", label="Evaluation", kind="text", href="evaluation"),
    Column(key="base_model", label="Parent", kind="text", info="Base model, as its model card says."),
    Column(key="spellings", label="Also written", kind="text", searchable=True, width=260,
           info="Its other names in the tables."),
    Column(key="language", label="Languages", kind="category", shown=False, filter="choices",
           info="Languages that its description in HELM names; blank = it names none."),
    Column(key="facts_from", label="Facts from", kind="category", shown=False),
    Column(key="versionless", label="Name without version", kind="flag", shown=False, filter="hide",
           filter_label="names without a version", badge="no version",
           info="A name, not one model: versions of it exist, and tables may have meant different ones."),
)  # fmt: skip
NAME_COLUMNS = (
    Column(key="spelling", label="Name in the table", kind="text", sticky=True, searchable=True, href="href",
           info="Leads to its rows."),
    Column(key="label", label="Board", kind="category", filter="choices", width=180),
    Column(key="rule_label", label="Rule", kind="category", filter="choices", width=160,
           info="Why the name means the model; the fold above has the rules."),
    Column(key="evidence", label="Evidence", kind="category", searchable=True, width=520),
    Column(key="model", label="Model", kind="category", searchable=True, width=220),
    Column(key="hint", label="Not enough", kind="category", width=320,
           info="What is known besides, but does not settle it."),
    Column(key="tab_label", label="Tab", kind="category", filter="choices"),
    Column(key="table", label="Table", kind="category", shown=False, filter="choices", info="File in data/."),
)  # fmt: skip
HOSTED = ("paper", "code", "documentation", "data", "evaluation")


def views(shelf: Shelf) -> list[View]:
    """All models, those of the timeline, and the names; none where there is no catalogue."""
    if not shelf.models:
        return []
    return [
        View(value=value, path=(label,), title=title, about=ABOUT[value], levels=("Models",))
        for value, (label, title) in VIEWS.items()
    ]


def board(shelf: Shelf, view: str) -> Board:
    """The board of one view."""
    frame, columns, sort = _names(shelf, view) if view in ("names", "unresolved") else _models(shelf, view)
    card = shelf.models[0]
    return Board(
        name=NAME, view=view, title=VIEWS[view][1], columns=columns, frame=frame.assign(pinned=False),
        default_sort=sort, as_of=card.as_of, revision=digest(shelf.revision_of(FOLDER, card), shelf.revision),
        source=shelf.snapshot.origin, notes=(ABOUT[view], card.source),
    )  # fmt: skip


def charts(shelf: Shelf, view: str) -> tuple[Chart, ...]:
    """The timeline of the models of the view that HELM dates."""
    if view in ("names", "unresolved"):
        return ()
    since = chosen(shelf, "since_gpt3")
    if view != "english_1b":
        return (_timeline(since, since, "models"),)
    return (_timeline(chosen(shelf, view), since[_english_text(since)], "English text models over 1B"),)


def chosen(shelf: Shelf, view: str) -> pd.DataFrame:
    """The models of a view, in its order."""
    models = world(shelf).models
    if view == "all":
        return models.sort_values(["n_tables", "model"], ascending=[False, True], kind="stable", ignore_index=True)
    rows = models[models["released"].ge(GPT_3).fillna(value=False).astype(bool)]
    if view == "english_1b":
        rows = rows[_english_text(rows) & (rows["params"] > ENGLISH_SIZE)]
    return rows.sort_values(["released", "model"], ascending=[False, True], kind="stable", ignore_index=True)


def _english_text(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Models that give text and whose description names no language, or English among them."""
    gives_text = rows["kind"].str.split(", ").map(lambda kinds: isinstance(kinds, list) and "text" in kinds)
    return gives_text.astype(bool) & is_english(rows["language"])


def _models(shelf: Shelf, view: str) -> tuple[pd.DataFrame, tuple[Column, ...], str]:
    frame = chosen(shelf, view)
    differs = frame["name"].str.casefold().ne(frame["model"])
    frame = frame.assign(model_href=own_address(frame["model"]), public=_public(frame), id=frame["model"],
                         own_name=frame["name"].where(differs))  # fmt: skip
    for name in HOSTED:
        frame[f"{name}_page"] = frame[name].str.replace(r"^https?://", "", regex=True)
    columns = tuple(column for column in COLUMNS if column.kind == "flag" or frame[column.key].notna().any())
    found = tuple(_tab_column(tab, shown=view != "all") for tab in tabs_here(frame))
    return frame, (*columns, *found), "-n_tables" if view == "all" else "-released"


def _tab_column(tab: str, *, shown: bool) -> Column:
    return Column(key=f"on_{tab}", label=TABS[tab], kind="text", href=f"href_{tab}", shown=shown,
                  info="The newest table with rows of it, and how many more; leads to its rows there.")  # fmt: skip


def _public(frame: pd.DataFrame) -> "pd.Series[str]":
    """What sources say is public, in words; missing where they say nothing."""
    told = {"weights": frame["weights"], "code": frame["code"], "training data": frame["data"], "paper": frame["paper"],
            "documentation": frame["documentation"], "evaluation": frame["evaluation"]}  # fmt: skip
    text = np.full(len(frame), "", dtype=object)
    for word, values in told.items():
        known = values.notna().to_numpy()
        text = np.where(known, np.where(text == "", word, text + f", {word}"), text)
    out = pd.Series(text, index=frame.index, dtype="string")
    return out.where(out.ne(""))


def _names(shelf: Shelf, view: str) -> tuple[pd.DataFrame, tuple[Column, ...], str]:
    names = world(shelf).names
    frame = names[has_no_id(names["model"])] if view == "unresolved" else names
    frame = frame.sort_values(["model", "table", "spelling"], kind="stable", ignore_index=True)
    frame = frame.assign(
        tab_label=frame["tab"].map(TABS).astype("string").fillna("HELM's list"),
        label=frame["label"].fillna(frame["table"]), rule_label=frame["rule"].map(RULES).astype("string"),
    )  # fmt: skip
    columns = tuple(c for c in NAME_COLUMNS if c.key != "hint" or frame["hint"].notna().any())
    return with_ids(frame, ["table", "spelling"]), columns, "model"


def _timeline(models: pd.DataFrame, asked: pd.DataFrame, what: str) -> Chart:
    """The dated models by size; `asked` are those that the view is about, whatever their size."""
    drawn = models[models["params"].notna()].sort_values(["released", "model"], kind="stable", ignore_index=True)
    frame = pd.DataFrame({
        "date": drawn["released"].astype(str), "label": drawn["name"].astype(str), "value": drawn["params"] / 1e9,
        "group": drawn["access"].fillna("not known").astype(str),
        "organization": drawn["organization"].fillna("not known").astype(str),
    })  # fmt: skip
    largest = drawn.assign(year=drawn["released"].str[:4]).sort_values("params", ascending=False, kind="stable")
    counts = ", ".join(f"{n} {kind}" for kind in ACCESS if (n := int(frame["group"].eq(kind).sum())))
    return Chart(
        kind="timeline", name="timeline", title=f"{len(frame)} {what} since GPT-3: {counts}",
        subtitle="Release date and number of parameters (logarithmic), by access; dates and access from HELM's list",
        frame=frame, decimals=3, groups=ACCESS,
        headers={"date": "Released", "label": "Model", "value": "Parameters, billions", "group": "Access",
                 "organization": "Organisation"},
        note=_left_out(asked), emphasise=tuple(largest.drop_duplicates("year")["name"].astype(str)),
    )  # fmt: skip


def _left_out(models: pd.DataFrame) -> str:
    """What the plot does not show, with counts."""
    unknown = models[models["params"].isna()]
    kinds = ", ".join(f"{n} {kind}" for kind in ACCESS if (n := int(unknown["access"].eq(kind).sum())))
    what = "model" if len(unknown) == 1 else "models"
    note = f"Not drawn: {len(unknown)} {what} without a known size ({kinds}), listed in the view “Since GPT-3”. " \
        if len(unknown) else ""  # fmt: skip
    return f"{note}Drag over the plot to zoom and double-click to see all, or choose a span with the buttons."
