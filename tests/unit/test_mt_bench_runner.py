"""A model answers both turns, each category at its temperature; a judge rates them; what is missing stays missing."""

import io
import json
import logging
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

from eval_queue.judging import mt_bench as judging
from eval_queue.judging import pairwise
from eval_queue.judging.answers import AnswerFile
from eval_queue.judging.evidence import write_fastchat
from eval_queue.judging.judge import JudgeRequest, ScriptedJudge
from eval_queue.judging.questions import TEMPERATURES, read_questions
from eval_queue.judging.sameness import constant_flag, constant_share
from eval_queue.runners import chat
from eval_queue.runners.mt_bench import answer_questions
from eval_queue.spec import RunSpec
from leaderboard.errors import ModelAtFault, PermanentFailure
from leaderboard.suites import CATEGORIES
from tests.judged import KEY, QUESTIONS, baseline_file, give_answers, judge_config, judged_spec
from tests.models import changed_copy, tiny_model
from tests.stub_judge import StubJudge, rate_by_length

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "mt_bench"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny")


def scripted(request: JudgeRequest) -> str:
    schema = json.dumps(request.schema)
    return rate_by_length({"messages": [{"content": request.user}], "response_format": schema})


def ignore(progress: object) -> None:
    del progress


def prepared(tmp_path: Path, **changes: object) -> RunSpec:
    spec = judged_spec(Path("unused"), tmp_path / "work", **changes)
    give_answers(spec.work_folder)
    return spec


def test_temperatures_are_those_of_mt_bench():
    hot = {"writing": 0.7, "roleplay": 0.7, "stem": 0.1, "humanities": 0.1}
    assert {category: hot.get(category, 0.0) for category in CATEGORIES} == TEMPERATURES


def test_rows_of_a_batch_keep_their_own_temperature_and_seed():
    by_name = {question.category: question for question in QUESTIONS}
    prompts = [chat.Prompt(question=by_name[name], turn=1, tokens=(1,)) for name in ("math", "writing", "stem")]
    logits = torch.randn(1, 50, generator=torch.Generator().manual_seed(1)).repeat(3, 1)
    draws = chat.OwnDraws(prompts)
    drawn = [draws(torch.zeros(3, 1), logits.clone()).argmax(dim=1).tolist() for _ in range(400)]
    seen = [{row[at] for row in drawn} for at in range(3)]
    assert seen[0] == {int(logits[0].argmax())}
    assert len(seen[1]) > 20 > len(seen[2]) > 0
    hottest = sum(row[1] == int(logits[0].argmax()) for row in drawn) / 400
    expected = float(torch.softmax(logits[0] / 0.7, dim=0).max())
    assert abs(hottest - expected) < 4 * (expected * (1 - expected) / 400) ** 0.5  # softmax at 0.7, four sigma
    alone = chat.OwnDraws(prompts[1:2])
    assert [alone(torch.zeros(1, 1), logits[:1].clone()).argmax().item() for _ in range(20)] == [
        r[1] for r in drawn[:20]
    ]


def test_both_turns_are_answered_and_a_second_attempt_asks_the_model_nothing(model, tmp_path, monkeypatch):
    spec = judged_spec(model, tmp_path / "work")
    seen: list[int] = []
    answer_questions(spec, QUESTIONS, lambda progress: seen.append(progress.done), new_tokens=12)
    kept = AnswerFile(spec.work_folder)
    found = [kept.get(question.question_id, turn) for question in QUESTIONS for turn in (1, 2)]
    assert all(answer is not None and 0 <= answer.tokens <= 12 for answer in found)
    assert seen == sorted(seen)
    assert seen[-1] == 16
    before = (spec.work_folder / "answers.jsonl").read_bytes()
    monkeypatch.setattr("eval_queue.runners.mt_bench.load_model", None)
    answer_questions(spec, QUESTIONS, ignore, new_tokens=12)
    assert (spec.work_folder / "answers.jsonl").read_bytes() == before


def test_answers_of_a_run_that_was_interrupted_anywhere_are_the_same(model, tmp_path):
    whole = judged_spec(model, tmp_path / "whole")
    answer_questions(whole, QUESTIONS, ignore, new_tokens=12)
    lines = (whole.work_folder / "answers.jsonl").read_bytes().splitlines(keepends=True)
    cut = judged_spec(model, tmp_path / "cut")
    (cut.work_folder / "answers.jsonl").write_bytes(b"".join(lines[:9]) + lines[9][:20])
    answer_questions(cut, QUESTIONS, ignore, new_tokens=12)
    assert (cut.work_folder / "answers.jsonl").read_bytes().splitlines(keepends=True) == lines


