"""Models from the Hub (a real client, a Hub on this machine): what is fetched, what is refused, what is tried again."""

import pytest

from eval_queue.runners.model_folder import find_model
from leaderboard.errors import PermanentFailure, TransientFailure
from tests.models import spec_for

FILES = {
    "config.json": b'{"model_type": "llama"}',
    "tokenizer.json": b"{}",
    "chat_template.jinja": b"{{ messages }}",
    "model.safetensors": (2).to_bytes(8, "little") + b"{}",
    "pytorch_model.bin": b"cos\nsystem\n(S'true'\ntR.",
    "modeling.py": b"raise SystemExit('this must not run')",
    "original/model.safetensors": (2).to_bytes(8, "little") + b"{}",
}


@pytest.fixture
def find(hub, tmp_path):
    def find_it(revision):
        spec = spec_for(tmp_path / "work", tmp_path / "work", model="org/model", revision=revision)
        return find_model(
            spec.model_copy(update={"model_path": "org/model"}), endpoint=hub.endpoint, cache=tmp_path / "cache"
        )

    return find_it


def test_only_configuration_tokenizer_and_safetensors_are_fetched_at_the_pinned_commit(hub, find):
    sha = hub.put("models", "org/model", FILES)
    hub.put("models", "org/model", {"config.json": b'{"model_type": "other"}'})
    folder = find(sha)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {"config.json", "tokenizer.json", "chat_template.jinja", "model.safetensors"}
    assert (folder / "config.json").read_bytes() == FILES["config.json"]


@pytest.mark.parametrize(
    ("missing", "reason"),
    [("model.safetensors", "no weights as"), ("tokenizer.json", "no tokenizer"), ("config.json", "no config.json")],
)
def test_an_incomplete_model_is_refused(hub, find, missing, reason):
    sha = hub.put("models", "org/model", {name: data for name, data in FILES.items() if name != missing})
    with pytest.raises(PermanentFailure, match=reason):
        find(sha)


def test_a_commit_that_is_gone_is_permanent(hub, find):
    hub.put("models", "org/model", FILES)
    with pytest.raises(PermanentFailure, match="revision does not exist"):
        find("f" * 40)


def test_a_model_that_became_gated_is_permanent(hub, find):
    sha = hub.put("models", "org/model", FILES)
    hub.repo("models", "org/model").gated = True
    with pytest.raises(PermanentFailure, match="gated"):
        find(sha)


@pytest.fixture
def impatient(monkeypatch):
    """The client waits 20 s in all between its own attempts; not here."""
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)


def test_a_hub_that_is_down_is_transient(hub, find, impatient):
    sha = hub.put("models", "org/model", FILES)
    hub.down()
    with pytest.raises(TransientFailure, match="could not be fetched now"):
        find(sha)


def test_a_hub_that_fails_is_transient(hub, find, impatient):
    sha = hub.put("models", "org/model", FILES)
    hub.fault("resolve", status=503, times=50)
    with pytest.raises(TransientFailure, match="could not be fetched now"):
        find(sha)


def test_half_a_model_from_an_earlier_attempt_is_not_taken_for_the_model(hub, find, impatient, tmp_path):
    sha = hub.put("models", "org/model", FILES)
    folder = find(sha)
    (folder / "model.safetensors").unlink()
    hub.down()
    with pytest.raises(TransientFailure, match="could not be fetched now"):
        find(sha)
