"""A proxy on loopback that stands before a real server and breaks exactly when a test says so.

It reads one whole request, decides, and answers: forwards it, or does one of the `Fault`s. Which one is decided by
the first fault whose `method` and `path` fit; each is used `times` times. Every request that came is in `requests`.
"""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

Kind = Literal["drop_before", "drop_after", "delay", "status", "status_after", "malformed", "truncated", "forward"]


@dataclass
class Fault:
    """One way to break.

    drop_before: the connection ends, the server never sees the request; drop_after: it ends once the server has
    answered; delay: wait `seconds`, then forward; status: answer `code` without asking the server; status_after: ask,
    then answer `code` all the same; malformed: ask, then answer 200 with something that is no JSON; truncated: ask,
    then send half of the answer; forward: nothing breaks (for the hooks). `before` and `after` are called before the
    server is asked and after it answered.
    """

    kind: Kind
    method: str = ""
    path: str = ""
    times: int = 1
    code: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None


class FaultProxy:
    """Use as a context manager; `url` is where to connect, `fail(...)` arms a fault, `requests` lists `METHOD
    path`."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream = upstream_port
        self.requests: list[str] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                proxy._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A connection that broke is this program's purpose, nothing to print."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def fail(self, fault: Fault) -> None:
        """Arm a fault."""
        with self._lock:
            self._faults.append(fault)

    def _choose(self, method: str, path: str) -> Fault:
        with self._lock:
            self.requests.append(f"{method} {path}")
            for fault in self._faults:
                if fault.times > 0 and fault.method in ("", method) and fault.path in path:
                    fault.times -= 1
                    return fault
        return Fault("forward")

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(30)
        request = _read_message(client)
        if not request:
            return
        method, path = request.split(b" ", 2)[:2]
        fault = self._choose(method.decode(), path.decode())
        if fault.before is not None:
            fault.before()
        if fault.kind == "drop_before":
            return
        if fault.kind == "delay":
            time.sleep(fault.seconds)
        if fault.kind == "status":
            client.sendall(_answer(fault.code, fault.headers, fault.body))
            return
        answer = self._ask(request)
        if fault.after is not None:
            fault.after()
        if fault.kind == "drop_after":
            return
        if fault.kind == "status_after":
            answer = _answer(fault.code, fault.headers, fault.body)
        elif fault.kind == "malformed":
            answer = _answer(200, {"Content-Type": "application/json"}, b'{"id": 1, "content"')
        elif fault.kind == "truncated":
            answer = answer[: answer.index(b"\r\n\r\n") + 4 + 20]
        client.sendall(answer)

    def _ask(self, request: bytes) -> bytes:
        """Forward the request as it is, but for a connection that ends with the answer."""
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        with socket.create_connection(("127.0.0.1", self.upstream), timeout=30) as server:
            server.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            parts = []
            while part := server.recv(65536):
                parts.append(part)
        return b"".join(parts)


def _read_message(connection: socket.socket) -> bytes:
    """One HTTP request with its body, by Content-Length; empty when the client left."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        part = connection.recv(65536)
        if not part:
            return b""
        body += part
    return head + b"\r\n\r\n" + body


def _answer(code: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {code} Made by the fault proxy", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