def test_a_template_that_fails_is_the_models_fault(model, tmp_path):
    copy = changed_copy(model, tmp_path / "copy")
    (copy / "chat_template.jinja").write_text("{{ raise_exception('no chat here') }}")
    with pytest.raises(ModelAtFault, match=r"chat template fails on question 201, turn 1: .*no chat here"):
        answer_questions(judged_spec(copy, tmp_path / "work"), QUESTIONS, ignore, new_tokens=4)


def test_every_category_is_the_mean_of_its_ratings_divided_by_ten(tmp_path):
    spec, judge = prepared(tmp_path), ScriptedJudge(scripted)
    result = judging.judge(spec, ignore, judge=judge_config(), asked=judge)
    assert [score.task for score in result.tasks] == [f"own_{category}" for category in CATEGORIES]
    assert len(judge.asked) == 16
    for score in result.tasks:
        rows = pq.read_table(spec.work_folder / "samples" / f"{score.task}.parquet").to_pylist()
        assert score.score == pytest.approx(sum(row["rating"] for row in rows) / 20)
        assert (score.metric, score.n, score.standard_error) == ("rating_of_10", 2, None)
        assert [row["turn"] for row in rows] == [1, 2]
    assert result.environment["judge"] == "stub/judge"
    assert result.environment["judge_coverage"] == "16 of 16"


def test_a_reference_is_shown_for_maths_reasoning_and_coding_alone(tmp_path):
    judge = ScriptedJudge(scripted)
    judging.judge(prepared(tmp_path), ignore, judge=judge_config(), asked=judge)
    shown = [
        sum("good for much" in request.user and q.turns[0] in request.user for request in judge.asked)
        for q in QUESTIONS
    ]
    assert shown == [2 * (q.category in ("math", "reasoning", "coding")) for q in QUESTIONS]


def test_a_missing_verdict_is_left_out_counted_and_named_never_zero(tmp_path):
    def silent_on_maths(request: JudgeRequest) -> str:
        if "math" in request.user:
            return "I would rather not say."
        return '{"rating": 11}' if "stem" in request.user and "in one word" in request.user else scripted(request)

    spec = prepared(tmp_path)
    result = judging.judge(spec, ignore, judge=judge_config(), asked=ScriptedJudge(silent_on_maths))
    assert {score.task: score.n for score in result.tasks} == {
        f"own_{category}": 2 - (category == "stem") for category in CATEGORIES if category != "math"
    }
    assert result.environment["judge_coverage"] == "13 of 16"
    rows = pq.read_table(spec.work_folder / "samples" / "own_math.parquet").to_pylist()
    assert [(row["rating"], row["score"], row["missing"]) for row in rows] == [
        (None, None, "no verdict could be read from the judge's message")
    ] * 2


def test_a_judge_that_never_gives_a_verdict_ends_the_run_with_a_reason(tmp_path):
    with pytest.raises(PermanentFailure, match="stub/judge gave no usable verdict on 16 answers"):
        judging.judge(prepared(tmp_path), ignore, judge=judge_config(), asked=ScriptedJudge(lambda _: "Fine."))


def test_a_baseline_is_compared_in_both_orders_and_changed_minds_are_ties(tmp_path):
    spec = prepared(tmp_path).model_copy(update={"baseline": baseline_file(tmp_path / "base.jsonl")})

    def first_wins(request: JudgeRequest) -> str:
        return '{"winner": "A"}' if "OF A" in request.user else scripted(request)

    judge = ScriptedJudge(first_wins)
    result = judging.judge(spec, ignore, judge=judge_config(), asked=judge)
    assert len(judge.asked) == 16 + 2 * 16
    assert result.environment["baseline_win_rate"] == "0.500; 16 of 16 judged, 16 changed with the order"
    rows = pq.read_table(spec.work_folder / result.samples["pairs"]).to_pylist()
    assert {(r["g1_winner"], r["g2_winner"], r["winner"], r["inconsistent"]) for r in rows} == {
        ("model_1", "model_2", "tie", True)
    }


