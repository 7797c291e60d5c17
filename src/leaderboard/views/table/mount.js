// A table inside the page: reads the address it starts from, keeps the address in step, follows new data.

import { mountTable } from "./table.js";

export function mountInPage(root, { board, isFirst, early }) {
  const here = () => {
    const tab = new URLSearchParams(location.search).get("tab");
    return tab === board || (isFirst && tab === null);
  };
  let timer;
  let pending = null;
  const flush = () => {
    clearTimeout(timer);
    const { parameters, isPlace } = pending ?? {};
    pending = null;
    if (!parameters || !here()) return;
    const url = new URL(location.href);
    const theme = url.searchParams.get("__theme");
    const query = new URLSearchParams(isFirst ? {} : { tab: board });
    if (theme) query.set("__theme", theme);
    for (const [name, value] of parameters) query.append(name, value);
    url.search = query;
    if (url.href === location.href) return;
    if (isPlace) history.pushState(history.state, "", url);
    else history.replaceState(history.state, "", url);
  };
  const drop = () => {
    clearTimeout(timer);
    pending = null;
  };
  const write = (parameters, isNewPlace) => {
    clearTimeout(timer);
    pending = { parameters, isPlace: isNewPlace || Boolean(pending?.isPlace) };
    timer = setTimeout(() => (root.offsetParent === null ? drop() : flush()), 150);
  };
  const parameters = here() ? new URLSearchParams(location.search) : new URLSearchParams();
  const notice = here() && window.lbStrangeTab ? `There is no tab ${window.lbStrangeTab} here. ` : "";
  if (notice) delete window.lbStrangeTab;
  const table = mountTable(root, { board, parameters, onState: write, early, notice });
  const listen = (target, name, act) => {
    const heard = () => (root.isConnected ? act() : target.removeEventListener(name, heard));
    target.addEventListener(name, heard);
  };
  // Back, Forward, or a tab that got its part of the address back.
  const restore = () => {
    drop();
    if (here()) table.setState(new URLSearchParams(location.search));
  };
  listen(document, "lb-data-changed", () => table.refresh());
  listen(document, "lb-leave", flush);
  listen(document, "lb-address", restore);
  listen(window, "popstate", restore);
  return table;
}
