"""Converters of the public files on small inputs with every kind of dirt that the real ones have."""

import json

import pandas as pd
import pytest

from leaderboard.sources.tables import Finding
from scripts import make_snapshot
from scripts.snapshot import alpaca_eval, arena, arena_history, arena_ratings, h4, llmfao, mt_bench, peer_rank, vicuna
from scripts.snapshot.made import describe


def jsonl(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def parquet(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_parquet(path)


def rows_of(card, name):
    return next(finding.rows for finding in card.findings if name in finding.what)


def test_llmfao_joins_the_crowd_and_two_judges_and_leaves_the_copy_out(tmp_path):
    folder = tmp_path / llmfao.FOLDER
    jsonl(folder / "prompts.jsonl", [{"id": 8, "slug": "k8s", "type": "reflexion", "text": "Argue"}])
    parquet(folder / "results.parquet", [{"model": 1, "prompt": 8, "result": "abc"}, {"model": 2, "prompt": 8,
                                                                                     "result": ""}])  # fmt: skip
    pair = {"id": 0, "prompt": 8, "model_x": 1, "model_y": 2, "left": "Ada", "right": "Bob"}
    for name, winner, more in (
        ("crowd-comparisons.csv", "tie", {"worker": 7}),
        ("gpt4-comparisons.csv", "left", {}),
        ("gpt3-comparisons.csv", "right", {}),
        ("gpt4-crowd-comparisons.csv", "left", {}),
    ):
        pd.DataFrame([pair | more | {"winner": winner}]).to_csv(folder / name, index=False)
    ((card, frame),) = llmfao.tables(tmp_path)
    assert frame["winner"].tolist() == ["tie", "model_a", "model_b"]
    assert frame["judge"].tolist() == ["crowd", "gpt-4", "gpt-3.5"]
    assert frame["annotator"].tolist()[0] == "w007"
    assert frame["annotator"].isna().tolist() == [False, True, True]
    assert frame[["question", "category", "length_a", "length_b"]].iloc[0].tolist() == ["k8s", "reflexion", 3, 0]
    assert rows_of(card, "repeats the GPT-4 verdicts") == 1
    assert rows_of(card, "empty") == 3


def test_mt_bench_marks_contradictions_and_leaves_unknown_lengths_blank(tmp_path):
    folder = tmp_path / mt_bench.FOLDER
    label = {"model_a": "ada", "model_b": "vicuna-13b-v1.2", "question_id": 81, "turn": 2}
    jsonl(folder / "labels_human.jsonl", [label | {"judge": "expert_1", "winner": "tie"}])
    jsonl(folder / "labels_gpt4_pair.jsonl", [label | {"judge": "gpt4_pair", "winner": "tie (inconsistent)"}])
    jsonl(folder / "question.jsonl", [{"question_id": 81, "category": "writing"}])
    parquet(
        folder / "model_answers_31models.parquet", [{"model": "ada", "question_id": 81, "turn1": "a", "turn2": "bb"}]
    )
    ((card, frame),) = mt_bench.tables(tmp_path)
    assert frame["winner"].tolist() == ["tie", "tie"]
    assert frame["inconsistent"].tolist() == [pd.NA, True]
    assert frame["length_a"].tolist() == [2, 2]
    assert frame["length_b"].isna().all()
    assert rows_of(card, "contradicted itself") == 1


def test_peer_reviews_keep_their_order_and_repeated_ones(tmp_path):
    folder = tmp_path / peer_rank.FOLDER
    review = {"reviewer": "gpt35", "answer_1": "gpt4", "answer_2": "gpt35", "question_id": 1, "review": "text"}
    rows = [review | {"score": 1}, review | {"score": 3}]
    rows += [review | {"reviewer": "human", "answer_1": "guanaco-7b", "score": 2}]
    parquet(folder / "ratings.parquet", rows)
    for name in ("gpt4", "gpt35"):
        jsonl(folder / "generations" / f"answer_{name}.jsonl", [{"question_id": 1, "text": name}])
    jsonl(tmp_path / peer_rank.QUESTIONS, [{"question_id": 1, "category": "generic"}])
    ((card, frame),) = peer_rank.tables(tmp_path)
    assert frame["winner"].tolist() == ["model_a", "tie", "model_b"]
    assert frame["length_a"].tolist()[:2] == [4, 4]
    assert frame["length_a"].isna().tolist() == [False, False, True]
    twice = next(finding for finding in card.findings if "twice" in finding.what)
    assert (twice.rows, "1 have another verdict" in twice.treatment) == (1, True)


def test_points_of_the_vicuna_reviews_make_winners(tmp_path):
    folder = tmp_path / vicuna.FOLDER
    review = {"question_id": "1", "answer1_id": "x", "answer2_id": "y", "text": "0 9\nEmpty."}
    rows = [review | {"score": "[0.0, 9.0]"}, review | {"score": "[10, 4]", "text": "First, I solve it"}]
    parquet(folder / "reviews.parquet", [*rows, review | {"score": "[8.5, 8.5]", "text": "8.5 8.5"}])
    jsonl(folder / "answer_a.jsonl", [{"answer_id": "x", "model_id": "ada", "question_id": 1, "text": ""}])
    jsonl(folder / "answer_b.jsonl", [{"answer_id": "y", "model_id": "bob", "question_id": 1, "text": "four"}])
    jsonl(folder / "question.jsonl", [{"question_id": 1, "category": "generic"}])
    ((card, frame),) = vicuna.tables(tmp_path)
    assert frame["winner"].tolist() == ["model_b", "model_a", "tie"]
    assert frame["length_b"].tolist() == [4, 4, 4]
    assert rows_of(card, "0 points") == 1
    assert rows_of(card, "does not begin") == 1


def score_row(**values):
    return {"date": "2025-08-06", "commit": "c", "rank": 1, "rank_stylectrl": None, "model": "Ada",
            "arena_score": 1200.0, "95_pct_ci": "+4/-6", "votes": 9, "organization": "Aliaba", "license": "Propretary",
            "knowledge_cutoff": "2024/07"} | values  # fmt: skip


def test_the_history_of_scores_is_tidied():
    raw = pd.DataFrame(
        [
            score_row(),
            score_row(rank=2),
            score_row(date="2024-06-19", knowledge_cutoff="Unknown", license="Apache-2.0", **{"95_pct_ci": "+0/-0"}),
            score_row(date="2024-06-19", model="Bob", knowledge_cutoff="Online"),
        ]
    )
    frame = arena_history.scores(raw)
    assert frame["date"].tolist() == ["2024-06-19", "2024-06-19", "2025-08-06"]
    last = frame.iloc[2]
    assert (last["score_lower"], last["score_upper"], last["rank"]) == (1194, 1204, 1)
    assert (last["organization"], last["license"], last["knowledge_cutoff"]) == ("Alibaba", "Proprietary", "2024-07")
    assert frame["knowledge_cutoff"].isna().tolist() == [True, False, False]
    assert frame["knowledge_cutoff"].iloc[1] == "Online"


def test_dashes_of_the_leaderboard_are_missing_and_never_zero():
    row = {"date": "20230619", "Model": "Ada ", "MT-bench (win rate %)": "69.38%", "MT-bench (score)": "-",
           "Arena Elo rating": "-", "MMLU": "0.864", "License": "-", "Link": "-", "key": "k", "Organization": None,
           "Knowledge cutoff date": "2023/6"}  # fmt: skip
    raw = pd.DataFrame([row, row | {"Model": "Ada", "key": "other"}]).astype("string")
    frame = arena_history.leaderboard(raw)
    assert len(frame) == 1
    only = frame.iloc[0]
    assert (only["model"], only["date"], only["knowledge_cutoff"]) == ("Ada", "2023-06-19", "2023-06")
    assert (only["mmlu"], only["mt_bench_win_rate"]) == (0.864, 0.6938)
    assert frame[["mt_bench", "arena_elo", "license", "link", "organization"]].isna().all(axis=None)


def test_a_figure_that_cannot_be_read_stops_the_snapshot():
    raw = pd.DataFrame({"date": ["20230619"], "Model": ["Ada"], "MT-bench (score)": ["8,9"]})
    with pytest.raises(ValueError, match="8,9"):
        arena_history._numbers(raw["MT-bench (score)"])


def test_error_bars_become_bounds():
    raw = pd.DataFrame([{"model": "ada", "boot_median_k32": 1000.0, "err_plus": 20.0, "err_minus": 30.0,
                         "boot_median_mle_noties": 1.0, "online_elo_published": 2,
                         "mle_noties_published": 3.0}])  # fmt: skip
    only = arena_ratings.may_22(raw).iloc[0]
    assert (only["elo_lower"], only["elo"], only["elo_upper"]) == (970, 1000, 1020)


def test_the_talk_gives_percentages_and_the_table_fractions():
    assert arena_ratings.combined([["Ada", 1206, 8.99, 86.4, "MIT"]])["mmlu"].tolist() == [0.864]


def test_h4_tables_without_bounds_have_blank_ones():
    published = {"x": [["ada", 1140, 1061, 1219]], "y": [["bob", 900]]}
    frame = h4.elo_frame(published, {"x": "no tie", "y": "scores"})
    assert frame.iloc[0].tolist() == ["no tie", "ada", 1140, 1061, 1219]
    assert frame[["elo_lower", "elo_upper"]].iloc[1].isna().all()


def test_alpaca_eval_boards_become_fractions_and_mark_the_null_model(tmp_path):
    path = tmp_path / "board.csv"
    path.write_text(
        "name,length_controlled_winrate,win_rate,avg_length,link,samples,filter\n"
        "NullModel (adversarial),86.457807,76.919792,872,https://a.b,s,community\nAda,1,2,3,javascript:x,s,minimal\n"
    )
    frame = alpaca_eval.published(path)
    assert frame["win_rate_lc"].tolist() == [0.86457807, 0.01]
    assert frame["control"].tolist() == [True, False]
    assert frame["link"].isna().tolist() == [False, True]
    assert frame["filter"].tolist() == ["Community", "Minimal"]


def test_a_section_of_the_sources_says_rows_licence_source_and_dirt():
    frame = pd.DataFrame({"model_a": ["a"], "model_b": ["b"], "wins_a": [1], "wins_b": [2], "ties": [3]})
    card = arena.counts_card("20230501_9models", "github.com/x/y (MIT)", frame, 1)
    card = card.model_copy(update={"findings": (Finding(what="Dirt.", rows=1, treatment="Washed."),)})
    text = describe(card, 1)
    assert "battles/arena_20230501.parquet (1 rows, as of 2023-05-01)" in text
    assert "6 votes on 2 models" in text
    assert "Licence: MIT. Source: github.com/x/y" in text
    assert "- Dirt. Rows: 1. Washed." in text


def test_a_folder_that_is_missing_is_named(tmp_path, capsys):
    assert make_snapshot.main(["--input", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    assert "No folder open_llm_leaderboard" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
