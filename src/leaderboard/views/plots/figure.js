// One plot: heading, drawing, and the same figures as a table. Drawn when it comes near the screen.

import { make } from "../table/dom.js";
import { dress, hideCrowded, readTokens } from "./dress.js";

const CONFIG = { displayModeBar: false, displaylogo: false, scrollZoom: false, doubleClick: false, showTips: false };
const NEAR = "300px 0px";
const loading = new Map();

// plotly.js, once a page however many plots there are; a failed load can be tried again.
export function loadPlotly(url) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  if (!loading.has(url)) {
    loading.set(url, new Promise((resolve, reject) => {
      const script = make("script", { src: new URL(url, document.baseURI).href, async: true });
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        loading.delete(url);
        script.remove();
        reject(new Error("the drawing library did not arrive"));
      };
      document.head.append(script);
    }));
  }
  return loading.get(url);
}

function quoted(value) {
  const text = value === null ? "" : String(value);
  const safe = /^[=+\-@\t]/.test(text) && typeof value === "string" ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

// The table as CSV; text that a spreadsheet would run as a formula is quoted as text.
export function toCsv({ headers, rows }) {
  return [headers, ...rows].map((row) => row.map(quoted).join(",")).join("\r\n");
}

function cell(value, decimals) {
  const isNumber = decimals !== null;
  const shown = isNumber && value !== null ? value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }) : value;
  return make("td", { class: isNumber ? "lbp-number" : null }, shown ?? "–");
}

export class Figure {
  constructor(chart, { library, isOpen, onToggle }) {
    Object.assign(this, { chart, library, isOpen });
    this.onToggle = onToggle;
    this.stage = make("div", { class: "lbp-stage", role: "img", "aria-label": chart.alt, "aria-busy": "true" });
    this.stage.style.height = `${chart.height}px`;
    this.status = make("span", { class: "lbp-status", role: "status" });
    this.element = make("figure", { class: "lbp-figure", "data-name": chart.name },
      make("figcaption", { class: "lbp-head" },
        make("h3", { class: "lbp-title" }, chart.title),
        make("p", { class: "lbp-subtitle" }, chart.subtitle)),
      this.stage,
      chart.note ? make("p", { class: "lbp-note" }, chart.note) : null,
      this.tools());
    this.watch();
  }

  tools() {
    const button = (label, act) => make("button", { type: "button", class: "lbp-button", onclick: act }, label);
    const fold = make("details", { class: "lbp-fold", open: this.isOpen }, make("summary", { onclick: () => fill() }, "As a table"));
    const fill = () => fold.childElementCount === 1 && fold.append(this.table());
    fold.addEventListener("toggle", () => {
      if (fold.open) fill();
      this.onToggle(fold.open);
    });
    if (this.isOpen) fill();
    const actions = make("div", { class: "lbp-actions" }, button("Copy CSV", () => this.copy()), button("Save as PNG", () => this.save()), this.status);
    return make("div", { class: "lbp-tools" }, fold, actions);
  }

  table() {
    const { headers, rows, decimals } = this.chart.table;
    const head = make("tr", {}, ...headers.map((text, i) => make("th", { scope: "col", class: decimals[i] === null ? null : "lbp-number" }, text)));
    const body = rows.map((row) => make("tr", {}, ...row.map((value, i) => cell(value, decimals[i]))));
    const table = make("table", {}, make("caption", {}, this.chart.title), make("thead", {}, head), make("tbody", {}, ...body));
    return make("div", { class: "lbp-scroll", tabindex: 0, role: "region", "aria-label": `${this.chart.title}, as a table` }, table);
  }

  watch() {
    this.near = new IntersectionObserver((seen) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      this.near.disconnect();
      this.start();
    }, { rootMargin: NEAR });
    this.near.observe(this.stage);
    this.size = new ResizeObserver(() => this.later());
  }

  async start() {
    try {
      this.plotly = await loadPlotly(this.library);
      if (this.gone) return;
      await this.draw();
      this.size.observe(this.element);
    } catch (error) {
      if (!this.gone) this.fail(error);
    }
  }

  // Draws as the page looks now; a hidden tab has no width and is drawn when it is back.
  async draw() {
    const width = Math.floor(this.element.clientWidth);
    if (this.gone || !this.plotly || !width) return;
    const tokens = readTokens(this.element);
    const look = JSON.stringify([width, tokens]);
    if (look === this.look) return;
    this.look = look;
    const { data, layout } = dress(this.chart.figure, tokens, width);
    await this.plotly.react(this.stage, data, layout, layout.dragmode ? { ...CONFIG, doubleClick: "reset" } : CONFIG);
    if (this.gone) return;
    this.hidden = hideCrowded(this.stage);
    this.stage.removeAttribute("aria-busy");
  }

  later() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  fail(error) {
    this.stage.removeAttribute("aria-busy");
    const again = make("button", { type: "button", class: "lbp-button", onclick: () => { this.stage.replaceChildren(); this.start(); } }, "Try again");
    this.stage.replaceChildren(make("p", { class: "lbp-fail" }, `The plot could not be drawn: ${error.message}. `, again));
  }

  say(text) {
    this.status.textContent = text;
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => { this.status.textContent = ""; }, 2000);
  }

  async copy() {
    const text = toCsv(this.chart.table);
    try {
      await navigator.clipboard.writeText(text);
      this.say("Copied");
    } catch {
      this.say("Copying is not allowed here; select the table instead");
    }
  }

  // The picture carries its title and its ground, since it leaves the page.
  async save() {
    if (!this.plotly) return;
    const width = Math.max(800, this.element.clientWidth);
    const tokens = readTokens(this.element);
    const { data, layout } = dress(this.chart.figure, tokens, width);
    const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const title = { text: escaped(this.chart.title), font: { size: 16 }, subtitle: { text: escaped(this.chart.subtitle), font: { size: 12, color: tokens.muted } }, x: 0.01, xanchor: "left", y: 1, yanchor: "top", yref: "container", pad: { t: 16 } };
    const head = layout.showlegend ? 104 : 72;
    const top = (layout.margin?.t ?? 8) + head;
    const annotations = layout.annotations.filter((words, i) => !this.hidden?.has(i));
    const framed = { ...layout, annotations, title, paper_bgcolor: tokens.ground, margin: { ...layout.margin, t: top }, height: layout.height + head };
    try {
      await this.plotly.downloadImage({ data, layout: framed }, { format: "png", scale: 2, width, height: framed.height, filename: this.chart.name });
      this.say("Saved");
    } catch (error) {
      this.say(`Not saved: ${error.message ?? error}`);
    }
  }

  destroy() {
    this.gone = true;
    this.near.disconnect();
    this.size.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.quiet);
    if (this.look) this.plotly.purge(this.stage);
  }
}
