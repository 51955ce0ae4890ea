"""Stands between the function and Redis, counts what passes, and can prove that an evaluation needs one round trip."""

import socket
import threading


class RedisWire:
    """A context manager. `hold(n)` keeps every answer back until `n` more commands have been asked: who needs an answer
    before asking on never gets one."""

    def __init__(self, port: int):
        self.commands: list[str] = []
        self.connections = 0
        self._redis, self._release_at = port, 0
        self._asked = threading.Condition()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for each in [self._listener, *self._sockets]:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def hold(self, commands: int) -> None:
        with self._asked:
            self._release_at = len(self.commands) + commands

    def reset(self) -> None:
        with self._asked:
            self.commands, self.connections, self._release_at = [], 0, 0

    def _accept(self) -> None:
        while True:
            try:
                function, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self._redis))
            self._sockets += [function, server]
            threading.Thread(target=self._ask, args=(function, server), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, function), daemon=True).start()

    def _ask(self, function, server) -> None:
        unread = b""
        for data in received(function):
            names, unread = complete_commands(unread + data)
            with self._asked:
                self.commands += names
                self._asked.notify_all()
            server.sendall(data)

    def _answer(self, server, function) -> None:
        for data in received(server):
            with self._asked:
                self._asked.wait_for(lambda: len(self.commands) >= self._release_at)
            try:
                function.sendall(data)
            except OSError:
                return


def received(sender):
    """What arrives until the connection ends."""
    while True:
        try:
            data = sender.recv(1 << 16)
        except OSError:
            return
        if not data:
            return
        yield data


def complete_commands(data: bytes) -> tuple[list[str], bytes]:
    """The names of the commands that have arrived whole, and the rest. One is `*1\\r\\n$4\\r\\nPING\\r\\n`."""
    names, start = [], 0
    while True:
        words, place = [], start
        end = data.find(b"\r\n", place)
        if end < 0:
            return names, data[start:]
        count, place = int(data[place + 1 : end]), end + 2
        for _ in range(count):
            end = data.find(b"\r\n", place)
            size = int(data[place + 1 : end]) if end >= 0 else 0
            if end < 0 or len(data) < end + 4 + size:
                return names, data[start:]
            words.append(data[end + 2 : end + 2 + size])
            place = end + 4 + size
        names.append(words[0].decode())
        start = place
