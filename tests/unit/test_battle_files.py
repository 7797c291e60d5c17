"""Files of comparisons are read alike in all three formats, and refused with a reason."""

import json

import pandas as pd
import pyarrow as pa
import pytest

from leaderboard.errors import BadRecord
from leaderboard.sources.battle_files import read_battle_file

BATTLES = pd.DataFrame(
    {
        "question_id": [81, 81, 82],
        "model_a": ["ada", "bob", "cid"],
        "model_b": ["bob", "cid", "ada"],
        "winner": ["model_a", "tie", "model_b"],
        "judge": ["x, y", 'says "hm"', "line\nbreak"],
    }
)
COUNTS = pd.DataFrame({"model_a": ["ada"], "model_b": ["bob"], "wins_a": [3], "wins_b": [2], "ties": [1]})


def written(folder, frame, kind):
    path = folder / f"votes.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    return path


def cells(column):
    return column.to_pylist() if hasattr(column, "to_pylist") else list(column)


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_battles_read_alike_in_every_format(tmp_path, kind):
    file = read_battle_file(written(tmp_path, BATTLES, kind), cluster="question_id")
    assert file.kind == "winner"
    assert {name: cells(column) for name, column in file.columns.items()} == {
        name: BATTLES[name].tolist() for name in ("model_a", "model_b", "winner")
    }
    first, second, third = cells(file.clusters)
    assert first == second != third


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_likert_and_counts_are_known_by_their_columns(tmp_path, kind):
    likert = BATTLES.drop(columns="winner").assign(likert=[1, 8, 5])
    file = read_battle_file(written(tmp_path, likert, kind))
    assert (file.kind, [int(x) for x in cells(file.columns["likert"])]) == ("likert", [1, 8, 5])
    file = read_battle_file(written(tmp_path, COUNTS, kind))
    assert (file.kind, sorted(file.columns)) == ("counts", ["model_a", "model_b", "ties", "wins_a", "wins_b"])


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_data(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_bytes(b"\xef\xbb\xbfmodel_a,model_b,winner\r\nada,bob,tie\r\n\r\nbob,cid,model_a\r\n")
    assert cells(read_battle_file(path).columns["model_a"]) == ["ada", "bob"]
    path = tmp_path / "votes.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"model_a":"ada","model_b":"bob","winner":"tie"}\r\n\r\n')
    assert cells(read_battle_file(path).columns["winner"]) == ["tie"]


def test_names_that_look_like_missing_values_are_names(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner\nNA,null,tie\n007,nan,tie\n")
    file = read_battle_file(path)
    assert cells(file.columns["model_a"]) == ["NA", "007"]
    assert cells(file.columns["model_b"]) == ["null", "nan"]


def test_a_row_longer_than_a_block_of_the_parser_is_read(tmp_path):
    frame = BATTLES.assign(judge="word " * 500_000)
    for kind in ("csv", "jsonl"):
        assert len(cells(read_battle_file(written(tmp_path, frame, kind)).columns["winner"])) == 3


BAD = {
    "empty.csv": ("", "is empty; expected a header and rows of battles"),
    "header.csv": ("model_a,model_b,winner\n", "has no rows; expected at least one battle"),
    "blank.jsonl": ("\n\n", "has no column winner"),
    "other.csv": ("left,right\na,b\n", "has no column winner (battles), likert (battles) or wins_a, wins_b, ties"),
    "half.csv": ("model_a,winner\na,tie\n", "has no column model_b; expected model_a, model_b, winner, found model_a"),
    "counts.csv": ("model_a,model_b,wins_a,wins_b\na,b,1,2\n", "has no column ties; expected model_a"),
    "twice.csv": ("model_a,model_b,winner,winner\na,b,tie,tie\n", "has column winner twice"),
    "ragged.csv": ("model_a,model_b,winner\na,b,tie\na,b\n", "is not a readable csv file"),
    "broken.jsonl": ('{"model_a": "a", "model_b": "b", "winner": "tie"}\n{"model_a": \n', "Row 2: not JSON"),
    "list.jsonl": ('["a", "b", "tie"]\n', 'Row 1: \'["a", "b", "tie"]\' is not a JSON object'),
    "fake.parquet": ("model_a,model_b,winner\n", "is not a readable parquet file"),
    "votes.txt": ("model_a,model_b,winner\n", "file name ends in '.txt'; expected .csv, .parquet, .jsonl"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path, name):
    text, said = BAD[name]
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(BadRecord) as caught:
        read_battle_file(path)
    assert str(caught.value).startswith(f"{path}: {said}")


@pytest.mark.parametrize("name", ["votes.csv", "votes.jsonl"])
def test_bytes_that_are_no_utf8_are_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"model_a,model_b,winner\n\xff\xfe,b,tie\n")
    with pytest.raises(BadRecord, match="UTF"):
        read_battle_file(path)


def test_a_missing_file_a_folder_and_an_unreadable_one_are_refused(tmp_path):
    with pytest.raises(BadRecord, match=r"none\.csv: cannot be read: No such file"):
        read_battle_file(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BadRecord, match=r"folder\.csv: cannot be read: Is a directory"):
        read_battle_file(tmp_path / "folder.csv")


def test_clusters_need_their_column_and_battles(tmp_path):
    with pytest.raises(BadRecord, match="has no column 'prompt' to cluster by; found question_id, model_a"):
        read_battle_file(written(tmp_path, BATTLES, "csv"), cluster="prompt")
    with pytest.raises(BadRecord, match="pair counts, which have no clusters"):
        read_battle_file(written(tmp_path, COUNTS, "csv"), cluster="ties")


def test_only_the_columns_that_count_are_taken_from_parquet(tmp_path):
    path = tmp_path / "votes.parquet"
    pa.parquet.write_table(pa.Table.from_pandas(BATTLES.assign(conversation=[[{"role": "user"}]] * 3)), path)
    assert sorted(read_battle_file(path).columns) == ["model_a", "model_b", "winner"]


def test_objects_of_json_lines_may_have_their_keys_in_any_order(tmp_path):
    path = tmp_path / "votes.jsonl"
    rows = [{"model_a": "a", "model_b": "b", "winner": "tie"}, {"winner": "model_a", "model_b": "c", "model_a": "b"}]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert cells(read_battle_file(path).columns["model_b"]) == ["b", "c"]
