"""`leaderboard alpaca-eval`: its columns in both formats, what it says about unparsed verdicts, what it refuses."""

import csv
import io
import json

import pytest

from leaderboard.cli import main

ROWS = "model,preference,len_model\nzeta,2,10\nzeta,1,30\nalpha,2,5\nalpha,1.5,7\nalpha,,9\nmute,,4\n"


@pytest.fixture
def ran(tmp_path, capsys):
    """Runs the verb on a table given as text; leaves the exit code, stdout and stderr."""

    def run(text: str = ROWS, *flags: str):
        file = tmp_path / "annotations.csv"
        file.write_text(text)
        return main(["alpaca-eval", str(file), *flags]), *capsys.readouterr()

    return run


def test_csv_has_one_row_a_model_best_first(ran):
    code, out, err = ran()
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert out.splitlines()[0] == "model,win_rate,standard_error,avg_length,n"
    assert [row["model"] for row in rows] == ["alpha", "zeta", "mute"]
    # alpha: 1 and 1/2, standard deviation 0.3536; over the square root of 2: 0.25
    assert [float(rows[0][name]) for name in ("win_rate", "standard_error", "avg_length")] == pytest.approx(
        [0.75, 0.25, 7]
    )
    assert (rows[0]["n"], rows[2]["win_rate"], rows[2]["n"]) == ("2", "", "0")
    assert err == "2 verdicts on 2 models could not be parsed and were left out.\n"


def test_json_holds_the_same_numbers_and_null_for_blanks(ran):
    _, out, _ = ran(ROWS, "--format", "json")
    rows = json.loads(out)
    assert (rows[0]["model"], rows[0]["win_rate"], rows[0]["n"]) == ("alpha", 0.75, 2)
    assert rows[2] == {"model": "mute", "win_rate": None, "standard_error": None, "avg_length": 4.0, "n": 0}


def test_a_file_without_lengths_has_a_blank_length(ran):
    _, out, err = ran("model,preference\na,2\na,1\n")
    assert out.splitlines()[1] == "a,0.5,0.5,,2"
    assert err == ""


def test_of_several_annotators_one_has_to_be_chosen(ran):
    text = "model,preference,annotator\na,2,x\na,1,y\n"
    code, _, err = ran(text)
    assert code == 2
    assert (
        "annotations.csv: The file has annotations of more than one annotator (x, y); choose one with --annotator"
        in err
    )
    assert ran(text, "--annotator", "x")[1].splitlines()[1] == "a,1.0,,,1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model,preference\na,2\na,7\n", "annotations.csv: Annotation 2: preference is 7"),
        ("model,preference,len_model\na,2,long\n", "annotations.csv: Annotation 1: len_model is 'long'"),
        ("model\na\n", "annotations.csv: column preference is missing"),
        ("model,preference\n", "annotations.csv: has no rows"),
    ],
)
def test_what_cannot_be_counted_is_refused_with_file_and_row(ran, text, words):
    code, out, err = ran(text)
    assert (code, out) == (2, "")
    assert words in err
