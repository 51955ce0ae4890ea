"""Lambda's Runtime API, as far as a runtime uses it, with a clock at both ends.

No emulator stands between the function and the clock: the moment a runtime asks for its first event is the moment its
request arrives here.
"""

import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/2018-06-01/runtime/"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:bench"


class InvocationFailed(Exception):
    """The function answered an invocation, or its own start, with an error."""


class RuntimeApi:
    """One function's Runtime API on a loopback port. A context manager."""

    def __init__(self):
        self._events: queue.Queue = queue.Queue()
        self._answers: queue.Queue = queue.Queue()
        self._asked: queue.Queue = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()

    def wait_until_asked(self, seconds: float, alive=lambda: True) -> float:
        """When the runtime asked for an event, on the clock of `time.perf_counter`."""
        asked = None
        deadline = time.perf_counter() + seconds
        while asked is None:
            try:
                asked = self._asked.get(timeout=0.5)
            except queue.Empty:
                if not alive():
                    raise InvocationFailed("it ended before it asked for an event") from None
                if time.perf_counter() > deadline:
                    raise InvocationFailed(f"it asked for no event within {seconds} s") from None
        if isinstance(asked, InvocationFailed):
            raise asked
        return asked

    def invoke(self, event: dict, seconds: float) -> float:
        """How many seconds the function took to answer."""
        self._events.put(event)
        try:
            started, ended, path, body = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise InvocationFailed(f"it did not answer within {seconds} s") from None
        if not path.endswith("/response"):
            raise InvocationFailed(body.decode(errors="replace"))
        self.wait_until_asked(seconds)
        return ended - started

    def next_event(self) -> tuple[dict | None, float]:
        self._asked.put(time.perf_counter())
        return self._events.get(), time.perf_counter()

    def answered(self, started: float, ended: float, path: str, body: bytes) -> None:
        if path.endswith("/init/error"):
            self._asked.put(InvocationFailed(body.decode(errors="replace")))
        else:
            self._answers.put((started, ended, path, body))


def handler(api: RuntimeApi):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without it the second half of an answer waits for the acknowledgement of the first.
        disable_nagle_algorithm = True
        started = 0.0

        def do_GET(self):
            event, _ = api.next_event()
            if event is None:  # The function is gone.
                self.close_connection = True
                return
            headers = {
                "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 600) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": FUNCTION_ARN,
                "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
            }
            type(self).started = time.perf_counter()
            self.answer(200, json.dumps(event).encode(), headers)

        def do_POST(self):
            ended = time.perf_counter()
            body = self.body()
            self.answer(202, b'{"status": "OK"}')
            api.answered(type(self).started, ended, self.path, body)

        def body(self) -> bytes:
            if "chunked" not in self.headers.get("transfer-encoding", ""):
                return self.rfile.read(int(self.headers.get("content-length", 0)))
            body = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def answer(self, status: int, body: bytes, headers: dict | None = None):
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler
