"""The reading of the MT-Bench tab: places, steps, disagreements, and every question of the public files."""

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from leaderboard.boards.library import Library
from leaderboard.boards.mt_bench_evidence import evidence
from leaderboard.boards.mt_bench_places import MODES
from leaderboard.errors import InvalidQuery
from leaderboard.settings import ROOT
from leaderboard.sources.mt_bench_doubts import EVIDENCE, doubts
from leaderboard.sources.mt_bench_files import read_mt_bench
from leaderboard.sources.mt_bench_tables import MtBenchTable, write_mt_bench
from tests.mt_bench_folder import SINGLES, answers, jsonl, single, write_folder

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "mt_bench"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public files are not at {SHARED}")


def library_of(folder, revision="r"):
    snapshot = SimpleNamespace(folder=folder, revision=revision, origin="a test")
    return Library(lambda: snapshot, folder / "results", lambda: NOW)


def imported(source, target):
    write_mt_bench(target, read_mt_bench(source, "small", NOW)[0])
    return library_of(target)


@pytest.fixture
def read(tmp_path):
    singles = [*SINGLES, single("ada", 81, 2, 3.0, tstamp=2.0), single("ada", 112, 1, -1.0, tstamp=3.0)]
    library = imported(write_folder(tmp_path / "in", singles), tmp_path / "store")
    return lambda **chosen: library.reading("mt_bench", None, chosen)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    return imported(SHARED, tmp_path_factory.mktemp("real"))


def parts(reading):
    return {part.key: part for part in reading.parts}


def values(reading):
    return {choice.name: choice.value for choice in reading.choices}


def test_a_single_answer_is_read_as_a_chat_with_the_judge_s_words(read):
    found = parts(read(question="82"))
    chat = [f"{part}_{turn}" for turn in (1, 2) for part in ("question", "answer_both", "verdict_both")]
    assert [key for key in found if key != "disagreement"] == chat
    assert found["question_1"].text == "First of 82?"
    assert found["answer_both_1"].text == "ada says 1 to 82"
    assert found["answer_both_1"].facts == (("Score", "9 of 10"), ("Place", "1 of 2"))
    assert found["verdict_both_2"].text == "ada gets 9.0 for 82.2"


def test_the_text_is_that_of_the_score_that_counts(read):
    found = parts(read(question="81"))["verdict_both_2"]
    assert (found.title, found.text) == ("gpt-4: 3 of 10", "ada gets 3.0 for 81.2")
    assert found.facts == (("Left out", "9: the answer was judged again later"),)
    again = parts(read(question="112"))["verdict_both_1"]
    assert again.text == "ada gets 9.0 for 112.1", "-1 came later and counts for nothing"
    assert again.facts == (("Left out", "-1: the verdict could not be parsed"),)


def test_the_model_shown_first_is_one_with_a_text(tmp_path):
    singles = [*SINGLES, *(single("zoe", question, turn, 10.0) for question in (81, 82) for turn in (1, 2))]
    reading = imported(write_folder(tmp_path / "in", singles), tmp_path / "store").reading("mt_bench", None, {})
    first = next(choice for choice in reading.choices if choice.name == "a")
    assert first.options[0].value == "zoe", "the best score, and no answer at hand"
    assert first.value == "ada"
    assert parts(reading)["answer_both_1"].text.startswith("ada says")


def test_a_missing_judgment_is_said_and_in_no_average(read):
    found = parts(read(question="112", a="bob"))["verdict_both_2"]
    assert found.title == "gpt-4: no score that counts"
    assert found.mark == "missing: it is in no average"


def test_two_models_stand_side_by_side_with_the_votes_between_them(read):
    reading = read(question="81", b="bob")
    found = parts(reading)
    assert [(found[key].side, found[key].title) for key in ("answer_a_1", "answer_b_1")] == [
        ("a", "ada, turn 1"), ("b", "bob, turn 1"),
    ]  # fmt: skip
    assert found["people_1"].facts == (("ada", "2"), ("tie", "1"), ("bob", "0"))
    assert found["people_1"].title == "People, turn 1: ada wins (3 votes)"


def test_a_reference_is_folded_until_it_is_doubted(read):
    found = parts(read(question="111"))["reference_1"]
    assert (found.text, found.folded, found.mark) == ("reference says 1 to 111", True, "")
    assert "reference_1" not in parts(read(question="81"))


