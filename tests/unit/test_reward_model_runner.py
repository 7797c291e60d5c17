"""Reward models: batches, resuming, memory, refusals, on two-layer models made here."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer, LlamaForCausalLM

from eval_queue.runners.reward_model import Way, run_suite, scores_of
from eval_queue.runners.rewards.batches import plan, run_halving
from eval_queue.runners.rewards.classifier import Classifier
from eval_queue.runners.rewards.encoding import Encoded
from eval_queue.runners.rewards.implicit import BETA, ImplicitReward
from eval_queue.runners.rewards.loading import load_causal, load_classifier
from eval_queue.runners.rewards.packing import pack, unpack
from eval_queue.runners.rewards.pairs import Pair, from_rows, messages
from eval_queue.runners.rewards.scoring import PairScore
from eval_queue.runners.rewards.shards import score_set
from eval_queue.runners.rewards.trunk import Trunk, can_share
from leaderboard.errors import BadRecord, ModelAtFault, PermanentFailure
from leaderboard.run_summary import share_of
from leaderboard.suites import REWARD_METRIC, Suite, Task
from scripts.make_demo_model import quiet
from scripts.train_reward_model import fit_head, held_out
from tests.models import spec_for, tiny_model, tiny_reward_model

ROWS = [
    {"prompt": f"Question {at}?", "chosen": "yes " * (at % 7 + 1), "rejected": "no " * (at % 5 + 1)} for at in range(24)
]
SUITE = Suite(
    name="pairs", title="", about="", tasks=(Task(name="some", label="Some", metric=REWARD_METRIC, n=24, chance=0.5),)
)


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("models") / "causal")


@pytest.fixture(scope="module")
def reward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_reward_model(tmp_path_factory.mktemp("models") / "reward")


@pytest.fixture(scope="module")
def scorer(reward: Path) -> Classifier:
    with quiet():
        return load_classifier(reward, precision="float32", threads=1)


@given(st.lists(st.integers(1, 500), max_size=60), st.integers(1, 2048))
def test_a_plan_holds_every_text_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = plan(lengths, budget)
    assert Counter(at for batch in batches for at in batch) == Counter(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[at] for at in batch) <= budget


TEXTS = st.lists(
    st.builds(
        lambda prompt, answer: Encoded(tokens=(*prompt, *answer), answer_at=len(prompt)),
        st.lists(st.integers(0, 2), max_size=4), st.lists(st.integers(0, 2), min_size=1, max_size=5),
    ), max_size=12,
)  # fmt: skip


@given(TEXTS, st.integers(1, 30), st.booleans())
def test_packed_rows_hold_every_text_whole_and_nothing_of_another(
    texts: list[Encoded], longest: int, share: bool
) -> None:
    packed = pack(texts, longest, share=share)
    rows = [half for row in packed.rows for half in (unpack(row, texts, len(packed.stem)) or [row])]
    for kept in (packed.rows, rows):
        assert Counter(at for row in kept for at in row.paths) == Counter(range(len(texts)))
        for row in kept:
            for at, path in row.paths.items():
                assert (*packed.stem, *(row.tokens[place] for place in path)) == texts[at].tokens
                whole = [*range(len(packed.stem)), *(row.positions[place] for place in path)]
                assert whole == list(range(len(texts[at].tokens)))
                own = {row.branches[place] for place in path}
                assert len(own - {0}) <= 1, "a text runs through the shared beginning and one end only"
                assert sorted(path) == list(path)
    assert all(len(packed.stem) < max(1, min(text.answer_at, len(text.tokens))) for text in texts)


def test_a_text_that_is_there_twice_is_run_once() -> None:
    text, other = Encoded(tokens=(1, 2, 3, 4), answer_at=2), Encoded(tokens=(1, 2, 5), answer_at=2)
    packed = pack([text, other, text], 100)
    assert (len(packed.stem), [len(row.tokens) for row in packed.rows]) == (1, [4])


def naive(scorer: Classifier, text: Encoded) -> float:
    model: Any = scorer._model
    with torch.inference_mode():
        return float(model(input_ids=torch.tensor([text.tokens])).logits[0, 0])


def encoded(scorer: Classifier) -> list[Encoded]:
    return [scorer.encode(row["prompt"], row[side]) for row in ROWS for side in ("chosen", "rejected")]


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("budget", [1, 100, 4096])
def test_neither_batches_nor_shared_beginnings_change_a_score_or_the_order(
    scorer: Classifier, reward: Path, budget: int, share: bool
) -> None:
    other = Classifier(scorer._model, AutoTokenizer.from_pretrained(reward), budget=budget, share=share)
    assert (other._trunk is not None) is share
    texts = encoded(other)
    alone = [naive(scorer, text) for text in texts]
    assert other.rewards(texts) == pytest.approx(alone, abs=1e-4)
    assert max(alone) - min(alone) > 0.01, "scores alike could hide a wrong order"


@pytest.mark.parametrize("pad", ["none", "the last token of every text"])
def test_the_token_that_transformers_pools_is_pooled(scorer: Classifier, pad: str) -> None:
    texts = encoded(scorer)
    model: Any = scorer._model
    own = model.config.pad_token_id
    model.config.pad_token_id = None if pad == "none" else texts[0].tokens[-1]
    try:
        alone = [naive(scorer, text) for text in texts]  # batches of one need no padding
        assert scorer.rewards(texts) == pytest.approx(alone, abs=1e-4)
    finally:
        model.config.pad_token_id = own


def test_a_model_that_sees_what_comes_later_does_not_share(reward: Path) -> None:
    from transformers import BertConfig, BertForSequenceClassification

    with quiet():
        torch.manual_seed(2)
        vocabulary = len(AutoTokenizer.from_pretrained(reward))
        size = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
        model = BertForSequenceClassification(BertConfig(vocab_size=vocabulary, num_labels=1, **size)).eval()
    assert not can_share(model.base_model, 512)
    encoder = Classifier(model, AutoTokenizer.from_pretrained(reward))
    texts = encoded(encoder)
    assert encoder.rewards(texts) == pytest.approx([naive(encoder, text) for text in texts], abs=1e-4)


def test_a_batch_too_large_for_memory_is_halved_and_gives_the_same(
    scorer: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = encoded(scorer)
    whole = scorer.rewards(texts)
    sizes: list[int] = []
    real = Trunk._run

    def small(self: Trunk, rows: Any, *rest: Any) -> Any:
        sizes.append(len(rows))
        if len(rows) > 1 or len(rows[0].paths) > 1:
            raise RuntimeError("CUDA out of memory")
        return real(self, rows, *rest)

    monkeypatch.setattr(Trunk, "_run", small)
    before = scorer.halved
    assert scorer.rewards(texts) == pytest.approx(whole, abs=1e-4)
    assert max(sizes) > 1
    assert scorer.halved > before


def test_one_text_too_large_for_memory_is_an_error_and_so_is_any_other_failure() -> None:
    def too_much(_: Any) -> list[int]:
        raise MemoryError

    with pytest.raises(MemoryError):
        run_halving([1, 2, 3], too_much, is_memory_error=lambda _: True)

    def broken(_: Any) -> list[int]:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        run_halving([1, 2], broken, is_memory_error=lambda _: False)


def test_a_plain_language_model_is_refused(causal: Path) -> None:
    with quiet(), pytest.raises(PermanentFailure, match=r"lack score\.weight"):
        load_classifier(causal, precision="float32", threads=1)


@pytest.mark.parametrize("precision", ["8bit", "int3"])
def test_a_precision_that_is_not_to_be_had_is_refused(reward: Path, precision: str) -> None:
    with pytest.raises(PermanentFailure, match="float32"):
        load_classifier(reward, precision=precision, threads=1)


def test_a_long_text_loses_its_beginning_and_says_so(scorer: Classifier, reward: Path) -> None:
    short = Classifier(scorer._model, AutoTokenizer.from_pretrained(reward), max_tokens=8)
    whole, cut = scorer.encode("Why?", "because " * 9), short.encode("Why?", "because " * 9)
    assert cut.cut
    assert not whole.cut
    assert cut.tokens == whole.tokens[-8:]
    assert short.rewards([cut]) == pytest.approx([naive(scorer, cut)], abs=1e-4)


def test_weights_that_are_not_numbers_are_refused(reward: Path, scorer: Classifier) -> None:
    with quiet():
        broken = load_classifier(reward, precision="float32", threads=1)
    broken._model.score.weight.data.fill_(float("nan"))
    with pytest.raises(ModelAtFault, match="not a finite number"):
        broken.rewards(encoded(scorer)[:2])


def test_implicit_rewards_are_the_sum_over_the_answer_alone(tmp_path: Path) -> None:
    with quiet():
        causal = tiny_model(tmp_path / "causal")
        policy = load_causal(causal, precision="float32", threads=1)
        torch.manual_seed(5)
        reference = LlamaForCausalLM(policy.config).eval()
        tokenizer = AutoTokenizer.from_pretrained(causal)
    model = ImplicitReward(policy, reference, tokenizer)
    texts = [model.encode(row["prompt"], row[side]) for row in ROWS[:5] for side in ("chosen", "rejected")]
    for text, reward in zip(texts, model.rewards(texts), strict=True):
        assert 0 < text.answer_at < len(text.tokens)
        total = 0.0
        for each, sign in ((policy, 1), (reference, -1)):
            with torch.inference_mode():
                logs = each(torch.tensor([text.tokens])).logits[0].log_softmax(-1)
            total += sign * sum(float(logs[at - 1, text.tokens[at]]) for at in range(text.answer_at, len(text.tokens)))
        assert reward == pytest.approx(BETA * total, abs=1e-4)
    assert ImplicitReward(policy, policy, tokenizer).rewards(texts) == pytest.approx([0.0] * len(texts), abs=1e-5)


def test_a_policy_with_a_short_window_is_asked_as_it_is(tmp_path: Path) -> None:
    from transformers import MistralConfig, MistralForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(tiny_model(tmp_path / "causal"))
    size = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1}
    config = MistralConfig(
        vocab_size=len(tokenizer), intermediate_size=32, sliding_window=3, max_position_embeddings=512, **size
    )
    models = []
    for seed in (3, 4):
        torch.manual_seed(seed)
        models.append(MistralForCausalLM(config).eval())
    model = ImplicitReward(*models, tokenizer)
    texts = [model.encode(row["prompt"], row["chosen"]) for row in ROWS[:6]]
    assert min(len(text.tokens) for text in texts) > 3
    for text, reward in zip(texts, model.rewards(texts), strict=True):
        sums = []
        for each in models:
            with torch.inference_mode():
                logs = each(torch.tensor([text.tokens])).logits[0].log_softmax(-1)
            sums.append(sum(float(logs[at - 1, text.tokens[at]]) for at in range(text.answer_at, len(text.tokens))))
        assert reward == pytest.approx(BETA * (sums[0] - sums[1]), abs=1e-4)


def test_bad_rows_are_kept_out_with_reasons() -> None:
    bad = [{"prompt": "a", "chosen": " ", "rejected": "b"}, {"prompt": "a", "chosen": "b", "rejected": "b"}]
    found = from_rows("some", pd.DataFrame([*bad, {"prompt": "a", "chosen": None, "rejected": "b"}, *ROWS]))
    assert len(found.pairs) == len(ROWS)
    assert ["blank" in each.reason or "same" in each.reason or "text" in each.reason for each in found.rejected] == [
        True, True, True,
    ]  # fmt: skip
    with pytest.raises(BadRecord, match="none of 2 rows"):
        from_rows("some", pd.DataFrame(bad))


def test_a_dialogue_becomes_turns() -> None:
    turns = messages("Human: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant:", "Because")
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user", "assistant"]
    assert turns[-1]["content"] == "Because"
    assert messages("Just a question", "x")[0] == {"role": "user", "content": "Just a question"}


def test_a_run_scores_every_pair_and_a_second_run_reads_what_is_there(
    reward: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    pd.DataFrame(ROWS).to_parquet(files / "some.parquet")
    spec = spec_for(reward, tmp_path / "work", task_files=files, chat_template=True)
    with quiet():
        result = run_suite(spec, SUITE, lambda _: None)
    table = scores_of(tmp_path / "work", "some")
    n = len(table)
    assert n == len({tuple(row.values()) for row in ROWS}) == result.tasks[0].n
    right = float((table["score_chosen"] > table["score_rejected"]).mean())
    assert result.tasks[0].score == pytest.approx(right)
    assert not {"chosen", "rejected"} & set(table)
    assert result.environment["pairs"]
    assert "some.control_longer" in result.environment
    monkeypatch.setattr("eval_queue.runners.reward_model.load_classifier", pytest.fail)
    assert run_suite(spec, SUITE, lambda _: None).tasks[0].score == result.tasks[0].score


def test_a_run_on_other_pairs_than_its_suite_names_says_so_and_few_pairs_are_no_certainty(
    reward: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Always:
        def score(self, pairs: Any) -> list[PairScore]:
            return [PairScore(chosen=1.0, rejected=0.0, n_tokens_chosen=1, n_tokens_rejected=1) for _ in pairs]

    files = tmp_path / "files"
    files.mkdir()
    pd.DataFrame(ROWS[:5]).to_parquet(files / "some.parquet")
    spec = spec_for(reward, tmp_path / "work", task_files=files, chat_template=True)
    result = run_suite(spec, SUITE, lambda _: None, Way(load=lambda _: Always()))
    assert result.environment["flag_size"] == "was not asked the whole sets: 5 of 24 Some pairs"
    shown = share_of(result.tasks[0])
    assert (shown.value, shown.upper) == (1.0, 1.0)
    assert shown.lower is not None
    assert shown.lower < 0.6


KILLED = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from eval_queue.runners.rewards.shards import score_set
    from tests.unit.test_reward_model_runner import Arithmetic, PAIRS
    data = score_set(Path(sys.argv[1]), "some", PAIRS, lambda: Arithmetic(0.05), conditions={}, shard=4)
    Path(sys.argv[1], "out.parquet").write_bytes(data)
""")
PAIRS = [Pair(id=str(at), **row) for at, row in enumerate(ROWS)]


