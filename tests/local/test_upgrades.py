"""rds-upgrade's release binary on the local AWS, with the real SDK: the class of an instance of RDS, and its storage limit.

moto is kinder than RDS: it changes a class at once, without a downtime, a status `modifying` or an event, and nothing of it is ever
pending. It knows no maintenance, no reservations and no offers of MySQL: those three are answered by `world/rds_answers.py`. What RDS
does with time and failures is tested in the simulated world (`shared/simulator/tests/upgrades/`). What moto shows of a metric is
what a test published."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from world.lambda_emulator import InvocationFailed

from .stage import codes, event, target

LADDER = ["db.m6g.large", "db.m6g.xlarge", "db.m6g.2xlarge"]
DAY_MILLISECONDS = 24 * 60 * 60 * 1000
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@pytest.fixture
def shop(stage):
    """A MySQL database of the smallest class."""
    return Shop(stage)


class Shop:
    def __init__(self, stage):
        self.stage, self.id = stage, f"shop-{stage.name[-8:]}"
        self.rds = stage.world.client("rds")
        self.rds.create_db_instance(
            DBInstanceIdentifier=self.id,
            Engine="mysql",
            DBInstanceClass=LADDER[0],
            AllocatedStorage=100,
            MasterUsername="root",
            MasterUserPassword="not-a-secret",
            BackupRetentionPeriod=7,
        )
        # On whole minutes, so that windows are.
        self.stage.clock.forward(60 - self.now().second)

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(seconds=self.stage.clock.seconds)

    def window(self, opens_in: int) -> str:
        """A window of an hour that opens in so many minutes."""
        moment = lambda at: f"{DAYS[at.weekday()]}:{at:%H:%M}"
        opens = self.now() + timedelta(minutes=opens_in)
        return f"{moment(opens)}-{moment(opens + timedelta(hours=1))}"

    def fleet(self, mode: str = "enforce", opens_in: int = 10, **database) -> None:
        upgrade = {"when": "cpu > 80% for 15m", "window": self.window(opens_in), "per_day": 2}
        of_class = {"classes": LADDER, "upgrade": upgrade} if "storage" not in database else {}
        database = {"name": "main", "rds": self.id, **of_class, **database}
        fleet = {"version": 1, "name": self.stage.name, "mode": mode, "databases": [database]}
        self.stage.fleet_text(json.dumps(fleet))

    def function(self):
        return self.stage.function("rds-upgrade")

    def later(self, function, minutes: int = 5, cpu: float = 40, event_name: str = "schedule") -> dict:
        """Minutes later; an hour of a CPU load has been published by then."""
        self.stage.clock.forward(60 * minutes)
        last = self.now().replace(second=0, microsecond=0) - timedelta(minutes=1)
        dimensions = [{"Name": "DBInstanceIdentifier", "Value": self.id}]
        ages = range(60)
        data = [
            {"MetricName": "CPUUtilization", "Dimensions": dimensions, "Value": cpu, "Timestamp": last - timedelta(minutes=age)}
            for age in ages
        ]
        self.stage.world.client("cloudwatch").put_metric_data(Namespace="AWS/RDS", MetricData=data)
        return function.invoke(event(event_name, "rds-upgrade"))

    def wanted_for_a_day(self, mode: str = "enforce", opens_in: int = 10):
        """What the load asks for begins in a window of which operators were told a day before. The machine's clock cannot go on by a day,
        since moto's backups would be a day old: the memory says that it was planned for this window, and told, a day earlier."""
        self.fleet(mode, opens_in + 5)
        function = self.function()
        self.later(function, cpu=90)
        memory = self.stage.page("rds-upgrade")["memory"]
        planned = memory[mode]["main"]["planned"]
        planned["since"] -= DAY_MILLISECONDS
        planned["window"] -= 7 * DAY_MILLISECONDS
        planned["told"] = planned["window"] - DAY_MILLISECONDS
        self.stage.world.client("dynamodb").update_item(
            TableName="tidegate-ledger",
            Key={"pk": {"S": self.stage.name}, "sk": {"S": "memory#rds-upgrade"}},
            UpdateExpression="SET memory = :memory",
            ExpressionAttributeValues={":memory": {"S": json.dumps(memory)}},
        )
        return function

    def instance(self) -> dict:
        (found,) = self.rds.describe_db_instances(DBInstanceIdentifier=self.id)["DBInstances"]
        return found

    def instance_class(self) -> str:
        return self.instance()["DBInstanceClass"]

    def upgrade(self, to: str, **more) -> dict:
        return {"action": "upgrade", "database": "main", "to": to, "reason": "a launch", "who": "anna", **more}