def test_both_orders_of_a_comparison_are_shown_and_a_contradiction_is_marked(read):
    found = parts(read(mode="pair", question="81"))
    assert found["verdict_1"].title == "Verdict of gpt-4: ada wins"
    assert found["verdict_1"].facts == (("ada first", "ada wins"), ("bob first", "ada wins"))
    assert found["verdict_1_order_2"].title == "bob shown first, as Assistant A: ada wins"
    assert found["verdict_1_order_2"].text == "two model_1"
    assert found["verdict_2"].title == "Verdict of gpt-4: a tie, as the two orders contradict"
    assert found["verdict_2"].mark.startswith("inconsistent")
    unreadable = parts(read(mode="pair", question="82"))["verdict_2"]
    assert unreadable.title == "Verdict of gpt-4: no readable verdict"
    assert parts(read(mode="pair", question="112"))["verdict_1"].title == "No verdict"


def test_people_who_say_otherwise_are_marked(read):
    found = parts(read(mode="pair", question="82"))
    assert found["people_1"].mark == "people's majority is not the judge's verdict", "a tie against bob"
    assert parts(read(mode="pair", question="111"))["people_1"].mark == ""
    assert found["disagreement"].text == "Disagreement: turn 1: the judge says tie, people say B."


def test_sides_follow_the_visitor_s_order_of_models(read):
    found = parts(read(mode="pair", question="82", a="bob", b="ada"))
    assert found["answer_a_1"].title == "bob, turn 1"
    assert found["disagreement"].text == "Disagreement: turn 1: the judge says tie, people say A."
    assert found["people_1"].facts == (("bob", "1"), ("tie", "0"), ("ada", "0"))


def test_steps_lead_along_the_questions_of_the_category_and_to_disagreements(read):
    first = read(mode="pair", question="81")
    assert (first.at, first.of) == (1, 4)
    assert set(first.steps) == {"Next question", "Next disagreement"}
    assert first.steps["Next disagreement"]["question"] == "82"
    assert read(mode="pair", question="111").steps["Next disagreement"]["question"] == "81", "from the start again"
    math = read(mode="pair", category="math")
    assert (values(math)["question"], math.at, math.of) == ("111", 1, 2)
    assert "Next disagreement" not in math.steps
    assert "Next question" not in read(question="112").steps


def test_in_single_mode_scores_against_the_majority_and_far_apart_turns_are_disagreements(read):
    assert parts(read(question="81"))["disagreement"].text == "Disagreement: the turns' scores are 6 points apart."
    found = parts(read(question="111", a="ada"))["disagreement"].text
    assert "turn 1: the scores are 9 to 4 against bob, by the people's majority ada loses" in found
    assert "disagreement" not in parts(read(question="112"))


@pytest.mark.parametrize("mode", MODES)
def test_a_step_leads_where_it_says_and_an_address_holds_all_of_it(read, mode):
    reading = read(mode=mode)
    for selection in reading.steps.values():
        assert values(read(**selection)) == dict(selection)
    again = read(**values(reading))
    assert again == reading


def test_a_question_of_another_category_and_a_model_of_the_other_mode_give_way(tmp_path):
    folder = write_folder(tmp_path / "in", [*SINGLES, single("eve", 81, 1, 10.0)])
    library = imported(folder, tmp_path / "store")
    reading = library.reading("mt_bench", None, {"question": "81", "category": "math", "mode": "pair", "a": "eve"})
    assert values(reading) == {"mode": "pair", "category": "math", "question": "111", "a": "ada", "b": "bob"}


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"mode": "both"}, "mode is 'both'; expected one of single, pair"),
        ({"category": "maths"}, "category is 'maths'; expected one of all, writing, math"),
        ({"question": "7"}, "question is '7'"),
        ({"a": "nobody"}, "a is 'nobody'; expected one of ada, bob"),
        ({"b": "nobody"}, "b is 'nobody'"),
        ({"colour": "red"}, "Choice is 'colour'"),
    ],
)
def test_a_choice_or_value_that_does_not_exist_is_refused(read, chosen, words):
    with pytest.raises(InvalidQuery, match=words):
        read(**chosen)


def test_an_answer_that_only_shares_the_name_of_the_judged_model_is_marked(tmp_path):
    folder = write_folder(tmp_path / "in", [{**row, "source": "somebody/fork"} for row in SINGLES])
    found = parts(imported(folder, tmp_path / "store").reading("mt_bench", None, {}))
    assert "may not be the answer that was judged" in found["answer_both_1"].mark
    assert "somebody/fork" in found["answer_both_1"].mark


def test_hostile_texts_stay_texts_of_their_part(tmp_path):
    evil = "Rating: [[10]] <script>alert(1)</script> {model}"
    folder = write_folder(tmp_path / "in")
    jsonl(folder / "model_answer" / "ada.jsonl", answers("ada", evil))
    found = parts(imported(folder, tmp_path / "store").reading("mt_bench", None, {}))
    assert found["answer_both_1"].text == evil.format(model="ada")
    assert found["answer_both_1"].facts[0] == ("Score", "9 of 10")


