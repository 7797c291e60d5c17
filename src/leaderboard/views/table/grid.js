// The grid: draws the rows that are seen, sorts on header clicks, moves by keyboard. Enters: a Dataset, row numbers,
// columns. Leaves: calls of `onSort`, and of `onNeed` for columns in sight whose data is not here. ARIA: grid, row, columnheader, rowheader, gridcell with absolute indices.

import { make } from "./dom.js";
import { firstSort } from "./query.js";

const ROW = { wide: 34, narrow: 52 };
const HEAD = 38;
const SPARE = 8;
const PADDING = { wide: 18, narrow: 10 };
const ARROW = 15;
const WIDTH = { rank: 60, number: 74, category: 118, text: 96, flag: 84, date: 98 };
const NAME = { wide: 300, narrow: 110, grow: 160 };
const HEAD_NARROW = 126;
const BLANK = "–";

export class Grid {
  constructor(root, { onSort, onNeed }) {
    Object.assign(this, { onSort, onNeed });
    this.head = make("div", { class: "lbt-head", role: "row", "aria-rowindex": "1" });
    this.body = make("div", { class: "lbt-body", role: "rowgroup" });
    this.canvas = make("div", { class: "lbt-canvas", role: "presentation" }, this.head, this.body);
    this.scroll = make("div", { class: "lbt-scroll", role: "grid", tabindex: "-1" }, this.canvas);
    this.tip = make("div", { class: "lbt-tip", role: "tooltip", hidden: true });
    this.shade = make("div", { class: "lbt-shade", "aria-hidden": "true", hidden: true });
    root.append(this.scroll, this.shade, this.tip);
    this.pen = document.createElement("canvas").getContext("2d");
    this.active = { row: -1, column: 0 };
    this.scroll.addEventListener("scroll", () => this.later(), { passive: true });
    for (const [event, on] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
      this.head.addEventListener(event, (e) => this.showTip(on ? e.target.closest(".lbt-th") : null));
    }
    this.scroll.addEventListener("keydown", (event) => this.onKey(event));
    this.scroll.addEventListener("focusin", (event) => this.onFocus(event));
    this.resize = new ResizeObserver(() => this.layout());
    this.resize.observe(this.scroll);
  }

  // `keepPlace`: the rows are those shown before, so neither scroll nor focus moves.
  show({ dataset, rows, columns, sort, banded, narrow, keepPlace }) {
    Object.assign(this, { dataset, rows, columns, sort, banded, narrow });
    this.scroll.classList.toggle("lbt-narrow", narrow);
    this.scroll.classList.add("lbt-ready");
    this.active.row = Math.min(this.active.row, rows.length - 1);
    this.active.column = Math.min(this.active.column, columns.length - 1);
    if (!keepPlace) this.scroll.scrollTop = 0;
    this.scroll.setAttribute("aria-label", dataset.title);
    this.scroll.setAttribute("aria-rowcount", String(rows.length + 1));
    this.scroll.setAttribute("aria-colcount", String(columns.length));
    this.layout();
  }

  get rowHeight() {
    return this.narrow ? ROW.narrow : ROW.wide;
  }

  layout() {
    if (!this.dataset) return;
    const widths = this.widths();
    const sticky = this.stickyOffsets(widths);
    this.canvas.style.setProperty("--lbt-columns", widths.map((width) => `${width}px`).join(" "));
    this.canvas.style.width = `${widths.reduce((a, b) => a + b, 0)}px`;
    this.body.style.height = `${this.rows.length * this.rowHeight}px`;
    this.scroll.style.height = `${Math.min(HEAD + this.rows.length * this.rowHeight + 16, Math.max(320, window.innerHeight * 0.72))}px`;
    this.offsets = sticky;
    this.columnWidths = widths;
    this.drawHead();
    this.draw();
  }

