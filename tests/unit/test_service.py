"""The HTTP routes, over made-up boards and a small queue."""

import csv
import gzip
import io
import json
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from leaderboard.boards import export, filters, wire
from leaderboard.boards.board import View
from leaderboard.errors import InvalidQuery, NotRetryable, StoreUnavailable, UnknownSubmission
from leaderboard.service import Cache, EvaluatorStatus, create_service, pack
from tests.nasty_board import nasty_board

ROWS = "/table/nasty?view=all"
ASSETS = {"table/x.js": b"let x = 1;", "page.css": b"a{}", "odd.txt": b"no"}


class Boards:
    """A library of one tab with two views and files in a folder, as `Library` answers."""

    def __init__(self, folder):
        self.folder = folder
        self.boards = {"all": nasty_board(), "other": nasty_board("other", 20, 3)}
        self.built = 0

    def board(self, tab, view=None):
        if tab != "nasty":
            raise InvalidQuery(f"Tab is {tab!r}; expected one of nasty.")
        if (view or "all") not in self.boards:
            raise InvalidQuery(f"View is {view!r}; tab 'nasty' has all, other.")
        return self.boards[view or "all"]

    def views(self, tab):
        self.built += 1
        return [View(value=name, path=(name,), title=name, about="") for name in self.boards]

    def revision(self):
        return "r1"

    def run_path(self, relative):
        path = (self.folder / relative).resolve()
        return path if path.is_relative_to(self.folder.resolve()) and path.is_file() else None


class Queue:
    """A queue that knows one failed and one running entry."""

    def __init__(self):
        self.retried = []

    def entries(self, *, limit):
        return []

    def counts(self):
        return {"PENDING": 0, "RUNNING": 1, "FINISHED": 0, "FAILED": 1}

    def retry(self, key):
        if key == "away":
            raise StoreUnavailable("The queue cannot be reached.")
        if key not in ("failed", "running"):
            raise UnknownSubmission(f"No submission {key!r}.")
        if key == "running":
            raise NotRetryable("It is RUNNING; only FAILED can be retried.")
        self.retried.append(key)
        return SimpleNamespace(model_dump=lambda mode: {"state": "PENDING"})


@pytest.fixture
def world(tmp_path):
    folder = tmp_path / "store"
    for name in ("results/o/m/1.json", "samples/o/m/1/a.parquet", "queue.sqlite"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "secret.json").write_text("secret")
    boards, queue = Boards(folder), Queue()
    status = EvaluatorStatus(attached=False, text="Nothing evaluates here.")
    app = create_service(boards, queue, queue.retry, lambda: status, ASSETS)
    with TestClient(app, base_url="http://site.test") as client:
        yield SimpleNamespace(client=client, boards=boards, queue=queue)


def test_rows_are_the_columnar_json_of_the_board(world):
    answer = world.client.get(ROWS)
    assert answer.json() == json.loads(wire.encode(nasty_board(), None, world.boards.views("nasty")))
    assert answer.headers["content-type"] == "application/json"


def test_without_a_view_the_default_one_is_shown(world):
    assert world.client.get("/table/nasty").content == world.client.get(ROWS).content


def test_named_columns_come_alone(world):
    body = world.client.get(f"{ROWS}&columns=comment,date").json()
    assert set(body) == {"revision", "data"}
    assert set(body["data"]) == {"comment", "date"}


