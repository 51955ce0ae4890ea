"""Redis fails in every way it can: nothing scales in, reports say what and where, the other half scales."""

import pytest
from redis import Redis

from .halves import check_it_scales_in_once_it_is_seen, check_only_good_scaled, evaluate_twice, told_once, two_halves
from .stage import BUSY, codes, event, target

UNREAD = "queue cannot be read"


@pytest.fixture
def own(stage):
    """A Redis that can be broken, and its client."""
    server = stage.own_redis()
    stage.fill("broken", 0, to=Redis.from_url(server.url))
    return server


def test_redis_down_scales_nothing_in(stage, own):
    two_halves(stage, stage.celery("broken", url=own.url))
    function = stage.function()
    own.process.stop()
    answer = evaluate_twice(stage, function)
    assert "reading-missing" in codes(answer, "broken")
    check_only_good_scaled(stage)
    told_once(stage, function, UNREAD, "unreachable", f"127.0.0.1:{own.port}/0")


def test_redis_that_goes_down_between_two_evaluations_scales_nothing_in(stage, own):
    two_halves(stage, stage.celery("broken", url=own.url))
    stage.fill("broken", 100, to=Redis.from_url(own.url))
    function = stage.function()
    assert target(function.invoke(event("schedule")), "broken")["seen"]["waiting"] == 100
    own.process.stop()
    evaluate_twice(stage, function)
    check_only_good_scaled(stage)
    told_once(stage, function, UNREAD, "unreachable")


def test_slow_redis_scales_nothing_in(stage, own):
    two_halves(stage, stage.celery("broken", url=own.url))
    function = stage.function()
    own.pause()
    evaluate_twice(stage, function)
    check_only_good_scaled(stage)
    own.resume()
    reports = [report["text"] for report in stage.reports() if "broken" in report["text"]]
    assert len(reports) == 1 and "no answer within 2 s" in reports[0] and f"127.0.0.1:{own.port}/0" in reports[0]
    check_it_scales_in_once_it_is_seen(stage, function)


def test_a_wrong_password_scales_nothing_in_and_a_rotated_one_is_picked_up(stage, own):
    Redis.from_url(own.url).config_set("requirepass", "right-password")
    put = stage.world.client("ssm").put_parameter
    name = f"/{stage.name}/redis"
    put(Name=name, Type="SecureString", Value=f"redis://:wrong-password@127.0.0.1:{own.port}/0")
    two_halves(stage, stage.celery("broken", url_from=f"ssm:{name}"))
    function = stage.function()
    evaluate_twice(stage, function)
    check_only_good_scaled(stage)
    told_once(stage, function, UNREAD, "access denied", "WRONGPASS", f"127.0.0.1:{own.port}/0")
    put(Name=name, Type="SecureString", Overwrite=True, Value=f"redis://:right-password@127.0.0.1:{own.port}/0")
    stage.clock.forward(300)
    check_it_scales_in_once_it_is_seen(stage, function)


def test_a_password_that_is_missing_scales_nothing_in(stage, own):
    Redis.from_url(own.url).config_set("requirepass", "right-password")
    two_halves(stage, stage.celery("broken", url=own.url))
    function = stage.function()
    evaluate_twice(stage, function)
    check_only_good_scaled(stage)
    told_once(stage, function, UNREAD, "access denied", "NOAUTH")


@pytest.mark.parametrize("database, words", [(1, "may be a typo"), (99, "SELECT 99")])
def test_a_wrong_database_scales_nothing_in(stage, database, words):
    url = stage.server.url.removesuffix("/0") + f"/{database}"
    two_halves(stage, stage.celery("broken", url=url))
    function = stage.function()
    evaluate_twice(stage, function)
    check_only_good_scaled(stage)
    told_once(stage, function, UNREAD, "not found", words, f"{stage.server.port}/{database}")


def test_a_key_of_the_wrong_type_scales_nothing_in(stage):
    two_halves(stage)
    stage.redis.set(stage.queue("broken"), "no list")
    function = stage.function()
    evaluate_twice(stage, function)
    check_only_good_scaled(stage)
    told_once(stage, function, UNREAD, "wrong type", "WRONGTYPE", stage.queue("broken"))
    stage.redis.delete(stage.queue("broken"))
    check_it_scales_in_once_it_is_seen(stage, function)


def test_half_of_the_queues_missing_scales_the_other_half_only(stage):
    names = [f"worker-{number}" for number in range(6)]
    stage.services(**{name: 10 for name in names})
    present, missing = names[::2], names[1::2]
    for name in present:
        stage.fill(name, BUSY)
    stage.fleet(*map(stage.worker, names))
    function = stage.function()
    evaluate_twice(stage, function)
    assert {name: stage.desired(name) for name in names} == {name: 15 if name in present else 10 for name in names}
    text = [report["text"] for report in stage.reports()][-1]
    for name in missing:
        assert f"{name}: {UNREAD}" in text and f"_kombu.binding.{stage.queue(name)}" in text


def test_all_queues_missing_is_one_report_and_the_dead_man_metric_stops(stage):
    stage.services(one=10, two=10)
    stage.fleet(stage.worker("one"), stage.worker("two"))
    function = stage.function()
    evaluate_twice(stage, function)
    assert stage.report()["subject"].endswith("(+1 more)")
    assert "ecs:UpdateService" not in stage.requests()
    assert [line["Evaluations"] for line in function.lines()] == [0, 0]


def test_a_bullmq_queue_that_is_not_there_scales_nothing_in(stage):
    queue = {"bullmq": {"url": stage.server.url, "queue": stage.queue("typo")}}
    two_halves(stage, queue)
    function = stage.function()
    evaluate_twice(stage, function)
    check_only_good_scaled(stage)
    told_once(stage, function, UNREAD, "not found", f"bull:{stage.queue('typo')}:meta")
    stage.redis.hset(f"bull:{stage.queue('typo')}:meta", "opts.maxLenEvents", "10000")
    check_it_scales_in_once_it_is_seen(stage, function)


def test_an_sqs_queue_that_is_not_there_scales_nothing_in(stage):
    sqs = stage.world.client("sqs")
    url = sqs.create_queue(QueueName=stage.name)["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    # The fleet file takes real SQS URLs only; the endpoint of the environment is asked whatever the host says.
    real = f"https://sqs.us-east-1.amazonaws.com/{url.split('/', 3)[3]}"
    two_halves(stage, {"sqs": {"url": real}})
    function = stage.function()
    evaluate_twice(stage, function)
    check_only_good_scaled(stage)
    told_once(stage, function, UNREAD, "not found", stage.name)
    sqs.create_queue(QueueName=stage.name)
    check_it_scales_in_once_it_is_seen(stage, function)


def test_a_fault_of_one_evaluation_is_not_reported(stage):
    two_halves(stage)
    function = stage.function()
    binding = f"_kombu.binding.{stage.queue('broken')}"
    stage.redis.rename(binding, "aside")
    function.invoke(event("schedule"))
    stage.redis.rename("aside", binding)
    check_only_good_scaled(stage)
    stage.clock.forward(15)
    function.invoke(event("schedule"))
    assert all(UNREAD not in report["text"] for report in stage.reports())
