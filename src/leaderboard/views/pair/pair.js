// Two models against each other. Enters: `lb-view` events and compare/<board>.json. Texts go in as text.

import { make } from "../table/dom.js";

class Pair {
  constructor(root, { board }) {
    Object.assign(this, { root, board, turn: 0 });
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
    const keep = (name, other) => (body.models.includes(name) ? name : other);
    const choice = [keep(this.a, body.models[0]), keep(this.b, body.models[1])];
    [this.one, this.other] = choice.map((chosen, i) => {
      const select = make("select", { class: "lbt-within", "aria-label": i ? "Second model" : "First model", onchange: () => this.compare() },
        ...body.models.map((name) => make("option", { value: name }, name)));
      select.value = chosen;
      return select;
    });
    this.result = make("div", { role: "status" });
    this.root.replaceChildren(make("h3", {}, "Is one better than the other?"), make("div", { class: "lbc-choice" }, this.one, "against", this.other), this.result);
    await this.compare();
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
