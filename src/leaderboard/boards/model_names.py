"""Every name of every model, and where its rows are: the catalogue joined with the tables that are here now.

Enters: a shelf. Leaves: frames made once a revision. Names that the catalogue does not know (an import, a run made
here) are resolved by the same rules; what no rule ties to another name stands for itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from leaderboard.boards import alpaca_eval, judge_audit, llm_benchmarks, mt_bench, red_teaming, reward_models
from leaderboard.boards.board import View
from leaderboard.boards.preference import ARENA, HUMAN_GPT4
from leaderboard.boards.published import slug
from leaderboard.boards.shelf import Shelf
from leaderboard.sources import catalogue, mentions
from leaderboard.sources.model_tables import COLUMNS, FLAGS, read_catalogue

TABS = {
    "llm_benchmarks": "LLM benchmarks", "human_gpt4": "Human & GPT-4", "arena": "Arena", "mt_bench": "MT-Bench",
    "alpaca_eval": "AlpacaEval", "reward_models": "Reward models", "red_teaming": "Red-teaming",
    "judge_audit": "Judge audit",
}  # fmt: skip
"""Tabs with rows about models, and what they are called."""
_MODULES = (llm_benchmarks, HUMAN_GPT4, ARENA, mt_bench, alpaca_eval, reward_models, red_teaming, judge_audit)


@dataclass(frozen=True, kw_only=True)
class World:
    """All models and names of one revision.

    `models` has the catalogue's columns and n_tables, n_tabs, spellings, and for every tab on_<tab> and href_<tab>;
    `names` has table, spelling, model, rule, evidence, hint, tab, label, href and order (of its table in
    the tab).
    """

    models: pd.DataFrame
    names: pd.DataFrame


@dataclass(frozen=True)
class _Asked:
    """A shelf by what its content depends on."""

    folder: Path
    revision: str
    shelf: Shelf = field(compare=False, repr=False)


def world(shelf: Shelf) -> World:
    """The models of a shelf, made once a revision. Raises BadRecord for files that became unreadable."""
    return _made(_Asked(shelf.snapshot.folder, shelf.revision, shelf))


@lru_cache(maxsize=4)
def _made(asked: _Asked) -> World:
    shelf = asked.shelf
    told = mentions.joined([mentions.collect(asked.folder), *_runs(shelf)])
    models, names = _catalogue(shelf)
    names = _resolved(models, names, told)
    models = _with_newcomers(models, names, told)
    names = names.merge(_places(shelf, told), on=["table", "spelling"], how="left")
    return World(models=_counted(models, names), names=names)


def _runs(shelf: Shelf) -> list[pd.DataFrame]:
    return [mentions.names_in(name, frame) for name, (_, frame) in shelf.run_tables.items() if len(frame)]


def _catalogue(shelf: Shelf) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Models and names of the first catalogue; empty frames where there is none."""
    if shelf.models:
        _, models, names = read_catalogue(shelf.snapshot.folder, shelf.models[0].name)
        return models, names
    models = pd.DataFrame({name: pd.Series(dtype="string") for name in COLUMNS})
    models = models.astype({"params": "float64", **dict.fromkeys(FLAGS, "bool")})
    return models, catalogue.names_frame(())


