"""Processes that end with us: after success, after a failure, and after Ctrl-C."""

import atexit
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

# Long enough for Redis to close its files and for a Celery worker to finish a short task.
STOP_SECONDS = 10


class StartFailed(Exception):
    """A process of the local world did not start; the message carries the end of its log."""


class Process:
    """One child in a process group of its own, so that stopping it stops its children too."""

    def __init__(self, name: str, command: list, log: Path, env: dict | None = None, cwd: Path | None = None):
        log.parent.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log = log
        with open(log, "ab") as output:
            self._child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )
        _running.add(self)

    @property
    def pid(self) -> int:
        return self._child.pid

    def exit_code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._child.poll()

    def signal(self, number: int) -> None:
        """Sends a signal to the whole group; a process that is gone already is no error."""
        # Once the child is reaped its id may belong to a stranger: only a live one is signaled.
        if self._child.poll() is None:
            try:
                os.killpg(self._child.pid, number)
            except ProcessLookupError:
                pass

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Asks it to end, and ends it by force when it has not after `seconds`."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._child.wait()
        _running.discard(self)

    def wait_until(self, ready, seconds: float = 20) -> None:
        """Waits until `ready()` is true, and fails with the log when the process ends first."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.exit_code() is not None:
                break
            if ready():
                return
            time.sleep(0.02)
        code = self.exit_code()
        how = "is not ready" if code is None else f"ended with exit code {code}"
        self.stop()
        raise StartFailed(f"{self.name} {how}; its log {self.log} ends:\n{tail(self.log)}")


def peak_memory_kib(pid: int) -> int:
    """The most memory that a living process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """A loopback port without a listener. Another process may take it first: callers try again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    """Whether something accepts connections on a loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def on_free_port(start, tries: int = 3):
    """Runs `start(port)`; a port taken between asking and binding costs one more try."""
    for attempt in range(1, tries + 1):
        try:
            return start(free_port())
        except StartFailed:
            if attempt == tries:
                raise


def end_on_signals() -> None:
    """Makes SIGTERM and SIGHUP end the program as Ctrl-C does: by unwinding, so that all is stopped."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda signum, _frame: exit(128 + signum))


_running: set[Process] = set()


@atexit.register
def _stop_what_is_left() -> None:
    for process in list(_running):
        process.signal(signal.SIGCONT)
        process.signal(signal.SIGTERM)
    for process in list(_running):
        process.stop(2)
