"""The text of a tab's fold as the service sends it."""

from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from leaderboard.errors import InvalidQuery
from leaderboard.sources.tables import Card, Finding
from leaderboard.views.board_tab import BOARD_TABS, TOPICS
from leaderboard.views.methods import method_routes


def client(*cards: Card) -> TestClient:
    app = FastAPI()
    app.include_router(method_routes(SimpleNamespace(cards=lambda _tab: cards), TOPICS))
    return TestClient(app)


@pytest.mark.parametrize("tab", [tab.name for tab in BOARD_TABS])
def test_every_tab_has_a_text_about_its_method(tab):
    answer = client().get(f"/method/{tab}.html")
    assert answer.headers["content-type"].startswith("text/html")
    assert len(answer.text) > 300


def test_what_was_repaired_is_listed_with_every_foreign_text_escaped():
    card = Card(
        name="t", label="T",
        title="<b>Bold</b> table", source="<script>x</script>", license="CC0", as_of=None, about="A & B",
        findings=(Finding(what="Odd <i>rows</i>.", rows=1234, treatment="Left out."),),
    )  # fmt: skip
    text = client(card).get("/method/arena.html").text
    assert "&lt;b&gt;Bold&lt;/b&gt; table" in text
    assert "<script>" not in text and "A &amp; B" in text
    assert "Odd &lt;i&gt;rows&lt;/i&gt;. Rows: 1,234. Left out." in text


def test_an_unknown_tab_is_named():
    with pytest.raises(InvalidQuery, match=r"Tab is 'nope'; expected one of llm_benchmarks"):
        client().get("/method/nope.html")
