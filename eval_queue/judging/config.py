"""Which judge is asked and how; made from `Settings` alone, never from anything a submission holds."""

from typing import Literal

from pydantic import Field

from leaderboard.records import Record
from leaderboard.settings import Settings


class JudgeConfig(Record):
    """An OpenAI-compatible endpoint and the limits of talking to it.

    It crosses to the judging process through a pipe and is never written to a file. Prices are per million tokens.
    """

    model: str = Field(min_length=1, description="Name of the judging model at its endpoint.")
    url: str = Field(description="Base address of the endpoint.")
    key: str | None = Field(default=None, repr=False, description="Its key; None where it asks for none.")
    output: Literal["schema", "text"] = Field(default="schema", description="Form in which verdicts are asked for.")
    concurrency: int = Field(default=8, ge=1)
    timeout_seconds: float = Field(default=120.0, gt=0)
    max_attempts: int = Field(default=6, ge=1, description="Tries of one call.")
    max_tokens: int = Field(default=1024, ge=16, description="Longest reply.")
    price_in: float | None = Field(default=None, ge=0)
    price_out: float | None = Field(default=None, ge=0)
    first_wait_seconds: float = Field(default=1.0, gt=0, description="Wait before the second try; doubles every time.")
    longest_wait_seconds: float = Field(default=60.0, gt=0, description="Longest wait between two tries.")


def judge_of(settings: Settings) -> JudgeConfig | None:
    """The configured judge; None when there is none."""
    if settings.judge_model is None or settings.judge_url is None:
        return None
    return JudgeConfig(
        model=settings.judge_model, url=settings.judge_url, key=settings.judge_key, output=settings.judge_output,
        concurrency=settings.judge_concurrency, timeout_seconds=settings.judge_timeout_seconds,
        max_attempts=settings.judge_max_attempts, max_tokens=settings.judge_max_tokens,
        price_in=settings.judge_price_in, price_out=settings.judge_price_out,
    )  # fmt: skip
