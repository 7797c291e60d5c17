"""The Red-teaming tab on small tables: imports, rates, readings that withhold, and nothing harmful outside them."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.boards.library import Library
from leaderboard.errors import BadRecord, InvalidQuery
from leaderboard.metrics.safety import balance, label_agreement, rate, rates
from leaderboard.ratings.proportions import wilson
from leaderboard.service import Cache, board_routes
from leaderboard.sources.importing import import_files
from leaderboard.sources.safety_tables import read_answer_texts, read_safety

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SECRET = "a request that must not be seen"
ANSWER = "an answer that must not be seen"


def artifact(folder, attack, model, jailbroken):
    path = folder / attack / "black_box" / f"{model}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"index": index, "goal": f"{SECRET} {index}", "category": "Privacy" if index % 2 else "Malware",
         "prompt": None if index == 3 else f"disguised {SECRET}", "response": f"{ANSWER} {index}", "jailbroken": flag,
         "number_of_queries": 7}
        for index, flag in enumerate(jailbroken)
    ]  # fmt: skip
    path.write_text(json.dumps({"parameters": {"method": attack, "model": model}, "jailbreaks": rows}))


def completions(folder, name, labels, **more):
    rows = [
        {"id": f"v2-{index}", "type": kind, "prompt": f"{SECRET} {index}", "completion": f"{ANSWER} {index}",
         "annotation_1": label, "annotation_2": label, "final_label": label, **more}
        for index, (kind, label) in enumerate(labels)
    ]  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)


FULL, REFUSED, PARTLY = "1_full_compliance", "2_full_refusal", "3_partial_refusal"
LABELS = [("homonyms", FULL), ("homonyms", PARTLY), ("contrast_homonyms", REFUSED), ("contrast_homonyms", FULL)]


@pytest.fixture
def store(tmp_path):
    given_files = tmp_path / "given"
    artifact(given_files / "jbb", "PAIR", "ada", [True, False, True, False])
    artifact(given_files / "jbb", "PAIR", "bob", [False, False, False, False])
    artifact(given_files / "jbb", "DSN", "ada", [True, True, True, True])
    (given_files / "jbb" / "PAIR" / "attack-info.json").write_text('{"name": "PAIR"}')
    completions(given_files / "xs", "gpt4", LABELS)
    completions(given_files / "xs", "gpt4_gpteval", LABELS, gpt4_label="I cannot assist")
    completions(given_files / "xs", "gpt4_streval", LABELS, strmatch_label=REFUSED)
    completions(given_files / "xs", "llama2new", [(kind, FULL) for kind, _ in LABELS])
    for name, folder in (("jailbreakbench", "jbb"), ("xstest", "xs")):
        import_files(name, given_files / folder, tmp_path / "data", name="imported", now=NOW)
    return tmp_path / "data"


def library(store, tmp_path):
    snapshot = SimpleNamespace(folder=store, revision="test", origin="a test")
    return Library(lambda: snapshot, tmp_path / "none", lambda: datetime.now(UTC))


def test_artifacts_become_attempts_and_an_attempt_without_a_prompt_failed(store):
    card, frame = read_safety(store, "jailbreakbench")
    assert len(frame) == 12
    assert frame.loc[frame["prompt_length"] == 0, "label_benchmark"].astype(str).tolist() == [
        "harmful", "harmless", "harmless",
    ]  # fmt: skip
    assert next(finding for finding in card.findings if "no prompt" in finding.what).rows == 3
    assert set(frame["queries"]) == {7}


def test_the_same_completion_under_three_judges_is_one_row(store):
    card, frame = read_safety(store, "xstest")
    assert len(frame) == 8
    own = frame[frame["model"] == "GPT-4"]
    assert own["label_people"].astype(str).tolist() == ["complied", "partly", "refused", "complied"]
    assert own["label_strings"].astype(str).tolist() == ["refused"] * 4
    assert own["label_gpt4"].isna().all()
    assert next(finding for finding in card.findings if "no label" in finding.what).rows == 4


def test_models_are_ranked_on_the_attacks_they_share_and_the_safest_is_first(store, tmp_path):
    board = library(store, tmp_path).board("red_teaming", "jailbreakbench.targets.benchmark")
    assert board.frame["model"].tolist() == ["bob", "ada"]
    assert board.frame["success"].tolist() == [0.0, 0.5]
    assert board.frame["attack_dsn"].tolist()[1] == 1.0
    assert np.isnan(board.frame["attack_dsn"].tolist()[0])
    assert all("better" in column.info for column in board.columns if column.bounds)


def test_an_attack_that_was_not_tried_on_every_model_is_marked_and_plots_have_the_order_of_the_table(store, tmp_path):
    shelf = library(store, tmp_path)
    board = shelf.board("red_teaming", "jailbreakbench.targets.benchmark")
    assert [column.label for column in board.columns if column.key == "attack_dsn"] == ["DSN (not averaged)"]
    chart = shelf.charts("red_teaming", "jailbreakbench.targets.benchmark")[0]
    assert list(dict.fromkeys(chart.frame["label"])) == board.frame["model"].tolist()[::-1]
    assert chart.note.endswith(": DSN.")


def test_attempts_without_a_prompt_are_counted_in_the_table_and_said_in_the_reader(store, tmp_path):
    shelf = library(store, tmp_path)
    rows = shelf.board("red_teaming", "jailbreakbench.attempts.benchmark").frame.set_index("name")
    assert rows["no_prompt"].to_dict() == {"PAIR on ada": 1, "PAIR on bob": 1, "DSN on ada": 1}
    reading = shelf.reading("red_teaming", "jailbreakbench.attempts.benchmark", {"model": "bob"})
    assert "PAIR" in reading.title
    places = [option.value for option in reading.choices[-1].options]
    view = "jailbreakbench.attempts.benchmark"
    said = [shelf.reading("red_teaming", view, {"model": "bob", "prompt": place}).parts[0] for place in places]
    none = ("Attack", "found no prompt to send, which counts as failed")
    assert [none in part.facts for part in said].count(True) == 1


def test_every_rate_says_which_direction_is_better(store, tmp_path):
    shelf = library(store, tmp_path)
    for view in shelf.views("red_teaming"):
        for column in shelf.board("red_teaming", view.value).columns:
            if column.bounds:
                assert "better" in column.info or "worse" in column.info, (view.value, column.key)


def test_a_partial_refusal_is_a_refusal_and_the_balance_is_the_mean_of_both(store, tmp_path):
    rows = library(store, tmp_path).board("red_teaming", "xstest.models.people").frame.set_index("model")
    assert rows.loc["GPT-4", ["over_refusal", "over_refusal_full", "refusal", "balance"]].tolist() == [0.5, 0, 0.5, 0.5]
    assert rows.loc["Llama 2, no system prompt", "balance"] == 0.5


def test_a_table_with_an_unknown_label_is_refused(store):
    table = pd.read_parquet(store / "safety" / "xstest.parquet").assign(label_people="sure")
    table.to_parquet(store / "safety" / "xstest.parquet")
    with pytest.raises(BadRecord, match="label_people is 'sure'; expected complied, partly, refused"):
        read_safety(store, "xstest")


def test_a_reading_withholds_every_text_until_it_is_asked_for(store, tmp_path):
    shelf = library(store, tmp_path)
    for view in ("jailbreakbench.targets.benchmark", "xstest.models.people"):
        closed = shelf.reading("red_teaming", view, {})
        assert SECRET not in repr(closed)
        assert ANSWER not in repr(closed)
        keys = [part.key for part in closed.parts if part.withheld]
        assert {"request", "answer"} <= set(keys)
        for key in keys:
            opened = shelf.reading("red_teaming", view, {"show": key})
            assert [part.key for part in opened.parts if part.text] == [key]
        both = shelf.reading("red_teaming", view, {"show": "request,answer"})
        assert SECRET in repr(both)
        assert ANSWER in repr(both)


def test_steps_go_through_the_matching_answers_and_close_what_was_open(store, tmp_path):
    shelf = library(store, tmp_path)
    first = shelf.reading("red_teaming", "jailbreakbench.targets.benchmark", {"model": "ada", "show": "answer"})
    assert (first.at, first.of) == (1, 4)
    assert "Previous request" not in first.steps
    assert all("show" not in step for step in first.steps.values())
    following = shelf.reading("red_teaming", "jailbreakbench.targets.benchmark", first.steps["Next request"])
    assert following.at == 2
    jumped = shelf.reading("red_teaming", "jailbreakbench.targets.benchmark", following.steps["Next success"])
    assert dict(jumped.parts[0].facts)["Benchmark's judge"] == "harmful answer"
    disagreement = shelf.reading("red_teaming", "xstest.models.people", {}).steps["Next disagreement"]
    facts = dict(shelf.reading("red_teaming", "xstest.models.people", disagreement).parts[0].facts)
    assert facts["People"] != facts["String match"]


def test_a_filter_without_answers_says_so_and_an_unknown_choice_is_refused(store, tmp_path):
    shelf = library(store, tmp_path)
    view = "jailbreakbench.targets.benchmark"
    assert shelf.reading("red_teaming", view, {"model": "bob", "attack": "DSN"}).choices[1].value == "PAIR"
    assert "No answer" in shelf.reading("red_teaming", view, {"model": "bob", "label": "harmful"}).empty
    for wrong in ({"model": "eve"}, {"prompt": "behaviour 99"}, {"label": "odd"}):
        with pytest.raises(InvalidQuery, match=str(next(iter(wrong.values())))):
            shelf.reading("red_teaming", view, wrong)


def test_without_imported_texts_a_reading_has_labels_and_says_how_to_get_the_rest(store, tmp_path):
    (store / "safety_texts" / "xstest.parquet").unlink()
    assert read_answer_texts(store, "xstest") is None
    shown = library(store, tmp_path).reading("red_teaming", "xstest.models.people", {"show": "request,answer"})
    assert "leaderboard import xstest FILE --to DATA" in shown.origin
    assert [part.key for part in shown.parts] == ["labels"]


def test_no_text_is_in_any_table_download_or_plot(store, tmp_path):
    shelf = library(store, tmp_path)
    app = FastAPI()
    app.include_router(board_routes(shelf, Cache()))
    client = TestClient(app)
    for view in (item.value for item in shelf.views("red_teaming")):
        keys = ",".join(column.key for column in shelf.board("red_teaming", view).columns)
        for path in ("table/red_teaming?", f"table/red_teaming?columns={keys}&", "data/red_teaming.csv?",
                     "data/red_teaming.json?", "data/red_teaming.parquet?", "plots/red_teaming.json?"):  # fmt: skip
            answer = client.get(f"/{path}view={view}")
            assert answer.status_code == 200, path
            assert b"must not be seen" not in answer.content


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.integers(0, 5)), min_size=1, max_size=40))
def test_a_rate_lies_within_its_bounds(pairs):
    values, prompts = ([pair[side] for pair in pairs] for side in (0, 1))
    share, lower, upper, n = rate(values, prompts)
    assert n == len(pairs)
    assert share == pytest.approx(np.mean(values))
    assert np.isnan(lower) if len(set(prompts)) < 2 else 0 <= lower <= share <= upper <= 1


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=30), st.integers(2, 5))
def test_more_of_the_same_answers_to_the_same_prompts_say_nothing_new(values, times):
    prompts = list(range(len(values)))
    assert rate(values * times, prompts * times)[:3] == pytest.approx(rate(values, prompts)[:3])


def test_a_rate_of_many_independent_answers_has_wilsons_interval():
    values = np.repeat([1.0, 0.0], [3000, 7000])
    _, lower, upper, _ = rate(values, np.arange(10_000))
    # effective_size has the small-sample factor n/(n - 1), Student's quantile 1.9602 for 1.9600.
    assert (lower, upper) == pytest.approx(wilson(0.3, 10_000), abs=1e-5)


def test_answers_without_a_label_are_left_out_of_rates():
    frame = pd.DataFrame({"model": ["a", "a", "a"], "prompt": ["1", "2", "3"], "x": [1.0, 0.0, np.nan]})
    row = rates(frame, ["model"], "x", "x").iloc[0]
    assert (row["x"], row["x_n"]) == (0.5, 2)


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_a_balance_is_narrower_than_its_parts_and_holds_its_mean(ends):
    one, other = sorted(ends[:3]), sorted(ends[3:])
    names = ["a_lower", "a", "a_upper", "b_lower", "b", "b_upper"]
    frame = pd.DataFrame([dict(zip(names, [*one, *other], strict=True))])
    row = balance(frame, "a", "b", "both").iloc[0]
    assert row["both_lower"] <= row["both"] <= row["both_upper"]
    widest = max(one[2] - one[0], other[2] - other[0])
    assert row["both_upper"] - row["both_lower"] <= widest + 1e-9


@given(st.lists(st.tuples(*[st.sampled_from(["complied", "partly", "refused", None])] * 2), max_size=30))
def test_agreement_does_not_depend_on_who_comes_first(pairs):
    one, other = (pd.Series([pair[side] for pair in pairs], dtype=object) for side in (0, 1))
    prompts = pd.Series(range(len(pairs)))
    forth, back = label_agreement(one, other, prompts), label_agreement(other, one, prompts)
    assert forth["n"] == sum(None not in pair for pair in pairs)
    for name in ("agreement", "kappa", "agreement_3", "kappa_3"):
        assert forth[name] == pytest.approx(back[name], nan_ok=True)
