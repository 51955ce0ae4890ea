"""A fleet of two: `good`, whose queue is full, and `broken`, which scales in if what is not known is taken for zero."""

from .stage import BUSY, Stage, event, target


def two_halves(stage: Stage, queue: dict | None = None, **broken) -> None:
    """`good` has 5 tasks and wants 5 more; `broken` has 10 and an empty queue."""
    stage.services(broken=10, good=5)
    stage.fill("broken", 0)
    stage.fill("good", BUSY)
    stage.fleet(stage.worker("broken", queue=queue, **broken), stage.worker("good"))


def evaluate_twice(stage: Stage, function) -> dict:
    """One failed read is noise, two are reported: the answer of the second scheduled evaluation."""
    function.invoke(event("schedule"))
    stage.clock.forward(15)
    return function.invoke(event("schedule"))


def check_only_good_scaled(stage: Stage) -> None:
    """One change was made, and it was the good half's."""
    assert (stage.desired("broken"), stage.desired("good")) == (10, 10)
    assert stage.requests()["ecs:UpdateService"] == 1


def told_once(stage: Stage, function, *words: str) -> None:
    """After the second evaluation operators know, in these words; the third evaluation does not repeat it."""
    reports = [report for report in stage.reports() if "broken" in report["text"]]
    assert len(reports) == 1, [report["subject"] for report in reports]
    missing = [word for word in words if word not in reports[0]["text"]]
    assert not missing, f"{missing} not in:\n{reports[0]['text']}"
    assert "broken" in reports[0]["subject"]
    stage.clock.forward(15)
    function.invoke(event("schedule"))
    assert not [report for report in stage.reports() if "broken" in report["text"]]


def check_it_scales_in_once_it_is_seen(stage: Stage, function) -> None:
    """The counter-proof: only the failure kept `broken` at its size. The end of the failure is reported."""
    stage.clock.forward(15)
    answer = function.invoke(event("schedule"))
    assert target(answer, "broken")["to"] == 9, target(answer, "broken")["sentence"]
    assert stage.desired("broken") == 9
    assert any("RESOLVED" in report["text"] for report in stage.reports())
