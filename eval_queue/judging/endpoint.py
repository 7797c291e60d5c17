"""A judge behind an OpenAI-compatible endpoint: hosted providers, vLLM, llama.cpp.

Enters: a `JudgeConfig`. Leaves: replies. A try that failed on the way is repeated with growing, jittered waits, or
after the time the endpoint asks for; errors that repeats cannot mend end the judging with a sentence for whoever
configured it.
"""

import asyncio
import random
import time
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
)
from openai.types.chat import ChatCompletion

from leaderboard.errors import PermanentFailure, TransientFailure

from .config import JudgeConfig
from .judge import JudgeReply, JudgeRequest, RefusedCall

LONGEST_REPLY = 200_000
"""Characters kept of one message; a longer one counts as cut off."""

AGAIN = frozenset({408, 409, 425, 429})
"""Status codes below 500 after which the same request may succeed."""

NOT_USABLE = (AuthenticationError, PermissionDeniedError, NotFoundError)


class EndpointJudge:
    """Asks one endpoint; use it with `async with`, so that its connections are closed."""

    def __init__(self, config: JudgeConfig, *, rng: random.Random | None = None) -> None:
        self.config = config
        self.name = config.model
        self._plain_only = False
        self._rng = rng or random.Random()  # noqa: S311 - spreads waits
        self._client = AsyncOpenAI(
            base_url=config.url, api_key=config.key or "none", timeout=config.timeout_seconds, max_retries=0
        )  # retries are ours: the client's own do not tell a call that was answered from one that was not

    async def __aenter__(self) -> "EndpointJudge":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.close()

    async def ask(self, request: JudgeRequest) -> JudgeReply:
        """See `Judge.ask`."""
        problem = ""
        for attempt in range(self.config.max_attempts):
            try:
                return await self._try(request)
            except NOT_USABLE as error:
                raise PermanentFailure(self._unusable(error)) from None
            except APIStatusError as error:
                if error.status_code < 500 and error.status_code not in AGAIN:
                    if request.schema is None or self._plain_only:
                        raise RefusedCall(f"the judge refused the call with status {error.status_code}") from None
                    return await self._ask_plainly(request)
                problem, asked = f"it answered with status {error.status_code}", _retry_after(error)
            except (APITimeoutError, TimeoutError):
                problem, asked = f"no reply within {self.config.timeout_seconds:g} s", None
            except APIConnectionError:
                problem, asked = "the connection failed", None
            except (APIError, ValueError):  # a reply that is no JSON, or not of this protocol
                problem, asked = "its reply could not be read", None
            if attempt + 1 < self.config.max_attempts:
                await asyncio.sleep(self._wait(attempt, asked))
        raise TransientFailure(
            f"The judge {self.name} could not be asked: {problem}, {self.config.max_attempts} times in a row. Verdicts "
            "so far are kept; a retry goes on after them."
        )

    async def _ask_plainly(self, request: JudgeRequest) -> JudgeReply:
        """Once more without the schema: where that works, it was the schema, and no later call sends one."""
        reply = await self.ask(replace(request, schema=None))
        self._plain_only = True
        return reply

    async def _try(self, request: JudgeRequest) -> JudgeReply:
        started = time.monotonic()
        # As chat.completions.create, without its walk through the types of what is sent: a fifth of a call's work.
        async with asyncio.timeout(self.config.timeout_seconds):  # the client's own limit is one between two bytes
            answer = await self._client.post("/chat/completions", body=self._body(request), cast_to=ChatCompletion)
        return self._reply(answer, time.monotonic() - started)

    def _body(self, request: JudgeRequest) -> dict[str, Any]:
        messages = [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}]
        body = {
            "model": request.model, "temperature": request.temperature, "max_tokens": request.max_tokens,
            "messages": messages,
        }  # fmt: skip
        if request.schema is None or self._plain_only:
            return body
        named = {"name": "verdict", "strict": True, "schema": request.schema}
        return body | {"response_format": {"type": "json_schema", "json_schema": named}}

    def _reply(self, answer: Any, seconds: float) -> JudgeReply:
        """The reply, without the key should the endpoint repeat it. Raises ValueError for another protocol's."""
        choices = getattr(answer, "choices", None)
        if not isinstance(choices, list) or not choices or getattr(choices[0], "message", None) is None:
            raise ValueError("no choices")
        text = choices[0].message.content or ""
        if not isinstance(text, str):
            raise ValueError("content is no text")  # noqa: TRY004 - as any reply of another protocol
        if self.config.key:
            text = text.replace(self.config.key, "[redacted]")
        return JudgeReply(
            text=text[:LONGEST_REPLY], cut_off=choices[0].finish_reason == "length" or len(text) > LONGEST_REPLY,
            prompt_tokens=_count(answer.usage, "prompt_tokens"), seconds=seconds,
            completion_tokens=_count(answer.usage, "completion_tokens"), served_by=str(answer.model or "")[:200],
        )  # fmt: skip

    def _wait(self, attempt: int, asked: float | None) -> float:
        """Seconds before the next try: what the endpoint asks for, or twice as long every time; never all at once."""
        longest = self.config.longest_wait_seconds
        backoff = min(longest, self.config.first_wait_seconds * 2.0**attempt)
        return (
            min(longest, asked) + 0.1 * self._rng.random() if asked is not None else backoff * self._rng.uniform(0.5, 1)
        )

    def _unusable(self, error: APIStatusError) -> str:
        return (
            f"The judge {self.name} cannot be used: its endpoint answered with status {error.status_code}. Whoever "
            "runs this evaluator checks LEADERBOARD_JUDGE_URL, LEADERBOARD_JUDGE_MODEL and LEADERBOARD_JUDGE_KEY; "
            "then retry."
        )


def _count(usage: Any, name: str) -> int | None:
    value = getattr(usage, name, None)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _retry_after(error: APIStatusError) -> float | None:
    """Seconds that the Retry-After header asks for, given as a number or as a date; None without a usable one."""
    text = error.response.headers.get("retry-after", "")
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
