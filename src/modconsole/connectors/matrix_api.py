"""Calls of the Matrix client-server interface: what is asked, how it is decoded, and what its error codes mean to a
person.

The secret of a source is a *session*: JSON with the access token, and where the homeserver gives them a refresh token
and the device; or an access token alone, pasted from another client. An access token that has run out answers 401
`M_UNKNOWN_TOKEN` and did nothing, so the request is made again with a renewed one. Refreshing may be repeated: the old
refresh token holds until the new access token is used for the first time (client-server API, "Refreshing access
tokens").
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Raw, Struct

from modconsole.connectors.budget import Budget, Window
from modconsole.connectors.http import DEFAULT_RETRY_AFTER, MAX_RETRY_AFTER, Answer, Http, retry_after, unreadable
from modconsole.connectors.signing import Credentials
from modconsole.errors import (
    Gone,
    InputError,
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

_AGAIN = "Sign in to the source again."

CODES: dict[str, tuple[type[PlatformError], str, str]] = {
    "M_UNKNOWN_TOKEN": (SignInError, "The homeserver does not know this session any more.", _AGAIN),
    "M_MISSING_TOKEN": (SignInError, "The homeserver got no access token.", _AGAIN),
    "M_USER_DEACTIVATED": (SignInError, "The account was deactivated.", "Sign in with another account."),
    "M_USER_LOCKED": (SignInError, "The account is locked.", "Ask whoever runs the homeserver."),
    "M_USER_SUSPENDED": (Refused, "The account is suspended: it can only read.", "Ask whoever runs the homeserver."),
    "M_FORBIDDEN": (Refused, "The account may not do this.", "Check its power level in the room."),
    "M_GUEST_ACCESS_FORBIDDEN": (Refused, "The account may not do this in the room.", "Join the room first."),
    "M_BAD_STATE": (Refused, "The room does not allow this now.", "Look at the person's membership first."),
    "M_CONSENT_NOT_GIVEN": (Refused, "The homeserver's terms were not accepted.", "Accept them in a Matrix client."),
    "M_RESOURCE_LIMIT_EXCEEDED": (Refused, "The homeserver has reached a limit.", "Ask whoever runs it."),
    "M_TOO_LARGE": (Refused, "The message is too long for an event.", "Shorten it."),
    "M_NOT_FOUND": (Gone, "The homeserver has nothing of that id that this account may see.", ""),
    "M_UNRECOGNIZED": (Refused, "The homeserver does not have this function.", "A newer version may."),
    "M_INCOMPATIBLE_ROOM_VERSION": (Refused, "The homeserver is too old for this room.", "Ask whoever runs it."),
    "M_UNSUPPORTED_ROOM_VERSION": (Refused, "The homeserver is too old for this room.", "Ask whoever runs it."),
}
"""Matrix' codes and what they mean to us (client-server API, "Common error codes" and "Other error codes")."""


def error_code(answer: Answer) -> str:
    """The `errcode` of a failed answer: capitals, digits, dots and underscores only, or empty."""
    body = answer.json()
    code = body.get("errcode", "") if isinstance(body, dict) else ""
    return code if isinstance(code, str) and re.fullmatch(r"[A-Za-z0-9_.]{1,80}", code) else ""


def refine(answer: Answer) -> PlatformError | None:
    """The error behind one of Matrix' own codes. A 5xx says nothing about what was done, whatever its code."""
    code = error_code(answer)
    if answer.status >= 500:
        return None
    if answer.status == 429:
        return RateLimited("The homeserver asks us to slow down.", retry_after=_pause(answer))
    if code not in CODES:
        return Refused(f"The homeserver refused the request ({answer.status} {code}).", code=code) if code else None
    kind, sentence, hint = CODES[code]
    if issubclass(kind, Refused):
        return kind(sentence, hint=hint, code=code)
    return kind(sentence, hint=hint)


def _pause(answer: Answer) -> float:
    """Seconds to wait: the `Retry-After` header, or the older `retry_after_ms` in the body."""
    if "retry-after" in answer.headers:
        return retry_after(answer)
    body = answer.json()
    wait = body.get("retry_after_ms") if isinstance(body, dict) else None
    seconds = wait / 1000 if isinstance(wait, int | float) and wait > 0 else DEFAULT_RETRY_AFTER
    return float(min(max(seconds, 1.0), MAX_RETRY_AFTER))


def window(answer: Answer) -> Window | None:
    """Matrix states no budget beforehand. After a refusal nothing is left until its pause is over, but for what is
    urgent."""
    return Window(0, _pause(answer)) if answer.status == 429 else None


# ---------------------------------------------------------------------- the session


class Session(Struct, omit_defaults=True):
    """What a source signs in with. `device` is the device id, within which a transaction id makes a send idempotent."""

    access_token: str
    refresh_token: str = ""
    device: str = ""

    def secret(self) -> str:
        """As it is kept."""
        return msgspec.json.encode(self).decode()


