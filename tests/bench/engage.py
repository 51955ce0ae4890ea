#!/usr/bin/env python3
"""Everything to its maximum: emergency-max beside Cloud Custodian and boto3 scripts, within the limits of Amazon ECS.

    target/venv/bin/python tests/bench/engage.py [--json] [--services N] [--bootstrap FILE]

Each sets every service of an account of its own, which has ECS's token buckets and AWS Fargate's launch rates, on the real
clock. Nobody can be faster than the bucket of UpdateService: 50 calls at once, 5 a second after them.
Exit codes: 0 done, 1 emergency-max did not keep what is promised, 2 wrong usage, 3 something did not start or answer.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench import CLUSTER, World, fleet, local_world
from packages import BENCH, ROOT, folder, versions
from quota import Quota
from world.lambda_emulator import InvocationFailed, LambdaFunction
from world.processes import StartFailed
from world.throttle import CATEGORIES

SERVICES, DESIRED, MAX = 500, 2, 10
BURST, PER_SECOND = next(rate for actions, *rate in CATEGORIES if "ecs:UpdateService" in actions)
# What is promised: seconds over the limit, and how far the plan's time may be from what happens.
LIMIT_RATIO, PLAN_RATIO = 1.05, 0.05
PATIENCE_SECONDS = 600


@dataclass
class Result:
    """One contender: seconds from its start until its last service was set, and what became of its calls."""

    name: str
    seconds: float
    throttled: int
    lost: int
    calls: int


def limit(services: int) -> float:
    """Seconds that the bucket of UpdateService needs for so many calls."""
    return max(0, services - BURST) / PER_SECOND


def result(name: str, world: World) -> Result:
    told = world.ask("throttle")
    sizes = world.ask("ecs").values()
    lost = sum(service["desired"] != MAX for service in sizes)
    throttled = sum(told["throttled"].values())
    return Result(name, told["last"].get("ecs:UpdateService", 0), throttled, lost, world.calls().get("ecs:UpdateService", 0))


def ours(bootstrap: Path, services: int, work: Path) -> tuple[Result, dict]:
    """Our result, and what the plan said beside what happened."""
    with Quota() as quota, local_world(services, DESIRED) as world:
        path = work / "fleet.yaml"
        path.write_text(fleet("engage", world.about["services"], world.about["redis"], {"min": DESIRED, "max": MAX}))
        environment = {**world.about["env"], "TIDEGATE_FLEET": str(path), "AWS_LAMBDA_FUNCTION_TIMEOUT": "900"}
        environment.pop("TIDEGATE_EVALUATIONS")
        function = LambdaFunction("emergency-max", bootstrap, environment, work / "emergency-max.log", ROOT)
        try:
            quota.join(function.process.pid)
            plan = function.invoke({"action": "plan", "profile": "max"}, PATIENCE_SECONDS)
            # What was read for the plan is no part of the emergency: its buckets are full.
            world.ask("reset", {})
            world.ask("throttle", {})
            world.ask("launches", {})
            began = time.monotonic()
            answer = function.invoke({"action": "engage", "profile": "max", "reason": "bench"}, PATIENCE_SECONDS)
            answered = time.monotonic() - began
        finally:
            function.stop()
        launches = world.ask("launches")
        predicted = max(entry.get("at_seconds") or 0 for entry in plan["targets"])
        whole = next(entry for entry in plan["targets"] if entry["target"] == "*")["emergency"]["full_capacity"]
        return result("emergency-max", world), {
            "answered_seconds": answered,
            "errors": answer["errors"],
            "quota": str(quota),
            "plan": whole,
            "predicted_seconds": predicted,
            "launched_seconds": launches["last"],
            "launched": launches["launched"],
        }


def script(name: str, command: list, packages: Path, services: int, work: Path) -> Result:
    """A contender that is a program of its own, under no quota: operators run it on their own machine."""
    with local_world(services, DESIRED) as world:
        keys = {key: value for key, value in world.about["env"].items() if key.startswith("AWS_")}
        environment = {"PATH": os.environ["PATH"], "HOME": str(work), "PYTHONPATH": str(packages), **keys}
        world.ask("throttle", {})
        with open(work / f"{name}.log", "w") as log:
            subprocess.run(command, env=environment, stdout=log, stderr=log, cwd=work, timeout=PATIENCE_SECONDS, check=False)
        return result(name, world)


def peers(services: int, work: Path) -> list[Result]:
    """All of them side by side, each in its own account: they wait most of the time."""
    pins = versions("boto3", "botocore")
    boto3 = folder("boto3", [pins["boto3"], pins["botocore"]])
    custodian = folder("custodian", (BENCH / "requirements-custodian.txt").read_text().splitlines())
    run = "import sys; from c7n.cli import main; sys.argv[0] = 'custodian'; main()"
    policy = ["run", "--output-dir", str(work / "custodian"), "--cache-period", "0", str(BENCH / "custodian.yaml")]
    contenders = [("Cloud Custodian", [sys.executable, "-c", run, *policy], custodian)]
    for threads in (1, 16):
        for mode in ((), ("adaptive",)):
            words = f"boto3, {threads} thread{'s' * (threads > 1)}{', adaptive retries' if mode else ''}"
            command = [sys.executable, str(BENCH / "boto3_emergency.py"), CLUSTER, str(MAX), str(threads), *mode]
            contenders.append((words, command, boto3))
    with ThreadPoolExecutor(len(contenders)) as pool:
        return list(pool.map(lambda contender: script(*contender, services, work), contenders))


def table(results: list[Result], plan: dict, services: int) -> str:
    lines = [("", "seconds", "× the limit", "calls", "throttled", "services lost")]
    for it in results:
        ratio = it.seconds / limit(services)
        lines.append((it.name, f"{it.seconds:.1f}", f"{ratio:.2f}", f"{it.calls}", f"{it.throttled}", f"{it.lost}"))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rows = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
    head = [
        f"{services} services from {DESIRED} to {MAX} tasks; ECS allows {BURST} calls of UpdateService at once and {PER_SECOND} a second:",
        f"{limit(services):.0f} s at least. Real time, one run; emergency-max {plan['quota']}.",
        "",
    ]
    off = plan["predicted_seconds"] / plan["launched_seconds"] - 1
    tail = [
        "",
        f"The plan said {plan['predicted_seconds']:.0f} s until every task is launched; the last of {plan['launched']:,} was after "
        f"{plan['launched_seconds']:.0f} s ({off:+.1%}).",
        "Seconds until the last service was set that was set. A lost service kept its old size; its error is in the script's output.",
        "Cloud Custodian sets with one policy one size for all; it and the scripts keep nothing that could be put back.",
    ]
    return "\n".join([*head, *rows, *tail])


def broken(it: Result, plan: dict, services: int) -> list[str]:
    """What is promised of emergency-max and did not hold."""
    off = abs(plan["predicted_seconds"] / plan["launched_seconds"] - 1)
    promises = [
        (it.seconds <= LIMIT_RATIO * limit(services), f"it took more than {LIMIT_RATIO} × the limit"),
        (it.throttled == 0, "calls were throttled"),
        (it.lost == 0 and not plan["errors"], "services were lost"),
        (off <= PLAN_RATIO, f"the plan's time is more than {PLAN_RATIO:.0%} off"),
    ]
    return [words for holds, words in promises if not holds]


def main() -> int:
    options = parse()

    def tell(words: str) -> None:
        print(f"engage: {words}", file=sys.stderr, flush=True)

    services, bootstrap = options.services, options.bootstrap.resolve()
    with tempfile.TemporaryDirectory(prefix="tidegate-engage-") as work:
        try:
            tell(f"emergency-max, {limit(services):.0f} s and more")
            mine, plan = ours(bootstrap, services, Path(work))
            tell(f"Cloud Custodian and boto3, side by side, {limit(services):.0f} s and more")
            results = [mine, *peers(services, Path(work))]
        except (InvocationFailed, StartFailed, subprocess.TimeoutExpired) as error:
            print(f"engage: {error}", file=sys.stderr)
            return 3
    wrong = broken(mine, plan, services)
    if options.json:
        rows = [{**vars(it), "ratio": it.seconds / limit(services)} for it in results]
        print(json.dumps({"limit_seconds": limit(services), "results": rows, "plan": plan, "broken": wrong}, indent=2))
    else:
        print(table(results, plan, services))
    for words in wrong:
        print(f"engage: emergency-max: {words}", file=sys.stderr)
    return 1 if wrong else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="engage", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--services", type=int, default=SERVICES, help=f"how many (default: {SERVICES}); more than {BURST}")
    built = ROOT / "target" / "lambda" / "emergency-max" / "bootstrap"
    parser.add_argument("--bootstrap", type=Path, default=built, help="our release binary (default: the built one)")
    options = parser.parse_args()
    if options.services <= BURST:
        parser.error(f"--services is {options.services}, must be more than {BURST}")
    return options


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
