"""emergency-max's release binary in the incidents that it was made for, each from engage to restore: Hyperverge's emergency,
Mercenary's traffic spike, workers that exhaust a database, an Auto Scaling group, and a fleet larger than ECS's bucket."""

import time

import pytest
from world.world import ROOT

from .stage import BUSY, event
from .test_emergency import entries, fleet, register, scalable_target, service, sizes
from .test_service_load import publish


def the_guides(stage, name: str) -> None:
    """A fleet file of the repository, in the stage's own cluster and under its own name."""
    text = (ROOT / "fleets" / f"{name}.yaml").read_text()
    text = text.replace(f"cluster: {name}-prod", f"cluster: {stage.cluster}")
    text = text.replace(f"cluster: {name}-test", f"cluster: {stage.cluster}-test")
    lines = [f"name: {stage.name}" if line.startswith("name: ") else line for line in text.splitlines()]
    stage.fleet_text("\n".join(lines))


def test_hyperverges_emergency_takes_api_to_10_and_worker_to_20_and_back(stage):
    """Its guide: `--desired-count 10` for the API and 20 for the worker, by hand. The notifier is not named there."""
    stage.services(api=2, worker=2, notifier=2)
    the_guides(stage, "hyperverge")
    emergency = stage.function("emergency-max")
    asked = {"action": "engage", "profile": "max", "services": ["api", "worker"], "reason": "emergency", "who": "ana"}
    answer = emergency.invoke(asked)
    assert sizes(stage, "api", "worker", "notifier") == [10, 20, 2], answer
    said = entries(answer)
    assert [said[name]["snapshot"]["desired"] for name in ("api", "worker")] == [2, 2], said
    emergency.invoke(event("schedule"))
    status = entries(emergency.invoke({"action": "status"}))
    assert [status[name]["state"] for name in ("api", "worker")] == ["done", "done"], status
    assert [status[name]["running"] for name in ("api", "worker")] == [10, 20], status
    over = entries(emergency.invoke({"action": "restore", "who": "ana"}))["*"]["emergency"]
    assert (over["phase"], over["failed"]) == ("restored", 0), over
    assert sizes(stage, "api", "worker", "notifier") == [10, 20, 2], "the rules scale in"


def test_after_an_emergency_the_rules_scale_in_at_their_own_pace(stage):
    stage.services(api=2, worker=2)
    fleet(stage, [service(stage, "api", 2, 10), service(stage, "worker", 2, 20)], {})
    emergency, load = stage.function("emergency-max"), stage.function("service-load")
    emergency.invoke({"action": "engage", "profile": "max"})

    def quiet(seconds: int) -> None:
        stage.clock.forward(seconds)
        for name in ("api", "worker"):
            publish(stage, "CPUUtilization", [10.0] * 20, ClusterName=stage.cluster, ServiceName=name)
        load.invoke(event("schedule", "service-load"))

    quiet(3600)
    assert sizes(stage, "api", "worker") == [10, 20], "while it lasts nothing scales in"
    emergency.invoke({"action": "restore"})
    quiet(60)
    assert sizes(stage, "api", "worker") == [9, 19], "one task at a time, as the rule says"


def test_what_an_emergency_set_is_called_that_and_not_a_change_from_outside(stage):
    stage.services(api=2, worker=2)
    fleet(stage, [service(stage, "api", 2, 10), service(stage, "worker", 2, 20)], {})
    emergency, load = stage.function("emergency-max"), stage.function("service-load")
    load.invoke(event("schedule", "service-load"))
    emergency.invoke({"action": "engage", "profile": "max"})
    emergency.invoke({"action": "restore"})
    said = {name: entry["sentence"] for name, entry in entries(load.invoke(event("schedule", "service-load"))).items()}
    for name, size in (("api", 10), ("worker", 20)):
        assert f"emergency-max set the desired count to {size} at " in said[name], said
        assert "(previously 2)" in said[name] and "outside Tidegate" not in said[name], said
    stage.clock.forward(60)
    again = entries(load.invoke(event("schedule", "service-load")))
    assert all("emergency-max set" not in again[name]["sentence"] for name in ("api", "worker")), again


