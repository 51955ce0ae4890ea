"""The stage does what the tests on it believe."""

from .stage import BUSY, codes, event, target


def test_an_evaluation_scales_out_and_its_report_arrives(stage):
    stage.services(worker=5)
    stage.fill("worker", BUSY)
    stage.fleet(stage.worker("worker"))
    answer = stage.function().invoke(event("schedule"))
    assert stage.desired("worker") == 10
    assert target(answer, "worker")["sentence"].startswith("worker: scale out from 5 to 10 tasks")
    assert "set to 10" in stage.report()["text"]


def test_an_empty_queue_scales_in_at_once_so_that_a_wrong_zero_would_show(stage):
    stage.services(worker=5)
    stage.fill("worker", 0)
    stage.fleet(stage.worker("worker"))
    stage.function().invoke(event("schedule"))
    assert stage.desired("worker") == 4


def test_the_functions_clock_moves_forward_when_told(stage):
    stage.services(worker=5)
    stage.fill("worker", BUSY)
    stage.fleet(stage.worker("worker"))
    function = stage.function()
    function.invoke(event("schedule"))
    assert "credit" in codes(function.invoke(event("schedule")), "worker")
    stage.clock.forward(61)
    function.invoke(event("schedule"))
    assert stage.desired("worker") == 15
