"""The catalogue's files refuse what is not one model a name; new tables join it by the same rules."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pandas as pd
import pytest

from leaderboard.boards import models
from leaderboard.boards.model_names import world
from leaderboard.boards.shelf import load
from leaderboard.errors import BadRecord
from leaderboard.sources import catalogue
from leaderboard.sources.benchmark_table import TableCard, TaskCard, write_table
from leaderboard.sources.model_tables import CatalogueCard, list_catalogues, read_catalogue, write_catalogue
from leaderboard.sources.rating_tables import FigureCard, RatingCard, write_ratings

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CARD = CatalogueCard(name="c", label="C", title="T", about="", source="s", license="l", as_of=NOW)
MODELS = pd.DataFrame(
    {
        "model": ["openai/gpt-4-0314", "lab/old-7b", "mine:x-1"], "name": ["GPT-4 (0314)", "Old (7B)", "X-1"],
        "organization": ["OpenAI", "Lab", None], "access": ["limited", "open", None], "params": [None, 7e9, None],
        "released": ["2023-03-14", "2019-01-01", None], "kind": ["text", "text", None],
        "in_helm": [True, True, False], "paper": ["https://arxiv.org/abs/1", None, None],
        "weights": [None, "open (HELM)", None],
    }
)  # fmt: skip
NAMES = pd.DataFrame(
    {
        "table": ["helm", "helm", "t"], "spelling": ["openai/gpt-4-0314", "lab/old-7b", "X-1"],
        "model": ["openai/gpt-4-0314", "lab/old-7b", "mine:x-1"], "rule": ["catalogue", "catalogue", "none"],
        "evidence": ["HELM's id."] * 2 + ["Nothing."], "hint": [None, None, "why"],
    }
)  # fmt: skip


def with_value(frame, row, column, value):
    out = frame.astype({column: object})
    out.loc[row, column] = value
    return out


def test_a_catalogue_is_read_as_it_was_written(tmp_path):
    write_catalogue(tmp_path, CARD, MODELS, NAMES)
    assert list_catalogues(tmp_path) == ([CARD], [])
    card, rows, names = read_catalogue(tmp_path, "c")
    assert card == CARD
    assert rows["model"].tolist() == MODELS["model"].tolist()
    assert rows["params"].isna().tolist() == [True, False, True]
    assert rows["versionless"].tolist() == [False] * 3
    assert names["hint"].isna().tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("model", "openai/gpt-4-0314", "every model once"), ("params", 0, "more than 0"), ("access", "free", "open"),
        ("released", "2023", "YYYY-MM-DD"), ("paper", "javascript:alert(1)", "http"), ("name", None, "a value"),
    ],
)  # fmt: skip
def test_a_wrong_model_is_refused_with_its_row_and_value(tmp_path, column, value, words):
    with pytest.raises(BadRecord, match=f"row 1: {column} is .*{words}"):
        write_catalogue(tmp_path, CARD, with_value(MODELS, 1, column, value), NAMES)
    assert not (tmp_path / "models" / "c.json").exists()


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("model", "nobody", "a model of the catalogue"), ("rule", "guess", "hub_id"), ("spelling", None, "a value")],
)
def test_a_wrong_name_is_refused(tmp_path, column, value, words):
    with pytest.raises(BadRecord, match=words):
        write_catalogue(tmp_path, CARD, MODELS, with_value(NAMES, 2, column, value))


def test_no_name_of_a_table_can_mean_two_models(tmp_path):
    twice = pd.concat([NAMES, NAMES.tail(1).assign(model="lab/old-7b")])
    with pytest.raises(BadRecord, match="one model for a name of a table"):
        write_catalogue(tmp_path, CARD, MODELS, twice)


def shelf_of(folder, revision="r"):
    snapshot = SimpleNamespace(folder=folder, revision=revision, origin="test")
    return load(snapshot, folder / "none", revision, NOW)


@pytest.fixture
def tables(tmp_path):
    card = TableCard(name="t", label="T", title="T", about="", source="s", license="l", as_of=NOW,
                     tasks=(TaskCard(name="a", label="A", n=100),))  # fmt: skip
    rows = pd.DataFrame({"model": ["X-1", "lab/Old-7B", "new/model"], "score.a": [0.1, 0.2, 0.3],
                         "params": [None, 7.1e9, 3e9], "license": [None, None, "mit"]})  # fmt: skip
    write_table(tmp_path, card, rows)
    rated = RatingCard(name="days", label="Days", title="Days", about="", source="s", license="l", as_of=NOW,
                       tabs=("arena",), by=("date",),
                       figures=(FigureCard(name="elo", label="Elo", unit="rating"),))  # fmt: skip
    write_ratings(tmp_path, rated, pd.DataFrame({"model": ["GPT-4 0314", "GPT-4 0314", "gone;1"], "elo": [1, 2, 3.0],
                                                 "date": ["2023-05-01", "2023-06-01", "2023-05-01"]}))  # fmt: skip
    return tmp_path


def test_a_table_that_the_catalogue_does_not_know_joins_it_by_the_rules(tables):
    write_catalogue(tables, CARD, MODELS, NAMES)
    found = world(shelf_of(tables))
    names = found.names.set_index(["table", "spelling"])
    assert names.loc[("t", "X-1"), ["model", "rule", "hint"]].tolist() == ["mine:x-1", "none", "why"]
    assert names.loc[("t", "lab/Old-7B"), "model"] == "lab/old-7b"
    assert names.loc[("days", "GPT-4 0314"), ["model", "rule"]].tolist() == ["openai/gpt-4-0314", "name"]
    assert names.loc[("days", "GPT-4 0314"), "href"] == "?tab=arena&view=days.2023-06-01&q=GPT-4%200314"
    assert names.loc[("days", "gone;1"), "href"] == "?tab=arena&view=days.2023-05-01&q=gone%201"
    rows = found.models.set_index("model")
    assert rows.loc["new/model", ["name", "license", "params", "n_tables"]].tolist() == ["new/model", "mit", 3e9, 1]
    assert rows.loc["lab/old-7b", ["params", "spellings", "n_tables"]].tolist() == [7e9, "lab/Old-7B", 1]
    assert rows.loc["openai/gpt-4-0314", ["on_arena", "n_tabs"]].tolist() == ["Days", 1]


def test_views_count_what_they_show_and_say_what_they_leave_out(tables):
    write_catalogue(tables, CARD, MODELS, NAMES)
    shelf = shelf_of(tables, "views")
    assert [view.value for view in models.views(shelf)] == list(models.VIEWS)
    assert set(models.board(shelf, "since_gpt3").frame["model"]) == {"openai/gpt-4-0314"}
    assert models.board(shelf, "english_1b").frame.empty
    (chart,) = models.charts(shelf, "since_gpt3")
    assert chart.frame.empty
    assert "1 model without a known size (1 limited)" in chart.note
    board = models.board(shelf, "all")
    public = board.frame.set_index("model")["public"]
    assert public["lab/old-7b"] == "weights"
    assert public["openai/gpt-4-0314"] == "paper"
    assert public.isna()["mine:x-1"]
    assert set(models.board(shelf, "unresolved").frame["spelling"]) == {"X-1", "gone;1"}


def test_without_a_catalogue_there_is_no_view_and_names_stand_for_themselves(tables):
    shelf = shelf_of(tables, "bare")
    assert models.views(shelf) == []
    found = world(shelf).names.set_index("spelling")["model"]
    assert found.to_dict() == {"X-1": "t:x-1", "lab/Old-7B": "lab/old-7b", "new/model": "new/model",
                               "GPT-4 0314": "days:gpt-4-0314", "gone;1": "days:gone_3b1"}  # fmt: skip


def test_display_names_that_several_models_have_are_no_names_of_theirs():
    helm = pd.DataFrame({"spelling": ["a/x-1", "a/x-2", "a/y"], "model": ["a/x-1", "a/x-2", "a/y"],
                         "name": ["X", "X", "Y"], "organization": "A"})  # fmt: skip
    names = catalogue.helm_names(helm)
    assert names["spelling"].tolist() == ["a/x-1", "a/x-2", "a/y", "Y"]
