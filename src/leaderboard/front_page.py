"""ASGI middleware for the page itself: a head of this project's own, and gzip.

Gradio inserts a `head=` only once its scripts run, and sends its page uncompressed. What stands here is in the first
bytes: the browser asks for rows and modules while it still loads Gradio.
"""

import gzip
from collections.abc import Iterable

from leaderboard.guard import App, Message, Receive, Scope, Send

PLACE = b"<script"
"""The head goes before the first script of the page."""


class FrontPage:
    """Wraps an ASGI application; alters its HTML answers to GET / only."""

    def __init__(self, app: App, head: str) -> None:
        self._app = app
        self._head = head.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._finish(scope, start, b"".join(parts), send)

        await self._app(scope, receive, collect)

    async def _finish(self, scope: Scope, start: Message, body: bytes, send: Send) -> None:
        headers = start["headers"]
        is_html = _header(headers, b"content-type").startswith(b"text/html")
        if is_html and not _header(headers, b"content-encoding"):
            body = body.replace(PLACE, self._head + PLACE, 1)
            headers = [(name, value) for name, value in headers if name not in (b"content-length", b"vary")]
            headers.append((b"vary", b"Accept-Encoding"))
            if b"gzip" in _header(scope["headers"], b"accept-encoding"):
                body = gzip.compress(body, 6, mtime=0)
                headers.append((b"content-encoding", b"gzip"))
            headers.append((b"content-length", str(len(body)).encode()))
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    return next((value for name, value in headers if name == wanted), b"")
