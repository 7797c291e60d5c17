"""The page: title, tabs, footer, and how the address follows what is chosen."""

import json
from collections.abc import Callable
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, Protocol

import gradio as gr
from fastapi import APIRouter, FastAPI

from leaderboard.boards.library import Library
from leaderboard.front_page import FrontPage
from leaderboard.plots import script
from leaderboard.submissions import SubmissionQueue
from leaderboard.views import about_tab, board_tab, methods, pair, plots, queue, reader, run_page, submit_tab, table
from leaderboard.views.text import age

TITLE = "Chat model leaderboard"
SENTENCE = "How good chat models are, with the evidence and the uncertainty of every number."
TABS = {tab.name: tab.label for tab in board_tab.BOARD_TABS} | {"queue": "Submit & queue", "about": "About"}
"""Names in the address and labels; the first one is open by default."""
BOARDS = tuple(tab.name for tab in board_tab.BOARD_TABS)
"""Tabs that show a table, the first one open by default."""
STYLE = Path(__file__).with_name("page.css")
LARGE = {script.NAME: script.read}
"""What is too large to be read before somebody needs it, by name below ui/."""
SHOW_TAB = """
() => requestAnimationFrame(() => {
  const button = document.querySelector('#tabs [role=tab][aria-selected=true]');
  button?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
})
"""
"""Brings the open tab into sight where the row of tabs is longer than the window."""
FOLLOW_TABS = """
() => {
  const labels = LABELS;
  const names = Object.keys(labels);
  const button = document.querySelector('#tabs [role=tab][aria-selected=true]');
  const wanted = names.find((name) => labels[name] === button?.textContent.trim());
  button?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  const before = new URLSearchParams(location.search).get('tab') || names[0];
  if (!wanted || before === wanted) return;
  document.dispatchEvent(new Event('lb-leave'));
  const now = new URL(location.href);
  const searches = { ...history.state?.searches, [before]: now.search };
  const theme = now.searchParams.get('__theme');
  now.search = searches[wanted] ?? (wanted === names[0] ? '' : '?tab=' + wanted);
  if (theme) now.searchParams.set('__theme', theme);
  history.pushState({ ...history.state, searches }, '', now);
  document.dispatchEvent(new Event('lb-address'));
}
"""
"""Keeps `tab=` of the address in step; every tab gets its own part of the address back, also after a reload."""


class Freshness(Protocol):
    """Whether the data shown is the newest there is."""

    @property
    def fetched_at(self) -> datetime:
        """When it was last known to be the newest."""
        ...

    @property
    def stale(self) -> bool:
        """Whether the source could not be reached since."""
        ...

    @property
    def error(self) -> str | None:
        """Why it could not be reached."""
        ...

    @property
    def origin(self) -> str:
        """Where the data comes from, for people."""
        ...


def assets() -> dict[str, bytes]:
    """Every script and style of the views, by name below ui/."""
    return {
        **table.assets(),
        **queue.assets(),
        **plots.assets(),
        **pair.assets(),
        **reader.assets(),
        **run_page.assets(),
        **methods.assets(),
        "page.css": STYLE.read_bytes(),
    }


def routes(library: Library, submissions: SubmissionQueue) -> APIRouter:
    """What the views serve themselves: a page for every submission, and the texts about the methods."""
    router = APIRouter()
    router.include_router(run_page.run_routes(library, submissions))
    router.include_router(methods.method_routes(library, board_tab.TOPICS))
    return router


def build(
    library: Library, desk: submit_tab.Desk, freshness: Callable[[], Freshness], clock: Callable[[], datetime],
) -> gr.Blocks:  # fmt: skip
    """The Blocks of the whole page."""
    page: gr.Blocks
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        status = gr.HTML(status_html(library, freshness(), clock()), apply_default_css=False, elem_id="data-status")
        with gr.Tabs(elem_id="tabs") as tabs:
            for tab in board_tab.BOARD_TABS:
                with gr.Tab(tab.label, id=tab.name):
                    board_tab.build(tab, is_first=tab is board_tab.BOARD_TABS[0])
            with gr.Tab(TABS["queue"], id="queue"):
                submit_tab.build(desk)
                queue.component()
            with gr.Tab(TABS["about"], id="about"):
                about_tab.build(library.rejected())
        submit_tab.add_api(desk)
        gr.HTML(_footer(), apply_default_css=False)
        tabs.select(None, js=FOLLOW_TABS.replace("LABELS", json.dumps(TABS)), api_visibility="private")

        def on_load(request: gr.Request) -> tuple[Any, str]:
            """Open the tab of the address; without one nothing is selected, a visitor may already have chosen."""
            wanted = request.query_params.get("tab")
            chosen = gr.Tabs(selected=wanted) if wanted in TABS else gr.skip()
            return chosen, status_html(library, freshness(), clock())

        loaded = page.load(on_load, outputs=[tabs, status], api_visibility="private", show_progress="hidden")
        loaded.then(None, js=SHOW_TAB, api_visibility="private", show_progress="hidden")
    page.queue(api_open=False, default_concurrency_limit=4, max_size=64)
    return page


def mount(app: FastAPI, page: gr.Blocks) -> FastAPI:
    """The page behind the service's own routes, with the settings that keep it closed and light."""
    fonts = ["system-ui", "-apple-system", "Segoe UI", "sans-serif"]
    theme = gr.themes.Base(
        font=fonts, font_mono=["ui-monospace", "Menlo", "monospace"], text_size="sm", radius_size="sm"
    )
    css = "\n".join(
        body.decode() for name, body in assets().items() if name.endswith(".css") and "run_page" not in name
    )
    mounted: FastAPI = gr.mount_gradio_app(
        app, page, path="/", theme=theme, css=css, show_error=False, max_file_size="64kb", ssr_mode=False,
        footer_links=[], enable_monitoring=False,
    )  # fmt: skip
    mounted.add_middleware(FrontPage, head=table.head(BOARDS, TABS))
    return mounted


def status_html(library: Library, data: Freshness, now: datetime) -> str:
    """The quiet line under the title: as of, revision, source, and a warning when the data is old."""
    days = [card.as_of for card in library.cards() if card.as_of]
    newest = [f"Figures as of {max(days):%Y-%m-%d}"] if days else []
    parts = [*newest, f"data revision {library.revision()}", f"from {data.origin}"]
    head = f'<header class="lb-header"><h1>{TITLE}</h1><p>{SENTENCE}</p></header>'
    line = f'{head}<p class="lb-quiet">{escape(" · ".join(parts))}</p>'
    if not data.stale:
        return line
    warning = (
        f"The data source cannot be reached ({data.error or 'no answer'}). Shown is the last good copy, "
        f"fetched {age(data.fetched_at, now)} ago."
    )
    return f'{line}<p class="lb-verdict lb-bad" role="status">{escape(warning)}</p>'


def _footer() -> str:
    links = (
        ("openapi.json", "HTTP API"), ("gradio_api/info", "Gradio API"),
        ("data/llm_benchmarks.csv", "Download the board"), ("?tab=about", "Method and sources"),
    )  # fmt: skip
    anchors = " ".join(f'<a href="{href}">{label}</a>' for href, label in links)
    return f'<footer class="lb-footer">{anchors}<span>Code: Apache-2.0</span></footer>'
