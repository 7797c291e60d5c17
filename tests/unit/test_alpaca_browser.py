"""Single instructions of AlpacaEval: importing texts, reading them beside the verdicts, and controls on the board."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from leaderboard import cli
from leaderboard.boards.alpaca_eval import LONGEST
from leaderboard.boards.library import Library
from leaderboard.errors import BadRecord, InvalidQuery
from leaderboard.sources.alpaca_texts import read_alpaca_texts
from leaderboard.sources.importing import import_files

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "alpaca_eval"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public files are not at {SHARED}")
ASKED = {0: ("helpful", "Name a bird."), 1: ("vicuna", "Why is the sky blue?"), 2: ("helpful", "Sing <b>loudly</b>!")}
ANSWERS = {
    "ada": ["Owl.", "Because of scattering of light.", "La."],
    "bob": ["A wren, as an example.", "It is.", "Lala."],
}
BASE = ["A raven.", "Rayleigh.", "No."]
VERDICTS = {("ada", "gpt"): [2.0, 1.0, 1.5], ("bob", "gpt"): [2.0, 2.0, 1.0], ("ada", "claude"): [1.0, 1.0, 2.0]}


def annotations(numbers=True):
    for (model, judge), verdicts in VERDICTS.items():
        for at, verdict in enumerate(verdicts):
            asked = {"instruction_id": at} if numbers else {"instruction": ASKED[at][1], "dataset": ASKED[at][0]}
            yield asked | {
                "model": model, "baseline": "davinci", "annotator": judge, "preference": verdict,
                "len_model": len(ANSWERS[model][at]), "len_baseline": len(BASE[at]),
            }  # fmt: skip


def write(path, rows):
    path.write_text(json.dumps(list(rows)))
    return path


def texts_folder(folder):
    folder.mkdir()
    asked = [{"instruction_id": at, "dataset": kind, "instruction": text} for at, (kind, text) in ASKED.items()]
    write(folder / "instructions.json", asked)
    answers = [{"instruction_id": at, "model": name, "output": text}
               for name, given in {**ANSWERS, "davinci": BASE}.items() for at, text in enumerate(given)]  # fmt: skip
    write(folder / "outputs.json", answers)
    write(folder / "others.json", [{"title": "nothing of this"}])
    return folder


def library_of(store):
    snapshot = SimpleNamespace(folder=store, revision=str(store), origin="a test")
    return Library(lambda: snapshot, store / "results", lambda: NOW)


@pytest.fixture
def figures(tmp_path):
    path = write(tmp_path / "annotations.json", annotations())
    import_files("alpaca-eval", path, tmp_path / "store", name="mine", now=NOW)
    return tmp_path / "store"


@pytest.fixture
def read(figures, tmp_path):
    import_files("alpaca-eval-texts", texts_folder(tmp_path / "texts"), figures, name="x", now=NOW)
    library = library_of(figures)
    return lambda view="mine.1", **chosen: library.reading("alpaca_eval", view, chosen)


def parts(reading):
    return {part.key: part for part in reading.parts}


def values(reading):
    return {choice.name: choice.value for choice in reading.choices}


def test_an_instruction_is_read_with_both_answers_and_the_verdicts_of_all_judges(read):
    found = read(model="ada", question="1")
    own = parts(found)
    assert found.title == "ada against davinci: baseline preferred"
    assert own["instruction"].text == "Why is the sky blue?"
    assert (own["answer_a"].text, own["answer_b"].text) == (ANSWERS["ada"][1], "Rayleigh.")
    assert (own["answer_a"].side, own["answer_b"].side) == ("a", "b")
    assert own["answer_a"].facts == (("Characters", "31"),)
    assert own["verdict"].facts == (
        ("Preferred", "davinci"), ("gpt", "0 % for the model"), ("claude", "0 % for the model"),
    )  # fmt: skip
    assert own["verdict"].mark == "The shorter answer is preferred."
    assert (found.at, found.of) == (2, 3)
    assert "CC BY-NC" in found.origin


def test_a_draw_is_neither_s_and_no_upset(read):
    found = read(model="ada", question="2")
    assert parts(found)["verdict"].facts[:2] == (("Preferred", "neither"), ("gpt", "50 % for the model"))
    assert parts(found)["verdict"].mark == ""


def test_steps_lead_on_and_to_the_next_upset(read):
    first = read(model="ada")
    assert values(first) == {"model": "ada", "subset": "", "verdict": "", "question": "0"}
    assert first.steps["Next instruction"] == {"model": "ada", "question": "1"}
    assert "Previous instruction" not in first.steps
    assert first.steps["Next where the shorter answer is preferred"] == {"model": "ada", "question": "1"}
    assert read(**read(model="ada", question="1").steps["Previous instruction"]).at == 1


def test_subset_and_verdict_leave_only_theirs(read):
    assert [option.value for option in read(subset="helpful").choices[-1].options] == ["0", "2"]
    upsets = read(model="bob", verdict="upset")
    assert [option.value for option in upsets.choices[-1].options] == ["1", "2"]
    nothing = read(model="bob", verdict="tie")
    assert (nothing.empty, nothing.of) == ("Nothing here; choose another verdict.", 0)
    kept = read(model="bob", verdict="upset", question="0")  # an instruction that the choice leaves out: its first one
    assert kept.at == 1


def test_what_does_not_exist_is_named(read):
    with pytest.raises(InvalidQuery, match=r"Choice 'model' is 'eve'; expected one of 'ada', 'bob'"):
        read(model="eve")
    with pytest.raises(InvalidQuery, match=r"'question' is '9'"):
        read(question="9")


def test_without_texts_the_figures_are_read_and_the_way_to_texts_is_told(figures):
    found = library_of(figures).reading("alpaca_eval", "mine.1", {"model": "bob"})
    assert "leaderboard import alpaca-eval-texts FOLDER --to DATA" in found.origin
    assert [part.text for part in found.parts] == ["", "", ""]
    assert parts(found)["answer_b"].facts == (("Characters", "8"),)


def test_texts_by_the_instruction_itself_fit_annotations_by_the_instruction(tmp_path):
    store = tmp_path / "store"
    import_files("alpaca-eval", write(tmp_path / "a.json", annotations(numbers=False)), store, name="mine", now=NOW)
    pairs = [
        {"instruction": ASKED[at][1], "dataset": ASKED[at][0], "generator_1": "davinci", "output_1": BASE[at],
         "generator_2": "ada", "output_2": ANSWERS["ada"][at], "preference": 1}
        for at in ASKED
    ]  # fmt: skip
    report = import_files("alpaca-eval-texts", write(tmp_path / "pairs.json", pairs), store, name="x", now=NOW)
    assert (report.n_rows, report.n_read) == (6, 1)
    library = library_of(store)
    found = library.reading("alpaca_eval", "mine.1", {"model": "ada"})
    assert {parts(found)[key].text for key in ("answer_a", "answer_b")} <= {*ANSWERS["ada"], *BASE}
    assert found.choices[0].options[0].hint == "with texts"
    lacking = parts(library.reading("alpaca_eval", "mine.1", {"model": "bob"}))
    assert lacking["answer_a"].text == "*The imported texts do not hold this answer.*"


def test_texts_are_added_to_those_that_are_there_and_new_ones_win(tmp_path, read, figures):
    again = [{"instruction": "Name a bird.", "generator": "ada", "output": "Eagle."}]
    import_files("alpaca-eval-texts", write(tmp_path / "more.json", again), figures, name="x", now=NOW)
    texts = read_alpaca_texts(figures)
    assert len(texts.outputs) == 9
    assert len(texts.instructions) == 3
    assert parts(read(model="ada", question="0"))["answer_a"].text == "Eagle."


def test_an_import_says_what_was_left_out_and_why(tmp_path, figures):
    report = import_files("alpaca-eval-texts", texts_folder(tmp_path / "texts"), figures, name="x", now=NOW)
    assert [item.where for item in report.rejected] == ["others.json"]
    assert "no column instruction" in report.rejected[0].reason


def test_answers_by_number_need_the_instructions(tmp_path, figures):
    path = write(tmp_path / "outputs.json", [{"instruction_id": 5, "model": "ada", "output": "x"}])
    with pytest.raises(BadRecord, match=r"name instructions by number, such as '5', and no file gives those"):
        import_files("alpaca-eval-texts", path, figures, name="x", now=NOW)
    assert read_alpaca_texts(figures) is None


def test_a_published_board_says_where_single_verdicts_are(figures):
    shipped = library_of(Path(__file__).resolve().parents[2] / "data")
    assert "not for commercial use" in shipped.reading("alpaca_eval", "alpaca_eval_2", {}).empty


def test_the_longest_of_all_answers_is_a_control_without_a_rank(figures):
    rows = library_of(figures).board("alpaca_eval", "mine.1").frame.set_index("model")
    # the longest answers: bob's, ada's, bob's; their verdicts: 2, 1, 1
    assert rows.loc[LONGEST, "win_rate"] == pytest.approx(1 / 3)
    assert rows.loc[LONGEST, "avg_length"] == pytest.approx((22 + 31 + 5) / 3)
    assert rows["control"].to_dict() == {"ada": False, "bob": False, LONGEST: True}
    assert pd.isna(rows.loc[LONGEST, "rank_lower"])
    assert rows.loc[["ada", "bob"], "rank_upper"].max() == 2


def test_a_model_alone_has_no_longest_control(tmp_path):
    rows = [row for row in annotations() if row["model"] == "ada"]
    import_files("alpaca-eval", write(tmp_path / "a.json", rows), tmp_path / "store", name="mine", now=NOW)
    board = library_of(tmp_path / "store").board("alpaca_eval", "mine.1")
    assert board.frame["model"].tolist() == ["ada"]
    assert board.column("control") is None


def test_controls_named_at_an_import_take_no_rank(tmp_path):
    source = write(tmp_path / "a.json", annotations())
    command = ["import", "alpaca-eval", str(source), "--to", str(tmp_path / "s"), "--name", "mine", "--control", "bob"]
    assert cli.main(command) == 0
    rows = library_of(tmp_path / "s").board("alpaca_eval", "mine.1").frame.set_index("model")
    assert rows["control"].to_dict() == {"ada": False, "bob": True}, "one model alone: none is the longest"
    assert rows.loc["ada", ["rank_lower", "rank_upper"]].tolist() == [1, 1]
    assert pd.isna(rows.loc["bob", "rank_lower"])


def test_controls_among_battles_are_rated_and_take_no_rank(tmp_path):
    battles = [{"model_a": a, "model_b": b, "winner": w} for a, b, w in
               [("ada", "bob", "model_a"), ("ada", "null", "model_a"), ("null", "bob", "model_a"),
                ("bob", "ada", "model_a"), ("bob", "null", "model_b"), ("null", "ada", "model_a")]]  # fmt: skip
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in battles))
    import_files("battles", tmp_path / "b.jsonl", tmp_path, name="mine", now=NOW, controls=["null"])
    board = library_of(tmp_path).board("human_gpt4", "mine.tie.bt")
    rows = board.frame.set_index("model")
    assert rows.index[0] == "null", "it stands where its rating puts it"
    assert pd.isna(rows.loc["null", "rank_lower"])
    assert rows.loc[["ada", "bob"], "rank_upper"].max() == 2
    assert board.column("control").badge == "control"


def test_a_control_that_is_no_model_of_the_file_is_refused(tmp_path):
    source = write(tmp_path / "a.json", annotations())
    with pytest.raises(BadRecord, match=r"control 'eve' is no model of the file; found \['ada', 'bob', 'davinci'\]"):
        import_files("alpaca-eval", source, tmp_path / "s", name="mine", now=NOW, controls=["eve"])
    with pytest.raises(BadRecord, match=r"Format mt-bench takes no controls; expected one of battles"):
        import_files("mt-bench", source, tmp_path / "s", name="mine", now=NOW, controls=["eve"])


@needs_shared
def test_the_public_texts_are_as_long_as_the_public_annotations_say(tmp_path):
    import_files("alpaca-eval-texts", SHARED, tmp_path, name="x", now=NOW)
    texts = read_alpaca_texts(tmp_path)
    assert len(texts.instructions) == 805
    assert texts.outputs["model"].nunique() == 8
    told = pd.read_parquet(SHARED / "annotations_alpaca_eval_gpt4.parquet")
    code = texts.instructions.set_index("question")["code"]
    told = told.assign(code=told["instruction_id"].astype(str).map(code), model=told["model"].astype(str))
    both = told.merge(texts.outputs.astype({"model": object}), on=["code", "model"])
    assert both["model"].nunique() >= 4
    assert both["output"].str.len().eq(both["len_model"]).mean() > 0.999
