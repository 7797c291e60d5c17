// Plots of the view that the board's table shows. Enters: `lb-view` events and plots/<board>.json. Everything from
// outside goes in as text; figures are drawn by plotly.js, which is loaded once, when the first plot comes into sight.

import { make } from "../table/dom.js";

const NEAR = "400px";
let drawing = null;

function loadLibrary(url) {
  drawing ??= new Promise((done, failed) => {
    const script = make("script", { src: new URL(url, document.baseURI).href, onload: () => done(window.Plotly), onerror: () => failed(new Error("the drawing library did not load")) });
    document.head.append(script);
  });
  drawing.catch(() => { drawing = null; });
  return drawing;
}

// Colours of text and lines by the theme of the page; figures carry none.
function themed(root) {
  const style = getComputedStyle(root);
  const token = (name) => style.getPropertyValue(name).trim();
  const axis = { color: token("--lb-muted"), gridcolor: token("--lb-line"), linecolor: token("--lb-line") };
  return { ink: token("--lb-ink"), ground: token("--lb-ground"), line: token("--lb-line"), font: style.fontFamily, axis };
}

const NARROW = 480;
const SHORT = 20;

// Names beside a narrow plot are cut: in full they stand in the table and, escaped by the server, where one points.
const shortened = (names) => names?.map((name) => (name.length > SHORT && !name.includes("&") ? `${name.slice(0, SHORT - 1)}…` : name));

function layoutOf(plot, theme, width) {
  const layout = structuredClone(plot.figure.layout);
  if (width < NARROW && layout.yaxis?.ticktext) layout.yaxis.ticktext = shortened(layout.yaxis.ticktext);
  return {
    ...layout, autosize: true, font: { family: theme.font, size: 12, color: theme.ink },
    xaxis: { ...layout.xaxis, ...theme.axis }, yaxis: { ...layout.yaxis, ...theme.axis },
    hoverlabel: { ...layout.hoverlabel, bgcolor: theme.ground, bordercolor: theme.line, font: { color: theme.ink } },
  };
}

class Plots {
  constructor(root, { board, library }) {
    Object.assign(this, { root, board, library, drawn: [] });
    this.turn = 0;
    this.sight = new IntersectionObserver((seen) => {
      if (seen.some((entry) => entry.isIntersecting)) this.show();
    }, { rootMargin: NEAR });
    this.sight.observe(root);
    this.onView = (event) => event.detail.board === board && this.follow(event.detail.view);
    document.addEventListener("lb-view", this.onView);
    this.theme = new MutationObserver(() => this.restyle());
    for (const node of [document.body, document.documentElement]) this.theme.observe(node, { attributeFilter: ["class"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.restyle());
    root.replaceChildren(make("div", { class: "lbp-wait" }));
    const table = root.ownerDocument.querySelector(`.lbt[data-board="${board}"]`);
    if (table?.dataset.view) this.follow(table.dataset.view);
  }

  // Another view: what is drawn is of no more use.
  follow(view) {
    if (view === this.view) return;
    this.view = view;
    this.wanted = true;
    this.turn += 1;
    this.abort?.abort();
    const box = this.root.getBoundingClientRect();
    if (box.height && box.top < window.innerHeight + Number.parseInt(NEAR, 10) && box.bottom > 0) this.show();
  }

  async show() {
    if (!this.wanted || !this.view || this.root.offsetParent === null) return;
    this.wanted = false;
    const { turn, view } = this;
    this.abort = new AbortController();
    this.root.setAttribute("aria-busy", "true");
    try {
      const url = `plots/${this.board}.json?${new URLSearchParams({ view })}`;
      const answer = await fetch(url, { signal: this.abort.signal, cache: "no-cache" });
      const body = await answer.json().catch(() => null);
      if (!answer.ok || !body) throw new Error(body?.error ?? `the server answered ${answer.status}`);
      if (turn !== this.turn) return;
      const plotly = body.plots.length ? await loadLibrary(this.library) : null;
      if (turn !== this.turn) return;
      this.draw(body.plots, plotly);
    } catch (error) {
      if (turn !== this.turn || error.name === "AbortError") return;
      this.fail(error);
    }
    this.root.removeAttribute("aria-busy");
  }

  draw(plots, plotly) {
    this.clear();
    const theme = themed(this.root);
    const config = { displaylogo: false, responsive: true, modeBarButtons: [["toImage"]], displayModeBar: "hover" };
    this.root.replaceChildren(...plots.map((plot) => {
      const stage = make("div", { class: "lbp-stage", role: "img", "aria-label": plot.alt, style: `height:${plot.height}px` });
      this.drawn.push({ plot, stage });
      return make("figure", { class: "lbp-figure", "data-plot": plot.name }, make("figcaption", {}, make("h3", {}, plot.title), make("p", { class: "lbp-quiet" }, plot.subtitle)),
        stage, plot.note ? make("p", { class: "lbp-quiet" }, plot.note) : null, tableOf(plot));
    }));
    for (const { plot, stage } of this.drawn) plotly.newPlot(stage, plot.figure.data, layoutOf(plot, theme, stage.clientWidth), { ...config, toImageButtonOptions: { filename: `${this.board}_${plot.name}` } });
  }

  restyle() {
    if (!this.drawn.length) return;
    const theme = themed(this.root);
    for (const { plot, stage } of this.drawn) window.Plotly.react(stage, plot.figure.data, layoutOf(plot, theme, stage.clientWidth), { displaylogo: false, responsive: true, modeBarButtons: [["toImage"]] });
  }

  fail(error) {
    this.clear();
    const again = () => {
      this.wanted = true;
      this.show();
    };
    this.root.replaceChildren(make("p", { class: "lbp-bad", role: "status" }, `The plots could not be loaded: ${error.message}. `, make("button", { type: "button", class: "lbt-button", onclick: again }, "Try again")));
  }

  clear() {
    for (const { stage } of this.drawn) window.Plotly?.purge(stage);
    this.drawn = [];
  }
}

// The same figures as a table, filled when it is opened.
function tableOf(plot) {
  const fold = make("details", { class: "lbp-table" }, make("summary", {}, "As a table"));
  fold.addEventListener("toggle", () => {
    if (!fold.open || fold.querySelector("table")) return;
    const head = make("tr", {}, ...plot.headers.map((text) => make("th", { scope: "col" }, text)));
    const rows = plot.rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", { class: typeof cell === "number" ? "lbp-number" : "" }, cell === null ? "–" : typeof cell === "number" ? cell.toLocaleString("en") : cell))));
    const copy = make("button", { type: "button", class: "lbt-button", onclick: async () => {
      await navigator.clipboard.writeText(csv(plot)).then(() => { copy.textContent = "Copied"; }, () => { copy.textContent = "Not allowed here"; });
      setTimeout(() => { copy.textContent = "Copy as CSV"; }, 1500);
    } }, "Copy as CSV");
    fold.append(copy, make("div", { class: "lbp-rows", tabindex: "0", role: "region", "aria-label": plot.title }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))));
  });
  return fold;
}

function csv({ headers, rows }) {
  const cell = (value) => {
    const text = value === null ? "" : String(value);
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [headers, ...rows].map((row) => row.map(cell).join(",")).join("\n");
}

export function mountPlots(root, options) {
  return new Plots(root, options);
}
