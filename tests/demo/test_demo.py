"""The page is one file and says what was recorded; the claims notice when they do not hold."""

import re
import threading
import time

import pytest

from demo import claims, example, page, story
from demo.example import evaluation, sample
from demo.stage import Stage


@pytest.fixture
def record():
    return example.record()


ENQUEUED = ["a", "b", "c", "d"]
FINISHED = [[name, priority, 0, priority + 1, priority + 2] for name, priority in zip(ENQUEUED, (0, 3, 6, 9))]


def broken(record, enqueued=ENQUEUED, finished=FINISHED):
    return [claim["claim"] for claim in claims.check(record, enqueued, finished) if not claim["holds"]]


def test_all_claims_hold_on_a_good_record(record):
    assert broken(record) == []


RISE = "More than 500 waiting adds 5 workers at a time, up to the maximum"
TWICE = "An event delivered twice changes nothing"
OUTAGE = "While Redis does not answer, nothing scales in"
FALL = "Fewer than 50 waiting removes workers one by one, down to the minimum"
FLOOR = "Workers never fall below what the running jobs need"
BOUNDS = "The desired count never leaves its bounds"
ALARM = "An alarm adds tasks at once, and again while it lasts"
COMMAND = "One command takes everything to its maximum; its plan says so before, and changes nothing"
HELD = "Nothing scales in until another command ends it; then the rules do"
REPORTS = "Every report that was published reached its subscriber"


@pytest.mark.parametrize(
    "claim, spoil",
    [
        (RISE, lambda record: record["evaluations"][0].update(to=8)),
        (TWICE, lambda record: record["duplicate"][1].update(updates=2)),
        (OUTAGE, lambda record: record["evaluations"].append(evaluation(12.5, "scale-in", 3, 2))),
        (OUTAGE, lambda record: record["evaluations"].append(evaluation(10.2, "scale-in", 3, 2))),
        (OUTAGE, lambda record: record["samples"].append(sample(12.8, 11, None, None))),
        (OUTAGE, lambda record: record["samples"][2].update(desired=13)),
        (FALL, lambda record: record["evaluations"][5].update(to=10)),
        (FLOOR, lambda record: record["evaluations"][5]["seen"].update(in_flight=23)),
        (BOUNDS, lambda record: record["samples"][0].update(desired=1)),
        (ALARM, lambda record: record["api"][1].update(verdict="scale-out")),
        (COMMAND, lambda record: record["commands"][0]["desired"].update(workers=12)),
        (COMMAND, lambda record: record["commands"][0].update(output="workers 4 → 11")),
        (COMMAND, lambda record: record["commands"][1]["desired"].update(api=7)),
        (COMMAND, lambda record: record["commands"][2].update(code=1)),
        (HELD, lambda record: record["evaluations"][-1].update(verdict="scale-in")),
        (HELD, lambda record: record["evaluations"].pop()),
        (HELD, lambda record: record["moments"][1].update(end=60)),
        (REPORTS, lambda record: record["reports"].pop()),
    ],
)
def test_a_claim_that_does_not_hold_is_reported(record, claim, spoil):
    spoil(record)
    assert claim in broken(record)


def test_a_lost_task_and_a_wrong_order_are_reported(record):
    assert broken(record, ENQUEUED + ["e"]) == ["Every task ran, although workers came and went"]
    late = [[name, 9 - priority, *times] for name, priority, *times in FINISHED]
    assert broken(record, finished=late) == ["Urgent tasks waited less"]


class Looking(Stage):
    """A stage on which an evaluation takes its time, and acts at its end on what it read at its beginning."""

    def __init__(self):
        super().__init__(None, lambda *_: None)
        self.redis, self.function, self.answering = self, self, True

    def see_what_changed(self):
        pass

    def pause(self):
        self.answering = False

    def resume(self):
        self.answering = True

    def wait_until(self, ready, seconds, what):
        while not ready():
            time.sleep(0.01)

    def invoke(self, _):
        answering = self.answering
        time.sleep(0.05)
        target = {"verdict": "scale-in" if answering else "hold"}
        return {"targets": [target], "trigger": "schedule", "reports_published": 0}


def test_nothing_is_drawn_on_the_outage_that_was_decided_before_it_or_after():
    stage = Looking()
    threads = [threading.Thread(target=lambda: [stage.trigger({}) for _ in range(12)]) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.08)
    story.outage(stage)
    for thread in threads:
        thread.join()
    (outage,) = stage.record["moments"]
    evaluations = stage.record["evaluations"]
    inside = [evaluation["verdict"] for evaluation in evaluations if outage["t"] <= evaluation["t"] < outage["end"]]
    assert len(inside) >= 2 and set(inside) == {"hold"}, inside
    assert {evaluation["verdict"] for evaluation in evaluations if evaluation["t"] < outage["t"]} == {"scale-in"}


def test_evaluations_that_hold_for_the_same_reason_are_one_row(record):
    folded = page.shape(record)["decisions"]
    blind = [row for row in folded if row["waiting"] is None and not row["note"]]
    assert [(row["evaluations"], row["t"], row["until"]) for row in blind] == [(2, 11, 12)]
    assert len(folded) == len(record["evaluations"]) + len(record["api"]) - 2, "and two of the emergency"


def test_the_page_is_one_file_and_keeps_text_text(record):
    record["claims"] = claims.check(record, ENQUEUED, FINISHED)
    html = page.fill(page.shape(record))
    assert not re.findall(r"<(?:link|img|iframe)\b|\bsrc=|\bhref=|@import|url\(", html)
    assert html.count("</script>") == 3
    assert "<b>text</b>" not in html and "# <fleet>" not in html
    assert "The MIT License" in html
    assert not re.findall(r"<!--(?:include|record)", html)
