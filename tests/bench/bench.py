#!/usr/bin/env python3
"""Compares queue-depth with the obvious boto3 Lambda, on the same AWS, the same Redis and the same share of a processor.

    target/venv/bin/python tests/bench/bench.py [--json] [--quick] [--bootstrap FILE]

A repetition starts the function, takes a first evaluation and some more at queues that want no change, then one at queues that
all want one, until all have it. Numbers are medians with the smallest and largest beside them; ratios above 1 are in favor of queue-depth.
Exit codes: 0 done, 2 wrong usage, 3 something did not start or answer.
"""

import argparse
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import redis
from packages import ROOT, Peer, binary_zip_bytes
from quota import Quota
from report import as_json, as_table
from runtime_api import InvocationFailed, RuntimeApi
from world.processes import peak_memory_kib

CLUSTER = "bench"
SIZES = (1, 10, 100)
QUIET, BUSY = 200, 600
DESIRED = 5
# Under the quota a boto3 evaluation at 100 services takes tens of seconds.
PATIENCE_SECONDS = 180
# Several worlds of 500 services end at once, on a machine that may do other things.
END_SECONDS = 120
# The environment that Lambda sets for every function.
LAMBDA = {
    "PATH": os.environ["PATH"],
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/bench",
    "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
}
EVENT = json.loads((ROOT / "events" / "queue-depth.schedule.json").read_text())


@dataclass
class Evaluation:
    """One invocation: seconds until the answer, seconds of processor, requests to AWS by action."""

    seconds: float
    cpu_seconds: float
    calls: dict
    evaluations: int = 1


@dataclass
class Samples:
    """What was measured of one function with one number of services."""

    start: list[float] = field(default_factory=list)
    memory_kib: list[int] = field(default_factory=list)
    first: list[Evaluation] = field(default_factory=list)
    quiet: list[Evaluation] = field(default_factory=list)
    busy: list[Evaluation] = field(default_factory=list)


class World:
    """The local AWS and Redis, in a process of their own and outside the quota."""

    def __init__(self, description: dict):
        self.about = description
        self.redis = redis.Redis.from_url(description["redis"])
        keys = {"aws_access_key_id": "world", "aws_secret_access_key": "not-a-secret"}
        self._ecs = boto3.client("ecs", endpoint_url=description["endpoint"], region_name=description["region"], **keys)

    def fill(self, services: list[str], depth: int) -> None:
        """Celery's own layout: a list for each queue, and the binding that says that the queue exists."""
        for name in services:
            self.redis.delete(name)
            self.redis.rpush(name, *[json.dumps({"body": "", "headers": {"id": number}}) for number in range(depth)])
            self.redis.sadd(f"_kombu.binding.{name}", f"{name}\x06\x16\x06\x16{name}")

    def settle(self, services: list[str]) -> None:
        self.fill(services, QUIET)
        for name in services:
            self._ecs.update_service(cluster=CLUSTER, service=name, desiredCount=DESIRED)

    def reset_calls(self) -> None:
        self.ask("reset", {})

    def calls(self) -> dict:
        return self.ask("requests")

    def ask(self, what: str, wanted: dict | None = None) -> dict:
        """What the world itself answers: see world/aws.py."""
        body = None if wanted is None else json.dumps(wanted).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.about['endpoint']}/_world/{what}", body, headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)


@contextmanager
def local_world(services: int = max(SIZES), desired: int = DESIRED):
    command = [sys.executable, "-m", "world", "--json", "--redis", "--cluster", CLUSTER]
    command += ["--services", str(services), "--desired", str(desired)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, env=environment, **pipe)
    try:
        line = process.stdout.readline()
        if not line:
            raise InvocationFailed("the local world did not start")
        yield World(json.loads(line))
    finally:
        process.stdin.close()
        process.wait(END_SECONDS)


class Function:
    """A function's process, started under the quota, and the Runtime API that it asks."""

    def __init__(self, command: list, environment: dict, quota: Quota, log):
        self._api = RuntimeApi()
        self._command = [str(part) for part in command]
        self._environment = {**LAMBDA, "AWS_LAMBDA_RUNTIME_API": self._api.address, **environment}
        self._quota, self._log = quota, log

    def __enter__(self):
        self._api.__enter__()
        read, write = os.pipe()

        def before_exec():
            self._quota.join()
            os.write(write, struct.pack("d", time.perf_counter()))

        output = {"stdin": subprocess.DEVNULL, "stdout": self._log, "stderr": self._log}
        self._process = subprocess.Popen(self._command, env=self._environment, preexec_fn=before_exec, **output)
        started = struct.unpack("d", os.read(read, 8))[0]
        os.close(read)
        os.close(write)
        try:
            self.start_seconds = self._api.wait_until_asked(PATIENCE_SECONDS, self._alive) - started
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._api.__exit__()

    def evaluation(self, world: World) -> Evaluation:
        world.reset_calls()
        before = self._cpu_seconds()
        seconds = self._api.invoke(EVENT, PATIENCE_SECONDS)
        return Evaluation(seconds, self._cpu_seconds() - before, world.calls())

    def peak_memory_kib(self) -> int:
        return peak_memory_kib(self._process.pid)

    def _alive(self) -> bool:
        return self._process.poll() is None

    def _cpu_seconds(self) -> float:
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def fleet(name: str, services: list[str], redis_url: str, capacity: dict) -> str:
    """The guide's rule for every service, as a fleet file (YAML reads JSON's braces)."""
    lines = ["version: 1", f"name: {name}", "mode: enforce", "services:"]
    for service in services:
        lines += [
            f"  - name: {service}",
            f"    ecs: {{ cluster: {CLUSTER}, service: {service} }}",
            f"    capacity: {json.dumps(capacity)}",
            f'    queue: {{ celery: {{ url: "{redis_url}", queue: {service} }} }}',
            "    rules:",
            "      - { when: waiting > 500, add: 5 }",
            "      - { when: waiting < 50, remove: 2 }",
        ]
    return "\n".join(lines) + "\n"


