"""What people set in force: observe mode, and the overrides in the ledger."""

from datetime import UTC, datetime, timedelta

import pytest
from world.lambda_emulator import InvocationFailed

from .stage import BUSY, codes, event, target

# An override ends within 31 days; in 30 days is the latest that `tidegate pin` asks for.
DAY = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%d")
PAST, FUTURE = "2020-01-01T00:00:00Z", f"{DAY}T00:00:00Z"


def test_observe_mode_acts_on_nothing_and_tells_once_what_it_would_have_done(stage):
    stage.services(worker=5)
    stage.fill("worker", BUSY)
    stage.fleet(stage.worker("worker"), mode="observe")
    function = stage.function()
    answer = function.invoke(event("schedule"))
    assert (target(answer, "worker")["mode"], target(answer, "worker")["outcome"]) == ("observe", "observed")
    report = stage.report()
    assert "worker: would scale out from 5 to 10 tasks" in report["text"] and "observe mode" in report["text"]
    for trigger in ("schedule", "delayed-evaluation", "alarm-direct"):
        stage.clock.forward(61)
        function.invoke(event(trigger))
    assert stage.reports() == [] and stage.desired("worker") == 5
    assert "ecs:UpdateService" not in stage.requests()
    stage.fill("worker", 0)
    function.invoke(event("schedule"))
    assert "worker: would scale in from 5 to 4 tasks" in stage.report()["text"]


def test_a_fleet_that_enforces_may_observe_one_service(stage):
    stage.services(worker=5, watched=5)
    stage.fill("worker", BUSY)
    stage.fill("watched", BUSY)
    stage.fleet(stage.worker("worker"), stage.worker("watched", mode="observe"))
    stage.function().invoke(event("schedule"))
    assert (stage.desired("worker"), stage.desired("watched")) == (10, 5)
    memory = stage.page()["memory"]
    assert (list(memory["enforce"]), list(memory["observe"])) == (["worker"], ["watched"])


def test_what_was_observed_begins_no_cooldown_of_what_is_enforced(stage):
    stage.services(worker=5)
    stage.fill("worker", BUSY)
    stage.fleet(stage.worker("worker"), mode="observe")
    stage.function().invoke(event("schedule"))
    stage.fleet(stage.worker("worker"), mode="enforce")
    stage.function().invoke(event("schedule"))
    assert stage.desired("worker") == 10


@pytest.mark.parametrize(
    "row, waiting, desired",
    [
        ({"pin": 12}, 0, 12),
        ({"pin": 3}, BUSY, 3),
        ({"min": 20}, 0, 20),
        ({"min": 5}, 0, 5),
        ({"max": 7}, BUSY, 7),
        ({"max": 5}, BUSY, 5),
    ],
)
@pytest.mark.parametrize("of", ["worker", "*"])
def test_an_override_is_honored_and_told(stage, row, waiting, desired, of):
    stage.services(worker=5)
    stage.fill("worker", waiting)
    stage.fleet(stage.worker("worker"))
    stage.override(target=of, until=FUTURE, **row)
    answer = stage.function().invoke(event("schedule"))
    assert stage.desired("worker") == desired
    assert "overridden" in codes(answer, "worker")
    [(kind, tasks)] = row.items()
    assert f"anna set {kind} {tasks} until {DAY} 00:00 UTC (a launch)" in stage.report()["text"]


@pytest.mark.parametrize("row", [{"target": "worker", "until": PAST}, {"target": "other", "until": FUTURE}])
def test_an_override_that_expired_or_is_for_another_service_is_nothing(stage, row):
    stage.services(worker=5)
    stage.fill("worker", 0)
    stage.fleet(stage.worker("worker"))
    stage.override(pin=12, **row)
    answer = stage.function().invoke(event("schedule"))
    assert stage.desired("worker") == 4 and "overridden" not in codes(answer, "worker")


def test_an_override_ends_by_itself_and_its_end_is_reported(stage):
    stage.services(worker=5)
    stage.fill("worker", 0)
    stage.fleet(stage.worker("worker"))
    answer = stage.function().invoke(event("plan"))
    until = datetime.fromisoformat(answer["at"]) + timedelta(days=30)
    stage.override(target="worker", pin=12, until=until.isoformat())
    function = stage.function()
    function.invoke(event("schedule"))
    assert stage.desired("worker") == 12
    stage.reports()
    stage.clock.forward(31 * 24 * 3600)
    function.invoke(event("schedule"))
    assert stage.desired("worker") == 11
    assert "RESOLVED: override ended" in stage.report()["text"]


def test_an_override_that_ends_in_years_ends_within_a_month_and_one_beyond_the_file_is_cut_and_both_are_reported(stage):
    stage.services(worker=5)
    stage.fill("worker", 0)
    stage.fleet(stage.worker("worker"))
    function = stage.function()
    asked_at = function.invoke(event("plan"))["at"]
    stage.override(target="worker", pin=12, since=asked_at, until="2999-01-01T00:00:00Z")
    assert "override-too-long" in codes(function.invoke(event("schedule")), "worker")
    assert stage.desired("worker") == 12 and "override exceeds limits" in stage.report()["text"]
    stage.clock.forward(31 * 24 * 3600)
    assert "overridden" not in codes(function.invoke(event("schedule")), "worker")
    stage.override(target="worker", pin=4_000_000_000, until=FUTURE)
    assert "override-above" in codes(stage.function().invoke(event("schedule")), "worker")
    assert stage.desired("worker") == 50


def test_an_override_stands_although_redis_is_away(stage):
    stage.services(worker=5)
    stage.fleet(stage.worker("worker"))
    stage.override(target="worker", pin=8, until=FUTURE)
    stage.function().invoke(event("schedule"))
    assert stage.desired("worker") == 8


def test_an_override_that_cannot_be_understood_scales_nothing_and_is_reported(stage):
    stage.services(worker=5)
    stage.fill("worker", 0)
    stage.fleet(stage.worker("worker"))
    stage.override(target="worker", pni=8, until=FUTURE)
    with pytest.raises(InvocationFailed) as failed:
        stage.function().invoke(event("schedule"))
    assert failed.value.kind == "NonRetryable" and "parse the item `overrides`" in failed.value.message
    assert stage.desired("worker") == 5 and "parse the item `overrides`" in stage.report()["text"]
