// The texts behind a number, one place at a time. Enters: `lb-view` events, the address (`read.<name>=value`) and
// read/<board>.json, whose `html` the server made safe (texts/markdown.py). Everything else goes in as text.

import { make } from "../table/dom.js";
import { Guest } from "../table/guest.js";

const KEYS = { n: "next", j: "next", ArrowRight: "next", p: "previous", k: "previous", ArrowLeft: "previous", d: "jump" };
const AFTER_TABLE_MS = 200; // the table writes its address at most 150 ms after a change; see table/mount.js
const MOVES = ["wheel", "touchstart", "pointerdown", "keydown"];
const HOLD_MS = 10_000;

class Reader {
  constructor(root, { board, isFirst }) {
    Object.assign(this, { root, board, address: new Guest("read.", { board, isFirst }), turn: 0, awaited: null, shown: false, near: false });
    this.status = make("span", { class: "lbr-at", role: "status", "aria-live": "polite" });
    this.choices = make("div", { class: "lbr-choices" });
    this.steps = make("div", { class: "lbr-steps" });
    this.trouble = make("div", { class: "lbr-trouble", role: "alert" });
    this.parts = make("div", { class: "lbr-parts" });
    this.title = make("h3", {}, "The texts behind the numbers");
    this.origin = make("p", { class: "lbr-quiet" });
    root.replaceChildren(this.title, this.choices, this.steps, this.trouble, this.parts, this.origin);
    this.selection = this.address.read();
    this.linked = Object.keys(this.selection).length > 0;
    this.listen();
    const table = document.querySelector(`.lbt[data-board="${board}"]`);
    if (table?.dataset.view) this.follow(table.dataset.view);
  }

  listen() {
    const on = (target, name, act) => {
      const heard = (event) => (this.root.isConnected ? act(event) : target.removeEventListener(name, heard));
      target.addEventListener(name, heard);
    };
    on(document, "lb-view", (event) => event.detail.board === this.board && this.follow(event.detail.view));
    on(document, "lb-data-changed", () => this.near && this.load());
    this.address.onRestore(this.root, (wanted) => {
      const view = this.viewInAddress();
      if (view !== this.view) {
        this.awaited = { view, selection: wanted };
        return;
      }
      this.awaited = null;
      if (JSON.stringify(wanted) === JSON.stringify(this.selection)) return;
      this.selection = wanted;
      if (this.near) this.load();
    });
    on(document, "keydown", (event) => this.key(event));
    new IntersectionObserver(([entry]) => {
      this.near = entry.isIntersecting;
      if (this.near && this.view && !this.shown) this.load();
    }, { rootMargin: "400px" }).observe(this.root);
  }

  // The view that the address names; the board's first one where it names none, undefined while that is not known.
  viewInAddress() {
    return new URLSearchParams(location.search).get("view") ?? this.firstView;
  }

  // Another view of the board: its texts may be others, so the choices start anew unless a link or Back brought them.
  // The table writes the new view into the address after this: only then are the old choices taken out of it, or the
  // place that Back leads to would lose them.
  follow(view) {
    if (this.view === undefined && !new URLSearchParams(location.search).has("view")) this.firstView = view;
    if (view === this.view) return;
    if (this.awaited && (this.awaited.view ?? view) === view) {
      this.firstView ??= this.awaited.view === undefined ? view : undefined;
      this.selection = this.awaited.selection;
    } else if (this.view !== undefined) {
      this.selection = {};
      setTimeout(() => this.view === view && this.address.write(this.selection, false), AFTER_TABLE_MS);
    }
    this.awaited = null;
    this.view = view;
    this.shown = false;
    if (this.linked) this.hold();
    if (this.near || this.linked) this.load();
    this.linked = false;
  }

  // What arrives above a linked place, such as plots, pushes it down: it is held in sight until the visitor moves.
  hold() {
    const show = () => this.root.scrollIntoView({ block: "start" });
    const sizes = new ResizeObserver(show);
    const release = () => {
      sizes.disconnect();
      for (const name of MOVES) window.removeEventListener(name, release);
    };
    sizes.observe(document.body);
    for (const name of MOVES) window.addEventListener(name, release, { passive: true });
    setTimeout(release, HOLD_MS);
    show();
  }

  go(selection) {
    this.selection = { ...selection };
    this.address.write(this.selection, true);
    this.load();
  }

  async ask(more = {}) {
    const query = new URLSearchParams({ view: this.view, ...this.selection, ...more });
    const answer = await fetch(`read/${this.board}.json?${query}`, { cache: "no-cache" }).catch(() => null);
    const body = answer ? await answer.json().catch(() => null) : null;
    return answer?.ok && body ? body : { error: body?.error ?? "The server did not answer." };
  }

  async load() {
    this.turn += 1;
    const { turn } = this;
    this.root.setAttribute("aria-busy", "true");
    const body = await this.ask();
    if (turn !== this.turn) return;
    this.root.removeAttribute("aria-busy");
    if (body.error) {
      const again = make("button", { type: "button", class: "lbt-button", onclick: () => this.load() }, "Try again");
      const first = make("button", { type: "button", class: "lbt-button", onclick: () => this.go({}) }, "Start over");
      this.body = null;
      this.title.textContent = "These texts could not be read";
      this.status.textContent = this.origin.textContent = "";
      this.trouble.replaceChildren(make("p", {}, body.error), again, first);
      for (const part of [this.choices, this.steps, this.parts]) part.replaceChildren();
      return;
    }
    this.show(body);
  }

