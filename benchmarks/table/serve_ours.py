"""Contender: this project's table in a Gradio page. `python -m benchmarks.table.serve_ours PORT ROWS.csv`."""

import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import gradio as gr
import pandas as pd
import uvicorn

from leaderboard.boards.board import Board, View
from leaderboard.boards.columns import Column
from leaderboard.guard import Guard
from leaderboard.service import create_service
from leaderboard.views import page, table

NAME = "llm_benchmarks"


def columns(frame: pd.DataFrame) -> tuple[Column, ...]:
    """All 20 columns, shown at once."""
    declared = [
        Column(key="model", label="Model", kind="text", sticky=True, searchable=True),
        *(Column(key=key, label=key, kind="category", filter="choices") for key in ("type", "precision", "licence")),
        Column(key="params", label="Params", kind="number", unit="B", decimals=1, filter="range"),
    ]
    scores = [
        Column(key=key, label=key, kind="number", unit="%", factor=100, decimals=1, wire_decimals=4)
        for key in frame.columns[len(declared) :]
    ]
    return (*declared, *scores)


def board(frame: pd.DataFrame) -> Board:
    """The rows as a board in the order they come in."""
    full = frame.assign(id=frame["model"], pinned=False)
    return Board(
        name=NAME, view="all", title="5,000 rows", columns=columns(frame), frame=full, default_sort="-average",
        as_of=datetime(2026, 1, 1, tzinfo=UTC), revision="r1", source="made up",
    )  # fmt: skip


def main(port: int, rows: str) -> None:
    shown = board(pd.read_csv(rows))
    view = View(value="all", path=("All",), title="5,000 rows", about="")
    library = SimpleNamespace(board=lambda *_: shown, views=lambda _: [view], revision=lambda: "r1")
    queue = SimpleNamespace(entries=lambda **_: [], counts=dict, retry=lambda _key: None)
    service = create_service(library, queue, queue.retry, lambda: None, page.assets())
    with gr.Blocks(title="Table", analytics_enabled=False, fill_width=True) as blocks:
        table.component(NAME, is_first=True)
    uvicorn.run(Guard(page.mount(service, blocks)), port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
