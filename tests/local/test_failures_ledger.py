"""The ledger and SNS fail: without a memory nothing is done, without reports everything is, and reported later."""

import pytest
from world.lambda_emulator import InvocationFailed

from .stage import BUSY, codes, event, target


@pytest.fixture
def busy(stage):
    """One service that wants 5 more, and one that wants fewer."""
    stage.services(busy=5, idle=10)
    stage.fill("busy", BUSY)
    stage.fill("idle", 0)
    stage.fleet(stage.worker("busy"), stage.worker("idle"))
    return stage


def check_nothing_changed(stage):
    assert (stage.desired("busy"), stage.desired("idle")) == (5, 10)
    assert "ecs:UpdateService" not in stage.requests()


def check_it_works_again(stage, function):
    stage.heal()
    function.invoke(event("schedule"))
    assert (stage.desired("busy"), stage.desired("idle")) == (10, 9)


DENIED = {"fault": "error", "code": "AccessDeniedException"}
SLOW = {"fault": "hang", "seconds": 4}


@pytest.mark.parametrize(
    "action, how, kind, words",
    [
        ("dynamodb:BatchGetItem", {"fault": "drop"}, "Retryable", "read the ledger `tidegate-ledger`: unreachable"),
        ("dynamodb:BatchGetItem", SLOW, "Retryable", "VPC endpoint"),
        ("dynamodb:BatchGetItem", DENIED, "NonRetryable", "access denied: AccessDeniedException"),
        ("dynamodb:PutItem", {"fault": "drop"}, "Retryable", "write the ledger `tidegate-ledger`: unreachable"),
        ("dynamodb:PutItem", DENIED, "NonRetryable", "access denied: AccessDeniedException"),
        ("dynamodb:PutItem", {"fault": "error"}, "Retryable", "throttled: ThrottlingException"),
    ],
    ids=["read-dropped", "read-hangs", "read-denied", "write-dropped", "write-denied", "write-throttled"],
)
def test_without_its_ledger_it_scales_nothing_and_says_so(busy, action, how, kind, words):
    busy.fault(action, **how)
    function = busy.function()
    # One passing fault is noise, and no operator is notified before the second; what an operator must mend is reported
    # at once.
    for is_last in [False, True] if kind == "Retryable" else [True]:
        with pytest.raises(InvocationFailed) as failed:
            function.invoke(event("schedule"))
        assert failed.value.kind == kind and words in failed.value.message
        assert is_last or busy.reports() == []
    check_nothing_changed(busy)
    report = busy.report()
    assert report["severity"] == "critical"
    assert "scaling paused" in report["subject"] and words in report["text"] and "tidegate-ledger" in report["text"]
    check_it_works_again(busy, function)


def test_a_ledger_that_stays_away_is_reported_every_quarter_of_an_hour(busy, relay):
    relay.refuse("BatchGetItem", "", "AccessDeniedException")
    function = busy.function(aws=relay.url)
    told = []
    for _ in range(16):
        with pytest.raises(InvocationFailed):
            function.invoke(event("schedule"))
        told.append(len(busy.reports()))
        busy.clock.forward(60)
    assert told == [1, *[0] * 14, 1]
    assert all(line["Evaluations"] == 0 for line in function.lines() if "Evaluations" in line), "the dead-man alarm sees no evaluation"


def test_without_its_ledger_and_sns_the_failure_itself_and_the_log_name_both(busy):
    busy.fault("dynamodb:BatchGetItem", **DENIED)
    busy.fault("sns:Publish", **DENIED)
    function = busy.function()
    with pytest.raises(InvocationFailed) as failed:
        function.invoke(event("schedule"))
    assert "read the ledger `tidegate-ledger`" in failed.value.message
    log = function.log.read_text()
    assert "scaling paused" in log and "publish a report to `arn:aws:sns" in log
    check_nothing_changed(busy)
    busy.heal()
    busy.fault("dynamodb:BatchGetItem", **DENIED)
    with pytest.raises(InvocationFailed):
        function.invoke(event("schedule"))
    assert "scaling paused" in busy.report()["text"], "no operator was notified yet"


def test_a_ledger_that_does_not_exist_is_named(busy):
    with pytest.raises(InvocationFailed) as failed:
        busy.function(TIDEGATE_LEDGER="no-such-table").invoke(event("schedule"))
    assert failed.value.kind == "NonRetryable" and "`no-such-table`: not found" in failed.value.message
    check_nothing_changed(busy)
    assert "no-such-table" in busy.report()["text"]


