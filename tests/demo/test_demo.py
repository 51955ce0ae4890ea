"""The page is one file and says what was recorded; the claims notice when they do not hold."""

import copy
import re

import pytest

from demo import claims, page


def look(t, verdict, start, to, waiting=0, in_flight=0, note="", code="rule-matched"):
    return {
        "t": t,
        "verdict": verdict,
        "from": start,
        "to": to,
        "outcome": "none" if verdict == "hold" else "applied",
        "rung_by": "schedule",
        "note": note,
        "reasons": [{"code": code, "text": f"because of </script> {code}"}],
        "seen": {"waiting": waiting, "in_flight": in_flight, "desired": start, "running": start, "min": 2, "max": 12},
        "sentence": f"workers: {verdict} {start} to {to}",
    }


def sample(t, desired, waiting=0, in_flight=0):
    return {"t": t, "waiting": waiting, "in_flight": in_flight, "desired": desired, "running": desired, "pending": 0}


@pytest.fixture
def record():
    outs = [
        look(1, "scale-out", 2, 7, 900, 4, "first delivery"),
        look(1.1, "hold", 7, 7, 900, 4, "second delivery of the same event", "cooldown"),
        look(6, "scale-out", 7, 12, 700, 14),
    ]
    blind = [look(t, "hold", 12, 12, None, None, code="reading-missing") for t in (11, 12)]
    ins = [look(20 + step, "scale-in", 12 - step, 11 - step, 3, 4) for step in range(8)]
    floor = [look(30, "hold", 4, 4, 0, 8, code="work-in-flight")]
    ins += [look(40 + step, "scale-in", 4 - step, 3 - step, 0, 2) for step in range(2)]
    changes = [change for change in outs + ins if change["outcome"] == "applied"]
    counts = {"desired": 7, "running": 2, "pending": 5, "updates": 1}
    return {
        "began": 1795248000,
        "samples": [sample(0, 2), sample(2, 7, 800, 14), sample(7, 12), sample(11, 12, None, None), sample(45, 2)],
        "looks": outs + blind + ins + floor,
        "reports": [{"t": c["t"], "subject": f"to {c['to']}", "text": "<b>text</b>"} for c in changes],
        "reports_published": len(changes),
        "moments": [{"label": "Redis does not answer", "t": 10, "end": 13}],
        "duplicate": [counts, counts],
        "requests": {"ecs:UpdateService": 12},
        "fleet": "version: 1 # <fleet>",
        "concurrency": 2,
        "claims": [],
    }


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
REPORTS = "Every report that was published reached its subscriber"


@pytest.mark.parametrize(
    "claim, spoil",
    [
        (RISE, lambda record: record["looks"][0].update(to=8)),
        (TWICE, lambda record: record["duplicate"][1].update(updates=2)),
        (OUTAGE, lambda record: record["looks"].append(look(12.5, "scale-in", 3, 2))),
        (FALL, lambda record: record["looks"][5].update(to=10)),
        (FLOOR, lambda record: record["looks"][5]["seen"].update(in_flight=23)),
        (BOUNDS, lambda record: record["samples"][0].update(desired=1)),
        (REPORTS, lambda record: record["reports"].pop()),
    ],
)
def test_a_claim_that_does_not_hold_is_told(record, claim, spoil):
    spoil(record)
    assert claim in broken(record)


def test_a_lost_task_and_a_wrong_order_are_told(record):
    assert broken(record, ENQUEUED + ["e"]) == ["Every task ran, although workers came and went"]
    late = [[name, 9 - priority, *times] for name, priority, *times in FINISHED]
    assert broken(record, finished=late) == ["Urgent tasks waited less"]


def test_looks_that_hold_for_the_same_reason_are_one_row(record):
    folded = page.fold(record["looks"])
    blind = [row for row in folded if row["reasons"][0]["code"] == "reading-missing"]
    assert [(row["times"], row["t"], row["until"]) for row in blind] == [(2, 11, 12)]
    assert len(folded) == len(record["looks"]) - 1


def test_the_page_is_one_file_and_keeps_text_text(record):
    record["claims"] = claims.check(record, ENQUEUED, FINISHED)
    html = page.render(record)
    assert not re.findall(r"<(?:link|img|iframe)\b|\bsrc=|\bhref=|@import|url\(", html)
    assert html.count("</script>") == 3
    assert "<b>text</b>" not in html and "&lt;b&gt;text" in html and "&lt;fleet&gt;" in html
    assert "The MIT License" in html
    assert not re.findall(r"<!--\w+-->", html)
