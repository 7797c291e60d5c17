"""One way to talk to the Hub: timeouts, no telemetry, no progress bars, errors in words without secrets.

huggingface_hub shares one HTTP client in a process and gives it no timeout, so a Hub that hangs would hang its
callers for ever; `open_hub` replaces that client once. Only reading and error handling live here: writing is the
business of `leaderboard.hub_store`.
"""

import logging
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import httpx2
from huggingface_hub import HfApi, constants, get_session, hf_raise_for_status, set_client_factory
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils._http import hf_request_event_hook
from huggingface_hub.utils.tqdm import disable_progress_bars

from leaderboard.errors import LeaderboardError, StoreError

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
HISTORY_PAGES = 40
SECRET = re.compile(r"hf_[A-Za-z0-9]{8,}|(?<=//)[^/@\s]+@|Bearer \S+")

UNREACHABLE: tuple[type[Exception], ...] = (httpx2.HTTPError, OSError, RuntimeError, ValueError, KeyError)
"""What a call through huggingface_hub may raise when the Hub or the network misbehaves.

HfHubHTTPError is an OSError; failed uploads arrive as RuntimeError, malformed answers as ValueError or
KeyError.
"""

NOT_THERE: tuple[type[Exception], ...] = (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError)
"""What a call raises for a repository that a retry will not bring, all of them `UNREACHABLE` too."""

MEANINGS: tuple[tuple[type[Exception], str], ...] = (
    (GatedRepoError, "access is gated: its terms must be accepted first"),
    (DisabledRepoError, "access is disabled by the Hub"),
    (RevisionNotFoundError, "the revision does not exist"),
    (RepositoryNotFoundError, "the repository does not exist, or is private and the token gives no access"),
    (RemoteEntryNotFoundError, "a file does not exist"),
    (httpx2.TimeoutException, "the Hub did not answer in time"),
)

ADDRESS = re.compile(
    r"hf://datasets/(?P<repo>[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95})"
    r"(?:@(?P<revision>[A-Za-z0-9][A-Za-z0-9._/-]{0,99}))?"
)
PINNED = re.compile(r"[0-9a-f]{40}")

_lock = threading.Lock()
_configured: list[float] = []


class HubAddress(NamedTuple):
    """A dataset repository and, when given, one of its revisions."""

    repo: str
    revision: str | None

    def __str__(self) -> str:
        return f"hf://datasets/{self.repo}" + (f"@{self.revision}" if self.revision else "")

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a commit, which never changes."""
        return bool(self.revision and PINNED.fullmatch(self.revision))


def parse_address(text: str) -> HubAddress | None:
    """The address `hf://datasets/org/name[@revision]`; None for a text that is no address of any kind.

    Raises StoreError for other addresses.
    """
    match = ADDRESS.fullmatch(text)
    if match:
        return HubAddress(match["repo"], match["revision"])
    if "://" not in text and not text.startswith("hf:"):
        return None
    raise StoreError(
        f"{redact(ascii(text[:100]))} is not an address of data; expected hf://datasets/org/name, optionally followed "
        "by @revision, or the path of a folder. Tokens belong in HF_TOKEN."
    )


def open_hub(endpoint: str | None, token: str | None, *, timeout: float = READ_SECONDS) -> HfApi:
    """A client for one endpoint (None: the public Hub) that never waits longer than `timeout` seconds for an answer.

    Without a token no token is sent, not even one that the machine's user is logged in with.
    """
    _configure(timeout)
    return HfApi(endpoint=endpoint, token=token or False, library_name="chat-model-leaderboard")


def _configure(timeout: float) -> None:
    """Give the process-wide client its timeout; done again only when the timeout differs."""
    with _lock:
        if _configured == [timeout]:
            return
        constants.HF_HUB_DISABLE_TELEMETRY = True
        disable_progress_bars()
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # it reports every request of every poll
        limits = httpx2.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout))
        set_client_factory(
            lambda: httpx2.Client(
                event_hooks={"request": [hf_request_event_hook]}, follow_redirects=True, timeout=limits
            )
        )
        _configured[:] = [timeout]


def fetch(url: str, token: str | None, timeout: float) -> httpx2.Response:
    """GET an address of the Hub that the client has no method for.

    Raises what huggingface_hub raises.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response: httpx2.Response = get_session().get(url, headers=headers, timeout=timeout)
    hf_raise_for_status(response)
    return response


def history(
    endpoint: str, kind: Literal["models", "datasets"], repo: str, *, token: str | None, timeout: float
) -> Iterator[tuple[str, str]]:
    """Id and title of the commits of main, newest first; a page is fetched when it is needed.

    At most HISTORY_PAGES pages of 50 commits. Raises what huggingface_hub raises.
    """
    url = f"{endpoint}/api/{kind}/{repo}/commits/main"
    for _ in range(HISTORY_PAGES):
        response = fetch(url, token, timeout)
        for commit in response.json():
            yield str(commit["id"]), str(commit["title"])
        following = response.links.get("next", {}).get("url")
        if not following:
            return
        url = str(following)


def status_of(error: BaseException) -> int | None:
    """HTTP status behind an error or its causes, None when no answer came."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, HfHubHTTPError):
            return int(seen.response.status_code)
        seen = seen.__cause__
    return None


def headers_of(error: BaseException) -> Mapping[str, str]:
    """Headers of the answer behind an error; empty when no answer came."""
    return error.response.headers if isinstance(error, HfHubHTTPError) else {}


def redact(text: str, token: str | None = None) -> str:
    """The text with access tokens and passwords in addresses replaced."""
    if token:
        text = text.replace(token, "<token>")
    return SECRET.sub("<token>", text)


def explain(error: BaseException, token: str | None = None) -> str:
    """What went wrong with the Hub, in one line that is safe to show."""
    if isinstance(error, LeaderboardError):
        return redact(str(error), token)
    for kind, text in MEANINGS:
        if isinstance(error, kind):
            return text
    if isinstance(error.__cause__, UNREACHABLE) and not isinstance(error, httpx2.HTTPError | HfHubHTTPError):
        return explain(error.__cause__, token)
    status = status_of(error)
    if status is not None:
        return f"the Hub answered {status}"
    if isinstance(error, httpx2.HTTPError):
        return f"the Hub cannot be reached ({type(error).__name__})"
    return redact(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", token)
