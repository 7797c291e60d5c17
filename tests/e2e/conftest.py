"""A browser for the tests that look at pages as a person does."""

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

expect.set_options(timeout=90_000)  # a busy machine is no fault of the page
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip


def find_chromium() -> str:
    """Path of the browser; a missing one fails the test that needs it, with what to do."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail(
            f"No Chromium: looked for {', '.join(NAMES)} in PATH. Install it, on Debian or Ubuntu with "
            "`apt-get install -y chromium`, then run the tests again.",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of its own context, 1280 wide.

    A script error, an error in the console, a dialog or a request to another host fails the test. An answer with an
    error status is no failure: tests about those ask for it.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    trouble: list[str] = []
    opened.on("pageerror", lambda error: trouble.append(f"script error: {error}"))
    opened.on("dialog", lambda dialog: (trouble.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    opened.on("console", lambda message: trouble.append(f"console: {message.text}") if _is_error(message) else None)
    opened.on("request", lambda request: trouble.append(f"request: {request.url}") if _is_foreign(request) else None)
    yield opened
    context.close()
    assert not trouble


def _is_error(message: ConsoleMessage) -> bool:
    return message.type == "error" and not message.text.startswith("Failed to load resource")


def _is_foreign(request: Request) -> bool:
    parts = urlsplit(request.url)
    return parts.scheme in ("http", "https") and parts.hostname != "127.0.0.1"
