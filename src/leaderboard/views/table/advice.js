// What to do when no row is left. Enters: a Dataset and the tests of a state. Leaves: words, and a change that helps.

import { count } from "./dom.js";
import { emptyState, passing } from "./query.js";

// The single test whose removal gives most rows back.
export function advise(dataset, tests) {
  const gains = [...tests.keys()].map((name) => ({ name, rows: passing(dataset, tests, name).length }));
  const best = gains.sort((a, b) => b.rows - a.rows)[0];
  if (!best?.rows) {
    const text = "No row matches all of this; loosening a single filter does not help. ";
    return { text, label: "Reset", mutate: () => emptyState() };
  }
  const column = dataset.byKey.get(best.name.replace(/^hide /, ""));
  const label = best.name === "q" ? "the search" : `the filter on ${column.filter_label}`;
  return {
    text: `No row matches all of this. Without ${label} there are ${count(best.rows)}. `,
    label: `Remove ${label}`,
    mutate: (state) => without(state, best.name),
  };
}

function without(state, name) {
  const { [name]: choice, ...choices } = state.choices;
  const { [name]: range, ...ranges } = state.ranges;
  const hidden = state.hidden.filter((key) => `hide ${key}` !== name);
  return { ...state, q: name === "q" ? "" : state.q, choices, ranges, hidden };
}
