"""The HTTP side: rows for the table, downloads, evidence and queue, beside the Gradio pages.

Enters: requests. Leaves: gzip'd, ETag'd answers.

    GET  /table/<tab>?view=&columns=        columnar JSON for the page's table
    GET  /data/<tab>.csv|json|parquet?...   what a table shows, by the same query string as the page's URL
    GET  /plots/<tab>.json?view=            the plots of a view, with the same figures as tables
    GET  /read/<tab>.json?view=&<choices>   the texts behind the numbers, at one place
    GET  /compare/<tab>.json?view=&a=&b=    two models against each other
    GET  /data/queue.json                   queue with progress
    POST /data/queue/<key>/retry            FAILED -> PENDING, from this site's own pages only
    GET  /files/results|samples/...         evidence of the runs made here
    GET  /ui/<name>                         scripts and styles of the views, and the drawing library
    GET  /healthz
"""

import gzip
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from threading import Lock
from typing import NamedTuple
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from leaderboard.boards import export, filters, wire
from leaderboard.boards.library import Library
from leaderboard.errors import BadRecord, InvalidQuery, LeaderboardError, NotRetryable, StoreError, UnknownSubmission
from leaderboard.plots import to_json
from leaderboard.records import QueueEntry, Record
from leaderboard.sources.safety_runs import TEXTS
from leaderboard.submissions import SubmissionQueue
from leaderboard.suites import SUITES
from leaderboard.texts import wire as texts_wire

LOG = logging.getLogger(__name__)
CACHE_ENTRIES = 64
FOR_A_YEAR = "public, max-age=31536000, immutable"
MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
ASSET_MEDIA = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
STATUS_OF_ERROR: tuple[tuple[type[LeaderboardError], int], ...] = (
    (InvalidQuery, 400), (UnknownSubmission, 404), (NotRetryable, 409), (BadRecord, 503), (StoreError, 503),
)  # fmt: skip


LABELS = {
    **{suite.name: suite.title for suite in SUITES.values()},
    **{task.name: task.label for suite in SUITES.values() for task in suite.tasks},
}  # fmt: skip
"""What people call suites and tasks."""
Retry = Callable[[str], QueueEntry]
"""Puts the FAILED submission with that key back; raises UnknownSubmission or NotRetryable."""


class EvaluatorStatus(Record):
    """Whether something here evaluates the queue, in words for a visitor."""

    attached: bool
    text: str


class Packed(NamedTuple):
    """A body ready to send."""

    plain: bytes
    zipped: bytes
    etag: str


def pack(body: bytes, level: int = 6) -> Packed:
    """A body with its gzip form and its ETag; level 9 is for what is kept and sent often."""
    return Packed(body, gzip.compress(body, level, mtime=0), f'"{hashlib.sha256(body).hexdigest()[:20]}"')


class Cache:
    """Packed bodies by what they hold; the least recently used one leaves first."""

    def __init__(self, size: int = CACHE_ENTRIES) -> None:
        self._size = size
        self._lock = Lock()
        self._packed: OrderedDict[tuple[object, ...], Packed] = OrderedDict()

    def get(self, key: tuple[object, ...], make: Callable[[], bytes]) -> Packed:
        """The body of that key, made on first use."""
        with self._lock:
            if key in self._packed:
                self._packed.move_to_end(key)
                return self._packed[key]
        packed = pack(make(), 9)
        with self._lock:
            self._packed[key] = packed
            while len(self._packed) > self._size:
                self._packed.popitem(last=False)
        return packed


def send(request: Request, packed: Packed, media: str, headers: Mapping[str, str] | None = None) -> Response:
    """The body, gzip'd where the client takes that; 304 where it already has it."""
    out = {"ETag": packed.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", **(headers or {})}
    known = request.headers.get("if-none-match", "")
    if packed.etag in [tag.strip().removeprefix("W/") for tag in known.split(",")]:
        return Response(status_code=304, headers=out)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed.zipped, media_type=media, headers={**out, "Content-Encoding": "gzip"})
    return Response(packed.plain, media_type=media, headers=out)


def board_routes(library: Library, cache: Cache) -> APIRouter:
    """Rows and downloads of the boards."""
    router = APIRouter()

    @router.get("/table/{tab}")
    def table(request: Request, tab: str, view: str | None = None, columns: str | None = None) -> Response:
        board = library.board(tab, view)
        keys = tuple(columns.split(",")) if columns else None
        version = (board.revision, library.revision())  # of the rows, and of the list of views
        packed = cache.get((tab, board.view, version, keys), lambda: wire.encode(board, keys, library.views(tab)))
        return send(request, packed, "application/json")

    @router.get("/data/{tab}.{kind}")
    def download(request: Request, tab: str, kind: str) -> Response:
        if kind not in MEDIA:
            raise InvalidQuery(f"Format is {kind[:20]!r}; expected csv, json or parquet.")
        board = library.board(tab, request.query_params.get("view"))
        query = filters.parse(request.query_params.multi_items(), board)
        body = export.render(board, query, kind)
        name = f"{tab}_{board.view}.{kind}"
        return send(request, pack(body), MEDIA[kind], {"Content-Disposition": f'attachment; filename="{name}"'})

    @router.get("/plots/{tab}.json")
    def charts(request: Request, tab: str, view: str | None = None) -> Response:
        board = library.board(tab, view)
        key = ("plots", tab, board.view, board.revision)
        packed = cache.get(key, lambda: to_json(library.charts(tab, board.view)))
        return send(request, packed, "application/json")

    @router.get("/compare/{tab}.json")
    def compare(
        request: Request, tab: str, view: str | None = None, a: str | None = None, b: str | None = None
    ) -> Response:
        return send(request, pack(json.dumps(library.matchup(tab, view, a, b)).encode()), "application/json")

    return router


