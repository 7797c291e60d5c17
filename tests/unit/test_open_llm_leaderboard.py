"""Dumps of the Open LLM Leaderboard: the dirt is repaired, counted and never silently dropped."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leaderboard.errors import BadRecord
from leaderboard.settings import ROOT
from leaderboard.sources.benchmark_table import list_tables, read_table, write_table
from leaderboard.sources.open_llm_leaderboard import clean_license, clean_type, read_dump

SHARED = ROOT.parent / "shared" / "data" / "open_llm_leaderboard"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public dumps are not at {SHARED}")
DAY = datetime(2024, 7, 13, tzinfo=UTC)
V1 = {
    "model": "a/x", "arc": 50.0, "hellaswag": 60.0, "mmlu": 40.0, "truthfulqa": 30.0, "winogrande": 70.0, "gsm8k": 0.0,
    "average": 41.67, "type": "💬 chat models (RLHF, DPO, IFT, ...)", "weight_type": "Original", "architecture": "L",
    "hub_license": "mit", "params_b": 7, "merged": True, "moe": True, "flagged": True, "available_on_the_hub": True,
    "precision": "float16", "model_sha": "a" * 40, "date": "2024-05-05T12:22:44Z",
}  # fmt: skip


def dump(tmp_path: Path, *rows: dict) -> Path:
    path = tmp_path / "dump.csv"
    pd.DataFrame([V1 | row for row in rows]).to_csv(path, index=False)
    return path


def test_scores_become_fractions_and_a_real_zero_stays(tmp_path):
    _, frame = read_dump(dump(tmp_path, {}), name="t", as_of=DAY)
    assert frame["score.arc_challenge"].tolist() == [0.5]
    assert frame["score.gsm8k"].tolist() == [0.0]


def test_unknown_sizes_are_blank_not_zero(tmp_path):
    card, frame = read_dump(dump(tmp_path, {"params_b": 0}, {"params_b": -1}, {}), name="t", as_of=DAY)
    assert frame["params"].isna().tolist() == [True, True, False]
    assert [f.rows for f in card.findings if "Parameters" in f.what] == [2]


def test_flags_are_inverted_only_when_the_file_shows_that_they_are(tmp_path):
    mostly_flagged = dump(tmp_path, {}, {"model": "a/y"}, {"model": "a/z", "flagged": False, "merged": False})
    _, frame = read_dump(mostly_flagged, name="t", as_of=DAY)
    assert frame["flagged"].tolist() == [False, False, True]
    assert frame["merged"].tolist() == [False, False, True]
    right = dump(tmp_path, {"flagged": False}, {"flagged": False}, {"flagged": True, "merged": False})
    _, frame = read_dump(right, name="t", as_of=DAY)
    assert frame["flagged"].tolist() == [False, False, True]
    assert frame["merged"].tolist() == [True, True, False]


def test_all_but_the_best_row_of_a_name_are_duplicates(tmp_path):
    rows = [{"precision": "4bit", "arc": 40.0}, {"precision": "float16"}, {"model": "b/y"}]
    card, frame = read_dump(dump(tmp_path, *rows), name="t", as_of=DAY)
    assert frame["duplicate"].tolist() == [True, False, False]
    assert any("same model name" in f.what and f.rows == 1 for f in card.findings)


@pytest.mark.parametrize("bad", [101.0, -0.1, "abc"])
def test_an_impossible_score_leaves_the_row_out_with_its_reason(tmp_path, bad):
    card, frame = read_dump(dump(tmp_path, {}, {"arc": bad, "model": "a/bad"}), name="t", as_of=DAY)
    assert frame["model"].tolist() == ["a/x"]
    assert [item.where for item in card.rejected] == ["row 1"]
    assert str(bad) in card.rejected[0].reason


def test_a_missing_score_keeps_the_row_and_stays_blank(tmp_path):
    _, frame = read_dump(dump(tmp_path, {}, {"arc": None, "model": "a/y"}), name="t", as_of=DAY)
    assert frame["score.arc_challenge"].isna().tolist() == [False, True]


def test_types_and_licences_are_cleaned():
    assert clean_type("❓other") == "other"
    assert clean_type("🟩 continuously pretrained") == "continuously pretrained"
    assert clean_type("basemergesandmoerges") == "merge"
    assert [clean_type("?"), clean_type(None), clean_type(float("nan"))] == ["unknown"] * 3
    assert [clean_license("unknown"), clean_license(None), clean_license(" mit ")] == [None, None, "mit"]


@pytest.mark.parametrize(
    ("name", "content"), [("x.csv", b"a,b\n1,2\n"), ("x.parquet", b"PAR1nonsense"), ("x.csv", b"")]
)
def test_another_file_is_refused_with_what_was_expected(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadRecord, match=f"{name}"):
        read_dump(tmp_path / name, name="t", as_of=DAY)


def test_a_written_table_reads_back_the_same(tmp_path):
    card, frame = read_dump(dump(tmp_path, {}, {"model": "b/y", "params_b": 0}), name="t", as_of=DAY)
    write_table(tmp_path / "store", card, frame)
    again_card, again = read_table(tmp_path / "store", "t")
    assert again_card == card
    assert again["model"].tolist() == ["a/x", "b/y"]
    assert again["params"].isna().tolist() == [False, True]


def test_unreadable_tables_are_listed_with_reasons_and_the_others_stay(tmp_path):
    card, frame = read_dump(dump(tmp_path, {}), name="good", as_of=DAY)
    write_table(tmp_path, card, frame)
    write_table(tmp_path, card.model_copy(update={"name": "torn"}), frame)
    (tmp_path / "benchmarks" / "torn.parquet").write_bytes(b"PAR1")
    (tmp_path / "benchmarks" / "broken.json").write_text('{"name": 3')
    (tmp_path / "benchmarks" / "misnamed.json").write_text(card.model_dump_json())
    cards, rejected = list_tables(tmp_path)
    assert [c.name for c in cards] == ["good"]
    assert [r.where for r in rejected] == [f"benchmarks/{n}.json" for n in ("broken", "misnamed", "torn")]
    assert all(r.reason for r in rejected)


@needs_shared
def test_the_real_v1_dump_has_the_known_dirt_and_right_averages():
    card, frame = read_dump(SHARED / "open_llm_leaderboard_v1_20240713.parquet", name="v1", as_of=DAY)
    raw = pd.read_parquet(SHARED / "open_llm_leaderboard_v1_20240713.parquet")
    assert len(frame) == 7169
    assert frame["duplicate"].sum() == 358
    assert frame["params"].isna().sum() == (raw["params_b"] == 0).sum() == 624
    assert frame.loc[frame["model"].str.startswith("Contamination/"), "flagged"].all()
    assert frame["flagged"].sum() == 109
    means = 100 * frame[[f"score.{task.name}" for task in card.tasks]].mean(axis=1)
    assert np.abs(means - raw["average"]).max() < 0.0084
    assert card.rejected == ()


@needs_shared
def test_the_real_v2_dump_has_the_known_dirt_and_right_averages():
    card, frame = read_dump(SHARED / "open_llm_leaderboard_v2_20250321.parquet", name="v2", as_of=DAY)
    raw = pd.read_parquet(SHARED / "open_llm_leaderboard_v2_20250321.parquet")
    assert len(frame) == 4576
    assert (frame["model_type"] == "other").sum() == 7
    assert frame["params"].isna().sum() == (raw["metadata_params_billions"] <= 0).sum() == 10
    assert not frame.loc[frame["license"].notna(), "available"].eq(False).any()
    means = 100 * frame[[f"score.{task.name}" for task in card.tasks]].mean(axis=1)
    assert np.abs(means - raw["model_average_score"]).max() < 1e-12


@needs_shared
def test_sizes_of_2023_are_recovered_from_a_known_model():
    _, frame = read_dump(SHARED / "v1_early_20230714.csv", name="x", as_of=DAY)
    sizes = frame.set_index("model")["params"]
    assert sizes["tiiuae/falcon-40b"] == 40e9
    assert sizes["llama-65b"] == 65e9
    assert len(frame) == 150


@needs_shared
def test_zeros_of_tasks_not_run_in_2023_are_blank():
    card, frame = read_dump(SHARED / "v1_early_20230523.csv", name="x", as_of=DAY)
    assert frame["score.hellaswag"].isna().sum() == 6
    assert any("not run yet" in finding.what and finding.rows == 6 for finding in card.findings)


@needs_shared
def test_the_shipped_snapshot_is_what_the_script_makes(tmp_path):
    from scripts.snapshot.open_llm import dumps

    for path, name, day, _ in dumps(SHARED):
        card, frame = read_dump(path, name=name, as_of=day)
        write_table(tmp_path, card, frame)
        _, fresh = read_table(tmp_path, name)
        _, shipped = read_table(ROOT / "data", name)
        pd.testing.assert_frame_equal(fresh, shipped)