def test_a_plan_shows_the_whole_rehearsal_and_changes_nothing(shop):
    shop.fleet()
    answer = shop.function().invoke(event("plan-next", "rds-upgrade"))
    main = target(answer, "main")
    assert (main["state"], main["refusals"]) == ("waiting-for-window", [])
    wanted = main["wanted"]
    assert (wanted["from"], wanted["to"]) == tuple(LADDER[:2])
    assert wanted["downtime"] == "about 2 to 15 minutes down"
    assert main["seen"]["rehearsal"]["offers"] and main["seen"]["rehearsal"]["maintenance"] == []
    (plan,) = answer["plan"]
    assert f"plan: {shop.id}: {LADDER[0]} → {LADDER[1]}, window of " in plan
    assert shop.instance_class() == LADDER[0] and "memory#rds-upgrade" not in shop.stage.items()
    assert shop.stage.reports() == []


def test_load_is_planned_for_the_window_changed_in_it_and_told(shop):
    function = shop.wanted_for_a_day()
    waiting = shop.later(function, cpu=90)
    assert target(waiting, "main")["state"] == "waiting-for-window" and shop.instance_class() == LADDER[0]
    planned = shop.stage.report()
    assert f"{LADDER[0]} → {LADDER[1]} planned for" in planned["text"] and planned["state"] == "firing"
    begun = shop.later(function, minutes=6, cpu=90)
    assert target(begun, "main")["outcome"] == "applied" and shop.instance_class() == LADDER[1]
    assert f"changing {shop.id} from {LADDER[0]} to {LADDER[1]}" in shop.stage.report()["text"]
    done = shop.later(function, cpu=90)
    assert "done" in codes(done, "main")
    text = shop.stage.report()["text"]
    assert f"{shop.id} is {LADDER[1]} now" in text and "how long it was down is not known" in text
    assert f"aws rds modify-db-instance --region {shop.stage.world.about['region']} --db-instance-identifier {shop.id} --db-instance-class {LADDER[0]}" in text
    # One rung a window: the load of the smaller class says nothing of the larger one.
    for _ in range(3):
        shop.later(function, cpu=90)
    assert shop.instance_class() == LADDER[1]


def test_calm_changes_nothing_and_says_nothing(shop):
    shop.fleet(opens_in=-5)
    function = shop.function()
    for _ in range(3):
        answer = shop.later(function, cpu=40)
    assert codes(answer, "main") == ["class-suits"]
    assert shop.instance_class() == LADDER[0] and shop.stage.reports() == []


def test_what_is_asked_for_waits_for_its_window_unless_it_is_to_be_now(shop):
    shop.fleet(opens_in=600)
    function = shop.function()
    answer = function.invoke(shop.upgrade(LADDER[2]))
    assert target(answer, "main")["state"] == "waiting-for-window" and shop.instance_class() == LADDER[0]
    planned = shop.stage.report()["text"]
    assert "stop  tidegate upgrade main --withdraw" in planned
    answer = function.invoke(shop.upgrade(LADDER[1], now=True))
    main = target(answer, "main")
    assert main["outcome"] == "applied" and shop.instance_class() == LADDER[1]
    assert main["wanted"]["window"] is None and "minutes down" in main["wanted"]["downtime"]
    assert "anna asked for it (a launch)" in shop.stage.report()["text"]


