"""Files of preferences of other projects become tables; what is left out is counted, what is wrong is refused."""

import json
from datetime import UTC, datetime

import pandas as pd
import pytest

from leaderboard import cli
from leaderboard.errors import BadRecord
from leaderboard.sources.battle_tables import read_battles
from leaderboard.sources.importing import import_files
from leaderboard.sources.rating_tables import read_ratings

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def imported(format_name, path, store):
    report = import_files(format_name, path, store, name="mine", now=NOW)
    return report, *read_battles(store, "mine")


def battle(**values):
    return {"model_a": "ada", "model_b": "bob", "winner": "model_a", "conversation": "a long text"} | values


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_battles_of_the_arena_keep_their_facts_and_lose_their_texts(tmp_path, kind):
    rows = [
        battle(judge="gpt", question_id=81, turn=1, language="English"),
        battle(judge="human", question_id=82, turn=2, language=None, winner="tie (bothbad)"),
        battle(judge="gpt", question_id=83, turn=1, language="German", winner="tie (inconsistent)"),
    ]
    path = tmp_path / f"votes.{kind}"
    frame = pd.DataFrame(rows)
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        jsonl(path, rows)
    report, card, found = imported("battles", path, tmp_path / "store")
    assert (report.n_rows, report.n_read, report.table) == (3, 1, "mine")
    assert found["winner"].tolist() == ["model_a", "tie", "tie"]
    assert found["inconsistent"].tolist() == [False, False, True]
    assert found["question"].tolist() == ["81", "82", "83"]
    assert found["turn"].tolist() == [1, 2, 1]
    assert found["language"].isna().tolist() == [False, True, False]
    assert [judge.name for judge in card.judges] == ["gpt", "human"]
    assert card.findings[0].rows == 2
    assert "conversation" not in found


def test_many_judges_are_people(tmp_path):
    path = jsonl(tmp_path / "votes.jsonl", [battle(judge=f"person {i}") for i in range(21)])
    _, card, found = imported("battles", path, tmp_path / "store")
    assert [judge.name for judge in card.judges] == ["votes"]
    assert found["annotator"].nunique() == 21
    assert "21 different values" in card.findings[0].what


