"""The page's first bytes: a head of our own, compressed."""

import gzip

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from leaderboard.front_page import FrontPage

HTML = "<html><head><title>ü</title><script>one()</script><script>two()</script></head></html>"
HEAD = "<link rel=x>"


def home(request):
    if "json" in request.query_params:
        return JSONResponse({"a": "<script"})
    if "zipped" in request.query_params:
        return HTMLResponse(gzip.compress(b"<script"), headers={"content-encoding": "gzip"})
    answer = HTMLResponse(HTML, status_code=201)
    answer.set_cookie("a", "1")
    answer.set_cookie("b", "2")
    return answer


@pytest.fixture
def client():
    routes = [Route("/", home, methods=["GET", "HEAD"]), Route("/other", lambda _: PlainTextResponse("<script>"))]
    with TestClient(FrontPage(Starlette(routes=routes), HEAD)) as running:
        yield running


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_the_head_stands_before_the_first_script_once(client, encoding):
    answer = client.get("/", headers={"accept-encoding": encoding})
    assert answer.status_code == 201
    assert answer.text == HTML.replace("<script>one", f"{HEAD}<script>one")
    assert answer.headers.get("content-encoding", "identity") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"


def test_every_cookie_is_kept(client):
    assert len(client.get("/").headers.get_list("set-cookie")) == 2


def test_the_length_is_that_of_what_is_sent(client):
    answer = client.get("/", headers={"accept-encoding": "identity"})
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_other_paths_methods_and_kinds_pass_unchanged(client):
    assert client.get("/other").text == "<script>"
    assert client.get("/?json").json() == {"a": "<script"}
    assert client.get("/?zipped").text == "<script"
    assert "content-encoding" not in client.head("/").headers
