"""What the votes of a battle table say about each judge: agreement with people, position, length, its own answers.

Enters: a battle table. Leaves: a row a judge, or a row a kind of question and judge; shares in 0..1 with 95 % bounds
clustered by question, blank where the table cannot tell. Formulas: `metrics.agreement`, `metrics.judge_bias`.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from leaderboard.boards import live
from leaderboard.errors import BadSetting
from leaderboard.metrics import agreement
from leaderboard.metrics.judge_bias import Share, first_slot_share, flip_rate, longer_share, self_preference, share_of
from leaderboard.ratings import covariates
from leaderboard.sources.battle_tables import BattleCard, JudgeCard, read_battles


def _verdicts(folder: Path, name: str) -> tuple[BattleCard, pd.DataFrame]:
    """A table in the words of `metrics`: question_id, turn, len_a, len_b, judge."""
    card, frame = read_battles(folder, name)
    out = pd.DataFrame({column: frame[column].astype(str) for column in ("model_a", "model_b")})
    out["winner"] = live.winners(frame, "tie")
    out["judge"] = frame["judge"].astype(str) if "judge" in frame else card.judges[0].name
    out["question_id"] = frame["question"].astype(str) if "question" in frame else np.arange(len(frame)).astype(str)
    out["turn"] = frame["turn"].astype("Int64").astype(str) if "turn" in frame else "1"
    out["category"] = frame["category"].astype(str) if "category" in frame else None
    out["inconsistent"] = frame.get("inconsistent", pd.NA)
    for column, new in (("length_a", "len_a"), ("length_b", "len_b")):
        out[new] = frame[column].astype("Float64") if column in frame else pd.NA
    return card, out


@lru_cache(maxsize=32)
def audit(folder: Path, revision: str, name: str) -> pd.DataFrame:  # noqa: ARG001 - the revision is part of the key
    """A row a judge of one table."""
    card, verdicts = _verdicts(folder, name)
    people = _people(card, verdicts)
    rows = []
    for judge in card.judges:
        own = verdicts[verdicts["judge"].eq(judge.name)]
        row: dict[str, object] = {
            "judge": judge.label,
            "data_set": card.label.split(":")[0],
            "n": len(own),
            "judge_kind": {"human": "people", "model": "model"}.get(judge.kind, "unknown"),
        }
        row |= _agreement_with(people, own) if judge.kind != "human" else {}
        row |= _position(judge, own) | _length(own)
        if judge.model is not None:
            found = self_preference(verdicts, judge.name, judge.model)
            row |= {"self_preference": found.difference, "self_preference_lower": found.difference_lower,
                    "self_preference_upper": found.difference_upper}  # fmt: skip
        rows.append(row)
    rows += _longest(card, people)
    return pd.DataFrame(rows).reindex(columns=_FRAME).assign(control=[bool(row.get("control")) for row in rows])


def _longest(card: BattleCard, people: pd.DataFrame) -> list[dict[str, object]]:
    """A control: the judge that always prefers the longer answer, on what people saw; none without lengths."""
    known = people[people["len_a"].notna() & people["len_b"].notna()]
    if known.empty:
        return []
    more = known["len_a"].astype(float) - known["len_b"].astype(float)
    longer = pd.Series("tie", index=known.index).mask(more > 0, "model_a").mask(more < 0, "model_b")
    own = known.assign(winner=longer, judge=LONGEST)
    told = {"judge": LONGEST, "data_set": card.label.split(":")[0], "n": len(own), "judge_kind": "control"}
    return [told | {"control": True} | _agreement_with(people, own)]


LONGEST = "always the longer answer"
_FRAME = ["judge", "data_set", "judge_kind", "n", "n_compared", "alpha", *(
    f"{key}{end}" for key in ("agreement", "agreement_decided", "kappa", "first_slot", "flip_rate", "longer",
                              "longer_controlled", "self_preference") for end in ("", "_lower", "_upper"))]  # fmt: skip


def _people(card: BattleCard, verdicts: pd.DataFrame) -> pd.DataFrame:
    names = [judge.name for judge in card.judges if judge.kind == "human"]
    return verdicts[verdicts["judge"].isin(names)]


def _agreement_with(people: pd.DataFrame, own: pd.DataFrame) -> dict[str, object]:
    """Agreement of a judge with people's votes; empty where they saw nothing in common."""
    if people.empty or own.empty:
        return {}
    votes, given = agreement.canonical(people), agreement.canonical(own)
    pairs = agreement.matched(votes, given)
    if pairs.empty:
        return {}
    decided = pairs[pairs["human"].ne(0) & pairs["judge"].ne(0)]
    kappa = agreement.agree(pairs, ties=True)
    return {
        **_bounded("agreement", share_of(pairs["human"].eq(pairs["judge"]), pairs["question_id"])),
        **_bounded("agreement_decided", share_of(decided["human"].eq(decided["judge"]), decided["question_id"])),
        "kappa": kappa.kappa, "kappa_lower": kappa.kappa_lower, "kappa_upper": kappa.kappa_upper,
        "n_compared": len(pairs), "alpha": _alpha(votes, given),
    }  # fmt: skip


