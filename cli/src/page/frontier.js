// What each policy pays against how many jobs it lets wait: points with names, and a line of settings of one policy.

let frontier = null;
/** How far names move at a time, in pixels: half of a line. */
const NAME_ROW = 8;

/** A policy has the color of its line above. */
const lineOf = (score) => record.charts?.[0]?.series.find((series) => series.name === titleOf(score));

function frontierPoints() {
  const known = (point) => Number.isFinite(point.cost_vs_oracle) && Number.isFinite(point.late_percent);
  // A setting that has scores too is named once.
  const named = new Set((record.frontier ?? []).map((point) => point.name));
  const policies = (record.scores ?? [])
    .map((score, index) => ({
      ...score,
      kind: index === 0 ? "ours" : "",
      color: index === 0 ? "desired" : (lineOf(score)?.color ?? "load"),
    }))
    .filter((score) => known(score) && !named.has(score.name));
  const settings = (record.frontier ?? [])
    .filter(known)
    .map((point) => ({ ...point, kind: point.chosen ? "chosen" : "", color: point.chosen ? "desired" : "running", setting: true }));
  return [...policies, ...settings].sort((one, other) => one.cost_vs_oracle - other.cost_vs_oracle);
}

function drawFrontier() {
  const points = frontierPoints();
  // One point has nothing to be compared with.
  if (points.length < 2) return;
  byId("frontier").hidden = false;
  const plot = byId("frontier-plot");
  const least = Math.min(1, ...points.map((point) => point.cost_vs_oracle));
  const most = Math.max(...points.map((point) => point.cost_vs_oracle));
  const late = Math.max(1, ...points.map((point) => point.late_percent));
  const columns = [
    points.map((point) => point.cost_vs_oracle),
    points.map((point) => (point.setting ? point.late_percent : null)),
  ];
  const u = new uPlot(
    {
      width: plot.clientWidth,
      height: 380,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: [least - (most - least) * 0.08, most + (most - least) * 0.12] },
        // Like a logarithm above 1 %, and straight below it, where zero is.
        y: { distr: 4, asinh: 1, range: [-0.6, late * 1.6] },
      },
      axes: [
        axis({
          size: 30,
          space: 60,
          label: "task-hours, times the oracle's",
          labelSize: 18,
          labelFont: FONT,
          values: (_, ticks) => ticks.map((tick) => exact(tick)),
        }),
        axis({
          size: 58,
          label: "late jobs, %",
          labelSize: 18,
          labelFont: FONT,
          splits: () => [0, 0.5, 1, 2, 5, 10, 20, 50, 100].filter((tick) => tick <= late * 1.6),
          values: (_, ticks) => ticks.map((tick) => tick + " %"),
          filter: (_, ticks) => ticks,
        }),
      ],
      series: [{}, { stroke: () => color("running"), width: 1.5, spanGaps: true, points: { show: false } }],
      hooks: { draw: [(u) => placeNames(u, points)] },
    },
    columns,
    plot,
  );
  u.root.querySelector("canvas").setAttribute("role", "img");
  u.root
    .querySelector("canvas")
    .setAttribute(
      "aria-label",
      "Cost against late jobs: " +
        points
          .map(
            (point) =>
              `${titleOf(point)} ${exact(point.cost_vs_oracle)} times the oracle's cost, ${exact(point.late_percent)} % late`,
          )
          .join("; "),
    );
  frontier = { u, plot };
}

const apart = (one, other) =>
  one.left >= other.right || one.right <= other.left || one.top >= other.bottom || one.bottom <= other.top;

/** Where a name may stand: beside its dot, then ever farther above and below it. */
function* places({ x, y }, { width, height }) {
  for (let step = 0; step <= 20; step += 1)
    for (const rows of step ? [-step, step] : [0])
      for (const left of [x + 9, x - 9 - width, x - width / 2]) {
        const top = y - height / 2 + rows * NAME_ROW;
        yield { left, top, right: left + width, bottom: top + height };
      }
}

/** The line between the settings, as boxes small enough to be gone round. */
function lineBoxes(spots) {
  return spots.slice(1).flatMap((to, index) => {
    const from = spots[index];
    const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / 4));
    return Array.from({ length: steps }, (_, step) => {
      const [x, y] = [from.x + ((to.x - from.x) * step) / steps, from.y + ((to.y - from.y) * step) / steps];
      return { left: x - 2, right: x + 2, top: y - 2, bottom: y + 2 };
    });
  });
}

/** A line from a dot to its name, where the name does not stand beside it. */
function leader(at, { left, right, top, bottom }) {
  const end = { x: Math.min(Math.max(at.x, left), right), y: Math.min(Math.max(at.y, top), bottom) };
  const length = Math.hypot(end.x - at.x, end.y - at.y);
  if (length < 14) return [];
  const turn = Math.atan2(end.y - at.y, end.x - at.x);
  const style = `left: ${at.x}px; top: ${at.y}px; width: ${length}px; transform: rotate(${turn}rad)`;
  return [make("b", { class: "policy leader", style })];
}

/** A dot and a name each. No name lies on another or on a dot: those without room are shown below. */
function placeNames(u, points) {
  for (const old of u.over.querySelectorAll(".policy")) old.remove();
  const { clientWidth: width, clientHeight: height } = u.over;
  const spot = (point) => ({ x: u.valToPos(point.cost_vs_oracle, "x"), y: u.valToPos(point.late_percent, "y") });
  const dots = points.map(spot).map(({ x, y }) => ({ left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 }));
  const line = lineBoxes(points.filter(({ setting }) => setting).map(spot));
  const inside = (place) => place.left >= 0 && place.right <= width && place.top >= 0 && place.bottom <= height;
  const [names, unnamed] = [[], []];
  const weight = ({ kind }) => ["", "ours", "chosen"].indexOf(kind);
  // What matters most gets the place beside its dot.
  for (const point of [...points].sort((one, other) => weight(other) - weight(one))) {
    const at = spot(point);
    const dot = make("i", { class: point.kind, style: `color: var(--${point.color}); left: ${at.x - 5}px; top: ${at.y - 5}px` });
    const name = make("span", { class: "policy name " + point.kind }, titleOf(point));
    u.over.append(make("span", { class: "policy", style: "inset: 0" }, dot), name);
    const clear = (boxes) => (place) => boxes.every((other) => apart(place, other));
    const allowed = [...places(at, name.getBoundingClientRect())].filter(inside).filter(clear(names));
    const free = allowed.filter(clear(dots));
    // The choice is named in any crowd, then over dots.
    const best = free.find(clear(line)) ?? free[0] ?? (point.kind ? allowed[0] : undefined);
    if (best) {
      name.style.left = best.left + "px";
      name.style.top = best.top + "px";
      name.before(...leader(at, best));
      names.push(best);
    } else {
      name.remove();
      unnamed.push(point);
    }
  }
  tellUnnamed(unnamed.sort((one, other) => one.cost_vs_oracle - other.cost_vs_oracle));
}

function tellUnnamed(points) {
  byId("unnamed").hidden = points.length === 0;
  const shown = points.map(
    (point) => `${titleOf(point)} (${exact(point.cost_vs_oracle, 3)} times, ${exact(point.late_percent)} %)`,
  );
  byId("unnamed").textContent = "Without room for a name, from left to right: " + shown.join("; ") + ".";
}
