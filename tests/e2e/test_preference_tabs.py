"""The preference tabs in a browser, on the embedded figures: switches, permalinks, downloads, fast switching."""

import csv
import io
import urllib.request
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect

from leaderboard.boards import export, filters
from leaderboard.boards.library import Library
from leaderboard.settings import ROOT

from .app_server import running_app
from .cells import approx, number

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
TABS = {"human_gpt4": 70, "arena": 265, "alpaca_eval": 211, "judge_audit": 15}
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
    expect(board(page, "judge_audit").locator(".lbt-status")).to_have_text("3 of 15 rows")


@pytest.mark.parametrize("tab", TABS)
def test_a_phone_is_enough(page: Page, app, tab):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{app}/?tab={tab}")
    expect(board(page, tab).locator(".lbt-status")).to_have_text(f"{TABS[tab]} rows")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.get_by_role("tab", selected=True)).to_be_in_viewport(ratio=0.9)


def plots(page: Page, tab: str):
    return page.locator(f"#{tab}-plots")


def test_plots_are_drawn_only_when_their_tab_is_open_and_they_come_into_sight(page: Page, app):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(app)
    expect(board(page, "llm_benchmarks").locator(".lbt-status")).to_have_text("4,576 rows")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(500)
    assert not [url for url in asked if "plotly" in url], "nothing is drawn before it is seen"
    page.get_by_role("tab", name="Arena").click()
    board(page, "arena").get_by_label("Data set").select_option("Votes until 2023-05-22")
    plots(page, "arena").scroll_into_view_if_needed()
    expect(plots(page, "arena").locator("h3")).to_have_text([
        "Ratings with 95 % intervals", "How often the row beats the column", "How often two models met",
        "Battles of each model",
    ])  # fmt: skip
    expect(plots(page, "arena").locator(".main-svg").first).to_be_visible()
    assert not [url for url in asked if "/plots/" in url and "plots/arena.json" not in url and ".js" not in url]


def test_a_plot_has_its_figures_as_a_table_and_words_for_screen_readers(page: Page, app, library):
    page.goto(f"{app}/?tab=arena&view=arena_20230522.tie.bt")
    plots(page, "arena").scroll_into_view_if_needed()
    figure = plots(page, "arena").locator("figure").first
    expect(figure.locator(".main-svg").first).to_be_visible()
    label = figure.locator(".lbp-stage").get_attribute("aria-label")
    best = library.board("arena", "arena_20230522.tie.bt").frame.iloc[0]
    assert label is not None
    assert label.startswith(f"Dots with intervals for 17 labels: Rating, from {best['rating']:,.0f} ({best['model']})")
    figure.get_by_text("As a table").click()
    expect(figure.locator("tbody tr")).to_have_count(17)
    first = figure.locator("tbody tr").first.locator("td").all_inner_texts()
    assert first[0] == best["model"]
    assert first[1] == f"{round(best['rating']):,}"


def test_plots_follow_the_view_and_never_show_a_stale_one(page: Page, app):
    page.goto(f"{app}/?tab=human_gpt4&view=mt_bench.tie.bt")
    plots(page, "human_gpt4").scroll_into_view_if_needed()
    subtitle = plots(page, "human_gpt4").locator("figcaption p").first
    expect(subtitle).to_contain_text("Bradley-Terry; MT-Bench")
    page.evaluate(
        """async () => {
          const buttons = () => [...document.querySelectorAll('#human_gpt4-table .lbt-segment')];
          const press = (name) => buttons().find((button) => button.textContent === name).click();
          for (let i = 0; i < 20; i += 1) {
            press(i % 2 ? 'Bradley-Terry' : 'Online Elo (H4, K = 32)');
            await new Promise((done) => setTimeout(done, 20));
          }
          press('Online Elo (H4, K = 32)');
        }"""
    )
    expect(subtitle).to_contain_text("Online Elo")
    page.wait_for_timeout(1500)
    expect(subtitle).to_contain_text("Online Elo")
    expect(plots(page, "human_gpt4")).to_contain_text("mostly show how much K = 32 makes ratings swing")


