// Columnar JSON -> columns that answer questions about row numbers. Knows nothing about what the columns mean.
// Source: boards/wire.py describes the format.

const NONE = NaN;

function numbers({ ints, delta = false }) {
  const out = new Float64Array(ints.length);
  let before = 0;
  for (let i = 0; i < ints.length; i += 1) {
    if (ints[i] === null) out[i] = NONE;
    else {
      before = delta ? before + ints[i] : ints[i];
      out[i] = before;
    }
  }
  return out;
}

// Half-widths that follow from the values: those of the last step that begins at or below the value.
function stepped({ steps, except }, values) {
  const out = Float64Array.from(values, (value) => {
    let [from, to] = [0, steps.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (steps[middle][0] <= value) from = middle + 1;
      else to = middle;
    }
    return from ? steps[from - 1][1] ?? NONE : NONE;
  });
  for (const [row, half] of except) out[row] = half ?? NONE;
  return out;
}

class Column {
  constructor(spec) {
    Object.assign(this, { info: "", unit: "", decimals: 0, filter: "none", best: "high", level: 95 }, spec);
    this.loaded = false;
  }

  get numeric() {
    return this.kind === "number" || this.kind === "rank";
  }

  load(data, n) {
    if (this.kind === "number") {
      this.values = numbers(data.value);
      this.half = data.half ? (data.half.steps ? stepped(data.half, this.values) : numbers(data.half)) : null;
      this.ends = data.lower ? { low: numbers(data.lower), high: numbers(data.upper) } : null;
    } else if (this.kind === "rank") {
      this.values = numbers(data.lower);
      this.upper = numbers(data.upper);
    } else if (this.kind === "flag") {
      this.flags = new Uint8Array(n);
      for (const row of data.rows) this.flags[row] = 1;
    } else if (this.kind === "text") {
      this.strings = data.strings;
      this.href = data.href;
      if (data.href?.prefix) this.linkless = new Set(data.href.none);
    } else {
      this.choices = data.values;
      this.codes = data.codes;
    }
    this.loaded = true;
  }

  // Text of a cell, "" where blank.
  text(row) {
    if (this.kind === "number") return Number.isNaN(this.values[row]) ? "" : this.format(this.values[row]);
    if (this.kind === "rank") return Number.isNaN(this.values[row]) ? "" : this.rankText(row);
    if (this.kind === "flag") return this.flags[row] ? "yes" : "";
    if (this.kind === "text") return this.strings[row] ?? "";
    return this.codes[row] === null ? "" : this.choices[this.codes[row]];
  }

  format(value) {
    this.formatter ??= new Intl.NumberFormat("en", {
      minimumFractionDigits: this.decimals,
      maximumFractionDigits: this.decimals,
    });
    const shown = value / this.scale;
    const least = 10 ** -this.decimals;
    return shown > 0 && shown < least / 2 ? `<${this.formatter.format(least)}` : this.formatter.format(shown);
  }

  // Length of the longest text of a numeric column, for its width; of its longest line where ranks break at the dash.
  longest(broken = false) {
    if (broken && this.kind === "rank") return Math.ceil(this.longest() / 2) + 1;
    if (this.length) return this.length;
    let length = 0;
    if (this.kind === "rank") {
      for (let row = 0; row < this.values.length; row += 1) length = Math.max(length, this.text(row).length);
    } else {
      const bounds = this.extent();
      const ends = bounds ? [bounds.low, bounds.high] : [];
      length = Math.max(0, ...ends.map((end) => this.format(end * this.scale).length));
    }
    this.length = length;
    return length;
  }

  rankText(row) {
    const [low, high] = [this.values[row], this.upper[row]];
    return low === high ? `${low}` : `${low}–${high}`;
  }

  get hasIntervals() {
    return Boolean(this.half || this.ends);
  }

  // The interval of a number in display units, or null.
  interval(row) {
    if (!this.hasIntervals || Number.isNaN(this.values[row])) return null;
    const center = this.values[row] / this.scale;
    const unit = 10 ** this.decimals;
    if (this.ends) {
      const [low, high] = [this.ends.low[row] / unit, this.ends.high[row] / unit];
      return Number.isNaN(low) || Number.isNaN(high) ? null : { low, center, high };
    }
    if (Number.isNaN(this.half[row])) return null;
    const half = this.half[row] / unit;
    return { low: center - half, center, high: center + half };
  }

