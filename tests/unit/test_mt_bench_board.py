"""The MT-Bench board: what moves a figure and what may not, what is left out, and its charts."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.boards.library import Library
from leaderboard.errors import InvalidQuery
from leaderboard.metrics import mt_bench
from leaderboard.plots.figures import draw
from leaderboard.plots.radar import MOST_NETS, SHOWN
from leaderboard.sources.mt_bench_files import read_mt_bench
from leaderboard.sources.mt_bench_tables import ModelNote, MtBenchTable, write_mt_bench
from tests.mt_bench_folder import SINGLES, single, write_folder

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def library_of(folder, revision="r"):
    snapshot = SimpleNamespace(folder=folder, revision=revision, origin="a test")
    return Library(lambda: snapshot, folder / "results", lambda: NOW)


@pytest.fixture
def made(tmp_path):
    def make(singles=SINGLES, **card):
        table, _ = read_mt_bench(write_folder(tmp_path / "in", singles), "small", NOW)
        changed = MtBenchTable(card=table.card.model_copy(update=card), scores=table.scores, parts=table.parts)
        write_mt_bench(tmp_path / "store", changed)
        return library_of(tmp_path / "store", str(len(singles)) + str(card))

    return make


def rows_of(library):
    return library.board("mt_bench").frame.set_index("model")


def test_a_row_has_turns_drop_categories_coverage_and_what_is_missing(made):
    rows = rows_of(made())
    assert rows.loc["ada", ["score", "turn_1", "turn_2", "drop", "n", "missing"]].tolist() == [9, 9, 9, 0, 8, 0]
    bob = rows.loc["bob"]
    assert bob["score"] == pytest.approx((4 * 4 + 3 * 5) / 7)
    assert bob[["drop", "drop_lower", "drop_upper", "n", "asked", "missing"]].tolist() == [-1, -1, -1, 7, 8, 1]
    assert bob["coverage"] == 7 / 8
    assert bob[["writing", "math"]].tolist() == [4.5, pytest.approx(13 / 3)]
    assert rows["judge"].unique().tolist() == ["gpt-4"]


def test_dirt_is_listed_by_model_and_changes_no_mean(made):
    dirt = [single("bob", 81, 1, -1.0), single("bob", 82, 1, None), single("bob", 82, 2, 11.0),
            single("bob", 81, 2, 1.0, tstamp=0.5)]  # fmt: skip
    clean, dirty = rows_of(made()), rows_of(made([*SINGLES, *dirt]))
    assert dirty.loc["bob", ["left_out", "unparsed", "outside", "repeated"]].tolist() == [4, 2, 1, 1]
    figures = ["score", "score_lower", "score_upper", "turn_1", "turn_2", "drop", "math", "writing", "n", "coverage"]
    pd.testing.assert_frame_equal(clean[figures], dirty[figures])


def test_a_model_without_a_score_that_counts_is_on_the_board_without_a_rank(made):
    rows = rows_of(made([*SINGLES, single("eve", 81, 1, -1.0)]))
    assert rows.loc["eve", ["score", "rank_lower"]].isna().all()
    assert rows.loc["eve", ["n", "missing", "unparsed"]].tolist() == [0, 8, 1]
    assert list(rows.index)[-1] == "eve"


def test_a_control_is_marked_and_takes_no_rank(made):
    rows = rows_of(made(models=(ModelNote(model="ada", control="constant"),)))
    assert rows["control"].to_dict() == {"ada": True, "bob": False}
    assert rows["rank_lower"].isna().to_dict() == {"ada": True, "bob": False}
    assert rows.loc["bob", "rank_lower"] == 1


def test_a_table_of_comparisons_alone_says_where_to_look(tmp_path, made):
    made()
    table, _ = read_mt_bench(tmp_path / "in", "small", NOW)
    write_mt_bench(tmp_path / "store", MtBenchTable(card=table.card, scores=table.scores.iloc[:0], parts=table.parts))
    library = library_of(tmp_path / "store", "comparisons")
    assert library.board("mt_bench").empty is not None
    assert library.charts("mt_bench") == ()
    assert library.reading("mt_bench", None, {}).choices[0].value == "pair"


def test_charts_show_means_categories_and_drops_with_the_board_s_figures(made):
    library = made()
    charts = {chart.name: chart for chart in library.charts("mt_bench")}
    assert list(charts) == ["means", "radar", "categories", "drop"]
    assert charts["means"].frame.iloc[0].tolist() == ["ada", 9, 9, 9]
    assert charts["drop"].frame["label"].tolist() == ["ada", "bob"], "the largest drop first"
    assert charts["radar"].frame["label"].unique().tolist() == ["writing", "math"]


def test_a_radar_closes_its_nets_and_the_legend_holds_the_rest(made):
    more = [single(f"m{n}", q, t, 5.0) for n in range(14) for q in (81, 82, 111, 112) for t in (1, 2)]
    chart = next(chart for chart in made([*SINGLES, *more]).charts("mt_bench") if chart.kind == "radar")
    figure = draw(chart)
    assert len(figure.data) == MOST_NETS < chart.frame["group"].nunique()
    assert [trace.visible for trace in figure.data] == [True] * SHOWN + ["legendonly"] * (MOST_NETS - SHOWN)
    assert figure.data[0].r[0] == figure.data[0].r[-1]
    assert figure.data[0].name == "ada"


def test_names_of_strangers_are_no_markup_in_a_radar(made):
    evil = '<a href="javascript:alert(1)">x</a>'
    rows = [single(evil, q, t, 9.5) for q in (81, 82, 111, 112) for t in (1, 2)]
    chart = next(chart for chart in made([*SINGLES, *rows]).charts("mt_bench") if chart.kind == "radar")
    assert "<" not in draw(chart).data[0].name


def test_a_judge_that_the_table_does_not_have_is_refused(made):
    with pytest.raises(InvalidQuery, match=r"View is 'small\.7'"):
        made().board("mt_bench", "small.7")


scores = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 2), st.sampled_from([1.0, 2.5, 7.0, 10.0, -1.0, 0.0, None])),
    min_size=1, max_size=30,
)  # fmt: skip


def frame(rows):
    return pd.DataFrame(rows, columns=["question_id", "turn", "score"]).assign(
        model="m", judge="j", tstamp=range(len(rows))
    )


@settings(max_examples=60)
@given(rows=scores, seed=st.integers(0, 9))
def test_the_order_of_rows_changes_nothing(rows, seed):
    one, other = frame(rows), frame(rows).sample(frac=1, random_state=seed)
    for figures in (mt_bench.means, mt_bench.turn_drops):
        pd.testing.assert_frame_equal(figures(mt_bench.clean(one).kept), figures(mt_bench.clean(other).kept))


@settings(max_examples=60)
@given(rows=scores)
def test_older_copies_and_unparsed_rows_never_change_a_figure(rows):
    known = frame(rows)
    copies = known.assign(tstamp=known["tstamp"] - 1000.0, score=3.0)
    unparsed = known.assign(tstamp=known["tstamp"] + 1000.0, score=-1.0)
    kept = mt_bench.clean(known).kept
    usable = copies.merge(kept[["question_id", "turn"]].drop_duplicates())
    dirty = mt_bench.clean(pd.concat([usable, known, unparsed]))
    assert sorted(dirty.kept["tstamp"]) == sorted(kept["tstamp"])
    pd.testing.assert_frame_equal(mt_bench.means(dirty.kept), mt_bench.means(kept))
    assert len(dirty.kept) + len(dirty.left_out) == len(usable) + len(known) + len(unparsed)


def test_the_drop_is_paired_by_question():
    rows = frame([(1, 1, 9.0), (1, 2, 7.0), (2, 1, 5.0), (2, 2, 4.0), (3, 1, 10.0)])
    found = mt_bench.turn_drops(rows).iloc[0]
    assert (found["drop"], found["n_paired"]) == (1.5, 2), "question 3 has no second turn"
    # differences 2 and 1: standard error .5, Student's t with one degree of freedom 12.706
    assert found["drop_upper"] == pytest.approx(1.5 + 12.7062 * 0.5, abs=1e-3)