def test_a_snapshot_that_is_asked_for_comes_before_the_change_with_our_tags_and_stays(shop):
    shop.fleet(opens_in=600)
    function = shop.function()
    main = target(function.invoke(shop.upgrade(LADDER[1], now=True, snapshot=True)), "main")
    assert (main["verdict"], main["outcome"]) == ("take-snapshot", "applied") and shop.instance_class() == LADDER[0]
    name = main["snapshot"]["id"]
    assert name.startswith(f"tidegate-{shop.id}-")
    main = target(shop.later(function), "main")
    assert (main["verdict"], main["outcome"]) == ("change-class", "applied") and shop.instance_class() == LADDER[1]
    shop.later(function)
    (found,) = shop.rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
    tags = {tag["Key"]: tag["Value"] for tag in found["TagList"]}
    assert tags == {"tidegate:fleet": shop.stage.name, "tidegate:database": "main"}
    texts = [report["text"] for report in shop.stage.reports()]
    assert any(f"{name}: on Single-AZ I/O stops while it begins, and it stays and costs" in text for text in texts)
    assert any(f"the snapshot {name} stays, and costs" in text for text in texts)


def test_a_snapshot_of_that_name_that_is_not_ours_stops_the_change(shop):
    shop.fleet(opens_in=600)
    function = shop.function()
    name = f"tidegate-{shop.id}-{shop.now():%Y%m%d%H%M}"
    shop.rds.create_db_snapshot(DBInstanceIdentifier=shop.id, DBSnapshotIdentifier=name)
    main = target(function.invoke(shop.upgrade(LADDER[1], now=True, snapshot=True)), "main")
    assert main["snapshot"]["id"] == name
    shop.later(function)
    assert shop.instance_class() == LADDER[0]
    assert any("is not the one that Tidegate asked for" in report["text"] for report in shop.stage.reports())


def test_what_is_asked_for_is_withdrawn(shop):
    shop.fleet(opens_in=2)
    function = shop.function()
    function.invoke(shop.upgrade("next"))
    function.invoke(event("withdraw", "rds-upgrade"))
    assert any("withdrawn" in report["text"] for report in shop.stage.reports())
    for _ in range(2):
        shop.later(function)
    assert shop.instance_class() == LADDER[0]


@pytest.mark.parametrize(
    "asked, problem",
    [
        ({"to": "db.m6g.16xlarge"}, "`to` is `db.m6g.16xlarge`; allowed for `main`: `next`, `db.m6g.large`"),
        ({"to": "next", "database": "mian"}, "no database `mian` with `classes`"),
        ({"to": "next", "at": "once"}, "unknown field `at`, expected one of `database`, `to`, `now`, `snapshot`, `reason`, `who`"),
    ],
)
def test_what_the_fleet_file_does_not_allow_is_refused(shop, asked, problem):
    shop.fleet()
    with pytest.raises(InvocationFailed, match="NonRetryable") as failed:
        shop.function().invoke({"action": "upgrade", "database": "main", **asked})
    assert problem in str(failed.value)
    assert shop.instance_class() == LADDER[0]


def test_observe_mode_changes_nothing_and_says_once_what_would_begin(shop):
    function = shop.wanted_for_a_day(mode="observe")
    shop.later(function, cpu=90)
    shop.stage.reports()
    for minutes in [6, 5, 5]:
        shop.later(function, minutes=minutes, cpu=90)
    assert shop.instance_class() == LADDER[0]
    (would,) = [it for it in shop.stage.reports() if "would begin" in it["text"]]
    assert "done  nothing: the database is in observe mode" in would["text"]


def test_a_refused_change_is_asked_for_once_and_told_with_how_to_try_it_again(shop):
    function = shop.wanted_for_a_day()
    shop.later(function, cpu=90)
    shop.stage.reports()
    shop.stage.fault("rds:ModifyDBInstance", "error", code="InsufficientDBInstanceCapacity")
    for minutes in [6, 5, 5]:
        shop.later(function, minutes=minutes, cpu=90)
    assert shop.stage.requests()["rds:ModifyDBInstance"] == 1
    failed = next(it for it in shop.stage.reports() if "failed" in it["subject"])
    assert failed["severity"] == "critical" and "InsufficientDBInstanceCapacity" in failed["text"]
    assert "try   tidegate upgrade main --to db.m6g.xlarge" in failed["text"]


def test_a_change_whose_answer_is_lost_is_found_made_and_not_sent_again(shop):
    function = shop.wanted_for_a_day()
    shop.later(function, cpu=90)
    shop.stage.fault("rds:ModifyDBInstance", "apply-and-drop")
    begun = shop.later(function, minutes=6, cpu=90)
    assert target(begun, "main")["outcome"] == "unknown" and shop.instance_class() == LADDER[1]
    assert "done" in codes(shop.later(function, cpu=90), "main")
    assert shop.stage.requests()["rds:ModifyDBInstance"] == 1


