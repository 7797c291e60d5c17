"""Facts about models: from the Hub through the real client, and from folders of this machine."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard import model_files
from leaderboard.errors import ModelUnavailable, RevisionUnavailable
from leaderboard.local_models import LocalCatalogue, count_params
from leaderboard.model_catalogue import HubCatalogue, open_catalogue
from leaderboard.model_facts import ModelFacts
from leaderboard.model_files import facts_of_texts
from leaderboard.model_rules import facts_problems
from leaderboard.settings import Settings
from leaderboard.submission_rules import Limits
from tests.fakehub import FakeHub

CARD = b"---\nlicense: apache-2.0\nbase_model: org/base\n---\n# A model\n"


def tensors(*shapes: tuple[int, ...]) -> bytes:
    """A safetensors file of bfloat16 zeros with tensors of those shapes."""
    header, start = {}, 0
    for number, shape in enumerate(shapes):
        size = 2
        for side in shape:
            size *= side
        header[f"w{number}"] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [start, start + size]}
        start += size
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return len(text).to_bytes(8, "little") + text + bytes(start)


FILES: dict[str, bytes | None] = {
    "README.md": CARD,
    "config.json": b'{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}',
    "tokenizer.json": b"{}",
    "tokenizer_config.json": b'{"chat_template": "{{ messages }}"}',
    "model-00001-of-00002.safetensors": tensors((3, 4), (5,)),
    "model-00002-of-00002.safetensors": tensors((2, 2, 2)),
}
WEIGHT_BYTES = sum(len(data or b"") for name, data in FILES.items() if name.endswith(".safetensors"))


@pytest.fixture
def model(hub: FakeHub) -> FakeHub:
    hub.put("models", "Org/Model", FILES)
    return hub


@pytest.fixture
def models(tmp_path: Path) -> Path:
    write(tmp_path / "models" / "tiny", FILES)
    return tmp_path / "models"


def write(folder: Path, files: dict[str, bytes | None]) -> None:
    folder.mkdir(parents=True)
    for name, data in files.items():
        if data is not None:
            (folder / name).write_bytes(data)


def on_hub(hub: FakeHub, revision: str = "main", name: str = "Org/Model") -> ModelFacts:
    return HubCatalogue(endpoint=hub.endpoint, timeout=1.0).inspect(name, revision)


# -- the Hub --------------------------------------------------------------------------------------------------------
def test_a_model_of_the_hub_is_described_without_loading_it(model: FakeHub) -> None:
    assert on_hub(model) == ModelFacts(
        model="Org/Model", revision=model.repo("models", "org/model").commits[-1].sha, license="apache-2.0", params=25,
        weight_bytes=WEIGHT_BYTES, has_safetensors=True, has_tokenizer=True, has_chat_template=True,
        architecture="LlamaForCausalLM", base_model="org/base",
    )  # fmt: skip
    assert not [path for name, path in model.requests if name == "resolve" and "safetensors" in path]


def test_another_spelling_leads_to_the_canonical_id(model: FakeHub) -> None:
    assert on_hub(model, name="org/MODEL").model == "Org/Model"


def test_main_is_pinned_and_a_sha_keeps_describing_its_own_commit(model: FakeHub) -> None:
    first = on_hub(model).revision
    model.put("models", "Org/Model", {"config.json": b'{"auto_map": {"AutoModel": "x.Y"}}'})
    assert on_hub(model).revision != first
    assert on_hub(model).needs_remote_code
    assert on_hub(model, first).revision == first
    assert not on_hub(model, first).needs_remote_code


def test_a_commit_of_a_pull_request_is_refused_because_anybody_can_make_one(model: FakeHub) -> None:
    sha = model.put("models", "Org/Model", {"config.json": b"{}"}, "somebody else's idea")
    assert on_hub(model, sha).revision == sha
    model.repo("models", "org/model").commits[-1].proposed = True
    with pytest.raises(RevisionUnavailable, match="may come from a pull request"):
        on_hub(model, sha)
    assert on_hub(model).revision != sha


def test_an_old_commit_of_main_is_found_however_long_the_history(model: FakeHub) -> None:
    first = on_hub(model).revision
    for number in range(120):
        model.put("models", "Org/Model", {"README.md": CARD + b"%d" % number})
    assert on_hub(model, first).revision == first


def test_a_renamed_model_gets_its_new_id(model: FakeHub) -> None:
    model.rename("models", "Org/Model", "Org/Better")
    assert on_hub(model).model == "Org/Better"


def delete(hub: FakeHub) -> None:
    del hub.repos["models", "org/model"]


def make_private(hub: FakeHub) -> None:
    hub.repo("models", "org/model").private = True


def gate(hub: FakeHub) -> None:
    hub.repo("models", "org/model").gated = "manual"


def disable(hub: FakeHub) -> None:
    hub.repo("models", "org/model").disabled = True


@pytest.mark.parametrize(
    ("happening", "words"),
    [
        (delete, "does not exist on the Hub, was deleted or is private"),
        (make_private, "does not exist on the Hub, was deleted or is private"),
        (gate, "is gated"),
        (disable, "is disabled"),
        (FakeHub.down, "cannot be reached"),
        (lambda hub: hub.fault("info", status=429), "answered 429"),
        (lambda hub: hub.fault("info", status=500), "answered 500"),
        (lambda hub: hub.fault("info", hang=2.0), "in time"),
        (lambda hub: hub.fault("resolve", status=503), "answered 503"),
        (lambda hub: hub.fault("info"), "cannot be reached"),
    ],
)
def test_a_model_that_cannot_be_had_says_why(model: FakeHub, happening: Callable[[FakeHub], None], words: str) -> None:
    happening(model)
    with pytest.raises(ModelUnavailable, match=words) as caught:
        on_hub(model)
    assert "Org/Model" in str(caught.value)
    assert not isinstance(caught.value, RevisionUnavailable)


def test_access_of_this_account_does_not_open_private_and_gated_models(model: FakeHub) -> None:
    catalogue = HubCatalogue(endpoint=model.endpoint, token=model.token, timeout=1.0)
    gate(model)
    with pytest.raises(ModelUnavailable, match="is gated, and evaluations here run without an account"):
        catalogue.inspect("Org/Model", "main")
    make_private(model)
    with pytest.raises(ModelUnavailable, match="is private; only public models"):
        catalogue.inspect("Org/Model", "main")


def test_a_missing_revision_is_told_apart_from_a_missing_model(model: FakeHub) -> None:
    with pytest.raises(RevisionUnavailable, match=r"Org/Model has no revision 'v9'"):
        on_hub(model, "v9")


def test_hub_model_and_local_model_with_the_same_files_have_the_same_facts(model: FakeHub, models: Path) -> None:
    local = LocalCatalogue(models).inspect("local/tiny", "main")
    same = {"model": "x/y", "revision": "0" * 40}
    assert local.model_copy(update=same) == on_hub(model).model_copy(update=same)


# -- this machine ---------------------------------------------------------------------------------------------------
def test_a_local_model_is_described_and_its_revision_follows_its_files(models: Path) -> None:
    catalogue = LocalCatalogue(models)
    first = catalogue.inspect("local/tiny", "main")
    assert (first.model, first.params, first.license) == ("local/tiny", 25, "apache-2.0")
    assert catalogue.inspect("local/tiny", first.revision) == first
    (models / "tiny" / "model-00002-of-00002.safetensors").write_bytes(tensors((7,)))
    second = catalogue.inspect("local/tiny", "main")
    assert (second.revision != first.revision, second.params) == (True, 24)
    with pytest.raises(RevisionUnavailable, match="only main"):
        catalogue.inspect("local/tiny", first.revision)


def test_the_revision_of_equal_files_is_equal_wherever_they_lie(models: Path, tmp_path: Path) -> None:
    write(tmp_path / "other" / "copy", FILES)
    (tmp_path / "other" / "copy" / ".cache").mkdir()
    first = LocalCatalogue(models).inspect("local/tiny", "main").revision
    assert LocalCatalogue(tmp_path / "other").inspect("local/copy", "main").revision == first


def test_unchanged_weights_are_not_read_again(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = LocalCatalogue(models)
    first = catalogue.inspect("local/tiny", "main")
    monkeypatch.setattr("leaderboard.local_models.CHUNK", 0)  # hashing again would read nothing and change the hash
    assert catalogue.inspect("local/tiny", "main") == first
    os.utime(models / "tiny" / "config.json", (1, 1))
    assert catalogue.inspect("local/tiny", "main").revision != first.revision


@pytest.mark.parametrize(
    "name", ["local/", "local/..", "local/.", "local/../outside", "local/a/b", "local/missing", "local/.hidden",
             "local/tiny\0", "local/tiny\n", "local", "local//etc", "local/a\\b"], ids=ascii,
)  # fmt: skip
def test_only_names_of_folders_that_are_there_are_models(models: Path, name: str) -> None:
    (models.parent / "outside").mkdir()
    with pytest.raises(ModelUnavailable, match="holds local/tiny"):
        LocalCatalogue(models).inspect(name, "main")


def test_links_that_lead_out_of_the_folder_are_refused(models: Path, tmp_path: Path) -> None:
    write(tmp_path / "secret", FILES)
    (models / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(ModelUnavailable, match="leads out"):
        LocalCatalogue(models).inspect("local/link", "main")
    (models / "tiny" / "extra.json").symlink_to(tmp_path / "secret" / "config.json")
    with pytest.raises(ModelUnavailable, match=r"extra\.json leads out"):
        LocalCatalogue(models).inspect("local/tiny", "main")


def test_a_missing_models_folder_is_an_empty_one(tmp_path: Path) -> None:
    catalogue = LocalCatalogue(tmp_path / "none")
    assert catalogue.names() == []
    with pytest.raises(ModelUnavailable, match="no model at all"):
        catalogue.inspect("local/x", "main")


@pytest.mark.parametrize(
    "damaged", [b"", b"1234567", b"\xff" * 8, (10).to_bytes(8, "little") + b"not json!!", b"\x02" + bytes(7) + b"[]",
                (16).to_bytes(8, "little") + b'{"w": {"x": 1 }}', (2**40).to_bytes(8, "little") + b"{}"],
)  # fmt: skip
def test_damaged_weights_leave_the_number_of_parameters_unknown(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "x.safetensors").write_bytes(damaged)
    assert count_params([tmp_path / "x.safetensors"]) is None


# -- files and texts ------------------------------------------------------------------------------------------------
def test_what_weights_there_are_is_told_from_names() -> None:
    facts = model_files.facts_of_files
    pickled = facts({"pytorch_model.bin": 10, "training_args.bin": 1})
    assert (pickled["pickle_only"], pickled["has_safetensors"], pickled["weight_bytes"]) == (True, False, 0)
    both = facts({"pytorch_model.bin": 10, "model.safetensors": 7})
    assert (both["pickle_only"], both["has_safetensors"], both["weight_bytes"]) == (False, True, 7)
    assert not facts({"training_args.bin": 1})["pickle_only"]
    assert not facts({"adapter_model.safetensors": 7})["has_safetensors"], "an adapter alone is no model"
    assert not facts({"onnx/model.safetensors": 7, "sub/tokenizer.json": 1})["has_tokenizer"]


def test_a_chat_template_may_lie_in_its_own_file(models: Path) -> None:
    (models / "tiny" / "tokenizer_config.json").write_text("{}")
    catalogue = LocalCatalogue(models)
    assert not catalogue.inspect("local/tiny", "main").has_chat_template
    (models / "tiny" / "chat_template.jinja").write_text("{{ messages }}")
    assert catalogue.inspect("local/tiny", "main").has_chat_template


@pytest.mark.parametrize(
    ("readme", "licence"),
    [("---\nlicense: mit\n---\n", "mit"), ("---\r\nlicense: mit\r\n---\r\n", "mit"),
     ("---\nlicense: [mit, x]\n---", "mit"), ("# none", None),
     ("---\nlicense:\n---\n", None), ("---\nlicense: 7\n---\n", None), ("---\n- mit\n---\n", None),
     ("---\n{bad: [\n---\n", None), ("text\n---\nlicense: mit\n---\n", None), ("", None),
     ("---\nlicense: !!python/object/apply:os.system [id]\n---\n", None)], ids=ascii,
)  # fmt: skip
def test_the_licence_is_read_from_the_front_matter_alone(readme: str, licence: str | None) -> None:
    assert model_files.facts_of_card(model_files.parse_front_matter(readme))["license"] == licence


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _names_type(config: dict[str, object]) -> bool:
    return not config or isinstance(config.get("model_type"), str)


VALUES = st.recursive(
    st.none() | st.booleans() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=5
)
JSONISH = st.text() | VALUES.map(json.dumps)


@given(JSONISH, JSONISH, st.text())
def test_no_text_of_a_stranger_crashes(config: str, tokenizer: str, readme: str) -> None:
    told = model_files.facts_of_texts({"config.json": config, "tokenizer_config.json": tokenizer})
    card = model_files.facts_of_card(model_files.parse_front_matter(f"---\n{readme}\n---\n"))
    facts = ModelFacts(model="org/m", revision="0" * 40, **told, **card)
    readable = all(_is_object(text) for text in (config, tokenizer)) and _names_type(json.loads(config))
    assert (facts.unreadable is None) == readable


def test_deeply_nested_text_counts_as_empty() -> None:
    assert model_files.parse_json("[" * 100_000) == {}
    assert model_files.parse_front_matter("---\n" + "[" * 100_000 + "\n---\n") == {}


@pytest.mark.parametrize(
    ("card", "kind"),
    [({"tags": ["merge"]}, "merge"), ({"base_model_relation": "merge"}, "merge"),
     ({"tags": ["conversational"]}, "chat"),
     ({"base_model_relation": "finetune"}, "fine-tuned"), ({}, None), ({"tags": "merge"}, None)],
)  # fmt: skip
def test_the_kind_of_training_is_taken_from_the_card(card: dict[str, object], kind: str | None) -> None:
    assert model_files.model_type_of(card) == kind


def test_the_local_prefix_never_asks_the_hub(model: FakeHub, models: Path) -> None:
    catalogue = open_catalogue(Settings(models=models, hub_endpoint=model.endpoint))
    assert catalogue.inspect("local/tiny", "main").model == "local/tiny"
    with pytest.raises(ModelUnavailable):
        catalogue.inspect("Local/gone", "main")
    assert model.requests == []
    assert catalogue.inspect("Org/Model", "main").model == "Org/Model"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"architectures": [', "config.json is not JSON: Expecting value in line 1, column 20"),
        ("[]", "config.json holds no JSON object"),
        (None, "config.json is missing"),
    ],
)
def test_a_damaged_configuration_is_described_by_place(models: Path, text: str | None, words: str) -> None:
    config = models / "tiny" / "config.json"
    if text is None:
        config.unlink()
    else:
        config.write_text(text)
    facts = LocalCatalogue(models).inspect("local/tiny", "main")
    assert words in (facts.unreadable or "")
    limits = Limits(max_params=10**9, max_open_per_sender=5, max_weight_bytes=10**9, memory_bytes=10**9)
    problems = facts_problems(facts, chat_template=False, limits=limits)
    assert any(words in problem.message and problem.field == "model" for problem in problems)


@pytest.mark.parametrize(
    ("config", "n"),
    [({}, None), ({"num_labels": 1}, 1), ({"id2label": {"0": "LABEL_0"}}, 1), ({"id2label": {"0": "a", "1": "b"}}, 2),
     ({"id2label": {}, "num_labels": True}, None)],
)  # fmt: skip
def test_the_classes_of_a_configuration_are_counted(config, n):
    assert facts_of_texts({"config.json": json.dumps({"model_type": "llama"} | config)})["n_labels"] == n
