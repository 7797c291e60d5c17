// A figure in the colours of the page and for the width it has. The server's figures carry neither.

const NARROW = 560;
const SHORT = 16;
const CELL_WITH_TEXT = 30;

// The tokens as they are now, by what they are for.
export function readTokens(element) {
  const style = getComputedStyle(element);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: token("lb-ink"), muted: token("lb-muted"), line: token("lb-line"), ground: token("lb-ground"),
    low: token("lbp-low"), neutral: token("lbp-neutral"), high: token("lbp-high"),
  };
}

// Entities count as one character and are not cut in two.
function shorten(text, length) {
  const signs = String(text).match(/&(?:amp|lt|gt);|[^]/gu) ?? [];
  return signs.length <= length ? text : `${signs.slice(0, length - 1).join("")}…`;
}

function dressAxis(axis, tokens, narrow) {
  if (!axis) return axis;
  const out = { ...axis, gridcolor: tokens.line, linecolor: tokens.line, tickfont: { ...axis.tickfont, color: tokens.ink } };
  if (axis.title) out.title = { ...axis.title, font: { size: 12, color: tokens.muted } };
  if (narrow && axis.nticks) out.nticks = Math.min(axis.nticks, 5);
  if (narrow && axis.ticktext) out.ticktext = axis.ticktext.map((text) => shorten(text, SHORT));
  return out;
}

function dressHeat(trace, tokens, layout, width) {
  const scale = trace.meta.role === "shares"
    ? [[0, tokens.low], [0.5, tokens.neutral], [1, tokens.high]]
    : [[0, tokens.neutral], [1, tokens.high]];
  const names = layout.yaxis.ticktext.reduce((most, text) => Math.max(most, text.length), 0);
  const left = Math.min(names, width < NARROW ? SHORT : 40) * 6.4 + 110;
  const cell = (width - left) / layout.xaxis.tickvals.length;
  const out = {
    ...trace, colorscale: scale, textfont: { ...trace.textfont, color: tokens.ink },
    colorbar: { ...trace.colorbar, tickfont: { color: tokens.ink }, title: { ...trace.colorbar.title, font: { color: tokens.muted } } },
  };
  if (trace.texttemplate && cell < CELL_WITH_TEXT) out.texttemplate = "";
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
    out.marker = { ...trace.marker, pattern: { ...trace.marker.pattern, fillmode: "overlay", fgcolor: tokens.ground, fgopacity: 0.8 } };
    for (const side of ["error_x", "error_y"]) if (trace[side]) out[side] = { ...trace[side], color: tokens.ink, thickness: 1.5 };
  }
  return out;
}

function dressAnnotation(words, tokens, narrow) {
  const color = words.name === "quiet" ? tokens.muted : tokens.ink;
  const out = { ...words, font: { ...words.font, color }, arrowcolor: tokens.muted };
  if (narrow) out.text = shorten(words.text, SHORT);
  return out;
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
  if (narrow && layout.margin?.r > 120) out.margin = { ...layout.margin, r: 120 };
  return { data: spec.data.map((trace) => dressTrace(trace, tokens, layout, width)), layout: out };
}

// Names of points that would lie on an earlier one are not shown; the first are the most important.
export function hideCrowded(graph) {
  const names = (graph.layout.annotations ?? []).map((words, i) => words.name === "named" && graph.querySelector(`.annotation[data-index="${i}"]`));
  const taken = [];
  for (const node of names.filter(Boolean)) {
    node.style.visibility = "";
    const box = node.getBoundingClientRect();
    const free = taken.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top + 2 || box.top > other.bottom - 2);
    if (free) taken.push(box);
    else node.style.visibility = "hidden";
  }
}
