"""Every event of the documentation, through AWS's Runtime Interface Emulator: what triggers, what is refused, and how."""

import pytest
from world.lambda_emulator import InvocationFailed, LambdaFunction
from world.world import ROOT

from .function import BOOTSTRAPS
from .stage import BUSY, EVENTS, codes, event, target

# For each file: what triggered, and the alarm's name.
TRIGGERS = {
    "schedule": ("schedule", None),
    "delayed-evaluation": ("delayed-evaluation", None),
    "alarm-direct": ("alarm", "jobs-waiting"),
    "alarm-eventbridge": ("alarm", "jobs-waiting"),
    "alarm-sns": ("alarm", "jobs-waiting"),
    "alarm-metric-math": ("alarm", "jobs-waiting-per-task"),
    "alarm-composite": ("alarm", "worker-behind"),
    "alarm-long-period": ("alarm", "jobs-per-day"),
    "manual": ("manual", None),
    "manual-services": ("manual", None),
}
ELSEWHERE = {"plan", "unknown"}


@pytest.fixture
def emulated(stage):
    """Starts the function under the emulator: `emulated(NAME=value)` sets or, with None, leaves out a variable."""
    started = []

    def start(**env):
        about = {**stage.world.about["env"], "TIDEGATE_FLEET": str(stage.folder / "fleet.yaml"), **env}
        about = {name: value for name, value in about.items() if value is not None}
        log = stage.folder / f"emulator-{len(started)}.log"
        started.append(LambdaFunction("queue-depth", BOOTSTRAPS / "queue-depth" / "bootstrap", about, log, ROOT))
        return started[-1]

    yield start
    for function in started:
        function.stop()


@pytest.fixture
def pair(stage):
    """`worker`, which the events name, and another; both want 5 more."""
    stage.services(worker=5, other=5)
    stage.fill("worker", BUSY)
    stage.fill("other", BUSY)
    stage.fleet(stage.worker("worker"), stage.worker("other"))
    return stage


def refused(function, trigger) -> str:
    """The message of a refusal that no retry can mend."""
    with pytest.raises(InvocationFailed) as failed:
        function.invoke(trigger)
    assert failed.value.kind == "NonRetryable", failed.value
    return failed.value.message


def sizes(stage) -> tuple[int, int]:
    return stage.desired("worker"), stage.desired("other")


def test_every_event_of_the_documentation_has_its_test():
    names = {path.name.removeprefix("queue-depth.").removesuffix(".json") for path in EVENTS.glob("queue-depth.*.json")}
    assert names == set(TRIGGERS) | ELSEWHERE


@pytest.mark.parametrize("name", TRIGGERS)
def test_a_trigger_makes_the_function_evaluate_and_act(pair, emulated, name):
    trigger, alarm = TRIGGERS[name]
    answer = emulated().invoke(event(name))
    assert (answer["trigger"], answer.get("alarm"), answer["dropped"]) == (trigger, alarm, False)
    assert answer["evaluations_sent"] == (3 if name == "schedule" else 0), "only the schedule sends evaluations"
    assert sizes(pair) == ((10, 5) if name == "manual-services" else (10, 10))
    assert f"trigger: {trigger}" in pair.report()["text"]


def test_a_duplicate_event_changes_nothing(pair, emulated):
    function = emulated()
    function.invoke(event("alarm-direct"))
    again = function.invoke(event("alarm-direct"))
    assert sizes(pair) == (10, 10) and pair.requests()["ecs:UpdateService"] == 2
    assert "credit" in codes(again, "worker")


