"""Power levels: who may do what in a room (client-server API, "m.room.power_levels"; room version 12 for its
creators)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modconsole.connectors.matrix_map import words

CREATOR = 1 << 60
"""The level of those who made a room of version 12 or later: above every number, and in no list of levels."""

SPOKEN = (
    "m.room.message",
    "m.room.encrypted",
    "m.sticker",
    "m.reaction",
    "m.poll.start",
    "org.matrix.msc3381.poll.start",
)
"""What people say; a room that is locked takes none of these from those below its moderators."""


def number(value: Any, default: int) -> int:
    """A level as it stands in a room's state: a number, or in old rooms a number as text."""
    if isinstance(value, bool):
        return default
    if isinstance(value, int):
        return value
    try:
        return int(value) if isinstance(value, str) else default
    except ValueError:
        return default


@dataclass(frozen=True)
class Power:
    """The power levels of one room. `content` is the state event's; empty where the room has none."""

    content: Mapping[str, Any]
    creators: frozenset[str] = frozenset()
    """Who made it, where that counts: in rooms of version 12 and later, and where no levels were ever set."""
    users: Mapping[str, Any] = field(init=False)
    events: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("users", "events"):
            found = self.content.get(name)
            object.__setattr__(self, name, found if isinstance(found, dict) else {})

    def of(self, user: str) -> int:
        """Somebody's level."""
        if user in self.creators:
            return CREATOR
        return number(self.users.get(user), number(self.content.get("users_default"), 0))

    def needed(self, what: str) -> int:
        """The level that it takes to `ban`, `kick`, `redact` or `invite` somebody (0 for inviting)."""
        return number(self.content.get(what), 0 if what == "invite" else 50)

    def to_send(self, kind: str) -> int:
        """The level that it takes to send an event of a type."""
        return number(self.events.get(kind), number(self.content.get("events_default"), 0))

    def to_set(self, kind: str) -> int:
        """The level that it takes to set a state event of a type."""
        return number(self.events.get(kind), number(self.content.get("state_default"), 50 if self.content else 0))

    @property
    def moderators(self) -> int:
        """From which level on somebody counts as a moderator here: who may remove what others say."""
        return max(self.needed("redact"), number(self.content.get("state_default"), 50))


def power(levels: Mapping[str, Any] | None, create: Mapping[str, Any] | None, creator: str) -> Power:
    """The levels of a room from its state. `creator` is the sender of the event that made it."""
    made = create or {}
    makers = {creator} if creator else set()
    if privileged(words(made.get("room_version")) or "1"):
        more = made.get("additional_creators")
        makers |= {user for user in more if isinstance(user, str)} if isinstance(more, list) else set()
        return Power(levels or {}, frozenset(makers))
    return Power(levels or {}, frozenset(makers) if levels is None else frozenset())


def privileged(version: str) -> bool:
    """Whether creators stand above all levels: from room version 12 on. Versions that are no numbers are experiments,
    and do not."""
    return version.isascii() and version.isdigit() and int(version) >= 12