  // A link for the cell, or null. Only web addresses and addresses on this site are ever linked.
  link(row) {
    if (!this.href) return null;
    if (this.href.urls) return safeLink(this.href.urls[row]);
    return this.linkless.has(row) || !this.strings[row] ? null : safeLink(this.href.prefix + this.strings[row]);
  }

  lowered(row) {
    if (!this.lower) {
      const source = this.kind === "text" ? this.strings : this.choices;
      this.lower = source.map((text) => (text ?? "").toLowerCase());
    }
    if (this.kind === "text") return this.lower[row];
    return this.codes[row] === null ? "" : this.lower[this.codes[row]];
  }

  // Place of every row in the order of texts by lower case, equal texts alike, -1 where blank; found once.
  places() {
    if (this.order) return this.order;
    this.lowered(0);
    const place = new Map([...new Set(this.lower)].sort().map((text, i) => [text, i]));
    const rows = this.kind === "text" ? this.strings : this.codes;
    this.order = Int32Array.from(rows, (_, row) => {
      const text = this.lowered(row);
      return text === "" ? -1 : place.get(text);
    });
    return this.order;
  }

  extent() {
    if (!this.bounds) {
      let [low, high] = [Infinity, -Infinity];
      for (const value of this.values) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
      this.bounds = low > high ? null : { low: low / this.scale, high: high / this.scale };
    }
    return this.bounds;
  }

  // The common scale of the inline intervals: [lowest bound, highest bound] in display units.
  intervalExtent() {
    if (!this.reach) {
      let [low, high, widest] = [Infinity, -Infinity, 0];
      for (let row = 0; row < this.values.length; row += 1) {
        const span = this.interval(row);
        if (span) {
          low = Math.min(low, span.low);
          high = Math.max(high, span.high);
          widest = Math.max(widest, span.high - span.low);
        }
      }
      this.reach = low > high ? null : widened(low, high, widest);
    }
    return this.reach;
  }
}

// A scale on which no interval fills more than a third.
function widened(low, high, widest) {
  const spare = Math.max(0, 3 * widest - (high - low)) / 2;
  return { low: low - spare, high: high + spare };
}

export function safeLink(url) {
  if (typeof url !== "string") return null;
  return /^https?:\/\//i.test(url) || /^(?:\?[a-z0-9_./?=&%:@-]*|[a-z0-9_][a-z0-9_./?=&%-]*)$/i.test(url) ? url : null;
}

export class Dataset {
  constructor(body) {
    const { columns, data, bands, ...about } = body;
    Object.assign(this, about);
    this.columns = columns.map((spec) => new Column(spec));
    this.coming = new Map();
    this.byKey = new Map(this.columns.map((column) => [column.key, column]));
    this.bands = bands ? Int32Array.from(bands.flatMap(([value, count]) => Array(count).fill(value))) : null;
    this.isPinned = new Uint8Array(this.n);
    for (const row of this.pinned) this.isPinned[row] = 1;
    this.addData(data);
  }

  addData(data) {
    for (const [key, values] of Object.entries(data)) {
      const column = this.byKey.get(key);
      if (column && !column.loaded) column.load(values, this.n);
    }
  }

  // Whether a row is marked by a flag: its badge. One that only tells rows apart needs another row of the same name.
  marks(column, row) {
    if (!column.badge || !column.loaded || !column.flags[row]) return false;
    return !column.tells_apart || this.twins(column).has(this.columns.find((other) => other.sticky).lowered(row));
  }

  // Names, by lower case, of rows with and without a flag; found once.
  twins(column) {
    if (column.twinNames) return column.twinNames;
    const named = this.columns.find((other) => other.sticky);
    const plain = new Set();
    for (let row = 0; row < this.n; row += 1) if (!column.flags[row]) plain.add(named.lowered(row));
    column.twinNames = new Set();
    for (let row = 0; row < this.n; row += 1) if (column.flags[row] && plain.has(named.lowered(row))) column.twinNames.add(named.lowered(row));
    return column.twinNames;
  }

  // What the first search and the first sort by name would otherwise wait for.
  warmUp() {
    for (const column of this.columns) if (column.searchable && column.loaded) column.places();
  }

  missing(keys) {
    return keys.filter((key) => this.byKey.has(key) && !this.byKey.get(key).loaded);
  }
}
