"""Plots below a board: drawn when their tab is open and they come into sight, always those of the view shown.

`component(board)` puts them into a Gradio tab; they follow the table of the same board by its event `lb-view`. Data
comes from `plots/<board>.json?view=` (`plots.wire`), the drawing library from `ui/plotly.min.js`, once a page.
"""

from functools import lru_cache
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import gradio as gr

FOLDER = Path(__file__).parent
SHELL = '<section class="lbp" data-board="${board}" aria-label="Plots"></section>'
SCRIPT = """
const root = element.querySelector('.lbp');
import(new URL('ui/plots/plots.js', document.baseURI).href).then((plots) => {
  plots.mountPlots(root, { board: props.board, library: props.library });
});
"""


def assets() -> dict[str, bytes]:
    """Scripts and styles to serve under ui/."""
    return {f"plots/{name}": (FOLDER / name).read_bytes() for name in ("plots.js", "plots.css")}


@lru_cache(maxsize=1)
def drawing_library() -> bytes:
    """plotly.js as the installed plotly package brings it, about 5 MB; read when it is first needed."""
    return (files("plotly") / "package_data" / "plotly.min.js").read_bytes()


def component(board: str) -> gr.HTML:
    """The plots of a board inside the current tab."""
    library = f"ui/plotly.min.js?v={metadata.version('plotly')}"
    return gr.HTML(
        html_template=SHELL, js_on_load=SCRIPT, apply_default_css=False, elem_id=f"{board}-plots", board=board,
        library=library,
    )  # fmt: skip
