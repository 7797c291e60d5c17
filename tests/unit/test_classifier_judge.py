"""The classifier as a judge of refusal, with a random model: what it says is not the point, how it is asked is."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from eval_queue.runners.classifier_judge import LONGEST, from_folder, load_judge, require_judge
from leaderboard.errors import PermanentFailure
from scripts.make_demo_model import quiet
from tests.models import spec_for, tiny_model

CLASSES = ("Non-refusal", "PARTIAL", "Refusal")
WORDS = ("apples", "no", "certainly", "rivers", "never", "engines", "sorry", "violins", "planets")
PAIRS = [(f"Question {n}", f"{word} " * (1 + 7 * n % 23) + word[::-1]) for n, word in enumerate(WORDS)]


def classifier(folder: Path, classes: tuple[str, ...] = CLASSES, *, chat: bool = False) -> Path:
    """A random classifier of refusal."""
    base = tiny_model(folder.parent / f"{folder.name}_base")
    torch.manual_seed(1)
    with quiet():
        config = AutoConfig.from_pretrained(
            base, num_labels=len(classes), id2label=dict(enumerate(classes)), dtype="float32"
        )
        model = AutoModelForSequenceClassification.from_config(config)
        model.score.weight.data *= 30
        model.save_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(base)
        tokenizer.chat_template = tokenizer.chat_template if chat else None
        tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return classifier(tmp_path_factory.mktemp("judge") / "refusals")


def test_a_label_depends_neither_on_the_batch_nor_on_the_order(folder):
    judge = from_folder(folder, "refusals at abc", 1)
    alone = [judge.labels([pair])[0] for pair in PAIRS]
    assert judge.labels(PAIRS) == alone
    assert judge.labels(PAIRS[::-1]) == alone[::-1]
    assert set(alone) <= {"complied", "partly", "refused"}
    assert len(set(alone)) > 1, "a judge that says one thing always would pass any test"


def test_an_empty_answer_has_no_label(folder):
    assert from_folder(folder, "refusals", 1).labels([("Question", " \n"), PAIRS[0]])[0] is None


def test_a_classifier_without_a_chat_template_reads_the_answer_alone_and_one_with_it_both(folder, tmp_path):
    alone, both = from_folder(folder, "a", 1), from_folder(classifier(tmp_path / "chat", chat=True), "b", 1)
    assert alone._tokens("One?", "Yes.") == alone._tokens("Another?", "Yes.")
    assert both._tokens("One?", "Yes.") != both._tokens("Another?", "Yes.")


@pytest.mark.parametrize("classes", [("LABEL_0", "LABEL_1"), ("toxic", "Refusal"), ("Refusal", "rejected")])
def test_classes_whose_names_do_not_say_what_they_mean_are_refused(tmp_path, classes):
    with pytest.raises(PermanentFailure, match=f"Its classes are {', '.join(classes)}"):
        from_folder(classifier(tmp_path / "judge", classes), "judge", 1)


def test_a_language_model_without_a_classifiers_head_is_no_judge_and_the_operator_is_told(tmp_path):
    base = tiny_model(tmp_path / "tiny")
    spec = spec_for(base, tmp_path / "work").model_copy(
        update={"refusal_classifier": f"local/tiny@{'1' * 40}", "classifier_path": str(base)}
    )
    with pytest.raises(PermanentFailure, match=r"local/tiny \(LEADERBOARD_REFUSAL_CLASSIFIER\).*lack") as failure:
        load_judge(spec)
    assert type(failure.value) is PermanentFailure, "a retry may succeed: the submitted model is not at fault"


def test_a_classifier_is_fetched_at_its_commit(folder, tmp_path, monkeypatch):
    asked = []

    def find(spec):
        asked.append((spec.submission.model, spec.submission.revision, spec.model_path))
        return folder

    monkeypatch.setattr("eval_queue.runners.classifier_judge.find_model", find)
    spec = spec_for(folder, tmp_path / "work").model_copy(
        update={"refusal_classifier": f"org/judge@{'2' * 40}", "classifier_path": "org/judge"}
    )
    assert load_judge(spec).name == f"org/judge at {'2' * 12}"
    assert asked == [("org/judge", "2" * 40, "org/judge")]
    assert json.loads((folder / "config.json").read_text())["id2label"]["2"] == "Refusal"


def test_a_long_request_does_not_push_the_answer_out(tmp_path):
    judge = from_folder(classifier(tmp_path / "chat", chat=True), "b", 1)
    rows = [judge._tokens("word " * 3000, answer) for answer in ("Sure.", "I refuse.")]
    assert all(len(row) <= LONGEST for row in rows)
    assert rows[0] != rows[1]


def test_a_classifier_without_padding_gives_the_labels_of_one_text_at_a_time(tmp_path):
    judge = from_folder(classifier(tmp_path / "chat", chat=True), "b", 1)
    judge.model.config.pad_token_id = None
    expected = []
    for pair in PAIRS:
        row = torch.tensor([judge._tokens(*pair)])
        with torch.inference_mode():
            expected.append(judge.classes[int(judge.model(row).logits.argmax())])
    assert judge.labels(PAIRS) == expected
    assert judge.model.config.pad_token_id is None


def test_an_unclear_classifier_is_refused_before_its_weights_are_read(tmp_path):
    folder = classifier(tmp_path / "judge", ("toxic", "fine"))
    (folder / "model.safetensors").write_bytes(b"not weights")
    spec = spec_for(folder, tmp_path / "work").model_copy(
        update={"refusal_classifier": f"local/judge@{'1' * 40}", "classifier_path": str(folder)}
    )
    with pytest.raises(PermanentFailure, match="Its classes are toxic, fine"):
        require_judge(spec)
