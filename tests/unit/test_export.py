"""Downloads of a board."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.boards.export import render, to_csv
from leaderboard.boards.filters import apply, parse
from leaderboard.errors import InvalidQuery
from tests.nasty_board import as_json_number, nasty_board

BOARD = nasty_board()
EVERYTHING = parse([], BOARD)
SHOWN = parse([("cols", "model,score,rank,type"), ("sort", "-score"), ("type", "chat")], BOARD)


def read_csv(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))


def test_csv_holds_the_shown_rows_and_columns_in_the_shown_order():
    got = read_csv(render(BOARD, SHOWN, "csv"))
    expected = apply(BOARD, SHOWN)
    assert list(got[0]) == ["model", "score", "score_half", "rank_lower", "rank_upper", "type", "baseline"]
    assert len(got) == len(expected)
    for row, score in zip(got, expected["score"], strict=True):
        assert (as_json_number(float(row["score"])) if row["score"] else None) == as_json_number(score)


def test_fractions_keep_their_full_precision():
    frame = pd.DataFrame({"x": [0.1 + 0.2, 1 / 3, 1e-17]})
    assert [float(row["x"]) for row in read_csv(to_csv(frame))] == [0.1 + 0.2, 1 / 3, 1e-17]


def test_text_that_a_spreadsheet_would_run_is_quoted_and_numbers_are_not():
    frame = pd.DataFrame({"t": ["=cmd", "＝1", "+1", "-1", "@x", "\tx", "\r=1", "fine"], "n": [-1.5] * 8})
    got = read_csv(to_csv(frame))
    assert [row["t"] for row in got] == ["'=cmd", "'＝1", "'+1", "'-1", "'@x", "'\tx", "'\r=1", "fine"]
    assert {row["n"] for row in got} == {"-1.5"}


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=20))
def test_any_text_survives_the_csv_and_none_of_it_is_a_formula(texts):
    got = [row["t"] for row in read_csv(to_csv(pd.DataFrame({"k": range(len(texts)), "t": texts})))]
    for cell, text in zip(got, texts, strict=True):
        assert cell in (text, f"'{text}")
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


def test_missing_is_empty_in_csv_and_null_in_json():
    row = BOARD.frame.index[BOARD.frame["params"].isna() & ~BOARD.frame["pinned"]][0]
    name = BOARD.frame.loc[row, "revision"]
    found = next(line for line in read_csv(render(BOARD, EVERYTHING, "csv")) if line["revision"] == name)
    assert found["params"] == ""
    found = next(line for line in json.loads(render(BOARD, EVERYTHING, "json"))["rows"] if line["revision"] == name)
    assert found["params"] is None


def test_json_says_what_it_is():
    body = json.loads(render(BOARD, SHOWN, "json"))
    assert (body["board"], body["view"], body["revision"]) == ("nasty", "all", "r1")
    assert len(body["rows"]) == len(apply(BOARD, SHOWN))


def test_parquet_holds_the_same_values():
    got = pd.read_parquet(io.BytesIO(render(BOARD, EVERYTHING, "parquet")))
    expected = apply(BOARD, EVERYTHING)
    assert got["model"].tolist() == expected["model"].tolist()
    np.testing.assert_array_equal(got["params"].to_numpy(dtype=float), expected["params"].to_numpy(dtype=float))


def test_an_unknown_format_is_refused():
    with pytest.raises(InvalidQuery, match="'xml'; expected csv, json or parquet"):
        render(BOARD, EVERYTHING, "xml")
