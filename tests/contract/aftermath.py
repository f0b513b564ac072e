"""A proxy that lets everything through until a write was answered with success, and breaks what is asked after that.

So it is seen whether a connector takes a failure after the write for a failure of the write.
"""

from __future__ import annotations

import socket

from tests.contract.chaos import _plain
from tests.servers.faultproxy import FaultProxy, _answer, _read_message

KINDS: dict[str, bytes] = {
    "dropped": b"",
    "429": _answer(429, {"Retry-After": "1", "Content-Type": "application/json"}, b'{"error":"slow down"}'),
    "401": _answer(401, {"Content-Type": "application/json"}, b'{"error":"AuthMissing","errcode":"M_UNKNOWN_TOKEN"}'),
    "500": _answer(500, {}, b"oops"),
    "404": _answer(404, {"Content-Type": "application/json"}, b'{"error":"NotFound","errcode":"M_NOT_FOUND"}'),
}
"""What becomes of a request, and what is answered."""


class Aftermath(FaultProxy):
    """Use as a context manager. `arm` it before each send or act, and look at `wrote` and `broken` afterwards."""

    def __init__(self, upstream_port: int) -> None:
        super().__init__(upstream_port)
        self.wrote = False
        """The write went through, and said so."""
        self.broken = 0
        """Requests after the write that were broken."""
        self._kind = ""
        self._mark = b""
        self._passing = 0

    def arm(self, kind: str, *, mark: str = "", passing: int = 0) -> None:
        """Break everything that follows the next write, but for the first `passing` requests. Some platforms are asked questions
        by POST: a write is known by the words `mark` in it, where there are any."""
        self._kind, self._mark, self._passing = kind, mark.encode(), passing
        self.wrote, self.broken = False, 0

    def peace(self) -> None:
        """Let everything through from now on."""
        self._kind = ""

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(30)
        request = _read_message(client)
        if not request:
            return
        method, path = (part.decode() for part in request.split(b" ", 2)[:2])
        self._choose(method, path)
        with self._lock:
            late = bool(self._kind) and self.wrote
            breaks = late and self._passing <= 0
            self._passing -= late
            self.broken += breaks
        if breaks:
            client.sendall(KINDS[self._kind])
            return
        answer = self._ask(_plain(request))
        if self._kind and not self.wrote and method != "GET" and self._mark in request:
            self.wrote = answer.split(b" ", 2)[1].startswith(b"2")
        client.sendall(answer)


__all__ = ["KINDS", "Aftermath"]
