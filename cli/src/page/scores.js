// Scores: first what an operator decides by, one policy a row; behind a fold all that there is, one policy a column.

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

/** What an operator decides by, with the short heads of a table. */
const DECIDING = {
  worker_hours: "task-hours",
  cost_vs_oracle: "times the oracle's",
  late_percent: "late jobs,\u00a0%",
  wait_p95_seconds: "95\u00a0% wait at most,\u00a0s",
  scaling_actions_per_day: "changes a day",
};

/** What a policy is called on the page. */
const titleOf = ({ title, name }) => title ?? name;

/** A name that may go on in the next line after a sign. */
const breakable = (name, sign) =>
  name.split(sign).flatMap((part, index) => (index ? [sign, make("wbr"), part] : [part]));

const ours = (index) => (index === 0 ? { class: "ours" } : {});
const scoreText = (key, number) =>
  number === null || number === undefined ? "–" : exact(number, SCORES[key]?.[1], SCORES[key]?.[1]);

function drawScores() {
  const scores = record.scores ?? [];
  if (!scores.length) return;
  const keys = Object.keys(SCORES);
  const texts = ["name", "title", "about"];
  keys.push(...Object.keys(scores[0]).filter((key) => !keys.includes(key) && !texts.includes(key)));
  section("scores", "#board").append(board(scores));
  section("scores", "#more-scores .wide").append(allScores(scores, keys));
}

function board(scores) {
  const heads = Object.entries(DECIDING).map(([key, head]) => make("th", { scope: "col", "data-key": key }, head));
  const row = (score, index) =>
    make(
      "tr",
      ours(index),
      make("th", { scope: "row" }, titleOf(score), make("small", {}, score.about)),
      ...Object.keys(DECIDING).map((key) => make("td", {}, scoreText(key, score[key]))),
    );
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "policy"), ...heads)),
    make("tbody", {}, ...scores.map(row)),
  );
}

function allScores(scores, keys) {
  const head = scores.map((score, index) =>
    make("th", { scope: "col", title: score.about, ...ours(index) }, titleOf(score)),
  );
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
      ...scores.map((score, index) => make("td", ours(index), scoreText(key, score[key]))),
    );
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "score"), ...head)),
    make("tbody", {}, ...keys.map(row)),
  );
}
