"""HubStore: the promises of `leaderboard.stores` on a dataset repository; the only user of the Hub's write API.

A write is one commit on the head that the caller's expectations were checked against. Its title carries a nonce:
when an answer is lost (a dropped connection, a 500 after the commit landed) the history is searched for the nonce
instead of committing blindly again. Etags are git blob ids, for large files the SHA-256 of the content.
"""

import random
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    hf_hub_url,
)
from huggingface_hub.errors import EntryNotFoundError
from huggingface_hub.hf_api import RepoFile

from leaderboard.errors import Conflict, NotFound, StoreUnavailable
from leaderboard.hub_client import READ_SECONDS, UNREACHABLE, explain, fetch, headers_of, history, open_hub, status_of
from leaderboard.stores import PATH, Stored, check_path, check_prefix, require

TRIES = 5
FIRST_WAIT = 0.5
LONGEST_WAIT = 10.0
FINAL_STATUS = (400, 401, 403, 404, 413, 422)
"""Answers that trying again cannot change."""


class HubStore:
    """A store in a dataset repository on the Hub.

    `sleep` and `rng` time the retries; tests pass their own.
    """

    def __init__(
        self,
        repo: str,
        *,
        endpoint: str | None = None,
        token: str | None = None,
        timeout: float = READ_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self.repo = repo
        self._token = token
        self._timeout = timeout
        self._sleep = sleep
        self._rng = rng or random.Random()  # noqa: S311 -- jitter, not a secret
        self._api: HfApi = open_hub(endpoint, token, timeout=timeout)

    def create(self, *, private: bool = True) -> None:
        """Make the repository when it does not exist.

        Raises StoreUnavailable.
        """
        try:
            self._api.create_repo(self.repo, repo_type="dataset", private=private, exist_ok=True)
        except UNREACHABLE as error:
            raise self._unavailable("be created", error) from error

    def list(self, prefix: str = "") -> dict[str, str]:
        """See `Store.list`; names that are no store paths are left out."""
        folder = check_prefix(prefix)
        try:
            entries = self._api.list_repo_tree(self.repo, folder or None, recursive=True, repo_type="dataset")
            files = [entry for entry in entries if isinstance(entry, RepoFile)]
        except EntryNotFoundError:
            return self._etags([folder]) if folder else {}
        except UNREACHABLE as error:
            raise self._unavailable("be listed", error) from error
        return dict(sorted((file.path, etag_of(file)) for file in files if PATH.fullmatch(file.path)))

    def read(self, path: str) -> Stored:
        """See `Store.read`."""
        url = hf_hub_url(self.repo, check_path(path), repo_type="dataset", endpoint=self._api.endpoint)
        try:
            response = fetch(url, self._token, self._timeout)
        except EntryNotFoundError as error:
            raise NotFound(f"{path}: no such file in {self.repo}.") from error
        except UNREACHABLE as error:
            raise self._unavailable(f"give {path}", error) from error
        first = response.history[0] if response.history else response
        etag = first.headers.get("X-Linked-Etag") or first.headers.get("ETag") or ""
        return Stored(response.content, etag.removeprefix("W/").strip('"'))

    def write(
        self,
        changes: Mapping[str, bytes | None],
        *,
        expected: Mapping[str, str | None] | None = None,
        message: str = "",
    ) -> dict[str, str]:
        """See `Store.write`; one commit titled `message` and a nonce."""
        paths = [check_path(path) for path in dict.fromkeys((*changes, *(expected or {})))]
        title = f"{' '.join(message.split())[:120] or 'Update'} [{secrets.token_hex(8)}]"
        etags = self._until_landed(
            title, paths, lambda head: self._attempt(changes, expected or {}, paths, head, title)
        )
        return {path: etags[path] for path, data in changes.items() if data is not None}

    def _until_landed(self, title: str, paths: Sequence[str], attempt: Callable[[str], str | None]) -> dict[str, str]:
        """Etags of `paths` in the first commit that landed; an attempt whose answer was lost is looked for first."""
        oldest: str | None = None
        failure: Exception | None = None
        for number in range(TRIES):
            if number:
                self._sleep(self._wait(number, failure))
            try:
                head = self._head()
                landed = self._find_commit(title, oldest) if oldest else None
                oldest = oldest or head
                if landed := landed or attempt(head):
                    return self._etags(paths, landed)
                failure = None
            except UNREACHABLE as error:
                if status_of(error) in FINAL_STATUS:
                    raise self._unavailable("be written", error) from error
                failure = error
        if failure is None:
            raise Conflict(f"{self.repo}: {TRIES} times somebody else committed first; read again and retry.")
        raise self._unavailable("be written (the outcome is unknown: read before trying again)", failure) from failure

    def _attempt(
        self, changes: Mapping[str, bytes | None], expected: Mapping[str, str | None], paths: Sequence[str],
        head: str, title: str,
    ) -> str | None:  # fmt: skip
        """Commit id that holds our changes; None when the head moved meanwhile.

        Raises Conflict when an expectation fails at `head`.
        """
        current = self._etags(paths, head)
        require(expected, current)
        operations = list(as_operations(changes, current))
        if not operations:
            return head
        try:
            done = self._api.create_commit(
                self.repo, operations, commit_message=title, repo_type="dataset", parent_commit=head
            )
        except UNREACHABLE as error:
            if status_of(error) == 412:
                return None
            raise
        # The client skips a commit silently when the newest content equals ours, even on a stale parent.
        return head if done.oid == head else self._find_commit(title, head)

    def _head(self) -> str:
        return str(self._api.dataset_info(self.repo, timeout=self._timeout).sha)

    def _etags(self, paths: Iterable[str], revision: str | None = None) -> dict[str, str]:
        found = self._api.get_paths_info(self.repo, list(paths), revision=revision, repo_type="dataset")
        return {entry.path: etag_of(entry) for entry in found if isinstance(entry, RepoFile)}

    def _find_commit(self, title: str, since: str) -> str | None:
        """Id of the commit with that title made after the commit `since`."""
        commits = history(self._api.endpoint, "datasets", self.repo, token=self._token, timeout=self._timeout)
        for commit_id, found in commits:
            if found == title:
                return commit_id
            if commit_id == since:
                return None
        return None

    def _wait(self, number: int, failure: Exception | None) -> float:
        """Seconds until the next try: what the Hub asks for, else exponential with full jitter."""
        asked = headers_of(failure).get("Retry-After", "") if failure else ""
        if asked.isdigit():
            return min(float(asked), LONGEST_WAIT)
        return self._rng.uniform(0, min(FIRST_WAIT * 2**number, LONGEST_WAIT))

    def _unavailable(self, what: str, error: Exception) -> StoreUnavailable:
        reason = explain(error, self._token)
        return StoreUnavailable(f"Hub dataset {self.repo} could not {what}: {reason}.")


def etag_of(entry: RepoFile) -> str:
    """Etag of a listed file, equal to the ETag of its download: SHA-256 for large files, else the git blob id."""
    return str(entry.lfs.sha256 if entry.lfs else entry.blob_id)


def as_operations(
    changes: Mapping[str, bytes | None], current: Mapping[str, str]
) -> Iterator[CommitOperationAdd | CommitOperationDelete]:
    """Commit operations; deleting a file that is not there is left out because the Hub refuses it."""
    for path, data in changes.items():
        if data is not None:
            yield CommitOperationAdd(path_in_repo=path, path_or_fileobj=data)
        elif path in current:
            yield CommitOperationDelete(path_in_repo=path)
