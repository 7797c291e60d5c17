"""How far an evaluation is, counted request by request, and the first place where a broken model shows.

lm-eval tells its cache hook about every answer; this one counts instead of caching. Neither the order of the
requests nor the batches change, so neither do the scores.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval.api.model import CacheHook

from eval_queue.spec import Report
from leaderboard.errors import PermanentFailure
from leaderboard.records import Progress


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

    def __init__(self, loads: Sequence[Load], report: Report, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(None)
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
            raise PermanentFailure(
                "The model's output is not a number (NaN). The weights are damaged, or do not work in this precision: "
                "try bfloat16 or float32."
            )
        if self._at is not None:
            load = self._loads[self._at]
            load.done += 1
            load.seconds = self._clock() - self._started
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
        """None while a kind of request is ahead of which none was answered yet: they differ a hundredfold."""
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
        """Seconds a request: of this task, else of the tasks of its kind."""
        same = [load] if load.done else [other for other in self._loads if other.kind == load.kind]
        done = sum(other.done for other in same)
        return sum(other.seconds for other in same) / done if done else None
