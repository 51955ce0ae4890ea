// Charts below each other on one time axis: legend, zoom and pointer are shared.

const charts = [];
const stepped = uPlot.paths.stepped({ align: 1 });
const times = record.times ?? [];
const end = times.length ? times[times.length - 1] : 0;
const FONT = "12px system-ui, sans-serif";
const TICKS = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => 60 * minutes),
  ...[1, 2, 3, 6, 12].map((hours) => 3600 * hours),
  ...[1, 2, 3, 5, 7, 14, 28, 56, 91, 182, 364].map((days) => DAY * days),
];

/** Tasks, jobs and seconds have no halves. */
const WHOLE = [...Array(12).keys()].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

const axis = (options) => ({
  stroke: () => color("quiet"),
  grid: { stroke: () => color("line"), width: 1 },
  ticks: { show: false },
  font: FONT,
  ...options,
});

/** The clock, and below it the day where it changes. */
function tickTexts(_, ticks, __, ___, step) {
  const before = {};
  const fresh = (name, text) => {
    const changed = before[name] !== text;
    before[name] = text;
    return changed && text ? text : "";
  };
  return ticks.map((tick) => {
    if (inSeconds) return tick - first + " s";
    if (step >= DAY) return dayOf(tick) + "\n" + fresh("year", yearOf(tick));
    return clock(tick) + "\n" + fresh("day", dayOf(tick));
  });
}

/** One line of the record: its lowest and its highest values, which are one line where they are the same. */
function lines(series) {
  const paths = series.style === "area" ? undefined : stepped;
  const style = {
    width: series.style === "wide" ? 5 : 1.5,
    points: { show: false },
    paths,
    show: !series.hidden,
  };
  const stroke = () => color(series.color);
  if (series.style === "wide") style.alpha = 0.55;
  if (series.style === "dashed") style.dash = [5, 5];
  const fill = series.style === "area" ? () => color(series.color, "24") : undefined;
  // The middle of a wide line is no edge.
  const edge = series.style === "wide" ? () => color(series.color, coarse ? "" : "00") : stroke;
  return [
    { ...style, stroke, fill },
    { ...style, stroke: edge, alpha: 1, width: 1 },
  ];
}

/** What one pixel of the screen can show: of each stretch of points the lowest and the highest value. */
function level(u, chart) {
  const begin = Math.max(0, lowerBound(times, view.min - first) - 1);
  const last = Math.min(times.length, lowerBound(times, view.max - first) + 2);
  const wide = Math.max(1, Math.ceil((last - begin) / (u.over.clientWidth / 2.5)));
  const columns = [[]];
  // Stretches begin at multiples of their width, so that moving does not change them.
  for (let at = begin - (begin % wide); at < last; at += wide) columns[0].push(first + times[at]);
  columns[0].push(first + times[times.length - 1]);
  for (const { low, high } of chart.series) {
    const [lows, highs] = [[], []];
    for (let at = begin - (begin % wide); at < last; at += wide) {
      lows.push(most(low, at, at + wide, -1));
      highs.push(most(high ?? low, at, at + wide, 1));
    }
    columns.push([...lows, low.at(-1) ?? null], [...highs, (high ?? low).at(-1) ?? null]);
  }
  return { columns, wide };
}

/** The highest value (`sign` 1) or the lowest (-1); a reading that is missing is neither. */
function most(values, begin, end, sign) {
  let found = null;
  for (let at = begin; at < end && at < values.length; at += 1) {
    if (values[at] !== null && (found === null || sign * values[at] > sign * found)) found = values[at];
  }
  return found;
}

