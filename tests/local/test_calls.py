"""What an evaluation costs, counted: requests to AWS by action, commands and round trips to Redis."""

import json

import pytest
from redis import Redis

from .redis_wire import RedisWire
from .stage import BUSY, event, target

CALM = 200
SCALABLE_TARGETS = "application-autoscaling:DescribeScalableTargets"
QUIET = {SCALABLE_TARGETS: 2, "dynamodb:BatchGetItem": 1, "dynamodb:PutItem": 1, "ecs:DescribeServices": 10}
MOVING = {**QUIET, "sqs:SendMessageBatch": 1}
NAMES = [f"service-{number}" for number in range(1, 101)]


@pytest.fixture
def wire(stage):
    with RedisWire(stage.server.port) as wire:
        yield wire


def fill(stage, kind: str, names: list[str], waiting: int) -> None:
    """As Celery or BullMQ lays its queue out."""
    pipeline = stage.redis.pipeline(transaction=False)
    for name in names:
        queue = stage.queue(name)
        if kind == "celery":
            jobs = [json.dumps({"headers": {"id": str(number)}}) for number in range(waiting)]
            pipeline.sadd(f"_kombu.binding.{queue}", f"{queue}\x06\x16\x06\x16{queue}")
        else:
            queue, jobs = f"bull:{queue}:wait", [str(number) for number in range(waiting)]
            pipeline.hset(queue.replace(":wait", ":meta"), "opts.maxLenEvents", "10000")
        pipeline.delete(queue)
        if jobs:
            pipeline.lpush(queue, *jobs)
    pipeline.execute()


def hundred(stage, kind: str, url: str, desired: int, waiting: int):
    """100 services of one cluster with 100 queues on one Redis, after the first evaluation, which sets connections up."""
    stage.services(**dict.fromkeys(NAMES, desired))
    fill(stage, kind, NAMES, waiting)
    queues = {name: {kind: {"url": url, "queue": stage.queue(name)}} for name in NAMES}
    stage.fleet(*(stage.worker(name, queue=queue) for name, queue in queues.items()))
    function = stage.function()
    assert len(function.invoke(event("manual"))["targets"]) == 100
    stage.heal()
    return function


# Commands that ask for a queue's state, and all of them: Celery's next task is asked for when it is known that one waits.
FIRST = {"celery": 11, "bullmq": 21}
ALL = {"celery": 13, "bullmq": 21}
# Commands that are asked once for a server, as for what all its workers hold.
ONCE = 5


@pytest.mark.parametrize("kind", ["celery", "bullmq"])
def test_an_evaluation_over_100_services_costs_10_describes_one_round_trip_one_read_and_one_write(stage, wire, kind):
    function = hundred(stage, kind, wire.url, 5, CALM)
    assert len(wire.commands) <= 100 * ALL[kind] + ONCE
    wire.reset()
    wire.hold(100 * FIRST[kind])
    answer = function.invoke(event("delayed-evaluation"))
    assert all(found["seen"]["waiting"] == CALM for found in answer["targets"]), "an answer was needed to ask on"
    assert wire.connections == 0, "on the connection of the evaluation before"
    assert 100 * FIRST[kind] <= len(wire.commands) <= 100 * ALL[kind] + ONCE
    assert stage.requests() == QUIET
    assert {found["verdict"] for found in answer["targets"]} == {"hold"}


def test_the_first_evaluation_needs_one_connection_and_no_further_round_trip(stage, wire):
    stage.services(worker=5)
    stage.fill("worker", CALM)
    stage.fleet(stage.worker("worker", queue=stage.celery("worker", url=wire.url)))
    wire.hold(11)
    assert target(stage.function().invoke(event("delayed-evaluation")), "worker")["seen"]["waiting"] == CALM
    assert wire.connections == 1


