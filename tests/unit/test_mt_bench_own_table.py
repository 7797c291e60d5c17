"""The shipped run of our own questions: its table holds what was answered and judged, and calls its judge weak."""

import json
from pathlib import Path

import pytest

from eval_queue.judging.judge import ScriptedJudge
from eval_queue.judging.mt_bench import judge
from leaderboard.sources.mt_bench_tables import list_mt_bench_tables, read_part, read_scores, write_mt_bench
from scripts.own_questions.table import ABOUT, NAME, table_of
from tests.judged import QUESTIONS, baseline_file, give_answers, judge_config, judged_spec

DATA = Path(__file__).parents[2] / "data"
MEASURED = DATA / "mt_bench" / "judges" / "smollm2-135m-instruct.json"


def said(request):
    return json.dumps({"reason": "so", "winner": "A"} if "winner" in request.schema["properties"] else {"rating": 7})


@pytest.fixture
def table(tmp_path):
    folders = {}
    for name in ("small", "control"):
        folders[name] = work = tmp_path / name
        spec = judged_spec(tmp_path, work)
        give_answers(work)
        if name == "small":
            spec = spec.model_copy(update={"baseline": baseline_file(tmp_path / "baseline.jsonl")})
        result = judge(spec, lambda _: None, judge=judge_config(), asked=ScriptedJudge(said))
        (work / "result.json").write_text(result.model_dump_json())
        (work / ABOUT).write_text(f"The {name} one")
    return table_of(folders, QUESTIONS, judge="stub/judge", control="control", measured=MEASURED)


def test_every_answer_has_a_score_a_text_and_a_judgment(table, tmp_path):
    write_mt_bench(tmp_path, table)
    ((card,), rejected) = list_mt_bench_tables(tmp_path)
    assert rejected == []
    scores = read_scores(tmp_path, card)
    assert len(scores) == 2 * 2 * len(QUESTIONS)
    assert set(scores["score"]) == {7.0}
    assert len(read_part(tmp_path, card, "answers")) == len(read_part(tmp_path, card, "judgments")) == len(scores)
    assert set(read_part(tmp_path, card, "pairs")["g1_winner"]) == {"model_1"}
    assert set(read_part(tmp_path, card, "pairs")["g2_winner"]) == {"model_2"}


def test_the_card_says_that_the_judge_is_weak_by_its_measured_figures(table):
    (judge_card,) = table.card.judges
    measured = json.loads(MEASURED.read_text())
    accuracy = measured["agreement"]["summed_log_odds"]["S2_without_ties"]["accuracy"]
    assert "Weak judge" in table.card.about
    assert f"agrees with {accuracy:.0%} of the votes that name a winner" in judge_card.info
    assert [note.control for note in table.card.models] == [None, "constant"]


def test_the_measured_judge_is_at_chance_and_rests_on_enough_votes():
    measured = json.loads(MEASURED.read_text())
    fair = measured["agreement"]["summed_log_odds"]["S2_without_ties"]
    assert measured["n_votes"] >= 300
    assert fair["accuracy_lower"] <= 0.5 <= fair["accuracy_upper"]


@pytest.mark.skipif(not (DATA / "mt_bench" / f"{NAME}.json").is_file(), reason="the run is not shipped yet")
def test_the_shipped_run_covers_all_questions_with_our_own_texts():
    (card,) = [card for card in list_mt_bench_tables(DATA)[0] if card.name == NAME]
    scores = read_scores(DATA, card)
    assert card.n_questions == read_part(DATA, card, "questions")["question_id"].nunique() == 88
    assert scores.groupby("model").size().tolist() == [176, 176, 176]
    assert "weak judge" in card.judges[0].label
