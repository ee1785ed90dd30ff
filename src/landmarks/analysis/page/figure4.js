// Figure 4 and its controls: what is shown follows from the form alone.

const form = document.getElementById("controls");
const figure4 = document.getElementById("figure4");
const BESIDE = 0.955; // of the size of a seed's run, on a logarithmic axis
const AXES = { n: "real faces (n_real)", labels: "real labels used in total" };

function choices() {
  const values = new FormData(form);
  return {
    strategies: values.getAll("strategy").map(Number),
    region: DATA.regions[Number(values.get("region"))],
    size: values.get("size"),
    scale: values.get("scale"),
    bands: values.has("bands"),
    seeds: values.has("seeds"),
  };
}

// Beside the curve, whose marks would hide them.
function seedTrace(strategy, points, size, ends) {
  const runs = points.flatMap((point) =>
    point.runs.map(([seed, error]) => ({ x: BESIDE * (point[size] || middle(ends)), y: error, seed })));
  return {
    type: "scatter", mode: "markers", name: plain(strategy.label), meta: "seeds", cliponaxis: false,
    x: runs.map((run) => run.x), y: runs.map((run) => run.y), hoverinfo: "text",
    hovertext: runs.map((run) =>
      `${plain(strategy.label)}, seed ${run.seed}: ${run.y.toFixed(2)} %`),
    marker: {
      symbol: `${strategy.symbol}-open`, size: 7, color: strategy.colour, line: { width: 1.2 },
    },
  };
}

// Insight 4A: from a strategy's size along its error to the curve of photos alone.
function exchangeTraces(exchange, size) {
  const y = exchange.error;
  const label = DATA.strategies[exchange.strategy].label;
  const faces = count(exchange.n, "real face", "real faces");
  const hovertext = `<b>${plain(label)}</b> with ${faces}<br>is worth ${exchange.text} ` +
    `${DATA.faces} alone`;
  const common = { type: "scatter", hoverinfo: "text", hovertext, cliponaxis: false };
  const [, openLow, openHigh] = exchange.is_open;
  return [
    {
      ...common, mode: "lines", name: "interval", meta: "exchange interval",
      x: [exchange.low, exchange.high], y: [y, y],
      line: { color: faded(INK, 0.28), width: 12 },
    },
    {
      ...common, mode: "lines+markers", name: "exchange", meta: "exchange",
      x: [exchange[size], exchange.value], y: [y, y],
      line: { color: INK, width: 1.8, dash: "4px,3px" },
      marker: { color: INK, size: 11, symbol: ["line-ns-open", "circle-open"], line: { width: 2 } },
    },
    {
      ...common, mode: "markers", name: "open ends", meta: "exchange ends",
      x: [exchange.low, exchange.high], y: [y, y],
      marker: {
        color: INK, size: 11, line: { width: 1.5 },
        symbol: [openLow ? "triangle-left" : "line-ns-open",
          openHigh ? "triangle-right" : "line-ns-open"],
      },
    },
  ];
}

// Under the line, and inside the plot.
function exchangeLabel(exchange, size, xaxis, y) {
  const ends = [exchange[size], exchange.value].map(Math.log10).sort((a, b) => a - b);
  const centre = (ends[0] + ends[1]) / 2;
  const place = (centre - xaxis.range[0]) / (xaxis.range[1] - xaxis.range[0]);
  const at = place > 0.6 ? { x: ends[1], xanchor: "right" }
    : place < 0.4 ? { x: ends[0], xanchor: "left" } : { x: centre, xanchor: "center" };
  return {
    ...at, y, showarrow: false,
    text: `<b>${exchange.n.toLocaleString("en")} are worth ${exchange.text}</b>`, yshift: -16,
    bgcolor: "rgba(255, 255, 255, 0.85)", font: { ...FONT, size: 13 },
  };
}

function figure4Status(state, exchange) {
  const where = `Shown: ${state.region.label}, ${count(state.strategies.length, "strategy", "strategies")}.`;
  if (exchange) {
    const caveat = exchange.caveat ? ` (${exchange.caveat})` : "";
    return `${where} Dashed line: the exchange rate, with its ${exchange.level} % interval${caveat}.`;
  }
  if (!DATA.exchange) return where;
  return `${where} The exchange rate is known for the whole face and its own strategy only.`;
}

function drawFigure4() {
  const state = choices();
  const xaxis = sizeAxis(allSizes(state.size), AXES[state.size]);
  const known = DATA.exchange && state.region === DATA.regions[0] &&
    state.strategies.includes(DATA.exchange.strategy);
  const exchange = known ? DATA.exchange : null;
  const chosen = state.strategies.map((i) => [DATA.strategies[i], state.region.curves[i]]);
  const traces = chosen.flatMap(([strategy, points]) =>
    curveTraces(strategy, state.region, points, state.size, powers(xaxis), state.bands));
  if (state.seeds) {
    traces.push(...chosen.map(([strategy, points]) =>
      seedTrace(strategy, points, state.size, powers(xaxis))));
  }
  if (exchange) traces.push(...exchangeTraces(exchange, state.size));
  const shown = traces.flatMap((trace) => trace.y);
  const yaxis = state.scale === "log" && shown.length
    ? logAxis(errorTitle(), shown) : linearAxis(errorTitle());
  const annotations = exchange ? [exchangeLabel(exchange, state.size, xaxis,
    state.scale === "log" ? Math.log10(exchange.error) : exchange.error)] : [];
  document.getElementById("figure4-status").textContent = figure4Status(state, exchange);
  return Plotly.react(figure4, traces, layout(xaxis, yaxis, { annotations }), CONFIG);
}

form.addEventListener("input", drawFigure4);
form.addEventListener("reset", () => setTimeout(drawFigure4)); // after the form has changed
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("save").addEventListener("click", () => {
  const { width, height } = figure4.getBoundingClientRect();
  Plotly.downloadImage(figure4, { format: "svg", filename: "figure4", width, height });
});
drawFigure4();