function lowerBound(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function drawChart(chart, index) {
  const options = { series: [{}], bands: [] };
  const entries = [];
  for (const series of chart.series) {
    const [low, high] = lines(series).map((line) => options.series.push(line) - 1);
    options.bands.push({ series: [high, low], fill: () => color(series.color, "4d") });
    // Both bounds are one entry of the legend.
    const entry = entries.find((entry) => entry.series.name === series.name);
    if (entry) entry.drawn.push(low, high);
    else entries.push({ series, drawn: [low, high] });
  }
  const columns = [[first, first + end], ...options.series.slice(1).map(() => [null, null])];
  const legend = make("ul", { class: "legend", "aria-label": "Legend of " + chart.title });
  const plot = make("div", { class: "plot" });
  const title = make("h3", {}, chart.title);
  byId("charts").append(make("div", { class: "chart" }, title, legend, plot));
  const u = new uPlot(
    {
      ...sizeOf(plot, index),
      ...options,
      legend: { show: false },
      cursor: { y: false, sync: { key: "time" }, points: { size: 6 }, bind: { dblclick: () => () => showWhole() } },
      scales: {
        x: { time: false, range: (_, min, max) => [min, max] },
        y: { range: (_, __, top) => [0, top > 0 ? top * 1.1 : 1] },
      },
      axes: [
        axis({ size: inSeconds ? 28 : 44, space: 62, incrs: TICKS, values: tickTexts }),
        axis({ size: 48, incrs: WHOLE, values: (_, ticks) => ticks.map((tick) => short.format(tick)) }),
      ],
      hooks: { setScale: [(u, key) => key === "x" && follow(u)], setCursor: [() => tellValues(u, entries)] },
    },
    columns,
    plot,
  );
  u.root.querySelector("canvas").setAttribute("role", "img");
  u.root
    .querySelector("canvas")
    .setAttribute("aria-label", chart.title + " over time: " + entries.map(extremes).join("; "));
  for (const entry of entries) legend.append(make("li", {}, legendButton(u, entry, chart)));
  touch(u);
  charts.push({ u, plot, index, chart });
}

/** The least and the most of a series, for those who do not see the chart. */
function extremes({ series }) {
  const low = most(series.low, 0, series.low.length, -1);
  const high = most(series.high ?? series.low, 0, series.low.length, 1);
  return series.name + (low === null ? " unknown" : " " + exact(low) + " to " + exact(high));
}

function legendButton(u, entry, { unit }) {
  const { series, drawn } = entry;
  const key = make("i", {
    class: "key " + { area: "area", wide: "wide-line", dashed: "dashed" }[series.style],
    style: `color: var(--${series.color})`,
  });
  // The legend stays as it is while values come and go.
  const widest = exact(most(series.high ?? series.low, 0, series.low.length, 1) ?? 0, 1).length;
  entry.output = make("output", {
    style: `min-width: ${series.high || entry.drawn.length > 2 ? 2 * widest + 1 : widest}ch`,
  });
  const button = make(
    "button",
    { type: "button", "aria-pressed": String(!series.hidden), title: series.about + " (" + unit + ")" },
    key,
    series.name,
    entry.output,
  );
  button.addEventListener("click", () => {
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    for (const line of drawn) u.setSeries(line, { show: shown });
  });
  return button;
}

/** The values under the pointer, in the legend. */
function tellValues(u, entries) {
  const index = u.cursor.idx;
  for (const { drawn, output } of entries) {
    if (!output) continue;
    if (index == null) {
      output.value = "";
      continue;
    }
    const values = drawn.map((line) => u.data[line][index]);
    const [low, high] = [values[0], values[values.length - 1]];
    if (low == null) output.value = "unknown";
    else output.value = low === high ? exact(low, 1) : exact(low, 1) + "–" + exact(high, 1);
  }
}

/** Paper has a width of its own, and less height. */
function sizeOf(plot, index, paper) {
  if (paper) return { width: paper, height: index === 0 ? 280 : 135 };
  const narrow = window.innerWidth < 700;
  return { width: plot.clientWidth, height: index === 0 ? (narrow ? 300 : 360) : narrow ? 160 : 190 };
}

/** Stretches of time that have a name, behind the marks. */
function outages(u) {
  const bands = (record.moments ?? [])
    .filter((moment) => moment.end !== null)
    .map((moment) => {
      const label = make("span", {}, moment.label);
      const element = make("div", { class: "outage" }, label);
      u.over.append(element);
      return { moment, element, label };
    });
  const place = () => {
    for (const { moment, element, label } of bands) {
      const [from, to] = [first + moment.t, first + moment.end];
      const left = u.valToPos(Math.max(from, view.min), "x");
      element.hidden = to < view.min || from > view.max;
      element.style.left = left + "px";
      element.style.width = Math.max(0, u.valToPos(Math.min(to, view.max), "x") - left) + "px";
      element.classList.toggle("late", left + label.offsetWidth > u.over.clientWidth);
    }
  };
  listeners.push(place);
}

function drawCharts() {
  if (!times.length) return;
  byId("over-time").hidden = false;
  record.charts.forEach(drawChart);
  outages(charts[0].u);
  zoomButtons();
  listeners.push(() => {
    byId("range").textContent = moment(view.min - first) + " to " + moment(view.max - first);
  });
}

function resizeCharts(paper) {
  for (const { u, plot, index } of charts) u.setSize(sizeOf(plot, index, paper));
  settle();
}
