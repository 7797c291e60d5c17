"""Contender: gradio_leaderboard, in an environment of its own because it needs gradio < 6.

`PEER/bin/python benchmarks/table/serve_peer.py PORT ROWS.csv`; imports nothing of this project.
"""

import sys

import gradio as gr
import pandas as pd
import uvicorn
from fastapi import FastAPI
from gradio_leaderboard import ColumnFilter, Leaderboard


def main(port: int, rows: str) -> None:
    theme = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"])
    with gr.Blocks(title="Table", analytics_enabled=False, fill_width=True, theme=theme) as blocks:
        filters = [ColumnFilter(name, type="checkboxgroup") for name in ("type", "precision", "licence")]
        Leaderboard(value=pd.read_csv(rows), search_columns=["model"], filter_columns=filters)
    uvicorn.run(gr.mount_gradio_app(FastAPI(), blocks, path="/", ssr_mode=False), port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
