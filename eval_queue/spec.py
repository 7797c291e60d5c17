"""What a runner is given and what it gives back: the contract between the worker and the runners."""

from collections.abc import Callable
from pathlib import Path

from pydantic import Field

from leaderboard.records import Progress, Record, RunResult, Submission


class RunSpec(Record):
    """One evaluation to run, readable by a process that has no settings and no tokens."""

    submission: Submission
    model_path: str = Field(description="Folder of the model, or its Hub id.")
    reference_path: str | None = Field(default=None, description="Of the submission's reference, as `model_path`.")
    red_prompts: str | None = Field(default=None, description="File, folder or Hub dataset of red-teaming prompts.")
    refusal_classifier: str | None = Field(default=None, description="Judge of refusal, as name@commit.")
    classifier_path: str | None = Field(default=None, description="Of that judge, as `model_path`.")
    work_folder: Path = Field(description="Task results and samples are kept here; a restart resumes from them.")
    task_files: Path | None = Field(default=None, description="Folder with local benchmark files; None: from the Hub.")
    threads: int = Field(default=2, ge=1)
    memory_limit_gb: float = Field(default=16.0, gt=0)
    batch_size: int = Field(default=16, ge=1)
    baseline: Path | None = Field(default=None, description="File with the answers that pairs are judged against.")


Report = Callable[[Progress], None]
"""Called by a runner whenever it got further; cheap, may be called often."""

Runner = Callable[[RunSpec, Report], RunResult | None]
"""Runs the whole spec; None: what it left in the work folder is for the suite's judging.

Per-question samples lie in work_folder/samples/<task>.parquet when it returns. Raises PermanentFailure or
TransientFailure with a reason written for the model's author.
"""