  show(body) {
    this.body = body;
    this.shown = true;
    this.trouble.replaceChildren();
    this.title.textContent = body.title;
    this.origin.textContent = body.origin;
    this.status.textContent = body.of ? `${body.at.toLocaleString("en")} of ${body.of.toLocaleString("en")}` : "";
    this.showChoices(body.choices);
    this.showSteps(body.steps);
    const cards = body.parts.map((part) => this.card(part));
    this.parts.replaceChildren(...(body.empty ? [make("p", { class: "lbr-empty" }, body.empty)] : cards));
  }

  showChoices(choices) {
    const focused = document.activeElement?.dataset?.choice;
    this.choices.replaceChildren(...choices.map((choice) => {
      const options = choice.options.map(([value, label, hint]) => make("option", { value }, hint ? `${label} (${hint})` : label));
      const select = make("select", { class: "lbt-within", "data-choice": choice.name,
        onchange: () => this.go({ ...this.chosen(), [choice.name]: select.value }) }, ...options);
      select.value = choice.value;
      return make("label", {}, make("span", { class: "lbr-quiet" }, choice.label), select);
    }));
    if (focused) [...this.choices.querySelectorAll("select")].find((one) => one.dataset.choice === focused)?.focus();
  }

  chosen() {
    return Object.fromEntries((this.body?.choices ?? []).map((choice) => [choice.name, choice.value]));
  }

  showSteps(steps) {
    const focused = this.steps.contains(document.activeElement) ? document.activeElement.textContent : null;
    const buttons = steps.map(([label, selection]) => make("button", { type: "button", class: "lbt-button", onclick: () => this.go(selection) }, label));
    const copy = make("button", { type: "button", class: "lbt-button", onclick: () => this.copy(copy) }, "Copy link");
    const jump = steps.find(([label]) => this.kindOf(label) === "jump")?.[0].replace(/^next /i, "");
    const hint = steps.length ? make("span", { class: "lbr-quiet lbr-keys" }, `Keys: j next, k previous${jump ? `, d ${jump}` : ""}`) : null;
    this.steps.replaceChildren(...buttons, this.status, copy, ...(hint ? [hint] : []));
    if (focused) buttons.find((button) => button.textContent === focused)?.focus();
  }

  async copy(button) {
    this.selection = this.chosen();
    this.address.write(this.selection, false);
    const done = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    button.textContent = done ? "Copied" : "Copy the address";
  }

  card(part) {
    const head = make("h4", {}, part.title);
    const facts = part.facts.length ? make("dl", {}, ...part.facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)))) : null;
    const safe = /^https?:\/\//i.test(part.link) ? part.link : null;
    const evidence = safe ? make("a", { href: safe, target: "_blank", rel: "nofollow noopener noreferrer" }, "Evidence") : null;
    const mark = part.mark ? make("p", { class: "lbr-mark" }, make("span", { "aria-hidden": "true" }, "\u26a0 "), part.mark, evidence ? " " : null, evidence) : null;
    const text = make("div", { class: "lbr-text", dir: "auto" });
    text.innerHTML = part.html;
    if (part.withheld) {
      const button = make("button", { type: "button", class: "lbt-button", onclick: () => this.reveal(part.key, text, button) }, "Show this text");
      text.replaceChildren(button);
    }
    const inside = part.folded ? make("details", {}, make("summary", {}, part.title), mark, facts, text) : null;
    const content = inside ? [inside] : [head, mark, facts, text];
    return make("article", { class: `lbr-card lbr-${part.role} lbr-side-${part.side}`, "aria-label": part.title }, ...content);
  }

  // Only what the visitor asked for is fetched; nothing is put into a place that has been left since.
  async reveal(key, text, button) {
    const { turn } = this;
    button.disabled = true;
    const body = await this.ask({ show: key });
    if (turn !== this.turn) return;
    const found = body.parts?.find((part) => part.key === key && !part.withheld);
    button.disabled = false;
    if (found) text.innerHTML = found.html;
    else text.replaceChildren(make("p", { role: "alert" }, body.error ?? "The server did not give this text."), button);
  }

  // "Next", and "Next question" where there is a choice of that name, go on; any other step jumps to something special.
  kindOf(label) {
    const [way, ...what] = label.toLowerCase().split(" ");
    const plain = !what.length || this.body.choices.some((choice) => choice.label.toLowerCase() === what.join(" "));
    return plain ? way : "jump";
  }

  key(event) {
    const wanted = KEYS[event.key];
    const other = event.target.closest?.("input, textarea, select, [contenteditable], .lbt, [role=tablist]");
    if (!wanted || other || event.ctrlKey || event.metaKey || event.altKey || this.root.offsetParent === null) return;
    if (event.key.startsWith("Arrow") && !this.near) return;
    const step = this.body?.steps.find(([label]) => this.kindOf(label) === wanted);
    if (this.shown && !step) return;
    event.preventDefault();
    if (!this.near) this.root.scrollIntoView({ block: "start" });
    if (step) this.go(step[1]);
  }
}

export function mountReader(root, options) {
  return new Reader(root, options);
}
