"""The local world does what the tests that stand on it believe."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

import boto3
import cbor2
import pytest
import redis
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from world import World
from world.launches import Launches
from world.redis_server import RedisServer
from world.throttle import Throttle
from world.world import LEDGER, ROOT

BROKEN = (HTTPClientError, EndpointConnectionError)


@pytest.fixture(scope="module")
def shared():
    with World() as world:
        world.create_services("test", {"service-1": 1, "service-2": 3})
        yield world


@pytest.fixture
def world(shared):
    shared.aws.front.reset()
    return shared


def client(world, service, attempts=1):
    """A client as a function has it: counted, and made to fail."""
    keys = {"aws_access_key_id": "function", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    retries = Config(retries={"total_max_attempts": attempts}, read_timeout=5)
    return boto3.client(service, endpoint_url=world.aws.url, config=retries, **keys)


def ask(world, path, wanted=None):
    data = None if wanted is None else json.dumps(wanted).encode()
    headers = {"content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(world.aws.url + path, data, headers)) as response:
        return json.load(response)


def desired(world, name="service-1"):
    return world.aws.tasks.counts("test", name)["desired"]


def test_requests_are_counted_by_iam_action_in_every_protocol(world):
    client(world, "ecs").describe_services(cluster="test", services=["service-1"])
    client(world, "sns").publish(TopicArn=world.topic, Message="hello")
    client(world, "sqs").send_message(QueueUrl=world.evaluations, MessageBody="{}")
    client(world, "cloudwatch").list_metrics()
    client(world, "dynamodb").get_item(TableName=LEDGER, Key={"pk": {"S": "a"}, "sk": {"S": "b"}})
    world.client("ecs").list_clusters()
    expected = ["cloudwatch:ListMetrics", "dynamodb:GetItem", "ecs:DescribeServices", "sns:Publish", "sqs:SendMessage"]
    assert ask(world, "/_world/requests") == dict.fromkeys(expected, 1)
    ask(world, "/_world/reset", {})
    assert ask(world, "/_world/requests") == {}


@pytest.mark.parametrize(
    "service, action, call",
    [
        ("ecs", "ecs:DescribeServices", lambda c, w: c.describe_services(cluster="test", services=["service-1"])),
        ("sns", "sns:Publish", lambda c, w: c.publish(TopicArn=w.topic, Message="hello")),
        ("sqs", "sqs:SendMessage", lambda c, w: c.send_message(QueueUrl=w.evaluations, MessageBody="{}")),
        ("cloudwatch", "cloudwatch:ListMetrics", lambda c, w: c.list_metrics()),
        ("dynamodb", "dynamodb:Scan", lambda c, w: c.scan(TableName=LEDGER)),
    ],
)
def test_an_error_is_understood_in_every_protocol_and_ends_after_its_calls(world, service, action, call):
    ask(world, "/_world/fault", {"action": action, "fault": "error", "calls": 1})
    with pytest.raises(ClientError) as error:
        call(client(world, service), world)
    assert error.value.response["Error"]["Code"] == "ThrottlingException"
    call(client(world, service), world)


def test_a_response_can_be_lost_after_the_request_was_applied(world):
    ask(world, "/_world/fault", {"action": "ecs:UpdateService", "fault": "apply-and-drop"})
    with pytest.raises(BROKEN):
        client(world, "ecs").update_service(cluster="test", service="service-1", desiredCount=4)
    assert desired(world) == 4


def test_a_request_can_be_lost_before_it_is_applied(world):
    before = desired(world)
    ask(world, "/_world/fault", {"action": "UpdateService", "fault": "drop", "skip": 1})
    client(world, "ecs").update_service(cluster="test", service="service-1", desiredCount=before + 1)
    with pytest.raises(BROKEN):
        client(world, "ecs").update_service(cluster="test", service="service-1", desiredCount=before + 2)
    assert desired(world) == before + 1


def test_an_answer_can_hang(world):
    ask(world, "/_world/fault", {"action": "ecs:DescribeServices", "fault": "hang", "seconds": 0.5})
    began = time.monotonic()
    client(world, "ecs").describe_services(cluster="test", services=["service-1"])
    assert time.monotonic() - began >= 0.5


def test_an_unknown_fault_is_refused(world):
    with pytest.raises(urllib.error.HTTPError) as error:
        ask(world, "/_world/fault", {"action": "ecs:UpdateService", "fault": "sulk"})
    assert b"must be one of" in error.value.read()


def test_of_two_conditional_writes_at_once_one_wins(world):
    table, wins = client(world, "dynamodb"), []

    def write(version):
        try:
            table.put_item(
                TableName=LEDGER,
                Item={"pk": {"S": "fleet"}, "sk": {"S": "memory"}, "version": {"N": str(version)}},
                ConditionExpression="attribute_not_exists(pk) OR version < :next",
                ExpressionAttributeValues={":next": {"N": str(version)}},
            )
            wins.append(version)
        except table.exceptions.ConditionalCheckFailedException:
            pass

    for version in range(1, 31):
        threads = [threading.Thread(target=write, args=(version,)) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    assert wins == list(range(1, 31))


def test_a_bucket_refuses_what_comes_faster_than_it_is_filled():
    now = [0.0]
    throttle = Throttle(lambda: now[0])

    def calls(count):
        return [throttle.refuses("ecs:UpdateService") for _ in range(count)].count(False)

    assert calls(60) == 50, "50 at once"
    now[0] = 2.0
    assert calls(60) == 10, "5 a second"
    assert throttle.refuses("ecs:CreateService"), "of one category"
    assert not throttle.refuses("ecs:DescribeServices") and not throttle.refuses("dynamodb:PutItem")
    assert throttle.told()["throttled"] == {"ecs:UpdateService": 60, "ecs:CreateService": 1}
    assert throttle.told()["last"]["ecs:UpdateService"] == 2.0


def test_a_call_that_ecs_throttles_is_told_so_until_the_reset(world):
    ask(world, "/_world/throttle", {})
    ecs = client(world, "ecs")
    with pytest.raises(ClientError) as error:
        for count in range(60):
            ecs.update_service(cluster="test", service="service-1", desiredCount=1)
    assert error.value.response["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}
    assert count >= 50 and ask(world, "/_world/throttle")["throttled"] == {"ecs:UpdateService": 1}
    ask(world, "/_world/reset", {})
    assert ask(world, "/_world/throttle") == {}


def test_tasks_are_launched_at_fargates_pace_and_within_the_quota():
    launches = Launches(vcpus=20, used=8)
    began = launches.began
    assert [launches.next("a", 0.5, began) for _ in range(25)] == [began] * 24 + [math.inf]
    assert launches.told() == {"launched": 24, "beyond_quota": 1, "last": 0}
    assert launches.quota({"ServiceCode": "fargate", "QuotaCode": "L-3032A538"})["Quota"]["Value"] == 20
    assert launches.quota({"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}) is None
    launches = Launches()
    assert launches.told()["last"] is None
    for service in range(500):
        for _ in range(8):
            launches.next(str(service), 0.5, launches.began)
    assert launches.told() == {"launched": 4000, "beyond_quota": 0, "last": 195.0}
    launches = Launches(burst=10_000)
    for _ in range(1_000):
        launches.next("a", 0.5, launches.began)
    assert launches.told()["last"] == 60.0, "500 a minute of one service"


def test_a_task_beyond_the_quota_stays_pending(world):
    ask(world, "/_world/launches", {"vcpus": 1, "used": 0.5})
    quotas = client(world, "service-quotas")
    asked = {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
    assert quotas.get_service_quota(**asked)["Quota"]["Value"] == 1
    before = desired(world)
    client(world, "ecs").update_service(cluster="test", service="service-1", desiredCount=before + 3)
    assert ask(world, "/_world/launches").items() >= {"launched": 2, "beyond_quota": 1}.items()
    assert ask(world, "/_world/ecs")["test:service-1"]["pending"] == 1
    client(world, "ecs").update_service(cluster="test", service="service-1", desiredCount=before)


def test_tasks_follow_the_desired_count_after_their_start(world):
    ecs = client(world, "ecs")
    ask(world, "/_world/ecs", {"service": "service-2", "startup_seconds": 0.4})
    ecs.update_service(cluster="test", service="service-2", desiredCount=5)
    service = ecs.describe_services(cluster="test", services=["service-2"])["services"][0]
    assert (service["runningCount"], service["pendingCount"]) == (3, 2)
    time.sleep(0.6)
    service = ecs.describe_services(cluster="test", services=["service-2"])["services"][0]
    assert (service["runningCount"], service["pendingCount"]) == (5, 0)
    assert [part["rolloutState"] for part in service["deployments"]] == ["COMPLETED"]


def test_a_service_can_be_set_by_hand_and_let_go(world):
    rollout = {"status": "PRIMARY", "rolloutState": "IN_PROGRESS", "failedTasks": 3}
    wanted = {"desired": 9, "running": 2, "pending": 1, "deployments": [rollout, {"status": "ACTIVE"}]}
    assert ask(world, "/_world/ecs", {"service": "service-2", **wanted}) == {"desired": 9, "running": 2, "pending": 1}
    ecs = client(world, "ecs")
    service = ecs.describe_services(cluster="test", services=["service-2"])["services"][0]
    assert service["runningCount"] == 2
    assert service["deployments"][0].items() >= rollout.items()
    assert service["deployments"][1]["status"] == "ACTIVE"
    ask(world, "/_world/ecs", {"service": "service-2", "follow": True, "startup_seconds": 0})
    assert ask(world, "/_world/ecs")["test:service-2"] == {"desired": 9, "running": 9, "pending": 0}


def test_a_service_is_reported_in_the_size_that_ecs_tells_it(world):
    answer = client(world, "ecs").describe_services(cluster="test", services=["service-1", "service-2"])
    for service in answer["services"]:
        times = [event["createdAt"] for event in service["events"]]
        assert len(times) == 100 and times == sorted(times, reverse=True), "a hundred, the newest first"
        assert len({event["id"] for event in service["events"]}) == 100
        assert all(service["serviceName"] in event["message"] for event in service["events"])
        assert len(json.dumps(service, default=str)) > 20_000


def test_a_service_can_be_made_to_fail(world):
    ask(world, "/_world/ecs", {"service": "service-1", "failure": "MISSING"})
    answer = client(world, "ecs").describe_services(cluster="test", services=["service-1", "service-2"])
    assert [service["serviceName"] for service in answer["services"]] == ["service-2"]
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]
    ask(world, "/_world/ecs", {"service": "service-1", "failure": None})
    answer = client(world, "ecs").describe_services(cluster="test", services=["service-1"])
    assert answer["failures"] == []


def test_the_newest_minutes_of_a_metric_grow(world):
    """As the SDK for Rust asks, in CBOR."""
    last = datetime.now(timezone.utc).replace(second=0, microsecond=0)
    ages = range(1, 6)
    data = [{"MetricName": "Jobs", "Value": 100.0, "Timestamp": last - timedelta(minutes=age)} for age in ages]
    client(world, "cloudwatch").put_metric_data(Namespace="World", MetricData=data)
    metric = {"Metric": {"Namespace": "World", "MetricName": "Jobs"}, "Period": 60, "Stat": "Sum"}

    def read(minutes: int) -> list[float]:
        asked = {
            "StartTime": last - timedelta(minutes=10),
            "EndTime": last + timedelta(minutes=minutes),
            "ScanBy": "TimestampAscending",
            "MetricDataQueries": [{"Id": "m0", "MetricStat": metric, "ReturnData": True}],
        }
        place = world.aws.url + "/service/GraniteServiceVersion20100801/operation/GetMetricData"
        body = cbor2.dumps(asked, datetime_as_timestamp=True)
        signed = "AWS4-HMAC-SHA256 Credential=function/20260101/us-east-1/monitoring/aws4_request"
        headers = {"content-type": "application/cbor", "authorization": signed}
        with urllib.request.urlopen(urllib.request.Request(place, body, headers)) as answer:
            return cbor2.load(answer)["MetricDataResults"][0]["Values"]

    assert read(0) == [100, 100, 100, 70, 30]
    assert read(1) == [100, 100, 100, 100, 70]
    assert read(2) == [100, 100, 100, 100, 100]


def test_reports_reach_their_subscriber(world):
    client(world, "sns").publish(TopicArn=world.topic, Subject="a subject", Message="a report")
    answer = world.client("sqs").receive_message(QueueUrl=world.reports, MaxNumberOfMessages=10, WaitTimeSeconds=2)
    assert any(json.loads(message["Body"])["Message"] == "a report" for message in answer["Messages"])


def test_redis_can_fall_silent_without_losing_anything(tmp_path):
    server = RedisServer(tmp_path / "redis.log")
    redis.Redis.from_url(server.url).set("key", "value")
    server.pause()
    with pytest.raises(redis.TimeoutError):
        redis.Redis.from_url(server.url, socket_timeout=0.3, retry=None).get("key")
    server.resume()
    assert redis.Redis.from_url(server.url).get("key") == b"value"
    server.stop()
    assert not alive(server.process.pid)


@pytest.mark.parametrize("ending", ["its input closes", "SIGTERM", "SIGINT"])
def test_the_command_stops_all_it_started_when(ending):
    command = [sys.executable, "-m", "world", "--json", "--services", "2", "--redis"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT / "tests")
    description = json.loads(child.stdout.readline())
    assert description["services"] == ["service-1", "service-2"]
    redis_pid = redis.Redis.from_url(description["redis"]).info()["process_id"]
    if ending.startswith("SIG"):
        child.send_signal(getattr(signal, ending))
    else:
        child.stdin.close()
    child.wait(15)
    child.stdout.close()
    assert not alive(redis_pid)


def alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False
