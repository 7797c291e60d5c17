"""Retrying a failed submission: only where it can succeed, not too soon, and within its sender's share of the queue.

Enters: a FAILED entry. Leaves: the entry, waiting again, or NotRetryable saying what to do instead.
"""

import math
from datetime import datetime

from leaderboard.errors import ModelUnavailable, NotRetryable, RevisionUnavailable
from leaderboard.model_facts import ModelCatalogue
from leaderboard.records import QueueEntry, Submission
from leaderboard.submissions import MEND_IT, Limits, SubmissionQueue, accepting, quota_problems


def retry_failed(
    entry: QueueEntry, *, catalogue: ModelCatalogue, queue: SubmissionQueue, limits: Limits, now: datetime
) -> QueueEntry:
    """Put a FAILED entry back into the queue; a retry counts as a submission of its sender.

    Raises NotRetryable, saying what to do instead, when it cannot succeed, comes too soon after the failure or would
    exceed its sender's share of the queue.
    """
    submission = entry.submission
    if entry.final:
        raise NotRetryable(f"A retry cannot work: the files of {submission.model} themselves are the reason. {MEND_IT}")
    wait = limits.retry_pause_seconds - (now - entry.updated_at).total_seconds()
    if wait > 0:
        raise NotRetryable(
            f"{submission.model} failed only a moment ago. A retry is possible {limits.retry_pause_seconds:g} s "
            f"after a failure: try again in {math.ceil(wait)} s."
        )
    _require_available(submission, catalogue)
    with accepting:
        if problems := quota_problems(queue, submission.sender, limits):
            raise NotRetryable(f"Not retried: {problems[0].message}")
        return queue.retry(entry.key)


def _require_available(submission: Submission, catalogue: ModelCatalogue) -> None:
    try:
        catalogue.inspect(submission.model, submission.revision)
    except RevisionUnavailable as error:
        raise NotRetryable(f"A retry cannot work: {error} Submit the model again as it is now.") from error
    except ModelUnavailable as error:
        raise NotRetryable(f"Not retried: {error}") from error