def test_mercenarys_spike_takes_the_api_from_4_to_12_beside_application_auto_scaling(stage):
    """A product launch with ten times the traffic. The two replicas of its guide are asked of `replica-lag`."""
    stage.services(api=4)
    stage.services(cluster=f"{stage.cluster}-test", api=1)
    the_guides(stage, "mercenary")
    register(stage, "api", 2, 10)
    before = scalable_target(stage, "api")
    stage.reports()
    emergency, load = stage.function("emergency-max"), stage.function("service-load")
    plan = entries(emergency.invoke({"action": "plan", "profile": "spike"}))
    assert (plan["api"]["from"], plan["api"]["asked"]) == (4, 12), plan
    assert stage.desired("api") == 4
    answer = emergency.invoke({"action": "engage", "profile": "spike", "reason": "product launch", "who": "ana"})
    assert stage.desired("api") == 12, answer
    during = scalable_target(stage, "api")
    assert (during["MinCapacity"], during["MaxCapacity"]) == (12, 12), "above its own maximum of 10"
    assert all(during["SuspendedState"].values()), "nothing else moves it"
    text = stage.report()["text"]
    for line in ("api: 4 to 12", "db: at least 3 replicas asked", "Increase the Redis cache size", "Implement request rate limiting"):
        assert line in text, text
    load.invoke(event("schedule", "service-load"))
    emergency.invoke(event("schedule"))
    assert stage.desired("api") == 12
    restored = emergency.invoke({"action": "restore", "reason": "traffic is normal", "who": "ana"})
    assert entries(restored)["*"]["emergency"]["phase"] == "restored", restored
    after = scalable_target(stage, "api")
    kept = ("MinCapacity", "MaxCapacity", "SuspendedState")
    assert [after[key] for key in kept] == [before[key] for key in kept]
    # AWS moves a service into its bounds when they are set again; moto does not.
    assert stage.desired("api") == 12


# A database of 125 connections, of which each worker takes 15: what 38 workers ask for is refused in 78 of 100 cases.
CONNECTIONS, OF_ONE = 125, 15


def refused(stage) -> float:
    """The share of connections that the database refuses to the workers that run."""
    asked = OF_ONE * stage.ecs("worker")["running"]
    return max(0.0, 1 - CONNECTIONS / asked)


def test_workers_that_exhaust_a_database_are_shed_and_the_errors_end_within_two_evaluations(stage):
    """March 2026: a queue took its workers from 5 to 38 in 12 minutes: 78 % errors for two and a half hours."""
    stage.services(worker=5, batch=3)
    rules = [{"when": "waiting > 500", "add": 11}, {"when": "waiting < 50", "remove": 1}]
    more = {"capacity": {"min": 5, "max": 40}, "rules": rules, "cooldown": {"out": "4m", "in": "0s"}}
    batch = {"name": "batch", "ecs": {"cluster": stage.cluster, "service": "batch"}, "capacity": {"min": 0, "max": 3}}
    batch["hours"] = [{"outside": "mon-fri 07:00-20:00 UTC", "min": 0}]
    fleet(stage, [stage.worker("worker", **more), batch], {"profiles": {"shed": {"worker": 5, "batch": 0}}})
    stage.fill("worker", BUSY)
    emergency, depth = stage.function("emergency-max"), stage.function()
    for expected in (16, 27, 38):
        depth.invoke(event("schedule"))
        assert stage.desired("worker") == expected
        stage.clock.forward(241)
    assert round(refused(stage), 2) == 0.78

    emergency.invoke({"action": "engage", "profile": "shed", "reason": "connections exhausted", "who": "ana"})
    assert sizes(stage, "worker", "batch") == [5, 0]
    for _ in range(2):
        stage.clock.forward(60)
        depth.invoke(event("schedule"))
        assert stage.desired("worker") == 5, "whatever waits"
    assert refused(stage) < 0.01

    emergency.invoke({"action": "restore", "reason": "the pool is larger", "who": "ana"})
    assert stage.desired("batch") == 3, "nothing else scales it: as it was"
    stage.clock.forward(3600)
    depth.invoke(event("schedule"))
    assert stage.desired("worker") == 16, "its rules decide again"


@pytest.fixture
def group(stage, auto_scaling_group):
    """The group beside a service, both in a fleet that knows how to shed; a policy and a scheduled action move the group."""
    stage.services(api=2)
    name = {"AutoScalingGroupName": stage.name}
    auto_scaling_group.put_scaling_policy(**name, PolicyName="up", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1)
    auto_scaling_group.put_scheduled_update_group_action(
        **name, ScheduledActionName="night", Recurrence="0 22 * * *", DesiredCapacity=2
    )
    described = {**service(stage, "nodes", 2, 9), "asg": {"name": stage.name, "detailed_monitoring": True}}
    del described["ecs"]
    fleet(stage, [service(stage, "api", 2, 10), described], {"profiles": {"shed": {"nodes": 2}}})
    return auto_scaling_group


