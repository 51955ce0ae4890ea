"""What a reader can do with the page: read it, zoom it, ask a decision for its reasons."""

import random
import re

import pytest
from demo import page as demo_page

from .conftest import DESKTOP, PHONE, ROOT, record_of, settled

VENDORED = ROOT / "cli" / "src" / "page" / "uplot"
NPM = ROOT / "tests" / "clients" / "node_modules" / "uplot"


def views(page) -> list:
    """The time that each chart shows."""
    return page.evaluate("charts.map(({ u }) => [u.scales.x.min, u.scales.x.max])")


def drag(page, begin: float, end: float) -> None:
    """Drags over the first chart, from one share of its width to another."""
    box = page.locator(".u-over").first.bounding_box()
    # Below all marks, where a press is the beginning of a zoom.
    height = box["y"] + box["height"] - 3
    page.mouse.move(box["x"] + begin * box["width"], height)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], height, steps=4)
    page.mouse.up()
    settled(page)


def test_both_writers_fill_the_same_files(simulated, demonstrated):
    def without_record(file) -> str:
        return re.sub(r'(id="record">).*?(</script>)', r"\1\2", file.read_text(), flags=re.S)

    assert without_record(simulated) == without_record(demonstrated)


def test_uplot_is_the_file_of_the_version_in_the_npm_lock():
    for name in ("LICENSE", "dist/uPlot.iife.min.js", "dist/uPlot.min.css"):
        vendored = VENDORED / name.rsplit("/", 1)[-1]
        assert vendored.read_bytes() == (NPM / name).read_bytes(), f"{vendored} is not what npm installs: copy it"


def test_the_page_opens_asks_for_nothing_and_draws(show, file):
    page = show(file)
    drawn = page.evaluate("""charts.map(({ u }) => {
        const { width, height } = u.ctx.canvas;
        return new Set(new Uint32Array(u.ctx.getImageData(0, 0, width, height).data.buffer)).size;
    })""")
    assert drawn and all(colors > 5 for colors in drawn), drawn
    named = {series["color"] for chart in record_of(file)["charts"] for series in chart["series"]}
    assert all(page.evaluate("(name) => color(name)", name).startswith("#") for name in named), named
    # The fixture checks that nothing was asked for.


def test_a_decision_tells_its_reasons_to_a_pointer(show, file):
    page = show(file)
    # Marks may lie close together: this one is on top of its own place.
    page.locator(".decision.scale-out").first.hover()
    tip = page.locator("#tip")
    assert tip.is_visible()
    reasons = [it["reasons"] for it in record_of(file)["decisions"] if it["verdict"] == "scale-out"]
    assert [item.replace("\u00a0", " ") for item in tip.locator("li").all_inner_texts()] in reasons
    page.mouse.move(5, 5)
    assert tip.is_hidden()


def test_a_decision_tells_its_reasons_to_the_keyboard(show, file):
    page = show(file)
    page.locator(".decision").first.focus()
    told = []
    for _ in range(3):
        told.append(page.locator("#tip").inner_text())
        label = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert ", because " in label
        page.keyboard.press("ArrowRight")
    assert len(set(told)) == 3, told
    page.keyboard.press("Escape")
    assert page.locator("#tip").is_hidden()
    # One stop of the Tab key for all marks.
    assert page.locator(".decision[tabindex='0']").count() == 1


def test_a_decision_tells_its_reasons_to_a_finger(show, file):
    page = show(file, **PHONE)
    page.locator(".decision.scale-out").first.tap()
    assert page.locator("#tip li").count() > 0
    box = page.locator("#tip").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 375


def test_every_decision_can_be_reached(show, file):
    decisions = record_of(file)["decisions"]
    page = show(file)
    more = page.locator("#more-decisions")
    while more.is_visible():
        more.click()
    assert page.locator("#decisions tbody tr").count() == len(decisions)
    listed = page.locator("#decisions tbody tr:last-child td:last-child").inner_text()
    assert [line.replace("\u00a0", " ") for line in listed.splitlines()] == decisions[-1]["reasons"]