def test_without_texts_the_figures_remain_and_the_way_to_texts_is_said(tmp_path):
    table, _ = read_mt_bench(write_folder(tmp_path / "in"), "small", NOW)
    bare = {"pairs": table.parts["pairs"].drop(columns=["g1_text", "g2_text"]), "votes": table.parts["votes"]}
    write_mt_bench(tmp_path, MtBenchTable(card=table.card, scores=table.scores, parts=bare))
    library = library_of(tmp_path)
    single_mode = library.reading("mt_bench", None, {"question": "81"})
    assert single_mode.origin.startswith("Figures only")
    assert "leaderboard import mt-bench FOLDER" in parts(single_mode)["texts"].text
    assert parts(single_mode)["answer_both_1"].facts[0] == ("Score", "9 of 10")
    assert [part.text for part in single_mode.parts[1:]] == ["", "", "", ""]
    pair_mode = parts(library.reading("mt_bench", None, {"question": "81", "mode": "pair"}))
    assert pair_mode["verdict_1"].facts == (("ada first", "ada wins"), ("bob first", "ada wins"))
    assert pair_mode["people_1"].facts[0] == ("ada", "2")


def test_published_means_have_nothing_to_read():
    reading = library_of(ROOT / "data").reading("mt_bench", "mt_bench_published", {})
    assert reading.empty.startswith("Only the means")
    assert reading.parts == ()


def test_every_question_of_the_shipped_figures_can_be_read_in_both_modes():
    library = library_of(ROOT / "data", "shipped")
    for mode in MODES:
        chosen = [{"mode": mode, "question": str(number)} for number in range(81, 161)]
        seen = [library.reading("mt_bench", "gpt4_forks.0", selection) for selection in chosen]
        assert all(reading.parts and reading.of == 80 for reading in seen)
        assert not any(part.text for reading in seen for part in reading.parts if part.role != "note")


@needs_shared
@pytest.mark.parametrize("mode", MODES)
def test_every_question_of_the_public_files_can_be_read(real, mode):
    models = {"a": "gpt-4", "b": "claude-v1"} if mode == "pair" else {}
    for number in range(81, 161):
        reading = real.reading("mt_bench", None, {"mode": mode, "question": str(number), **models})
        found = parts(reading)
        assert len(found) == len(reading.parts), "keys are unique"
        assert (reading.at, values(reading)["question"]) == (number - 80, str(number))
        for choice in reading.choices:
            assert choice.value in {option.value for option in choice.options}, choice.name
        assert found["question_1"].text
        assert found["question_2"].text
        assert [part.role for part in reading.parts].count("verdict") >= 2


@needs_shared
def test_scores_beside_the_judge_s_words_are_those_in_the_words(real):
    e = evidence(real._current().shelf.snapshot.folder, "r", "small", "gpt-4")
    said = {key: re.findall(r"\[\[(\d+\.?\d*)\]\]", text) for key, text in e.texts.items() if key in e.scores}
    assert len(said) == 4477
    assert [key for key, found in said.items() if found and float(found[0]) != e.scores[key]] == []


@needs_shared
def test_disagreements_of_a_pair_are_those_counted_by_hand(real):
    e = evidence(real._current().shelf.snapshot.folder, "r", "small", "gpt-4")
    by_hand = set()
    for (question, turn, *models), found in e.comparisons.items():
        if models == ["claude-v1", "gpt-4"]:
            votes = e.votes.get((question, turn, *models))
            if found.inconsistent or (votes is not None and votes.majority != found.outcome):
                by_hand.add(question)
    start = {"mode": "pair", "a": "gpt-4", "b": "claude-v1", "question": "160"}
    met, chosen = [], start
    while (chosen := real.reading("mt_bench", None, chosen).steps["Next disagreement"])["question"] not in met:
        met.append(chosen["question"])
    assert set(met) == by_hand
    assert met == sorted(met, key=int)
    assert len(met) > 20


@needs_shared
def test_a_wrong_reference_of_the_real_files_is_marked_and_linked_to_its_evidence(real):
    wrong = sorted({item.question_id for item in doubts().values()})
    for question in wrong:
        shown = real.reading("mt_bench", None, {"question": question}).parts
        marked = [part for part in shown if part.role == "reference" and part.mark]
        assert marked, question
        assert all(part.link == EVIDENCE and not part.folded for part in marked)
