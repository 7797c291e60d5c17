"""The tabs Reward models and Red-teaming in a browser: switches, filters, plots, permalinks, downloads."""

import csv
import io
import re
import shutil
import urllib.request
from datetime import UTC, datetime
from types import SimpleNamespace

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from leaderboard.boards import export, filters
from leaderboard.boards.library import Library
from leaderboard.settings import ROOT
from leaderboard.sources.reward_tables import write_rewards
from leaderboard.sources.safety_tables import write_answer_texts
from tests import live_runs
from tests.live_runs import put_red_team_run, put_reward_run
from tests.reward_scores import card, scores

from .app_server import running_app
from .cells import approx, number

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
HARMFUL = "words that nobody may see unasked"
VIEWS = {
    "reward_models": ("h4_reward_models", "scripted.half"),
    "red_teaming": ("jailbreakbench.targets.benchmark", "xstest.judges"),
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The embedded figures, scripted scores of pairs, and texts behind an answer."""
    folder = tmp_path_factory.mktemp("figures") / "data"
    shutil.copytree(ROOT / "data", folder)
    write_rewards(folder, card(), scores())
    texts = pd.DataFrame([{"model": "GPT-4", "prompt": "v2-1", "request": HARMFUL, "answer": HARMFUL}])
    write_answer_texts(folder, "xstest", texts)
    return folder


@pytest.fixture(scope="module")
def library(data):
    snapshot = SimpleNamespace(folder=data, revision="e2e", origin="embedded")
    return Library(lambda: snapshot, data / "none", lambda: datetime.now(UTC))


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A state folder with a run of a reward model and one of red-teaming."""
    folder = tmp_path_factory.mktemp("state")
    for name, put in (("rewards", put_reward_run), ("red", put_red_team_run)):
        work = tmp_path_factory.mktemp(name)
        put(folder, work)
    return folder


@pytest.fixture(scope="module")
def app(state, data):
    with running_app(state, LEADERBOARD_DATA=str(data), LEADERBOARD_EVALUATOR="off") as url:
        yield url


@pytest.fixture(scope="module")
def live(state, data):
    snapshot = SimpleNamespace(folder=data, revision="e2e", origin="embedded")
    return Library(lambda: snapshot, state, lambda: datetime.now(UTC))


def board(page: Page, tab: str):
    return page.locator(f"#{tab}-table")


def status(page: Page, tab: str, text: str) -> None:
    expect(board(page, tab).locator(".lbt-status")).to_have_text(text)


@pytest.mark.parametrize("tab", VIEWS)
def test_a_link_leads_to_its_view_and_the_csv_there_is_the_computed_board(page: Page, app, library, tab):
    for view in VIEWS[tab]:
        computed = library.board(tab, view)
        page.goto(f"{app}/?tab={tab}&view={view}")
        expect(board(page, tab).locator(".lbt-foot")).to_contain_text(computed.title)
        status(page, tab, f"{len(computed.frame)} rows")
        board(page, tab).get_by_text("Download", exact=True).click()
        link = board(page, tab).get_by_role("link", name="CSV").last.get_attribute("href")
        with urllib.request.urlopen(f"{app}/{link}") as answer:
            sent = list(csv.reader(io.StringIO(answer.read().decode())))
        rendered = export.render(computed, filters.parse([], computed), "csv").decode()
        expected = list(csv.reader(io.StringIO(rendered)))
        assert sent[0] == expected[0]
        assert len(sent) == len(computed.frame) + 1
        for row, other in zip(sent[1:], expected[1:], strict=True):
            assert [number(value) for value in row] == [approx(number(value)) for value in other]


def test_the_rule_for_ties_is_a_switch_that_the_address_keeps(page: Page, app, library):
    page.goto(f"{app}/?tab=reward_models&view=scripted.wrong")
    table = board(page, "reward_models")
    expect(table.get_by_role("button", name="Tie = wrong (H4, RewardBench)")).to_have_attribute("aria-pressed", "true")
    table.get_by_role("button", name="Ties left out").click()
    expect(page).to_have_url(f"{app}/?tab=reward_models&view=scripted.dropped")
    page.reload()
    expect(table.get_by_role("button", name="Ties left out")).to_have_attribute("aria-pressed", "true")
    best = library.board("reward_models", "scripted.dropped").frame.iloc[0]
    expect(table.locator("[role=rowheader]").first).to_contain_text(best["model"])
    page.goto(f"{app}/?tab=reward_models&view=scripted.dropped&hide=control")
    status(page, "reward_models", "2 of 4 rows")


def test_the_judge_is_a_switch_and_filters_narrow(page: Page, app):
    page.goto(f"{app}/?tab=red_teaming&view=xstest.models.people")
    table = board(page, "red_teaming")
    table.get_by_role("button", name="String match").click()
    expect(page).to_have_url(f"{app}/?tab=red_teaming&view=xstest.models.strings")
    expect(table.locator(".lbt-foot")).to_contain_text("judged by String match")
    page.goto(f"{app}/?tab=red_teaming&view=jailbreakbench.attempts.benchmark&access=white box")
    status(page, "red_teaming", "4 of 18 rows")
    page.goto(f"{app}/?tab=red_teaming&view=xstest.judges&model=All models")
    status(page, "red_teaming", "4 of 24 rows")


@pytest.mark.parametrize(
    ("tab", "view", "titles"),
    [
        ("reward_models", "scripted.wrong", [
            "How often the better answer gets the higher score", "How far the scores of the two answers are apart",
            "Whether margins claim what they keep", "Accuracy by how long the better answer is",
        ]),
        ("red_teaming", "xstest.models.people", [
            "Helpfulness beside harmlessness", "Refusals of safe prompts, by who judges",
        ]),
    ],
)  # fmt: skip
def test_plots_are_drawn_with_their_figures_as_a_table(page: Page, app, tab, view, titles):
    page.goto(f"{app}/?tab={tab}&view={view}")
    plots = page.locator(f"#{tab}-plots")
    plots.scroll_into_view_if_needed()
    expect(plots.locator(".main-svg").first).to_be_visible()
    expect(plots.locator("h3")).to_have_text(titles)
    figure = plots.locator("figure").first
    figure.get_by_text("As a table").click()
    expect(figure.locator("tbody tr").first).to_be_visible()


def test_the_page_its_rows_plots_and_downloads_hold_no_text_of_a_request_or_an_answer(page: Page, app, library):
    shown = library.reading("red_teaming", "xstest.models.people", {"prompt": "v2-1", "show": "request,answer"})
    assert HARMFUL in repr(shown), "the text is there for one who asks"
    page.goto(f"{app}/?tab=red_teaming&view=xstest.models.people")
    status(page, "red_teaming", "5 rows")
    assert HARMFUL not in page.content()
    for path in ("table/red_teaming", "data/red_teaming.csv", "data/red_teaming.json", "plots/red_teaming.json"):
        with urllib.request.urlopen(f"{app}/{path}?view=xstest.models.people") as answer:
            assert HARMFUL.encode() not in answer.read()


def test_our_own_prompts_are_listed_and_their_texts_are_nowhere_until_they_are_opened(page: Page, app, library):
    view, prompt = "own_refusals.models.strings", "violence-01"
    opened = library.reading("red_teaming", view, {"prompt": prompt, "show": "request,answer"})
    texts = [part.text for part in opened.parts if part.key in ("request", "answer")]
    assert len(texts) == 2
    assert all(texts)
    page.goto(f"{app}/?tab=red_teaming&view={view}")
    status(page, "red_teaming", "3 rows")
    expect(board(page, "red_teaming")).to_contain_text("control: always declines")
    held = [page.content()]
    for path in ("table/red_teaming", "data/red_teaming.csv", "plots/red_teaming.json"):
        with urllib.request.urlopen(f"{app}/{path}?view={view}") as answer:
            held.append(answer.read().decode())
    with urllib.request.urlopen(f"{app}/read/red_teaming.json?view={view}&prompt={prompt}") as answer:
        held.append(answer.read().decode())
    assert not [text for text in texts for place in held if text in place]
    with urllib.request.urlopen(f"{app}/read/red_teaming.json?view={view}&prompt={prompt}&show=request") as answer:
        assert texts[0] in answer.read().decode()


@pytest.mark.parametrize("tab", VIEWS)
def test_a_phone_is_enough(page: Page, app, tab):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{app}/?tab={tab}")
    expect(board(page, tab).locator("[role=rowheader]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.get_by_role("tab", selected=True)).to_be_in_viewport(ratio=0.9)


def first_here(live: Library, tab: str, ending: str) -> str:
    return next(
        view.value for view in live.views(tab) if view.value.startswith("here_") and view.value.endswith(ending)
    )


def test_a_run_of_a_reward_model_is_a_row_that_leads_to_its_pairs(page: Page, app, live):
    view = first_here(live, "reward_models", ".wrong")
    row = live.board("reward_models", view).frame.set_index("model").loc["local/lengths"]
    page.goto(f"{app}/?tab=reward_models&view={view}")
    table = board(page, "reward_models")
    status(page, "reward_models", "3 rows")
    shown = table.locator("[role=row]", has_text="local/lengths")
    expect(shown).to_contain_text(f"{100 * row['average']:.1f}")
    for control in ("Pick the longer", "Random"):
        expect(table.locator("[role=row]", has_text=control)).to_be_visible()
    plots = page.locator("#reward_models-plots")
    plots.scroll_into_view_if_needed()
    expect(plots.locator(".main-svg").first).to_be_visible()
    expect(plots.locator("h3")).to_have_count(4)
    shown.get_by_role("link", name="local/lengths").click()
    expect(page.get_by_role("heading", name="local/lengths")).to_be_visible()
    expect(page.locator("#answers")).to_have_text("Pairs: Helpful")
    assert page.locator("td", has_text="right").count() > 0
    page.get_by_role("link", name="Reward models", exact=True).click()
    expect(page).to_have_url(f"{app}/?tab=reward_models&view={view}")
    status(page, "reward_models", "3 rows")


def test_a_red_teaming_run_is_a_row_and_its_words_are_nowhere_until_they_are_opened(page: Page, app, live):
    sent = []
    page.on("response", lambda answer: sent.append(answer) if answer.url.startswith(app) else None)
    view = first_here(live, "red_teaming", ".models.strings")
    page.goto(f"{app}/?tab=red_teaming&view={view}&read.prompt=u1")
    status(page, "red_teaming", "1 row")
    row = live.board("red_teaming", view).frame.iloc[0]
    expect(board(page, "red_teaming")).to_contain_text(f"{100 * row['balance']:.1f}")
    reader = page.locator("#red_teaming-reader")
    reader.scroll_into_view_if_needed()
    expect(reader.locator("summary")).to_have_text(["What was asked for", "The answer"])
    words = (live_runs.HARMFUL, live_runs.ANSWER)
    assert not [word for word in words if word in page.content()]
    assert not [answer.url for answer in sent for word in words if word in _body(answer)]
    reader.locator("summary", has_text="What was asked for").click()
    reader.get_by_role("button", name="Show this text").click()
    expect(reader.get_by_text(f"{live_runs.HARMFUL}, 1")).to_be_visible()
    assert live_runs.ANSWER not in page.content()
    board(page, "red_teaming").get_by_role("link", name="local/wavering").click()
    expect(page.get_by_role("heading", name="What every judge says")).to_be_visible()
    assert not [word for word in words if word in page.content()]
    page.goto(f"{page.url.partition('#')[0]}?task=red_team_refuse")
    page.get_by_role("link", name="u1").click()
    expect(page.locator("#red_teaming-reader .lbr-at")).to_have_text("8 of 10")


def _body(answer) -> str:
    try:
        return answer.text()
    except Exception:  # noqa: BLE001 - a script from a cache, or a picture, has no text
        return ""


def test_the_judges_of_a_run_are_compared(page: Page, app, live):
    view = first_here(live, "red_teaming", ".judges")
    page.goto(f"{app}/?tab=red_teaming&view={view}")
    expect(board(page, "red_teaming")).to_contain_text("Our string match and LLM judge some/judge")


def test_the_theme_of_the_address_stays_when_another_tab_is_opened(page: Page, app):
    page.goto(f"{app}/?tab=red_teaming&__theme=dark")
    status(page, "red_teaming", "4 rows")
    page.get_by_role("tab", name="Reward models").click()
    expect(page).to_have_url(re.compile(r"[?&]tab=reward_models(&|$)"))
    assert "__theme=dark" in page.url
    page.reload()
    expect(page.locator("body.dark")).to_have_count(1)


def test_the_form_says_what_the_chosen_suite_asks(page: Page, app):
    page.goto(f"{app}/?tab=queue")
    expect(page.locator("#submit-suite")).to_contain_text("made by a seeded script")
    page.get_by_label("Suite").click()
    page.get_by_role("option", name="Chat models as judges of preference pairs").click()
    expect(page.locator("#submit-suite")).to_contain_text("Needs the chat template switched on.")