def test_dragging_zooms_all_charts_and_a_double_click_shows_the_whole(show, file):
    page = show(file)
    whole = views(page)
    drag(page, 0.4, 0.6)
    zoomed = views(page)
    assert all(view == zoomed[0] for view in zoomed)
    span = (zoomed[0][1] - zoomed[0][0]) / (whole[0][1] - whole[0][0])
    assert 0.18 < span < 0.22
    listed = page.locator("#decisions-shown").inner_text()
    page.locator("#charts .u-over").last.dblclick()
    settled(page)
    assert views(page) == whole
    assert page.locator("#decisions-shown").inner_text() != listed


def test_buttons_zoom_and_move(show, file):
    page = show(file)
    whole = views(page)[0]
    page.get_by_role("button", name="Zoom in").click()
    settled(page)
    first = views(page)[0]
    page.get_by_role("button", name="Later").click()
    settled(page)
    later = views(page)[0]
    assert first[1] - first[0] < 0.6 * (whole[1] - whole[0]) and later[0] > first[0]
    page.get_by_role("button", name="Whole run").click()
    settled(page)
    assert views(page)[0] == whole


def test_two_fingers_zoom(show, file):
    page = show(file, **PHONE)
    whole = views(page)[0]
    page.locator(".u-over").first.scroll_into_view_if_needed()
    box = page.locator(".u-over").first.bounding_box()
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *shares: float):
        points = [{"x": box["x"] + share * box["width"], "y": box["y"] + box["height"] - 20} for share in shares]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", 0.4, 0.6)
    fingers("touchMove", 0.3, 0.7)
    fingers("touchMove", 0.2, 0.8)
    fingers("touchEnd")
    settled(page)
    assert 0.25 < (views(page)[0][1] - views(page)[0][0]) / (whole[1] - whole[0]) < 0.45


def test_a_rival_is_drawn_when_it_is_asked_for(show, simulated):
    page = show(simulated)

    def picture() -> str:
        settled(page)
        return page.evaluate("charts[0].u.ctx.canvas.toDataURL()")

    without = picture()
    for name in [score["title"] for score in record_of(simulated)["scores"][1:-1]]:
        rival = page.get_by_role("button", name=name, exact=True)
        assert rival.get_attribute("aria-pressed") == "false"
        rival.click()
        assert rival.get_attribute("aria-pressed") == "true" and picture() != without, name
        rival.click()
        assert picture() == without, name


def test_the_table_has_the_scores_of_the_json(show, simulated):
    page = show(simulated)
    scores = record_of(simulated)["scores"]
    keys = set(scores[0]) - {"name", "title", "about"}
    assert set(page.locator("#more-scores tbody code").all_text_contents()) == keys
    heads = page.locator("#more-scores thead th[scope=col]").all_text_contents()
    assert heads[1:] == [score["title"] for score in scores]
    row = page.locator("#more-scores tbody tr", has_text="cost_vs_oracle")
    assert row.locator("td").all_text_contents() == [f"{score['cost_vs_oracle']:.3f}" for score in scores]


def test_what_an_operator_decides_by_stands_first_and_the_rest_behind_a_fold(show, simulated):
    page = show(simulated)
    scores = record_of(simulated)["scores"]
    shown = page.locator("#board thead th[data-key]").evaluate_all("heads => heads.map((head) => head.dataset.key)")
    assert shown == [
        "worker_hours",
        "cost_vs_oracle",
        "late_percent",
        "wait_p95_seconds",
        "scaling_actions_per_day",
    ]
    rows = page.locator("#board tbody tr")
    assert rows.count() == len(scores)
    for row, score in zip(rows.all(), scores):
        # A name says what it is, and below it stands how it is set up.
        assert row.locator("th").inner_text().split("\n") == [score["title"], score["about"]]
        assert row.locator("td").nth(2).inner_text() == f"{score['late_percent']:.2f}"
    folded = page.locator("#more-scores tbody code", has_text="theta_u")
    assert folded.is_hidden()
    page.locator("#more-scores summary").click()
    assert folded.is_visible()


def tuned(record: dict, points: list[dict]) -> dict:
    """The record of a page of `tune`: settings, and one of them chosen."""
    figure = {"name": "task-hours", "unit": "", "decimals": 1, "chosen": 8.0, "today": 1_210.0}
    lines = ["capacity: { min: 2, max: 17 }", "wait: 45s"]
    choice = {"text": "`wait 20s` saves", "figures": [figure], "replaces": "`capacity` and `wait`", "lines": lines}
    return {**record, "frontier": points, "choice": choice}


