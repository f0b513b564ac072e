"""Calls of Reddit's interface: what is asked, how it is decoded, and what its errors mean to a person.

Reddit says no in two ways: with a status code and a `reason`, or with 200 and `{"json": {"errors": [[code, words,
field]]}}`. Where there are errors nothing was done. Everything is asked with `raw_json=1`; without it, `<`, `>` and `&` in
texts come as entities.

Sources: reddit.com/dev/api, r2/lib/errors.py of Reddit's archived source for the codes, and the recorded answers for the shapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from modconsole.connectors.budget import Window
from modconsole.connectors.http import DEFAULT_RETRY_AFTER, MAX_RETRY_AFTER, Answer, Http, unreadable
from modconsole.connectors.reddit_map import Listed, Listing
from modconsole.errors import Gone, OutcomeUnknown, PlatformError, RateLimited, Refused, SignInError

PER_PAGE = 100
"""The most that a list gives at once; more is cut to it without a word."""
PER_INFO = 100
"""The most things that are asked for by their names at once."""
WINDOW = 1_000
"""How far back any list reaches."""
MAX_CHARACTERS = 10_000
"""The longest comment or message, in characters (`VMarkdownLength` in r2/controllers/api.py counts code points)."""

T = TypeVar("T")

_NOT_HERE = "Ask a moderator with the right to do it."
CODES: dict[str, tuple[type[PlatformError], str, str]] = {
    "USER_REQUIRED": (SignInError, "Reddit wants a sign-in for this.", "Sign in again under the source's settings."),
    "THREAD_LOCKED": (Refused, "The thread is locked.", "Unlock it first, or leave it."),
    "TOO_OLD": (
        Refused,
        "The post is archived: nobody can reply there any more.",
        "Close the question, with that as the reason.",
    ),
    "DELETED_COMMENT": (Gone, "The comment has been deleted.", ""),
    "DELETED_LINK": (Gone, "The post has been deleted.", ""),
    "DELETED_THING": (Gone, "It has been deleted.", ""),
    "TOO_LONG": (Refused, "The text is too long.", f"Reddit takes {MAX_CHARACTERS:,} characters. Shorten it."),
    "NO_TEXT": (Refused, "Reddit takes the text for empty.", ""),
    "NO_THING_ID": (Refused, "Reddit does not know what is to be answered.", ""),
    "USER_BLOCKED": (Refused, "One of the two accounts has blocked the other.", "Answer from another account."),
    "NOT_WHITELISTED_BY_USER_MESSAGE": (Refused, "The person takes no messages from this account.", ""),
    "USER_MUTED": (Refused, "The person is muted in modmail.", "Unmute them first."),
    "MUTED_FROM_SUBREDDIT": (Refused, "This account is muted there.", ""),
    "BANNED_FROM_SUBREDDIT": (Refused, "This account is banned there.", ""),
    "SUBREDDIT_NOTALLOWED": (Refused, "This account may not write there.", _NOT_HERE),
    "SUBREDDIT_NOEXIST": (Gone, "The subreddit does not exist.", ""),
    "SUBREDDIT_OUTBOUND_LINKING_DISALLOWED": (Refused, "The subreddit takes no such links.", "Leave the link away."),
    "SOMETHING_IS_BROKEN": (Refused, "Reddit would not take it, and gave no reason.", "Try again later."),
    "TOO_MANY_COMMENTS": (Refused, "There are too many comments of ours on this post.", ""),
    "USER_DOESNT_EXIST": (Gone, "The account does not exist.", ""),
    "CANT_RESTRICT_MODERATOR": (Refused, "Moderators cannot be banned or muted.", ""),
    "BAD_STRING": (Refused, "The text has a character that Reddit does not take.", ""),
    "DOMAIN_BANNED": (Refused, "The text has a link that Reddit does not take.", ""),
    "VERIFIED_USER_REQUIRED": (Refused, "Reddit wants this account to have a valid e-mail address.", "Add one there."),
    "private": (Refused, "The subreddit is private, and this account is not in it.", "Ask its moderators."),
    "banned": (Gone, "Reddit has banned the subreddit.", ""),
    "quarantined": (Refused, "The subreddit is quarantined.", "Open it once in the browser with this account."),
}
"""Reddit's codes and what they mean to us. Any other is said as it is."""


class _Json(Struct):
    """What comes inside `json`."""

    errors: list[list[str | None]] = msgspec.field(default_factory=list)
    data: Raw = Raw(b"{}")


class Envelope(Struct):
    """The answer to a change asked with `api_type=json`; many changes are answered with `{}` alone."""

    json: _Json = msgspec.field(default_factory=_Json)


class Things(Struct):
    """What a change made: the new comment or message."""

    things: list[Raw] = msgspec.field(default_factory=list)


class Reason(Struct):
    """The body of a refusal with a status code."""

    reason: str | None = None


def refine(answer: Answer) -> PlatformError | None:
    """The error behind a refusal with a status code. A 5xx says nothing about what was done."""
    if answer.status == 429 and "retry-after" not in answer.headers:
        window = rate_window(answer)
        wait = window.seconds if window is not None else DEFAULT_RETRY_AFTER
        return RateLimited("Reddit asks us to slow down (429).", retry_after=min(max(wait, 1.0), MAX_RETRY_AFTER))
    if answer.status == 403 and "insufficient_scope" in answer.headers.get("www-authenticate", ""):
        return Refused(
            "This sign-in does not include the right to that.",
            hint="Sign in again and allow everything.",
            code="insufficient_scope",
        )
    if not 400 <= answer.status < 500:
        return None
    try:
        reason = msgspec.json.decode(answer.body, type=Reason).reason or ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return _error(reason, "") if reason in CODES else None


