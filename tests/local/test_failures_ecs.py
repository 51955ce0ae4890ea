"""ECS and CloudWatch fail in every way they can: nothing scales in, reports say what, the other half scales.

moto knows no DAEMON, draining, failing start or `failures` of its own: the world sets them on its services, and the
relay answers for AWS where only some of the requests must fail.
"""

import pytest
from world.lambda_emulator import InvocationFailed

from .halves import check_it_scales_in_once_it_is_seen, check_only_good_scaled, evaluate_twice, told_once, two_halves
from .stage import BUSY, codes, event, target


def test_a_service_that_is_missing_does_not_stop_the_other(stage):
    stage.services(good=5)
    stage.fill("broken", 0)
    stage.fill("good", BUSY)
    stage.fleet(stage.worker("broken"), stage.worker("good"))
    function = stage.function()
    evaluate_twice(stage, function)
    assert stage.desired("good") == 10 and stage.requests()["ecs:UpdateService"] == 1
    told_once(stage, function, "broken: scaling blocked", "MISSING")


def test_a_cluster_that_is_missing_does_not_stop_the_other(stage):
    stage.services(good=5)
    stage.fill("broken", 0)
    stage.fill("good", BUSY)
    stage.fleet(stage.worker("broken", cluster="no-such-cluster"), stage.worker("good"))
    function = stage.function()
    evaluate_twice(stage, function)
    assert stage.desired("good") == 10 and stage.requests()["ecs:UpdateService"] == 1
    told_once(stage, function, "broken: scaling blocked", "not found", "ClusterNotFound")


@pytest.mark.parametrize(
    "broken, healed, words",
    [
        ({"scheduling_strategy": "DAEMON"}, {"scheduling_strategy": "REPLICA"}, "strategy DAEMON"),
        ({"status": "DRAINING"}, {"status": "ACTIVE"}, "not ACTIVE"),
        ({"status": "INACTIVE"}, {"status": "ACTIVE"}, "not ACTIVE"),
        ({"failure": "ACCESS_DENIED"}, {"failure": None}, "ACCESS_DENIED"),
    ],
)
def test_a_service_that_cannot_be_scaled_is_reported_and_left_alone(stage, broken, healed, words):
    two_halves(stage)
    stage.ecs("broken", **broken)
    function = stage.function()
    evaluate_twice(stage, function)
    check_only_good_scaled(stage)
    told_once(stage, function, "broken: scaling blocked", words)
    stage.ecs("broken", **healed)
    check_it_scales_in_once_it_is_seen(stage, function)


def test_a_rollout_scales_nothing_in(stage):
    two_halves(stage)
    stage.ecs("broken", deployments=[{"rolloutState": "IN_PROGRESS"}, {"status": "ACTIVE"}])
    function = stage.function()
    answer = evaluate_twice(stage, function)
    assert "rollout" in codes(answer, "broken")
    check_only_good_scaled(stage)


@pytest.mark.parametrize("pending", [0, 5])
def test_tasks_that_do_not_start_get_no_more_and_are_reported_at_once(stage, pending):
    stage.services(broken=5, good=5)
    stage.fill("broken", BUSY)
    stage.fill("good", BUSY)
    cooldown = {"out": "0s", "in": "0s"}
    stage.fleet(stage.worker("broken", cooldown=cooldown, startup="60s"), stage.worker("good", cooldown=cooldown))
    stage.ecs("broken", running=5, pending=pending)
    function = stage.function()
    function.invoke(event("schedule"))
    assert (stage.desired("broken"), stage.desired("good")) == (10, 10)
    function.invoke(event("schedule"))
    asked = stage.desired("broken")
    stage.reports()
    stage.clock.forward(61)
    answer = function.invoke(event("schedule"))
    assert target(answer, "broken")["verdict"] == "hold"
    told = [report for report in stage.reports() if "tasks do not start" in report["text"]]
    assert len(told) == 1 and told[0]["severity"] == "critical" and f"5 of {asked} running" in told[0]["text"]
    assert (stage.desired("broken"), stage.desired("good")) == (asked, 20)
    stage.ecs("broken", follow=True)
    function.invoke(event("schedule"))
    assert stage.desired("broken") == asked + 5
    assert any("RESOLVED: tasks start again" in report["text"] for report in stage.reports())


