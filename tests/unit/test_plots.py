"""Charts become figures that say what the charts say, and nothing of a name becomes markup."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.boards.charts import Chart
from leaderboard.errors import BadSetting
from leaderboard.plots import Palette, draw, to_json
from leaderboard.plots.encode import MOST_ROWS
from leaderboard.plots.history import spread
from leaderboard.plots.style import COLOURS, PATTERNS, SYMBOLS, plain
from tests import sample_charts

HEADERS = {
    "label": "Model",
    "value": "Rating",
    "row": "Model",
    "column": "Opponent",
    "x": "Length",
    "y": "Win rate, %",
    "date": "Day",
}


def chart(kind, frame, **more):
    words = {"name": kind, "title": "Title", "subtitle": "Subtitle", "headers": HEADERS, **more}
    return Chart(kind=kind, frame=frame, **words)


def ladder(n, **more):
    values = np.linspace(1200.4, 800.6, n)
    frame = pd.DataFrame(
        {"label": [f"m{i}" for i in range(n)], "value": values, "lower": values - 10, "upper": values + 30}
    )
    return chart("intervals", frame, **more)


def square(n, kind="shares"):
    names = [f"m{i}" for i in range(n)]
    pairs = [(a, b, 0.25 + (i % 3) / 4, 10) for i, a in enumerate(names) for b in names]
    return chart(kind, pd.DataFrame(pairs, columns=["row", "column", "value", "n"]))


def strings(node):
    """Every string in a figure, with the keys on the way to it."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from strings(value)


@pytest.mark.parametrize("made", sample_charts.gallery(), ids=lambda made: made.name)
def test_every_chart_of_the_shipped_data_is_drawn_and_encoded(made):
    figure = draw(made)
    assert figure.layout.height > 150
    (encoded,) = json.loads(to_json([made]))
    assert set(encoded) == {"name", "title", "subtitle", "note", "alt", "height", "figure", "table"}
    assert encoded["height"] == figure.layout.height
    assert encoded["alt"].endswith(".")


@pytest.mark.parametrize("made", sample_charts.nasty(), ids=lambda made: made.kind)
def test_names_from_the_data_reach_plotly_without_markup(made):
    allowed = ("<b>", "</b>", "<br>", "<extra></extra>")
    found = list(strings(draw(made).to_plotly_json()))
    assert any("&lt;" in text for text in found)
    for text in found:
        for tag in allowed:
            text = text.replace(tag, "")
        assert "<" not in text


def test_a_hostile_header_makes_no_placeholder():
    made = replace(square(3), headers={**HEADERS, "value": "%{customdata} <b>x</b>"})
    template = draw(made).data[0].hovertemplate
    assert "%{customdata}" not in template
    assert "% {customdata}" in template
    assert "&lt;b&gt;x" in template


@given(st.text(max_size=60))
def test_escaped_text_has_no_tag_and_no_line_break(text):
    found = plain(text)
    assert "<" not in found
    assert "\n" not in found


def test_rows_stand_from_top_to_bottom_in_the_order_of_the_frame():
    figure = draw(ladder(5))
    assert list(figure.layout.yaxis.ticktext) == ["m0", "m1", "m2", "m3", "m4"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1], "the first row is on top"
    assert list(figure.data[0].y) == [0, 1, 2, 3, 4]


def test_the_bar_of_an_interval_reaches_its_bounds():
    trace = draw(ladder(3)).data[0]
    assert list(trace.error_x.array) == pytest.approx([30, 30, 30])
    assert list(trace.error_x.arrayminus) == pytest.approx([10, 10, 10])


@given(st.integers(1, 80))
def test_the_height_grows_with_the_rows(n):
    assert draw(ladder(n + 1)).layout.height - draw(ladder(n)).layout.height == 24


def test_marks_stand_in_the_room_the_page_gives_them():
    low, high = draw(ladder(4, reference=(2000.0, "far away"))).layout.xaxis.range
    assert low < 790
    assert high > 2000


