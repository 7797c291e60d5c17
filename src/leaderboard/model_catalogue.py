"""Facts about models, from the Hub and from a folder of this machine.

Enters: an id and a revision whose syntax was checked (`leaderboard.submission_rules`). Leaves: `ModelFacts`, or
ModelUnavailable saying why and what to do. Nothing of a model is loaded or run: only names, sizes and small text
files are looked at.
"""

import re
from collections.abc import Mapping
from typing import Any

from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import ModelInfo
from pydantic import ValidationError

from leaderboard import model_files
from leaderboard.errors import ModelUnavailable, RevisionUnavailable
from leaderboard.hub_client import READ_SECONDS, UNREACHABLE, explain, fetch, history, open_hub, status_of
from leaderboard.local_models import LOCAL, LocalCatalogue
from leaderboard.model_facts import ModelCatalogue, ModelFacts
from leaderboard.settings import Settings

LARGEST_TEXT = 5_000_000
COMMIT = re.compile(r"[0-9a-f]{7,40}")


def open_catalogue(settings: Settings, *, timeout: float = READ_SECONDS) -> ModelCatalogue:
    """The catalogue of everything that can be submitted: the models folder and the Hub."""
    hub = HubCatalogue(endpoint=settings.hub_endpoint, token=settings.hub_token, timeout=timeout)
    return CombinedCatalogue(local=LocalCatalogue(settings.models), hub=hub)


class CombinedCatalogue:
    """`local/<name>` is looked up on this machine, everything else on the Hub."""

    def __init__(self, *, local: ModelCatalogue, hub: ModelCatalogue) -> None:
        self._local = local
        self._hub = hub

    def inspect(self, model: str, revision: str) -> ModelFacts:
        """See `ModelCatalogue.inspect`."""
        is_local = model.split("/")[0].lower() == LOCAL
        return (self._local if is_local else self._hub).inspect(model, revision)


class HubCatalogue:
    """Public models of the Hub. Gated ones are refused even with a token: evaluations run without it."""

    def __init__(self, *, endpoint: str | None = None, token: str | None = None, timeout: float = READ_SECONDS) -> None:
        self._token = token
        self._timeout = timeout
        self._api: HfApi = open_hub(endpoint, token, timeout=timeout)

    def inspect(self, model: str, revision: str) -> ModelFacts:
        """See `ModelCatalogue.inspect`."""
        try:
            info = self._api.model_info(model, revision=revision, files_metadata=True, timeout=self._timeout)
            self._require_open(info)
            if COMMIT.fullmatch(revision):
                self._require_in_main(info)
            files = {s.rfilename: s.size or (s.lfs.size if s.lfs else 0) for s in info.siblings or ()}
            texts = {name: self._text(info, name) for name in model_files.TEXTS if name in files}
            return _facts(info, files, texts)
        except UNREACHABLE as error:
            raise self._unavailable(model, revision, error) from error

    def _require_open(self, info: ModelInfo) -> None:
        if info.private:
            raise ModelUnavailable(f"{info.id} is private; only public models are evaluated. Publish it first.")
        if info.gated:
            raise _gated(info.id)
        if info.disabled:
            raise ModelUnavailable(f"{info.id} is disabled by the Hub; submit another model.")

    def _require_in_main(self, info: ModelInfo) -> None:
        """Anybody can make a commit on anybody's model by a pull request; only its owner's commits are in main."""
        commits = history(self._api.endpoint, "models", info.id, token=self._token, timeout=self._timeout)
        if not any(commit_id == info.sha for commit_id, _ in commits):
            raise RevisionUnavailable(
                f"Commit {info.sha} of {info.id} is not in the history of main, it may come from a pull request; "
                "name a commit of main, or the branch or tag that it belongs to."
            )

    def _text(self, info: ModelInfo, name: str) -> str:
        """A small text file of the model, '' when it is too large to be one."""
        size = next((s.size or 0 for s in info.siblings or () if s.rfilename == name), 0)
        if size > LARGEST_TEXT:
            return ""
        url = hf_hub_url(info.id, name, revision=info.sha, endpoint=self._api.endpoint)
        return fetch(url, self._token, self._timeout).content.decode(errors="replace")

    def _unavailable(self, model: str, revision: str, error: Exception) -> ModelUnavailable:
        if isinstance(error, RevisionNotFoundError):
            return RevisionUnavailable(f"{model} has no revision {revision!r}; expected a branch, tag or commit of it.")
        if isinstance(error, GatedRepoError):
            return _gated(model)
        if isinstance(error, DisabledRepoError):
            return ModelUnavailable(f"{model} is disabled by the Hub; submit another model.")
        if isinstance(error, RepositoryNotFoundError) or status_of(error) == 401:
            return ModelUnavailable(
                f"{model} does not exist on the Hub, was deleted or is private; check the id on the model's page."
            )
        if isinstance(error, RemoteEntryNotFoundError):
            return ModelUnavailable(f"{model} lost a file while it was being looked at; try again.")
        return ModelUnavailable(
            f"{model} cannot be looked up now: {explain(error, self._token)}. Try again in a few minutes."
        )


def _gated(model: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"{model} is gated, and evaluations here run without an account, so that a model cannot use it; ask its owner "
        "to open it, or evaluate a local copy as local/<folder>."
    )


def _facts(info: ModelInfo, files: Mapping[str, int], texts: Mapping[str, str]) -> ModelFacts:
    """Facts from what the Hub tells; `texts` holds the small files that were fetched."""
    card: Mapping[str, Any] = vars(info.card_data) if info.card_data is not None else {}
    try:
        return ModelFacts(
            model=info.id, revision=str(info.sha), params=info.safetensors.total if info.safetensors else None,
            **model_files.facts_of_files(files), **model_files.facts_of_card(card),
            **model_files.facts_of_texts(texts, template_file=model_files.has_template_file(files)),
        )  # fmt: skip
    except ValidationError as error:
        fields = ", ".join(str(detail["loc"][0]) for detail in error.errors())
        raise ModelUnavailable(f"The Hub describes {info.id} in an unexpected way ({fields}); try again.") from error
