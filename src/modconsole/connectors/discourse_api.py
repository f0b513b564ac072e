"""Calls of a Discourse site: what is asked, how it is decoded, and what its refusals mean.

Every answer that is not of the 2xx has `errors` (prose in the site's language, which we never repeat) and often `error_type`,
the platform's own word (`lib/json_error.rb`). A wrong key is answered 403 `invalid_access`, the very words for a missing right
(`lib/auth/default_current_user_provider.rb`); so after a 403 the key is tried where no right is needed, and only then it is
said which of the two it was.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlunsplit

import msgspec

from modconsole.connectors.addresses import safe
from modconsole.connectors.budget import Window
from modconsole.connectors.discourse_shapes import (
    Flag,
    Listed,
    Me,
    Note,
    Own,
    Pending,
    Person,
    Post,
    Topic,
    User,
)
from modconsole.connectors.http import Answer, Http, retry_after, unreadable
from modconsole.errors import Gone, PlatformError, RateLimited, Refused, SignInError, Unreachable

T = TypeVar("T")

CHUNK = 20
"""Posts asked for at once by their ids: what the site's own pages ask for (`TopicView.chunk_size`)."""
SIGN_IN_HINT = (
    "Make a new key in Discourse under Admin, API. It needs the scope Global: with fewer rights the site answers as if the key"
    " were wrong. If the key belongs to one account, give that account's name."
)


class Unreadable(Unreachable):
    """An answer whose content is not what it should be. `payload` is that content, to be set aside."""

    def __init__(self, host: str, kind: str, payload: bytes) -> None:
        super().__init__(f"{host} sent a {kind} that makes no sense.", hint="A plugin of the site may have changed it.")
        self.payload = payload


def refine(answer: Answer) -> PlatformError | None:
    """The error behind Discourse's own words; None where the status says it all."""
    body = answer.json()
    kind = body.get("error_type") if isinstance(body, dict) else None
    code = kind if isinstance(kind, str) and re.fullmatch(r"[a-z_]{1,60}", kind) else ""
    if answer.status == 429:
        return RateLimited("The site asks us to slow down.", retry_after=_pause(answer, body))
    if code == "read_only":
        return Unreachable("The site is read-only just now.", hint="It is being looked after; this goes on by itself.")
    if answer.status == 403:
        return Refused("The site does not allow this account to do that.", code=code or "forbidden")
    if answer.status == 409:
        return Refused("Somebody else changed it in the meantime.", hint="Look again.", code="conflict")
    if answer.status == 422:
        return Refused("The site did not accept it.", code=code or "unprocessable")
    return None


def _pause(answer: Answer, body: object) -> float:
    """Seconds to wait: `Retry-After`, else `extras.wait_seconds` of the body."""
    extras = body.get("extras") if isinstance(body, dict) else None
    seconds = extras.get("wait_seconds") if isinstance(extras, dict) else None
    if "retry-after" not in answer.headers and isinstance(seconds, int | float):
        return min(max(float(seconds), 1.0), 3600.0)
    return retry_after(answer)


class Pace:
    """How many requests we have made in the last minute, which is all that can be known: Discourse tells no remaining number.

    `limit` is the site's `max_admin_api_reqs_per_minute` (60 where nobody changed it), which all keys of a site share.
    """

    def __init__(self, limit: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._seconds = seconds
        self._made: deque[float] = deque()

    def window(self, _: Answer) -> Window:
        """The window after one more request."""
        now = self._seconds()
        self._made.append(now)
        while now - self._made[0] >= 60:
            self._made.popleft()
        return Window(left=self.limit - len(self._made), seconds=60 - (now - self._made[0]), limit=self.limit)


def checked_address(address: str) -> str:
    """The site's address, ending in a slash, and safe to send a key to: https, or plain http on loopback.

    Raises `InputError`, without repeating a password that somebody put into the address.
    """
    parts = safe(address, what="site", example="https://forum.example", carries="key")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + "/", "", ""))


