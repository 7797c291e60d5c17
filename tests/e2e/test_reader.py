"""The reader in a browser, over the real route, with a tab of forty places."""

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse
from playwright.sync_api import Page, expect

from leaderboard.boards.library import Library
from leaderboard.boards.reading import Choice, Option, Part, Reading, Selection
from leaderboard.errors import InvalidQuery
from leaderboard.service import Cache, asset_routes, reading_routes
from leaderboard.views import reader, table
from tests.e2e.app_server import free_port

PLACES, BROKEN = 40, 39
PAGE = """<!doctype html><meta name="viewport" content="width=device-width"><title>Reader</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="ui/table/table.css">
<link rel="stylesheet" href="ui/reader/reader.css">
<div class="lbt" data-board="x" data-view="v" style="min-height:0"></div><section class="lbr"></section>
<script type="module">import { mountReader } from "/ui/reader/reader.js";
mountReader(document.querySelector(".lbr"), { board: "x", isFirst: true });</script>"""


def reading(_tab: str, _view: str | None, selection: Selection) -> Reading:
    at = int(selection.get("q", "1"))
    if at == BROKEN:
        raise InvalidQuery(f"Question {at} cannot be read.")
    time.sleep(0.05 if at % 2 else 0)  # answers overtake each other
    shown = selection.get("show") == "w"
    options = tuple(Option(value=str(i), label=f"Question {i}") for i in range(1, PLACES + 1))
    return Reading(
        title="Texts", origin="Written for this test.", at=at, of=PLACES,
        choices=(Choice(name="q", label="Question", options=options, value=str(at)),),
        steps={"Previous": {"q": str(max(1, at - 1))}, "Next": {"q": str(min(PLACES, at + 1))}},
        parts=(
            Part(key="a", role="answer", title="A", text=f"answer {at} <img src=x onerror=alert(1)>", side="a"),
            Part(key="b", role="answer", title="B", text="long" * 200, side="b", mark="Much longer"),
            Part(key="r", role="reference", title="R", text="the reference", folded=True),
            Part(key="wrong", role="reference", title="Wrong", text="the other reference",
                 mark="Reference wrong: 2 + 2", link="https://example.org/evidence"),
            Part(key="w", role="note", title="W", text="hidden words", withheld=not shown),
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = FastAPI()
    library = cast(Library, SimpleNamespace(revision=lambda: "r", reading=reading))
    app.include_router(reading_routes(library, Cache()))
    app.add_exception_handler(InvalidQuery, lambda _, error: JSONResponse({"error": str(error)}, 400))
    app.include_router(asset_routes({**table.assets(), **reader.assets()}, {}))
    app.get("/", response_class=HTMLResponse)(lambda: PAGE)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(timeout=10)


def test_twenty_fast_clicks_end_where_they_lead(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".lbr-at")).to_have_text("1 of 40")
    for place in range(2, 22):
        page.get_by_label("Question").select_option(str(place))
    expect(page.locator(".lbr-at")).to_have_text("21 of 40")
    page.wait_for_timeout(200)
    expect(page.locator(".lbr-side-a .lbr-text")).to_contain_text("answer 21 <img")


def test_keys_address_and_back_agree(page: Page, address: str) -> None:
    page.goto(f"{address}?read.q=7")
    expect(page.locator(".lbr-at")).to_have_text("7 of 40")
    page.keyboard.press("j")
    expect(page.locator(".lbr-at")).to_have_text("8 of 40")
    assert "read.q=8" in page.url
    page.go_back()
    expect(page.locator(".lbr-at")).to_have_text("7 of 40")


def test_a_withheld_text_comes_only_when_asked_for(page: Page, address: str) -> None:
    page.goto(address)
    button = page.get_by_role("button", name="Show this text")
    expect(button).to_be_visible()
    assert "hidden words" not in page.content()
    button.click()
    expect(page.get_by_text("hidden words")).to_be_visible()


def test_a_phone_stacks_the_sides_without_scrolling_sideways(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address)
    expect(page.locator(".lbr-at")).to_have_text("1 of 40")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    a, b = (page.locator(f".lbr-side-{side}").bounding_box() for side in "ab")
    assert a is not None
    assert b is not None
    assert b["y"] >= a["y"] + a["height"]


SWITCH = """([view, push]) => {
  const url = new URL(location.href);
  url.searchParams.set("view", view);
  document.dispatchEvent(new CustomEvent("lb-view", { detail: { board: "x", view } }));
  if (push) setTimeout(() => history.pushState(null, "", url), 0);
}"""
"""As the table does it: everybody hears of the view, then it is in the address, which keeps the reader's part."""


def test_back_across_a_change_of_view_finds_the_old_place(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Question").select_option("7")
    expect(page.locator(".lbr-at")).to_have_text("7 of 40")
    page.evaluate(SWITCH, ["other", True])
    expect(page.locator(".lbr-at")).to_have_text("1 of 40")
    expect(page).to_have_url(f"{address}?view=other")
    page.go_back()
    page.evaluate("document.dispatchEvent(new CustomEvent('lb-view', { detail: { board: 'x', view: 'v' } }))")
    expect(page.locator(".lbr-at")).to_have_text("7 of 40")
    expect(page).to_have_url(f"{address}?read.q=7")


def test_an_error_leaves_nothing_of_the_place_before_and_starting_over_helps(page: Page, address: str) -> None:
    page.goto(f"{address}?read.q=7")
    expect(page.get_by_role("heading", name="Texts")).to_be_visible()
    page.get_by_label("Question").select_option(str(BROKEN))
    expect(page.get_by_role("alert")).to_contain_text("Question 39 cannot be read.")
    expect(page.get_by_role("heading", name="These texts could not be read")).to_be_visible()
    for gone in (".lbr-choices select", ".lbr-steps button", ".lbr-card"):
        expect(page.locator(gone)).to_have_count(0)
    page.get_by_role("button", name="Start over").click()
    expect(page.locator(".lbr-at")).to_have_text("1 of 40")
    expect(page.get_by_role("alert")).to_be_empty()


def test_copy_link_copies_the_address_of_exactly_this_place(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address)
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".lbr-at")).to_have_text("2 of 40")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{address}?read.q=2"


def test_a_folded_part_opens_and_a_wrong_reference_links_to_its_evidence(page: Page, address: str) -> None:
    page.goto(address)
    text = page.get_by_text("the reference", exact=True)
    expect(text).to_be_hidden()
    page.locator("summary", has_text="R").click()
    expect(text).to_be_visible()
    card = page.get_by_role("article", name="Wrong")
    expect(card.locator(".lbr-mark")).to_contain_text("Reference wrong: 2 + 2")
    expect(card.get_by_role("link", name="Evidence")).to_have_attribute("href", "https://example.org/evidence")


def test_keys_work_when_the_reader_is_far_below_and_bring_it_into_view(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".lbr-at")).to_have_text("1 of 40")
    page.evaluate("document.querySelector('.lbt').style.height = '5000px'")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(100)
    page.keyboard.press("j")
    expect(page.locator(".lbr-at")).to_have_text("2 of 40")
    expect(page.locator(".lbr-at")).to_be_in_viewport()
