"""The original questions of MT-Bench, fetched with the real Hub client from a server of this repository."""

import json
from pathlib import Path

import pytest

from eval_queue.runners import mt_bench
from leaderboard.errors import TransientFailure
from leaderboard.hub_client import open_hub
from tests.fakehub import FakeHub
from tests.judged import QUESTIONS, judged_spec

QUESTION_FILE, REFERENCE_FILE = mt_bench.HUB_FILES
REFERENCE = {"question_id": 204, "model_id": "gpt-4", "choices": [{"index": 0, "turns": ["Of the Hub.", "And more."]}]}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    with FakeHub() as server:
        monkeypatch.setattr(mt_bench, "open_hub", lambda _, token, timeout: open_hub(server.endpoint, token, timeout=5))
        rows = [question.model_dump(exclude={"reference"}) for question in QUESTIONS]
        server.put("spaces", mt_bench.HUB, {
            QUESTION_FILE: "".join(json.dumps(row) + "\n" for row in rows).encode(),
            REFERENCE_FILE: json.dumps(REFERENCE).encode(),
        })  # fmt: skip
        yield server


def spec(folder: Path):
    return judged_spec(folder, folder / "work", suite="mt_bench")


def test_questions_and_references_come_from_the_hub_and_then_from_its_cache(hub, tmp_path):
    found = mt_bench.questions_of(spec(tmp_path))
    assert [question.turns for question in found] == [question.turns for question in QUESTIONS]
    assert next(q for q in found if q.question_id == 204).reference == ("Of the Hub.", "And more.")
    assert set(hub.authorizations) <= {None}, "nothing secret is sent"
    fetched = hub.count("resolve")
    assert mt_bench.questions_of(spec(tmp_path)) == found
    assert hub.count("resolve") == fetched + 2, "a look whether they changed, no second download"


def test_a_hub_that_is_down_is_for_now_and_says_what_to_do(hub, tmp_path):
    hub.down()
    with pytest.raises(TransientFailure, match="LEADERBOARD_TASK_FILES"):
        mt_bench.questions_of(spec(tmp_path))