def test_the_page_of_tune_begins_with_the_choice(show, simulated, tmp_path):
    record = tuned(record_of(simulated), [])
    file = tmp_path / "tuned.html"
    file.write_text(demo_page.fill(record))
    page = show(file)
    assert page.locator("main > section:visible").first.get_attribute("id") == "choice"
    assert page.locator("#choice pre").inner_text() == "\n".join(record["choice"]["lines"])
    assert page.locator("#choice .figures").inner_text().split() == ["task-hours", "8.0", "today", "1,210.0"]
    record["choice"]["lines"] = []
    file.write_text(demo_page.fill(record))
    assert show(file).locator("#choice .lines").is_hidden()


def boxes_of_names(page) -> list[dict]:
    return [name.bounding_box() for name in page.locator("#frontier .policy.name").all()]


def meet(one: dict, other: dict) -> bool:
    """Whether two boxes share more than an edge."""
    beside = one["x"] + one["width"] <= other["x"] + 0.5 or other["x"] + other["width"] <= one["x"] + 0.5
    above = one["y"] + one["height"] <= other["y"] + 0.5 or other["y"] + other["height"] <= one["y"] + 0.5
    return not (beside or above)


@pytest.mark.parametrize("width", [1280, 700, 375, 320])
def test_names_of_the_frontier_never_lie_on_each_other(show, simulated, tmp_path, width):
    file = tmp_path / "crowded.html"
    dice = random.Random(7)
    for spread in (1, 0.2, 0.02, 0):
        points = [
            {
                "name": f"rules with steps x0.5, thresholds x{number}, 2 to 20 tasks",
                "cost_vs_oracle": 1 + spread * dice.random(),
                "late_percent": spread * 30 * dice.random() ** 3,
                "chosen": number == 4,
            }
            for number in range(30)
        ]
        record = tuned(record_of(simulated), points)
        file.write_text(demo_page.fill(record))
        page = show(file, viewport={"width": width, "height": 900})
        boxes, plot = boxes_of_names(page), page.locator("#frontier .u-over").bounding_box()
        for place, one in enumerate(boxes):
            assert all(not meet(one, other) for other in boxes[place + 1 :]), (spread, one)
            assert plot["x"] - 0.5 <= one["x"] and one["x"] + one["width"] <= plot["x"] + plot["width"] + 0.5
            assert plot["y"] - 0.5 <= one["y"] and one["y"] + one["height"] <= plot["y"] + plot["height"] + 0.5
        named = page.locator("#frontier .policy.name").all_inner_texts()
        assert page.locator("#frontier .policy.name.chosen").count() == 1
        told = page.locator("#unnamed").text_content()
        everybody = [point["name"] for point in points] + [score["title"] for score in record["scores"]]
        assert [name for name in everybody if name not in named and f"{name} (" not in told] == []


def test_the_frontier_names_every_policy_and_joins_the_settings_of_one(show, simulated, tmp_path):
    record = record_of(simulated)
    record["frontier"] = [
        {"name": f"wait {wait}s", "cost_vs_oracle": 1 + 3 / wait, "late_percent": wait / 20, "chosen": wait == 20}
        for wait in (5, 10, 20, 40)
    ]
    file = tmp_path / "tuned.html"
    file.write_text(demo_page.fill(record))
    page = show(file)
    names = {name for name in page.locator("#frontier .policy").all_inner_texts() if name}
    assert names == {score["title"] for score in record["scores"]} | {point["name"] for point in record["frontier"]}
    assert page.locator("#frontier .policy.chosen").all_inner_texts() == ["wait 20s"]
    assert page.evaluate("frontier.u.data[1].filter((value) => value !== null).length") == 4


def test_a_record_of_a_frontier_alone_is_a_page(show, tmp_path):
    points = [{"name": str(cost), "cost_vs_oracle": cost, "late_percent": 1, "chosen": False} for cost in (1, 2)]
    time = {"first_seconds": 0, "is_date": False, "point_seconds": None, "seconds": 0}
    file = tmp_path / "alone.html"
    file.write_text(demo_page.fill({"brand": "b", "title": "t", "about": [], "time": time, "frontier": points}))
    page = show(file, **DESKTOP)
    assert page.locator("section:visible").count() == 1
