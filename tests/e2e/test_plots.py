"""The plots below a table, as a visitor meets them: drawn late, never of another view, readable in both themes."""

import csv
import io
import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests import sample_charts

from .plots_server import serving

pytestmark = pytest.mark.browser

READY = "() => !document.querySelector('.lbp-stage[aria-busy]') && document.querySelector('.lbp-stage .main-svg')"
KINDS = ("intervals", "bars", "shares", "counts", "history", "scatter")


@pytest.fixture
def world():
    with serving() as running:
        yield running


def sideways(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def open_alone(page: Page, world, view: str, query: str = "") -> None:
    """The plots of a view without a table, all of them drawn."""
    page.goto(f"{world.address}alone?view={view}{query}")
    expect(page.locator(".lbp-figure").first).to_be_visible()
    for figure in page.locator(".lbp-stage").all():
        figure.scroll_into_view_if_needed()
        expect(figure.locator(".main-svg").first).to_be_visible()
    page.wait_for_function(READY)


def asked(world, part: str) -> list[str]:
    return [path for path in world.requests if part in path]


def test_every_kind_is_drawn_with_its_words_and_its_table(page, world):
    open_alone(page, world, "gallery")
    charts = json.loads(world.charts["gallery"])
    assert page.locator(".lbp-figure").count() == len(charts)
    for chart in charts:
        figure = page.locator(f".lbp-figure[data-name='{chart['name']}']")
        expect(figure.get_by_role("heading", name=chart["title"])).to_be_visible()
        expect(figure.get_by_role("img", name=chart["alt"])).to_be_visible()
        expect(figure).to_contain_text(chart["subtitle"])
    assert len(asked(world, "plotly.min.js")) == 1
    assert sideways(page) == 0


def test_the_table_below_a_plot_says_the_same(page, world):
    open_alone(page, world, "gallery")
    figure = page.locator(".lbp-figure[data-name='ratings']")
    figure.get_by_text("As a table").focus()
    page.keyboard.press("Enter")
    chart = sample_charts.intervals()
    rows = figure.locator("tbody tr")
    expect(rows).to_have_count(len(chart.frame))
    best = chart.frame.iloc[0]
    assert rows.first.locator("td").all_text_contents()[:2] == [best["label"], f"{best['value']:,.0f}"]
    cell = page.locator(".lbp-figure[data-name='shares']")
    cell.get_by_text("As a table").click()
    texts = cell.locator("tbody tr td:nth-child(3)").all_text_contents()
    assert texts[0] == "–"
    assert all(re.fullmatch(r"–|[01]\.\d\d", text) for text in texts), "two decimals in every row"
    assert figure.locator("th").all_text_contents() == [chart.headers[name] for name in chart.frame]


def test_copied_csv_has_every_row(page, world):
    open_alone(page, world, "gallery")
    page.locator(".lbp-figure[data-name='likert']").get_by_role("button", name="Copy CSV").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    found = list(csv.reader(io.StringIO(page.evaluate("navigator.clipboard.readText()"))))
    frame = sample_charts.likert().frame
    assert found[0] == ["Likert score", "Presentation", "Scores given"]
    assert found[1:] == [[str(value) for value in row] for row in frame.itertuples(index=False)]


def test_copied_csv_runs_nothing_in_a_spreadsheet(page, world):
    open_alone(page, world, "gallery")
    made = page.evaluate(
        """async () => (await import('./ui/plots/figure.js')).toCsv(
             { headers: ['a', 'b'], rows: [['=1+1', -2], ['x"y', null], ['@cmd', 0.5]] })"""
    )
    assert made == 'a,b\r\n\'=1+1,-2\r\n"x""y",\r\n\'@cmd,0.5'


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_plot_is_saved_as_a_picture_under_the_policy_of_the_site(page, world, theme):
    page.emulate_media(color_scheme=theme)
    open_alone(page, world, "gallery")
    with page.expect_download() as saved:
        page.locator(".lbp-figure[data-name='shares']").get_by_role("button", name="Save as PNG").click()
    assert saved.value.suggested_filename == "shares.png"
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")


def test_markup_in_names_stays_text_in_every_kind(page, world):
    """The `page` fixture fails on any dialog, script error or foreign request."""
    open_alone(page, world, "nasty")
    assert page.locator("#p a, #p img").count() == 0
    pictures = page.locator("#p svg image").evaluate_all("(all) => all.map((node) => node.getAttribute('href') ?? '')")
    assert all(source.startswith("data:image/png") for source in pictures), "only the cells of heatmaps are pictures"
    for kind in KINDS:
        figure = page.locator(f".lbp-figure[data-name='nasty_{kind}']")
        expect(figure.get_by_role("heading")).to_have_text(sample_charts.NASTY[0])
    ticks = page.locator("[data-name='nasty_intervals'] .ytick text").all_text_contents()
    assert ticks[0].startswith('<a href="javas')
    assert "<b>bold</b> & co<br>next" in ticks


@pytest.mark.parametrize(
    ("kind", "mark"), [("intervals", ".point"), ("bars", ".point"), ("scatter", ".point"), ("history", ".point")]
)
def test_markup_in_hovered_text_stays_text(page, world, kind, mark):
    open_alone(page, world, "nasty")
    figure = page.locator(f".lbp-figure[data-name='nasty_{kind}']")
    figure.scroll_into_view_if_needed()
    figure.locator(mark).first.hover(force=True)
    label = figure.locator(".hoverlayer .hovertext")
    expect(label.first).to_be_visible()
    assert "<" in label.first.text_content()
    assert figure.locator("a").count() == 0


def test_a_cell_of_a_heatmap_tells_names_share_and_battles(page, world):
    open_alone(page, world, "gallery")
    stage = page.locator(".lbp-figure[data-name='shares'] .lbp-stage")
    stage.scroll_into_view_if_needed()
    box = stage.locator(".heatmaplayer").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 1.5 / 17, box["y"] + box["height"] * 0.5 / 17, steps=3)
    label = stage.locator(".hoverlayer .hovertext")
    expect(label.first).to_be_visible()
    text = label.first.text_content()
    assert "gpt-4 against claude-v1" in text
    assert re.search(r"Win fraction: 0\.57.*Battles: 321", text)


