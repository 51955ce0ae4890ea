"""`make deploy` as a user types it. SAM is a stand-in that writes down what it was told: there is no AWS account here. The
real one builds in the step `package` of `make test`."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VALID = (ROOT / "layer" / "fleet.yaml").read_text()


@pytest.fixture
def house(tmp_path):
    """A copy of what `make deploy` reads, with a SAM that only notes its calls."""
    for name in ["Makefile", "tests/tools/deploy", "layer/fleet.yaml"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    executable(tmp_path / "tests/tools/setup", "exit 0")
    executable(tmp_path / "sam", f'echo "$@" >> {tmp_path}/calls')
    return tmp_path


def executable(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def deploy(house: Path, *words: str) -> tuple[subprocess.CompletedProcess, list[str]]:
    """What `make deploy` printed, and the calls of SAM."""
    command = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target")) + "/debug/tidegate"
    known = {name: value for name, value in os.environ.items() if name not in ("ARCHITECTURE", "PARAMETERS")}
    environment = {**known, "SAM": str(house / "sam"), "TIDEGATE": command}
    done = subprocess.run(["make", "deploy", *words], cwd=house, env=environment, capture_output=True, text=True)
    calls = house / "calls"
    return done, calls.read_text().splitlines() if calls.exists() else []


@pytest.mark.parametrize("words, architecture", [([], "arm64"), (["ARCHITECTURE=x86_64"], "x86_64")])
def test_build_and_stack_get_the_same_processor(house, words, architecture):
    done, calls = deploy(house, *words, "PARAMETERS=ServiceArns=arn:a,arn:b LogRetentionInDays=30", "DEPLOY=--guided")
    assert done.returncode == 0, done.stderr
    assert calls == [
        f"build --parameter-overrides Architecture={architecture}",
        f"deploy --parameter-overrides Architecture={architecture} ServiceArns=arn:a,arn:b LogRetentionInDays=30 --guided",
    ]


def test_a_bad_fleet_file_is_neither_built_nor_deployed(house):
    (house / "layer/fleet.yaml").write_text(VALID.replace("version: 1", "version: 7"))
    done, calls = deploy(house)
    assert done.returncode != 0 and calls == []
    assert "layer/fleet.yaml" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "word, said",
    [
        ("ARCHITECTURE=x86", "ARCHITECTURE is 'x86'; allowed: arm64 and x86_64"),
        ("PARAMETERS=Architecture=x86_64", "write ARCHITECTURE=…"),
        ("DEPLOY=--parameter-overrides ServiceArns=a", "write PARAMETERS='Name=value …'"),
        ("PARAMETERS=SubnetIds=subnet-1", "SubnetIds needs SecurityGroupIds"),
        ("PARAMETERS=SubnetIds=subnet-1 SecurityGroupIds=", "SubnetIds needs SecurityGroupIds"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_built(house, word, said):
    done, calls = deploy(house, word)
    assert done.returncode != 0 and calls == []
    assert said in done.stderr


def test_a_vpc_with_its_group_is_deployed(house):
    done, calls = deploy(house, "PARAMETERS=SubnetIds=subnet-1,subnet-2 SecurityGroupIds=sg-1")
    assert done.returncode == 0 and len(calls) == 2, done.stderr
