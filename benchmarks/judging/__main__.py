"""How fast answers are judged, beside what the endpoint itself sustains at the same concurrency.

    python -m benchmarks judging [--calls 640] [--rounds 5]

The endpoint is `tests.stub_judge` in a process of its own: it answers every call after a fixed time. The bare client
sends the same prompts with the same OpenAI client, as many at a time, and does nothing else: no marks and tags, no
retries, no verdict log on disk, no parsing. Ours does all of it. Rounds alternate. Writes
benchmarks/judging/RESULTS.md.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from openai import AsyncOpenAI

from benchmarks.targets import Target
from eval_queue.judging.asking import ask_all
from eval_queue.judging.config import JudgeConfig
from eval_queue.judging.endpoint import EndpointJudge
from eval_queue.judging.prompts import Asked, Exchange, ask_rating
from eval_queue.judging.verdict_log import VerdictLog
from eval_queue.judging.verdicts import read_rating
from leaderboard.settings import ROOT

LATENCY, CONCURRENCY, LEAST_SHARE = 0.05, 16, 0.9
ANSWER = "A number of the sequence is the sum of the two before it, so that the ratio tends to a limit. " * 20


def main(arguments: Sequence[str] = ()) -> int:
    """Measure, write and print the results; 0 when the target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    with endpoint() as url:
        config = JudgeConfig(model="stub", url=url, concurrency=CONCURRENCY)
        asyncio.run(bare(calls(CONCURRENCY, config), config))  # connections and imports warm
        rounds = [measure(options.calls, config) for _ in range(options.rounds)]
    report = write(options.calls, rounds)
    sys.stdout.write(report)
    return 0 if "**missed**" not in report else 1


@contextmanager
def endpoint() -> Iterator[str]:
    """The address of a stub in a process of its own."""
    command = [sys.executable, "-m", "tests.stub_judge", "--latency", str(LATENCY)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("The stub has no output.")
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def calls(n: int, config: JudgeConfig) -> list[Asked]:
    """Ratings of `n` answers of about 2 kB."""
    return [
        ask_rating([Exchange(question=f"Question {at}?", answers=(f"{at}: {ANSWER}",))], config=config, secret=b"x")
        for at in range(n)
    ]


def measure(n: int, config: JudgeConfig) -> tuple[float, float]:
    """Calls a second of the bare client and of ours; ours from the answers to the verdicts."""
    asked = calls(n, config)
    started = time.perf_counter()
    asyncio.run(bare(asked, config))
    plain = n / (time.perf_counter() - started)
    started = time.perf_counter()
    asyncio.run(ours(n, config))
    return plain, n / (time.perf_counter() - started)


async def bare(asked: Sequence[Asked], config: JudgeConfig) -> None:
    """The same prompts, and nothing else."""
    slots = asyncio.Semaphore(config.concurrency)
    async with AsyncOpenAI(base_url=config.url, api_key="none", max_retries=0) as client:

        async def one(call: Asked) -> None:
            request = call.request
            async with slots:
                await client.chat.completions.create(
                    model=request.model, temperature=0, max_tokens=request.max_tokens,
                    messages=[{"role": "system", "content": request.system}, {"role": "user", "content": request.user}],
                )  # fmt: skip

        await asyncio.gather(*map(one, asked))


async def ours(n: int, config: JudgeConfig) -> None:
    """Prompts, calls, the log on disk, verdicts. Raises RuntimeError when one is missing."""
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:  # on the disk, not in memory
        asked = calls(n, config)
        with VerdictLog(Path(folder) / "replies.jsonl") as log:
            async with EndpointJudge(config) as judge:
                answers = await ask_all([call.request for call in asked], judge, log, concurrency=config.concurrency)
        replies = [answers.replies[call.request.key] for call in asked]
        found = [
            read_rating(reply, tag=call.tag, judged=call.judged) for reply, call in zip(replies, asked, strict=True)
        ]
    if None in found:
        raise RuntimeError(f"{found.count(None)} of {n} verdicts are missing.")


def write(n: int, rounds: Sequence[tuple[float, float]]) -> str:
    """The report, also written beside the code."""
    plain, own = (statistics.median(each[at] for each in rounds) for at in (0, 1))
    share = statistics.median(own / plain for plain, own in rounds)
    target = Target("Ours as a share of the bare client", share, LEAST_SHARE, "x", at_least=True)
    lines = [
        "# Judging beside its endpoint", "",
        f"Median of {len(rounds)} rounds of {n} calls, {CONCURRENCY} at a time; the endpoint answers after "
        f"{LATENCY * 1000:.0f} ms, so it cannot give more than {CONCURRENCY / LATENCY:.0f} calls/s.", "",
        "| client | calls/s | rounds |", "|---|---|---|",
        f"| bare client | {plain:.0f} | {', '.join(f'{each[0]:.0f}' for each in rounds)} |",
        f"| our judging: prompts, calls, log synced to disk, verdicts | {own:.0f} | "
        f"{', '.join(f'{each[1]:.0f}' for each in rounds)} |", "",
        "| target | measured | limit | |", "|---|---|---|---|", target.line(), "",
    ]  # fmt: skip
    report = "\n".join(lines)
    (Path(__file__).parent / "RESULTS.md").write_text(report, encoding="utf-8")
    return report


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
