"""Moderation on Bluesky: what every account can do, and where an act goes.

Four of the acts are records in our own public repository (the thread's gate, the block), written with the version that
was read, so that nobody's change is written over; mutes are kept privately by Bluesky; reports go to the moderation
service that our server names. What moderators of an Ozone service can do beyond that is in `bluesky_ozone`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from modconsole.connectors.acts import Act, Done, Order, Undo
from modconsole.connectors.bluesky_api import PAGE, Api
from modconsole.connectors.bluesky_map import Profile, Stored
from modconsole.connectors.bluesky_offers import OZONE, REASONS
from modconsole.connectors.bluesky_ozone import REVIEWED, Ozone
from modconsole.connectors.bluesky_read import THREADGATE, Reader, Records
from modconsole.connectors.bluesky_text import POST, is_did, place, post_place, send_key, written
from modconsole.domain.records import Message, Record, State
from modconsole.errors import Gone, InputError, OutcomeUnknown, PlatformError, Refused

BLOCK = "app.bsky.graph.block"
HIDDEN_AT_MOST = 300
"""Replies that one thread's gate can hide (lexicon `app.bsky.feed.threadgate`)."""
SWAPS = 4
"""How often a gate is read and written again where somebody else changes it at the same time."""


class StoredRaw(msgspec.Struct):
    """A record as it lies in a repository, whole."""

    uri: str
    cid: str
    value: dict[str, Any]


