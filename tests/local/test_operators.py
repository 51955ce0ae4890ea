"""What an operator asks for, and what the next evaluations make of it. Its row is written into the table as the function
writes it; what the command makes of the function's answers is tested in cli/tests/command."""

from datetime import datetime, timedelta, timezone

import pytest

from .stage import BUSY, event


@pytest.fixture
def watched(stage):
    """One service that is scaled, and a first evaluation of it."""
    stage.services(worker=5)
    stage.fleet(stage.worker("worker"))
    stage.function().invoke(event("schedule"))
    stage.reports()
    return stage


def pin(stage, size: int, hours: int) -> None:
    until = datetime.now(timezone.utc) + timedelta(hours=hours)
    stage.override(target="worker", pin=size, until=until.isoformat(), who="ana", why="launch")


def undo(report: dict) -> list[str]:
    """The words of the line that undoes a report's change."""
    lines = (line.strip() for line in report["text"].splitlines())
    return next(line for line in lines if line.startswith("undo")).split("  # ")[0].split()[1:]


def test_a_pin_is_set_by_the_next_evaluation_told_and_undone_by_a_release(watched):
    pin(watched, 12, hours=2)
    function = watched.function()
    function.invoke(event("schedule"))
    assert watched.desired("worker") == 12
    report = watched.report()
    assert "ana set pin 12" in report["text"] and "(launch)" in report["text"]
    assert undo(report) == ["tidegate", "release", "worker"]

    watched.release()
    watched.fill("worker", BUSY)
    watched.clock.forward(3600)
    function.invoke(event("schedule"))
    assert watched.desired("worker") == 17, "its rules decide again"


def test_the_undo_of_a_report_sets_what_there_was(watched):
    watched.fill("worker", BUSY)
    function = watched.function()
    watched.clock.forward(3600)
    function.invoke(event("schedule"))
    assert watched.desired("worker") == 10
    assert undo(watched.report()) == ["tidegate", "pin", "worker", "5", "--for", "2h"]
    pin(watched, 5, hours=3)
    function.invoke(event("schedule"))
    assert watched.desired("worker") == 5
