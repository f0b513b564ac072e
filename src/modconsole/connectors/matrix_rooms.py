"""What is known of each room between two pulls: its name, what we are there, and what of it we could not see.

A sync tells only what has changed, so these facts travel in the position, stored with the messages that came with them.
They are few and small: who is in a room is not among them.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from modconsole.connectors.matrix_map import Event, permalink, within, words
from modconsole.domain.records import Conversation, ConversationKind, Coverage, Gap
from modconsole.domain.times import to_datetime

STATE = (
    "m.room.create",
    "m.room.member",
    "m.room.name",
    "m.room.canonical_alias",
    "m.room.encryption",
    "m.room.tombstone",
    "m.room.history_visibility",
    "m.room.power_levels",
    "io.element.functional_members",
)
"""The state events that we look at. They must come in the timeline as well: a sync gives a state event that changed
within the timeline only there, so one that a filter keeps out of the timeline is never told of."""

LARGEST = 500
"""The longest name of a room that is kept, in characters."""


class Invite(Struct, omit_defaults=True):
    """An invitation that nobody has answered. `at` is in milliseconds: invitations have no time, so it is when we first
    saw it."""

    by: str
    at: int
    direct: bool = False


class Room(Struct, omit_defaults=True):
    """One room."""

    membership: str = ""
    """What we are there: `join`, `invite`, `leave`, `ban`, `knock`."""
    by: str = ""
    """Who made us that, where it was somebody else."""
    name: str = ""
    alias: str = ""
    heroes: dict[str, str] = field(default_factory=dict)
    """A few members by id, with their names as far as they are known: what a room without a name is called after."""
    joined: int | None = None
    invited: int | None = None
    service: list[str] = field(default_factory=list)
    """Members that are no people, as a bridge's bot (MSC4171)."""
    private: bool = False
    """Somebody was invited here for a direct conversation."""
    encrypted: bool = False
    space: bool = False
    moved: str = ""
    """The room that took its place."""
    hides: str = ""
    """`invited` or `joined` where what was said before somebody was that is hidden from them."""
    gaps: list[list[str]] = field(default_factory=list)
    """Stretches of history still to be read: from a token (empty: the newest event) back to another (empty: the first
    event)."""
    cut: bool = False
    """The homeserver does not give us the room's beginning."""
    closed: bool = False
    """The homeserver does not give us what it said that there is."""
    invite: Invite | None = None
    shown: str = ""
    """The conversation record that was last given, to give it again only when it changes."""
    told: str = ""
    """The gap that was last told."""


def learn(room: Room, event: Event, us: str) -> None:
    """Take over what a state event says."""
    if event.state_key is None:
        return
    if event.type == "m.room.member":
        _member(room, event, us)
        return
    if event.state_key:
        return
    match event.type:
        case "m.room.create":
            room.space = event.content.get("type") == "m.space"
        case "m.room.name":
            room.name = words(event.content.get("name"))[:LARGEST]
        case "m.room.canonical_alias":
            room.alias = words(event.content.get("alias"))[:LARGEST]
        case "m.room.encryption":
            room.encrypted = True  # it cannot be switched off again, whatever the content says
        case "m.room.tombstone":
            room.moved = words(event.content.get("replacement_room"))
        case "m.room.history_visibility":
            room.hides = hidden_before(event)
        case "io.element.functional_members":
            service = event.content.get("service_members")
            room.service = [user for user in service if isinstance(user, str)] if isinstance(service, list) else []


def hidden_before(event: Event) -> str:
    """Of a room's history visibility: what one must have been to see what was said then; empty where members see
    everything."""
    visible = event.content.get("history_visibility")
    return visible if visible in ("invited", "joined") else ""


def _member(room: Room, event: Event, us: str) -> None:
    """Somebody's membership: ours, or that of somebody after whom the room is called."""
    before = event.side("prev_content")
    if event.content.get("is_direct") is True or within(before, "is_direct") is True:
        room.private = True
    if event.state_key == us:
        room.membership = words(event.content.get("membership"))
        room.by = event.sender if event.sender != us else ""
    elif event.state_key in room.heroes:
        room.heroes[event.state_key] = words(event.content.get("displayname"))


def summarise(room: Room, heroes: list[str] | None, joined: int | None, invited: int | None) -> None:
    """Take over a sync's summary of a room, as far as it says something."""
    if heroes is not None:
        room.heroes = {user: room.heroes.get(user, "") for user in heroes}
    room.joined = joined if joined is not None else room.joined
    room.invited = invited if invited is not None else room.invited