def ours(bootstrap: Path, world: World, services: list[str], folder: Path, name: str):
    # A fresh fleet name is a fresh memory: no cooldown is left from the repetition before.
    path = folder / f"{name}.yaml"
    path.write_text(fleet(name, services, world.about["redis"], {"min": 5, "max": 50}))
    return [bootstrap], {**world.about["env"], "TIDEGATE_FLEET": str(path)}


def theirs(peer: Peer, world: World, services: list[str]):
    environment = {
        **{name: value for name, value in world.about["env"].items() if name.startswith("AWS_")},
        "PYTHONPATH": peer.python_path(),
        "CLUSTER": CLUSTER,
        "SERVICES": ",".join(services),
        "TOPIC": world.about["topic"],
        "REDIS_URL": world.about["redis"],
    }
    return [sys.executable, "-m", "awslambdaric", "boto3_lambda.lambda_handler"], environment


def repeat(function: Function, world: World, services: list[str], evaluations: int, samples: Samples) -> None:
    world.settle(services)
    with function:
        first = function.evaluation(world)
        quiet = [function.evaluation(world) for _ in range(evaluations)]
        world.fill(services, BUSY)
        busy = until_all_changed(function, world, len(services))
        samples.memory_kib.append(function.peak_memory_kib())
    samples.start.append(function.start_seconds)
    samples.first.append(first)
    samples.quiet.extend(quiet)
    samples.busy.append(busy)


def until_all_changed(function: Function, world: World, services: int) -> Evaluation:
    """Evaluations until every service is changed, as one. queue-depth leaves what would exceed ECS's limit to the next evaluation."""
    whole = Evaluation(0, 0, {}, evaluations=0)
    while (changed := whole.calls.get("ecs:UpdateService", 0)) < services:
        if whole.evaluations == 5:
            raise InvocationFailed(f"it changed {changed} of {services} services whose queues hold {BUSY} tasks")
        evaluation = function.evaluation(world)
        calls = {action: whole.calls.get(action, 0) + evaluation.calls.get(action, 0) for action in {**whole.calls, **evaluation.calls}}
        whole = Evaluation(whole.seconds + evaluation.seconds, whole.cpu_seconds + evaluation.cpu_seconds, calls, whole.evaluations + 1)
    return whole


def measure(bootstrap: Path, peer: Peer, repetitions: int, evaluations: int, tell) -> tuple[dict, str]:
    """Samples by function and number of services, and the words for the quota."""
    results = {(who, size): Samples() for who in ("queue-depth", "boto3") for size in SIZES}
    with Quota() as quota, local_world() as world, tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        for repetition in range(repetitions + 1):
            for size in SIZES if repetition else SIZES[:1]:
                services = world.about["services"][:size]
                for who in ("queue-depth", "boto3"):
                    # The first round brings both programs into the page cache and is not counted.
                    tell(f"round {repetition} of {repetitions}: {who}, {size} service{'s' * (size > 1)}")
                    samples = results[who, size] if repetition else Samples()
                    log_path = Path(folder, f"{who}.log")
                    if who == "boto3":
                        command, environment = theirs(peer, world, services)
                    else:
                        name = f"bench-{repetition}-{size}"
                        command, environment = ours(bootstrap, world, services, Path(folder), name)
                    with open(log_path, "wb") as log:
                        try:
                            repeat(Function(command, environment, quota, log), world, services, evaluations, samples)
                        except InvocationFailed as error:
                            end = log_path.read_text(errors="replace")[-2000:]
                            raise InvocationFailed(f"{who}, {size} services: {error}\nits log ends:\n{end}") from None
        return results, str(quota)


def main() -> int:
    options = parse()
    # Ended in any way, it stops what it started: these two then unwind as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda signum, _: sys.exit(128 + signum))
    interactive = sys.stderr.isatty()

    def tell(words: str) -> None:
        print(f"bench: {words}", end="\033[K\r" if interactive else "\n", file=sys.stderr, flush=True)

    if not options.bootstrap.exists():
        print(f"bench: {options.bootstrap} is not built: make build", file=sys.stderr)
        return 3
    tell("installing the boto3 Lambda")
    peer = Peer()
    repetitions, evaluations = (1, 1) if options.quick else (5, 4)
    try:
        samples, quota = measure(options.bootstrap.resolve(), peer, repetitions, evaluations, tell)
    except InvocationFailed as error:
        print(f"bench: {error}", file=sys.stderr)
        return 3
    tell("done")
    zips = {
        "queue-depth": binary_zip_bytes(options.bootstrap),
        "boto3": peer.zip_bytes(),
        "boto3-packed": peer.zip_bytes_with_boto3(),
    }
    show = as_json if options.json else as_table
    print(show(samples, zips, quota, repetitions, SIZES))
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--quick", action="store_true", help="one repetition: shows that it works, not how fast it is")
    built = ROOT / "target" / "lambda" / "queue-depth" / "bootstrap"
    parser.add_argument("--bootstrap", type=Path, default=built, help="our release binary (default: the built one)")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
