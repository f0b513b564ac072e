"""Calls of the AT Protocol: where they go, with which token, and what its error names mean to a person.

All calls go to the account's own server (PDS). It answers `com.atproto.*` itself and passes `app.bsky.*` on to
Bluesky's AppView; the header `atproto-proxy` names another service, as for direct messages and for Ozone. An error is
an HTTP status and a body `{"error": NAME, "message": prose}`; only the name counts here, the prose is the other side's.

The secret is a JSON text with the app password and both tokens, so that they are kept and replaced together; an app
password alone is taken as well and exchanged at the first need. An access token lasts two hours, a refresh token two or
three months and for one use.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from modconsole.connectors.bluesky_text import is_did
from modconsole.connectors.budget import Budget, Window
from modconsole.connectors.http import MAX_RETRY_AFTER, Answer, Http, unreadable
from modconsole.connectors.signing import Credentials
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
    import httpx

T = TypeVar("T")

POSTS_AT_ONCE = 25
"""How many posts `app.bsky.feed.getPosts` gives at once (lexicon)."""
PAGE = 100
"""The largest page of every list that is read here (lexicons)."""
CHAT = "did:web:api.bsky.chat#bsky_chat"
"""Where direct messages are kept (the developers' guide, "API directory")."""
NEW_PASSWORD = "Make a new app password (Settings, Privacy and security, App passwords) and sign in again."  # noqa: S105

ERRORS: dict[str, tuple[type[PlatformError], str, str]] = {
    "AuthenticationRequired": (SignInError, "Bluesky did not accept the sign-in.", NEW_PASSWORD),
    "AuthMissing": (SignInError, "Bluesky did not accept the sign-in.", NEW_PASSWORD),
    "ExpiredToken": (SignInError, "The sign-in to Bluesky has run out.", NEW_PASSWORD),
    "InvalidToken": (SignInError, "Bluesky did not accept the sign-in.", NEW_PASSWORD),
    "AuthFactorTokenRequired": (
        SignInError,
        "Bluesky asks for the code that it sends by e-mail: this is the account's own password.",
        "Use an app password: it needs no code.",
    ),
    "AccountTakedown": (SignInError, "Bluesky has suspended this account.", "Ask Bluesky's support."),
    "AccountDeactivated": (SignInError, "This account is deactivated.", "Activate it in the app first."),
    "RecordNotFound": (Gone, "The post no longer exists.", ""),
    "NotFound": (Gone, "The post no longer exists.", ""),
    "RepoNotFound": (Gone, "The account no longer exists.", ""),
    "InvalidConvo": (Gone, "The conversation no longer exists.", ""),
    "InvalidSwap": (Refused, "Somebody changed it at the same time.", "Look at it again."),
    "BlockedActor": (Refused, "One of you has blocked the other.", ""),
    "BlockedByActor": (Refused, "This person has blocked the account.", ""),
    "MessagesDisabled": (Refused, "This person takes no direct messages.", ""),
    "NotFollowedBySender": (Refused, "This person takes direct messages only from those they follow.", ""),
    "RecipientNotFound": (Gone, "This account no longer exists.", ""),
    "ConvoLocked": (Refused, "The conversation is closed.", ""),
}
"""Error names of the lexicons and what they mean to us. `InvalidRequest` says nothing and stays with its status."""

_FOR_ANOTHER_METHOD = ("Bad token method", "Bad token scope")
"""What the server adds to `InvalidToken` where the token is good and only not for this: renewing it would change nothing."""


class Tokens(msgspec.Struct, omit_defaults=True):
    """The secret of a source, as it is kept."""

    password: str
    access: str = ""
    refresh: str = ""

    def text(self) -> str:
        """As it is kept."""
        return msgspec.json.encode(self).decode()


def tokens(secret: str) -> Tokens:
    """The kept secret; an app password alone is one without tokens."""
    if secret.lstrip().startswith("{"):
        with contextlib.suppress(msgspec.DecodeError):
            return msgspec.json.decode(secret, type=Tokens)
    return Tokens(secret.strip())


def scope(token: str) -> str:
    """What an access token is for, in the word it carries itself; empty where it cannot be read."""
    part = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (msgspec.DecodeError, binascii.Error, UnicodeDecodeError):
        return ""
    found = claims.get("scope") if isinstance(claims, dict) else None
    return found if isinstance(found, str) else ""


class Session(msgspec.Struct, rename="camel"):
    """A session as `createSession` and `refreshSession` give it."""

    access_jwt: str
    refresh_jwt: str
    did: str
    handle: str = ""
    did_doc: Any = None


class Commit(msgspec.Struct):
    """What was written: where, and which version."""

    uri: str
    cid: str


def error_name(answer: Answer) -> str:
    """The protocol's word for the reason, or empty."""
    body = answer.json()
    name = body.get("error", "") if isinstance(body, dict) else ""
    return name if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_]{1,80}", name) else ""


