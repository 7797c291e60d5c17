"""Rating tables come back as they were written, missing stays missing, and what cannot be meant is refused."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leaderboard.errors import BadRecord
from leaderboard.sources.rating_tables import (
    FigureCard,
    RatingCard,
    checked,
    list_rating_tables,
    read_ratings,
    write_ratings,
)

ELO = FigureCard(name="elo", label="Elo", unit="rating", bounds=True, confidence_level=0.9)
MMLU = FigureCard(name="mmlu", label="MMLU", unit="fraction", decimals=1)


def card(**values):
    given_values = {
        "name": "r", "label": "R", "title": "R", "about": "", "source": "here", "license": "MIT", "as_of": None,
        "tabs": ("arena",), "figures": (ELO, MMLU),
    }  # fmt: skip
    return RatingCard(**(given_values | values))


def ratings(**columns):
    rows = {"model": ["ada", "bob"], "elo": [1100.0, 900.0], "elo_lower": [1000.0, None], "elo_upper": [1200.0, None],
            "mmlu": [0.5, None]}  # fmt: skip
    return pd.DataFrame(rows | columns)


@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.floats(-4000, 4000),
            st.none() | st.floats(0, 1),
            st.none() | st.integers(0, 10**9),
            st.none() | st.sampled_from(["MIT", "Proprietary"]),
            st.none() | st.booleans(),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_whatever_is_written_is_read_again_and_missing_stays_missing(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("store")
    frame = pd.DataFrame(
        {
            "model": [f"m{i}" for i in range(len(rows))],
            "elo": [row[0] for row in rows],
            "elo_lower": [row[0] and row[0] - 10 for row in rows],
            "elo_upper": [row[0] and row[0] + 10 for row in rows],
            "mmlu": [row[1] for row in rows],
            "votes": pd.array([row[2] for row in rows], dtype="Int64"),
            "license": [row[3] for row in rows],
            "control": pd.array([row[4] for row in rows], dtype="boolean"),
        }
    )
    write_ratings(folder, card(), frame)
    found_card, found = read_ratings(folder, "r")
    assert found_card == card()
    for name in ("elo", "mmlu"):
        pairs = zip(found[name], frame[name].astype(float), strict=True)
        assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in pairs)
    for name in ("model", "votes", "license", "control"):
        assert [None if pd.isna(cell) else cell for cell in found[name]] == [
            None if pd.isna(cell) else cell for cell in frame[name]
        ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"model": ["ada", "ada"]}, "row 1: model is 'ada'; expected one row for each model"),
        ({"model": ["ada", None]}, "row 1: model is missing; expected a value"),
        ({"mmlu": [0.5, 86.4]}, r"row 1: mmlu is 86.4; expected 0.0 to 1.0, as its unit is fraction"),
        ({"elo_lower": [1150.0, None]}, "row 0: elo_lower is 1150.0; expected at most elo"),
        ({"elo_upper": [1050.0, None]}, "row 0: elo_upper is 1050.0; expected at least elo"),
        ({"elo_lower": [None, None]}, "row 0: elo_lower is missing; expected both bounds, or neither"),
        ({"elo": [float("inf"), 1.0]}, "row 0: elo is inf; expected a finite number"),
        ({"votes": [3, -1]}, "row 1: votes is -1; expected at least 0"),
        ({"date": ["2023-05-01", "1 May"]}, "row 1: date is '1 May'; expected a day as YYYY-MM-DD"),
        ({"link": ["https://a.b/c", "javascript:x"]}, r"row 1: link is 'javascript:x'; expected an http\(s\) address"),
        ({"license": ["MIT", " "]}, "row 1: license is ' '; expected a text that is not blank"),
    ],
)
def test_a_value_that_means_nothing_is_refused_with_its_row(columns, message):
    with pytest.raises(BadRecord, match=f"Table 'r', {message}"):
        checked(card(), ratings(**columns))


def test_a_figure_that_is_no_number_is_refused():
    with pytest.raises(BadRecord, match="column 'mmlu': expected Float64"):
        checked(card(), ratings(mmlu=["-", "0.5"]))


def test_a_declared_column_that_is_missing_is_refused():
    with pytest.raises(BadRecord, match="no column elo_upper"):
        checked(card(), ratings().drop(columns="elo_upper"))
    with pytest.raises(BadRecord, match="no column date"):
        checked(card(by=("date",)), ratings())
    with pytest.raises(BadRecord, match="no rows"):
        checked(card(), ratings().iloc[:0])


def test_a_history_has_many_rows_a_model_and_one_a_day():
    days = {"model": ["ada", "ada"], "date": ["2023-05-01", "2023-05-08"]}
    assert len(checked(card(by=("date",)), ratings(**days))) == 2
    with pytest.raises(BadRecord, match="expected one row for each model and date"):
        checked(card(by=("date",)), ratings(model=["ada", "ada"], date=["2023-05-01", "2023-05-01"]))


def test_a_table_may_be_about_something_else_than_models(tmp_path):
    figure = FigureCard(name="correlation", label="r", unit="correlation", decimals=2)
    about = card(key="category", key_label="Category", figures=(figure,))
    write_ratings(tmp_path, about, pd.DataFrame({"category": ["Brainstorm"], "correlation": [0.6]}))
    assert read_ratings(tmp_path, "r")[1].astype(object).to_dict("records") == [
        {"category": "Brainstorm", "correlation": 0.6}
    ]
    with pytest.raises(BadRecord, match=r"correlation is 1.2; expected -1.0 to 1.0"):
        checked(about, pd.DataFrame({"category": ["Brainstorm"], "correlation": [1.2]}))


def test_a_column_that_the_schema_does_not_know_is_not_published(tmp_path):
    with pytest.raises(BadRecord, match="column prompt that the schema does not know"):
        write_ratings(tmp_path, card(), ratings(prompt=["a", "b"]))


@pytest.mark.parametrize(
    "values",
    [{"figures": ()}, {"tabs": ()}, {"tabs": ("home",)}, {"name": "Ä"}, {"key": "elo"}, {"figures": (ELO, ELO)},
     {"figures": (FigureCard(name="votes", label="V", unit="score"),)}],
    ids=str,
)  # fmt: skip
def test_a_card_that_cannot_be_right_is_refused(values):
    with pytest.raises(ValidationError):
        card(**values)


def test_a_table_without_a_declared_figure_is_listed_as_unreadable(tmp_path):
    write_ratings(tmp_path, card(), ratings())
    ratings().drop(columns="mmlu").to_parquet(tmp_path / "ratings" / "r.parquet")
    cards, rejected = list_rating_tables(tmp_path)
    assert cards == []
    assert [item.reason for item in rejected] == ["r.parquet has no column mmlu."]
