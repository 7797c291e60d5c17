"""ASGI middleware in front of everything: closed doors and security headers.

Gradio brings routes this site does not use (uploads, proxying, streaming, deep links); they answer 404 here. Bodies
over the limit are refused before they are read.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 64 * 1024
CLOSED = tuple(
    f"/gradio_api/{name}" for name in
    ("upload", "upload_progress", "proxy", "stream", "vibe", "deep_link", "component_server", "monitoring", "dev")
)  # fmt: skip
CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'self'",
        "form-action 'self'",
        "object-src 'none'",
        "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
    )
)
HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
)


class Guard:
    """Wraps an ASGI application."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse, one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        if any(path == door or path.startswith(f"{door}/") for door in CLOSED):
            await _refuse(send, 404, "This site does not offer that.")
        elif _body_size(scope) > MAX_BODY:
            await _refuse(send, 413, f"The request has more than {MAX_BODY:,} bytes.")
        else:
            await self._app(scope, receive, _with_headers(send))


def _body_size(scope: Scope) -> int:
    """Declared size of the body; a body without a size counts as too large."""
    headers = dict(scope["headers"])
    if b"chunked" in headers.get(b"transfer-encoding", b""):
        return MAX_BODY + 1
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() else MAX_BODY + 1


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *HEADERS]
        await send(message)

    return wrapped


async def _refuse(send: Send, status: int, text: str) -> None:
    body = json.dumps({"error": text}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