def expired(answer: Answer) -> bool:
    """Whether a token has run out. The protocol says so with 400, not with 401."""
    if answer.status not in (400, 401):
        return False  # before the body is decoded: this is asked of every answer
    name = error_name(answer)
    if name == "InvalidToken":
        return answer.json().get("message") not in _FOR_ANOTHER_METHOD
    return name in ("ExpiredToken", "AuthMissing")


def refine(answer: Answer) -> PlatformError | None:
    """The error behind one of the protocol's names. A 5xx says nothing about what was done, whatever its name."""
    name = error_name(answer)
    if answer.status == 429:
        if "retry-after" in answer.headers:
            return None
        seconds = _until_reset(answer)
        return RateLimited("Bluesky asks us to slow down (429).", hint="", retry_after=seconds) if seconds else None
    if answer.status >= 500 or name not in ERRORS:
        return _meant(answer, name)
    if name == "InvalidToken" and not expired(answer):
        return Refused(
            "This app password may not read or write direct messages.",
            hint="Make one with “Allow access to your direct messages” ticked, and sign in again.",
            code="not_for_messages",
        )
    kind, sentence, hint = ERRORS[name]
    if name.startswith("Account") and answer.status != 401:  # asked about somebody else, not signing in
        return Gone("The account is not there any more.", hint="It may come back: it is deactivated or suspended.")
    return kind(sentence, hint=hint, code=name) if issubclass(kind, Refused) else kind(sentence, hint=hint)


def _meant(answer: Answer, name: str) -> PlatformError | None:
    """An error of 4xx whose name we do not know keeps it, so that a person can look it up."""
    if 400 <= answer.status < 500 and answer.status not in (401, 403, 404, 408, 413, 425) and name:
        return Refused(f"Bluesky refused the request ({answer.status} {name}).", code=name)
    return None


def window(answer: Answer) -> Window | None:
    """What the server says of its rate limit: `ratelimit-remaining` of `ratelimit-limit`, until `ratelimit-reset`
    (epoch seconds).
    """
    left, limit = (answer.headers.get(f"ratelimit-{name}", "") for name in ("remaining", "limit"))
    seconds = _until_reset(answer)
    if seconds is None or not left.isascii() or not left.isdigit():
        return None
    return Window(int(left), seconds, int(limit) if limit.isascii() and limit.isdigit() else None)


def _until_reset(answer: Answer) -> float | None:
    """Seconds until the window ends, by the server's own clock where it gives it."""
    reset = answer.headers.get("ratelimit-reset", "")
    if not reset.isascii() or not reset.isdigit() or len(reset) > 12:
        return None
    now = answer.time()
    return min(max(int(reset) - (now if now is not None else time.time()), 1.0), MAX_RETRY_AFTER)