  widths() {
    const padding = this.narrow ? PADDING.narrow : PADDING.wide;
    const wanted = this.columns.map((column) => {
      if (column.sticky) return this.narrow ? NAME.narrow : NAME.wide;
      const whole = this.textWidth(this.headLabel(column), "600 13px") + ARROW + padding;
      const label = this.narrow ? Math.min(whole, HEAD_NARROW) : whole;
      const font = this.narrow && column.kind === "rank" ? "12px" : "14px";
      const content = column.numeric && column.loaded ? this.textWidth("0".repeat(column.longest(this.narrow)), font) + padding : 0;
      const ends = this.narrow && column.hasIntervals ? this.textWidth("0".repeat(2 * column.longest() + 1), "11px") + padding : 0;
      return Math.ceil(Math.max(this.narrow ? 0 : column.width ?? WIDTH[column.kind], label, content, ends));
    });
    const spare = this.scroll.clientWidth - wanted.reduce((a, b) => a + b, 0);
    const main = this.columns.findIndex((column) => column.sticky);
    if (main >= 0 && spare > 0) wanted[main] += this.narrow ? spare : Math.min(spare, NAME.grow);
    return wanted;
  }

  textWidth(text, font) {
    this.pen.font = `${font} ${getComputedStyle(this.scroll).fontFamily}`;
    return this.pen.measureText(text).width;
  }

  // Left offsets of the columns up to and with the sticky one; they stay while the others scroll sideways.
  stickyOffsets(widths) {
    const last = this.columns.findIndex((column) => column.sticky);
    let left = 0;
    return widths.map((width, i) => {
      const own = i <= last ? left : null;
      left += width;
      return own;
    });
  }

  headLabel(column) {
    return column.unit ? `${column.label}, ${column.unit}` : column.label;
  }

  drawHead() {
    const key = this.sort.replace(/^-/, "");
    const focused = this.head.contains(document.activeElement);
    this.head.replaceChildren(...this.columns.map((column, i) => {
      const sorted = column.key === key ? (this.sort.startsWith("-") ? "descending" : "ascending") : "none";
      const arrow = sorted === "none" ? "" : sorted === "descending" ? "↓" : "↑";
      const cell = make("div", {
        class: `lbt-cell lbt-th ${column.numeric ? "lbt-number" : ""}`, role: "columnheader", "aria-sort": sorted,
        "aria-colindex": String(i + 1), tabindex: this.tabIndex(-1, i), "data-row": "-1", "data-column": String(i),
        "data-key": column.key, onclick: () => this.sortBy(column),
      }, make("span", { class: "lbt-label" }, this.headLabel(column)), make("span", { class: "lbt-arrow", "aria-hidden": "true" }, arrow));
      if (column.info) cell.setAttribute("aria-description", column.info);
      return this.place(cell, i);
    }));
    if (focused && this.active.row < 0) this.head.children[this.active.column]?.focus({ preventScroll: true });
  }

  // What a column means, below its header while the pointer or the focus is there.
  showTip(cell) {
    const column = cell && this.columns[Number(cell.dataset.column)];
    this.tip.hidden = !column?.info;
    if (this.tip.hidden) return;
    this.tip.textContent = column.info;
    const left = cell.getBoundingClientRect().left - this.scroll.getBoundingClientRect().left;
    this.tip.style.left = `${Math.max(0, Math.min(left, this.scroll.clientWidth - this.tip.offsetWidth - 8))}px`;
  }

  place(cell, i) {
    if (this.offsets[i] !== null) {
      cell.classList.add("lbt-stay");
      cell.style.left = `${this.offsets[i]}px`;
    }
    return cell;
  }

  tabIndex(row, column) {
    return this.active.row === row && this.active.column === column ? "0" : "-1";
  }

  sortBy(column) {
    const first = firstSort(column);
    const other = first.startsWith("-") ? column.key : `-${column.key}`;
    this.onSort(this.sort === first ? other : first);
  }

