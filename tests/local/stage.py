"""One test's own part of the world: a fleet, its services and queues, its functions and what they reported."""

import json
import subprocess
import sys
import urllib.request
import uuid
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import boto3
from redis import Redis
from world.redis_server import RedisServer
from world.world import ROOT

from .clock import Clock
from .function import Function

EVENTS = ROOT / "events"
RULES = [{"when": "waiting > 500", "add": 5}, {"when": "waiting < 50", "remove": 2}]
BUSY = 600
FOREVER = 10_000


def event(name: str, function: str = "queue-depth") -> dict:
    """An event of the documentation: `events/FUNCTION.NAME.json`."""
    return json.loads((EVENTS / f"{function}.{name}.json").read_text())


class LocalWorld:
    """The world, in a process of its own, and clients of it that are neither counted nor made to fail."""

    def __init__(self):
        command = [sys.executable, "-m", "world", "--json"]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT / "tests")
        line = self._child.stdout.readline()
        assert line, "the local world did not start"
        self.about = json.loads(line)
        self._clients: dict = {}

    def stop(self) -> None:
        self._child.stdin.close()
        self._child.wait(20)
        self._child.stdout.close()

    def ask(self, what: str, wanted: dict | None = None) -> dict:
        data = None if wanted is None else json.dumps(wanted).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.about['endpoint']}/_world/{what}", data, headers)
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)

    def client(self, service: str):
        if service not in self._clients:
            keys = {"aws_access_key_id": "world", "aws_secret_access_key": "not-a-secret"}
            place = {"endpoint_url": self.about["endpoint"], "region_name": self.about["region"]}
            self._clients[service] = boto3.client(service, **place, **keys)
        return self._clients[service]


