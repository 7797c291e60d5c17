"""The fold of a tab: how its numbers are computed, and what was repaired in its data; fetched when it is opened.

Enters: the texts of this folder, one file a topic, and the cards of the tables that a tab shows. The page itself
carries the closed fold only: nobody pays for eleven texts to read one board.
"""

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

import gradio as gr
from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from leaderboard.boards.library import Library
from leaderboard.errors import InvalidQuery
from leaderboard.sources.tables import Card

FOLDER = Path(__file__).parent
FOLD = """
<p class="lb-lead">LEAD</p>
<details class="lb-fold"><summary>How this is computed, and what was repaired in the data</summary>
<div class="lb-fold-body" aria-live="polite"></div></details>
"""
SCRIPT = """
const fold = element.querySelector('.lb-fold');
const script = new URL('ui/methods/fold.js', document.baseURI).href;
fold.addEventListener('toggle', () => fold.open && import(script).then((it) => it.fill(fold, props.board)));
"""


def assets() -> dict[str, bytes]:
    """The script to serve under ui/."""
    return {"methods/fold.js": (FOLDER / "fold.js").read_bytes()}


def component(board: str, lead: str) -> gr.HTML:
    """One line about a tab, and its fold."""
    return gr.HTML(
        html_template=FOLD.replace("LEAD", escape(lead)), js_on_load=SCRIPT, apply_default_css=False,
        elem_id=f"{board}-method", board=board,
    )  # fmt: skip


def method_routes(library: Library, topics: Mapping[str, tuple[str, ...]]) -> APIRouter:
    """`method/<tab>.html`: what belongs into the fold of a tab; `topics` names its files here."""
    router = APIRouter()

    @router.get("/method/{tab}.html", include_in_schema=False)
    def method(tab: str) -> HTMLResponse:
        if tab not in topics:
            raise InvalidQuery(f"Tab is {tab[:40]!r}; expected one of {', '.join(topics)}.")
        return HTMLResponse(_texts(topics[tab]) + _repairs(library.cards(tab)), headers={"Cache-Control": "no-cache"})

    return router


def _texts(topics: tuple[str, ...]) -> str:
    return "".join((FOLDER / f"{name}.html").read_text(encoding="utf-8") for name in topics)


def _repairs(cards: Iterable[Card]) -> str:
    """What was found in each published table, and what was done about it."""
    parts = []
    for card in cards:
        items = "".join(f"<li>{escape(f.what)} Rows: {f.rows:,}. {escape(f.treatment)}</li>" for f in card.findings)
        items += "".join(f"<li>Left out, {escape(r.where)}: {escape(r.reason)}</li>" for r in card.rejected)
        about = f"<p>{escape(card.about)}</p>" if card.about else ""
        source = f'<p class="lb-quiet">{escape(card.source)} Licence: {escape(card.license)}.</p>'
        parts.append(f"<details><summary>{escape(card.title)}</summary>{about}<ul>{items}</ul>{source}</details>")
    return "".join(parts)
