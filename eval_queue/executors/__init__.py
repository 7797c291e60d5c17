"""Where an evaluation runs: one module an executor, all behind one protocol."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Literal, Protocol

from pydantic import Field

from eval_queue.spec import RunSpec
from leaderboard.records import Progress, Record, RunResult

OnProgress = Callable[[Progress | None], None]
"""Called regularly while an evaluation runs, with its newest progress; what it raises ends the evaluation."""


class Outcome(Record):
    """How one attempt ended."""

    status: Literal["finished", "failed", "stopped"]
    result: RunResult | None = Field(default=None, description="Only when finished; valid and of the right submission.")
    reason: str = Field(default="", description="Why it failed, in words for the model's author.")
    permanent: bool = Field(default=False, description="Trying again at once would fail the same way.")
    final: bool = Field(default=False, description="The model's own files are the reason: no retry can succeed.")
    log_tail: str = Field(default="", description="Last lines of the log, without secrets.")


class Executor(Protocol):
    """Runs one evaluation somewhere and waits for it."""

    def run(self, spec: RunSpec, *, on_progress: OnProgress, stop: Event) -> Outcome:
        """Run until it ends or `stop` is set ("stopped"); nothing of it runs on when this returns or raises.

        What is already in spec.work_folder is used again: a finished result is returned at once.
        """
        ...

    def sweep(self, runs: Path) -> None:
        """End whatever evaluations in the work folders below `runs` outlived the worker that started them."""
        ...
