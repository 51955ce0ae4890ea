"""Two evaluations at once, and processes that die or freeze for real: nothing is added twice, nothing is forgotten."""

import random
import time

import pytest

from .function import until
from .stage import BUSY, Stage, codes, event, target

ROUNDS = 100
KILLS = 36
SEED = 20261121
# Longer than an intent is left to the evaluation that remembered it: `tidegate_policy::queue_depth::INTENT_LEASE`.
AFTER_THE_LEASE = 100


@pytest.fixture
def one(stage):
    """One service with 5 tasks that wants 5 more; within its cooldown no further 5 are due."""
    stage.services(worker=5)
    stage.fill("worker", BUSY)
    stage.fleet(stage.worker("worker", cooldown={"out": "1h", "in": "1h"}))
    return stage


def begin_anew(stage: Stage) -> None:
    """The world of before the first evaluation: 5 tasks, no memory, no requests."""
    stage.ecs("worker", desired=5)
    for key in stage.items():
        item = {"pk": {"S": stage.name}, "sk": {"S": key}}
        stage.world.client("dynamodb").delete_item(TableName=stage.world.about["ledger"], Key=item)
    stage.heal()


def updates(stage: Stage) -> int:
    return stage.requests().get("ecs:UpdateService", 0)


def check_it_acted_once(stage: Stage) -> None:
    assert (stage.desired("worker"), updates(stage)) == (10, 1)
    assert "in" not in stage.page()["memory"]["enforce"]["worker"], "the intent is settled"


def test_of_two_processes_with_the_same_event_at_the_same_moment_one_acts_100_times(one):
    chance, pair = random.Random(SEED), [one.function(), one.function()]
    dropped = 0
    for _ in range(ROUNDS):
        begin_anew(one)
        first, second = chance.sample(pair, 2)
        first.events.hand_over(event("schedule"))
        time.sleep(chance.choice([0, 0, chance.uniform(0, 0.02)]))
        second.events.hand_over(event("schedule"))
        answers = [first.events.answer(), second.events.answer()]
        check_it_acted_once(one)
        acted = [answer for answer in answers if answer["targets"] and target(answer, "worker")["outcome"] == "applied"]
        lost = [answer for answer in answers if answer["dropped"]]
        assert len(acted) == 1
        # Two writes of the evaluation that acted, one of an evaluation that came after it and held, none of one that
        # was dropped.
        assert one.page()["version"] == 2 + (2 - len(acted) - len(lost))
        dropped += len(lost)
    assert dropped > 0, "the two never met: this proves nothing"


def test_of_four_different_bells_at_once_one_acts(one):
    triggers = ["schedule", "delayed-evaluation", "alarm-sns", "manual"]
    functions = [one.function() for _ in triggers]
    for _ in range(10):
        begin_anew(one)
        for function, trigger in zip(functions, triggers):
            function.events.hand_over(event(trigger))
        for function in functions:
            function.events.answer()
        check_it_acted_once(one)


def evaluation_seconds(stage: Stage) -> float:
    """How long a first evaluation takes here and now, so that the killing moments fall into it."""
    function = stage.function()
    began = time.monotonic()
    function.invoke(event("schedule"))
    return time.monotonic() - began


def test_killed_at_any_moment_the_next_process_finds_and_settles_it(one):
    chance, evaluation = random.Random(SEED), evaluation_seconds(one)
    found = []
    for _ in range(KILLS):
        begin_anew(one)
        victim = one.function()
        victim.events.hand_over(event("schedule"))
        time.sleep(chance.uniform(0, 1.2 * evaluation))
        victim.kill()
        heir = one.function()
        within = heir.invoke(event("schedule"))
        one.clock.forward(AFTER_THE_LEASE)
        found += [code for code in codes(within, "worker") if code.startswith("intent")]
        heir.invoke(event("schedule"))
        check_it_acted_once(one)
        assert one.page()["version"] == one.requests()["dynamodb:PutItem"], "versions follow each other without a gap"
        heir.stop()
    assert found, "none died between its intent and its end: this proves nothing"


KILL_POINTS = {
    "before it reads": ("dynamodb:BatchGetItem", "hang", 0, []),
    "before it sees the services": ("ecs:DescribeServices", "hang", 0, []),
    "after its intent is written": ("dynamodb:PutItem", "apply-and-hang", 0, ["intent-pending", "intent-found-lost"]),
    "after it acted": ("ecs:UpdateService", "apply-and-hang", 0, ["intent-pending", "intent-found-applied"]),
    "while it reports": ("sns:Publish", "apply-and-hang", 0, ["intent-pending", "intent-found-applied"]),
    "after its outcome is written": ("dynamodb:PutItem", "apply-and-hang", 1, []),
}


@pytest.mark.parametrize("moment", KILL_POINTS)
def test_killed_at_each_write_nothing_is_added_twice(one, moment):
    action, fault, skip, expected = KILL_POINTS[moment]
    one.fault(action, fault, skip=skip, calls=1, seconds=2)
    victim = one.function()
    victim.events.hand_over(event("schedule"))
    wait_for_request(one, action, skip + 1)
    victim.kill()
    heir, said = one.function(), []
    for later in (0, AFTER_THE_LEASE, 1):
        one.clock.forward(later)
        said += codes(heir.invoke(event("schedule")), "worker")
    assert [code for code in dict.fromkeys(said) if code.startswith("intent")] == expected
    check_it_acted_once(one)


def requests(stage: Stage, action: str) -> int:
    return stage.requests().get(action, 0)


def wait_for_request(stage: Stage, action: str, count: int) -> None:
    """Waits until so many requests have arrived; the fault then holds the last one's answer."""
    until(lambda: requests(stage, action) >= count)


def test_a_process_frozen_between_intent_and_act_acts_no_more_when_another_has(one):
    one.fault("dynamodb:PutItem", "apply-and-hang", calls=1, seconds=1.5)
    frozen, other = one.function(), one.function()
    frozen.events.hand_over(event("schedule"))
    wait_for_request(one, "dynamodb:PutItem", 1)
    one.clock.forward(AFTER_THE_LEASE)
    other.invoke(event("schedule"))
    assert (one.desired("worker"), updates(one)) == (10, 1)
    answer = frozen.events.answer()
    assert target(answer, "worker")["outcome"] == "too-late"
    check_it_acted_once(one)
    assert "scale-out from 5 to 10 tasks not requested" in "\n".join(report["text"] for report in one.reports())


def test_a_change_whose_evaluation_died_before_it_could_tell_is_reported_by_the_next(one):
    one.fault("ecs:UpdateService", "apply-and-hang", calls=1, seconds=2)
    victim = one.function()
    victim.events.hand_over(event("schedule"))
    wait_for_request(one, "ecs:UpdateService", 1)
    victim.kill()
    heir = one.function()
    heir.invoke(event("schedule"))
    assert one.reports() == [], "the evaluation that made it may still be about to report"
    one.clock.forward(60)
    heir.invoke(event("schedule"))
    assert one.desired("worker") == 10
    assert "an earlier evaluation did scale to 10 tasks" in "\n".join(report["text"] for report in one.reports())
