"""The preference tabs in a browser, on the embedded figures: switches, permalinks, downloads, fast switching."""

import csv
import io
import urllib.request
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from leaderboard.boards import export, filters
from leaderboard.boards.library import Library
from leaderboard.settings import ROOT

from .app_server import running_app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
TABS = {"human_gpt4": 70, "arena": 265, "alpaca_eval": 211, "judge_audit": 12}
"""Rows of the default view."""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with running_app(tmp_path_factory.mktemp("state")) as address:
        yield address


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    snapshot = SimpleNamespace(folder=ROOT / "data", revision="e2e", origin="embedded")
    return Library(lambda: snapshot, tmp_path_factory.mktemp("none"), lambda: datetime.now(UTC))


def board(page: Page, tab: str):
    return page.locator(f"#{tab}-table")


def names(page: Page, tab: str, count: int = 3) -> list[str]:
    return board(page, tab).locator("[role=rowheader]").all_inner_texts()[:count]


def number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def approx(value: float | str):
    """Numbers to what two processes with different threads agree on."""
    return pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_shows_its_board_and_its_download_is_the_computed_one(page: Page, app, library, tab):
    page.goto(f"{app}/?tab={tab}")
    expect(board(page, tab).locator(".lbt-status")).to_have_text(f"{TABS[tab]} rows")
    computed = library.board(tab)
    table = board(page, tab)
    table.get_by_text("Download", exact=True).click()
    link = table.get_by_role("link", name="CSV").last
    with urllib.request.urlopen(f"{app}/{link.get_attribute('href')}") as answer:
        sent = list(csv.DictReader(io.StringIO(answer.read().decode())))
    expected = list(csv.DictReader(io.StringIO(export.render(computed, filters.parse([], computed), "csv").decode())))
    assert [list(row) for row in sent] == [list(row) for row in expected]
    for row, other in zip(sent, expected, strict=True):
        assert [number(cell) for cell in row.values()] == [approx(number(cell)) for cell in other.values()]
    key = next(column.key for column in computed.columns if column.sticky)
    assert [row[key] for row in sent[:3]] == [text.splitlines()[0] for text in names(page, tab)]


@pytest.mark.parametrize("tab", TABS)
def test_a_link_to_any_view_leads_to_exactly_that_view(page: Page, app, library, tab):
    for view in library.views(tab)[:: max(1, len(library.views(tab)) // 6)]:
        page.goto(f"{app}/?tab={tab}&view={view.value}&q=a")
        expect(board(page, tab).locator(".lbt-foot")).to_contain_text(view.title)
        expect(board(page, tab).get_by_label("Search")).to_have_value("a")
        pressed = board(page, tab).locator("[aria-pressed=true]").all_inner_texts()
        chosen = board(page, tab).locator("select.lbt-within").evaluate_all("(all) => all.map((s) => s.value)")
        days = board(page, tab).locator(".lbt-day").all_inner_texts()
        shown = {*pressed, *chosen, *days}
        several = [step for i, step in enumerate(view.path) if len({v.path[: i + 1] for v in library.views(tab)}) > 1]
        assert {step for step in several if step in shown} or len(library.views(tab)) == 1
        assert view.path[-1] in shown or view.path[0] in shown


def test_ties_and_method_are_switched_and_what_else_was_chosen_stays(page: Page, app):
    page.goto(f"{app}/?tab=human_gpt4")
    table = board(page, "human_gpt4")
    expect(table.locator(".lbt-status")).to_have_text("70 rows")
    table.get_by_role("button", name="No tie").click()
    expect(page).to_have_url(f"{app}/?tab=human_gpt4&view=llmfao.no-tie.bt")
    table.get_by_label("Data set").select_option("MT-Bench: experts, GPT-4")
    expect(table.locator(".lbt-status")).to_have_text("6 rows")
    expect(page).to_have_url(f"{app}/?tab=human_gpt4&view=mt_bench.no-tie.bt")
    table.get_by_role("button", name="Online Elo").click()
    expect(table.locator(".lbt-foot")).to_contain_text("Online Elo")
    page.reload()
    expect(table.get_by_role("button", name="Online Elo")).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(table.get_by_role("button", name="Bradley-Terry")).to_have_attribute("aria-pressed", "true")


def test_the_arena_goes_back_in_time_with_the_slider_and_the_keyboard(page: Page, app, library):
    page.goto(f"{app}/?tab=arena")
    table = board(page, "arena")
    day = table.locator(".lbt-day")
    expect(day).to_have_text("2025-08-06")
    expect(table.get_by_label("Later")).to_be_disabled()
    table.get_by_label("Earlier").click()
    earlier = library.views("arena")[1].path[1]
    expect(day).to_have_text(earlier)
    table.get_by_role("slider").press("Home")
    expect(day).to_have_text("2024-06-19")
    expect(page).to_have_url(f"{app}/?tab=arena&view=arena_scores.2024-06-19")
    first = library.board("arena", "arena_scores.2024-06-19").frame["model"].iloc[0]
    expect(table.locator("[role=rowheader]").first).to_have_text(first)


def test_twenty_fast_clicks_end_on_the_last_choice_with_nothing_stale(page: Page, app):
    page.goto(f"{app}/?tab=human_gpt4")
    table = board(page, "human_gpt4")
    expect(table.locator(".lbt-status")).to_have_text("70 rows")
    page.evaluate(
        """async () => {
          const buttons = () => [...document.querySelectorAll('#human_gpt4-table .lbt-segment')];
          const press = (name) => buttons().find((button) => button.textContent === name).click();
          for (let i = 0; i < 10; i += 1) {
            press(i % 2 ? 'Tie allowed' : 'No tie');
            press(i % 3 ? 'Online Elo (H4, K = 32)' : 'Bradley-Terry');
            await new Promise((done) => setTimeout(done, 15));
          }
        }"""
    )
    for name, pressed in (("Tie allowed", "true"), ("No tie", "false"), ("Bradley-Terry", "true")):
        expect(table.get_by_role("button", name=name)).to_have_attribute("aria-pressed", pressed)
    expect(table.locator(".lbt-foot")).to_contain_text("tie allowed, Bradley-Terry")
    expect(table).not_to_have_attribute("aria-busy", "true")
    page.wait_for_timeout(1500)
    expect(table.locator(".lbt-foot")).to_contain_text("tie allowed, Bradley-Terry")


def test_filters_work_on_every_kind_of_board(page: Page, app):
    page.goto(f"{app}/?tab=arena&organization=Google")
    expect(board(page, "arena").locator(".lbt-status")).to_contain_text("of 265 rows")
    page.goto(f"{app}/?tab=alpaca_eval&hide=control")
    expect(board(page, "alpaca_eval").locator(".lbt-status")).to_contain_text("of 211 rows")
    assert "NullModel" not in " ".join(names(page, "alpaca_eval", 10))
    page.goto(f"{app}/?tab=judge_audit&judge_kind=people")
    expect(board(page, "judge_audit").locator(".lbt-status")).to_have_text("3 of 12 rows")


@pytest.mark.parametrize("tab", TABS)
def test_a_phone_is_enough(page: Page, app, tab):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{app}/?tab={tab}")
    expect(board(page, tab).locator(".lbt-status")).to_have_text(f"{TABS[tab]} rows")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.get_by_role("tab", selected=True)).to_be_in_viewport(ratio=0.9)
