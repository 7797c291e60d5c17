// The query string of a table <-> state, and the rows a state chooses. The same grammar as boards/filters.py.

export const RESERVED = new Set(["view", "tab", "rev", "columns", "format", "__theme", "__sign", "logs"]);
const RANGE = /^(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)?\.\.(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)?$/;

// Between terms: a semicolon, or the space before "@column:".
const BREAK = /;|[ \t\n\r]+(?=@[^;:@]+:)/;

// Ordinary spaces only: the languages disagree about the others.
const trim = (text) => text.replace(/^[ \t\n\r]+|[ \t\n\r]+$/g, "");

export function emptyState() {
  return { q: "", sort: "", choices: {}, ranges: {}, hidden: [], cols: [] };
}

export function isEmpty(state) {
  const parts = [state.choices, state.ranges].map(Object.keys);
  return !state.q && !state.sort && !state.hidden.length && !state.cols.length && parts.every((keys) => !keys.length);
}

// State from URL parameters; what the data set does not know is left out and named in `ignored`.
export function parseState(parameters, dataset) {
  const state = emptyState();
  const ignored = [];
  for (const [name, value] of parameters) {
    const column = dataset.byKey.get(name.replace(/\.missing$/, ""));
    if (RESERVED.has(name)) continue;
    else if (name === "q") state.q = state.q ? `${state.q};${value}` : value;
    else if (name === "sort" && dataset.byKey.has(value.replace(/^-/, ""))) state.sort = value;
    else if (name === "hide" && dataset.byKey.get(value)?.kind === "flag") state.hidden.push(value);
    else if (name === "cols") state.cols.push(...value.split(",").filter((key) => dataset.byKey.has(key)));
    else if (column?.kind === "category" && name === column.key) (state.choices[name] ??= []).push(value);
    else if (column?.kind === "number" && name !== column.key) (state.ranges[column.key] ??= {}).missing = value === "1";
    else if (column?.kind === "number" && RANGE.test(value)) {
      const [, low, high] = RANGE.exec(value);
      const bounds = inOrder(low ? Number(low) : null, high ? Number(high) : null);
      state.ranges[name] = { missing: false, ...state.ranges[name], ...bounds };
    } else ignored.push(`${name}=${value}`);
  }
  for (const [key, range] of Object.entries(state.ranges)) if (range.low === undefined) delete state.ranges[key];
  return { state, ignored };
}

// Bounds given the wrong way round mean the same range.
export function inOrder(low, high) {
  return low !== null && high !== null && low > high ? { low: high, high: low } : { low, high };
}

// Choices that no row of this data set has, taken out of a state carried over from another; their names.
export function dropStrangers(state, dataset) {
  const gone = [];
  for (const [key, wanted] of Object.entries(state.choices)) {
    const { choices, codes } = dataset.byKey.get(key);
    const kept = wanted.filter((text) => (text === "" ? codes.includes(null) : choices.includes(text)));
    gone.push(...wanted.filter((text) => !kept.includes(text)).map((text) => `${key}=${text}`));
    if (kept.length) state.choices[key] = kept;
    else delete state.choices[key];
  }
  return gone;
}

export function formatState(state) {
  const out = new URLSearchParams();
  if (state.q) out.append("q", state.q);
  if (state.sort) out.append("sort", state.sort);
  for (const [key, values] of Object.entries(state.choices)) for (const value of values) out.append(key, value);
  for (const [key, { low, high, missing }] of Object.entries(state.ranges)) {
    out.append(key, `${low ?? ""}..${high ?? ""}`);
    if (missing) out.append(`${key}.missing`, "1");
  }
  for (const key of state.hidden) out.append("hide", key);
  if (state.cols.length) out.append("cols", state.cols.join(","));
  return out;
}

// Columns that `@name:` can look in, as they are written there.
export function searchFields(dataset) {
  return fieldColumns(dataset).map((column) => `@${column.key}`);
}

function fieldColumns(dataset) {
  return dataset.columns.filter((column) => ["text", "category"].includes(column.kind) && !column.cut);
}

