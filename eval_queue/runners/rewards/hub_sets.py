"""Sets of preference pairs on the Hub: which files of which dataset, and how many of their pairs are drawn.

Enters: the name of a set. Leaves: its pairs and where they are from, with the commit. H4's board of 2023 told the sizes
of its four sets, not which pairs they held: here as many are drawn from the public test (or validation) split, those
whose `pair_id` comes first, so that everybody draws the same and another file of the split changes little.
"""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from eval_queue.runners.model_folder import TIMEOUT_SECONDS
from eval_queue.runners.rewards.pairs import PairSet, drawn, pairs_of
from leaderboard.errors import PermanentFailure, TransientFailure
from leaderboard.hub_client import NOT_THERE, UNREACHABLE, explain, open_hub
from leaderboard.sources.reward_files import pairs_in
from leaderboard.sources.row_files import read_rows

CONVERTED = "refs/convert/parquet"
"""The branch on which the Hub keeps every dataset as parquet, folder by configuration and split."""


@dataclass(frozen=True, kw_only=True)
class HubSet:
    """Files of a dataset, by patterns; `n` pairs are drawn where there are more."""

    dataset: str
    files: tuple[str, ...]
    revision: str = "main"
    n: int | None = None


HUB_SETS: Mapping[str, HubSet] = {
    "h4_helpful": HubSet(dataset="Anthropic/hh-rlhf", files=("helpful-*/test.jsonl.gz",), n=3_000),
    "h4_oasst": HubSet(dataset="OpenAssistant/oasst1", files=("data/validation-*.parquet",), n=1_140),
    "h4_shp": HubSet(dataset="stanfordnlp/SHP", files=("*/test.json",), n=11_021),
    "h4_summarize": HubSet(
        dataset="openai/summarize_from_feedback", revision=CONVERTED, files=("comparisons/validation/*.parquet",),
        n=4_760,
    ),
}  # fmt: skip


def load_hub(name: str, *, endpoint: str | None = None, cache: Path | None = None) -> tuple[PairSet, str]:
    """The pairs of a set, and its dataset with the commit.

    `endpoint` and `cache` (None: as the environment says) name the Hub and where its files are kept. Raises
    TransientFailure when they cannot be fetched now, PermanentFailure when the dataset has no such file, BadRecord when
    its files are not what was expected.
    """
    where = HUB_SETS[name]
    hub = open_hub(endpoint, None, timeout=TIMEOUT_SECONDS)
    try:
        commit = str(hub.dataset_info(where.dataset, revision=where.revision).sha)
        listed = sorted(hub.list_repo_files(where.dataset, repo_type="dataset", revision=commit))
        wanted = [path for path in listed if any(fnmatch.fnmatchcase(path, each) for each in where.files)]
        paths = [
            Path(hub.hf_hub_download(where.dataset, path, repo_type="dataset", revision=commit, cache_dir=cache))
            for path in wanted
        ]
    except UNREACHABLE as error:
        kind = PermanentFailure if isinstance(error, NOT_THERE) else TransientFailure
        raise kind(
            f"The pairs of {name} ({where.dataset}) could not be fetched: {explain(error)}. Whoever runs this "
            f"evaluator can put {name}.parquet into reward_models/ below LEADERBOARD_TASK_FILES."
        ) from error
    if not paths:
        raise PermanentFailure(
            f"The dataset {where.dataset} has no file {' or '.join(where.files)} at {commit[:12]}. Whoever runs this "
            f"evaluator can put {name}.parquet into reward_models/ below LEADERBOARD_TASK_FILES."
        )
    rows = pd.concat([read_rows(path, []) for path in paths], ignore_index=True)
    found = pairs_of(name, pairs_in(rows, where.dataset), where.dataset)
    return drawn(found, where.n), f"{where.dataset}@{commit[:12]}: {', '.join(where.files)}"
