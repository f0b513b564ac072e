"""Failures become errors in one table; reads are repeated, writes never; nothing private is said."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

from modconsole.connectors import http as plumbing
from modconsole.connectors.http import MAX_RETRY_AFTER, Answer, Http, retry_after
from modconsole.errors import (
    Gone,
    ModConsoleError,
    OutcomeUnknown,
    RateLimited,
    Refused,
    SignInError,
    Unreachable,
)

SECRET = "abcd EFGH 1234"
Handler = Callable[[httpx.Request], httpx.Response]


def http(handler: Handler, attempts: int = 3) -> Http:
    """The plumbing over answers made here."""
    transport = httpx.MockTransport(handler)
    return Http("https://blog.example/", sign_in=("ann", SECRET), transport=transport, attempts=attempts, wait=0)


def body(answer: Answer) -> bytes:
    """The body as it is."""
    return answer.body


def failing(error: Exception) -> Handler:
    """A connection that breaks."""

    def handler(request: httpx.Request) -> httpx.Response:
        raise error

    return handler


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [
        (301, Refused, Refused),
        (308, Refused, Refused),
        (400, Refused, Refused),
        (401, SignInError, SignInError),
        (403, Refused, Refused),
        (404, Gone, Gone),
        (405, Refused, Refused),
        (408, Unreachable, OutcomeUnknown),
        (409, Refused, Refused),
        (410, Gone, Gone),
        (413, Refused, Refused),
        (422, Refused, Refused),
        (429, RateLimited, RateLimited),
        (500, Unreachable, OutcomeUnknown),
        (502, Unreachable, OutcomeUnknown),
        (504, Unreachable, OutcomeUnknown),
        (530, Unreachable, OutcomeUnknown),
        (999, Unreachable, OutcomeUnknown),
    ],
)
def test_each_status_is_one_kind_of_error(
    status: int, read: type[ModConsoleError], write: type[ModConsoleError]
) -> None:
    """Read and written: a server that failed in the middle of a write may have carried it out."""
    made = http(lambda request: httpx.Response(status, json={"code": "some_reason"}))
    with pytest.raises(read) as caught:
        made.read("https://blog.example/x", None, body)
    assert type(caught.value) is read
    with pytest.raises(write) as written:
        made.write("POST", "https://blog.example/x", {})
    assert type(written.value) is write
    assert "blog.example" in written.value.message
    assert str(status) in written.value.message


@pytest.mark.parametrize(
    ("error", "write"),
    [
        (httpx.ConnectError("refused"), Unreachable),
        (httpx.ConnectTimeout("slow"), Unreachable),
        (httpx.PoolTimeout("busy"), Unreachable),
        (httpx.ReadTimeout("slow"), OutcomeUnknown),
        (httpx.WriteError("broken pipe"), OutcomeUnknown),
        (httpx.WriteTimeout("slow"), OutcomeUnknown),
        (httpx.ReadError("reset"), OutcomeUnknown),
        (httpx.RemoteProtocolError("no answer"), OutcomeUnknown),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_write_that_was_begun_is_unknown_and_one_that_was_not_is_unreachable(
    error: Exception, write: type[ModConsoleError]
) -> None:
    """The line is the connection: before it stands, nothing was sent."""
    made = http(failing(error))
    with pytest.raises(write) as written:
        made.write("POST", "https://blog.example/x", {})
    assert type(written.value) is write
    with pytest.raises(Unreachable):
        made.read("https://blog.example/x", None, body)


def test_a_bad_certificate_is_called_that() -> None:
    """Nothing is sent to somebody who only says that they are the site."""
    made = http(failing(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")))
    with pytest.raises(Unreachable, match="certificate"):
        made.write("POST", "https://blog.example/x", {})


def test_reads_are_repeated_and_writes_are_not() -> None:
    """Three tries for a read; a write is made once, whatever becomes of it."""
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(200, text="there") if len(asked) == 3 else httpx.Response(502)

    made = http(handler)
    assert made.read("https://blog.example/x", None, body) == b"there"
    assert asked == ["GET"] * 3
    asked.clear()
    with pytest.raises(OutcomeUnknown):
        made.write("POST", "https://blog.example/x", {})
    assert asked == ["POST"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429])
def test_a_clear_no_is_not_asked_again(status: int) -> None:
    """Repeating would change nothing, or make it worse."""
    asked: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(status)
        return httpx.Response(status)

    with pytest.raises(ModConsoleError):
        http(handler).read("https://blog.example/x", None, body)
    assert asked == [status]


def test_half_an_answer_is_asked_for_again() -> None:
    """What cannot be decoded counts as a failed read."""
    answers = iter([b'{"id": 1, "tex', b'{"id": 1}'])

    def parse(answer: Answer) -> object:
        if answer.json() is None:
            raise plumbing.unreadable("blog.example", writing=False)
        return answer.json()

    made = http(lambda request: httpx.Response(200, content=next(answers)))
    assert made.read("https://blog.example/x", None, parse) == {"id": 1}


DATE = "Sat, 21 Nov 2026 20:00:00 GMT"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 1.0),
        ("-5", 60.0),
        ("999999", MAX_RETRY_AFTER),
        ("Sat, 21 Nov 2026 20:01:30 GMT", 90.0),
        ("Sat, 21 Nov 2026 19:00:00 GMT", 1.0),
        ("Sat, 21 Nov 2099 20:00:00 GMT", MAX_RETRY_AFTER),
        ("soon", 60.0),
        ("", 60.0),
        ("1" * 400, 60.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_has_limits(header: str, seconds: float) -> None:
    """A date is measured by the server's own clock; nonsense counts as a minute."""
    assert retry_after(Answer(429, {"retry-after": header, "date": DATE}, b"")) == seconds


