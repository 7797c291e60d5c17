"""What the Arena's boards say about models, on the shipped data: facts of the catalogue, blank where it knows none."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from leaderboard.boards.library import Library
from leaderboard.settings import ROOT


@pytest.fixture(scope="module")
def library():
    snapshot = SimpleNamespace(folder=ROOT / "data", revision="golden", origin="embedded")
    return Library(lambda: snapshot, ROOT / "none", lambda: datetime.now(UTC))


def test_models_that_the_catalogue_knows_have_a_line(library):
    board = library.board("arena")
    lines = board.frame.set_index("model")["description"].astype(object)
    assert lines.loc["GPT-4-0613"] == "API only since 2023-06-13"
    assert lines.loc["Mistral-7B-Instruct-v0.1"] == (
        "7.3B, open weights since 2023-09-27, from mistralai/Mistral-7B-v0.1"
    )
    assert lines.loc["Qwen3-235B-A22B-Thinking-2507"].startswith("235B, open weights")
    assert lines.notna().sum() > 100
    assert board.columns[-1].key == "description"


def test_a_name_that_nothing_ties_to_a_model_has_none(library):
    lines = library.board("arena", "arena_20230522.tie.bt").frame.set_index("model")["description"].astype(object)
    assert lines.loc["dolly-v2-12b"].startswith("11B, open weights since 2023-04-12")
    assert lines.isna().loc["gpt-4"], "versions of it exist, and the table may have meant any"
    assert library.board("human_gpt4").column("description") is None
