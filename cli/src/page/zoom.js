// Zoom. Dragging is uPlot's own; buttons, Ctrl and the wheel, and fingers come on top.

let view = { min: first, max: first + end };
/** One chart is being followed by the others: what they show then is not followed again. */
let following = false;
/** A frame is asked for. */
let waiting = false;
/** Points stand for stretches of time, and lines are bands. */
let coarse = Boolean(pointSeconds);
/** What is done whenever the view has changed. */
const listeners = [];

/** All charts show what one of them shows. */
function follow(source) {
  const { min, max } = source.scales.x;
  if (following || min == null) return;
  following = true;
  view = { min, max };
  for (const { u } of charts) if (u !== source) u.setScale("x", { min, max });
  following = false;
  // A movement of fingers asks more often than a screen can show.
  if (!waiting) requestAnimationFrame(settle);
  waiting = true;
}

/** Draws what the view can show, and everything that lies above it. */
function settle() {
  waiting = false;
  following = true;
  let wide = 1;
  for (const { u, chart } of charts) {
    const drawn = level(u, chart);
    wide = drawn.wide;
    coarse = wide > 1 || Boolean(pointSeconds);
    chart.series.forEach(({ style }, place) => {
      // The edge of a band is thin, whatever its line would be.
      if (style === "wide") u.series[2 * place + 1].width = coarse ? 1 : 5;
    });
    u.setData(drawn.columns, false);
    u.setScale("x", view);
  }
  following = false;
  tellResolution(wide);
  for (const listen of listeners) listen();
}

function tellResolution(wide) {
  const point = (pointSeconds ?? (times.length > 1 ? times[1] - times[0] : 0)) * wide;
  byId("resolution").hidden = wide === 1 && !pointSeconds;
  byId("resolution").textContent =
    `One point stands for ${lasting(point)} here, as a band from the lowest to the highest value in it.` +
    (pointSeconds && wide > 1 ? ` The page keeps ${lasting(pointSeconds)} a point.` : "");
}

/** Shows a stretch of time, as far as there is one, and not less than a few points. */
function show(min, max) {
  if (!charts.length) return;
  const least = times.length > 4 ? 4 * (times[1] - times[0]) : 1;
  const span = Math.min(Math.max(max - min, Math.min(least, end)), end);
  const start = Math.min(Math.max(min, first), first + end - span);
  charts[0].u.setScale("x", { min: start, max: start + span });
}

const showWhole = () => show(first, first + end);

function zoom(factor, center = (view.min + view.max) / 2) {
  show(center - (center - view.min) * factor, center + (view.max - center) * factor);
}

const move = (share) => show(view.min + share * (view.max - view.min), view.max + share * (view.max - view.min));

function zoomButtons() {
  const steps = {
    in: () => zoom(0.5),
    out: () => zoom(2),
    left: () => move(-0.5),
    right: () => move(0.5),
    all: showWhole,
  };
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", steps[button.dataset.zoom]);
  }
}

function touch(u) {
  u.over.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 0.8 : 1.25, u.posToVal(event.clientX - u.over.getBoundingClientRect().left, "x"));
    },
    { passive: false },
  );
  let held = null;
  const moments = (event) => {
    const { left } = u.over.getBoundingClientRect();
    return [...event.touches].map(({ clientX }) => clientX - left);
  };
  const begin = (event) => {
    held = event.touches.length ? moments(event).map((x) => u.posToVal(x, "x")) : null;
  };
  for (const name of ["touchstart", "touchend", "touchcancel"]) u.over.addEventListener(name, begin, { passive: true });
  u.over.addEventListener(
    "touchmove",
    (event) => {
      if (!held || event.touches.length !== held.length) return;
      // The moments under the fingers when they came down stay under the fingers.
      const now = moments(event);
      const [one, two] = held;
      const perPixel =
        now.length > 1 ? (two - one) / (now[1] - now[0] || 1) : (view.max - view.min) / u.over.clientWidth;
      if (perPixel <= 0) return;
      if (event.cancelable) event.preventDefault();
      const min = one - now[0] * perPixel;
      show(min, min + u.over.clientWidth * perPixel);
    },
    { passive: false },
  );
}
