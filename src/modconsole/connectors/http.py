"""Requests as every connector makes them: bounded in time and size, retried only where that is safe, and never
indiscreet.

`Http.read` may be repeated and is, a few times, when nothing came back. `Http.write` is made exactly once: what went
wrong says whether it surely did nothing (`Unreachable`) or may have been carried out (`OutcomeUnknown`). All failures
of all platforms go through `STATUS_TABLE` and `transport_error`; a connector adds only the platform's own codes,
through `refine`.

Errors are made of our own sentences, the host and the platform's code for the reason. Nothing that the other side
wrote in prose, no address with its query and no credential gets into them, and nothing is logged.
"""

from __future__ import annotations

import functools
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from modconsole import __version__
from modconsole.connectors.budget import Budget, Window
from modconsole.domain.times import SECOND
from modconsole.errors import (
    Gone,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Refused,
    SignInError,
    Unreachable,
)

if TYPE_CHECKING:
    import ssl

    import httpx

T = TypeVar("T")

USER_AGENT = f"modconsole/{__version__}"
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
WHOLE_SECONDS = 120.0
"""The longest a whole answer may take: a server that sends a byte now and then must not hold a sync for ever."""
MAX_BYTES = 32 * 1024 * 1024
"""The largest answer that is read. A hundred comments of the greatest length that WordPress stores are 7 MB."""
MAX_RETRY_AFTER = 3600.0
"""Seconds. A server may ask for a day by mistake; asking once an hour is polite enough."""
DEFAULT_RETRY_AFTER = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body, or None where it is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def code(self) -> str:
        """The platform's word for the reason, if the body has one: letters, digits, `_` and `-` only, or empty."""
        body = self.json()
        code = body.get("code", "") if isinstance(body, dict) else ""
        return code if isinstance(code, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,80}", code) else ""

    def time(self) -> float | None:
        """The server's clock when it answered, in seconds since 1970, from the `Date` header (RFC 9110 §6.6.1)."""
        return _http_date(self.headers.get("date", ""))


@dataclass(frozen=True)
class Rule:
    """One row of the table from status codes to errors; `read` and `write` are the error for each kind of request."""

    statuses: range
    read: type[PlatformError]
    write: type[PlatformError]
    sentence: str
    hint: str = ""


STATUS_TABLE: tuple[Rule, ...] = (
    Rule(range(300, 400), Refused, Refused, "{host} says that it has moved.", "Set the address that it moved to."),
    Rule(range(401, 402), SignInError, SignInError, "{host} did not accept the sign-in.", "Sign in again."),
    Rule(range(403, 404), Refused, Refused, "{host} does not allow this.", "Check what the account may do there."),
    Rule(range(404, 405), Gone, Gone, "{host} has nothing at this address."),
    Rule(range(408, 409), Unreachable, OutcomeUnknown, "{host} gave up waiting for the request."),
    Rule(range(410, 411), Gone, Gone, "It no longer exists on {host}."),
    Rule(range(413, 415), Refused, Refused, "{host} found the request too long.", "Shorten the text."),
    Rule(range(425, 426), RateLimited, RateLimited, "{host} asks to try again later."),
    Rule(range(429, 430), RateLimited, RateLimited, "{host} asks us to slow down."),
    Rule(range(400, 500), Refused, Refused, "{host} refused the request."),
    Rule(range(500, 600), Unreachable, OutcomeUnknown, "{host} failed while it worked on the request."),
)
"""First match counts. A write that ended in 5xx may have been carried out: the failure can come after the act."""


@dataclass(frozen=True)
class Request:
    """One request, as it can be made again. `user_agent` None sends none."""

    method: str
    url: str
    params: Mapping[str, str] | None = None
    body: Any = None
    form: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    user_agent: str | None = USER_AGENT
    writing: bool = False