def reading_routes(library: Library, cache: Cache) -> APIRouter:
    """Texts behind the numbers."""
    router = APIRouter()

    @router.get("/read/{tab}.json")
    def read(request: Request, tab: str, view: str | None = None) -> Response:
        selection = {name: value for name, value in request.query_params.items() if name != "view"}
        revision = library.revision()
        packed = cache.get(
            (tab, view, revision, *sorted(selection.items())),
            lambda: texts_wire.encode(library.reading(tab, view, selection), revision),
        )  # fmt: skip
        return send(request, packed, "application/json")

    return router


WITHHELD = (
    "These are the words of a red-teaming run. The reader on the Red-teaming tab shows them one at a time, when asked; "
    "the whole file is at this address with ?show=texts."
)


def evidence_routes(library: Library) -> APIRouter:
    """Result files and samples of the runs made here."""
    router = APIRouter()

    @router.get("/files/{path:path}")
    def file(path: str, show: str = "") -> Response:
        parts = PurePosixPath(path).parts
        evidence = parts[:1] in (("results",), ("samples",)) and ".." not in parts
        if evidence and parts[-1] == f"{TEXTS}.parquet" and show != TEXTS:
            return JSONResponse({"error": WITHHELD}, 403)
        found = library.run_path(path) if evidence else None
        if found is None:
            return JSONResponse({"error": f"No file {path[:200]!r}; expected results/... or samples/..."}, 404)
        return FileResponse(found, filename=found.name)

    return router


def queue_routes(queue: SubmissionQueue, retry: Retry, evaluator: Callable[[], EvaluatorStatus]) -> APIRouter:
    """The queue as JSON, and retrying."""
    router = APIRouter()

    @router.get("/data/queue.json")
    def entries(request: Request) -> Response:
        body = {
            "labels": LABELS,
            "evaluator": evaluator().model_dump(),
            "counts": queue.counts(),
            "entries": [
                {"key": entry.key, **entry.model_dump(mode="json", exclude={"failures"})}
                for entry in queue.entries(limit=200)
            ],
        }
        return send(request, pack(json.dumps(body).encode()), "application/json")

    @router.post("/data/queue/{key}/retry")
    def try_again(request: Request, key: str) -> Response:
        if not _same_site(request):
            return JSONResponse({"error": "Retry is only possible from this site's own pages."}, 403)
        return JSONResponse(retry(key).model_dump(mode="json"))

    return router


def _same_site(request: Request) -> bool:
    """Whether a browser says the request comes from a page of this host; programs send no Origin."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def asset_routes(assets: Mapping[str, bytes], large: Mapping[str, Callable[[], bytes]]) -> APIRouter:
    """Scripts and styles, asked for anew each time; `large` ones carry their version in the URL and are kept.

    A large one is read and packed when it is first asked for.
    """
    router = APIRouter()
    later = Cache()
    packed = {name: pack(body, 9) for name, body in assets.items()}

    @router.get("/ui/{name:path}", include_in_schema=False)
    def asset(request: Request, name: str) -> Response:
        media = ASSET_MEDIA.get(PurePosixPath(name).suffix)
        if name in large and media is not None:
            return send(request, later.get((name,), large[name]), media, {"Cache-Control": FOR_A_YEAR})
        if name not in packed or media is None:
            return JSONResponse({"error": f"No asset {name[:80]!r}."}, 404)
        return send(request, packed[name], media)

    return router


def create_service(
    library: Library, queue: SubmissionQueue, retry: Retry, evaluator: Callable[[], EvaluatorStatus],
    assets: Mapping[str, bytes], large: Mapping[str, Callable[[], bytes]] | None = None,
) -> FastAPI:  # fmt: skip
    """The application with every route but Gradio's, which is mounted behind them."""
    app = FastAPI(title="Chat model leaderboard", docs_url=None, redoc_url=None)
    app.include_router(queue_routes(queue, retry, evaluator))
    app.include_router(board_routes(library, Cache()))
    app.include_router(reading_routes(library, Cache()))
    app.include_router(evidence_routes(library))
    app.include_router(asset_routes(assets, large or {}))

    @app.get("/healthz")
    def health() -> dict[str, str]:
        return {"status": "ok", "revision": library.revision()}

    @app.exception_handler(LeaderboardError)
    def explain(request: Request, error: LeaderboardError) -> JSONResponse:
        status = next((code for kind, code in STATUS_OF_ERROR if isinstance(error, kind)), 500)
        LOG.warning("%s %s: %s", request.method, request.url.path, error)
        return JSONResponse({"error": str(error)}, status)

    return app
