"""The queue as a log: a self-contained HTML component that polls `data/queue.json` while it is seen."""

from pathlib import Path

import gradio as gr

FOLDER = Path(__file__).parent
SCRIPT = """
const root = element.querySelector('.lbq');
import(new URL('ui/queue/queue.js', document.baseURI).href).then((queue) => {
  queue.mountQueue(root, { onFinished: () => document.dispatchEvent(new CustomEvent('lb-data-changed')) });
});
"""


def assets() -> dict[str, bytes]:
    """Scripts and styles to serve under ui/."""
    return {f"queue/{name}": (FOLDER / name).read_bytes() for name in ("queue.js", "queue.css")}


def component() -> gr.HTML:
    """The queue inside the current tab."""
    return gr.HTML(html_template='<div class="lbq"></div>', js_on_load=SCRIPT, apply_default_css=False, elem_id="queue")
