"""A release binary under AWS's own Lambda Runtime Interface Emulator."""

import json
import os
import platform
import threading
import urllib.error
import urllib.request
from pathlib import Path

from .processes import Process, StartFailed, free_port, listens, on_free_port

# The emulator travels inside the wheel of the AWS SAM CLI.
EMULATOR = "target/sam-venv/lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{}"
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}


class InvocationFailed(Exception):
    """The function answered with an error; `kind` is Lambda's errorType."""

    def __init__(self, kind: str, message: str):
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class LambdaFunction:
    """One function. As one Lambda environment does, it takes one event at a time."""

    def __init__(self, name: str, bootstrap: Path, env: dict, log: Path, root: Path):
        if not bootstrap.exists():
            raise StartFailed(f"{bootstrap} is not built: make build")
        self._one_at_a_time = threading.Lock()
        self._name = name
        self._bootstrap = bootstrap.resolve()
        self._env = {"PATH": os.environ["PATH"], "AWS_LAMBDA_FUNCTION_NAME": name, **env}
        self._emulator = find_emulator(root)
        self.port, self.process = on_free_port(lambda port: self._start(port, log))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations"

    def invoke(self, event: dict, seconds: float = 60) -> dict:
        """The function's answer, or `InvocationFailed`."""
        request = urllib.request.Request(self.url, json.dumps(event).encode(), {"content-type": "application/json"})
        with self._one_at_a_time:
            try:
                with urllib.request.urlopen(request, timeout=seconds) as response:
                    body = response.read()
            except urllib.error.HTTPError as error:
                body = error.read()
        answer = json.loads(body)
        # The emulator answers 200 for a failed invocation, as Lambda does; the body shows which.
        if isinstance(answer, dict) and "errorType" in answer:
            raise InvocationFailed(answer["errorType"], answer.get("errorMessage", ""))
        return answer

    def stop(self) -> None:
        self.process.stop()

    def _start(self, port: int, log: Path):
        command = [
            self._emulator,
            "--runtime-interface-emulator-address",
            f"127.0.0.1:{port}",
            "--runtime-api-address",
            f"127.0.0.1:{free_port()}",
            self._bootstrap,
        ]
        process = Process(f"the emulator of {self._name}", command, log, env=self._env, cwd=self._bootstrap.parent)
        process.wait_until(lambda: listens(port))
        return port, process


def find_emulator(root: Path) -> Path:
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    found = sorted(root.glob(EMULATOR.format(architecture)))
    if not found:
        raise StartFailed("the Runtime Interface Emulator is not installed: make setup")
    return found[-1]
