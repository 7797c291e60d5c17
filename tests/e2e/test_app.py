"""The main job in a browser, on real input: browse, submit a real model, watch it, see its row and its evidence."""

import io
import json
import re
import shutil
import urllib.request

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from leaderboard.settings import ROOT
from leaderboard.sources.benchmark_table import read_table
from leaderboard.views.page import TABS
from scripts import make_demo_model

from .app_server import running_app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(2400)]
DEMO = "local/smollm2-135m-instruct"
RUN_PATIENCE = 1_500_000
"""Milliseconds: how long a small real model may take on a machine that is shared with others."""


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A folder with the real SmolLM2 and with models that fail."""
    folder = tmp_path_factory.mktemp("models")
    assert make_demo_model.main(["--output", str(folder)]) == 0
    assert make_demo_model.main(["--output", str(folder), "--tiny", "tiny-unlicensed"]) == 0
    card = folder / "tiny-unlicensed" / "README.md"
    card.write_text(re.sub(r"^license:.*\n", "", card.read_text(), flags=re.MULTILINE))
    assert make_demo_model.main(["--output", str(folder), "--tiny", "tiny-broken"]) == 0
    config = folder / "tiny-broken" / "config.json"
    content = json.loads(config.read_text())
    config.write_text(json.dumps(content | {"num_attention_heads": 7}))
    return folder


@pytest.fixture(scope="module")
def app(models, tmp_path_factory):
    with running_app(tmp_path_factory.mktemp("state"), LEADERBOARD_MODELS=str(models)) as address:
        yield address


def read(address):
    with urllib.request.urlopen(address) as answer:
        return answer.read()


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def expect_first(page: Page, *models: str) -> None:
    """The first rows, soon: a view that was just chosen is fetched first."""
    rows = page.locator("#llm_benchmarks-table .lbt-row:not(.lbt-pinned) [role=rowheader] .lbt-name")
    for i, model in enumerate(models):
        expect(rows.nth(i)).to_have_text(model)


def fill_form(page: Page, model: str) -> None:
    page.get_by_label("Model id").fill(model)


def test_the_real_board_is_filtered_sorted_and_downloaded_as_the_data_is(page: Page, app):
    page.goto(f"{app}/?view=open_llm_v1")
    status = page.locator(".lbt-status")
    expect(status).to_have_text("7,169 rows")
    _, data = read_table(ROOT / "data", "open_llm_v1")

    page.get_by_role("columnheader", name="GSM8K").click()
    expect(page.get_by_role("columnheader", name="GSM8K")).to_have_attribute("aria-sort", "descending")
    best = data.loc[data["score.gsm8k"].idxmax()]
    expect_first(page, best["model"])

    page.get_by_label("Search").fill("mistral;mixtral")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label(re.compile(r"^float16")).check()
    page.get_by_label(re.compile("^duplicates")).check()
    page.keyboard.press("Escape")
    wanted = data[
        data["model"].str.lower().str.contains("mistral|mixtral")
        & data["precision"].eq("float16").fillna(False)
        & ~data["duplicate"].fillna(False)
    ]
    expect(status).to_have_text(f"{len(wanted):,} of 7,169 rows")

    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as download:
        page.locator(".lbt-downloads").get_by_role("link", name="CSV").first.click()
    frame = pd.read_csv(download.value.path())
    shown = frame[frame["model"] != "Random guessing"]
    assert sorted(shown["model"]) == sorted(wanted["model"])
    by_model = wanted.set_index(["model", "revision"])["score.gsm8k"].to_dict()
    for row in shown.itertuples():
        assert row.gsm8k == pytest.approx(by_model[(row.model, row.revision)], abs=1e-12)
    expect_first(page, *shown["model"].head(3))

    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect(status).to_have_text(f"{len(wanted):,} of 7,169 rows")
    expect_first(page, *shown["model"].head(3))


def test_a_tab_chosen_while_the_page_still_loads_stays_open(page: Page, app):
    held = []
    page.route("**/gradio_api/queue/join*", lambda route: held.append(route))
    page.goto(app)
    open_tab(page, "Submit & queue")
    expect(page.get_by_label("Model id")).to_be_visible()
    assert held
    for route in held:
        route.continue_()
    page.wait_for_timeout(1500)
    expect(page.get_by_label("Model id")).to_be_visible()
    expect(page).to_have_url(f"{app}/?tab=queue")


def test_the_first_view_of_the_largest_board_is_at_most_500_kb_on_the_wire(page: Page, app):
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(f"{app}/?view=open_llm_v1")
    expect(page.locator(".lbt-status")).to_have_text("7,169 rows")
    page.wait_for_timeout(2000)
    assert len(sizes) > 20
    assert sum(sizes) <= 500_000


def test_the_method_is_fetched_when_its_fold_opens_and_a_failure_can_be_tried_again(page: Page, app):
    page.goto(app)
    fold = page.locator("#llm_benchmarks-method")
    expect(page.locator(".lbt-status")).to_have_text("4,576 rows")
    expect(fold).not_to_contain_text("Licence:")
    page.route("**/method/*", lambda route: route.abort())
    fold.locator("summary").first.click()
    expect(fold).to_contain_text("This text did not arrive. Close the fold and open it to try again.")
    page.unroute("**/method/*")
    fold.locator("summary").first.click()
    fold.locator("summary").first.click()
    fold.get_by_text("Open LLM Leaderboard v2").first.click()
    expect(fold).to_contain_text("Licence:")


def test_back_and_forward_lead_through_tabs_and_data_sets(page: Page, app):
    page.goto(f"{app}/?q=llama")
    status = page.locator(".lbt-status")
    expect(status).to_contain_text("of 4,576 rows")
    page.get_by_role("button", name="Open LLM v1").click()
    expect(status).to_contain_text("of 7,169 rows")
    expect(page).to_have_url(f"{app}/?q=llama&view=open_llm_v1")
    page.get_by_label("Search").fill("qwen")
    expect(page).to_have_url(f"{app}/?q=qwen&view=open_llm_v1")
    open_tab(page, "Submit & queue")
    expect(page).to_have_url(f"{app}/?tab=queue")
    page.go_back()
    expect(page.get_by_label("Search")).to_have_value("qwen")
    expect(page).to_have_url(f"{app}/?q=qwen&view=open_llm_v1")
    page.go_back()
    expect(status).to_contain_text("of 4,576 rows")
    expect(page.get_by_label("Search")).to_have_value("llama")
    page.go_forward()
    expect(status).to_contain_text("of 7,169 rows")
    page.go_forward()
    expect(page.get_by_label("Model id")).to_be_visible()
    expect(page).to_have_url(f"{app}/?tab=queue")


def test_a_tab_keeps_its_place_while_another_is_reloaded(page: Page, app):
    page.goto(f"{app}/?q=llama&view=open_llm_v1")
    expect(page.locator(".lbt-status")).to_contain_text("of 7,169 rows")
    open_tab(page, "Submit & queue")
    page.reload()
    expect(page.get_by_label("Model id")).to_be_visible()
    open_tab(page, "LLM benchmarks")
    expect(page.locator(".lbt-status")).to_contain_text("of 7,169 rows")
    expect(page.get_by_label("Search")).to_have_value("llama")


def test_an_unknown_tab_or_data_set_leads_to_the_usual_one(page: Page, app):
    page.goto(f"{app}/?tab=nonsense&view=nope")
    expect(page.locator(".lbt-status")).to_have_text("4,576 rows")
    expect(page.locator(".lbt-notice")).to_contain_text("no data set nope")
    expect(page).to_have_url(f"{app}/")


@pytest.mark.parametrize("name", ["nonsense", "constructor"])
def test_an_unknown_tab_is_named(page: Page, app, name):
    page.goto(f"{app}/?tab={name}")
    expect(page.locator(".lbt-notice")).to_contain_text(f"There is no tab {name} here")
    expect(page).to_have_url(f"{app}/")


def test_a_search_is_kept_when_its_tab_is_left_at_once(page: Page, app):
    page.goto(app)
    expect(page.locator(".lbt-status")).to_have_text("4,576 rows")
    page.evaluate(
        """async () => {
          const search = document.querySelector('#llm_benchmarks-table .lbt-search');
          search.value = 'llama';
          search.dispatchEvent(new Event('input', { bubbles: true }));
          await new Promise((done) => setTimeout(done, 80));
          [...document.querySelectorAll('#tabs [role=tab]')].find((tab) => tab.textContent.includes('About')).click();
        }"""
    )
    expect(page).to_have_url(f"{app}/?tab=about")
    open_tab(page, "LLM benchmarks")
    expect(page).to_have_url(f"{app}/?q=llama")
    expect(page.get_by_label("Search")).to_have_value("llama")


@pytest.mark.parametrize("width", [320, 360, 390])
def test_every_tab_can_be_reached_on_a_phone_without_a_menu(page: Page, app, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(app)
    expect(page.locator(".lbt-status")).to_have_text("4,576 rows")
    page.wait_for_timeout(500)
    tabs = page.locator("#tabs [role=tab]")
    assert tabs.all_inner_texts() == list(TABS.values())
    expect(page.get_by_label("More tabs")).to_be_hidden()
    open_tab(page, "About")
    expect(tabs.last).to_be_in_viewport(ratio=0.9)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_flagged_models_carry_a_badge_with_words(page: Page, app):
    page.goto(f"{app}/?view=open_llm_v1&q=Contamination/")
    badges = page.locator(".lbt-badge")
    expect(badges.first).to_have_text("flagged")
    expect(page.locator(".lbt-row:not(.lbt-pinned)")).to_have_count(badges.count())


def test_everything_can_be_downloaded_in_three_formats(app):
    csv = pd.read_csv(io.BytesIO(read(f"{app}/data/llm_benchmarks.csv?view=open_llm_v1")))
    parquet = pd.read_parquet(io.BytesIO(read(f"{app}/data/llm_benchmarks.parquet?view=open_llm_v1")))
    rows = json.loads(read(f"{app}/data/llm_benchmarks.json?view=open_llm_v1"))["rows"]
    _, data = read_table(ROOT / "data", "open_llm_v1")
    assert len(csv) == len(parquet) == len(rows) == 7170
    for frame in (csv, parquet, pd.DataFrame(rows)):
        scores = frame[frame["model"] != "Random guessing"].sort_values(["model", "precision"])["mmlu"]
        assert scores.tolist() == pytest.approx(data.sort_values(["model", "precision"])["score.mmlu"].tolist())


def test_a_real_model_is_submitted_evaluated_and_appears_on_the_board(page: Page, app):
    page.goto(app)
    expect(page.locator(".lbt-status")).to_have_text("4,576 rows")
    open_tab(page, "Submit & queue")
    fill_form(page, DEMO)
    page.get_by_role("button", name="Check only").click()
    verdict = page.locator("#submit-verdict")
    expect(verdict).to_contain_text("This would be accepted")
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(verdict).to_contain_text("Submitted local/smollm2-135m-instruct")
    key = re.search(r"Receipt ([0-9a-f]{16})", verdict.inner_text())[1]
    page.get_by_role("button", name="Check only").click()
    expect(verdict.get_by_role("link", name=f"/runs/{key}")).to_be_visible()

    entry = page.locator(f".lbq-entry[data-key='{key}']")
    expect(entry).to_be_visible()
    seen = {entry.get_attribute("data-state")}
    expect(entry).to_have_attribute("data-state", "RUNNING")
    expect(entry.locator("progress")).to_be_visible()
    expect(entry).to_contain_text(re.compile(r"task \d of 5.*\d+ of 800 requests"), timeout=RUN_PATIENCE)
    expect(entry).to_have_attribute("data-state", "FINISHED", timeout=RUN_PATIENCE)
    assert seen <= {"PENDING", "RUNNING"}

    open_tab(page, "LLM benchmarks")
    page.get_by_role("button", name="Evaluated here").click()
    expect_first(page, DEMO)
    page.get_by_role("link", name=key).click()
    expect(page.get_by_role("heading", name=DEMO)).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.locator("tfoot tr").first).to_contain_text("Average")
    expect(page.locator("tfoot tr").last).to_contain_text("Random guessing25.019.0–31.0")
    expect(page.get_by_text("highest log-likelihood per character")).to_be_visible()
    expect(page.locator("article").first.locator(".gold .tag").first).to_have_text("correct")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(
        "document.querySelector('.scroll').scrollWidth <= document.querySelector('.scroll').clientWidth"
    )
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.get_by_role("heading", name=re.compile("^Answers"))).to_be_visible()
    assert page.locator("article").count() == 20

    result = json.loads(read(f"{app}/files/results/{DEMO}/{key}.json"))
    assert [task["n"] for task in result["tasks"]] == [40] * 5
    samples = pd.read_parquet(io.BytesIO(read(f"{app}/files/{result['samples']['core_logic']}")))
    assert samples["correct"].mean() == pytest.approx(result["tasks"][3]["score"])

    average = sum(task["score"] for task in result["tasks"]) / 5
    expect(page.locator("tfoot")).to_contain_text(f"{100 * average:.1f}")
    row = pd.read_csv(io.BytesIO(read(f"{app}/data/llm_benchmarks.csv?view=here_core")), index_col="model").loc[DEMO]
    assert row["core_logic"] == pytest.approx(result["tasks"][3]["score"])


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("../../x", "is not a model id"),
        ("org/..", "is not a model id"),
        ("datasets/x", "datasets"),
        ("оrg/model", "is not a model id"),
        ("https://example.org/m", "is not a model id"),
        ("local/none", "local/none"),
        ("local/tiny-unlicensed", "license"),
    ],
)
def test_a_bad_submission_is_refused_beside_its_field(page: Page, app, model, reason):
    page.goto(f"{app}/?tab=queue")
    fill_form(page, model)
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.locator("#submit-verdict")).to_contain_text("Refused: ")
    expect(page.locator(".lb-problems").first).to_contain_text(reason)
    assert (
        json.loads(read(f"{app}/data/queue.json"))["entries"] == []
        or model not in read(f"{app}/data/queue.json").decode()
    )


def test_a_pasted_address_is_filled_in_as_model_and_revision(page: Page, app):
    page.goto(f"{app}/?tab=queue")
    fill_form(page, "https://huggingface.co/org/name/tree/v2?library=x")
    page.get_by_label("Model id").blur()
    expect(page.get_by_label("Model id")).to_have_value("org/name")
    expect(page.get_by_label("Revision")).to_have_value("v2")


@pytest.mark.parametrize("pause", [0, 100, 400])
def test_the_answer_to_a_pasted_address_stays_while_it_is_filled_in(page: Page, app, pause):
    page.goto(f"{app}/?tab=queue")
    fill_form(page, "https://huggingface.co/org/name/tree/v2")
    page.wait_for_timeout(pause)
    page.get_by_role("button", name="Check only").click()
    expect(page.locator("#submit-verdict")).to_contain_text("Refused")
    page.wait_for_timeout(1500)
    expect(page.locator("#submit-verdict")).to_contain_text("Refused")
    expect(page.get_by_label("Model id")).to_have_value("org/name")


def test_a_broken_configuration_is_refused_and_warnings_stand_beside_the_model(page: Page, app, models):
    for name, text in (("tiny-torn", '{"architectures": ['), ("tiny-nameless", None)):
        assert make_demo_model.main(["--output", str(models), "--tiny", name]) == 0
        config = models / name / "config.json"
        kept = {key: value for key, value in json.loads(config.read_text()).items() if key != "architectures"}
        config.write_text(text or json.dumps(kept))
    page.goto(f"{app}/?tab=queue")
    fill_form(page, "local/tiny-torn")
    page.get_by_label("Model id").blur()
    problem = "config.json is not JSON: Expecting value in line 1, column 20"
    expect(page.locator(".lb-problems")).to_contain_text(problem)
    fill_form(page, "local/tiny-nameless")
    page.get_by_label("Model id").blur()
    expect(page.locator(".lb-slot .lb-warnings")).to_contain_text("names no architecture")
    page.get_by_role("button", name="Submit", exact=True).click()
    verdict = page.locator("#submit-verdict")
    expect(verdict.get_by_role("link", name=re.compile("Receipt"))).to_be_visible()
    expect(verdict.locator(".lb-warnings")).to_contain_text("names no architecture")


def test_a_model_that_cannot_work_says_why_and_offers_no_retry(page: Page, app):
    page.goto(f"{app}/?tab=queue")
    fill_form(page, "local/tiny-broken")
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.locator("#submit-verdict")).to_contain_text("Submitted")
    entry = page.locator(".lbq-entry", has_text="tiny-broken")
    expect(entry).to_have_attribute("data-state", "FAILED", timeout=RUN_PATIENCE)
    expect(entry).to_contain_text("These files cannot work: mend the model and submit it again.")
    expect(entry.get_by_role("button", name="Retry")).to_have_count(0)
    assert len(entry.locator(".lbq-reason").inner_text()) > 20
    entry.get_by_text("Last lines of the log").click()
    expect(entry.locator(".lbq-log")).not_to_be_empty()
    page.goto(f"{app}/runs/{entry.get_attribute('data-key')}")
    expect(page.get_by_role("heading", name="Failed")).to_be_visible()
    expect(page.get_by_text("These files cannot work here")).to_be_visible()


def test_a_retry_that_may_help_is_offered_and_has_to_wait_a_minute(page: Page, models, tmp_path):
    assert make_demo_model.main(["--output", str(models), "--tiny", "tiny-slow"]) == 0
    with running_app(tmp_path, LEADERBOARD_MODELS=str(models), LEADERBOARD_TIME_LIMIT_SECONDS="1") as address:
        page.goto(f"{address}/?tab=queue")
        fill_form(page, "local/tiny-slow")
        page.get_by_role("button", name="Submit", exact=True).click()
        entry = page.locator(".lbq-entry", has_text="tiny-slow")
        expect(entry).to_have_attribute("data-state", "FAILED")
        expect(entry).to_contain_text("took longer than the limit of 1 s")
        entry.get_by_role("button", name="Retry").click()
        expect(entry.locator(".lbq-answer")).to_contain_text("A retry is possible 60 s after a failure: try again in")
        expect(entry).to_have_attribute("data-state", "FAILED")


def test_programs_submit_through_gradio_client_with_the_same_validation(app):
    from gradio_client import Client

    client = Client(app, verbose=False, analytics_enabled=False)
    refused = client.predict(model="datasets/x", precision="int3", suite="nope", api_name="/submit")
    assert refused["accepted"] is False
    assert {problem["field"] for problem in refused["problems"]} == {"model", "precision", "suite"}
    checked = client.predict(model=DEMO, suite="core", api_name="/check")
    assert checked["problems"] == []
    assert re.fullmatch("[0-9a-f]{40}", checked["revision"])
    assert client.predict(key="0" * 16, api_name="/status")["state"] is None


def test_the_page_is_usable_on_a_phone_and_without_a_mouse(page: Page, app):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app}/?view=open_llm_v1")
    expect(page.locator(".lbt-status")).to_have_text("7,169 rows")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.get_by_role("columnheader").count() == 3


def test_a_file_that_changes_appears_without_a_restart(page: Page, models, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(ROOT / "data", data)
    (data / "benchmarks" / "open_llm_v2.json").rename(tmp_path / "later.json")
    with running_app(tmp_path / "state", LEADERBOARD_DATA=str(data), LEADERBOARD_EVALUATOR="off") as address:
        page.goto(address)
        expect(page.locator(".lbt-status")).to_have_text("7,169 rows")
        shutil.move(tmp_path / "later.json", data / "benchmarks" / "open_llm_v2.json")
        page.wait_for_timeout(1100)  # the folder is looked at once a second at most
        page.reload()
        expect(page.locator(".lbt-status")).to_have_text("4,576 rows")
        expect(page.get_by_role("button", name="Open LLM v2")).to_be_visible()
        open_tab(page, "Submit & queue")
        expect(page.locator(".lbq-status")).to_contain_text("No evaluator is attached")
