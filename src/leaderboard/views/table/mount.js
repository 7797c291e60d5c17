// A table inside the page: reads the address it starts from, keeps the address in step, follows new data.

import { mountTable } from "./table.js";

export function mountInPage(root, { board, isFirst, early }) {
  const here = () => {
    const tab = new URLSearchParams(location.search).get("tab");
    return tab === board || (isFirst && tab === null);
  };
  let timer;
  const write = (parameters) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!here() || root.offsetParent === null) return;
      const url = new URL(location.href);
      const theme = url.searchParams.get("__theme");
      const query = new URLSearchParams(isFirst ? {} : { tab: board });
      if (theme) query.set("__theme", theme);
      for (const [name, value] of parameters) query.append(name, value);
      url.search = query;
      if (url.href !== location.href) history.replaceState(history.state, "", url);
    }, 150);
  };
  const parameters = here() ? new URLSearchParams(location.search) : new URLSearchParams();
  const table = mountTable(root, { board, parameters, onState: write, early });
  const follow = () => (root.isConnected ? table.refresh() : document.removeEventListener("lb-data-changed", follow));
  document.addEventListener("lb-data-changed", follow);
  return table;
}
