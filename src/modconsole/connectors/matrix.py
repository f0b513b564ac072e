"""Rooms and direct messages of a Matrix account.

Conversations are rooms (`!room:host`): a `dm` where two people talk directly, else a `group_dm`. Messages are
`ROOM/EVENT`, people are Matrix ids (`@ann:example.org`). What is said in end-to-end encrypted rooms is shown as present
and unreadable. What is known of the platform and where it comes from: `docs/platforms/matrix.md`.

A reply's UUID is its transaction id, within which the homeserver sends it once only; it belongs to the session (device)
that we are signed in with, so after a new sign-in a reply must be looked for first. Neither typing nor read marks are
sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from modconsole.connectors.acts import ActInfo, Done, Order
from modconsole.connectors.base import Account, Capabilities, Known, Outgoing, Page
from modconsole.connectors.matrix_acts import ACTS, Acting
from modconsole.connectors.matrix_api import Api, session_of
from modconsole.connectors.matrix_look import look
from modconsole.connectors.matrix_map import (
    MAX_BYTES,
    RESERVED,
    Event,
    Us,
    bundled_edit,
    counted,
    decoded,
    latest_edit,
    outgoing,
    parts,
    permalink,
    redaction_of,
    same_text,
)
from modconsole.connectors.matrix_pull import Pull
from modconsole.connectors.matrix_read import Memory, Reader
from modconsole.connectors.matrix_site import checked_settings, sign_in
from modconsole.connectors.signing import Can, Credentials, PlatformInfo
from modconsole.domain.records import Author, Message, Record
from modconsole.domain.times import MINUTE, to_datetime
from modconsole.errors import Gone, InputError, OutcomeUnknown, PlatformError, Refused

if TYPE_CHECKING:
    import httpx

CLOCK_SKEW = 10 * MINUTE
"""How far the homeserver's clock may be behind ours when a reply is looked for, beyond what its answers tell of it."""
SEARCHED = 100
"""Pages of a room's history that are searched for a reply."""
PER_SEARCH = 100

PLATFORM = PlatformInfo(
    name="matrix",
    title="Matrix",
    about="Rooms and direct messages of an account on any Matrix homeserver",
    incremental=Can("yes", "sync token; what a sync leaves out is read back, page by page"),
    full_thread=Can("yes", "as far as the room's history is visible to the account"),
    direct_messages=Can("yes", "not the text of end-to-end encrypted ones"),
    own_replies=Can("yes", "they are in the timeline"),
    edits=Can("yes", "with their times"),
    deletions=Can("yes", "by whom and when; taken back or removed"),
    idempotent_send=Can("yes", "transaction id, within one session"),
    tested="real server",
    answer="addressed",
    interval=30.0,
    settles=30.0,
)

CAPABILITIES = Capabilities(acts=ACTS, direct_messages=True, max_length=MAX_BYTES, length_unit="bytes", counted=counted)


