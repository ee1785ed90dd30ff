// The figures below Figure 4, over the same horizontal axis. A figure whose numbers were not
// measured has no place in the page.

const DIFFERENCE = "lower error than real only, %"; // above 0: better, as in the files

function differenceText(strategy, one) {
  const [word, told] = one.value < 0
    ? ["higher", { value: -one.value, low: -one.high, high: -one.low }] : ["lower", one];
  return `<b>${plain(strategy.label)}</b>, n_real ${one.n.toLocaleString("en")}<br>${word} by ` +
    `${range(told, 1)}<br>${count(one.seeds, "seed", "seeds")}: ${plain(one.verdict)}`;
}

function drawDifferences(div, size) {
  const sizes = [...new Set(DATA.differences.map((one) => one[size]))].sort((a, b) => a - b);
  const present = [...new Set(DATA.differences.map((one) => one.strategy))];
  const traces = present.map((i, at) => {
    const strategy = DATA.strategies[i];
    const own = DATA.differences.filter((one) => one.strategy === i);
    const offset = (at - (present.length - 1) / 2) * (0.7 / present.length);
    const y = own.map((one) => one.value);
    return {
      type: "scatter", mode: "markers", name: plain(strategy.label), y, cliponaxis: false,
      x: own.map((one) => sizes.indexOf(one[size]) + offset), hoverinfo: "text",
      hovertext: own.map((one) => differenceText(strategy, one)),
      marker: { color: strategy.colour, symbol: strategy.symbol, size: 10 },
      error_y: {
        type: "data", symmetric: false, color: strategy.colour, thickness: 2, width: 4,
        array: own.map((one) => one.high - one.value),
        arrayminus: own.map((one) => one.value - one.low),
      },
    };
  });
  const xaxis = {
    tickvals: sizes.map((_, k) => k), ticktext: sizes.map((n) => n.toLocaleString("en")),
    range: [-0.5, sizes.length - 0.5], title: { text: AXES[size], standoff: 8 },
    showgrid: false, zeroline: false, linecolor: "#8d8d93", fixedrange: true,
  };
  const yaxis = linearAxis(DIFFERENCE);
  const same = { type: "scatter", mode: "lines", x: xaxis.range, y: [0, 0], hoverinfo: "skip",
    line: { color: INK, width: 1.5 } };
  const between = sizes.slice(1).map((_, k) => ({ type: "line", yref: "paper", y0: 0, y1: 1,
    x0: k + 0.5, x1: k + 0.5, layer: "below", line: { color: "#e3e1da", width: 1 } }));
  Plotly.react(div, [same, ...traces], layout(xaxis, yaxis, { shapes: between }), CONFIG);
}

function drawGap(div, size) {
  const chosen = DATA.differences.filter((one) => one.combined);
  const traces = [...new Set(chosen.map((one) => one.strategy))].flatMap((i) => {
    const strategy = DATA.strategies[i];
    const own = chosen.filter((one) => one.strategy === i);
    const pick = (key) => own.map((one) => one[key]);
    const texts = own.map((one) => differenceText(strategy, one));
    return [bandTrace(strategy, pick(size), pick("low"), pick("high")),
      lineTrace(strategy, pick(size), pick("value"), texts, pick("seeds"))];
  });
  const sizes = chosen.length ? chosen.map((one) => one[size]) : allSizes(size);
  const yaxis = {
    ...linearAxis(DIFFERENCE), zeroline: true, zerolinecolor: INK,
    zerolinewidth: 1.5,
  };
  Plotly.react(div, traces, layout(sizeAxis(sizes, AXES[size]), yaxis), CONFIG);
}

function drawCumulative(div) {
  // The last faces of a hundred would take half the width.
  const last = DATA.cumulative.map((one) => one.errors[Math.floor(0.95 * one.errors.length)]);
  const traces = DATA.cumulative.map(({ strategy: i, errors }) => {
    const strategy = DATA.strategies[i];
    const shares = errors.map((_, k) => (100 * k) / (errors.length - 1));
    const trace = lineTrace(strategy, errors, shares, errors.map((error, k) =>
      `<b>${plain(strategy.label)}</b><br>${shares[k].toFixed(1)} % of faces: at most ` +
      `${error.toFixed(2)} %`));
    // A mark at every tenth is enough to tell the curves apart.
    trace.marker.maxdisplayed = 11;
    trace.cliponaxis = true;
    return trace;
  });
  const xaxis = { ...linearAxis(errorTitle()), range: [0, Math.max(...last)] };
  const yaxis = { ...linearAxis("faces, %"), range: [0, 100] };
  Plotly.newPlot(div, traces, layout(xaxis, yaxis), CONFIG);
}

function drawRegions(size) {
  const errors = DATA.regions.flatMap((region) => region.curves.flat().map((point) => point.value));
  DATA.regions.forEach((region, r) => {
    if (r === 0) return; // the whole face is Figure 4
    const xaxis = sizeAxis(allSizes(size), "");
    const traces = DATA.strategies.flatMap((strategy, i) =>
      curveTraces(strategy, region, region.curves[i], size, powers(xaxis), false));
    for (const trace of traces) {
      trace.line.width = 1.6;
      trace.marker.size = 6;
    }
    const yaxis = logAxis("", errors);
    const margin = { l: 30, r: 10, t: 6, b: 30 };
    const small = { font: { ...FONT, size: 12 }, margin };
    Plotly.react(`region-${r}`, traces, layout(xaxis, yaxis, small), CONFIG);
  });
}

function drawOverSizes() {
  const { size } = choices();
  for (const [id, draw] of Object.entries({ figure4b: drawDifferences, figure4c: drawGap })) {
    const div = document.getElementById(id);
    if (div) draw(div, size);
  }
  drawRegions(size);
}

form.addEventListener("input", (event) => {
  if (event.target.name === "size") drawOverSizes();
});
form.addEventListener("reset", () => setTimeout(drawOverSizes)); // after the form has changed
const cumulative = document.getElementById("cumulative");
if (cumulative) drawCumulative(cumulative);
drawOverSizes();
