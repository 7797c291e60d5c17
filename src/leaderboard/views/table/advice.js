// Words around the rows: how to read them, what was left out, what to do when none is left. Enters: a Dataset and what
// was asked of it. Leaves: text, and a change that helps.

import { count } from "./dom.js";
import { emptyState, parseSearch, passing, searchFields } from "./query.js";

// What is shown, and how to read its marks.
export function legend(dataset, columns, banded) {
  const { title, as_of: asOf, revision, source, bands } = dataset;
  const levels = [...new Set(columns.filter((column) => column.hasIntervals).map((column) => column.level))];
  const bars = levels.length ? ` Bars are ${levels.join(" or ")} % intervals, on one scale a column.` : "";
  const shades = banded && bands?.some((band) => band > 0) ? " Rows on one shade cannot be told apart from the first of them." : "";
  return `${title}. ${asOf ? `As of ${asOf}, revision` : "Revision"} ${revision}, from ${source}. – means not measured.${bars}${shades}`;
}

// What an address or the data set shown before asked for in vain; empty when nothing.
export function notices(dataset, { unknown, ignored, pinnedTo }) {
  const parts = [];
  if (unknown) parts.push(`There is no data set ${unknown} here; shown is ${dataset.title}.`);
  if (ignored.length) parts.push(`Not known here and left out: ${ignored.join(", ")}.`);
  if (pinnedTo && pinnedTo !== dataset.revision) parts.push(`The link was made for data revision ${pinnedTo}; shown is ${dataset.revision}.`);
  return parts.join(" ");
}

// Names of columns that a search looked for in vain, with those there are.
export function searchHint(text, dataset) {
  const strange = parseSearch(text, dataset).unknown.map((name) => `@${name}`);
  return strange.length ? `No column ${strange.join(", ")} to search in; there are ${searchFields(dataset).join(", ")}.` : "";
}

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