// `unknown` names what looks like a column and is none; such a term is searched for as it stands.
export function parseSearch(text, dataset) {
  const plain = [];
  const byField = {};
  const unknown = [];
  const names = new Map();
  for (const column of fieldColumns(dataset)) {
    names.set(column.label.toLowerCase(), column.key);
    names.set(column.key.toLowerCase(), column.key);
  }
  for (const term of text.split(BREAK).map(trim)) {
    const colon = term.indexOf(":");
    const name = term.startsWith("@") && colon > 0 ? trim(term.slice(1, colon)) : null;
    const key = name === null ? undefined : names.get(name.toLowerCase());
    if (name !== null && key === undefined) unknown.push(name);
    if (key !== undefined) {
      const value = trim(term.slice(colon + 1)).toLowerCase();
      if (value) (byField[key] ??= []).push(value);
    } else if (term) plain.push(term.toLowerCase());
  }
  return { plain, byField, unknown };
}

// Words of every term, split once, and whether a text holds all words of one of the terms.
const wordsOf = (terms) => terms.map((term) => term.split(/[ \t\n\r]+/));
const holdsOne = (text, terms) => terms.some((words) => words.every((word) => text.includes(word)));

// Keys of columns whose data a state needs.
export function neededColumns(state, dataset) {
  const sort = (state.sort || dataset.default_sort).replace(/^-/, "");
  const fields = Object.keys(parseSearch(state.q, dataset).byField);
  return [...new Set([...Object.keys(state.choices), ...Object.keys(state.ranges), ...state.hidden, ...fields, sort])];
}

// One test a part of the state, by name, so that counts and advice can leave one out.
export function tests(state, dataset) {
  const out = new Map();
  const { plain, byField } = parseSearch(state.q, dataset);
  const terms = wordsOf(plain);
  const fields = Object.entries(byField).map(([key, values]) => [dataset.byKey.get(key), wordsOf(values)]);
  const searched = dataset.columns.filter((column) => column.searchable);
  if (trim(state.q)) {
    out.set("q", (row) => {
      if (terms.length && !searched.some((column) => holdsOne(column.lowered(row), terms))) return false;
      return fields.every(([column, values]) => holdsOne(column.lowered(row), values));
    });
  }
  for (const key of state.hidden) {
    const { flags } = dataset.byKey.get(key);
    out.set(`hide ${key}`, (row) => !flags[row]);
  }
  for (const [key, wanted] of Object.entries(state.choices)) {
    const column = dataset.byKey.get(key);
    const allowed = new Set(wanted.map((text) => (text === "" ? null : column.choices.indexOf(text))));
    out.set(key, (row) => allowed.has(column.codes[row]));
  }
  for (const [key, { low, high, missing }] of Object.entries(state.ranges)) {
    const { values, scale } = dataset.byKey.get(key);
    const from = low === null ? -Infinity : low * scale - 1e-6;
    const to = high === null ? Infinity : high * scale + 1e-6;
    out.set(key, (row) => (Number.isNaN(values[row]) ? missing : values[row] >= from && values[row] <= to));
  }
  return out;
}

// Rows (not pinned) that pass all tests but the one named, in the board's order.
export function passing(dataset, allTests, without = null) {
  const used = [...allTests].filter(([name]) => name !== without).map(([, test]) => test);
  const rows = [];
  for (let row = 0; row < dataset.n; row += 1) {
    if (!dataset.isPinned[row] && used.every((test) => test(row))) rows.push(row);
  }
  return rows;
}

// The order of a column that is chosen first: best figures on top, texts from A to Z.
export function firstSort(column) {
  return column.numeric && column.best === "high" ? `-${column.key}` : column.key;
}

// Sorted copy: stable, blanks last in both directions.
export function sortRows(rows, dataset, sort) {
  const descending = sort.startsWith("-");
  const column = dataset.byKey.get(sort.replace(/^-/, ""));
  const sign = descending ? -1 : 1;
  let blank;
  let compare;
  if (column.numeric) {
    const { values, upper } = column;
    blank = (row) => Number.isNaN(values[row]);
    compare = upper ? (a, b) => values[a] - values[b] || upper[a] - upper[b] : (a, b) => values[a] - values[b];
  } else if (column.kind === "flag") {
    blank = () => false;
    compare = (a, b) => column.flags[a] - column.flags[b];
  } else {
    const places = column.places();
    blank = (row) => places[row] < 0;
    compare = (a, b) => places[a] - places[b];
  }
  const known = rows.filter((row) => !blank(row)).sort((a, b) => sign * compare(a, b) || a - b);
  return [...known, ...rows.filter(blank)];
}

// Counts of every choice of a category among rows: Map from choice ("" = missing) to count.
export function countChoices(column, rows) {
  const out = new Map();
  for (const row of rows) {
    const text = column.codes[row] === null ? "" : column.choices[column.codes[row]];
    out.set(text, (out.get(text) ?? 0) + 1);
  }
  return out;
}
