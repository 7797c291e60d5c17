// A table inside the page: reads the address it starts from, keeps the address in step, follows new data.

import { isGuest } from "./guest.js";
import { mountTable } from "./table.js";

const LOOK_EVERY_MS = 15_000;
let watching = false;

// Tells every table when the server has newer data; looks while the page is seen.
function watchRevision() {
  if (watching) return;
  watching = true;
  let known = null;
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch("healthz", { cache: "no-store" }).catch(() => null);
    const body = answer?.ok ? await answer.json().catch(() => null) : null;
    if (!body) return;
    if (known !== null && known !== body.revision) document.dispatchEvent(new Event("lb-data-changed"));
    known = body.revision;
  }, LOOK_EVERY_MS);
}

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
    for (const [name, value] of url.searchParams) if (isGuest(name)) query.append(name, value);
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
    timer = setTimeout(() => (root.offsetParent === null ? drop() : flush()), pending.isPlace ? 0 : 150);
  };
  const own = () => new URLSearchParams([...new URLSearchParams(location.search)].filter(([name]) => !isGuest(name)));
  const parameters = here() ? own() : new URLSearchParams();
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
    if (here()) table.setState(own());
  };
  watchRevision();
  listen(document, "lb-data-changed", () => table.refresh());
  listen(document, "lb-leave", flush);
  listen(document, "lb-address", restore);
  listen(window, "popstate", restore);
  return table;
}