def _resolved(models: pd.DataFrame, names: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """HELM's names, and those of the tables that are here, the new ones by the rules."""
    keys = ["table", "spelling"]
    here = told[keys].merge(names, on=keys, how="left")
    new = told[here["model"].isna().to_numpy()]
    if len(new):
        helm = models[models["in_helm"]]
        found = catalogue.named(catalogue.resolver_of(helm, told), new)
        here = pd.concat([here[here["model"].notna()], found], ignore_index=True)
    return pd.concat([names[names["table"].eq(catalogue.HELM)], here], ignore_index=True)


def _with_newcomers(models: pd.DataFrame, names: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """The catalogue and the models that only newer tables name, with what those tell."""
    new = names[~names["model"].isin(models["model"])].drop_duplicates("model")
    if new.empty:
        return models
    facts = new[["table", "spelling", "model"]].merge(told, on=["table", "spelling"], how="left")
    rows = facts.rename(columns={"spelling": "name"})[["model", "name", "organization", "license", "params"]]
    rows = rows.assign(params=rows["params"].astype("float64").where(rows["params"].astype("float64") > 0))
    added = pd.concat([models, rows], ignore_index=True)
    for flag in FLAGS:
        added[flag] = added[flag].astype("boolean").fillna(value=False).astype(bool)
    return added


def _places(shelf: Shelf, told: pd.DataFrame) -> pd.DataFrame:
    """Tab, board and address of the rows of every mention; missing for a table that no tab shows."""
    shown = _shown(shelf)
    out = told[["table", "spelling"]].copy()
    tables = told["table"]
    out["tab"] = tables.map({name: tab for name, (tab, _) in shown.items()}).astype("string")
    out["label"] = tables.map({name: _label(tab, view) for name, (tab, view) in shown.items()}).astype("string")
    out["order"] = tables.map({name: at for at, name in enumerate(shown)})
    out["href"] = [
        _address(shown[table], table, place, spelling) if table in shown else None
        for table, place, spelling in zip(tables, told["place"], told["spelling"], strict=True)
    ]
    out["href"] = out["href"].astype("string")
    return out


def _shown(shelf: Shelf) -> dict[str, tuple[str, View]]:
    """The tab and the first view of every table."""
    out: dict[str, tuple[str, View]] = {}
    for module in _MODULES:
        for view in module.views(shelf):
            out.setdefault(view.value.split(".")[0], (module.NAME, view))
    return out


def _label(tab: str, view: View) -> str:
    """What a table is called in the switches of its tab."""
    return ": ".join(view.path) if tab == llm_benchmarks.NAME else view.path[0]


def _address(shown: tuple[str, View], table: str, place: str, spelling: str) -> str:
    """Where the rows of a name are: a switched table's view of that day or setting, else its first view."""
    tab, view = shown
    steps = [slug(step) for step in place.split(mentions.PLACE_BREAK)] if place else []
    name = ".".join((table, *steps)) if steps else view.value
    return f"?tab={tab}&view={quote(name)}&q={quote(spelling.replace(';', ' '), safe='/')}"


def _counted(models: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Models with the number of tables and tabs, their spellings and, a tab, what it has of them and where."""
    on_boards = names[names["tab"].notna()].sort_values("order", kind="stable")
    by_model = on_boards.groupby("model")
    out = models.set_index("model")
    out["n_tables"] = by_model["table"].nunique().reindex(out.index).fillna(0).astype(int)
    out["n_tabs"] = by_model["tab"].nunique().reindex(out.index).fillna(0).astype(int)
    out["spellings"] = _spellings(names, out["name"]).reindex(out.index)
    for tab in TABS:
        rows = on_boards[on_boards["tab"].eq(tab)].groupby("model").agg(
            label=("label", "first"), n=("table", "nunique"), href=("href", "first")
        )  # fmt: skip
        more = (rows["n"] - 1).astype(str).radd(" +").where(rows["n"] > 1, "")
        out[f"on_{tab}"] = (rows["label"] + more).reindex(out.index).astype("string")
        out[f"href_{tab}"] = rows["href"].reindex(out.index).astype("string")
    return out.reset_index()


def _spellings(names: pd.DataFrame, shown: "pd.Series[str]") -> "pd.Series[str]":
    """Other spellings of every model, joined; nothing for those with one name."""
    distinct = names[["model", "spelling"]].drop_duplicates()
    known = {str(model): {str(model), str(name)} for model, name in shown.items()}
    other = [spelling not in known.get(model, ()) for model, spelling in distinct.itertuples(index=False)]
    return distinct[other].groupby("model")["spelling"].agg(" · ".join).astype("string")


def tabs_here(models: pd.DataFrame) -> list[str]:
    """Tabs that have rows of any of the models."""
    return [tab for tab in TABS if models[f"on_{tab}"].notna().any()]


def own_address(ids: Iterable[str]) -> list[str]:
    """Where all names of a model are listed."""
    return [f"?tab=models&view=names&model={name}" for name in ids]
