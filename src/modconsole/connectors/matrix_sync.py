"""What one answer of `/sync` says, as records and as facts about rooms.

An answer tells of rooms that we are in, have left, or are invited to. What of it goes beyond what we can take at once,
a timeline that was cut short or a room that is new to us, is noted as a gap of the room, which the pull then reads.
"""

from __future__ import annotations

from modconsole.connectors.matrix_api import InvitedPart, RoomPart, SyncAnswer
from modconsole.connectors.matrix_map import IGNORED, invitation
from modconsole.connectors.matrix_read import Reader
from modconsole.connectors.matrix_rooms import Invite, Position, Room, learn, summarise
from modconsole.domain.records import Message, Record


class Discovery:
    """Takes answers of `/sync` in, for one pull: into the position `at`, and out as records."""

    def __init__(self, at: Position, read: Reader, source: str, now: int) -> None:
        self.at = at
        self.rooms = at.rooms
        self.read = read
        self.me = read.us.id
        self.memory = read.memory
        self.source = source
        self.now = now

    def records(self, answer: SyncAnswer) -> list[Record]:
        """What an answer brings. The token in `at` must still be the one that was asked with."""
        self._account(answer)
        records: list[Record] = []
        for ident, invited in answer.rooms.invite.items():
            records += self._invited(ident, invited)
        for ident, part in answer.rooms.join.items():
            records += self._joined(ident, part)
        for ident, part in answer.rooms.leave.items():
            records += self._left(ident, part)
        return records

    def _account(self, answer: SyncAnswer) -> None:
        for raw in answer.account_data.events:
            event = self.read.event(raw)
            if event is not None and event.type == "m.direct":
                listed = [rooms for rooms in event.content.values() if isinstance(rooms, list)]
                self.at.direct = sorted({room for rooms in listed for room in rooms if isinstance(room, str)})
            elif event is not None and event.type == IGNORED:
                self.at.ignoring = bool(event.content.get("ignored_users"))

    def _joined(self, ident: str, part: RoomPart) -> list[Record]:
        """What happened in a room that we are in."""
        room = self.rooms.setdefault(ident, Room())
        was_in = room.membership == "join"
        records = self._answered(ident, room)
        room.membership, room.by = "join", ""
        self._learn(ident, room, part)
        if room.space:
            return records
        events = part.timeline.events
        begins = any(event is not None and event.type == "m.room.create" for event in map(self.read.quietly, events))
        if part.timeline.prev_batch and (part.timeline.limited or not (was_in or (begins and not room.hides))):
            room.gaps.append([part.timeline.prev_batch, self.at.since if was_in else ""])
        return records + self.read.records(ident, events, whole=False)

    def _left(self, ident: str, part: RoomPart) -> list[Record]:
        """A room that we are no longer in: its last events, and how it ended."""
        room = self.rooms.get(ident)
        if room is None:
            return []
        was_in = room.membership == "join"
        self._learn(ident, room, part)
        records = self._answered(ident, room)
        if not was_in:
            return records
        room.membership = room.membership if room.membership in ("leave", "ban") else "leave"
        if part.timeline.limited and part.timeline.prev_batch and not room.space:
            room.gaps.append([part.timeline.prev_batch, self.at.since])
        return records + self.read.records(ident, part.timeline.events, whole=False)

    def _learn(self, ident: str, room: Room, part: RoomPart) -> None:
        summarise(room, part.summary.heroes, part.summary.joined, part.summary.invited)
        for raw in (*part.state.events, *part.timeline.events):
            event = self.read.quietly(raw)
            if event is not None and event.state_key is not None:
                self.memory.meet(ident, event)
                learn(room, event, self.me)

    def _invited(self, ident: str, part: InvitedPart) -> list[Record]:
        """An invitation, as a message by whoever sent it: somebody waits for us."""
        room = self.rooms.setdefault(ident, Room())
        before = room.invite
        room.private = False
        for raw in part.invite_state.events:
            event = self.read.quietly(raw)
            if event is None:
                continue
            self.memory.meet(ident, event)
            learn(room, event, self.me)
            if event.type == "m.room.member" and event.state_key == self.me:
                at = before.at if before is not None else event.origin_server_ts or self.now // 1000
                room.invite = Invite(event.sender, at, event.content.get("is_direct") is True)
        if room.invite is not None:
            room.heroes = {room.invite.by: self.memory.name(ident, room.invite.by)}
        room.membership = "invite"
        return [self._invitation(ident, room)] if room.invite is not None and room.invite.by else []

    def _invitation(self, ident: str, room: Room) -> Message:
        assert room.invite is not None
        asked = room.invite
        return invitation(
            ident,
            asked.by,
            asked.at,
            room.name or room.alias,
            self.read.us,
            self.source,
            self.now,
            direct=asked.direct,
            name=self.memory.name(ident, asked.by),
        )

    def _answered(self, ident: str, room: Room) -> list[Record]:
        """The end of an invitation: taken back by whoever invited, or else accepted or declined here."""
        if room.invite is None or not room.invite.by:
            return []
        record = self._invitation(ident, room)
        withdrawn = room.membership in ("leave", "ban") and bool(room.by)
        record.state = "deleted" if withdrawn else "removed"
        record.extra = {"invitation": "withdrawn" if withdrawn else "answered"}
        room.invite = None
        return [record]
