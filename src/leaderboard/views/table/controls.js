// The controls above the grid: search, filters with counts, columns, downloads. Enters: a Dataset and a state. Leaves:
// calls of `change(mutate)`, which alters the state and draws again. Nothing here knows what the columns mean.

import { count, make, popover } from "./dom.js";
import { countChoices, firstSort, inOrder, passing, tests } from "./query.js";

const STEPS = 1000;
const MANY = 12;

function toggled(list, value, on) {
  const rest = list.filter((item) => item !== value);
  return on ? [...rest, value] : rest;
}

function checkbox(label, number, checked, onchange) {
  const input = make("input", { type: "checkbox", checked, onchange: (event) => onchange(event.target.checked) });
  const text = make("span", { class: "lbt-option" }, label);
  return make("label", { class: "lbt-check" }, input, text, number === null ? null : make("span", { class: "lbt-count" }, count(number)));
}

// Slider position 0..STEPS <-> value; logarithmic where the data spans more than a factor of 100.
function axis({ low, high }, values, scale) {
  let least = Infinity;
  for (const value of values) if (value > 0 && value < least) least = value;
  const from = low > 0 ? low : least / scale;
  if (!(high / from > 100)) {
    return { at: (p) => low + (p / STEPS) * (high - low), of: (v) => (STEPS * (v - low)) / (high - low || 1) };
  }
  const span = Math.log(high / from);
  return { at: (p) => (p <= 0 ? low : from * Math.exp((span * p) / STEPS)), of: (v) => (v <= from ? 0 : (STEPS * Math.log(v / from)) / span) };
}

export class Controls {
  constructor(root, { change, ensure, reset, link, downloadUrl }) {
    Object.assign(this, { change, ensure, downloadUrl });
    this.search = make("input", {
      type: "search", class: "lbt-search", placeholder: "Search: this; that; @column:value", "aria-label": "Search. Separate alternatives with ; and name a column with @column:value",
      oninput: () => this.searchSoon(),
      onkeydown: (event) => {
        if (event.key !== "Escape" || !this.search.value) return;
        this.search.value = "";
        this.searchNow();
      },
    });
    this.filters = popover("Filters", "lbt-filters", (panel) => this.fillFilters(panel));
    this.columns = popover("Columns", "lbt-columns", (panel) => this.fillColumns(panel));
    this.downloads = popover("Download", "lbt-downloads", (panel) => this.fillDownloads(panel));
    this.score = make("select", { class: "lbt-score", "aria-label": "Column shown, sorted by it", onchange: () => this.sortByScore() });
    this.link = make("button", { type: "button", class: "lbt-button", onclick: link }, "Copy link");
    this.reset = make("button", { type: "button", class: "lbt-button lbt-reset", onclick: reset }, "Reset");
    this.status = make("span", { class: "lbt-status", role: "status" });
    root.append(this.search, this.filters.box, this.columns.box, this.score, this.downloads.box, this.link, this.reset, this.status);
  }

  searchSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.searchNow(), 16);
  }

  searchNow() {
    clearTimeout(this.timer);
    this.change((state) => ({ ...state, q: this.search.value }));
  }

  // On a phone one column is shown at a time, and the rows are in its order.
  sortByScore() {
    const sort = firstSort(this.dataset.byKey.get(this.score.value));
    this.change((state) => ({ ...state, sort }));
  }

  show({ dataset, state, rows, total, columns, phoneKey, changed }) {
    Object.assign(this, { dataset, state, shownColumns: columns });
    if (document.activeElement !== this.search) this.search.value = state.q;
    this.status.textContent = `${rows === total ? "" : `${count(rows)} of `}${count(total)} ${total === 1 ? "row" : "rows"}`;
    this.reset.hidden = !changed;
    const set = Object.keys(state.choices).length + Object.keys(state.ranges).length + state.hidden.length;
    this.filters.summary.textContent = set ? `Filters (${set})` : "Filters";
    this.filters.update();
    const others = dataset.columns.filter((column) => !column.sticky && column.kind !== "rank");
    this.score.replaceChildren(...others.map((column) => make("option", { value: column.key }, column.label)));
    this.score.value = phoneKey;
  }

  fillFilters(panel) {
    const keys = this.dataset.columns.filter((column) => column.filter !== "none").map((column) => column.key);
    if (this.dataset.missing(keys).length) {
      panel.textContent = "Loading…";
      this.ensure(keys).then(() => this.filters.update());
      return;
    }
    const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const open = new Map([...panel.querySelectorAll("[data-scroll]")].map((box) => [box.dataset.scroll, box.scrollTop]));
    const parts = this.dataset.columns.map((column) => this.filterOf(column)).filter(Boolean);
    const hides = this.dataset.columns.filter((column) => column.filter === "hide");
    if (hides.length) parts.push(this.hideGroup(hides));
    panel.replaceChildren(...parts);
    for (const box of panel.querySelectorAll("[data-scroll]")) box.scrollTop = open.get(box.dataset.scroll) ?? 0;
    panel.querySelectorAll("input").forEach((input, i) => { input.dataset.id = `${i}`; });
    if (focused) panel.querySelector(`[data-id="${focused}"]`)?.focus();
  }

  filterOf(column) {
    if (column.filter === "choices") return this.choiceGroup(column);
    return column.filter === "range" && column.extent() ? this.rangeGroup(column) : null;
  }

  group(title, ...children) {
    return make("fieldset", { class: "lbt-group" }, make("legend", {}, title), ...children);
  }

  rowsWithout(name) {
    return passing(this.dataset, tests(this.state, this.dataset), name);
  }

  choiceGroup(column) {
    const wanted = this.state.choices[column.key] ?? [];
    const counts = countChoices(column, this.rowsWithout(column.key));
    const totals = countChoices(column, passing(this.dataset, new Map()));
    const values = [...totals.keys()].sort((a, b) => totals.get(b) - totals.get(a));
    const set = (value, on) => this.change((state) => {
      const choices = { ...state.choices, [column.key]: toggled(wanted, value, on) };
      if (!choices[column.key].length) delete choices[column.key];
      return { ...state, choices };
    });
    const boxes = values.map((value) => checkbox(value || "unknown", counts.get(value) ?? 0, wanted.includes(value), (on) => set(value, on)));
    const list = make("div", { class: `lbt-options${values.length > MANY ? " lbt-many" : ""}`, "data-scroll": column.key }, ...boxes);
    return this.group(column.filter_label, list);
  }

  hideGroup(columns) {
    const boxes = columns.map((column) => {
      const rows = this.rowsWithout(`hide ${column.key}`);
      const number = rows.reduce((sum, row) => sum + column.flags[row], 0);
      const set = (on) => this.change((state) => ({ ...state, hidden: toggled(state.hidden, column.key, on) }));
      return checkbox(column.filter_label, number, this.state.hidden.includes(column.key), set);
    });
    return this.group("Hide", ...boxes);
  }

  rangeGroup(column) {
    const extent = column.extent();
    const { low = null, high = null, missing = false } = this.state.ranges[column.key] ?? {};
    const scale = axis(extent, column.values, column.scale);
    const round = (value) => Number(value.toPrecision(3));
    const set = (from, to, keep) => this.change((state) => {
      const ranges = { ...state.ranges, [column.key]: { ...inOrder(from, to), missing: keep } };
      if (from === null && to === null) delete ranges[column.key];
      return { ...state, ranges };
    });
    const slider = (name, value, write) => make("input", {
      type: "range", min: 0, max: STEPS, step: 1, value: String(Math.round(scale.of(value))), "aria-label": `${column.filter_label}, ${name}`,
      "aria-valuetext": `${round(value)} ${column.unit}`, onchange: (event) => write(Number(event.target.value)),
      oninput: (event) => {
        event.target.closest(".lbt-group").querySelector(`[placeholder=${name}]`).value = String(round(scale.at(Number(event.target.value))));
      },
    });
    const number = (name, value, write) => make("input", {
      type: "number", class: "lbt-bound", step: "any", value: value === null ? "" : String(value), placeholder: name,
      "aria-label": `${column.filter_label}, ${name}, ${column.unit}`, onchange: (event) => write(event.target.value === "" ? null : Number(event.target.value)),
    });
    const least = (p) => set(p <= 0 ? null : round(scale.at(p)), high, missing);
    const most = (p) => set(low, p >= STEPS ? null : round(scale.at(p)), missing);
    const unknown = this.rowsWithout(column.key).filter((row) => Number.isNaN(column.values[row])).length;
    const sliders = make("div", { class: "lbt-range" }, slider("from", low ?? extent.low, least), slider("to", high ?? extent.high, most));
    const bounds = make("div", { class: "lbt-bounds" }, number("from", low, (v) => set(v, high, missing)), "to", number("to", high, (v) => set(low, v, missing)), column.unit ?? "");
    const keep = low === null && high === null ? null : checkbox("also unknown", unknown, missing, (on) => set(low, high, on));
    return this.group(`${column.filter_label}${column.unit ? `, ${column.unit}` : ""}`, sliders, bounds, keep);
  }

  fillColumns(panel) {
    const shown = this.shownColumns.map((column) => column.key);
    const set = (key, on) => {
      const keys = this.dataset.columns.map((column) => column.key).filter((other) => (other === key ? on : shown.includes(other)));
      this.change((state) => ({ ...state, cols: keys })).then(() => this.columns.update());
    };
    const boxes = this.dataset.columns.filter((column) => !column.sticky);
    const focused = [...panel.querySelectorAll("input")].indexOf(document.activeElement);
    const usual = make("button", { type: "button", class: "lbt-button", disabled: !this.state.cols.length, onclick: () => (
      this.change((state) => ({ ...state, cols: [] })).then(() => this.columns.update())) }, "The usual columns");
    panel.replaceChildren(...boxes.map((column) => checkbox(column.label, null, shown.includes(column.key), (on) => set(column.key, on))), usual);
    panel.querySelectorAll("input")[focused]?.focus();
  }

  fillDownloads(panel) {
    const line = (title, everything) => make("p", { class: "lbt-links" }, make("span", {}, title), ...["csv", "json", "parquet"].map((kind) => (
      make("a", { href: this.downloadUrl(kind, everything), download: "" }, kind.toUpperCase()))));
    panel.replaceChildren(line("What is shown", false), line("Everything", true));
  }
}
