"""MT-Bench folders become tables; every row and file that cannot be read is named with its reason."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from leaderboard.cli import main
from leaderboard.errors import BadRecord
from leaderboard.sources.mt_bench_files import read_mt_bench
from leaderboard.sources.mt_bench_tables import (
    PARTS,
    MtBenchTable,
    checked,
    list_mt_bench_tables,
    path_of,
    read_mt_bench_card,
    read_part,
    read_scores,
    write_mt_bench,
)
from tests.mt_bench_folder import QUESTIONS, SINGLES, answers, jsonl, pair, single, vote, write_folder

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "mt_bench"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public files are not at {SHARED}")


def read(folder):
    return read_mt_bench(folder, "small", NOW)[0]


def reasons(table: MtBenchTable) -> dict[str, str]:
    return {item.where: item.reason for item in table.card.rejected}


def test_a_folder_of_fastchat_is_read_whole_and_read_back_the_same(tmp_path):
    table, n_read = read_mt_bench(write_folder(tmp_path / "in"), "small", NOW)
    assert (n_read, table.card.rejected, table.card.n_questions) == (7, (), 4)
    assert [judge.name for judge in table.card.judges] == ["gpt-4"]
    assert {part: len(frame) for part, frame in table.parts.items()} == {
        "questions": 4, "answers": 16, "judgments": 15, "pairs": 5, "votes": 5,
    }  # fmt: skip
    write_mt_bench(tmp_path / "store", table)
    ((card,), rejected) = list_mt_bench_tables(tmp_path / "store")
    assert (card, rejected) == (table.card, [])
    assert read_scores(tmp_path / "store", card)["category"].tolist() == table.scores["category"].tolist()
    for part, frame in table.parts.items():
        again = read_part(tmp_path / "store", card, part)
        pd.testing.assert_frame_equal(again, checked(card, part, frame))
    assert read_part(tmp_path / "store", card, "questions")["turns"][0] == QUESTIONS[0]["turns"]


def test_importing_again_removes_the_parts_that_are_gone(tmp_path):
    table = read(write_folder(tmp_path / "in"))
    write_mt_bench(tmp_path, table)
    write_mt_bench(tmp_path, MtBenchTable(card=table.card, scores=table.scores))
    assert all(not path_of(tmp_path, "small", part).exists() for part in table.parts)
    assert read_part(tmp_path, table.card, "votes") is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{broken", "is no JSON"),
        ("[1]", "is list; expected an object."),
        (single("ada", 81, 3, 5.0), "turn is '3'; expected 1 or 2."),
        (single("", 81, 1, 5.0), "model is missing; expected a value."),
        (single("ada", 81, 1, "ten"), "score is 'ten'; expected a number."),  # type: ignore[arg-type]
        (single("ada", 81, 1, float("inf")), "score is 'inf'; expected a number."),
        (single("ada", 999, 1, 5.0), "its question is not among the 4 questions."),
    ],
)
def test_a_bad_judgment_is_left_out_with_file_and_row_and_the_others_stay(tmp_path, row, reason):
    table = read(write_folder(tmp_path, [*SINGLES[:3], row, *SINGLES[3:]]))
    assert len(table.scores) == len(SINGLES)
    ((where, why),) = set(reasons(table).items())
    assert where == "model_judgment/gpt-4_single.jsonl, row 4"
    assert why.startswith(reason)


@pytest.mark.parametrize(
    ("name", "row", "reason"),
    [
        ("model_judgment/x_pair.jsonl", pair(81, 1, "A", "tie"), "g1_winner is 'A'"),
        ("model_judgment/x_pair.jsonl", pair(81, 1, "tie", "tie", "ada", "ada"), "model_1 and model_2 are both 'ada'"),
        ("votes.jsonl", vote(81, 1, "modell_a"), "winner is 'modell_a'"),
        ("more.jsonl", {**QUESTIONS[0], "question_id": 1, "turns": ["only one"]}, "the question has 1 turns"),
        ("z.jsonl", QUESTIONS[0], "its question_id was there before."),
        ("reference_answer/x.jsonl", {**answers("r")[0], "choices": []}, "choices is empty"),
        ("notes.json", {"a": 1}, "holds none of questions, answers"),
    ],
)
def test_a_bad_row_of_any_kind_of_file_is_named(tmp_path, name, row, reason):
    folder = write_folder(tmp_path)
    jsonl(folder / name, [[row]] if name.endswith(".json") else [row])
    ((where, why),) = reasons(read(folder)).items()
    assert where.startswith(name)
    assert why.startswith(reason)


def test_scores_of_minus_one_and_repeated_ones_are_kept_and_counted(tmp_path):
    dirty = [*SINGLES, single("ada", 81, 1, -1.0), single("bob", 81, 1, 1.0), single("bob", 82, 1, None)]
    table = read(write_folder(tmp_path, dirty))
    assert len(table.scores) == len(dirty)
    assert [(finding.rows, finding.examples) for finding in table.card.findings] == [
        (2, ("ada", "bob")), (3, ("ada", "bob")),
    ]  # fmt: skip


def test_the_hub_dataset_gives_votes_joined_verdicts_and_answers(tmp_path):
    def talk(text):
        return [{"role": "user", "content": "First?"}, {"role": "assistant", "content": f"{text} one"},
                {"role": "user", "content": "Second?"}, {"role": "assistant", "content": f"{text} two"}]  # fmt: skip

    spoken = {"conversation_a": talk("bob"), "conversation_b": talk("ada")}
    pd.DataFrame([vote(81, 1, "model_a") | spoken]).to_parquet(tmp_path / "human-0.parquet")
    gpt4 = [
        vote(81, turn, winner, "gpt4_pair") | spoken for turn, winner in ((1, "tie (inconsistent)"), (2, "model_a"))
    ]
    pd.DataFrame(gpt4).to_parquet(tmp_path / "gpt4_pair-0.parquet")
    table = read(tmp_path)
    assert table.scores.empty
    assert table.parts["votes"]["winner"].tolist() == ["model_a"]
    assert table.parts["pairs"]["inconsistent"].tolist() == [True, False]
    assert table.parts["pairs"]["g1_winner"].tolist() == [None, "model_1"]
    said = table.parts["answers"].set_index(["model", "turn"])["answer"]
    assert said.to_dict() == {
        ("bob", 1): "bob one",
        ("bob", 2): "bob two",
        ("ada", 1): "ada one",
        ("ada", 2): "ada two",
    }
    write_mt_bench(tmp_path / "store", table)
    assert list_mt_bench_tables(tmp_path / "store")[1] == []


def test_a_joined_verdict_that_is_there_with_its_texts_counts_once(tmp_path):
    folder = write_folder(tmp_path)
    jsonl(folder / "gpt4.jsonl", [vote(81, 1, "model_b", "gpt4_pair"), vote(112, 1, "tie", "gpt4_pair")])
    pairs = read(folder).parts["pairs"]
    assert len(pairs) == 6
    assert pairs.groupby("question_id")["g1_text"].count().to_dict() == {"111": 1, "112": 0, "81": 2, "82": 2}


@pytest.mark.parametrize(
    ("judge", "name"),
    [("gpt4_pair", "gpt-4"), ("claude_pair", "claude"), (["gpt-4", "pair-v2"], "gpt-4"), ('["x", "pair-v2"]', "x")],
)
def test_a_model_s_verdict_is_never_counted_as_a_person_s_vote(tmp_path, judge, name):
    jsonl(tmp_path / "labels.jsonl", [vote(81, 1, "tie") | {"judge": judge}, vote(81, 1, "tie", "expert_7")])
    table = read(tmp_path)
    assert table.parts["pairs"]["judge"].tolist() == [name]
    assert table.parts["votes"]["judge"].tolist() == ["expert_7"]


def test_constant_and_empty_answers_are_controls(tmp_path):
    folder = write_folder(tmp_path)
    many = [{**q, "question_id": number} for q in QUESTIONS[:1] for number in range(200, 210)]
    jsonl(folder / "question.jsonl", many)
    for model, text in (("same", "I am the best."), ("null", " "), ("real", "{n}.{t}")):
        numbers = [question["question_id"] for question in many]
        rows = [
            {"question_id": n, "model": model} | {f"turn{t}": text.format(n=n, t=t) for t in (1, 2)} for n in numbers
        ]
        jsonl(folder / f"{model}.jsonl", rows)
    jsonl(folder / "model_judgment" / "gpt-4_single.jsonl", [single("same", 200, 1, 5.0)])
    notes = {note.model: note.control for note in read(folder).card.models}
    assert notes == {"same": "constant", "null": "null"}


def test_nothing_to_read_says_what_was_expected(tmp_path):
    jsonl(tmp_path / "x.jsonl", [{"a": 1}])
    with pytest.raises(BadRecord, match=r"no MT-Bench judgments; expected FastChat's.*x\.jsonl: holds none of"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("part", "row", "words"),
    [
        ("scores", {"model": "m", "judge": "x", "question_id": "1", "turn": 1}, "judge is 'x'; expected a judge"),
        (
            "scores",
            {"model": "m", "judge": "gpt-4", "question_id": "1", "turn": 3},
            "turn is 3; expected a turn from 1",
        ),
        ("scores", {"model": None, "judge": "gpt-4", "question_id": "1", "turn": 1}, "model is missing"),
        ("scores", {"judge": "gpt-4"}, "no column model"),
        ("questions", {"question_id": "1", "category": "c", "turns": "text"}, "turns is 'text'; expected a list"),
        ("votes", {"question_id": "1", "turn": 1, "model_a": "a", "model_b": "a", "winner": "tie"}, "another model"),
        ("votes", {"question_id": "1", "turn": 1, "model_a": "a", "model_b": "b", "winner": "x"}, "winner is 'x'"),
    ],
)
def test_a_value_that_the_schema_refuses_is_named(tmp_path, part, row, words):
    card = read(write_folder(tmp_path)).card
    with pytest.raises(BadRecord, match=words):
        checked(card, part, pd.DataFrame([row]))


def test_an_unknown_part_or_column_is_never_written(tmp_path):
    table = read(write_folder(tmp_path / "in"))
    with pytest.raises(BadRecord, match="has part 'secrets'"):
        write_mt_bench(tmp_path, MtBenchTable(card=table.card, scores=table.scores, parts={"secrets": table.scores}))
    with pytest.raises(BadRecord, match="column mail"):
        write_mt_bench(tmp_path, MtBenchTable(card=table.card, scores=table.scores.assign(mail="a@b")))
    assert not (tmp_path / "mt_bench").exists()


@needs_shared
def test_the_command_imports_the_public_folder(tmp_path, capsys):
    assert main(["import", "mt-bench", str(SHARED), "--to", str(tmp_path), "--name", "real"]) == 0
    assert "Read 8 files; table 'real' now has 4650 rows" in capsys.readouterr().err
    card = read_mt_bench_card(tmp_path, "real")
    parts = {part: len(read_part(tmp_path, card, part)) for part in PARTS}
    assert parts == {"questions": 80, "answers": 4960, "judgments": 4650, "pairs": 2555, "votes": 3355}
    assert [item.where for item in card.rejected][-1] == "gpt4_pair_judgments_forks.jsonl, row 156 and 79 more"
