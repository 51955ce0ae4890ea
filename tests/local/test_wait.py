"""`wait` through the release binary. Each evaluation is a process of its own: what it has learned comes from the ledger."""

from .stage import codes, event, target

INTERVAL_SECONDS = 15


def emails(stage, **more) -> dict:
    """A service that no rule scales, and whose queue does not show what runs."""
    service = stage.worker("emails", wait="60s", **more)
    for key in ("rules", "cooldown", "stabilization"):
        del service[key]
    return service


def evaluation(stage, waiting: int) -> dict:
    """The evaluation after the next 15 seconds, in a new process."""
    stage.clock.forward(INTERVAL_SECONDS)
    stage.fill("emails", waiting)
    function = stage.function()
    answer = function.invoke(event("schedule"))
    function.stop()
    return answer


def test_a_growing_queue_is_met_with_what_its_jobs_will_need(stage):
    stage.services(emails=5)
    stage.fleet(emails(stage))
    assert codes(evaluation(stage, 40), "emails") == ["watching"]
    answers = [evaluation(stage, waiting) for waiting in (40, 240, 640)]
    ordered = [answer for answer in answers if target(answer, "emails")["verdict"] == "scale-out"]
    # Nobody knows yet how fast these jobs are done.
    assert ordered and "pace-unknown" in codes(ordered[0], "emails")
    assert stage.desired("emails") > 5
    report = stage.reports()[0]
    assert "expected by the time new tasks start" in report["text"]
    assert "30 tasks at most until it is known how fast jobs are done" in report["text"]
    assert "tidegate pin emails 5" in report["text"]


def test_one_event_twice_orders_once(stage):
    stage.services(emails=5)
    stage.fleet(emails(stage))
    for waiting in (40, 40, 640):
        evaluation(stage, waiting)
    desired = stage.desired("emails")
    again = stage.function().invoke(event("schedule"))
    assert stage.desired("emails") == desired > 5
    assert target(again, "emails")["verdict"] == "hold"


def test_a_queue_that_cannot_be_read_keeps_every_task_and_forgets_nothing(stage):
    stage.services(emails=9)
    stage.fleet(emails(stage))
    for waiting in (40, 40, 40):
        evaluation(stage, waiting)
    learned, desired = stage.page()["memory"]["enforce"]["emails"]["wa"], stage.desired("emails")
    stage.redis.delete(f"_kombu.binding.{stage.queue('emails')}", stage.queue("emails"))
    stage.clock.forward(INTERVAL_SECONDS)
    answer = stage.function().invoke(event("schedule"))
    assert codes(answer, "emails") == ["reading-missing"] and stage.desired("emails") == desired
    assert stage.page()["memory"]["enforce"]["emails"]["wa"]["r"] == learned["r"]


def test_an_idle_service_shrinks_as_what_it_is_believed_to_need_fades(stage):
    """The queue does not show what runs, so nothing proves that it is idle: half may go after an hour."""
    stage.services(emails=4)
    stage.fleet(emails(stage, capacity={"min": 2, "max": 50}))
    sizes = []
    for _ in range(70):
        stage.clock.forward(60 - INTERVAL_SECONDS)
        evaluation(stage, 0)
        sizes.append(stage.desired("emails"))
    assert sizes[20] == 4 and sizes[45] == 3 and sizes[-1] == 2, sizes
    assert all(before - after in (0, 1) for before, after in zip(sizes, sizes[1:])), sizes