def _alpha(votes: pd.DataFrame, given: pd.DataFrame) -> float:
    """Krippendorff's alpha over all votes on what the judge saw too; a unit is a question, turn and pair."""
    judged = given[agreement.KEY].drop_duplicates()
    both = pd.concat([votes.merge(judged, on=agreement.KEY), given], ignore_index=True)
    unit = both.groupby(agreement.KEY, sort=False).ngroup()
    rater = both.groupby(unit).cumcount()
    table = both.assign(unit=unit, rater=rater).pivot(index="rater", columns="unit", values="outcome")
    return agreement.krippendorff_alpha(table.to_numpy(dtype=object))


def _position(judge: JudgeCard, own: pd.DataFrame) -> dict[str, object]:
    out: dict[str, object] = {}
    if judge.sides == "shown":
        out |= _bounded("first_slot", first_slot_share(own))
        out |= _bounded("flip_rate", flip_rate(own))
    elif judge.sides == "both" and own["inconsistent"].notna().any():
        known = own[own["inconsistent"].notna()]
        out |= _bounded("flip_rate", share_of(known["inconsistent"].astype(bool), known["question_id"]))
    return out


def _length(own: pd.DataFrame) -> dict[str, object]:
    """How often the longer answer wins, as seen and between models of equal strength."""
    known = own[own["len_a"].notna() & own["len_b"].notna()].astype({"len_a": float, "len_b": float})
    out = _bounded("longer", longer_share(known))
    if known.empty:
        return out
    frame = known.assign(question=known["question_id"].astype("category"))
    try:
        lengths = covariates.relative_difference(known["len_a"], known["len_b"])
        found = covariates.fit(live.battles_of(frame, "tie"), lengths[:, None])
    except BadSetting:  # a model never lost, or all answers are equally long: nothing can be controlled for
        return out
    ends = (("", found.effect), ("_lower", found.effect_lower), ("_upper", found.effect_upper))
    return out | {f"longer_controlled{end}": float(expit(effect[0])) for end, effect in ends}


@lru_cache(maxsize=32)
def by_category(folder: Path, revision: str, name: str) -> pd.DataFrame:  # noqa: ARG001 - part of the key
    """Agreement with people, a row a kind of question and judge that is a model."""
    card, verdicts = _verdicts(folder, name)
    rows = [
        {"category": category, "judge": judge.label, **_agreement_with(_people(card, part), own)}
        for category, part in verdicts.groupby("category") for judge, own in _models(card, part)
    ]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=["category", *_FRAME])


def _models(card: BattleCard, part: pd.DataFrame) -> Iterator[tuple[JudgeCard, pd.DataFrame]]:
    for judge in card.judges:
        if judge.kind == "model":
            yield judge, part[part["judge"].eq(judge.name)]


def _bounded(key: str, share: Share) -> dict[str, object]:
    return {key: share.share, f"{key}_lower": share.lower, f"{key}_upper": share.upper}
