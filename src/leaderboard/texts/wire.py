"""Readings -> JSON for the page, every text as safe HTML.

    {revision, title, origin, empty, at, of, choices: [{name, label, value, options: [[value, label, hint]]}],
     steps: [[label, {name: value}]], parts: [{key, role, title, html, side, facts, mark, link, folded, withheld}]}

A withheld part has no HTML: the page asks again with `show=<key>`.
"""

import json
from typing import Any

from leaderboard.boards.reading import Choice, Part, Reading
from leaderboard.texts.markdown import render


def encode(reading: Reading, revision: str) -> bytes:
    """The body of `/read/<tab>.json`."""
    body = {
        "revision": revision, "title": reading.title, "origin": reading.origin, "empty": reading.empty,
        "at": reading.at, "of": reading.of, "choices": [_choice(choice) for choice in reading.choices],
        "steps": [[label, dict(selection)] for label, selection in reading.steps.items()],
        "parts": [_part(part) for part in reading.parts],
    }  # fmt: skip
    return json.dumps(body, separators=(",", ":")).encode()


def _choice(choice: Choice) -> dict[str, Any]:
    options = [[option.value, option.label, option.hint] for option in choice.options]
    return {"name": choice.name, "label": choice.label, "value": choice.value, "options": options}


def _part(part: Part) -> dict[str, Any]:
    """A withheld part loses its text here, whatever its author left in it."""
    html = "" if part.withheld or not part.text else render(part.text, part.markup)
    return {
        "key": part.key, "role": part.role, "title": part.title, "html": html, "side": part.side,
        "facts": [list(fact) for fact in part.facts], "mark": part.mark, "link": part.link, "folded": part.folded,
        "withheld": part.withheld,
    }  # fmt: skip
