"""How far an evaluation is, counted request by request, and the first place where a broken model shows.

lm-eval tells its cache hook about every answer; this one counts instead of caching. Neither the order of the
requests nor the batches change, so neither do the scores.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval.api.model import CacheHook

from eval_queue.spec import Report
from leaderboard.errors import ModelAtFault
from leaderboard.records import Progress

GENERATION_COST = 30.0
"""A generated answer takes about as long as this many scored choices (SmolLM2, CPU); used until one was generated."""


@dataclass
class Load:
    """What one task asks of the model: an estimate until it runs, then exact."""

    task: str
    kind: str
    requests: int
    done: int = 0
    seconds: float = 0.0


class Meter(CacheHook):  # type: ignore[misc]
    """Counts answered requests over all tasks and reports each."""

    def __init__(
        self, loads: Sequence[Load], report: Report, *, batch_size: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        super().__init__(None)
        self._batch_size = batch_size
        self._loads = list(loads)
        self._report = report
        self._clock = clock
        self._at: int | None = None
        self._started = 0.0

    def phase(self, name: str) -> None:
        """Report something that happens before the first request."""
        self._report(self._progress(name, 0))

    def start(self, task: str) -> None:
        """The task whose requests come next."""
        self._at = next(at for at, load in enumerate(self._loads) if load.task == task)
        self._started = self._clock()
        self._tell()

    def expect(self, requests: int) -> None:
        """The exact number of requests of the running task."""
        if self._at is not None:
            self._loads[self._at].requests = requests
            self._started = self._clock()
            self._tell()

    def add_partial(self, attr: str, req: Iterable[Any], res: Any) -> None:  # noqa: ARG002 - lm-eval's signature
        """One answer of the model. Raises PermanentFailure when it is not a number."""
        if attr == "loglikelihood" and math.isnan(res[0]):
            raise ModelAtFault(
                "The model's output is not a number (NaN). The weights are damaged, or do not work in this precision: "
                "try bfloat16 or float32."
            )
        if self._at is not None:
            load = self._loads[self._at]
            load.done += 1
            load.seconds = self._clock() - self._started
            if load.done % self._batch_size == 0 or load.done == load.requests:  # answers come a batch at a time
                self._tell()

    def finish(self, task: str, requests: int, seconds: float) -> None:
        """A task is done, now or in an earlier attempt; `seconds` were spent on it."""
        load = next(load for load in self._loads if load.task == task)
        load.requests = load.done = requests
        load.seconds = seconds

    def _tell(self) -> None:
        if self._at is not None:
            self._report(self._progress(self._loads[self._at].task, self._at + 1))

    def _progress(self, name: str, number: int) -> Progress:
        return Progress(
            task=name, task_number=number, n_tasks=len(self._loads), done=sum(load.done for load in self._loads),
            total=sum(max(load.requests, load.done) for load in self._loads), eta_seconds=self._eta(),
        )  # fmt: skip

    def _eta(self) -> float | None:
        """None while the first batch runs."""
        left = 0.0
        for load in self._loads:
            ahead = load.requests - load.done
            if ahead > 0:
                pace = self._pace(load)
                if pace is None:
                    return None
                left += ahead * pace
        return left

    def _pace(self, load: Load) -> float | None:
        """Seconds a request: of this task, else of the tasks of its kind, else guessed from another kind."""
        for known, factor in self._precedents(load):
            done = sum(other.done for other in known)
            if done:
                return factor * sum(other.seconds for other in known) / done
        return None

    def _precedents(self, load: Load) -> Iterator[tuple[list[Load], float]]:
        yield [load], 1.0
        yield [other for other in self._loads if other.kind == load.kind], 1.0
        factor = GENERATION_COST if load.kind == "generate_until" else 1 / GENERATION_COST
        yield [other for other in self._loads if other.kind != load.kind], factor
