"""The records that are stored and passed between layers; all frozen and validated on construction.

Enters: plain values or JSON. Leaves: typed records. Scores are fractions in 0..1 (higher is better unless
`higher_is_better` says otherwise); times are aware UTC; a missing value is None, never 0.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Precision = Literal["bfloat16", "float16", "float32", "8bit", "4bit"]
PRECISIONS: tuple[Precision, ...] = ("bfloat16", "float16", "float32", "8bit", "4bit")
QUANTISED: tuple[Precision, ...] = ("8bit", "4bit")
"""Weights rounded by bitsandbytes when they are loaded."""

ModelType = Literal[
    "pretrained", "continuously pretrained", "fine-tuned", "chat", "merge", "multimodal", "other", "unknown"
]
MODEL_TYPES: tuple[ModelType, ...] = (
    "pretrained", "continuously pretrained", "fine-tuned", "chat", "merge", "multimodal", "other", "unknown",
)  # fmt: skip

State = Literal["PENDING", "RUNNING", "FINISHED", "FAILED"]
STATES: tuple[State, ...] = ("PENDING", "RUNNING", "FINISHED", "FAILED")

MODEL_ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
SHA_PATTERN = r"[0-9a-f]{40}"
NAME_PATTERN = r"[a-z0-9][a-z0-9_]{0,63}"


def _require_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"time {value.isoformat()} has no time zone; expected an aware UTC time")
    return value.astimezone(UTC)


UtcDatetime = Annotated[datetime, AfterValidator(_require_utc)]
ModelId = Annotated[str, Field(pattern=f"^{MODEL_ID_PATTERN}$", max_length=193)]
Sha = Annotated[str, Field(pattern=f"^{SHA_PATTERN}$")]
Name = Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")]
Fraction = Annotated[float, Field(strict=True, ge=0.0, le=1.0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(strict=True, ge=0.0, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=0)]


class Record(BaseModel):
    """Base of all records: frozen; unknown keys of newer writers are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def identity_key(
    *, model: str, revision: str, precision: str, suite: str, chat_template: bool, judge: str | None = None,
    reference: str | None = None, prompts: str | None = None,
) -> str:  # fmt: skip
    """The name of one evaluation: 16 hex digits of SHA-256 over everything that changes its scores.

    The model id is case-folded because the Hub treats `Org/M` and `org/m` as one repository. Without a judge the key is
    what it was before judges were part of it, so that old requests and results keep their names; so without a
    reference, and without prompts.
    """
    parts = [model.casefold(), revision, precision, suite, chat_template, *([] if judge is None else [judge])]
    parts += [{name: value} for name, value in (("reference", reference), ("prompts", prompts)) if value is not None]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


class Submission(Record):
    """A request to evaluate one model, already validated and pinned."""

    schema_version: Literal[1] = 1
    model: ModelId = Field(description="Canonical id, org/name; local/<folder> for a model on this machine.")
    revision: Sha = Field(description="Commit sha; for a local folder the sha1 of its files.")
    precision: Precision = Field(description="Data type the weights are loaded in.")
    suite: Name = Field(description="Which set of tasks to run.")
    chat_template: bool = Field(default=False, description="Whether prompts go through the chat template.")
    judge: str | None = Field(
        default=None,
        min_length=1,
        max_length=300,
        description="Judge and version of its prompts; None for suites without one, and in requests before 2026-11-24.",
    )
    reference: str | None = Field(
        default=None, pattern=f"^{MODEL_ID_PATTERN}@{SHA_PATTERN}$",
        description="Model and commit that rewards are measured against, for suites of models trained with DPO.",
    )  # fmt: skip
    prompts: str | None = Field(
        default=None, min_length=1, max_length=300,
        description="Which prompts are asked, as configured, for suites whose prompts this place chooses.",
    )  # fmt: skip
    model_type: ModelType = Field(default="unknown", description="What kind of training made the model.")
    params: Count | None = Field(default=None, description="Number of parameters; None when unknown.")
    license: str | None = Field(default=None, max_length=100, description="Licence id of the model card.")
    sender: str = Field(default="anonymous", max_length=100, description="Who submitted it.")
    submitted_at: UtcDatetime = Field(description="When it was accepted.")

    @property
    def key(self) -> str:
        """Identity of the evaluation: two submissions with one key are duplicates."""
        return identity_key(
            model=self.model, revision=self.revision, precision=self.precision,
            suite=self.suite, chat_template=self.chat_template, judge=self.judge,
            reference=self.reference, prompts=self.prompts,
        )  # fmt: skip


