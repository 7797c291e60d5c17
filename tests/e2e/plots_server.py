"""A table and the plots below it on a page of their own, without Gradio."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from leaderboard.boards.charts import Chart
from leaderboard.guard import HEADERS
from leaderboard.plots import script, to_json
from leaderboard.views import plots
from tests import sample_charts

from . import table_server
from .table_server import Handler, World

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Plots</title><link rel="icon" href="data:,"><link rel="stylesheet" href="ui/table/table.css">
<link rel="stylesheet" href="ui/plots/plots.css"></head>
<body style="background: var(--lb-ground); font-family: sans-serif; margin: 12px">TABLE<section id="p"></section>
<script type="module">
import { mountTable } from "./ui/table/table.js";
import { mountPlots } from "./ui/plots/plots.js";
const box = document.getElementById("t");
if (box) window.table = mountTable(box, { board: "nasty", parameters: new URLSearchParams(location.search) });
const view = new URLSearchParams(location.search).get("view");
window.plots = mountPlots(document.getElementById("p"), { tab: "nasty", library: "LIBRARY", view });
</script></body></html>""".replace("LIBRARY", script.URL)
TABLE = '<div id="t"></div>'


@dataclass
class PlotWorld(World):
    """What the table's server shows, with charts a view."""

    charts: dict[str, bytes] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    no_plots: bool = False
    no_library: bool = False


class PlotHandler(Handler):
    """Answers for pages with plots, under the policy of the real site."""

    world: PlotWorld

    def do_GET(self) -> None:  # noqa: N802
        parts = urlsplit(self.path)
        path = parts.path
        if path in ("/", "/alone"):
            self.world.requests.append(self.path)
            self.answer(PAGE.replace("TABLE", TABLE if path == "/" else "").encode(), "text/html; charset=utf-8")
        elif path == f"/ui/{script.NAME}":
            self.world.requests.append(self.path)
            missing = self.world.no_library
            self.answer(b"" if missing else script.read(), "text/javascript", 404 if missing else 200)
        elif path.startswith("/plots/"):
            self.world.requests.append(self.path)
            self.answer_charts(parse_qs(parts.query).get("view", ["all"])[0])
        else:
            super().do_GET()

    def answer_charts(self, view: str) -> None:
        time.sleep(self.world.delays.get(view, 0.0))
        if self.world.no_plots:
            self.answer(b'{"error": "the store is away"}', "application/json", 503)
        else:
            self.answer(self.world.charts[view], "application/json")

    def end_headers(self) -> None:
        for name, value in HEADERS:
            self.send_header(name.decode(), value.decode())
        super().end_headers()


def one_chart(view: str) -> Chart:
    """A small chart that says which view it is of."""
    chart = sample_charts.likert()
    return Chart(
        kind="bars",
        name="likert",
        title=f"Of {view}",
        subtitle=chart.subtitle,
        frame=chart.frame,
        headers=chart.headers,
    )


def new_world() -> PlotWorld:
    """The table's three views with a small chart each, and views of charts alone."""
    charts = {view: (one_chart(view),) for view in ("all", "other", "third")}
    more = {"gallery": sample_charts.gallery(), "nasty": sample_charts.nasty(), "none": ()}
    encoded = {view: to_json(found) for view, found in {**charts, **more}.items()}
    return PlotWorld(boards=table_server.new_world().boards, charts=encoded)


@contextmanager
def serving() -> Iterator[PlotWorld]:
    """A running server and its world."""
    table_server.ASSETS.update(plots.assets())
    world = new_world()
    with table_server.serving(world, PlotHandler):
        yield world
