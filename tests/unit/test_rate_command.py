"""`leaderboard rate` from the shell: what is printed, in which order, and what is refused."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from leaderboard.cli import main
from leaderboard.ratings import bradley_terry, compiling, elo, win_rates
from leaderboard.ratings.battles import battles_from_columns, count_pairs

HEADER = "model,rating,rating_lower,rating_upper,rank_lower,rank_upper,n_battles,component"
METHODS = ("bradley_terry", "elo", "win_rate")


def simulated(n=600, seed=0):
    random = np.random.default_rng(seed)
    names, strength = np.array(["ada", "bob", "cid", "dan"]), np.array([1.0, 0.3, -0.3, -1.0])
    a = random.integers(0, 4, n)
    b = (a + random.integers(1, 4, n)) % 4
    won = random.random(n) < 1 / (1 + np.exp(strength[b] - strength[a]))
    winner = np.where(random.random(n) < 0.2, "tie", np.where(won, "model_a", "model_b"))
    return pd.DataFrame({"model_a": names[a], "model_b": names[b], "winner": winner, "prompt": np.arange(n) // 6})


def battles_of(frame, cluster=None):
    return battles_from_columns(frame["model_a"], frame["model_b"], frame["winner"], cluster=cluster)


@pytest.fixture(scope="module")
def votes(tmp_path_factory):
    path = tmp_path_factory.mktemp("votes") / "votes.csv"
    simulated().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def counts(tmp_path_factory):
    pairs = count_pairs(battles_of(simulated()))
    path = tmp_path_factory.mktemp("counts") / "counts.csv"
    pd.DataFrame(
        {
            "model_a": [pairs.models[i] for i in pairs.first],
            "model_b": [pairs.models[i] for i in pairs.second],
            "wins_a": pairs.wins.astype(int),
            "wins_b": pairs.losses.astype(int),
            "ties": pairs.ties.astype(int),
        }
    ).to_csv(path, index=False)
    return path


@pytest.fixture
def rate(capsys):
    """Runs the command; rows from its JSON, by model."""

    def run(*arguments):
        assert main(["rate", *map(str, arguments), "--format", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert [list(row) for row in rows] == [HEADER.split(",")] * len(rows)
        return {row["model"]: row for row in rows}

    return run


@pytest.fixture
def refused(capsys):
    """Runs the command; the one line it says on stderr."""

    def run(*arguments):
        assert main(["rate", *map(str, arguments)]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err

    return run


def assert_rows(rows, rated):
    """The printed rows are the ratings, to the last bit."""
    for i, model in enumerate(rated.models):
        row = rows[model]
        assert (row["rating"], row["n_battles"], row["component"]) == (
            rated.rating[i], rated.n_battles[i], rated.component[i],
        )  # fmt: skip
        for name, bound in (("rating_lower", rated.lower[i]), ("rating_upper", rated.upper[i])):
            assert row[name] == (None if np.isnan(bound) else bound)


@pytest.mark.parametrize("method", METHODS)
def test_csv_and_json_hold_the_same_numbers_best_first(votes, method, capsys):
    assert main(["rate", str(votes), "--method", method, "--bootstrap", "50"]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[0] == HEADER
    table = list(csv.DictReader(io.StringIO(text)))
    main(["rate", str(votes), "--method", method, "--bootstrap", "50", "--format", "json"])
    rows = json.loads(capsys.readouterr().out)
    for line, row in zip(table, rows, strict=True):
        assert line["model"] == row["model"]
        assert [float(line[name]) for name in HEADER.split(",")[1:]] == list(row.values())[1:]
    ratings = [row["rating"] for row in rows]
    assert ratings == sorted(ratings, reverse=True)
    for row in rows:
        assert row["rating_lower"] <= row["rating"] <= row["rating_upper"]
        assert 1 <= row["rank_lower"] <= row["rank_upper"] <= 4


def test_the_defaults_are_bradley_terry_with_sandwich_bounds(votes, rate):
    assert_rows(rate(votes), bradley_terry.fit(battles_of(simulated())))


@pytest.mark.parametrize("ties", ["half", "davidson", "drop"])
def test_bradley_terry_takes_every_treatment_of_ties(votes, rate, ties):
    assert_rows(rate(votes, "--ties", ties), bradley_terry.fit(battles_of(simulated()), ties=ties))


def test_a_bootstrap_takes_rounds_seed_and_anchor(votes, rate):
    given = rate(votes, "--bootstrap", 50, "--seed", 3, "--anchor", "bob=800")
    fitted = bradley_terry.fit(
        battles_of(simulated()), interval="bootstrap", n_resamples=50, seed=3, anchor=("bob", 800.0)
    )
    assert_rows(given, fitted)
    assert given["bob"]["rating"] == 800


def test_clusters_reach_every_method(votes, rate):
    frame = simulated()
    battles = battles_of(frame, cluster=frame["prompt"])
    assert_rows(rate(votes, "--cluster", "prompt"), bradley_terry.fit(battles))
    assert_rows(rate(votes, "--cluster", "prompt", "--method", "win_rate"), win_rates.average(battles))
    medians = elo.bootstrap(battles, n_resamples=20)
    assert_rows(rate(votes, "--cluster", "prompt", "--method", "elo", "--bootstrap", 20), medians)


def test_elo_of_battles_is_replayed_in_the_order_of_the_file(votes, rate):
    battles = battles_of(simulated())
    assert_rows(rate(votes, "--method", "elo", "--k", 4, "--interval", "none"), elo.replay(battles, elo.FASTCHAT))
    around = elo.around(elo.replay(battles), elo.bootstrap(battles))
    assert_rows(rate(votes, "--method", "elo"), around)


def test_elo_with_a_bootstrap_or_from_counts_is_the_median_of_rounds(votes, counts, rate):
    medians = elo.bootstrap(battles_of(simulated()), elo.EloSettings(k=16), n_resamples=60, seed=5)
    flags = ("--method", "elo", "--k", 16, "--seed", 5)
    assert_rows(rate(votes, *flags, "--interval", "bootstrap", "--bootstrap", 60), medians)
    assert_rows(rate(counts, *flags, "--bootstrap", 60), medians)


def test_counts_without_an_interval_have_medians_and_no_ranks(counts, rate):
    rows = rate(counts, "--method", "elo", "--interval", "none")
    medians = elo.bootstrap(battles_of(simulated()))
    assert {m: row["rating"] for m, row in rows.items()} == dict(zip(medians.models, medians.rating, strict=True))
    for row in rows.values():
        assert [row[name] for name in HEADER.split(",")[2:6]] == [None] * 4


@pytest.mark.parametrize("method", METHODS)
def test_without_an_interval_bounds_and_ranks_are_blank(votes, method, capsys):
    main(["rate", str(votes), "--method", method, "--interval", "none"])
    for line in csv.DictReader(io.StringIO(capsys.readouterr().out)):
        assert [line[name] for name in HEADER.split(",")[2:6]] == [""] * 4
        assert line["rating"]


@pytest.mark.parametrize("method", ["bradley_terry", "win_rate"])
def test_counts_give_what_their_battles_give(votes, counts, rate, method):
    one, two = rate(votes, "--method", method), rate(counts, "--method", method)
    for model, row in one.items():
        assert row == pytest.approx(two[model], abs=1e-9)


@pytest.mark.parametrize("ties", ["half", "drop"])
def test_win_rates_are_shares_of_one(votes, rate, ties):
    rows = rate(votes, "--method", "win_rate", "--ties", ties)
    assert_rows(rows, win_rates.average(battles_of(simulated()), ties=ties))
    assert all(0 <= row["rating_lower"] <= row["rating"] <= row["rating_upper"] <= 1 for row in rows.values())


def test_likert_answers_are_rated_with_and_without_ties(tmp_path, rate):
    frame = simulated().drop(columns="winner").assign(likert=np.random.default_rng(1).integers(1, 9, 600))
    path = tmp_path / "votes.parquet"
    frame.to_parquet(path)
    allowed = np.select([frame["likert"] < 4, frame["likert"] > 5], ["model_a", "model_b"], "tie")
    none = np.where(frame["likert"] < 5, "model_a", "model_b")
    assert_rows(rate(path), bradley_terry.fit(battles_of(frame.assign(winner=allowed))))
    assert_rows(rate(path, "--likert", "none"), bradley_terry.fit(battles_of(frame.assign(winner=none))))


def test_models_that_never_met_are_ranked_among_their_own(tmp_path, capsys):
    path = tmp_path / "islands.csv"
    rows = ["ada,bob,model_a", "ada,bob,model_b", "ada,bob,model_a"] * 20 + ["cid,dan,model_a"] * 3
    path.write_text("model_a,model_b,winner\n" + "\n".join(rows))
    main(["rate", str(path), "--format", "json"])
    printed = capsys.readouterr()
    found = {row["model"]: row for row in json.loads(printed.out)}
    assert [found[m]["component"] for m in ("ada", "bob", "cid", "dan")] == [0, 0, 1, 1]
    assert max(row["rank_upper"] for row in found.values()) == 2
    assert "2 groups of models never met, even through others: ranks count within each group." in printed.err


@pytest.mark.parametrize("method", METHODS)
def test_what_the_data_do_not_bear_is_blank(tmp_path, method, capsys):
    # cid has no battles; ada won all of hers, so every round of a bootstrap looks the same.
    path = tmp_path / "counts.csv"
    path.write_text("model_a,model_b,wins_a,wins_b,ties\nada,bob,9,0,0\ncid,bob,0,0,0\n")
    assert main(["rate", str(path), "--method", method, "--bootstrap", "20", "--format", "json"]) == 0
    printed = capsys.readouterr()
    rows = {row["model"]: row for row in json.loads(printed.out)}
    assert rows["ada"]["rating"] > rows["bob"]["rating"]
    assert list(rows["cid"].values()) == ["cid", None, None, None, None, None, 0, 1]
    for model in ("ada", "bob"):
        assert [rows[model][name] for name in HEADER.split(",")[2:6]] == [None] * 4
    assert "of 3 models have no interval: their battles do not vary." in printed.err


def test_an_anchor_is_certain(votes, rate):
    row = rate(votes, "--anchor", "ada=1000", "--method", "elo", "--bootstrap", 20)["ada"]
    assert row["rating_lower"] == row["rating_upper"] == 1000
    assert row["rank_lower"] == 1


def test_the_messages_say_method_order_k_seed_and_which_bounds(votes, counts, capsys):
    main(["rate", str(votes), "--method", "elo", "--seed", "11"])
    said = capsys.readouterr().err
    for words in ("historical method", "K = 32", "in the order of the file", "seed 11", "bounds at 2.5 and 97.5 %"):
        assert words in said
    main(["rate", str(counts), "--method", "elo", "--k", "4", "--bootstrap", "20", "--confidence-level", "0.9"])
    said = capsys.readouterr().err
    assert "K = 4, medians of 20 random orders, bounds at 5 and 95 %: bootstrap of 20 rounds, seed 0." in said
    main(["rate", str(votes), "--cluster", "prompt"])
    assert "Bradley-Terry, bounds at 2.5 and 97.5 %: sandwich, clustered by prompt." in capsys.readouterr().err
    main(["rate", str(votes), "--method", "win_rate", "--interval", "none"])
    assert "Win rate, mean over opponents, no interval." in capsys.readouterr().err


@pytest.mark.parametrize("method", METHODS)
def test_a_lower_confidence_level_narrows_the_bounds(votes, rate, method):
    wide, narrow = (rate(votes, "--method", method, "--confidence-level", level) for level in (0.95, 0.5))
    for model, row in wide.items():
        assert row["rating_lower"] < narrow[model]["rating_lower"] < narrow[model]["rating_upper"] < row["rating_upper"]


ROWS = "ada,bob,model_a\nbob,ada,tie\n"
WRONG_ROWS = {
    "model_a,model_b,winner\n" + ROWS + "ada,bob,A\n":
        "Battle 3: winner is 'A'; expected model_a, model_b, tie or both_bad",
    "model_a,model_b,winner\n" + ROWS + "ada,bob,\n": "Battle 3: winner is None; expected model_a, model_b",
    "model_a,model_b,winner\n" + ROWS + ",bob,tie\n": "Battle 3: model_a is None; expected the name of a model",
    "model_a,model_b,winner\nada,ada,tie\n": "Battle 1: model_a and model_b are both 'ada'",
    "model_a,model_b,likert\nada,bob,8\nada,bob,9\n": "Battle 2: likert is '9'; expected a whole number from 1 to 8",
    "model_a,model_b,likert\nada,bob,3.5\n": "Battle 1: likert is '3.5'; expected a whole number from 1 to 8",
    "model_a,model_b,wins_a,wins_b,ties\nada,bob,3,-1,0\n": "Battle 1: wins_b is '-1'; expected a count of at least 0",
    "model_a,model_b,wins_a,wins_b,ties\nada,bob,3,x,0\n": "Battle 1: wins_b is 'x'; expected a count",
    "model_a,winner\nada,tie\n": "has no column model_b",
    "": "is empty",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG_ROWS)
def test_wrong_rows_are_refused_with_file_row_and_value(tmp_path, refused, text):
    path = tmp_path / "votes.csv"
    path.write_text(text)
    assert refused(path).startswith(f"{path}: {WRONG_ROWS[text]}")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--anchor", "eve=1000"], "eve"),
        (["--anchor", "ada"], "--anchor is 'ada'; expected MODEL=RATING"),
        (["--anchor", "ada=high"], "--anchor is 'ada=high'; expected MODEL=RATING"),
        (["--anchor", "ada=nan"], "--anchor is 'ada=nan'"),
        (["--method", "win_rate", "--anchor", "ada=1"], "--anchor does not go with --method win_rate"),
        (["--method", "elo", "--anchor", "eve=1000"], "Anchor is 'eve'"),
        (["--cluster", "user"], "has no column 'user' to cluster by"),
        (["--method", "elo", "--ties", "davidson"], "--ties davidson belongs to --method bradley_terry"),
        (["--method", "elo", "--interval", "sandwich"], "--interval sandwich does not go with --method elo"),
        (["--method", "elo", "--k", "0"], "k is 0.0; expected 0 < k <= 4000"),
        (["--k", "4"], "--k 4 belongs to --method elo"),
        (["--bootstrap", "1"], "--bootstrap is 1; expected at least 2"),
        (["--bootstrap", "9", "--interval", "none"], "--bootstrap 9 contradicts --interval none"),
        (["--confidence-level", "95"], "--confidence-level is 95; expected a number between 0 and 1"),
        (["--seed", "-1"], "--seed is -1; expected 0 or more"),
    ],
)
def test_options_that_do_not_fit_are_refused(votes, refused, flags, said):
    assert said in refused(votes, *flags)


def test_the_help_names_both_published_settings_of_elo(capsys):
    with pytest.raises(SystemExit):
        main(["rate", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "--k 32: H4 2023" in shown
    assert "--k 4: FastChat" in shown
    assert (elo.H4.k, elo.FASTCHAT.k) == (32, 4)


def test_large_bootstraps_load_the_compiled_loops_and_small_ones_do_not(votes, counts, rate, monkeypatch):
    warmed = []
    monkeypatch.setattr(compiling, "warm", lambda: warmed.append(True))
    for file in (votes, counts):
        rate(file, "--bootstrap", "20")
        rate(file, "--method", "elo", "--bootstrap", "20")
        rate(file)
    assert not warmed
    monkeypatch.setattr("leaderboard.commands.rate.WORTH_COMPILING", 1)
    rate(votes)
    assert not warmed, "a sandwich has no rounds"
    for file in (votes, counts):
        rate(file, "--bootstrap", "20")
        rate(file, "--method", "elo", "--bootstrap", "20")
    assert len(warmed) == 4


def test_a_file_that_is_not_there_is_named(tmp_path, refused):
    assert refused(tmp_path / "none.csv").startswith(f"{tmp_path / 'none.csv'}: cannot be read")


def test_an_anchor_may_have_an_equals_sign_in_its_name(tmp_path, rate):
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner\nt=0.7,bob,model_a\nt=0.7,bob,model_b\n")
    assert rate(path, "--anchor", "t=0.7=1200")["t=0.7"]["rating"] == 1200


def test_the_command_runs_as_a_program(votes):
    done = subprocess.run(
        [sys.executable, "-m", "leaderboard.cli", "rate", str(votes), "--method", "win_rate"],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(HEADER + "\n")
    assert len(done.stdout.splitlines()) == 5
    wrong = subprocess.run(
        [sys.executable, "-m", "leaderboard.cli", "rate", "none.csv"], capture_output=True, text=True, timeout=120
    )
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("none.csv: cannot be read")
