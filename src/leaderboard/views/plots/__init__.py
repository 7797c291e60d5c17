"""The plots below a tab's table: charts of the shown view, drawn in the page when they come near the screen.

`component(tab)` puts them into a Gradio tab. Any other page can mount them too:

    <div id="p"></div>
    <script type="module">
      import { mountPlots } from "./ui/plots/plots.js";
      mountPlots(document.getElementById("p"), { tab: "arena", library: "ui/plotly.min.js?v=1" });
    </script>

Charts come from `plots/<tab>.json?view=` (`leaderboard.plots`). They follow the table of the same tab, which sends
`lb-view` on the document with {board, view} and keeps both in its element's data attributes.
"""

from pathlib import Path

import gradio as gr

from leaderboard.plots import script

FOLDER = Path(__file__).parent
NAMES = ("plots.css", "plots.js", "figure.js", "dress.js")
SHELL = """
<section class="lbp" data-tab="${tab}" aria-label="Plots" aria-busy="true"></section>
"""
SCRIPT = """
import(new URL('ui/plots/plots.js', document.baseURI).href).then((plots) => {
  const { tab, library, follows } = props;
  plots.mountPlots(element.querySelector('.lbp'), { tab, library, follows });
});
"""


def assets() -> dict[str, bytes]:
    """Scripts and styles to serve under ui/."""
    return {f"plots/{name}": (FOLDER / name).read_bytes() for name in NAMES}


def component(tab: str, *, follows: bool = True) -> gr.HTML:
    """The plots of a tab inside the current tab; nothing is seen where the view has none.

    They wait for the tab's table and show its view; with `follows` off, those of the default view, for a tab without.
    """
    return gr.HTML(
        html_template=SHELL, js_on_load=SCRIPT, apply_default_css=False, elem_id=f"{tab}-plots", tab=tab,
        library=script.URL, follows=follows,
    )  # fmt: skip
