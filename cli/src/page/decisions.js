// Every decision of the policy: marks above the first chart, and a table of those in view.

const tip = byId("tip");
const SIGNS = { "scale-out": "▲", "scale-in": "▼", hold: "" };
/** Marks closer than this hide each other, in pixels. */
const APART = 15;
/** So many marks would be a carpet: then they keep more distance. */
const CROWD = 150;
const ROWS = 25;
/** More holds than this would hide the changes. */
const HOLDS_MAX = 150;
const decisions = record.decisions ?? [];
let rows = ROWS;
let withHolds = decisions.filter(({ verdict }) => verdict === "hold").length <= HOLDS_MAX;

const tasks = (number) => (number === null ? "" : " at " + count(number, "task"));
/** What was decided, as the policy words it. */
const verdictOf = ({ verdict, from, to }) =>
  verdict === "hold" ? "hold" + tasks(to) : verdict.replace("-", " ") + " from " + from + " to " + count(to, "task");
const sizeOfChange = ({ verdict, from, to }) => (verdict === "hold" ? 0 : Math.abs(to - from));
const inView = () => {
  const [from, to] = [view.min - first, view.max - first];
  return decisions.filter((it) => it.t >= from && it.t <= to && (withHolds || it.verdict !== "hold"));
};

/** What a decision stands for, beside itself. */
function stands(decision) {
  const said = [];
  if (decision.note) said.push(decision.note);
  const { evaluations = 1, changes = 0, until } = decision;
  const more = decision.verdict === "hold" ? evaluations : evaluations - 1;
  if (changes > 1) said.push("the largest of " + count(changes, "change") + " until " + momentAfter(until, decision.t));
  else if (evaluations > 1)
    said.push(
      (decision.verdict === "hold" ? "held for " : "then held for ") +
        count(more, "evaluation") +
        ", until " +
        momentAfter(until, decision.t),
    );
  return said.join("; ");
}

function seen({ waiting, in_flight, trigger }) {
  const jobs = known(waiting) + " waiting, " + known(in_flight) + " in flight";
  return trigger ? jobs + "; trigger: " + trigger : jobs;
}

const inWords = (decision) =>
  [moment(decision.t) + ": " + verdictOf(decision) + ", because " + decision.reasons.join("; "), stands(decision)]
    .filter(Boolean)
    .join("; ");

let marks = [];

/** The most important decisions that fit; each knows those it hides. */
function arrange(u) {
  const spot = (decision) => ({
    decision,
    x: u.valToPos(first + decision.t, "x"),
    y: decision.to === null ? u.over.clientHeight - 8 : u.valToPos(decision.to, "y"),
    hides: [],
  });
  const placed = [];
  // A decision about another service than the chart's stands in the table only.
  const all = inView().filter(({ elsewhere }) => !elsewhere);
  const hides =
    all.length > CROWD
      ? (one, other) => Math.abs(one.x - other.x) < 1.6 * APART
      : (one, other) => Math.hypot(one.x - other.x, one.y - other.y) < APART;
  const byWeight = all.map(spot).sort((one, other) => sizeOfChange(other.decision) - sizeOfChange(one.decision));
  for (const it of byWeight) {
    const before = placed.find((other) => hides(it, other));
    if (before) before.hides.push(it.decision);
    else placed.push(it);
  }
  return placed.sort((one, other) => one.x - other.x);
}

function placeMarks(u) {
  quiet();
  for (const { element } of marks) element.remove();
  marks = arrange(u).map((mark, index) => {
    const { decision, x, y } = mark;
    const element = make(
      "button",
      {
        type: "button",
        class: "decision " + decision.verdict,
        tabindex: index ? -1 : 0,
        "aria-label": inWords(decision),
      },
      SIGNS[decision.verdict],
    );
    element.style.left = x + "px";
    element.style.top = y + "px";
    for (const event of ["pointerenter", "focus", "click"])
      element.addEventListener(event, () => explain(element, mark));
    element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && quiet());
    element.addEventListener("blur", quiet);
    element.addEventListener("keydown", walk);
    // A press on a mark is not the beginning of a zoom.
    element.addEventListener("mousedown", (event) => event.stopPropagation());
    u.over.append(element);
    return { ...mark, element };
  });
}

