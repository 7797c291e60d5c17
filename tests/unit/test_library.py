"""Boards follow their data: new files appear, bad files are listed, copies take no rank."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest

from leaderboard.boards.library import Library
from leaderboard.boards.wire import encode
from leaderboard.errors import InvalidQuery
from leaderboard.records import RunResult, Submission, TaskScore, result_path
from leaderboard.settings import ROOT
from leaderboard.sources.benchmark_table import TableCard, TaskCard, write_table

START = datetime(2026, 11, 23, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        self.now += timedelta(seconds=2)
        return self.now


def run_result(model="org/m", score=0.5, **changes):
    submission = Submission(
        model=model, revision="a" * 40, precision="bfloat16", suite="core", submitted_at=START, license="mit"
    )
    tasks = tuple(
        TaskScore(task=f"core_{name}", metric="acc_norm", score=score, standard_error=0.08, n=40)
        for name in ("arithmetic", "dates", "units", "logic", "strings")
    )
    base = RunResult(submission=submission, started_at=START, finished_at=START, tasks=tasks)
    return base.model_copy(update=changes)


def publish(folder, run):
    path = folder / result_path(run.submission)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(run.model_dump_json())
    return path


@pytest.fixture
def world(tmp_path):
    card = TableCard(
        name="t", label="T", title="T", about="", source="s", license="l", as_of=START,
        tasks=(TaskCard(name="a", label="A", n=100, chance=0.25), TaskCard(name="b", label="B", n=400, chance=0.5)),
    )  # fmt: skip
    frame = pd.DataFrame(
        {
            "model": ["o/best", "o/best", "o/mid", "o/part"],
            "precision": ["float16", "4bit", "float16", "float16"],
            "duplicate": [False, True, False, False],
            "score.a": [0.9, 0.89, 0.5, 0.7],
            "score.b": [0.9, 0.89, 0.5, None],
        }
    )
    write_table(tmp_path / "data", card, frame)
    snapshot = SimpleNamespace(folder=tmp_path / "data", revision="r1", origin="test")
    library = Library(lambda: snapshot, tmp_path / "state", Clock())
    return SimpleNamespace(
        library=library, snapshot=snapshot, data=tmp_path / "data", state=tmp_path / "state", card=card, frame=frame
    )


def test_a_board_ranks_by_average_with_ranges_and_leaves_out_copies(world):
    frame = world.library.board("llm_benchmarks", "t").frame.set_index(["model", "precision"])
    assert frame.loc[("o/best", "float16"), ["rank_lower", "rank_upper"]].tolist() == [1, 1]
    assert frame.loc[("o/mid", "float16"), ["rank_lower", "rank_upper"]].tolist() == [2, 2]
    assert frame["average"].iloc[1] == pytest.approx(0.9)


def test_a_missing_task_leaves_average_and_rank_blank(world):
    row = world.library.board("llm_benchmarks", "t").frame.set_index("model").loc["o/part"]
    assert pd.isna(row["average"])
    assert pd.isna(row["rank_lower"])
    assert row["a"] == 0.7


def test_the_interval_of_the_average_adds_the_variances(world):
    # sqrt(.25/100)=.05 and sqrt(.25/400)=.025; mean of two: sqrt(.05^2+.025^2)/2 * 1.96 = 0.05479
    row = world.library.board("llm_benchmarks", "t").frame.set_index("model").loc["o/mid"]
    assert row["average_half"] == pytest.approx(0.05479, abs=1e-5)


def test_chance_is_pinned_on_top(world):
    first = world.library.board("llm_benchmarks", "t").frame.iloc[0]
    assert (first["model"], first["pinned"], first["average"]) == ("Random guessing", True, 0.375)


def test_without_chance_levels_there_is_no_row_of_random_guessing(world):
    tasks = tuple(task.model_copy(update={"chance": None}) for task in world.card.tasks)
    write_table(world.data, world.card.model_copy(update={"name": "u", "tasks": tasks}), world.frame)
    world.snapshot.revision = "r2"
    frame = world.library.board("llm_benchmarks", "u").frame
    assert "Random guessing" not in frame["model"].tolist()
    assert not frame["pinned"].any()


def test_a_view_has_the_day_of_its_own_figures_and_none_while_it_is_empty(world):
    assert world.library.board("llm_benchmarks", "here_core").as_of is None
    day = START - timedelta(days=3)
    publish(world.state, run_result(finished_at=day))
    assert world.library.board("llm_benchmarks", "here_core").as_of == day
    assert world.library.board("llm_benchmarks", "t").as_of == world.card.as_of


def test_runs_with_and_without_chat_template_are_two_configurations_told_apart(world):
    run = run_result()
    for precision, template, score in (("bfloat16", False, 0.5), ("bfloat16", True, 0.6), ("float32", True, 0.4)):
        changes = {"precision": precision, "chat_template": template}
        other = run_result(score=score, submission=run.submission.model_copy(update=changes))
        publish(world.state, other)
    board = world.library.board("llm_benchmarks", "here_core")
    rows = board.frame[~board.frame["pinned"]].set_index(["precision", "chat_template"])
    assert rows["duplicate"].to_dict() == {
        ("bfloat16", True): False, ("bfloat16", False): False, ("float32", True): True,
    }  # fmt: skip
    column = board.column("chat_template")
    assert column is not None
    assert column.shown
    assert column.tells_apart
    keys = [column.key for column in board.columns]
    assert keys.index("chat_template") < keys.index("evidence"), "in sight without scrolling sideways"


def test_a_column_without_any_value_is_not_there(world):
    keys = {column.key for column in world.library.board("llm_benchmarks", "t").columns}
    assert "precision" in keys
    assert not keys & {"model_type", "license", "params", "merged", "chat_template"}


def test_a_published_run_appears_without_a_restart(world):
    assert len(world.library.board("llm_benchmarks", "here_core").frame) == 1
    before = world.library.revision()
    run = run_result()
    publish(world.state, run)
    frame = world.library.board("llm_benchmarks", "here_core").frame
    assert frame["model"].tolist() == ["Random guessing", "org/m"]
    assert world.library.revision() != before
    assert world.library.run(run.key) == run


def test_a_new_table_appears_when_the_source_has_a_new_revision(world):
    write_table(world.data, world.card.model_copy(update={"name": "u"}), world.frame)
    world.snapshot.revision = "r2"
    assert "u" in [view.value for view in world.library.views("llm_benchmarks")]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda d: d["tasks"][0].update(score=True), "tasks.0.score"),
        (lambda d: d["tasks"][0].update(score="0.5"), "tasks.0.score"),
        (lambda d: d["tasks"][0].update(score=97), "tasks.0.score"),
        (lambda d: d.update(finished_at="2026-11-23T00:00:00"), "finished_at"),
        (lambda d: d.update(finished_at="2099-01-01T00:00:00Z"), "future"),
        (lambda d: d["submission"].update(precision="float32"), "key"),
        (lambda d: d.pop("submission"), "submission"),
    ],
)
def test_a_bad_result_is_listed_and_the_good_ones_stay(world, damage, reason):
    publish(world.state, run_result())
    path = publish(world.state, run_result(model="org/bad"))
    content = json.loads(path.read_text())
    damage(content)
    path.write_text(json.dumps(content))
    assert world.library.board("llm_benchmarks", "here_core").frame["model"].tolist()[1:] == ["org/m"]
    assert [item.where for item in world.library.rejected()] == [path.relative_to(world.state).as_posix()]
    assert reason in world.library.rejected()[0].reason


def test_unknown_tabs_and_views_are_refused_by_name(world):
    with pytest.raises(InvalidQuery, match="expected one of llm_benchmarks"):
        world.library.board("nope")
    with pytest.raises(InvalidQuery, match="View is 'nope'; tab 'llm_benchmarks' has t, here_core"):
        world.library.board("llm_benchmarks", "nope")


def test_files_outside_the_store_are_never_given(world):
    path = publish(world.state, run_result())
    assert world.library.run_path(path.relative_to(world.state).as_posix()) == path.resolve()
    (world.state.parent / "secret.json").write_text("{}")
    for bad in (
        "../secret.json",
        "results/../../secret.json",
        str(world.state.parent / "secret.json"),
        "results/none.json",
    ):
        assert world.library.run_path(bad) is None


def test_the_embedded_data_has_the_three_suites_and_unique_rows():
    snapshot = SimpleNamespace(folder=ROOT / "data", revision="r", origin="embedded")
    library = Library(lambda: snapshot, ROOT / "none", Clock())
    assert library.rejected() == ()
    sizes = {}
    for view in library.views("llm_benchmarks"):
        board = library.board("llm_benchmarks", view.value)
        assert board.frame["id"].is_unique
        for column in board.columns:
            assert set(column.frame_columns) <= set(board.frame.columns), column.key
        sizes[view.value] = len(board.frame) - 1
    assert (sizes["open_llm_v1"], sizes["open_llm_v2"], sizes["open_llm_2023_0714"]) == (7169, 4576, 150)


def test_columns_are_plain_data(world):
    assert all(dataclasses.is_dataclass(c) for c in world.library.board("llm_benchmarks", "t").columns)


def test_a_view_keeps_its_revision_while_only_others_change(world):
    published, here = (world.library.board("llm_benchmarks", name).revision for name in ("t", "here_core"))
    publish(world.state, run_result())
    assert world.library.board("llm_benchmarks", "t").revision == published
    assert world.library.board("llm_benchmarks", "here_core").revision != here
    write_table(world.data, world.card.model_copy(update={"about": "corrected"}), world.frame)
    world.snapshot.revision = "r2"
    assert world.library.board("llm_benchmarks", "t").revision != published


def test_an_empty_suite_points_to_the_form_and_a_filled_one_does_not(world):
    empty = json.loads(encode(world.library.board("llm_benchmarks", "here_classic")))
    assert empty["empty"]["href"] == "?tab=queue"
    publish(world.state, run_result())
    assert json.loads(encode(world.library.board("llm_benchmarks", "here_core")))["empty"] is None
