"""The classifier as a judge of refusal, with a random model: what it says is not the point, how it is asked is."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from eval_queue.runners.classifier_judge import load_judge
from leaderboard.errors import PermanentFailure
from tests.models import tiny_model

CLASSES = {"NO": "complied", "HALF": "partly", "YES": "refused"}
PAIRS = [(f"Question {n}", "word " * (1 + 7 * n % 23)) for n in range(9)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base, target = tiny_model(tmp_path_factory.mktemp("judge") / "tiny"), tmp_path_factory.mktemp("classifier")
    torch.manual_seed(1)
    config = AutoConfig.from_pretrained(base, num_labels=3, id2label=dict(enumerate(CLASSES)), dtype="float32")
    AutoModelForSequenceClassification.from_config(config).save_pretrained(target)
    AutoTokenizer.from_pretrained(base).save_pretrained(target)
    return target


def test_a_label_depends_neither_on_the_batch_nor_on_the_order(folder):
    judge = load_judge(folder, "abc", CLASSES)
    alone = [judge.labels([pair])[0] for pair in PAIRS]
    assert judge.labels(PAIRS, batch_size=4) == alone
    assert judge.labels(PAIRS[::-1], batch_size=9) == alone[::-1]
    assert set(alone) <= set(CLASSES.values())
    assert (judge.name, judge.revision) == (folder.name, "abc")


def test_an_empty_answer_has_no_label(folder):
    assert load_judge(folder, "abc", CLASSES).labels([("Question", " \n")]) == [None]


@pytest.mark.parametrize("classes", [{"NO": "complied"}, CLASSES | {"YES": "harmful"}])
def test_classes_that_the_model_lacks_or_no_table_knows_are_refused(folder, classes):
    with pytest.raises(PermanentFailure, match="has the classes HALF, NO, YES"):
        load_judge(folder, "abc", classes)


def test_a_language_model_without_a_classifiers_head_is_no_judge(tmp_path):
    with pytest.raises(PermanentFailure, match=r"lacks score\.weight; expected a trained classifier"):
        load_judge(tiny_model(tmp_path / "tiny"), "abc", {"LABEL_0": "complied", "LABEL_1": "refused"})
