"""A proxy that breaks at random, by a seed, and a sync in a process of its own that can be killed at any instant.

What the proxy did is counted by kind. A fault that meets a request which changes something is counted apart: those are the ones
after which nobody knows what happened.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.servers.faultproxy import FaultProxy, _answer, _read_message

KINDS: tuple[str, ...] = (
    "dropped before the server saw it",
    "dropped after the server had answered",
    "429",
    "500 before",
    "500 after",
    "malformed",
    "truncated",
    "slow",
    "duplicated and reordered",
    "the same page again",
)


class Chaos(FaultProxy):
    """Breaks a share `rate` of all requests while it is not quiet."""

    def __init__(self, upstream_port: int, seed: int) -> None:
        super().__init__(upstream_port)
        self.random = random.Random(seed)
        self.rate = 0.0
        self.faults: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()
        self._old: dict[str, bytes] = {}
        self._working = 0

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._working += 1
        try:
            self._answer(client)
        finally:
            with self._lock:
                self._working -= 1

    def rest(self) -> None:
        """Wait until nothing is under way: a request whose sender was killed goes on to the server all the same, and the time
        that a test skips must not overtake it."""
        deadline = time.monotonic() + 30
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as last:
            # Connections are accepted in their order: once this one is, whatever was sent before is no longer on its way here.
            last.shutdown(socket.SHUT_WR)
            while last.recv(1):
                pass
        quiet = 0
        while quiet < 3:
            assert time.monotonic() < deadline
            time.sleep(0.002)
            quiet = 0 if self._working else quiet + 1

    def _answer(self, client: socket.socket) -> None:
        client.settimeout(30)
        request = _read_message(client)
        if not request:
            return
        method, path = (part.decode() for part in request.split(b" ", 2)[:2])
        self._choose(method, path)
        with self._lock:  # what changes something meets trouble more often: those are the hard cases
            breaks = self.random.random() < self.rate * (1 if method == "GET" else 1.5)
            kind = self.random.choice(KINDS)
            pause = self.random.uniform(0.01, 0.12)
            shuffle = random.Random(self.random.random())
        if breaks:
            self._break(client, request, method, path, kind, pause, shuffle)
        else:
            client.sendall(self._ask(request))

    def _break(
        self,
        client: socket.socket,
        request: bytes,
        method: str,
        path: str,
        kind: str,
        pause: float,
        shuffle: random.Random,
    ) -> None:
        if kind == "the same page again" and path not in self._old:
            kind = "duplicated and reordered"
        if method != "GET" and kind in ("duplicated and reordered", "the same page again"):
            kind = "dropped after the server had answered"
        self._count(kind, method)
        if kind == "dropped before the server saw it":
            return
        if kind == "429":
            client.sendall(
                _answer(429, {"Retry-After": "1", "Content-Type": "application/json"}, b'{"error":"slow down"}')
            )
            return
        if kind == "500 before":
            client.sendall(_answer(500, {}, b"oops"))
            return
        if kind == "slow":
            time.sleep(pause)
        answer = self._ask(_plain(request))
        if kind == "the same page again":
            answer = self._old.get(path, answer)
        elif kind == "duplicated and reordered":
            answer = shaken(answer, shuffle)
        elif kind == "500 after":
            answer = _answer(500, {}, b"oops")
        elif kind == "malformed":
            answer = _answer(200, {"Content-Type": "application/json"}, b'{"id": 1, "content"')
        elif kind == "truncated":
            answer = answer[: answer.index(b"\r\n\r\n") + 4 + 20]
        elif kind == "dropped after the server had answered":
            return
        client.sendall(answer)

    def _count(self, kind: str, method: str) -> None:
        with self._lock:
            self.faults[kind] += 1
            if method != "GET":
                self.writes[kind] += 1

    def _ask(self, request: bytes) -> bytes:
        answer = super()._ask(_plain(request))
        method, path = (part.decode() for part in request.split(b" ", 2)[:2])
        if method == "GET":
            self._old.setdefault(path, answer)
        return answer

    def forget(self) -> None:
        """A new sync begins: within one, a page that is asked for twice may come out of a cache, as it was the first time."""
        self._old.clear()


def _plain(request: bytes) -> bytes:
    """A request that does not ask for compression, so that answers can be read here."""
    head, split, body = request.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"accept-encoding:")]
    return b"\r\n".join(lines) + split + body


def shaken(answer: bytes, by: random.Random) -> bytes:
    """An answer whose lists hold some of their items twice, and in another order; as it was where it is no JSON."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        body = _unchunked(body)
    try:
        content = json.loads(body)
    except ValueError:
        return answer
    shaken_body = json.dumps(_shake(content, by)).encode()
    lines = [
        line for line in head.split(b"\r\n") if not line.lower().startswith((b"content-length:", b"transfer-encoding:"))
    ]
    return b"\r\n".join([*lines, f"Content-Length: {len(shaken_body)}".encode()]) + b"\r\n\r\n" + shaken_body


def _shake(content: Any, by: random.Random) -> Any:
    """Lists of objects are what platforms page through; all others keep their order and size."""
    if isinstance(content, list) and content and all(isinstance(item, dict) for item in content):
        doubled = content + [item for item in content if by.random() < 0.3]
        by.shuffle(doubled)
        return doubled
    if isinstance(content, dict):
        return {key: _shake(value, by) if isinstance(value, list) else value for key, value in content.items()}
    return content


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.split(b";")[0] or b"0", 16)
        if not length:
            break
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole


_NURSERY = """
import json, logging, os, sys, time
import stamina
from modconsole.connectors.signing import Credentials
from modconsole.sync import registry
from modconsole.sync.engine import Engine
logging.getLogger("modconsole").addHandler(logging.NullHandler())
path, platform, secret = json.loads(sys.stdin.readline())
stamina.set_testing(True, attempts=3)  # tries as always, without the pauses between them
registry.module(platform)
print("ready", flush=True)
for line in sys.stdin:
    ahead, full = json.loads(line)
    child = os.fork()
    if child == 0:
        sys.stdin.close()
        engine = Engine(path, "forked", clock=lambda: time.time_ns() // 1000 + ahead, secrets=lambda _: Credentials(secret),
                        tick=0.01, lease_seconds=1.0)
        try:
            engine.run_once(full=full, patience=3)
        finally:
            os._exit(0)
    print(child, flush=True)
    status = os.waitpid(child, 0)[1]
    print(-os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), flush=True)
"""


class Nursery:
    """Makes sync processes at once: the program is loaded already, each run is a fork of its own. Use as a context manager."""

    def __init__(self, path: Path, platform: str, secret: str) -> None:
        source = Path(__file__).resolve().parents[2] / "src"
        self._process = subprocess.Popen(
            [sys.executable, "-c", _NURSERY],
            env={**os.environ, "PYTHONPATH": str(source)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say([str(path), platform, secret])
        assert self._hear() == "ready"

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def _say(self, words: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def run(self, ahead: int, *, full: bool = False, kill_after: float | None = None) -> bool:
        """One sync in a process of its own; with `kill_after` it gets SIGKILL after so many seconds. True where that met it."""
        self._say([ahead, full])
        child = int(self._hear())
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        ended = int(self._hear())
        assert ended in (0, -signal.SIGKILL), ended
        return ended == -signal.SIGKILL