def test_the_diverging_scale_is_centred_on_one_half():
    trace = draw(square(4)).data[0]
    assert (trace.zmin, trace.zmid, trace.zmax) == (0, 0.5, 1)
    assert [stop for stop, _ in trace.colorscale] == [0, 0.5, 1]
    assert trace.colorscale[1][1].lower() == "#ffffff"


def test_counts_start_at_zero():
    made = square(4, "counts")
    trace = draw(replace(made, frame=made.frame.assign(value=made.frame["value"] * 100))).data[0]
    assert (trace.zmin, trace.zmax) == (0, 75)


@pytest.mark.parametrize(("n", "inside"), [(25, True), (26, False)])
def test_values_stand_in_the_cells_up_to_25_models(n, inside):
    assert (draw(square(n)).data[0].texttemplate is not None) is inside


def test_a_pair_that_did_not_meet_is_blank_and_never_zero():
    made = square(3)
    frame = made.frame.copy()
    frame.loc[1, "value"] = np.nan
    trace = draw(replace(made, frame=frame[frame.index != 5])).data[0]
    assert trace.z[0][1] is None
    assert trace.z[1][2] is None
    assert trace.text[0][1] == ""


def test_the_matrix_has_rows_as_rows():
    frame = pd.DataFrame([("a", "b", 0.9, 5), ("b", "a", 0.1, 5)], columns=["row", "column", "value", "n"])
    trace = draw(chart("shares", frame)).data[0]
    figure = draw(chart("shares", frame))
    assert list(figure.layout.yaxis.ticktext) == ["a", "b"]
    assert list(figure.layout.xaxis.ticktext) == ["a", "b"], "the best model is first on both sides"
    assert list(trace.z[0]) == [None, 0.9]


def test_groups_of_bars_differ_in_colour_and_pattern():
    first, second = draw(sample_charts.likert()).data
    assert first.marker.color != second.marker.color
    assert first.marker.pattern.shape != second.marker.pattern.shape


def test_at_most_six_lines_are_named_and_the_highest_of_the_last_day_are():
    days = [f"2024-01-{day:02d}" for day in range(1, 6)]
    frame = pd.DataFrame(
        [(day, f"m{i}", 1000 + i) for i in range(20) for day in days], columns=["date", "label", "value"]
    )
    figure = draw(chart("history", frame))
    named = [trace.name for trace in figure.data if trace.name]
    assert named == ["m19", "m18", "m17", "m16", "m15", "m14"]
    assert sum((trace.meta or {}).get("role") == "quiet" for trace in figure.data) == 14
    assert {words.text for words in figure.layout.annotations} == set(named)
    chosen = draw(chart("history", frame, emphasise=("m3", "gone")))
    assert [trace.name for trace in chosen.data if trace.name] == ["m3"]


@given(st.lists(st.floats(0, 350), min_size=1, max_size=6))
def test_end_labels_do_not_lie_on_each_other_and_keep_their_order(places):
    moved = spread(sorted(places), 15)
    assert all(b - a > 14 for a, b in pairwise(moved))


def test_only_notable_points_are_named():
    made = sample_charts.scatter()
    figure = draw(made)
    named = [words.text for words in figure.layout.annotations if words.name == "named"]
    assert 4 <= len(named) <= 12
    assert plain(made.frame.loc[made.frame["x"].idxmax(), "label"]) in named
    wanted = str(made.frame["label"].iloc[100])
    asked = draw(replace(made, emphasise=(wanted,)))
    assert [words.text for words in asked.layout.annotations if words.name == "named"] == [plain(wanted)]


def test_a_label_has_one_look_on_the_whole_page():
    encoded = json.loads(to_json([sample_charts.h4_bars(), sample_charts.likert(), sample_charts.h4_intervals()]))
    looks = {}
    for part in encoded:
        for trace in part["figure"]["data"]:
            if trace.get("name"):
                looks.setdefault(trace["name"], set()).add(trace["marker"]["color"])
    assert set(looks) == {"Human", "GPT-4", "shown first", "shown second"}
    assert all(len(colours) == 1 for colours in looks.values())
    assert len(set.union(*looks.values())) == 4


