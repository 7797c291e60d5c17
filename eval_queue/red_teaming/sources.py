"""Where the prompts of a suite come from: our own, a file, a folder of files, or a dataset of the Hub.

Enters: an address. Leaves: prompts, and where they are from in words, with the commit of a dataset.
"""

from collections.abc import Sequence
from pathlib import Path

from eval_queue.runners.model_folder import TIMEOUT_SECONDS
from leaderboard.errors import BadRecord, PermanentFailure, StoreError, TransientFailure
from leaderboard.hub_client import NOT_THERE, UNREACHABLE, HubAddress, explain, open_hub, parse_address
from leaderboard.sources.row_files import is_table

from .prompts import RedPrompt, UnknownLayout, one_id_each, read_prompts

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
        return _of_dataset(hub, endpoint, cache) if hub else _of_files(Path(address))
    except (BadRecord, StoreError) as error:
        raise PermanentFailure(f"The prompts of {suite} cannot be used: {error}") from error


def _of_files(path: Path) -> tuple[tuple[RedPrompt, ...], str]:
    """The prompts of a file, or of the tables in a folder and below it."""
    if not path.exists():
        raise BadRecord(f"{path.name} is not there; expected a file or a folder (LEADERBOARD_RED_PROMPTS).")
    if path.is_file():
        return read_prompts(path), path.name
    files = sorted(file for file in path.rglob("*") if file.is_file() and is_table(file))
    prompts, left_out = _of_tables(path.name, files)
    return prompts, _told(path.name, left_out)


def _of_tables(where: str, files: Sequence[Path]) -> tuple[tuple[RedPrompt, ...], list[str]]:
    """The prompts of all tables that hold some, in their order, and the names of the others.

    Where two tables use one id, every id begins with the name of its table.
    """
    found: dict[str, tuple[RedPrompt, ...]] = {}
    left_out = []
    for file in files:
        try:
            found[file.name.partition(".")[0]] = read_prompts(file)
        except UnknownLayout:
            left_out.append(file.name)
    ids = [prompt.prompt_id for prompts in found.values() for prompt in prompts]
    if len(set(ids)) < len(ids):
        found = {
            stem: tuple(
                prompt.model_copy(update={"prompt_id": f"{stem}-{prompt.prompt_id}"[:80]}) for prompt in prompts
            )
            for stem, prompts in found.items()
        }
    return one_id_each(where, (prompt for prompts in found.values() for prompt in prompts)), left_out


def _told(where: str, left_out: Sequence[str]) -> str:
    return f"{where}; without {', '.join(left_out)}, which hold no prompts" if left_out else where


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
    except NOT_THERE as error:
        raise PermanentFailure(f"The prompts in {address} cannot be fetched: {explain(error)}.") from error
    except UNREACHABLE as error:
        raise TransientFailure(f"The prompts in {address} could not be fetched now: {explain(error)}.") from error
    prompts, left_out = _of_tables(str(address), paths)
    return prompts, _told(f"{address.repo}@{commit[:12]}", left_out)
