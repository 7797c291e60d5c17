"""The shipped figures of the preference tabs: counts of the sources, published values, and no third-party text."""

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from leaderboard.settings import ROOT
from leaderboard.sources.battle_tables import list_battle_tables, read_battles
from leaderboard.sources.rating_tables import list_rating_tables, read_ratings
from scripts import make_snapshot

DATA = ROOT / "data"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the public files of ../shared/data are not here")
TABLES = sorted([*DATA.glob("battles/*.parquet"), *DATA.glob("ratings/*.parquet")])
LONGEST_TEXT = 200
MODELS = ["vicuna-13b", "koala-13b", "oasst-12b", "human", "dolly-12b"]


def by_model(frame, column, **where):
    for name, value in where.items():
        frame = frame[frame[name] == value]
    return frame.set_index(frame["model"].astype(str))[column].reindex(MODELS)


def test_every_shipped_table_can_be_read_and_says_where_it_comes_from():
    battles, bad = list_battle_tables(DATA)
    ratings, worse = list_rating_tables(DATA)
    assert (bad, worse) == ([], [])
    assert {f"{card.name}.parquet" for card in (*battles, *ratings)} == {path.name for path in TABLES}
    assert all(card.source and card.license and card.title for card in (*battles, *ratings))
    for card in battles:
        assert read_battles(DATA, card.name)[0] == card
    for card in ratings:
        assert read_ratings(DATA, card.name)[0] == card


@pytest.mark.parametrize(("judge", "rows"), [("crowd", 8931), ("gpt-4", 3236), ("gpt-3.5", 3236)])
def test_llmfao_has_all_verdicts(judge, rows):
    _, frame = read_battles(DATA, "llmfao")
    assert frame["judge"].eq(judge).sum() == rows


def test_llmfao_has_124_workers_59_models_and_13_prompts_in_the_crowd():
    _, frame = read_battles(DATA, "llmfao")
    crowd = frame[frame["judge"] == "crowd"]
    models = set(crowd["model_a"]) | set(crowd["model_b"])
    assert (crowd["annotator"].nunique(), len(models), crowd["question"].nunique()) == (124, 59, 13)
    pairs = crowd[["question", "model_a", "model_b"]].astype(str).drop_duplicates()
    assert len(pairs) == 2139


def test_mt_bench_has_all_labels_and_its_contradictions():
    _, frame = read_battles(DATA, "mt_bench")
    assert frame["judge"].value_counts().to_dict() == {"human": 3355, "gpt-4": 2400}
    assert frame["inconsistent"].sum() == 380
    assert frame.loc[frame["inconsistent"].fillna(value=False), "winner"].eq("tie").all()


@pytest.mark.parametrize(
    ("name", "judge", "won"),
    [
        # The files' own words: left, right, tie of llmfao; scores 1, 2, 3 of the reviewers of PRD.
        ("llmfao", "crowd", [2911, 2549, 3471]), ("llmfao", "gpt-4", [1397, 1700, 139]),
        ("llmfao", "gpt-3.5", [1965, 958, 313]), ("mt_bench", "human", [1293, 1282, 780]),
        ("mt_bench", "gpt-4", [190, 1610, 600]), ("peer_rank", "bard", [1253, 290, 57]),
        ("peer_rank", "gpt4", [848, 512, 240]), ("peer_rank", "human", [3211, 3025, 804]),
    ],
)  # fmt: skip
def test_every_judge_has_the_wins_of_the_source(name, judge, won):
    _, frame = read_battles(DATA, name)
    counts = frame.loc[frame["judge"] == judge, "winner"].value_counts()
    assert counts[["model_a", "model_b", "tie"]].tolist() == won


def test_points_of_the_vicuna_reviews_agree_with_the_winner():
    _, frame = read_battles(DATA, "vicuna_blog")
    gap = (frame["score_a"] - frame["score_b"]).map(lambda points: (points > 0) - (points < 0))
    assert (len(frame), frame["category"].nunique()) == (1040, 9)
    assert frame["winner"].map({"model_a": 1, "model_b": -1, "tie": 0}).astype(int).tolist() == gap.tolist()


def test_peer_rank_has_both_orders_of_every_pair_and_question():
    _, frame = read_battles(DATA, "peer_rank")
    assert len(frame) == 15200
    models = frame[frame["judge"] != "human"]
    cells = models[["judge", "question", "model_a", "model_b"]].astype(str).drop_duplicates()
    assert cells.groupby("judge").size().tolist() == [1600] * 5


@pytest.mark.parametrize(("name", "votes"), [("20230501", 4689), ("20230522", 27016), ("20240629", 363113)])
def test_the_arena_counts_add_up(name, votes):
    _, frame = read_battles(DATA, f"arena_{name}")
    assert frame[["wins_a", "wins_b", "ties"]].to_numpy().sum() == votes


