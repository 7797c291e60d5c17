// The table: views, state, loading, and the controls and grid that show them.
//
//   mountTable(element, { board, parameters, onState })
//     board       name in the routes table/<board> and data/<board>.<format>
//     parameters  URLSearchParams to start from; view=, rev= and the grammar of query.js
//     onState     called with (URLSearchParams, isNewPlace) after every change, to be put in the address; a new place
//                 (another data set chosen by the visitor) is one that Back should leave
//     notice      words to show above the first rows, optional
//     early       { url, body }: a promise of rows asked for before this module had arrived, optional
//   -> { refresh(), setState(URLSearchParams), parameters(), destroy() }

import { advise, legend, notices, searchHint } from "./advice.js";
import { Controls } from "./controls.js";
import { Dataset, safeLink } from "./data.js";
import { followTheme, make } from "./dom.js";
import { Grid } from "./grid.js";
import { keepFocus, nearest, switchOf } from "./switch.js";
import { dropStrangers, emptyState, formatState, isEmpty, neededColumns, parseState, passing, sortRows, tests } from "./query.js";

const PHONE = 640;

class Table {
  constructor(root, { board, parameters, onState = () => {}, early = null, notice = "" }) {
    Object.assign(this, { root, board, onState, early, greeting: notice, views: [], levels: [] });
    followTheme();
    this.turn = 0;
    this.drawn = "";
    this.told = "";
    this.state = emptyState();
    this.phoneKey = null;
    this.wanted = new URLSearchParams(parameters);
    this.build();
    this.onResize = () => this.dataset && this.draw();
    this.media = window.matchMedia(`(max-width: ${PHONE}px)`);
    this.media.addEventListener("change", this.onResize);
    this.open(this.wanted.get("view"));
  }

  url(view, columns = []) {
    const query = new URLSearchParams(view ? { view } : {});
    if (columns.length) query.set("columns", columns.join(","));
    return `table/${this.board}?${query}`;
  }

  build() {
    this.switch = make("div", { class: "lbt-switch" });
    this.bar = make("div", { class: "lbt-bar-row" });
    this.notice = make("div", { class: "lbt-notice", role: "status" });
    this.hint = make("div", { class: "lbt-hint", role: "status" });
    this.stage = make("div", { class: "lbt-stage" });
    this.foot = make("p", { class: "lbt-foot" });
    this.root.replaceChildren(this.switch, this.bar, this.notice, this.hint, this.stage, this.foot);
    this.root.classList.add("lbt");
    this.root.dataset.board = this.board;
    this.controls = new Controls(this.bar, {
      change: (mutate) => this.change(mutate),
      ensure: (keys) => this.ensure(keys),
      reset: () => this.reset(),
      link: () => this.copyLink(),
      downloadUrl: (kind, everything) => this.downloadUrl(kind, everything),
    });
    this.grid = new Grid(this.stage, {
      onSort: (sort) => this.change((state) => ({ ...state, sort })), onNeed: (columns) => this.complete(columns),
    });
    this.empty = make("div", { class: "lbt-empty", hidden: true });
    this.stage.append(this.empty);
  }

  // One switch a level of the paths to the views: buttons, a select where there are many, a slider for days.
  drawSwitch() {
    const path = this.views.find((view) => view.value === this.view)?.path ?? [];
    const parts = [];
    for (let level = 0; level < Math.max(1, path.length); level += 1) {
      const mates = this.views.filter((view) => view.path.length > level && path.slice(0, level).every((step, i) => view.path[i] === step));
      const options = [...new Set(mates.map((view) => view.path[level]))];
      if (options.length > 1) parts.push(switchOf(options, path[level], this.levels[level] ?? "Data set", (step) => this.choose(nearest(mates, path, level, step))));
    }
    this.switch.hidden = this.views.length < 2;
    if (!this.switch.hidden) keepFocus(this.switch, () => this.switch.replaceChildren(...parts));
  }

  // What the visitor picked from the switch.
  choose(view) {
    this.isNewPlace = true;
    return this.open(view);
  }

  // Back leads to what was set before.
  reset() {
    this.isNewPlace = true;
    return this.change(() => emptyState());
  }

