"""The query string of a table."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.boards.filters import apply, parse
from leaderboard.errors import InvalidQuery
from tests.nasty_board import nasty_board, random_query

BOARD = nasty_board()
REGULAR = BOARD.frame[~BOARD.frame["pinned"]]


def rows(*parameters: tuple[str, str]):
    """The chosen rows without the pinned ones."""
    frame = apply(BOARD, parse(parameters, BOARD))
    return frame[~frame["pinned"]]


def blank_last(values: list[object]) -> bool:
    missing = [value is None or value != value or value in ("", float("inf")) for value in values]
    return missing == sorted(missing)


def test_no_parameters_keep_every_row_in_the_default_order():
    got = rows()
    assert sorted(got["id"]) == sorted(REGULAR["id"])
    assert list(got["id"]) == list(rows(("sort", BOARD.default_sort))["id"])


def test_pinned_rows_stay_on_top_whatever_is_asked():
    frame = apply(BOARD, parse([("q", "no such model"), ("hide", "merged"), ("type", "chat")], BOARD))
    assert list(frame["id"]) == list(BOARD.frame.loc[BOARD.frame["pinned"], "id"])


@pytest.mark.parametrize("key", ["model", "score", "delta", "params", "type", "license", "date", "comment"])
@pytest.mark.parametrize("direction", ["", "-"])
def test_blanks_come_last_in_both_directions(key, direction):
    values = rows(("sort", direction + key))[key].tolist()
    assert any(value is None or value != value for value in values)
    assert blank_last(values)


def test_numbers_sort_by_value_and_ties_keep_the_order_of_the_board():
    got = rows(("sort", "-params"))
    known = got[got["params"].notna()]
    assert known["params"].is_monotonic_decreasing
    position = {name: at for at, name in enumerate(BOARD.frame["id"])}
    for _, tied in known.groupby("params"):
        places = [position[name] for name in tied["id"]]
        assert places == sorted(places)


def test_plain_terms_are_alternatives_and_literal():
    got = rows(("q", "ALPHA; a.*b"))
    assert set(got["model"]) == {"org/Alpha", "org/alpha", "a.*b"}


def test_a_field_term_narrows_the_plain_ones_and_names_its_column_by_key_or_label():
    by_label, by_key = rows(("q", "alpha;@Licence:mit")), rows(("q", "alpha;@license:mit"))
    assert list(by_label["id"]) == list(by_key["id"])
    assert set(by_label["license"].str.lower()) == {"mit"}
    assert set(by_label["model"].str.lower()) == {"org/alpha"}


def test_terms_of_one_field_are_alternatives_and_of_two_fields_both_needed():
    got = rows(("q", "@type:merge;@type:chat;@license:apache"))
    assert set(got["type"]) == {"merge", "chat"}
    assert set(got["license"]) == {"apache-2.0"}


def test_an_unknown_field_is_plain_text():
    assert set(rows(("q", "@type"))["model"]) == {"@type:merge"}


def test_choices_are_alternatives_and_the_empty_one_is_missing():
    got = rows(("license", "mit"), ("license", ""))
    assert set(got["license"].fillna("missing")) == {"mit", "missing"}


def test_a_range_is_in_display_units_and_leaves_missing_values_out():
    got = rows(("params", "7..13"))
    assert set(got["params"]) == {7e9, 7.24e9, 13e9}
    with_missing = rows(("params", "7..13"), ("params.missing", "1"))
    assert len(with_missing) == len(got) + REGULAR["params"].isna().sum()


def test_a_range_compares_what_is_shown():
    """0.123449 is 12.34 % on the wire, so 12.34..12.35 holds it and 12.35.. does not."""
    assert 0.123449 in set(rows(("score", "12.34..12.35"))["score"])
    assert 0.123449 not in set(rows(("score", "12.35.."))["score"])


def test_hidden_flags_leave_their_rows_out():
    assert not rows(("hide", "merged"))["merged"].any()
    assert len(rows(("hide", "merged"))) == (~REGULAR["merged"]).sum()


def test_parameters_of_the_page_are_ignored():
    given_ = [("tab", "x"), ("rev", "1"), ("__theme", "dark"), ("format", "csv"), ("columns", "a"), ("view", "all")]
    assert parse(given_, BOARD) == parse([], BOARD)


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        (("sort", "-nothing"), "nothing"), (("hide", "score"), "score"), (("cols", "model,nope"), "nope"),
        (("unknown", "1"), "unknown"), (("params", "big"), "big"), (("params", "1..x"), "1..x"),
        (("model", "x"), "model"), (("type.missing", "1"), "type.missing"),
        (("params", "١..٢"), "expected a range"),
    ],
)  # fmt: skip
def test_what_the_board_does_not_have_is_refused_by_name(parameter, said):
    with pytest.raises(InvalidQuery, match="expected") as caught:
        parse([parameter], BOARD)
    assert said in str(caught.value)


@given(st.integers(0, 10**9))
def test_adding_a_filter_never_adds_rows_and_nothing_is_doubled(seed):
    parameters = random_query(random.Random(seed))
    got = list(rows(*parameters)["id"])
    assert len(got) == len(set(got))
    assert set(rows(*parameters, ("hide", "merged"))["id"]) <= set(got)


@given(st.integers(0, 10**9))
def test_the_direction_never_changes_which_rows_are_chosen(seed):
    parameters = [pair for pair in random_query(random.Random(seed)) if pair[0] != "sort"]
    up, down = rows(*parameters, ("sort", "delta")), rows(*parameters, ("sort", "-delta"))
    assert set(up["id"]) == set(down["id"])
