"""Moderation of Matrix rooms: what there is, and how it is taken back.

Removing is redacting, and final. Everything else has a way back: ban and unban; a person's power level lowered below
what it takes to speak, and restored; the level of the whole room raised to its moderators', and restored. What cannot
be told from an answer is read: an act whose answer was lost is done if the room says so.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from modconsole.connectors.acts import Act, ActInfo, Done, Order, Target, Undo
from modconsole.connectors.matrix_api import Api, seg
from modconsole.connectors.matrix_map import IGNORED, parts, within, words
from modconsole.connectors.matrix_power import CREATOR, SPOKEN, Power, number, power
from modconsole.domain.records import Message, Record
from modconsole.errors import Gone, NotDone, OutcomeUnknown, PlatformError, Refused

LEVELS = "m.room.power_levels"


def _info(act: Act, on: Target, does: str, undo: str = "", right: str = "", *, reason: bool = False) -> ActInfo:
    return ActInfo(
        act,
        on,
        does,
        undo=undo,
        takes=frozenset(("reason",)) if reason else frozenset(),
        fits=frozenset(("live",)),
        right=right,
    )


ACTS: tuple[ActInfo, ...] = (
    _info(
        "remove",
        "message",
        "Redacts the message: its content is deleted for everybody, and a stub remains.",
        right="the power level to redact",
        reason=True,
    ),
    _info("report", "message", "Reports the message to those who run our homeserver.", reason=True),
    _info("report", "person", "Reports the person to those who run our homeserver.", reason=True),
    _info("report", "conversation", "Reports the room to those who run our homeserver.", reason=True),
    _info(
        "mute",
        "person",
        "Lowers the person's power level in this room below what it takes to write.",
        "the former power level is restored",
        "the power level to change power levels",
    ),
    _info(
        "unmute",
        "person",
        "Gives the person the power level to write in this room again.",
        "the person is muted again",
        "the power level to change power levels",
    ),
    _info(
        "kick",
        "person",
        "Kicks the person out of this room; where the room is open they can come back.",
        right="the power level to kick",
        reason=True,
    ),
    _info(
        "ban",
        "person",
        "Bans the person from this room until somebody lifts the ban.",
        "the ban is lifted; the person must join again by themself",
        "the power level to ban",
        reason=True,
    ),
    _info(
        "unban",
        "person",
        "Lifts the person's ban from this room; they must join again by themself.",
        "the person is banned again",
        "the power level to ban",
        reason=True,
    ),
    _info(
        "block",
        "person",
        "Ignores the person: our homeserver no longer gives us what they write, in any room.",
        "the person is no longer ignored",
    ),
    _info(
        "unblock",
        "person",
        "Stops ignoring the person; what they wrote in the meantime comes with the next full walk.",
        "the person is ignored again",
    ),
    _info(
        "lock",
        "conversation",
        "Raises the room's power level for writing, so that only its moderators can write.",
        "the former power levels are restored",
        "the power level to change power levels",
    ),
    _info(
        "unlock",
        "conversation",
        "Lowers the room's power level for writing, so that everybody in it can write again.",
        "the room is locked again",
        "the power level to change power levels",
    ),
    _info("approve", "conversation", "Accepts the invitation and joins the room."),
    _info("remove", "conversation", "Declines the invitation; whoever sent it can invite again."),
)
"""Everything that there is. `Order.conversation` must name the room of an act on a person, except for reports and
ignoring."""


class Acting:
    """Carries out orders. `read` gives a message as it stands now, or None."""

    def __init__(self, api: Api, read: Callable[[str], Record | None]) -> None:
        self.api = api
        self.read = read

    def act(self, order: Order) -> Done:
        """Carry out an order. Raises `Refused`, `Gone`, other `PlatformError`s as they come."""
        steps: dict[tuple[Act, Target], Callable[[Order], Done]] = {
            ("remove", "message"): self._remove,
            ("report", "message"): self._report,
            ("report", "person"): self._report,
            ("report", "conversation"): self._report,
            ("mute", "person"): self._mute,
            ("unmute", "person"): self._unmute,
            ("kick", "person"): self._kick,
            ("ban", "person"): self._ban,
            ("unban", "person"): self._unban,
            ("block", "person"): self._block,
            ("unblock", "person"): self._unblock,
            ("lock", "conversation"): self._lock,
            ("unlock", "conversation"): self._unlock,
            ("approve", "conversation"): self._join,
            ("remove", "conversation"): self._decline,
        }
        step = steps.get((order.act, order.on))
        if step is None:
            raise Refused(f"Matrix has no such act on a {order.on}.", code="no_such_act")
        return step(order)

    # ------------------------------------------------------------------ messages

    def _remove(self, order: Order) -> Done:
        before = self._message(order.target)
        if before.state in ("deleted", "removed"):
            return Done((before,), note="It had been removed already.")
        room, event = parts(order.target)
        with suppress(OutcomeUnknown):  # whether it is gone is read below
            self.api.redact(room, event, order.key, order.reason)
        after = self._message(order.target)
        if after.state not in ("deleted", "removed"):
            raise NotDone("The homeserver did not say whether it removed the message, and it is there.")
        return Done((after,))

    def _message(self, target: str) -> Message:
        found = self.read(target) if parts(target)[1] else None
        if not isinstance(found, Message):
            raise Gone("The message does not exist, or this account may not see it.")
        return found

    def _report(self, order: Order) -> Done:
        """A report cannot be looked up: one whose answer was lost stays unknown."""
        body = {"reason": order.reason or "Reported by a moderator."}
        if order.on == "message":
            room, event = parts(order.target)
            self.api.write("POST", f"v3/rooms/{seg(room)}/report/{seg(event)}", body)
        elif order.on == "person":
            self.api.write("POST", f"v3/users/{seg(order.target)}/report", body)
        else:
            self.api.write("POST", f"v3/rooms/{seg(order.target)}/report", body)
        return Done()

    # ------------------------------------------------------------------ membership

    def _kick(self, order: Order) -> Done:
        room = _room(order)
        if self._membership(room, order.target) not in ("join", "invite", "knock"):
            return Done(note="The person was not in the room.")
        self._change(room, "kick", order, lambda now: now not in ("join", "invite", "knock"))
        return Done()

    def _ban(self, order: Order) -> Done:
        room = _room(order)
        if self._membership(room, order.target) == "ban":
            return Done(note="The person was banned already.")
        self._change(room, "ban", order, lambda now: now == "ban")
        return Done(undo=Undo("unban", {"room": room}))

    def _unban(self, order: Order) -> Done:
        room = _room(order)
        if self._membership(room, order.target) != "ban":
            return Done(note="The person was not banned.")
        self._change(room, "unban", order, lambda now: now != "ban")
        return Done(undo=Undo("ban", {"room": room}))

    def _membership(self, room: str, user: str) -> str:
        return words((self.api.state(room, "m.room.member", user) or {}).get("membership"))

    def _change(self, room: str, what: str, order: Order, done: Callable[[str], bool]) -> None:
        body = {"user_id": order.target, **({"reason": order.reason} if order.reason else {})}
        try:
            self.api.write("POST", f"v3/rooms/{seg(room)}/{what}", body)
        except OutcomeUnknown:
            if not done(self._membership(room, order.target)):
                raise NotDone(f"The homeserver did not say whether it did the {what}, and it is not done.") from None

    # ------------------------------------------------------------------ power levels

    def power(self, room: str) -> Power:
        """The power levels of a room as they stand."""
        return read_power(self.api, room)

    def _mute(self, order: Order) -> Done:
        room = _room(order)
        levels = self.power(room)
        enough = min(levels.to_send(kind) for kind in SPOKEN)
        if levels.of(order.target) < enough:
            return Done(note="The person could not write already.")
        if levels.of(order.target) == CREATOR:
            raise Refused("The person made the room: nobody can lower their power level.", code="creator")
        former = levels.users.get(order.target)
        self._set_level(room, levels, order.target, enough - 1)
        return Done(undo=Undo("unmute", {"room": room, "former": former, "set": enough - 1}))

    def _unmute(self, order: Order) -> Done:
        room = _room(order)
        levels = self.power(room)
        now = levels.users.get(order.target)
        enough = levels.to_send("m.room.message")
        if levels.of(order.target) >= enough:
            return Done(note="The person could write already.")
        former = order.undoing.get("former")
        if "set" in order.undoing and now != order.undoing["set"]:
            former = None  # somebody has changed it since: only what is needed to write is given back
        default = number(levels.content.get("users_default"), 0)
        level = (
            former if former is not None and number(former, 0) >= enough else (None if default >= enough else enough)
        )
        self._set_level(room, levels, order.target, level)
        return Done(undo=Undo("mute", {"room": room}))

    def _set_level(self, room: str, levels: Power, user: str, level: Any) -> None:
        """Set somebody's power level; None takes them out of the list, to the room's default."""
        users = {**levels.users, user: level}
        if level is None:
            del users[user]
        self._put_levels(room, levels, {**levels.content, "users": users})

    def _put_levels(self, room: str, levels: Power, content: dict[str, Any]) -> None:
        if not levels.content:  # a room without levels: what holds without being written must now be written
            content = {"users": dict.fromkeys(levels.creators, 100), **content}
        try:
            self.api.put_state(room, LEVELS, content)
        except OutcomeUnknown:
            if self.api.state(room, LEVELS) != content:
                raise NotDone("The homeserver did not say whether it set the power levels, and they are not.") from None

    def _lock(self, order: Order) -> Done:
        room = order.target
        levels = self.power(room)
        level = levels.moderators
        if all(levels.to_send(kind) >= level for kind in ("m.room.message", "m.room.encrypted")):
            return Done(note="The room was locked already.")
        events = {kind: value for kind, value in levels.events.items() if kind in SPOKEN and number(value, 0) < level}
        token = {"level": level, "default": levels.content.get("events_default"), "events": events}
        content = {
            **levels.content,
            "events_default": max(level, number(levels.content.get("events_default"), 0)),
            "events": {**levels.events, **dict.fromkeys(events, level)},
        }
        self._put_levels(room, levels, content)
        return Done(undo=Undo("unlock", token))

    def _unlock(self, order: Order) -> Done:
        room = order.target
        levels = self.power(room)
        before = number(levels.content.get("users_default"), 0)
        if levels.to_send("m.room.message") <= before:
            return Done(note="Everybody could write already.")
        content = dict(levels.content)
        former = order.undoing.get("events")
        if isinstance(former, dict):
            default = order.undoing.get("default")
            content["events"] = {**levels.events, **former}
        else:
            default = before
            content["events"] = {k: v for k, v in levels.events.items() if k not in SPOKEN or number(v, 0) <= before}
        content["events_default"] = default
        if default is None:
            del content["events_default"]
        self._put_levels(room, levels, content)
        return Done(undo=Undo("lock"))

    # ------------------------------------------------------------------ our own account

    def _block(self, order: Order) -> Done:
        if not self._ignore(order.target, True):
            return Done(note="The person was ignored already.")
        return Done(undo=Undo("unblock"))

    def _unblock(self, order: Order) -> Done:
        if not self._ignore(order.target, False):
            return Done(note="The person was not ignored.")
        return Done(undo=Undo("block"))

    def _ignore(self, user: str, ignored: bool) -> bool:
        """Put somebody on our list of ignored people, or take them off; False where that is so already."""
        if user == self.api.who().user_id:
            raise Refused("Nobody can ignore themself.", code="self")
        content = self.api.account_data(IGNORED)
        users = content.get("ignored_users")
        users = dict(users) if isinstance(users, dict) else {}
        if (user in users) == ignored:
            return False
        if ignored:
            users[user] = {}
        else:
            del users[user]
        try:
            self.api.put_account_data(IGNORED, {**content, "ignored_users": users})
        except OutcomeUnknown:
            if (user in (within(self.api.account_data(IGNORED), "ignored_users") or {})) != ignored:
                raise NotDone("The homeserver did not say whether it stored the list, and it did not.") from None
        return True

    def _join(self, order: Order) -> Done:
        return self._enter(order.target, "join")

    def _decline(self, order: Order) -> Done:
        if self._ours(order.target) == "join":
            raise Refused("This account is in the room: there is no invitation to decline.", code="joined")
        return self._enter(order.target, "leave")

    def _enter(self, room: str, what: str) -> Done:
        """Join or leave a room. Both may be repeated: a lost answer is asked for once more, and then is what it is."""
        try:
            self.api.write("POST", f"v3/rooms/{seg(room)}/{what}", {})
        except OutcomeUnknown:
            if (self._ours(room) == "join") != (what == "join"):
                raise NotDone(f"The homeserver did not say whether it let us {what}.") from None
        return Done()

    def _ours(self, room: str) -> str:
        """What we are in a room: `join`, or empty where we are not in it and may ask nothing about it."""
        with suppress(Refused, Gone):
            return self._membership(room, self.api.who().user_id)
        return ""


def _room(order: Order) -> str:
    """The room of an act on a person."""
    room = order.conversation or order.undoing.get("room")
    if not isinstance(room, str) or not room:
        raise Refused("Matrix does this within one room: say in which.", code="no_conversation")
    return room


def read_power(api: Api, room: str) -> Power:
    """The power levels of a room, with its creators where they count."""
    levels = api.state(room, LEVELS)
    create = api.state(room, "m.room.create")
    return power(levels, create, creator_of(api, room, create))


def creator_of(api: Api, room: str, create: dict[str, Any] | None) -> str:
    """Who made a room: named in the event until room version 10, its sender from 11 on, which only the whole event
    tells."""
    named = words((create or {}).get("creator"))
    if named:
        return named
    try:
        found = api.read(f"v3/rooms/{seg(room)}/state/m.room.create/", dict[str, Any], {"format": "event"})[0]
    except PlatformError:
        return ""
    return words(found.get("sender"))
