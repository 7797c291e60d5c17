"""How far a local judge agrees with people: `python -m scripts.measure_local_judge MODEL --texts FOLDER --output FILE`.

Enters: a judging model, and a folder with MT-Bench's question.jsonl, model_answers_31models.parquet, labels_human.jsonl
and labels_gpt4_pair.jsonl. A seeded sample of the compared answers is put to the judge in both orders, with the prompts
and the constrained choice of real runs. Leaves: one JSON of figures, no texts. Setups S1 (with ties) and S2 (without)
are those of Zheng et al. (2023), https://arxiv.org/abs/2306.05685; see `leaderboard.metrics.agreement`.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eval_queue.judging.config import JudgeConfig
from eval_queue.judging.prompts import VERSION, Exchange, ask_pair
from eval_queue.runners.local_judge import Choice, LocalJudge, load_judge
from leaderboard.metrics.agreement import N_RESAMPLES, agree, canonical, confusion, matched

SIDES = ("A", "B", "tie")
SAMPLE_SEED = 20_261_123
KEY = ["question_id", "turn", "model_a", "model_b"]
SOURCE = "lmsys/mt_bench_human_judgments (CC BY 4.0); answers and questions of MT-Bench (Apache-2.0)"


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Questions by id, and answers by model and question: two turns each."""

    questions: Mapping[int, Sequence[str]]
    answers: Mapping[tuple[str, int], Sequence[str]]

    def exchanges(self, row: Any, models: tuple[str, str], longest: int) -> list[Exchange]:
        """The turns up to the row's, with the first `longest` characters of every answer."""
        asked = self.questions[row.question_id][: row.turn]
        said = [self.answers[model, row.question_id] for model in models]
        return [
            Exchange(question=text, answers=tuple(each[at][:longest] for each in said)) for at, text in enumerate(asked)
        ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.measure_local_judge", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of the judging model")
    parser.add_argument("--texts", type=Path, required=True, help="folder with the MT-Bench files")
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--log", type=Path, default=None, help="file of probabilities; a later call goes on after it")
    parser.add_argument("--name", default=None)
    parser.add_argument("--sample", type=int, default=320, help="comparisons to judge")
    parser.add_argument("--longest", type=int, default=1200, help="characters of an answer that are shown")
    options = parser.parse_args(arguments)
    name = options.name or options.model.name
    votes = read_votes(options.texts / "labels_human.jsonl")
    texts = read_texts(options.texts)
    sample = draw(votes, texts, options.sample)
    judge = load_judge(options.model, name=name)
    judged = list(judge_all(judge, sample, texts, longest=options.longest, log=options.log, told=_told))
    conditions = {"judge": name, "prompts": VERSION, "sample_seed": SAMPLE_SEED, "characters_shown": options.longest}
    gpt4 = read_votes(options.texts / "labels_gpt4_pair.jsonl")
    report = {**conditions, "votes_from": SOURCE, **figures(pd.DataFrame(judged), votes, gpt4)}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{options.output}: {len(judged)} comparisons in both orders\n")
    return 0


def read_votes(path: Path) -> pd.DataFrame:
    """Votes as `metrics.agreement.canonical` wants them; an inconsistent verdict is a tie."""
    return pd.read_json(path, lines=True)


def read_texts(folder: Path) -> Texts:
    """The texts that are compared."""
    rows = [json.loads(line) for line in (folder / "question.jsonl").read_text(encoding="utf-8").splitlines()]
    frame = pd.read_parquet(folder / "model_answers_31models.parquet")
    rows_of = frame.to_dict("records")
    answers = {(str(row["model"]), int(row["question_id"])): (row["turn1"], row["turn2"]) for row in rows_of}
    return Texts(questions={row["question_id"]: row["turns"] for row in rows}, answers=answers)


def draw(votes: pd.DataFrame, texts: Texts, n: int) -> pd.DataFrame:
    """Up to `n` of the compared pairs whose answers are there, each once, the alphabetically first one as model_a."""
    pairs = canonical(votes).rename(columns={"first": "model_a", "second": "model_b"})
    pairs = pairs.assign(question_id=pairs["question_id"].astype(int), turn=pairs["turn"].astype(int))
    pairs = pairs[KEY].drop_duplicates().sort_values(KEY)
    there = [(r.model_a, r.question_id) in texts.answers and (r.model_b, r.question_id) in texts.answers
             for r in pairs.itertuples()]  # fmt: skip
    pairs = pairs[there]
    return pairs.sample(n=min(n, len(pairs)), random_state=SAMPLE_SEED).reset_index(drop=True)