class Arithmetic:
    """Scores by length, slowly, so that a kill comes in between."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.calls = 0

    def score(self, pairs: Any) -> list[PairScore]:
        self.calls += 1
        time.sleep(self.seconds)
        return [
            PairScore(chosen=len(pair.chosen) / 7, rejected=len(pair.rejected) / 7, n_tokens_chosen=1,
                      n_tokens_rejected=2)
            for pair in pairs
        ]  # fmt: skip


def test_a_run_killed_between_shards_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    whole = score_set(tmp_path / "whole", "some", PAIRS, lambda: Arithmetic(0), conditions={}, shard=4)
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "cut")], env=os.environ | {"X": "1"})
    end = time.monotonic() + 60
    while not list((tmp_path / "cut").glob("some/*/*.parquet")) and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = len(list((tmp_path / "cut").glob("some/*/*.parquet")))
    assert 0 < kept < 6, "the kill came too late or too early to show anything"
    rest = Arithmetic(0)
    assert score_set(tmp_path / "cut", "some", PAIRS, lambda: rest, conditions={}, shard=4) == whole
    assert rest.calls == 6 - kept


def test_scores_made_under_other_conditions_are_not_taken_over(tmp_path: Path) -> None:
    first, second = Arithmetic(0), Arithmetic(0)
    score_set(tmp_path, "some", PAIRS, lambda: first, conditions={"model": "a"}, shard=8)
    score_set(tmp_path, "some", PAIRS, lambda: second, conditions={"model": "b"}, shard=8)
    assert (first.calls, second.calls) == (3, 3)


def test_the_head_separates_what_can_be_separated_and_a_prompt_has_one_side() -> None:
    generator = torch.Generator().manual_seed(0)
    given_ = torch.randn(200, 4, generator=generator, dtype=torch.float64).numpy()
    given_ *= ((given_[:, 0] > 0) * 2 - 1)[:, None]
    assert (given_ @ fit_head(given_, 0.01) > 0).mean() > 0.95
    assert held_out(" a ") == held_out("a")
    share = sum(held_out(f"prompt {at}") for at in range(2000)) / 2000
    assert 0.25 < share < 0.35
