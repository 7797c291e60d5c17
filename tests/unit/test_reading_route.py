"""The route of the texts, with a tab of our own making."""

from types import SimpleNamespace
from typing import cast

from fastapi import FastAPI
from fastapi.testclient import TestClient

from leaderboard.boards.library import Library
from leaderboard.boards.reading import Part, Reading, Selection
from leaderboard.errors import InvalidQuery
from leaderboard.service import Cache, reading_routes


def client() -> TestClient:
    def reading(tab: str, view: str | None, selection: Selection) -> Reading:
        if selection.get("q") == "bad":
            raise InvalidQuery("Question is 'bad'.")
        text = f"{tab} {view} {selection.get('q')} " * 50
        return Reading(title="T", origin="O", parts=(Part(key="p", role="answer", title="P", text=text),))

    app = FastAPI()
    library = cast(Library, SimpleNamespace(revision=lambda: "r1", reading=reading))
    app.include_router(reading_routes(library, Cache()))
    return TestClient(app, raise_server_exceptions=True)


def test_choices_in_the_address_reach_the_tab_and_differ_in_etag() -> None:
    first = client().get("/read/x.json?view=v&q=1")
    assert "x v 1" in first.json()["parts"][0]["html"]
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["etag"] != client().get("/read/x.json?view=v&q=2").headers["etag"]


def test_a_known_answer_is_not_sent_again() -> None:
    browser = client()
    etag = browser.get("/read/x.json?q=1").headers["etag"]
    assert browser.get("/read/x.json?q=1", headers={"If-None-Match": etag}).status_code == 304
