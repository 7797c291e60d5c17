"""A judge on this machine behind an OpenAI-compatible address, without a Hub: `python -m scripts.serve_local_judge`.

Enters: a folder with a causal model and its chat template (`scripts.make_demo_model` makes one). Leaves: a server with
POST /v1/chat/completions, GET /v1/models and GET /healthz, on this machine alone, one call at a time. Point the
evaluator at it with LEADERBOARD_JUDGE_URL=http://127.0.0.1:PORT/v1 and LEADERBOARD_JUDGE_MODEL=NAME. How
verdicts come about is said in `eval_queue.runners.local_judge`. A model of this size is a weak judge: measure it
(`scripts.measure_local_judge`).
"""

import argparse
import logging
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from eval_queue.runners.local_judge import Completion, LocalJudge, NotServed, load_judge

HOST = "127.0.0.1"
LONGEST_BODY = 4_000_000
"""Characters of all messages of a call."""

_log = logging.getLogger(__name__)


class Message(BaseModel):
    """One message of the conversation."""

    model_config = ConfigDict(frozen=True)
    role: Literal["system", "user", "assistant"]
    content: str


class ChatCall(BaseModel):
    """The part of OpenAI's request that is served; other fields are ignored, as their defaults are meant."""

    model_config = ConfigDict(frozen=True)
    model: str = ""
    messages: tuple[Message, ...] = Field(min_length=1)
    max_tokens: int = Field(default=512, ge=1)
    temperature: float = 0.0
    stream: bool = False
    response_format: dict[str, Any] | None = None


def make_server(judge: LocalJudge) -> FastAPI:
    """The server around a loaded judge. Calls wait for each other: a model on CPUs gains nothing from two at once."""
    app = FastAPI(title="Local judge", docs_url=None, redoc_url=None)
    turn = threading.Lock()

    @app.get("/healthz")
    def health() -> dict[str, str]:
        return {"status": "ok", "model": judge.name}

    @app.get("/v1/models")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": judge.name, "object": "model", "owned_by": "local"}]}

    @app.post("/v1/chat/completions", response_model=None)
    def chat(call: ChatCall) -> dict[str, Any] | JSONResponse:
        try:
            with turn:
                return _reply(judge, answer(judge, call))
        except NotServed as error:
            return JSONResponse({"error": {"message": str(error), "type": "invalid_request_error"}}, status_code=400)

    return app


def answer(judge: LocalJudge, call: ChatCall) -> Completion:
    """Serve one call. Raises NotServed for what this server does not do."""
    if call.temperature > 0 or call.stream:
        raise NotServed("This judge is greedy and does not stream; send temperature 0 and stream false.")
    if sum(len(message.content) for message in call.messages) > LONGEST_BODY:
        raise NotServed(f"The messages are longer than {LONGEST_BODY:,} characters.")
    messages = [message.model_dump() for message in call.messages]
    if call.response_format is None or call.response_format.get("type") == "text":
        return judge.complete(messages, call.max_tokens)
    if call.response_format.get("type") != "json_schema":
        raise NotServed(f"response_format is {str(call.response_format)[:80]}; expected json_schema or text.")
    return judge.fill(messages, (call.response_format.get("json_schema") or {}).get("schema") or {})


def _reply(judge: LocalJudge, done: Completion) -> dict[str, Any]:
    """A reply in OpenAI's form."""
    message = {"role": "assistant", "content": done.text}
    usage = {"prompt_tokens": done.prompt_tokens, "completion_tokens": done.completion_tokens}
    return {
        "id": f"local-{time.time_ns():x}", "object": "chat.completion", "created": int(time.time()),
        "model": judge.name,
        "choices": [{"index": 0, "message": message, "finish_reason": "length" if done.cut else "stop"}],
        "usage": usage | {"total_tokens": done.prompt_tokens + done.completion_tokens},
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Load the model and serve it until stopped; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.serve_local_judge", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of the judging model")
    parser.add_argument("--name", default=None, help="name the judge is called by (default: the folder's)")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16")
    options = parser.parse_args(arguments)
    if not (options.model / "config.json").is_file():
        sys.stderr.write(f"{options.model} holds no model. Make one with: python -m scripts.make_demo_model\n")
        return 2
    logging.basicConfig(level=logging.INFO)
    judge = load_judge(options.model, name=options.name or options.model.name, dtype=options.dtype)
    _log.info("judge %s on http://%s:%d/v1", judge.name, HOST, options.port)
    uvicorn.run(make_server(judge), host=HOST, port=options.port, log_level="warning")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