def test_evaluations_are_delayed_by_15_30_and_45_seconds_and_trigger_again(pair, emulated):
    sqs, queue = pair.world.client("sqs"), pair.world.about["evaluations"]
    sqs.purge_queue(QueueUrl=queue)
    emulated().invoke(event("schedule"))
    delayed = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    assert delayed["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "3"


def test_a_plan_acts_on_nothing_and_writes_nothing(pair, emulated):
    answer = emulated().invoke(event("plan"))
    scalable_targets = {"application-autoscaling:DescribeScalableTargets": 1}
    assert pair.requests() == {**scalable_targets, "dynamodb:BatchGetItem": 1, "ecs:DescribeServices": 1}
    assert sizes(pair) == (5, 5) and pair.items() == {} and pair.reports() == []
    assert answer["plan"][0].startswith("worker: scale out from 5 to 10 tasks, because waiting is 600 (rule: waiting > 500)")


@pytest.mark.parametrize(
    "trigger, shape",
    [
        (event("unknown"), "records of `aws:s3`"),
        ({"foo": 1, "bar": 2}, "an object with `bar`, `foo`"),
        ([1], "an array"),
        ("text", "a text"),
        (None, "null"),
        ({"detail-type": "EC2 Instance State-change Notification"}, "EventBridge event"),
        ({"Records": []}, "`Records` without an event source"),
        ({"action": "explode"}, "explode"),
        ({"alarmData": {}}, "CloudWatch alarm"),
    ],
)
def test_an_unknown_event_is_refused_with_its_shape(pair, emulated, trigger, shape):
    assert shape in refused(emulated(), trigger)
    assert pair.requests() == {} and sizes(pair) == (5, 5)


def test_an_unknown_service_is_refused_with_the_names_that_are_known(pair, emulated):
    message = refused(emulated(), {"services": ["worker", "wroker"]})
    assert "`wroker`" in message and "`worker`, `other`" in message and pair.name in message
    assert pair.requests() == {} and sizes(pair) == (5, 5)


MISTAKES = """\
version: 1
name: shop
mode: enforced
services:
  - name: worker
    ecs: { cluster: shop }
    capacity: { min: 9, max: 3 }
    concurency: 4
    queue: { celery: { url: "redis://127.0.0.1:6379/0", queue: a }, list: { url: "redis://127.0.0.1:6379/0", key: b } }
    rules:
      - { when: waitin > 500, add: 5 }
      - { when: waiting < 50, remove: 2, add: 3 }
    cooldown: { out: 60 }
  - name: worker
    ecs: { cluster: shop, service: other }
    capacity: { min: 1, max: 3 }
    queue: { celery: { url: "redis://:hunter2@127.0.0.1:6379/0", queue: a } }
    rules: []
"""


def test_a_fleet_file_with_ten_mistakes_is_ten_messages_and_no_request(pair, emulated):
    pair.fleet_text(MISTAKES)
    function = emulated()
    for trigger in ("schedule", "manual", "plan"):
        message = refused(function, event(trigger))
        assert "nothing was changed" in message
        lines = [number for number in range(1, 30) if f"fleet.yaml:{number}:" in message]
        assert lines == [3, 6, 7, 8, 9, 11, 12, 13, 14, 17, 18], message
        assert "did you mean `concurrency`" in message and "hunter2" not in message
    assert pair.requests() == {} and sizes(pair) == (5, 5)


def test_an_empty_fleet_is_refused(pair, emulated):
    pair.fleet()
    assert "`services`" in refused(emulated(), event("schedule"))
    assert pair.requests() == {}


def test_a_fleet_file_that_is_not_there_is_named(pair, emulated):
    message = refused(emulated(TIDEGATE_FLEET="/no/such/fleet.yaml"), event("schedule"))
    assert "`/no/such/fleet.yaml`" in message and pair.requests() == {}


def test_missing_variables_are_all_named(pair, emulated):
    message = refused(emulated(TIDEGATE_LEDGER=None, TIDEGATE_TOPIC=" "), event("schedule"))
    assert message == "environment variable not set: TIDEGATE_LEDGER, TIDEGATE_TOPIC"
    assert pair.requests() == {}


def test_without_a_queue_for_evaluations_none_are_sent(pair, emulated):
    assert emulated(TIDEGATE_EVALUATIONS=None).invoke(event("schedule"))["evaluations_sent"] == 0
    assert sizes(pair) == (10, 10)
