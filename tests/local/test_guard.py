"""A guard on the local AWS: workers from 5 to 38 before a database of 200 connections, as in the incident of March 2026.

moto keeps the metrics that a test publishes; the connections follow the tasks here as they would follow workers."""

import json

import pytest

from .stage import codes, target
from .test_service_load import UP, alarm, publish, service, trigger

PER_TASK = 10


@pytest.fixture
def workers(stage):
    """Five tasks that an alarm asks to grow by ten in every minute, and their database."""
    stage.services(api=5)
    alarm(stage, "ALARM")
    return Workers(stage)


class Workers:
    def __init__(self, stage):
        self.stage, self.database = stage, f"shop-{stage.name[-8:]}"

    def fleet(self, guard: dict, **database) -> None:
        capacity = {"min": 5, "max": 38}
        rules = [{**UP, "add": 10}]
        one = service(self.stage, capacity=capacity, rules=rules, guard={"database": "main", **guard})
        databases = [{"name": "main", "rds": self.database, **database}]
        fleet = {"version": 1, "name": self.stage.name, "mode": "enforce", "databases": databases, "services": [one]}
        self.stage.fleet_text(json.dumps(fleet))

    def connections(self, minutes: int = 10) -> None:
        used = self.stage.desired("api") * PER_TASK
        values = [used] * minutes
        publish(self.stage, "DatabaseConnections", values, "AWS/RDS", DBInstanceIdentifier=self.database)

    def grow(self, minutes: int = 8) -> list[int]:
        """The sizes, minute by minute; each minute has the connections of the tasks that ran in it."""
        function, sizes = self.stage.function("service-load"), []
        self.connections()
        for _ in range(minutes):
            self.answer = trigger(function)
            sizes.append(self.stage.desired("api"))
            self.stage.clock.forward(61)
            self.connections(1)
        return sizes


def test_a_rise_stops_at_the_share_of_the_connections(workers):
    workers.fleet({"connections": "85%"}, max_connections=200)
    sizes = workers.grow()
    assert max(sizes) == 17, f"170 connections are 17 tasks: {sizes}"
    found = target(workers.answer, "api")
    assert "connections-limit" in codes(workers.answer, "api"), found
    assert "database main has" in found["sentence"], found["sentence"]


def test_without_the_guard_the_same_rise_exhausts_the_database(workers):
    workers.fleet({"connections": "100%", "per_task": 1}, max_connections=5000)
    assert max(workers.grow()) == 38


def test_the_class_of_the_instance_says_how_many_there_are(workers):
    workers.stage.world.client("rds").create_db_instance(
        DBInstanceIdentifier=workers.database,
        Engine="postgres",
        EngineVersion="16.3",
        DBInstanceClass="db.t3.small",
        AllocatedStorage=100,
        MasterUsername="root",
        MasterUserPassword="not-a-secret",
    )
    workers.fleet({"connections": "85%"})
    sizes = workers.grow()
    assert max(sizes) == 10, f"85% of about 129 connections are 109: {sizes}"


def test_an_instance_that_does_not_exist_holds_only_where_the_file_says_so(workers):
    workers.fleet({"connections": "85%", "on_missing": "hold"})
    assert max(workers.grow(3)) == 5
    assert "guard-limit-unknown" in codes(workers.answer, "api")
    workers.fleet({"connections": "85%"})
    assert max(workers.grow(3)) > 17
