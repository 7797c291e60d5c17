"""What a draft must satisfy: every problem at once, beside its field, and nothing asked of the Hub for bad ids."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.errors import InvalidSubmission, ModelUnavailable, RevisionUnavailable, StoreUnavailable
from leaderboard.model_facts import ModelFacts
from leaderboard.records import STATES, QueueEntry, State, Submission
from leaderboard.settings import Settings
from leaderboard.submission_reports import describe
from leaderboard.submissions import (
    Checked,
    Draft,
    Limits,
    accept_checked,
    check,
    duplicate_message,
)
from leaderboard.suites import JUDGE_PROMPTS, judge_identity

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SHA = "a" * 40
GOOD = ModelFacts(
    model="org/m", revision=SHA, license="apache-2.0", params=135_000_000, weight_bytes=270_000_000,
    has_safetensors=True, has_tokenizer=True, has_chat_template=True, architecture="LlamaForCausalLM",
    model_type="chat",
)  # fmt: skip
LIMITS = Limits.from_settings(Settings(max_params=1_000_000_000, max_open_per_sender=2, memory_limit_gb=1.0))

BAD_IDS = (
    "", "m", "org", "/", "org/", "/m", "../../x", "org/..", "../m", "./m", "org/m\n", "\norg/m", "org/m\t", "org/m\r\n",
    "оrg/m", "org/mоdel", "ｏｒｇ/ｍ", "org/m\u200b", "\u200borg/m", "org\u2044m", "org/m\u00a0", "\ufefforg/m",
    "org/" + "m" * 5000, "o" * 97 + "/m", "datasets/x", "spaces/x", "datasets/org/m", "https://huggingface.co/org/m/blob/main/x",
    "http://127.0.0.1:8000/org/m", "hf://org/m", "//evil/m", "org//m", "org\\m", "org/m/extra", "org/m@main",
    "org/м", "org/m?x=1", "org/m#x", "org/m.git", "org/a--b", "org/a..b", "org/-m", "org/m-", "org/.m", "org/m.",
    "-org/m", ".org/m", "org /m", "org/m m", "org/m\x00", "org/\ud800", "$(id)/m", "org/m;ls", "<script>/m",
    "org/%2e%2e", "local/../x", "local/",
)  # fmt: skip
WRONG_TYPES: tuple[object, ...] = (None, 7, 1.5, True, ["org/m"], {"a": {"b": 1}}, b"org/m", object())


class Catalogue:
    """Knows one model, or why not; counts how often it is asked."""

    def __init__(self, facts: ModelFacts | Exception = GOOD) -> None:
        self.facts = facts
        self.asked: list[tuple[str, str]] = []

    def inspect(self, model: str, revision: str) -> ModelFacts:
        self.asked.append((model, revision))
        if isinstance(self.facts, Exception):
            raise self.facts
        return self.facts


class Queue:
    """A queue in a dict."""

    def __init__(self) -> None:
        self.kept: dict[str, QueueEntry] = {}

    def add(self, submission: Submission) -> QueueEntry:
        entry = QueueEntry(submission=submission, state="PENDING", updated_at=NOW, position=len(self.kept) + 1)
        return self.kept.setdefault(submission.key, entry)

    def get(self, key: str) -> QueueEntry | None:
        return self.kept.get(key)

    def entries(self, *, states: Sequence[State] | None = None, limit: int = 200) -> list[QueueEntry]:
        return [entry for entry in self.kept.values() if entry.state in (states or STATES)][:limit]

    def counts(self) -> dict[State, int]:
        return {state: len(self.entries(states=[state])) for state in STATES}

    def retry(self, key: str) -> QueueEntry:
        return self.kept[key]

    def become(self, state: State) -> None:
        self.kept = {key: entry.model_copy(update={"state": state}) for key, entry in self.kept.items()}


class BrokenQueue(Queue):
    def entries(self, **_: Any) -> list[QueueEntry]:
        raise StoreUnavailable("Hub dataset org/queue could not be read.")


def verdict(
    draft: Draft,
    catalogue: Catalogue | None = None,
    queue: Queue | None = None,
    *,
    done: bool = False,
    limits: Limits = LIMITS,
) -> Checked:
    return check(
        draft, catalogue=catalogue or Catalogue(), queue=queue or Queue(), limits=limits, now=NOW,
        result_exists=lambda _: done,
    )  # fmt: skip


def take(draft: Draft, catalogue: Catalogue, queue: Queue) -> QueueEntry:
    return accept_checked(verdict(draft, catalogue, queue), queue=queue, limits=LIMITS)


def fields(checked: Checked) -> list[str]:
    return [problem.field for problem in checked.problems]


def test_a_good_draft_becomes_a_submission_pinned_to_the_commit_that_was_inspected() -> None:
    checked = verdict(Draft(model="Org/M", revision="main"))
    assert checked.acceptable
    assert checked.submission == Submission(
        model="org/m", revision=SHA, precision="bfloat16", suite="core", model_type="chat", params=135_000_000,
        license="apache-2.0", submitted_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("model", BAD_IDS, ids=ascii)
def test_a_bad_id_is_refused_before_any_catalogue_is_asked(model: str) -> None:
    catalogue = Catalogue()
    checked = verdict(Draft(model=model), catalogue)
    assert fields(checked) == ["model"]
    assert checked.submission is None
    assert catalogue.asked == []
    message = checked.problems[0].message
    assert message.isascii() or "…" in message
    assert len(message) < 400
    assert "\n" not in message


@pytest.mark.parametrize(
    "revision",
    ["../x", "main\n", "a b", "refs/pr/1", "x" * 101, "ma\u200bin", "-x", "a..b", "x.lock", "/x", "x/"],
    ids=ascii,
)
def test_a_bad_revision_is_refused_before_any_catalogue_is_asked(revision: str) -> None:
    catalogue = Catalogue()
    assert fields(verdict(Draft(model="org/m", revision=revision), catalogue)) == ["revision"]
    assert catalogue.asked == []


@pytest.mark.parametrize("value", WRONG_TYPES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("field", ["model", "revision", "precision", "suite", "model_type", "sender"])
def test_a_value_of_the_wrong_type_is_a_problem_of_its_field(field: str, value: object) -> None:
    checked = verdict(replace(Draft(model="org/m"), **{field: value}))
    assert fields(checked) == [field]
    assert f"type {type(value).__name__}" in checked.problems[0].message


@pytest.mark.parametrize("value", [None, 0, 1, "true", [], {}])
def test_only_true_and_false_are_flags(value: object) -> None:
    assert fields(verdict(Draft(model="org/m", chat_template=value))) == ["chat_template"]


def test_all_problems_come_at_once_beside_their_fields() -> None:
    draft = Draft(
        model="datasets/x", revision="a b", precision="int4", suite="secret", chat_template="yes", model_type="best",
        sender="",
    )  # fmt: skip
    expected = ["model", "revision", "precision", "suite", "chat_template", "model_type", "sender"]
    assert fields(verdict(draft)) == expected


def test_problems_of_the_form_do_not_hide_problems_of_the_model() -> None:
    facts = GOOD.model_copy(update={"license": None, "has_tokenizer": False, "has_chat_template": False})
    checked = verdict(Draft(model="org/m", precision="int4", chat_template=True), Catalogue(facts))
    assert fields(checked) == ["precision", "model", "model", "chat_template"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"license": None}, "licence"),
        ({"has_safetensors": False}, "safetensors"),
        ({"has_safetensors": False, "pickle_only": True}, "pickle"),
        ({"needs_remote_code": True}, "auto_map"),
        ({"has_tokenizer": False}, "tokenizer"),
        ({"params": 2_000_000_000}, "2.00 billion parameters"),
        ({"weight_bytes": 4_100_000_000}, "4.10 GB"),
        ({"architecture": "BertForSequenceClassification"}, "architectures"),
    ],
)
def test_a_model_that_cannot_be_evaluated_is_refused_naming_what_is_missing(change: dict[str, Any], words: str) -> None:
    checked = verdict(Draft(model="org/m"), Catalogue(GOOD.model_copy(update=change)))
    assert fields(checked) == ["model"]
    assert words in checked.problems[0].message
    assert "org/m" in checked.problems[0].message


def test_small_header_with_large_files_is_refused_by_real_size() -> None:
    facts = GOOD.model_copy(update={"params": 1000, "weight_bytes": 10**12})
    assert "1000.00 GB" in verdict(Draft(model="org/m"), Catalogue(facts)).problems[0].message


def test_no_chat_template_matters_only_when_it_is_asked_for() -> None:
    facts = GOOD.model_copy(update={"has_chat_template": False})
    assert verdict(Draft(model="org/m"), Catalogue(facts)).acceptable
    assert fields(verdict(Draft(model="org/m", chat_template=True), Catalogue(facts))) == ["chat_template"]


def test_what_the_catalogue_cannot_find_is_told_beside_the_right_field() -> None:
    gone = verdict(Draft(model="org/m"), Catalogue(ModelUnavailable("org/m is private.")))
    assert (fields(gone), gone.problems[0].message) == (["model"], "org/m is private.")
    assert fields(verdict(Draft(model="org/m"), Catalogue(RevisionUnavailable("no v2")))) == ["revision"]


def test_ordinary_spaces_around_a_pasted_id_do_no_harm() -> None:
    catalogue = Catalogue()
    assert verdict(Draft(model="  org/m ", revision=" v1 "), catalogue).acceptable
    assert catalogue.asked == [("org/m", "v1")]


def test_an_empty_revision_means_main() -> None:
    catalogue = Catalogue()
    verdict(Draft(model="org/m", revision=""), catalogue)
    assert catalogue.asked == [("org/m", "main")]


@pytest.mark.parametrize(
    ("state", "advice"), [("PENDING", "wait"), ("RUNNING", "watch"), ("FINISHED", "See its row"), ("FAILED", "Retry")]
)
def test_a_duplicate_names_its_state_and_what_to_do(state: State, advice: str) -> None:
    queue = Queue()
    first = take(Draft(model="org/m"), Catalogue(), queue)
    queue.become(state)
    checked = verdict(
        Draft(model="ORG/M", sender="other"), Catalogue(GOOD.model_copy(update={"model": "Org/M"})), queue
    )
    assert checked.duplicate is not None
    assert checked.duplicate.key == first.key
    assert not checked.acceptable
    with pytest.raises(InvalidSubmission, match=advice):
        accept_checked(checked, queue=queue, limits=LIMITS)
    assert advice in describe(checked)
    assert len(queue.kept) == 1


@pytest.mark.parametrize("change", [{"precision": "float32"}, {"suite": "classic"}, {"chat_template": True}])
def test_what_changes_the_scores_is_not_a_duplicate(change: dict[str, Any]) -> None:
    queue = Queue()
    take(Draft(model="org/m"), Catalogue(), queue)
    assert verdict(replace(Draft(model="org/m"), **change), queue=queue).duplicate is None


def test_the_same_suite_by_another_judge_is_no_duplicate_and_by_the_same_one_is() -> None:
    draft = replace(Draft(model="org/m"), suite="mt_bench_own", chat_template=True)
    by = {name: replace(LIMITS, has_judge=True, judge=judge_identity(name)) for name in ("one", "other")}
    found = {name: verdict(draft, limits=limits).submission for name, limits in by.items()}
    assert found["one"] is not None
    assert found["other"] is not None
    assert found["one"].judge == f"one, prompts {JUDGE_PROMPTS}"
    assert found["one"].key != found["other"].key
    again = verdict(draft, limits=by["one"]).submission
    assert again is not None
    assert again.key == found["one"].key
    plain = verdict(Draft(model="org/m", suite="core"), limits=by["one"]).submission
    assert plain is not None
    assert plain.judge is None, "a suite without a judge keeps its key whatever judge is configured"


def test_a_result_that_is_already_published_is_not_made_again() -> None:
    checked = verdict(Draft(model="org/m"), done=True)
    assert "already has this result" in checked.known
    assert not checked.acceptable
    assert not checked.problems, "nothing is wrong with it"


def test_a_sender_may_have_only_so_many_open_submissions() -> None:
    queue = Queue()
    for number in range(2):
        take(
            Draft(model="org/m", sender="ann"), Catalogue(GOOD.model_copy(update={"revision": str(number) * 40})), queue
        )
    full = verdict(Draft(model="org/m", sender="ann"), queue=queue)
    assert fields(full) == [""]
    assert "at most 2" in full.problems[0].message
    assert verdict(Draft(model="org/m", sender="bob"), queue=queue).acceptable
    queue.become("FINISHED")
    assert verdict(Draft(model="org/m", sender="ann"), queue=queue).acceptable


def test_many_requests_at_once_do_not_slip_past_the_quota() -> None:
    queue, outcomes = Queue(), []
    drafts = [verdict(Draft(model="org/m", sender="ann"), Catalogue(GOOD.model_copy(update={"revision": f"{n:040x}"})))
              for n in range(20)]  # fmt: skip

    def send(checked: Checked) -> None:
        try:
            outcomes.append(accept_checked(checked, queue=queue, limits=LIMITS))
        except InvalidSubmission:
            outcomes.append(None)

    threads = [threading.Thread(target=send, args=(checked,)) for checked in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(queue.kept) == 2
    assert outcomes.count(None) == 18


def test_a_queue_that_cannot_be_reached_is_a_problem_not_a_crash() -> None:
    checked = verdict(Draft(model="org/m"), queue=BrokenQueue())
    assert fields(checked) == [""]
    assert "Try again" in checked.problems[0].message


def test_results_that_cannot_be_looked_up_are_a_problem_not_a_crash() -> None:
    def unreachable(_: Submission) -> bool:
        raise StoreUnavailable("Hub dataset org/board could not be read.")

    checked = check(
        Draft(model="org/m"), catalogue=Catalogue(), queue=Queue(), limits=LIMITS, now=NOW, result_exists=unreachable
    )
    assert fields(checked) == [""]
    assert "org/board" in checked.problems[0].message


def test_an_invalid_draft_is_never_queued() -> None:
    queue = Queue()
    with pytest.raises(InvalidSubmission) as caught:
        take(Draft(model="org/m", precision="int4", suite="x"), Catalogue(), queue)
    assert [problem.field for problem in caught.value.problems] == ["precision", "suite"]
    assert queue.kept == {}


def test_a_model_too_large_for_the_memory_is_warned_about() -> None:
    facts = GOOD.model_copy(update={"params": 900_000_000})
    assert "lack of memory" in " ".join(verdict(Draft(model="org/m"), Catalogue(facts)).warnings)
    assert verdict(Draft(model="org/m")).warnings == ()


def test_the_report_says_what_would_happen() -> None:
    good = verdict(Draft(model="org/m"))
    assert good.submission is not None
    assert f"Would be accepted with key {good.submission.key}." in describe(good)
    assert SHA in describe(good)
    bad = describe(verdict(Draft(model="../x", precision="int4")))
    assert "2 problem(s)" in bad
    assert "precision: 'int4' is not known" in bad


anything = st.one_of(st.text(), st.none(), st.booleans(), st.integers(), st.floats(), st.lists(st.text()),
                     st.dictionaries(st.text(), st.integers()))  # fmt: skip


@given(st.tuples(*[anything] * 7))
def test_no_input_crashes_the_check(values: tuple[object, ...]) -> None:
    names = ("model", "revision", "precision", "suite", "chat_template", "model_type", "sender")
    checked = verdict(Draft(**dict(zip(names, values, strict=True))))
    assert (checked.submission is None) == bool(checked.problems)
    describe(checked)


@given(st.from_regex(r"[A-Za-z0-9._/\-]{1,40}", fullmatch=True))
def test_an_id_that_passes_has_one_slash_and_no_dots_that_climb(model: str) -> None:
    catalogue = Catalogue()
    verdict(Draft(model=model), catalogue)
    for asked, _ in catalogue.asked:
        assert asked.count("/") == 1
        assert ".." not in asked
        assert not asked.startswith(("-", "."))


@pytest.mark.parametrize(
    "address",
    [
        "https://huggingface.co/Org/M",
        "http://hf.co/Org/M/",
        " https://www.huggingface.co/Org/M/tree/main ",
        "huggingface.co/Org/M",
        "https://huggingface.co/Org/M/tree/main/",
        "https://huggingface.co/Org/M?library=x#y",
    ],
)
def test_the_address_of_a_models_page_means_the_model(address: str) -> None:
    assert verdict(Draft(model=address)).submission == verdict(Draft(model="Org/M")).submission


@pytest.mark.parametrize(
    ("address", "beside", "asked"),
    [
        ("https://huggingface.co/Org/M/tree/v2", "main", "v2"),
        ("hf.co/Org/M/tree/v2/", "", "v2"),
        ("https://huggingface.co/Org/M/tree/my%2Fbranch", "main", "my/branch"),
        (f"https://huggingface.co/Org/M/commit/{SHA}", "main", SHA),
        ("https://huggingface.co/Org/M/tree/v2", "v3", "v3"),
    ],
)
def test_the_revision_of_an_address_counts_unless_another_one_is_named(address: str, beside: str, asked: str) -> None:
    catalogue = Catalogue()
    assert verdict(Draft(model=address, revision=beside), catalogue).acceptable
    assert catalogue.asked == [("Org/M", asked)]


def test_the_address_of_a_pull_request_is_refused_like_its_reference() -> None:
    checked = verdict(Draft(model="https://huggingface.co/Org/M/tree/refs%2Fpr%2F1"))
    assert fields(checked) == ["revision"]
    assert "pull request" in checked.problems[0].message


def test_what_is_known_already_is_answered_with_its_page() -> None:
    queue = Queue()
    entry = take(Draft(model="org/m"), Catalogue(), queue)
    assert f"/runs/{entry.key}" in duplicate_message(entry)
    known = verdict(Draft(model="org/m"), done=True).known
    assert f"/runs/{entry.key}" in known


def test_warnings_are_told_also_when_something_else_is_refused() -> None:
    facts = GOOD.model_copy(update={"license": None, "params": None})
    checked = verdict(Draft(model="org/m"), Catalogue(facts))
    assert fields(checked) == ["model"]
    assert "number of parameters" in " ".join(checked.warnings)


def test_a_submission_that_cannot_work_is_not_sent_to_retry() -> None:
    queue = Queue()
    entry = take(Draft(model="org/m"), Catalogue(), queue).model_copy(update={"state": "FAILED", "final": True})
    assert "Mend the model and submit it again" in duplicate_message(entry)
    assert "Retry" not in duplicate_message(entry)


BASE = GOOD.model_copy(update={"model": "org/base", "revision": "b" * 40})


class Family(Catalogue):
    """Knows a model and what it was trained from."""

    def __init__(self, facts: ModelFacts, base: ModelFacts) -> None:
        super().__init__(facts)
        self.base = base

    def inspect(self, model: str, revision: str) -> ModelFacts:
        if model == "org/base":
            return self.base
        if model == "org/m":
            return super().inspect(model, revision)
        raise ModelUnavailable(f"{model} does not exist.")


def check_policy(base: str | None, facts: ModelFacts = BASE) -> Checked:
    draft = Draft(model="org/m", suite="dpo_pairs", precision="float32", sender="me")
    return check(
        draft, catalogue=Family(GOOD.model_copy(update={"base_model": base}), facts), queue=Queue(),
        limits=replace(LIMITS, has_files=True), now=NOW, result_exists=lambda _: False,
    )  # fmt: skip


def test_a_policy_is_pinned_with_the_commit_of_what_it_was_trained_from():
    submission = check_policy("org/base").submission
    assert submission is not None
    assert submission.reference == f"org/base@{'b' * 40}"
    other = submission.model_copy(update={"reference": f"org/base@{'c' * 40}"})
    assert len({submission.key, other.key, submission.model_copy(update={"reference": None}).key}) == 3


@pytest.mark.parametrize("base", [None, "nobody/knows", "no id at all"])
def test_a_policy_whose_reference_cannot_be_had_is_refused_with_what_to_do(base):
    problems = check_policy(base).problems
    assert [problem.field for problem in problems] == ["model"]
    assert "base_model:" in problems[0].message


def test_a_reference_that_could_not_be_loaded_here_is_refused():
    problems = check_policy("org/base", BASE.model_copy(update={"params": LIMITS.max_params + 1})).problems
    assert [problem.message.partition(" has ")[0] for problem in problems] == ["org/base"]


def test_suites_of_pairs_are_refused_where_no_pairs_are():
    facts = GOOD.model_copy(update={"architecture": "LlamaForSequenceClassification"})
    draft = Draft(model="org/m", suite="reward_pairs", precision="float32", sender="me")
    problems = check(
        draft, catalogue=Catalogue(facts), queue=Queue(), limits=LIMITS, now=NOW, result_exists=lambda _: False
    ).problems
    assert [problem.field for problem in problems] == ["suite"]
    assert "LEADERBOARD_TASK_FILES" in problems[0].message


RM = GOOD.model_copy(update={"architecture": "LlamaForSequenceClassification", "n_labels": 1})


def check_reward(facts: ModelFacts, precision: str = "float32") -> Checked:
    draft = Draft(model="org/m", suite="reward_pairs", precision=precision, sender="me")
    return check(
        draft, catalogue=Catalogue(facts), queue=Queue(), limits=replace(LIMITS, has_files=True), now=NOW,
        result_exists=lambda _: False,
    )  # fmt: skip


def test_a_classifier_of_several_classes_is_refused_as_a_reward_model_before_it_is_loaded():
    assert check_reward(RM).problems == ()
    problems = check_reward(RM.model_copy(update={"n_labels": 2})).problems
    assert [problem.message.partition(" (")[0] for problem in problems] == ["org/m gives 2 numbers a text"]


@pytest.mark.parametrize(("precision", "warned"), [("float32", 0), ("bfloat16", 1), ("4bit", 2)])
def test_a_reward_model_in_a_lower_precision_is_warned_of(precision, warned, monkeypatch):
    monkeypatch.setattr("leaderboard.model_rules.find_spec", lambda _: None)
    found = [text for text in check_reward(RM, precision).warnings if "float32" in text or "bitsandbytes" in text]
    assert len(found) == warned


def test_a_policy_whose_card_names_no_base_is_told_so_in_words():
    assert check_policy(None).problems[0].message.endswith("its card names none.")
