"""What a judge is: it is sent a request and gives a reply. Endpoints, tests and logs agree on these types."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import Field

from leaderboard.records import Count, NonNegative, Record


@dataclass(frozen=True, kw_only=True)
class JudgeRequest:
    """One call: everything the reply depends on, so that its key names the reply.

    `schema` is the JSON schema of the verdict, None where the judge is asked for text.
    """

    model: str
    system: str
    user: str
    schema: dict[str, Any] | None
    max_tokens: int
    temperature: float = 0.0

    @property
    def key(self) -> str:
        """SHA-256 over the whole request."""
        return hashlib.sha256(json.dumps(vars(self), sort_keys=True).encode()).hexdigest()


class JudgeReply(Record):
    """What came back: the judge's own message and what it cost."""

    text: str = Field(description="The message; empty when the endpoint gave none.")
    cut_off: bool = Field(default=False, description="It ended at the limit of tokens, before its end.")
    prompt_tokens: Count | None = Field(default=None, description="None when the endpoint does not count.")
    completion_tokens: Count | None = None
    seconds: NonNegative = Field(default=0.0, description="From sending the successful try to its reply.")
    served_by: str = Field(default="", description="Model that the endpoint says has answered.")
    probabilities: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="Of every allowed value of a property, 0..1, where the judge tells them."
    )


class Judge(Protocol):
    """Answers requests."""

    @property
    def name(self) -> str:
        """The judging model, as results are labelled."""
        ...

    async def ask(self, request: JudgeRequest) -> JudgeReply:
        """The reply to one request.

        Raises PermanentFailure when the judge cannot be used as configured, TransientFailure when it stays down, and
        RefusedCall when it will not take this one request.
        """
        ...


class RefusedCall(Exception):
    """The endpoint refuses one request for what it holds, such as its length: its verdict is missing."""


class ScriptedJudge:
    """A judge whose replies a function writes, for tests and trials; counts what it was asked."""

    def __init__(self, script: Callable[[JudgeRequest], str], name: str = "scripted") -> None:
        self.name = name
        self.asked: list[JudgeRequest] = []
        self._script = script

    async def ask(self, request: JudgeRequest) -> JudgeReply:
        """See `Judge.ask`."""
        self.asked.append(request)
        return JudgeReply(text=self._script(request), prompt_tokens=len(request.user) // 4, completion_tokens=1)
