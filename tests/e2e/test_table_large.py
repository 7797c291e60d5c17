"""The table over as many rows as the largest published board has."""

import random
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from leaderboard.boards.filters import apply, parse
from tests.nasty_board import nasty_board, random_query

from .table_server import serving
from .test_table import EXPOSE, STATUS, go, header

pytestmark = pytest.mark.browser
N = 7169
BOARD = nasty_board(n=N)


@pytest.fixture(scope="module")
def world():
    with serving() as running:
        running.boards["all"] = BOARD
        yield running


def test_only_the_rows_in_sight_are_drawn_and_the_last_one_is_one_key_away(page, world):
    go(page, world)
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(N + 1))
    page.locator(".lbt-th[tabindex='0']").focus()
    page.keyboard.press("Control+End")
    focused = page.locator(":focus")
    expect(focused).to_have_attribute("data-row", str(N - 1))
    expect(focused).to_be_in_viewport()
    assert page.locator(".lbt-row").count() < 60
    page.keyboard.press("Control+Home")
    expect(focused).to_have_attribute("data-row", "0")


def test_the_top_rows_after_a_sort_and_a_search_are_those_of_python(page, world):
    go(page, world)
    header(page, "delta").click()
    page.locator(".lbt-search").fill("@comment:note 1")
    query = [("q", "@comment:note 1"), ("sort", "-delta")]
    wanted = apply(BOARD, parse(query, BOARD))
    n = int((~wanted["pinned"]).sum())
    assert n > 100
    expect(page.locator(STATUS)).to_have_text(f"{n:,} of {N - 2:,} rows")
    at = header(page, "delta").get_attribute("data-column")
    cells = page.locator(f".lbt-row:not(.lbt-pinned) [data-column='{at}']")
    texts = [float(text.replace("–", "nan")) for text in cells.all_inner_texts()[:8]]
    assert texts == pytest.approx(wanted.loc[~wanted["pinned"], "delta"].head(8).tolist(), abs=0.0051)


def test_python_and_the_page_agree_on_many_rows(page, world):
    go(page, world)
    page.evaluate(EXPOSE)
    ids = BOARD.frame["id"].tolist()
    rng = random.Random(5)
    for _ in range(20):
        parameters = random_query(rng)
        got = [ids[row] for row in page.evaluate("(search) => window.order(search)", urlencode(parameters))]
        assert got == apply(BOARD, parse(parameters, BOARD))["id"].tolist(), parameters
