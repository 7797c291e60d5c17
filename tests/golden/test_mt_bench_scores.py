"""The MT-Bench board holds the means of the shared judgments, recomputed here by other means than the product's."""

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from leaderboard.boards.library import Library
from leaderboard.metrics.agreement import agree, canonical, majority, matched
from leaderboard.settings import ROOT
from scripts.snapshot import mt_bench_scores
from scripts.snapshot.made import write

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "mt_bench"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public judgments are not at {SHARED}")
MEANS = {
    "gpt-4-1106-preview": 9.228, "claude-3-5-sonnet-20240620": 9.206, "claude-3-opus-20240229": 8.675,
    "mistralai/Mixtral-8x7B-Instruct-v0.1": 8.341, "llama2_chat_7b": 6.191, "vicuna-7b-v1.3": 6.103,
}  # fmt: skip
"""As shared/data/SOURCES.md quotes them; FastChat prints such means."""
SNAPSHOT = SimpleNamespace(folder=ROOT / "data", revision="golden", origin="embedded")


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    library = Library(lambda: SNAPSHOT, tmp_path_factory.mktemp("none"), lambda: datetime(2026, 11, 23, tzinfo=UTC))
    return library.board("mt_bench", "gpt4_forks.0").frame.set_index("model")


@pytest.fixture(scope="module")
def setups(tmp_path_factory):
    """The view of the judge audit that the MT-Bench tab links to."""
    method = (ROOT / "src" / "leaderboard" / "views" / "methods" / "mt_bench.html").read_text(encoding="utf-8")
    view = method.partition("?tab=judge_audit&amp;view=")[2].partition('"')[0]
    library = Library(lambda: SNAPSHOT, tmp_path_factory.mktemp("none"), lambda: datetime(2026, 11, 23, tzinfo=UTC))
    return library.board("judge_audit", view).frame


def last_scores() -> dict[tuple[str, int, int], float]:
    """The newest score of every answer, -1 and repeated ones left out, row by row."""
    rows = pd.read_parquet(SHARED / "gpt4_single_judgments_forks.parquet").sort_values("tstamp", kind="stable")
    return {(r.model, r.question_id, r.turn): r.score for r in rows.itertuples() if r.score != -1}


@pytest.mark.parametrize("model", MEANS)
def test_the_known_means_are_on_the_board(board, model):
    assert round(board.loc[model, "score"], 3) == MEANS[model]


@needs_shared
def test_every_figure_of_the_board_is_a_plain_mean_of_the_shared_judgments(board):
    category = {
        q["question_id"]: q["category"] for q in map(json.loads, (SHARED / "question.jsonl").read_text().splitlines())
    }
    groups = defaultdict(list)
    for (model, question, turn), score in last_scores().items():
        for name in ("score", f"turn_{turn}", category[question]):
            groups[model, name].append(score)
    assert len(board) == 28
    for (model, name), scores in groups.items():
        assert board.loc[model, name] == pytest.approx(sum(scores) / len(scores)), (model, name)
    assert {model: int(n) for model, n in board["n"].items()} == {m: len(groups[m, "score"]) for m in board.index}


@needs_shared
def test_all_dirt_of_the_shared_judgments_is_counted_by_model(board):
    assert int(board["unparsed"].sum()) == 8
    assert int(board["repeated"].sum()) == 4650 - 8 - len(last_scores())
    assert board["left_out"].sum() + board["n"].sum() == 4650
    assert board.loc["llama2-7b-chat", ["unparsed", "missing"]].tolist() == [2, 2]
    assert board.loc["Meta-Llama-3-8B-Instruct-Normal", ["unparsed", "missing"]].tolist() == [4, 0]


def test_the_published_means_are_shown_without_a_rank(tmp_path):
    library = Library(lambda: SNAPSHOT, tmp_path, lambda: datetime(2026, 11, 23, tzinfo=UTC))
    published = library.board("mt_bench", "mt_bench_published")
    shown = published.frame.set_index("model")["score"]
    assert (shown["GPT-4"], shown["Vicuna-13B"]) == (8.99, 6.57)
    assert "rank" not in [column.key for column in published.columns]


def verdicts(name: str) -> list[tuple[tuple[int, int, str, str], int]]:
    """Verdicts with the models in alphabetical order, by plain Python."""
    found = []
    for row in map(json.loads, (SHARED / name).read_text().splitlines()):
        a, b = row["model_a"], row["model_b"]
        outcome = {"model_a": 1, "model_b": -1}.get(row["winner"], 0)
        found.append(((row["question_id"], row["turn"], min(a, b), max(a, b)), outcome if a < b else -outcome))
    return found


@needs_shared
@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("by_majority", [True, False])
def test_gpt4_agrees_with_people_as_counted_by_hand_and_so_says_the_audit(setups, turn, ties, by_majority):
    judge = dict(verdicts("labels_gpt4_pair.jsonl"))
    people = verdicts("labels_human.jsonl")
    if by_majority:
        votes = defaultdict(Counter)
        for key, outcome in people:
            votes[key][outcome] += 1
        people = []
        for key, counts in votes.items():
            best = [outcome for outcome, n in counts.items() if n == max(counts.values())]
            people.append((key, best[0] if len(best) == 1 else 0))
    both = [(outcome, judge[key]) for key, outcome in people if key in judge and key[1] == turn]
    both = both if ties else [(one, other) for one, other in both if one and other]
    given = canonical(pd.read_json(SHARED / "labels_human.jsonl", lines=True))
    given = majority(given) if by_majority else given
    pairs = matched(given, canonical(pd.read_json(SHARED / "labels_gpt4_pair.jsonl", lines=True)))
    found = agree(pairs[pairs["turn"].eq(str(turn))], ties=ties)
    assert found.n == len(both) > 300
    assert found.agreement == pytest.approx(sum(one == other for one, other in both) / len(both))
    rows = setups.set_index(["setup", "turn", "counted"])
    shown = rows.loc[("S1: with ties" if ties else "S2: both named a winner", f"Turn {turn}",
                      "Majority of votes" if by_majority else "Each vote")]  # fmt: skip
    assert shown["n_compared"] == len(both)
    assert shown["agreement"] == pytest.approx(found.agreement)
    assert shown["agreement_lower"] < shown["agreement"] < shown["agreement_upper"]


@needs_shared
def test_the_shipped_table_is_what_the_script_makes_and_holds_no_text(tmp_path):
    for card, table in mt_bench_scores.tables(SHARED.parent):
        write(tmp_path, card, table)
    shipped = sorted((ROOT / "data" / "mt_bench").glob("gpt4_forks*"))
    assert [path.name for path in shipped] == [path.name for path in sorted((tmp_path / "mt_bench").iterdir())]
    for path in shipped:
        made = tmp_path / "mt_bench" / path.name
        if path.suffix == ".json":
            assert made.read_bytes() == path.read_bytes()
            continue
        frame = pd.read_parquet(path)
        pd.testing.assert_frame_equal(pd.read_parquet(made), frame)
        longest = max(
            frame[name].dropna().astype(str).str.len().max() for name in frame.select_dtypes(exclude="number")
        )
        assert longest <= 60, "names and verdicts only"