class Progress(Record):
    """How far a running evaluation is."""

    task: str = Field(description="Name of the running task or phase, such as 'loading model'.")
    task_number: Count = Field(default=0, description="1-based position of the task in the suite; 0 before the first.")
    n_tasks: Count = Field(default=0, description="Tasks in the suite.")
    done: Count = Field(default=0, description="Requests done over the whole suite.")
    total: Count = Field(default=0, description="Requests in the whole suite; 0 when not yet known.")
    eta_seconds: NonNegative | None = Field(default=None, description="Seconds left, None when not yet known.")


class FailedAttempt(Record):
    """One attempt that gave no result."""

    number: Count = Field(description="1-based, counted over all attempts, also those before a Retry.")
    started_at: UtcDatetime | None = None
    ended_at: UtcDatetime
    reason: str = Field(description="Why it failed, in words for the model's author.")
    log_tail: str | None = Field(default=None, description="Last lines of the log of this attempt alone.")


class QueueEntry(Record):
    """A submission and where it stands in the queue."""

    submission: Submission
    state: State
    position: Count | None = Field(default=None, description="1-based place among PENDING; None otherwise.")
    attempts: Count = Field(default=0, description="How often an evaluation of it was started.")
    worker: str | None = Field(default=None, description="Who evaluates it now.")
    started_at: UtcDatetime | None = Field(default=None, description="When the current or last attempt began.")
    updated_at: UtcDatetime = Field(description="Last change of state or progress.")
    not_before: UtcDatetime | None = Field(default=None, description="A retry waits until then.")
    progress: Progress | None = Field(default=None, description="Only while RUNNING.")
    reason: str | None = Field(default=None, description="Why it failed, in words for its author.")
    log_tail: str | None = Field(default=None, description="Last lines of the log of that attempt.")
    final: bool = Field(default=False, description="FAILED because of the model's own files: no retry can succeed.")
    failures: tuple[FailedAttempt, ...] = Field(default=(), description="The last attempts that failed, oldest first.")

    @property
    def key(self) -> str:
        """Key of the submission."""
        return self.submission.key


class TaskScore(Record):
    """The score of one task in one run."""

    task: str = Field(min_length=1, max_length=100)
    metric: str = Field(description="Name of the metric as the harness reports it, e.g. acc_norm.")
    score: Fraction
    standard_error: NonNegative | None = Field(default=None, description="None when the harness gives none.")
    n: Count = Field(description="Questions scored.")
    n_shot: Count = Field(default=0, description="Examples in the prompt.")
    version: str = Field(default="", description="Version of the task definition.")
    seconds: NonNegative | None = Field(default=None, description="Wall time of the task.")


class RunResult(Record):
    """One finished evaluation: what was run, on which commit, with what, and its scores."""

    schema_version: Literal[1] = 1
    submission: Submission
    started_at: UtcDatetime
    finished_at: UtcDatetime
    tasks: tuple[TaskScore, ...] = Field(min_length=1)
    versions: dict[str, str] = Field(default_factory=dict, description="Package name to version.")
    samples: dict[str, str] = Field(
        default_factory=dict, description="Task to path of its per-question parquet, relative to the store."
    )
    environment: dict[str, str] = Field(default_factory=dict, description="Platform, threads, device.")

    @property
    def key(self) -> str:
        """Key of the submission."""
        return self.submission.key


def result_path(submission: Submission) -> str:
    """Where the result of a submission lies in a store."""
    return f"results/{submission.model}/{submission.key}.json"


def samples_path(submission: Submission, task: str) -> str:
    """Where the per-question samples of one task lie in a store."""
    return f"samples/{submission.model}/{submission.key}/{task}.parquet"


def request_path(submission: Submission) -> str:
    """Where the request of a submission lies in a store."""
    return f"requests/{submission.model}/{submission.key}.json"