/** The arrow keys go from mark to mark; Tab leaves them. */
function walk(event) {
  const here = marks.findIndex(({ element }) => element === event.currentTarget);
  const next = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: marks.length - 1 }[event.key];
  if (next === undefined || !marks[next]) return;
  event.preventDefault();
  marks[here].element.tabIndex = -1;
  marks[next].element.tabIndex = 0;
  marks[next].element.focus();
}

function explain(element, { decision, hides }) {
  quiet();
  element.classList.add("shown");
  const parts = [
    make("small", {}, moment(decision.t) + "; " + seen(decision)),
    make("strong", {}, verdictOf(decision)),
    make("ul", {}, ...decision.reasons.map((text) => make("li", {}, ...prose(text)))),
  ];
  if (stands(decision)) parts.push(make("small", {}, stands(decision)));
  if (hides.length)
    parts.push(
      make(
        "small",
        {},
        "Hides " +
          count(hides.length, "decision") +
          " close by: zoom in to see " +
          (hides.length === 1 ? "it" : "them"),
      ),
    );
  tip.replaceChildren(...parts);
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

function decisionRow(decision) {
  const hold = decision.verdict === "hold";
  const change = hold ? known(decision.to) : decision.from + " → " + decision.to;
  const more = stands(decision);
  return make(
    "tr",
    { class: decision.verdict },
    make("td", {}, moment(decision.t)),
    make(
      "td",
      {},
      make("span", { class: "sign", "aria-hidden": "true" }, hold ? "○" : SIGNS[decision.verdict]),
      " " + decision.verdict,
      ...(more ? [make("small", {}, more)] : []),
    ),
    make("td", {}, change),
    make("td", {}, known(decision.waiting)),
    make("td", {}, known(decision.in_flight)),
    make("td", {}, make("ul", {}, ...decision.reasons.map((text) => make("li", {}, ...prose(text))))),
  );
}

function listDecisions() {
  const all = inView();
  byId("decisions")
    .querySelector("tbody")
    .replaceChildren(...all.slice(0, rows).map(decisionRow));
  byId("more-decisions").hidden = all.length <= rows;
  const kept = record.decisions_cell_seconds;
  byId("decisions-shown").textContent =
    (all.length > rows
      ? `The first ${rows} of ${exact(all.length)} in view above. `
      : count(all.length, "decision") + " in view. ") +
    (withHolds ? "" : "Evaluations that changed nothing are left out. ") +
    (kept
      ? `There were too many to keep each: of every ${lasting(kept)} the largest change is shown, and the others are counted.`
      : "");
}

/** Changes and holds in the legend; holds can be left out. */
function decisionLegend(legend, update) {
  const mark = (verdict) =>
    make("span", { style: `color: var(--${verdict === "scale-out" ? "good" : "desired"})` }, SIGNS[verdict]);
  const button = make(
    "button",
    { type: "button", "aria-pressed": String(withHolds), title: "evaluations that changed nothing" },
    "○ holds",
  );
  button.addEventListener("click", () => {
    withHolds = !withHolds;
    button.setAttribute("aria-pressed", String(withHolds));
    update();
  });
  legend.append(
    make("li", {}, make("button", { type: "button", disabled: "" }, mark("scale-out"), mark("scale-in"), " changes")),
    make("li", {}, button),
  );
}

function drawDecisions() {
  if (!decisions.length || !charts.length) return;
  byId("decisions").hidden = false;
  const { u } = charts[0];
  const update = () => {
    placeMarks(u);
    rows = ROWS;
    listDecisions();
  };
  byId("more-decisions").addEventListener("click", () => {
    rows += 4 * ROWS;
    listDecisions();
  });
  decisionLegend(u.root.parentElement.previousElementSibling, update);
  listeners.push(update);
  document.addEventListener("keydown", (event) => event.key === "Escape" && quiet());
  document.addEventListener("pointerdown", (event) => event.target.closest(".decision") || quiet());
}