def test_two_redis_servers_cost_one_round_trip_each(stage, wire):
    other = stage.own_redis()
    with RedisWire(other.port) as second:
        stage.services(one=5, two=5, three=5)
        for name in ("one", "two", "three"):
            stage.fill(name, CALM)
            stage.redis.copy(stage.queue(name), f"{stage.queue(name)}-copy")
        stage.fill("three", CALM, to=Redis.from_url(other.url))
        urls = {"one": wire.url, "two": wire.url, "three": second.url}
        stage.fleet(*(stage.worker(name, queue=stage.celery(name, url=url)) for name, url in urls.items()))
        function = stage.function()
        function.invoke(event("delayed-evaluation"))
        for each, queues in ((wire, 2), (second, 1)):
            each.reset()
            each.hold(queues * FIRST["celery"])
        answer = function.invoke(event("delayed-evaluation"))
        assert {found["seen"]["waiting"] for found in answer["targets"]} == {CALM}, "an answer was needed to ask on"
        for each, queues in ((wire, 2), (second, 1)):
            assert each.connections == 0
            assert queues * FIRST["celery"] <= len(each.commands) <= queues * ALL["celery"] + ONCE


def test_moving_work_on_a_schedule_trigger_costs_one_batch_of_evaluations_more(stage):
    function = hundred(stage, "celery", stage.server.url, 5, CALM)
    assert function.invoke(event("schedule"))["evaluations_sent"] == 3
    assert stage.requests() == MOVING
    for other in ("delayed-evaluation", "manual", "alarm-direct"):
        stage.heal()
        assert function.invoke(event(other))["evaluations_sent"] == 0
        assert stage.requests() == QUIET


def test_an_idle_fleet_sends_itself_no_evaluations(stage):
    function = hundred(stage, "bullmq", stage.server.url, 1, 0)
    assert function.invoke(event("schedule"))["evaluations_sent"] == 0
    assert stage.requests() == QUIET


def test_changes_cost_one_update_each_one_report_and_one_write_more_and_at_most_40_are_made_at_once(stage):
    function = hundred(stage, "celery", stage.server.url, 5, CALM)
    fill(stage, "celery", NAMES[:3], BUSY)
    function.invoke(event("schedule"))
    few = {"ecs:UpdateService": 3, "sns:Publish": 1, "dynamodb:BatchWriteItem": 1, "dynamodb:PutItem": 2}
    assert stage.requests() == {**MOVING, **few}
    fill(stage, "celery", NAMES, BUSY)
    changed = []
    for _ in range(3):
        stage.heal()
        function.invoke(event("schedule"))
        changed.append(stage.requests())
    many = {"ecs:UpdateService": 40, "sns:Publish": 1, "dynamodb:BatchWriteItem": 2, "dynamodb:PutItem": 2}
    assert changed[:2] == [{**MOVING, **many}] * 2
    assert changed[2] == {**MOVING, **many, "ecs:UpdateService": 17, "dynamodb:BatchWriteItem": 1}
    assert {stage.desired(name) for name in NAMES} == {10}, "everyone got 5 more, once"


def test_two_clusters_are_described_apart(stage):
    other = f"{stage.cluster}-other"
    here, there = NAMES[:15], NAMES[15:20]
    stage.services(**dict.fromkeys(here, 5))
    stage.services(other, **dict.fromkeys(there, 5))
    fill(stage, "celery", NAMES[:20], CALM)
    fleet = [stage.worker(name) for name in here] + [stage.worker(name, cluster=other) for name in there]
    stage.fleet(*fleet)
    function = stage.function()
    function.invoke(event("delayed-evaluation"))
    stage.heal()
    function.invoke(event("delayed-evaluation"))
    assert stage.requests() == {**QUIET, SCALABLE_TARGETS: 1, "ecs:DescribeServices": 3}


def test_only_the_services_asked_for_are_evaluated(stage):
    function = hundred(stage, "celery", stage.server.url, 5, CALM)
    function.invoke({"services": NAMES[:11]})
    assert stage.requests() == {**QUIET, SCALABLE_TARGETS: 1, "ecs:DescribeServices": 2}