def rate_window(answer: Answer) -> Window | None:
    """What `X-Ratelimit-…` says: requests left, as a decimal number, and the seconds until the window ends."""
    left, seconds = answer.headers.get("x-ratelimit-remaining", ""), answer.headers.get("x-ratelimit-reset", "")
    used = answer.headers.get("x-ratelimit-used", "")
    if not re.fullmatch(r"\d{1,9}(\.\d+)?", left) or not re.fullmatch(r"\d{1,6}(\.\d+)?", seconds):
        return None
    spent = int(used) if re.fullmatch(r"\d{1,9}", used) else None
    return Window(int(float(left)), float(seconds), int(float(left)) + spent if spent is not None else None)


def pause(words: str) -> float:
    """Seconds to wait, from the words of a `RATELIMIT`: "… a break for 3 minutes …", "… try again in 6 seconds."."""
    said = re.search(r"(\d{1,6}) (millisecond|second|minute|hour)", words)
    if said is None:
        return DEFAULT_RETRY_AFTER
    unit = {"millisecond": 0.001, "second": 1.0, "minute": 60.0, "hour": 3600.0}[said[2]]
    return min(int(said[1]) * unit + 1.0, MAX_RETRY_AFTER)


def _error(code: str, words: str) -> PlatformError:
    if code == "RATELIMIT":
        return RateLimited(
            "Reddit wants this account to take a break before it writes again.", retry_after=pause(words)
        )
    known = re.fullmatch(r"[A-Za-z_]{1,80}", code) is not None
    kind, sentence, hint = CODES.get(code, (Refused, f"Reddit refused it{f' ({code})' if known else ''}.", ""))
    if issubclass(kind, Refused):
        return kind(sentence, hint=hint, code=code if known else "")
    return kind(sentence, hint=hint)


class Api:
    """The calls. `http` goes to Reddit's interface with a token."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self.heard: float | None = None
        """Reddit's clock with the latest answer to a read, in seconds."""

    def get(self, path: str, kind: type[T], query: Mapping[str, str] | None = None) -> T:
        """One read, decoded; half a document is asked for again."""
        return self.read(path, kind, query)[0]

    def read(self, path: str, kind: type[T], query: Mapping[str, str] | None = None) -> tuple[T, Answer]:
        """Like `get`, with the answer that it came in."""
        found, answer = self.http.read(
            self._url(path), {**(query or {}), "raw_json": "1"}, lambda got: (self._decoded(got, kind), got)
        )
        self.heard = answer.time() or self.heard
        return found, answer

    def listing(self, path: str, query: Mapping[str, str] | None = None) -> Listing:
        """One page of a list."""
        return self.get(path, Listed, {"limit": str(PER_PAGE), **(query or {})}).data

    def info(self, names: Iterable[str]) -> list[Raw]:
        """The comments and posts with these fullnames, as far as they are shown to us; the others are left out."""
        wanted = ",".join(names)
        return self.get("/api/info", Listed, {"id": wanted, "limit": str(PER_INFO)}).data.children if wanted else []

    def more(self, link: str, children: Iterable[str]) -> list[Raw]:
        """Comments that were left out of a tree, and the stubs among those below them.

        A question, although Reddit wants it as a POST: in the address, a hundred ids would be too long (414).
        """
        form = {"api_type": "json", "link_id": link, "children": ",".join(children), "sort": "new"}
        envelope = self.http.read(
            self._url("/api/morechildren"),
            {"raw_json": "1"},
            lambda got: self._decoded(got, Envelope),
            method="POST",
            form=form,
        )
        if envelope.json.errors:
            raise self._said(envelope)
        return msgspec.json.decode(envelope.json.data, type=Things).things

    def write(
        self,
        path: str,
        form: Mapping[str, str] | None = None,
        *,
        method: str = "POST",
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """One change, made once. Raises what Reddit says against it, also where it says so with 200."""
        whole = {"api_type": "json", **form} if form is not None else None
        asked = {**(query or {}), "raw_json": "1"}
        return self.http.write(method, self._url(path), form=whole, params=asked, check=self._objections)

    def _objections(self, answer: Answer) -> None:
        """Raise what Reddit says against a change with 200."""
        if not answer.body.lstrip().startswith(b"{"):
            return
        try:
            envelope = msgspec.json.decode(answer.body, type=Envelope)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise unreadable(self.http.host, writing=True) from None
        if envelope.json.errors:
            raise self._said(envelope)

    def made(self, answer: Answer) -> list[Raw]:
        """The things that a change gave back. None at all is a doubt: Reddit took it and shows nothing."""
        try:
            envelope = msgspec.json.decode(answer.body, type=Envelope)
            things = msgspec.json.decode(envelope.json.data, type=Things).things
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise unreadable(self.http.host, writing=True) from None
        if not things:
            raise OutcomeUnknown("Reddit said yes and showed nothing: it may have been done, or not.")
        return things

    def decoded(self, answer: Answer, kind: type[T]) -> T:
        """The answer to a change as what it should be."""
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise unreadable(self.http.host, writing=True) from None

    def _decoded(self, answer: Answer, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise unreadable(self.http.host, writing=False) from None

    def _said(self, envelope: Envelope) -> PlatformError:
        first: list[Any] = [*envelope.json.errors[0], None, None]
        return _error(str(first[0] or ""), str(first[1] or ""))

    def _url(self, path: str) -> str:
        return self.http.base + path