def test_throttled_describe_services_scales_nothing_in_and_spares_the_other_cluster(stage, relay):
    stage.services(good=5)
    broken_cluster = f"{stage.cluster}-throttled"
    stage.services(broken_cluster, broken=10)
    stage.fill("broken", 0)
    stage.fill("good", BUSY)
    stage.fleet(stage.worker("broken", cluster=broken_cluster), stage.worker("good"))
    refusal = relay.refuse("DescribeServices", broken_cluster, "ThrottlingException", message="Rate exceeded")
    function = stage.function(aws=relay.url)
    evaluate_twice(stage, function)
    assert (stage.desired("broken", broken_cluster), stage.desired("good")) == (10, 10)
    assert relay.count("UpdateService") == 1
    assert relay.count("DescribeServices", broken_cluster) == 6, "three attempts an evaluation"
    told_once(stage, function, "broken: scaling blocked", "throttled", "Rate exceeded")
    relay.refusals.remove(refusal)
    function.invoke(event("schedule"))
    assert stage.desired("broken", broken_cluster) == 9


def test_a_throttled_update_service_is_reported_and_not_hammered(stage, relay):
    two_halves(stage)
    stage.fill("broken", BUSY)
    refusal = relay.refuse("UpdateService", '"broken"', "ThrottlingException", message="Rate exceeded")
    function = stage.function(aws=relay.url)
    answer = function.invoke(event("schedule"))
    assert [target(answer, name)["outcome"] for name in ("broken", "good")] == ["failed", "applied"]
    assert (stage.desired("broken"), stage.desired("good")) == (10, 10)
    report = stage.report()
    assert report["severity"] == "critical"
    assert "broken: failed to scale out from 10 to 15 tasks" in report["text"]
    assert "update service `broken`" in report["text"] and "Rate exceeded" in report["text"]
    assert "good: scaled out from 5 to 10 tasks: waiting " in report["text"]
    tried = relay.count("UpdateService", '"broken"')
    assert tried == 3, "the SDK's three attempts"
    stage.clock.forward(15)
    assert "backing-off" in codes(function.invoke(event("schedule")), "broken")
    assert relay.count("UpdateService", '"broken"') == tried
    relay.refusals.remove(refusal)
    stage.clock.forward(61)
    function.invoke(event("schedule"))
    assert stage.desired("broken") == 15


def test_a_service_deleted_between_describe_and_update_does_not_stop_the_other(stage, relay):
    two_halves(stage)
    stage.fill("broken", BUSY)
    relay.refuse("UpdateService", '"broken"', "ServiceNotActiveException", message="Service was not ACTIVE.")
    answer = stage.function(aws=relay.url).invoke(event("schedule"))
    assert [target(answer, name)["outcome"] for name in ("broken", "good")] == ["failed", "applied"]
    assert "update service `broken`" in target(answer, "broken")["error"] and stage.desired("good") == 10
    assert relay.count("UpdateService", '"broken"') == 1


REFUSALS = [("ThrottlingException", "Retryable"), ("AccessDeniedException", "NonRetryable")]


@pytest.mark.parametrize("code, kind", REFUSALS)
def test_when_no_change_could_be_made_the_invocation_fails(stage, code, kind):
    stage.services(worker=5)
    stage.fill("worker", BUSY)
    stage.fleet(stage.worker("worker"))
    stage.fault("ecs:UpdateService", "error", code=code)
    with pytest.raises(InvocationFailed) as failed:
        stage.function().invoke(event("schedule"))
    assert failed.value.kind == kind
    assert "update service `worker`" in failed.value.message and code in failed.value.message
    assert "failed to scale out from 5 to 10 tasks" in stage.report()["subject"]
    assert stage.desired("worker") == 5


def test_a_lost_answer_of_update_service_adds_nothing_twice(stage):
    stage.services(worker=5)
    stage.fill("worker", BUSY)
    stage.fleet(stage.worker("worker", cooldown={"out": "0s", "in": "0s"}))
    stage.fault("ecs:UpdateService", "apply-and-drop", calls=1)
    function = stage.function()
    answer = function.invoke(event("schedule"))
    assert target(answer, "worker")["outcome"] == "applied"
    assert stage.requests()["ecs:UpdateService"] == 2, "the SDK asks again, for the same absolute count"
    assert stage.desired("worker") == 10


def test_a_metric_that_cannot_be_read_scales_nothing_in(stage):
    rules = [{"when": "waiting < 50", "remove": 2}, {"when": "cpu > 70%", "add": 2}]
    two_halves(stage, rules=rules)
    stage.fault("cloudwatch:GetMetricData", "error", code="AccessDeniedException")
    function = stage.function()
    function.invoke(event("schedule"))
    stage.clock.forward(60)
    answer = function.invoke(event("schedule"))
    assert "reading-missing" in codes(answer, "broken")
    assert stage.desired("broken") == 10
    text = "\n".join(report["text"] for report in stage.reports())
    assert "broken: missing data" in text and "cpu" in text and "AccessDenied" in text
