"""emergency-max's release binary on the local AWS: hold, pin and release; an emergency from its beginning to its end, with
Application Auto Scaling beside it; what is refused; an AWS that fails meanwhile. The emergencies are those of the guides."""

import json

import pytest
from world.lambda_emulator import InvocationFailed

from .stage import BUSY, event

RULES = [{"when": "cpu > 70% for 3m", "add": 2}, {"when": "cpu < 30% for 10m", "remove": 1}]
CAPACITY = {"api": (2, 10), "worker": (2, 20)}


@pytest.fixture
def hyperverge(stage):
    """Hyperverge's services, whose guide sets them to 10 and 20 by hand in an emergency."""
    stage.services(api=2, worker=2)
    services = [service(stage, name, low, high) for name, (low, high) in CAPACITY.items()]
    fleet(stage, services, {"hold": "2h", "profiles": {"shed": {"worker": 1}}, "runbook": ["Enable rate limiting at the ALB"]})
    stage.reports()
    return stage


def service(stage, name: str, low: int, high: int, **more) -> dict:
    names = {"cluster": stage.cluster, "service": name}
    return {"name": name, "ecs": names, "capacity": {"min": low, "max": high}, "rules": RULES, **more}


def fleet(stage, services: list[dict], emergency: dict) -> None:
    file = {"version": 1, "name": stage.name, "mode": "enforce", "services": services, "emergency": emergency}
    stage.fleet_text(json.dumps(file, indent=1))


def entries(answer: dict) -> dict[str, dict]:
    """What an answer says of each target; of the emergency as a whole under `*`."""
    return {entry["target"]: entry for entry in answer["targets"]}


def sizes(stage, *names: str) -> list[int]:
    return [stage.desired(name) for name in names]


def scalable_target(stage, name: str) -> dict:
    client = stage.world.client("application-autoscaling")
    ids = [f"service/{stage.cluster}/{name}"]
    return client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=ids)["ScalableTargets"][0]


def register(stage, name: str, low: int, high: int, **suspended: bool) -> None:
    flags = {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False}
    stage.world.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{stage.cluster}/{name}",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=low,
        MaxCapacity=high,
        SuspendedState=flags | suspended,
    )


def test_everything_goes_to_its_maximum_and_is_reported_once_with_the_lines_that_keep_and_undo_it(hyperverge):
    function = hyperverge.function("emergency-max")
    answer = function.invoke({"action": "engage", "profile": "max", "reason": "launch", "who": "ana"})
    assert sizes(hyperverge, "api", "worker") == [10, 20]
    said = entries(answer)
    assert (said["*"]["emergency"]["profile"], said["*"]["emergency"]["failed"]) == ("max", 0), answer
    reports = hyperverge.reports()
    assert "EMERGENCY max in force until" in reports[0]["subject"], reports
    text = reports[0]["text"]
    for line in ["launch (ana)", "api: 2 to 10", "worker: 2 to 20", "Enable rate limiting at the ALB"]:
        assert line in text, text
    assert "keep  tidegate emergency engage --hold 2h" in text and "undo  tidegate emergency restore" in text, text
    assert reports[0]["state"] == "firing"

    function.invoke(event("schedule"))
    assert sizes(hyperverge, "api", "worker") == [10, 20], "the schedule keeps it"
    restored = function.invoke({"action": "restore", "who": "ana"})
    assert entries(restored)["*"]["emergency"]["phase"] in ("restored", "none"), restored
    assert sizes(hyperverge, "api", "worker") == [10, 20], "the rules scale in, at their own pace"
    assert hyperverge.reports()[-1]["state"] == "resolved"
    status = function.invoke({"action": "status"})
    assert entries(status)["*"]["emergency"]["phase"] == "none", status


def test_what_the_other_functions_scale_stays_at_its_size_until_the_emergency_ends(hyperverge):
    emergency, load = hyperverge.function("emergency-max"), hyperverge.function("service-load")
    emergency.invoke({"action": "engage", "profile": "shed"})
    assert hyperverge.desired("worker") == 1 and hyperverge.desired("api") == 2
    hyperverge.ecs("worker", desired=5)
    load.invoke(event("schedule", "service-load"))
    assert hyperverge.desired("worker") == 1, "below its minimum, as the profile says"
    hyperverge.clock.forward(2 * 3600 + 60)
    emergency.invoke(event("schedule"))
    load.invoke(event("schedule", "service-load"))
    assert hyperverge.desired("worker") == 2, "its minimum, after two hours, with nobody asking"