def test_rows_are_compressed_only_for_clients_that_take_it(world):
    with world.client.stream("GET", ROWS, headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
    plain = world.client.get(ROWS, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert "Accept-Encoding" in plain.headers["vary"]


@pytest.mark.parametrize("known", ["{tag}", "W/{tag}", '"old", {tag}'])
def test_rows_that_the_client_has_are_not_sent_again(world, known):
    tag = world.client.get(ROWS).headers["etag"]
    answer = world.client.get(ROWS, headers={"if-none-match": known.format(tag=tag)})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


def test_an_old_tag_gets_the_new_rows(world):
    tag = world.client.get(ROWS).headers["etag"]
    world.boards.boards["all"] = nasty_board(revision="r2", seed=8)
    answer = world.client.get(ROWS, headers={"if-none-match": tag})
    assert (answer.status_code, answer.json()["revision"]) == (200, "r2")


def test_rows_are_encoded_once_a_revision(world):
    for _ in range(3):
        world.client.get(ROWS)
    assert world.boards.built == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/table/nope", "'nope'"), ("/table/nasty?view=gone", "'gone'"), (f"{ROWS}&columns=salary", "'salary'"),
        ("/data/nasty.xml", "'xml'; expected csv, json or parquet"), ("/data/nasty.csv?sort=gone", "'gone'"),
        ("/data/nasty.csv?params=big", "'big'"), ("/data/nasty.csv?colour=red", "'colour'"),
    ],
)  # fmt: skip
def test_what_there_is_not_is_a_400_that_names_it(world, path, said):
    answer = world.client.get(path)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_a_download_is_what_the_query_string_shows(world):
    pairs = [("type", "chat"), ("sort", "-delta"), ("cols", "model,delta"), ("view", "all"), ("tab", "nasty")]
    answer = world.client.get("/data/nasty.csv", params=pairs)
    board = nasty_board()
    assert answer.content == export.render(board, filters.parse(pairs, board), "csv")
    assert next(csv.reader(io.StringIO(answer.text, newline=""))) == ["model", "delta", "baseline"]
    assert answer.headers["content-disposition"] == 'attachment; filename="nasty_all.csv"'


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_every_format_downloads_the_view_that_is_named(world, kind):
    board = nasty_board("other", 20, 3)
    answer = world.client.get(f"/data/nasty.{kind}?view=other")
    assert answer.content == export.render(board, filters.parse([], board), kind)


def test_evidence_is_served_from_results_and_samples(world):
    for name in ("results/o/m/1.json", "samples/o/m/1/a.parquet"):
        answer = world.client.get(f"/files/{name}")
        assert (answer.status_code, answer.text) == (200, name)


@pytest.mark.parametrize(
    "path",
    [
        "queue.sqlite", "results/%2e%2e/queue.sqlite", "results/%2e%2e/%2e%2e/secret.json", "%2e%2e/secret.json",
        "results/o/../../../queue.sqlite", "%2fetc/passwd", "results", "results/gone.json", "results/..%2fqueue.sqlite",
    ],
)  # fmt: skip
def test_nothing_but_evidence_is_served(world, path):
    answer = world.client.get(f"/files/{path}")
    assert answer.status_code == 404
    assert "secret" not in answer.text.replace("secret.json", "")


def test_the_queue_says_what_evaluates_it_and_how_many_wait(world):
    body = world.client.get("/data/queue.json").json()
    assert body["evaluator"] == {"attached": False, "text": "Nothing evaluates here."}
    assert body["counts"]["FAILED"] == 1


@pytest.mark.parametrize("headers", [{}, {"origin": "http://site.test"}])
def test_this_site_and_programs_may_retry(world, headers):
    answer = world.client.post("/data/queue/failed/retry", headers=headers)
    assert (answer.status_code, answer.json(), world.queue.retried) == (200, {"state": "PENDING"}, ["failed"])


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://site.test.evil.test", "http://site.test:81"])
def test_another_site_may_not_retry(world, origin):
    answer = world.client.post("/data/queue/failed/retry", headers={"origin": origin})
    assert (answer.status_code, world.queue.retried) == (403, [])


@pytest.mark.parametrize(("key", "status"), [("gone", 404), ("running", 409), ("away", 503)])
def test_a_retry_that_is_not_possible_says_why(world, key, status):
    answer = world.client.post(f"/data/queue/{key}/retry")
    assert answer.status_code == status
    assert answer.json()["error"]


def test_assets_come_with_their_type_and_others_not_at_all(world):
    assert world.client.get("/ui/table/x.js").headers["content-type"].startswith("text/javascript")
    assert world.client.get("/ui/page.css").headers["content-type"].startswith("text/css")
    for name in ("odd.txt", "gone.js", "%2e%2e/service.py"):
        assert world.client.get(f"/ui/{name}").status_code == 404


def test_health_names_the_revision(world):
    assert world.client.get("/healthz").json() == {"status": "ok", "revision": "r1"}


def test_the_cache_forgets_what_was_used_longest_ago():
    cache, made = Cache(size=2), []

    def get(name):
        return cache.get((name,), lambda: made.append(name) or name.encode())

    for name in ("a", "b", "a", "c", "a", "b"):
        assert get(name) == pack(name.encode(), 9)
    assert made == ["a", "b", "c", "b"]