def test_without_a_last_look_nothing_is_sent(shop):
    function = shop.wanted_for_a_day()
    shop.later(function, cpu=90)
    # The first of two readings works, the look before the call does not.
    shop.stage.fault("rds:DescribeDBInstances", "error", code="AccessDenied", skip=1)
    shop.later(function, minutes=6, cpu=90)
    assert shop.instance_class() == LADDER[0] and "rds:ModifyDBInstance" not in shop.stage.requests()
    shop.stage.heal()
    shop.later(function, cpu=90)
    assert shop.instance_class() == LADDER[1], "the next evaluation decides again"


def test_while_the_ledger_takes_no_write_nothing_is_sent(shop):
    function = shop.wanted_for_a_day()
    shop.later(function, cpu=90)
    shop.stage.fault("dynamodb:PutItem", "error", code="InternalServerError", status=500)
    with pytest.raises(InvocationFailed):
        shop.later(function, minutes=6, cpu=90)
    assert shop.instance_class() == LADDER[0]


def test_instances_that_cannot_be_read_change_nothing(shop):
    shop.fleet()
    function = shop.function()
    shop.later(function, cpu=90)
    shop.stage.fault("rds:DescribeDBInstances", "error", code="Throttling")
    answer = shop.later(function, minutes=6, cpu=90)
    assert codes(answer, "main") == ["rds-unreadable"] and shop.instance_class() == LADDER[0]


def test_a_part_of_the_rehearsal_that_is_not_known_is_a_refusal_by_name(shop):
    function = shop.wanted_for_a_day()
    shop.stage.fault("rds:DescribePendingMaintenanceActions", "error", code="AccessDenied")
    for minutes in [5, 6]:
        answer = shop.later(function, minutes=minutes, cpu=90)
    (refusal,) = target(answer, "main")["refusals"]
    assert refusal["code"] == "not-known" and "the maintenance that waits" in refusal["text"]
    assert shop.instance_class() == LADDER[0]


def test_the_storage_limit_is_raised_alone(shop):
    shop.fleet(storage={"max": 500})
    function = shop.function()
    answer = shop.later(function)
    assert target(answer, "main")["verdict"] == "raise-max-storage"
    assert target(answer, "main")["outcome"] == "applied"
    assert shop.instance()["MaxAllocatedStorage"] == 500 and shop.instance_class() == LADDER[0]


def test_an_event_of_rds_triggers_once_a_minute_at_most(shop):
    shop.fleet()
    function = shop.function()
    answer = shop.later(function, event_name="rds-event-instance")
    assert answer["trigger"] == "rds-event" and answer["targets"]
    shop.stage.heal()
    again = function.invoke(event("rds-event-instance", "rds-upgrade"))
    assert again["targets"] == []
    assert list(shop.stage.requests()) == ["dynamodb:BatchGetItem"]


CALM = {"cloudwatch:GetMetricData": 2, "dynamodb:BatchGetItem": 1, "dynamodb:PutItem": 1, "rds:DescribeDBInstances": 1}


def test_the_calls_of_a_calm_evaluation_are_counted(shop):
    shop.fleet(opens_in=600)
    function = shop.function()
    shop.later(function)
    shop.stage.heal()
    shop.later(function)
    assert shop.stage.requests() == CALM


def test_what_a_change_would_meet_is_read_only_where_one_is_wanted(shop):
    function = shop.wanted_for_a_day(opens_in=600)
    shop.stage.heal()
    shop.later(function, cpu=90)
    rehearsal = ["OrderableDBInstanceOptions", "PendingMaintenanceActions", "ReservedDBInstances"]
    # It is told: the memory is written twice, and an activity.
    told = {"dynamodb:BatchWriteItem": 1, "dynamodb:PutItem": 2, "sns:Publish": 1}
    assert shop.stage.requests() == {**CALM, **told, **{f"rds:Describe{what}": 1 for what in rehearsal}}
    # Events of RDS are read while a change is under way.
    function.invoke(shop.upgrade("next", now=True))
    shop.stage.heal()
    shop.later(function, cpu=90)
    assert shop.stage.requests()["rds:DescribeEvents"] == 1
