"""What the table looks like and says to assistive technology; markup in the data stays text."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from .table_server import serving
from .test_table import column_texts, go, header

pytestmark = pytest.mark.browser

CONTRASTS = """
() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [R, G, B] = [r, g, b].map((v) => linear(v / 255));
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const out = [];
  for (const node of document.querySelectorAll('.lbt *')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.getClientRects().length) continue;
    const [a, b] = [luminance(parse(getComputedStyle(node).color)), luminance(ground(node))];
    out.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), `${node.className} ${node.textContent}`]);
  }
  return out;
}
"""


@pytest.fixture(scope="module")
def world():
    with serving() as running:
        yield running


def sideways(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_hostile_strings_are_shown_as_they_are_and_make_no_markup(page, world):
    """The `page` fixture fails on any dialog or script error."""
    go(page, world, "cols=model,type,comment")
    texts = column_texts(page, "model")
    assert {"<img src=x onerror=alert(1)>", "<script>alert(2)</script>", '"><b>bold</b>'} <= set(texts)
    page.get_by_text("Filters", exact=True).click()
    expect(page.get_by_text("<i>odd</i>").first).to_be_visible()
    assert page.locator("#t img, #t script, .lbt-row b:not(.lbt-bar b), #t i:not(.lbt-bar i)").count() == 0
    links = page.locator("#t a[href]").evaluate_all("(all) => all.map((a) => a.getAttribute('href'))")
    assert links
    assert all(link.startswith(("https://example.org/", "data/nasty")) for link in links)


def test_the_grid_says_how_large_it_is_and_where_a_cell_is(page, world):
    go(page, world)
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", "161")
    expect(grid).to_have_attribute("aria-colcount", "7")
    expect(grid).to_have_attribute("aria-label", "Nasty all")
    row = page.locator(".lbt-row[aria-rowindex='4']")
    expect(row.get_by_role("rowheader")).to_have_attribute("aria-colindex", "2")
    assert row.get_by_role("gridcell").count() == 6
    assert page.locator(".lbt-th").count() == 7
    assert page.locator(".lbt-row").count() < 60, "only the rows that are seen are drawn"


def test_a_blank_and_an_interval_have_words(page, world):
    go(page, world)
    blank = page.locator(".lbt-row:not(.lbt-pinned) [data-column='3']", has_text="–").first
    expect(blank).to_have_attribute("aria-label", "not measured")
    scored = page.locator(".lbt-row:not(.lbt-pinned) [data-column='2']:has(.lbt-bar)").first
    assert scored.get_attribute("aria-label").endswith(scored.get_attribute("title"))
    assert "95 % interval" in scored.get_attribute("title")


def test_the_meaning_of_a_column_appears_on_focus_and_on_hover(page, world):
    go(page, world)
    tip = page.get_by_role("tooltip")
    header(page, "score").focus()
    expect(tip).to_have_text("Mean of all tasks.")
    header(page, "score").blur()
    expect(tip).to_be_hidden()
    header(page, "rank").hover()
    expect(tip).to_have_text("The range of ranks the interval allows.")
    expect(header(page, "rank")).to_have_attribute("aria-description", "The range of ranks the interval allows.")


def test_numbers_align_right_with_fixed_decimals_and_the_unit_stands_in_the_header(page, world):
    go(page, world)
    assert header(page, "score").locator(".lbt-label").inner_text() == "Score, %"
    cell = page.locator(".lbt-row [data-column='4']").first
    assert cell.evaluate("(cell) => getComputedStyle(cell).justifyContent") == "flex-end"
    texts = [text for text in column_texts(page, "params") if text != "–"]
    assert set(texts) == {"0.1", "7.0", "7.2", "13.0", "180.0"}


def test_a_number_too_small_to_show_is_not_shown_as_zero(page):
    with serving() as world:
        board = world.boards["all"]
        world.boards["all"] = replace(board, frame=board.frame.assign(params=[0.0, 4e6, 4e7, 6e7] * 40))
        go(page, world)
        assert set(column_texts(page, "params")) == {"0.0", "<0.1", "0.1"}


def test_rows_that_differ_in_a_flag_only_are_told_apart_even_on_a_phone(page):
    with serving() as world:
        board = world.boards["all"]
        frame = board.frame.iloc[:4].assign(
            model=["a/x", "b/Same", "b/same", "c/alone"], pinned=False, merged=[True, False, True, True]
        )
        columns = [replace(c, badge="merged", tells_apart=True) if c.key == "merged" else c for c in board.columns]
        world.boards["all"] = replace(board, frame=frame, columns=tuple(columns))
        page.set_viewport_size({"width": 390, "height": 844})
        go(page, world)
        badge = page.locator(".lbt-badge")
        expect(badge).to_have_count(1)
        expect(badge).to_be_in_viewport()
        expect(page.locator("[role=rowheader]", has=badge)).to_contain_text("same")
        page.set_viewport_size({"width": 1280, "height": 800})
        go(page, world, "cols=model,merged")
        expect(badge).to_have_count(0)


def test_the_model_column_and_the_header_stay_while_scrolling(page, world):
    page.set_viewport_size({"width": 700, "height": 600})
    go(page, world)
    before = header(page, "model").bounding_box()
    page.evaluate("Object.assign(document.querySelector('.lbt-scroll'), { scrollTop: 900, scrollLeft: 200 })")
    page.wait_for_timeout(100)
    assert header(page, "model").bounding_box() == before
    assert header(page, "score").bounding_box()["x"] < before["x"] + before["width"]


@pytest.mark.parametrize("width", [320, 360, 390, 640])
def test_a_phone_shows_rank_model_and_one_score_and_never_scrolls_sideways(page, world, width):
    page.set_viewport_size({"width": width, "height": 800})
    go(page, world)
    assert page.locator(".lbt-th").evaluate_all("(all) => all.map((th) => th.dataset.key)") == [
        "rank",
        "model",
        "score",
    ]
    assert sideways(page) <= 0
    assert (
        page.evaluate(
            "(() => { const s = document.querySelector('.lbt-scroll'); return s.scrollWidth - s.clientWidth })()"
        )
        <= 0
    )
    page.get_by_label("Column shown").select_option("delta")
    expect(header(page, "delta")).to_be_visible()
    expect(header(page, "delta")).to_have_attribute("aria-sort", "descending")
    assert page.evaluate("window.table.parameters().get('sort')") == "-delta", "what a phone shows can be shared"
    page.get_by_label("Column shown").select_option("license")
    expect(header(page, "license")).to_have_attribute("aria-sort", "ascending")
    page.get_by_text("Filters", exact=True).click()
    assert sideways(page) <= 0


def test_a_phone_shows_bounds_in_words_and_long_names_on_two_lines(page):
    with serving() as world:
        board = world.boards["all"]
        name = "organisation/a-model-with-a-very-long-name-7b-instruct-v0.3-dpo-merged"
        world.boards["all"] = replace(board, frame=board.frame.assign(model=name, score=0.5, score_half=0.012))
        page.set_viewport_size({"width": 360, "height": 800})
        go(page, world)
        cell = page.locator("[data-row='1'] .lbt-ends, .lbt-ends[data-row='1'], .lbt-ends").first
        expect(cell).to_be_in_viewport(ratio=1)
        low, high = (float(end) for end in cell.inner_text().split("–"))
        assert low < high
        shown = page.locator(".lbt-name > span").last
        assert page.evaluate("(n) => n.getClientRects().length && n.offsetHeight > 20", shown.element_handle())


def test_columns_beyond_the_edge_are_hinted_at(page, world):
    page.set_viewport_size({"width": 700, "height": 600})
    go(page, world)
    expect(page.locator(".lbt-shade")).to_be_visible()
    page.evaluate("document.querySelector('.lbt-scroll').scrollLeft = 5000")
    expect(page.locator(".lbt-shade")).to_be_hidden()


def test_a_desktop_page_does_not_scroll_sideways_either(page, world):
    page.set_viewport_size({"width": 800, "height": 600})
    go(page, world, "cols=" + "model,rank,score,delta,params,type,license,date,comment,revision,merged")
    assert sideways(page) <= 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("how", ["system", "address", "class"])
def test_text_has_contrast_in_both_themes_however_they_are_chosen(page, world, theme, how):
    other = {"light": "dark", "dark": "light"}[theme]
    page.emulate_media(color_scheme=theme if how == "system" else ("light" if how == "class" else other))
    go(page, world, f"__theme={theme}" if how == "address" else "")
    if how == "class" and theme == "dark":
        page.evaluate("document.body.classList.add('dark')")
    page.get_by_text("Filters", exact=True).click()
    measured = page.evaluate(CONTRASTS)
    assert len(measured) > 150
    assert [text for ratio, text in measured if ratio < 4.5] == []
    ground = page.evaluate("getComputedStyle(document.querySelector('.lbt-scroll')).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[theme]


def test_without_motion_nothing_moves(page, world):
    page.emulate_media(reduced_motion="reduce")
    go(page, world)
    moving = page.evaluate(
        "[...document.querySelectorAll('.lbt, .lbt *')].filter((n) => { const s = getComputedStyle(n);"
        " return parseFloat(s.transitionDuration) > 0 || parseFloat(s.animationDuration) > 0 }).length"
    )
    assert moving == 0
