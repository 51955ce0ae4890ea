"""replica-lag's release binary on the local AWS, with the real SDK: replicas of RDS, their tags, their records in Route 53.

moto is kinder than RDS: a replica is available at once, has all its storage and no `StatusInfos`, is gone at once after
its deletion, and no call is refused for a state. What RDS does with time and failures is tested in the simulated world
(`shared/simulator/tests/replicas/`). What moto shows of a metric is what a test published."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from .stage import codes, event, target

CLASS = "db.r6g.large"


@pytest.fixture
def shop(stage):
    """A MySQL database without a replica, and a hosted zone."""
    return Shop(stage)


class Shop:
    def __init__(self, stage):
        self.stage, self.source, self.published = stage, f"shop-{stage.name[-8:]}", set()
        self.rds, self.route53 = stage.world.client("rds"), stage.world.client("route53")
        self.rds.create_db_instance(
            DBInstanceIdentifier=self.source,
            Engine="mysql",
            DBInstanceClass=CLASS,
            AllocatedStorage=100,
            MasterUsername="root",
            MasterUserPassword="not-a-secret",
            BackupRetentionPeriod=7,
        )
        self.zone, self.name = self.hosted_zone(), f"read.{self.source}.internal"

    def hosted_zone(self) -> str:
        """Ids of AWS begin with a Z, those of moto with anything."""
        for number in range(1_000):
            reference = f"{self.stage.name}-{number}"
            made = self.route53.create_hosted_zone(Name=f"{self.source}.internal", CallerReference=reference)
            found = made["HostedZone"]["Id"].rpartition("/")[2]
            if found.startswith("Z"):
                return found
        raise AssertionError("moto makes no id that begins with a Z any more")

    def fleet(self, mode: str = "enforce", **replicas) -> None:
        """A fleet of this database alone and a service that does nothing."""
        dns = {"zone": self.zone, "record": self.name}
        rules = {"lag": "15s", "min": 1, "max": 3, "out": "cpu > 70% for 3m", "in": "cpu < 30% for 3m", "dns": dns}
        database = {"name": "main", "rds": self.source, "replicas": {**rules, "cooldown": "2m", "drain": "2m", **replicas}}
        fleet = {"version": 1, "name": self.stage.name, "mode": mode, "databases": [database]}
        self.stage.fleet_text(json.dumps(fleet))

    def function(self):
        return self.stage.function("replica-lag")

    def minute(self, function, cpu: float = 40, lag: float = 0, event_name: str = "schedule") -> dict:
        """A minute later, with a datapoint more for every replica; half an hour of them for a new one."""
        self.stage.clock.forward(60)
        for replica in self.replicas():
            self.publish(replica, "CPUUtilization", cpu)
            self.publish(replica, "ReplicaLag", lag)
            self.publish(replica, "DatabaseConnections", 0)
        return function.invoke(event(event_name, "replica-lag"))

    def publish(self, instance: str, metric: str, value: float) -> None:
        now = datetime.now(timezone.utc) + timedelta(seconds=self.stage.clock.seconds)
        last = now.replace(second=0, microsecond=0) - timedelta(minutes=1)
        dimensions = [{"Name": "DBInstanceIdentifier", "Value": instance}]
        data = [
            {"MetricName": metric, "Dimensions": dimensions, "Value": value, "Timestamp": last - timedelta(minutes=age)}
            for age in range(1 if (instance, metric) in self.published else 30)
        ]
        self.published.add((instance, metric))
        self.stage.world.client("cloudwatch").put_metric_data(Namespace="AWS/RDS", MetricData=data)

    def replicas(self) -> list[str]:
        (source,) = self.rds.describe_db_instances(DBInstanceIdentifier=self.source)["DBInstances"]
        return sorted(source.get("ReadReplicaDBInstanceIdentifiers", []))

    def read_by_hand(self, *names: str) -> None:
        """Replicas of somebody else, an hour old: datapoints before its creation say nothing of a replica."""
        for name in names:
            self.rds.create_db_instance_read_replica(DBInstanceIdentifier=name, SourceDBInstanceIdentifier=self.source)
        self.stage.clock.forward(3600)

    def records(self) -> dict[str, int]:
        """The weights of the records by their set identifier."""
        found = self.route53.list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        return {it["SetIdentifier"]: it["Weight"] for it in found if it["Name"] == f"{self.name}."}

    def until_settled(self, function, **readings) -> dict:
        """Minutes until no change is under way."""
        for _ in range(12):
            answer = self.minute(function, **readings)
            if target(answer, "main")["change"] is None:
                return answer
        raise AssertionError(f"a change lasts: {answer}")


def test_a_missing_replica_is_created_tagged_and_gets_a_record(shop):
    shop.fleet()
    function = shop.function()
    answer = shop.minute(function)
    ours = f"tidegate-{shop.source}-1"
    assert shop.replicas() == [ours]
    assert target(answer, "main")["change"]["step"] == "requested"
    (made,) = shop.rds.describe_db_instances(DBInstanceIdentifier=ours)["DBInstances"]
    assert made["DBInstanceClass"] == CLASS
    tags = {tag["Key"]: tag["Value"] for tag in made["TagList"]}
    assert tags["tidegate:fleet"] == shop.stage.name and tags["tidegate:database"] == "main"
    (begun,) = shop.stage.reports()
    assert f"adding replica {ours} (0 to 1)" in begun["text"] and begun["severity"] == "critical"
    shop.until_settled(function)
    shop.minute(function)
    assert shop.records() == {f"tidegate:{ours}": 10}
    assert any(f"{ours} added" in report["text"] for report in shop.stage.reports())


def test_load_adds_and_calm_removes_what_was_added_and_nothing_else(shop):
    shop.read_by_hand("reporting")
    shop.fleet()
    function = shop.function()
    shop.until_settled(function)
    for _ in range(10):
        shop.minute(function, cpu=90)
        if len(shop.replicas()) == 2:
            break
    ours = f"tidegate-{shop.source}-1"
    assert shop.replicas() == sorted(["reporting", ours])
    shop.until_settled(function, cpu=60)
    shop.minute(function, cpu=60)
    assert set(shop.records()) == {f"tidegate:{ours}", "tidegate:reporting"}
    shop.stage.reports()
    for _ in range(40):
        shop.minute(function, cpu=5)
        # Its record goes first, in an evaluation before the deletion.
        if ours in shop.replicas() and f"tidegate:{ours}" not in shop.records():
            break
    assert set(shop.records()) == {"tidegate:reporting"}
    for _ in range(10):
        shop.minute(function, cpu=5)
    assert shop.replicas() == ["reporting"], "a replica of somebody else stays"
    texts = [report["text"] for report in shop.stage.reports()]
    assert any(f"removing replica {ours} (2 to 1)" in text for text in texts)
    assert any(f"{ours} removed" in text for text in texts)
    assert len(texts) == 2, texts


def test_lag_is_reported_once_takes_the_record_out_and_comes_back(shop):
    shop.read_by_hand("one", "two")
    shop.fleet(min=1, max=2)
    function = shop.function()
    for _ in range(3):
        shop.minute(function)
    assert set(shop.records()) == {"tidegate:one", "tidegate:two"}
    shop.stage.reports()
    for _ in range(7):
        shop.stage.clock.forward(60)
        for replica, lag in [("one", 42), ("two", 0)]:
            shop.publish(replica, "ReplicaLag", lag)
            shop.publish(replica, "CPUUtilization", 40)
        function.invoke(event("schedule", "replica-lag"))
    assert set(shop.records()) == {"tidegate:two"}
    report = shop.stage.report()
    assert report["state"] == "firing" and "one lags by 42s" in report["subject"]
    for _ in range(9):
        shop.minute(function)
    assert set(shop.records()) == {"tidegate:one", "tidegate:two"}
    report = shop.stage.report()
    assert (report["state"], report["severity"]) == ("resolved", "info")


def test_a_pin_is_reached_and_a_hold_keeps(shop):
    shop.fleet()
    function = shop.function()
    shop.until_settled(function)
    shop.stage.override(target="main", pin=2, until="2099-01-01T00:00:00Z")
    answer = shop.minute(function)
    assert "pinned" in codes(answer, "main")
    assert len(shop.replicas()) == 2
    shop.until_settled(function)
    shop.stage.override(target="main", hold="scale-in", until="2099-01-01T00:00:00Z")
    for _ in range(10):
        answer = shop.minute(function, cpu=5)
    assert "held" in codes(answer, "main"), answer
    assert len(shop.replicas()) == len(shop.records()) == 2, "a hold keeps what the load would remove"
    shop.stage.release()
    for _ in range(10):
        shop.minute(function, cpu=5)
    assert len(shop.replicas()) == 1, "and nothing but the hold did"


def test_observe_mode_changes_nothing_and_says_once_what_it_would_do(shop):
    shop.fleet(mode="observe")
    function = shop.function()
    for _ in range(3):
        answer = shop.minute(function)
    assert shop.replicas() == [] and shop.records() == {}
    assert target(answer, "main")["outcome"] == "observed"
    assert "would add a replica (0 to 1)" in shop.stage.report()["text"]


def test_a_plan_reads_and_changes_nothing(shop):
    shop.fleet()
    function = shop.function()
    answer = function.invoke(event("plan", "replica-lag"))
    added = f"reads go to the source, add replica tidegate-{shop.source}-1 (0 to 1)"
    assert answer["plan"] == [f"main: {added}: no replica is left to answer them"]
    assert shop.replicas() == [] and "memory#replica-lag" not in shop.stage.items()


@pytest.mark.parametrize("event_name", ["rds-event-instance", "rds-event-cluster", "rds-event-sns"])
def test_an_event_of_rds_triggers_once_a_minute_at_most(shop, event_name):
    shop.fleet()
    function = shop.function()
    answer = shop.minute(function, event_name=event_name)
    assert answer["trigger"] == "rds-event" and answer["targets"]
    shop.stage.heal()
    again = function.invoke(event(event_name, "replica-lag"))
    assert again["targets"] == []
    assert list(shop.stage.requests()) == ["dynamodb:BatchGetItem"]


def test_the_calls_of_an_evaluation_are_counted(shop):
    shop.read_by_hand("one", "two", "three")
    shop.fleet()
    function = shop.function()
    for _ in range(3):
        shop.minute(function)
    shop.stage.heal()
    shop.minute(function)
    assert shop.stage.requests() == {
        "cloudwatch:GetMetricData": 1,
        "dynamodb:BatchGetItem": 1,
        "dynamodb:PutItem": 1,
        "rds:DescribeDBInstances": 1,
        "route53:ListResourceRecordSets": 1,
    }


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("InstanceQuotaExceeded", "InstanceQuotaExceeded"),
        # moto's instance stands in no subnet group: RDS chose the zone, and no other one is left.
        ("InsufficientDBInstanceCapacity", "RDS has no capacity for db.r6g.large in any zone"),
    ],
)
def test_a_refused_creation_is_reported_and_not_repeated_hotly(shop, code, words):
    shop.fleet()
    function = shop.function()
    shop.stage.fault("rds:CreateDBInstanceReadReplica", "error", code=code)
    for _ in range(4):
        answer = shop.minute(function)
    assert shop.stage.requests()["rds:CreateDBInstanceReadReplica"] == 1
    assert "backing-off" in codes(answer, "main")
    first, second = shop.stage.reports()
    assert "reads go to the source" in first["subject"]
    assert words in second["text"]


def test_a_lost_answer_creates_no_second_replica(shop):
    shop.fleet()
    function = shop.function()
    shop.stage.fault("rds:CreateDBInstanceReadReplica", "apply-and-drop")
    shop.minute(function)
    shop.stage.heal()
    for _ in range(3):
        shop.minute(function)
    # The SDK asks again at once. moto takes the same name again and again; RDS answers DBInstanceAlreadyExists, which is taken.
    assert set(shop.replicas()) == {f"tidegate-{shop.source}-1"}


def test_instances_that_cannot_be_read_change_nothing(shop):
    shop.read_by_hand("one")
    shop.fleet()
    function = shop.function()
    for _ in range(3):
        shop.minute(function)
    records = shop.records()
    shop.stage.fault("rds:DescribeDBInstances", "error", code="Throttling")
    answer = shop.minute(function)
    assert codes(answer, "main") == ["unreadable"]
    assert (shop.replicas(), shop.records()) == (["one"], records)


def test_while_sns_is_down_a_lag_is_reported_when_it_is_back(shop):
    shop.read_by_hand("one")
    shop.fleet()
    function = shop.function()
    for _ in range(3):
        shop.minute(function)
    shop.stage.reports()
    shop.stage.fault("sns:Publish", "error", code="InternalError", status=500)
    for _ in range(8):
        shop.minute(function, lag=42)
    assert shop.stage.reports() == []
    shop.stage.heal()
    shop.minute(function, lag=42)
    assert "one lags by 42s" in shop.stage.report()["subject"]
    shop.minute(function, lag=42)
    assert shop.stage.reports() == []