def test_nothing_is_fetched_before_the_plots_come_near(page, world):
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { document.getElementById('p').style.marginTop = '4000px'; })"
    )
    page.goto(world.address)
    expect(page.locator(".lbt-row").first).to_be_visible()
    page.wait_for_timeout(400)
    assert not asked(world, "plots/nasty")
    assert not asked(world, "plotly.min.js")
    page.locator("#p").scroll_into_view_if_needed()
    expect(page.locator(".lbp-stage .main-svg").first).to_be_visible()
    assert len(asked(world, "plots/nasty")) == 1


def test_a_hidden_section_loads_once_it_is_opened(page, world):
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { document.getElementById('p').style.display = 'none'; })"
    )
    page.goto(world.address)
    expect(page.locator(".lbt-row").first).to_be_visible()
    page.wait_for_timeout(400)
    assert not asked(world, "plots/nasty")
    assert not asked(world, "plotly.min.js")
    page.evaluate("document.getElementById('p').style.display = ''")
    page.locator("#p").scroll_into_view_if_needed()
    expect(page.locator(".lbp-stage .main-svg").first).to_be_visible()
    assert len(asked(world, "plotly.min.js")) == 1


def test_plots_follow_the_table(page, world):
    page.goto(f"{world.address}?view=other")
    heading = page.locator(".lbp-title")
    page.locator("#p").scroll_into_view_if_needed()
    expect(heading).to_have_text("Of other")
    page.locator(".lbt-segment", has_text="Third").click()
    expect(heading).to_have_text("Of third")


def test_twenty_fast_switches_end_on_the_plots_of_the_view_shown(page, world):
    world.delays = {"all": 0.25, "other": 0.12, "third": 0.02}
    page.goto(world.address)
    page.locator("#p").scroll_into_view_if_needed()
    expect(page.locator(".lbp-title")).to_have_text("Of all")
    seen = page.evaluate(
        """async () => {
          const wrong = [];
          let view = 'all';
          const look = new MutationObserver(() => {
            const title = document.querySelector('.lbp-title')?.textContent;
            if (title && title !== `Of ${view}`) wrong.push([title, view]);
          });
          look.observe(document.getElementById('p'), { childList: true, subtree: true });
          for (let i = 0; i < 20; i += 1) {
            view = ['all', 'other', 'third'][i % 3];
            document.dispatchEvent(new CustomEvent('lb-view', { detail: { board: 'nasty', view } }));
            await new Promise((done) => setTimeout(done, 10 + (i % 4) * 25));
          }
          await new Promise((done) => setTimeout(done, 900));
          return wrong;
        }"""
    )
    assert seen == [], "plots of another view than the chosen one were shown"
    expect(page.locator(".lbp-title")).to_have_text("Of other")
    expect(page.locator(".lbp-figure")).to_have_count(1)


