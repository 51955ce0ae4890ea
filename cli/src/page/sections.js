// What is told in words, and everything that begins when the page is opened.

/** Every score by its key in `tidegate simulate --json`: in words, and its decimals. Other keys are shown as they are. */
const SCORES = {
  worker_hours: ["task-hours paid", 1],
  cost_vs_oracle: ["task-hours, times the oracle's", 3],
  billed_hours: ["task-hours billed, a minute of every task at least", 1],
  billed_vs_oracle: ["task-hours billed, times the oracle's", 3],
  late_percent: ["jobs that waited too long, %", 2],
  excess_late_percent: ["without those late even at the maximum, %", 2],
  worst_hour_late_percent: ["late jobs of the worst hour, %", 1],
  wait_p95_seconds: ["95 % waited no longer than, s", 1],
  wait_p99_seconds: ["99 % waited no longer than, s", 1],
  theta_u: ["tasks missing, % of those needed", 1],
  theta_o: ["tasks too many, % of those needed", 1],
  tau_u: ["time with too few tasks, %", 1],
  tau_o: ["time with too many tasks, %", 1],
  instability: ["minutes in which supply moves unlike demand, %", 1],
  scaling_actions_per_day: ["changes a day", 1],
  direction_reversals_per_day: ["changes against the one before, a day", 1],
  task_starts_per_day: ["tasks started a day", 1],
  jobs_interrupted: ["jobs interrupted by scale-in", 0],
};

/** A name that may go on in the next line after a sign. */
const breakable = (name, sign) =>
  name.split(sign).flatMap((part, index) => (index ? [sign, make("wbr"), part] : [part]));

/** Shows a section and returns the part of it that is to be filled. */
function section(id, part) {
  byId(id).hidden = false;
  return byId(id).querySelector(part);
}

function drawHead() {
  document.title = record.brand + ": " + record.title;
  byId("brand").textContent = record.brand;
  byId("title").textContent = record.title;
  byId("about").append(...record.about.map((text) => make("p", {}, ...prose(text))));
}

function drawScores() {
  const scores = record.scores ?? [];
  if (!scores.length) return;
  const keys = Object.keys(SCORES);
  keys.push(...Object.keys(scores[0]).filter((key) => !keys.includes(key) && key !== "name" && key !== "about"));
  const ours = (index) => (index === 0 ? { class: "ours" } : {});
  const head = scores.map((score, index) =>
    make("th", { scope: "col", title: score.about, ...ours(index) }, ...breakable(score.name, "-")),
  );
  const value = (key, number) =>
    number === null || number === undefined ? "–" : exact(number, SCORES[key]?.[1], SCORES[key]?.[1]);
  const row = (key) =>
    make(
      "tr",
      {},
      make(
        "th",
        { scope: "row" },
        SCORES[key]?.[0] ?? key,
        ...(SCORES[key] ? [make("small", {}, make("code", {}, ...breakable(key, "_")))] : []),
      ),
      ...scores.map((score, index) => make("td", ours(index), value(key, score[key]))),
    );
  section("scores", ".wide").append(
    make(
      "table",
      {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "score"), ...head)),
      make("tbody", {}, ...keys.map(row)),
    ),
  );
  byId("scores").append(
    make("dl", {}, ...scores.flatMap((score) => [make("dt", {}, score.name), make("dd", {}, score.about)])),
  );
}

function drawTexts() {
  const facts = record.facts ?? [];
  if (facts.length)
    section("facts", "dl").append(
      ...facts.flatMap(({ name, text }) => [make("dt", {}, name), make("dd", {}, ...prose(text))]),
    );
  if (record.claims) {
    section("claims", "ul").append(
      ...record.claims.map(({ claim, holds, seen }) => {
        const sign = make(
          "span",
          { class: "sign", role: "img", "aria-label": holds ? "holds" : "broken" },
          holds ? "✓" : "✗",
        );
        return make("li", { class: holds ? "holds" : "broken" }, sign, make("div", {}, claim, make("small", {}, seen)));
      }),
    );
  }
  if (record.reports) {
    section("reports", "div").append(
      ...record.reports.map(({ t, subject, text }) =>
        make(
          "details",
          {},
          make("summary", {}, make("span", { class: "when" }, moment(t)), " " + subject),
          make("pre", {}, text),
        ),
      ),
    );
  }
  if (record.requests) {
    section("requests", "tbody").append(
      ...Object.entries(record.requests).map(([action, times]) =>
        make("tr", {}, make("td", {}, make("code", {}, action)), make("td", {}, exact(times))),
      ),
    );
  }
  if (record.fleet) section("fleet", "pre").textContent = record.fleet;
}

/** `paper` is its width; without it the charts fit the screen. */
function redraw(paper) {
  if (charts.length) resizeCharts(paper);
  frontier?.u.setSize({ width: paper ?? frontier.plot.clientWidth, height: 380 });
}

drawHead();
drawCharts();
drawDecisions();
drawScores();
drawFrontier();
drawTexts();
if (charts.length) settle();

let wide = document.body.clientWidth;
new ResizeObserver(() => {
  if (document.body.clientWidth === wide) return;
  wide = document.body.clientWidth;
  redraw();
}).observe(document.body);
// The canvases have the colors of the theme they were drawn in.
for (const query of ["(prefers-color-scheme: dark)", "print"])
  matchMedia(query).addEventListener("change", () => redraw());
// On paper everything is open, and the charts fit the sheet.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  redraw(640);
});
addEventListener("afterprint", () => redraw());