def kind(room: Room, *, direct: bool) -> ConversationKind:
    """Whether this is a conversation of two: the room is marked as direct, and nobody else is in it.

    `direct` says that our account data (`m.direct`) counts it so; an invitation says the same on the other side. Bots
    of a bridge are not counted.
    """
    people = (room.joined or 0) + (room.invited or 0) - len(room.service)
    return "dm" if (direct or room.private) and people <= 2 else "group_dm"


def title(room: Room) -> str:
    """What clients call the room (client-server API, "Calculating the display name for a room")."""
    if room.name or room.alias:
        return room.name or room.alias
    return ", ".join(name or user for user, name in room.heroes.items() if user not in room.service)


def conversation(ident: str, room: Room, source: str, now: int, *, direct: bool) -> Conversation | None:
    """The record of a room where it has changed since it was last given, else None. A room that has moved links to
    where."""
    record = Conversation(
        source=source,
        id=ident,
        kind=kind(room, direct=direct),
        title=title(room) or None,
        url=permalink(room.moved or ident),
    )
    shown = msgspec.json.encode([record.kind, record.title, record.url]).decode()
    if shown == room.shown:
        return None
    room.shown = shown
    record.observed_at = to_datetime(now)
    return record


def why(room: Room, *, followed: bool) -> str:
    """What of a room cannot be seen, in words; empty where all of it can. `followed`: we are in the room that it moved
    to."""
    reasons = []
    if room.membership == "invite":
        reasons.append("invited, not joined: what is said there cannot be read")
    elif room.membership == "ban":
        reasons.append("this account was banned from the room")
    elif room.membership == "leave":
        reasons.append("this account was removed from the room" if room.by else "this account has left the room")
    if room.encrypted:
        reasons.append("encrypted end to end: who wrote and when is seen, what was written is not")
    if room.moved and not followed:
        reasons.append("the room has moved to another one that this account is not in")
    if room.gaps:
        reasons.append("older messages are still being read")
    if room.closed:
        reasons.append("the homeserver does not give a part of the history")
    elif room.cut:
        reasons.append("what was said before this account came is hidden from it")
    return "; ".join(reasons)


def coverage(
    ident: str, room: Room, source: str, now: int, *, turn: int, followed: bool, again: bool = False
) -> Coverage | None:
    """What a look at this room can vouch for, where that has changed since it was last told, or `again`; else None.

    Of two looks at one instant the one with a gap counts. So the looks of one pull are a microsecond apart, by `turn`.
    """
    gap = why(room, followed=followed)
    if gap == room.told and not again:
        return None
    room.told = gap
    moment = to_datetime(now)
    return Coverage(
        source=source,
        conversation=ident,
        checked_at=to_datetime(now + turn),
        complete_through=None if gap else moment,
        gap=Gap(why=gap) if gap else None,
        observed_at=moment,
    )


def whole(rooms: dict[str, Room]) -> str:
    """What of the whole source cannot be seen, in words; empty where nothing is hidden."""
    reasons = []
    in_it = [room for room in rooms.values() if room.membership == "join"]
    counts = (
        (sum(r.encrypted for r in in_it), "encrypted end to end: texts there cannot be read"),
        (sum(r.membership == "invite" for r in rooms.values()), "not joined yet: an invitation waits"),
        (sum(bool(r.moved) and r.moved not in rooms for r in in_it), "moved to where this account is not"),
        (sum(bool(r.gaps) for r in rooms.values()), "still being read"),
        (sum(r.closed for r in in_it), "of which the homeserver does not give everything"),
    )
    for count, what in counts:
        if count:
            reasons.append(f"{count} {'room' if count == 1 else 'rooms'} {what}")
    return "; ".join(reasons)


class Position(Struct, omit_defaults=True):
    """Where a source stands. `since` is the token of the last sync that was stored."""

    since: str = ""
    rooms: dict[str, Room] = field(default_factory=dict)
    direct: list[str] = field(default_factory=list)
    """The rooms that our account data counts as direct."""
    ignoring: bool = False
    """Whether our account ignores anybody."""
    names: list[str] = field(default_factory=list)
    """What we were ever called: somebody who was mentioned under an old name still waits."""
    turn: str = ""
    """The conversation that the last pull re-read last."""
    walk: list[str] = field(default_factory=list)
    """Of a full walk under way: the room, and the token to go on from."""

    def to_json(self) -> dict[str, object]:
        """Plain JSON values."""
        return dict(msgspec.to_builtins(self))

    @classmethod
    def from_json(cls, stored: dict[str, object]) -> Position:
        """A stored position. One that makes no sense is as none: everything is then read again."""
        try:
            return msgspec.convert(stored, cls)
        except msgspec.ValidationError:
            return cls()
