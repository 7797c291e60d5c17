// A figure in the colours of the page and for the width it has. The server's figures carry neither.

const NARROW = 560;
const SHORT = 15;
const CELL_WITH_TEXT = 30;
const CELL_WITH_GAP = 7;

// The tokens as they are now, by what they are for.
export function readTokens(element) {
  const style = getComputedStyle(element);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: token("lb-ink"), muted: token("lb-muted"), line: token("lb-line"), ground: token("lb-ground"),
    low: token("lbp-low"), neutral: token("lbp-neutral"), high: token("lbp-high"),
  };
}

// The end of a name often tells two models apart, so the middle goes. Entities count as one character and stay whole.
function shorten(text, length) {
  const signs = String(text).match(/&(?:amp|lt|gt);|[^]/gu) ?? [];
  if (signs.length <= length) return text;
  const tail = Math.floor(length * 0.4);
  return `${signs.slice(0, length - 1 - tail).join("").trimEnd()}…${signs.slice(-tail).join("").trimStart()}`;
}

// Short names, and where they would lie on each other only every second or third.
function thinned(axis, cell) {
  const every = cell ? Math.ceil(11 / cell) : 1;
  return axis.ticktext.map((text, i) => (i % every ? "" : shorten(text, SHORT)));
}

function dressAxis(axis, tokens, narrow) {
  if (!axis) return axis;
  const out = { ...axis, gridcolor: tokens.line, linecolor: tokens.line, tickfont: { ...axis.tickfont, color: tokens.ink } };
  if (axis.title) out.title = { ...axis.title, font: { size: 12, color: tokens.muted } };
  if (axis.rangeselector) out.rangeselector = { ...axis.rangeselector, bgcolor: tokens.ground, activecolor: tokens.line, bordercolor: tokens.line, borderwidth: 1, font: { size: 12, color: tokens.ink } };
  if (narrow && axis.rangeselector) Object.assign(out.rangeselector, { x: 0, xanchor: "left", y: -0.2, yanchor: "top" });
  if (narrow && axis.nticks) out.nticks = axis.type === "date" ? (axis.rangeselector ? 5 : 3) : Math.min(axis.nticks, 5);
  if (narrow && axis.type === "date") out.tickangle = 0;
  if (narrow && axis.ticktext) out.ticktext = thinned(axis);
  return out;
}

// Width of a column of a heatmap, about: what the names of the rows and the scale leave.
function cellWidth(layout, width) {
  const names = layout.yaxis.ticktext.reduce((most, text) => Math.max(most, text.length), 0);
  const left = width < NARROW ? Math.min(names, SHORT) * 5.6 + 16 : Math.min(names, 40) * 6.4 + 110;
  return (width - left) / layout.xaxis.tickvals.length;
}

// On a phone the scale lies above the map.
function dressScale(bar, tokens, narrow) {
  const across = narrow ? { orientation: "h", x: 0.5, xanchor: "center", y: 1, yanchor: "bottom", ypad: 4, thickness: 8 } : {};
  return { ...bar, ...across, tickfont: { color: tokens.ink, size: 11 }, title: { ...bar.title, side: narrow ? "top" : "right", font: { color: tokens.muted, size: 12 } } };
}

function dressHeat(trace, tokens, layout, width) {
  const scale = trace.meta.role === "shares"
    ? [[0, tokens.low], [0.5, tokens.neutral], [1, tokens.high]]
    : [[0, tokens.neutral], [1, tokens.high]];
  const out = {
    ...trace, colorscale: scale, textfont: { ...trace.textfont, color: tokens.ink },
    colorbar: dressScale(trace.colorbar, tokens, width < NARROW),
  };
  const cell = cellWidth(layout, width);
  if (trace.texttemplate && cell < CELL_WITH_TEXT) out.texttemplate = "";
  if (cell < CELL_WITH_GAP) out.xgap = out.ygap = 0;
  if (width < NARROW) out.showscale = Boolean(!out.texttemplate);
  return out;
}

