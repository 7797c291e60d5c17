"""The texts behind a board's numbers, below its table; hidden where the tab has none."""

from pathlib import Path

import gradio as gr

FOLDER = Path(__file__).parent
SCRIPT = """
const root = element.querySelector('.lbr');
const look = (seen) => seen.some((entry) => entry.isIntersecting) && start();
const near = new IntersectionObserver(look, { rootMargin: '600px' });
const start = () => {
  near.disconnect();
  import(new URL('ui/reader/reader.js', document.baseURI).href).then((reader) => reader.mountReader(root, props));
};
const asked = new URLSearchParams(location.search);
const here = asked.get('tab') === props.board && [...asked.keys()].some((name) => name.startsWith('read.'));
here ? start() : near.observe(root);
"""


def assets() -> dict[str, bytes]:
    """Scripts and styles to serve under ui/."""
    return {f"reader/{name}": (FOLDER / name).read_bytes() for name in ("reader.js", "reader.css")}


def component(board: str, *, is_first: bool = False) -> gr.HTML:
    """The reader of a board inside the current tab."""
    return gr.HTML(
        html_template='<section class="lbr" aria-label="Texts behind the numbers" tabindex="-1"></section>',
        js_on_load=SCRIPT, apply_default_css=False, elem_id=f"{board}-reader", board=board, isFirst=is_first,
    )  # fmt: skip
