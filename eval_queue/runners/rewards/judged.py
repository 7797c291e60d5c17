"""Pairs compared by a judge, as generative reward models do: which answer does it prefer, asked in both orders.

Enters: pairs and a judge, in this process or behind an endpoint. Leaves: scores. A judge that tells how probable its
verdicts were (`JudgeReply.probabilities`) gives every answer the mean log-probability of winning, so the margin is the
mean log odds of both orders and a liking for a place cancels out. Of any other judge it is the share of the orders that
an answer won, a tie as half. A pair with a verdict missing in either order has no score.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from eval_queue.judging import run
from eval_queue.judging.asking import Answers
from eval_queue.judging.config import JudgeConfig
from eval_queue.judging.judge import Judge
from eval_queue.judging.prompts import Asked, Exchange, ask_pair
from eval_queue.judging.verdicts import Side, read_winner

from .pairs import Pair
from .scoring import PairScore

WON: dict[Side, tuple[float, float]] = {"A": (1.0, 0.0), "B": (0.0, 1.0), "tie": (0.5, 0.5)}
"""What a verdict gives to A and to B."""

IN_PROCESS = "this process"
"""Where a judge is that needs no endpoint."""

_LEAST = 1e-300


class JudgedPairs:
    """A `Scorer` that asks a judge: `judge`, or the endpoint of `config` where it is None.

    Replies are kept in `folder`/judging, so none is asked for twice. The marks in the prompts depend on `secret` alone:
    a run with the same one asks the same.
    """

    def __init__(self, folder: Path, config: JudgeConfig, secret: bytes, judge: Judge | None = None) -> None:
        self._folder = folder
        self._config = config
        self._secret = secret
        self._judge = judge

    def score(self, pairs: Sequence[Pair]) -> list[PairScore]:
        """See `Scorer.score`."""
        asked = [self._both_orders(pair) for pair in pairs]
        requests = [each.request for both in asked for each in both]
        replies = run.ask(self._folder, requests, self._config, lambda _: None, self._judge, needed=False)
        return [_scored(both, replies) for both in asked]

    def _both_orders(self, pair: Pair) -> tuple[Asked, Asked]:
        """The better answer as A, then as B."""
        texts = (pair.chosen, pair.rejected)
        one, other = (
            ask_pair([Exchange(question=pair.prompt, answers=each)], config=self._config, secret=self._secret)
            for each in (texts, texts[::-1])
        )
        return one, other


def _scored(both: tuple[Asked, Asked], replies: Answers) -> PairScore:
    found = [replies.replies.get(each.request.key) for each in both]
    sent = [(reply.prompt_tokens or 0) if reply else 0 for reply in found]
    scores = _scores(both, replies)
    chosen, rejected = scores or (None, None)
    return PairScore(chosen=chosen, rejected=rejected, n_tokens_chosen=sent[0], n_tokens_rejected=sent[1])


def _scores(both: tuple[Asked, Asked], replies: Answers) -> tuple[float, float] | None:
    """Scores of the better answer and the other one; None where a verdict is missing."""
    won, logs = [], []
    for swapped, asked in enumerate(both):
        reply = replies.replies.get(asked.request.key)
        winner = read_winner(reply, tag=asked.tag, judged=asked.judged) if reply else None
        if reply is None or winner is None:
            return None
        won.append(WON[winner][:: -1 if swapped else 1])
        if told := reply.probabilities.get("winner"):
            logs.append([math.log(max(told[side], _LEAST)) for side in ("A", "B")][:: -1 if swapped else 1])
    used = logs if len(logs) == len(both) else won
    return fmean(each[0] for each in used), fmean(each[1] for each in used)