  // Show a view; the default one, saying so, where there is none of that name. Only the newest call may draw: an earlier one that answers late is aborted and dropped.
  async open(view) {
    this.turn += 1;
    const turn = this.turn;
    this.abort?.abort();
    this.abort = new AbortController();
    this.view = view;
    this.drawSwitch();
    this.root.setAttribute("aria-busy", "true");
    try {
      const body = await this.fetchView(this.url(view));
      if (turn !== this.turn) return;
      this.views = body.views;
      this.levels = body.levels;
      this.view = body.view;
      this.drawSwitch();
      await this.take(new Dataset(body), turn);
    } catch (error) {
      if (turn !== this.turn || error.name === "AbortError") return;
      if (error.status !== 400 || !view) return this.fail(error);
      this.unknown = view;
      this.wanted?.delete("view");
      await this.open(null);
    }
  }

  // The rows; those asked for early where they are the ones, and arrived well.
  async fetchView(url) {
    const early = this.early?.url === url ? await this.early.body.catch(() => null) : null;
    this.early = null;
    return early ?? this.fetchJson(url);
  }

  async fetchJson(url, signal = this.abort.signal) {
    const answer = await fetch(url, { signal, cache: "no-cache" });
    const body = await answer.json().catch(() => null);
    if (!answer.ok || body === null) {
      throw Object.assign(new Error(body?.error ?? `the server answered ${answer.status}`), { status: answer.status });
    }
    return body;
  }

  async take(dataset, turn) {
    const carried = !this.wanted;
    const { state, ignored } = parseState(this.wanted ?? formatState(this.state), dataset);
    const pinnedTo = this.wanted?.get("rev");
    this.dataset = dataset;
    this.state = state;
    this.wanted = null;
    await this.ensure(neededColumns(state, dataset).concat(state.cols));
    if (turn !== this.turn) return;
    if (carried) ignored.push(...dropStrangers(state, dataset));
    const missed = carried ? ignored.filter((part) => !/^(sort|cols)=/.test(part)) : ignored;
    this.notice.textContent = this.greeting + notices(dataset, { unknown: this.unknown, ignored: missed, pinnedTo });
    this.greeting = "";
    this.unknown = null;
    this.root.removeAttribute("aria-busy");
    this.stage.hidden = false;
    this.draw();
    this.root.dataset.view = dataset.view;
    window.requestIdleCallback?.(() => dataset.warmUp());
  }

  // Data of columns that did not come with the first view; a column asked for twice is fetched once.
  async ensure(keys) {
    const { dataset, signal } = { dataset: this.dataset, signal: this.abort.signal };
    const wanted = dataset.missing(keys).filter((key) => !dataset.coming.has(key));
    if (wanted.length) {
      const coming = this.fetchJson(this.url(dataset.view, wanted), signal).finally(() => wanted.forEach((key) => dataset.coming.delete(key)));
      for (const key of wanted) dataset.coming.set(key, coming);
    }
    const bodies = await Promise.all(new Set(keys.map((key) => dataset.coming.get(key)).filter(Boolean)));
    for (const body of bodies) {
      if (body.revision === dataset.revision) dataset.addData(body.data);
      else if (dataset === this.dataset) this.refresh();
    }
  }

  async change(mutate) {
    if (!this.dataset) return;
    const state = mutate(this.state);
    this.state = state;
    try {
      await this.ensure(neededColumns(state, this.dataset).concat(state.cols));
    } catch (error) {
      if (error.name !== "AbortError") this.fail(error);
      return;
    }
    if (state === this.state) this.draw();
  }

  // What an address says: another view, or another state of this one.
  setState(parameters) {
    this.wanted = new URLSearchParams(parameters);
    const view = this.wanted.get("view") ?? this.views[0]?.value;
    if (!this.dataset || view !== this.dataset.view) return this.open(view);
    const { state } = parseState(this.wanted, this.dataset);
    this.wanted = null;
    return this.change(() => state);
  }

  columns() {
    const chosen = this.state.cols.length
      ? this.dataset.columns.filter((column) => column.sticky || this.state.cols.includes(column.key))
      : this.dataset.columns.filter((column) => column.shown);
    if (!this.media.matches) return { chosen, seen: chosen };
    const sorted = this.dataset.byKey.get(this.sort().replace(/^-/, ""));
    if (!sorted.sticky && sorted.kind !== "rank") this.phoneKey = sorted.key;
    if (!this.dataset.byKey.has(this.phoneKey)) this.phoneKey = this.dataset.columns.find((column) => column.kind === "number")?.key;
    const seen = this.dataset.columns.filter((column) => column.sticky || column.kind === "rank" || column.key === this.phoneKey);
    return { chosen, seen };
  }