class Api:
    """The calls. Not for several threads at once."""

    def __init__(self, http: Http, limit: int) -> None:
        self.http = http
        self.limit = limit
        """Requests a minute that the site grants, as far as is known."""
        self.poison: list[tuple[str, bytes]] = []
        """Items of lists that made no sense, with why: whoever pulls takes them from here."""
        self.began: float | None = None
        """The site's clock at the first answer, in seconds since 1970."""
        self._me: Me | None = None
        self._settings: dict[str, Any] | None = None

    # ------------------------------------------------------------------ who and where

    def me(self, *, again: bool = False) -> Me:
        """Who we are. Raises `SignInError` where the key or the name is wrong."""
        if self._me is None or again:
            try:
                found = self.http.read(self._url("session/current.json"), None, self._json)
                self._me = self.shape(found.get("current_user") if isinstance(found, dict) else None, Me)
            except (Refused, Gone):
                raise SignInError(f"{self.http.host} did not accept the key.", hint=SIGN_IN_HINT) from None
        return self._me

    def site(self) -> dict[str, Any]:
        """What the site says of itself: `title` and more (`/site/basic-info.json`)."""
        return self._dict("site/basic-info.json")

    def flags(self) -> list[Flag]:
        """The ways to flag a post here."""
        found = self._dict("site.json").get("post_action_types")
        return [flag for flag in self.some(found, Flag) if flag.is_flag and flag.enabled and flag.id is not None]

    def setting(self, name: str, default: int) -> int:
        """A number among the settings that the site tells its visitors' browsers; `default` where it does not."""
        if self._settings is None:
            try:
                self._settings = self._dict("site/settings.json")
            except (Refused, Gone):
                self._settings = {}
        found = self._settings.get(name)
        return found if isinstance(found, int) and not isinstance(found, bool) else default

    def staff(self) -> list[User]:
        """The site's staff; only for staff."""
        found = self.get("admin/users/list/staff.json")
        return self.some(found, User)

    # ------------------------------------------------------------------ topics and posts

    def latest(self, before: int | None) -> list[Any]:
        """The newest posts that are public, by id, descending, below `before`; undecoded. 50 at once."""
        found = self._dict("posts.json", {"before": str(before)} if before is not None else None).get("latest_posts")
        return found if isinstance(found, list) else []

    def topic(self, number: int) -> Topic:
        """A topic with its first posts and the ids of all. Deleted posts are among them where we may see those."""
        query = {"include_raw": "true", **({"show_deleted": "true"} if self.me().staff else {})}
        return self.shape(self.get(f"t/{number}.json", query), Topic)

    def posts(self, topic: int, ids: Sequence[int]) -> list[Any]:
        """Posts of a topic by their ids, undecoded, deleted ones too where we may see those. `CHUNK` at most."""
        query = "&".join(f"post_ids[]={each}" for each in ids)
        return self._stream(self.get(f"t/{topic}/posts.json?{query}&include_raw=true"))

    def after(self, topic: int, number: int) -> list[Any]:
        """The posts of a topic that follow a post number, undecoded; `CHUNK` at most."""
        return self._stream(
            self.get(f"t/{topic}/posts.json", {"post_number": str(number), "asc": "true", "include_raw": "true"})
        )

    def _stream(self, found: Any) -> list[Any]:
        stream = found.get("post_stream") if isinstance(found, dict) else None
        posts = stream.get("posts") if isinstance(stream, dict) else None
        if not isinstance(posts, list):
            raise unreadable(self.http.host, writing=False)
        return posts

    def post(self, number: int | str) -> Post:
        """One post by its id. Raises `Gone`, `Refused`."""
        return self.shape(self.get(f"posts/{digits(number)}.json"), Post)

    def by_number(self, topic: int, number: int) -> Post:
        """One post by its number within its topic. Raises `Gone`, `Refused`."""
        return self.shape(self.get(f"posts/by_number/{topic}/{number}.json"), Post)

    def topics(self, path: str, page: int) -> list[Listed]:
        """One page of a list of topics, newest activity first."""
        found = self._dict(path, {"page": str(page), "order": "activity"}).get("topic_list")
        topics = found.get("topics") if isinstance(found, dict) else None
        return self.some(topics, Listed)

    def notes(self, offset: int) -> list[Note]:
        """Our notifications, newest first, 60 at most; asking does not mark them as read."""
        found = self._dict("notifications.json", {"limit": "60", "offset": str(offset)}).get("notifications")
        return self.some(found, Note)

    def doings(self, offset: int) -> list[Own]:
        """What we wrote (4 new topics, 5 replies), newest first."""
        query = {"username": self.me().username, "filter": "4,5", "offset": str(offset), "limit": "60"}
        found = self._dict("user_actions.json", query).get("user_actions")
        return self.some(found, Own)

    def pending(self) -> list[Pending]:
        """Our own posts that wait for approval."""
        found = self._dict(f"posts/{quote(self.me().username)}/pending.json").get("pending_posts")
        return self.some(found, Pending)

    def person(self, number: str) -> Person:
        """An account with its penalties; only for staff."""
        return self.shape(self.get(f"admin/users/{digits(number)}.json"), Person)

    # ------------------------------------------------------------------ the wire

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """A read, as plain JSON."""
        return self._told(lambda: self.http.read(self._url(path), query, self._json))

    def write(self, method: str, path: str, body: Any = None) -> Any:
        """One change, made once. The answer as JSON; None where it has no body, as many have none."""
        answer = self._told(lambda: self.http.write(method, self._url(path), body))
        return answer.json()

    def _told(self, call: Callable[[], T]) -> T:
        """A call whose 403 says what it is about: the key, or a right."""
        try:
            return call()
        except Refused as refused:
            if refused.code in ("invalid_access", "not_logged_in", "forbidden"):
                self.me(again=True)
            raise

    def _dict(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        found = self.get(path, query)
        if not isinstance(found, dict):
            raise unreadable(self.http.host, writing=False)
        return found

    def _url(self, path: str) -> str:
        return self.http.base + path

    def _json(self, answer: Answer) -> Any:
        """A body as JSON; half a document or a login page raises, and is asked for again."""
        if self.began is None:
            self.began = answer.time()
        try:
            return msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise unreadable(self.http.host, writing=False) from None

    def shape(self, found: Any, kind: type[T]) -> T:
        """Plain JSON as what it should be. Raises `Unreadable` for something else."""
        try:
            return msgspec.convert(found, kind)
        except msgspec.ValidationError:
            raise Unreadable(self.http.host, kind.__name__.lower(), msgspec.json.encode(found)) from None

    def some(self, found: Any, kind: type[T]) -> list[T]:
        """The items of a list that are what they should be; the others go to `poison`."""
        good = []
        for each in found if isinstance(found, list) else ():
            try:
                good.append(msgspec.convert(each, kind))
            except msgspec.ValidationError as error:
                self.poison.append((f"a {kind.__name__.lower()} makes no sense ({error})", msgspec.json.encode(each)))
        return good


def digits(number: int | str) -> str:
    """An id as Discourse has it. Anything else cannot exist there and raises `Gone`."""
    if not re.fullmatch(r"-?[0-9]{1,18}", str(number)):
        raise Gone("It does not exist: Discourse numbers its posts and people.")
    return str(number)
