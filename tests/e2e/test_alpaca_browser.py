"""Single instructions of AlpacaEval in a browser, from texts that a user imported."""

import json
import shutil

import pytest
from playwright.sync_api import Page, expect

from leaderboard import cli
from leaderboard.settings import ROOT
from tests.e2e.app_server import running_app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
ASKED = ["Name a bird.", "Why is the sky <i>blue</i>?", "List two colours."]
ANSWERS = {"davinci": ["A raven.", "Rayleigh.", "Red, blue"], "ada": ["Owl.", "Scattering of light.", "- red\n- blue"]}
VERDICTS = [2, 1, 2]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alpaca")
    rows = [
        {"instruction": text, "dataset": "mine", "annotator": "gpt", "preference": VERDICTS[at],
         "generator_1": "davinci", "output_1": ANSWERS["davinci"][at],
         "generator_2": "ada", "output_2": ANSWERS["ada"][at]}
        for at, text in enumerate(ASKED)
    ]  # fmt: skip
    (folder / "annotations.json").write_text(json.dumps(rows))
    shutil.copytree(ROOT / "data", folder / "data")
    for name in ("alpaca-eval", "alpaca-eval-texts"):
        source = str(folder / "annotations.json")
        assert cli.main(["import", name, source, "--to", str(folder / "data"), "--name", "mine"]) == 0
    with running_app(folder / "state", LEADERBOARD_DATA=str(folder / "data"), LEADERBOARD_EVALUATOR="off") as url:
        yield url


def reader(page: Page):
    return page.locator("#alpaca_eval-reader")


def test_instructions_are_read_stepped_through_by_keys_and_linked(page: Page, app):
    page.goto(f"{app}/?tab=alpaca_eval&view=mine.0&read.model=ada")
    expect(reader(page).locator("article")).to_have_count(4)
    expect(reader(page)).to_contain_text("1 of 3")
    expect(reader(page)).to_contain_text("Keys: j next, k previous, d where the shorter answer is preferred")
    places = reader(page).locator("select[data-choice=question]")
    expect(places.locator("option").first).to_have_text("Name a bird. (1)")
    first = places.input_value()
    page.keyboard.press("j")
    expect(reader(page)).to_contain_text("2 of 3")
    expect(places).not_to_have_value(first)
    page.keyboard.press("k")
    expect(places).to_have_value(first)
    reader(page).locator("select[data-choice=verdict]").select_option("Baseline preferred")
    expect(reader(page)).to_contain_text("ada against davinci: baseline preferred")
    expect(reader(page).locator("article").first).to_contain_text("Why is the sky <i>blue</i>?")
    expect(reader(page)).to_contain_text("The shorter answer is preferred.")
    linked = page.url
    page.goto("about:blank")
    page.goto(linked)
    expect(reader(page)).to_contain_text("ada against davinci: baseline preferred")
    expect(reader(page)).to_contain_text("1 of 1")


def test_lists_stay_inside_their_card(page: Page, app):
    page.goto(f"{app}/?tab=alpaca_eval&view=mine.0&read.model=ada&read.verdict=model_a")
    reader(page).locator("select[data-choice=question]").select_option("List two colours. (1)")
    listed = reader(page).locator(".lbr-text ul").first
    expect(listed).to_be_visible()
    assert listed.evaluate("(list) => parseFloat(getComputedStyle(list).paddingLeft)") >= 16


def test_a_published_board_says_that_single_verdicts_are_elsewhere(page: Page, app):
    page.goto(f"{app}/?tab=alpaca_eval&view=alpaca_eval_2")
    expect(page.locator("#alpaca_eval-table .lbt-status")).to_have_text("211 rows")
    reader(page).scroll_into_view_if_needed()
    expect(reader(page)).to_contain_text("The data set 'mine' has single verdicts.")
