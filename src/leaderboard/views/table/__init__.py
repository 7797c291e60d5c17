"""The table: a self-contained HTML component fed by columnar JSON; it knows nothing about what it shows.

`component(board)` puts one into a Gradio tab. Any other page can mount it too:

    <div id="t"></div>
    <script type="module">
      import { mountTable } from "./ui/table/table.js";
      mountTable(document.getElementById("t"), { board: "llm_benchmarks", parameters, onState });
    </script>

Rows come from `table/<board>?view=` (`boards.wire`), downloads from `data/<board>.<format>` (`boards.export`); both are
routes of `service`. The grammar of the query string is that of `boards.filters`.
"""

from pathlib import Path

import gradio as gr

FOLDER = Path(__file__).parent
NAMES = ("table.css", "table.js", "mount.js", "advice.js", "controls.js", "grid.js", "data.js", "query.js", "dom.js")
SHELL = """
<div class="lbt" data-board="${board}" aria-busy="true"><div class="lbt-skeleton" role="status">Loading</div></div>
"""
SCRIPT = """
const root = element.querySelector('.lbt');
const address = new URLSearchParams(location.search);
const mine = address.get('tab') === props.board || (props.is_first && !address.has('tab'));
const view = mine ? address.get('view') : null;
const url = `table/${props.board}?${new URLSearchParams(view ? { view } : {})}`;
const ask = async () => {
  const answer = await fetch(url, { cache: 'no-cache' });
  return answer.ok ? answer.json() : null;
};
const early = { url, body: ask().catch(() => null) };
for (const name of MODULES) {
  if (document.querySelector(`link[data-table="${name}"]`)) continue;
  const link = Object.assign(document.createElement('link'), { rel: 'modulepreload', href: `ui/table/${name}` });
  link.dataset.table = name;
  document.head.append(link);
}
import(new URL('ui/table/mount.js', document.baseURI).href).then((table) => {
  table.mountInPage(root, { board: props.board, isFirst: props.is_first, early });
});
""".replace("MODULES", str([name for name in NAMES if name.endswith(".js")]))
"""Asks for the rows and all modules at once, instead of one after the other."""


def assets() -> dict[str, bytes]:
    """Scripts and styles to serve under ui/."""
    return {f"table/{name}": (FOLDER / name).read_bytes() for name in NAMES}


def component(board: str, *, is_first: bool = False) -> gr.HTML:
    """The table of a board inside the current tab.

    `is_first` marks the tab that an address without `tab=` opens.
    """
    return gr.HTML(
        html_template=SHELL, js_on_load=SCRIPT, apply_default_css=False, elem_id=f"{board}-table", board=board,
        is_first=is_first,
    )  # fmt: skip
