"""The command and the function, both as they are shipped: `tidegate` invokes emergency-max's release binary under AWS's own
Runtime Interface Emulator. What the emulator lacks, the header of a failed invocation, is tested in cli/tests/command."""

import json
import os
import subprocess

import pytest
from world.lambda_emulator import LambdaFunction
from world.world import ROOT

from .stage import BUSY, event

TIDEGATE = ROOT / "target" / "debug" / "tidegate"


@pytest.fixture
def operator(stage):
    """One service with a queue, and a shell in which `tidegate` reaches the function."""
    assert TIDEGATE.exists(), "run cargo build -p tidegate, or the step before this one: tests/tools/test rust"
    stage.services(worker=5)
    stage.fill("worker", BUSY)
    stage.fleet(stage.worker("worker"))
    about = {**stage.world.about["env"], "TIDEGATE_FLEET": str(stage.folder / "fleet.yaml"), **stage.clock.env}
    bootstrap = ROOT / "target" / "lambda" / "emergency-max" / "bootstrap"
    function = LambdaFunction("emergency-max", bootstrap, about, stage.folder / "emulator.log", ROOT)
    place = {"AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{function.port}", "TIDEGATE_EMERGENCY_FUNCTION": "function"}
    keys = {key: value for key, value in stage.world.about["env"].items() if key.startswith("AWS_")}
    environment = {"PATH": os.environ["PATH"], "USER": "ana", **keys, **place}

    def tidegate(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run([TIDEGATE, *words], env=environment, capture_output=True, text=True, timeout=60)

    yield stage, tidegate
    function.stop()


def test_a_pin_that_is_typed_is_set_by_the_next_evaluation_and_released(operator):
    stage, tidegate = operator
    pinned = tidegate("pin", "worker", "12", "--for", "2h", "--why", "launch")
    assert pinned.returncode == 0 and "pinned at 12 tasks until" in pinned.stdout, pinned
    stage.function().invoke(event("schedule"))
    assert stage.desired("worker") == 12
    released = tidegate("release", "worker", "--json")
    assert released.returncode == 0 and json.loads(released.stdout)["targets"][0]["action"] == "release", released
    held = tidegate("hold", "*", "--for", "30m")
    assert held.returncode == 0 and "nothing scales in" in held.stdout, held


def test_an_emergency_that_is_typed_is_planned_set_shown_and_undone(operator):
    stage, tidegate = operator
    plan = tidegate("emergency", "engage", "--plan")
    assert plan.returncode == 0 and "5 → 50" in plan.stdout and "full capacity" in plan.stdout, plan
    assert stage.desired("worker") == 5, "a plan changes nothing"
    engaged = tidegate("emergency", "engage", "--yes", "--why", "launch")
    assert engaged.returncode == 0 and "tidegate emergency restore" in engaged.stdout, engaged
    assert stage.desired("worker") == 50
    status = tidegate("emergency", "status")
    assert status.returncode == 0 and "emergency max in force until" in status.stdout, status
    restored = tidegate("emergency", "restore", "--yes")
    assert restored.returncode == 0 and "emergency max in force until" in restored.stdout, "what was in force is shown first"
    assert "no emergency in force" in tidegate("emergency", "status").stdout
