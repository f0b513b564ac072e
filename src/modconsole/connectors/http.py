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
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from modconsole import __version__
from modconsole.connectors.answers import (
    DEFAULT_RETRY_AFTER,
    MAX_RETRY_AFTER,
    STATUS_TABLE,
    Answer,
    retry_after,
    status_error,
    transport_error,
    unreadable,
)
from modconsole.connectors.budget import Budget, Window
from modconsole.connectors.writes import aside, change, question
from modconsole.domain.times import SECOND
from modconsole.errors import PlatformError, Unreachable

if TYPE_CHECKING:
    import ssl

    import httpx

__all__ = [
    "DEFAULT_RETRY_AFTER",
    "MAX_RETRY_AFTER",
    "STATUS_TABLE",
    "USER_AGENT",
    "Answer",
    "Http",
    "Request",
    "is_loopback",
    "retry_after",
    "status_error",
    "transport_error",
    "unreadable",
]

T = TypeVar("T")

USER_AGENT = f"modconsole/{__version__}"
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
WHOLE_SECONDS = 120.0
"""The longest a whole answer may take: a server that sends a byte now and then must not hold a sync for ever."""
MAX_BYTES = 32 * 1024 * 1024
"""The largest answer that is read. A hundred comments of the greatest length that WordPress stores are 7 MB."""


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
        with question():
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
        check: Callable[[Answer], object] = lambda _: None,
    ) -> Answer:
        """One request that changes something, made once; `body` goes as JSON, `form` as a form. An empty `user_agent` is ours.

        `check` is for the platforms that say no with a success (200 and a list of errors): it raises what the answer says. What
        is raised later comes after a write that is done (see `connectors.writes`). Raises a `PlatformError`; `OutcomeUnknown`
        means: look first.
        """
        agent = self._user_agent if user_agent == "" else user_agent
        request = Request(method, url, params, body, form=form, headers=headers or {}, user_agent=agent, writing=True)
        with change():
            answer = self._answered(request)
            check(answer)
            return answer

    def head(self, url: str) -> Answer:
        """The answer to a GET without its body, and without following it anywhere else."""
        with question():
            return self._once(Request("GET", url, user_agent=self._user_agent), headers_only=True)

    def _answered(self, request: Request) -> Answer:
        """The answer of 2xx, if need be with a renewed token; everything else raises."""
        answer = self._once(request)
        if self._expired is not None and self._renew is not None and self._expired(answer):
            with aside():
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
