// What each policy pays against how many jobs it lets wait: points with names, and a line of settings of one policy.

let frontier = null;

/** A policy has the color of its line above. */
const lineOf = ({ name }) => record.charts?.[0]?.series.find((series) => series.name === name);

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
    .map((point) => ({ ...point, kind: point.chosen ? "chosen" : "", color: "running", setting: true }));
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
              `${point.name} ${exact(point.cost_vs_oracle)} times the oracle's cost, ${exact(point.late_percent)} % late`,
          )
          .join("; "),
    );
  frontier = { u, plot };
}

/** A dot and a name each; names that would lie on each other move up or down. */
function placeNames(u, points) {
  for (const old of u.over.querySelectorAll(".policy")) old.remove();
  const spot = (point) => ({ x: u.valToPos(point.cost_vs_oracle, "x"), y: u.valToPos(point.late_percent, "y") });
  const taken = points.map(spot).map(({ x, y }) => ({ left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 }));
  const width = u.over.clientWidth;
  // Who matters most gets the place beside its dot.
  for (const point of [...points].sort((one, other) => (other.kind !== "") - (one.kind !== ""))) {
    const { x, y } = spot(point);
    const dot = make("i", { style: `color: var(--${point.color}); left: ${x - 5}px; top: ${y - 5}px` });
    const dots = make("span", { class: "policy", style: "inset: 0" }, dot);
    const name = make("span", { class: "policy " + point.kind }, point.name);
    u.over.append(dots, name);
    const box = { width: name.offsetWidth, height: name.offsetHeight };
    const fits = ({ left, top }) =>
      left >= 0 && left + box.width <= width && top >= 0 && top + box.height <= u.over.clientHeight;
    const free = ({ left, top }) =>
      taken.every(
        (other) =>
          left >= other.right || left + box.width <= other.left || top >= other.bottom || top + box.height <= other.top,
      );
    const places = [0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5].flatMap((step) =>
      [x + 9, x - 9 - box.width, x - box.width / 2].map((left) => ({
        left,
        top: y - box.height / 2 + step * box.height,
      })),
    );
    const inside = places.filter(fits);
    const { left, top } = inside.find(free) ?? inside[0] ?? places[0];
    name.style.left = left + "px";
    name.style.top = top + "px";
    taken.push({ left, right: left + box.width, top, bottom: top + box.height });
  }
}