def judge_all(
    judge: LocalJudge, sample: pd.DataFrame, texts: Texts, *, longest: int, log: Path | None,
    told: Callable[[int, int], None],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Probabilities of A, B and tie for every pair in both orders: columns ab_A, ab_B, ab_tie, ba_A, ba_B, ba_tie."""
    known = [json.loads(line) for line in log.read_text().splitlines()] if log and log.is_file() else []
    found = {tuple(row[name] for name in KEY): row for row in known}
    config = JudgeConfig(model=judge.name, url="http://127.0.0.1")
    for done, row in enumerate(sample.itertuples(), 1):
        key = (row.question_id, row.turn, row.model_a, row.model_b)
        if key not in found:
            found[key] = dict(zip(KEY, key, strict=True)) | _both_orders(judge, row, texts, config, longest)
            if log:
                with log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found[key]) + "\n")
        told(done, len(sample))
        yield found[key]


def _both_orders(judge: LocalJudge, row: Any, texts: Texts, config: JudgeConfig, longest: int) -> dict[str, float]:
    made: dict[str, float] = {}
    for order, models in (("ab", (row.model_a, row.model_b)), ("ba", (row.model_b, row.model_a))):
        choice = _choose(judge, texts.exchanges(row, models, longest), config)
        made |= {f"{order}_{side}": choice.probabilities[side] for side in SIDES}
    return made


def _choose(judge: LocalJudge, exchanges: Sequence[Exchange], config: JudgeConfig) -> Choice:
    request = ask_pair(exchanges, config=config, secret=b"measuring").request
    messages = [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}]
    return judge.choose(messages, "winner", SIDES)


def figures(judged: pd.DataFrame, votes: pd.DataFrame, gpt4: pd.DataFrame) -> dict[str, Any]:
    """All figures: agreement of several readings of the judge with people, GPT-4's on the same pairs, position bias."""
    first, second = verdicts(judged, "ab"), verdicts(judged, "ba")
    readings = {
        "both_orders": pd.concat([first, second]),
        "one_order": one_order(first, second),
        "summed_log_odds": log_odds(judged),
        "gpt4_same_pairs": gpt4,
    }
    people = canonical(votes)
    people = people.merge(canonical(first)[["question_id", "turn", "first", "second"]].drop_duplicates())
    return {
        "n_comparisons": len(judged), "n_votes": len(people),
        "models": sorted({*judged["model_a"], *judged["model_b"]}), "position": position(judged),
        "agreement": {name: agreement(people, canonical(frame)) for name, frame in readings.items()},
    }  # fmt: skip


def verdicts(judged: pd.DataFrame, order: str) -> pd.DataFrame:
    """The likeliest verdict of one order, in terms of the two models."""
    best = judged[[f"{order}_{side}" for side in SIDES]].to_numpy().argmax(axis=1)
    words = ("model_a", "model_b", "tie") if order == "ab" else ("model_b", "model_a", "tie")
    return judged[KEY].assign(winner=[words[at] for at in best])


def one_order(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """For every comparison the verdict of one order, drawn with the sample's seed."""
    use = np.random.default_rng(SAMPLE_SEED).random(len(first)) < 0.5
    return first.assign(winner=np.where(use, first["winner"], second["winner"]))


def log_odds(judged: pd.DataFrame) -> pd.DataFrame:
    """Winner by the sum of both orders' log-odds: what is left when a constant liking for one side cancels."""
    tiny = np.finfo(float).tiny
    of_a = np.log(judged["ab_A"] + tiny) - np.log(judged["ab_B"] + tiny)
    of_b = np.log(judged["ba_A"] + tiny) - np.log(judged["ba_B"] + tiny)
    return judged[KEY].assign(winner=np.where(of_a > of_b, "model_a", np.where(of_a < of_b, "model_b", "tie")))


def position(judged: pd.DataFrame) -> dict[str, float | None]:
    """Shares of verdicts for the answer shown first, second and tie, and of pairs whose verdict ignores the order."""
    picked = np.concatenate([judged[[f"{o}_{s}" for s in SIDES]].to_numpy().argmax(axis=1) for o in ("ab", "ba")])
    same = verdicts(judged, "ab")["winner"].to_numpy() == verdicts(judged, "ba")["winner"].to_numpy()
    shares = {name: _round((picked == at).mean()) for at, name in enumerate(("first", "second", "tie"))}
    return shares | {"consistent": _round(same.mean())}


def agreement(people: pd.DataFrame, judge: pd.DataFrame) -> dict[str, Any]:
    """Setups S1 and S2, each with its 95 % intervals, from resampling questions."""
    pairs = matched(people, judge)
    return {"S1_with_ties": _setup(pairs, ties=True), "S2_without_ties": _setup(pairs, ties=False)}


def _setup(pairs: pd.DataFrame, *, ties: bool) -> dict[str, Any]:
    found = agree(pairs, ties=ties)
    lower, upper = accuracy_bounds(pairs if ties else pairs[pairs["human"].ne(0) & pairs["judge"].ne(0)])
    return {
        "n": found.n, "accuracy": _round(found.agreement), "accuracy_lower": _round(lower),
        "accuracy_upper": _round(upper), "kappa": _round(found.kappa), "kappa_lower": _round(found.kappa_lower),
        "kappa_upper": _round(found.kappa_upper),
    }  # fmt: skip


def accuracy_bounds(pairs: pd.DataFrame, seed: int = 0) -> tuple[float, float]:
    """95 % bounds of the raw agreement, from resampling whole questions; NaN with fewer than two questions."""
    tables = confusion(pairs["human"].to_numpy(), pairs["judge"].to_numpy(), pd.factorize(pairs["question_id"])[0])
    n = len(tables)
    if n < 2:
        return float("nan"), float("nan")
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
    right, asked = np.trace(tables, axis1=1, axis2=2), tables.sum(axis=(1, 2))
    lower, upper = np.quantile((times @ right) / (times @ asked), [0.025, 0.975])
    return float(lower), float(upper)


def _round(value: float) -> float | None:
    """Four digits; None for what does not exist."""
    return round(float(value), 4) if np.isfinite(value) else None


def _told(done: int, total: int) -> None:
    if done % 20 == 0 or done == total:
        sys.stderr.write(f"{done}/{total}\n")


if __name__ == "__main__":
    raise SystemExit(main())
