// What is shown in words, and everything that begins when the page is opened.

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

/** What is recommended, before everything that it rests on. */
function drawChoice() {
  const { choice } = record;
  if (!choice) return;
  section("choice", "p").append(...prose(choice.text));
  section("choice", "dl").append(
    ...choice.figures.map(({ name, unit, decimals, chosen, today }) => {
      const shown = (number) => exact(number, decimals, decimals) + unit;
      const beside = make("small", {}, shown(chosen) === shown(today) ? "as today" : "today " + shown(today));
      return make("div", {}, make("dt", {}, name), make("dd", {}, make("strong", {}, shown(chosen)), beside));
    }),
  );
  if (!choice.lines.length) return;
  section("choice", ".lines").hidden = false;
  byId("choice-replaces").append(...prose(choice.replaces));
  section("choice", "pre").textContent = choice.lines.join("\n");
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
  if (record.commands) {
    section("commands", "div").append(
      ...record.commands.map(({ t, command, output }) =>
        make(
          "details",
          {},
          make("summary", {}, make("span", { class: "when" }, moment(t)), " ", make("code", {}, command)),
          make("pre", {}, output),
        ),
      ),
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
drawChoice();
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
