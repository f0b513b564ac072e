"""A small web server for signed deliveries, after the Standard Webhooks specification (standardwebhooks.com, version 1).

A delivery is `POST /hook/SOURCE` with the headers `webhook-id`, `webhook-timestamp` (seconds since 1970) and
`webhook-signature`: one or several of `v1,BASE64`, separated by spaces, each an HMAC-SHA256 over `id.timestamp.body`.
A secret is `whsec_` and base64. One matching signature by one of the source's secrets is enough, so that a secret can
be changed without losing anything.

What is delivered, and where it goes, is not known here: `take` is called with what was signed, and its answer sent
once it has returned. Whoever sends is a stranger until the signature is checked: sizes, times and the number of
connections are bounded, which sources there are is not told, and nothing of a body is logged.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import io
import json
import logging
import re
import secrets as randomness
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

log = logging.getLogger("modconsole.receive")

PREFIX = "whsec_"
TOLERANCE = 300
"""Seconds by which a delivery's timestamp may be off."""
MAX_BYTES = 5 * 1024 * 1024
SILENCE_SECONDS = 10.0
"""How long a sender may send nothing."""
REQUEST_SECONDS = 30.0
"""How long a whole request may take to arrive, however it trickles in."""
CONNECTIONS = 32
"""How many senders are served at once; more are told to come again."""
RETRY_SECONDS = 10
LINGER_SECONDS = 1.0
"""How long an ended connection may take to go."""

_ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,200}")
"""What an id may be: printable, without a full stop, which separates what is signed."""
_STRANGER = randomness.token_bytes(32)
"""The secret of every source that there is not."""


@dataclass(frozen=True)
class Delivery:
    """What was signed by a source's secret."""

    source: str
    id: str
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What a sender is told: a status of HTTP, and an object."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)


class Rejected(Exception):
    """A request that goes no further."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.reply = Reply(status, {"error": error, "message": message})


# -- signatures ----------------------------------------------------------------------------------------------------------


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The key in a secret. Raises `ValueError` for text that is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a webhook secret is `whsec_` and base64") from None
    if not secret.startswith(PREFIX) or len(key) < 16:
        raise ValueError("a webhook secret is `whsec_` and base64 of 16 bytes at least")
    return key


def signature(key: bytes, ident: str, timestamp: int, body: bytes) -> str:
    """The signature of a delivery, as it stands in the header."""
    signed = b"%s.%d.%s" % (ident.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def is_signed(given: str, keys: Iterable[bytes], ident: str, timestamp: int, body: bytes) -> bool:
    """Whether one of the signatures in a header is by one of the keys. Takes as long for a wrong one as for a right one."""
    offered = [each.encode("latin-1", "replace") for each in given.split()[:10]]
    good = False
    for key in keys:
        right = signature(key, ident, timestamp, body).encode()
        for each in offered:
            good |= hmac.compare_digest(each, right)
    return good


def url_of(host: str, port: int) -> str:
    """The address of a server; an IPv6 host stands in brackets there."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


# -- the server ------------------------------------------------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    """Listens at `host` and `port` (0: any that is free). `keys` gives the keys of a source, none where it is not received;
    `take` deals with a delivery and gives the answer; both are called from several threads. `seconds` is the time
    since 1970."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        host: str,
        port: int,
        keys: Callable[[str], tuple[bytes, ...]],
        take: Callable[[Delivery], Reply],
        *,
        seconds: Callable[[], float] = time.time,
        max_bytes: int = MAX_BYTES,
        silence: float = SILENCE_SECONDS,
        patience: float = REQUEST_SECONDS,
    ) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        self.keys = keys
        self.take = take
        self.seconds = seconds
        self.max_bytes = max_bytes
        self.silence = silence
        self.patience = patience
        self.free = threading.BoundedSemaphore(CONNECTIONS)
        self.at_work = 0
        self.idle = threading.Condition()
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self.server_address[:2]
        return url_of(str(host), int(port))

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own, where there is one left."""
        if self.free.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        body = b'{"error": "busy", "message": "Too many senders at once."}'
        head = f"HTTP/1.1 503 Busy\r\nRetry-After: {RETRY_SECONDS}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        with contextlib.suppress(OSError):
            request.settimeout(LINGER_SECONDS)
            request.sendall(head.encode() + body)
        self._part(request, LINGER_SECONDS / 10)  # here everybody waits meanwhile

    def shutdown_request(self, request: Any) -> None:
        """End a connection so that the last answer arrives."""
        self._part(request, LINGER_SECONDS)

    def _part(self, request: Any, seconds: float) -> None:
        """Say that no more will come, and wait a little for what the other side still sends: a socket that is closed with
        something unread in it takes the answer along."""
        until = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            while (left := until - time.monotonic()) > 0:
                request.settimeout(left)
                if not request.recv(1 << 16):
                    break
        self.close_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that goes away is no news; what else goes wrong is named, without what it was about."""
        import sys

        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            log.error("a connection failed: %s", type(error).__name__)

    def finish(self, seconds: float) -> bool:
        """Take no more deliveries, and wait for those under way. False where one was not done in time."""
        self.shutdown()
        self.server_close()
        with self.idle:
            return self.idle.wait_for(lambda: self.at_work == 0, seconds)


