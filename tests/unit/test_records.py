"""Records keep their promises, and files of every schema version are read for ever."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leaderboard.records import QueueEntry, RunResult, Submission, identity_key
from leaderboard.settings import ROOT

GOLDEN = ROOT / "tests" / "golden"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
VALID = {"model": "org/m", "revision": "a" * 40, "precision": "bfloat16", "suite": "core", "submitted_at": NOW}


def test_a_result_of_version_1_is_read_for_ever():
    run = RunResult.model_validate_json((GOLDEN / "run_result_v1.json").read_bytes())
    assert run.key == "991886a3f1f1bcc9"
    assert [task.score for task in run.tasks] == [0.3, 0.225, 0.15, 0.2, 0.275]


def test_a_queue_entry_of_version_1_is_read_for_ever():
    entry = QueueEntry.model_validate_json((GOLDEN / "queue_entry_v1.json").read_bytes())
    assert (entry.key, entry.state) == ("991886a3f1f1bcc9", "FINISHED")


def test_keys_of_a_newer_writer_are_ignored():
    content = json.loads((GOLDEN / "run_result_v1.json").read_bytes()) | {"added_later": 1}
    assert RunResult.model_validate(content).key == "991886a3f1f1bcc9"


def test_a_newer_schema_version_is_refused_rather_than_misread():
    content = json.loads((GOLDEN / "run_result_v1.json").read_bytes()) | {"schema_version": 2}
    with pytest.raises(ValidationError, match="schema_version"):
        RunResult.model_validate(content)


def test_the_case_of_a_model_id_does_not_make_another_evaluation():
    assert Submission(**VALID).key == Submission(**VALID | {"model": "Org/M"}).key


@given(st.sampled_from(["model", "revision", "precision", "suite", "chat_template", "judge"]))
def test_everything_that_changes_scores_changes_the_key(field):
    base = {"model": "org/m", "revision": "a" * 40, "precision": "bfloat16", "suite": "core", "chat_template": False,
            "judge": "one"}  # fmt: skip
    other = {"model": "org/n", "revision": "b" * 40, "precision": "float32", "suite": "classic", "chat_template": True,
             "judge": "two"}  # fmt: skip
    assert identity_key(**base) != identity_key(**base | {field: other[field]})


@pytest.mark.parametrize(
    "bad",
    [
        {"submitted_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"revision": "main"}, {"model": "m"}, {"precision": "int3"}, {"suite": "Core"}, {"params": -1},
    ],
    ids=lambda bad: next(iter(bad)),
)  # fmt: skip
def test_a_record_that_breaks_its_schema_is_refused(bad):
    with pytest.raises(ValidationError, match=next(iter(bad))):
        Submission(**VALID | bad)


def test_times_are_kept_in_utc():
    local = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert Submission(**VALID | {"submitted_at": local}).submitted_at == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert Submission(**VALID | {"submitted_at": local}).submitted_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"precision": "bfloat16", "suite": "core", "chat_template": False}, "157c9e0bac3c6c02"),
        (
            {"precision": "bfloat16", "suite": "mt_bench", "chat_template": True, "judge": "j, prompts 1"},
            "d581d7735002cf80",
        ),
        (
            {"precision": "float32", "suite": "dpo_pairs", "chat_template": False, "reference": f"o/b@{'2' * 40}"},
            "38bb2b504fe749c5",
        ),
    ],
)
def test_keys_are_what_they_were_when_requests_and_results_were_stored_under_them(more, key):
    assert identity_key(model="o/m", revision="1" * 40, **more) == key
