"""Configuration; the only module that reads the environment.

Enters: environment variables (each is the alias of a field below; the README lists them, a test compares).
Leaves: one frozen `Settings`, made once in `app.py` or by a command and passed in everywhere else.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

ROOT = Path(__file__).resolve().parents[2]


class Settings(BaseModel):
    """Every setting with its environment variable (the alias) and default."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="ignore")

    data: str = Field(
        str(ROOT / "data"), alias="LEADERBOARD_DATA",
        description="Where figures are read: a folder or `hf://datasets/org/name[@revision]`.",
    )  # fmt: skip
    state: Path = Field(
        ROOT / "var", alias="LEADERBOARD_STATE", description="Writable folder: queue, results, samples, Hub snapshots."
    )
    queue: str = Field(
        "sqlite", alias="LEADERBOARD_QUEUE",
        description="`sqlite` (a file in the state folder) or `hf://datasets/org/name` (shared between machines).",
    )  # fmt: skip
    models: Path = Field(
        ROOT / "var" / "models", alias="LEADERBOARD_MODELS",
        description="Folder whose subfolders can be submitted as `local/<name>`.",
    )  # fmt: skip
    task_files: Path | None = Field(
        None, alias="LEADERBOARD_TASK_FILES",
        description="Folder with local benchmark files; unset: tasks load from the Hub.",
    )  # fmt: skip
    host: str = Field("127.0.0.1", alias="LEADERBOARD_HOST", description="Address to listen on.")
    port: int = Field(7860, alias="LEADERBOARD_PORT", ge=0, le=65535, description="Port to listen on.")
    evaluator: Literal["auto", "on", "off"] = Field(
        "auto", alias="LEADERBOARD_EVALUATOR",
        description="`auto`: evaluate in the app when torch and lm-eval are installed; `on`; `off`.",
    )  # fmt: skip
    poll_seconds: float = Field(
        5.0, alias="LEADERBOARD_POLL_SECONDS", gt=0, description="How often the evaluator looks for work."
    )
    lease_seconds: float = Field(
        120.0, alias="LEADERBOARD_LEASE_SECONDS", gt=0, description="A silent worker loses its claim after this."
    )
    max_attempts: int = Field(
        3, alias="LEADERBOARD_MAX_ATTEMPTS", ge=1, description="Attempts before a transient failure is final."
    )
    time_limit_seconds: float = Field(
        14_400.0, alias="LEADERBOARD_TIME_LIMIT_SECONDS", gt=0, description="Wall time of one evaluation."
    )
    memory_limit_gb: float = Field(
        16.0, alias="LEADERBOARD_MEMORY_LIMIT_GB", gt=0, description="Memory of one evaluation, in GiB."
    )
    threads: int = Field(2, alias="LEADERBOARD_THREADS", ge=1, description="CPU threads of one evaluation.")
    judge_model: str | None = Field(
        None, alias="LEADERBOARD_JUDGE_MODEL", min_length=1,
        description="Model that judges answers, as its endpoint names it; unset: suites with a judge are refused.",
    )  # fmt: skip
    judge_url: str | None = Field(
        None, alias="LEADERBOARD_JUDGE_URL", pattern=r"^https?://[^\s/?#]+[^\s?#]*$",
        description="Base address of the judge's OpenAI-compatible endpoint, e.g. `http://127.0.0.1:8000/v1`.",
    )  # fmt: skip
    judge_key: str | None = Field(
        None, alias="LEADERBOARD_JUDGE_KEY", repr=False,
        description="Key of that endpoint; only the judging process gets it, never one that loads a model.",
    )  # fmt: skip
    judge_output: Literal["schema", "text"] = Field(
        "schema", alias="LEADERBOARD_JUDGE_OUTPUT",
        description="`schema`: verdicts as JSON, with text as fallback; `text`: for endpoints without JSON schemas.",
    )  # fmt: skip
    judge_concurrency: int = Field(
        8, alias="LEADERBOARD_JUDGE_CONCURRENCY", ge=1, le=256, description="Calls to the judge at a time."
    )
    judge_timeout_seconds: float = Field(
        120.0, alias="LEADERBOARD_JUDGE_TIMEOUT_SECONDS", gt=0, description="Longest wait for one verdict."
    )
    judge_max_attempts: int = Field(
        6,
        alias="LEADERBOARD_JUDGE_MAX_ATTEMPTS",
        ge=1,
        description="Tries of one call before the judge counts as down.",
    )
    judge_max_tokens: int = Field(
        1024, alias="LEADERBOARD_JUDGE_MAX_TOKENS", ge=16, description="Longest verdict, in tokens."
    )
    judge_price_in: float | None = Field(
        None, alias="LEADERBOARD_JUDGE_PRICE_IN", ge=0, description="Price of a million tokens sent; unset: no costs."
    )
    judge_price_out: float | None = Field(
        None, alias="LEADERBOARD_JUDGE_PRICE_OUT", ge=0, description="Price of a million tokens received."
    )
    judge_baseline: Path | None = Field(
        None, alias="LEADERBOARD_JUDGE_BASELINE",
        description="A baseline's answers to our own questions: FastChat's answer JSONL or AlpacaEval's output JSON.",
    )  # fmt: skip
    red_prompts: str | None = Field(
        None, alias="LEADERBOARD_RED_PROMPTS",
        description="Red-teaming prompts for the suite `red_team`: a file, a folder or `hf://datasets/org/name[@revision]`.",
    )  # fmt: skip
    refusal_classifier: str | None = Field(
        None, alias="LEADERBOARD_REFUSAL_CLASSIFIER", pattern=r"^(?:local/[^@\s/]+|[^@\s/]+/[^@\s/]+@[0-9a-f]{40})$",
        description="Classifier that labels refusals: `org/name@commit`, or `local/<name>` of the models folder.",
    )  # fmt: skip
    max_params: int = Field(
        10_000_000_000, alias="LEADERBOARD_MAX_PARAMS", gt=0, description="Largest model accepted, in parameters."
    )
    max_open_per_sender: int = Field(
        5, alias="LEADERBOARD_MAX_OPEN_PER_SENDER", ge=1, description="Submissions one sender may have open."
    )
    refresh_seconds: float = Field(
        60.0, alias="LEADERBOARD_REFRESH_SECONDS", gt=0, description="How often the data source is looked at."
    )
    hub_endpoint: str | None = Field(
        None, alias="HF_ENDPOINT", description="Address of the Hub; unset: the public one."
    )
    hub_token: str | None = Field(
        None, alias="HF_TOKEN", repr=False, description="Token for private data; never given to an evaluation."
    )
    space_id: str | None = Field(
        None, alias="SPACE_ID", description="Set by Hugging Face on a Space: listen on 0.0.0.0."
    )
    path: str = Field("/usr/bin:/bin", alias="PATH", description="Handed on to the evaluation's process.")
    home: str = Field("/", alias="HOME", description="Handed on to the evaluation's process.")

    @field_validator("red_prompts")
    @classmethod
    def _is_data(cls, value: str | None) -> str | None:
        if (
            value is not None
            and "://" in value
            and not re.fullmatch(r"hf://datasets/[^/@\s]+/[^/@\s]+(?:@\S+)?", value)
        ):
            raise ValueError(f"{value[:80]!r} is no address of a dataset; expected hf://datasets/org/name[@revision]")
        return value

    @model_validator(mode="after")
    def _judge_is_whole(self) -> Self:
        if (self.judge_model is None) != (self.judge_url is None):
            raise ValueError("LEADERBOARD_JUDGE_MODEL and LEADERBOARD_JUDGE_URL belong together; set both or neither")
        return self

    @property
    def address(self) -> str:
        """Address to listen on: every interface on a Space, else `host`."""
        return "0.0.0.0" if self.space_id else self.host  # noqa: S104


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; an empty variable counts as unset.

    Raises pydantic's ValidationError naming the variable, its value and what was expected.
    """
    source = os.environ if environment is None else environment
    return Settings.model_validate({name: value for name, value in source.items() if value != ""})