class _Patient(io.RawIOBase):
    """What comes from a socket, as long as it comes in time."""

    def __init__(self, connection: socket.socket, silence: float) -> None:
        self.connection = connection
        self.silence = silence
        self.until = float("inf")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.connection.settimeout(min(left, self.silence))
        return self.connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    """One connection of one sender."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    server: Server
    rfile: io.BufferedReader

    def setup(self) -> None:
        """Read with patience, but not for ever."""
        super().setup()
        self.wire = _Patient(self.connection, self.server.silence)
        self.rfile = io.BufferedReader(self.wire)

    def handle_one_request(self) -> None:
        """One request: its time runs from here."""
        self.wire.until = time.monotonic() + self.server.patience
        super().handle_one_request()

    def version_string(self) -> str:
        """Nobody need know what this is made of."""
        return "modconsole"

    def log_message(self, *args: object) -> None:
        """The base class would write addresses and paths to standard error."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class itself refuses, as JSON too."""
        self.close_connection = True
        self._answer(Reply(code, {"error": "request", "message": message or "This is no request of HTTP."}))

    def do_POST(self) -> None:
        """A delivery."""
        server = self.server
        with server.idle:
            server.at_work += 1
        try:
            self._answer(self._delivered())
            self.wfile.flush()
        finally:
            with server.idle:
                server.at_work -= 1
                server.idle.notify_all()

    def _delivered(self) -> Reply:
        try:
            delivery = self._verified()
        except Rejected as error:
            self.close_connection = True  # what is left of the request is not worth reading
            return error.reply
        except TimeoutError:
            self.close_connection = True
            return Reply(408, {"error": "slow", "message": "The request did not arrive in time."})
        try:
            return self.server.take(delivery)
        except Exception as error:
            log.error("%s: a delivery failed: %s", delivery.source, type(error).__name__)
            return Reply(500, {"error": "internal", "message": "It was not stored. Try again later."})

    def _verified(self) -> Delivery:
        """What was sent, once it is known by whom. Raises `Rejected`."""
        parts = urlsplit(self.path).path.split("/")
        if len(parts) != 3 or parts[1] != "hook" or not parts[2]:
            raise Rejected(404, "path", "Deliveries go to /hook/SOURCE.")
        source = unquote(parts[2])
        ident, timestamp, given = self._headers()
        body = self._body()
        keys = self.server.keys(source)
        good = is_signed(given, keys or (_STRANGER,), ident, timestamp, body)
        if not keys or not good:
            raise Rejected(
                401,
                "signature",
                "No signature of this delivery is by a secret of this source, or there is no such source.",
            )
        return Delivery(source, ident, body)

    def _headers(self) -> tuple[str, int, str]:
        values = [self.headers.get_all(name) or [] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")]
        if any(len(each) != 1 for each in values):
            raise Rejected(
                400,
                "headers",
                "Each of the headers webhook-id, webhook-timestamp and webhook-signature is needed, once.",
            )
        ident, stamp, given = (each[0].strip() for each in values)
        if not _ID.fullmatch(ident):
            raise Rejected(400, "headers", "webhook-id is printable ASCII of 1 to 200 characters without a full stop.")
        if not re.fullmatch(r"[0-9]{1,12}", stamp):
            raise Rejected(400, "headers", "webhook-timestamp is a number of seconds since 1970.")
        if abs(self.server.seconds() - int(stamp)) > TOLERANCE:
            raise Rejected(
                401,
                "timestamp",
                f"webhook-timestamp is more than {TOLERANCE} seconds off our clock: sign it when you send it.",
            )
        return ident, int(stamp), given

    def _body(self) -> bytes:
        lengths = self.headers.get_all("content-length") or []
        if self.headers.get("transfer-encoding") is not None or not lengths:
            raise Rejected(411, "length", "A Content-Length is needed; chunks are not taken.")
        if len(lengths) != 1 or not re.fullmatch(r"[0-9]{1,15}", lengths[0].strip()):
            raise Rejected(400, "length", "Content-Length is not a number.")
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise Rejected(415, "encoding", "The body is taken as it is: without Content-Encoding.")
        length = int(lengths[0])
        if length > self.server.max_bytes:
            raise Rejected(413, "size", f"A delivery has at most {self.server.max_bytes:,} bytes: split it.")
        body = self.rfile.read(length)
        if len(body) < length:
            raise Rejected(400, "length", "The body is shorter than Content-Length says.")
        return body

    def do_GET(self) -> None:
        """Whether it listens, for whoever watches it; everything else is a POST."""
        if urlsplit(self.path).path == "/health":
            self._answer(Reply(200, {"status": "ok"}))
        else:
            self._answer(Reply(405, {"error": "method", "message": "Deliveries are sent with POST."}))

    do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - the base class's names

    def _answer(self, reply: Reply) -> None:
        data = json.dumps(reply.body).encode() + b"\n"
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if reply.status == 405:
            self.send_header("Allow", "POST")
        if reply.status == 503:
            self.send_header("Retry-After", str(RETRY_SECONDS))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
