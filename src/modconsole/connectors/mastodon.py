"""Mentions, replies and direct messages of one account on Mastodon, or on a server that speaks its language.

Conversations are threads, named by their first status that we can see (a direct message inside a public thread is one
of its own); messages are statuses; people are accounts of the server that we are on, by their ids there. What is known
of the platform, and what differs between servers: `docs/platforms/mastodon.md`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from modconsole.connectors.acts import ActInfo, Done, Order
from modconsole.connectors.base import Account, Capabilities, Known, Outgoing, Page
from modconsole.connectors.budget import Budget
from modconsole.connectors.http import Answer, Http
from modconsole.connectors.mastodon_acts import Carrying, allowed
from modconsole.connectors.mastodon_answers import SIGN_IN_AGAIN, refine, window
from modconsole.connectors.mastodon_api import MANAGE_REPORTS, MANAGE_USERS, Api, Me
from modconsole.connectors.mastodon_map import Request, Status, message
from modconsole.connectors.mastodon_offer import ACTS
from modconsole.connectors.mastodon_pull import pages
from modconsole.connectors.mastodon_run import Queues, Run
from modconsole.connectors.mastodon_send import MAX_CHARACTERS, counted, draft, find, parent_of
from modconsole.connectors.mastodon_signin import address, granted, missing, sign_in
from modconsole.connectors.mastodon_threads import Pool, resolve
from modconsole.connectors.signing import Can, Credentials, PlatformInfo
from modconsole.domain.records import Message
from modconsole.errors import Gone, InputError, Refused, SignInError

if TYPE_CHECKING:
    import httpx

CAPABILITIES = Capabilities(
    acts=ACTS, direct_messages=True, max_length=MAX_CHARACTERS, length_unit="graphemes", counted=counted
)

PLATFORM = PlatformInfo(
    name="mastodon",
    title="Mastodon and compatible",
    about="Mentions, replies below your posts and direct messages of one account, in threads read whole; reports for staff.",
    incremental=Can("yes", "newest first down to the mark, the same on every server"),
    full_thread=Can(
        "yes", "whole threads, up to 4,096 posts; replies that other servers keep to themselves are not there"
    ),
    direct_messages=Can("yes", "direct posts; where a server lists none (Takahē), those that mention the account"),
    own_replies=Can("yes", "the account's own posts are listed, direct ones included"),
    edits=Can("yes", "with the time of the edit"),
    deletions=Can("yes", "each post that is missing is asked for by its id"),
    idempotent_send=Can(
        "partly", "Idempotency-Key, for an hour, on Mastodon and Hollo; others ignore it, so it is looked for first"
    ),
    tested="double",
    answer="addressed",
    settles=60.0,
)


def connect(
    settings: Mapping[str, Any],
    credentials: Credentials,
    *,
    source: str = "mastodon",
    clock: Callable[[], int] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Mastodon:
    """A connector for one account. No request is made yet.

    `settings`: `url` (the server), `scopes` (what the sign-in was told that the token may do; asked for when absent).
    The secret is the access token. Raises `InputError` for settings that cannot work.
    """
    url, scopes = settings.get("url"), settings.get("scopes")
    if not isinstance(url, str):
        raise InputError("A Mastodon source needs the setting `url`.")
    if not credentials.secret.strip():
        raise InputError("The access token is missing.", hint="Sign in again.")
    return Mastodon(address(url), credentials, scopes, source, clock or _wall_clock, transport)


def _wall_clock() -> int:
    return time.time_ns() // 1000


class Mastodon:
    """A signed-in account. Keeps the contract of `connectors.base.Connector`; not for several threads at once."""

    platform = "mastodon"
    capabilities = CAPABILITIES

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        scopes: object,
        source: str,
        clock: Callable[[], int],
        transport: httpx.BaseTransport | None,
    ) -> None:
        self.url = url
        self.source = source
        self._credentials = credentials
        self._scopes = scopes
        self._clock = clock
        self._us: Me | None = None
        self._carrying: Carrying | None = None
        http = Http(
            url,
            headers=lambda: {"Authorization": f"Bearer {credentials.secret.strip()}"},
            expired=_expired,
            renew=self._renew,
            refine=refine,
            budget=Budget(),
            window=window,
            clock=clock,
            transport=transport,
        )
        self._api = Api(http)

    def __repr__(self) -> str:
        return f"Mastodon({self.url!r}, source={self.source!r})"

    def close(self) -> None:
        """Let go of connections."""
        self._api.http.close()

    def _renew(self) -> None:
        """Mastodon's tokens do not run out; but somebody may have signed in again since, and then theirs is taken
        over."""

        def none(_: str) -> str:
            raise SignInError(f"{self._api.http.host} did not accept the access token.", hint=SIGN_IN_AGAIN)

        self._credentials.renew(self._credentials.secret, none)

    def _me(self, *, again: bool = False) -> Me:
        if self._us is None or again:
            self._us = self._api.me()
        return self._us

    # ------------------------------------------------------------------ reading

    def check(self) -> Account:
        """Verify the sign-in and say who we are. Raises `SignInError` when it is wrong."""
        me = self._me(again=True)
        server = self._api.instance()
        have = granted(self._api, self._scopes)
        staff = me.may(MANAGE_REPORTS, MANAGE_USERS)
        syncs = [
            "mentions of this account, and replies below its posts",
            "its own posts and replies",
            "direct messages",
        ]
        if me.may(MANAGE_REPORTS):
            syncs.append("reported posts, for staff")
        return Account(
            id=me.id,
            name=me.display_name or me.username,
            handle=f"@{me.username or me.acct}@{server.name or self._api.http.host}",
            missing=missing(have, staff=staff) if have is not None else (),
            site_name=server.title or server.name,
            site_url=self.url,
            syncs=tuple(syncs),
        )

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        """What is new or changed since `known.position`; with `full`, everything. See `mastodon_pull` for the lanes."""
        me = self._me(again=True)
        yield from pages(Run(self._api, me, self.source, known, now, full=full))

    def read(self, message: str) -> Message | None:
        """One status as it stands now; None when it no longer exists, or not for us."""
        try:
            return self._record(self._api.status(message))
        except Gone:
            return None

    def _record(self, status: Status) -> Message:
        """The record of one status that was read by itself, with what must be asked to place it and to know its
        state."""
        me = self._me()
        pool = Pool()
        pool.add([status])
        resolve(self._api, pool, [status.id])
        held = status.account.id != me.id and self._queues(status).holds(status, me.id)
        return message(status, self.source, pool.root(status.id) or status.id, self._clock(), held=held)

    def _queues(self, status: Status) -> Queues:
        """What stands against a status: its author's open notification request, open reports of it."""
        found, me = Queues(), self._me()
        try:
            listed: list[Request] = self._api.requests().items
        except (Gone, Refused):
            listed = []
        found.senders = {request.account.id for request in listed}
        if me.may(MANAGE_REPORTS):
            try:
                reports = self._api.reports([("target_account_id", status.account.id)]).items
            except (Gone, Refused):
                reports = []
            found.reported = {named.id for report in reports for named in report.statuses}
        return found

    # ------------------------------------------------------------------ replying

    def send(self, reply: Outgoing) -> Message:
        """Answer a status, with its audience and its content warning; whoever is answered is named in the text.

        The reply's key goes along as `Idempotency-Key`. Nothing is asked once it is sent: what fails then must not look
        as if it had not been. Raises `Gone` (what it answers is not there any more), `Refused` (codes `too_long`,
        `empty`, `widens`), `RateLimited`, `Unreachable` (surely not sent), `OutcomeUnknown`.
        """
        me = self._me()
        parent = parent_of(reply, me, self._api)
        body = draft(reply, parent, me, self._api)
        answer = self._api.write("POST", "/api/v1/statuses", body, headers={"Idempotency-Key": reply.key})
        return self._ours(self._api.decode(answer, Status, writing=True), reply)

    def _ours(self, status: Status, reply: Outgoing) -> Message:
        """The record of a reply of ours: it has the audience of what it answers, so it belongs to the same
        conversation."""
        return message(status, self.source, reply.conversation, self._clock())

    def find(self, reply: Outgoing, candidates: frozenset[str]) -> Message | None:
        """Our reply on the server, or None when it is surely not there: below the same status, the same words, not
        older than the first try, not one of `candidates`."""
        found = find(reply, candidates, self._me(), self._api)
        return self._ours(found, reply) if found is not None else None

    # ------------------------------------------------------------------ moderating

    def acts(self) -> tuple[ActInfo, ...]:
        """The acts that the account's role allows; those of staff take a permission of the server."""
        return allowed(self._me())

    def act(self, order: Order) -> Done:
        """Carry out a moderation act; see `mastodon_acts`."""
        if self._carrying is None:
            self._carrying = Carrying(self._api, self._me(), self.read, self._clock)
        return self._carrying.out(order)


def _expired(answer: Answer) -> bool:
    return answer.status == 401


__all__ = ["CAPABILITIES", "PLATFORM", "Mastodon", "connect", "sign_in"]
