"""The boards of the embedded data hold what is published about them."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pandas as pd
import pytest

from leaderboard.boards.library import Library
from leaderboard.settings import ROOT
from leaderboard.sources.battle_tables import list_battle_tables, read_battles

SNAPSHOT = SimpleNamespace(folder=ROOT / "data", revision="golden", origin="embedded")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return Library(lambda: SNAPSHOT, tmp_path_factory.mktemp("state"), lambda: datetime(2026, 11, 23, tzinfo=UTC))


def figures(library, tab, view, key="model"):
    return library.board(tab, view).frame.set_index(key)


def test_the_h4_blog_is_shown_as_published(library):
    people = figures(library, "human_gpt4", "h4_human.no-tie")
    shown = people[["elo", "elo_lower", "elo_upper"]].astype(int)
    assert shown.loc["vicuna-13b"].tolist() == [1140, 1061, 1219]
    assert shown.loc["dolly-12b"].tolist() == [802, 730, 878]
    column = library.board("human_gpt4", "h4_human.no-tie").column("elo")
    assert column.level == 90, "H4's bounds for people are 5 and 95 %"
    doped = figures(library, "judge_audit", "h4_gpt4_demonstrations.ranking--no-tie")
    assert int(doped.loc["human", "elo"]) == 940


def test_the_h4_board_is_shown_as_published_and_without_a_rank(library):
    board = library.board("human_gpt4", "h4_board.tie-allowed")
    row = board.frame.set_index("model").loc["vicuna-13b"]
    assert row[["gpt4_all", "human_all", "human_instruct", "human_code_instruct"]].tolist() == [1161, 1175, 1185, 1165]
    assert "rank" not in [column.key for column in board.columns]


def test_gpt4_and_experts_agree_on_mt_bench_as_in_the_paper(library):
    """Zheng et al. (2023): 66 % with ties, 85 % without, both turns."""
    judges = figures(library, "judge_audit", "judges", "judge")
    row = judges.loc["GPT-4, both orders"]
    assert row["agreement"] == pytest.approx(0.66, abs=0.007)
    assert row["agreement_decided"] == pytest.approx(0.85, abs=0.012)


def test_the_first_arena_ranks_as_published(library):
    rated = figures(library, "arena", "arena_20230522.tie.elo")
    published = figures(library, "arena", "arena_ratings_20230522")
    assert rated.index[:4].tolist() == published.index[:4].tolist()
    assert library.board("arena").title.endswith("2025-08-06")


def card_of(name):
    return next(card for card in list_battle_tables(ROOT / "data")[0] if card.name == name)


def test_controls_are_on_the_alpaca_board_and_take_no_rank(library):
    board = library.board("alpaca_eval", "alpaca_eval_2")
    null = board.frame.set_index("model").loc["NullModel (adversarial)"]
    assert null["control"]
    assert null[["rank_lower", "rank_upper"]].isna().all()
    assert null["win_rate_lc"] == pytest.approx(0.8646, abs=1e-4)


def test_always_the_longer_answer_is_a_control_of_every_audit_with_people_and_lengths(library):
    rows = library.board("judge_audit", "judges").frame
    control = rows[rows["control"]].set_index("data_set")
    assert set(control["judge"]) == {"always the longer answer"}
    assert control["rank_lower"].isna().all()
    _, battles = read_battles(ROOT / "data", "mt_bench")
    people = [judge.name for judge in card_of("mt_bench").judges if judge.kind == "human"]
    votes = battles[battles["judge"].isin(people) & battles["winner"].ne("tie")]
    more = votes["length_a"].astype(float) - votes["length_b"].astype(float)
    told = votes[more.notna() & more.ne(0)]
    right = (
        told["winner"].astype(str).eq(pd.Series("model_b", index=told.index).mask(more.loc[told.index] > 0, "model_a"))
    )
    assert control.loc["MT-Bench", "agreement_decided"] == pytest.approx(right.mean(), abs=1e-9)
    assert control.loc["MT-Bench", "agreement_decided"] == pytest.approx(0.734, abs=0.001)
    gpt4 = rows[rows["judge"].eq("GPT-4, both orders")].iloc[0]
    assert gpt4["agreement_decided_lower"] > control.loc["MT-Bench", "agreement_decided_upper"]


def test_every_embedded_view_can_be_shown(library):
    for tab in ("arena", "alpaca_eval", "judge_audit"):
        for view in library.views(tab):
            if view.value.endswith(".elo"):
                continue  # a second each; tests/unit/test_preference_boards.py has small ones
            board = library.board(tab, view.value)
            assert board.column(board.default_sort.removeprefix("-")) is not None, view.value
            assert len(board.frame) > 0, view.value


def test_the_readme_counts_verdicts_and_votes_as_the_data_does():
    found = {card.name: read_battles(ROOT / "data", card.name) for card in list_battle_tables(ROOT / "data")[0]}
    verdicts = sum(len(frame) for card, frame in found.values() if card.kind == "battles")
    votes = int(found["arena_20240629"][1][["wins_a", "wins_b", "ties"]].sum().sum())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"from {verdicts:,} published verdicts" in readme
    assert f"{votes:,} votes" in readme