def test_the_figures_of_h4_are_the_published_ones():
    _, human = read_ratings(DATA, "h4_human")
    assert by_model(human, "elo", setting="no tie").dropna().tolist() == [1140, 1073, 986, 802]
    assert by_model(human, "elo_lower", setting="tie allowed").dropna().tolist() == [1066, 998, 918, 760]
    card, gpt4 = read_ratings(DATA, "h4_gpt4")
    assert by_model(gpt4, "elo", setting="tie allowed").dropna().tolist() == [1114, 1082, 973, 831]
    assert by_model(gpt4, "elo_upper", setting="no tie").dropna().tolist() == [1222, 1169, 1062, 909]
    assert card.figures[0].confidence_level == 0.95
    assert read_ratings(DATA, "h4_human")[0].figures[0].confidence_level == 0.9


def test_the_experiments_of_h4_are_the_published_ones():
    _, frame = read_ratings(DATA, "h4_gpt4_demonstrations")
    expected = {
        "ranking, no tie": [1148, 1097, 985, 940, 824],
        "scores instead of ranking, no tie": [1136, 1081, 961, 958, 862],
        "de-biased prompt, no tie": [1066, 1105, 1075, 916, 835],
        "de-biased prompt, tie allowed": [1110, 1085, 1075, 923, 804],
    }
    for setting, elo in expected.items():
        assert by_model(frame, "elo", setting=setting).tolist() == elo, setting
    _, correlation = read_ratings(DATA, "h4_correlation")
    assert correlation["correlation"].tolist() == [0.60, 0.55, 0.46, 0.44, 0.40, 0.33]


def test_the_board_of_h4_is_the_published_one():
    _, frame = read_ratings(DATA, "h4_board")
    columns = ["gpt4_all", "human_all", "human_instruct", "human_code_instruct"]
    rows = frame.set_index(["model", "setting"])[columns]
    assert rows.loc[("vicuna-13b", "no tie")].tolist() == [1146, 1237, 1181, 1224]
    assert rows.loc[("koala-13b", "tie allowed")].tolist() == [977, 1037, 1088, 1032]
    assert rows.loc[("dolly-12b", "tie allowed")].tolist() == [827, 782, 749, 798]


def test_the_histories_have_every_day():
    _, scores = read_ratings(DATA, "arena_scores")
    assert (scores["date"].nunique(), min(scores["date"]), max(scores["date"])) == (89, "2024-06-19", "2025-08-06")
    assert len(scores) == 15230 - 1
    _, tables = read_ratings(DATA, "arena_leaderboard")
    assert (tables["date"].nunique(), len(tables)) == (111, 18680 - 297)
    assert tables.loc[tables["arena_elo"].notna(), "date"].astype(str).max() == "2023-12-20"
    first = tables[(tables["model"] == "GPT-4") & (tables["date"] == "2023-06-19")].iloc[0]
    assert (first["arena_elo"], first["mt_bench"], first["mmlu"]) == (1227, 8.99, 0.864)


def test_the_combined_board_is_the_leaderboard_of_its_day():
    _, combined = read_ratings(DATA, "arena_combined")
    _, tables = read_ratings(DATA, "arena_leaderboard")
    day = tables[tables["date"] == "2023-08-02"]
    elo = dict(zip(day["model"].str.casefold(), day["arena_elo"], strict=True))
    assert [elo[name.casefold()] for name in combined["model"]] == combined["arena_elo"].tolist()


def test_alpaca_eval_boards_are_whole():
    _, second = read_ratings(DATA, "alpaca_eval_2")
    assert len(second) == 211
    assert second.loc[second["control"], "model"].tolist() == ["NullModel (adversarial)"]
    assert len(read_ratings(DATA, "alpaca_eval_claude")[1]) == 29
    _, talk = read_ratings(DATA, "alpaca_eval_talk")
    assert talk[["win_rate", "length"]].iloc[0].tolist() == [0.9528, 1365]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_no_third_party_text_is_shipped(path):
    frame = pq.read_table(path).to_pandas()
    for name in frame.select_dtypes(["category", "object", "string"]):
        longest = frame[name].dropna().astype(str).str.len().max()
        assert pd.isna(longest) or longest <= LONGEST_TEXT, name


def test_nothing_without_a_licence_or_for_non_commercial_use_is_shipped():
    cards = [json.loads(path.with_suffix(".json").read_text()) for path in TABLES]
    assert not [card["name"] for card in cards if "arena-catalog" in card["source"] + card["license"]]
    assert {card["name"] for card in cards if "NC" in card["license"]} == {"alpaca_eval_2", "alpaca_eval_claude"}


def test_the_embedded_data_stays_small():
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 4e6


@needs_shared
def test_the_shipped_snapshot_is_what_the_script_makes(tmp_path):
    assert make_snapshot.main(["--output", str(tmp_path)]) == 0

    texts = sorted(path.relative_to(DATA) for path in [*DATA.glob("*.md"), *DATA.glob("*/*.json")])
    assert texts == sorted(path.relative_to(tmp_path) for path in [*tmp_path.glob("*.md"), *tmp_path.glob("*/*.json")])
    for path in texts:
        assert (tmp_path / path).read_bytes() == (DATA / path).read_bytes(), path
    for path in TABLES:
        fresh, shipped = pq.read_table(tmp_path / path.relative_to(DATA)), pq.read_table(path)
        assert fresh.equals(shipped), path
