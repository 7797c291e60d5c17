"""Plots show the figures they were given, in their order, and no markup of strangers."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.boards.charts import Chart
from leaderboard.plots.figures import LONGEST, MOST_ROWS, PALETTE, draw, notable, text
from leaderboard.plots.wire import encode

HEADERS = {"label": "Model", "value": "Rating", "lower": "Lower", "upper": "Upper", "group": "Judge"}
EVIL = '<a href="javascript:alert(1)">x</a><b>y</b>'


def intervals(n: int = 5, **more) -> Chart:
    value = np.arange(n, 0, -1) * 10.0
    frame = pd.DataFrame({"label": [f"m{i}" for i in range(n)], "value": value, "lower": value - 3, "upper": value + 4})
    return Chart(kind="intervals", name="i", title="T", subtitle="S", frame=frame, headers=HEADERS, **more)


def matrix(n: int) -> Chart:
    cells = [(f"m{i}", f"m{j}", 0.5 + (j - i) / (2 * n), 7) for i in range(n) for j in range(n) if i != j]
    frame = pd.DataFrame(cells, columns=["row", "column", "value", "n"])
    headers = {"row": "Model", "column": "Against", "value": "Share", "n": "Battles"}
    return Chart(kind="shares", name="s", title="T", subtitle="S", frame=frame, headers=headers, decimals=2)


def plot_of(chart: Chart) -> dict:
    (plot,) = json.loads(encode([chart], "r1"))["plots"]
    return plot


def test_the_table_beside_a_plot_holds_the_same_figures():
    plot = plot_of(intervals())
    assert plot["headers"] == ["Model", "Rating", "Lower", "Upper"]
    assert plot["rows"][0] == ["m0", 50, 47, 54]
    trace = draw(intervals()).data[0]
    assert list(trace.x) == [50, 40, 30, 20, 10]
    assert list(trace.error_x.array) == [4] * 5
    assert list(trace.error_x.arrayminus) == [3] * 5


def test_rows_stand_in_the_given_order_from_top_to_bottom_and_the_height_grows():
    figure = draw(intervals())
    assert list(figure.layout.yaxis.ticktext) == ["m0", "m1", "m2", "m3", "m4"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    assert draw(intervals(20)).layout.height > figure.layout.height


def test_what_is_not_drawn_is_said_and_stays_in_the_table():
    plot = plot_of(intervals(MOST_ROWS + 3))
    assert f"the first {MOST_ROWS} of {MOST_ROWS + 3}" in plot["note"]
    assert len(plot["rows"]) == MOST_ROWS + 3
    assert plot_of(intervals())["note"] == ""


@pytest.mark.parametrize("chart", [intervals(), matrix(4)], ids=["intervals", "shares"])
def test_names_of_strangers_stay_text(chart):
    column = "label" if "label" in chart.frame else "row"
    frame = chart.frame.assign(**{column: chart.frame[column].replace("m0", EVIL)})
    plot = plot_of(Chart(**{**chart.__dict__, "frame": frame}))
    assert "<a" not in json.dumps(plot["figure"])
    assert "<b>" not in json.dumps(plot["figure"])
    assert any(EVIL in row for row in plot["rows"]), "the page writes the table as text"


@given(st.text(max_size=200))
def test_no_text_holds_markup_or_is_long(name):
    shown = text(name)
    assert "<" not in shown
    assert ">" not in shown
    assert len(shown) <= 5 * LONGEST
    if len(name) <= LONGEST and not set(name) & set("<>&") and name == " ".join(name.split()):
        assert shown == name


def test_the_neutral_colour_of_win_fractions_is_at_a_half():
    heat = draw(matrix(5)).data[0]
    assert (heat.zmin, heat.zmax) == (0, 1)
    assert heat.colorscale[1] == (0.5, "#ffffff")
    assert np.isnan(np.array(heat.z, dtype=float)).sum() == 5, "nobody meets itself"
    assert heat.texttemplate
    assert draw(matrix(30)).data[0].texttemplate is None


def test_a_group_keeps_its_colour_in_every_plot():
    both = intervals().frame.assign(group=["a", "b", "a", "b", "a"])
    only_b = both[both["group"].eq("b")]
    for frame in (both, only_b):
        figure = draw(Chart(**{**intervals().__dict__, "frame": frame, "groups": ("a", "b")}))
        colors = {trace.name: trace.marker.color for trace in figure.data}
        assert colors["b"] == PALETTE[1]


def test_figures_carry_no_colours_of_text():
    layout = plot_of(intervals(reference=(20.0, "chance")))["figure"]["layout"]
    assert "color" not in layout.get("font", {})
    assert layout["paper_bgcolor"] == "rgba(0,0,0,0)"
    assert [note["text"] for note in layout["annotations"]] == ["chance"]


def test_missing_figures_are_null_in_the_table():
    frame = intervals().frame.assign(lower=np.nan, upper=np.nan)
    plot = plot_of(Chart(**{**intervals().__dict__, "frame": frame}))
    assert plot["rows"][0] == ["m0", 50, None, None]


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 100)), min_size=1, max_size=40))
def test_labelled_points_stay_apart(points):
    frame = pd.DataFrame(points, columns=["x", "y"])
    named = sorted(notable(frame))
    assert named
    spread = {axis: np.ptp(frame[axis]) or 1.0 for axis in ("x", "y")}
    for i, at in enumerate(named):
        for other in named[:i]:
            across, up = (abs(frame[axis][at] - frame[axis][other]) / spread[axis] for axis in ("x", "y"))
            assert across > 0.3 or up > 0.06


def test_history_and_scatter_and_bars_are_drawn():
    lines = pd.DataFrame({"date": ["2024-01-01", "2024-02-01"] * 8, "label": sorted([f"m{i}" for i in range(8)] * 2)})
    lines["value"] = range(16)
    headers = {"date": "Day", "label": "Model", "value": "Score"}
    figure = draw(Chart(kind="history", name="h", title="", subtitle="", frame=lines, headers=headers))
    assert len(figure.data) == 8
    assert len({trace.line.color for trace in figure.data}) == 7, "six colours, and grey for the others"
    bars = intervals().frame[["label", "value"]]
    bar = draw(Chart(kind="bars", name="b", title="", subtitle="", frame=bars, headers=HEADERS)).data[0]
    assert list(bar.x) == bars["value"].tolist()
    points = pd.DataFrame({"label": ["a", "b"], "x": [1.0, 2.0], "y": [3.0, 4.0]})
    scatter = draw(
        Chart(kind="scatter", name="s", title="", subtitle="", frame=points, headers={"x": "L", "y": "W"})
    ).data[0]
    assert list(scatter.text) == ["a", "b"]
