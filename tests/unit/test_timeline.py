"""The timeline: symbol and colour a group, a logarithmic axis, zoom, and nothing dropped silently."""

import math

import pandas as pd
import pytest

from leaderboard.boards.charts import Chart
from leaderboard.errors import BadSetting
from leaderboard.plots import draw, to_json

FRAME = pd.DataFrame(
    {
        "date": ["2020-05-28", "2023-02-24", "2026-04-24", "2022-04-04"],
        "label": ["davinci", "<b>LLaMA</b>", "V4", "PaLM"],
        "value": [175.0, 65.0, 862.0, 540.0],
        "group": ["limited", "open", "open", "closed"],
        "organization": ["OpenAI", "Meta", None, "Google"],
    }
)


def chart(frame=FRAME, **more):
    headers = {"date": "Released", "label": "Model", "value": "Parameters, billions", "group": "Access"}
    return Chart(
        kind="timeline", name="t", title="T", subtitle="S", frame=frame, headers=headers, decimals=3,
        groups=("open", "limited", "closed"), emphasise=("davinci", "nobody"), **more,
    )  # fmt: skip


def test_every_group_has_a_symbol_and_a_colour_of_its_own_in_the_order_of_the_chart():
    traces = draw(chart()).data
    assert [trace.name for trace in traces] == ["open (2)", "limited (1)", "closed (1)"]
    assert len({trace.marker.symbol for trace in traces}) == len({trace.marker.color for trace in traces}) == 3


def test_all_points_lie_in_the_logarithmic_axes_that_can_be_zoomed():
    figure = draw(chart())
    low, high = figure.layout.yaxis.range
    assert figure.layout.yaxis.type == "log"
    assert all(low < math.log10(value) < high for trace in figure.data for value in trace.y)
    first, last = figure.layout.xaxis.range
    assert all(first < day < last for trace in figure.data for day in trace.x)
    assert (figure.layout.dragmode, figure.layout.xaxis.fixedrange, figure.layout.yaxis.fixedrange) == \
        ("zoom", False, False)  # fmt: skip
    assert [button.label for button in figure.layout.xaxis.rangeselector.buttons][-1] == "All"


def test_one_point_and_hostile_names_are_drawn():
    figure = draw(chart(FRAME.iloc[1:2]))
    assert figure.layout.yaxis.range[0] < math.log10(65) < figure.layout.yaxis.range[1]
    assert "&lt;b&gt;LLaMA" in figure.data[0].hovertext[0]


def test_only_points_that_are_there_are_named():
    assert [words.text for words in draw(chart()).layout.annotations] == ["davinci"]


def test_the_table_below_has_all_points_and_the_words_say_the_ends():
    made = to_json((chart(),)).decode()
    assert "Timeline of 4 points from 2020-05-28 to 2026-04-24" in made
    assert "from 862.000 (V4) to 65.000" in made


def test_a_frame_without_groups_is_refused():
    with pytest.raises(BadSetting, match="group is missing"):
        draw(chart(FRAME.drop(columns="group")))
