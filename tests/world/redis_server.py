"""A real Redis on a free loopback port, in a temporary directory."""

import shutil
import signal
import socket
import tempfile
from pathlib import Path

from .processes import Process, StartFailed, on_free_port


class RedisServer:
    """Keeps nothing on disk. `pause` makes it silent without losing a connection or a key."""

    def __init__(self, log: Path):
        if not shutil.which("redis-server"):
            raise StartFailed("redis-server is not installed: apt-get install redis-server")
        self._folder = tempfile.mkdtemp(prefix="tidegate-redis-")
        self.port, self.process = on_free_port(lambda port: self._start(port, log))

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def pause(self) -> None:
        """From now on it accepts connections and answers nothing, like an overloaded server."""
        self.process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.signal(signal.SIGCONT)

    def stop(self) -> None:
        self.process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, port: int, log: Path):
        options = ["--port", port, "--bind", "127.0.0.1", "--dir", self._folder, "--save", "", "--appendonly", "no"]
        process = Process("redis-server", ["redis-server", *options], log)
        process.wait_until(lambda: _answers(port))
        return port, process


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        return False
