"""Reward-model runs, from the queue to the Reward models tab: real scores of a small model, a row, a run page."""

from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pandas as pd
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from transformers import LlamaForCausalLM

from eval_queue.executors.local import LocalExecutor, child_environment
from eval_queue.publish import Publisher
from eval_queue.queue import utc_now
from eval_queue.spec import RunSpec
from eval_queue.worker import Worker
from leaderboard.boards.library import Library
from leaderboard.model_facts import ModelFacts
from leaderboard.model_rules import facts_problems
from leaderboard.records import RunResult, Submission, TaskScore
from leaderboard.settings import read_settings
from leaderboard.sources.reward_runs import reward_runs
from leaderboard.stores import LocalStore
from leaderboard.submission_rules import Limits, suite_problems
from leaderboard.suites import CORE, DPO_PAIRS, JUDGE_PAIRS, JUDGE_PROMPTS, REWARD_METRIC, REWARD_PAIRS
from leaderboard.views.run_page import run_routes
from scripts.make_demo_model import quiet
from tests.models import changed_copy, tiny_model, tiny_reward_model
from tests.unit.queue_worlds import open_sqlite, submission
from tests.unit.test_judged_runs import PLACE

PAIRS = 9
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def rows(name: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "prompt": [f"{name}: question {at // 2}?" for at in range(PAIRS)],
            "chosen": ["yes " * (at % 4 + 1) for at in range(PAIRS)],
            "rejected": [f"no {at} " * (at % 3 + 1) for at in range(PAIRS)],
        }
    )


