"""service-load's release binary on the local AWS: alarms, metrics, Auto Scaling groups, other autoscalers, notices."""

from datetime import datetime, timedelta, timezone

import pytest

from .stage import codes, event, target

ALARM = "api-cpu-high"
UP = {"when": f"alarm({ALARM})", "add": 2}
CPU_LOW = {"when": "cpu < 30% for 3m", "remove": 1}
LOGINS = {"namespace": "Shop", "metric": "Logins", "dimensions": {"Stage": "prod"}, "statistic": "Sum"}


@pytest.fixture
def api(stage):
    """One service of three tasks, without a queue, and its function."""
    stage.services(api=3)
    return stage


def service(stage, name: str = "api", **more) -> dict:
    return {
        "name": name,
        "ecs": {"cluster": stage.cluster, "service": name},
        "capacity": {"min": 2, "max": 10},
        "rules": [UP],
        "cooldown": {"out": "60s", "in": "0s"},
        "stabilization": "0s",
        **more,
    }


def alarm(stage, state: str, name: str = ALARM) -> None:
    cloudwatch = stage.world.client("cloudwatch")
    if not cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]:
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/ECS",
            MetricName="CPUUtilization",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=70,
            ComparisonOperator="GreaterThanThreshold",
        )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="the test says so")


def publish(stage, metric: str, values: list[float], namespace: str = "AWS/ECS", **dimensions: str) -> None:
    """One datapoint a minute, the newest of the minute that ended last on the stage's clock."""
    now = datetime.now(timezone.utc) + timedelta(seconds=stage.clock.seconds)
    last = now.replace(second=0, microsecond=0) - timedelta(minutes=1)
    named = dimensions or {"ClusterName": stage.cluster, "ServiceName": "api"}
    pairs = [{"Name": name, "Value": value} for name, value in named.items()]
    data = [
        {"MetricName": metric, "Dimensions": pairs, "Value": value, "Timestamp": last - timedelta(minutes=age)}
        for age, value in enumerate(reversed(values))
    ]
    stage.world.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def trigger(function, name: str = "schedule") -> dict:
    return function.invoke(event(name, "service-load"))


@pytest.mark.parametrize("event_name", ["alarm-direct", "alarm-eventbridge", "alarm-sns"])
def test_an_alarm_acts_at_once_and_the_schedule_steps_on_while_it_lasts(api, event_name):
    api.fleet(service(api))
    alarm(api, "ALARM")
    function = api.function("service-load")
    assert trigger(function, event_name)["trigger"] == "alarm"
    assert api.desired("api") == 5
    trigger(function)
    assert api.desired("api") == 5, "the cooldown runs"
    api.clock.forward(61)
    trigger(function)
    assert api.desired("api") == 7, "the alarm triggered once, and its breach lasts"
    alarm(api, "OK")
    api.clock.forward(61)
    answer = trigger(function)
    assert (api.desired("api"), codes(answer, "api")) == (7, ["nothing-matches"])


def test_an_alarm_without_data_is_not_ok(api):
    quiet = {"when": "alarm(quiet)", "remove": 1}
    api.fleet(service(api, rules=[UP, quiet]))
    alarm(api, "INSUFFICIENT_DATA")
    alarm(api, "ALARM", "quiet")
    answer = trigger(api.function("service-load"))
    assert api.desired("api") == 3
    assert "reading-missing" in codes(answer, "api"), answer


def test_an_alarm_that_does_not_exist_is_reported(api):
    api.fleet(service(api))
    function = api.function("service-load")
    for _ in range(2):
        trigger(function)
    assert ALARM in api.report()["text"]
    assert api.desired("api") == 3


def test_a_low_cpu_scales_in_and_a_missing_one_holds(api):
    api.fleet(service(api, rules=[{"when": "cpu > 70%", "add": 1}, CPU_LOW]))
    publish(api, "CPUUtilization", [10.0] * 6)
    function = api.function("service-load")
    trigger(function)
    assert api.desired("api") == 2
    api.ecs("api", desired=3)
    api.clock.forward(1800)
    answer = trigger(function)
    assert api.desired("api") == 3
    assert "reading-missing" in codes(answer, "api"), answer


