"""Our own two-turn questions: every reference is computed, and a wrong one is found."""

import pytest

from eval_queue.judging.questions import read_questions
from eval_queue.runners.mt_bench import OWN
from leaderboard.suites import CATEGORIES
from scripts.check_mt_bench_own import close, faults, main, reference_faults
from scripts.own_questions import maths, reasoning

QUESTIONS = {question.question_id: question for question in read_questions(OWN / "question.jsonl")}
OTHERS = OWN.parents[3] / "shared" / "data" / "mt_bench" / "question.jsonl"


def test_every_reference_says_what_the_computation_gives():
    assert list(faults(tuple(QUESTIONS.values()))) == []
    assert len(QUESTIONS) >= 88
    assert {question.category for question in QUESTIONS.values()} == set(CATEGORIES)


def changed(question_id, turn, old, new):
    question = QUESTIONS[question_id]
    assert old in question.reference[turn - 1]
    texts = list(question.reference)
    texts[turn - 1] = texts[turn - 1].replace(old, new)
    return question.model_copy(update={"reference": tuple(texts)})


@pytest.mark.parametrize("question_id", [*maths.SOLVED, *reasoning.SOLVED])
def test_another_answer_is_found_in_either_turn(question_id):
    for turn in (1, 2):
        (fault,) = reference_faults(changed(question_id, turn, "Answer: ", "Answer: about "))
        assert fault.startswith(f"turn {turn}: the reference ends with 'Answer: about ")


@pytest.mark.parametrize(
    ("question_id", "turn", "old", "new"),
    [
        (1081, 1, "at = max(at, finish)", "at = finish"),
        (1081, 2, "finish + pause", "finish"),
        (1082, 1, "self._kept.move_to_end(key)", "pass"),
        (1082, 2, "found is _NOTHING else", "found is None else"),
        (1082, 2, "if found is _NOTHING:", "if found is None:"),
        (1083, 1, "high = mid\n", "high = mid - 1\n"),
        (1083, 2, "b + 1", "b"),
        (1084, 1, "total DESC, name", "total DESC, name DESC"),
        (1084, 2, "share DESC", "share"),
        (1085, 1, "not text or ", ""),
        (1085, 2, '"0s"', '""'),
        (1086, 1, "heapq.heappop(ready)", "ready.pop()"),
        (1086, 2, "path[path.index(task):]", "path"),
        (1087, 1, r'.replace(".", "\\.")', ""),
        (1087, 2, "value == {} and", "True and"),
        (1088, 1, "n * (n - 1)", "n * n"),
        (1088, 2, "2 * self.count[x]", "self.count[x]"),
        (1089, 1, "_medians(stream, k)\n\n", "(yield from _medians(stream, k))\n\n"),
        (1089, 2, "x is None", "x is 0"),
        (1090, 1, "0 if j == n - 1 else ", ""),
        (1090, 2, "== least", ">= least"),
        (1091, 1, " or pack(text) != data", ""),
        (1091, 2, r"0123456789\\", "123456789"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*is.*with.*int.*literal:SyntaxWarning")
def test_a_slip_in_a_reference_solution_is_found(question_id, turn, old, new):
    slips = list(reference_faults(changed(question_id, turn, old, new)))
    assert slips
    assert all(fault.startswith(f"turn {turn}: ") for fault in slips)


def test_a_reference_without_a_computation_is_a_fault():
    stranger = QUESTIONS[1061].model_copy(update={"question_id": 1079})
    assert list(reference_faults(stranger)) == ["nothing computes its answer; add a function to scripts/own_questions."]


def test_repeated_turns_missing_turns_and_thin_categories_are_faults():
    one = QUESTIONS[1001]
    found = list(faults([one, one.model_copy(update={"question_id": 1002}), one.model_copy(update={"turns": ("Hi",)})]))
    assert any(fault.startswith("A turn occurs 2 times") or "occurs 2" in fault for fault in found)
    assert "1001: 1 turns; expected two with text." in found
    assert "math has 0 questions; expected at least 11." in found


def test_a_reworded_question_of_another_set_is_found():
    question = QUESTIONS[1063]
    text = question.turns[0].replace("marbles", "balls")
    (fault, *_) = close([question], [question.model_copy(update={"question_id": 7, "turns": (text, "x y z w")})])
    assert fault.startswith("1063 shares ")


@pytest.mark.skipif(not OTHERS.is_file(), reason="the 80 questions of MT-Bench are not beside the project")
def test_no_question_is_close_to_one_of_mt_bench(capsys):
    assert main(["--beside", str(OTHERS)]) == 0
    assert "0 faults" in capsys.readouterr().out
