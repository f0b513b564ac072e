"""One look at all rooms of an account as they stand: what will be synced, what we may do there, and who else moderates.

It is one `/sync` without a token and almost without messages; nothing of it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from modconsole.connectors.acts import Act, ActInfo, Target
from modconsole.connectors.matrix_acts import ACTS, LEVELS
from modconsole.connectors.matrix_api import Api
from modconsole.connectors.matrix_map import Event, Us, decoded, invitation, words
from modconsole.connectors.matrix_power import Power, power
from modconsole.connectors.matrix_rooms import STATE, Invite, Room, kind, learn, summarise, title
from modconsole.domain.records import Identity, Message

FILTER = {
    "presence": {"types": []},
    "account_data": {"types": ["m.direct"]},
    "room": {
        "timeline": {"limit": 1, "types": ["m.room.create"]},
        "state": {"types": list(STATE), "lazy_load_members": True},
        "ephemeral": {"types": []},
        "account_data": {"types": []},
    },
}
NAMED = 5
"""So many rooms are named in a sentence."""
OFFERED = 20
"""So many others are offered as identities."""

SINCE: dict[tuple[Act, Target], frozenset[str]] = {
    ("report", "conversation"): frozenset(f"v1.{n}" for n in range(13, 100)),
    ("report", "person"): frozenset(f"v1.{n}" for n in range(14, 100)),
}
"""What came to the specification later: the versions that have it."""


@dataclass
class Look:
    """Rooms by id as they stand, their power levels, and which of them our account data counts as direct."""

    me: str
    rooms: dict[str, Room] = field(default_factory=dict)
    powers: dict[str, Power] = field(default_factory=dict)
    direct: set[str] = field(default_factory=set)

    def missing(self) -> tuple[str, ...]:
        """What we may not do or see, each with its consequence."""
        found = []
        plain = [i for i in self._talk("group_dm") if not self._may(i, "redact")]
        if plain:
            found.append(
                f"no moderator in {self._named(plain)}: nothing can be removed there, and nobody muted or banned"
            )
        hidden = [i for i, room in self.rooms.items() if room.membership == "join" and room.encrypted]
        if hidden:
            found.append(f"no keys for {self._named(hidden)}: encrypted end to end, the texts there cannot be read")
        return tuple(found)

    def syncs(self) -> tuple[str, ...]:
        """What will be synced."""
        counts = (
            (len(self._talk("group_dm")), "room", "rooms"),
            (len(self._talk("dm")), "direct conversation", "direct conversations"),
            (sum(room.membership == "invite" for room in self.rooms.values()), "open invitation", "open invitations"),
        )
        return tuple(f"{count} {one if count == 1 else many}" for count, one, many in counts if count)

    def others(self) -> tuple[Identity, ...]:
        """Those who moderate the rooms that we moderate: perhaps our team."""
        found: dict[str, None] = {}
        for ident, levels in self.powers.items():
            if self._may(ident, "redact"):
                named = [user for user in levels.users if levels.of(user) >= levels.moderators]
                found |= dict.fromkeys(user for user in (*levels.creators, *named) if user != self.me)
        return tuple(Identity(id=user, handle=user) for user in sorted(found)[:OFFERED])

    def acts(self, versions: frozenset[str]) -> tuple[ActInfo, ...]:
        """The acts that we may carry out in at least one room, on a homeserver of these versions."""
        invited = any(room.membership == "invite" for room in self.rooms.values())
        may: dict[tuple[Act, Target], bool] = {
            ("remove", "message"): bool(self.rooms),  # our own messages everywhere, others' where the level is enough
            ("kick", "person"): self._somewhere("kick"),
            ("ban", "person"): self._somewhere("ban"),
            ("unban", "person"): self._somewhere("ban"),
            ("approve", "conversation"): invited,
            ("remove", "conversation"): invited,
        }
        sets = any(levels.of(self.me) >= levels.to_set(LEVELS) for levels in self.powers.values())
        for act, on in (("mute", "person"), ("unmute", "person"), ("lock", "conversation"), ("unlock", "conversation")):
            may[act, on] = sets  # type: ignore[index]
        return tuple(
            info
            for info in ACTS
            if may.get((info.act, info.on), True) and bool(versions & SINCE.get((info.act, info.on), versions))
        )

    def invitation(self, message: str, us: Us, source: str, now: int) -> Message | None:
        """An open invitation by the id of its message; None where it is no longer open."""
        ident = message.removesuffix("/invite")
        room = self.rooms.get(ident)
        if room is None or room.membership != "invite" or room.invite is None:
            return None
        at = room.invite.at or now // 1000
        return invitation(
            ident, room.invite.by, at, room.name or room.alias, us, source, now, direct=room.invite.direct
        )

    def _talk(self, what: str) -> list[str]:
        return [
            ident
            for ident, room in self.rooms.items()
            if room.membership == "join" and not room.space and kind(room, direct=ident in self.direct) == what
        ]

    def _may(self, ident: str, what: str) -> bool:
        levels = self.powers.get(ident)
        return levels is not None and levels.of(self.me) >= levels.needed(what)

    def _somewhere(self, what: str) -> bool:
        return any(self._may(ident, what) for ident in self.powers)

    def _named(self, idents: list[str]) -> str:
        names = [title(self.rooms[ident]) or ident for ident in idents]
        count = f"{len(names)} {'room' if len(names) == 1 else 'rooms'}"
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return f"{count} ({', '.join(names[:NAMED])}{more})"


def look(api: Api) -> Look:
    """How an account's rooms stand. Raises `PlatformError`."""
    found = Look(api.who().user_id)
    answer, _ = api.sync(None, FILTER, uuid4().hex)
    for raw in answer.account_data.events:
        event = _event(raw)
        if event is not None and event.type == "m.direct":
            listed = [rooms for rooms in event.content.values() if isinstance(rooms, list)]
            found.direct = {room for rooms in listed for room in rooms if isinstance(room, str)}
    for ident, part in answer.rooms.join.items():
        room = found.rooms[ident] = Room(membership="join")
        summarise(room, part.summary.heroes, part.summary.joined, part.summary.invited)
        events = [event for raw in (*part.state.events, *part.timeline.events) if (event := _event(raw)) is not None]
        for event in events:
            learn(room, event, found.me)
        room.membership = "join"
        found.powers[ident] = _power(events)
    for ident, invited in answer.rooms.invite.items():
        room = found.rooms[ident] = Room(membership="invite")
        for raw in invited.invite_state.events:
            event = _event(raw)
            if event is None:
                continue
            learn(room, event, found.me)
            if event.type == "m.room.member" and event.state_key == found.me:
                direct = event.content.get("is_direct") is True
                room.invite = Invite(event.sender, event.origin_server_ts, direct)
        room.membership = "invite"
    return found


def _event(raw: Any) -> Event | None:
    try:
        return decoded(raw)
    except ValueError:
        return None


def _power(events: list[Event]) -> Power:
    """The power levels among a room's state."""
    levels = create = None
    creator = ""
    for event in events:
        if event.type == LEVELS and event.state_key == "":
            levels = event.content
        elif event.type == "m.room.create" and event.state_key == "":
            create = event.content
            creator = words(create.get("creator")) or event.sender
    return power(levels, create, creator)