function dressTrace(trace, tokens, layout, width) {
  const role = trace.meta?.role;
  if (role === "shares" || role === "counts") return dressHeat(trace, tokens, layout, width);
  if (role === "quiet") return { ...trace, line: { ...trace.line, color: tokens.muted } };
  if (role === "text") return { ...trace, textfont: { ...trace.textfont, color: tokens.ink } };
  const out = { ...trace };
  if (trace.marker?.pattern) {
    out.marker = { ...trace.marker, pattern: { ...trace.marker.pattern, fillmode: "overlay", fgcolor: tokens.ground, fgopacity: 0.5 } };
    for (const side of ["error_x", "error_y"]) if (trace[side]) out[side] = { ...trace[side], color: tokens.ink, thickness: 1.5 };
  }
  return out;
}

function dressAnnotation(words, tokens, narrow) {
  const color = words.name === "quiet" ? tokens.muted : tokens.ink;
  const out = { ...words, font: { ...words.font, color } };
  if (narrow) out.text = shorten(words.text, words.name === "quiet" ? 26 : SHORT);
  return out;
}

// Pairs without a value are grey, which no value is.
function dressMap(out, layout, tokens, width) {
  out.plot_bgcolor = tokens.line;
  if (width >= NARROW) return;
  out.yaxis.title = undefined;
  out.yaxis.tickfont.size = 9;
  out.xaxis.tickfont.size = 9;
  out.xaxis.ticktext = thinned(layout.xaxis, cellWidth(layout, width));
}

// -> { data, layout } for Plotly.react; `spec` stays as it is.
export function dress(spec, tokens, width) {
  const narrow = width < NARROW;
  const { layout } = spec;
  const out = {
    ...layout, width, autosize: false,
    font: { ...layout.font, color: tokens.ink },
    hoverlabel: { bgcolor: tokens.ground, bordercolor: tokens.line, font: { color: tokens.ink, size: 12 }, align: "left", namelength: -1 },
    legend: { ...layout.legend, font: { color: tokens.ink } },
    xaxis: dressAxis(layout.xaxis, tokens, narrow),
    yaxis: dressAxis(layout.yaxis, tokens, narrow),
    shapes: (layout.shapes ?? []).map((shape) => ({ ...shape, line: { ...shape.line, color: tokens.muted } })),
    annotations: (layout.annotations ?? []).map((words) => dressAnnotation(words, tokens, narrow)),
  };
  for (const side of ["xaxis", "yaxis"]) if (!out[side]) delete out[side];
  if (spec.data.some((trace) => trace.type === "heatmap")) dressMap(out, layout, tokens, width);
  if (narrow && out.dragmode) Object.assign(out, { dragmode: false, margin: { ...layout.margin, t: 8, b: 88 } }); // a finger scrolls the page; the buttons zoom
  if (narrow && layout.margin?.r > 132) out.margin = { ...layout.margin, r: 132 };
  return { data: spec.data.map((trace) => dressTrace(trace, tokens, layout, width)), layout: out };
}

// Names that would lie on an earlier one or on a point are not shown; the first are the most important.
// -> the places of those hidden among the annotations
export function hideCrowded(graph) {
  const hidden = new Set();
  const taken = [];
  const marks = [...graph.querySelectorAll(".scatterlayer .point")].map((node) => node.getBoundingClientRect());
  const covers = (box, mark) => mark.right > box.left + 2 && mark.left < box.right - 2 && mark.bottom > box.top + 4 && mark.top < box.bottom - 4;
  for (const [i, words] of (graph.layout.annotations ?? []).entries()) {
    const node = words.name === "named" && graph.querySelector(`.annotation[data-index="${i}"]`);
    if (!node) continue;
    node.style.visibility = "";
    const box = node.getBoundingClientRect();
    const free = taken.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top + 2 || box.top > other.bottom - 2);
    if (free && !marks.some((mark) => covers(box, mark))) taken.push(box);
    else {
      node.style.visibility = "hidden";
      hidden.add(i);
    }
  }
  return hidden;
}
