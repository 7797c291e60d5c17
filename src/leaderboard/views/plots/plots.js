// The plots of a tab: fetched when they come near the screen, always those of the view its table shows.
//
//   mountPlots(element, { tab, library, view, follows })
//     tab      name in the route plots/<tab>.json; the table of that name is followed
//     library  address of plotly.js
//     view     what to show where there is no table on the page, optional
//     follows  whether to wait for a table that says its view; where not told, whether there is one now
//   -> { destroy() }

import { followTheme, make } from "../table/dom.js";

const NEAR = "200px 0px";
const SKELETON = 320;

class Plots {
  constructor(root, { tab, library, view = null, follows = null }) {
    Object.assign(this, { root, tab, library, turn: 0, figures: [], open: new Set(), seen: false });
    followTheme();
    root.classList.add("lbp");
    const table = document.querySelector(`.lbt[data-board="${CSS.escape(tab)}"]`);
    this.follows = follows ?? Boolean(table);
    this.view = this.follows ? table?.dataset.view ?? null : view;
    this.wait();
    this.onView = ({ detail }) => detail.board === this.tab && this.show(detail.view);
    document.addEventListener("lb-view", this.onView);
    this.near = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      this.near.disconnect();
      this.seen = true;
      this.load();
    }, { rootMargin: NEAR });
    this.near.observe(root);
    this.theme = new MutationObserver(() => this.redress());
    for (const node of [document.documentElement, document.body]) this.theme.observe(node, { attributes: true, attributeFilter: ["class"] });
    this.dark = window.matchMedia("(prefers-color-scheme: dark)");
    this.onDark = () => this.redress();
    this.dark.addEventListener("change", this.onDark);
  }

  // What the table shows now, also when the same view has newer figures.
  show(view) {
    if (!this.root.isConnected) return this.destroy();
    this.view = view;
    if (this.seen) this.load();
  }

  // Room for plots that are on their way; nothing of another view stays to be seen.
  wait() {
    this.root.hidden = false;
    this.root.style.minHeight = `${Math.max(this.root.offsetHeight, SKELETON)}px`;
    this.clear();
    this.root.setAttribute("aria-busy", "true");
    this.root.replaceChildren(make("div", { class: "lbp-skeleton", role: "status" }, "Loading plots"));
  }

  clear() {
    this.figures.forEach((figure) => figure.destroy());
    this.figures = [];
    delete this.root.dataset.shown;
  }

  // Only the newest call may draw: an earlier one that answers late is aborted and dropped.
  async load() {
    if (this.follows && this.view === null) return;
    this.turn += 1;
    const turn = this.turn;
    this.abort?.abort();
    this.abort = new AbortController();
    const view = this.view;
    const isNew = this.root.dataset.shown !== (view ?? "");
    if (isNew) this.wait();
    try {
      const { body, tag } = await this.fetchCharts(view);
      const { Figure } = await import("./figure.js");
      if (turn !== this.turn) return;
      if (!isNew && tag !== null && tag === this.tag) return;
      this.tag = tag;
      this.draw(body, view, Figure);
    } catch (error) {
      if (turn === this.turn && error.name !== "AbortError") this.fail(error);
    }
  }

  async fetchCharts(view) {
    const query = new URLSearchParams(view ? { view } : {});
    const answer = await fetch(`plots/${this.tab}.json?${query}`, { signal: this.abort.signal, cache: "no-cache" });
    const body = await answer.json().catch(() => null);
    if (!answer.ok || body === null) throw new Error(body?.error ?? `the server answered ${answer.status}`);
    return { body, tag: answer.headers.get("ETag") };
  }

  draw(charts, view, Figure) {
    this.clear();
    this.root.removeAttribute("aria-busy");
    this.root.style.minHeight = "";
    this.root.hidden = charts.length === 0;
    this.root.dataset.shown = view ?? "";
    this.figures = charts.map((chart) => new Figure(chart, {
      library: this.library, isOpen: this.open.has(chart.name),
      onToggle: (isOpen) => (isOpen ? this.open.add(chart.name) : this.open.delete(chart.name)),
    }));
    this.root.replaceChildren(...this.figures.map((figure) => figure.element));
  }

  fail(error) {
    this.clear();
    this.root.removeAttribute("aria-busy");
    this.root.style.minHeight = "";
    const again = make("button", { type: "button", class: "lbp-button", onclick: () => this.load() }, "Try again");
    this.root.replaceChildren(make("p", { class: "lbp-fail", role: "alert" }, `The plots could not be loaded: ${error.message}. `, again));
  }

  redress() {
    this.figures.forEach((figure) => figure.later());
  }

  destroy() {
    this.abort?.abort();
    this.turn += 1;
    this.near.disconnect();
    this.theme.disconnect();
    this.dark.removeEventListener("change", this.onDark);
    document.removeEventListener("lb-view", this.onView);
    this.clear();
  }
}

export function mountPlots(root, options) {
  const plots = new Plots(root, options);
  return { destroy: () => plots.destroy() };
}