class Api:
    """The calls of one account. Not for several threads at once.

    Writes keep their own count on the server, so only what it says of reads goes into the budget.
    """

    def __init__(
        self,
        pds: str,
        credentials: Credentials,
        did: str,
        *,
        clock: Callable[[], int],
        chat: str = CHAT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.did = did
        self.pds = pds
        self._chat = chat
        self._credentials = credentials
        self._counting = True
        self.first_answer: float | None = None
        """The server's clock at its first answer since this was last set to None, in seconds since 1970."""
        self.http = Http(
            pds,
            headers=self._bearer,
            expired=expired,
            renew=self._renew,
            refine=refine,
            budget=Budget(),
            window=self._heard,
            clock=clock,
            transport=transport,
        )
        self._session = Http(pds, refine=refine, transport=transport)

    def close(self) -> None:
        """Let go of connections."""
        self.http.close()
        self._session.close()

    # ------------------------------------------------------------------ the session

    def _bearer(self) -> Mapping[str, str]:
        access = tokens(self._credentials.secret).access
        return {"Authorization": f"Bearer {access}"} if access else {}

    def _renew(self) -> None:
        """New tokens for all who use this secret; the first to come gets them."""
        self._credentials.renew(self._credentials.secret, self._fetch)

    def _fetch(self, kept: str) -> str:
        """The secret with new tokens: from the refresh token, else, where that has run out, from the app password."""
        have = tokens(kept)
        if have.refresh:
            with contextlib.suppress(SignInError, Refused):
                return self._taken(have, refresh(self._session, have.refresh))
        if not have.password:
            raise SignInError("The sign-in to Bluesky has run out.", hint=NEW_PASSWORD)
        return self._taken(have, create_session(self._session, self.did, have.password))

    def _taken(self, have: Tokens, session: Session) -> str:
        if session.did != self.did:
            raise SignInError("The server signed another account in than this source's.", hint="Sign in again.")
        return Tokens(have.password, session.access_jwt, session.refresh_jwt).text()

    def scope(self) -> str:
        """What our token is for."""
        return scope(tokens(self._credentials.secret).access)

    # ------------------------------------------------------------------ calls

    def url(self, name: str) -> str:
        """The address of a method."""
        return f"{self.pds.rstrip('/')}/xrpc/{name}"

    def get(
        self,
        name: str,
        kind: type[T],
        query: Mapping[str, str] | None = None,
        *,
        several: Mapping[str, Sequence[str]] | None = None,
        proxy: str = "",
    ) -> T:
        """Ask, and decode the answer. `several` are parameters that may come more than once."""
        from urllib.parse import urlencode

        pairs = [(key, value) for key, values in (several or {}).items() for value in values]
        address = self.url(name) + (f"?{urlencode(pairs)}" if pairs else "")
        headers = {"atproto-proxy": proxy} if proxy else None
        return self.http.read(address, query, lambda got: self._decode(got, kind, writing=False), headers=headers)

    def post(self, name: str, kind: type[T], body: Any, *, proxy: str = "") -> T:
        """One change, made once. Raises `OutcomeUnknown` where it may have been done."""
        with self._uncounted():
            answer = self.http.write("POST", self.url(name), body, headers={"atproto-proxy": proxy} if proxy else None)
        return self._decode(answer, kind, writing=True)

    def done(self, name: str, body: Any, *, proxy: str = "") -> None:
        """One change whose answer says nothing."""
        with self._uncounted():
            self.http.write("POST", self.url(name), body, headers={"atproto-proxy": proxy} if proxy else None)

    def chat(self, name: str, kind: type[T], query: Mapping[str, str] | None = None) -> T:
        """Ask the service that keeps direct messages."""
        return self.get(f"chat.bsky.convo.{name}", kind, query, proxy=self._chat)

    def chat_post(self, name: str, kind: type[T], body: Any) -> T:
        """Tell the service that keeps direct messages."""
        return self.post(f"chat.bsky.convo.{name}", kind, body, proxy=self._chat)

    def _heard(self, answer: Answer) -> Window | None:
        if self.first_answer is None:
            self.first_answer = answer.time()
        return window(answer) if self._counting else None

    @contextlib.contextmanager
    def _uncounted(self) -> Iterator[None]:
        self._counting = False
        try:
            yield
        finally:
            self._counting = True

    def _decode(self, answer: Answer, kind: type[T], *, writing: bool) -> T:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise unreadable(self.http.host, writing=writing) from None

    # ------------------------------------------------------------------ records of a repository

    def record(self, did: str, collection: str, key: str, kind: type[T]) -> T | None:
        """A record as it lies in a repository; None where the repository has none such. Our own server knows ours at once."""
        query = {"repo": did, "collection": collection, "rkey": key}
        try:
            return self.get("com.atproto.repo.getRecord", kind, query)
        except Gone:
            return None

    def put(self, collection: str, key: str, record: Mapping[str, Any], swap: str | None) -> Commit:
        """Write a record of ours where `swap` is what lies there now (None: nothing). The same record once more changes
        nothing.

        Raises `Refused` with the code `InvalidSwap` where something else lies there.
        """
        body = {"repo": self.did, "collection": collection, "rkey": key, "record": record, "swapRecord": swap}
        return self.post("com.atproto.repo.putRecord", Commit, body)

    def delete(self, collection: str, key: str) -> None:
        """Delete a record of ours; one that is not there is deleted already."""
        body = {"repo": self.did, "collection": collection, "rkey": key}
        self.done("com.atproto.repo.deleteRecord", body)

    def resolve(self, handle: str) -> str | None:
        """The DID of a handle; None where nobody has it."""
        try:
            found = self.get("com.atproto.identity.resolveHandle", dict[str, Any], {"handle": handle}).get("did")
        except (Refused, Gone):
            return None
        return found if isinstance(found, str) and is_did(found) else None


# ------------------------------------------------------------------ sessions


def create_session(http: Http, identifier: str, password: str) -> Session:
    """A session from a password. Made once: each try counts against 30 in five minutes and 300 a day."""
    return _session(http, "createSession", {"identifier": identifier, "password": password}, {})


def refresh(http: Http, token: str) -> Session:
    """A session from a refresh token, which is spent by it."""
    return _session(http, "refreshSession", None, {"Authorization": f"Bearer {token}"})


def _session(http: Http, name: str, body: Any, headers: Mapping[str, str]) -> Session:
    try:
        answer = http.write("POST", f"{http.base.rstrip('/')}/xrpc/com.atproto.server.{name}", body, headers=headers)
    except OutcomeUnknown:  # a session that nobody knows of does no harm, and a spent refresh token is good for a while
        raise Unreachable(f"{http.host} did not finish the sign-in.", hint="Try again.") from None
    try:
        return msgspec.json.decode(answer.body, type=Session)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise unreadable(http.host, writing=False) from None


def each(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in portions."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
