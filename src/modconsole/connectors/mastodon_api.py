"""Calls of the interface of Mastodon and its kin: what is asked, how it is decoded, what goes wrong.

Lists are decoded item by item: one that cannot be understood is set aside with its payload, and the rest of the page is
kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from modconsole.connectors.http import Answer, Http, unreadable
from modconsole.connectors.mastodon_answers import SIGN_IN_AGAIN, older
from modconsole.connectors.mastodon_map import (
    AdminAccount,
    Notification,
    Relationship,
    Report,
    Request,
    Status,
    Thread,
)
from modconsole.errors import Gone, Refused, SignInError

T = TypeVar("T")

PER_PAGE = 40
"""Statuses, conversations and notifications asked for at once. Mastodon gives at most 40 statuses and conversations and
80 notifications; more would be cut to that."""
BATCH = 20
"""Statuses that may be asked for by their ids at once (`DEFAULT_STATUSES_LIMIT` of Mastodon's statuses controller)."""
CONTEXT_CAP = 4096
"""The most ancestors, and the most descendants, of a thread (`CONTEXT_LIMIT` of Mastodon's statuses controller)."""


class Role(Struct):
    """What staff may do: bits of `UserRole::FLAGS`, as a number or as the digits of one."""

    permissions: str | int | None = None


class Me(Struct):
    """The account that we are signed in as."""

    id: str
    username: str = ""
    acct: str = ""
    display_name: str | None = None
    url: str | None = None
    role: Role | None = None

    def may(self, *flags: int) -> bool:
        """Whether the account's role has one of these permissions, or is an administrator's."""
        told = self.role.permissions if self.role is not None else None
        bits = int(told) if told is not None and str(told).isdigit() else 0
        return any(bits & flag for flag in (ADMINISTRATOR, *flags))


WANTED = ("mention", "quote")
"""Types of notifications that are about what somebody wrote to us."""
QUOTES_SINCE = (4, 5)
"""The version of Mastodon that brought quotes."""

ADMINISTRATOR, MANAGE_REPORTS, MANAGE_USERS = 1 << 0, 1 << 4, 1 << 10
"""Bits of a role's permissions (`UserRole::FLAGS`, documented with the entity `Role`)."""


class Limits(Struct):
    """`configuration.statuses` of an instance."""

    max_characters: int | None = None
    characters_reserved_per_url: int | None = None


class Configuration(Struct):
    """`configuration` of an instance."""

    statuses: Limits = msgspec.field(default_factory=Limits)


class Instance(Struct):
    """What a server says of itself, in either version of the interface."""

    title: str | None = None
    version: str | None = None
    domain: str | None = None
    uri: str | None = None
    configuration: Configuration = msgspec.field(default_factory=Configuration)
    max_toot_chars: int | None = None
    """Pleroma's, and that of Mastodon before 3.4."""

    @property
    def release(self) -> tuple[int, int]:
        """Mastodon's major and minor version; (0, 0) of other software, whose version says so in front or behind."""
        found = re.fullmatch(r"(\d+)\.(\d+)\.\d+[^( ]*", self.version or "")
        return (int(found[1]), int(found[2])) if found else (0, 0)

    @property
    def name(self) -> str:
        """The domain of the accounts here, as it stands behind their names."""
        told = self.domain or self.uri or ""
        return urlsplit(told).netloc if "//" in told else told


class Policy(Struct):
    """Which notifications are kept back (`filter`) or never made (`drop`)."""

    for_not_following: str | None = None
    for_not_followers: str | None = None
    for_new_accounts: str | None = None
    for_private_mentions: str | None = None
    for_limited_accounts: str | None = None


class _Id(Struct):
    id: str


class _Context(Struct):
    ancestors: list[msgspec.Raw]
    descendants: list[msgspec.Raw]


@dataclass(frozen=True)
class Listing(Generic[T]):
    """One page of a list. `following` is the cursor to what is older; `first` the id at the top of the page."""

    items: list[T]
    poison: tuple[tuple[str, bytes], ...] = ()
    following: str | None = None
    first: str | None = None
    server_time: float | None = None


@dataclass(frozen=True)
class Context:
    """What lies above and below a status. `fetching`: the server is getting more replies from other servers just
    now."""

    ancestors: list[Status]
    descendants: list[Status]
    poison: tuple[tuple[str, bytes], ...] = ()
    fetching: bool = False


@dataclass
class Api:
    """The calls of one account. `batches` tells whether several statuses can be asked for at once, once that is
    known."""

    http: Http
    batches: bool | None = None
    per_page: int = PER_PAGE
    _instance: Instance | None = field(default=None, repr=False)

    def url(self, path: str, query: Iterable[tuple[str, str]] = ()) -> str:
        """An address of the interface. Queries are part of it, since some keys come several times."""
        asked = urlencode(list(query))
        return f"{self.http.base}{path}" + (f"?{asked}" if asked else "")

    def get(self, path: str, kind: type[T], query: Iterable[tuple[str, str]] = ()) -> T:
        """A read, decoded; half a document is asked for again."""
        return self.http.read(self.url(path, query), None, lambda got: self.decode(got, kind))

    def decode(self, answer: Answer, kind: type[T], *, writing: bool = False) -> T:
        """An answer as what it should be; a login page or half a document raises what that means for the request."""
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise unreadable(self.http.host, writing=writing) from None

    def listing(
        self, path: str, kind: type[T], query: Iterable[tuple[str, str]] = (), *, limit: int | None = None
    ) -> Listing[T]:
        """One page of a list, newest first, with `limit` items at most where one is given."""

        def parse(answer: Answer) -> Listing[T]:
            raw = self.decode(answer, list[msgspec.Raw])
            items, poison = understood(raw, kind)
            names = [found.id for found in understood(raw, _Id)[0]]
            return Listing(
                items,
                tuple(poison),
                following=older(answer, names),
                first=names[0] if names else None,
                server_time=answer.time(),
            )

        whole = [*query, ("limit", str(limit))] if limit is not None else query
        return self.http.read(self.url(path, whole), None, parse)

    # ------------------------------------------------------------------ who, and where

    def me(self) -> Me:
        """Who we are. Every refusal of this question means that the sign-in does not work.

        A bad token is answered 401 with JSON by Mastodon and GoToSocial, 401 with text by others, 400 with text by
        Takahē and 403 by Pleroma; an account that is frozen or not yet confirmed is 403 on Mastodon.
        """
        try:
            return self.get("/api/v1/accounts/verify_credentials", Me)
        except Gone:
            raise Refused(
                f"There is no Mastodon interface at {self.http.host}.", hint="Check the address of the server."
            ) from None
        except Refused as error:
            if error.code == "scope":
                hint = "Sign in again, or make a token with the scope `read`, or `profile` and `read:accounts`."
                raise SignInError("The access token may not say whose it is.", hint=hint) from None
            raise SignInError(f"{self.http.host} did not accept the access token.", hint=SIGN_IN_AGAIN) from None

    def instance(self) -> Instance:
        """What the server says of itself; asked once. Servers before Mastodon 4.0 have the first version only."""
        if self._instance is None:
            self._instance = self._told("v2") or self._told("v1") or Instance()  # then Mastodon's own limits are taken
        return self._instance

    def _told(self, version: str) -> Instance | None:
        try:
            return self.get(f"/api/{version}/instance", Instance)
        except (Gone, Refused):
            return None

    # ------------------------------------------------------------------ statuses

    def status(self, ident: str) -> Status:
        """One status. Raises `Gone` where it does not exist, or not for us: Mastodon tells the two apart for nobody."""
        return self.get(f"/api/v1/statuses/{safe(ident)}", Status)

    def statuses(self, idents: Iterable[str], *, sure: str | None = None) -> dict[str, Status]:
        """Those of these statuses that there are, several at once where the server can do that (Mastodon since 4.3).

        Whether it can is seen by what it does: it must give at least one that was asked for. `sure` is an id that
        surely exists, asked along until that is known.
        """
        wanted = list(dict.fromkeys(idents))
        found: dict[str, Status] = {}
        for start in range(0, len(wanted), BATCH - 1):
            some = wanted[start : start + BATCH - 1]
            got = self._batch([*some, sure] if sure is not None else some) if self.batches is not False else {}
            if self.batches is None and sure is not None:
                self.batches = False  # it did not give what surely exists
            if not self.batches:
                got = self._singly(some)
            found.update((ident, got[ident]) for ident in some if ident in got)
        return found

    def _batch(self, idents: Sequence[str]) -> dict[str, Status]:
        try:
            page = self.listing("/api/v1/statuses", Status, [("id[]", ident) for ident in idents])
        except (Gone, Refused):
            self.batches = False
            return {}
        got = {status.id: status for status in page.items if status.id in idents}
        if got:
            self.batches = True
        return got

    def _singly(self, idents: Iterable[str]) -> dict[str, Status]:
        found = {}
        for ident in idents:
            try:
                found[ident] = self.status(ident)
            except (Gone, Refused):
                continue
        return found

    def context(self, ident: str) -> Context:
        """What lies above and below a status, as far as this server knows it and shows it to us."""

        def parse(answer: Answer) -> Context:
            whole = self.decode(answer, _Context)
            above, bad = understood(whole.ancestors, Status)
            below, worse = understood(whole.descendants, Status)
            return Context(above, below, (*bad, *worse), fetching="mastodon-async-refresh" in answer.headers)

        return self.http.read(self.url(f"/api/v1/statuses/{safe(ident)}/context"), None, parse)

    def own(self, account: str, query: Iterable[tuple[str, str]] = ()) -> Listing[Status]:
        """What an account wrote, boosts left out. With our own account, direct messages are in it."""
        path = f"/api/v1/accounts/{safe(account)}/statuses"
        return self.listing(path, Status, [*query, ("exclude_reblogs", "true")], limit=self.per_page)

    def mentions(self, query: Iterable[tuple[str, str]] = ()) -> Listing[Notification]:
        """Notifications of mentions and quotes, those that the policy keeps back among them (`include_filtered`, since
        4.3).

        Quotes are asked for only where the server knows them: Takahē answers 500 to a type that it does not know.
        Servers that pass over `types` give others, too.
        """
        types = WANTED if self.instance().release >= QUOTES_SINCE else WANTED[:1]
        wanted = [*(("types[]", kind) for kind in types), ("include_filtered", "true")]
        return self.listing("/api/v1/notifications", Notification, [*query, *wanted], limit=self.per_page)

    def conversations(self, query: Iterable[tuple[str, str]] = ()) -> Listing[Thread]:
        """Direct messages, each thread and set of people by its last status."""
        return self.listing("/api/v1/conversations", Thread, query, limit=self.per_page)

    # ------------------------------------------------------------------ queues, people

    def policy(self) -> Policy:
        """Which notifications are kept back or never made (since 4.3)."""
        return self.get("/api/v2/notifications/policy", Policy)

    def requests(self, query: Iterable[tuple[str, str]] = ()) -> Listing[Request]:
        """Those whose notifications are kept back (since 4.3)."""
        return self.listing("/api/v1/notifications/requests", Request, query, limit=self.per_page)

    def reports(self, query: Iterable[tuple[str, str]] = ()) -> Listing[Report]:
        """Reports, for staff; unresolved ones unless `resolved` is asked for."""
        return self.listing("/api/v1/admin/reports", Report, query, limit=100)

    def relationship(self, account: str) -> Relationship:
        """How we stand to somebody. Raises `Gone` where there is no such account."""
        found = self.get("/api/v1/accounts/relationships", list[Relationship], [("id[]", account)])
        for one in found:
            if one.id == account:
                return one
        raise Gone("The account does not exist there any more.")

    def admin_account(self, account: str) -> AdminAccount:
        """An account as staff see it."""
        return self.get(f"/api/v1/admin/accounts/{safe(account)}", AdminAccount)

    def write(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request that changes something, made once."""
        return self.http.write(method, self.url(path), body, headers=headers)


def safe(ident: str) -> str:
    """An id as a piece of a path: it is opaque, and whoever gave it might have put a slash into it."""
    return quote(ident, safe="") if ident not in (".", "..") else quote(ident, safe="").replace(".", "%2E")


def understood(raw: Iterable[msgspec.Raw], kind: type[T]) -> tuple[list[T], list[tuple[str, bytes]]]:
    """The items that can be understood, and why the others cannot."""
    items: list[T] = []
    poison: list[tuple[str, bytes]] = []
    for one in raw:
        try:
            items.append(msgspec.json.decode(one, type=kind))
        except msgspec.DecodeError:
            poison.append((f"a {kind.__name__.lower()} that is not as Mastodon documents it", bytes(one)))
    return items, poison
