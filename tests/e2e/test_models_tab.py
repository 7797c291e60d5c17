"""The tab Models in a browser: filters, search, permalinks, downloads, the timeline, links that lead to rows."""

import csv
import io
import re
import urllib.request
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect

from leaderboard.boards import export, filters
from leaderboard.boards.library import Library
from leaderboard.settings import ROOT

from .app_server import running_app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
VICUNA = "lmsys/vicuna-13b-v1.3"


@pytest.fixture(scope="module")
def library():
    snapshot = SimpleNamespace(folder=ROOT / "data", revision="e2e", origin="embedded")
    return Library(lambda: snapshot, ROOT / "none", lambda: datetime.now(UTC))


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with running_app(tmp_path_factory.mktemp("state"), LEADERBOARD_EVALUATOR="off") as url:
        yield url


def table(page: Page, tab: str = "models"):
    return page.locator(f"#{tab}-table")


def status(page: Page, text: str, tab: str = "models") -> None:
    expect(table(page, tab).locator(".lbt-status")).to_have_text(text)


def figure(page: Page):
    drawn = page.locator("#models-plots .lbp-figure[data-name=timeline]")
    page.locator("#models-plots").scroll_into_view_if_needed()
    expect(drawn.locator(".scatterlayer .point").first).to_be_visible()
    return drawn


def test_access_can_be_filtered_searched_and_shared_by_a_link(page: Page, app, library):
    rows = library.board("models", "since_gpt3").frame
    page.goto(f"{app}/?tab=models&view=since_gpt3")
    status(page, f"{len(rows)} rows")
    table(page).get_by_text("Filters", exact=True).click()
    closed = int(rows["access"].eq("closed").sum())
    assert closed == 6
    table(page).get_by_role("checkbox", name="closed 6").check()
    status(page, f"6 of {len(rows)} rows")
    expect(page).to_have_url(re.compile("access=closed"))
    page.keyboard.press("Escape")
    table(page).get_by_role("searchbox").fill("gopher")
    found = rows[rows["access"].eq("closed") & rows["model"].str.contains("gopher")]
    status(page, f"{len(found)} of {len(rows)} rows")
    expect(page).to_have_url(re.compile("q=gopher"))
    page.goto(page.url)
    status(page, f"{len(found)} of {len(rows)} rows")
    expect(table(page).locator(".lbt-row").first).to_contain_text("gopher")


@pytest.mark.parametrize(
    ("view", "query"),
    [("all", "q=vicuna&hide=versionless"), ("english_1b", "access=open&params=7..13&sort=params"),
     ("names", f"model={VICUNA}"), ("unresolved", "q=guanaco")],
)  # fmt: skip
def test_the_csv_of_a_link_is_the_computed_board(page: Page, app, library, view, query):
    board = library.board("models", view)
    page.goto(f"{app}/?tab=models&view={view}&{query}")
    expect(table(page).locator(".lbt-foot")).to_contain_text(board.title)
    table(page).get_by_text("Download", exact=True).click()
    link = table(page).get_by_role("link", name="CSV").first.get_attribute("href")
    with urllib.request.urlopen(f"{app}/{link}", timeout=30) as answer:
        sent = list(csv.reader(io.StringIO(answer.read().decode())))
    told = parse_qsl(urlsplit(link).query)
    assert set(parse_qsl(query)) | {("view", view)} <= set(told)
    asked = filters.parse(told, board)
    assert sent == list(csv.reader(io.StringIO(export.render(board, asked, "csv").decode())))
    assert 1 < len(sent) < len(board.frame) + 1


def test_a_model_leads_to_its_names_and_a_name_to_its_row(page: Page, app, library):
    page.goto(f"{app}/?tab=models&q={VICUNA}")
    status(page, f"1 of {len(library.board('models').frame):,} rows")
    table(page).locator(".lbt-row a.lbt-name").click()
    expect(table(page).locator(".lbt-foot")).to_contain_text("Every name in every table")
    expect(table(page).locator(".lbt-row")).to_have_count(7)
    evidence = table(page).locator(".lbt-row", has_text="AlpacaEval 2")
    expect(evidence).to_contain_text(f"links huggingface.co/{VICUNA}")
    evidence.locator("a.lbt-name").click()
    expect(table(page, "alpaca_eval")).to_be_visible()
    expect(table(page, "alpaca_eval").locator(".lbt-row")).to_have_count(1)
    expect(table(page, "alpaca_eval").locator(".lbt-row")).to_contain_text("Vicuna 13B v1.3")


def test_names_without_a_version_and_unresolved_ones_are_told_apart(page: Page, app, library):
    page.goto(f"{app}/?tab=models&q=lmsys:vicuna")
    row = table(page).locator(".lbt-row", has_text="lmsys:vicuna-13b").first
    expect(row.locator(".lbt-badge")).to_have_text("no version")
    page.goto(f"{app}/?tab=models&view=unresolved")
    status(page, f"{len(library.board('models', 'unresolved').frame)} rows")


def test_the_timeline_is_drawn_zoomed_and_shown_as_a_table(page: Page, app, library):
    (chart,) = library.charts("models", "since_gpt3")
    page.goto(f"{app}/?tab=models&view=since_gpt3")
    drawn = figure(page)
    expect(drawn.locator(".scatterlayer .point")).to_have_count(len(chart.frame))
    expect(drawn.locator(".lbp-title")).to_have_text(chart.title)
    expect(drawn.locator(".lbp-note")).to_contain_text("224 models without a known size")
    symbols = drawn.locator(".legendsymbols path").evaluate_all("paths => paths.map((path) => path.getAttribute('d'))")
    assert len(set(symbols)) == len(symbols) == 3
    reach = "node => node._fullLayout.xaxis.range.map((day) => Date.parse(day))"
    plot = drawn.locator(".js-plotly-plot")
    before = plot.evaluate(reach)
    box = drawn.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.8, steps=5)
    page.mouse.up()
    page.wait_for_function(f"({reach})(document.querySelector('#models-plots .js-plotly-plot'))[0] > {before[0]}")
    inside = plot.evaluate(reach)
    assert before[0] < inside[0] < inside[1] < before[1]
    drawn.locator(".rangeselector .button").last.click()
    page.wait_for_function(f"({reach})(document.querySelector('#models-plots .js-plotly-plot'))[0] <= {before[0]}")
    drawn.get_by_text("As a table").click()
    expect(drawn.locator("tbody tr")).to_have_count(len(chart.frame))


def test_on_a_phone_nothing_is_wider_than_the_page_and_a_finger_scrolls(page: Page, app):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app}/?tab=models&view=english_1b")
    drawn = figure(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert drawn.locator(".js-plotly-plot").evaluate("node => node.layout.dragmode") is False