def test_maintenance_with_a_time_is_a_rate_limit_for_reads_only() -> None:
    """A read that is told when to come back keeps to it; a write that ended in 503 may still have been carried out."""
    made = http(lambda request: httpx.Response(503, headers={"Retry-After": "600"}))
    with pytest.raises(RateLimited) as caught:
        made.read("https://blog.example/x", None, body)
    assert caught.value.retry_after == 600
    with pytest.raises(OutcomeUnknown):
        made.write("POST", "https://blog.example/x", {})


def test_an_endless_answer_is_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile server can fill no memory."""
    sent = 0

    def stream() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 1000
            yield b"x" * 1000

    monkeypatch.setattr(plumbing, "MAX_BYTES", 50_000)
    with pytest.raises(Unreachable):
        http(lambda request: httpx.Response(200, content=stream()), attempts=1).read("https://b.example", None, body)
    assert sent < 100_000


def test_redirects_are_not_followed() -> None:
    """The sign-in goes to the address that was set, and to no other."""
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(302, headers={"Location": "https://evil.example/"})

    with pytest.raises(Refused):
        http(handler).read("https://blog.example/x", None, body)
    assert seen == ["blog.example"]


def test_nothing_private_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """Password, message text, query and the server's prose are in no error, no log and no `repr`."""
    caplog.set_level(logging.DEBUG)
    hostile = {"code": "bad [red]code[/]", "message": f"your password {SECRET} \x1b[31m"}
    said = []
    for status in (302, 400, 401, 403, 404, 429, 500):
        made = http(lambda request, status=status: httpx.Response(status, json=hostile))  # type: ignore[misc]
        with pytest.raises(ModConsoleError) as caught:
            made.write("POST", "https://blog.example/x?token=t0ken", {"content": "my private words"})
        said += [str(caught.value), repr(caught.value), repr(made), repr(caught.value.__cause__)]
    text = " ".join(said) + caplog.text
    for private in ("EFGH", "private words", "t0ken", "[red]", "\x1b"):
        assert private not in text


def test_a_code_is_only_taken_when_it_is_a_word() -> None:
    """Anything else that a server puts there could drive a terminal."""
    codes = ["rest_comment_closed", "a b", "\x1b[31m", "x" * 200, 7, None, ["a"]]
    taken = [Answer(400, {}, json.dumps({"code": code}).encode()).code() for code in codes]
    assert taken == ["rest_comment_closed", "", "", "", "", "", ""]
    assert Answer(400, {}, b"\xff\xfe not json").code() == ""


def test_every_request_says_who_asks_unless_it_must_not() -> None:
    """Our name and version; left out where naming ourselves would change data."""
    seen: list[str | None] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("User-Agent"))
        return httpx.Response(200)

    made = http(handler)
    made.read("https://blog.example/", None, body)
    made.write("POST", "https://blog.example/", {})
    made.write("POST", "https://blog.example/", {}, user_agent=None)
    assert seen == [plumbing.USER_AGENT, plumbing.USER_AGENT, None]


def test_importing_the_connectors_does_not_import_httpx() -> None:
    """It costs 66 ms at each start, and most starts make no request."""
    code = (
        "import sys, modconsole.connectors.wordpress as w; from modconsole.connectors.signing import Credentials as C;"
        "w.connect({'url': 'https://blog.example', 'user': 'ann'}, C('secret'));"
        "sys.exit('httpx' in sys.modules or 'stamina' in sys.modules or 'selectolax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
