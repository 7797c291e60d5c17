"""Hostile JSON files are refused with a reason and never crash the reader."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.errors import BadRecord
from leaderboard.sources.strict_json import parse_object, read_object

BAD = {
    "empty": (b"  ", "is empty"),
    "truncated": (b'{"a": 1', "not JSON"),
    "nan": (b'{"a": NaN}', "NaN"),
    "infinity": (b'{"a": 1e999}', "finite"),
    "deep": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
    "rather deep": (b'{"a":' + b"[" * 80 + b"]" * 80 + b"}", "nested"),
    "long integer": (b'{"a": ' + b"9" * 5000 + b"}", "5000 digits"),
    "twice": (b'{"a": 1, "a": 2}', "twice"),
    "bad utf-8": (b'{"a": "\xff"}', "UTF-8"),
    "list": (b"[1]", "object"),
    "zip": (b"PK\x03\x04" + b"\x00" * 100, "not JSON"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_reason(name, tmp_path):
    data, reason = BAD[name]
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(BadRecord, match=reason):
        read_object(path)


def test_a_directory_a_link_and_an_oversized_file_are_refused(tmp_path):
    (tmp_path / "folder.json").mkdir()
    good = tmp_path / "good.json"
    good.write_text('{"a": 1}')
    (tmp_path / "link.json").symlink_to(good)
    for name, reason in (("folder.json", "regular"), ("link.json", "symbolic"), ("none.json", "regular")):
        with pytest.raises(BadRecord, match=reason):
            read_object(tmp_path / name)
    with pytest.raises(BadRecord, match="at most 4"):
        read_object(good, max_bytes=4)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_good_objects_come_back_unchanged(value):
    assert parse_object(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data):
    with contextlib.suppress(BadRecord):
        assert isinstance(parse_object(data), dict)
