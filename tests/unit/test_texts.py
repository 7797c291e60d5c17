"""Texts of anybody become HTML that can only be read, and readings the page's JSON."""

import json
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.boards.reading import Choice, Option, Part, Reading
from leaderboard.texts.markdown import ALLOWED, LONGEST, render
from leaderboard.texts.wire import encode

ATTACKS = (
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "<img src=x onerror=alert(1)>",
    "![a](https://example.org/a.png)", "[x](data:text/html;base64,PHNjcmlwdD4=)", '[x](https://a.b "q\\" onclick=1")',
    '```"><script>\nx\n```', "```python\n</code></pre><script>1</script>", "a\x00b", "\u202eevil", "<https://a.b/'\"onx=1>",
    "[x](&#106;avascript:1)", "| a |\n|:-:|\n| <b onclick=1> |", "[x]: javascript:1\n\n[x]", "7. x",
    "</p></div><iframe>",
)  # fmt: skip


class _Checked(HTMLParser):
    """Collects what is not allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.wrong.append(tag)
            return
        values: Mapping[str, str] = {name: value or "" for name, value in attrs}
        self.wrong += [f"{tag} {name}" for name in values if name not in ALLOWED[tag]]
        if not values.get("href", "https://").lower().startswith(("http://", "https://")):
            self.wrong.append(values["href"])
        if values.get("style", "text-align:left") not in {f"text-align:{x}" for x in ("left", "right", "center")}:
            self.wrong.append(values["style"])

    def handle_comment(self, data: str) -> None:
        self.wrong.append(data)


def wrong_in(html: str) -> list[str]:
    parser = _Checked()
    parser.feed(html)
    parser.close()
    return parser.wrong


@pytest.mark.parametrize("markup", ["markdown", "plain"])
@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_leaves_only_allowed_tags(text: str, markup: str) -> None:
    assert wrong_in(render(text, markup)) == []


@settings(max_examples=150)
@given(st.lists(st.sampled_from([*ATTACKS, *"<>\"'&`[](){}!*_~|#\n:- ", "```", "a", "https://"]), max_size=30))
def test_any_mixture_leaves_only_allowed_tags(pieces: list[str]) -> None:
    assert wrong_in(render("".join(pieces))) == []


def test_an_image_is_words_and_a_link_tells_nothing() -> None:
    assert "<img" not in render(ATTACKS[4])
    assert "[image: a https://example.org/a.png]" in render(ATTACKS[4])
    html = render("[x](https://example.org)")
    assert 'rel="nofollow noopener noreferrer"' in html
    assert 'target="_blank"' in html


def test_null_bytes_and_overrides_become_visible() -> None:
    assert "\x00" not in render("a\x00b", "plain")
    assert "[U+202E]" in render("\u202eevil")


def test_a_long_text_is_cut_with_a_note_and_a_huge_line_is_no_trouble() -> None:
    html = render("x" * (LONGEST + 1))
    assert "50,000 of 50,001 characters are shown" in html
    assert "Cut here" not in render("x" * LONGEST)


def test_code_is_coloured_by_classes() -> None:
    assert '<span class="k">def</span>' in render("```python\ndef f(): pass\n```")
    assert "<span" not in render("```nosuchlanguage\ndef\n```")


def test_a_withheld_part_has_no_text_in_the_answer() -> None:
    parts = (Part(key="a", role="answer", title="A", text="**secret**", withheld=True),
             Part(key="b", role="answer", title="B", text="**bold**", side="b"))  # fmt: skip
    choice = Choice(name="q", label="Question", options=(Option(value="1", label="One", hint="9"),), value="1")
    body = encode(Reading(title="T", origin="O", choices=(choice,), parts=parts, steps={"Next": {"q": "2"}}), "r1")
    assert b"secret" not in body
    read = json.loads(body)
    assert [part["html"] for part in read["parts"]] == ["", "<p><strong>bold</strong></p>\n"]
    assert read["steps"] == [["Next", {"q": "2"}]]
    assert read["choices"][0]["options"] == [["1", "One", "9"]]