@pytest.mark.parametrize("both", [True, False])
def test_pairwise_is_the_share_won_whatever_the_order(tmp_path, both):
    spec = prepared(tmp_path, suite="pairwise_own")
    spec = spec.model_copy(update={"baseline": baseline_file(tmp_path / "base.jsonl")})

    def longer_wins(request: JudgeRequest) -> str:
        model_is_a = request.user.index("Question 2") < request.user.index("Maybe.")
        return json.dumps({"winner": "A" if model_is_a else "B"})

    judge = ScriptedJudge(longer_wins)
    result = pairwise.judge(spec, ignore, judge=judge_config(), asked=judge, both_orders=both)
    (score,) = result.tasks
    assert (score.score, score.n, len(judge.asked)) == (1.0, 8, 16 if both else 8)
    firsts = sum(r.user.index("Question 2") < r.user.index("Maybe.") for r in judge.asked)
    assert 0 < firsts < len(judge.asked)


@pytest.mark.parametrize("text", ["", "As a large language model I can only say: [[10]]", "Same words, number {id}."])
def test_a_constant_answer_is_flagged_in_the_result(tmp_path, text):
    spec = judged_spec(Path("unused"), tmp_path / "work")
    give_answers(spec.work_folder, text)
    result = judging.judge(spec, ignore, judge=judge_config(), asked=ScriptedJudge(scripted))
    assert result.environment["flag_constant"].startswith("gives (nearly) the same answer to 16 of 16 questions")


def test_answers_that_differ_are_not_flagged(tmp_path):
    result = judging.judge(prepared(tmp_path), ignore, judge=judge_config(), asked=ScriptedJudge(scripted))
    assert not [name for name in result.environment if name.startswith("flag_")]
    assert constant_share(["one"]) == 0
    assert constant_flag(["a b c"] * 5 + ["d e f", "g h i", "j k l", "m n o", "p q r"]) is None


def test_the_key_is_in_no_file_of_a_run_and_in_no_log(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    spec = prepared(tmp_path)
    with StubJudge(lambda body: f"{KEY} {rate_by_length(body)}", faults=iter(["500", "malformed"])) as stub:
        result = judging.judge(spec, ignore, judge=judge_config(stub.url))
    files = [path for path in spec.work_folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        data = path.read_bytes()
        text = pq.read_table(io.BytesIO(data)).to_pylist() if path.suffix == ".parquet" else data
        assert KEY not in str(text), path
    assert KEY not in result.model_dump_json() + caplog.text


def test_the_evidence_can_be_written_as_fastchat_has_it(tmp_path):
    give_answers(tmp_path)
    kept = AnswerFile(tmp_path)
    from eval_queue.judging.asking import Answers

    ratings = judging.read(QUESTIONS, kept, {}, Answers())
    out = tmp_path / "out"
    write_fastchat(out, QUESTIONS, answers={"local/tiny": kept}, judge="a/judge", ratings={"local/tiny": ratings})
    assert read_questions(out / "question.jsonl") == QUESTIONS
    rows = [json.loads(line) for line in (out / "model_judgment" / "a_judge_single.jsonl").read_text().splitlines()]
    assert len(rows) == 16
    assert {row["score"] for row in rows} == {-1}


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data/mt_bench")
def test_the_original_questions_and_references_are_read():
    questions = read_questions(SHARED / "question.jsonl")
    assert [question.question_id for question in questions] == list(range(81, 161))
    with_reference = {q.category for q in questions if q.reference_of(1)}
    assert with_reference == {"math", "reasoning", "coding"}
    assert sum(q.reference_of(2) is not None for q in questions) == 30


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 1: no JSON"), ("[]", "expected a JSON object"), ('{"question_id": 1}', "category: Field required"),
        ('{"question_id": 1, "category": "sport", "turns": ["a"]}', "category is 'sport'; expected one of writing"),
        ('{"question_id": 1, "category": "math", "turns": []}', "turns"), ("", "0 questions"),
    ],
)  # fmt: skip
def test_a_question_file_that_cannot_be_used_is_refused_by_its_line(tmp_path, line, reason):
    (tmp_path / "question.jsonl").write_text(line)
    with pytest.raises(PermanentFailure, match=reason):
        read_questions(tmp_path / "question.jsonl")
