"""Stands between the function and AWS where the world's own faults, which know no bodies, are too coarse."""

import http.client
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# The headers that an SDK reads.
KEPT = ("x-", "content-t")


@dataclass
class Refusal:
    """Answers requests for `action` that hold `text` with an error of AWS, in its JSON protocol."""

    action: str
    text: str
    code: str
    message: str = "refused by the relay"
    status: int = 400

    def answer(self) -> tuple[int, dict, bytes]:
        headers = {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": self.code}
        return self.status, headers, json.dumps({"__type": self.code, "message": self.message}).encode()


class Relay:
    """A context manager; `url` is the endpoint for the function."""

    def __init__(self, endpoint: str):
        self.refusals: list[Refusal] = []
        self.requests: list[tuple[str, str]] = []
        self.endpoint = urlsplit(endpoint)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def refuse(self, action: str, text: str, code: str, **more) -> Refusal:
        refusal = Refusal(action, text, code, **more)
        self.refusals.append(refusal)
        return refusal

    def count(self, action: str, text: str = "") -> int:
        """Requests for an action, whatever became of them."""
        return sum(action == asked and text in body for asked, body in self.requests)

    def answer(self, path: str, headers: dict, body: bytes) -> tuple[int, dict, bytes]:
        action, text = headers.get("x-amz-target", "").rpartition(".")[2], body.decode(errors="replace")
        self.requests.append((action, text))
        for refusal in self.refusals:
            if refusal.action == action and refusal.text in text:
                return refusal.answer()
        return self._forward(path, headers, body)

    def _forward(self, path: str, headers: dict, body: bytes) -> tuple[int, dict, bytes]:
        connection = http.client.HTTPConnection(self.endpoint.hostname, self.endpoint.port, timeout=30)
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            told = {name: value for name, value in response.getheaders() if name.lower().startswith(KEPT)}
            return response.status, told, response.read()
        finally:
            connection.close()


def handler(relay: Relay):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answered, content = relay.answer(self.path, headers, body)
            # No date: a function whose clock was moved would take a refusal for its own clock's fault, and ask again.
            self.send_response_only(status)
            for name, value in {**answered, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    return Handler
