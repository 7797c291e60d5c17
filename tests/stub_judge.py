"""A small OpenAI-compatible endpoint that counts what it is asked and fails as it is told; also run by the benchmark.

In a test: `with StubJudge(reply) as stub`, then `stub.url`. As a program: `python -m tests.stub_judge --latency 0.05`
writes its address and serves until it is ended.
"""

import argparse
import asyncio
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Self

Reply = Callable[[dict[str, Any]], str]
FAULTS = ("429", "500", "malformed", "half", "hang", "drop", "not_a_completion")


def rate_by_length(body: dict[str, Any]) -> str:
    """A verdict that depends on the request alone, with the tag that it asks for."""
    prompt = body["messages"][-1]["content"]
    tag = prompt.rpartition('tag: "')[2].partition('"')[0]
    if '"winner"' in json.dumps(body.get("response_format", {})):
        return json.dumps({"reason": "As it is.", "tag": tag, "winner": "AB"[len(prompt) % 2]})
    return json.dumps({"reason": "As it is.", "tag": tag, "rating": 1 + len(prompt) % 10})


class StubJudge:
    """Serves POST /v1/chat/completions. `faults` are given out one a request, before the good replies.

    `answered` counts completed good replies by their request, `seen` all requests, `authorization` the headers sent.
    """

    def __init__(
        self, reply: Reply = rate_by_length, *, latency: float = 0.0, faults: Iterator[str] | None = None,
        retry_after: str = "0",
    ) -> None:  # fmt: skip
        self.answered: Counter[str] = Counter()
        self.seen: list[dict[str, Any]] = []
        self.authorization: set[str] = set()
        self.busiest = 0
        self._busy = 0
        self._reply, self._latency, self._faults, self._retry_after = reply, latency, faults, retry_after
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.start(), self._loop).result(5)
        return self

    def __exit__(self, *error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.seen.append(body)
        self.authorization.add(headers.get("authorization", ""))
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            await asyncio.sleep(self._latency)
            return await self._answer(body, next(self._faults, "") if self._faults else "", writer)
        finally:
            self._busy -= 1

    async def _answer(self, body: dict[str, Any], fault: str, writer: asyncio.StreamWriter) -> bool:
        if fault == "hang":
            await asyncio.sleep(600)
        if fault == "drop":
            return False
        if fault.isdigit():
            more = f"Retry-After: {self._retry_after}\r\n" if fault == "429" else ""
            return await _send(writer, f'{{"error": {{"message": "fault {fault}"}}}}', status=fault, more=more)
        if fault == "malformed":
            return await _send(writer, "{not json")
        if fault == "not_a_completion":
            return await _send(writer, '{"hello": "world"}')
        text = self._reply(body)
        if fault == "half":
            data = _completion(body, text)
            writer.write(_head(len(data), "200", "") + data.encode()[: len(data) // 2])
            await writer.drain()
            return False
        sent = await _send(writer, _completion(body, text))
        self.answered[json.dumps(body, sort_keys=True)] += 1
        return sent


def _completion(body: dict[str, Any], text: str) -> str:
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    message = {"role": "assistant", "content": text}
    return json.dumps({
        "id": "x", "object": "chat.completion", "created": 0, "model": f"{body['model']}-served", "usage": usage,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    })  # fmt: skip


def _head(length: int, status: str, more: str) -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{more}\r\n".encode()


async def _send(writer: asyncio.StreamWriter, text: str, status: str = "200", more: str = "") -> bool:
    data = text.encode()
    writer.write(_head(len(data), status, more) + data)
    await writer.drain()
    return True


async def _serve_for_ever(latency: float) -> None:
    stub = StubJudge(latency=latency)
    await stub.start()
    sys.stdout.write(f"{stub.url}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    asyncio.run(_serve_for_ever(parser.parse_args().latency))