class Acts:
    """Carries out orders for one account."""

    def __init__(self, api: Api, source: str, ozone: Ozone | None, clock: Callable[[], int]) -> None:
        self.api = api
        self.source = source
        self.ozone = ozone
        self.clock = clock

    def carry_out(self, order: Order) -> Done:
        """One act. Each can be repeated: what is so already is left so, and told."""
        own: dict[tuple[Act, str], Callable[[Order], Done]] = {
            ("hide", "message"): self._hide,
            ("unhide", "message"): self._hide,
            ("lock", "conversation"): self._lock,
            ("unlock", "conversation"): self._lock,
            ("mute", "person"): self._mute,
            ("unmute", "person"): self._mute,
            ("block", "person"): self._block,
            ("unblock", "person"): self._unblock,
            ("report", "message"): self._report,
            ("report", "person"): self._report,
        }
        carry = own.get((order.act, order.on))
        if carry is not None:
            return carry(order)
        if order.act in ("remove", "restore") and order.on == "message" and self._is_ours(order.target):
            return self._delete(order) if order.act == "remove" else self._write_again(order)
        known = any(info.act == order.act and info.on == order.on for info in OZONE)
        if not known or self.ozone is None:
            why = "Only moderators of an Ozone service can do that on Bluesky." if known else "Bluesky has no such act."
            raise Refused(why, code="unsupported")
        return self._ozone(self.ozone, order)

    # ------------------------------------------------------------------ threads

    def _hide(self, order: Order) -> Done:
        reader = self._reader()
        post = reader.posts([order.target]).get(order.target)
        if post is None:
            raise Gone("The post no longer exists, or is not shown to us.")
        if post.uri == post.root or not self._is_ours(post.root):
            raise Refused("Only replies in threads that we began can be hidden.", code="not_our_thread")
        hide = order.act == "hide"

        def change(gate: dict[str, Any]) -> bool:
            hidden = [uri for uri in gate.get("hiddenReplies") or [] if isinstance(uri, str)]
            if (order.target in hidden) == hide:
                return False
            hidden = [*hidden, order.target] if hide else [uri for uri in hidden if uri != order.target]
            if len(hidden) > HIDDEN_AT_MOST:
                raise Refused(f"A thread can hide {HIDDEN_AT_MOST} replies at most.", code="too_many")
            gate["hiddenReplies"] = hidden
            return True

        changed = self._gate(post.root, change)
        if not changed:
            return Done(self._now(order.target, reader), note="It was so already.")
        return Done(self._after(order.target, reader), Undo("unhide" if hide else "hide"))

    def _lock(self, order: Order) -> Done:
        if not self._is_ours(order.target):
            raise Refused("Only threads that we began can be closed or opened.", code="not_our_thread")
        allow = [] if order.act == "lock" else order.undoing.get("allow")
        before: dict[str, Any] = {}

        def change(gate: dict[str, Any]) -> bool:
            before.clear()
            before.update({"allow": gate["allow"]} if isinstance(gate.get("allow"), list) else {})
            if gate.get("allow") == allow:
                return False
            gate.pop("allow", None)
            if allow is not None:
                gate["allow"] = allow
            return True

        if not self._gate(order.target, change):
            return Done(note="It was so already.")
        if before.get("allow") == []:
            return Done(undo=Undo("lock"))
        return Done(undo=Undo("unlock", before))

    def _gate(self, root: str, change: Callable[[dict[str, Any]], bool]) -> bool:
        """Change the gate of a thread of ours; whether there was anything to change.

        An answer that got lost is no doubt here: what lies there is read, and tells.
        """
        at = post_place(root)
        assert at is not None
        for _ in range(SWAPS):
            stored = self.api.record(self.api.did, THREADGATE, at.key, StoredRaw)
            gate = dict(stored.value) if stored is not None else self._new_gate(root)
            if not change(gate):
                return False
            try:
                self.api.put(THREADGATE, at.key, gate, stored.cid if stored is not None else None)
            except Refused as error:
                if error.code != "InvalidSwap":
                    raise
            except OutcomeUnknown:
                stored = self.api.record(self.api.did, THREADGATE, at.key, StoredRaw)
                if stored is None or change(dict(stored.value)):
                    raise
                return True
            else:
                return True
        raise Refused("Others keep changing this thread's settings.", hint="Try again.", code="InvalidSwap")

    def _new_gate(self, root: str) -> dict[str, Any]:
        if self.api.record(self.api.did, POST, root.rpartition("/")[2], Stored) is None:
            raise Gone("The thread's first post no longer exists.")
        return {"$type": THREADGATE, "post": root, "createdAt": written(self.clock())}

    # ------------------------------------------------------------------ people

    def _mute(self, order: Order) -> Done:
        person = self._person(order)
        mute = order.act == "mute"
        if person.viewer.muted == mute:
            return Done(note="It was so already.")
        name = f"app.bsky.graph.{'muteActor' if mute else 'unmuteActor'}"
        try:
            self.api.done(name, {"actor": person.did})
        except OutcomeUnknown:  # twice is the same as once, and the account shows it only after a while
            self.api.done(name, {"actor": person.did})
        return Done(undo=Undo("unmute" if mute else "mute"))

    def _block(self, order: Order) -> Done:
        person = self._person(order)
        if self._block_of(person) is not None:
            return Done(note="It was so already.")
        key = send_key(order.key, self.clock())
        block = {"$type": BLOCK, "subject": person.did, "createdAt": written(self.clock())}
        try:
            uri = self.api.put(BLOCK, key, block, None).uri
        except (OutcomeUnknown, Refused) as error:
            stored = self.api.record(self.api.did, BLOCK, key, StoredRaw)
            if stored is None or (isinstance(error, Refused) and error.code != "InvalidSwap"):
                raise
            uri = stored.uri
        return Done(undo=Undo("unblock", {"uri": uri}))

    def _unblock(self, order: Order) -> Done:
        given = order.undoing.get("uri")
        uri = given if isinstance(given, str) else self._block_of(self._person(order))
        at = place(uri) if uri is not None else None
        if at is None or at.did != self.api.did or at.collection != BLOCK:
            return Done(note="It was so already.")
        try:
            self.api.delete(BLOCK, at.key)
        except OutcomeUnknown:
            if self.api.record(self.api.did, BLOCK, at.key, StoredRaw) is not None:
                raise
        return Done(undo=Undo("block"))

    def _block_of(self, person: Profile) -> str | None:
        """The address of our block of somebody: as Bluesky says, else, where it lags behind, among our newest blocks."""
        if person.viewer.blocking is not None:
            at = place(person.viewer.blocking)
            if at is not None and self.api.record(self.api.did, BLOCK, at.key, StoredRaw) is not None:
                return person.viewer.blocking
        query = {"repo": self.api.did, "collection": BLOCK, "limit": str(PAGE)}
        for raw in self.api.get("com.atproto.repo.listRecords", Records, query).records:
            with contextlib.suppress(msgspec.ValidationError):
                stored = msgspec.convert(raw, StoredRaw)
                if stored.value.get("subject") == person.did:
                    return stored.uri
        return None

    def _report(self, order: Order) -> Done:
        if order.label not in REASONS:
            raise Refused(f"Say what it is reported for: {', '.join(REASONS)}.", code="reason_missing")
        subject: Mapping[str, str]
        if order.on == "person":
            subject = {"$type": "com.atproto.admin.defs#repoRef", "did": self._person(order).did}
        else:
            post = self._reader().posts([order.target]).get(order.target)
            if post is None:
                raise Gone("The post no longer exists, or is not shown to us.")
            subject = {"$type": "com.atproto.repo.strongRef", "uri": post.uri, "cid": post.cid}
        body = {"reasonType": f"com.atproto.moderation.defs#reason{order.label.title()}", "subject": subject}
        if order.reason:
            body["reason"] = order.reason
        self.api.post("com.atproto.moderation.createReport", dict[str, Any], body)
        return Done(self._after(order.target, self._reader()) if order.on == "message" else ())

    def _person(self, order: Order) -> Profile:
        if not is_did(order.target):
            raise InputError("A person on Bluesky is named by their DID.")
        person = self._reader().profile(order.target)
        if person is None:
            raise Gone("The account is not there any more.")
        return person

    # ------------------------------------------------------------------ our own posts

    def _delete(self, order: Order) -> Done:
        at = post_place(order.target)
        assert at is not None
        stored = self.api.record(self.api.did, POST, at.key, StoredRaw)
        if stored is None:
            return Done(note="It was deleted already.")
        before = self._now(order.target, self._reader(), state="removed")
        try:
            self.api.delete(POST, at.key)
        except OutcomeUnknown:
            if self.api.record(self.api.did, POST, at.key, StoredRaw) is not None:
                raise
        if _has_files(stored.value):
            return Done(before, note="It had pictures or a film, which are gone with it: it cannot be written again.")
        return Done(before, Undo("restore", {"record": stored.value}))

    def _write_again(self, order: Order) -> Done:
        at = post_place(order.target)
        record = order.undoing.get("record")
        assert at is not None
        if self.api.record(self.api.did, POST, at.key, StoredRaw) is not None:
            return Done(self._now(order.target, self._reader()), note="It was so already.")
        if not isinstance(record, dict):
            raise Refused("Only a post that was deleted from here can be written again.", code="not_deleted_here")
        try:
            self.api.put(POST, at.key, record, None)
        except OutcomeUnknown:
            if self.api.record(self.api.did, POST, at.key, StoredRaw) is None:
                raise
        return Done(self._after(order.target, self._reader()), Undo("remove"))

    # ------------------------------------------------------------------ Ozone

    def _ozone(self, ozone: Ozone, order: Order) -> Done:
        reader = self._reader()
        done = ozone.carry_out(order, self.clock())
        if order.on != "message":
            return done
        records: tuple[Record, ...] = ()
        with contextlib.suppress(PlatformError):
            records = standing(reader, ozone, order.target)
        return Done(records, done.undo, done.note)

    # ------------------------------------------------------------------ what it came to

    def _reader(self) -> Reader:
        return Reader(self.api, self.source, self.clock())

    def _is_ours(self, uri: str) -> bool:
        at = post_place(uri)
        return at is not None and at.did == self.api.did

    def _now(self, uri: str, reader: Reader, *, state: State | None = None) -> tuple[Record, ...]:
        """The message as it stands; nothing where it is not shown, or not yet."""
        if state is not None:
            reader.states[uri] = state
        with contextlib.suppress(Refused):
            found = reader.one(uri)
            return (found,) if found is not None else ()
        return ()

    def _after(self, uri: str, reader: Reader) -> tuple[Record, ...]:
        """The message as it stands after an act that is done; nothing where it cannot be read now."""
        with contextlib.suppress(PlatformError):
            return self._now(uri, reader)
        return ()


def standing(reader: Reader, ozone: Ozone | None, uri: str) -> tuple[Message, ...]:
    """A post as it stands, with what Ozone has done to it; empty where it does not exist."""
    status = ozone.status(uri) if ozone is not None and ozone.role() else None
    if status is not None and status.takendown:
        reader.states[uri] = "removed"
    elif status is not None and status.review_state in REVIEWED:
        reader.states[uri] = "held"
    try:
        found = reader.one(uri)
    except Refused:
        stored = reader.lookup(uri)
        if ozone is None or not isinstance(stored, Stored):
            raise
        found = ozone.taken_down(stored, reader)
        if found is None:
            raise
    return (found,) if found is not None else ()


def _has_files(value: object) -> bool:
    """Whether a record holds files: its server throws them away with it."""
    if isinstance(value, dict):
        return value.get("$type") == "blob" or any(_has_files(inner) for inner in value.values())
    return isinstance(value, list) and any(_has_files(inner) for inner in value)
