"""Submissions: what a draft must satisfy, and what a queue promises.

Enters: a `Draft` (what a person or a program sent) and a `ModelCatalogue` (what is known about models). Leaves: a
validated `Submission` pinned to a commit, or every `Problem` at once. The syntax of ids is judged before any
catalogue is asked. The queue itself is injected: see `eval_queue.queue`.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from leaderboard import model_rules
from leaderboard import submission_rules as rules
from leaderboard.errors import (
    InvalidSubmission,
    ModelUnavailable,
    Problem,
    QueueError,
    RevisionUnavailable,
    StoreError,
)
from leaderboard.model_facts import ModelCatalogue, ModelFacts
from leaderboard.model_rules import parameters as parameters  # part of this module's interface
from leaderboard.records import MODEL_TYPES, PRECISIONS, ModelType, Precision, QueueEntry, State, Submission
from leaderboard.submission_rules import Limits as Limits  # part of this module's interface
from leaderboard.suites import SUITES, evaluable_suites

MEND_IT = "Mend the model and submit it again: a new commit is a new submission."
OPEN_STATES: tuple[State, ...] = ("PENDING", "RUNNING")
MOST_OPEN = 100_000
T = TypeVar("T")

accepting = threading.Lock()
"""Held while a quota is counted and used, so that many requests at once do not slip through together."""


class SubmissionQueue(Protocol):
    """What the views and the CLI may do with a queue."""

    def add(self, submission: Submission) -> QueueEntry:
        """Store a submission durably before returning; the existing entry if its key is already known."""
        ...

    def get(self, key: str) -> QueueEntry | None:
        """The entry with that key, or None."""
        ...

    def entries(self, *, states: Sequence[State] | None = None, limit: int = 200) -> list[QueueEntry]:
        """Newest change first, PENDING by position; at most `limit`."""
        ...

    def counts(self) -> dict[State, int]:
        """Number of entries in every state."""
        ...

    def retry(self, key: str) -> QueueEntry:
        """Put a FAILED entry back to PENDING with its attempts reset.

        Raises UnknownSubmission, or NotRetryable when it is not FAILED.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What was sent, unchecked: strings and one flag are expected, anything is survived.

    `revision` is a branch, tag or commit; '' means main. Ordinary spaces around text are ignored.
    """

    model: object
    revision: object = "main"
    precision: object = "bfloat16"
    suite: object = "core"
    chat_template: object = False
    model_type: object = "unknown"
    sender: object = "anonymous"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The verdict on a draft.

    `submission` is None exactly when there are `problems`. A `duplicate` is the queue's entry for the same
    evaluation, `is_published` tells of a result that the queue may not know: nothing is wrong, but it will not be
    queued again. `facts` is None when no catalogue was asked.
    """

    submission: Submission | None
    problems: tuple[Problem, ...] = ()
    duplicate: QueueEntry | None = None
    is_published: bool = False
    warnings: tuple[str, ...] = ()
    facts: ModelFacts | None = None

    @property
    def acceptable(self) -> bool:
        """Whether it would be queued."""
        return self.submission is not None and not self.known

    @property
    def known(self) -> str:
        """Why it would not be queued again and what its sender can do; empty when it is new."""
        if self.duplicate is not None:
            return duplicate_message(self.duplicate)
        if self.submission is None or not self.is_published:
            return ""
        return (
            f"{self.submission.model} at {self.submission.revision[:8]} already has this result; see its row on the "
            f"board or its page, /runs/{self.submission.key}."
        )


@dataclass(frozen=True, kw_only=True)
class _Fields:
    """A draft whose fields all have the right form."""

    model: str
    revision: str
    precision: Precision
    suite: str
    chat_template: bool
    model_type: ModelType
    sender: str


def check(
    draft: Draft, *, catalogue: ModelCatalogue, queue: SubmissionQueue, limits: Limits, now: datetime,
    result_exists: Callable[[Submission], bool],
) -> Checked:  # fmt: skip
    """Everything that would be refused about a draft, without changing anything.

    `now` is aware UTC; `result_exists` tells whether a result is published that the queue may not know of.
    The catalogue is asked only when the ids of model and revision have the right form.
    """
    fields, problems = _read_fields(draft)
    suite = SUITES.get(fields.suite)
    problems += rules.suite_problems(
        suite, chat_template=fields.chat_template, limits=limits, precision=fields.precision
    )
    facts: ModelFacts | None = None
    if not any(problem.field in ("model", "revision") for problem in problems):
        facts, unavailable = _inspect(catalogue, fields.model, fields.revision)
        problems += unavailable
    warnings: tuple[str, ...] = ()
    reference: str | None = None
    if facts is not None:
        problems += model_rules.facts_problems(
            facts, chat_template=fields.chat_template, limits=limits, needs_head=bool(suite and suite.needs_head)
        )
        warnings = (
            *model_rules.warnings(fields.precision, facts, limits),
            *model_rules.suite_warnings(suite, fields.precision),
        )
        reference, missing = model_rules.reference_of(suite, facts, catalogue, limits)
        problems += missing
    if not any(problem.field == "sender" for problem in problems):
        problems += quota_problems(queue, fields.sender, limits)
    if problems or facts is None:
        return Checked(submission=None, problems=tuple(problems), warnings=warnings, facts=facts)
    submission = _pin(fields, facts, limits, now).model_copy(update={"reference": reference})
    return _against_known(submission, facts, warnings, queue, result_exists)