def seen(stage, client) -> tuple[int, list[str]]:
    """A group's desired capacity, and its processes that are suspended."""
    found = client.describe_auto_scaling_groups(AutoScalingGroupNames=[stage.name])["AutoScalingGroups"][0]
    return found["DesiredCapacity"], sorted(it["ProcessName"] for it in found["SuspendedProcesses"])


def test_a_group_goes_as_far_as_its_own_bounds_allow_and_its_scaling_is_resumed_afterwards(stage, group):
    stage.reports()
    emergency = stage.function("emergency-max")
    answer = emergency.invoke({"action": "engage", "profile": "max"})
    assert seen(stage, group) == (6, ["AlarmNotification", "ScheduledActions"]), answer
    assert entries(answer)["nodes"]["blocked_by"] == "the group's MaxSize is 6", answer
    assert "nodes: 3 to 6, 9 asked (the group's MaxSize is 6)" in stage.report()["text"]
    emergency.invoke(event("schedule"))
    status = entries(emergency.invoke({"action": "status"}))
    assert (status["nodes"]["state"], status["nodes"]["blocked_by"]) == ("limited", "the group's MaxSize is 6"), status
    assert "1 of 2 targets limited" in status["*"]["sentence"], status
    emergency.invoke({"action": "restore"})
    assert seen(stage, group) == (6, []), "its own scaling goes on, and the rules"
    pinned = entries(emergency.invoke({"action": "pin", "target": "nodes", "size": 9}))["nodes"]["sentence"]
    assert "; not set while EC2 Auto Scaling (the policy `up`, the scheduled action `night`) manages it too" in pinned, pinned
    assert "; 6 instances are allowed: the group's MaxSize is 6" in pinned, pinned


def test_a_process_of_a_group_that_was_suspended_before_stays_so(stage, group):
    group.suspend_processes(AutoScalingGroupName=stage.name, ScalingProcesses=["ScheduledActions", "AZRebalance"])
    emergency = stage.function("emergency-max")
    emergency.invoke({"action": "engage", "profile": "shed"})
    assert seen(stage, group) == (2, ["AZRebalance", "AlarmNotification", "ScheduledActions"])
    emergency.invoke({"action": "restore"})
    assert seen(stage, group)[1] == ["AZRebalance", "ScheduledActions"]


def test_more_services_than_ecs_takes_at_once_are_set_without_one_throttled_call(stage):
    """`make bench` does it with 500. Beyond the first 45 it is five a second."""
    names = [f"s{number}" for number in range(80)]
    stage.services(**dict.fromkeys(names, 2))
    fleet(stage, [service(stage, name, 2, 4) for name in names], {})
    emergency = stage.function("emergency-max")
    stage.world.ask("throttle", {})
    began = time.monotonic()
    answer = emergency.invoke({"action": "engage", "profile": "max"})
    seconds = time.monotonic() - began
    assert sizes(stage, *names) == [4] * len(names), answer
    told = stage.world.ask("throttle")
    assert told["throttled"] == {} and entries(answer)["*"]["emergency"]["failed"] == 0, told
    assert (80 - 50) / 5 <= told["last"]["ecs:UpdateService"] and seconds < 30, "no faster than ECS allows"


def test_a_plan_says_how_many_tasks_fit_the_quota_and_fargate_launches_so_many(stage):
    """20 virtual CPUs, 8 in use, tasks of half a one: 24 of the 40 that are asked for."""
    stage.services()
    ecs = stage.world.client("ecs")
    container = {"name": "worker", "image": "worker"}
    size = {"cpu": "512", "memory": "1024", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}
    half = ecs.register_task_definition(family="half", containerDefinitions=[container], **size)["taskDefinition"]
    ecs.create_service(cluster=stage.cluster, serviceName="worker", taskDefinition=half["taskDefinitionArn"], desiredCount=0)
    stage.desired("worker")
    fleet(stage, [service(stage, "worker", 0, 40)], {})
    usage = {"Class": "Standard/OnDemand", "Resource": "vCPU", "Service": "Fargate", "Type": "Resource"}
    publish(stage, "ResourceCount", [8.0] * 15, "AWS/Usage", **usage)
    stage.world.ask("launches", {"vcpus": 20, "used": 8})
    emergency = stage.function("emergency-max")
    plan = entries(emergency.invoke({"action": "plan", "profile": "max"}))
    assert plan["worker"]["deliverable"] == 24, plan
    assert "L-3032A538" in plan["*"]["emergency"]["full_capacity"], plan
    emergency.invoke({"action": "engage", "profile": "max"})
    assert stage.desired("worker") == 40, "what cannot run yet is asked for all the same"
    launched = stage.world.ask("launches")
    assert (launched["launched"], launched["beyond_quota"]) == (24, 16)
