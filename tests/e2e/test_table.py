"""The table in a browser, over boards full of what goes wrong."""

import csv
import io
import random
import re
import urllib.request
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from playwright.sync_api import Page, expect

from leaderboard.boards.filters import apply, parse
from tests.nasty_board import nasty_board, random_query

from .table_server import serving

pytestmark = pytest.mark.browser
BOARD = nasty_board()
STATUS = ".lbt-status"
SHOWN = "() => window.shownRows()"
EXPOSE = """
async () => {
  const { Dataset } = await import('./ui/table/data.js');
  const q = await import('./ui/table/query.js');
  window.order = async (search) => {
    const body = await (await fetch('table/nasty?view=all')).json();
    const dataset = new Dataset(body);
    const { state } = q.parseState(new URLSearchParams(search), dataset);
    const missing = dataset.missing(q.neededColumns(state, dataset));
    if (missing.length) dataset.addData((await (await fetch(`table/nasty?view=all&columns=${missing}`)).json()).data);
    const rows = q.sortRows(q.passing(dataset, q.tests(state, dataset)), dataset, state.sort || dataset.default_sort);
    return [...dataset.pinned, ...rows];
  };
}
"""


@pytest.fixture
def world():
    with serving() as running:
        yield running


def go(page: Page, world, search: str = "") -> None:
    page.goto(f"{world.address}?{search}")
    expect(page.locator(STATUS)).to_contain_text("rows")


def expected(search: str):
    frame = apply(BOARD, parse(parse_qsl(search, keep_blank_values=True), BOARD))
    return frame[~frame["pinned"]]


def header(page: Page, key: str):
    return page.locator(f".lbt-th[data-key={key}]")


def column_texts(page: Page, key: str) -> list[str]:
    """Texts of a column in all rows, scrolled through from top to bottom."""
    at = header(page, key).get_attribute("data-column")
    return page.evaluate(
        """async (at) => {
          const scroll = document.querySelector('.lbt-scroll');
          const found = new Map();
          for (let top = 0; ; top += scroll.clientHeight - 80) {
            scroll.scrollTop = top;
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            for (const row of scroll.querySelectorAll('.lbt-row:not(.lbt-pinned)')) {
              found.set(Number(row.ariaRowIndex), row.querySelector(`[data-column="${at}"]`).textContent);
            }
            if (top >= scroll.scrollHeight) break;
          }
          return [...found].sort((a, b) => a[0] - b[0]).map(([, text]) => text);
        }""",
        at,
    )


def address_of(page: Page) -> dict[str, str]:
    return dict(parse_qsl(page.url.partition("?")[2], keep_blank_values=True))


def test_the_page_chooses_the_rows_and_the_order_that_python_chooses(page, world):
    go(page, world)
    page.evaluate(EXPOSE)
    ids = BOARD.frame["id"].tolist()
    rng = random.Random(20)
    empty = 0
    for _ in range(120):
        parameters = random_query(rng)
        got = [ids[row] for row in page.evaluate("(search) => window.order(search)", urlencode(parameters))]
        wanted = apply(BOARD, parse(parameters, BOARD))["id"].tolist()
        assert got == wanted, parameters
        empty += len(wanted) == 2
    assert empty < 90, "most of the queries must choose something, else they compare nothing"


def test_a_click_on_a_header_sorts_and_a_second_one_turns_it_round(page, world):
    go(page, world)
    header(page, "delta").click()
    expect(header(page, "delta")).to_have_attribute("aria-sort", "descending")
    down = column_texts(page, "delta")
    header(page, "delta").click()
    expect(header(page, "delta")).to_have_attribute("aria-sort", "ascending")
    up = column_texts(page, "delta")
    blanks = down.count("–")
    assert blanks > 5
    for texts in (down, up):
        assert texts[-blanks:] == ["–"] * blanks
        assert len(texts) == 158
    values = [float(text) for text in up[:-blanks]]
    assert values == sorted(values)
    assert [float(text) for text in down[:-blanks]] == sorted(values, reverse=True)
    assert address_of(page)["sort"] == "delta"


