"""The MT-Bench tab in a browser, on the embedded scores: filter, sort, download, plots, permalinks, a phone."""

import csv
import io
import urllib.request
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from leaderboard.boards.library import Library
from leaderboard.settings import ROOT

from .app_server import running_app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with running_app(tmp_path_factory.mktemp("state")) as address:
        yield address


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    snapshot = SimpleNamespace(folder=ROOT / "data", revision="e2e", origin="embedded")
    library = Library(lambda: snapshot, tmp_path_factory.mktemp("none"), lambda: datetime.now(UTC))
    return library.board("mt_bench").frame.set_index("model")


def table(page: Page):
    return page.locator("#mt_bench-table")


def names(page: Page) -> list[str]:
    return table(page).locator("[role=rowheader]").all_inner_texts()


def test_the_board_shows_what_was_computed_and_so_does_its_download(page: Page, app, computed):
    page.goto(f"{app}/?tab=mt_bench")
    expect(table(page).locator(".lbt-status")).to_have_text("28 rows")
    assert names(page)[:3] == ["gpt-4-1106-preview", "claude-3-5-sonnet-20240620", "gemini-1.5-flash"]
    table(page).get_by_text("Download", exact=True).click()
    link = table(page).get_by_role("link", name="CSV").last
    with urllib.request.urlopen(f"{app}/{link.get_attribute('href')}") as answer:
        sent = {row["model"]: row for row in csv.DictReader(io.StringIO(answer.read().decode()))}
    assert list(sent) == list(computed.index)
    for model, row in sent.items():
        for key in ("score", "score_lower", "turn_1", "turn_2", "drop", "drop_upper", "math", "humanities_lower"):
            assert float(row[key]) == pytest.approx(computed.loc[model, key], abs=1e-9), (model, key)
        for key in ("n", "asked", "left_out", "missing", "repeated", "unparsed"):
            assert float(row[key]) == computed.loc[model, key], (model, key)


def test_sorting_and_filters_are_in_the_address_and_come_back(page: Page, app, computed):
    page.goto(f"{app}/?tab=mt_bench&sort=drop")
    expect(table(page).locator(".lbt-status")).to_have_text("28 rows")
    assert names(page)[0] == computed["drop"].idxmin()
    table(page).get_by_role("columnheader", name="Math").click()
    expect(table(page).locator("[role=rowheader]").first).to_have_text(computed["math"].idxmax())
    expect(page).to_have_url(f"{app}/?tab=mt_bench&sort=-math")
    table(page).get_by_label("Search").fill("orpo")
    expect(table(page).locator(".lbt-status")).to_have_text("4 of 28 rows")
    expect(page).to_have_url(f"{app}/?tab=mt_bench&q=orpo&sort=-math")
    page.reload()
    expect(table(page).locator(".lbt-status")).to_have_text("4 of 28 rows")
    wanted = [model for model in computed["math"].sort_values(ascending=False).index if "orpo" in model]
    assert sorted(names(page)) == sorted(wanted)
    assert names(page)[0] == wanted[0]


def test_published_means_are_a_view_of_their_own(page: Page, app):
    page.goto(f"{app}/?tab=mt_bench")
    table(page).get_by_role("button", name="Published means").click()
    expect(table(page).locator(".lbt-status")).to_have_text("88 rows")
    expect(page).to_have_url(f"{app}/?tab=mt_bench&view=mt_bench_published")
    expect(table(page).get_by_role("columnheader", name="Rank")).to_have_count(0)


def test_plots_are_drawn_with_the_radar_and_its_figures_as_a_table(page: Page, app, computed):
    page.goto(f"{app}/?tab=mt_bench")
    plots = page.locator("#mt_bench-plots")
    plots.scroll_into_view_if_needed()
    expect(plots.locator(".lbp-stage svg").nth(1)).to_be_visible()
    assert plots.locator("h3").all_inner_texts() == [
        "MT-Bench average by GPT-4, with 95 % intervals", "Categories, model by model",
        "The 6 best models by category, with 95 % intervals", "What the second turn costs",
    ]  # fmt: skip
    radar = plots.locator("figure").nth(1)
    expect(radar).to_contain_text("gpt-4-1106-preview")
    radar.get_by_text("As a table").click()
    cells = radar.locator("tbody tr").first.locator("td").all_inner_texts()
    assert cells[:2] == ["writing", "gpt-4-1106-preview"]
    assert float(cells[2]) == pytest.approx(computed["writing"].iloc[0], abs=0.006)


def test_the_fold_says_what_was_repaired(page: Page, app):
    page.goto(f"{app}/?tab=mt_bench")
    fold = page.locator("#mt_bench-method")
    fold.locator("summary").first.click()
    expect(fold).to_contain_text("Drop is turn 1 minus turn 2")
    fold.get_by_text("MT-Bench: GPT-4's scores of 28 models").first.click()
    expect(fold).to_contain_text("the verdict could not be parsed. Rows: 8.")


def test_a_link_to_a_question_keeps_it_in_sight_while_plots_arrive_above(page: Page, app):
    page.goto(f"{app}/?tab=mt_bench&view=own_smollm2.0&read.question=1081")
    heading = page.locator("#mt_bench-reader h3")
    expect(heading).to_contain_text("Question 1081")
    expect(page.locator("#mt_bench-plots .lbp-stage svg").nth(1)).to_be_visible()
    page.wait_for_timeout(500)
    expect(heading).to_be_in_viewport()
    page.mouse.wheel(0, -4000)
    page.wait_for_timeout(300)
    expect(heading).not_to_be_in_viewport()


def test_back_across_data_sets_returns_to_the_question_that_was_read(page: Page, app):
    page.goto(f"{app}/?tab=mt_bench&read.question=90")
    reader = page.locator("#mt_bench-reader")
    expect(reader.locator("h3")).to_contain_text("Question 90")
    table(page).get_by_role("button", name="Published means").click()
    expect(page).to_have_url(f"{app}/?tab=mt_bench&view=mt_bench_published")
    page.go_back()
    expect(page).to_have_url(f"{app}/?tab=mt_bench&read.question=90")
    expect(reader.locator("h3")).to_contain_text("Question 90")


def test_the_link_to_the_audit_lands_on_both_setups_by_turn_and_majority(page: Page, app):
    page.goto(f"{app}/?tab=mt_bench")
    fold = page.locator("#mt_bench-method")
    fold.locator("summary").first.click()
    fold.get_by_role("link", name="judge audit").click()
    audit = page.locator("#judge_audit-table")
    expect(audit.locator(".lbt-status")).to_have_text("12 rows")
    expect(audit).to_contain_text("S2: both named a winner")
    expect(audit).to_contain_text("Majority of votes")


def test_a_phone_is_enough(page: Page, app):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{app}/?tab=mt_bench")
    expect(table(page).locator(".lbt-status")).to_have_text("28 rows")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("#mt_bench-plots").scroll_into_view_if_needed()
    expect(page.locator("#mt_bench-plots .lbp-stage svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