def connect(
    settings: Mapping[str, Any],
    credentials: Credentials,
    *,
    source: str = "matrix",
    clock: Callable[[], int] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Matrix:
    """A connector for one account. No request is made yet.

    `settings`: `homeserver` (its address), `user` (our Matrix id; the token decides). The secret is a session as
    `sign_in` gives it, or an access token alone. Raises `InputError` for settings that cannot work.
    """
    homeserver, _ = checked_settings(settings)
    session_of(credentials.secret)
    return Matrix(homeserver, credentials, source, clock or _wall_clock, transport)


def _wall_clock() -> int:
    return time.time_ns() // 1000


class Matrix:
    """A signed-in account. Keeps the contract of `connectors.base.Connector`; not for several threads at once."""

    platform = "matrix"
    capabilities = CAPABILITIES

    def __init__(
        self,
        homeserver: str,
        credentials: Credentials,
        source: str,
        clock: Callable[[], int],
        transport: httpx.BaseTransport | None,
    ) -> None:
        self.source = source
        self._clock = clock
        self._api = Api(homeserver, credentials, transport, clock)
        self._memory = Memory()
        self._names: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Matrix({self._api.homeserver!r}, source={self.source!r})"

    def close(self) -> None:
        """Let go of connections."""
        self._api.http.close()

    # ------------------------------------------------------------------ reading

    def check(self) -> Account:
        """Verify the sign-in and say who we are. Raises `SignInError` when it is wrong."""
        who = self._api.who(again=True)
        found = look(self._api)
        name = self._api.name(who.user_id)
        host = who.user_id.partition(":")[2]
        return Account(
            id=who.user_id,
            name=name or who.user_id,
            handle=who.user_id,
            missing=found.missing(),
            site_name=f"{name or who.user_id} on {host}",
            site_url=permalink(who.user_id),
            syncs=found.syncs(),
            others=found.others(),
        )

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        """What is new or changed since `known.position`; with `full`, everything. See `matrix_pull` for the lanes."""
        self._api.who(again=True)
        pull = Pull(self._api, self.source, known, now, self._memory, full=full)
        for page in pull.pages():
            self._names = tuple(pull.at.names)
            yield page

    def read(self, message: str) -> Record | None:
        """One message as it stands now; None when it no longer exists, or this account may no longer see it."""
        room, event = parts(message)
        if not event:
            return self._invitation(message)
        try:
            found = self._reader().one(room, event, thorough=True)
        except Gone:
            return None
        return found[0] if found else None

    def _reader(self) -> Reader:
        """What makes records of single events, as of now."""
        me = self._api.who().user_id
        if not self._names:
            self._names = tuple(name for name in (self._api.name(me), me[1:].partition(":")[0]) if name)
        return Reader(self._api, self.source, Us(me, self._names), self._clock(), self._memory)

    def _invitation(self, message: str) -> Record | None:
        """An invitation, which is no event that could be asked for: as an account's rooms stand, if it is still among
        them."""
        return look(self._api).invitation(message, self._reader().us, self.source, self._clock())

    # ------------------------------------------------------------------ replying

    def send(self, reply: Outgoing) -> Record:
        """Send a reply and give it back as the homeserver stored it.

        The message that it answers is looked at before: a reply to one that was taken away would hang in the air, and
        one in a thread must say so. Nothing is sent into an encrypted room, where it would be readable for everybody on
        the way. Raises `Refused` (too long, no right to write, encrypted), `Gone`, `RateLimited`, `Unreachable` (surely
        not sent), `OutcomeUnknown`.
        """
        room, me = reply.conversation, self._api.who().user_id
        if not reply.text.strip():
            raise Refused("The reply is empty.", code="empty")
        answered = self._answerable(reply) if reply.reply_to is not None else None
        content = outgoing(reply.text, answered, me)
        size = len(counted(reply.text).encode())
        if size > MAX_BYTES or len(msgspec.json.encode(content)) > MAX_BYTES + RESERVED // 2:
            raise Refused(
                f"The reply is too long: {size:,} bytes, and an event has room for {MAX_BYTES:,}.",
                hint="Shorten it.",
                code="too_long",
            )
        if self._api.state(room, "m.room.encryption") is not None:
            raise Refused(
                "The room is encrypted end to end, and modconsole cannot encrypt.",
                hint="Answer in a Matrix client; the reply counts all the same.",
                code="encrypted",
            )
        event = self._api.send(room, "m.room.message", reply.key, content)
        return self._sent(room, event, content, me)

    def _answerable(self, reply: Outgoing) -> Event:
        """The event that is answered, if a reply to it would be seen as one."""
        room, ident = parts(reply.reply_to or "")
        if not ident:
            raise Refused("This is an invitation.", hint="Accept it first, then answer.", code="invited")
        if room != reply.conversation:
            raise Refused("The message belongs to another room.", code="wrong_room")
        try:
            event = decoded(self._api.event(room, ident))
        except ValueError:
            raise Refused("The message cannot be understood.", code="unreadable") from None
        if redaction_of(event) is not None:
            raise Refused("The message was taken away: nobody would see what is answered.", code="removed")
        return event

    def _sent(self, room: str, event: str, content: dict[str, Any], me: str) -> Record:
        """What was sent, as it is there. It is there: where it cannot be read now, it is described from what we
        know."""
        now = self._clock()
        try:
            found = self._reader().one(room, event)
        except PlatformError:
            found = []
        if found:
            return found[0]
        relation = content.get("m.relates_to", {})
        target = relation.get("m.in_reply_to", {}).get("event_id")
        return Message(
            source=self.source,
            id=f"{room}/{event}",
            conversation=room,
            author=Author(id=me, handle=me),
            created_at=to_datetime(now),
            text=content["body"],
            parent=f"{room}/{target}" if target else None,
            mentions=content["m.mentions"].get("user_ids"),
            observed_at=to_datetime(now),
        )

    def find(self, reply: Outgoing, candidates: frozenset[str]) -> Record | None:
        """Our reply in its room, or None when it is surely not there.

        By the transaction id where the session is still the same; else ours, in the same place, saying the same, not
        older than `attempted_at`, and not one of `candidates`. Raises `OutcomeUnknown` where the room can no longer be
        read.
        """
        fits: list[Event] = []
        for event in self._ours(reply):
            message = f"{reply.conversation}/{event.event_id}"
            if message in candidates:
                continue
            if event.side("transaction_id") == reply.key:
                return self.read(message)
            if _can_be(event, reply):
                fits.append(event)
        return self.read(f"{reply.conversation}/{fits[0].event_id}") if fits else None

    def _ours(self, reply: Outgoing) -> Iterator[Event]:
        """Our messages in the reply's room, newest first, back to when it was first tried."""
        me = self._api.who().user_id
        filter_ = {"types": ["m.room.message"], "senders": [me]}
        start = ""
        for _ in range(SEARCHED):
            try:
                chunk = self._api.messages(reply.conversation, start, "", PER_SEARCH, filter_)
            except (Refused, Gone):
                raise OutcomeUnknown("The room can no longer be read: the reply may be in it, or not.") from None
            # Only now is it known how far the homeserver's clock is behind ours.
            slack = CLOCK_SKEW + self._api.http.lag
            since = (reply.attempted_at - slack) // 1000 if reply.attempted_at is not None else None
            times = []
            for raw in chunk.chunk:
                try:
                    event = decoded(raw)
                except ValueError:
                    continue
                times.append(event.origin_server_ts)
                if event.sender == me and (since is None or event.origin_server_ts >= since):
                    yield event
            start = chunk.end or ""
            if not start or (since is not None and times and max(times) < since):
                return
        raise OutcomeUnknown("The room holds more than can be searched: the reply may be in it, or not.")

    # ------------------------------------------------------------------ moderating

    def acts(self) -> tuple[ActInfo, ...]:
        """The acts that this account may carry out in at least one of its rooms, and that its homeserver has."""
        return look(self._api).acts(self._api.versions())

    def act(self, order: Order) -> Done:
        """Carry out a moderation act; see `matrix_acts`."""
        if order.on != "person" and not order.target.startswith("!"):
            raise InputError("This is not a room or a message of Matrix.")
        if order.on == "person" and not order.target.startswith("@"):
            raise InputError("This is not a Matrix id.")
        return Acting(self._api, self.read).act(order)


def _can_be(event: Event, reply: Outgoing) -> bool:
    """Whether a message of ours can be the reply: in the same place, saying the same."""
    bundled = bundled_edit(event)
    edit = latest_edit(event, [bundled] if bundled is not None else [])
    if event.edits or redaction_of(event) is not None or not same_text(event, edit, reply.text):
        return False
    answered = event.told("m.relates_to", "m.in_reply_to", "event_id")
    return bool(answered == (parts(reply.reply_to)[1] if reply.reply_to is not None else None))


__all__ = ["CAPABILITIES", "PLATFORM", "Matrix", "connect", "sign_in"]