def test_minutes_that_grow_never_scale_in_under_a_steady_load(api):
    """Of 60 % the newest minute shows 18 %, and the one before 42 %."""
    low = {"when": "cpu < 50% for 3m", "remove": 1}
    api.fleet(service(api, rules=[{"when": "cpu > 95%", "add": 1}, low]))
    function = api.function("service-load")
    for _ in range(8):
        publish(api, "CPUUtilization", [60.0] * 10)
        answer = trigger(function)
        assert api.desired("api") == 3, answer
        api.clock.forward(60)


def test_a_high_minute_scales_out_as_soon_as_enough_of_it_has_arrived(api):
    api.fleet(service(api, rules=[{"when": "logins > 1000", "add": 2}], metrics={"logins": LOGINS}))
    function = api.function("service-load")
    publish(api, "Logins", [500.0] * 10, "Shop", Stage="prod")
    trigger(function)
    assert api.desired("api") == 3
    api.clock.forward(60)
    publish(api, "Logins", [4000.0], "Shop", Stage="prod")
    trigger(function)
    assert api.desired("api") == 5, "three tenths of 4,000 are more than 1,000 already"


def test_two_owners_are_refused_until_the_other_is_suspended(api):
    api.fleet(service(api), mode="observe")
    alarm(api, "ALARM")
    autoscaling = api.world.client("application-autoscaling")
    about = {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": f"service/{api.cluster}/api",
    }
    suspend = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
    half = dict.fromkeys(suspend[:2], True)
    autoscaling.register_scalable_target(**about, MinCapacity=1, MaxCapacity=9, SuspendedState=half)
    function = api.function("service-load")
    for _ in range(2):
        trigger(function)
    observed = api.report()
    assert observed["severity"] == "info" and "api: would scale out from 3 to 5 tasks" in observed["text"], observed
    assert "not before" in observed["text"] and "aws application-autoscaling" not in observed["text"], observed
    api.fleet(service(api))
    function = api.function("service-load")
    for _ in range(2):
        trigger(function)
    assert api.desired("api") == 3, "its scheduled actions still fire"
    text = api.report()["text"]
    assert "Application Auto Scaling" in text and "scheduled" in text

    command = next(line.split("stop")[1].split() for line in text.splitlines() if line.strip().startswith("stop"))
    asked = dict(zip(command[3::2], command[4::2]))
    assert asked["--resource-id"] == about["ResourceId"]
    state = dict(pair.split("=") for pair in asked["--suspended-state"].split(","))
    suspended = {name: value == "true" for name, value in state.items()}
    assert suspended == dict.fromkeys(suspend, True)
    autoscaling.register_scalable_target(**about, SuspendedState=suspended)
    trigger(function)
    assert api.desired("api") == 5


def test_a_condition_is_reported_when_it_begins_and_when_it_ends(api):
    notify = {"when": "memory > 85% for 3m", "notify": "critical"}
    api.fleet(service(api, rules=[notify]))
    publish(api, "MemoryUtilization", [91.0] * 5)
    function = api.function("service-load")
    for _ in range(3):
        trigger(function)
        api.clock.forward(10)
    begins = api.report()
    assert (begins["severity"], begins["state"]) == ("critical", "firing") and "memory > 85% for 3m" in begins["text"], begins
    api.clock.forward(60)
    publish(api, "MemoryUtilization", [50.0])
    api.clock.forward(180)
    trigger(function)
    ends = api.report()
    assert "RESOLVED: memory 50% (was above 85% for 3m)" in ends["text"], "its minute has settled"
    assert (ends["severity"], ends["state"]) == ("info", "resolved")
    assert api.desired("api") == 3, "it scales nothing"


