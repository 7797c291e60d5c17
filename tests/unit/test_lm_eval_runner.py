"""The lm-eval runner on a tiny real model: scores, evidence, resuming, progress, refusals."""

import json
import math
import shutil
import time

import pyarrow.parquet as pq
import pytest
import torch
from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager
from safetensors.torch import load_file, save_file

from eval_queue.runners import harness_tasks, lm_eval
from eval_queue.runners.causal_model import CausalModel
from eval_queue.runners.meter import GENERATION_COST
from leaderboard.errors import ModelAtFault, PermanentFailure
from leaderboard.records import RunResult
from leaderboard.suites import SUITES, Suite, Task
from tests.models import SMALL, changed_copy, spec_for, tiny_model

pytestmark = [
    # torch.jit's deprecation, raised while transformers imports its own modules
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch.*"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def finished(model, tmp_path_factory):
    """One run of the small suite: the spec, its result and the progress it told."""
    spec = spec_for(model, tmp_path_factory.mktemp("run"))
    told = []
    return spec, lm_eval.run_suite(spec, SMALL, told.append), told


def test_scores_are_those_of_lm_eval_to_the_last_digit(model, finished):
    spec, result, _ = finished
    manager = TaskManager(include_path=str(harness_tasks.OWN / "core"), include_defaults=False)
    for task, score in zip(SMALL.tasks, result.tasks, strict=True):
        chosen = harness_tasks.load_task(task, None).indices
        theirs = simple_evaluate(
            model="hf", model_args={"pretrained": str(model), "dtype": "float32"}, tasks=[task.name],
            task_manager=manager, batch_size=spec.batch_size, device="cpu", samples={task.name: chosen},
        )["results"][task.name]  # fmt: skip
        assert (score.score, score.standard_error) == (
            theirs[f"{task.metric},none"],
            theirs[f"{task.metric}_stderr,none"],
        )


def test_a_result_says_what_it_was_made_with(finished):
    spec, result, _ = finished
    assert RunResult.model_validate_json(result.model_dump_json()) == result
    assert [(score.task, score.metric, score.n, score.version) for score in result.tasks] == [
        ("core_arithmetic", "acc_norm", 6, "1.0"), ("core_strings", "acc", 5, "1.0"),
    ]  # fmt: skip
    assert {"lm_eval", "transformers", "torch", "datasets", "python", "project"} <= set(result.versions)
    assert result.environment["model_revision"] == spec.submission.revision
    assert result.environment["dtype"] == "float32"
    assert result.environment["questions.core_strings"].startswith("bundled, sha256 ")


def test_samples_are_the_evidence_of_the_score(finished):
    spec, result, _ = finished
    for score in result.tasks:
        rows = pq.read_table(spec.work_folder / result.samples[score.task]).to_pylist()
        assert len(rows) == score.n
        assert sum(row["score"] for row in rows) / score.n == pytest.approx(score.score, abs=1e-12)
        for row in rows:
            assert row["correct"] == (row["score"] == 1.0) == (row["answer"] == row["gold"])
            assert row["choices"][row["gold_indices"][0]] == row["gold"]
            assert row["question"] in row["prompt"]
            assert len(row["loglikelihoods"]) == len(row["choices"]) == 4


def test_progress_counts_every_request_and_ends_complete(finished):
    _, _, told = finished
    assert told[0].task == "loading model"
    counted = [progress.done for progress in told]
    assert counted == sorted(counted)
    assert counted[-3:] == [24, 24 + 16, 44]  # the second task: its start, a batch of 16, the rest
    assert told[-1].done == told[-1].total == (6 + 5) * 4
    assert told[-1].eta_seconds == 0.0
    assert {(p.task, p.task_number) for p in told[1:]} == {("core_arithmetic", 1), ("core_strings", 2)}


def test_a_restart_keeps_finished_tasks_and_gives_the_same_result(model, finished, tmp_path, monkeypatch):
    spec = spec_for(model, tmp_path / "run")
    killed = []

    def die_in_the_second_task(progress):
        if progress.task == "core_strings" and progress.done > 24:  # a batch of its requests is answered
            killed.append(progress)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lm_eval.run_suite(spec, SMALL, die_in_the_second_task)
    assert killed
    evaluated = []
    original = lm_eval._evaluate
    monkeypatch.setattr(lm_eval, "_evaluate", lambda s, t, m: evaluated.append(t.task.name) or original(s, t, m))
    again = lm_eval.run_suite(spec, SMALL, lambda _: None)
    assert evaluated == ["core_strings"]
    assert numbers_of(again) == numbers_of(finished[1])
    for score in again.tasks:
        ours, theirs = ((s.work_folder / f"samples/{score.task}.parquet").read_bytes() for s in (spec, finished[0]))
        assert ours == theirs


def test_a_finished_run_is_read_back_without_loading_the_model(finished, monkeypatch):
    spec, result, _ = finished
    monkeypatch.setattr(lm_eval, "load_model", lambda *_: pytest.fail("the model was loaded"))
    assert numbers_of(lm_eval.run_suite(spec, SMALL, lambda _: None)) == numbers_of(result)


@pytest.mark.parametrize("damage", ["samples", "score", "version"])
def test_a_task_is_run_again_when_what_was_kept_does_not_fit(finished, tmp_path, monkeypatch, damage):
    spec, result, _ = finished
    copy = spec.model_copy(update={"work_folder": tmp_path / "copy"})
    shutil.copytree(spec.work_folder, copy.work_folder)
    kept = copy.work_folder / "tasks" / "core_arithmetic.json"
    if damage == "samples":
        (copy.work_folder / "samples" / "core_arithmetic.parquet").write_bytes(b"PAR1 torn")
    elif damage == "score":
        kept.write_text(kept.read_text().replace('"score":', '"scores":', 1))
    else:
        content = json.loads(kept.read_text())
        content["conditions"]["torch"] = "1.0"
        kept.write_text(json.dumps(content))
    evaluated = []
    original = lm_eval._evaluate
    monkeypatch.setattr(lm_eval, "_evaluate", lambda s, t, m: evaluated.append(t.task.name) or original(s, t, m))
    assert numbers_of(lm_eval.run_suite(copy, SMALL, lambda _: None)) == numbers_of(result)
    assert evaluated == ["core_arithmetic"]


def test_the_chat_template_reaches_the_prompt(model, tmp_path):
    spec = spec_for(model, tmp_path, chat_template=True)
    result = lm_eval.run_suite(spec, SMALL, lambda _: None)
    (row, *_) = pq.read_table(tmp_path / result.samples["core_arithmetic"]).to_pylist()
    assert row["prompt"].startswith("<|user|>\nQuestion: ")
    assert row["prompt"].endswith("<|assistant|>\n")


def test_the_whole_core_suite_runs_and_every_task_is_near_chance_for_a_random_model(model, tmp_path):
    result = lm_eval.run(spec_for(model, tmp_path), lambda _: None)
    assert [score.task for score in result.tasks] == [task.name for task in SUITES["core"].tasks]
    # 200 questions, chance 0.25: a random guesser is outside 0.25 ± 0.13 once in 40,000 runs
    mean = sum(score.score * score.n for score in result.tasks) / 200
    assert abs(mean - 0.25) < 0.13


def refused(spec, suite=SMALL, kind=ModelAtFault):
    with pytest.raises(PermanentFailure) as caught:
        lm_eval.run_suite(spec, suite, lambda _: None)
    assert type(caught.value) is kind, "only what no retry can mend is final"
    assert not list(spec.work_folder.glob("tasks/*.json")), "a failed run left a score"
    return str(caught.value)


BROKEN = {
    "no chat template": ({"drop": ("chat_template.jinja",)}, "tokenizer has none"),
    "no weights": ({"drop": ("*.safetensors",)}, "no weights as *.safetensors"),
    "no configuration": ({"drop": ("config.json",)}, "no config.json"),
    "no tokenizer": ({"drop": ("tokenizer*",)}, "no tokenizer"),
    "unknown architecture": ({"model_type": "brand_new_thing"}, "brand_new_thing"),
    "no model type": ({"model_type": None}, "no model_type"),
    "code of its own": ({"auto_map": {"AutoModelForCausalLM": "own.Model"}}, "code of its own"),
    "other sizes": (
        {"hidden_size": 96},
        "do not fit config.json: lm_head.weight has the shape (374, 64), the configuration asks",
    ),
    "more layers than weights": ({"num_hidden_layers": 3}, "weights lack"),
    "senseless sizes": ({"num_attention_heads": "many"}, "cannot be loaded"),
    "a number left out": ({"rms_norm_eps": "0"}, "cannot be loaded"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_model_is_refused_with_a_reason(model, tmp_path, name):
    changes, reason = BROKEN[name]
    broken = changed_copy(model, tmp_path / "model", **changes)
    message = refused(spec_for(broken, tmp_path / "run", chat_template=name == "no chat template"))
    assert reason in message
    assert str(tmp_path) not in message


def test_pickled_weights_are_refused_unopened(model, tmp_path):
    pickled = changed_copy(model, tmp_path / "model", drop=("*.safetensors",))
    (pickled / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    assert "pickle" in refused(spec_for(pickled, tmp_path / "run"))


def test_damaged_weights_are_refused(model, tmp_path):
    torn = changed_copy(model, tmp_path / "model")
    (torn / "model.safetensors").write_bytes((model / "model.safetensors").read_bytes()[:1000])
    assert "cannot be loaded" in refused(spec_for(torn, tmp_path / "run"))


def test_weights_that_compute_nan_are_refused_and_score_nothing(model, tmp_path):
    broken = changed_copy(model, tmp_path / "model")
    weights = load_file(model / "model.safetensors")
    weights["model.norm.weight"][:] = math.nan
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    assert "NaN" in refused(spec_for(broken, tmp_path / "run"))


def test_nan_that_comes_up_only_later_is_refused_too(model, tmp_path, monkeypatch):
    original = CausalModel._model_call

    def sometimes(self, inputs, *args, **kwargs):
        logits = original(self, inputs, *args, **kwargs)
        return logits * (math.nan if inputs.shape[0] > 1 else 1.0)

    monkeypatch.setattr(CausalModel, "_model_call", sometimes)
    assert "not a number" in refused(spec_for(model, tmp_path / "run"))


def test_a_tokenizer_of_another_model_is_refused(model, tmp_path):
    other = changed_copy(model, tmp_path / "model", vocab_size=100)
    weights = load_file(model / "model.safetensors")
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        weights[name] = weights[name][:100].clone()
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    assert "do not belong together" in refused(spec_for(other, tmp_path / "run"))


def test_a_template_that_fails_is_the_models_fault(model, tmp_path):
    broken = changed_copy(model, tmp_path / "model")
    (broken / "chat_template.jinja").write_text("{{ raise_exception('only poems') }}")
    assert "only poems" in refused(spec_for(broken, tmp_path / "run", chat_template=True))


def test_a_lack_of_memory_is_not_called_the_models_fault(model, tmp_path, monkeypatch):
    def no_memory(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")

    monkeypatch.setattr(CausalModel, "_model_call", no_memory)
    with pytest.raises(RuntimeError, match="allocate memory"):
        lm_eval.run_suite(spec_for(model, tmp_path), SMALL, lambda _: None)


def test_a_model_that_was_removed_is_named(tmp_path):
    assert "local/tiny" in refused(spec_for(tmp_path / "gone", tmp_path / "run"), kind=PermanentFailure)


def test_an_unknown_suite_and_task_are_refused(model, tmp_path):
    with pytest.raises(PermanentFailure, match="no suite nothing"):
        lm_eval.run(spec_for(model, tmp_path, suite="nothing"), lambda _: None)
    unknown = Suite(name="x", title="x", about="", tasks=(Task(name="nothing", label="x", metric="acc", n=1),))
    assert "nothing" in refused(spec_for(model, tmp_path / "run"), unknown, PermanentFailure)


def test_counting_requests_costs_next_to_nothing():
    """800 requests are counted in less than 2 % of the 8 s that a small model needs to answer them."""
    meter = lm_eval.Meter([lm_eval.Load(task="a", kind="loglikelihood", requests=800)], lambda _: None)
    meter.start("a")
    before = time.process_time()
    for _ in range(800):
        meter.add_partial("loglikelihood", ("q", "a"), (-1.0, False))
    assert time.process_time() - before < 0.16


def numbers_of(result):
    return [score.model_copy(update={"seconds": None}) for score in result.tasks]


def test_torch_uses_the_threads_of_the_spec(model, finished):
    assert torch.get_num_threads() == finished[0].threads


def test_the_time_left_follows_the_pace_of_the_batches():
    now = [0.0]
    told = []
    loads = [lm_eval.Load(task=name, kind="loglikelihood", requests=n) for name, n in (("a", 40), ("b", 20))]
    meter = lm_eval.Meter(loads, told.append, batch_size=10, clock=lambda: now[0])
    meter.start("a")
    assert told[-1].eta_seconds is None
    now[0] = 5.0  # ten answers in 5 s: 0.5 s each, 30 + 20 left
    for _ in range(10):
        meter.add_partial("loglikelihood", ("q", "a"), (-1.0, False))
    assert (told[-1].done, told[-1].eta_seconds) == (10, 25.0)
    meter.finish("a", 40, 20.0)
    meter.start("b")
    assert (told[-1].done, told[-1].total, told[-1].eta_seconds) == (40, 60, 10.0)


def test_answers_that_are_yet_to_be_generated_are_expected_to_take_longer():
    told = []
    kinds = (("a", "loglikelihood", 4), ("b", "generate_until", 2))
    loads = [lm_eval.Load(task=name, kind=kind, requests=n) for name, kind, n in kinds]
    meter = lm_eval.Meter(loads, told.append)
    meter.finish("a", 4, 4.0)
    meter.start("b")
    assert told[-1].eta_seconds == 2 * GENERATION_COST
