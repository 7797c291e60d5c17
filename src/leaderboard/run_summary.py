"""What the scores of one run amount to: intervals, the average over the suite, and what guessing would score.

Enters: a `RunResult`. Leaves: shares in 0..1 with 95 % intervals, for the run's page and the command line.
Tasks are independent: the same rule as on the board.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from leaderboard.ratings.proportions import Z_95, binomial_standard_error, error_of_mean
from leaderboard.records import RunResult, TaskScore
from leaderboard.suites import SUITES, Suite


@dataclass(frozen=True, kw_only=True)
class Share:
    """A score in 0..1 with its 95 % interval, which is cut at 0 and 1; no bounds where the error is unknown."""

    value: float
    lower: float | None = None
    upper: float | None = None

    @property
    def percent(self) -> str:
        """The score in percent."""
        return f"{100 * self.value:.1f}"

    @property
    def interval(self) -> str:
        """The interval in percent, or a dash."""
        if self.lower is None or self.upper is None:
            return "–"
        return f"{100 * self.lower:.1f}–{100 * self.upper:.1f}"


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The suite as a whole: mean score and mean of random guessing; None where a task does not define it.

    `chances` is guessing a task.
    """

    average: Share
    guessing: Share | None
    chances: dict[str, Share]


def share(value: float, standard_error: float | None) -> Share:
    """A score with the interval that its standard error gives."""
    if standard_error is None:
        return Share(value=value)
    half = Z_95 * standard_error
    return Share(value=value, lower=max(0.0, value - half), upper=min(1.0, value + half))


def share_of(score: TaskScore) -> Share:
    """The score of one task."""
    return share(score.score, score.standard_error)


def summarise(run: RunResult) -> Summary | None:
    """The summary of a run; None when its suite is not known or a task of it is missing."""
    suite = SUITES.get(run.submission.suite)
    scores = {score.task: score for score in run.tasks}
    if suite is None or any(task.name not in scores for task in suite.tasks):
        return None
    mine = [scores[task.name] for task in suite.tasks]
    chances = _chances(suite, scores)
    return Summary(
        average=_mean([score.score for score in mine], [score.standard_error for score in mine]),
        guessing=_guessing(suite, scores) if len(chances) == len(mine) else None, chances=chances,
    )  # fmt: skip


def _chances(suite: Suite, scores: dict[str, TaskScore]) -> dict[str, Share]:
    return {
        task.name: share(task.chance, _error_of_guessing(task.chance, scores[task.name].n))
        for task in suite.tasks if task.chance is not None
    }  # fmt: skip


def _guessing(suite: Suite, scores: dict[str, TaskScore]) -> Share:
    chances = [task.chance or 0.0 for task in suite.tasks]
    return _mean(chances, [_error_of_guessing(p, scores[t.name].n) for p, t in zip(chances, suite.tasks, strict=True)])


def _error_of_guessing(chance: float, n: int) -> float | None:
    """Of a guesser's score over n questions; an upper bound where a question gives more than 0 or 1."""
    return float(binomial_standard_error(np.array(chance), np.array(n))) if n else None


def _mean(values: Sequence[float], errors: Sequence[float | None]) -> Share:
    known = np.array([error for error in errors if error is not None])
    return share(fmean(values), float(error_of_mean(known)) if len(known) == len(values) else None)
