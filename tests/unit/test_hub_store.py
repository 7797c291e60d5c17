"""The Hub store when the Hub misbehaves: never a blind second commit, never a secret, never an endless wait."""

import random
import time
from typing import Any

import pytest
from huggingface_hub import HfApi

from leaderboard.errors import Conflict, StoreUnavailable
from leaderboard.hub_store import LONGEST_WAIT, TRIES, HubStore
from tests.fakehub import PAGE, FakeHub, blob_id

REPO = "org/board"
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


class Waits(list[float]):
    """Stands in for sleeping."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def store(hub: FakeHub, waits: Waits) -> HubStore:
    hub.put("datasets", REPO, {"README.md": b"# Board"})
    return open_store(hub, waits)


def open_store(hub: FakeHub, waits: Waits, **options: Any) -> HubStore:
    chosen: dict[str, Any] = {"endpoint": hub.endpoint, "token": hub.token, "timeout": 0.5} | options
    return HubStore(REPO, sleep=waits, rng=random.Random(1), **chosen)


def titles(hub: FakeHub) -> list[str]:
    return [commit.title for commit in hub.repo("datasets", REPO).commits]


def test_several_files_are_one_commit_with_the_message_and_a_nonce(hub: FakeHub, store: HubStore) -> None:
    before = len(titles(hub))
    store.write({"a.json": b"1", "b/c.parquet": b"2", "README.md": None}, message="Result of\norg/m")
    assert len(titles(hub)) == before + 1
    assert titles(hub)[-1].startswith("Result of org/m [")
    assert set(hub.repo("datasets", REPO).commits[-1].files) == {"a.json", "b/c.parquet"}


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 502}, {}, {"hang": 1.0}], ids=["500", "502", "dropped", "hang"]
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_lost_answer_is_looked_up_and_the_commit_is_made_exactly_once(
    hub: FakeHub, store: HubStore, fault: dict[str, Any], after: bool
) -> None:
    hub.fault("commit", after=after, **fault)
    before = len(titles(hub))
    written = store.write({"a.json": b"1"}, expected={"a.json": None}, message="Add a")
    assert written["a.json"] == store.read("a.json").etag
    assert len(titles(hub)) == before + 1
    assert hub.count("commit") == (1 if after else 2)


def test_a_commit_that_landed_counts_even_when_others_committed_on_top_of_it(hub: FakeHub, store: HubStore) -> None:
    hub.fault("commit", status=500, after=True)
    store._sleep = lambda _: hub.put("datasets", REPO, {"a.json": b"rival"}, "rival") and None
    ours = store.write({"a.json": b"ours"}, expected={"a.json": None})
    assert titles(hub)[-1] == "rival"
    assert hub.count("commit") == 1
    assert store.read("a.json").data == b"rival"
    assert ours["a.json"] == blob_id(b"ours")


def test_a_landed_commit_is_found_under_many_newer_ones(hub: FakeHub, store: HubStore) -> None:
    def busy(_: float) -> None:
        for number in range(120):
            hub.put("datasets", REPO, {"other.json": b"%d" % number}, "rival")

    hub.fault("commit", status=500, after=True)
    store._sleep = busy
    store.write({"a.json": b"ours"}, expected={"a.json": None})
    assert (hub.count("commit"), hub.count("commits")) == (1, 3)


def test_an_unknown_outcome_is_said_to_be_unknown(hub: FakeHub, store: HubStore) -> None:
    hub.fault("commit", status=500, after=True)
    hub.fault("commits", status=500, times=TRIES)
    with pytest.raises(StoreUnavailable, match=r"org/board could not be written \(the outcome is unknown"):
        store.write({"a.json": b"1"})
    assert hub.count("commit") == 1, "while it is unknown whether the first one landed there is no second commit"


def test_commits_to_other_files_do_not_make_a_conflict(hub: FakeHub, store: HubStore) -> None:
    hub.fault("commit", status=412)
    assert store.write({"a.json": b"1"}, expected={"a.json": None}).keys() == {"a.json"}


def test_a_head_that_keeps_moving_is_a_conflict_in_the_end(hub: FakeHub, store: HubStore) -> None:
    hub.fault("commit", status=412, times=TRIES)
    with pytest.raises(Conflict, match="somebody else committed first"):
        store.write({"a.json": b"1"})


def test_the_same_content_from_a_rival_is_a_conflict_although_the_client_calls_it_success(
    hub: FakeHub, store: HubStore
) -> None:
    """The client skips a commit whose content is already there, even when the parent commit is stale."""
    original = store._api.create_commit

    def after_a_rival(*arguments: Any, **options: Any) -> Any:
        hub.put("datasets", REPO, {"a.json": b"same"}, "rival")
        return original(*arguments, **options)

    store._api.create_commit = after_a_rival  # type: ignore[method-assign]
    with pytest.raises(Conflict, match="expected no file"):
        store.write({"a.json": b"same"}, expected={"a.json": None})
    assert [title for title in titles(hub) if title.startswith("Update")] == []


def test_the_wait_that_the_hub_asks_for_is_kept_within_bounds(hub: FakeHub, store: HubStore, waits: Waits) -> None:
    hub.fault("commit", status=429, headers={"Retry-After": "7"})
    store.write({"a.json": b"1"})
    assert waits == [7.0]
    hub.fault("commit", status=429, headers={"Retry-After": "3600"})
    store.write({"a.json": b"2"})
    assert waits[1:] == [LONGEST_WAIT]


def test_waits_between_tries_grow_and_are_spread(hub: FakeHub, store: HubStore, waits: Waits) -> None:
    hub.fault("info", status=500, times=100)
    with pytest.raises(StoreUnavailable, match="answered 500"):
        store.write({"a.json": b"1"})
    assert len(waits) == TRIES - 1
    assert all(0 <= wait <= 0.5 * 2**number for number, wait in enumerate(waits, start=1))
    assert len(set(waits)) == len(waits)


@pytest.mark.parametrize("status", [401, 403, 404, 413])
def test_an_answer_that_trying_again_cannot_change_is_final(
    hub: FakeHub, store: HubStore, waits: Waits, status: int
) -> None:
    hub.fault("commit", status=status)
    with pytest.raises(StoreUnavailable, match=f"answered {status}|does not exist"):
        store.write({"a.json": b"1"})
    assert (hub.count("commit"), waits) == (1, [])


def test_a_hub_that_hangs_is_given_up_within_the_time_limit(hub: FakeHub, store: HubStore) -> None:
    hub.fault("resolve", hang=5.0)
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match="did not answer in time"):
        store.read("README.md")
    assert time.monotonic() - started < 2.0


def test_a_hub_that_is_down_is_unavailable_and_comes_back(hub: FakeHub, store: HubStore) -> None:
    hub.down()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        store.read("README.md")
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        store.write({"a.json": b"1"})
    hub.up()
    assert store.read("README.md").data == b"# Board"


@pytest.mark.parametrize("token", [None, "hf_wrongwrongwrong"])
def test_errors_never_repeat_the_token(hub: FakeHub, waits: Waits, store: HubStore, token: str | None) -> None:
    hub.repo("datasets", REPO).private = True
    stranger = open_store(hub, waits, token=token)
    for attempt in (
        lambda: stranger.read("README.md"), stranger.list, lambda: stranger.write({"a.json": b"1"}), stranger.create,
    ):  # fmt: skip
        with pytest.raises(StoreUnavailable) as caught:
            attempt()
        assert "hf_" not in f"{caught.value}"
        assert "org/board" in str(caught.value)


def test_creating_twice_keeps_what_is_there(hub: FakeHub, waits: Waits) -> None:
    store = open_store(hub, waits)
    store.create()
    assert hub.repo("datasets", REPO).private
    store.write({"a.json": b"1"})
    store.create()
    assert store.read("a.json").data == b"1"


def test_a_listing_of_several_pages_is_whole(hub: FakeHub, store: HubStore) -> None:
    n = 2 * PAGE + 7
    hub.put("datasets", REPO, {f"requests/{number:05d}.json": b"%d" % number for number in range(n)})
    listed = store.list("requests")
    assert len(listed) == n
    assert hub.count("tree") == 3
    assert listed["requests/00042.json"] == store.read("requests/00042.json").etag


def test_names_that_are_no_store_paths_are_left_out_of_listings(hub: FakeHub, store: HubStore) -> None:
    hub.put("datasets", REPO, {".gitattributes": b"x", "a b.json": b"x", "ä.json": b"x", "good.json": b"x"})
    assert list(store.list()) == ["README.md", "good.json"]


def test_the_client_identifies_the_program_and_nothing_of_its_machine(store: HubStore) -> None:
    assert isinstance(store._api, HfApi)
    agent = store._api._build_hf_headers()["user-agent"]
    assert agent.startswith("chat-model-leaderboard/")
    assert "torch" not in agent