def test_pair_counts_are_imported_as_counts(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("model_a,model_b,wins_a,wins_b,ties\nada,bob,3,2,1\n")
    _, card, found = imported("battles", path, tmp_path / "store")
    assert card.kind == "counts"
    assert found[["wins_a", "wins_b", "ties"]].iloc[0].tolist() == [3, 2, 1]


def test_a_misspelt_winner_is_refused_with_its_row_and_nothing_is_written(tmp_path):
    path = jsonl(tmp_path / "votes.jsonl", [battle(), battle(winner="A")])
    with pytest.raises(BadRecord, match="row 1: winner is 'A'; expected model_a, model_b, tie"):
        imported("battles", path, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def annotation(preference, **values):
    return {"model": "ada", "baseline": "base", "preference": preference, "instruction_id": 7, "annotator": "gpt4",
            "len_model": 10, "len_baseline": 20} | values  # fmt: skip


def test_alpaca_eval_annotations_become_battles_against_the_baseline(tmp_path):
    rows = [annotation(2), annotation(1), annotation(0), annotation(1.5), annotation(1.7)]
    rows += [annotation(None), annotation(1.5, model="base")]
    _, card, found = imported("alpaca-eval", jsonl(tmp_path / "a.jsonl", rows), tmp_path / "store")
    assert found["winner"].tolist() == ["model_a", "model_b", "tie", "tie", "model_a"]
    assert found["preference"].tolist() == pytest.approx([1, 0, 0.5, 0.5, 0.7])
    assert found["question"].tolist() == ["7"] * 5
    assert (found["length_a"].iloc[0], found["length_b"].iloc[0]) == (10, 20)
    assert [(finding.rows, finding.what.split()[0]) for finding in card.findings] == [(1, "The"), (1, "A")]
    assert [(judge.name, judge.kind) for judge in card.judges] == [("gpt4", "model")]
    assert "not for commercial use" in card.license


def test_the_original_layout_of_alpaca_eval_keeps_lengths_and_no_texts(tmp_path):
    row = {"instruction": "Say hi", "generator_1": "base", "generator_2": "ada", "output_1": "hello",
           "output_2": "hi", "preference": 2}  # fmt: skip
    (tmp_path / "annotations.json").write_text(json.dumps([row]))
    _, _, found = imported("alpaca-eval", tmp_path / "annotations.json", tmp_path / "store")
    assert found[["length_a", "length_b"]].iloc[0].tolist() == [2, 5]
    assert found["question"].str.fullmatch("[0-9a-f]{12}").all()
    stored = (tmp_path / "store" / "battles" / "mine.parquet").read_bytes()
    assert b"Say hi" not in stored
    assert b"hello" not in stored


def test_a_preference_outside_the_scale_is_refused(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", [annotation(2), annotation(3)])
    with pytest.raises(BadRecord, match="annotation 1: preference is 3"):
        imported("alpaca-eval", path, tmp_path / "store")


def catalog(**values):
    rows = {"category": ["full", "math"], "model": ["ada", "ada"], "rating": [1500.0, 1400.0], "q025": [1490.0, 1380.0],
            "q975": [1510.0, 1420.0]}  # fmt: skip
    return pd.DataFrame(rows | values)


def test_the_catalogue_of_the_arena_becomes_ratings_by_category(tmp_path):
    catalog().to_parquet(tmp_path / "leaderboard-text.parquet")
    import_files("arena-catalog", tmp_path / "leaderboard-text.parquet", tmp_path, name="text", now=NOW)
    card, found = read_ratings(tmp_path, "text")
    assert card.by == ("category",)
    assert "do not publish" in card.license
    assert found[["rating", "rating_lower", "rating_upper"]].iloc[1].tolist() == [1400, 1380, 1420]


def test_a_catalogue_without_bounds_is_refused(tmp_path):
    catalog().drop(columns="q975").to_csv(tmp_path / "c.csv", index=False)
    with pytest.raises(BadRecord, match="column q975 is missing"):
        import_files("arena-catalog", tmp_path / "c.csv", tmp_path, name="text", now=NOW)


def people(preference, **values):
    variables = {"prompt": "Say hi", "modela": "ada", "modelb": "bob", "response1": "hi", "response2": "hello"}
    response = {"annotations": {"Preference": preference}, "responses": [{"Preference": "3"}, {"Preference": "4"}]}
    row = {"task_id": "t", "status": "completed", "params": {"templateVariables": variables}, "response": response}
    return row | values


def review(score, **values):
    row = {"review_id": "r", "question": "Say hi", "model1": "bob", "model2": "ada", "answer1": "hello",
           "answer2": "hi", "score": score}  # fmt: skip
    return row | values


def test_the_h4_datasets_become_one_table_of_people_and_gpt4(tmp_path):
    folder = tmp_path / "h4"
    folder.mkdir()
    half = {"annotations": {"Preference": "3"}, "responses": [{"Preference": ""}, {"Preference": "4"}]}
    bad = [people("NaN"), people("9"), people("2", status="canceled"), people("2", response=half)]
    jsonl(folder / "instruct.jsonl", [people("3"), people(8), *bad])
    jsonl(folder / "code_instruct.jsonl", [people("5")])
    jsonl(folder / "gpt4.jsonl", [review([2]), review([]), review([1], model2="bob")])
    (folder / "other.csv").write_text("a,b\n1,2\n")
    (folder / "README.md").write_text("no table")
    report, card, found = imported("h4", folder, tmp_path / "store")
    assert (report.n_rows, report.n_read) == (4, 3)
    assert [item.where for item in report.rejected] == ["other.csv"]
    rows = found[["judge", "category", "likert"]].astype(object)
    assert rows.where(rows.notna(), None).to_numpy().tolist() == [
        ["human", "code_instruct", 5],
        ["gpt-4", None, 2],
        ["human", "instruct", 3],
        ["human", "instruct", 8],
    ]
    assert found["question"].nunique() == 1
    assert (found["length_a"].iloc[0], found["length_b"].iloc[0]) == (2, 5)
    assert {finding.what: finding.rows for finding in card.findings} == {
        "Row left out: score is no list of one or two numbers.": 1,
        "Row left out: it does not name two models.": 1,
        "Row left out: the preference is no whole number from 1 to 8.": 2,
        "Row left out: the task was cancelled.": 1,
        "Row left out: an annotator gave no answer.": 1,
    }


def test_h4_rows_read_alike_from_parquet(tmp_path):
    pd.DataFrame([people("3")]).to_parquet(tmp_path / "p.parquet")
    assert imported("h4", tmp_path / "p.parquet", tmp_path / "store")[2]["likert"].tolist() == [3]
    pd.DataFrame([review([6])]).to_parquet(tmp_path / "r.parquet")
    assert imported("h4", tmp_path / "r.parquet", tmp_path / "store")[2]["likert"].tolist() == [6]


def test_reviews_with_points_have_a_winner(tmp_path):
    rows = [review([8, 9]), review([7.5, 7.5]), review([9, 8]), review([-1, 8])]
    _, card, found = imported("h4", jsonl(tmp_path / "r.jsonl", rows), tmp_path / "store")
    assert found["winner"].tolist() == ["model_b", "tie", "model_a"]
    assert "likert" not in found
    assert sum(finding.rows for finding in card.findings) == 1


def test_points_and_likert_answers_are_not_mixed(tmp_path):
    path = jsonl(tmp_path / "r.jsonl", [review([8, 9]), review([3])])
    with pytest.raises(BadRecord, match="import them as two tables"):
        imported("h4", path, tmp_path / "store")


def test_files_without_a_usable_row_are_refused_with_the_reasons(tmp_path):
    with pytest.raises(BadRecord, match="2 rows: the preference is no whole number"):
        imported("h4", jsonl(tmp_path / "p.jsonl", [people("NaN"), people("0")]), tmp_path / "store")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadRecord, match="no files"):
        imported("h4", tmp_path / "empty", tmp_path / "store")


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    path = jsonl(tmp_path / "votes.jsonl", [battle()])
    with pytest.raises(BadRecord, match=r"Name is '\.\./up'; expected small letters"):
        import_files("battles", path, tmp_path, name="../up", now=NOW)


def test_the_command_imports_and_says_how_many(tmp_path, capsys):
    path = jsonl(tmp_path / "votes.jsonl", [battle(), battle(winner="tie")])
    arguments = ["import", "battles", str(path), "--to", str(tmp_path / "store"), "--name", "mine"]
    assert cli.main(arguments) == 0
    assert "table 'mine' now has 2 rows" in capsys.readouterr().err