def test_twenty_clicks_on_the_table_end_on_the_plots_of_its_view(page, world):
    page.goto(world.address)
    page.locator("#p").scroll_into_view_if_needed()
    expect(page.locator(".lbp-title")).to_have_text("Of all")
    page.evaluate(
        """async () => {
          for (let i = 0; i < 20; i += 1) {
            const buttons = [...document.querySelectorAll('.lbt-segment')];
            buttons[i % 3].click();
            await new Promise((done) => setTimeout(done, 15));
          }
        }"""
    )
    expect(page.locator(".lbt-segment[aria-pressed='true']")).to_have_text("Other")
    expect(page.locator(".lbp-title")).to_have_text("Of other")


def test_a_view_without_plots_shows_no_section(page, world):
    page.goto(f"{world.address}alone?view=none")
    expect(page.locator("#p")).to_be_hidden()
    assert not asked(world, "plotly.min.js")


def test_room_is_kept_and_nothing_jumps_while_a_plot_is_on_its_way(page, world):
    page.goto(f"{world.address}alone?view=all")
    stage = page.locator(".lbp-stage")
    before = stage.bounding_box()["height"]
    page.wait_for_function(READY)
    assert stage.bounding_box()["height"] == before == json.loads(world.charts["all"])[0]["height"]


def test_a_failed_answer_can_be_asked_for_again(page, world):
    world.no_plots = True
    page.goto(f"{world.address}alone?view=all")
    expect(page.get_by_role("alert")).to_contain_text("The plots could not be loaded: the store is away.")
    world.no_plots = False
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".lbp-stage .main-svg").first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_drawing_library_that_does_not_arrive_can_be_asked_for_again(page, world):
    world.no_library = True
    page.goto(f"{world.address}alone?view=all")
    expect(page.locator(".lbp-fail")).to_contain_text("the drawing library did not arrive")
    page.get_by_text("As a table").click()
    expect(page.locator("tbody tr")).to_have_count(16)
    world.no_library = False
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".lbp-stage .main-svg").first).to_be_visible()
    expect(page.locator(".lbp-fail")).to_have_count(0)


def test_text_and_grid_take_the_colours_of_the_theme_and_change_with_it(page, world):
    page.emulate_media(color_scheme="light")
    open_alone(page, world, "gallery")
    tick = page.locator("[data-name='ratings'] .ytick text").first
    light = tick.evaluate("(node) => getComputedStyle(node).fill")
    assert light == "rgb(31, 35, 40)"
    page.evaluate("document.body.classList.add('dark')")
    expect(tick).to_have_css("fill", "rgb(230, 237, 243)")
    page.evaluate("document.body.classList.remove('dark')")
    expect(tick).to_have_css("fill", light)
    page.emulate_media(color_scheme="dark")
    expect(tick).to_have_css("fill", "rgb(230, 237, 243)")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_every_plot_without_scrolling_sideways(page, world, theme):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 360, "height": 780})
    open_alone(page, world, "gallery")
    assert sideways(page) == 0
    for stage in page.locator(".lbp-stage").all():
        box, svg = stage.bounding_box(), stage.locator(".main-svg").first.bounding_box()
        assert svg["width"] <= box["width"]
    crowded_ticks = """() => [...document.querySelectorAll('.lbp-stage')].flatMap((stage) => ['.xtick', '.ytick']
          .flatMap((kind) => {
          const texts = [...stage.querySelectorAll(`${kind} text`)].filter((node) => node.textContent);
          const boxes = texts.map((node) => node.getBoundingClientRect());
          const meet = (a, b, from, to) => a[from] < b[to] - 3 && b[from] < a[to] - 3;
          const crowded = (a, b) => meet(a, b, 'left', 'right') && meet(a, b, 'top', 'bottom');
          return boxes.filter((box, i) => i && crowded(boxes[i - 1], box)).map(() => `${stage.ariaLabel} ${kind}`);
        }))"""
    assert page.evaluate(crowded_ticks) == []


def test_a_plot_takes_the_new_width_of_its_page(page, world):
    open_alone(page, world, "all")
    page.set_viewport_size({"width": 700, "height": 800})
    expect(page.locator(".lbp-stage .main-svg").first).to_have_attribute("width", "676")


def test_names_in_a_scatter_do_not_lie_on_each_other(page, world):
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        open_alone(page, world, "gallery")
        boxes = page.locator("[data-name='length'] .annotation").evaluate_all(
            """(all) => all
                 .filter((node) => node.style.visibility !== 'hidden')
                 .filter((node) => node.textContent !== 'as good as the baseline')
                 .map((node) => node.getBoundingClientRect().toJSON())"""
        )
        assert boxes
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                apart = (
                    a["right"] < b["left"]
                    or b["right"] < a["left"]
                    or a["bottom"] < b["top"] + 2
                    or b["bottom"] < a["top"] + 2
                )
                assert apart
