"""Events of a room as records, a page at a time: which text counts, what was taken away, who is who.

Replacements and redactions are events of their own, and may come on another page than what they change. In a walk back
they come first and are kept for when their message comes; elsewhere that message is looked up. A redaction strips an
event of everything that says what it was about: of a reaction or a replacement taken back only somebody who saw it
before knows which message it concerned, so those of this process are remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Raw

from modconsole.connectors.matrix_api import Api
from modconsole.connectors.matrix_map import (
    SPEECH,
    Event,
    Us,
    answers,
    bundled_edit,
    decoded,
    latest_edit,
    message,
    reaction,
    redaction_of,
    words,
)
from modconsole.connectors.matrix_rooms import hidden_before
from modconsole.domain.records import Message, Reaction, Record
from modconsole.errors import Gone, Refused

REMEMBERED = 5000
"""Reactions, and replacements, of which a process remembers what they were about."""
LARGEST_NAME = 200

V = TypeVar("V")


class Memory:
    """What a connector remembers between its pulls, and can do without: names, and what reactions and replacements were
    about."""

    def __init__(self) -> None:
        self.names: dict[str, dict[str, str]] = {}
        self.reactions: dict[str, Reaction] = {}
        self.replacements: dict[str, str] = {}
        self.authors: dict[str, str] = {}

    def meet(self, room: str, event: Event, *, latest: bool = True) -> None:
        """Take over somebody's name from a membership event; without `latest` only where it is not known."""
        if event.type != "m.room.member" or event.state_key is None:
            return
        names = self.names.setdefault(room, {})
        name = words(event.content.get("displayname"))[:LARGEST_NAME]
        if (latest and name) or event.state_key not in names:
            names[event.state_key] = name

    def name(self, room: str, user: str) -> str:
        """What somebody is called in a room, or empty."""
        return self.names.get(room, {}).get(user, "")

    def keep(self, where: dict[str, V], key: str, value: V) -> None:
        """Remember one more, and forget the oldest."""
        where[key] = value
        while len(where) > REMEMBERED:
            del where[next(iter(where))]


class Past:
    """What the pages of a room's history tell of its beginning, and of when we came. Times in milliseconds."""

    def __init__(self) -> None:
        self.creator = ""
        self.made: int | None = None
        self.came: dict[str, int] = {}
        self.hid = ""

    def see(self, event: Event, us: str) -> None:
        """Look at one event."""
        if event.type == "m.room.create":
            self.creator, self.made = event.sender, event.origin_server_ts
        elif event.type == "m.room.history_visibility":
            self.hid = hidden_before(event) or self.hid
        elif event.type == "m.room.member" and event.state_key == us:
            what = words(event.content.get("membership"))
            self.came[what] = min(event.origin_server_ts, self.came.get(what, event.origin_server_ts))

    def cut(self, hides: str, us: str) -> bool:
        """Whether a walk that has come to its end has not seen everything that was ever said.

        Where the room hides from newcomers what was said before, or once did, only those have seen everything who made
        it or came with its making.
        """
        hides = hides or self.hid
        if self.made is None or not hides:
            return self.made is None
        came = [at for what, at in self.came.items() if what == "join" or (what == "invite" and hides == "invited")]
        return self.creator != us and min(came, default=self.made + 2 * MAKING) > self.made + MAKING


MAKING = 5000
"""Milliseconds within which those who are invited in the making of a room are."""