def moved_copy(model: Path, folder: Path) -> Path:
    """The same model with other weights in its last layer, as training would leave it."""
    changed_copy(model, folder)
    with quiet():
        trained = LlamaForCausalLM.from_pretrained(folder)
        trained.model.layers[-1].mlp.down_proj.weight.data *= -2
        trained.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A library over one run that went through queue, child process and publisher."""
    folder = tmp_path_factory.mktemp("place")
    files, model = folder / "files" / "reward_models", tiny_reward_model(folder / "model")
    files.mkdir(parents=True)
    for task in REWARD_PAIRS.tasks:
        rows(task.name).to_parquet(files / f"{task.name}.parquet")
    queue = open_sqlite(folder, utc_now)
    wanted = queue.add(submission(model="local/reward", suite=REWARD_PAIRS.name, precision="float32")).submission

    places = {wanted.key: {"model_path": str(model)}}

    def prepare(wanted: Submission, work: Path) -> RunSpec:
        return RunSpec(
            submission=wanted, work_folder=work, task_files=files.parent, threads=1, **places[wanted.key]
        )  # fmt: skip

    worker = Worker(
        name="w", queue=queue, executor=LocalExecutor(
            environment=child_environment(read_settings(PLACE)), time_limit_seconds=120.0),
        publisher=Publisher(LocalStore(folder / "store")), prepare=prepare, runs=folder / "runs",
    )  # fmt: skip
    assert worker.run_once(Event())
    entry = queue.get(wanted.key)
    assert entry is not None
    assert entry.state == "FINISHED", entry.reason
    (folder / "data").mkdir()
    base = tiny_model(folder / "base")
    trained = moved_copy(base, folder / "trained")
    policy = queue.add(
        submission(model="local/trained", suite=DPO_PAIRS.name, precision="float32", reference=f"local/base@{'1' * 40}")
    ).submission
    places |= {policy.key: {"model_path": str(trained), "reference_path": str(base)}}
    assert worker.run_once(Event())
    entry = queue.get(policy.key)
    assert entry is not None
    assert entry.state == "FINISHED", entry.reason
    judge = queue.add(
        submission(model="local/base", suite=JUDGE_PAIRS.name, precision="float32", chat_template=True)
    ).submission
    places |= {judge.key: {"model_path": str(base)}}
    assert worker.run_once(Event())
    entry = queue.get(judge.key)
    assert entry is not None
    assert entry.state == "FINISHED", entry.reason
    snapshot = SimpleNamespace(folder=folder / "data", revision="r", origin="a test")
    library = Library(lambda: snapshot, folder / "store", utc_now)
    return SimpleNamespace(
        library=library, wanted=wanted, policy=policy, judge=judge, queue=queue, folder=folder, snapshot=snapshot
    )


def test_a_run_is_a_row_whose_average_is_that_of_its_scores(place):
    views = place.library.views("reward_models")
    assert [view.value.partition(".")[2] for view in views] == ["wrong", "half", "dropped"]
    board = place.library.board("reward_models", views[0].value)
    row = board.frame[board.frame["model"] == "local/reward"].iloc[0]
    shares = []
    for task in REWARD_PAIRS.tasks:
        path = place.folder / "store" / f"samples/local/reward/{place.wanted.key}/{task.name}.parquet"
        scores = pd.read_parquet(path)
        assert len(scores) == PAIRS
        shares.append((scores["score_chosen"] > scores["score_rejected"]).mean())
        assert row[f"set_{task.name}"] == pytest.approx(shares[-1])
    assert row["average"] == pytest.approx(sum(shares) / len(shares))
    assert row["page"] == f"runs/{place.wanted.key}"
    assert next(column.href for column in board.columns if column.key == "model") == "page"
    assert set(board.frame.loc[board.frame["control"], "page"]) == {None}


def test_a_policy_stands_beside_reward_models_with_the_rewards_it_implies(place):
    board = place.library.board("reward_models", place.library.views("reward_models")[0].value)
    row = board.frame[board.frame["model"] == "local/trained (DPO)"].iloc[0]
    assert row["page"] == f"runs/{place.policy.key}"
    path = place.folder / "store" / f"samples/local/trained/{place.policy.key}/llmbar.parquet"
    scores = pd.read_parquet(path)
    assert row["set_llmbar"] == pytest.approx((scores["score_chosen"] > scores["score_rejected"]).mean())
    assert scores["score_chosen"].abs().max() > 0, "the policy says something else than its reference"
    assert place.library.run(place.policy.key).environment["reference"] == f"local/base@{'1' * 40}"


def test_a_chat_model_stands_beside_them_as_a_judge(place):
    board = place.library.board("reward_models", place.library.views("reward_models")[0].value)
    row = board.frame[board.frame["model"] == "local/base (judge)"].iloc[0]
    assert row["page"] == f"runs/{place.judge.key}"
    scores = pd.read_parquet(place.folder / "store" / f"samples/local/base/{place.judge.key}/llmbar.parquet")
    assert row["set_llmbar"] == pytest.approx((scores["score_chosen"] > scores["score_rejected"]).mean())
    assert (scores["score_chosen"] < 0).all(), "log-probabilities"
    assert place.library.run(place.judge.key).environment["judge_prompts"] == JUDGE_PROMPTS


def test_the_run_has_charts_and_every_pair_can_be_read(place):
    view = place.library.views("reward_models")[0].value
    assert {chart.name for chart in place.library.charts("reward_models", view)} == {
        "accuracies", "margins", "calibration", "by_length",
    }  # fmt: skip
    reading = place.library.reading("reward_models", view, {"set": "llmbar"})
    assert reading.of == PAIRS
    assert not reading.empty


def test_the_page_of_the_run_shows_every_pair_and_each_rule_for_ties(place):
    app = FastAPI()
    app.include_router(run_routes(place.library, place.queue))
    client = TestClient(app)
    page = client.get(f"/runs/{place.wanted.key}?task=llmbar")
    assert page.status_code == 200
    scores = pd.read_parquet(place.folder / "store" / f"samples/local/reward/{place.wanted.key}/llmbar.parquet")
    margins = scores["score_chosen"] - scores["score_rejected"]
    assert all(f'<td class="number">{margin:.4f}</td>' in page.text for margin in margins)
    assert page.text.count("<td>wrong</td>") == (margins < 0).sum()
    wrong = client.get(f"/runs/{place.wanted.key}?task=llmbar&show=wrong").text
    assert wrong.count("<td>right</td>") == 0
    assert wrong.count("<td>wrong</td>") == (margins < 0).sum()
    assert "Pick the longer" in page.text
    assert "llmbar.ties_wrong" not in page.text
    home = place.library.home_of(place.wanted.key)
    assert home == {"tab": "reward_models", "view": place.library.views("reward_models")[0].value}
    assert f'href="../?tab=reward_models&amp;view={home["view"]}"' in page.text


def test_a_sample_that_is_gone_or_damaged_is_said_and_the_others_are_shown(place, tmp_path):
    results = tmp_path / "store"
    for path in (place.folder / "store").rglob("*"):
        if path.is_file():
            copy = results / path.relative_to(place.folder / "store")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(b"damaged" if path.name == "llmbar.parquet" else path.read_bytes())
    for path in list(results.rglob("pandalm_human_test.parquet")):
        path.unlink()
    library = Library(lambda: place.snapshot, results, utc_now)
    board = library.board("reward_models", library.views("reward_models")[0].value)
    said = [note for note in board.notes if note.startswith("Left out: ")]
    assert len(said) == 6
    assert sum("cannot be read" in note for note in said) == 3
    assert sum("is not there" in note for note in said) == 3
    assert board.frame.loc[~board.frame["control"], "average"].isna().all()


def run(model: str, *, suite: str = REWARD_PAIRS.name, pairs: str = "a" * 16, day: int = 1) -> RunResult:
    wanted = submission(model=model, suite=suite, precision="float32")
    score = TaskScore(task="llmbar", metric=REWARD_METRIC, score=0.5, n=4)
    at = NOW.replace(day=day)
    return RunResult(
        submission=wanted, started_at=at, finished_at=at, tasks=(score,), environment={"pairs": pairs} if pairs else {}
    )


@given(st.lists(st.tuples(st.sampled_from(["o/a", "o/b", "O/A"]), st.sampled_from(["1" * 16, "2" * 16, ""])),
                max_size=8))  # fmt: skip
def test_runs_are_compared_only_on_the_same_pairs_and_each_model_once(given_runs):
    runs = [run(model, pairs=pairs, day=at + 1) for at, (model, pairs) in enumerate(given_runs)]
    tables = reward_runs(runs)
    assert {table.runs[0].environment["pairs"] for table in tables.values()} == {p for _, p in given_runs if p}
    for table in tables.values():
        assert len({each.environment["pairs"] for each in table.runs}) == 1
        names = [each.submission.model.casefold() for each in table.runs]
        assert len(names) == len(set(names))
        newest = max(each.finished_at for each in runs if each.environment == table.runs[0].environment)
        assert table.card.as_of == newest


def test_runs_of_other_suites_are_no_reward_runs():
    assert reward_runs([run("o/a", suite=CORE.name)]) == {}


@pytest.mark.parametrize(
    ("architecture", "needs_head", "said"),
    [
        ("LlamaForSequenceClassification", True, ""), ("LlamaForCausalLM", False, ""),
        ("LlamaForCausalLM", True, "ForSequenceClassification"),
        ("LlamaForSequenceClassification", False, "a model that generates text"),
    ],
)  # fmt: skip
def test_reward_suites_take_reward_models_and_the_others_do_not(architecture, needs_head, said):
    facts = ModelFacts(
        model="o/a",
        revision="0" * 40,
        license="mit",
        has_safetensors=True,
        has_tokenizer=True,
        architecture=architecture,
    )
    limits = Limits(max_params=1, max_open_per_sender=1, max_weight_bytes=1, memory_bytes=1)
    problems = facts_problems(facts, chat_template=False, limits=limits, needs_head=needs_head)
    assert [said in problem.message for problem in problems] == ([True] if said else [])


@pytest.mark.parametrize(("suite", "refused"), [(CORE, True), (REWARD_PAIRS, False)])
def test_rounded_weights_are_for_reward_models_alone(suite, refused):
    limits = Limits(max_params=1, max_open_per_sender=1, max_weight_bytes=1, memory_bytes=1, has_files=True)
    problems = suite_problems(suite, chat_template=False, limits=limits, precision="4bit")
    assert [problem.field for problem in problems] == (["precision"] if refused else [])
