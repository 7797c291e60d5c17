"""Where the prompts of a suite come from: our own, a file, a folder of files, or a dataset of the Hub.

Enters: an address. Leaves: prompts, and where they are from in words, with the commit of a dataset.
"""

from pathlib import Path

from eval_queue.runners.model_folder import TIMEOUT_SECONDS
from leaderboard.errors import BadRecord, PermanentFailure, StoreError, TransientFailure
from leaderboard.hub_client import UNREACHABLE, HubAddress, explain, open_hub, parse_address
from leaderboard.sources.row_files import is_table

from .prompts import RedPrompt, one_id_each, read_prompts

OWN_SUITE = "refusal_own"


def find_prompts(
    suite: str, address: str | None, *, endpoint: str | None = None, cache: Path | None = None
) -> tuple[tuple[RedPrompt, ...], str]:
    """The prompts of a suite; `address` is `LEADERBOARD_RED_PROMPTS`.

    `endpoint` and `cache` (None: as the environment says) name the Hub and where its files are kept. Raises
    PermanentFailure when there are none that can be used, TransientFailure when the Hub cannot be reached.
    """
    try:
        if suite == OWN_SUITE:
            return read_prompts(), "this project's own"
        if address is None:
            raise PermanentFailure(f"{suite} needs prompts; whoever runs this evaluator sets LEADERBOARD_RED_PROMPTS.")
        hub = parse_address(address)
        return _of_dataset(hub, endpoint, cache) if hub else (_of_files(Path(address)), Path(address).name)
    except (BadRecord, StoreError) as error:
        raise PermanentFailure(f"The prompts of {suite} cannot be used: {error}") from error


def _of_files(path: Path) -> tuple[RedPrompt, ...]:
    """The prompts of a file, or of all tables in a folder and below it, in the order of their names."""
    if not path.exists():
        raise BadRecord(f"{path.name} is not there; expected a file or a folder (LEADERBOARD_RED_PROMPTS).")
    files = sorted(file for file in path.rglob("*") if file.is_file() and is_table(file)) if path.is_dir() else [path]
    return one_id_each(path.name, (prompt for file in files for prompt in read_prompts(file)))


def _of_dataset(
    address: HubAddress, endpoint: str | None, cache: Path | None
) -> tuple[tuple[RedPrompt, ...], str]:  # fmt: skip
    hub = open_hub(endpoint, None, timeout=TIMEOUT_SECONDS)
    try:
        commit = str(hub.dataset_info(address.repo, revision=address.revision).sha)
        names = sorted(hub.list_repo_files(address.repo, repo_type="dataset", revision=commit))
        paths = [
            Path(hub.hf_hub_download(address.repo, name, repo_type="dataset", revision=commit, cache_dir=cache))
            for name in names if is_table(Path(name))
        ]  # fmt: skip
    except UNREACHABLE as error:
        raise TransientFailure(f"The prompts in {address} could not be fetched now: {explain(error)}.") from error
    prompts = one_id_each(str(address), (prompt for path in paths for prompt in read_prompts(path)))
    return prompts, f"{address.repo}@{commit[:12]}"
