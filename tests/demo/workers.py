"""One real Celery worker per running ECS task."""

import os
import sys
import threading
from pathlib import Path

from world.processes import Process, tail

from .app import QUEUE
from .claims import CONCURRENCY

# As ECS's stopTimeout: SIGTERM lets a worker finish its tasks, and only then comes SIGKILL.
STOP_SECONDS = 60


class Workers:
    def __init__(self, logs: Path):
        self._logs = logs
        self._running: dict[str, Process] = {}
        self._ending: list[threading.Thread] = []

    def start(self, service: str, task: str) -> None:
        """ECS starts a task."""
        options = ["--pool", "threads", "--concurrency", CONCURRENCY, "--queues", QUEUE, "--hostname", f"{task}@demo"]
        fewer_messages = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
        command = [sys.executable, "-m", "celery", "--app", "demo.app", "worker", *options, *fewer_messages]
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        self._running[task] = Process(f"{service} {task}", command, self._logs / f"{task}.log", env=env)

    def stop(self, service: str, task: str) -> None:
        """ECS stops a task: the worker takes nothing more, finishes what it runs, and ends."""
        process = self._running.pop(task)
        thread = threading.Thread(target=process.stop, args=(STOP_SECONDS,), daemon=True)
        thread.start()
        self._ending.append(thread)

    def stop_all(self) -> None:
        for task in list(self._running):
            self.stop("workers", task)
        for thread in self._ending:
            thread.join()

    def crashed(self) -> list[str]:
        """The workers that ended although they were not stopped, each with the end of its log."""
        return [
            f"{process.name} ended with {process.exit_code()}:\n{tail(process.log)}"
            for process in list(self._running.values())
            if process.exit_code() is not None
        ]
