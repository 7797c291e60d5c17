"""`python -m eval_queue judge pairs`: the configured judge as a reward model, on pairs whose better answer is known.

Enters: `Settings`, files of preference pairs. Leaves: a reward table in a data folder, which the Reward models tab
shows; figures only. Replies and scores are kept in the work folder: a run that was stopped pays nothing twice.
"""

import argparse
import hashlib
import io
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pandas as pd
from pydantic import ValidationError

from eval_queue.runners.rewards.judged import JudgedPairs
from eval_queue.runners.rewards.pairs import PairSet, drawn, load_file
from eval_queue.runners.rewards.shards import score_set
from leaderboard.errors import BadRecord
from leaderboard.metrics.accuracy import pair_accuracy
from leaderboard.settings import Settings
from leaderboard.sources.reward_runs import HARMFUL
from leaderboard.sources.reward_tables import PairSet as SetCard
from leaderboard.sources.reward_tables import RewardCard, write_rewards

from . import run
from .by_hand import require_judge
from .config import JudgeConfig
from .prompts import VERSION

COLUMNS = ["set", "pair", "prompt", "score_chosen", "score_rejected", "length_chosen", "length_rejected"]


def pairs(options: argparse.Namespace, settings: Settings) -> int:
    """Score the judge. Raises BadSetting without one, EvaluationError when it cannot be asked, BadRecord for a file."""
    config = require_judge(settings)
    sets = [drawn(load_file(path.stem, path), options.most) for path in options.files]
    card = _card(options.name or _slug(config.model), config, sets)
    scorer = JudgedPairs(options.work, config, run.secret_of(options.work))
    frames = []
    for each in sets:
        told = _told(each)
        data = score_set(options.work / "shards", each.name, each.pairs, lambda: scorer, conditions=_asked(config),
                         told=told, shard=64)  # fmt: skip
        frames.append(pd.read_parquet(io.BytesIO(data)).rename(columns={"dataset": "set"})[COLUMNS])
        sys.stdout.write(_line(each.name, frames[-1]))
    write_rewards(options.output, card, pd.concat(frames, ignore_index=True).assign(model=f"{config.model} (judge)"))
    sys.stdout.write(f"{options.output}/rewards/{card.name}.parquet; the Reward models tab of that data shows it.\n")
    return 0


def _asked(config: JudgeConfig) -> dict[str, str]:
    return {"judge": config.model, "url": config.url, "output": config.output, "prompts": VERSION}


def _told(each: PairSet) -> Callable[[int], None]:
    def told(n: int) -> None:
        sys.stderr.write(f"{each.name}: {n:,} of {len(each.pairs):,} pairs\n")

    return told


def _line(name: str, frame: pd.DataFrame) -> str:
    found = pair_accuracy(frame["score_chosen"] - frame["score_rejected"], cluster=frame["prompt"])
    share = f"{found.accuracy:.1%} (95 % interval {found.lower:.1%} to {found.upper:.1%})" if found.n else "no verdict"
    return f"{name}: {share}; {found.n:,} of {found.n_pairs:,} pairs judged, {found.n_ties:,} ties count as wrong\n"


def _slug(model: str) -> str:
    """A name for files, told apart from that of a judge whose name is like it."""
    return f"judge_{re.sub(r'[^a-z0-9]+', '_', model.lower())[:40]}_{hashlib.sha256(model.encode()).hexdigest()[:6]}"


def _card(name: str, config: JudgeConfig, sets: Sequence[PairSet]) -> RewardCard:
    """What a reader must know. Raises BadRecord for names that a table cannot have."""
    try:
        return _described(name, config, sets)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRecord(
            f"Name {str(first['input'])[:80]!r} of a table or set: {first['msg']}. Rename the file, or say --name."
        ) from error


def _described(name: str, config: JudgeConfig, sets: Sequence[PairSet]) -> RewardCard:
    return RewardCard(
        name=name, label=f"{config.model} as a judge", title=f"{config.model} as a judge of preference pairs",
        about=f"{config.model} compared both answers in both orders, prompts {VERSION}. A score is the share of the "
        "orders that an answer won, a tie as half: verdicts that change with the order are ties. Pairs with a verdict "
        "missing have no score.",
        source="python -m eval_queue judge pairs", license="as whoever ran it decides", as_of=datetime.now(UTC),
        order=55,
        sets=tuple(
            SetCard(
                name=each.name, label=each.name.replace("_", " "), info=f"{len(each.pairs):,} pairs.",
                harmful=each.name in HARMFUL,
            )
            for each in sets
        ),
    )  # fmt: skip