class Http:
    """A connection to one place; not for several threads at once.

    `headers()` gives what goes with each request, as a bearer token. Where `expired(answer)` says that a failed answer is about
    a token that has run out, `renew()` is called once and the request made again: such an answer did nothing. `refine(answer)`
    may name a better error for a failed answer, or return None. `window(answer)` reads what the platform says of its rate limit
    into `budget`; within `with http.background():` reads stop while only the replies' share is left. With `clock`, ours in
    instants, `lag` tells how wrong one of the two clocks is.
    """

    def __init__(
        self,
        base: str,
        *,
        sign_in: tuple[str, str] | None = None,
        headers: Callable[[], Mapping[str, str]] | None = None,
        expired: Callable[[Answer], bool] | None = None,
        renew: Callable[[], object] | None = None,
        refine: Callable[[Answer], PlatformError | None] | None = None,
        budget: Budget | None = None,
        window: Callable[[Answer], Window | None] | None = None,
        user_agent: str = USER_AGENT,
        clock: Callable[[], int] | None = None,
        transport: httpx.BaseTransport | None = None,
        attempts: int = 3,
        wait: float = 0.5,
    ) -> None:
        self.base = base
        self.host = urlsplit(base).hostname or "the platform"
        self.budget = budget
        self._headers = headers
        self._expired = expired
        self._renew = renew
        self._refine = refine
        self._window = window
        self._user_agent = user_agent
        self._clock = clock
        self.lag = 0
        """How far the other side's clock was behind ours when it last answered, in microseconds; 0 where it is not."""
        self._sign_in = sign_in
        self._transport = transport
        self._attempts = attempts
        self._wait = wait
        self._urgent = True
        self._clients: dict[bool, httpx.Client] = {}

    def __repr__(self) -> str:
        return f"Http({self.host!r})"

    def close(self) -> None:
        """Let go of the connections."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    @contextmanager
    def background(self) -> Iterator[None]:
        """Within it, reads leave the replies' share of the rate limit alone. For a generator: around each request, not each
        yield."""
        before, self._urgent = self._urgent, False
        try:
            yield
        finally:
            self._urgent = before

    def read(
        self,
        url: str,
        params: Mapping[str, str] | None,
        parse: Callable[[Answer], T],
        *,
        method: str = "GET",
        body: Any = None,
        form: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """GET and parse, repeated a few times with growing pauses while nothing usable comes back.

        `parse` raises `Unreachable` for half a document, and the request is made again. `method`, `body` and `form` are for the
        platforms that ask a question by POST: it must be one that changes nothing. Raises a `PlatformError`.
        """
        import stamina
        from stamina.instrumentation import set_on_retry_hooks

        # Its own report of a retry would go to standard error, in the middle of the screen.
        set_on_retry_hooks(())
        attempts = stamina.retry_context(
            on=Unreachable,
            attempts=self._attempts,
            timeout=60,
            wait_initial=self._wait,
            wait_max=5,
            wait_jitter=self._wait,
        )
        request = Request(method, url, params, body, form=form, headers=headers or {}, user_agent=self._user_agent)
        for attempt in attempts:
            with attempt:
                return parse(self._answered(request))
        raise AssertionError("stamina raises when the attempts are used up")

    def write(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        user_agent: str | None = "",
    ) -> Answer:
        """One request that changes something, made once; `body` goes as JSON, `form` as a form. An empty `user_agent` is ours.

        Raises a `PlatformError`; `OutcomeUnknown` means: look first.
        """
        agent = self._user_agent if user_agent == "" else user_agent
        return self._answered(
            Request(method, url, params, body, form=form, headers=headers or {}, user_agent=agent, writing=True)
        )

    def head(self, url: str) -> Answer:
        """The answer to a GET without its body, and without following it anywhere else."""
        return self._once(Request("GET", url, user_agent=self._user_agent), headers_only=True)

    def _answered(self, request: Request) -> Answer:
        """The answer of 2xx, if need be with a renewed token; everything else raises."""
        answer = self._once(request)
        if self._expired is not None and self._renew is not None and self._expired(answer):
            self._renew()
            answer = self._once(request)
        return self._checked(answer, writing=request.writing)

    def _open(self, writing: bool) -> httpx.Client:
        """The client for reads or for writes, made when first needed.

        Writes keep no connection: one that the server has just closed would make the outcome of the next write unknowable for
        no reason. Reads do, for a sync makes thousands, and can be repeated.
        """
        import httpx

        for chatty in ("httpx", "httpcore"):  # they log whole addresses, with what is asked in them
            logging.getLogger(chatty).setLevel(logging.WARNING)
        if writing not in self._clients:
            self._clients[writing] = httpx.Client(
                transport=self._transport,
                auth=httpx.BasicAuth(*self._sign_in) if self._sign_in else None,
                timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
                limits=httpx.Limits(max_keepalive_connections=0 if writing else 2, keepalive_expiry=15.0),
                follow_redirects=False,
                trust_env=not is_loopback(self.host),  # a proxy that the user has set, but never to this machine
                verify=_authorities(),
                headers={"Accept": "application/json", "Cache-Control": "no-cache"},
            )
        return self._clients[writing]

    def _once(self, asked: Request, *, headers_only: bool = False) -> Answer:
        import httpx

        if self.budget is not None:
            self.budget.spend(urgent=self._urgent or asked.writing, host=self.host)
        client = self._open(asked.writing)
        try:
            target = httpx.URL(asked.url).copy_merge_params(asked.params) if asked.params else httpx.URL(asked.url)
            request = client.build_request(asked.method, target, json=asked.body, data=asked.form)
            request.headers.update({**(self._headers() if self._headers is not None else {}), **asked.headers})
            del request.headers["User-Agent"]
            if asked.user_agent is not None:
                request.headers["User-Agent"] = asked.user_agent
            answer = client.send(request, stream=True)
            try:
                content = b"" if headers_only else _content(answer)
            finally:
                answer.close()
        except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as error:
            raise transport_error(error, self.host, writing=asked.writing) from None
        found = Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, content)
        if self.budget is not None and self._window is not None:
            self.budget.note(self._window(found))
        told = found.time()
        if self._clock is not None and told is not None:
            self.lag = max(self._clock() - int(told * SECOND), 0)
        return found

    def _checked(self, answer: Answer, *, writing: bool) -> Answer:
        if 200 <= answer.status < 300:
            return answer
        better = self._refine(answer) if self._refine is not None else None
        raise better or status_error(answer, self.host, writing=writing) from None


def is_loopback(host: str) -> bool:
    """Whether a host name means this very machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@functools.cache