  sort() {
    return this.state.sort || this.dataset.default_sort;
  }

  draw() {
    const { dataset, state } = this;
    if (dataset.missing(neededColumns(state, dataset)).length) return;
    const all = tests(state, dataset);
    const rows = sortRows(passing(dataset, all), dataset, this.sort());
    const { chosen, seen } = this.columns();
    const key = this.sort().replace(/^-/, "");
    const banded = this.sort() === dataset.default_sort || dataset.byKey.get(key).kind === "rank";
    this.shown = [...dataset.pinned, ...rows];
    const chosenRows = `${this.view}?${formatState({ ...state, cols: [] })}`;
    this.grid.show({
      dataset, rows: this.shown, columns: seen, sort: this.sort(), banded, narrow: this.media.matches, keepPlace: chosenRows === this.drawn,
    });
    this.drawn = chosenRows;
    const total = dataset.n - dataset.pinned.length;
    this.controls.show({ dataset, state, rows: rows.length, total, columns: chosen, phoneKey: this.phoneKey, changed: !isEmpty(state) });
    this.drawEmpty(rows.length, total, all);
    this.foot.textContent = legend(dataset, seen, banded);
    this.hint.textContent = searchHint(state.q, dataset);
    this.tell();
    this.onState(this.parameters(), Boolean(this.isNewPlace));
    this.isNewPlace = false;
  }

  // Others on the page, such as plots, follow what the table shows.
  tell() {
    const shown = `${this.view}@${this.dataset.revision}`;
    if (shown === this.told) return;
    this.told = shown;
    this.root.dataset.view = this.view;
    document.dispatchEvent(new CustomEvent("lb-view", { detail: { board: this.board, view: this.view } }));
  }

  // Columns that are seen but not here yet are drawn once they are.
  async complete(columns) {
    const keys = columns.map((column) => column.key);
    if (!this.dataset.missing(keys).length) return;
    try {
      await this.ensure(keys);
      this.grid.layout();
    } catch (error) {
      if (error.name !== "AbortError") this.fail(error);
    }
  }

  drawEmpty(shown, total, all) {
    this.empty.hidden = shown > 0;
    if (shown > 0) return;
    const { text, label, mutate } = total ? advise(this.dataset, all) : { text: `${this.dataset.empty?.text ?? "Nothing here yet."} ` };
    const button = mutate && make("button", { type: "button", class: "lbt-button", onclick: () => this.change(mutate) }, label);
    const link = !total && this.dataset.empty && make("a", { href: safeLink(this.dataset.empty.href) }, this.dataset.empty.label);
    this.empty.replaceChildren(...[text, button, link].filter(Boolean));
  }

  // Rows of another view than the one chosen must not stay under its name.
  fail(error) {
    this.root.removeAttribute("aria-busy");
    this.stage.hidden = this.dataset?.view !== this.view;
    this.notice.replaceChildren(`The rows could not be loaded: ${error.message}. `, make("button", { type: "button", class: "lbt-button", onclick: () => this.open(this.dataset ? this.view : null) }, "Try again"));
  }

  parameters() {
    const out = formatState(this.state);
    if (this.view !== this.views[0].value) out.set("view", this.view);
    return out;
  }

  downloadUrl(kind, everything) {
    const query = everything ? new URLSearchParams() : formatState(this.state);
    if (!everything) query.set("cols", this.columns().chosen.map((column) => column.key).join(","));
    query.set("view", this.view);
    return `data/${this.board}.${kind}?${query}`;
  }

  async copyLink() {
    const url = new URL(location.href);
    for (const [name, value] of [["view", this.view], ["rev", this.dataset.revision]]) url.searchParams.set(name, value);
    try {
      await navigator.clipboard.writeText(url.href);
      this.controls.link.textContent = "Copied";
    } catch {
      window.prompt("Copy this link", url.href);
    }
    setTimeout(() => { this.controls.link.textContent = "Copy link"; }, 1500);
  }

  async refresh() {
    if (!this.dataset) return this.open(this.view);
    this.wanted = this.parameters();
    return this.open(this.view);
  }

  destroy() {
    this.abort?.abort();
    this.media.removeEventListener("change", this.onResize);
    this.grid.destroy();
  }
}

export function mountTable(root, options) {
  const table = new Table(root, options);
  return {
    refresh: () => table.refresh(),
    setState: (parameters) => table.setState(parameters),
    parameters: () => table.parameters(),
    destroy: () => table.destroy(),
  };
}