def test_application_auto_scaling_gets_bounds_and_flags_and_has_them_back_afterwards(hyperverge):
    register(hyperverge, "api", 2, 6)
    before = scalable_target(hyperverge, "api")
    function = hyperverge.function("emergency-max")
    function.invoke({"action": "engage", "profile": "max"})
    during = scalable_target(hyperverge, "api")
    assert hyperverge.desired("api") == 10
    assert (during["MinCapacity"], during["MaxCapacity"]) == (10, 10)
    flags = during["SuspendedState"]
    assert flags["DynamicScalingInSuspended"] and flags["ScheduledScalingSuspended"], flags
    assert not flags["DynamicScalingOutSuspended"], "it may still scale out"
    function.invoke({"action": "restore"})
    after = scalable_target(hyperverge, "api")
    kept = ["MinCapacity", "MaxCapacity", "SuspendedState"]
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}


def test_what_is_suspended_already_is_not_registered_again(hyperverge):
    everything = {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": True, "ScheduledScalingSuspended": True}
    register(hyperverge, "api", 2, 6, **everything)
    hyperverge.heal()
    hyperverge.function("emergency-max").invoke({"action": "engage", "profile": "max"})
    assert hyperverge.desired("api") == 10
    assert "application-autoscaling:RegisterScalableTarget" not in hyperverge.requests()


def test_what_was_changed_by_hand_meanwhile_stays_and_a_deleted_service_is_left_out(hyperverge):
    register(hyperverge, "api", 2, 6)
    function = hyperverge.function("emergency-max")
    function.invoke({"action": "engage", "profile": "max"})
    register(hyperverge, "api", 3, 12)
    hyperverge.world.client("ecs").delete_service(cluster=hyperverge.cluster, service="worker", force=True)
    hyperverge.reports()
    answer = function.invoke({"action": "restore"})
    assert (scalable_target(hyperverge, "api")["MinCapacity"], answer["errors"]) == (3, [])
    text = "\n".join(report["text"] for report in hyperverge.reports())
    assert "changed by hand" in text and "worker: left alone" in text, text


def test_a_plan_shows_what_would_be_done_and_changes_nothing(hyperverge):
    before = hyperverge.items()
    answer = hyperverge.function("emergency-max").invoke({"action": "plan", "profile": "max"})
    said = entries(answer)
    assert (said["api"]["from"], said["api"]["asked"], said["api"]["state"]) == (2, 10, "pending"), answer
    assert sizes(hyperverge, "api", "worker") == [2, 2] and hyperverge.items() == before
    assert hyperverge.reports() == []


def test_a_hold_a_pin_and_a_release_reach_the_functions_and_are_reported(hyperverge):
    function, load = hyperverge.function("emergency-max"), hyperverge.function("service-load")
    function.invoke({"action": "pin", "target": "api", "size": 7, "for": "2h", "reason": "launch", "who": "ana"})
    text = hyperverge.report()["text"]
    assert "api: pinned at 7 tasks until" in text and "undo  tidegate release api" in text, text
    load.invoke(event("schedule", "service-load"))
    assert hyperverge.desired("api") == 7
    function.invoke({"action": "release", "target": "api", "who": "ana"})
    function.invoke({"action": "hold", "target": "*", "both": True, "for": "30m"})
    hyperverge.ecs("api", desired=1)
    load.invoke(event("schedule", "service-load"))
    assert hyperverge.desired("api") == 1, "held, below its minimum too"
    status = function.invoke({"action": "status"})
    assert [entry["action"] for entry in status["targets"] if "action" in entry] == ["hold"], status
    hyperverge.clock.forward(31 * 60)
    hyperverge.reports()
    function.invoke(event("schedule"))
    assert "override ended" in hyperverge.report()["text"]
    load.invoke(event("schedule", "service-load"))
    assert hyperverge.desired("api") == 2


@pytest.mark.parametrize(
    "asked, complaint",
    [
        ({"action": "pin", "target": "ap", "size": 3}, "no service `ap`"),
        ({"action": "pin", "target": "api", "size": 11}, "`size` is 11, above 10"),
        ({"action": "hold", "target": "api", "for": "2 weeks"}, "`for` is `2 weeks`"),
        ({"action": "engage", "profile": "maxx"}, "no profile `maxx`"),
        ({"action": "engage", "profile": "shed", "services": ["api"]}, "no service of the profile `shed` `api`"),
        ({"action": "engage", "profile": "max", "forr": 1}, "unknown field `forr`"),
        ({"action": "enrage"}, "unknown action `enrage`"),
        ({"acton": "plan"}, "by hand `emergency-max` takes an `action`: `engage`, `restore`, `status`, `hold`, `pin`, `release`"),
        ({"action": "pin", "target": "api", "size": "7"}, '`size` is "7": write a whole number without quotes, 0 to 10'),
        ({"action": "engage", "profile": "max", "services": "api"}, '`services` is "api": write a list of names'),
        ({"services": ["nope"]}, "no service `nope`"),
    ],
)
def test_what_the_fleet_file_does_not_allow_is_refused_with_what_it_allows(hyperverge, asked, complaint):
    before = hyperverge.items()
    with pytest.raises(InvocationFailed) as refused:
        hyperverge.function("emergency-max").invoke(asked)
    assert refused.value.kind == "NonRetryable" and complaint in refused.value.message, refused.value
    assert hyperverge.items() == before and sizes(hyperverge, "api", "worker") == [2, 2]


def test_it_raises_while_the_ledger_cannot_be_reached_and_its_answer_restores(hyperverge):
    register(hyperverge, "api", 2, 6)
    for action in ["dynamodb:BatchGetItem", "dynamodb:PutItem"]:
        hyperverge.fault(action, "error")
    function = hyperverge.function("emergency-max")
    answer = function.invoke({"action": "engage", "profile": "max"})
    assert sizes(hyperverge, "api", "worker") == [10, 20]
    saved = [entry["snapshot"] for entry in answer["targets"] if entry.get("snapshot")]
    assert [one["target"] for one in saved] == ["api", "worker"], answer
    hyperverge.heal()
    function.invoke({"action": "restore", "from": saved})
    assert scalable_target(hyperverge, "api")["MaxCapacity"] == 6


def test_one_that_fails_stops_no_other_and_is_said_so(hyperverge):
    hyperverge.world.client("ecs").delete_service(cluster=hyperverge.cluster, service="api", force=True)
    answer = hyperverge.function("emergency-max").invoke({"action": "engage", "profile": "max"})
    said = entries(answer)
    assert hyperverge.desired("worker") == 20
    assert said["api"]["state"] == "skipped" and said["*"]["emergency"]["skipped"] == 1, answer


def test_a_quiet_minute_reads_the_ledger_once_and_writes_nothing(hyperverge):
    function = hyperverge.function("emergency-max")
    hyperverge.heal()
    function.invoke(event("schedule"))
    assert hyperverge.requests() == {"dynamodb:BatchGetItem": 1}


def test_workers_behind_a_queue_are_shed_and_scale_out_again_when_it_is_over(stage):
    """March 2026: a queue raised its workers from 5 to 38, and they exhausted the database."""
    stage.services(worker=38)
    worker = stage.worker("worker", capacity={"min": 5, "max": 40})
    fleet(stage, [worker], {"profiles": {"shed": {"worker": 5}}})
    stage.fill("worker", BUSY)
    emergency, depth = stage.function("emergency-max"), stage.function()
    emergency.invoke({"action": "engage", "profile": "shed", "reason": "connections exhausted"})
    assert stage.desired("worker") == 5, "at once"
    depth.invoke(event("schedule"))
    assert stage.desired("worker") == 5, "whatever waits"
    emergency.invoke({"action": "restore"})
    stage.clock.forward(3600)
    depth.invoke(event("schedule"))
    assert stage.desired("worker") == 10, "its rules decide again"