def session_of(secret: str) -> Session:
    """The session in a kept secret; a bare access token is one as well. Raises `InputError`."""
    text = secret.strip()
    if not text:
        raise InputError("The access token is missing.", hint=_AGAIN)
    if not text.startswith("{"):
        return Session(text)
    try:
        return msgspec.json.decode(text, type=Session)
    except msgspec.DecodeError:
        raise InputError("The kept session cannot be read.", hint=_AGAIN) from None


def refreshed(homeserver: str, kept: str, transport: httpx.BaseTransport | None) -> str:
    """A new session for one that has run out, as it is to be kept. Raises `SignInError` where a person must sign in."""
    session = session_of(kept)
    if not session.refresh_token:
        raise SignInError("The homeserver has ended this session.", hint=_AGAIN)
    web = Http(homeserver, refine=refine, transport=transport)
    try:
        answer = web.write("POST", f"{homeserver}/_matrix/client/v3/refresh", {"refresh_token": session.refresh_token})
        new = msgspec.json.decode(answer.body, type=Session)
    except (OutcomeUnknown, msgspec.DecodeError):
        raise Unreachable("The homeserver did not say whether it has renewed the session.") from None
    except (Refused, Gone):
        raise SignInError("The homeserver does not renew this session.", hint=_AGAIN) from None
    finally:
        web.close()
    return Session(new.access_token, new.refresh_token or session.refresh_token, session.device).secret()


# ---------------------------------------------------------------------- answers


class Timeline(Struct):
    """A stretch of a room's events; `limited` where it does not reach back to the last sync."""

    events: list[Raw] = []
    limited: bool = False
    prev_batch: str | None = None


class Events(Struct):
    """A list of events that are no timeline."""

    events: list[Raw] = []


class Summary(Struct):
    """What a client needs to name a room without knowing all its members; only what has changed is given."""

    heroes: list[str] | None = msgspec.field(default=None, name="m.heroes")
    joined: int | None = msgspec.field(default=None, name="m.joined_member_count")
    invited: int | None = msgspec.field(default=None, name="m.invited_member_count")


class RoomPart(Struct):
    """What a sync says of a room that we are in, or have left."""

    timeline: Timeline = msgspec.field(default_factory=Timeline)
    state: Events = msgspec.field(default_factory=Events)
    summary: Summary = msgspec.field(default_factory=Summary)


class InvitedPart(Struct):
    """What a sync says of a room that we are invited to: a few state events, without ids or times."""

    invite_state: Events = msgspec.field(default_factory=Events)


class RoomParts(Struct):
    """The rooms of a sync by what we are there."""

    join: dict[str, RoomPart] = {}
    leave: dict[str, RoomPart] = {}
    invite: dict[str, InvitedPart] = {}


class SyncAnswer(Struct):
    """One answer of `/sync`."""

    next_batch: str
    rooms: RoomParts = msgspec.field(default_factory=RoomParts)
    account_data: Events = msgspec.field(default_factory=Events)


class Chunk(Struct):
    """One page of a room's history. Only an absent `end` says that there is no more: an empty page does not."""

    chunk: list[Raw] = []
    end: str | None = None
    state: list[Raw] = []


class Who(Struct):
    """The account behind a token."""

    user_id: str
    device_id: str = ""


# ---------------------------------------------------------------------- calls


def seg(text: str) -> str:
    """An id as one segment of a path."""
    return quote(text, safe="")


