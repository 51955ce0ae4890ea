"""The release binary as Lambda runs it, behind a Runtime API of our own."""

import json
import os
import queue
import signal
import subprocess
import time
from pathlib import Path

from bench.runtime_api import RuntimeApi
from world.lambda_emulator import InvocationFailed
from world.processes import Process
from world.world import ROOT

BOOTSTRAPS = ROOT / "target" / "lambda"
ANSWER_SECONDS = 60
START_SECONDS = 30


class Events(RuntimeApi):
    """A Runtime API that hands the answers out."""

    def __init__(self):
        super().__init__()
        # A function that is killed leaves its connection broken, which is no error here.
        self._server.handle_error = lambda *_: None

    def hand_over(self, event) -> None:
        """The function gets the event; its answer is not awaited here."""
        self._events.put(event)

    def answer(self, seconds: float = ANSWER_SECONDS):
        """The answer to the oldest event that has none yet."""
        try:
            _, _, path, body = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError(f"no answer within {seconds} s") from None
        answer = json.loads(body)
        if not path.endswith("/response"):
            raise InvocationFailed(answer["errorType"], answer["errorMessage"])
        return answer


class Function:
    """One process of a function. As one Lambda environment does, it takes one event at a time."""

    def __init__(self, env: dict, log: Path, name: str = "queue-depth"):
        bootstrap = BOOTSTRAPS / name / "bootstrap"
        assert bootstrap.exists(), f"{bootstrap} is not built: tests/tools/build"
        self.log, self.name = log, name
        self.events = Events()
        self.events.__enter__()
        self.process = Process(name, [bootstrap], log, env={**self._lambda_env(), **env})
        self.events.wait_until_asked(START_SECONDS, lambda: self.process.exit_code() is None)

    def invoke(self, event) -> dict:
        """The function's answer, or `InvocationFailed`."""
        self.events.hand_over(event)
        return self.events.answer()

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is said."""
        self.process.signal(signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        self.process.stop()
        self.events.__exit__()

    def lines(self) -> list[dict]:
        """What it logged, line by line."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def _lambda_env(self) -> dict:
        return {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": self.events.address,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        }


def until(found, seconds: float = 15):
    """What `found()` returns, as soon as it is true; fails when it is not in time."""
    deadline = time.monotonic() + seconds
    while True:
        result = found()
        if result:
            return result
        assert time.monotonic() < deadline, f"not within {seconds} s: {result!r}"
        time.sleep(0.01)
