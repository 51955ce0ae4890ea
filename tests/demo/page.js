"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const plot = document.getElementById("plot");
const tip = document.getElementById("tip");
const end = data.samples[data.samples.length - 1].t;
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

// The bounds in force at a moment are those of the last look before it.
const boundsAt = (t) => data.bounds.findLast((bounds) => bounds.t <= t) ?? data.bounds[0];
const column = (read) => data.samples.map(read);
const columns = [
  column((sample) => sample.t),
  column((sample) => sample.waiting),
  column((sample) => sample.running),
  column((sample) => sample.desired),
  column((sample) => boundsAt(sample.t).min),
  column((sample) => boundsAt(sample.t).max),
  column((sample) => (sample.in_flight === null ? null : Math.ceil(sample.in_flight / data.concurrency))),
];
const capacity = Math.max(...columns[5], ...columns[3]);
const stepped = uPlot.paths.stepped({ align: 1 });

const axis = (options) => ({
  stroke: () => color("quiet"),
  grid: { stroke: () => color("line"), width: 1 },
  ticks: { show: false },
  font: "12px system-ui, sans-serif",
  ...options,
});
const bound = { scale: "tasks", stroke: () => color("bounds"), width: 1.5, dash: [5, 5], paths: stepped, points: { show: false } };

const options = {
  ...size(),
  legend: { show: false },
  cursor: { y: false, points: { size: 7 } },
  scales: {
    x: { time: false, range: (_, min, max) => [min, max] },
    jobs: { range: (_, __, max) => [0, Math.max(10, max * 1.12)] },
    tasks: { range: [0, capacity + 1.5] },
  },
  axes: [
    axis({ size: 28, values: (_, ticks) => ticks.map((t) => t + " s") }),
    axis({ scale: "tasks", size: 38, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? tick : "")), label: "tasks", labelSize: 18, labelFont: "12px system-ui, sans-serif" }),
    axis({ scale: "jobs", side: 1, size: 52, grid: { show: false }, label: "jobs waiting", labelSize: 18, labelFont: "12px system-ui, sans-serif", values: (_, ticks) => ticks.map((tick) => tick.toLocaleString("en")) }),
  ],
  series: [
    {},
    { scale: "jobs", stroke: () => color("waiting"), fill: () => color("waiting-fill"), width: 1.5, points: { show: false } },
    { scale: "tasks", stroke: () => color("running"), width: 5, alpha: 0.6, paths: stepped, points: { show: false } },
    { scale: "tasks", stroke: () => color("desired"), width: 2, paths: stepped, points: { show: false } },
    bound,
    bound,
    { scale: "tasks", stroke: () => color("needed"), width: 1.5, paths: stepped, points: { show: false } },
  ],
  hooks: { ready: [annotate], setScale: [place], setSize: [place], setCursor: [showValues] },
};

const chart = new uPlot(options, columns, plot);

function size() {
  const narrow = window.innerWidth < 700;
  return { width: plot.clientWidth, height: narrow ? 320 : 420 };
}

// Outages and decisions are elements above the canvas, so that they can be pointed at, tapped and read aloud.

function annotate(u) {
  const outages = data.moments.filter((moment) => moment.end !== null);
  u.outages = outages.map((moment) => {
    const element = document.createElement("div");
    const label = document.createElement("span");
    element.className = "outage";
    label.textContent = moment.label;
    element.append(label);
    u.over.append(element);
    return { moment, element };
  });
  u.marks = data.decisions.map((decision) => {
    const element = document.createElement("button");
    element.type = "button";
    element.className = "decision " + decision.verdict;
    element.textContent = { "scale-out": "▲", "scale-in": "▼", hold: "" }[decision.verdict];
    element.setAttribute("aria-label", decision.t.toFixed(1) + " s: " + decision.sentence);
    for (const event of ["pointerenter", "focus", "click"]) {
      element.addEventListener(event, () => explain(element, decision));
    }
    element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && quiet());
    element.addEventListener("blur", quiet);
    // A press on a mark is not the beginning of a zoom.
    element.addEventListener("mousedown", (event) => event.stopPropagation());
    u.over.append(element);
    return { decision, element };
  });
  place(u);
}

