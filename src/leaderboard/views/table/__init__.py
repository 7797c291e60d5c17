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

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import gradio as gr

FOLDER = Path(__file__).parent
NAMES = (
    "table.css",
    "table.js",
    "switch.js",
    "mount.js",
    "advice.js",
    "controls.js",
    "grid.js",
    "data.js",
    "query.js",
    "dom.js",
    "guest.js",
)
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
const asked = window.lbtEarly?.url === url ? window.lbtEarly : null;
if (asked) window.lbtEarly = null;
const early = asked ?? { url, body: ask().catch(() => null) };
import(new URL('ui/table/mount.js', document.baseURI).href).then((table) => {
  table.mountInPage(root, { board: props.board, isFirst: props.is_first, early });
});
"""
"""Takes the rows that the page's head asked for; a tab that was not asked for asks itself."""

HEAD = """
<script>
(() => {
  const boards = BOARDS;
  const tabs = TABS;
  const here = new URL(location.href);
  const address = here.searchParams;
  if (address.has('tab') && !Object.hasOwn(tabs, address.get('tab'))) {
    window.lbStrangeTab = address.get('tab');
    address.delete('tab');
    history.replaceState(history.state, '', here);
  }
  addEventListener('popstate', () => {
    const label = tabs[new URLSearchParams(location.search).get('tab') ?? boards[0]];
    const buttons = [...document.querySelectorAll('#tabs [role=tab]')];
    buttons.find((button) => button.textContent.trim() === label)?.click();
  });
  const board = address.get('tab') ?? boards[0];
  if (!boards.includes(board)) return;
  const view = address.get('view');
  const url = `table/${board}?${new URLSearchParams(view ? { view } : {})}`;
  const ask = async () => {
    const answer = await fetch(url, { cache: 'no-cache' });
    return answer.ok ? answer.json() : null;
  };
  window.lbtEarly = { url, body: ask().catch(() => null) };
})();
</script>
"""


def head(boards: Sequence[str], tabs: Mapping[str, str]) -> str:
    """What the page's head needs so that rows and modules are on their way before Gradio's scripts are.

    `boards` are those of the tabs, the one first that an address without `tab=` opens; `tabs` are the labels of all
    tabs by their names. An unknown `tab=` is taken out of the address and named by the table that opens instead; Back
    and Forward open the tab they lead to.
    """
    modules = [f'<link rel="modulepreload" href="ui/table/{name}">' for name in NAMES if name.endswith(".js")]
    return "\n".join(modules) + HEAD.replace("BOARDS", json.dumps(list(boards))).replace("TABS", json.dumps(dict(tabs)))


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
