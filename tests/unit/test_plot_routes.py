"""The routes of the plots: charts of a view, and the drawing script from the installed package."""

import gzip
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from leaderboard.errors import BadSetting, InvalidQuery
from leaderboard.guard import CONTENT_POLICY
from leaderboard.plots import script
from leaderboard.service import create_service
from tests import sample_charts
from tests.nasty_board import nasty_board

URL = "/plots/nasty.json?view=all"


class Charted:
    """A library of one tab with two views, one of them with a chart."""

    def __init__(self):
        self.boards = {"all": nasty_board(), "other": nasty_board("other", 20, 3)}
        self.built = 0

    def board(self, tab, view=None):
        if tab != "nasty" or (view or "all") not in self.boards:
            raise InvalidQuery(f"There is no {tab!r} with {view!r}.")
        return self.boards[view or "all"]

    def charts(self, tab, view=None):
        self.built += 1
        return (sample_charts.likert(),) if view == "all" else ()


def service(library):
    return create_service(library, None, None, lambda: None, {"x.js": b""}, {script.NAME: lambda: script.read()})


@pytest.fixture
def library():
    return Charted()


@pytest.fixture
def client(library):
    return TestClient(service(library), raise_server_exceptions=False)


def test_charts_of_a_view_come_packed_and_with_a_tag(client):
    answer = client.get(URL)
    assert answer.headers["content-encoding"] == "gzip"
    (chart,) = answer.json()
    assert chart["name"] == "likert"
    again = client.get(URL, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_a_view_without_charts_is_an_empty_list(client):
    assert client.get("/plots/nasty.json?view=other").json() == []


def test_charts_are_made_once_a_revision_of_the_board(client, library):
    client.get(URL)
    client.get(URL)
    assert library.built == 1
    library.boards["all"] = replace(library.boards["all"], revision="newer")
    client.get(URL)
    assert library.built == 2


def test_unknown_tabs_and_views_are_refused(client):
    assert client.get("/plots/strange.json").status_code == 400
    assert client.get("/plots/nasty.json?view=strange").status_code == 400


def test_a_chart_that_cannot_be_drawn_is_told_in_words(client, library):
    def broken(tab, view=None):
        raise BadSetting("Chart 'x' of kind bars has the columns label; value is missing.")

    library.charts = broken
    answer = client.get(URL)
    assert answer.status_code == 500
    assert "value is missing" in answer.json()["error"]


def test_plotly_js_is_that_of_the_installed_package_and_kept_by_browsers(client):
    answer = client.get(f"/{script.URL}")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == script.read()
    assert len(gzip.compress(answer.content, 9)) < 1_600_000
    again = client.get(f"/{script.URL}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_plotly_js_is_read_on_first_request_only(library, monkeypatch):
    reads = []
    monkeypatch.setattr(script, "read", lambda: reads.append(1) or b"let Plotly;")
    client = TestClient(service(library))
    assert not reads
    assert client.get(f"/{script.URL}").content == b"let Plotly;"
    client.get(f"/{script.URL}")
    assert len(reads) == 1


def test_the_policy_lets_pictures_be_saved_and_nothing_come_from_elsewhere():
    rules = dict(rule.split(" ", 1) for rule in CONTENT_POLICY.split("; "))
    assert rules["img-src"].split() == ["'self'", "data:", "blob:"]
    assert rules["script-src"].split() == ["'self'", "'unsafe-inline'", "'unsafe-eval'"]
    assert rules["connect-src"] == "'self'"
