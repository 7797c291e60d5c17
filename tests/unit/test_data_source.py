"""Figures from a folder or a Hub dataset: whole revisions, the last good one when the Hub fails, no secrets told."""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leaderboard.data_source import DataSource, Snapshot, open_source
from leaderboard.errors import StoreError, StoreUnavailable
from leaderboard.hub_client import explain, parse_address, redact
from leaderboard.settings import Settings
from tests.fakehub import FakeHub

REPO = "org/board"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILES = {
    "benchmarks/v2.parquet": b"PAR1 figures PAR1", "benchmarks/v2.json": b'{"title": "v2"}', "SOURCES.md": b"# Sources",
    ".gitattributes": b"*.parquet lfs", "model.bin": b"not data", "benchmarks/strange name.json": b"{}",
}  # fmt: skip
DATA = {"benchmarks/v2.parquet", "benchmarks/v2.json", "SOURCES.md"}


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def source_of(hub: FakeHub, state: Path, *, data: str = f"hf://datasets/{REPO}", timeout: float = 2.0) -> DataSource:
    settings = Settings(data=data, state=state, hub_endpoint=hub.endpoint, hub_token=hub.token)
    return open_source(settings, timeout=timeout, clock=Clock())


def contents(snapshot: Snapshot) -> dict[str, bytes]:
    paths = (path for path in snapshot.folder.rglob("*") if path.is_file() and path.name != ".snapshot.json")
    return {path.relative_to(snapshot.folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def board(hub: FakeHub) -> FakeHub:
    hub.put("datasets", REPO, FILES)
    return hub


# -- a local folder -------------------------------------------------------------------------------------------------
def test_a_folder_is_its_own_snapshot_and_changes_revision_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    source = open_source(Settings(data=str(tmp_path)), clock=Clock())
    first = source.snapshot()
    assert (first.folder, first.origin, first.stale, first.error) == (tmp_path, f"folder {tmp_path.name}", False, None)
    assert source.snapshot().revision == first.revision
    seen = {first.revision}
    (tmp_path / "sub").mkdir()
    for change in (
        lambda: (tmp_path / "sub" / "b.json").write_text("1"),
        lambda: (tmp_path / "sub" / "b.json").write_text("22"),
        lambda: (tmp_path / "a.json").rename(tmp_path / "c.json"),
        lambda: (tmp_path / "c.json").unlink(),
    ):
        change()
        seen.add(source.snapshot().revision)
    assert len(seen) == 5


def test_copies_of_a_folder_share_a_revision(tmp_path: Path) -> None:
    revisions = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.json").write_text("{}")
        os.utime(tmp_path / name / "a.json", (len(revisions), 1))
        revisions.append(open_source(Settings(data=str(tmp_path / name))).snapshot().revision)
    assert revisions[0] == revisions[1]


def test_hidden_files_and_broken_links_do_not_change_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    source = open_source(Settings(data=str(tmp_path)))
    before = source.snapshot().revision
    (tmp_path / ".lock").write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("x")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    assert source.snapshot().revision == before


def test_a_folder_is_as_old_as_its_newest_file(tmp_path: Path) -> None:
    for name, second in (("a", 100), ("b", 300), ("c", 200)):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (second, second))
    assert open_source(Settings(data=str(tmp_path))).snapshot().as_of == datetime.fromtimestamp(300, UTC)


def test_a_missing_folder_is_named_together_with_the_setting(tmp_path: Path) -> None:
    source = open_source(Settings(data=str(tmp_path / "gone")))
    source.refresh()
    with pytest.raises(StoreUnavailable, match=r"gone.*LEADERBOARD_DATA"):
        source.snapshot()


@pytest.mark.parametrize(
    "data", ["hf://org/name", "hf://datasets/name", "hf://models/org/name", "hf://datasets/org/name@", "https://x/org/name",
             "hf://datasets/org/name/sub", "hf://datasets/../x", "hf:datasets/org/name", "s3://bucket",
             "hf://datasets/org/name@a b", "hf://datasets/org/na\u200bme", "hf://datasets/org/name\n"], ids=ascii,
)  # fmt: skip
def test_addresses_are_read_strictly(data: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="expected hf://datasets/org/name"):
        open_source(Settings(data=data, state=tmp_path))


def test_an_address_may_name_a_revision() -> None:
    sha = "a" * 40
    assert parse_address("hf://datasets/org/name") == ("org/name", None)
    pinned = parse_address(f"hf://datasets/org/name@{sha}")
    assert pinned == ("org/name", sha)
    assert pinned is not None
    assert pinned.is_pinned
    assert parse_address("data/folder") is None


def test_a_token_in_an_address_is_not_repeated() -> None:
    with pytest.raises(StoreError) as caught:
        parse_address("hf://user:hf_abcdefghijkl@datasets/org/name")
    assert "hf_abcdefghijkl" not in str(caught.value)
    assert (
        redact("x Bearer secret1 http://me:pw@host/y my-token", "my-token") == "x <token> http://<token>host/y <token>"
    )


# -- the Hub --------------------------------------------------------------------------------------------------------
def test_a_dataset_is_read_whole_at_one_commit(board: FakeHub, tmp_path: Path) -> None:
    snapshot = source_of(board, tmp_path).snapshot()
    assert contents(snapshot) == {path: data for path, data in FILES.items() if path in DATA}
    assert snapshot.revision == board.repo("datasets", REPO).commits[-1].sha == snapshot.folder.name
    assert (snapshot.origin, snapshot.stale, snapshot.error) == (f"hf://datasets/{REPO}", False, None)
    commit_date = board.repo("datasets", REPO).commits[-1].date
    assert abs(snapshot.as_of - commit_date) < timedelta(seconds=1)


def test_a_new_commit_appears_after_a_refresh_that_fetches_only_changed_files(board: FakeHub, tmp_path: Path) -> None:
    source = source_of(board, tmp_path)
    first = source.snapshot()
    sha = board.put("datasets", REPO, {"benchmarks/v3.json": b"new", "SOURCES.md": None})
    assert source.snapshot() == first
    board.requests.clear()
    source.refresh()
    second = source.snapshot()
    assert second.revision == sha
    assert set(contents(second)) == {"benchmarks/v2.parquet", "benchmarks/v2.json", "benchmarks/v3.json"}
    assert {path for name, path in board.requests if name == "resolve"} == {
        f"/datasets/{REPO}/resolve/{sha}/benchmarks/v3.json"
    }
    assert contents(first), "readers of the last snapshot keep their files"


def test_an_unchanged_dataset_costs_one_request_and_gets_a_newer_fetch_time(board: FakeHub, tmp_path: Path) -> None:
    source = source_of(board, tmp_path)
    first = source.snapshot()
    board.requests.clear()
    source.refresh()
    assert [name for name, _ in board.requests] == ["info"]
    second = source.snapshot()
    assert second.revision == first.revision
    assert second.fetched_at > first.fetched_at


def test_the_newest_and_one_earlier_snapshot_are_kept(board: FakeHub, tmp_path: Path) -> None:
    source = source_of(board, tmp_path)
    source.snapshot()
    shas = []
    for number in range(4):
        shas.append(board.put("datasets", REPO, {"a.json": b"%d" % number}))
        source.refresh()
    kept = {path.name for path in source.snapshot().folder.parent.iterdir() if path.is_dir()}
    assert kept == set(shas[-2:])


def test_a_pinned_commit_is_fetched_once_and_never_looked_for_again(board: FakeHub, tmp_path: Path) -> None:
    sha = board.repo("datasets", REPO).commits[-1].sha
    board.put("datasets", REPO, {"later.json": b"1"})
    data = f"hf://datasets/{REPO}@{sha}"
    source = source_of(board, tmp_path, data=data)
    assert source.snapshot().revision == sha
    board.requests.clear()
    source.refresh()
    again = source_of(board, tmp_path, data=data)
    again.refresh()
    assert set(contents(again.snapshot())) == DATA
    assert board.requests == []


def test_with_the_hub_down_at_start_the_last_good_snapshot_is_served(board: FakeHub, tmp_path: Path) -> None:
    good = source_of(board, tmp_path).snapshot()
    board.down()
    started = time.monotonic()
    snapshot = source_of(board, tmp_path).snapshot()
    assert time.monotonic() - started < 5
    assert (snapshot.folder, snapshot.revision, snapshot.stale) == (good.folder, good.revision, True)
    assert abs(snapshot.fetched_at - good.fetched_at) < timedelta(seconds=2)
    assert snapshot.error is not None
    assert "cannot be reached" in snapshot.error
    assert board.token not in snapshot.error


def test_with_the_hub_down_and_nothing_kept_the_error_says_what_to_check(board: FakeHub, tmp_path: Path) -> None:
    board.down()
    source = source_of(board, tmp_path)
    with pytest.raises(StoreUnavailable, match=r"org/board.*cannot be reached.*HF_TOKEN") as caught:
        source.snapshot()
    assert board.token not in str(caught.value)
    board.up()
    source.refresh()
    assert set(contents(source.snapshot())) == DATA


def test_a_hub_that_hangs_at_start_is_not_waited_for_long(
    board: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source_of(board, tmp_path).snapshot()
    monkeypatch.setattr("leaderboard.data_source.LOOK_SECONDS", 0.3)
    board.fault("info", hang=3.0)
    started = time.monotonic()
    assert source_of(board, tmp_path, timeout=10.0).snapshot().stale
    assert time.monotonic() - started < 2.5


@pytest.mark.parametrize(
    ("fault", "words"),
    [({"status": 500}, "answered 500"), ({"status": 429}, "answered 429"), ({"status": 503}, "answered 503"),
     ({"hang": 1.0}, "in time"), ({}, "cannot be reached")],
)  # fmt: skip
def test_a_failing_hub_leaves_the_last_snapshot_and_recovery_clears_the_error(
    board: FakeHub, tmp_path: Path, fault: dict[str, float], words: str
) -> None:
    source = source_of(board, tmp_path, timeout=0.4)
    first = source.snapshot()
    sha = board.put("datasets", REPO, {"new.json": b"1"})
    board.fault("info", **fault)
    source.refresh()
    stale = source.snapshot()
    assert (stale.revision, stale.stale) == (first.revision, True)
    assert words in (stale.error or "")
    source.refresh()
    assert (source.snapshot().revision, source.snapshot().stale, source.snapshot().error) == (sha, False, None)


@pytest.mark.parametrize("status", [403, 404])
def test_a_half_downloaded_snapshot_is_never_seen(board: FakeHub, tmp_path: Path, status: int) -> None:
    source = source_of(board, tmp_path)
    first = source.snapshot()
    sha = board.put("datasets", REPO, {f"part/{number}.json": b"%d" % number for number in range(6)})
    board.fault("resolve", status=status, times=3)
    source.refresh()
    assert source.snapshot().revision == first.revision
    assert not (first.folder.parent / sha).exists()
    assert source_of(board, tmp_path)._last_good().revision == first.revision  # type: ignore[attr-defined]
    assert not list(first.folder.parent.glob(".partial*"))
    source.refresh()
    assert len(contents(source.snapshot())) == 9


def test_a_file_that_is_not_what_the_hub_lists_is_refused(board: FakeHub, tmp_path: Path) -> None:
    source = source_of(board, tmp_path)
    first = source.snapshot()
    board.put("datasets", REPO, {"b.json": b"0123456789", "c.parquet": b"0123456789"})
    for path in ("b.json", "c.parquet"):
        board.tampered = {path: b"9876543210"}
        source.refresh()
        assert source.snapshot().revision == first.revision
        assert f"{path} of {REPO} arrived damaged" in (source.snapshot().error or "")
    board.tampered = {}
    source.refresh()
    assert contents(source.snapshot())["b.json"] == b"0123456789"


def test_leftovers_of_a_killed_download_are_swept_and_not_used(board: FakeHub, tmp_path: Path) -> None:
    source = source_of(board, tmp_path)
    folder = source.snapshot().folder.parent
    (folder / ".partial-0123abcd").mkdir()
    (folder / ".partial-0123abcd" / "SOURCES.md").write_text("half")
    (folder / ("f" * 40)).mkdir()
    restarted = source_of(board, tmp_path)
    board.put("datasets", REPO, {"new.json": b"1"})
    assert "new.json" in contents(restarted.snapshot())
    assert not (folder / ".partial-0123abcd").exists()
    assert not (folder / ("f" * 40)).exists()


def test_readers_do_not_wait_for_a_refresh(board: FakeHub, tmp_path: Path) -> None:
    source = source_of(board, tmp_path, timeout=5.0)
    source.snapshot()
    board.fault("info", hang=1.0)
    refreshing = threading.Thread(target=source.refresh)
    refreshing.start()
    time.sleep(0.1)
    started = time.monotonic()
    for _ in range(100):
        source.snapshot()
    took = time.monotonic() - started
    assert refreshing.is_alive(), "the refresh was still waiting for the Hub"
    assert took < 0.5
    refreshing.join()


def test_many_first_readers_cause_one_download(board: FakeHub, tmp_path: Path) -> None:
    source = source_of(board, tmp_path)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(source.snapshot().revision)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 8
    assert board.count("tree") == 1


@pytest.mark.parametrize(("state", "words"), [("private", "does not exist, or is private"), ("gone", "does not exist")])
def test_what_cannot_be_read_is_told_apart_from_a_failing_hub(
    hub: FakeHub, tmp_path: Path, state: str, words: str
) -> None:
    if state == "private":
        hub.put("datasets", REPO, FILES)
        hub.repo("datasets", REPO).private = True
    hub_token = "hf_wrongwrong"
    settings = Settings(data=f"hf://datasets/{REPO}", state=tmp_path, hub_endpoint=hub.endpoint, hub_token=hub_token)
    with pytest.raises(StoreUnavailable, match=words) as caught:
        open_source(settings).snapshot()
    assert hub_token not in str(caught.value)


def test_no_token_is_sent_when_none_is_configured(
    board: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_ofthemachinesuser")  # what the client would fall back to
    settings = Settings(data=f"hf://datasets/{REPO}", state=tmp_path, hub_endpoint=board.endpoint)
    open_source(settings).snapshot()
    assert set(board.authorizations) == {None}


def test_every_kind_of_failure_is_explained_without_the_token() -> None:
    for error in (OSError("disk full for hf_abcdefgh1234"), RuntimeError("Bearer abc"), ValueError("x my-secret")):
        text = explain(error, "my-secret")
        assert "hf_abcdefgh1234" not in text
        assert "Bearer" not in text
        assert "my-secret" not in text
