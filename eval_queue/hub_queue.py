"""The queue in a Hub dataset, from the settings: what `LEADERBOARD_QUEUE=hf://datasets/org/name` means.

Every machine with the same setting and a token that may write works on the same queue; results go into the same
dataset, through the queue's `results`.
"""

import random

from leaderboard.errors import QueueError, StoreError
from leaderboard.hub_client import parse_address
from leaderboard.hub_store import HubStore
from leaderboard.settings import Settings

from .queue import Clock, RetryPolicy
from .store_queue import StoreQueue

SHORTEST_LEASE_SECONDS = 1_800.0
"""A renewal is a commit and the Hub counts commits by the hour: at most six an hour for a running evaluation."""
LOOK_AGAIN_SECONDS = 10.0


def is_hub_queue(settings: Settings) -> bool:
    """Whether the queue lies on the Hub.

    Raises QueueError for an address that is none.
    """
    try:
        return parse_address(settings.queue) is not None
    except StoreError as error:
        raise QueueError(f"LEADERBOARD_QUEUE: {error}") from error


def open_hub_queue(settings: Settings, *, clock: Clock, rng: random.Random) -> StoreQueue:
    """The queue in the dataset that the settings name; the Hub is not asked yet.

    Raises QueueError when the setting is no address of a dataset, names a revision or comes without a token.
    """
    address = parse_address(settings.queue) if is_hub_queue(settings) else None
    if address is None or address.revision is not None:
        raise QueueError(
            f"LEADERBOARD_QUEUE is {settings.queue[:100]!r}; expected sqlite or "
            "hf://datasets/org/name without a revision."
        )
    if not settings.hub_token:
        raise QueueError(f"The queue {address} is written to: set HF_TOKEN to a token that may write to it.")
    store = HubStore(address.repo, endpoint=settings.hub_endpoint, token=settings.hub_token)
    return StoreQueue(
        store, clock=clock, lease_seconds=max(settings.lease_seconds, SHORTEST_LEASE_SECONDS),
        retry=RetryPolicy(max_attempts=settings.max_attempts), rng=rng, look_again_seconds=LOOK_AGAIN_SECONDS,
    )  # fmt: skip