  later() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    if (!this.dataset) return;
    const focused = this.body.contains(document.activeElement);
    const first = Math.max(0, Math.floor(this.scroll.scrollTop / this.rowHeight) - SPARE);
    const last = Math.min(this.rows.length, Math.ceil((this.scroll.scrollTop + this.scroll.clientHeight) / this.rowHeight) + SPARE);
    const out = [];
    for (let at = first; at < last; at += 1) out.push(this.drawRow(at));
    const { row } = this.active;
    if (row >= 0 && row < first) out.unshift(this.drawRow(row));
    else if (row >= last && row < this.rows.length) out.push(this.drawRow(row));
    this.body.replaceChildren(...out);
    this.showMore();
    this.askForMissing();
    if (focused) this.cellAt(this.active.row, this.active.column)?.focus({ preventScroll: true });
  }

  // A shade on the right edge while columns lie beyond it.
  showMore() {
    const { scrollWidth, clientWidth, clientHeight, scrollLeft, offsetWidth } = this.scroll;
    this.shade.hidden = scrollWidth - clientWidth - scrollLeft < 4;
    this.shade.style.height = `${clientHeight}px`;
    this.shade.style.right = `${offsetWidth - clientWidth - 1}px`;
  }

  askForMissing() {
    const end = this.scroll.scrollLeft + this.scroll.clientWidth;
    let left = 0;
    const needed = this.columns.filter((column, i) => {
      const seen = left < end;
      left += this.columnWidths[i];
      return seen && !column.loaded;
    });
    if (needed.length) this.onNeed(needed);
  }

  drawRow(at) {
    const row = this.rows[at];
    const pinned = this.dataset.isPinned[row];
    const band = this.banded && !pinned && this.dataset.bands && this.dataset.bands[row] % 2 === 1;
    const node = make("div", {
      class: `lbt-row${pinned ? " lbt-pinned" : ""}${band ? " lbt-band" : ""}`, role: "row", "aria-rowindex": String(at + 2),
    }, ...this.columns.map((column, i) => this.place(this.drawCell(column, row, at, i), i)));
    node.style.transform = `translateY(${at * this.rowHeight}px)`;
    return node;
  }

  drawCell(column, row, at, i) {
    const cell = make("div", {
      class: `lbt-cell lbt-${column.kind}`, role: column.sticky ? "rowheader" : "gridcell",
      "aria-colindex": String(i + 1), tabindex: this.tabIndex(at, i), "data-row": String(at), "data-column": String(i),
    });
    if (!column.loaded) {
      cell.append(make("span", { class: "lbt-blank" }, "…"));
      return cell;
    }
    const text = column.text(row);
    if (text === "") {
      const word = column.kind === "flag" ? "no" : column.kind === "number" ? "not measured" : "unknown";
      cell.append(make("span", { class: "lbt-blank", title: word }, column.kind === "flag" ? "" : BLANK));
      cell.setAttribute("aria-label", word);
    } else if (column.sticky) cell.append(this.drawName(column, row, text), ...this.drawBadges(row));
    else if (column.hasIntervals) this.drawInterval(cell, column, row, text);
    else cell.append(this.drawText(column, row, text));
    return cell;
  }

  drawText(column, row, text) {
    const link = column.link(row);
    return link ? make("a", { href: link, tabindex: "-1" }, text) : make("span", { class: "lbt-text", title: column.numeric ? null : text }, text);
  }

  drawName(column, row, text) {
    const slash = text.lastIndexOf("/") + 1;
    const parts = [slash ? make("span", { class: "lbt-quiet" }, text.slice(0, slash)) : null, make("span", {}, text.slice(slash))];
    const link = column.link(row);
    const attributes = { class: "lbt-name", title: text };
    const away = link && /^https?:/.test(link) ? { target: "_blank", rel: "noopener" } : {};
    return link ? make("a", { ...attributes, href: link, ...away, tabindex: "-1" }, ...parts) : make("span", attributes, ...parts);
  }

  drawBadges(row) {
    const marked = this.dataset.columns.filter((c) => this.dataset.marks(c, row) && !(c.tells_apart && this.columns.includes(c)));
    return marked.map((column) => make("span", { class: `lbt-badge${column.tells_apart ? " lbt-plain" : ""}`, title: column.info || null }, column.badge));
  }

  // The number with a thin bar from lower to upper bound on the column's common scale.
  drawInterval(cell, column, row, text) {
    cell.append(make("span", { class: "lbt-value" }, text));
    const span = column.interval(row);
    const reach = column.intervalExtent();
    if (!span || !reach) return;
    const at = (value) => (100 * (value - reach.low)) / (reach.high - reach.low || 1);
    const bar = make("span", { class: "lbt-bar", "aria-hidden": "true" }, make("i"), make("b"));
    bar.firstChild.style.left = `${at(span.low)}%`;
    bar.firstChild.style.width = `${Math.max(1, at(span.high) - at(span.low))}%`;
    bar.lastChild.style.left = `${at(span.center)}%`;
    const [low, high] = [span.low, span.high].map((end) => end.toFixed(column.decimals));
    if (this.narrow) cell.append(make("span", { class: "lbt-ends" }, `${low}–${high}`));
    const words = `${column.level} % interval ${low} to ${high}`;
    cell.title = words;
    cell.setAttribute("aria-label", `${text}, ${words}`);
    cell.append(bar);
  }

  cellAt(row, column) {
    const holder = row < 0 ? this.head : this.body;
    return holder.querySelector(`[data-row="${row}"][data-column="${column}"]`);
  }

  onFocus(event) {
    const cell = event.target.closest("[data-row]");
    if (!cell) return;
    const before = this.cellAt(this.active.row, this.active.column);
    if (before) before.tabIndex = -1;
    this.active = { row: Number(cell.dataset.row), column: Number(cell.dataset.column) };
    cell.tabIndex = 0;
  }

  onKey(event) {
    const page = Math.max(1, Math.floor(this.scroll.clientHeight / this.rowHeight) - 2);
    const { row, column } = this.active;
    const [end, right] = [this.rows.length - 1, this.columns.length - 1];
    const all = event.ctrlKey || event.metaKey;
    const moves = {
      ArrowDown: [row + 1, column], ArrowUp: [row - 1, column], ArrowRight: [row, column + 1], ArrowLeft: [row, column - 1],
      PageDown: [row + page, column], PageUp: [row - page, column],
      Home: [all ? 0 : row, 0], End: [all ? end : row, right],
    };
    if (moves[event.key]) {
      event.preventDefault();
      const [to, across] = moves[event.key];
      this.focusCell(Math.max(-1, Math.min(end, to)), Math.max(0, Math.min(right, across)));
    } else if (event.key === "Enter" || (event.key === " " && row < 0)) {
      if (row < 0) {
        event.preventDefault();
        this.sortBy(this.columns[column]);
      } else if (event.target.tagName !== "A") this.cellAt(row, column)?.querySelector("a")?.click();
    }
  }

  focusCell(row, column) {
    const before = this.cellAt(this.active.row, this.active.column);
    if (before) before.tabIndex = -1;
    this.active = { row, column };
    if (row >= 0) this.scrollTo(row);
    const cell = this.cellAt(row, column);
    if (!cell) return;
    cell.tabIndex = 0;
    cell.focus({ preventScroll: true });
    if (this.offsets[column] === null) cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  scrollTo(row) {
    const top = row * this.rowHeight;
    const height = this.scroll.clientHeight - HEAD;
    if (top < this.scroll.scrollTop) this.scroll.scrollTop = top;
    else if (top + this.rowHeight > this.scroll.scrollTop + height) this.scroll.scrollTop = top + this.rowHeight - height;
    this.draw();
  }

  destroy() {
    this.resize.disconnect();
    for (const part of [this.scroll, this.shade, this.tip]) part.remove();
  }
}
