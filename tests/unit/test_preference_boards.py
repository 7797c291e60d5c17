"""Boards of votes and published ratings, on small tables whose figures are known."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.boards import rows
from leaderboard.boards.library import TABS, Library
from leaderboard.boards.wire import encode
from leaderboard.errors import InvalidQuery
from leaderboard.ratings import bradley_terry, elo
from leaderboard.ratings.battles import battles_from_columns, pair_counts_from_columns
from leaderboard.ratings.comparison import compare_ratings
from leaderboard.sources.battle_tables import BattleCard, JudgeCard, write_battles
from leaderboard.sources.rating_tables import FigureCard, RatingCard, write_ratings

DAY = datetime(2026, 11, 23, tzinfo=UTC)
JUDGES = (
    JudgeCard(name="ann", label="People", kind="human", sides="shown"),
    JudgeCard(name="bot", label="Bot", kind="model", model="x", sides="shown"),
)
SAID = {"as_of": DAY, "source": "here", "license": "CC0-1.0", "about": "a"}


def votes() -> pd.DataFrame:
    """Two judges, both orders, three models; the bot prefers what is shown first and its own x."""
    found = []
    for question in range(12):
        for a, b in (("x", "y"), ("y", "x"), ("x", "z"), ("z", "x"), ("y", "z"), ("z", "y")):
            better = max(a, b) if question % 3 else min(a, b)
            kind = "code" if question < 4 else "instruct"
            people = "tie" if question == 0 else ("model_a" if a == better else "model_b")
            bot = "model_a" if question % 2 or a == "x" else "model_b"
            for judge, winner in (("ann", people), ("bot", bot)):
                found.append((a, b, winner, judge, f"q{question}", kind, 10 + len(found) % 7, 20))
    columns = ["model_a", "model_b", "winner", "judge", "question", "category", "length_a", "length_b"]
    return pd.DataFrame(found, columns=columns)


@pytest.fixture
def world(tmp_path):
    data = tmp_path / "data"
    tabs = ("human_gpt4", "judge_audit")
    card = BattleCard(name="v", label="V: votes", title="Votes", kind="battles", tabs=tabs, judges=JUDGES, **SAID)
    write_battles(data, card, votes())
    counts = BattleCard(name="c", label="C", title="Counts", kind="counts", tabs=("arena",), judges=JUDGES[:1], **SAID)
    pairs = [("a", "b", 30, 10, 4), ("b", "c", 20, 15, 0), ("d", "e", 3, 5, 1)]
    write_battles(data, counts, pd.DataFrame(pairs, columns=["model_a", "model_b", "wins_a", "wins_b", "ties"]))
    score = FigureCard(name="score", label="Score", unit="rating", bounds=True, confidence_level=0.9)
    history = RatingCard(name="h", label="H", title="History", tabs=("arena",), figures=(score,), by=("date",), **SAID)
    days = [("a", "2024-01-01", 10, 9, 11), ("b", "2024-01-01", 12, 11, 13), ("a", "2024-02-01", 15, 14.5, 16)]
    write_ratings(
        data, history, pd.DataFrame(days, columns=["model", "date", "score", "score_lower", "score_upper"])
    )  # fmt: skip
    share = FigureCard(name="win_rate", label="Win rate", unit="fraction", decimals=1, n=100)
    alpaca = RatingCard(name="p", label="P", title="Published", tabs=("alpaca_eval",), figures=(share,), **SAID)
    listed = [("good", 0.9, False), ("null", 0.95, True), ("bad", 0.1, False)]
    write_ratings(data, alpaca, pd.DataFrame(listed, columns=["model", "win_rate", "control"]))
    snapshot = SimpleNamespace(folder=data, revision=str(tmp_path), origin="test")
    return SimpleNamespace(data=data, library=Library(lambda: snapshot, tmp_path / "state", lambda: DAY))


def by_model(board, name="model"):
    return board.frame.set_index(name)


def test_every_view_of_every_tab_can_be_shown(world):
    for tab in TABS:
        views = world.library.views(tab)
        for view in views:
            board = world.library.board(tab, view.value)
            assert (board.name, board.view, board.title) == (tab, view.value, view.title)
            body = json.loads(encode(board, views=views))
            assert body["n"] == len(board.frame)
            assert board.frame["id"].is_unique
            assert board.column(board.default_sort.removeprefix("-")) is not None
            names = [chart.name for chart in world.library.charts(tab, view.value)]
            assert len(names) == len(set(names))
        assert len({view.path for view in views}) == len(views), "every view has switches of its own"


@pytest.mark.parametrize(("ties", "rule"), [("tie", "half"), ("no-tie", "drop")])
def test_live_ratings_are_those_of_the_engine(world, ties, rule):
    own = votes().query("judge == 'ann'")
    battles = battles_from_columns(
        own["model_a"], own["model_b"], own["winner"], cluster=pd.factorize(own["question"])[0]
    )
    frame = by_model(world.library.board("human_gpt4", f"v.{ties}.bt"))
    expected = bradley_terry.fit(battles, ties=rule)
    for i, model in enumerate(expected.models):
        row = frame.loc[model]
        assert (row["by_ann"], row["by_ann_lower"]) == pytest.approx((expected.rating[i], expected.lower[i]))
    online = elo.bootstrap(battles, elo.H4, ties=rule, n_resamples=1000, seed=0)
    frame = by_model(world.library.board("human_gpt4", f"v.{ties}.elo"))
    assert frame.loc[list(online.models), "by_ann"].tolist() == pytest.approx(online.rating.tolist())


def test_people_have_a_column_for_every_kind_of_prompt_that_h4_told_apart(world):
    labels = [column.label for column in world.library.board("human_gpt4", "v.tie.bt").columns]
    assert labels == [
        "Rank", "Model", "People (all)", "People (instruct)", "People (code)", "Bot (all)", "Win rate", "Battles",
    ]  # fmt: skip


def test_models_that_no_battle_connects_are_ranked_apart_and_say_so(world):
    board = world.library.board("arena", "c.tie.bt")
    frame = by_model(board)
    assert frame.loc[["a", "b", "c"], "component"].nunique() == 1
    assert frame.loc["d", "component"] != frame.loc["a", "component"]
    assert frame.loc[["d", "e"], "rank_lower"].min() == 1
    assert "Group" in [column.label for column in board.columns]


def test_a_history_has_a_view_a_day_the_newest_first(world):
    views = [view for view in world.library.views("arena") if view.value.startswith("h.")]
    assert [view.path for view in views] == [("H", "2024-02-01"), ("H", "2024-01-01")]
    assert views[0].levels == ("Data set", "Day")
    old = world.library.board("arena", "h.2024-01-01")
    assert old.frame["model"].tolist() == ["b", "a"]
    assert old.as_of == datetime(2024, 1, 1, tzinfo=UTC)
    column = old.column("score")
    assert column is not None
    assert (column.bounds, column.level) == (True, 90)
    lines = next(chart for chart in world.library.charts("arena", "h.2024-01-01") if chart.kind == "history")
    assert lines.frame["date"].tolist() == ["2024-01-01", "2024-01-01", "2024-02-01"]


def test_shares_get_binomial_bounds_and_controls_no_rank(world):
    frame = by_model(world.library.board("alpaca_eval", "p"))
    half = 1.959964 * np.sqrt(0.9 * 0.1 / 100)
    assert frame.loc["good", "win_rate_upper"] == pytest.approx(0.9 + half)
    assert frame.loc["good", ["rank_lower", "rank_upper"]].tolist() == [1, 1]
    assert np.isnan(frame.loc["null", "rank_lower"])
    assert frame.loc["null", "control"]


def test_the_audit_finds_the_biases_that_were_put_in(world):
    frame = by_model(world.library.board("judge_audit"), "judge")
    bot, people = frame.loc["Bot"], frame.loc["People"]
    assert bot["first_slot"] == pytest.approx(2 / 3), "always in odd questions, in a third of the even ones"
    assert people["first_slot"] == pytest.approx(0.5)
    assert bot["flip_rate"] > people["flip_rate"] == 0
    assert bot["self_preference_lower"] > 0
    assert np.isnan(people["agreement"])
    assert 0 < bot["agreement"] < 1
    assert bot["n_compared"] == len(votes()) / 2, "every vote of a person"


def test_two_models_are_compared_by_the_paired_test_and_by_what_they_did(world):
    there = world.library.matchup("arena", "c.tie.bt", None, None)
    assert there["models"][0] == world.library.board("arena", "c.tie.bt").frame["model"].iloc[0]
    found = world.library.matchup("arena", "c.tie.bt", "a", "b")
    assert "a is better than b" in found["sentence"]
    facts = dict(found["facts"])
    counts = pair_counts_from_columns(["a", "b", "d"], ["b", "c", "e"], [30, 20, 3], [10, 15, 5], [4, 0, 1])
    test = compare_ratings(bradley_terry.fit(counts), "a", "b")
    assert facts["Ratings"].startswith(f"{test.difference:+.0f} points")
    assert facts["Expected"].startswith(f"a wins {1 / (1 + 10 ** (-test.difference / 400)):.1%} of its comparisons")
    assert facts["Met"] == "44 times: a won 30, 4 ties, b won 10."
    turned = dict(world.library.matchup("arena", "c.tie.bt", "b", "a")["facts"])
    assert turned["Met"] == "44 times: b won 10, 4 ties, a won 30."
    never = world.library.matchup("arena", "c.tie.bt", "a", "c")
    assert dict(never["facts"])["Met"].startswith("Never")
    assert "cannot be told apart" in world.library.matchup("arena", "c.tie.bt", "d", "e")["sentence"]


def test_what_cannot_be_compared_is_said(world):
    with pytest.raises(InvalidQuery, match="No chain of battles connects a and d"):
        world.library.matchup("arena", "c.tie.bt", "a", "d")
    with pytest.raises(InvalidQuery, match="Model is 'nobody'"):
        world.library.matchup("arena", "c.tie.bt", "a", "nobody")
    assert world.library.matchup("arena", "h.2024-01-01", None, None)["models"] == []
    assert world.library.matchup("alpaca_eval", None, None, None)["models"] == []


def test_unknown_tabs_and_views_are_named(world):
    with pytest.raises(InvalidQuery, match="Tab is 'nope'"):
        world.library.board("nope")
    with pytest.raises(InvalidQuery, match="View is 'gone'; tab 'arena' has"):
        world.library.board("arena", "gone")


def test_boards_are_made_ahead_and_what_cannot_be_made_is_logged(world, caplog):
    for path in (world.data / "ratings").glob("p.*"):
        path.unlink()
    world.library.warm()
    assert "tab alpaca_eval cannot be made: Tab 'alpaca_eval' has no data" in caplog.text
    assert "arena" not in caplog.text


def test_a_tab_without_data_says_so(tmp_path):
    (tmp_path / "data").mkdir()
    snapshot = SimpleNamespace(folder=tmp_path / "data", revision="empty", origin="test")
    library = Library(lambda: snapshot, tmp_path, lambda: DAY)
    with pytest.raises(InvalidQuery, match="Tab 'arena' has no data"):
        library.board("arena")


numbers = st.floats(-1e3, 1e3)
intervals = st.lists(st.tuples(numbers, st.floats(0, 50)), min_size=1, max_size=20)


@given(intervals, st.booleans())
def test_rows_are_in_order_and_ranks_mirror_with_the_direction(pairs, ascending):
    frame = pd.DataFrame({"model": [f"m{i}" for i in range(len(pairs))], "x": [value for value, _ in pairs]})
    frame["x_lower"] = [value - half for value, half in pairs]
    frame["x_upper"] = [value + half for value, half in pairs]
    out = rows.ranked(frame, "x", ascending=ascending)
    steps = np.diff(out["x"]) * (1 if ascending else -1)
    assert (steps >= 0).all()
    assert out["rank_lower"].min() == 1
    assert (out["rank_lower"] <= out["rank_upper"]).all()
    turned = frame.assign(x=-frame["x"], x_lower=-frame["x_upper"], x_upper=-frame["x_lower"])
    again = rows.ranked(turned, "x", ascending=not ascending).set_index("model")
    for name in ("rank_lower", "rank_upper"):
        assert again.loc[out["model"], name].tolist() == out[name].tolist()


def test_the_whole_of_all_categories_comes_first_and_names_read_as_words(world):
    rating = FigureCard(name="rating", label="Rating", unit="rating")
    card = RatingCard(name="k", label="K", title="K", tabs=("arena",), figures=(rating,), by=("category",), **SAID)
    rows = [("a", "creative_writing", 1.0), ("a", "full", 2.0), ("a", "math", 3.0)]
    write_ratings(world.data, card, pd.DataFrame(rows, columns=["model", "category", "rating"]))
    later = SimpleNamespace(folder=world.data, revision="later", origin="test")
    views = Library(lambda: later, world.data / "none", lambda: DAY).views("arena")
    assert [view.path for view in views if view.value.startswith("k.")] == [
        ("K", "Full"), ("K", "Creative writing"), ("K", "Math"),
    ]  # fmt: skip


def test_answers_on_a_scale_have_a_histogram_a_judge_by_order(world):
    rows = [("a", "b", 1, "ann"), ("b", "a", 8, "ann"), ("b", "a", 8, "ann"), ("a", "b", 3, "bot")]
    frame = pd.DataFrame(rows, columns=["model_a", "model_b", "likert", "judge"])
    card = BattleCard(name="l", label="L", title="L", kind="battles", tabs=("human_gpt4",), judges=JUDGES, **SAID)
    write_battles(world.data, card, frame)
    later = SimpleNamespace(folder=world.data, revision="likert", origin="test")
    library = Library(lambda: later, world.data / "none", lambda: DAY)
    found = {
        chart.name: chart for chart in library.charts("human_gpt4", "l.tie.bt") if chart.name.startswith("answers")
    }
    assert list(found) == ["answers_l_by_ann", "answers_l_by_bot"]
    counts = found["answers_l_by_ann"].frame.set_index(["label", "group"])["value"]
    assert len(counts) == 16
    assert counts["1", "in alphabetical order"] == 1
    assert counts["8", "the other way round"] == 2
    assert counts.sum() == 3
    assert not [chart for chart in library.charts("human_gpt4", "v.tie.bt") if chart.name.startswith("answers")]