class Reader:
    """Makes records of one pull's events. `met` are the messages that it has given, `past` is what it saw of the rooms'
    histories."""

    def __init__(self, api: Api, source: str, us: Us, now: int, memory: Memory) -> None:
        self.api = api
        self.source = source
        self.us = us
        self.now = now
        self.memory = memory
        self.met: set[str] = set()
        self.past: dict[str, Past] = {}
        self._replacements: dict[str, list[Event]] = {}
        self._redactions: dict[str, Event] = {}
        self._poison: list[tuple[str, bytes]] = []

    def poisoned(self) -> tuple[tuple[str, bytes], ...]:
        """What could not be understood since this was last asked."""
        found, self._poison = tuple(self._poison), []
        return found

    def quietly(self, raw: bytes | Raw) -> Event | None:
        """An event, or None for what is none."""
        try:
            return decoded(raw)
        except ValueError:
            return None

    def event(self, raw: bytes | Raw) -> Event | None:
        """An event; what is none is set aside."""
        try:
            event = decoded(raw)
        except ValueError as error:
            self._poison.append((f"not an event: {type(error).__name__}", bytes(raw)))
            return None
        return event

    # ------------------------------------------------------------------ a page

    def records(self, room: str, raws: Iterable[Raw], state: Iterable[Raw] = (), *, whole: bool) -> list[Record]:
        """The records of a page. `whole`: the walk goes on back to the beginning, and comes to every message by
        itself."""
        for raw in state:
            member = self.quietly(raw)
            if member is not None:
                self.memory.meet(room, member, latest=False)
        events = [(raw, event) for raw in raws if (event := self.event(raw)) is not None]
        here = {event.event_id for _, event in events}
        for _, event in events:
            self.past.setdefault(room, Past()).see(event, self.us.id)
            if event.type in SPEECH:
                self.memory.keep(self.memory.authors, event.event_id, event.sender)
        records: list[Record] = []
        elsewhere: dict[str, None] = {}
        for _, event in events:
            target = event.edits
            if target and redaction_of(event) is None:
                self._replacements.setdefault(target, []).append(event)
                self.memory.keep(self.memory.replacements, event.event_id, target)
            elif event.type == "m.room.redaction":
                target = self._redacted(event, records)
            if target and target not in here and not whole:
                elsewhere[target] = None
        for raw, event in events:
            record = self._record(room, event, raw)
            if record is not None:
                records.append(record)
        for target in elsewhere:
            try:
                records += self.one(room, target)
            except (Gone, Refused):
                continue  # we may not see what it is about
        return records

    def _redacted(self, event: Event, records: list[Record]) -> str:
        """What a redaction concerns: the event itself, or the message of a replacement; of a reaction the record is
        added."""
        target = event.unmakes
        if not target:
            return ""
        self._redactions[target] = event
        gone = self.memory.reactions.pop(target, None)
        if gone is not None:
            records.append(
                Reaction(
                    source=gone.source,
                    message=gone.message,
                    author=gone.author,
                    name=gone.name,
                    at=gone.at,
                    removed=True,
                )
            )
            return ""
        return self.memory.replacements.get(target, target)

    def _record(self, room: str, event: Event, raw: bytes | Raw) -> Record | None:
        """The record of one event; None where it is none of a message or a reaction."""
        try:
            if event.type == "m.reaction" and redaction_of(event) is None:
                record = reaction(event, room, self.source, name=self.memory.name(room, event.sender))
                if record is not None:
                    self.memory.keep(self.memory.reactions, event.event_id, record)
                return record
            return self._message(room, event)
        except ValueError as error:
            self._poison.append((str(error), bytes(raw)))
            return None

    def _message(self, room: str, event: Event) -> Message | None:
        """The record of a message as it stands. A replacement is none, nor is one that was taken back, where we know
        that it was."""
        if event.type not in SPEECH or event.state_key is not None:
            return None
        if event.edits or event.event_id in self.memory.replacements:
            return None
        if not event.sender.startswith("@") or not event.event_id.startswith("$"):
            raise ValueError("a message without a sender or an id")
        bundled = bundled_edit(event)
        known = self._replacements.get(event.event_id, [])
        redaction = redaction_of(event) or self._redactions.get(event.event_id)
        record = message(
            event,
            room,
            self.us,
            self.source,
            self.now,
            parent=self._answered(room, event),
            edit=latest_edit(event, [*known, *([bundled] if bundled is not None else [])]),
            redaction=redaction,
            name=self.memory.name(room, event.sender),
        )
        self.met.add(record.id)
        return record

    def _answered(self, room: str, event: Event) -> str:
        """The event that a message answers, or empty: the one that its author chose.

        In a thread without a choice it is the latest before it, for that is whom people there talk to; but what others
        write into a thread that we began is for us, unless it follows what we said there.
        """
        said = answers(event)
        if said.chosen or not said.message:
            return said.message or said.root
        if event.sender != self.us.id and self._author(room, said.root) == self.us.id:
            return said.message if self._author(room, said.message) == self.us.id else said.root
        return said.message

    def _author(self, room: str, ident: str) -> str:
        """Who sent an event; empty where we may not see it."""
        if ident not in self.memory.authors:
            try:
                event = self.quietly(self.api.event(room, ident))
            except (Gone, Refused):
                event = None
            self.memory.keep(self.memory.authors, ident, event.sender if event is not None else "")
        return self.memory.authors[ident]

    # ------------------------------------------------------------------ one

    def one(self, room: str, ident: str, *, thorough: bool = False) -> list[Record]:
        """A message by its event id, in a list; empty where the event is none.

        `thorough` asks for its replacements as well, for a homeserver that does not hand them along. Raises `Gone`,
        `Refused`.
        """
        raw = self.api.event(room, ident)
        event = self.event(raw)
        if event is None or event.type not in SPEECH:
            return []
        if not self.memory.name(room, event.sender):
            content = self.api.state(room, "m.room.member", event.sender)
            if content is not None:
                self.memory.meet(room, Event("m.room.member", state_key=event.sender, content=content))
        if thorough and redaction_of(event) is None and bundled_edit(event) is None:
            found = map(self.quietly, self._asked_edits(room, ident))
            self._replacements[ident] = [edit for edit in found if edit is not None]
        record = self._record(room, event, raw)
        return [record] if record is not None else []

    def _asked_edits(self, room: str, ident: str) -> list[Raw]:
        try:
            return self.api.edits(room, ident)
        except (Gone, Refused):
            return []