def test_a_pin_reaches_a_service_without_a_queue(api):
    api.fleet(service(api))
    alarm(api, "OK")
    function = api.function("service-load")
    trigger(function)
    api.override(target="api", pin=6, until=(datetime.now(timezone.utc) + timedelta(hours=1)).isoformat())
    trigger(function)
    assert api.desired("api") == 6


def test_each_function_takes_its_own_services(api):
    api.services(worker=5)
    api.fill("worker", 0)
    api.fleet(service(api), api.worker("worker"))
    alarm(api, "OK")
    load = trigger(api.function("service-load"))
    depth = api.function().invoke(event("schedule"))
    assert [found["target"] for found in load["targets"]] == ["api"]
    assert [found["target"] for found in depth["targets"]] == ["worker"]
    assert set(api.page("service-load")["memory"]["enforce"]) == {"api"}
    assert set(api.page()["memory"]["enforce"]) == {"worker"}


def test_a_fleet_without_such_a_service_is_a_quiet_success(api):
    api.fill("worker", 0)
    api.fleet(api.worker("worker"))
    function = api.function("service-load")
    api.heal()
    assert trigger(function)["targets"] == []
    assert api.requests() == {}
    assert function.lines()[-1]["Evaluations"] == 1, "every evaluation is counted"


def test_an_evaluation_makes_the_fewest_calls(stage):
    names = [f"api-{number}" for number in range(25)]
    stage.services(**dict.fromkeys(names, 3))
    rules = [{"when": f"alarm({ALARM})", "add": 2}, {"when": "cpu > 70%", "add": 1}, {"when": "memory > 80%", "add": 1}]
    stage.fleet(*(service(stage, name, rules=rules) for name in names))
    alarm(stage, "OK")
    function = stage.function("service-load")
    stage.heal()
    trigger(function)
    assert stage.requests() == {
        "application-autoscaling:DescribeScalableTargets": 1,
        "cloudwatch:DescribeAlarms": 1,
        "cloudwatch:GetMetricData": 1,
        "dynamodb:BatchGetItem": 1,
        "dynamodb:PutItem": 1,
        "ecs:DescribeServices": 3,
    }
    stage.heal()
    trigger(function, "alarm-direct")
    assert "cloudwatch:GetMetricData" not in stage.requests(), "metrics are read once a minute, whatever the trigger"


# Auto Scaling groups.


@pytest.fixture
def group(stage, auto_scaling_group):
    """The group in a fleet, from 2 to 10 instances."""
    described = service(stage)
    del described["ecs"]
    stage.fleet({**described, "asg": stage.name})
    return auto_scaling_group


def desired(stage, autoscaling) -> int:
    answer = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[stage.name])
    return answer["AutoScalingGroups"][0]["DesiredCapacity"]


def test_a_group_grows_by_instances_up_to_its_own_maximum(stage, group):
    alarm(stage, "ALARM")
    function = stage.function("service-load")
    trigger(function)
    assert desired(stage, group) == 5
    assert "5 instances" in stage.report()["text"]
    for _ in range(2):
        stage.clock.forward(61)
        answer = trigger(function)
    assert desired(stage, group) == 6, "the group's own maximum is 6, the file's is 10"
    assert target(answer, "api")["seen"]["max"] == 6


def test_a_group_that_may_not_launch_is_left_alone(stage, group):
    group.suspend_processes(AutoScalingGroupName=stage.name, ScalingProcesses=["Launch"])
    alarm(stage, "ALARM")
    trigger(stage.function("service-load"))
    assert desired(stage, group) == 3


def test_a_group_with_policies_of_its_own_has_an_owner(stage, group):
    group.put_scaling_policy(
        AutoScalingGroupName=stage.name, PolicyName="up", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1
    )
    alarm(stage, "ALARM")
    function = stage.function("service-load")
    trigger(function)
    assert desired(stage, group) == 3
    group.suspend_processes(AutoScalingGroupName=stage.name, ScalingProcesses=["AlarmNotification", "ScheduledActions"])
    trigger(function)
    assert desired(stage, group) == 5