class Api:
    """The calls of one account. `background()` gives the same calls as a pull makes them."""

    def __init__(
        self,
        homeserver: str,
        credentials: Credentials,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self.homeserver = homeserver
        self._credentials = credentials
        self._transport = transport
        self._secret = credentials.secret
        self._quiet = False
        self._who: Who | None = None
        self.http = Http(
            homeserver,
            headers=lambda: {"Authorization": f"Bearer {session_of(self._secret).access_token}"},
            expired=lambda answer: answer.status == 401 and error_code(answer) == "M_UNKNOWN_TOKEN",
            renew=self._renew,
            refine=refine,
            budget=Budget(),
            window=window,
            clock=clock,
            transport=transport,
        )

    def _renew(self) -> None:
        self._secret = self._credentials.renew(
            self._secret, lambda kept: refreshed(self.homeserver, kept, self._transport)
        )

    def background(self) -> Api:
        """These calls, but leaving the homeserver's patience to people's replies."""
        quiet = copy.copy(self)
        quiet._quiet = True
        return quiet

    def read(self, path: str, kind: type[T], query: Mapping[str, str] | None = None) -> tuple[T, Answer]:
        """A read, decoded, with the answer that it came in. `path` begins with the version."""

        def parse(answer: Answer) -> tuple[T, Answer]:
            try:
                return msgspec.json.decode(answer.body, type=kind), answer
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                raise unreadable(self.http.host, writing=False) from None

        with self.http.background() if self._quiet else nullcontext():
            return self.http.read(f"{self.homeserver}/_matrix/client/{path}", query, parse)

    def write(self, method: str, path: str, body: Any) -> dict[str, Any]:
        """One change, made once; what the homeserver says to it."""
        answer = self.http.write(method, f"{self.homeserver}/_matrix/client/{path}", body)
        said = answer.json()
        if not isinstance(said, dict):
            raise unreadable(self.http.host, writing=True)
        return said

    def who(self, *, again: bool = False) -> Who:
        """The account that the token belongs to; asked once and remembered."""
        if self._who is None or again:
            self._who = self.read("v3/account/whoami", Who)[0]
        return self._who

    def sync(self, since: str | None, filter_: Mapping[str, Any], ask: str = "") -> tuple[SyncAnswer, Answer]:
        """What has happened since a token, at once; without one, how everything stands. Does not make us look present.

        Synapse keeps an answer for two minutes and gives it again to the same question
        (`sync_response_cache_duration`). So `ask` makes it another question, by asking for account data that nobody
        has. Without it a first sync that takes longer than anybody waits can be fetched by asking again, at the price
        of an answer that may be two minutes old.
        """
        if ask:
            types = [*filter_["account_data"]["types"], f"modconsole.{ask}"]
            filter_ = {**filter_, "account_data": {"types": types}}
        query = {"filter": msgspec.json.encode(filter_).decode(), "timeout": "0", "set_presence": "offline"}
        return self.read("v3/sync", SyncAnswer, {**query, "since": since} if since else query)

    def messages(self, room: str, start: str | None, stop: str | None, limit: int, filter_: Mapping[str, Any]) -> Chunk:
        """A page of a room's history, newest first, from a token (or the newest event) down to another (or the
        first)."""
        query = {"dir": "b", "limit": str(limit), "filter": msgspec.json.encode(filter_).decode()}
        query |= {name: token for name, token in (("from", start), ("to", stop)) if token}
        return self.read(f"v3/rooms/{seg(room)}/messages", Chunk, query)[0]

    def event(self, room: str, event: str) -> bytes:
        """One event as it came. Raises `Gone` where there is none that we may see."""
        return bytes(self.read(f"v3/rooms/{seg(room)}/event/{seg(event)}", Raw)[0])

    def edits(self, room: str, event: str) -> list[Raw]:
        """The latest replacements of a message."""
        path = f"v1/rooms/{seg(room)}/relations/{seg(event)}/m.replace"
        return self.read(path, Chunk, {"limit": "20"})[0].chunk

    def state(self, room: str, kind: str, key: str = "") -> dict[str, Any] | None:
        """The content of a state event; None where it was never set."""
        try:
            return self.read(f"v3/rooms/{seg(room)}/state/{seg(kind)}/{seg(key)}", dict[str, Any])[0]
        except Gone:
            return None

    def account_data(self, kind: str) -> dict[str, Any]:
        """What our clients have stored under a name; empty where nothing."""
        try:
            return self.read(f"v3/user/{seg(self.who().user_id)}/account_data/{seg(kind)}", dict[str, Any])[0]
        except Gone:
            return {}

    def put_account_data(self, kind: str, content: Mapping[str, Any]) -> None:
        """Store something under a name, for all our clients."""
        self.write("PUT", f"v3/user/{seg(self.who().user_id)}/account_data/{seg(kind)}", content)

    def versions(self) -> frozenset[str]:
        """The versions of the specification that the homeserver keeps."""
        said = self.read("versions", dict[str, Any])[0].get("versions")
        return frozenset(v for v in said if isinstance(v, str)) if isinstance(said, list) else frozenset()

    def name(self, user: str) -> str:
        """Somebody's display name, or empty."""
        try:
            said = self.read(f"v3/profile/{seg(user)}/displayname", dict[str, Any])[0].get("displayname")
        except (Gone, Refused):
            return ""
        return said if isinstance(said, str) else ""

    def send(self, room: str, kind: str, key: str, content: Mapping[str, Any]) -> str:
        """Send an event; its id. With the same key from the same device it is sent once only."""
        return _event_id(self.write("PUT", f"v3/rooms/{seg(room)}/send/{seg(kind)}/{seg(key)}", content), self.http)

    def redact(self, room: str, event: str, key: str, reason: str) -> str:
        """Take an event's content away for good; the id of the redaction."""
        path = f"v3/rooms/{seg(room)}/redact/{seg(event)}/{seg(key)}"
        return _event_id(self.write("PUT", path, {"reason": reason} if reason else {}), self.http)

    def put_state(self, room: str, kind: str, content: Mapping[str, Any]) -> None:
        """Set a state event with an empty key."""
        self.write("PUT", f"v3/rooms/{seg(room)}/state/{seg(kind)}/", content)


def _event_id(said: dict[str, Any], http: Http) -> str:
    event = said.get("event_id")
    if not isinstance(event, str) or not event:
        raise unreadable(http.host, writing=True)
    return event
