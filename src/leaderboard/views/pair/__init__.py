"""Two models of a board against each other, below its table; hidden where the view has nothing to compare."""

from pathlib import Path

import gradio as gr

FOLDER = Path(__file__).parent
SCRIPT = """
const root = element.querySelector('.lbc');
import(new URL('ui/pair/pair.js', document.baseURI).href).then((pair) => pair.mountPair(root, props));
"""


def assets() -> dict[str, bytes]:
    """Scripts and styles to serve under ui/."""
    return {f"pair/{name}": (FOLDER / name).read_bytes() for name in ("pair.js", "pair.css")}


def component(board: str, *, is_first: bool = False) -> gr.HTML:
    """The comparison of a board inside the current tab."""
    return gr.HTML(
        html_template='<section class="lbc" aria-label="Compare two models" hidden></section>', js_on_load=SCRIPT,
        apply_default_css=False, elem_id=f"{board}-pair", board=board, isFirst=is_first,
    )  # fmt: skip
