"""Signed deliveries: the signature of the Standard Webhooks specification, and a server that strangers can reach."""

from __future__ import annotations

import base64
import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from modconsole.connectors import webhook
from modconsole.connectors.webhook import Delivery, Reply, Server, is_signed, key_of, new_secret, signature, url_of

NOW = 1_700_000_000
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = key_of(SECRET)
OTHER = key_of(new_secret())


class Ear:
    """A server, and what it was given."""

    def __init__(self, **settings: Any) -> None:
        self.heard: list[Delivery] = []
        self.reply = Reply(200, {"status": "stored"})
        self.hold = threading.Event()
        self.hold.set()
        self.busy = threading.Event()
        self.keys: dict[str, tuple[bytes, ...]] = {"shop": (KEY,), "a b": (KEY,)}
        self.server = Server(
            "127.0.0.1", 0, lambda source: self.keys.get(source, ()), self._take, seconds=lambda: NOW, **settings
        )
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def _take(self, delivery: Delivery) -> Reply:
        self.busy.set()
        self.hold.wait(10)
        self.heard.append(delivery)
        return self.reply

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=10)

    def send(
        self,
        body: bytes = b"{}",
        *,
        path: str = "/hook/shop",
        ident: str = "msg_1",
        at: int = NOW,
        key: bytes = KEY,
        method: str = "POST",
        **headers: str | None,
    ) -> tuple[int, dict[str, Any]]:
        """One request, rightly signed but for what is given otherwise; headers set to None are left out."""
        every: dict[str, str | None] = {
            "webhook-id": ident,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(key, ident, at, body),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        connection = self.connect()
        try:
            connection.request(method, path, body, {n: v for n, v in every.items() if v is not None})
            answer = connection.getresponse()
            found: dict[str, Any] = json.loads(answer.read())
            return answer.status, found
        finally:
            connection.close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    made = Ear(silence=0.3, patience=1.0, max_bytes=1000)
    yield made
    made.hold.set()
    made.server.finish(5)


# -- signatures ----------------------------------------------------------------------------------------------------------


def test_the_signature_is_that_of_the_specification() -> None:
    """The example with which implementations of Standard Webhooks are compared."""
    found = signature(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_one_of_several_signatures_by_one_of_several_keys_is_enough() -> None:
    """Both sides can change their secret without losing a delivery."""
    good, old = signature(KEY, "a", 1, b"x"), signature(OTHER, "a", 1, b"x")
    assert is_signed(f"{old} v1a,zzz {good}", (KEY,), "a", 1, b"x")
    assert is_signed(good, (OTHER, KEY), "a", 1, b"x")
    for wrong in ("", "v1,", good.removeprefix("v1,"), good.replace("v1,", "v2,"), good[:-2], old, "v1,ü"):
        assert not is_signed(wrong, (KEY,), "a", 1, b"x")
    assert not is_signed(good, (), "a", 1, b"x")


@pytest.mark.parametrize(("ident", "at", "body"), [("b", 1, b"x"), ("a", 2, b"x"), ("a", 1, b"X")])
def test_everything_that_is_signed_counts(ident: str, at: int, body: bytes) -> None:
    """Id, time and every byte of the body."""
    assert not is_signed(signature(KEY, "a", 1, b"x"), (KEY,), ident, at, body)


def test_secrets_are_random_and_read_back() -> None:
    """Of 32 bytes, and never the same twice."""
    secrets = {new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert {len(key_of(secret)) for secret in secrets} == {32}


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_abc", "whsec_" + "ü" * 24, "hunter2", base64.b64encode(b"x" * 32).decode()]
)
def test_what_is_no_secret_is_refused(text: str) -> None:
    """A short or misspelt key would be worse than none."""
    with pytest.raises(ValueError, match="whsec_") as error:
        key_of(text)
    assert "hunter2" not in str(error.value)


# -- the server ----------------------------------------------------------------------------------------------------------


def test_a_signed_delivery_is_handed_on_as_it_was_sent(ear: Ear) -> None:
    """Byte for byte, with its id, under the source's name."""
    body = '{"text":  "ä\u0000"}\n'.encode()
    assert ear.send(body) == (200, {"status": "stored"})
    assert ear.send(b"2", path="/hook/a%20b", ident="msg_2") == (200, {"status": "stored"})
    assert ear.heard == [Delivery("shop", "msg_1", body), Delivery("a b", "msg_2", b"2")]


def test_the_answer_is_the_takers(ear: Ear) -> None:
    """Whatever it says; a taker that fails is a failure of ours."""
    ear.reply = Reply(422, {"error": "records"})
    assert ear.send() == (422, {"error": "records"})

    def broken(delivery: Delivery) -> Reply:
        raise RuntimeError("a secret: 4711")

    ear.server.take = broken
    status, body = ear.send()
    assert status == 500
    assert "4711" not in str(body)


@pytest.mark.parametrize(
    ("request_", "status", "error"),
    [
        ({"key": OTHER}, 401, "signature"),
        ({"path": "/hook/nobody"}, 401, "signature"),
        ({"webhook_signature": "v1,AAAA"}, 401, "signature"),
        ({"webhook_signature": None}, 400, "headers"),
        ({"webhook_id": None}, 400, "headers"),
        ({"webhook_timestamp": None}, 400, "headers"),
        ({"ident": "a.b"}, 400, "headers"),
        ({"ident": "x" * 201}, 400, "headers"),
        ({"webhook_timestamp": "soon"}, 400, "headers"),
        ({"at": NOW - 301}, 401, "timestamp"),
        ({"at": NOW + 301}, 401, "timestamp"),
        ({"at": 0}, 401, "timestamp"),
        ({"path": "/"}, 404, "path"),
        ({"path": "/hook/"}, 404, "path"),
        ({"path": "/hook/shop/more"}, 404, "path"),
        ({"method": "PUT"}, 405, "method"),
        ({"method": "GET", "body": b""}, 405, "method"),
        ({"method": "BREW"}, 501, "request"),
        ({"body": b"x" * 1001}, 413, "size"),
        ({"content_encoding": "gzip"}, 415, "encoding"),
        ({"Content-Length": "many"}, 400, "length"),
        ({"Transfer-Encoding": "chunked"}, 411, "length"),
    ],
)
def test_what_is_not_right_goes_no_further(ear: Ear, request_: dict[str, Any], status: int, error: str) -> None:
    """Each with a status and a word that says what to mend."""
    found, body = ear.send(**request_)
    assert (found, body["error"]) == (status, error)
    assert body["message"]
    assert ear.heard == []


def test_timestamps_within_five_minutes_are_taken(ear: Ear) -> None:
    """On either side of our clock."""
    assert ear.send(at=NOW - 300)[0] == 200
    assert ear.send(at=NOW + 300)[0] == 200


def test_the_answer_does_not_tell_which_sources_there_are(ear: Ear) -> None:
    """A stranger learns nothing from trying names."""
    assert ear.send(key=OTHER) == ear.send(path="/hook/nobody")


def test_a_body_that_goes_on_after_its_end_is_not_another_request(ear: Ear) -> None:
    """Two lengths are one too many, and after a refusal the connection ends."""
    raw = b"POST /hook/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n"
    raw += f"webhook-id: a\r\nwebhook-timestamp: {NOW}\r\nwebhook-signature: v1,x\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", ear.server.server_address[1]), 10) as wire:
        wire.sendall(raw + b"{}GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        found = _everything(wire)
    assert found.startswith(b"HTTP/1.1 400 ")
    assert found.count(b"HTTP/1.1") == 1


def _everything(wire: socket.socket) -> bytes:
    """What comes until the other side closes."""
    parts = b""
    while part := wire.recv(65536):
        parts += part
    return parts


def test_a_body_that_is_too_large_is_refused_before_it_is_read(ear: Ear) -> None:
    """And the answer arrives all the same, though the sender is still at it."""
    assert ear.send(b"x" * 3_000_000)[0] == 413


def test_a_body_that_stops_is_given_up(ear: Ear) -> None:
    """After so much silence."""
    head = f"POST /hook/shop HTTP/1.1\r\nContent-Length: 50\r\nwebhook-id: a\r\nwebhook-timestamp: {NOW}\r\n"
    with socket.create_connection(("127.0.0.1", ear.server.server_address[1]), 10) as wire:
        wire.sendall(head.encode() + b"webhook-signature: v1,x\r\n\r\n{")
        assert _everything(wire).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("start", [b"", b"POST /hook/shop HTTP/1.1\r\nX: "])
def test_a_request_that_trickles_is_given_up(ear: Ear, start: bytes) -> None:
    """However busy it looks: the whole request has its time."""
    with socket.create_connection(("127.0.0.1", ear.server.server_address[1]), 10) as wire:
        wire.sendall(start)
        began = time.monotonic()
        wire.settimeout(0.05)
        while time.monotonic() - began < 8:
            try:
                wire.sendall(b"x")
                if wire.recv(1000) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        assert time.monotonic() - began < 5


def test_too_many_senders_are_told_to_come_again(ear: Ear) -> None:
    """Those who are served already are not disturbed."""
    ear.server.free = threading.BoundedSemaphore(1)
    ear.hold.clear()
    answers: list[tuple[int, dict[str, Any]]] = []
    first = threading.Thread(target=lambda: answers.append(ear.send()))
    first.start()
    assert ear.busy.wait(5)
    status, body = ear.send(ident="msg_2")
    assert (status, body["error"]) == (503, "busy")
    ear.hold.set()
    first.join(5)
    assert answers == [(200, {"status": "stored"})]


def test_the_end_waits_for_deliveries_under_way(ear: Ear) -> None:
    """A sender that has been heard is answered."""
    ear.hold.clear()
    answers: list[tuple[int, dict[str, Any]]] = []
    sender = threading.Thread(target=lambda: answers.append(ear.send()))
    sender.start()
    assert ear.busy.wait(5)
    assert not ear.server.finish(0.05)
    ear.hold.set()
    sender.join(5)
    assert answers == [(200, {"status": "stored"})]


def test_several_deliveries_go_through_one_connection(ear: Ear) -> None:
    """Senders keep theirs open."""
    connection = ear.connect()
    for number in range(3):
        body, ident = b"%d" % number, f"m{number}"
        headers = {
            "webhook-id": ident,
            "webhook-timestamp": str(NOW),
            "webhook-signature": signature(KEY, ident, NOW, body),
        }
        connection.request("POST", "/hook/shop", body, headers)
        assert connection.getresponse().read() == b'{"status": "stored"}\n'
    connection.close()
    assert [delivery.body for delivery in ear.heard] == [b"0", b"1", b"2"]


def test_health_says_that_it_listens(ear: Ear) -> None:
    """For whoever watches it."""
    assert ear.send(b"", method="GET", path="/health") == (200, {"status": "ok"})


def test_nothing_that_was_sent_is_logged(ear: Ear, caplog: pytest.LogCaptureFixture) -> None:
    """No text, no path, no address; a failure by its kind."""
    caplog.set_level(logging.DEBUG)

    def broken(delivery: Delivery) -> Reply:
        raise RuntimeError(delivery.body.decode())

    ear.server.take = broken
    ear.send(b"private words")
    ear.send(b"private words", path="/private")
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "RuntimeError" in logged
    assert "private" not in logged


def test_an_address_can_be_used_as_it_is_told() -> None:
    """An IPv6 host has colons of its own."""
    assert url_of("127.0.0.1", 80) == "http://127.0.0.1:80/"
    assert url_of("::1", 80) == "http://[::1]:80/"


def test_the_module_loads_no_http_client_and_no_database() -> None:
    """It is of the room that speaks HTTP, and knows no SQL."""
    assert "sqlite3" not in vars(webhook)
    assert "httpx" not in vars(webhook)
