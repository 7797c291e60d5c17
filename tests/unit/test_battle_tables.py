"""Battle tables come back as they were written, and refuse what they cannot mean."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leaderboard.errors import BadRecord
from leaderboard.sources.battle_tables import (
    BattleCard,
    JudgeCard,
    checked,
    list_battle_tables,
    read_battles,
    write_battles,
)

JUDGES = (JudgeCard(name="crowd", label="Crowd", kind="human"), JudgeCard(name="gpt", label="GPT", kind="model"))


def card(**values):
    given_values = {
        "name": "t", "label": "T", "title": "T", "about": "", "source": "here", "license": "MIT", "as_of": None,
        "kind": "battles", "tabs": ("human_gpt4",), "judges": JUDGES,
    }  # fmt: skip
    return BattleCard(**(given_values | values))


def battles(**columns):
    rows = {
        "model_a": ["ada", "bob"],
        "model_b": ["bob", "cid"],
        "winner": ["model_a", "tie"],
        "judge": ["crowd", "gpt"],
    }
    return pd.DataFrame(rows | columns)


def counts(**columns):
    rows = {"model_a": ["ada"], "model_b": ["bob"], "wins_a": [3], "wins_b": [0], "ties": [1]}
    return pd.DataFrame(rows | columns)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=8).filter(str.strip)


@st.composite
def frames(draw):
    n = draw(st.integers(1, 12))
    models = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    pairs = column(st.permutations(models))
    return pd.DataFrame(
        {
            "model_a": [pair[0] for pair in pairs],
            "model_b": [pair[1] for pair in pairs],
            "winner": column(st.sampled_from(["model_a", "model_b", "tie"])),
            "judge": column(st.sampled_from(["crowd", "gpt"])),
            "question": column(st.none() | NAMES),
            "turn": pd.array(column(st.none() | st.integers(1, 9)), dtype="Int16"),
            "likert": pd.array(column(st.none() | st.integers(1, 8)), dtype="Int8"),
            "preference": column(st.floats(0, 1)),
            "length_a": pd.array(column(st.none() | st.integers(0, 2**31 - 1)), dtype="Int32"),
            "inconsistent": pd.array(column(st.none() | st.booleans()), dtype="boolean"),
        }
    )


def plain(frame):
    """Cells as Python values, missing as None."""
    return [
        {name: None if pd.isna(cell) else cell for name, cell in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]


@given(frame=frames())
def test_whatever_is_written_is_read_again(tmp_path_factory, frame):
    folder = tmp_path_factory.mktemp("store")
    write_battles(folder, card(), frame)
    found_card, found = read_battles(folder, "t")
    assert found_card == card()
    assert plain(found) == plain(frame)
    assert {str(found[name].dtype) for name in ("model_a", "winner", "judge", "question")} == {"category"}


def test_counts_are_read_again(tmp_path):
    write_battles(tmp_path, card(kind="counts", judges=JUDGES[:1]), counts())
    _, found = read_battles(tmp_path, "t")
    assert plain(found) == [{"model_a": "ada", "model_b": "bob", "wins_a": 3, "wins_b": 0, "ties": 1}]


def test_texts_are_stored_once(tmp_path):
    write_battles(tmp_path, card(), battles())
    schema = pq.read_schema(tmp_path / "battles" / "t.parquet")
    assert all(pa.types.is_dictionary(schema.field(name).type) for name in ("model_a", "winner", "judge"))


def test_a_table_of_likert_answers_needs_no_winner(tmp_path):
    frame = battles(likert=[1, 8]).drop(columns="winner")
    write_battles(tmp_path, card(), frame)
    assert read_battles(tmp_path, "t")[1]["likert"].tolist() == [1, 8]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"winner": ["model_a", "left"]}, "row 1: winner is 'left'; expected model_a, model_b, tie"),
        ({"winner": ["model_a", None]}, "row 1: winner is missing; expected model_a"),
        ({"model_b": ["ada", "cid"]}, "row 0: model_b is 'ada'; expected another model than model_a"),
        ({"model_a": ["ada", None]}, "row 1: model_a is missing; expected the name of a model"),
        ({"model_a": ["ada", "  "]}, "row 1: model_a is '  '; expected a text that is not blank"),
        ({"model_a": ["ada", 7]}, "row 1: model_a is 7; expected a text"),
        ({"judge": ["crowd", "bard"]}, "row 1: judge is 'bard'; expected a judge of the card: crowd, gpt"),
        ({"likert": [1, 9]}, "row 1: likert is 9; expected a whole number from 1 to 8"),
        ({"likert": [1.5, 3]}, "row 0: likert is 1.5; expected a whole number"),
        ({"likert": ["x", 3]}, "row 0: likert is 'x'; expected a whole number"),
        ({"turn": [0, 1]}, "row 0: turn is 0; expected a turn"),
        ({"preference": [0.5, 1.5]}, "row 1: preference is 1.5; expected a share in 0..1"),
        ({"length_a": [5, -1]}, "row 1: length_a is -1; expected a number of characters"),
    ],
)
def test_a_value_that_means_nothing_is_refused_with_its_row(columns, message):
    with pytest.raises(BadRecord, match=f"Table 't', {message}"):
        checked(card(), battles(**columns))


@pytest.mark.parametrize("column", ["wins_a", "wins_b", "ties"])
def test_a_negative_or_missing_count_is_refused(column):
    for value in (-1, None):
        with pytest.raises(BadRecord, match=rf"row 0: {column} is .*; expected a count of at least 0"):
            checked(card(kind="counts"), counts(**{column: [value]}))


def test_missing_columns_and_rows_are_refused():
    with pytest.raises(BadRecord, match=r"no column model_b"):
        checked(card(), battles().drop(columns="model_b"))
    with pytest.raises(BadRecord, match=r"no column winner \(or likert\)"):
        checked(card(), battles().drop(columns="winner"))
    with pytest.raises(BadRecord, match="no column ties"):
        checked(card(kind="counts"), counts().drop(columns="ties"))
    with pytest.raises(BadRecord, match="no rows"):
        checked(card(), battles().iloc[:0])
    with pytest.raises(BadRecord, match="2 judges and no column judge"):
        checked(card(), battles().drop(columns="judge"))


def test_a_column_of_texts_cannot_be_published_by_accident(tmp_path):
    with pytest.raises(BadRecord, match="column prompt that the schema does not know"):
        write_battles(tmp_path, card(), battles(prompt=["Say hi", "Say bye"]))
    assert not list(tmp_path.rglob("*.parquet"))


def test_columns_that_the_schema_does_not_know_stay_unread(tmp_path):
    write_battles(tmp_path, card(), battles())
    battles(prompt=["Say hi", "Say bye"]).to_parquet(tmp_path / "battles" / "t.parquet")
    assert "prompt" not in read_battles(tmp_path, "t")[1]


def test_two_judges_of_one_name_are_refused():
    with pytest.raises(ValidationError, match="expected every name once"):
        card(judges=(JUDGES[0], JUDGES[0]))


def test_unreadable_tables_are_listed_with_their_reasons_and_stop_no_other(tmp_path):
    write_battles(tmp_path, card(order=2), battles())
    write_battles(tmp_path, card(name="first", order=1), battles())
    folder = tmp_path / "battles"
    (folder / "broken.json").write_text("{")
    (folder / "bare.json").write_text(card(name="bare").model_dump_json())
    (folder / "renamed.json").write_text(card(name="other").model_dump_json())
    values = json.loads(card(name="future").model_dump_json()) | {"kind": "votes"}
    (folder / "future.json").write_text(json.dumps(values))
    (folder / "empty.json").write_text(card(name="empty").model_dump_json())
    pd.DataFrame({"model_a": ["x"]}).to_parquet(folder / "empty.parquet")
    cards, rejected = list_battle_tables(tmp_path)
    assert [found.name for found in cards] == ["first", "t"]
    reasons = {item.where: item.reason for item in rejected}
    assert set(reasons) == {f"battles/{name}.json" for name in ("bare", "broken", "empty", "future", "renamed")}
    assert "cannot be opened" in reasons["battles/bare.json"]
    assert "expected 'renamed'" in reasons["battles/renamed.json"]
    assert "kind" in reasons["battles/future.json"]
    assert "no column model_b" in reasons["battles/empty.json"]


def test_a_table_that_is_not_there_or_not_parquet_is_refused(tmp_path):
    with pytest.raises(BadRecord, match=r"t\.json: not a table card"):
        read_battles(tmp_path, "t")
    write_battles(tmp_path, card(), battles())
    (tmp_path / "battles" / "t.parquet").write_bytes(b"no")
    with pytest.raises(BadRecord, match=r"t\.parquet: not a readable parquet file"):
        read_battles(tmp_path, "t")