class Stage:
    """Everything of one test. Names are its own, so that tests share one AWS and one Redis without meeting."""

    def __init__(self, world: LocalWorld, server: RedisServer, library: Path, folder: Path):
        self.world, self.server, self.folder = world, server, folder
        self.name = f"fleet-{uuid.uuid4().hex[:8]}"
        self.cluster = self.name
        self.clock = Clock(library, folder / "later")
        self._functions: list[Function] = []
        self._servers: list[RedisServer] = []
        self._logs = 0
        self.world.ask("reset", {})
        self.reports()

    def stop(self) -> None:
        for running in [*self._functions, *self._servers]:
            running.stop()
        self.clock.close()
        self.world.ask("reset", {})

    # The fleet file.

    def worker(self, name: str, *, queue: dict | None = None, cluster: str | None = None, **more) -> dict:
        """A service that wants a scale-in at once when its queue is empty, and 5 more when it is busy."""
        return {
            "name": name,
            "ecs": {"cluster": cluster or self.cluster, "service": name},
            "capacity": {"min": 1, "max": 50},
            "queue": queue or self.celery(name),
            "rules": RULES,
            "cooldown": {"out": "60s", "in": "0s"},
            "stabilization": "0s",
            **more,
        }

    def celery(self, name: str, **more) -> dict:
        url = {} if "url_from" in more else {"url": self.server.url}
        return {"celery": {**url, "queue": self.queue(name), **more}}

    def fleet(self, *services: dict, mode: str = "enforce") -> Path:
        """Writes the fleet file; JSON is YAML."""
        fleet = {"version": 1, "name": self.name, "mode": mode, "services": list(services)}
        return self.fleet_text(json.dumps(fleet, indent=1))

    def fleet_text(self, text: str) -> Path:
        path = self.folder / "fleet.yaml"
        path.write_text(text)
        return path

    # The queues.

    def queue(self, name: str) -> str:
        return f"{self.name}-{name}"

    @cached_property
    def redis(self) -> Redis:
        return Redis.from_url(self.server.url)

    def fill(self, name: str, waiting: int, to: Redis | None = None) -> None:
        """Celery's own layout: the binding says that the queue exists, the list holds what waits."""
        queue, pipeline = self.queue(name), (to or self.redis).pipeline(transaction=False)
        pipeline.delete(queue)
        pipeline.sadd(f"_kombu.binding.{queue}", f"{queue}\x06\x16\x06\x16{queue}")
        if waiting:
            pipeline.rpush(queue, *[json.dumps({"headers": {"id": str(number)}}) for number in range(waiting)])
        pipeline.execute()

    def own_redis(self) -> RedisServer:
        """A Redis of this test alone, to be stopped, paused or locked."""
        server = RedisServer(self.folder / "redis.log")
        self._servers.append(server)
        return server

    # The services.

    def services(self, cluster: str | None = None, **desired: int) -> None:
        ecs, cluster = self.world.client("ecs"), cluster or self.cluster
        ecs.create_cluster(clusterName=cluster)
        container = {"name": "worker", "image": "worker", "memory": 128}
        ecs.register_task_definition(family="worker", containerDefinitions=[container])
        for name, count in desired.items():
            ecs.create_service(cluster=cluster, serviceName=name, taskDefinition="worker", desiredCount=count)

    def ecs(self, name: str, **wanted) -> dict:
        """Sets a service by hand: see `world/ecs_tasks.py`."""
        return self.world.ask("ecs", {"cluster": self.cluster, "service": name, **wanted})

    def desired(self, name: str, cluster: str | None = None) -> int:
        return self.world.ask("ecs", {"cluster": cluster or self.cluster, "service": name})["desired"]

    # The functions.

    def function(self, name: str = "queue-depth", *, aws: str | None = None, **env: str) -> Function:
        """A process of a function, on this test's clock. `aws` is another endpoint than the world's own."""
        about = {**self.world.about["env"], "TIDEGATE_FLEET": str(self.folder / "fleet.yaml")}
        if name != "queue-depth":
            del about["TIDEGATE_EVALUATIONS"]
        if aws:
            about["AWS_ENDPOINT_URL"] = aws
        self._logs += 1
        log = self.folder / f"function-{self._logs}.log"
        function = Function({**about, **self.clock.env, **env}, log, name)
        self._functions.append(function)
        return function

    # AWS.

    def fault(self, action: str, fault: str, **more) -> None:
        self.world.ask("fault", {"action": action, "fault": fault, "calls": FOREVER, **more})

    def heal(self) -> None:
        """Ends all faults, and forgets the requests counted so far."""
        self.world.ask("reset", {})

    def requests(self) -> dict:
        """Requests of the functions since the last `heal`, by IAM action."""
        return self.world.ask("requests")

    def reports(self) -> list[dict]:
        """What the subscriber of the topic, an SQS queue, received since the last time: subject, text, severity, state."""
        sqs, queue, received = self.world.client("sqs"), self.world.about["reports"], []
        while True:
            messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            if not messages:
                reports = [report(json.loads(message["Body"])) for message in received]
                # A message that an earlier test made late is not ours.
                return [report for report in reports if self.name in report["text"]]
            received += messages
            for message in messages:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    def report(self) -> dict:
        """The one report since the last time."""
        reports = self.reports()
        assert len(reports) == 1, reports
        return reports[0]

    # The ledger.

    def items(self) -> dict:
        """The fleet's items of the ledger by sort key, as plain values."""
        query = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": self.name}}}
        answer = self.world.client("dynamodb").query(TableName=self.world.about["ledger"], **query)
        return {item["sk"]["S"]: {key: plain(value) for key, value in item.items()} for item in answer["Items"]}

    def page(self, concern: str = "queue-depth") -> dict:
        """The memory of a function: `version`, `writer`, and `memory` by mode and service."""
        item = self.items()[f"memory#{concern}"]
        return {**item, "version": int(item["version"]), "memory": json.loads(item["memory"])}

    def override(self, **row) -> None:
        """An override as it stands in the table, asked for a day before its end."""
        since = datetime.fromisoformat(row["until"]) - timedelta(days=1)
        self.overrides([{"who": "anna", "why": "a launch", "since": since.isoformat(), **row}])

    def release(self) -> None:
        """No override is left."""
        self.overrides([])

    def overrides(self, entries: list[dict]) -> None:
        memory = json.dumps({"rows": entries})
        item = {"pk": {"S": self.name}, "sk": {"S": "overrides"}, "memory": {"S": memory}}
        self.world.client("dynamodb").put_item(TableName=self.world.about["ledger"], Item=item)


def plain(value: dict):
    """DynamoDB's `{"S": "text"}` as the text itself."""
    return next(iter(value.values()))


def report(envelope: dict) -> dict:
    """A report as its subscriber sees it."""
    body = json.loads(envelope["Message"])
    attributes = {name: attribute["Value"] for name, attribute in envelope["MessageAttributes"].items()}
    stopped = {"subject": envelope["Subject"], "text": body["content"]["description"], "body": body}
    return stopped | {"severity": attributes["severity"], "state": attributes.get("state")}


def target(answer: dict, name: str) -> dict:
    """One service's part of an answer."""
    return next(found for found in answer["targets"] if found["target"] == name)


def codes(answer: dict, name: str) -> list[str]:
    return [reason["code"] for reason in target(answer, name)["reasons"]]
