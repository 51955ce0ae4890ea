"""`tidegate pin` and `release`, as an operator types them, and what the next evaluations make of it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from .stage import BUSY, event

ROOT = Path(__file__).resolve().parents[2]
TIDEGATE = ROOT / "target" / "debug" / "tidegate"


@pytest.fixture
def watched(stage):
    """One service that is scaled, one that is only observed, and a first evaluation of both."""
    assert TIDEGATE.exists(), "run cargo build -p tidegate, or the step before this one: tests/tools/test rust"
    stage.services(worker=5, watched=5)
    stage.fleet(stage.worker("worker"), stage.worker("watched", mode="observe"))
    stage.function().invoke(event("schedule"))
    stage.reports()
    return stage


def tidegate(stage, *words):
    about = stage.world.about
    environment = {"PATH": os.environ["PATH"], **about["env"], "TIDEGATE_LEDGER": about["ledger"], "USER": "ana"}
    return subprocess.run([TIDEGATE, *words], env=environment, capture_output=True, text=True, timeout=30)


def test_a_pin_is_set_by_the_next_evaluation_told_and_undone_by_a_release(watched):
    pinned = tidegate(watched, "pin", "worker", "12", "--for", "2h", "--why", "launch", "--fleet-name", watched.name)
    assert pinned.returncode == 0 and "worker is pinned at 12 until" in pinned.stdout, pinned
    function = watched.function()
    function.invoke(event("schedule"))
    assert watched.desired("worker") == 12
    text = watched.report()["text"]
    assert "ana set pin 12" in text and "(launch)" in text
    undo = next(line.split("undo")[1].split() for line in text.splitlines() if line.strip().startswith("undo"))
    assert undo[:3] == ["tidegate", "release", "worker"]

    released = tidegate(watched, *undo[1:])
    assert released.returncode == 0 and "worker is released" in released.stdout, released
    watched.fill("worker", BUSY)
    watched.clock.forward(3600)
    function.invoke(event("schedule"))
    assert watched.desired("worker") == 17, "its rules decide again"


def test_the_undo_of_a_report_runs_as_it_is_printed(watched):
    watched.fill("worker", BUSY)
    function = watched.function()
    watched.clock.forward(3600)
    function.invoke(event("schedule"))
    assert watched.desired("worker") == 10
    text = watched.report()["text"]
    undo = next(line.split("undo")[1].split() for line in text.splitlines() if line.strip().startswith("undo"))
    assert tidegate(watched, *undo[1:]).returncode == 0
    function.invoke(event("schedule"))
    assert watched.desired("worker") == 5


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["pin", "wroker", "3", "--for", "2h"], "no service `wroker`"),
        (["pin", "watched", "3", "--for", "2h"], "`watched` is in observe mode"),
        (["release", "worker"], "nothing is pinned for `worker`"),
    ],
    ids=["unknown", "observed", "not-pinned"],
)
def test_what_would_do_nothing_is_refused(watched, words, complaint):
    before = watched.items()
    refused = tidegate(watched, *words, "--fleet-name", watched.name)
    assert (refused.returncode, refused.stdout) == (1, "") and complaint in refused.stderr, refused
    as_json = tidegate(watched, *words, "--fleet-name", watched.name, "--json")
    assert as_json.returncode == 1 and complaint in json.loads(as_json.stdout)["error"]
    assert watched.items() == before, "nothing was written"


def test_a_fleet_that_was_never_evaluated_is_refused(watched):
    refused = tidegate(watched, "pin", "worker", "3", "--for", "2h", "--fleet-name", "prdo")
    assert refused.returncode == 1 and "fleet `prdo` has never completed an evaluation" in refused.stderr, refused


@pytest.mark.parametrize("words", [["pin", "worker"], ["pin", "worker", "-1", "--for", "2h"], ["pin", "worker", "3", "--for", "2"]])
def test_wrong_usage_is_refused_before_anything_is_asked(watched, words):
    assert tidegate(watched, *words, "--fleet-name", watched.name).returncode == 2


def test_a_ledger_that_cannot_be_reached_is_the_worlds_failure(watched):
    failed = tidegate(watched, "pin", "worker", "3", "--for", "2h", "--fleet-name", watched.name, "--ledger", "no-such-table")
    assert failed.returncode == 3 and "no-such-table" in failed.stderr, failed