function place(u) {
  if (!u.marks) return;
  quiet();
  const { min, max } = u.scales.x;
  for (const { moment, element } of u.outages) {
    const left = u.valToPos(Math.max(moment.t, min), "x");
    const right = u.valToPos(Math.min(moment.end, max), "x");
    element.hidden = moment.end < min || moment.t > max;
    element.style.left = left + "px";
    element.style.width = Math.max(0, right - left) + "px";
    element.classList.toggle("late", left + element.firstChild.offsetWidth > u.over.clientWidth);
  }
  let last = { left: -Infinity, to: null };
  for (const { decision, element } of u.marks) {
    let left = u.valToPos(decision.t, "x");
    // Two looks in one second would lie on each other: the one that held moves aside.
    if (decision.verdict === "hold" && decision.to === last.to) left = Math.max(left, last.left + 11);
    last = { left, to: decision.to };
    element.hidden = decision.t < min || decision.t > max;
    element.style.left = left + "px";
    element.style.top = u.valToPos(decision.to, "tasks") + "px";
  }
}

function explain(element, decision) {
  quiet();
  element.classList.add("shown");
  tip.textContent = "";
  const time = document.createElement("small");
  time.textContent = decision.t.toFixed(1) + " s, rung by " + decision.rung_by + (decision.note ? ": " + decision.note : "");
  const sentence = document.createElement("strong");
  sentence.textContent = decision.sentence.split(", because ")[0];
  const reasons = document.createElement("ul");
  for (const reason of decision.reasons) {
    const item = document.createElement("li");
    item.textContent = reason.text.replaceAll("`", "");
    reasons.append(item);
  }
  tip.append(time, sentence, reasons);
  tip.hidden = false;
  const frame = tip.parentElement.getBoundingClientRect();
  const mark = element.getBoundingClientRect();
  const left = mark.left + mark.width / 2 - frame.left - tip.offsetWidth / 2;
  const above = mark.top - frame.top - tip.offsetHeight - 6;
  tip.style.left = Math.max(6, Math.min(left, frame.width - tip.offsetWidth - 8)) + "px";
  tip.style.top = (above > 0 ? above : mark.bottom - frame.top + 6) + "px";
}

function quiet() {
  tip.hidden = true;
  document.querySelector(".decision.shown")?.classList.remove("shown");
}

function showValues(u) {
  const index = u.cursor.idx;
  const read = (name) => document.querySelector(`[data-of="${name}"]`);
  const value = (series) => (index == null ? "" : (columns[series][index]?.toLocaleString("en") ?? "unknown"));
  read("waiting").value = value(1);
  read("running").value = value(2);
  read("desired").value = value(3);
  read("needed").value = value(6);
  read("bounds").value = index == null ? "" : value(4) + " to " + value(5);
}

// Zoom: dragging is uPlot's own; buttons, Ctrl and the wheel, and two fingers come on top.

function zoom(factor, center) {
  const { min, max } = chart.scales.x;
  center ??= (min + max) / 2;
  show(center - (center - min) * factor, center + (max - center) * factor);
}

function show(min, max) {
  const span = Math.min(Math.max(max - min, 2), end);
  const start = Math.min(Math.max(min, 0), end - span);
  chart.setScale("x", { min: start, max: start + span });
}

const steps = { in: () => zoom(0.6), out: () => zoom(1 / 0.6), all: () => show(0, end) };
for (const button of document.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", steps[button.dataset.zoom]);
}
chart.over.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoom(event.deltaY < 0 ? 0.8 : 1.25, chart.posToVal(event.offsetX, "x"));
}, { passive: false });

let touches = null;
const spots = (event) => [...event.touches].map((touch) => touch.clientX - chart.over.getBoundingClientRect().left);
chart.over.addEventListener("touchstart", (event) => {
  touches = event.touches.length === 2 ? spots(event).map((x) => chart.posToVal(x, "x")) : null;
}, { passive: true });
chart.over.addEventListener("touchmove", (event) => {
  if (!touches || event.touches.length !== 2) return;
  event.preventDefault();
  // The two moments under the fingers when they came down stay under the fingers.
  const [left, right] = spots(event);
  const perPixel = (touches[1] - touches[0]) / (right - left || 1);
  if (perPixel <= 0) return;
  const min = touches[0] - left * perPixel;
  show(min, min + chart.over.clientWidth * perPixel);
}, { passive: false });

document.addEventListener("keydown", (event) => event.key === "Escape" && quiet());
document.addEventListener("pointerdown", (event) => event.target.closest(".decision") || quiet());
new ResizeObserver(() => chart.setSize(size())).observe(plot);
const redraw = () => chart.redraw(false);
for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", redraw);

// On paper everything is open, and the chart fits the sheet.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  chart.setSize({ width: 680, height: 360 });
});
addEventListener("afterprint", () => chart.setSize(size()));
