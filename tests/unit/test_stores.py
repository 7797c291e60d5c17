"""Every store keeps the same promises: one suite for the folder, the memory and the Hub."""

import os
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leaderboard.errors import Conflict, NotFound, StoreError, StoreUnavailable
from leaderboard.hub_store import HubStore
from leaderboard.stores import LocalStore, MemoryStore, Store, check_path, stage, write_file
from tests.fakehub import FakeHub

# huggingface_hub uploads large files in a way that its own HTTP client calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

BAD_PATHS = (
    "", "/", "/etc/passwd", "..", "../x", "a/../b", "a//b", "a/", "a/./b", ".hidden", "a/.lock", "a\\b", "a\nb", "a\n",
    "ä", "a b", "a\x00b", "x" * 300, "/".join("a" * 20), "-rf",
)  # fmt: skip


@pytest.fixture(params=["memory", "local", "hub"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "local":
        yield LocalStore(tmp_path / "store")
    else:
        hub: FakeHub = request.getfixturevalue("hub")
        hub_store = HubStore("org/board", endpoint=hub.endpoint, token=hub.token, sleep=no_sleep, rng=random.Random(1))
        hub_store.create()
        yield hub_store


def no_sleep(_: float) -> None: ...


def test_what_was_written_is_read_and_listed_with_its_etag(store: Store) -> None:
    written = store.write({"results/org/m/1.json": b"one", "results/org/m/2.bin": b"two"})
    assert store.read("results/org/m/1.json").data == b"one"
    assert store.list("results") == written
    for path, etag in written.items():
        assert store.read(path).etag == etag


def test_a_prefix_is_a_folder_or_a_file_and_never_half_a_name(store: Store) -> None:
    store.write({"a/b/1": b"1", "a/bc/2": b"2", "a/b/c/3": b"3"})
    assert list(store.list("a/b")) == ["a/b/1", "a/b/c/3"]
    assert list(store.list("a/b/")) == ["a/b/1", "a/b/c/3"]
    assert list(store.list("a/b/1")) == ["a/b/1"]
    assert list(store.list()) == ["a/b/1", "a/b/c/3", "a/bc/2"]
    assert store.list("nothing/here") == {}


def test_equal_content_has_equal_etags_and_new_content_a_new_one(store: Store) -> None:
    first = store.write({"x": b"same", "y": b"same"})
    assert first["x"] == first["y"]
    assert store.write({"x": b"other"})["x"] != first["x"]


def test_a_missing_file_is_not_found_and_the_message_names_it(store: Store) -> None:
    store.write({"folder/file": b"1"})
    for path in ("nothing", "folder", "folder/file/deeper"):
        with pytest.raises(NotFound, match=path):
            store.read(path)


def test_a_write_replaces_only_the_content_its_caller_read(store: Store) -> None:
    etag = store.write({"x": b"1"})["x"]
    store.write({"x": b"2"}, expected={"x": etag})
    with pytest.raises(Conflict, match="x: expected etag"):
        store.write({"x": b"3"}, expected={"x": etag})
    assert store.read("x").data == b"2"


def test_expecting_no_file_lets_only_the_first_writer_in(store: Store) -> None:
    store.write({"x": b"1"}, expected={"x": None})
    with pytest.raises(Conflict, match="expected no file"):
        store.write({"x": b"2"}, expected={"x": None})
    with pytest.raises(Conflict):
        store.write({"x": b"1"}, expected={"x": None})


def test_a_failed_expectation_changes_nothing_at_all(store: Store) -> None:
    store.write({"a": b"1"})
    with pytest.raises(Conflict):
        store.write({"new": b"1", "a": b"2"}, expected={"b": "0" * 40})
    assert list(store.list()) == ["a"]
    assert store.read("a").data == b"1"


def test_expectations_may_name_files_that_are_not_written(store: Store) -> None:
    etag = store.write({"guard": b"1"})["guard"]
    store.write({"x": b"1"}, expected={"guard": etag, "x": None})
    store.write({"guard": b"2"})
    with pytest.raises(Conflict):
        store.write({"x": b"2"}, expected={"guard": etag})


def test_deleting_removes_a_file_and_deleting_twice_does_no_harm(store: Store) -> None:
    etag = store.write({"x": b"1", "y": b"2"})["x"]
    assert store.write({"x": None, "z": b"3"}, expected={"x": etag}).keys() == {"z"}
    store.write({"x": None})
    assert list(store.list()) == ["y", "z"]


def test_writing_what_is_already_there_succeeds(store: Store) -> None:
    etag = store.write({"x": b"1"})["x"]
    assert store.write({"x": b"1"}, expected={"x": etag}) == {"x": etag}


@pytest.mark.parametrize("size", [0, 1, 300_000])
@pytest.mark.parametrize("name", ["plain.json", "large.parquet"])
def test_any_size_of_content_comes_back_unchanged(store: Store, name: str, size: int) -> None:
    data = random.Random(size).randbytes(size)
    etag = store.write({name: data})[name]
    assert store.read(name) == (data, etag)


@pytest.mark.parametrize("path", BAD_PATHS, ids=repr)
def test_a_path_out_of_the_store_is_refused_everywhere(store: Store, path: str) -> None:
    with pytest.raises(StoreError, match="not allowed"):
        store.read(path)
    with pytest.raises(StoreError, match="not allowed"):
        store.write({path: b"1"})
    if path not in ("", "a/"):
        with pytest.raises(StoreError, match="not allowed"):
            store.list(path)


def race(store: Store, attempt: Callable[[int], None], writers: int) -> None:
    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_of_many_writers_wins_each_round(store: Store) -> None:
    for round_number in range(5):
        path, winners = f"round/{round_number}", []

        def attempt(number: int, path: str = path, winners: list[int] = winners) -> None:
            try:
                store.write({path: b"%d" % number}, expected={path: None})
                winners.append(number)
            except Conflict:
                pass

        race(store, attempt, 4)
        assert len(winners) == 1
        assert store.read(path).data == b"%d" % winners[0]


def test_counting_by_compare_and_swap_loses_no_count(store: Store) -> None:
    store.write({"count": b"0"})

    def attempt(_: int) -> None:
        done = 0
        while done < 3:
            data, etag = store.read("count")
            try:
                store.write({"count": b"%d" % (int(data) + 1)}, expected={"count": etag})
                done += 1
            except Conflict:
                continue

    race(store, attempt, 3)
    assert store.read("count").data == b"9"


def test_path_syntax_accepts_what_the_records_use() -> None:
    for path in ("requests/Org-1/model.v2_x/0123456789abcdef.json", "results/local/x/k.json", "battles/1.parquet"):
        assert check_path(path) == path


def test_a_local_store_follows_no_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    store = LocalStore(tmp_path / "store")
    store.write({"a": b"1"})
    (store.root / "link").symlink_to(outside)
    (store.root / "file").symlink_to(outside / "secret")
    for path in ("link/secret", "file"):
        with pytest.raises(StoreError, match="symbolic link"):
            store.read(path)
        with pytest.raises(StoreError, match="symbolic link"):
            store.write({path: b"changed"})
    with pytest.raises(StoreError, match="symbolic link"):
        store.list("link")
    assert list(store.list()) == ["a"]
    assert (outside / "secret").read_text() == "secret"


def test_a_local_store_shows_neither_its_lock_nor_unfinished_files(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.write({"folder/a": b"1"})
    stage(tmp_path / "folder" / "b", b"never renamed")
    assert list(store.list()) == ["folder/a"]


def test_a_full_disk_leaves_the_old_content_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    store.write({"a": b"old", "b": b"old"})
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnavailable, match="No space left"):
        store.write({"a": b"new", "b": b"new"})
    monkeypatch.undo()
    assert [store.read(path).data for path in ("a", "b")] == [b"old", b"old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "a", "b"]


def test_a_folder_where_a_file_should_be_is_reported_not_raised_raw(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.write({"x/y": b"1"})
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        store.write({"x": b"1"})
    assert list(store.list()) == ["x/y"]


def test_a_store_that_stays_locked_gives_up_and_says_so(tmp_path: Path) -> None:
    holder = LocalStore(tmp_path)
    with holder._locked(), pytest.raises(StoreUnavailable, match="stayed locked"):
        LocalStore(tmp_path, lock_seconds=0.05).write({"x": b"1"})


def test_replacing_one_file_leaves_its_old_content_when_it_fails(tmp_path: Path) -> None:
    target = tmp_path / "x"
    write_file(target, b"1")
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match=r"folder|directory"):
        write_file(tmp_path / "folder", b"2")
    assert target.read_bytes() == b"1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "x"]
