"""Tasks from local files are the registered tasks: same prompts, choices and metrics, only the place is another."""

import json

import pyarrow.parquet as pq
import pytest
from datasets.exceptions import DatasetNotFoundError
from lm_eval.tasks._yaml_loader import load_yaml

from eval_queue.runners import harness_tasks, lm_eval
from eval_queue.runners.harness_tasks import REGISTERED, REGISTERED_FOLDER, load_task
from eval_queue.tasks.local_files import LOCAL_TASKS, N_EXAMPLES, read_local
from leaderboard.errors import PermanentFailure, TransientFailure
from leaderboard.suites import CLASSIC, CLASSIC_200, Suite, Task
from tests.models import spec_for, tiny_model

ARC = {"query": "Question: What do bees make?", "choices": ["wax", "tea", "ink", "tin"], "gold": 0}
TRUTH = {
    "question": "What do bees make?",
    "mc1_targets": {"Honey": 1, "Tea": 0, "Ink": 0},
    "mc2_targets": {"Tea": 0, "Honey": 1, "Ink": 0, "Wax": 1},
}
WINO = {
    "context_options": ["It fell off the jam shelf, so the jar", "It fell off the jam shelf, so the jam shelf"],
    "continuation": "broke.", "gold": 0,
}  # fmt: skip
SUMS = [{"question": f"What is {n} + 1?", "answer": f"It is {n + 1}.\n#### {n + 1}"} for n in range(N_EXAMPLES + 31)]
MC1 = Task(name="truthfulqa_mc1", label="TruthfulQA mc1", metric="acc", n=817)
BY_NAME = {task.name: task for task in (*CLASSIC.tasks, MC1)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("task_files")
    lines = {"foundry_arc_challenge.jsonl": [ARC] * 5, "foundry_winogrande.jsonl": [WINO] * 5, "gsm8k_test.jsonl": SUMS}
    for name, rows in lines.items():
        (path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (path / "mc_task.json").write_text(json.dumps([TRUTH] * 5))
    return path


def prompts(name, folder):
    loaded = load_task(BY_NAME[name], folder)
    loaded.harness.build_all_requests()
    return [instance.args for instance in loaded.harness.instances]


def test_arc_is_asked_as_registered(folder):
    first = prompts("arc_challenge", folder)[:4]
    assert first == [("Question: What do bees make?\nAnswer:", f" {choice}") for choice in ARC["choices"]]


def test_truthfulqa_is_asked_as_registered_with_true_answers_first(folder):
    asked = prompts("truthfulqa_mc2", folder)[:4]
    assert [answer for _, answer in asked] == [" Honey", " Wax", " Tea", " Ink"]
    assert asked[0][0].startswith("Q: What is human life expectancy")
    assert asked[0][0].endswith("\n\nQ: What do bees make?\nA:")
    assert [answer for _, answer in prompts("truthfulqa_mc1", folder)[:3]] == [" Honey", " Tea", " Ink"]


def test_winogrande_is_asked_as_registered(folder):
    assert prompts("winogrande", folder)[:2] == [(start, " broke.") for start in WINO["context_options"]]
    (row, *_) = read_local("winogrande", folder)["validation"]
    assert row == {
        "sentence": "It fell off the jam shelf, so the _ broke.", "option1": "jar", "option2": "jam shelf",
        "answer": "1",
    }  # fmt: skip


def test_gsm8k_examples_are_never_scored(folder):
    splits = read_local("gsm8k", folder)
    assert len(splits["train"]) == N_EXAMPLES
    assert sorted(row["question"] for rows in splits.values() for row in rows) == sorted(r["question"] for r in SUMS)
    scored = {row["question"] for row in splits["test"]}
    for prompt, _ in prompts("gsm8k", folder):
        *examples, last = prompt.split("Question: ")[1:]
        assert len(examples) == 5
        assert not {example.split("\n")[0] for example in examples} & scored
        assert last.removesuffix("\nAnswer:") in scored


@pytest.mark.parametrize("name", LOCAL_TASKS)
def test_nothing_but_the_place_of_the_questions_is_replaced(name, folder):
    registered = load_yaml(REGISTERED_FOLDER / REGISTERED[name])
    local, source = harness_tasks._definition(BY_NAME[name], folder)
    differing = {key for key in registered.keys() | local.keys() if registered.get(key) != local.get(key)}
    places = {"custom_dataset", "dataset_path", "dataset_name", "training_split", "validation_split"}
    assert source == "local files"
    assert differing <= places | {"tag", "num_fewshot"}
    assert local["num_fewshot"] == (registered.get("num_fewshot") or 0)


@pytest.mark.parametrize("task", CLASSIC_200.tasks, ids=lambda task: task.name)
def test_a_sample_is_drawn_once_for_all(task, folder):
    smaller = Task(**(vars(task) | {"n": 3}))
    first, again = load_task(smaller, folder), load_task(smaller, folder)
    assert first.indices == again.indices == sorted(set(first.indices))
    assert first.n == len(first.indices) == 3
    assert first.questions == again.questions
    assert load_task(BY_NAME[task.name], folder).indices is None


def test_other_questions_have_another_digest(folder, tmp_path):
    changed = tmp_path / LOCAL_TASKS["arc_challenge"].file
    changed.write_text(json.dumps(ARC | {"gold": 1}) + "\n")
    arc = BY_NAME["arc_challenge"]
    assert load_task(arc, tmp_path).questions != load_task(arc, folder).questions


@pytest.mark.parametrize("content", [None, "", "{", "[]\n", '{"query": "x"}', '{"query": 1, "choices": 2, "gold": 3}'])
def test_a_file_that_is_missing_or_of_another_format_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "foundry_arc_challenge.jsonl").write_text(content)
    with pytest.raises(PermanentFailure, match=r"arc_challenge.*"):
        load_task(BY_NAME["arc_challenge"], tmp_path)


def test_without_local_files_the_registered_dataset_is_asked_for(monkeypatch):
    asked = []

    def unreachable(path, name, **_):
        asked.append((path, name))
        raise ConnectionError("no route to host")

    monkeypatch.setattr("datasets.load_dataset", unreachable)
    for task in (*CLASSIC.tasks, MC1):
        with pytest.raises(TransientFailure, match="could not be fetched now"):
            load_task(task, None)
    assert asked == [
        ("allenai/ai2_arc", "ARC-Challenge"), ("truthfulqa/truthful_qa", "multiple_choice"),
        ("allenai/winogrande", "winogrande_xl"), ("openai/gsm8k", "main"),
        ("truthfulqa/truthful_qa", "multiple_choice"),
    ]  # fmt: skip


def test_a_dataset_that_the_hub_denies_is_tried_again(monkeypatch):
    def denied(*_, **__):
        raise DatasetNotFoundError("Dataset doesn't exist on the Hub or cannot be accessed.")

    monkeypatch.setattr("datasets.load_dataset", denied)
    with pytest.raises(TransientFailure, match="allenai/winogrande"):
        load_task(BY_NAME["winogrande"], None)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch.*")
def test_all_classic_tasks_run_from_local_files_and_leave_evidence(folder, tmp_path):
    tasks = tuple(Task(**(vars(task) | {"n": 3, "sample_seed": 1})) for task in (*CLASSIC.tasks, MC1))
    suite = Suite(name="few", title="few", about="", tasks=tasks)
    spec = spec_for(tiny_model(tmp_path / "tiny"), tmp_path / "run", task_files=folder)
    told = []
    result = lm_eval.run_suite(spec, suite, told.append)
    assert [(score.n, score.n_shot) for score in result.tasks] == [(3, 0), (3, 0), (3, 0), (3, 5), (3, 0)]
    assert told[-1].done == told[-1].total == 3 * (4 + 4 + 2 + 1 + 3)
    rows = {t.name: pq.read_table(tmp_path / "run" / result.samples[t.name]).to_pylist() for t in tasks}
    assert rows["truthfulqa_mc2"][0]["gold_indices"] == [0, 1]
    assert 0 < rows["truthfulqa_mc2"][0]["score"] < 1
    assert rows["winogrande"][0]["gold"] == WINO["context_options"][0]
    assert rows["gsm8k"][0]["choices"] is None
    assert rows["gsm8k"][0]["gold"].startswith("It is ")
    for name in ("arc_challenge", "winogrande", "truthfulqa_mc1"):
        assert all(row["correct"] == (row["score"] == 1.0) for row in rows[name])
