"""Contender: gr.Dataframe. `python -m benchmarks.table.serve_dataframe PORT ROWS.csv`."""

import sys

import gradio as gr
import pandas as pd
import uvicorn
from fastapi import FastAPI


def main(port: int, rows: str) -> None:
    fonts = ["system-ui", "sans-serif"]
    with gr.Blocks(title="Table", analytics_enabled=False, fill_width=True) as blocks:
        gr.Dataframe(pd.read_csv(rows), show_search="search", interactive=False)
    app = gr.mount_gradio_app(
        FastAPI(), blocks, path="/", theme=gr.themes.Base(font=fonts, font_mono=["monospace"]), ssr_mode=False,
        footer_links=[],
    )  # fmt: skip
    uvicorn.run(app, port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
