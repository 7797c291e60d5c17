"""The app on a Hub dataset: new data without a restart, the last good copy with its age when the Hub is down."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from leaderboard.settings import ROOT

from .app_server import app_environment, running_app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
REPO = "team/board"
ADDRESS = f"hf://datasets/{REPO}"


def files(*names: str) -> dict[str, bytes]:
    return {
        f"benchmarks/{name}.{kind}": (ROOT / "data" / "benchmarks" / f"{name}.{kind}").read_bytes()
        for name in names
        for kind in ("json", "parquet")
    }


def hub_variables(hub) -> dict[str, str]:
    return {
        "LEADERBOARD_DATA": ADDRESS, "HF_ENDPOINT": hub.endpoint, "LEADERBOARD_REFRESH_SECONDS": "1",
        "LEADERBOARD_EVALUATOR": "off",
    }  # fmt: skip


def health(address: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{address}/healthz") as answer:
        return json.load(answer)


def wait_for_revision(address: str, sha: str) -> None:
    end = time.monotonic() + 30
    while health(address)["revision"] != sha[:12]:
        assert time.monotonic() < end, "the new commit did not appear"
        time.sleep(0.2)


def test_a_commit_on_the_hub_appears_without_a_restart_and_survives_the_hub_going_down(hub, page: Page, tmp_path: Path):
    first = hub.put("datasets", REPO, files("open_llm_2023_0714"))
    with running_app(tmp_path, **hub_variables(hub)) as address:
        assert health(address)["revision"] == first[:12]
        page.goto(address)
        expect(page.locator(".lbt-status")).to_have_text("150 rows")
        expect(page.locator("#data-status")).to_contain_text(ADDRESS)
        second = hub.put("datasets", REPO, files("open_llm_v2"))
        wait_for_revision(address, second)
        page.reload()
        expect(page.locator(".lbt-status")).to_have_text("4,576 rows")
    hub.down()
    with running_app(tmp_path, **hub_variables(hub)) as address:
        assert health(address)["revision"] == second[:12]
        page.goto(address)
        expect(page.locator(".lbt-status")).to_have_text("4,576 rows")
        expect(page.locator("#data-status")).to_contain_text("cannot be reached")
        expect(page.locator("#data-status")).to_contain_text("minutes ago")
        hub.up()
        page.wait_for_timeout(3_000)
        page.reload()
        expect(page.locator("#data-status")).not_to_contain_text("cannot be reached")


def test_without_hub_and_without_a_last_copy_the_app_says_so_and_does_not_show_sample_data(hub, tmp_path: Path):
    hub.down()
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=app_environment(tmp_path, 0, **hub_variables(hub)),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert ADDRESS in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_line_prints_the_same_board_from_a_folder_and_from_the_hub(hub, tmp_path: Path):
    hub.put("datasets", REPO, files("open_llm_2023_0714"))
    outputs = []
    for place in (str(ROOT / "data"), ADDRESS):
        command = [sys.executable, "-m", "leaderboard.cli", "board", "llm_benchmarks", "--view", "open_llm_2023_0714"]
        done = subprocess.run(
            [*command, "--data", place], cwd=ROOT, capture_output=True, text=True, timeout=60,
            env=app_environment(tmp_path, 0, **hub_variables(hub)) | {"PYTHONPATH": "src"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    assert outputs[0].count("\n") == 152
