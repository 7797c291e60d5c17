"""The columnar JSON of a board."""

import gzip
import json
from dataclasses import replace
from itertools import accumulate

import numpy as np
import pytest

from leaderboard.boards.wire import encode
from leaderboard.errors import InvalidQuery
from tests.nasty_board import as_json_number, nasty_board

BOARD = nasty_board()
BODY = json.loads(encode(BOARD))


def integers(data) -> list[int | None]:
    if not data.get("delta"):
        return data["ints"]
    totals = accumulate(value for value in data["ints"] if value is not None)
    return [None if value is None else next(totals) for value in data["ints"]]


def texts(key: str) -> list[str | None]:
    return [value if isinstance(value, str) else None for value in BOARD.frame[key]]


def later(key: str):
    return json.loads(encode(BOARD, [key]))["data"][key]


def test_it_is_strict_json():
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    first = json.loads(encode(BOARD), parse_constant=refuse)
    assert first["n"] == len(BOARD.frame)
    keys = [column.key for column in BOARD.columns]
    assert set(json.loads(encode(BOARD, keys), parse_constant=refuse)["data"]) == set(keys)
    assert not np.isfinite(BOARD.frame["score"].astype(float)).all(), "the board must hold what is not JSON"


def test_numbers_are_scaled_integers_rounded_half_to_even_and_null_where_missing():
    values = integers(BODY["data"]["score"]["value"])
    for value, natural in zip(values, BOARD.frame["score"], strict=True):
        known = as_json_number(natural)
        assert value == (None if known is None else round(known * 100 * 100))


def test_differences_are_written_where_they_are_shorter():
    frame = BOARD.frame.assign(score=[0.9 - 0.0001 * row for row in range(len(BOARD.frame))])
    data = json.loads(encode(replace(BOARD, frame=frame)))["data"]["score"]["value"]
    assert data["delta"] is True
    assert integers(data) == [round(value * 10_000) for value in frame["score"]]


def test_categories_are_codes_into_their_values_and_null_where_missing_or_empty():
    data = BODY["data"]["type"]
    decoded = [None if code is None else data["values"][code] for code in data["codes"]]
    assert decoded == [text or None for text in texts("type")]


def test_texts_pass_unchanged_whatever_they_hold():
    assert BODY["data"]["model"]["strings"] == texts("model")


def test_flags_are_the_rows_that_have_them():
    rows = later("merged")["rows"]
    assert rows == [row for row, flag in enumerate(BOARD.frame["merged"]) if flag]


def test_ranks_are_two_integers_or_none():
    data = BODY["data"]["rank"]
    assert integers(data["lower"]) == [as_json_number(low) for low in BOARD.frame["rank_lower"]]
    assert integers(data["upper"]) == [as_json_number(high) for high in BOARD.frame["rank_upper"]]


def test_columns_not_shown_come_only_when_asked_for():
    assert {"comment", "date", "revision"}.isdisjoint(BODY["data"])
    assert {spec["key"] for spec in BODY["columns"]} == {column.key for column in BOARD.columns}
    assert later("comment")["strings"] == texts("comment")


def test_a_cut_column_holds_only_its_first_characters():
    assert set(map(len, later("revision")["strings"])) == {7}


def test_pinned_rows_and_bands_are_told():
    assert BODY["pinned"] == [0, 5]
    assert [value for value, count in BODY["bands"] for _ in range(count)] == BOARD.frame["band"].tolist()


def test_an_unknown_column_is_refused_by_name():
    with pytest.raises(InvalidQuery, match="'nope'; expected one of rank"):
        encode(BOARD, ["nope"])


def test_the_same_board_gives_the_same_bytes():
    assert encode(BOARD) == encode(nasty_board())


def test_seven_thousand_rows_stay_below_the_budget():
    """Random figures are the worst case for gzip; the page itself takes about 280 kB of the 500."""
    assert len(gzip.compress(encode(nasty_board(n=7169)), 6)) < 200_000


def halves(data, values: list[int | None]) -> list[int | None]:
    """Half-widths as a reader of the format finds them."""
    if "steps" not in data:
        return integers(data)
    found = [next((half for start, half in reversed(data["steps"]) if value is not None and start <= value), None)
             for value in values]  # fmt: skip
    for row, half in data["except"]:
        found[row] = half
    return found


def test_half_widths_that_follow_from_the_score_are_written_as_steps_and_read_back_exactly():
    shares = [None, *(k * 7 % 1172 / 1172 for k in range(3 * 1172))]
    half = [None if p is None else 1.96 * (p * (1 - p) / 1172) ** 0.5 for p in shares]
    half[7], half[9] = 0.5, None
    frame = nasty_board(n=len(shares)).frame.assign(score=shares, score_half=half)
    data = json.loads(encode(replace(BOARD, frame=frame)))["data"]["score"]
    assert len(data["half"]["steps"]) < 80, "far fewer than rows"
    assert [7, 500] in data["half"]["except"]
    assert [9, None] in data["half"]["except"]
    expected = [None if value is None else round(value * 1000) for value in half]
    assert halves(data["half"], integers(data["value"])) == expected


def test_what_only_the_filter_panel_needs_is_fetched_when_it_opens():
    assert "merged" not in BODY["data"]
    assert {"type", "license", "params"} <= set(BODY["data"])
    marked = tuple(replace(c, badge="merged") if c.key == "merged" else c for c in BOARD.columns)
    assert "merged" in json.loads(encode(replace(BOARD, columns=marked)))["data"], "a badge is seen at once"
