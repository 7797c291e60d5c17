"""Foreign result files become rows of a table, bad ones are listed with a reason."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from leaderboard import cli
from leaderboard.errors import BadRecord
from leaderboard.records import RunResult, request_path, result_path
from leaderboard.settings import ROOT
from leaderboard.sources.benchmark_table import read_table
from leaderboard.sources.importing import import_files
from leaderboard.sources.results_json import read_lm_eval, read_open_llm_request, read_open_llm_result

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SHA = "b" * 40
LM_EVAL = {
    "results": {
        "arc_challenge": {
            "alias": "arc", "acc,none": 0.25, "acc_stderr,none": 0.01, "acc_norm,none": 0.3,
            "acc_norm_stderr,none": 0.02,
        },
        "gsm8k": {"exact_match,strict-match": 0.0, "exact_match_stderr,strict-match": "N/A"},
        "mmlu": {"acc,none": 0.5},
        "mmlu_law": {"acc,none": 0.4},
    },
    "group_subtasks": {"mmlu": ["mmlu_law"]},
    "n-samples": {"arc_challenge": {"original": 1172, "effective": 1000}},
    "n-shot": {"arc_challenge": 25},
    "config": {"model_args": "pretrained=org/m,dtype=bfloat16", "model_sha": SHA, "model_dtype": "torch.bfloat16"},
    "date": 1700000000.0,
}  # fmt: skip
OPEN_LLM = {
    "config_general": {"model_name": "org/old", "model_sha": SHA, "model_dtype": "torch.float16"},
    "results": {
        "harness|arc:challenge|25": {"acc": 0.4, "acc_norm": 0.45, "acc_norm_stderr": 0.014},
        "harness|hendrycksTest-law|5": {"acc": 0.2},
        "harness|hendrycksTest-virology|5": {"acc": 0.4},
        "harness|truthfulqa:mc|0": {"mc1": 0.2, "mc2": 0.4},
        "all": {"acc": 0.5},
    },
}  # fmt: skip
REQUEST = {
    "model": "org/old", "revision": SHA, "precision": "float16", "params": 6.738,
    "model_type": "🔶 : fine-tuned on domain-specific datasets",
    "license": "llama2", "status": "FINISHED", "weight_type": "Original",
}  # fmt: skip


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_lm_eval_results_keep_metric_error_size_and_commit(tmp_path):
    row = read_lm_eval(write(tmp_path / "r.json", LM_EVAL))
    assert row.values["model"] == "org/m"
    assert row.values["revision"] == SHA
    assert row.values["precision"] == "bfloat16"
    assert row.values["score.arc_challenge"] == 0.3
    assert row.values["stderr.arc_challenge"] == 0.02
    assert row.values["n.arc_challenge"] == 1000
    assert row.values["score.gsm8k"] == 0.0
    assert "stderr.gsm8k" not in row.values
    assert row.values["evaluated_on"] == "2023-11-14"


def test_members_of_a_group_do_not_become_columns(tmp_path):
    row = read_lm_eval(write(tmp_path / "r.json", LM_EVAL))
    assert [task.name for task in row.tasks] == ["arc_challenge", "gsm8k", "mmlu"]


def test_open_llm_results_give_mmlu_as_the_mean_of_its_subjects(tmp_path):
    row = read_open_llm_result(write(tmp_path / "r.json", OPEN_LLM))
    assert row.values["score.mmlu"] == pytest.approx(0.3)
    assert row.values["score.arc_challenge"] == 0.45
    assert row.values["score.truthfulqa"] == 0.4


def test_requests_say_what_the_model_is(tmp_path):
    row = read_open_llm_request(write(tmp_path / "r.json", REQUEST))
    assert row.values["model_type"] == "fine-tuned"
    assert row.values["params"] == 6738000000
    assert row.values["license"] == "llama2"


@pytest.mark.parametrize("value", [True, "0.97", 250, -0.1, None])
def test_a_score_that_is_no_fraction_makes_the_file_unreadable(tmp_path, value):
    bad = LM_EVAL | {"results": {"arc": {"acc,none": value}}}
    with pytest.raises(BadRecord, match="arc acc,none"):
        read_lm_eval(write(tmp_path / "r.json", bad))


def test_import_reads_the_good_files_and_lists_the_bad_ones(tmp_path):
    write(tmp_path / "in" / "a" / "good.json", LM_EVAL)
    write(tmp_path / "in" / "b" / "bad.json", LM_EVAL | {"results": {}})
    (tmp_path / "in" / "torn.json").write_text("{")
    report = import_files("lm-eval", tmp_path / "in", tmp_path / "store", name="mine", now=NOW)
    assert (report.n_read, report.n_rows) == (1, 1)
    assert [item.where for item in report.rejected] == ["b/bad.json", "torn.json"]
    card, frame = read_table(tmp_path / "store", "mine")
    assert frame["score.arc_challenge"].tolist() == [0.3]
    assert [item.where for item in card.rejected] == ["b/bad.json", "torn.json"]


def test_results_and_requests_of_one_model_meet_in_one_row(tmp_path):
    write(tmp_path / "results" / "r.json", OPEN_LLM)
    write(tmp_path / "requests" / "r.json", REQUEST)
    import_files("open-llm-results", tmp_path / "results", tmp_path / "store", name="t", now=NOW)
    import_files("open-llm-requests", tmp_path / "requests", tmp_path / "store", name="t", now=NOW)
    _, frame = read_table(tmp_path / "store", "t")
    assert len(frame) == 1
    row = frame.iloc[0]
    assert (row["license"], row["score.arc_challenge"], row["params"]) == ("llama2", 0.45, 6738000000)


def test_importing_again_replaces_and_does_not_double(tmp_path):
    path = write(tmp_path / "r.json", LM_EVAL)
    import_files("lm-eval", path, tmp_path / "store", name="t", now=NOW)
    better = json.loads(json.dumps(LM_EVAL))
    better["results"]["arc_challenge"]["acc_norm,none"] = 0.9
    write(path, better)
    report = import_files("lm-eval", path, tmp_path / "store", name="t", now=NOW)
    _, frame = read_table(tmp_path / "store", "t")
    assert report.n_rows == 1
    assert frame["score.arc_challenge"].tolist() == [0.9]


@pytest.mark.parametrize("format_name", ["lm-eval", "open-llm-results", "open-llm-requests"])
def test_results_of_this_leaderboard_are_recognised_and_read_as_data_instead(tmp_path, format_name, capsys):
    content = json.loads((ROOT / "tests" / "golden" / "run_result_v1.json").read_text())
    request = {"submission": content["submission"], "state": "FINISHED"}
    run = RunResult.model_validate(content)
    write(tmp_path / "mine" / result_path(run.submission), content)
    write(tmp_path / "mine" / request_path(run.submission), request)
    with pytest.raises(
        BadRecord, match=r"is a request .*is a result of this leaderboard and needs no import: .*--data"
    ):
        import_files(format_name, tmp_path / "mine", tmp_path / "store", name="t", now=NOW)
    assert not (tmp_path / "store").exists()
    arguments = ["board", "llm_benchmarks", "--view", "here_core", "--data", str(tmp_path / "mine")]
    assert cli.main(arguments) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["core_dates"] for row in rows if row["model"] == run.submission.model] == ["0.225"]


def test_reasons_that_many_files_share_are_told_once(tmp_path):
    for number in range(3):
        write(tmp_path / "in" / f"{number}.json", {"other": 1})
    with pytest.raises(BadRecord, match=r"0\.json \(and 2 more\) has no 'results'; expected an object") as caught:
        import_files("lm-eval", tmp_path / "in", tmp_path / "store", name="t", now=NOW)
    assert str(caught.value).count("expected") == 1


def test_an_import_with_nothing_readable_says_why(tmp_path):
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(BadRecord, match=r"x\.json expected a JSON object"):
        import_files("lm-eval", tmp_path / "x.json", tmp_path / "store", name="t", now=NOW)
    with pytest.raises(BadRecord, match="does not exist"):
        import_files("lm-eval", tmp_path / "none", tmp_path / "store", name="t", now=NOW)
    with pytest.raises(BadRecord, match="expected one of open-llm-dump, lm-eval"):
        import_files("xml", tmp_path, tmp_path / "store", name="t", now=NOW)