def test_a_lost_answer_of_the_ledger_is_recognized_as_its_own_write(busy):
    busy.fault("dynamodb:PutItem", "apply-and-drop", calls=1)
    busy.function().invoke(event("schedule"))
    assert (busy.desired("busy"), busy.desired("idle")) == (10, 9)
    assert busy.page()["version"] == 2 and busy.requests()["ecs:UpdateService"] == 2


def test_an_outcome_that_cannot_be_remembered_is_found_by_the_next_evaluation(busy):
    busy.fault("dynamodb:PutItem", "error", skip=1, calls=3)
    function = busy.function()
    answer = function.invoke(event("schedule"))
    assert "write the ledger" in answer["errors"][0]
    assert busy.page()["memory"]["enforce"]["busy"]["in"]["to"] == 10, "the intent is still open"
    busy.heal()
    busy.clock.forward(45)
    answer = function.invoke(event("delayed-evaluation"))
    assert "intent-found-applied" in codes(answer, "busy")
    assert busy.desired("busy") == 10 and "in" not in busy.page()["memory"]["enforce"]["busy"]


# It hangs for longer than this test lasts: what it applies at last concerns no test.
SILENT = {"fault": "hang", "seconds": 60}


@pytest.mark.parametrize("how", [{"fault": "drop"}, DENIED, SILENT], ids=["dropped", "denied", "hangs"])
def test_without_sns_it_scales_and_tells_at_the_next_evaluation(busy, how):
    busy.fault("sns:Publish", **how)
    function = busy.function()
    answer = function.invoke(event("schedule"))
    assert (busy.desired("busy"), busy.desired("idle")) == (10, 9)
    assert answer["reports_published"] == 0 and "publish a report to `arn:aws:sns" in answer["errors"][0]
    assert function.lines()[-1]["FailedReports"] == 1
    assert busy.reports() == []
    busy.heal()
    busy.clock.forward(1)
    function.invoke(event("schedule"))
    text = busy.report()["text"]
    assert "reported late" in text
    assert "busy: scaled out from 5 to 10 tasks: waiting " in text and "idle: scaled in from 10 to 9 tasks: waiting " in text
    busy.clock.forward(1)
    function.invoke(event("schedule"))
    assert all("reported late" not in report["text"] for report in busy.reports())


def test_a_condition_that_could_not_be_told_is_reported_when_sns_is_back(busy):
    busy.fleet(busy.worker("busy"), busy.worker("idle", queue=busy.celery("typo")))
    busy.fault("sns:Publish", "drop")
    function = busy.function()
    for _ in range(3):
        function.invoke(event("schedule"))
        busy.clock.forward(15)
    busy.heal()
    function.invoke(event("schedule"))
    assert "idle: queue cannot be read" in busy.report()["text"]
    function.invoke(event("schedule"))
    assert busy.reports() == []


def test_without_its_queue_for_evaluations_it_scales_all_the_same(busy):
    busy.fault("sqs:SendMessageBatch", "drop")
    answer = busy.function().invoke(event("schedule"))
    assert (busy.desired("busy"), busy.desired("idle")) == (10, 9)
    assert answer["evaluations_sent"] == 0 and "send evaluations to" in answer["errors"][0]


def test_activities_that_cannot_be_recorded_stop_nothing(busy):
    busy.fault("dynamodb:BatchWriteItem", **DENIED)
    answer = busy.function().invoke(event("schedule"))
    assert (busy.desired("busy"), busy.desired("idle")) == (10, 9)
    assert "record 2 activities" in answer["errors"][0] and target(answer, "busy")["outcome"] == "applied"


def test_a_ledger_item_that_is_not_ours_is_named_and_never_overwritten(busy):
    item = {"pk": busy.name, "sk": "memory#queue-depth", "memory": "no JSON"}
    item = {key: {"S": value} for key, value in item.items()} | {"version": {"N": "7"}}
    busy.world.client("dynamodb").put_item(TableName="tidegate-ledger", Item=item)
    with pytest.raises(InvocationFailed) as failed:
        busy.function().invoke(event("schedule"))
    assert failed.value.kind == "NonRetryable" and "parse the item `memory#queue-depth`" in failed.value.message
    check_nothing_changed(busy)
    assert busy.items()["memory#queue-depth"]["memory"] == "no JSON"
