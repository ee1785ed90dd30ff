"use strict";
// What all plots share: the data, axes, and the traces of a curve. Numbers are shown as they come.

const DATA = JSON.parse(document.getElementById("plot-data").textContent);
const INK = "#1c1c1e";
const FONT = { family: getComputedStyle(document.body).fontFamily, size: 13, color: INK };
const CONFIG = { displayModeBar: false, responsive: true, doubleClick: false };
const PAPER = "#ffffff"; // of a plot
const MARGIN = { l: 56, r: 14, t: 12, b: 48 };
const ENOUGH = 5; // ticks of an axis
const AXES = { n: "real faces (n_real)", labels: "real labels used in total" };
// Ticks of a logarithmic axis, from few to many.
const STEPS = [
  [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100],
  [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 60, 80, 100],
  ...[0.5, 0.2, 0.1, 0.05].map((step) => multiples(step, 1, 400)),
];

function multiples(step, first, last) {
  return Array.from({ length: last - first + 1 }, (_, k) => +((first + k) * step).toFixed(2));
}

// Plotly reads a little HTML in texts; a name is not HTML.
function plain(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function faded(colour, alpha) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

function count(n, one, many) {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

function range(one, digits) {
  const [value, low, high] = [one.value, one.low, one.high].map((x) => x.toFixed(digits));
  return `${value} % [${low} to ${high}]`;
}

// Each size that was run is a tick; a neighbour too close for its label has none.
function sizeAxis(sizes, title) {
  const shown = [...new Set(sizes)].sort((a, b) => a - b);
  const [first, last] = [shown[0] / 1.3, shown.at(-1) * 1.3].map(Math.log10);
  let before = -Infinity;
  const labels = shown.map((n) => {
    const near = (Math.log10(n) - before) / (last - first) < 0.07;
    before = near ? before : Math.log10(n);
    return near ? "" : n.toLocaleString("en");
  });
  return {
    type: "log", range: [first, last], tickvals: shown, ticktext: labels,
    title: { text: title, standoff: 8 }, ticks: "outside", tickcolor: "#8d8d93",
    gridcolor: "#eceae4", linecolor: "#8d8d93", zeroline: false, fixedrange: true,
  };
}

function linearAxis(title) {
  return {
    type: "linear", rangemode: "tozero", title: { text: title, standoff: 8 }, gridcolor: "#e3e1da",
    linecolor: "#8d8d93", zeroline: false, fixedrange: true, automargin: true,
  };
}

// The fewest ticks that are enough.
function ticksWithin(choices, [low, high]) {
  const inside = choices.map((ticks) => ticks.filter((x) => low <= x && x <= high));
  return inside.find((ticks) => ticks.length >= ENOUGH) ?? inside.at(-1);
}

// A logarithmic axis around the values that it shows.
function logAxis(title, values, pad = 1.06) {
  const shown = values.filter((value) => value > 0);  // a band may reach down to a rounded 0
  const ends = [Math.min(...shown) / pad, Math.max(...shown) * pad];
  const tickvals = ticksWithin(STEPS, ends);
  return { ...linearAxis(title), type: "log", range: ends.map(Math.log10), tickvals };
}

function layout(xaxis, yaxis, more = {}) {
  return {
    font: FONT, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: PAPER, showlegend: false,
    margin: MARGIN, hovermode: "closest", dragmode: false, autosize: true,
    hoverlabel: { bgcolor: "#ffffff", bordercolor: INK, font: { ...FONT, size: 13 }, align: "left" },
    xaxis, yaxis, ...more,
  };
}

function errorTitle() {
  return DATA.faces === "photos" ? "NME, %" : `NME, % (${DATA.faces})`;
}

function pointText(strategy, region, point) {
  const seeds = point.runs.map(([seed]) => seed).join(", ");
  const faces = point.n ? `, n_real ${point.n.toLocaleString("en")}` : "";
  return `<b>${plain(strategy.label)}</b>${faces}<br>${plain(region.label)}: ${range(point, 2)}<br>` +
    `${count(point.labels, "real label", "real labels")}; ` +
    `${point.runs.length === 1 ? "seed" : "seeds"} ${seeds}`;
}

// Means of several seeds are filled, a mean of one seed is open.
function lineTrace(strategy, x, y, hovertext, seeds = x.map(() => Infinity)) {
  return {
    type: "scatter", mode: "lines+markers", name: plain(strategy.label), meta: "mean", x, y,
    hovertext, hoverinfo: "text", cliponaxis: false,
    line: { color: strategy.colour, width: 2.2, dash: strategy.dash },
    marker: {
      color: seeds.map((n) => (n > 1 ? strategy.colour : PAPER)), symbol: strategy.symbol, size: 9,
      line: { color: strategy.colour, width: 1.5 },
    },
  };
}

function bandTrace(strategy, x, low, high) {
  return {
    type: "scatter", mode: "lines", name: plain(strategy.label), meta: "band", hoverinfo: "skip",
    x: [...x, ...x.toReversed()], y: [...high, ...low.toReversed()], fill: "toself",
    fillcolor: faded(strategy.colour, 0.13), line: { width: 0 },
  };
}

// A curve over sizes, or a level across the plot for what used no real face.
function curveTraces(strategy, region, points, size, ends, bands) {
  const level = points.filter((point) => point[size] === 0);
  const sized = points.filter((point) => point[size] > 0);
  const traces = [];
  for (const point of level) {
    const x = [ends[0], middle(ends), ends[1]];
    const same = (value) => x.map(() => value);
    if (bands) traces.push(bandTrace(strategy, x, same(point.low), same(point.high)));
    const trace = lineTrace(strategy, x, same(point.value),
      same(pointText(strategy, region, point)), same(point.seeds));
    trace.marker.opacity = [0, 1, 0]; // one mark, in the middle
    traces.push(trace);
  }
  if (sized.length) {
    const pick = (key) => sized.map((point) => point[key]);
    if (bands) traces.push(bandTrace(strategy, pick(size), pick("low"), pick("high")));
    const texts = sized.map((point) => pointText(strategy, region, point));
    traces.push(lineTrace(strategy, pick(size), pick("value"), texts, pick("seeds")));
  }
  return traces;
}

function allSizes(size) {
  const points = DATA.regions[0].curves.flat();
  const sizes = points.map((point) => point[size]).filter((n) => n > 0);
  return sizes.length ? sizes : [1]; // without any real face there is a level and nothing else
}

const middle = ([first, last]) => Math.sqrt(first * last); // of a logarithmic axis
const powers = (axis) => axis.range.map((x) => 10 ** x);