def test_tooltips_of_plots_hold_no_markup(page: Page, app):
    page.goto(f"{app}/?tab=judge_audit")
    plots(page, "judge_audit").scroll_into_view_if_needed()
    stage = plots(page, "judge_audit").locator(".lbp-stage").first
    expect(stage.locator(".main-svg").first).to_be_visible()
    page.evaluate(
        """async () => {
          const stage = document.querySelector('#judge_audit-plots .lbp-stage');
          const evil = '&lt;a href="https://example.org"&gt;x&lt;/a&gt;&lt;b&gt;y&lt;/b&gt;';
          await window.Plotly.restyle(stage, { hovertext: [[evil]] }, [0]);
          window.Plotly.Fx.hover(stage, [{ curveNumber: 0, pointNumber: 0 }]);
        }"""
    )
    hover = stage.locator(".hoverlayer")
    expect(hover).to_contain_text('<a href="https://example.org">x</a><b>y</b>')
    assert hover.locator("a").count() == 0


def test_plots_take_the_colours_of_the_theme_and_change_with_it(page: Page, app):
    page.goto(f"{app}/?tab=alpaca_eval&__theme=light")
    plots(page, "alpaca_eval").scroll_into_view_if_needed()
    tick = plots(page, "alpaca_eval").locator(".ytick text").first
    expect(tick).to_be_visible()
    light = tick.evaluate("(node) => getComputedStyle(node).fill")
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_timeout(500)
    dark = plots(page, "alpaca_eval").locator(".ytick text").first.evaluate("(node) => getComputedStyle(node).fill")
    assert light != dark


def test_a_failure_of_the_plots_is_told_and_can_be_tried_again(page: Page, app):
    page.route("**/plots/arena.json*", lambda route: route.fulfill(status=503, json={"error": "the data is away"}))
    page.goto(f"{app}/?tab=arena")
    plots(page, "arena").scroll_into_view_if_needed()
    expect(plots(page, "arena")).to_contain_text("The plots could not be loaded: the data is away.")
    page.unroute("**/plots/arena.json*")
    plots(page, "arena").get_by_role("button", name="Try again").click()
    expect(plots(page, "arena").locator(".main-svg").first).to_be_visible()


def test_a_chosen_pair_is_compared_and_stays_chosen_in_the_next_view(page: Page, app):
    page.goto(f"{app}/?tab=arena&view=arena_20230522.tie.bt")
    pair = page.locator("#arena-pair")
    pair.get_by_label("First model").select_option("vicuna-13b")
    pair.get_by_label("Second model").select_option("koala-13b")
    expect(pair).to_contain_text("vicuna-13b is better than koala-13b")
    expect(pair).to_contain_text("1,016 times")
    board(page, "arena").get_by_role("button", name="No tie").click()
    expect(pair).to_contain_text("without ties")
    expect(pair.get_by_label("First model")).to_have_value("vicuna-13b")
    pair.get_by_label("Second model").select_option("vicuna-13b")
    expect(pair).to_contain_text("Choose two different models.")
    page.goto(f"{app}/?tab=arena")
    expect(board(page, "arena").locator(".lbt-status")).to_have_text("265 rows")
    expect(page.locator("#arena-pair section")).to_be_hidden()


def test_a_chosen_pair_is_in_the_address_and_the_link_opens_it(page: Page, app):
    page.goto(f"{app}/?tab=arena&view=arena_20230522.tie.bt&q=b")
    pair = page.locator("#arena-pair")
    expect(pair.get_by_label("First model")).to_be_visible()
    default = pair.get_by_label("First model").input_value()
    pair.get_by_label("First model").select_option("vicuna-13b")
    pair.get_by_label("Second model").select_option("koala-13b")
    expect(pair).to_contain_text("1,016 times")
    address = page.url
    assert "pair.a=vicuna-13b&pair.b=koala-13b" in address
    assert "q=b" in address
    page.go_back()
    expect(pair.get_by_label("Second model")).not_to_have_value("koala-13b")
    page.goto("about:blank")
    page.goto(address)
    expect(pair).to_contain_text("vicuna-13b is better than koala-13b")
    expect(pair.get_by_role("heading")).to_be_in_viewport()
    expect(board(page, "arena").get_by_label("Search")).to_have_value("b")
    assert parse_qs(page.url.partition("?")[2]) == parse_qs(address.partition("?")[2])
    page.goto(f"{app}/?tab=arena&view=arena_20230522.tie.bt&pair.a=nobody%3Cb%3E&pair.b=koala-13b")
    expect(pair).to_contain_text("Not in this view: nobody<b>.")
    expect(pair.get_by_label("First model")).to_have_value(default)
