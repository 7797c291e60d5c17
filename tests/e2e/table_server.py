"""The table on a page of its own, without Gradio: a small server over made-up boards."""

import hashlib
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, parse_qsl, urlsplit

from leaderboard.boards import export, filters, wire
from leaderboard.boards.board import Board, View
from leaderboard.views.table import assets
from tests.nasty_board import nasty_board

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Table</title><link rel="icon" href="data:,"><link rel="stylesheet" href="ui/table/table.css"></head>
<body style="background: var(--lb-ground); font-family: sans-serif"><div id="t"></div><script type="module">
import { mountTable } from "./ui/table/table.js";
const onState = (parameters) => history.replaceState(null, "", `?${parameters}`);
window.table = mountTable(document.getElementById("t"), {
  board: "nasty", parameters: new URLSearchParams(location.search), onState });
</script></body></html>"""
ASSETS = assets()
VIEWS = tuple(View(value=name, path=(name.title(),), title=name, about="") for name in ("all", "other", "third"))


@dataclass
class World:
    """What the server shows, and how it misbehaves."""

    boards: dict[str, Board]
    address: str = ""
    slow: bool = False
    broken: bool = False
    requests: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


def new_world() -> World:
    """Three views of different rows."""
    views = {"all": (160, 7), "other": (90, 8), "third": (40, 9)}
    return World(boards={view: nasty_board(view, n, seed) for view, (n, seed) in views.items()})


class Handler(BaseHTTPRequestHandler):
    """Answers for the world of its server."""

    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.world.requests.append(self.path)
        if parts.path == "/":
            self.answer(PAGE.encode(), "text/html; charset=utf-8")
        elif parts.path.startswith("/ui/"):
            kind = "text/css" if parts.path.endswith(".css") else "text/javascript"
            self.answer(ASSETS[parts.path.removeprefix("/ui/")], kind)
        elif self.world.broken:
            self.answer(b'{"error": "the store is away"}', "application/json", 503)
        else:
            self.answer_data(parts.path, parts.query)

    def answer_data(self, path: str, query: str) -> None:
        given = parse_qs(query, keep_blank_values=True)
        view = given.get("view", ["all"])[0]
        if view not in self.world.boards:
            self.answer(b'{"error": "no such view"}', "application/json", 400)
            return
        board = self.world.boards[view]
        if self.world.slow:
            time.sleep(random.random() * 0.15)
        if path.startswith("/table/"):
            keys = given["columns"][0].split(",") if "columns" in given else None
            self.answer(wire.encode(board, keys, VIEWS), "application/json")
        else:
            parsed = filters.parse(parse_qsl(query, keep_blank_values=True), board)
            self.answer(export.render(board, parsed, path.rpartition(".")[2]), "application/octet-stream")

    def answer(self, body: bytes, kind: str, status: int = 200) -> None:
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.world.statuses.append(status)
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("ETag", etag), ("Cache-Control", "no-cache")):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except BrokenPipeError:  # the page no longer wants it
            self.close_connection = True


class QuietServer(ThreadingHTTPServer):
    """A browser that hangs up early is no news."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing; the browser's side of the test tells what matters."""


@contextmanager
def serving(world: World | None = None, handler: type[Handler] = Handler) -> Iterator[World]:
    """A running server and its world."""
    world = world or new_world()
    server = QuietServer(("127.0.0.1", 0), type("WorldHandler", (handler,), {"world": world}))
    world.address = f"http://127.0.0.1:{server.server_address[1]}/"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