def test_six_colours_are_doubled_and_labels_beyond_them_still_differ():
    palette = Palette()
    looks = [palette.look(f"m{i}") for i in range(36)]
    assert len({look.colour for look in looks[:6]}) == len(COLOURS) == 6
    assert len({look.symbol for look in looks[:6]}) == len(SYMBOLS)
    assert len({look.pattern for look in looks[:6]}) == len(PATTERNS)
    assert len({(look.colour, look.symbol) for look in looks}) == 36


def test_no_figure_fixes_the_colour_of_text_or_grid():
    for made in sample_charts.gallery():
        layout = draw(made).to_plotly_json()["layout"]
        for axis in ("xaxis", "yaxis"):
            assert "gridcolor" not in layout[axis]
            assert "color" not in layout[axis].get("tickfont", {})
        assert all("color" not in words.get("font", {}) for words in layout.get("annotations", ()))
        assert draw(made).layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"


@pytest.mark.parametrize("made", sample_charts.gallery(), ids=lambda made: made.name)
def test_the_table_is_the_frame_rounded_to_its_decimals(made):
    found = json.loads(to_json([made]))[0]["table"]
    assert found["headers"] == [made.headers.get(name, name) for name in made.frame]
    assert len(found["rows"]) == len(made.frame)
    kinds = [None if isinstance(value, str) else int for value in made.frame.iloc[0]]
    assert [None if places is None else int for places in found["decimals"]] == kinds
    decimals = max(2, made.decimals) if made.kind == "shares" else made.decimals
    for row, shown in zip(made.frame.itertuples(index=False), found["rows"], strict=True):
        for value, text in zip(row, shown, strict=True):
            if isinstance(value, str):
                assert text == value
            elif pd.isna(value):
                assert text is None
            else:
                assert text == pytest.approx(value, abs=0.5 * 10**-decimals + 1e-9)


def test_what_is_not_drawn_is_said_and_stays_in_the_table():
    (found,) = json.loads(to_json([ladder(MOST_ROWS + 3)]))
    assert f"the first {MOST_ROWS} of {MOST_ROWS + 3}" in found["note"]
    assert len(found["table"]["rows"]) == MOST_ROWS + 3
    assert len(found["figure"]["data"][0]["x"]) == MOST_ROWS
    assert json.loads(to_json([ladder(MOST_ROWS)]))[0]["note"] == ""


def test_groups_named_by_a_chart_keep_their_colours_where_only_one_is_seen():
    both = sample_charts.likert()
    names = tuple(dict.fromkeys(both.frame["group"]))
    second = replace(both, groups=names, frame=both.frame[both.frame["group"].eq(names[1])].reset_index(drop=True))
    colours = [
        {trace["name"]: trace["marker"]["color"] for trace in json.loads(to_json([made]))[0]["figure"]["data"]}
        for made in (both, second)
    ]
    assert colours[1][names[1]] == colours[0][names[1]]


def test_a_chart_without_rows_is_left_out():
    assert json.loads(to_json([ladder(0), ladder(2)]))[0]["table"]["rows"]
    assert json.loads(to_json([ladder(0)])) == []
    assert json.loads(to_json(())) == []


def test_missing_values_are_drawn_as_gaps_and_encoded_as_null():
    made = ladder(4)
    made.frame.loc[2, ["value", "lower", "upper"]] = np.nan
    (found,) = json.loads(to_json([made]))
    assert found["figure"]["data"][0]["x"][2] is None
    assert found["table"]["rows"][2] == ["m2", None, None, None]


def test_a_frame_that_lacks_a_column_is_refused_by_name():
    with pytest.raises(BadSetting, match=r"'intervals'.*intervals has the columns label; value is missing"):
        draw(chart("intervals", pd.DataFrame({"label": ["a"]})))
    with pytest.raises(BadSetting, match="kind is 'pie'"):
        draw(chart("pie", pd.DataFrame({"label": ["a"]})))


def test_the_alternative_text_names_the_ends():
    (found,) = json.loads(to_json([ladder(3)]))
    assert found["alt"] == "Dots with intervals for 3 labels: Rating, from 1,200 (m0) to 801 (m2)."
