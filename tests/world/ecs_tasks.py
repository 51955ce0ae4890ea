"""Tasks that start, run and stop.

moto changes a service's `runningCount` to the desired count at the very moment of UpdateService,
leaves it at 0 after CreateService, and shows every deployment IN_PROGRESS for ever. The real ECS
starts tasks in seconds to minutes and stops them one by one. This layer keeps its own list of
tasks per service and writes the resulting counts into the ECS objects of the moto server that runs
in this very process; every reader of the emulated API then sees them.
"""

import itertools
import threading
import time
from dataclasses import dataclass, field

from moto.ecs.models import ecs_backends

from .launches import Launches

SETTLE_SECONDS = 0.1


@dataclass
class Task:
    """One ECS task: PENDING until `running_at` (monotonic seconds), then RUNNING."""

    id: str
    running_at: float
    stopped: bool = False


@dataclass
class ServiceTasks:
    tasks: list[Task] = field(default_factory=list)
    startup_seconds: float | None = None
    # What a test has fixed by hand; with a fixed count the tasks no longer follow the desired count.
    pinned: dict = field(default_factory=dict)
    failure: str | None = None


class EcsTasks:
    """Makes running counts follow desired counts after `startup_seconds`.

    `on_start(service, task_id)` is called when a task begins to run and `on_stop(service, task_id)`
    when it must end, both from one thread, so that the caller can run a real worker per task.
    """

    def __init__(self, account: str, region: str, startup_seconds: float = 0.0, on_start=None, on_stop=None):
        self._backend = ecs_backends[account][region]
        self._startup_seconds = startup_seconds
        self._on_start = on_start or (lambda service, task: None)
        self._on_stop = on_stop or (lambda service, task: None)
        self._services: dict[str, ServiceTasks] = {}
        self.launches: Launches | None = None
        self._calls: list[tuple] = []
        self._ids = itertools.count(1)
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="ecs-tasks", daemon=True)
        self._thread.start()

    def settle(self) -> None:
        """Brings every service's tasks and counts up to date with its desired count and the clock."""
        with self._lock:
            for key, service in list(self._backend.services.items()):
                first_seen = key not in self._services
                state = self._services.setdefault(key, ServiceTasks())
                if not state.pinned.keys() & {"running", "pending"}:
                    self._start_and_stop(service, state, at_once=first_seen)
                self._write_counts(service, state)

    def change(self, cluster: str, name: str, wanted: dict) -> dict:
        """Sets a service by hand: `desired`, `running`, `pending`, `status`, `scheduling_strategy`,
        `deployments` (each a part of an ECS deployment), `failure` (a reason such as MISSING, or
        null), `startup_seconds`, and `follow: true` to let the tasks follow the desired count again.
        """
        with self._lock:
            self.settle()
            key = f"{cluster}:{name}"
            service, state = self._backend.services[key], self._services[key]
            for attribute in ("status", "scheduling_strategy"):
                if attribute in wanted:
                    setattr(service, attribute, wanted[attribute])
            if "desired" in wanted:
                service.desired_count = wanted["desired"]
            if "startup_seconds" in wanted:
                state.startup_seconds = wanted["startup_seconds"]
            if "failure" in wanted:
                state.failure = wanted["failure"]
            fixed = {part: wanted[part] for part in ("running", "pending", "deployments") if part in wanted}
            state.pinned = {} if wanted.get("follow") else {**state.pinned, **fixed}
            self.settle()
            return self.counts(cluster, name)

    def counts(self, cluster: str, name: str) -> dict:
        """A service's desired, running and pending counts."""
        with self._lock:
            self.settle()
            return counted(self._backend.services[f"{cluster}:{name}"])

    def all_counts(self) -> dict:
        """The counts of every service, by `cluster:service`."""
        with self._lock:
            self.settle()
            return {key: counted(service) for key, service in list(self._backend.services.items())}

    def failure(self, cluster: str, name: str) -> str | None:
        """The reason DescribeServices must give instead of this service, if any."""
        with self._lock:
            state = self._services.get(f"{cluster}:{name}")
            return state.failure if state else None

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _start_and_stop(self, service, state: ServiceTasks, at_once: bool) -> None:
        desired = service.desired_count if service.status == "ACTIVE" else 0
        delay = self._startup_seconds if state.startup_seconds is None else state.startup_seconds
        now = time.monotonic()
        while len(state.tasks) < desired:
            launched_at = now if at_once or self.launches is None else self.launches.next(service.name, self._vcpus(service), now)
            state.tasks.append(Task(f"task-{next(self._ids)}", launched_at + (0 if at_once else delay)))
        while len(state.tasks) > desired:
            # ECS picks by zone balance, not by idleness; the oldest is as bad a choice as any.
            pending = [task for task in state.tasks if not task.stopped]
            task = pending[-1] if pending else state.tasks[0]
            state.tasks.remove(task)
            if task.stopped:
                self._calls.append((self._on_stop, service.name, task.id))
        for task in state.tasks:
            if not task.stopped and task.running_at <= time.monotonic():
                task.stopped = True
                self._calls.append((self._on_start, service.name, task.id))

    def _vcpus(self, service) -> float:
        """What one task takes of the quota; 0 where the task definition does not say."""
        definition = self._backend.describe_task_definition(service.task_definition)
        return int(definition.cpu or 0) / 1024

    def _write_counts(self, service, state: ServiceTasks) -> None:
        running = sum(task.stopped for task in state.tasks)
        pending = len(state.tasks) - running
        service.running_count = state.pinned.get("running", running)
        service.pending_count = state.pinned.get("pending", pending)
        if not service.deployments:
            return
        primary = {
            **service.deployments[0],
            "status": "PRIMARY",
            "failedTasks": 0,
            "desiredCount": service.desired_count,
            "runningCount": service.running_count,
            "pendingCount": service.pending_count,
            "rolloutState": "COMPLETED",
            "rolloutStateReason": "the local world completes every deployment at once",
        }
        service.deployments = [{**primary, **part} for part in state.pinned.get("deployments", [{}])]

    def _follow(self) -> None:
        while not self._ended.wait(SETTLE_SECONDS):
            self.settle()
            with self._lock:
                calls, self._calls = self._calls, []
            for call, service, task in calls:
                call(service, task)


def counted(service) -> dict:
    return {"desired": service.desired_count, "running": service.running_count, "pending": service.pending_count}