def test_each_sqs_queue_costs_one_request(stage):
    sqs, names = stage.world.client("sqs"), ("one", "two", "three")
    stage.services(**dict.fromkeys(names, 5))
    path = "https://sqs.us-east-1.amazonaws.com/123456789012"
    for name in names:
        url = sqs.create_queue(QueueName=stage.queue(name))["QueueUrl"]
        for number in range(7):
            entries = [{"Id": str(each), "MessageBody": "{}"} for each in range(10)]
            sqs.send_message_batch(QueueUrl=url, Entries=entries)
    stage.fleet(*(stage.worker(name, queue={"sqs": {"url": f"{path}/{stage.queue(name)}"}}) for name in names))
    function = stage.function()
    answer = function.invoke(event("delayed-evaluation"))
    assert {found["seen"]["waiting"] for found in answer["targets"]} == {70}
    assert stage.requests() == {**QUIET, SCALABLE_TARGETS: 1, "ecs:DescribeServices": 1, "sqs:GetQueueAttributes": 3}


def metric(number: int) -> dict:
    return {"namespace": "Jobs", "metric": f"Number{number}", "absent": "no_vote"}


def test_metrics_are_read_at_most_once_a_minute_whatever_the_trigger(stage):
    names = NAMES[:3]
    stage.services(**dict.fromkeys(names, 5))
    fill(stage, "celery", names, CALM)
    rules = [{"when": "waiting > 500", "add": 5}, {"when": "cpu > 70%", "add": 2}, {"when": "jobs0 > 10", "add": 1}]
    stage.fleet(*(stage.worker(name, rules=rules, metrics={"jobs0": metric(0)}) for name in names))
    function = stage.function()
    reads = []
    for trigger, later in [("schedule", 0), ("delayed-evaluation", 15), ("alarm-sns", 5), ("manual", 5), ("delayed-evaluation", 29), ("schedule", 3)]:
        stage.clock.forward(later)
        stage.heal()
        function.invoke(event(trigger))
        reads.append(stage.requests().get("cloudwatch:GetMetricData", 0))
    assert reads == [1, 0, 0, 0, 0, 1]


def test_a_queue_that_is_a_metric_is_read_for_an_alarm_and_by_hand_as_well(stage):
    stage.services(worker=5)
    stage.fleet(stage.worker("worker", queue={"cloudwatch": {"waiting": {"namespace": "Jobs", "metric": "Waiting"}}}))
    function = stage.function()
    for trigger, reads in [("schedule", 1), ("delayed-evaluation", 0), ("alarm-sns", 1), ("manual", 1)]:
        stage.clock.forward(5)
        stage.heal()
        answer = function.invoke(event(trigger))
        assert stage.requests().get("cloudwatch:GetMetricData", 0) == reads, trigger
        assert len(answer["targets"]) == reads, "without its metric it has no part in an evaluation"


def test_520_metrics_cost_two_requests(stage):
    names = NAMES[:26]
    stage.services(**dict.fromkeys(names, 5))
    fill(stage, "celery", names, CALM)
    services = []
    for place, name in enumerate(names):
        metrics = {f"jobs{number}": metric(place * 20 + number) for number in range(20)}
        rules = [{"when": f"{key} > 10", "add": 1} for key in metrics]
        services.append(stage.worker(name, metrics=metrics, rules=rules))
    stage.fleet(*services)
    stage.function().invoke(event("schedule"))
    assert stage.requests()["cloudwatch:GetMetricData"] == 2


def test_a_plan_reads_and_writes_nothing(stage):
    function = hundred(stage, "celery", stage.server.url, 5, BUSY)
    fill(stage, "celery", NAMES, BUSY)
    before = stage.page()
    stage.heal()
    stage.reports()
    answer = function.invoke(event("plan"))
    assert stage.requests() == {SCALABLE_TARGETS: 2, "dynamodb:BatchGetItem": 1, "ecs:DescribeServices": 10}
    assert len(answer["plan"]) == 100 and stage.page() == before and stage.reports() == []
