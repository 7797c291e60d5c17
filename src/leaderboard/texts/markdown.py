# ruff: noqa: ARG002

"""Untrusted Markdown or plain text -> HTML that can do nothing but be read.

Enters: a text of anybody. Leaves: HTML of `ALLOWED` tags and attributes only. HTML in the text is shown as text,
images are shown as their description and address, links lead to http and https only.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

LONGEST = 50_000
"""Characters of a text that are shown."""
LONGEST_HIGHLIGHTED = 20_000
"""Characters of a block of code that is coloured; a longer one is shown plain."""
ALLOWED: dict[str, frozenset[str]] = {
    **{name: frozenset() for name in (
        "p", "br", "hr", "em", "strong", "s", "pre", "blockquote", "ul", "li", "h3", "h4", "h5", "h6", "table",
        "thead", "tbody", "tr",
    )},
    "ol": frozenset({"start"}), "code": frozenset({"class"}), "span": frozenset({"class"}),
    "th": frozenset({"style"}), "td": frozenset({"style"}), "a": frozenset({"href", "title", "rel", "target"}),
    "bdi": frozenset(),
}  # fmt: skip
"""Every tag that can leave, with its attributes."""
_INVISIBLE = {ord(sign): f"[U+{ord(sign):04X}]" for sign in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, *range(55296, 57344)), "�")
_FORMAT = HtmlFormatter(nowrap=True)


def render(text: str, markup: str = "markdown") -> str:
    """HTML of a text; one that is longer than `LONGEST` ends with a note that says so."""
    shown = text[:LONGEST].translate(_CONTROLS | _INVISIBLE)
    body = _PARSER.render(shown) if markup == "markdown" else f"<pre>{escape(shown)}</pre>"
    if len(text) <= LONGEST:
        return body
    return f"{body}<p><strong>Cut here: {LONGEST:,} of {len(text):,} characters are shown.</strong></p>"


class _Renderer(RendererHTML):
    """The rules that differ from the library's own."""

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Nothing is loaded: the description and the address, as text."""
        token = tokens[idx]
        described = self.renderInlineAsText(token.children, options, env) if token.children else ""
        return escape(f"[image: {described} {token.attrGet('src') or ''}]")

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Links open beside the page and tell the other side nothing."""
        tokens[idx].attrs |= {"rel": "nofollow noopener noreferrer", "target": "_blank"}
        return self.renderToken(tokens, idx, options, env)

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A heading of a text stands below those of the page."""
        return f"<{_heading(tokens[idx])}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The end of a heading."""
        return f"</{_heading(tokens[idx])}>\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Code, coloured where its language is known."""
        words = tokens[idx].info.split()
        return f"<pre><code>{_coloured(tokens[idx].content, words[0] if words else '')}</code></pre>\n"


def _heading(token: Token) -> str:
    return f"h{min(6, int(token.tag[1]) + 2)}"


def _coloured(code: str, language: str) -> str:
    if not language or len(code) > LONGEST_HIGHLIGHTED:
        return escape(code)
    try:
        lexer = get_lexer_by_name(language[:40].lower(), stripnl=False)
    except ClassNotFound:
        return escape(code)
    return str(highlight(code, lexer, _FORMAT))


def _is_web_address(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"])
    parser.validateLink = _is_web_address  # type: ignore[method-assign]
    return parser


_PARSER = _parser()
