"""A thousand services as Amazon ECS shows them, with a hundred events each: calls and memory of one evaluation."""

import json

import pytest
from world.ecs_answers import EVENTS, in_full
from world.processes import peak_memory_kib

from .relay import Relay
from .stage import event

NAMES = [f"service-{number}" for number in range(1, 1_001)]
# Measured are 33 MiB, and a small function has 256 MB. All answers at once would be 23 MB of JSON, and several times as much
# understood: half again as much as measured finds an evaluation that keeps them.
PEAK_KIB_MAX = 48 * 1024


class ManyServices(Relay):
    """Answers `DescribeServices` itself: moto would take longer than an evaluation has for 1,000 services."""

    bytes_told = 0

    def _forward(self, path: str, headers: dict, body: bytes) -> tuple[int, dict, bytes]:
        if headers.get("x-amz-target", "").rpartition(".")[2] != "DescribeServices":
            return super()._forward(path, headers, body)
        names = json.loads(body)["services"]
        answer = json.dumps({"services": [service(name) for name in names], "failures": []}).encode()
        self.bytes_told += len(answer)
        return 200, {"content-type": "application/x-amz-json-1.1"}, answer


def service(name: str) -> dict:
    counts = {"desiredCount": 3, "runningCount": 3, "pendingCount": 0}
    deployment = {"id": "ecs-svc/1234567890123456789", "status": "PRIMARY", "rolloutState": "COMPLETED", **counts}
    place = "arn:aws:ecs:us-east-1:123456789012"
    return in_full(
        {
            "serviceArn": f"{place}:service/many/{name}",
            "serviceName": name,
            "clusterArn": f"{place}:cluster/many",
            "status": "ACTIVE",
            "schedulingStrategy": "REPLICA",
            "deployments": [deployment],
            **counts,
        }
    )


@pytest.fixture
def many(stage):
    with ManyServices(stage.world.about["endpoint"]) as many:
        yield many


def entry(name: str) -> dict:
    return {
        "name": name,
        "ecs": {"cluster": "many", "service": name},
        "capacity": {"min": 2, "max": 10},
        "rules": [{"when": "alarm(many-busy)", "add": 2}],
    }


def test_an_evaluation_of_a_thousand_services_reads_all_in_100_calls_and_stays_small(stage, many):
    stage.fleet(*(entry(name) for name in NAMES))
    function = stage.function("service-load", aws=many.url)
    answer = function.invoke(event("schedule", "service-load"))
    read = [found for found in answer["targets"] if found["seen"].get("desired") == 3]
    assert len(read) == 1_000
    assert many.count("DescribeServices") == 100
    assert len(service("api")["events"]) == EVENTS == 100
    assert many.bytes_told > 20_000_000, "as large as the answers of ECS are"
    peak = peak_memory_kib(function.process.pid)
    assert peak < PEAK_KIB_MAX, f"{peak:,} KiB at its peak, allowed: {PEAK_KIB_MAX:,}"
