"""What came back from a platform, and what it means when it is no success: one table of status codes for all of them.

Errors are made of our own sentences, the host and the platform's code for the reason. Nothing that the other side wrote in prose,
no address with its query and no credential gets into them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from modconsole.errors import (
    Gone,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Refused,
    SignInError,
    Unreachable,
)

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
