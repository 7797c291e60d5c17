// Two models against each other. Enters: `lb-view` events, the address (`pair.a`, `pair.b`) and compare/<board>.json.
// Texts go in as text.

import { make } from "../table/dom.js";
import { Guest } from "../table/guest.js";

class Pair {
  constructor(root, { board, isFirst }) {
    Object.assign(this, { root, board, address: new Guest("pair.", { board, isFirst }), turn: 0 });
    Object.assign(this, this.address.read());
    this.linked = Boolean(this.a || this.b);
    this.address.onRestore(root, ({ a, b }) => {
      if (!this.one || (a === this.a && b === this.b) || (!a && !b)) return;
      this.choose(a, b);
      this.compare();
    });
    document.addEventListener("lb-view", (event) => event.detail.board === board && this.follow(event.detail.view));
    const table = document.querySelector(`.lbt[data-board="${board}"]`);
    if (table?.dataset.view) this.follow(table.dataset.view);
  }

  async ask(parameters) {
    this.turn += 1;
    const { turn } = this;
    const answer = await fetch(`compare/${this.board}.json?${new URLSearchParams(parameters)}`, { cache: "no-cache" }).catch(() => null);
    const body = answer ? await answer.json().catch(() => null) : null;
    if (turn !== this.turn) return null;
    return answer?.ok ? body : { error: body?.error ?? "the server did not answer" };
  }

  // Another view: the two models stay where it has them too.
  async follow(view) {
    if (view === this.view) return;
    this.view = view;
    const body = await this.ask({ view });
    if (!body) return;
    this.root.hidden = !body.models?.length || body.models.length < 2;
    if (this.root.hidden) return;
    this.models = body.models;
    const missing = [this.a, this.b].filter((name) => name && !body.models.includes(name));
    [this.one, this.other] = ["First model", "Second model"].map((label) => make("select", {
      class: "lbt-within", "aria-label": label, onchange: () => this.chosen(),
    }, ...body.models.map((name) => make("option", { value: name }, name))));
    this.choose(this.a, this.b);
    this.result = make("div", { role: "status" });
    const notice = missing.length && this.linked ? make("p", { class: "lbc-missing" }, `Not in this view: ${missing.join(", ")}.`) : null;
    this.root.replaceChildren(make("h3", {}, "Is one better than the other?"), make("div", { class: "lbc-choice" }, this.one, "against", this.other), ...(notice ? [notice] : []), this.result);
    await this.compare();
    if (this.linked) this.root.scrollIntoView({ block: "center" });
    this.linked = false;
  }

  // The two that are named where the view has them; else its best ones.
  choose(a, b) {
    const others = this.models.filter((name) => name !== a && name !== b);
    this.one.value = this.models.includes(a) ? a : others[0];
    this.other.value = this.models.includes(b) ? b : others.find((name) => name !== this.one.value);
  }

  chosen() {
    this.address.write({ a: this.one.value, b: this.other.value }, true);
    return this.compare();
  }

  async compare() {
    [this.a, this.b] = [this.one.value, this.other.value];
    if (this.a === this.b) {
      this.turn += 1;
      this.result.replaceChildren(make("p", { class: "lbc-verdict" }, "Choose two different models."));
      return;
    }
    const body = await this.ask({ view: this.view, a: this.a, b: this.b });
    if (!body) return;
    if (body.error) {
      this.result.replaceChildren(make("p", { class: "lbc-verdict" }, body.error));
      return;
    }
    const facts = body.facts.flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]);
    this.result.replaceChildren(make("p", { class: "lbc-verdict" }, body.sentence), make("dl", {}, ...facts));
  }
}

export function mountPair(root, options) {
  return new Pair(root, options);
}
