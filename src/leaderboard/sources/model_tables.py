"""The model catalogue: every model once, and every name that a table gave it, with the evidence.

A catalogue is `models/<name>.json` (a `CatalogueCard`), `models/<name>.parquet` (one row a model) and
`models/<name>.names.parquet` (one row a name in a table). Missing is null: nobody at hand says it. Columns:

    models   model          id: HELM's name or the Hub id, lower case; <publisher>:<name> where neither is known
             name           for people, as its first source writes it
             organization   text
             access         open | limited | closed, as HELM classes it
             kind           what it takes and gives: text, text and images, ...
             language       languages that its description names, missing where it names none
             params         Float64, parameters
             released       text, YYYY-MM-DD
             license base_model   text
             weights        text, how one knows that they are or were public
             paper code documentation data evaluation   http(s) address where its source links one
             in_helm        boolean, whether HELM lists it
             versionless    boolean, a name without a version, where versions of it exist: tables may differ
             facts_from     text, the sources of size, date, access and licence
    names    table spelling model rule evidence hint   see `identity`; table "helm" has HELM's own names
"""

from pathlib import Path
from typing import get_args

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from leaderboard.errors import BadRecord
from leaderboard.sources.identity import Rule
from leaderboard.sources.tables import (
    Card,
    Rejected,
    list_cards,
    read_card,
    read_frame,
    refuse_columns,
    refuse_rows,
    text_column,
    typed_column,
    write_card,
)

FOLDER = "models"
TEXTS = ("model", "name", "organization", "access", "kind", "language", "released", "license", "base_model", "weights",
         "facts_from")  # fmt: skip
LINKS = ("paper", "code", "documentation", "data", "evaluation")
FLAGS = ("in_helm", "versionless")
COLUMNS = (*TEXTS, *LINKS, *FLAGS, "params")
NAME_COLUMNS = ("table", "spelling", "model", "rule", "evidence", "hint")
ACCESS = ("open", "limited", "closed")


def has_no_id(models: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether models are known by a name only: neither HELM nor the Hub has an id for them."""
    return models.str.contains(":", regex=False) & ~models.str.contains("/", regex=False)


def is_english(languages: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether a description names no language, or English among others."""
    named = languages.astype("string").str.contains("English", regex=False)
    return named.fillna(value=True).astype(bool)


class CatalogueCard(Card):
    """What a reader must know about a catalogue."""


def checked(card: CatalogueCard, models: pd.DataFrame, names: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both frames with the schema's columns and types. Raises BadRecord naming the row and the value."""
    for required, frame in ((("model", "name"), models), (("table", "spelling", "model", "rule"), names)):
        if missing := [name for name in required if name not in frame]:
            raise BadRecord(f"Catalogue {card.name!r} has no column {', '.join(missing)}; expected {required}.")
    table = _models(card, models)
    listed = pd.DataFrame({name: _text(card, names, name) for name in NAME_COLUMNS})
    for name in ("table", "spelling", "model", "rule"):
        refuse_rows(card, listed, name, listed[name].isna(), "a value")
    refuse_rows(card, listed, "spelling", listed.duplicated(["table", "spelling"]), "one model for a name of a table")
    refuse_rows(card, listed, "rule", ~listed["rule"].isin(get_args(Rule)), f"one of {', '.join(get_args(Rule))}")
    refuse_rows(card, listed, "model", ~listed["model"].isin(table["model"]), "a model of the catalogue")
    return table, listed


def _models(card: CatalogueCard, frame: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame({name: _text(card, frame, name) for name in (*TEXTS, *LINKS)})
    for name in FLAGS:
        table[name] = typed_column(frame, name, "boolean", card).fillna(value=False).astype(bool).to_numpy()
    table["params"] = typed_column(frame, "params", "Float64", card).astype("float64").to_numpy()
    for name in ("model", "name"):
        refuse_rows(card, table, name, table[name].isna(), "a value")
    refuse_rows(card, table, "model", table["model"].duplicated(), "every model once")
    refuse_rows(card, table, "params", table["params"] <= 0, "more than 0, or nothing where it is unknown")
    refuse_rows(card, table, "access", table["access"].notna() & ~table["access"].isin(ACCESS), ", ".join(ACCESS))
    _refuse_format(card, table, "released", r"\d{4}-\d{2}-\d{2}", "a day as YYYY-MM-DD")
    for name in LINKS:
        _refuse_format(card, table, name, r"https?://[^\s\"'<>]+", "an http(s) address")
    return table


def _text(card: CatalogueCard, frame: pd.DataFrame, name: str) -> "pd.Series[str]":
    if name not in frame:
        return pd.Series([None] * len(frame), dtype="string")
    return text_column(frame.reset_index(drop=True), name, card).astype("string")


def _refuse_format(card: CatalogueCard, table: pd.DataFrame, name: str, pattern: str, expected: str) -> None:
    good = table[name].str.fullmatch(pattern).fillna(value=False).astype(bool)
    refuse_rows(card, table, name, table[name].notna() & ~good, expected)


def write_catalogue(folder: Path, card: CatalogueCard, models: pd.DataFrame, names: pd.DataFrame) -> None:
    """Write a catalogue into a store's folder, the card last. Raises BadRecord for what the schema refuses."""
    refuse_columns(card, models, COLUMNS)
    refuse_columns(card, names, NAME_COLUMNS)
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    for end, frame in zip(("", ".names"), checked(card, models, names), strict=True):
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(table, target / f"{card.name}{end}.parquet", compression="zstd")
    write_card(target / f"{card.name}.json", card)


def read_catalogue(folder: Path, name: str) -> tuple[CatalogueCard, pd.DataFrame, pd.DataFrame]:
    """Card, models and names of a catalogue. Raises BadRecord when a file cannot be read or a value is refused."""
    target = folder / FOLDER
    card = read_card(target / f"{name}.json", CatalogueCard)
    models = read_frame(target / f"{name}.parquet", COLUMNS)
    return card, *checked(card, models, read_frame(target / f"{name}.names.parquet", NAME_COLUMNS))


def list_catalogues(folder: Path) -> tuple[list[CatalogueCard], list[Rejected]]:
    """Cards of all catalogues in a store's folder, and the unreadable ones with their reasons."""
    return list_cards(folder, FOLDER, CatalogueCard, lambda _: ("model", "name"))