def _authorities() -> ssl.SSLContext:
    """The certificates that are trusted, read once for all connections: that takes some 40 ms."""
    import httpx

    return httpx.create_ssl_context()


def _content(answer: httpx.Response) -> bytes:
    """The body, as long as it comes in reasonable time and size."""
    import httpx

    until = time.monotonic() + WHOLE_SECONDS
    parts = bytearray()
    for part in answer.iter_bytes():
        parts += part
        if len(parts) > MAX_BYTES:
            raise httpx.ReadError("too large")
        if time.monotonic() > until:
            raise httpx.ReadTimeout("too slow")
    return bytes(parts)


def transport_error(error: Exception, host: str, *, writing: bool) -> PlatformError:
    """What a failed connection means: before anything was sent nothing was done, after that nobody knows."""
    import httpx

    never_sent = (
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ProxyError,
        httpx.UnsupportedProtocol,
        httpx.LocalProtocolError,
        httpx.InvalidURL,
    )
    if isinstance(error, never_sent):
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Unreachable(
                f"The certificate of {host} is not valid.", hint="Nothing was sent. Ask whoever runs it."
            )
        return Unreachable(f"{host} could not be reached.", hint="Check the address and the network.")
    if writing:
        return OutcomeUnknown(f"The connection to {host} ended before it answered: it may have been done, or not.")
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(f"{host} did not answer in time.")
    return Unreachable(f"The connection to {host} broke.")


def status_error(answer: Answer, host: str, *, writing: bool) -> PlatformError:
    """The error for a status code, from `STATUS_TABLE`; a code that nobody foresaw counts as a failure of the
    server."""
    for rule in STATUS_TABLE:
        if answer.status in rule.statuses:
            break
    else:
        rule = STATUS_TABLE[-1]
    kind = rule.write if writing else rule.read
    code = answer.code()
    sentence = rule.sentence.format(host=host)[:-1] + f" ({answer.status}{' ' + code if code else ''})."
    if kind is Unreachable and "retry-after" in answer.headers:
        kind = RateLimited
    if kind is RateLimited:
        return RateLimited(sentence, hint=rule.hint, retry_after=retry_after(answer))
    if kind is Refused:
        return Refused(sentence, hint=rule.hint, code=code)
    return kind(sentence, hint=rule.hint)


def unreadable(host: str, *, writing: bool) -> PlatformError:
    """The error for an answer of 2xx that is not what the platform's interface gives (a login page, half a
    document)."""
    if writing:
        return OutcomeUnknown(f"{host} said yes with something unreadable: it may have been done, or not.")
    return Unreachable(
        f"{host} answered with something that is not its interface.", hint="Is something in front of it?"
    )


def retry_after(answer: Answer) -> float:
    """Seconds to wait, from `Retry-After`: a number or a date (RFC 9110 §10.2.3), 1 to `MAX_RETRY_AFTER`.

    A date is measured against the answer's own `Date`, so that a skewed clock of ours does not matter.
    """
    value = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        seconds = float(value)
    else:
        until, now = _http_date(value), answer.time()
        seconds = until - (now if now is not None else time.time()) if until is not None else DEFAULT_RETRY_AFTER
    return min(max(seconds, 1.0), MAX_RETRY_AFTER)


def _http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