def accept_checked(checked: Checked, *, queue: SubmissionQueue, limits: Limits) -> QueueEntry:
    """Queue what `check` found acceptable; durable when it returns.

    Raises InvalidSubmission with everything `check` found; a duplicate counts as a problem that says what to do. The
    sender's quota is counted again, one submission at a time, so that many requests at once do not slip through.
    """
    if checked.submission is None:
        raise InvalidSubmission(checked.problems)
    if checked.known:
        raise InvalidSubmission([Problem(field="model", message=checked.known)])
    with accepting:
        if problems := quota_problems(queue, checked.submission.sender, limits):
            raise InvalidSubmission(problems)
        return queue.add(checked.submission)


def duplicate_message(entry: QueueEntry) -> str:
    """What the sender of a duplicate can do."""
    name = f"{entry.submission.model} at {entry.submission.revision[:8]} ({entry.submission.suite})"
    place = f", place {entry.position}" if entry.position else ""
    advice = {
        "PENDING": f"is already waiting in the queue{place}. Nothing more to do: wait for its turn.",
        "RUNNING": "is being evaluated now. Nothing more to do: watch it in the queue.",
        "FINISHED": "has already been evaluated. See its row on the board.",
        "FAILED": f"was tried and cannot work as it is. Read the reason on its page. {MEND_IT}"
        if entry.final
        else "was tried and failed. Read the reason in the queue and use Retry there.",
    }
    return f"{name} {advice[entry.state]} Its page is /runs/{entry.key}."


def _read_fields(draft: Draft) -> tuple[_Fields, list[Problem]]:
    """The fields, valid where no problem names them."""
    problems: list[Problem] = []
    model, revision = rules.split_page(draft.model, draft.revision)

    def read(field: str, parse: Callable[[object], T], value: object, instead: T) -> T:
        try:
            return parse(value)
        except rules.Refused as refused:
            problems.append(Problem(field=field, message=str(refused)))
            return instead

    suites = tuple(suite.name for suite in evaluable_suites())
    fields = _Fields(
        model=read("model", rules.parse_model, model, ""),
        revision=read("revision", rules.parse_revision, revision, ""),
        precision=read("precision", rules.one_of(PRECISIONS), draft.precision, PRECISIONS[0]),
        suite=read("suite", rules.one_of(suites), draft.suite, ""),
        chat_template=read("chat_template", rules.parse_flag, draft.chat_template, False),
        model_type=read("model_type", rules.one_of(MODEL_TYPES), draft.model_type, MODEL_TYPES[-1]),
        sender=read("sender", rules.parse_sender, draft.sender, ""),
    )
    return fields, problems


def _inspect(catalogue: ModelCatalogue, model: str, revision: str) -> tuple[ModelFacts | None, list[Problem]]:
    try:
        return catalogue.inspect(model, revision), []
    except RevisionUnavailable as error:
        return None, [Problem(field="revision", message=str(error))]
    except ModelUnavailable as error:
        return None, [Problem(field="model", message=str(error))]


def quota_problems(queue: SubmissionQueue, sender: str, limits: Limits) -> list[Problem]:
    """Why a sender may not have one more open submission; empty when it may."""
    try:
        entries = queue.entries(states=OPEN_STATES, limit=MOST_OPEN)
    except (StoreError, QueueError) as error:
        return [Problem(field="", message=f"The queue cannot be read now: {error} Try again in a few minutes.")]
    n_open = sum(entry.submission.sender == sender for entry in entries)
    if n_open < limits.max_open_per_sender:
        return []
    message = (
        f"{sender} has {n_open} open submissions; at most {limits.max_open_per_sender} may wait or run at a time. "
        "Submit again when one of them has ended."
    )
    return [Problem(field="", message=message)]


def _pin(fields: _Fields, facts: ModelFacts, limits: Limits, now: datetime) -> Submission:
    """The submission of the commit that was inspected, with the judge that will be asked where its suite has one.

    An unknown model type is taken from the model card.
    """
    suite = SUITES.get(fields.suite)
    model_type = facts.model_type if fields.model_type == "unknown" and facts.model_type else fields.model_type
    return Submission(
        model=facts.model, revision=facts.revision, precision=fields.precision, suite=fields.suite,
        chat_template=fields.chat_template, judge=limits.judge if suite and suite.judging else None,
        prompts=limits.prompts if suite and suite.needs_prompts else None,
        model_type=model_type, params=facts.params,
        license=facts.license and facts.license[:100], sender=fields.sender, submitted_at=now,
    )  # fmt: skip


def _against_known(
    submission: Submission, facts: ModelFacts, warnings: tuple[str, ...], queue: SubmissionQueue,
    result_exists: Callable[[Submission], bool],
) -> Checked:  # fmt: skip
    try:
        duplicate = queue.get(submission.key)
        is_published = duplicate is None and result_exists(submission)
    except (StoreError, QueueError) as error:
        message = f"The queue cannot be read now: {error} Try again in a few minutes."
        return Checked(submission=None, problems=(Problem(field="", message=message),), facts=facts)
    return Checked(
        submission=submission, duplicate=duplicate, is_published=is_published, warnings=warnings, facts=facts
    )  # fmt: skip
