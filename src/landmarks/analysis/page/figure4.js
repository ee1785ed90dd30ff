// Figure 4 and its controls: what is shown follows from the form alone.

const form = document.getElementById("controls");
const figure4 = document.getElementById("figure4");
const BESIDE = 9; // pixels from a mark to the dots of its seeds
const LABEL = 13; // pixels; the size of the exchange's label

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

// Dots beside the marks, which would hide them; one seed alone is its mark.
function seedTrace(strategy, points, size, ends) {
  const several = points.filter((point) => point.runs.length > 1);
  const runs = several.flatMap((point) =>
    point.runs.map(([seed, error]) => ({ x: point[size] || middle(ends), y: error, seed })));
  return {
    type: "scatter", mode: "markers", name: plain(strategy.label), meta: "seeds", cliponaxis: false,
    x: runs.map((run) => run.x), y: runs.map((run) => run.y), hoverinfo: "text",
    hovertext: runs.map((run) =>
      `${plain(strategy.label)}, seed ${run.seed}: ${run.y.toFixed(2)} %`),
    marker: { symbol: "circle", size: 5, color: faded(strategy.colour, 0.6), angle: 90,
      standoff: BESIDE },
  };
}

// Insight 4A: from a strategy's size along its error to the curve of photos alone.
function exchangeTraces(exchange, size) {
  const y = exchange.error;
  const { label, colour } = DATA.strategies[exchange.strategy];
  const faces = count(exchange.n, "real face", "real faces");
  const hovertext = `<b>${plain(label)}</b> with ${faces}<br>is worth ${exchange.text} ` +
    `${DATA.faces} alone`;
  const common = { type: "scatter", hoverinfo: "text", hovertext, cliponaxis: false };
  const [openLow, openHigh] = exchange.is_open;
  return [
    {
      ...common, mode: "lines", name: "interval", meta: "exchange interval",
      x: [exchange.low, exchange.high], y: [y, y],
      line: { color: faded(colour, 0.35), width: 12 },
    },
    {
      ...common, mode: "lines+markers", name: "exchange", meta: "exchange",
      x: [exchange[size], exchange.value], y: [y, y],
      line: { color: colour, width: 1.8, dash: "4px,3px" },
      marker: { color: colour, size: 11, symbol: ["line-ns-open", "circle-open"], line: { width: 2 } },
    },
    {
      ...common, mode: "markers", name: "open ends", meta: "exchange ends",
      x: [exchange.low, exchange.high], y: [y, y],
      marker: {
        color: colour, size: 11, line: { width: 1.5 },
        symbol: [openLow ? "triangle-left" : "line-ns-open",
          openHigh ? "triangle-right" : "line-ns-open"],
      },
    },
  ];
}

// Above the plot, where no data is, at the end of a line that goes through N_eff.
function exchangeLabel(exchange, xaxis) {
  const words = `${exchange.n.toLocaleString("en")} are worth ${exchange.text}`;
  const [first, last] = xaxis.range;
  const place = (Math.log10(exchange.value) - first) / (last - first);
  return {
    x: place, xref: "paper", xanchor: "center", y: 1, yref: "paper", yanchor: "bottom",
    xshift: (0.5 - place) * textWidth(words), // as far to one side as the plot's width allows
    text: `<b>${words}</b><br>${exchange.level} % interval`, showarrow: false,
    font: { ...FONT, size: LABEL },
  };
}

function textWidth(words) {
  const context = document.createElement("canvas").getContext("2d");
  context.font = `bold ${LABEL}px ${FONT.family}`;
  return context.measureText(words).width;
}

function exchangeLine(exchange) {
  const { colour } = DATA.strategies[exchange.strategy];
  return { type: "line", x0: exchange.value, x1: exchange.value, y0: 0, y1: 1, yref: "paper",
    layer: "below", line: { color: colour, width: 1.2, dash: "2px,3px" } };
}

function figure4Status(state, exchange) {
  const points = state.region.curves.flat();
  const same = state.size === "labels" && points.every((point) => point.labels === point.n)
    ? " Every run used n_real labels: the axes are the same." : "";
  const where = `Shown: ${state.region.label}, ` +
    `${count(state.strategies.length, "strategy", "strategies")}.${same}`;
  if (exchange) {
    const caveat = exchange.caveat ? ` (${exchange.caveat})` : "";
    return `${where} Dashed line: the exchange rate, with its ${exchange.level}\u00a0% interval${caveat}.`;
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
    const seeds = chosen.map(([strategy, points]) =>
      seedTrace(strategy, points, state.size, powers(xaxis)));
    traces.push(...seeds.filter((trace) => trace.x.length));
  }
  if (exchange) traces.push(...exchangeTraces(exchange, state.size));
  const shown = traces.flatMap((trace) => trace.y);
  const yaxis = state.scale === "log" && shown.length
    ? logAxis(errorTitle(), shown) : linearAxis(errorTitle());
  const more = {
    annotations: exchange ? [exchangeLabel(exchange, xaxis)] : [],
    shapes: exchange ? [exchangeLine(exchange)] : [],
    margin: { ...MARGIN, t: DATA.exchange ? 48 : MARGIN.t },
  };
  document.getElementById("figure4-status").textContent = figure4Status(state, exchange);
  return Plotly.react(figure4, traces, layout(xaxis, yaxis, more), CONFIG);
}

form.addEventListener("input", drawFigure4);
form.addEventListener("reset", () => setTimeout(drawFigure4)); // after the form has changed
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("save").addEventListener("click", () => {
  const { width, height } = figure4.getBoundingClientRect();
  Plotly.downloadImage(figure4, { format: "svg", filename: "figure4", width, height });
});
drawFigure4();