def test_enter_and_space_on_a_focused_header_sort(page, world):
    go(page, world)
    header(page, "params").focus()
    page.keyboard.press("Enter")
    expect(header(page, "params")).to_have_attribute("aria-sort", "descending")
    expect(header(page, "params")).to_be_focused()
    page.keyboard.press(" ")
    expect(header(page, "params")).to_have_attribute("aria-sort", "ascending")
    expect(header(page, "score")).to_have_attribute("aria-sort", "none")


def test_a_rank_sorts_best_first_at_the_first_click(page, world):
    go(page, world)
    header(page, "rank").click()
    expect(header(page, "rank")).to_have_attribute("aria-sort", "ascending")


def test_the_keyboard_moves_through_the_grid_and_far_rows_are_drawn(page, world):
    go(page, world)
    page.locator(".lbt-th[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    focused = page.locator(":focus")
    expect(focused).to_have_attribute("data-row", "1")
    expect(focused).to_have_attribute("aria-colindex", "2")
    page.keyboard.press("Control+End")
    expect(focused).to_have_attribute("data-row", "159")
    expect(focused).to_be_in_viewport()
    page.keyboard.press("PageUp")
    assert 100 < int(focused.get_attribute("data-row")) < 159
    page.keyboard.press("Home")
    expect(focused).to_have_attribute("aria-colindex", "1")
    page.keyboard.press("Control+Home")
    expect(focused).to_have_attribute("data-row", "0")
    assert page.locator("[role=grid] [tabindex='0']").count() == 1


def test_scrolling_away_keeps_one_tab_stop(page, world):
    go(page, world)
    page.locator(".lbt-th[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.evaluate("document.querySelector('.lbt-scroll').scrollTop = 3000")
    expect(page.locator(".lbt-row[aria-rowindex='100']")).to_be_visible()
    assert page.locator("[role=grid] [tabindex='0']").count() == 1


def test_search_is_literal_and_escape_clears_it(page, world):
    go(page, world)
    page.get_by_role("searchbox").fill("a.*b;ALPHA")
    wanted = expected("q=a.*b;ALPHA")
    expect(page.locator(STATUS)).to_have_text(f"{len(wanted)} of 158 rows")
    assert set(column_texts(page, "model")) == {"a.*b", "org/Alpha", "org/alpha"}
    assert address_of(page)["q"] == "a.*b;ALPHA"
    page.get_by_role("searchbox").press("Escape")
    expect(page.locator(STATUS)).to_have_text("158 rows")
    assert address_of(page) == {}


def test_a_field_term_searches_one_column_even_one_that_was_not_loaded(page, world):
    go(page, world)
    page.get_by_role("searchbox").fill("@comment:FINE; really")
    expect(page.locator(STATUS)).to_have_text(f"{len(expected('q=@comment:FINE; really'))} of 158 rows")
    page.get_by_role("searchbox").fill("@comment:FINE;@licence:mit")
    expect(page.locator(STATUS)).to_have_text(f"{len(expected('q=@comment:FINE;@licence:mit'))} of 158 rows")
    assert any("columns=comment" in request for request in world.requests)


def test_a_choice_filters_and_the_counts_follow_the_other_filters(page, world):
    go(page, world)
    page.get_by_text("Filters", exact=True).click()
    n_merge = len(expected("type=merge"))
    merge = page.locator(".lbt-group", has_text="Type").locator(".lbt-check", has_text="merge")
    expect(merge.locator(".lbt-count")).to_have_text(str(n_merge))
    merge.get_by_role("checkbox").check()
    expect(page.locator(STATUS)).to_have_text(f"{n_merge} of 158 rows")
    mit = page.locator(".lbt-group", has_text="Licence").locator(".lbt-check").filter(has_text=re.compile("^mit"))
    expect(mit.locator(".lbt-count")).to_have_text(str(len(expected("type=merge&license=mit"))))
    expect(merge.locator(".lbt-count")).to_have_text(str(n_merge))
    unknown = page.locator(".lbt-group", has_text="Licence").locator(".lbt-check", has_text="unknown")
    unknown.get_by_role("checkbox").check()
    expect(page.locator(STATUS)).to_have_text(f"{len(expected('type=merge&license='))} of 158 rows")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(STATUS)).to_have_text("158 rows")
    expect(page.get_by_role("button", name="Reset")).to_be_hidden()


def test_a_range_filters_by_number_and_by_slider(page, world):
    go(page, world)
    page.get_by_text("Filters", exact=True).click()
    size = page.locator(".lbt-group", has_text="Size")
    size.get_by_placeholder("from").fill("7")
    size.get_by_placeholder("from").press("Tab")
    expect(page.locator(STATUS)).to_have_text(f"{len(expected('params=7..'))} of 158 rows")
    size.get_by_label("also unknown").check()
    expect(page.locator(STATUS)).to_have_text(f"{len(expected('params=7..&params.missing=1'))} of 158 rows")
    most = size.get_by_role("slider", name="Size, to")
    most.focus()
    for _ in range(3):
        most.press("PageDown")
    high = address_of(page)["params"].partition("..")[2]
    assert 10 < float(high) < 180, "the slider is logarithmic: three pages from the top are far below 180 B"
    expect(page.locator(STATUS)).to_have_text(f"{len(expected(f'params=7..{high}&params.missing=1'))} of 158 rows")


def test_hiding_leaves_out_rows_and_says_how_many(page, world):
    go(page, world)
    page.get_by_text("Filters", exact=True).click()
    merged = page.locator(".lbt-check", has_text="merged models")
    n = int(BOARD.frame.loc[~BOARD.frame["pinned"], "merged"].sum())
    expect(merged.locator(".lbt-count")).to_have_text(str(n))
    merged.get_by_role("checkbox").check()
    expect(page.locator(STATUS)).to_have_text(f"{158 - n} of 158 rows")
    assert address_of(page) == {"hide": "merged"}


def test_a_picked_column_is_fetched_once_and_can_be_taken_away(page, world):
    go(page, world)
    page.get_by_text("Columns", exact=True).click()
    page.locator(".lbt-columns").get_by_label("Comment").check()
    expect(header(page, "comment")).to_be_visible()
    expect(page.locator(".lbt-row", has_text="fine; really").first).to_be_visible()
    assert sum("columns=comment" in request for request in world.requests) == 1
    assert "comment" in address_of(page)["cols"].split(",")
    page.locator(".lbt-columns").get_by_label("Delta").uncheck()
    expect(header(page, "delta")).to_have_count(0)
    page.get_by_role("button", name="The usual columns").click()
    expect(header(page, "delta")).to_be_visible()
    expect(header(page, "comment")).to_have_count(0)


def test_a_column_of_cut_texts_is_fetched_when_it_comes_in_sight(page, world):
    columns = tuple(replace(column, shown=True) for column in BOARD.columns)
    world.boards["all"] = replace(BOARD, columns=columns)
    page.set_viewport_size({"width": 800, "height": 600})
    go(page, world)
    page.wait_for_timeout(200)
    assert not any("columns=" in request for request in world.requests)
    page.evaluate("document.querySelector('.lbt-scroll').scrollLeft = 9999")
    at = header(page, "revision").get_attribute("data-column")
    expect(page.locator(f".lbt-row [data-column='{at}']").first).to_have_text(re.compile("^[0-9a-f]{7}$"))
    assert sum("columns=revision" in request for request in world.requests) == 1


STATES = (
    "q=alpha%3B%40type%3Amerge&sort=-params&type=chat&type=&params=7..13&params.missing=1&hide=merged&cols=model%2Cdate",
    "view=other&sort=model&license=MIT", "score=..50&sort=date",
)  # fmt: skip


@pytest.mark.parametrize("search", STATES)
def test_an_address_gives_the_same_view_and_stays_as_it_is(page, world, search):
    go(page, world, search)
    shown = parse_qsl(page.url.partition("?")[2], keep_blank_values=True)
    assert sorted(shown) == sorted(parse_qsl(search, keep_blank_values=True))
    before = page.locator(STATUS).inner_text(), page.locator(".lbt-body").inner_text()
    page.reload()
    expect(page.locator(STATUS)).to_have_text(before[0])
    assert page.locator(".lbt-body").inner_text() == before[1]


def test_what_an_address_names_in_vain_is_said(page, world):
    go(page, world, "sort=nothing&colour=red")
    expect(page.locator(".lbt-notice")).to_contain_text("sort=nothing, colour=red")
    expect(page.locator(STATUS)).to_have_text("158 rows")


def test_an_unknown_data_set_is_named_and_the_usual_one_shown(page, world):
    go(page, world, "view=nope&type=chat")
    expect(page.locator(".lbt-notice")).to_contain_text("There is no data set nope here; shown is Nasty all")
    expect(page.locator(STATUS)).to_have_text(f"{len(expected('type=chat'))} of 158 rows")
    assert address_of(page) == {"type": "chat"}


def test_a_data_set_that_is_taken_away_gives_way_to_the_usual_one(page, world):
    go(page, world, "view=third")
    del world.boards["third"]
    page.evaluate("window.table.refresh()")
    expect(page.locator(".lbt-notice")).to_contain_text("no data set third")
    expect(page.locator(STATUS)).to_have_text("158 rows")


def test_all_words_of_a_term_must_match(page, world):
    found = len(expected("q=org beta"))
    assert 0 < found < len(expected("q=org"))
    go(page, world)
    page.get_by_label("Search").fill("BETA  org")
    expect(page.locator(STATUS)).to_have_text(f"{found} of 158 rows")


def test_a_space_before_a_column_ends_the_term(page, world):
    assert 0 < len(expected("q=org @type:chat")) == len(expected("q=org;@type:chat"))
    go(page, world)
    page.get_by_label("Search").fill("org @type:chat")
    expect(page.locator(STATUS)).to_have_text(f"{len(expected('q=org;@type:chat'))} of 158 rows")


def test_a_field_that_does_not_exist_is_answered_with_those_that_do(page, world):
    go(page, world)
    page.get_by_label("Search").fill("@params:7")
    hint = page.locator(".lbt-hint")
    expect(hint).to_contain_text("No column @params to search in; there are @model, @type, @license")
    page.get_by_label("Search").fill("@type:chat")
    expect(hint).to_be_hidden()


def test_a_filter_that_no_row_of_the_next_data_set_has_is_left_out_and_said(page, world):
    frame = world.boards["third"].frame
    world.boards["third"] = replace(world.boards["third"], frame=frame.assign(type="merge"))
    go(page, world, "type=chat&license=mit")
    page.get_by_role("button", name="Third").click()
    expect(page.locator(".lbt-notice")).to_contain_text("left out: type=chat.")
    expect(page.locator(STATUS)).to_contain_text(" of 38 rows")
    assert address_of(page) == {"license": "mit", "view": "third"}


def test_the_foot_explains_bars_and_shades(page, world):
    go(page, world)
    foot = page.locator(".lbt-foot")
    expect(foot).to_contain_text("Bars are 95 % intervals")
    expect(foot).to_contain_text("Rows on one shade cannot be told apart")
    header(page, "delta").click()
    expect(foot).not_to_contain_text("shade")


def test_the_only_interval_of_a_column_does_not_fill_its_cell(page, world):
    board = world.boards["all"]
    world.boards["all"] = replace(board, frame=board.frame[board.frame["score"].eq(0.5)].head(1).assign(score_half=0.1))
    page.goto(world.address)
    expect(page.locator(STATUS)).to_have_text("1 row")
    bar = page.locator(".lbt-bar i").first.bounding_box()
    assert bar["width"] < 0.4 * page.locator(".lbt-bar").first.bounding_box()["width"]


def test_a_copied_link_names_view_and_revision_and_a_later_revision_is_told(page, world):
    go(page, world, "type=chat")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert dict(parse_qsl(link.partition("?")[2])) == {"type": "chat", "view": "all", "rev": "r1"}
    page.goto(link)
    expect(page.locator(STATUS)).to_have_text(f"{len(expected('type=chat'))} of 158 rows")
    expect(page.locator(".lbt-notice")).to_be_hidden()
    world.boards["all"] = replace(world.boards["all"], revision="r2")
    page.goto(link)
    expect(page.locator(".lbt-notice")).to_contain_text("revision r1; shown is r2")


def test_downloads_hold_what_is_shown_or_everything(page, world):
    go(page, world, "type=chat&sort=delta")
    page.get_by_text("Download", exact=True).click()
    links = page.locator(".lbt-downloads a")
    assert links.all_inner_texts() == ["CSV", "JSON", "PARQUET"] * 2
    with page.expect_download() as started:
        links.first.click()
    got = list(csv.DictReader(io.StringIO(started.value.path().read_bytes().decode(), newline="")))
    frame = apply(BOARD, parse([("type", "chat"), ("sort", "delta")], BOARD))
    assert len(got) == len(frame)
    assert [float(row["delta"]) for row in got if row["delta"]] == frame["delta"].dropna().tolist()
    assert "comment" not in got[0]
    everything = urllib.request.urlopen(world.address + links.nth(3).get_attribute("href")).read().decode()
    whole = list(csv.DictReader(io.StringIO(everything, newline="")))
    assert len(whole) == 160
    assert "comment" in whole[0]


def test_an_empty_result_names_the_filter_to_loosen(page, world):
    go(page, world, "q=zzz&type=chat")
    expect(page.locator(".lbt-empty")).to_contain_text(f"Without the search there are {len(expected('type=chat'))}")
    page.get_by_role("button", name="Remove the search").click()
    expect(page.locator(STATUS)).to_have_text(f"{len(expected('type=chat'))} of 158 rows")
    expect(page.locator(".lbt-empty")).to_be_hidden()


def test_switching_fast_ends_with_the_last_view_and_never_mixes(page, world):
    go(page, world)
    world.slow = True
    rng = random.Random(3)
    names = {"All": ("158 rows", "Nasty all"), "Other": ("88 rows", "Nasty other"), "Third": ("38 rows", "Nasty third")}
    for _ in range(20):
        last = rng.choice(list(names))
        page.get_by_role("button", name=last, exact=True).click()
        page.wait_for_timeout(rng.randint(0, 120))
    expect(page.get_by_role("grid")).to_have_attribute("aria-label", names[last][1])
    expect(page.locator(STATUS)).to_have_text(names[last][0])
    page.wait_for_timeout(400)
    expect(page.locator(STATUS)).to_have_text(names[last][0])
    expect(page.get_by_role("button", name=last, exact=True)).to_have_attribute("aria-pressed", "true")


def test_a_failed_load_shows_no_rows_of_another_view_and_can_be_tried_again(page, world):
    go(page, world)
    world.broken = True
    page.get_by_role("button", name="Other").click()
    expect(page.locator(".lbt-notice")).to_contain_text("the store is away")
    expect(page.get_by_role("grid")).to_be_hidden()
    world.broken = False
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(STATUS)).to_have_text("88 rows")
    expect(page.locator(".lbt-notice")).to_be_hidden()


def test_a_refresh_asks_with_the_etag_and_keeps_state_and_place(page, world):
    go(page, world, "sort=delta")
    page.evaluate("document.querySelector('.lbt-scroll').scrollTop = 1000")
    page.evaluate("async () => { await window.table.refresh() }")
    world.statuses.clear()
    page.evaluate("window.table.refresh()")
    page.wait_for_timeout(300)
    assert world.statuses == [304]
    assert page.evaluate("document.querySelector('.lbt-scroll').scrollTop") == 1000
    world.boards["all"] = nasty_board("all", 161, 7, revision="r2")
    page.evaluate("window.table.refresh()")
    expect(page.locator(STATUS)).to_have_text("159 rows")
    expect(header(page, "delta")).to_have_attribute("aria-sort", "ascending")


def test_set_state_shows_another_address_without_loading_the_page(page, world):
    go(page, world)
    page.evaluate("window.table.setState(new URLSearchParams('type=chat&sort=model'))")
    expect(page.locator(STATUS)).to_have_text(f"{len(expected('type=chat'))} of 158 rows")
    page.evaluate("window.table.setState(new URLSearchParams('view=third'))")
    expect(page.locator(STATUS)).to_have_text("38 rows")
